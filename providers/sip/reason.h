/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a SIP status code means for a person: why a call is over. */
#ifndef CALLSD_SIP_REASON_H
#define CALLSD_SIP_REASON_H

#include <callsd/types.h>

#include "base.h"

struct end {
        bool outgoing;
        bool connected;  /* it was, before */
        bool media_lost; /* we ended it since nothing was heard any more */
        int code;        /* of the final response, or 0: BYE or CANCEL */
        int elsewhere;   /* code in the Reason header of a CANCEL, or 0 */
};

void reason_of_end(const struct end *end, enum cx_call_ended_reason *ret_reason,
                   enum cx_call_ended_cause *ret_cause);

#endif
