/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to PipeWire: its loop inside sd-event, reconnects, acknowledgements.
 *
 * Nothing here ever waits. Whoever wants to know that the server has done what was asked takes a
 * ticket from server_sync() and looks at server_acked() when acked_fn comes; a ticket holds no
 * pointer, so nobody has to take it back when he goes away.
 */
#ifndef CALLSD_AUDIO_PW_LOOP_H
#define CALLSD_AUDIO_PW_LOOP_H

#include <pipewire/pipewire.h>
#include <systemd/sd-event.h>

#include "util/macro.h"

/* Before the bus: what closes a microphone leaves before the reply that says so. */
#define SERVER_PRIORITY (SD_EVENT_PRIORITY_NORMAL - 10)

struct server_sync;

struct server_events {
        void (*connected_fn)(void *userdata); /* `core` is there */
        void (*lost_fn)(void *userdata);      /* destroy every proxy now; `core` goes after it */
        void (*acked_fn)(void *userdata);     /* another ticket was acknowledged */
};

struct server {
        sd_event *event;
        const struct server_events *events;
        void *userdata;
        sd_event_source *io;
        sd_event_source *retry;  /* timer: the next attempt to connect */
        sd_event_source *broken; /* deferred: the core cannot be dropped inside its own event */
        struct pw_loop *loop;
        struct pw_context *context;
        struct pw_core *core; /* NULL while not connected */
        bool tried;           /* to connect, once at least */
        struct spa_hook core_listener;
        uint32_t cookie; /* of this instance of the server, known after the first round trip */
        struct server_sync *syncs; /* sent, not yet acknowledged, in order */
        uint64_t sent;             /* last ticket given out */
        uint64_t acked;            /* last ticket acknowledged */
        usec_t backoff;
};

/* Tries to connect for the first time from the loop, not in here. */
int server_init(struct server *server, sd_event *event, const struct server_events *events,
                void *userdata);
void server_done(struct server *server);

/* A ticket that is acknowledged when the server has done all that was sent before. 0 = no server.
 */
uint64_t server_sync(struct server *server);

static inline bool server_acked(const struct server *server, uint64_t ticket)
{
        return ticket != 0 && server->acked >= ticket;
}

#endif
