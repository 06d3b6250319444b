/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the exploration: what can happen next, and when two worlds are the same. */
#ifndef CALLSD_TESTS_EXPLORE_H
#define CALLSD_TESTS_EXPLORE_H

#include <stdio.h>

#include "support/sim.h"

/* ---- explore-inputs.c ---- */

enum explore_result {
        EXPLORE_NO_SENSE, /* there is nothing that this could be about */
        EXPLORE_REFUSED,
        EXPLORE_DONE,
};

size_t explore_n_worlds(void);
const char *explore_world_name(size_t world);
/* Two providers, and the calls that this world begins with; `blind`: unseen and unchecked. */
struct sim *explore_world_new(size_t world, bool blind);

size_t explore_n_inputs(void);
enum explore_result explore_apply(struct sim *sim, size_t input);

/* ---- explore-state.c ---- */

/*
 * A number for everything that can matter from now on; in words to `out` as well, unless NULL.
 * Worlds with equal numbers are taken for the same.
 */
uint64_t explore_state(struct sim *sim, FILE *out);

#endif
