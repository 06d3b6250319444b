/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a number, an address or a URI to a handle.
 *
 * Links come from anywhere, so this refuses what must not be dialled by following one: a `*` or `#`
 * in the number makes it a code that changes settings of a line or a device. Behind a pause they
 * are keys like others, as conferences want them.
 */
#include "uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define KEYS DIGITS "*#ABCD"
/* People write them between digits, RFC 3966 has the first four. */
#define SEPARATORS "-.() /"
#define PAUSES ",pPwW"

struct number {
        char *handle; /* number and pauses so far; as long as the URI is enough */
        size_t length;
        char **error;
};

static void freep(char **text)
{
        free(*text);
}

static int fail(char **ret_error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char **ret_error, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(ret_error, format, arguments);
        va_end(arguments);
        if (r >= 0)
                return -EINVAL;
        *ret_error = NULL;
        return -ENOMEM;
}

static bool is_one_of(char c, const char *set)
{
        return c != '\0' && strchr(set, c);
}

/* ---- the form of URIs ---- */

/* The length of what is in front of the colon, 0 where that is no scheme. */
static size_t scheme_length(const char *text)
{
        size_t n = 0;

        if (!isascii(text[0]) || !isalpha((unsigned char)text[0]))
                return 0;
        while (isascii(text[n]) && (isalnum((unsigned char)text[n]) || is_one_of(text[n], "+-.")))
                n++;
        return text[n] == ':' ? n : 0;
}

static int read_escape(const char *text, char *ret_character)
{
        char digits[3] = {text[1], text[1] ? text[2] : '\0', '\0'};

        if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
                return -EINVAL;
        *ret_character = (char)strtoul(digits, NULL, 16);
        return 0;
}

/* No control characters, and nothing but ASCII, encoded or not: such a URI is broken, or bait. */
static int check_characters(const char *uri, char **ret_error)
{
        for (const char *at = uri; *at; at++) {
                char c = *at;

                if (c == '%' && read_escape(at, &c) < 0)
                        return fail(ret_error,
                                    "'%s' has a %% that two hexadecimal digits have to follow",
                                    uri);
                if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
                        return fail(ret_error,
                                    "the character 0x%02x at %zu has no place in a link to call",
                                    (unsigned char)c, (size_t)(at - uri));
        }
        return 0;
}

static char *decode(const char *text)
{
        char *decoded = calloc(1, strlen(text) + 1), *to = decoded;

        for (; decoded && *text; text++) {
                *to = *text;
                if (*text == '%' && read_escape(text, to) == 0)
                        text += 2;
                to++;
        }
        return decoded;
}

/* ---- numbers ---- */

static void append(struct number *number, char c)
{
        number->handle[number->length++] = c;
        number->handle[number->length] = '\0';
}

static int bad_character(const struct number *number, char c, const char *where)
{
        return fail(number->error, "'%c' cannot be in %s; digits can, and -.()/ between them", c,
                    where);
}

/* The number itself; where it ends. */
static int read_digits(struct number *number, const char *text, const char **ret_rest)
{
        size_t n_digits = 0;

        for (; *text && *text != ';' && !is_one_of(*text, PAUSES); text++) {
                if (is_one_of(*text, SEPARATORS))
                        continue;
                if (is_one_of(*text, "*#"))
                        return fail(number->error,
                                    "a link cannot dial codes with * or #, for they change "
                                    "settings; if you mean it, type the code itself");
                if (*text == '+' ? number->length > 0 : !is_one_of(*text, DIGITS))
                        return bad_character(number, *text, "a telephone number");
                n_digits += *text != '+';
                append(number, *text);
        }
        if (n_digits == 0)
                return fail(number->error, "there is no number in this link");
        *ret_rest = text;
        return 0;
}

/* What is to be keyed in once somebody has answered, up to the next parameter. */
static int read_keys(struct number *number, const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                if (is_one_of(text[i], ",pP"))
                        append(number, ',');
                else if (is_one_of(text[i], "wW"))
                        append(number, ';');
                else if (is_one_of(text[i], KEYS))
                        append(number, text[i]);
                else if (!is_one_of(text[i], SEPARATORS))
                        return bad_character(number, text[i], "what is keyed in after a pause");
        }
        return 0;
}

