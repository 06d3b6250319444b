/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of D-Bus as text. */
#include "fuzz/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/cleanup.h"

#define DEPTH_MAX 16
#define ELEMENTS_MAX 256

bool script_next_line(struct script *script, struct script *ret_line)
{
        const char *newline;

        if (script->at >= script->end)
                return false;
        newline = memchr(script->at, '\n', (size_t)(script->end - script->at));
        *ret_line = *script;
        ret_line->end = newline ? newline : script->end;
        script->at = newline ? newline + 1 : script->end;
        return true;
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static int hex(char c)
{
        if (!isxdigit((unsigned char)c))
                return -1;
        return isdigit((unsigned char)c) ? c - '0' : (tolower((unsigned char)c) - 'a') + 10;
}

const char *script_word(struct script *line)
{
        const char *known;
        size_t n = 0;

        while (line->at < line->end && is_space(*line->at))
                line->at++;
        while (line->at < line->end && !is_space(*line->at) && n + 1 < sizeof(line->word)) {
                char c = *line->at++;

                if (c == '%' && line->end - line->at >= 2 && hex(line->at[0]) >= 0 &&
                    hex(line->at[1]) >= 0) {
                        c = (char)(hex(line->at[0]) * 16 + hex(line->at[1]));
                        line->at += 2;
                }
                line->word[n++] = c;
        }
        line->word[n] = '\0';
        if (strcmp(line->word, "~") == 0)
                line->word[0] = '\0';
        known = line->name ? line->name(line->word, line->userdata) : NULL;
        return known ? known : line->word;
}

void script_member(const char *word, char *interface, char *member, size_t size)
{
        const char *dot = strrchr(word, '.'), *before = "";
        const size_t n = dot ? (size_t)(dot - word) : 0;

        if (!memchr(word, '.', n))
                before = n > 0 && word[n - 1] == '1' ? "org.callsd." : "org.freedesktop.DBus.";
        snprintf(member, size, "%s", dot ? dot + 1 : word);
        snprintf(interface, size, "%s%.*s", before, (int)n, word);
}

static bool next_is(const struct script *line, char c)
{
        const char *at = line->at;

        while (at < line->end && is_space(*at))
                at++;
        return at < line->end && *at == c && (at + 1 == line->end || is_space(at[1]));
}

static bool at_end(const struct script *line)
{
        const char *at = line->at;

        while (at < line->end && is_space(*at))
                at++;
        return at >= line->end;
}

/* Of the one complete type that a signature begins with; 0 if there is none. */
static size_t type_length(const char *type, unsigned depth)
{
        size_t n = 1, inner;

        if (depth > DEPTH_MAX || *type == '\0')
                return 0;
        if (strchr("ybnqiuxtdsogvh", *type))
                return 1;
        if (*type == 'a') {
                inner = type_length(type + 1, depth + 1);
                return inner ? inner + 1 : 0;
        }
        if (*type != '(' && *type != '{')
                return 0;
        while (type[n] && type[n] != ')' && type[n] != '}') {
                inner = type_length(type + n, depth + 1);
                if (inner == 0)
                        return 0;
                n += inner;
        }
        return type[n] ? n + 1 : 0;
}

static int append_sequence(struct script *line, sd_bus_message *message, const char *types,
                           unsigned depth);

static int append_number(struct script *line, sd_bus_message *message, char type)
{
        const char *word = script_word(line);
        const uint64_t number = (uint64_t)strtoll(word, NULL, 0);
        union {
                uint8_t y;
                int b;
                uint16_t q;
                uint32_t u;
                uint64_t t;
                double d;
        } value = {.t = number};

        if (type == 'b')
                value.b = number != 0;
        else if (type == 'd')
                value.d = strtod(word, NULL);
        return sd_bus_message_append_basic(message, type, &value);
}

static int append_file(struct script *line, sd_bus_message *message)
{
        const char *word = script_word(line);
        int fd = memfd_create("fuzz", MFD_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        if (write(fd, word, strlen(word)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        else
                r = sd_bus_message_append_basic(message, 'h', &fd);
        close(fd);
        return r;
}

static int append_array(struct script *line, sd_bus_message *message, const char *element,
                        unsigned depth)
{
        int r = sd_bus_message_open_container(message, 'a', element);

        if (r < 0)
                return r;
        if (next_is(line, '['))
                script_word(line);
        for (unsigned n = 0; n < ELEMENTS_MAX && !at_end(line) && !next_is(line, ']'); n++) {
                r = append_sequence(line, message, element, depth + 1);
                if (r < 0)
                        return r;
        }
        if (next_is(line, ']'))
                script_word(line);
        return sd_bus_message_close_container(message);
}

static int append_container(struct script *line, sd_bus_message *message, char type,
                            const char *contents, unsigned depth)
{
        int r = sd_bus_message_open_container(message, type, contents);

        if (r >= 0)
                r = append_sequence(line, message, contents, depth + 1);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

/* One complete type. */
static int append_one(struct script *line, sd_bus_message *message, const char *type,
                      unsigned depth)
{
        char copy[256];
        const char *word;

        switch (*type) {
        case 's':
        case 'o':
        case 'g':
                return sd_bus_message_append_basic(message, *type, script_word(line));
        case 'h':
                return append_file(line, message);
        case 'a':
                return append_array(line, message, type + 1, depth);
        case 'v':
                word = script_word(line);
                if (strlen(word) >= sizeof(copy) || strlen(word) != type_length(word, depth))
                        return -EINVAL;
                strcpy(copy, word);
                return append_container(line, message, 'v', copy, depth);
        case '(':
        case '{':
                strcpy(copy, type + 1);
                copy[strlen(copy) - 1] = '\0';
                return append_container(line, message, *type == '(' ? 'r' : 'e', copy, depth);
        default:
                return append_number(line, message, *type);
        }
}

static int append_sequence(struct script *line, sd_bus_message *message, const char *types,
                           unsigned depth)
{
        char one[256];

        while (*types) {
                size_t n = type_length(types, depth);
                int r;

                if (n == 0 || n >= sizeof(one))
                        return -EINVAL;
                memcpy(one, types, n);
                one[n] = '\0';
                types += n;
                r = append_one(line, message, one, depth);
                if (r < 0)
                        return r;
        }
        return 0;
}

int script_append(struct script *line, sd_bus_message *message, const char *signature)
{
        char types[256];

        if (strlen(signature) >= sizeof(types))
                return -EINVAL;
        strcpy(types, signature);
        return append_sequence(line, message, types, 0);
}
