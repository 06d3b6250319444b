/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A long random walk: everything that can be done to the engine, in any order, by providers that
 * answer, fail, stay silent, come late and vanish. Nothing is expected but the invariants, which
 * the simulator checks after every input; and that all comes to rest when it is left alone.
 *
 * CALLSD_WALK_SEED and CALLSD_WALK_STEPS say which walks and how long all four together;
 * CALLSD_WALK_PROGRESS=1 tells how far it is. `./dev walk` sets them.
 */
#include "model/walk.h"

#include <inttypes.h>
#include <stdio.h>

#include "support/suite.h"

#define N_WALKS 4
#define QUIET_EVERY 2500
#define PROGRESS_EVERY 500000

/* Rows: X6, X8, X10, X14, X15, X17, A6, R13, R15, E6, E7 */
START_TEST(random_walk)
{
        const uint64_t seed = walk_setting("CALLSD_WALK_SEED", 1) + (uint64_t)_i;
        const uint64_t all = walk_setting("CALLSD_WALK_STEPS", 120000), steps = all / N_WALKS;
        const bool progress = walk_setting("CALLSD_WALK_PROGRESS", 0) != 0;
        struct sim *sim;
        char label[96];

        sim = walk_begin(seed);
        for (uint64_t i = 1; i <= steps; i++) {
                /* this is the command that repeats it */
                snprintf(label, sizeof(label),
                         "./dev walk --seed %" PRIu64 " %" PRIu64 " (step %" PRIu64 ")", seed, all,
                         i);
                sim_set_label(sim, label);
                if (progress && (i % PROGRESS_EVERY == 0 || i == steps))
                        fprintf(stderr, "seed %" PRIu64 ": %" PRIu64 " of %" PRIu64 " steps\n",
                                seed, i, steps);
                /* Now and then a refusal is compared in full: it must not change anything. */
                sim_set_quick(sim, i % 64 != 0);
                walk_step();
                sim_set_quick(sim, true);
                if (i % QUIET_EVERY == 0)
                        walk_come_to_rest();
        }
        walk_leave_nothing_behind();
        walk_end();
}
END_TEST

static void teardown(void)
{
        walk_end();
}

static TCase *walk_case(void)
{
        TCase *walk = tcase_create("walk");

        tcase_add_checked_fixture(walk, NULL, teardown);
        tcase_add_loop_test(walk, random_walk, 0, N_WALKS);
        return walk;
}

SUITE_MAIN("walk", walk_case());