static bool is_keys(const char *text, size_t length)
{
        return length > 0 && strspn(text, KEYS SEPARATORS PAUSES) >= length;
}

static bool is_named(const char *text, size_t length, const char *name)
{
        return length == strlen(name) && strncasecmp(text, name, length) == 0;
}

/*
 * One parameter of RFC 3966. An extension is keyed in after a pause: that is what menus want, and
 * needs nobody to watch. What does not change whom to call is passed over: isub, phone-context,
 * which is no prefix, and what nobody knows, unless it must be known (m-).
 */
static int read_parameter(struct number *number, const char *text, size_t length)
{
        const char *equals = memchr(text, '=', length);
        size_t n_name = equals ? (size_t)(equals - text) : length;
        const char *value = equals ? equals + 1 : text + length;
        size_t n_value = length - (size_t)(value - text);

        for (size_t i = 0; i < n_name; i++)
                if (!isalnum((unsigned char)text[i]) && text[i] != '-')
                        return bad_character(number, text[i], "the name of a parameter");
        if (n_name == 0)
                return fail(number->error, "a parameter of this link has no name");
        if (n_name > 2 && strncasecmp(text, "m-", 2) == 0)
                return fail(number->error,
                            "this link cannot be called without understanding '%.*s', which "
                            "callsctl does not",
                            (int)n_name, text);
        if (!is_named(text, n_name, "ext") && !is_named(text, n_name, "postd"))
                return 0;
        if (!is_keys(value, n_value))
                return fail(number->error, "'%.*s' is nothing that could be keyed in", (int)n_value,
                            value);
        if (!is_one_of(value[0], PAUSES))
                append(number, ',');
        return read_keys(number, value, n_value);
}

static int read_rest(struct number *number, const char *text)
{
        int r = 0;

        while (r == 0 && *text) {
                bool parameter = *text == ';';
                size_t length;

                text += parameter;
                length = strcspn(text, ";");
                if (parameter && is_keys(text, length)) {
                        append(number, ';');
                        parameter = false;
                }
                r = parameter ? read_parameter(number, text, length)
                              : read_keys(number, text, length);
                text += length;
        }
        return r;
}

static int read_number(const char *text, struct callee *ret_callee, char **ret_error)
{
        __attribute__((cleanup(freep))) char *handle = malloc(2 * strlen(text) + 2);
        struct number number = {.handle = handle, .error = ret_error};
        int r;

        if (!handle)
                return -ENOMEM;
        handle[0] = '\0';
        if (strncmp(text, "//", 2) == 0)
                text += 2;
        r = read_digits(&number, text, &text);
        if (r == 0)
                r = read_rest(&number, text);
        if (r < 0)
                return r;
        *ret_callee = (struct callee){.type = "phone-number", .handle = handle};
        handle = NULL;
        return 0;
}

static int read_tel(const char *rest, struct callee *ret_callee, char **ret_error)
{
        __attribute__((cleanup(freep))) char *decoded = decode(rest);

        return decoded ? read_number(decoded, ret_callee, ret_error) : -ENOMEM;
}

/* ---- other URIs ---- */

static int keep(const char *type, const char *uri, size_t length, struct callee *ret_callee)
{
        char *handle = strndup(uri, length);

        if (!handle)
                return -ENOMEM;
        for (size_t i = 0, n = scheme_length(handle); i < n; i++)
                handle[i] = (char)tolower((unsigned char)handle[i]);
        *ret_callee = (struct callee){.type = type, .handle = handle};
        return 0;
}

/* An address of a machine is none, though it has digits and dots alone. */
static bool is_number(const char *text)
{
        size_t n = strspn(text, "+" DIGITS "*#" SEPARATORS);
        struct in_addr address;

        return strcspn(text, DIGITS "*#") < n && (text[n] == '\0' || is_one_of(text[n], ",;")) &&
               inet_pton(AF_INET, text, &address) != 1;
}

