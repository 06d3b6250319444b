/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small helpers that every file here uses; the daemon's own are not for programs beside it. */
#ifndef CALLSD_SIP_BASE_H
#define CALLSD_SIP_BASE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define cleanup_(function) __attribute__((cleanup(function)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
#define MSEC_USEC UINT64_C(1000)
#define SEC_USEC UINT64_C(1000000)

static inline void freep(void *pointer)
{
        free(*(void **)pointer);
}

static inline bool streq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

#endif
