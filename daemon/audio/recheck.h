/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the session manager's metadata once more.
 *
 * While somebody is new to the metadata, PipeWire (0.3.65 and others) tells changes to the new ones
 * alone; whoever was there before never hears of them. That is likely just when everybody starts:
 * a call would then be on no device, for good. So a moment after something has changed, or somebody
 * new has come, it is all read again.
 *
 * It goes over a connection of its own, since the server lets a connection wait with everything
 * else until the session manager has answered, and that may hang.
 */
#ifndef CALLSD_AUDIO_RECHECK_H
#define CALLSD_AUDIO_RECHECK_H

#include "audio/graph.h"

struct recheck {
        struct graph *graph;
        sd_event_source *timer; /* with a core: no answer; without: the next time */
        sd_event_source *end;   /* deferred: a core cannot be dropped inside of its own event */
        struct pw_core *core;   /* NULL while nothing is read */
        struct spa_hook core_listener;
        struct pw_registry *registry;
        struct pw_proxy *metadata;
        struct spa_hook listener;
        struct spa_hook proxy_listener;
        uint32_t id;     /* of the metadata that is read */
        int seq;         /* of the sync after which all is read */
        bool has_sink;   /* it said which the default sink is */
        bool has_source; /* and the source */
        bool complete;
        bool again; /* something changed since the timer was set */
};

/* -ENOMEM or another errno of the event loop. */
int recheck_init(struct recheck *recheck, struct graph *graph);
/* Also after recheck_init() failed, or was not called. */
void recheck_done(struct recheck *recheck);

/* Something changed that may have changed the metadata. */
void recheck_soon(struct recheck *recheck);
/* The server is gone. */
void recheck_disconnected(struct recheck *recheck);

#endif
