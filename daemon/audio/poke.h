/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volumes of other apps' streams.
 *
 * What is written to a stream is done by the app's own process, and until it has answered, the
 * server lets the connection that wrote it wait with everything else. So there is a connection for
 * each process, beside the one that the calls depend on; and one that gets no answer in time is
 * dropped, and opened again later, for as long as somebody watches a stream of that process.
 */
#ifndef CALLSD_AUDIO_POKE_H
#define CALLSD_AUDIO_POKE_H

#include <spa/param/audio/raw.h>

#include "audio/pw-loop.h"

struct poke;
struct poke_watch;

/* A process that takes longer than this to do as it is told counts as hung. */
#define POKE_PATIENCE (300 * USEC_PER_MSEC)

struct poke_props {
        bool mute;
        unsigned n_volumes;
        float volumes[SPA_AUDIO_MAX_CHANNELS];
        unsigned n_soft; /* Whether these are in force, the server does not say. */
        float soft[SPA_AUDIO_MAX_CHANNELS];
};

struct poke_events {
        /* `watch->props` is there, or somebody, perhaps we, has written to it. */
        void (*props_fn)(struct poke_watch *watch);
        /* All that was written is done. The watch may be stopped in here. */
        void (*acked_fn)(struct poke_watch *watch);
        /* The process hangs, and what was written may or may not be done one day. props_fn comes
         * when there is another connection. */
        void (*lost_fn)(struct poke_watch *watch);
};

/* Belongs to the caller. */
struct poke_watch {
        struct poke_watch *prev;
        struct poke_watch *next;
        struct poke *poke;
        uint32_t node; /* global id */
        const struct poke_events *events;
        void *userdata;
        struct pw_proxy *proxy;
        struct spa_hook listener;
        struct spa_hook proxy_listener;
        bool has_props;
        bool unacked;
        struct poke_props props;
};

struct pokes {
        struct server *server;
        struct poke *first;
        sd_event_source *sweep; /* deferred: what cannot be done inside of PipeWire's callbacks */
};

int pokes_init(struct pokes *pokes, struct server *server);
void pokes_done(struct pokes *pokes);
/* The server is gone: every watch has to be stopped before. */
void pokes_disconnect(struct pokes *pokes);

/* -ENOMEM. A server that does not let us in is asked again later. */
int poke_watch(struct pokes *pokes, pid_t pid, uint32_t node, const struct poke_events *events,
               void *userdata, struct poke_watch *watch);
void poke_unwatch(struct poke_watch *watch);

/* Tries again at once, if the process hung; otherwise nothing. */
void poke_kick(struct poke_watch *watch);

/* softMute and softVolumes, which nobody remembers. Only with `has_props`. */
void poke_write_soft(struct poke_watch *watch, bool mute, const float *volumes, unsigned n);
/* mute and channelVolumes as they are, which puts the soft ones out of force. */
void poke_write_back(struct poke_watch *watch);

#endif
