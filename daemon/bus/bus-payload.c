/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Push payloads between messages and bytes.
 *
 * A payload may have to wait for its app, and outlive callsd meanwhile, so it is taken out of its
 * message. Its values are passed on as they are, whatever their types, but for file descriptors.
 * The bytes follow the signature: numbers in the order of this machine, as the record stays on it;
 * texts with their length in front, arrays with their number of elements, variants with their
 * signature.
 *
 * What is read back may come from a damaged record, so nothing of it is believed: a message with a
 * bad string would cost us the connection.
 */
#include "bus/bus-payload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/utf8.h"

#define SIGNATURE_MAX 255

void payload_done(struct payload *payload)
{
        free(payload->data);
        *payload = (struct payload){0};
}

/* ---- types ---- */

/* Of those that are as long as they are; 0: of another kind. */
static size_t fixed_size(char type)
{
        switch (type) {
        case SD_BUS_TYPE_BYTE:
                return 1;
        case SD_BUS_TYPE_INT16:
        case SD_BUS_TYPE_UINT16:
                return 2;
        case SD_BUS_TYPE_INT32:
        case SD_BUS_TYPE_UINT32:
        case SD_BUS_TYPE_BOOLEAN:
                return 4;
        case SD_BUS_TYPE_INT64:
        case SD_BUS_TYPE_UINT64:
        case SD_BUS_TYPE_DOUBLE:
                return 8;
        default:
                return 0;
        }
}

static bool is_text(char type)
{
        return type == SD_BUS_TYPE_STRING || type == SD_BUS_TYPE_OBJECT_PATH ||
               type == SD_BUS_TYPE_SIGNATURE;
}

/* Of the first complete type; 0: there is none. */
static size_t type_length(const char *signature, unsigned depth)
{
        char close = *signature == '(' ? ')' : '}';
        size_t at = 1, inner;
        unsigned n = 0;

        if (fixed_size(*signature) > 0 || is_text(*signature) || *signature == 'v')
                return 1;
        if (depth == 0)
                return 0;
        if (*signature == 'a') {
                inner = type_length(signature + 1, depth - 1);
                return inner > 0 ? 1 + inner : 0;
        }
        if (*signature != '(' && *signature != '{')
                return 0;
        for (; signature[at] != close; at += inner, n++) {
                inner = type_length(signature + at, depth - 1);
                if (inner == 0)
                        return 0;
        }
        /* an entry has a simple key and one value, and is found in arrays */
        if (close == '}' && (n != 2 || !(fixed_size(signature[1]) > 0 || is_text(signature[1]))))
                return 0;
        return n > 0 ? at + 1 : 0;
}

static bool is_signature(const char *text)
{
        size_t length;

        if (strlen(text) > SIGNATURE_MAX)
                return false;
        for (; *text; text += length) {
                length = *text == '{' ? 0 : type_length(text, PAYLOAD_DEPTH_MAX);
                if (length == 0)
                        return false;
        }
        return true;
}

static bool is_path(const char *text)
{
        if (*text != '/')
                return false;
        for (const char *at = text; *at; at++) {
                bool element = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
                               (*at >= 'a' && *at <= 'z') || *at == '_';

                if (!element && (*at != '/' || at[1] == '/' || (at[1] == '\0' && at != text)))
                        return false;
        }
        return true;
}

/* ---- from a message ---- */

struct writer {
        struct payload *payload;
        size_t size_max;
};

static bool is_full(const struct writer *writer)
{
        return writer->payload->size > writer->size_max;
}

static int put(struct writer *writer, const void *data, size_t size)
{
        struct payload *payload = writer->payload;
        size_t wanted = payload->size + size;
        uint8_t *bytes;

        if (wanted > payload->allocated) {
                bytes = realloc(payload->data, 2 * wanted);
                if (!bytes)
                        return -ENOMEM;
                payload->data = bytes;
                payload->allocated = 2 * wanted;
        }
        memcpy(payload->data + payload->size, data, size);
        payload->size = wanted;
        return 0;
}

