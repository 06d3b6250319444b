/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ringing: a stream of our own that plays a built-in sound until told to stop.
 *
 * The stream has a media.role of its own, since volume and mute are remembered per role: muted
 * notifications would silence the phone, unasked.
 */
#ifndef CALLSD_AUDIO_RING_H
#define CALLSD_AUDIO_RING_H

#include <pipewire/pipewire.h>
#include <stdatomic.h>

#include "audio/tone.h"

struct ring {
        struct pw_loop *loop;
        struct pw_core *core; /* NULL while nothing can be played */
        void (*changed_fn)(void *userdata);
        void *userdata;
        enum ring_mode wanted;
        enum ring_mode playing; /* what the stream plays, RING_NONE without a stream */
        struct pw_stream *stream;
        struct spa_hook listener;
        struct spa_source *faded; /* from the data thread: silent, the stream may go */

        /* The data thread's, apart from `stop`. */
        struct tone tone;
        float gain;
        bool told;
        atomic_bool stop;
};

int ring_init(struct ring *ring, struct pw_loop *loop, void (*changed_fn)(void *userdata),
              void *userdata);
void ring_done(struct ring *ring);

void ring_set(struct ring *ring, enum ring_mode mode);
bool ring_is_on(const struct ring *ring);

void ring_connect(struct ring *ring, struct pw_core *core);
void ring_disconnect(struct ring *ring);

#endif
