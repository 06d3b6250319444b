/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dictionaries from apps, read by tables. */
#include "bus/bus-read.h"

#include <errno.h>
#include <uuid/uuid.h>

/* ---- values ---- */

static int read_failed(const struct reader *reader, const char *key, int r)
{
        if (r == -ENOMEM || sd_bus_error_is_set(reader->error))
                return r;
        return bus_error_invalid(reader->error, "%s in %s can't be read", key, reader->where);
}

int read_bool(const struct reader *reader, sd_bus_message *message, const char *key, void *value)
{
        int b, r = sd_bus_message_read_basic(message, 'b', &b);

        if (r < 0)
                return read_failed(reader, key, r);
        *(bool *)value = b;
        return 0;
}

int read_text(const struct reader *reader, sd_bus_message *message, const char *key, void *value)
{
        int r = sd_bus_message_read_basic(message, 's', value);

        return r < 0 ? read_failed(reader, key, r) : 0;
}

int read_u32(const struct reader *reader, sd_bus_message *message, const char *key, void *value)
{
        uint32_t u;
        int r = sd_bus_message_read_basic(message, 'u', &u);

        if (r < 0)
                return read_failed(reader, key, r);
        *(unsigned *)value = u;
        return 0;
}

int read_usec(const struct reader *reader, sd_bus_message *message, const char *key, void *value)
{
        uint64_t t;
        int r = sd_bus_message_read_basic(message, 't', &t);

        if (r < 0)
                return read_failed(reader, key, r);
        *(usec_t *)value = t;
        return 0;
}

int parse_uuid(const char *text, const char *what, struct uuid *ret_uuid, sd_bus_error *error)
{
        uuid_t uuid;

        if (uuid_parse(text, uuid) < 0)
                return bus_error_invalid(error,
                                         "%s is \"%.64s\"; a UUID such as "
                                         "6f1ed002-ab59-4b5a-9b0e-0d5a3d9d9f51 is wanted",
                                         what, text);
        if (uuid_is_null(uuid))
                return bus_error_invalid(error, "%s is the nil UUID; make a random one", what);
        uuid_unparse_lower(uuid, ret_uuid->text);
        return 0;
}

void uuid_make(struct uuid *ret_uuid)
{
        uuid_t uuid;

        uuid_generate_random(uuid);
        uuid_unparse_lower(uuid, ret_uuid->text);
}

int read_uuid(const struct reader *reader, sd_bus_message *message, const char *key, void *value)
{
        const char *text;
        int r = read_text(reader, message, key, &text);

        return r < 0 ? r : parse_uuid(text, key, value, reader->error);
}

int read_uuid_or_empty(const struct reader *reader, sd_bus_message *message, const char *key,
                       void *value)
{
        struct uuid *uuid = value;
        const char *text;
        int r = read_text(reader, message, key, &text);

        if (r < 0)
                return r;
        if (*text)
                return parse_uuid(text, key, uuid, reader->error);
        uuid->text[0] = '\0';
        return 0;
}

/* ---- words ---- */

static int unknown_word(sd_bus_error *error, const char *what, const char *word, const char *right)
{
        return bus_error_invalid(error, "%s is \"%.64s\"; it must be %s", what, word, right);
}

/* Defines a reader for the words of an enum. */
#define DEFINE_READ_WORD(name, words)                                                          \
        int read_##name(const struct reader *reader, sd_bus_message *message, const char *key, \
                        void *value)                                                           \
        {                                                                                      \
                const char *word;                                                              \
                int r = read_text(reader, message, key, &word);                                \
                                                                                               \
                if (r < 0)                                                                     \
                        return r;                                                              \
                if (name##_from_string(word, value) < 0)                                       \
                        return unknown_word(reader->error, key, word, words);                  \
                return 0;                                                                      \
        }                                                                                      \
        struct cleanup_semicolon_

DEFINE_READ_WORD(call_audio, "streams, external or none");
DEFINE_READ_WORD(call_state, "ringing, started, connecting, active or held");
DEFINE_READ_WORD(ended_cause, "busy, rejected, no-answer, no-such-number, congestion, network, "
                              "media, forwarded or other");
DEFINE_READ_WORD(fact_source, "remote, network, other-client or self");
DEFINE_READ_WORD(origin, "user or accessory");
DEFINE_READ_WORD(dtmf_type, "single-tone, soft-pause or hard-pause");
DEFINE_READ_WORD(decline_reason, "declined or busy");

#define HANDLE_TYPE_WORDS "generic, phone-number or email-address"

int parse_handle_type(const char *text, const char *what, enum handle_type *ret_type,
                      sd_bus_error *error)
{
        enum handle_type type;

        if (handle_type_from_string(text, &type) < 0 || type == HANDLE_TYPE_NONE)
                return unknown_word(error, what, text, HANDLE_TYPE_WORDS);
        *ret_type = type;
        return 0;
}

int read_handle_type(const struct reader *reader, sd_bus_message *message, const char *key,
                     void *value)
{
        enum handle_type *type = value;
        const char *word;
        int r = read_text(reader, message, key, &word);

        if (r < 0)
                return r;
        if (*word)
                return parse_handle_type(word, key, type, reader->error);
        *type = HANDLE_TYPE_NONE;
        return 0;
}

int parse_ended_reason(const char *text, enum ended_reason *ret_reason, sd_bus_error *error)
{
        enum ended_reason reason = ENDED_REASON_NONE;

        if (ended_reason_from_string(text, &reason) >= 0)
                switch (reason) {
                case ENDED_REASON_FAILED:
                case ENDED_REASON_REMOTE_ENDED:
                case ENDED_REASON_UNANSWERED:
                case ENDED_REASON_ANSWERED_ELSEWHERE:
                case ENDED_REASON_DECLINED_ELSEWHERE:
                case ENDED_REASON_LOCAL_ENDED:
                        *ret_reason = reason;
                        return 0;
                case ENDED_REASON_NONE:
                case ENDED_REASON_DECLINED:
                case ENDED_REASON_PROVIDER_LOST:
                        break;
                }
        return unknown_word(error, "The reason", text,
                            "failed, remote-ended, unanswered, answered-elsewhere, "
                            "declined-elsewhere or local-ended");
}

int parse_reported_state(const char *text, enum call_state *ret_state, sd_bus_error *error)
{
        enum call_state state;

        if (call_state_from_string(text, &state) < 0 ||
            (state != CALL_STATE_ACTIVE && state != CALL_STATE_HELD &&
             state != CALL_STATE_CONNECTING))
                return unknown_word(error, "The state", text, "active, held or connecting");
        *ret_state = state;
        return 0;
}

int parse_action_type(const char *text, enum action_type *ret_type, sd_bus_error *error)
{
        if (action_type_from_string(text, ret_type) >= 0)
                return 0;
        return unknown_word(error, "The type of an action", text,
                            "start-call, answer-call, end-call, set-held-call, set-muted-call, "
                            "set-group-call, play-dtmf-call or set-translating-call");
}

/* ---- lists ---- */

int read_handle_types(const struct reader *reader, sd_bus_message *message, const char *key,
                      void *value)
{
        unsigned types = 0;
        const char *word;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &word)) > 0) {
                enum handle_type type = HANDLE_TYPE_NONE;

                r = parse_handle_type(word, key, &type, reader->error);
                if (r >= 0)
                        types |= 1u << type;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return read_failed(reader, key, r);
        *(unsigned *)value = types;
        return 0;
}

