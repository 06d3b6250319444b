/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sound in memory, decoded from a file once: the data thread must never wait for a disk or for a
 * decoder.
 */
#ifndef CALLSD_AUDIO_SOUND_H
#define CALLSD_AUDIO_SOUND_H

#include <stdatomic.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* A ringtone is a few seconds of sound; beyond this somebody has made a mistake, and memory and
 * time are ours. */
#define SOUND_MB_MAX 10
#define SOUND_SECONDS_MAX 60

#define SOUND_PROBLEM_SIZE 256

/* Never changed after it was made, and shared between threads. */
struct sound {
        atomic_uint refs;
        unsigned rate;     /* frames per second */
        unsigned channels; /* 1 or 2 */
        size_t n_frames;   /* at least one */
        float samples[];   /* interleaved, within -1 and 1 */
};

struct sound *sound_ref(struct sound *sound);
void sound_unref(struct sound *sound);
DEFINE_CLEANUP(struct sound *, sound_unref);

/*
 * Decodes what libsndfile can: wav, ogg, flac, opus and more. Takes tens of milliseconds, so never
 * on the loop; ends soon with -ECANCELED when `cancelled` becomes true. The descriptor is closed in
 * any case. On failure `ret_problem` says what is wrong with the file and what would be right.
 */
int sound_decode(int fd, const atomic_bool *cancelled, struct sound **ret_sound,
                 char ret_problem[SOUND_PROBLEM_SIZE]);

/* Opens a file that somebody named, without waiting for one that is no regular file. */
int sound_open(const char *path, int *ret_fd);

#endif
