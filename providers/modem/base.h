/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers that every file here uses; the daemon's own are not for programs beside it. */
#ifndef CALLSD_MODEM_BASE_H
#define CALLSD_MODEM_BASE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define cleanup_(function) __attribute__((cleanup(function)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
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

/* NULL equals NULL, and "" too. */
static inline bool streq_or_empty(const char *a, const char *b)
{
        return streq(a ? a : "", b ? b : "");
}

/* A copy; NULL for NULL and for "". Without memory: NULL. */
static inline char *copy_text(const char *text)
{
        return text && *text ? strdup(text) : NULL;
}

#endif
