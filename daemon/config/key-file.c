/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines to entries. What an entry means, and what is wrong with it, is for the caller to say. */
#include "config/key-file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

#define BLANKS " \t"
#define LOCALE_PART 16

/* ---- text ---- */

/* The bytes of the character at `text`, which ends in a NUL; 0 if it is none of UTF-8. */
static size_t character_length(const unsigned char *text)
{
        static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t length = *text < 0x80   ? 1
                        : *text < 0xc2 ? 0
                        : *text < 0xe0 ? 2
                        : *text < 0xf0 ? 3
                        : *text < 0xf5 ? 4
                                       : 0;
        unsigned code = length > 1 ? *text & (0xffu >> (length + 1)) : *text;

        for (size_t i = 1; i < length; i++) {
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (text[i] & 0x3fu);
        }
        if (length > 1 && (code < least[length] || code > 0x10ffff || (code >> 11) == 0x1b))
                return 0;
        return length;
}

/* The line of the first byte that is no text, or 0. */
static unsigned find_no_text(const char *text, size_t size)
{
        unsigned line = 1;

        for (size_t i = 0, length; i < size; i += length) {
                length = character_length((const unsigned char *)text + i);
                if (length == 0 || text[i] == '\0')
                        return line;
                line += text[i] == '\n';
        }
        return 0;
}

/* ---- lines ---- */

static void strip_end(char *text)
{
        size_t length = strlen(text);

        while (length > 0 && strchr(BLANKS "\r", text[length - 1]))
                text[--length] = '\0';
}

static void read_group(char *line, struct key_file_entry *entry)
{
        char *end = strchr(line, ']');

        if (!end || end[1] != '\0' || end == line + 1)
                return;
        *end = '\0';
        entry->kind = KEY_FILE_GROUP;
        entry->group = line + 1;
}

/* Key[locale] = value */
static void read_key(char *line, struct key_file_entry *entry)
{
        size_t length = 0;
        char *rest, *equals;

        while (isalnum((unsigned char)line[length]) || line[length] == '-')
                length++;
        rest = line + length;
        if (length == 0)
                return;
        entry->locale = "";
        if (*rest == '[') {
                char *close = strchr(rest, ']');

                if (!close || close == rest + 1 || memchr(rest, '=', (size_t)(close - rest)))
                        return;
                entry->locale = rest + 1;
                rest = close + 1;
        }
        equals = rest + strspn(rest, BLANKS);
        if (*equals != '=')
                return;
        if (*entry->locale)
                rest[-1] = '\0';
        line[length] = '\0';
        entry->kind = KEY_FILE_KEY;
        entry->key = line;
        entry->value = equals + 1 + strspn(equals + 1, BLANKS);
}

static int read_line(char *line, struct key_file_entry *entry, key_file_fn entry_fn, void *userdata)
{
        line += strspn(line, BLANKS);
        strip_end(line);
        if (*line == '\0' || *line == '#')
                return 0;
        entry->kind = KEY_FILE_BAD;
        entry->key = entry->locale = "";
        entry->value = line;
        if (*line == '[')
                read_group(line, entry);
        else
                read_key(line, entry);
        return entry_fn(entry, userdata);
}

int key_file_read(char *text, size_t size, key_file_fn entry_fn, void *userdata, unsigned *ret_line)
{
        struct key_file_entry entry = {.group = ""};
        unsigned line = find_no_text(text, size);
        char *next;
        int r = 0;

        if (line != 0) {
                *ret_line = line;
                return -EILSEQ;
        }
        for (char *at = text; at && r >= 0; at = next) {
                next = strchr(at, '\n');
                if (next)
                        *next++ = '\0';
                entry.line++;
                r = read_line(at, &entry, entry_fn, userdata);
        }
        return r < 0 ? r : 0;
}

/* ---- values ---- */

bool key_file_unescape(char *value)
{
        static const char from[] = "sntr\\", to[] = " \n\t\r\\";
        char *out = value;

        for (const char *in = value; *in; in++) {
                const char *escape;

                if (*in != '\\') {
                        *out++ = *in;
                        continue;
                }
                in++;
                escape = *in ? strchr(from, *in) : NULL;
                if (!escape)
                        return false;
                *out++ = to[escape - from];
        }
        *out = '\0';
        return true;
}

/* Where the item that begins at `text` ends; "\;" in it becomes a ';'. */
static char *end_of_item(char *text)
{
        char *out = text, *in = text;

        while (*in && *in != ';') {
                if (in[0] == '\\' && in[1] == ';')
                        in++;
                else if (in[0] == '\\' && in[1])
                        *out++ = *in++;
                *out++ = *in++;
        }
        if (out < in)
                *out = '\0';
        return in;
}

char *key_file_next_item(char **list, bool *ret_good)
{
        char *item = *list + strspn(*list, BLANKS), *end;

        if (*item == '\0')
                return NULL;
        end = end_of_item(item);
        *list = *end ? end + 1 : end;
        *end = '\0';
        strip_end(item);
        *ret_good = key_file_unescape(item);
        return item;
}

/* ---- translations ---- */

struct locale {
        char language[LOCALE_PART], country[LOCALE_PART], modifier[LOCALE_PART];
};

/* language_COUNTRY.ENCODING@MODIFIER. A part that is too long is taken for none that we know. */
static void split_locale(const char *text, struct locale *ret_locale)
{
        const char *country = strchr(text, '_'), *modifier = strchr(text, '@');
        size_t length = strcspn(text, "_.@");

        *ret_locale = (struct locale){0};
        if (length < LOCALE_PART)
                memcpy(ret_locale->language, text, length);
        length = country ? strcspn(country + 1, ".@") : 0;
        if (length < LOCALE_PART && length > 0)
                memcpy(ret_locale->country, country + 1, length);
        length = modifier ? strlen(modifier + 1) : 0;
        if (length < LOCALE_PART && length > 0)
                memcpy(ret_locale->modifier, modifier + 1, length);
}

unsigned key_file_rank(const char *translation, const char *locale)
{
        struct locale have, want;

        if (*translation == '\0')
                return 1;
        if (*translation != *locale) /* most of them, in files with very many */
                return 0;
        split_locale(translation, &have);
        split_locale(locale, &want);
        if (*want.language == '\0' || !streq(have.language, want.language) ||
            (*have.country && !streq(have.country, want.country)) ||
            (*have.modifier && !streq(have.modifier, want.modifier)))
                return 0;
        return 2u + (*have.country ? 2u : 0u) + (*have.modifier ? 1u : 0u);
}

const char *key_file_locale(void)
{
        static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

        for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
                const char *value = getenv(variables[i]);

                if (value && *value)
                        return streq(value, "C") || streq(value, "POSIX") ? "" : value;
        }
        return "";
}
