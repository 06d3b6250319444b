/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts as D-Bus wants them; one that is not costs us the connection. The model uses it, too. */
#ifndef CALLSD_UTIL_UTF8_H
#define CALLSD_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the sequence that begins here, 0 if it is none: too short, too long for its
 * value, a surrogate, past the end of Unicode. */
static inline size_t utf8_sequence(const uint8_t *at, size_t size)
{
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t length = at[0] < 0x80           ? 1
                        : (at[0] >> 5) == 0x6  ? 2
                        : (at[0] >> 4) == 0xe  ? 3
                        : (at[0] >> 3) == 0x1e ? 4
                                               : 0;
        uint32_t value;

        if (length <= 1 || length > size)
                return length > size ? 0 : length;
        value = at[0] & (0x7fu >> length);
        for (size_t i = 1; i < length; i++) {
                if ((at[i] & 0xc0) != 0x80)
                        return 0;
                value = value << 6 | (at[i] & 0x3f);
        }
        return value < smallest[length] || value > 0x10ffff || (value >> 11) == 0x1b ? 0 : length;
}

/* UTF-8 without a NUL: nothing too long for its value, no surrogate, nothing past Unicode's end. */
static inline bool utf8_is_valid(const void *text, size_t size)
{
        const uint8_t *at = text;

        while (size > 0) {
                size_t length = at[0] == '\0' ? 0 : utf8_sequence(at, size);

                if (length == 0)
                        return false;
                at += length;
                size -= length;
        }
        return true;
}

#endif
