/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The built-in sounds, made sample by sample. Pure arithmetic: may run in a real-time thread. */
#ifndef CALLSD_AUDIO_TONE_H
#define CALLSD_AUDIO_TONE_H

#include "model/types.h"

struct tone {
        const struct tone_pattern *pattern;
        unsigned rate;     /* samples per second */
        uint64_t position; /* in samples, within the pattern */
        unsigned length;   /* of the pattern, in samples */
};

/* `mode` is not RING_NONE. */
void tone_init(struct tone *tone, enum ring_mode mode, unsigned rate);
/* The next `n` samples, within -1 and 1. */
void tone_render(struct tone *tone, float *samples, unsigned n);

#endif
