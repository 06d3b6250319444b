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
/*
 * Two providers, and the calls that this world begins with; `odd`: and a third, which is not
 * running and whose number for emergencies is 112; `blind`: unseen and unchecked.
 */
struct sim *explore_world_new(size_t world, bool odd, bool blind);

struct input;
typedef enum explore_result (*input_fn)(struct sim *sim, const struct input *input);

struct input {
        input_fn apply;
        const char *call; /* or a provider */
        const char *text; /* what is asked, or for whom; may be NULL */
        unsigned number;  /* a state, a place, a flag */
};

enum explore_result explore_result(int r);
const char *explore_owner(const char *call);
bool explore_runs(struct sim *sim, const char *provider);
bool explore_lives(struct sim *sim, const char *call);

/* `odd`: those of explore-odd.c too. */
size_t explore_n_inputs(bool odd);
enum explore_result explore_apply(struct sim *sim, size_t input);

/* ---- explore-odd.c ---- */

extern const struct input explore_odd_inputs[];
extern const size_t explore_n_odd_inputs;

/* ---- explore-state.c ---- */

/*
 * A number for everything that can matter from now on; in words to `out` as well, unless NULL.
 * Worlds with equal numbers are taken for the same.
 */
uint64_t explore_state(struct sim *sim, FILE *out);

#endif
