/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers are seven bits a byte, the low ones first; there is one spelling of each, so that equal
 * states give equal bytes.
 */
#include "model/record-codec.h"

#include <stdlib.h>

#include "util/utf8.h"

#define UUID_BYTES 16
#define MAX_NUMBER 10

void codec_fail(struct codec *codec, int r, const char *problem)
{
        if (codec->r != 0)
                return;
        codec->r = r;
        codec->problem = problem;
}

/* ---- bytes ---- */

static bool grow(struct codec *codec, size_t size)
{
        struct record_bytes *bytes = codec->bytes;
        size_t allocated = 2 * (bytes->size + size) + 256;
        uint8_t *data = codec_ok(codec) ? realloc(bytes->data, allocated) : NULL;

        if (!data) {
                codec_fail(codec, -ENOMEM, "there is no memory for the record");
                return false;
        }
        bytes->data = data;
        bytes->allocated = allocated;
        return true;
}

/* Room for so much more; false: there is none. */
static bool reserve(struct codec *codec, size_t size)
{
        return codec->bytes->allocated - codec->bytes->size >= size || grow(codec, size);
}

static void put(struct codec *codec, const void *data, size_t size)
{
        if (size == 0 || !reserve(codec, size))
                return;
        memcpy(codec->bytes->data + codec->bytes->size, data, size);
        codec->bytes->size += size;
}

/* NULL: there are not that many. */
static const uint8_t *get(struct codec *codec, size_t size)
{
        const uint8_t *at = codec->data + codec->at;

        if (!codec_ok(codec))
                return NULL;
        if (codec->size - codec->at < size) {
                codec_fail(codec, -EBADMSG, "it is cut off");
                return NULL;
        }
        codec->at += size;
        return at;
}

/* ---- bools, eight to a byte ---- */

static void end_bits(struct codec *codec)
{
        if (codec->n_bits == 0)
                return;
        if (codec->reading)
                codec_expect(codec, codec->bits == 0, "there are flags that it does not have");
        else
                put(codec, &(uint8_t){(uint8_t)codec->bits}, 1);
        codec->bits = codec->n_bits = 0;
}

static void read_bool(struct codec *codec, bool *value)
{
        const uint8_t *byte;

        if (codec->n_bits == 0) {
                byte = get(codec, 1);
                codec->bits = byte ? *byte : 0;
                codec->n_bits = 8;
        }
        *value = codec->bits & 1;
        codec->bits >>= 1;
        codec->n_bits--;
}

void codec_bool(struct codec *codec, bool *value)
{
        if (codec->reading) {
                read_bool(codec, value);
                return;
        }
        codec->bits |= (unsigned)*value << codec->n_bits++;
        if (codec->n_bits == 8)
                end_bits(codec);
}

/* ---- numbers ---- */

static void write_number(struct codec *codec, uint64_t number)
{
        struct record_bytes *bytes = codec->bytes;

        if (!reserve(codec, MAX_NUMBER))
                return;
        for (; number >= 0x80; number >>= 7)
                bytes->data[bytes->size++] = (uint8_t)(number | 0x80);
        bytes->data[bytes->size++] = (uint8_t)number;
}

static uint64_t read_number(struct codec *codec)
{
        uint64_t number = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                const uint8_t *byte = get(codec, 1);

                if (!byte)
                        return 0;
                if (shift == 63 && *byte > 1)
                        break;
                number |= (uint64_t)(*byte & 0x7f) << shift;
                if (*byte & 0x80)
                        continue;
                codec_expect(codec, *byte != 0 || shift == 0, "a number is written too long");
                return number;
        }
        codec_fail(codec, -EBADMSG, "a number is too large");
        return 0;
}

void codec_number(struct codec *codec, uint64_t *value, uint64_t max)
{
        end_bits(codec);
        if (!codec->reading) {
                write_number(codec, *value);
                return;
        }
        *value = read_number(codec);
        if (*value > max) {
                *value = 0;
                codec_fail(codec, -EBADMSG, "a value is out of its range");
        }
}

void codec_count(struct codec *codec, size_t *value, size_t item_size)
{
        CODEC_NUMBER(codec, *value, (codec->size - codec->at) / item_size);
}

/* ---- UUIDs ---- */