static int put_number(struct writer *writer, uint32_t number)
{
        return put(writer, &number, sizeof(number));
}

static int put_text(struct writer *writer, const char *text)
{
        size_t length = strlen(text);
        int r;

        /* no more of it than shows that it is too long */
        if (length > writer->size_max)
                length = writer->size_max;
        r = put_number(writer, (uint32_t)length);
        return r < 0 ? r : put(writer, text, length);
}

/* Also of what is not there: an empty array has a type of elements. */
static int put_type(struct writer *writer, const char *type)
{
        if (strchr(type, SD_BUS_TYPE_UNIX_FD))
                return -EBADMSG;
        return is_signature(type) ? put_text(writer, type) : -ELOOP;
}

static int take_basic(struct writer *writer, sd_bus_message *message, char type)
{
        union {
                uint64_t number;
                const char *text;
        } value = {0};
        int r = sd_bus_message_read_basic(message, type, &value);

        if (r < 0)
                return r;
        return is_text(type) ? put_text(writer, value.text) : put(writer, &value, fixed_size(type));
}

static int take_all(struct writer *writer, sd_bus_message *message, unsigned depth,
                    uint32_t *ret_n);

static int take_container(struct writer *writer, sd_bus_message *message, char type,
                          const char *contents, unsigned depth)
{
        size_t at = writer->payload->size;
        uint32_t n = 0;
        int r = 0;

        if (depth == 0)
                return -ELOOP;
        if (type == SD_BUS_TYPE_VARIANT)
                r = put_type(writer, contents);
        else if (type == SD_BUS_TYPE_ARRAY)
                r = put_number(writer, 0);
        if (r >= 0)
                r = sd_bus_message_enter_container(message, type, contents);
        if (r >= 0)
                r = take_all(writer, message, depth - 1, &n);
        if (r < 0 || is_full(writer))
                return r;
        if (type == SD_BUS_TYPE_ARRAY)
                memcpy(writer->payload->data + at, &n, sizeof(n));
        return sd_bus_message_exit_container(message);
}

/* What is left in this container. */
static int take_all(struct writer *writer, sd_bus_message *message, unsigned depth, uint32_t *ret_n)
{
        const char *contents;
        char type;
        int r = 0;

        while (r >= 0 && !is_full(writer)) {
                r = sd_bus_message_peek_type(message, &type, &contents);
                if (r <= 0)
                        return r;
                if (type == SD_BUS_TYPE_UNIX_FD)
                        return -EBADMSG;
                if (fixed_size(type) > 0 || is_text(type))
                        r = take_basic(writer, message, type);
                else
                        r = take_container(writer, message, type, contents, depth);
                (*ret_n)++;
        }
        return r;
}

int payload_read(struct payload *payload, sd_bus_message *message, size_t size_max)
{
        struct writer writer = {.payload = payload, .size_max = size_max};
        int r;

        payload->size = 0;
        r = take_container(&writer, message, SD_BUS_TYPE_ARRAY, "{sv}", PAYLOAD_DEPTH_MAX);
        return r < 0 ? r : 0;
}

/* ---- to a message ---- */

struct reader {
        const uint8_t *data;
        size_t size, at;
};

static const void *get(struct reader *reader, size_t size)
{
        const uint8_t *data = reader->data + reader->at;

        if (size > reader->size - reader->at)
                return NULL;
        reader->at += size;
        return data;
}

static int get_number(struct reader *reader, uint32_t *ret_number)
{
        const void *data = get(reader, sizeof(*ret_number));

        if (!data)
                return -EBADMSG;
        memcpy(ret_number, data, sizeof(*ret_number));
        return 0;
}

static int get_text(struct reader *reader, char **ret_text)
{
        const char *data;
        char *text;
        uint32_t length;
        int r = get_number(reader, &length);

        if (r < 0)
                return r;
        data = get(reader, length);
        if (!data || !utf8_is_valid(data, length))
                return -EBADMSG;
        text = malloc((size_t)length + 1);
        if (!text)
                return -ENOMEM;
        memcpy(text, data, length);
        text[length] = '\0';
        *ret_text = text;
        return 0;
}

