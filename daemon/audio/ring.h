/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ringing: the ringtone of whoever is called, or a soft beep during a call.
 *
 * A phone must not be silent because of a file. What cannot be decoded, or not in time, is replaced
 * by the sound theme's ringtone, and that by the built-in one.
 *
 * The streams have a media.role of their own, since volume and mute are remembered per role: muted
 * notifications would silence the phone, unasked.
 */
#ifndef CALLSD_AUDIO_RING_H
#define CALLSD_AUDIO_RING_H

#include <sys/stat.h>

#include "audio/audio.h"
#include "audio/playback.h"
#include "audio/sound-load.h"

/* A file that takes longer than this is left alone: somebody is calling. */
#define RING_LOAD_WITHIN_S 1

struct ring {
        struct audio *audio;
        struct pw_loop *loop;
        struct playback playback;
        enum ring_mode mode;     /* the wish */
        char *sound;             /* of the wish; NULL is "" */
        char *provider;          /* likewise, for the log */
        dev_t file_device;       /* of the file in the wish */
        ino_t file_inode;        /* 0: there is none */
        struct sound_load *load; /* not NULL: what is to be heard is still being decoded */
        struct spa_source *timer;
};

int ring_init(struct ring *ring, struct audio *audio, struct pw_loop *loop);
void ring_done(struct ring *ring);

void ring_set(struct ring *ring, const struct audio_ring *wish);
bool ring_is_on(const struct ring *ring);
/* Devices came or went, or another one is the default. */
void ring_devices_changed(struct ring *ring);

/* Where the call is heard that the user has now. */
void ring_call_targets(struct audio *audio, struct playback_targets *ret_targets);

void ring_connect(struct ring *ring, struct pw_core *core);
void ring_disconnect(struct ring *ring);

#endif