static int digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash(size_t at)
{
        return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool uuid_to_bytes(const struct uuid *uuid, uint8_t *bytes)
{
        size_t at = 0;

        for (size_t i = 0; i < UUID_BYTES; i++) {
                int high, low;

                if (is_dash(at) && uuid->text[at++] != '-')
                        return false;
                high = digit(uuid->text[at++]);
                low = high < 0 ? -1 : digit(uuid->text[at++]);
                if (low < 0)
                        return false;
                bytes[i] = (uint8_t)(high << 4 | low);
        }
        return uuid->text[at] == '\0';
}

static void uuid_from_bytes(struct uuid *uuid, const uint8_t *bytes)
{
        size_t at = 0;

        for (size_t i = 0; i < UUID_BYTES; i++) {
                if (is_dash(at))
                        uuid->text[at++] = '-';
                uuid->text[at++] = "0123456789abcdef"[bytes[i] >> 4];
                uuid->text[at++] = "0123456789abcdef"[bytes[i] & 15];
        }
        uuid->text[at] = '\0';
}

void codec_uuid(struct codec *codec, struct uuid *value)
{
        uint8_t bytes[UUID_BYTES];
        const uint8_t *read;

        end_bits(codec);
        if (codec->reading) {
                read = get(codec, UUID_BYTES);
                *value = (struct uuid){0};
                if (read)
                        uuid_from_bytes(value, read);
        } else if (uuid_to_bytes(value, bytes)) {
                put(codec, bytes, UUID_BYTES);
        } else {
                codec_fail(codec, -EINVAL, "an id is no UUID in lower case");
        }
}

void codec_uuid_or_none(struct codec *codec, struct uuid *value)
{
        bool some = value->text[0] != '\0';

        codec_bool(codec, &some);
        if (some)
                codec_uuid(codec, value);
        else if (codec->reading)
                *value = (struct uuid){0};
}

/* ---- texts ---- */

/* As D-Bus wants it, for the bus layer hands it on as it is. */
static bool is_text(const uint8_t *at, size_t size)
{
        return utf8_is_valid(at, size);
}

/* What is compared and never shown; an app's identity may have any bytes. */
static bool is_name(const uint8_t *at, size_t size)
{
        return !memchr(at, '\0', size);
}

typedef bool (*accept_fn)(const uint8_t *at, size_t size);

static void read_text(struct codec *codec, char **value, accept_fn accept)
{
        const uint8_t *bytes;
        size_t length = 0;

        *value = NULL;
        codec_count(codec, &length, 1);
        bytes = get(codec, length);
        if (!bytes)
                return;
        if (!accept(bytes, length)) {
                codec_fail(codec, -EBADMSG, "a text is none, or no UTF-8");
                return;
        }
        *value = malloc(length + 1);
        if (!*value) {
                codec_fail(codec, -ENOMEM, "there is no memory for a text");
                return;
        }
        memcpy(*value, bytes, length);
        (*value)[length] = '\0';
}

static void write_text(struct codec *codec, const char *value)
{
        size_t length = strlen(value);

        codec_count(codec, &length, 1);
        put(codec, value, length);
}

void codec_text(struct codec *codec, char **value)
{
        if (codec->reading)
                read_text(codec, value, is_text);
        else
                write_text(codec, str_or_empty(*value));
}

void codec_name(struct codec *codec, char **value)
{
        if (codec->reading)
                read_text(codec, value, is_name);
        else
                write_text(codec, str_or_empty(*value));
}

static void or_null(struct codec *codec, char **value,
                    void (*walk)(struct codec *codec, char **value))
{
        bool some = *value != NULL;

        codec_bool(codec, &some);
        if (some)
                walk(codec, value);
        else if (codec->reading)
                *value = NULL;
}

void codec_text_or_null(struct codec *codec, char **value)
{
        or_null(codec, value, codec_text);
}

void codec_name_or_null(struct codec *codec, char **value)
{
        or_null(codec, value, codec_name);
}

void codec_names_or_null(struct codec *codec, char ***value)
{
        bool some = *value != NULL;
        size_t n = 0;

        codec_bool(codec, &some);
        while (!codec->reading && some && (*value)[n])
                n++;
        if (codec->reading)
                *value = NULL;
        if (!some)
                return;
        codec_count(codec, &n, 1);
        if (codec->reading) {
                *value = codec_ok(codec) ? calloc(n + 1, sizeof(**value)) : NULL;
                if (!*value) {
                        codec_fail(codec, -ENOMEM, "there is no memory for a list of texts");
                        return;
                }
        }
        for (size_t i = 0; i < n && codec_ok(codec); i++)
                codec_name(codec, &(*value)[i]);
}

void codec_bytes(struct codec *codec, uint8_t **data, size_t *size)
{
        const uint8_t *bytes;

        codec_count(codec, size, 1);
        if (!codec->reading) {
                put(codec, *data, *size);
                return;
        }
        *data = NULL;
        bytes = get(codec, *size);
        if (!bytes)
                return;
        *data = malloc(*size > 0 ? *size : 1);
        if (!*data)
                codec_fail(codec, -ENOMEM, "there is no memory for bytes");
        else if (*size > 0)
                memcpy(*data, bytes, *size);
}

void codec_end(struct codec *codec)
{
        end_bits(codec);
        codec_expect(codec, codec->at == codec->size, "there is more behind its end");
}
