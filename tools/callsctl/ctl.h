/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of callsctl share.
 *
 * It speaks plain D-Bus and not libcallsd, so that it reaches all of the interface, and so that a
 * person who reads it learns what to send. What the bus answers is kept as JSON values: they print
 * as they are with --json, and the tables read the same values.
 */
#ifndef CALLSCTL_CTL_H
#define CALLSCTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>

#define CALLSD_NAME "org.callsd"
#define CALLSD_PATH "/org/callsd"
#define CALLSD_CALL_PATH "/org/callsd/call/"
#define MANAGER_INTERFACE "org.callsd.Manager1"
#define CALL_INTERFACE "org.callsd.Call1"
#define PROVIDER_INTERFACE "org.callsd.ProviderInfo1"

/* Exit codes, promised in callsctl(1). */
enum status {
        STATUS_OK = 0,
        STATUS_FAILED = 1,      /* refused, or did not work out */
        STATUS_USAGE = 2,       /* the command line */
        STATUS_NOT_RUNNING = 3, /* no callsd to talk to */
        STATUS_NO_CALL = 4,     /* no such call, or more than one */
};

/* check-provider: what the far end is, and which checks. */
struct check_options {
        const char *dial;
        const char *dial_busy;
        const char *dial_ringing;
        const char *incoming;
        const char *remote_end;
        const char *remote_hold;
        const char *restart;
        const char *only; /* names, with commas between them */
        uint64_t patience_usec;
        bool strict;
        bool list;
};

enum check_option {
        CHECK_DIAL = 512,
        CHECK_DIAL_BUSY,
        CHECK_DIAL_RINGING,
        CHECK_INCOMING,
        CHECK_REMOTE_END,
        CHECK_REMOTE_HOLD,
        CHECK_RESTART,
        CHECK_ONLY,
        CHECK_PATIENCE,
        CHECK_STRICT,
        CHECK_LIST,
};

struct ctl {
        sd_bus *bus;
        const char *bus_address; /* NULL: the user's or the system's own */
        bool system;
        bool json;
        bool colour;
        bool terminal;
        /* options of single verbs */
        bool once;
        bool end_others;
        bool video;
        bool wait;
        bool ask;
        bool busy;
        const char *message;
        const char *provider;
        const char *account;
        const char *handle_type;
        const char *check_file; /* providers: a manifest to look at, and nothing else */
        const char *push_as;    /* a name on the bus */
        struct check_options check;
};

/* A word of the command line. `allowed` are the words of Call1's Allowed that make sense of it. */
struct verb {
        const char *name;
        const char *arguments;
        const char *help;
        int (*run)(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
        int arguments_max;
        const char *allowed[3];
};

typedef int (*order_fn)(sd_bus_message *message, const void *userdata);

/* bus.c */
int ctl_connect(struct ctl *ctl);
int message_to_json(sd_bus_message *message, json_t **ret_value);
int bus_call(struct ctl *ctl, const char *path, const char *interface, const char *member,
             order_fn append, const void *userdata, sd_bus_error *error, json_t **ret_arguments);
json_t *bus_get_property(struct ctl *ctl, const char *path, const char *interface,
                         const char *property);

/* ask.c */
int ask_call(const struct ctl *ctl, const char *handle);
void ask_tell(const char *message, const char *advice);

/* error.c */
int ctl_fail(const struct ctl *ctl, int status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
int ctl_bus_failed(const struct ctl *ctl, const sd_bus_error *error, int r);

/* call-list.c */
int call_list_load(struct ctl *ctl, json_t **ret_calls);
int call_list_find(struct ctl *ctl, const json_t *calls, const char *name, const struct verb *verb,
                   const json_t **ret_call);
bool call_suits(const json_t *call, const struct verb *verb);
bool looks_like_call(const char *text);
const char *text_of(const json_t *object, const char *key);
bool flag_of(const json_t *object, const char *key);
uint64_t number_of(const json_t *object, const char *key);
const char *call_title(const json_t *call);
int providers_load(struct ctl *ctl, json_t **ret_providers);

/* verb-route.c */
int routes_load(struct ctl *ctl, json_t **ret_routes);

/* format.c */
#define DURATION_SIZE 32
const char *format_duration(char *buffer, size_t size, uint64_t usec);
const char *format_call_time(char *buffer, size_t size, const json_t *call);
uint64_t boottime_now(void);
const char *state_colour(const char *state);
void print_json(const json_t *value);
void print_json_line(const json_t *value);

/* table.c */
#define TABLE_COLUMNS_MAX 8
struct table;
struct table *table_new(const char *const *titles, size_t n_columns);
void table_free(struct table *table);
void table_add(struct table *table, const char *const *cells, const char *colour);
size_t table_print(const struct table *table, bool colour);
void print_clean(const char *text);

/* the verbs */
int verb_list(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_show(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_providers(struct ctl *ctl, const struct verb *verb, int argc, char **argv);

/* manifest.c: becomes callsd, or says why not. */
int check_manifest(struct ctl *ctl, const char *file);
int verb_monitor(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_pending(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_dial(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_plain(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_decline(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_dtmf(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_merge(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_route(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_default(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_push(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_silence(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_complete(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int verb_check_provider(struct ctl *ctl, const struct verb *verb, int argc, char **argv);
int check_set_option(struct ctl *ctl, int id, const char *value);
void check_list_names(void);
int verb_help(struct ctl *ctl, const struct verb *verb, int argc, char **argv);

const struct verb *verb_find(const char *name);

static inline void json_cleanup(json_t **value)
{
        json_decref(*value);
}

static inline void table_cleanup(struct table **table)
{
        table_free(*table);
}

static inline void message_cleanup(sd_bus_message **message)
{
        sd_bus_message_unref(*message);
}

#define _cleanup_json_ __attribute__((cleanup(json_cleanup)))
#define _cleanup_table_ __attribute__((cleanup(table_cleanup)))
#define _cleanup_message_ __attribute__((cleanup(message_cleanup)))
#define _cleanup_error_ __attribute__((cleanup(sd_bus_error_free)))

#endif
