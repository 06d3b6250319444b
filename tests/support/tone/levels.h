/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a recorder heard, in files that both sides have mapped: the level of every block, and, where
 * pitches and clicks are looked for, every sample.
 */
#ifndef CALLSD_TESTS_SUPPORT_TONE_LEVELS_H
#define CALLSD_TESTS_SUPPORT_TONE_LEVELS_H

#include <stdatomic.h>
#include <stdint.h>

#define LEVELS_MAX 60000

struct levels {
        atomic_uint n; /* blocks so far, LEVELS_MAX at most */
        struct {
                uint64_t usec; /* CLOCK_MONOTONIC */
                float rms;     /* exactly 0 for silence */
        } blocks[LEVELS_MAX];
};

#define SAMPLES_RATE 48000
#define SAMPLES_MAX (60 * SAMPLES_RATE)

struct samples {
        atomic_uint n; /* SAMPLES_MAX at most */
        float samples[SAMPLES_MAX];
};

#endif
