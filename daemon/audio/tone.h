/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The built-in sounds, made sample by sample. Pure arithmetic: may run in a real-time thread. */
#ifndef CALLSD_AUDIO_TONE_H
#define CALLSD_AUDIO_TONE_H

#include "util/macro.h"

/* Keys in one sequence of DTMF tones; more are left out. */
#define TONE_KEYS_MAX 64

enum tone_kind {
        TONE_RING,     /* somebody calls */
        TONE_WAITING,  /* somebody calls during a call: a soft beep */
        TONE_RINGBACK, /* it rings at the other end */
};

struct tone {
        const struct tone_pattern *pattern; /* repeated for ever; NULL: `keys`, once */
        unsigned rate;                      /* samples per second */
        unsigned position;                  /* in samples */
        unsigned length;                    /* likewise */
        char keys[TONE_KEYS_MAX + 1];
};

/* One of the 16 DTMF keys has two frequencies, after RFC 4733; false for any other character. */
bool tone_key_frequencies(char key, float *ret_low, float *ret_high);

void tone_init(struct tone *tone, enum tone_kind kind, unsigned rate);
/* The DTMF keys one after the other; "," and ";" are pauses, other characters are left out. */
void tone_init_keys(struct tone *tone, const char *keys, unsigned rate);
/* The next `n` samples, within -1 and 1; false when nothing but silence is left. */
bool tone_render(struct tone *tone, float *samples, unsigned n);

#endif
