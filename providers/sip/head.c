/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The form alone: what it means is the parser's. */
#include "head.h"

#include <string.h>
#include <strings.h>

#include "base.h"

#define VERSION "SIP/2.0"
#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN LETTERS DIGITS "-.!%*_+`'~"

struct line {
        const char *text;
        size_t length; /* without its end */
};

/* The next line; its bytes are text and blanks. */
static bool take_line(const char **at, const char *end, struct line *ret_line)
{
        const char *text = *at;

        for (const char *c = text; c + 1 < end; c++) {
                if (c[0] == '\r' && c[1] == '\n') {
                        *ret_line = (struct line){text, (size_t)(c - text)};
                        *at = c + 2;
                        return true;
                }
                if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
                        return false;
        }
        return false;
}

static size_t span(struct line line, const char *set)
{
        size_t n = 0;

        while (n < line.length && strchr(set, line.text[n]))
                n++;
        return n;
}

static struct line skip(struct line line, size_t n)
{
        return (struct line){line.text + n, line.length - n};
}

static bool begins(struct line line, const char *text)
{
        return line.length >= strlen(text) && strncasecmp(line.text, text, strlen(text)) == 0;
}

/* SIP/2.0 180 Ringing */
static bool is_status(struct line line)
{
        line = skip(line, strlen(VERSION));
        return line.length >= 5 && line.text[0] == ' ' && span(skip(line, 1), DIGITS) == 3 &&
               line.text[4] == ' ';
}

/* INVITE sip:bob@example.org SIP/2.0 */
static bool is_request(struct line line)
{
        size_t n_method = span(line, TOKEN), n_uri = 0, n_scheme;

        if (n_method == 0 || n_method >= line.length || line.text[n_method] != ' ')
                return false;
        line = skip(line, n_method + 1);
        n_scheme = span(line, LETTERS);
        while (n_uri < line.length && line.text[n_uri] > ' ')
                n_uri++;
        return n_scheme > 0 && n_scheme + 1 < n_uri && line.text[n_scheme] == ':' &&
               n_uri < line.length && skip(line, n_uri + 1).length == strlen(VERSION) &&
               begins(skip(line, n_uri + 1), VERSION);
}

/* A name and a colon, or what goes on from the line before. */
static bool is_header(struct line line, bool first)
{
        size_t n = span(line, TOKEN);

        if (line.text[0] == ' ' || line.text[0] == '\t')
                return !first;
        n += span(skip(line, n), " \t");
        return n > 0 && n < line.length && line.text[n] == ':';
}

bool head_is_good(const char *text, size_t size)
{
        const char *end = text + size;
        struct line line;
        bool first = true;

        if (!take_line(&text, end, &line) ||
            !(begins(line, VERSION) ? is_status(line) : is_request(line)))
                return false;
        while (take_line(&text, end, &line)) {
                if (line.length == 0)
                        return !first;
                if (!is_header(line, first))
                        return false;
                first = false;
        }
        return false;
}
