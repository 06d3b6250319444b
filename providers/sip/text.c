/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Anybody can send any bytes as his name. A bus cuts off who hands on what is no UTF-8, so a caller
 * could take the telephone away from callsd.
 */
#include "text.h"

#include "base.h"

/* Length of the character that begins here, or 0 if it is none (RFC 3629: the shortest form, up to
 * U+10FFFF, no surrogates). */
static size_t character_length(const unsigned char *text)
{
        static const struct {
                unsigned char mask, lead;
                unsigned min;
        } forms[] = {
                {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                unsigned point = (unsigned)(*text & ~forms[i].mask & 0xff);

                if ((*text & forms[i].mask) != forms[i].lead)
                        continue;
                for (size_t k = 1; k <= i; k++) {
                        if ((text[k] & 0xc0) != 0x80)
                                return 0;
                        point = point << 6 | (text[k] & 0x3fu);
                }
                if (point < forms[i].min || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
                        return 0;
                return i + 1;
        }
        return 0;
}

char *text_clean(const char *text, size_t max)
{
        const unsigned char *from = (const unsigned char *)text;
        char *clean = text ? malloc(max + 1) : NULL;
        size_t n = 0;

        if (!clean)
                return NULL;
        while (*from) {
                size_t length = character_length(from);
                bool fit = length > 1 || (length == 1 && *from >= ' ' && *from != 0x7f);

                if (n + (fit ? length : 1) > max)
                        break;
                if (fit)
                        memcpy(clean + n, from, length);
                else
                        clean[n] = '?';
                n += fit ? length : 1;
                from += length > 0 ? length : 1;
        }
        clean[n] = '\0';
        return clean;
}
