/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A provider from the inside.
 *
 * It keeps a small record of each of its calls, no rules: only what a callsd that has forgotten the
 * call must be told (provider-calls.c). Orders live in *parts*, one per PerformTransaction signal
 * (provider-actions.c). What the app is told goes through events (provider-events.c).
 */
#ifndef CALLSD_CLIENT_PROVIDER_INTERNAL_H
#define CALLSD_CLIENT_PROVIDER_INTERNAL_H

#include "action-internal.h"
#include "update-internal.h"

struct known_call {
        struct known_call *prev, *next;
        char uuid[CX_UUID_TEXT_SIZE];
        enum cx_call_state state;
        bool outgoing, muted;
        unsigned group; /* calls with the same number are together; 0: alone */
        uint64_t started_at, connected_at;
        struct cx_call_update *update;
        bool audio_active; /* as the app was told */
        unsigned setups;   /* answers and starts that the app has to complete */
        bool creating;     /* its first report is under way, and will be sent again if need be */
        bool on_its_own;   /* callsd was away when it came: the app may ring by itself */

        /* Used while comparing with what callsd kept. */
        bool kept, kept_muted, told;
        enum cx_call_state kept_state;
        char kept_group[CX_UUID_TEXT_SIZE];
};

/* A call that is over, and whose end callsd has not confirmed. */
struct ended_call {
        struct ended_call *prev, *next;
        char uuid[CX_UUID_TEXT_SIZE];
        enum cx_call_ended_reason reason;
        uint64_t date;
        bool kept;
};

/* One order. Owned by its part. */
struct pending {
        struct pending *prev, *next;
        struct part *part;
        struct cx_action *action;
        struct completed *completed; /* to be: completing needs no memory */
        bool has_reference;          /* to the action; else it is kept alive by the app alone */
        bool shown;                  /* to the app */
        bool early;                  /* completed before its turn, and held back */
        bool orphan;       /* the callsd that gave it is gone: its result is sent as a fact */
        bool still_wanted; /* used while comparing */
};

/* What one PerformTransaction brought. Owned by the provider. */
struct part {
        struct part *prev, *next;
        struct cx_provider *provider;
        unsigned id;
        char transaction[CX_UUID_TEXT_SIZE];
        struct pending *pendings; /* those not complete */
        bool announced;           /* asking the app whether it takes all of it is queued */
        bool begun;               /* and was done */
        bool failed;              /* one failed: callsd will cancel those after it */
};

/* An order that the app has completed, and of which callsd has not said that it knows. */
struct completed {
        struct completed *prev, *next;
        struct cx_action *action;
        bool fulfilled;
        unsigned part;     /* of which it was */
        bool sending;      /* a request is under way, or waits; else callsd was away */
        bool still_wanted; /* used while comparing */
};

enum registration {
        REGISTRATION_NONE,
        REGISTRATION_ASKED,
        REGISTRATION_COMPARING,
        REGISTRATION_READY,
        REGISTRATION_REFUSED,
};

/* Not more than callsd has under way for one provider. */
#define PUSHES_SEEN 16

struct cx_provider {
        struct cx_provider *prev, *next; /* in the context */
        unsigned n_ref;
        struct cx_context *context;
        struct cx_provider_configuration *configuration;
        struct cx_provider_delegate delegate;
        bool has_delegate, invalidated;
        void *userdata;

        enum registration registration;
        char *path;
        char *last_path;              /* where a callsd that kept everything sends its signals to */
        int ringtone;                 /* the file that the app handed over; -1: none */
        unsigned ringtone_generation; /* the callsd that was given it */
        unsigned n_kept;              /* calls that it has, also those that are not known here */
        struct cx_call **reclaimed;   /* those, as they were; NULL: none */
        size_t n_reclaimed;
        char early_audio[CX_UUID_TEXT_SIZE]; /* activated before the call was known here */
        bool began;                          /* did_begin was told, or is queued */
        bool told_failed;                    /* did_fail_to_begin was, since the last did_begin */
        const struct cx_error *refused;
        unsigned n_comparing; /* requests under way */
        char **lost;          /* calls whose import was refused */
        size_t n_lost;

        struct known_call *calls;
        struct ended_call *ended;
        struct part *parts;
        struct completed *completed;
        unsigned last_part, last_group;
        char pushes_seen[PUSHES_SEEN][CX_UUID_TEXT_SIZE]; /* ids of the last payloads */
        size_t n_pushes;
        struct timer again; /* something was lost for want of memory */
};

struct cx_audio_session {
        char call[CX_UUID_TEXT_SIZE];
        char *sink, *source, *route;
};

enum event_type {
        EVENT_BEGIN,
        EVENT_FAIL_TO_BEGIN,
        EVENT_RESET,
        EVENT_EXECUTE,
        EVENT_PERFORM,
        EVENT_TIMED_OUT,
        EVENT_CANCELLED,
        EVENT_ACTIVATED,
        EVENT_DEACTIVATED,
        EVENT_PUSH,
};

