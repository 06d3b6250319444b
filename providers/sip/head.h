/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether bytes have the form of a SIP message, up to the end of its headers (RFC 3261, 25.1). */
#ifndef CALLSD_SIP_HEAD_H
#define CALLSD_SIP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

bool head_is_good(const char *text, size_t size);

#endif