static int append_basic(struct reader *reader, sd_bus_message *message, char type)
{
        cleanup_(freep) char *text = NULL;
        union {
                uint64_t number;
                uint32_t flag;
        } value = {0};
        const void *data;
        int r;

        if (!is_text(type)) {
                data = get(reader, fixed_size(type));
                if (!data)
                        return -EBADMSG;
                memcpy(&value, data, fixed_size(type));
                if (type == SD_BUS_TYPE_BOOLEAN && value.flag > 1)
                        return -EBADMSG;
                return sd_bus_message_append_basic(message, type, &value);
        }
        r = get_text(reader, &text);
        if (r < 0)
                return r;
        if ((type == SD_BUS_TYPE_SIGNATURE && !is_signature(text)) ||
            (type == SD_BUS_TYPE_OBJECT_PATH && !is_path(text)))
                return -EBADMSG;
        return sd_bus_message_append_basic(message, type, text);
}

static int append_value(struct reader *reader, sd_bus_message *message, const char *type,
                        size_t length, unsigned depth);

/* Each of the types once. */
static int append_members(struct reader *reader, sd_bus_message *message, const char *types,
                          unsigned depth)
{
        size_t length;
        int r = 0;

        for (; r >= 0 && *types; types += length) {
                length = type_length(types, PAYLOAD_DEPTH_MAX);
                r = append_value(reader, message, types, length, depth);
        }
        return r;
}

static int append_elements(struct reader *reader, sd_bus_message *message, const char *type,
                           unsigned depth)
{
        uint32_t n;
        int r = get_number(reader, &n);

        /* each has at least a byte */
        if (r >= 0 && n > reader->size - reader->at)
                r = -EBADMSG;
        for (; r >= 0 && n > 0; n--)
                r = append_value(reader, message, type, strlen(type), depth);
        return r;
}

static int append_container(struct reader *reader, sd_bus_message *message, char type,
                            const char *contents, unsigned depth)
{
        int r;

        if (depth == 0)
                return -EBADMSG;
        r = sd_bus_message_open_container(message, type, contents);
        if (r < 0)
                return r;
        r = type == SD_BUS_TYPE_ARRAY ? append_elements(reader, message, contents, depth - 1)
                                      : append_members(reader, message, contents, depth - 1);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_variant(struct reader *reader, sd_bus_message *message, unsigned depth)
{
        cleanup_(freep) char *type = NULL;
        int r = get_text(reader, &type);

        if (r < 0)
                return r;
        if (!*type || !is_signature(type) || type_length(type, PAYLOAD_DEPTH_MAX) != strlen(type))
                return -EBADMSG;
        return append_container(reader, message, SD_BUS_TYPE_VARIANT, type, depth);
}

static int append_value(struct reader *reader, sd_bus_message *message, const char *type,
                        size_t length, unsigned depth)
{
        char contents[SIGNATURE_MAX + 1];

        switch (*type) {
        case SD_BUS_TYPE_VARIANT:
                return append_variant(reader, message, depth);
        case SD_BUS_TYPE_ARRAY:
                memcpy(contents, type + 1, length - 1);
                contents[length - 1] = '\0';
                return append_container(reader, message, SD_BUS_TYPE_ARRAY, contents, depth);
        case '(':
        case '{':
                memcpy(contents, type + 1, length - 2);
                contents[length - 2] = '\0';
                return append_container(reader, message,
                                        *type == '(' ? SD_BUS_TYPE_STRUCT : SD_BUS_TYPE_DICT_ENTRY,
                                        contents, depth);
        default:
                return append_basic(reader, message, *type);
        }
}

int payload_append(const void *data, size_t size, sd_bus_message *message)
{
        struct reader reader = {.data = data, .size = size};
        int r = append_container(&reader, message, SD_BUS_TYPE_ARRAY, "{sv}", PAYLOAD_DEPTH_MAX);

        return r < 0 ? r : reader.at == size ? 0 : -EBADMSG;
}
