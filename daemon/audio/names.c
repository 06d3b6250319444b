/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How our nodes are called; see names.h. */
#include "audio/names.h"

#include <errno.h>
#include <string.h>

bool names_is_call(const char *text)
{
        static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

        if (strlen(text) != sizeof(pattern) - 1)
                return false;
        for (size_t i = 0; i < sizeof(pattern) - 1; i++) {
                if (pattern[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
                        return false;
        }
        return true;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
        size_t n = strlen(end);

        return length > n && memcmp(text + length - n, end, n) == 0;
}

int names_parse(const char *name, char ret_key[NAMES_KEY_SIZE], bool *ret_source)
{
        const size_t prefix = sizeof(NAMES_PREFIX) - 1;
        char key[NAMES_KEY_SIZE];
        size_t length;
        bool source;

        if (strncmp(name, NAMES_PREFIX, prefix) != 0)
                return -EINVAL;
        name += prefix;
        length = strlen(name);
        source = ends_with(name, length, NAMES_SOURCE);
        if (!source && !ends_with(name, length, NAMES_SINK))
                return -EINVAL;
        length -= strlen(source ? NAMES_SOURCE : NAMES_SINK);
        if (length >= NAMES_KEY_SIZE)
                return -EINVAL;
        memcpy(key, name, length);
        key[length] = '\0';
        if (!names_is_call(key) && strncmp(key, NAMES_SHARED, sizeof(NAMES_SHARED) - 1) != 0)
                return -EINVAL;
        memcpy(ret_key, key, length + 1);
        *ret_source = source;
        return 0;
}

bool names_is_ours(const char *name)
{
        char key[NAMES_KEY_SIZE];
        bool source;

        return names_parse(name, key, &source) == 0;
}