/* One callback of the delegate, put off. It owns all it has. */
struct event {
        enum event_type type;
        unsigned part;
        struct cx_action *action;
        const struct cx_error *error;
        char **lost;
        char *text; /* why, or the call */
        struct cx_audio_session *session;
        struct cx_push_payload *payload;
};

/* May the caller use this provider? 0, -EINVAL, -ECHILD, -EPERM, -ESHUTDOWN. */
int provider_check(const struct cx_provider *provider);

/* provider-events.c; fields of `event` are taken over, also on -ENOMEM. */
int provider_queue_event(struct cx_provider *provider, struct event event);
/* Gives back what an event owns. */
void event_clear(struct event *event);
void provider_begin(struct cx_provider *provider);
void provider_reset(struct cx_provider *provider, char **lost);

/* provider-register.c */
void provider_register(struct cx_provider *provider);
/* Something could not be read, shown or sent: registers and compares again, a moment later. */
void provider_try_again(struct cx_provider *provider);
void provider_forget_registration(struct cx_provider *provider);
/* One of the requests of a comparison is done. */
void provider_compared(struct cx_provider *provider);

/* provider-report.c: a callsd that was not given the ringtone is, now. */
void provider_send_ringtone(struct cx_provider *provider);

/* provider-calls.c */
struct known_call *call_find(struct cx_provider *provider, const char *uuid);
int call_add(struct cx_provider *provider, const char *uuid, enum cx_call_state state,
             bool outgoing, struct known_call **ret_call);
void call_free(struct cx_provider *provider, struct known_call *call);
/* It is over: forgets it, but remembers that until callsd has confirmed it. */
void call_ended(struct cx_provider *provider, struct known_call *call,
                enum cx_call_ended_reason reason, uint64_t date);
void call_set_state(struct known_call *call, enum cx_call_state state, uint64_t date);
/* Callsd knows that it is over. */
void ended_confirmed(struct cx_provider *provider, const char *uuid);
void ended_free(struct cx_provider *provider, struct ended_call *ended);
void call_join(struct cx_provider *provider, struct known_call *call, const char *with);
/* What an order means for its call once it is complete. */
void call_apply(struct cx_provider *provider, const struct cx_action *action, bool fulfilled);
/* The arguments of ReportCall. */
int call_write(struct cx_provider *provider, const struct known_call *call, const char *group_with,
               sd_bus_message *message);
/* Tells callsd how the call stands, by ReportCall. */
void call_import(struct cx_provider *provider, struct known_call *call, bool comparing);
/* callsd has given it up: the app is told to end it. */
void call_lost(struct cx_provider *provider, const char *uuid);
/* All UUIDs, with NULL at the end; or NULL. */
char **calls_list(const struct cx_provider *provider);

/* provider-actions.c */
int parts_add(struct cx_provider *provider, const char *transaction, sd_bus_message *message);
struct part *part_find(struct cx_provider *provider, unsigned id);
void part_begin(struct part *part, bool whole);
/* Shows and completes what has its turn; frees the part when nothing is left. */
void part_advance(struct part *part);
int part_get_transaction(const struct part *part, struct cx_transaction **ret_transaction);
void parts_free(struct cx_provider *provider);
/* Cancelled or timed out. */
void order_withdrawn(struct cx_provider *provider, const char *action, bool timed_out,
                     const char *why);
/* Whether callsd will hear of this call by the completion of an order. */
bool call_has_order(const struct cx_provider *provider, const char *call);
/* Comparing: which orders does this callsd still want? Reads a(sa(ssa{sv})). */
int parts_compare(struct cx_provider *provider, sd_bus_message *reply);

/* provider-completed.c */
/* Sends the result, and remembers it, in the memory of `completed`, until callsd has answered. */
void completed_add(struct cx_provider *provider, struct completed *completed,
                   struct cx_action *action, bool fulfilled, unsigned part);
void completed_free_all(struct cx_provider *provider);
bool completed_about(const struct cx_provider *provider, const char *call);
/* Callsd says the order, perhaps again: whether it was completed by the app. */
bool completed_wanted(struct cx_provider *provider, const char *action);
void completed_withdrawn(struct cx_provider *provider, const char *action, bool timed_out);
/* Around reading what callsd still wants: what it did not hear is sent again. */
void completed_compare_begin(struct cx_provider *provider);
void completed_compare_end(struct cx_provider *provider);

/* provider-kept.c: reads the reply to GetCalls. */
void kept_read(struct cx_provider *provider, sd_bus_message *reply);
void kept_forget(struct cx_provider *provider);

/* push.c: reads payload and info. */
int push_payload_read(sd_bus_message *message, const char *id,
                      struct cx_push_payload **ret_payload);

#endif
