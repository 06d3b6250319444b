/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers that every layer uses. */
#ifndef CALLSD_UTIL_MACRO_H
#define CALLSD_UTIL_MACRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A time or a duration in microseconds, as in systemd. */
typedef uint64_t usec_t;

#define USEC_INFINITY ((usec_t)UINT64_MAX)
#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

static inline bool streq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

/* NULL counts as the empty string. */
static inline const char *str_or_empty(const char *text)
{
        return text ? text : "";
}

#endif
