/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a phone lets its own user hear while dialling: ringback and the tones of keys. Heard where
 * the call is heard, and only where the administrator asked for it: most apps do so themselves.
 */
#ifndef CALLSD_AUDIO_FEEDBACK_H
#define CALLSD_AUDIO_FEEDBACK_H

#include "audio/audio.h"
#include "audio/playback.h"

struct feedback {
        struct audio *audio;
        struct playback playback;
        bool ringback; /* wished for */
        bool keys;     /* these are heard just now, and ringback waits */
};

int feedback_init(struct feedback *feedback, struct audio *audio, struct pw_loop *loop);
void feedback_done(struct feedback *feedback);

void feedback_set_ringback(struct feedback *feedback, bool on);
void feedback_play_keys(struct feedback *feedback, const char *keys);
/* Settings or devices changed. */
void feedback_update(struct feedback *feedback);

void feedback_connect(struct feedback *feedback, struct pw_core *core);
void feedback_disconnect(struct feedback *feedback);

#endif
