/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a call is over, in CallKit's words.
 *
 * Modem daemons say little: who ended it, and with luck a cause. A call that never connected and
 * ended "remotely" is one that the caller gave up (incoming), or that was busy, rejected or not
 * answered (outgoing): the cause tells these apart where there is one.
 */
#include "bridge.h"

static enum cx_call_ended_reason reason_of_remote(const struct ending *ending)
{
        switch (ending->cause) {
        case CX_CALL_ENDED_CAUSE_NO_ANSWER:
                return CX_CALL_ENDED_REASON_UNANSWERED;
        case CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER:
        case CX_CALL_ENDED_CAUSE_CONGESTION:
        case CX_CALL_ENDED_CAUSE_NETWORK:
        case CX_CALL_ENDED_CAUSE_MEDIA:
                return CX_CALL_ENDED_REASON_FAILED;
        case CX_CALL_ENDED_CAUSE_UNKNOWN:
        case CX_CALL_ENDED_CAUSE_BUSY:
        case CX_CALL_ENDED_CAUSE_REJECTED:
        case CX_CALL_ENDED_CAUSE_FORWARDED:
        case CX_CALL_ENDED_CAUSE_OTHER:
                break;
        }
        return CX_CALL_ENDED_REASON_REMOTE_ENDED;
}

enum cx_call_ended_reason reason_of_ending(const struct ending *ending)
{
        bool rang = !ending->outgoing && !ending->connected;

        switch (ending->end) {
        case MODEM_END_LOCAL: /* by another program: our own ends are orders */
                return rang ? CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE
                            : CX_CALL_ENDED_REASON_LOCAL_ENDED;
        case MODEM_END_NETWORK:
                return CX_CALL_ENDED_REASON_FAILED;
        case MODEM_END_REMOTE:
        case MODEM_END_UNKNOWN:
                break;
        }
        return reason_of_remote(ending);
}
