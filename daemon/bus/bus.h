/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus layer: one connection, five interfaces.
 *
 * Every message of a peer becomes at most one engine_* input, then its reply, then a settle: the
 * app drains the engine's effects and comes back through the bus_apply_* functions below. So a
 * reply always leaves before the signals that its request caused.
 *
 * What this layer shows of the sound it asks of the app through struct bus_hooks, since adapters
 * never call each other.
 */
#ifndef CALLSD_BUS_BUS_H
#define CALLSD_BUS_BUS_H

#include <sys/types.h>

#include "model/effect.h"
#include "model/types.h"

struct bus;
struct engine;
struct sd_bus;
struct sd_event;

#define BUS_NAME "org.callsd"

enum bus_stream_group {
        BUS_STREAM_PLAYBACK,
        BUS_STREAM_CAPTURE,
        BUS_STREAM_ENVIRONMENT,
};

typedef void (*bus_stream_fn)(enum bus_stream_group group, const char *key, const char *value,
                              void *userdata);

struct bus_route {
        const char *id, *kind, *description;
        bool available;
};

typedef void (*bus_route_fn)(const struct bus_route *route, void *userdata);

/* Both clocks now, as the engine wants them. */
struct instant bus_now(void);

/* What the bus layer asks of the app. Every member but `settle` may be NULL. */
struct bus_hooks {
        /* An input was given: drain the effects now. */
        void (*settle)(void *userdata);
        /* An input was given, and what says so is about to leave: make it outlive us first. */
        void (*commit)(void *userdata);
        /*
         * Connected to the bus instance of this GUID, which the keys of its peers begin with.
         * Providers that run on another one are to be taken for lost with it, now.
         */
        void (*identified)(const char *guid, void *userdata);
        /* The name is ours, for the first time or again. */
        void (*named)(void *userdata);
        /* The daemon cannot go on; `reason` is for people. */
        void (*failed)(const char *reason, void *userdata);

        bool (*audio_available)(void *userdata);
        bool (*audio_ringing)(void *userdata);
        bool (*audio_linked)(const char *call, void *userdata);
        const char *(*audio_route)(void *userdata);
        void (*audio_list_routes)(bus_route_fn route_fn, void *fn_userdata, void *userdata);
        /* -EINVAL for a route that is not available (any more); "" undoes an earlier choice */
        int (*audio_set_route)(const char *call, const char *id, void *userdata);
        /* -ENOENT while the call's nodes do not exist */
        int (*audio_nodes)(const char *call, const char **ret_sink, const char **ret_source,
                           void *userdata);
        int (*audio_streams)(const char *call, bus_stream_fn stream_fn, void *fn_userdata,
                             void *userdata);

        /*
         * Who may hand over payloads for this provider, as its system manifest says: well-known
         * bus names, or ids of sandboxed apps. NULL-terminated; NULL: nobody.
         */
        const char *const *(*push_helpers)(const char *identifier, void *userdata);

        /* How users know this app, as somebody else than the app says; each may be NULL. */
        void (*provider_label)(const char *identifier, const char **ret_name, const char **ret_icon,
                               void *userdata);
};

struct bus_options {
        const char *address; /* NULL: the user's bus, or the system's */
        bool system;         /* who is a controller: root and the group callsd */
};

/* `engine` has to outlive the bus. `hooks` is copied. */
int bus_new(struct sd_event *event, struct engine *engine, const struct bus_options *options,
            const struct bus_hooks *hooks, void *userdata, struct bus **ret_bus);
struct bus *bus_free(struct bus *bus);

/* Connects and asks for the name; the rest comes as hooks. Negative errno: no bus to talk to. */
int bus_start(struct bus *bus);

/* Serves our objects on a connection that somebody else opened, without a name (tests). */
int bus_serve(struct bus *bus, struct sd_bus *connection);

/* ---- effects, in their order; objects and properties are announced by bus_flush() ---- */

void bus_apply_provider_added(struct bus *bus, unsigned provider);
void bus_apply_provider_changed(struct bus *bus, unsigned provider);
void bus_apply_provider_removed(struct bus *bus, unsigned provider);
/* Asks for the owner of this name on the bus; a failure becomes engine_provider_start_failed(). */
void bus_start_provider(struct bus *bus, unsigned provider, const char *name);
void bus_apply_call_added(struct bus *bus, const struct uuid *call);
void bus_apply_call_changed(struct bus *bus, const struct uuid *call, unsigned mask);
void bus_apply_call_removed(struct bus *bus, const struct uuid *call);
void bus_apply_system_changed(struct bus *bus, unsigned mask);
void bus_apply_delegate(struct bus *bus, const struct effect *effect);
void bus_apply_push(struct bus *bus, const struct effect *effect);
void bus_apply_transaction_completed(struct bus *bus, const struct uuid *transaction);
void bus_apply_transaction_overdue(struct bus *bus, const struct uuid *transaction);

/* Announces what has changed, each object once; before engine_settle(). */
void bus_flush(struct bus *bus);

/* ---- what the app tells ---- */

/* The nodes of a call exist. */
void bus_nodes_exist(struct bus *bus, const char *call);
/* Something that Audio1 shows may have changed. */
void bus_audio_changed(struct bus *bus);

/* The ringtone that a provider handed over, to be closed; -ENOENT if it did not. */
int bus_open_ringtone(struct bus *bus, unsigned provider, int *ret_fd);

/* The process behind a provider's `peer`, for finding its streams: 0 and "" where not known. */
pid_t bus_peer_pid(struct bus *bus, const char *peer, const char **ret_app_id);

#endif
