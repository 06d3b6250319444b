/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds and decodes a sound on a thread of its own: a minute of opus takes a tenth of a second, and
 * a file on a network may take for ever. The loop is told when it is done.
 */
#ifndef CALLSD_AUDIO_SOUND_LOAD_H
#define CALLSD_AUDIO_SOUND_LOAD_H

#include "audio/sound.h"

struct pw_loop;
struct sound_load;

/* What could not be used, and what was used instead. */
struct sound_loaded {
        struct sound *sound;              /* belongs to the callee; NULL: nothing can be played */
        bool as_asked;                    /* it is the one that was asked for */
        char problem[SOUND_PROBLEM_SIZE]; /* of the one that was asked for, "" if none */
        char theme_problem[SOUND_PROBLEM_SIZE]; /* of the theme's, "" if none or not tried */
        usec_t took;
};

typedef void (*sound_loaded_fn)(struct sound_loaded *loaded, void *userdata);

/*
 * `fd` (-1: none; a copy is made) comes before `name`: an absolute file, or a name in the sound
 * theme; "" is the theme's ringtone, which also takes the place of what cannot be decoded.
 * `loaded_fn` comes once, from the loop, and the object is gone then. Negative errno: no thread.
 */
int sound_load_start(struct pw_loop *loop, const char *name, int fd, sound_loaded_fn loaded_fn,
                     void *userdata, struct sound_load **ret_load);
/* `loaded_fn` will not come. Does not wait for the thread. */
void sound_load_cancel(struct sound_load *load);

#endif
