/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The level of every block that a recorder heard, in a file that both sides have mapped. */
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

#endif
