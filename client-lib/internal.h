/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every file of the library uses: names on the bus, cleanup, time, small checks. */
#ifndef CALLSD_CLIENT_INTERNAL_H
#define CALLSD_CLIENT_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <utlist.h>

#include <callsd/callsd.h>

#define NAME_CALLSD "org.callsd"
#define PATH_CALLSD "/org/callsd"
#define PATH_CALLS "/org/callsd/call"
#define INTERFACE_MANAGER "org.callsd.Manager1"
#define INTERFACE_PROVIDER "org.callsd.Provider1"
#define INTERFACE_CALL "org.callsd.Call1"
#define INTERFACE_OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define INTERFACE_PROPERTIES "org.freedesktop.DBus.Properties"

typedef uint64_t usec_t;

#define USEC_INFINITY ((usec_t)UINT64_MAX)
#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define cleanup_(function) __attribute__((cleanup(function)))
#define cleanup_message_ cleanup_(sd_bus_message_unrefp)

static inline void freep(void *pointer)
{
        free(*(void **)pointer);
}

static inline void *take_ptr_(void *pointer)
{
        void *taken = *(void **)pointer;

        *(void **)pointer = NULL;
        return taken;
}

#define take_ptr(pointer) ((__typeof__(pointer))take_ptr_(&(pointer)))

static inline bool streq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

static inline const char *str_or_empty(const char *text)
{
        return text ? text : "";
}

/* NULL for the empty string: what is not there. */
static inline const char *str_or_null(const char *text)
{
        return text && *text ? text : NULL;
}

usec_t usec_now(clockid_t clock);
/* a + b, where USEC_INFINITY stays that. */
usec_t usec_add(usec_t a, usec_t b);

/* Replaces a string by a copy of `value`, which may be NULL. 0 or -ENOMEM. */
int str_replace(char **text, const char *value);
/* Copies an array with NULL at its end; NULL counts as empty. NULL: no memory. */
char **strv_copy(const char *const *strv);
void strv_free(char **strv);
static inline void strv_freep(char ***strv)
{
        strv_free(*strv);
}

/* Checks a UUID and writes it in lower case. 0, or -EINVAL (also for the nil UUID). */
int uuid_parse_text(const char *text, char ret_uuid[CX_UUID_TEXT_SIZE]);

/* Words on the bus; ..._UNKNOWN, or -1 where there is none, for a word that is not known. */
enum cx_handle_type handle_type_from_string(const char *word);
enum cx_call_state call_state_from_string(const char *word);
enum cx_call_ended_reason ended_reason_from_string(const char *word);
enum cx_action_type action_type_from_string(const char *word);
enum cx_origin origin_from_string(const char *word);
enum cx_hold_reason hold_reason_from_string(const char *word);
enum cx_play_dtmf_call_action_type dtmf_type_from_string(const char *word);
enum cx_decline_reason decline_reason_from_string(const char *word);
const char *dtmf_type_to_string(enum cx_play_dtmf_call_action_type type);
const char *decline_reason_to_string(enum cx_decline_reason reason);
const char *fact_source_to_string(enum cx_fact_source source);
const char *call_audio_to_string(enum cx_call_audio audio);

/* Errors. The message is copied; NULL means out of memory. */
const struct cx_error *error_new(const char *name, const char *message);
/* From a reply; NULL if it is no error, and never NULL otherwise. */
const struct cx_error *error_from_reply(sd_bus_message *reply);
/* Static: there is no callsd. */
const struct cx_error *error_not_running(void);
/* Static: the library itself ran out of memory. */
const struct cx_error *error_no_memory(void);
bool error_is_not_running(const struct cx_error *error);
static inline void error_unrefp(const struct cx_error **error)
{
        cx_error_unref(*error);
}
#define cleanup_error_ cleanup_(error_unrefp)

#define ERROR_PREFIX "org.callsd.Error."

/* Counting references of an object that belongs to the thread of its context. */
#define DEFINE_REF_UNREF(type, free_function)          \
        struct type *type##_ref(struct type *object)   \
        {                                              \
                if (object)                            \
                        object->n_ref++;               \
                return object;                         \
        }                                              \
        struct type *type##_unref(struct type *object) \
        {                                              \
                if (object && --object->n_ref == 0)    \
                        free_function(object);         \
                return NULL;                           \
        }

#define DEFINE_UNREFP(type)                                    \
        static inline void type##_unrefp(struct type **object) \
        {                                                      \
                type##_unref(*object);                         \
        }

DEFINE_UNREFP(cx_account)
DEFINE_UNREFP(cx_action)
DEFINE_UNREFP(cx_call)
DEFINE_UNREFP(cx_call_update)
DEFINE_UNREFP(cx_context)
DEFINE_UNREFP(cx_handle)
DEFINE_UNREFP(cx_provider)
DEFINE_UNREFP(cx_provider_configuration)
DEFINE_UNREFP(cx_push_payload)
DEFINE_UNREFP(cx_transaction)

#endif
