/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text from the network, made fit for D-Bus. */
#ifndef CALLSD_SIP_TEXT_H
#define CALLSD_SIP_TEXT_H

#include <stddef.h>

/* callsd's limits, in bytes. */
#define TEXT_NAME_MAX 256
#define TEXT_HANDLE_MAX 512

/*
 * A copy, to be freed, of at most `max` bytes of whole characters: what is no UTF-8, and what
 * controls a terminal, is a question mark. NULL for NULL and for want of memory.
 */
char *text_clean(const char *text, size_t max);

#endif