/* A number if it could be one, else the name of somebody, for whoever takes such names. */
static int read_callto(const char *uri, struct callee *ret_callee, char **ret_error)
{
        const char *rest = uri + strlen("callto:");
        __attribute__((cleanup(freep))) char *name = strndup(rest, strcspn(rest, "?"));
        __attribute__((cleanup(freep))) char *decoded = name ? decode(name) : NULL;
        const char *plain = decoded;

        if (!decoded)
                return -ENOMEM;
        if (strncmp(plain, "//", 2) == 0)
                plain += 2;
        if (*plain == '\0')
                return fail(ret_error, "there is nobody to call in '%s'", uri);
        if (is_number(plain))
                return read_number(plain, ret_callee, ret_error);
        return keep("generic", uri, strcspn(uri, "?"), ret_callee);
}

/*
 * As it is, but without the headers behind `?`: a link must not write into the message that goes
 * out (RFC 3261, 19.1.5), nor ask for another one than an invitation.
 */
static int read_sip(const char *uri, struct callee *ret_callee, char **ret_error)
{
        const char *rest = strchr(uri, ':') + 1, *at = strchr(rest, '@');
        const char *host = at ? at + 1 : rest;
        size_t n_host = strcspn(host, ";?"), length = (size_t)(host - uri) + strcspn(host, "?");
        const char *method = strcasestr(host, ";method=");

        if (strpbrk(uri, " <>\"\\"))
                return fail(ret_error, "'%s' has blanks, quotes or brackets in it", uri);
        if (at == rest || n_host == 0 || !(isalnum((unsigned char)host[0]) || host[0] == '['))
                return fail(ret_error, "'%s' is not sip:user@host", uri);
        if (method && strncasecmp(method, ";method=invite", strlen(";method=invite")) != 0)
                return fail(ret_error, "'%s' asks for something else than a call", uri);
        return keep("generic", uri, length, ret_callee);
}

static int read_uri(const char *uri, size_t n_scheme, struct callee *ret_callee, char **ret_error)
{
        int r = check_characters(uri, ret_error);

        if (r < 0)
                return r;
        if (is_named(uri, n_scheme, "tel"))
                return read_tel(uri + n_scheme + 1, ret_callee, ret_error);
        if (is_named(uri, n_scheme, "callto"))
                return read_callto(uri, ret_callee, ret_error);
        if (is_named(uri, n_scheme, "sip") || is_named(uri, n_scheme, "sips"))
                return read_sip(uri, ret_callee, ret_error);
        if (uri[n_scheme + 1] == '\0')
                return fail(ret_error, "there is nobody to call in '%s'", uri);
        return keep("generic", uri, strlen(uri), ret_callee);
}

/* ---- what is typed ---- */

/* With * and # wherever they are: who types a code means it. */
static int read_typed_number(const char *text, struct callee *ret_callee)
{
        int r = keep("phone-number", text, strlen(text), ret_callee);
        char *to;

        if (r < 0)
                return r;
        to = ret_callee->handle;
        for (const char *from = to; *from; from++)
                if (!is_one_of(*from, SEPARATORS))
                        *to++ = *from;
        *to = '\0';
        return 0;
}

int callee_read(const char *text, struct callee *ret_callee, char **ret_error)
{
        size_t n_scheme = scheme_length(text);

        *ret_error = NULL;
        if (text[0] == '\0')
                return fail(ret_error, "there is nobody to call in ''");
        if (n_scheme > 0)
                return read_uri(text, n_scheme, ret_callee, ret_error);
        if (strspn(text, "+" KEYS SEPARATORS ",;") == strlen(text) && strpbrk(text, DIGITS "*#"))
                return read_typed_number(text, ret_callee);
        return keep(strchr(text, '@') ? "email-address" : "generic", text, strlen(text),
                    ret_callee);
}

void callee_done(struct callee *callee)
{
        free(callee->handle);
        callee->handle = NULL;
}