char **texts_free(char **texts)
{
        for (size_t i = 0; texts && texts[i]; i++)
                free(texts[i]);
        free(texts);
        return NULL;
}

int read_texts(const struct reader *reader, sd_bus_message *message, const char *key, void *value)
{
        char **texts = NULL, ***target = value;
        int r = sd_bus_message_read_strv(message, &texts);

        if (r < 0) {
                texts_free(texts);
                return read_failed(reader, key, r);
        }
        texts_free(*target);
        *target = texts;
        return 0;
}

/* ---- dictionaries ---- */

static const char *type_in_words(const char *type)
{
        static const struct {
                const char *type, *words;
        } names[] = {
                {"b", "a boolean (b)"},
                {"s", "a string (s)"},
                {"u", "a number (u)"},
                {"t", "a 64-bit number (t)"},
                {"as", "a list of strings (as)"},
                {"h", "a file descriptor (h)"},
                {"aa{sv}", "a list of dictionaries (aa{sv})"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (streq(names[i].type, type))
                        return names[i].words;
        return type;
}

static const struct read_field *find_field(const struct read_field *fields, size_t n_fields,
                                           const char *key)
{
        for (size_t i = 0; i < n_fields; i++)
                if (streq(fields[i].key, key))
                        return &fields[i];
        return NULL;
}

static int read_entry(const struct reader *reader, sd_bus_message *message,
                      const struct read_field *fields, size_t n_fields, void *values, size_t *seen,
                      unsigned *mask)
{
        const struct read_field *field;
        const char *key, *type;
        int r;

        if ((r = sd_bus_message_read_basic(message, 's', &key)) < 0 ||
            (r = sd_bus_message_peek_type(message, NULL, &type)) < 0)
                return r;
        field = find_field(fields, n_fields, key);
        if (!field) {
                client_warn_key(reader->client, reader->where, key);
                return sd_bus_message_skip(message, "v");
        }
        if (!streq(field->type, type))
                return bus_error_invalid(reader->error, "%s in %s must be %s, not %s", key,
                                         reader->where, type_in_words(field->type),
                                         type_in_words(type));
        r = sd_bus_message_enter_container(message, 'v', type);
        if (r < 0)
                return r;
        r = field->read(reader, message, key, (char *)values + field->offset);
        if (r < 0)
                return r;
        *seen |= (size_t)1 << (field - fields);
        *mask |= field->bit;
        return sd_bus_message_exit_container(message);
}

static int read_entries(const struct reader *reader, sd_bus_message *message,
                        const struct read_field *fields, size_t n_fields, void *values,
                        size_t *seen, unsigned *mask)
{
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_entry(reader, message, fields, n_fields, values, seen, mask);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

int read_dictionary(const struct reader *reader, sd_bus_message *message,
                    const struct read_field *fields, size_t n_fields, void *values,
                    unsigned *ret_mask)
{
        unsigned mask = 0;
        size_t seen = 0;
        int r;

        r = read_entries(reader, message, fields, n_fields, values, &seen, &mask);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_fields; i++)
                if (fields[i].required && !(seen & (size_t)1 << i))
                        return bus_error_invalid(reader->error, "%s is missing in %s: %s is wanted",
                                                 fields[i].key, reader->where,
                                                 type_in_words(fields[i].type));
        if (ret_mask)
                *ret_mask = mask;
        return 0;
}
