/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of other sound while a call is heard: when that begins and ends, and who does what.
 *
 * It ends a moment after the last call was heard, so that music does not break out between two
 * calls that change places.
 */
#ifndef CALLSD_AUDIO_OTHER_SOUND_H
#define CALLSD_AUDIO_OTHER_SOUND_H

#include "audio/duck.h"
#include "audio/media-players.h"

struct other_sound {
        struct audio *audio;
        struct duck duck;
        struct media_players players;
        sd_event_source *timer;
        bool heard;
        usec_t ends_at; /* 0: not running */
};

int other_sound_init(struct other_sound *other, struct audio *audio);
void other_sound_done(struct other_sound *other);

/* Whenever wishes, settings or the graph have changed. */
void other_sound_reconcile(struct other_sound *other);

#endif
