/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other streams get quieter while a call is heard.
 *
 * The means are softVolumes, which take the place of the stream's volume for as long as nobody
 * writes that: the user's own volume and mute stay what they are, no session manager remembers a
 * duck, and to undo one is to write mute and volume as they are. The server does not say whether
 * the soft ones are in force. So each duck has a value that was never used before: the first time
 * it is seen is our own echo, the second time is somebody else's write, which ended the duck, and
 * is answered with another one.
 */
#ifndef CALLSD_AUDIO_DUCK_H
#define CALLSD_AUDIO_DUCK_H

#include "audio/graph.h"
#include "audio/journal.h"
#include "audio/poke.h"

struct audio;
struct duck_stream;

enum duck_mode {
        DUCK_UNDO,
        DUCK_KEEP, /* what is ducked stays so, and nothing new is */
        DUCK_ALL,
};

struct duck {
        struct audio *audio;
        struct pokes pokes;
        struct duck_stream *streams;
        sd_event_source *again; /* for streams that somebody writes to all the time */
        enum duck_mode mode;
        double factor;
        unsigned nonce;
        bool adopted; /* what an earlier callsd left behind in this server */
};

int duck_init(struct duck *duck, struct audio *audio);
/* Undoes what is done, as far as the processes do it within a moment. */
void duck_done(struct duck *duck);

/* Makes the difference between mode and graph. `factor` is what volumes are multiplied with. */
void duck_reconcile(struct duck *duck, enum duck_mode mode, double factor);

/* The last moment of a node. */
void duck_node_removed(struct duck *duck, const struct graph_node *node);
/* The server is gone. */
void duck_disconnected(struct duck *duck);

#endif
