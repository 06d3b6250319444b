/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dictionaries from apps, read by tables.
 *
 * Unknown keys are ignored and logged once per peer; wrong types, missing keys and unknown words
 * are InvalidArgs, naming what and what would be right. Strings that are read stay the message's.
 */
#ifndef CALLSD_BUS_BUS_READ_H
#define CALLSD_BUS_BUS_READ_H

#include "bus/bus-client.h"

/* For whom and what is being read. */
struct reader {
        struct bus *bus;
        struct client *client;
        const char *where;       /* the name of the argument or the member, for texts */
        const struct uuid *call; /* that a picture would belong to */
        sd_bus_error *error;
};

/*
 * Reads the contents of a variant of the field's type into `value`. Negative errno, or the value
 * of bus_error_invalid().
 */
typedef int (*read_value_fn)(const struct reader *reader, sd_bus_message *message, const char *key,
                             void *value);

struct read_field {
        const char *key;
        const char *type; /* D-Bus signature */
        size_t offset;    /* of the value in the struct that is filled */
        unsigned bit;     /* set in the mask of what was there; may be 0 */
        read_value_fn read;
        bool required;
};

/* bool, const char *, unsigned, usec_t */
int read_bool(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
int read_text(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
int read_u32(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
int read_usec(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
/* struct uuid; "" is refused resp. allowed, and is an empty text then */
int read_uuid(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
int read_uuid_or_empty(const struct reader *reader, sd_bus_message *message, const char *key,
                       void *value);
/* The enums of model/types.h. A handle type may be "": HANDLE_TYPE_NONE. */
int read_handle_type(const struct reader *reader, sd_bus_message *message, const char *key,
                     void *value);
int read_call_audio(const struct reader *reader, sd_bus_message *message, const char *key,
                    void *value);
int read_call_state(const struct reader *reader, sd_bus_message *message, const char *key,
                    void *value);
int read_ended_cause(const struct reader *reader, sd_bus_message *message, const char *key,
                     void *value);
int read_fact_source(const struct reader *reader, sd_bus_message *message, const char *key,
                     void *value);
int read_origin(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
int read_dtmf_type(const struct reader *reader, sd_bus_message *message, const char *key,
                   void *value);
int read_decline_reason(const struct reader *reader, sd_bus_message *message, const char *key,
                        void *value);
/* unsigned: bits 1 << enum handle_type of an `as` */
int read_handle_types(const struct reader *reader, sd_bus_message *message, const char *key,
                      void *value);
/* char **, owned by the caller: a copy of an `as`. What was there is freed. */
int read_texts(const struct reader *reader, sd_bus_message *message, const char *key, void *value);
char **texts_free(char **texts);

/* Reads an a{sv}. `ret_mask` may be NULL. 0 or negative, with the reader's error filled. */
int read_dictionary(const struct reader *reader, sd_bus_message *message,
                    const struct read_field *fields, size_t n_fields, void *values,
                    unsigned *ret_mask);

/* Arguments outside of dictionaries. 0 or negative. */
int parse_uuid(const char *text, const char *what, struct uuid *ret_uuid, sd_bus_error *error);
int parse_handle_type(const char *text, const char *what, enum handle_type *ret_type,
                      sd_bus_error *error);
int parse_ended_reason(const char *text, enum ended_reason *ret_reason, sd_bus_error *error);
int parse_reported_state(const char *text, enum call_state *ret_state, sd_bus_error *error);
int parse_action_type(const char *text, enum action_type *ret_type, sd_bus_error *error);

/* A UUID nobody had before. */
void uuid_make(struct uuid *ret_uuid);

#endif
