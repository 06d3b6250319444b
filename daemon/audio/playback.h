/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One sound of ours on one or several devices, until told to stop.
 *
 * The owner says what is to be heard and where; the playback makes, fades and drops the streams.
 * What stops is gone within PLAYBACK_STOP_WITHIN in every case: a device that hangs never asks for
 * the rest of a fade.
 */
#ifndef CALLSD_AUDIO_PLAYBACK_H
#define CALLSD_AUDIO_PLAYBACK_H

#include <pipewire/pipewire.h>

#include "audio/sound.h"
#include "audio/tone.h"

#define PLAYBACK_STOP_WITHIN (200 * USEC_PER_MSEC)
#define PLAYBACK_TARGETS_MAX 8
#define PLAYBACK_NAME_SIZE 256

/* What is heard. */
struct playback_source {
        struct sound *sound; /* repeated for ever; NULL: the tone */
        struct tone tone;
        float volume;   /* 0 to 1 */
        usec_t fade_in; /* 10 ms at least */
};

/* Where: node.name of each device; "" is the default device, which the user chooses. */
struct playback_targets {
        size_t n;
        char names[PLAYBACK_TARGETS_MAX][PLAYBACK_NAME_SIZE];
};

struct player;

struct playback {
        struct pw_loop *loop;
        struct pw_core *core; /* NULL while nothing can be played */
        const char *role;     /* media.role: volume and mute are remembered per role */
        const char *name;     /* node.name */
        void (*changed_fn)(void *userdata); /* it began, or it is over */
        void *userdata;
        struct spa_source *wake;  /* from the data thread: something is over */
        struct spa_source *timer; /* for what does not stop by itself */
        bool wanted;
        uint64_t serial; /* of `source`; another number is another sound */
        struct playback_source source;
        struct playback_targets targets;
        struct player *players;
};

/* Strings are not copied. `changed_fn` may come from inside of the functions below. -ENOMEM. */
int playback_init(struct playback *playback, struct pw_loop *loop, const char *role,
                  const char *name, void (*changed_fn)(void *userdata), void *userdata);
void playback_done(struct playback *playback);

/* From now on this, in place of what was heard before, which fades out first. */
void playback_play(struct playback *playback, const struct playback_source *source,
                   const struct playback_targets *targets);
/* The same sound, but there. */
void playback_move(struct playback *playback, const struct playback_targets *targets);
void playback_stop(struct playback *playback);

/* Whether a stream of ours plays what is wanted, or will when the one before has faded. */
bool playback_is_on(const struct playback *playback);

/* The server came or went. */
void playback_connect(struct playback *playback, struct pw_core *core);
void playback_disconnect(struct playback *playback);

#endif
