/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every kind of input, in a situation in which it has something to allocate. */
#ifndef CALLSD_TESTS_OOM_INPUTS_H
#define CALLSD_TESTS_OOM_INPUTS_H

#include "support/sim.h"

extern const struct oom_input {
        const char *name;
        void (*situation)(void);
        int (*run)(void); /* allocates nothing but what the engine does */
} OOM_INPUTS[];

extern const size_t OOM_N_INPUTS;

/* The world in which they happen; and, before each run, what it needs to have ready. */
void oom_use(struct sim *sim);
void oom_prepare(void);
void oom_done(void);

#endif
