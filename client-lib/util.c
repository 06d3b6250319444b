/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time, strings and UUIDs. */
#include <ctype.h>
#include <uuid/uuid.h>

#include "internal.h"

usec_t usec_now(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

usec_t usec_add(usec_t a, usec_t b)
{
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

int str_replace(char **text, const char *value)
{
        char *copy = NULL;

        if (value) {
                copy = strdup(value);
                if (!copy)
                        return -ENOMEM;
        }
        free(*text);
        *text = copy;
        return 0;
}

char **strv_copy(const char *const *strv)
{
        char **copy;
        size_t n = 0;

        while (strv && strv[n])
                n++;
        copy = calloc(n + 1, sizeof(*copy));
        for (size_t i = 0; copy && i < n; i++) {
                copy[i] = strdup(strv[i]);
                if (!copy[i]) {
                        strv_free(copy);
                        return NULL;
                }
        }
        return copy;
}

void strv_free(char **strv)
{
        for (char **text = strv; text && *text; text++)
                free(*text);
        free(strv);
}

int uuid_parse_text(const char *text, char ret_uuid[CX_UUID_TEXT_SIZE])
{
        uuid_t uuid;

        if (!text || uuid_parse(text, uuid) < 0 || uuid_is_null(uuid))
                return -EINVAL;
        uuid_unparse_lower(uuid, ret_uuid);
        return 0;
}

void cx_uuid_generate(char uuid[CX_UUID_TEXT_SIZE])
{
        uuid_t binary;

        uuid_generate_random(binary);
        uuid_unparse_lower(binary, uuid);
}
