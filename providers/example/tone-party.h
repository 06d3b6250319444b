/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A remote party that can be measured: it says one tone, and tells how loud the microphone is that
 * it hears. Its streams run in a thread of PipeWire's own.
 */
#ifndef CALLSD_EXAMPLE_TONE_PARTY_H
#define CALLSD_EXAMPLE_TONE_PARTY_H

#include <stdbool.h>

struct tone_party;
struct tone_line;

/* Properties are key, value, key, value..., NULL, as libcallsd lists them; NULL for none. */
struct tone_line_options {
        const char *name; /* of the nodes */
        double frequency; /* in Hz */
        double amplitude; /* 1 is full scale */
        const char *const *playback;
        const char *const *capture;
        bool listen; /* record the microphone as well */
};

/* NULL where there is no PipeWire: a call then has no sound, and goes on. */
struct tone_party *tone_party_new(void);
void tone_party_free(struct tone_party *party);

/* Takes NULL for `party` and then gives NULL. */
struct tone_line *tone_line_new(struct tone_party *party, const struct tone_line_options *options);
void tone_line_free(struct tone_line *line);

/* Loudness of the microphone over the last tenth of a second: RMS, 1.0 is full scale. 0 where
 * nothing was heard at all. */
double tone_line_level(const struct tone_line *line);

#endif
