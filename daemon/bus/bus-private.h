/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the bus layer share. Everything belongs to struct bus and dies with it. */
#ifndef CALLSD_BUS_BUS_PRIVATE_H
#define CALLSD_BUS_BUS_PRIVATE_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <uthash.h>

#include "bus/bus.h"
#include "bus/bus-error.h"
#include "model/engine.h"
#include "util/cleanup.h"

#define PATH_ROOT "/org/callsd"
#define PATH_AUDIO PATH_ROOT "/audio"
#define PATH_CALLS PATH_ROOT "/call"
#define PATH_PROVIDERS PATH_ROOT "/provider"

#define INTERFACE_MANAGER "org.callsd.Manager1"
#define INTERFACE_PROVIDER "org.callsd.Provider1"
#define INTERFACE_PROVIDER_INFO "org.callsd.ProviderInfo1"
#define INTERFACE_CALL "org.callsd.Call1"
#define INTERFACE_AUDIO "org.callsd.Audio1"
#define INTERFACE_PROPERTIES "org.freedesktop.DBus.Properties"

#define PATH_SIZE 64

/* sd-bus slots of one connection: they go before it does. */
#define BUS_SLOTS_MAX 20

struct change;
struct client;
struct keepsake;
struct pending;
struct push_call;
struct start;
struct stream_wait;

/* See bus-stall.c. */
struct stall {
        sd_bus_slot *ping; /* to the bus, behind all that was sent */
        sd_event_source *timer;
        sd_bus *probe; /* a second connection, to see whether the bus is alive */
        sd_bus_slot *probe_slot;
};

struct bus {
        sd_event *event;
        struct engine *engine;
        struct bus_hooks hooks;
        void *userdata;
        char *address; /* NULL: the user's, or the system's */
        bool system;
        gid_t controller_group; /* (gid_t)-1: none */

        sd_bus *connection;    /* NULL while there is none */
        char *guid;            /* of the bus instance; unique names come again on another */
        size_t n_restoring;    /* providers of an earlier callsd that the bus was asked about */
        usec_t watching_since; /* boottime: names that appear are seen since; 0: not yet */
        sd_bus_slot *slots[BUS_SLOTS_MAX];
        size_t n_slots;
        sd_event_source *lost_source, *reconnect_source, *settle_source, *retry_source;
        sd_event_source *turn_source, *cut_source;
        usec_t backoff;
        unsigned n_name_tries, n_name_tries_max; /* 0: had no name before, another callsd has it */
        bool lost; /* the connection is gone, and is cleaned up in the next turn */

        struct client *clients;    /* by unique name */
        unsigned long last_number; /* the highest of all unique names that were seen */
        usec_t last_appeared;      /* boottime: when it was */
        struct client *turns;      /* those that wait to be served, in order */
        size_t owed;               /* bytes: what all of them did not prove to have read */
        bool no_pings;             /* the bus refuses our Pings, and that was logged */
        struct stall stall;
        struct pending *pending; /* by transaction */
        struct stream_wait *stream_waits;
        struct push_call *push_calls; /* of helpers, that wait for an answer */
        struct start *starts;         /* providers that the bus was asked to start */
        struct change *changes;       /* by call, not yet announced */
        struct change *change_list;   /* the same in their order */
        struct keepsake *pictures;    /* by number */
        struct keepsake *ringtones;   /* by provider */
        uint64_t last_picture;
        bool pictures_changed;     /* one may not be needed any more */
        unsigned *providers_shown; /* those whose Provider1 was announced */
        size_t n_providers_shown;
        unsigned system_changes; /* enum system_change */
        const char *removing;    /* path of an object whose end is being announced */
        bool audio_changes;      /* Audio1 has news that wait for room in the queue */
};

static inline void bus_settle(struct bus *bus)
{
        bus->hooks.settle(bus->userdata);
}

/* After an accepted input, before anything that acknowledges it leaves. */
static inline void bus_commit(struct bus *bus)
{
        if (bus->hooks.commit)
                bus->hooks.commit(bus->userdata);
}

/* At the end of this turn of the loop: for setters, whose reply leaves after them. */
int bus_settle_later(struct bus *bus);

/* One more connection to the same bus. 0 or a negative errno. */
int bus_open_connection(const struct bus *bus, sd_bus **ret_connection);

/* Keeps the slot of something that was added to the connection. */
void bus_keep_slot(struct bus *bus, sd_bus_slot *slot);

/* Asks for our name; everything else is settled. */
void bus_take_name(struct bus *bus);

/*
 * The end of every handler that changes something: `r` is the engine's answer. An empty reply or
 * the error leaves, then the effects are applied.
 */
int bus_finish(struct bus *bus, sd_bus_message *message, sd_bus_error *error, int r);

#endif
