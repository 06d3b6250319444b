/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random walks over restarts.
 *
 * Two engines go the same way. One of them is replaced by what its record says, over and over:
 * before its effects are taken, between them, and after; and does the same as the other one, to
 * the last effect. Then daemons that die and come back, to providers that went meanwhile, to
 * another bus, to another PipeWire: all rules hold, and in the end everything comes to rest.
 *
 * CALLSD_WALK_SEED and CALLSD_WALK_STEPS say which walks and how long all of them together.
 */
#include "model/walk.h"

#include <inttypes.h>
#include <stdio.h>

#include "support/suite.h"

#define N_WALKS 4
#define QUIET_EVERY 2500

static struct sim *s;
static uint64_t *hashes;

static uint64_t n_steps(void)
{
        return walk_setting("CALLSD_WALK_STEPS", 24000) / N_WALKS / 2;
}

static void begin(uint64_t seed)
{
        s = walk_begin(seed);
}

static void label(const char *what, uint64_t seed, uint64_t step)
{
        char text[112];

        snprintf(text, sizeof(text), "%s CALLSD_WALK_SEED=%" PRIu64 " step %" PRIu64, what, seed,
                 step);
        sim_set_label(s, text);
}

/* Without a record every step leaves its hash, with one it has to be the same. */
static void walk(uint64_t seed, unsigned one_in)
{
        begin(seed);
        sim_set_record(s, one_in, seed);
        for (uint64_t i = 0; i < n_steps(); i++) {
                label(one_in ? "on record," : "not on record,", seed, i + 1);
                walk_step();
                if (one_in == 0)
                        hashes[i] = sim_trace_hash(s);
                else if (hashes[i] != sim_trace_hash(s))
                        sim_die(s, "without a record this goes another way");
        }
        walk_end();
}

START_TEST(nobody_notices_a_record)
{
        const uint64_t seed = walk_setting("CALLSD_WALK_SEED", 1) + (uint64_t)_i;

        hashes = calloc(n_steps(), sizeof(*hashes));
        ck_assert_ptr_nonnull(hashes);
        walk(seed, 0);
        walk(seed, _i % 2 == 0 ? 1 : 7);
}
END_TEST

START_TEST(all_rules_hold_over_restarts)
{
        const uint64_t seed = walk_setting("CALLSD_WALK_SEED", 1) + (uint64_t)_i;

        begin(seed);
        for (uint64_t i = 1; i <= n_steps(); i++) {
                label("with restarts,", seed, i);
                if (i % 16 == 0)
                        walk_restart();
                walk_step();
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
        free(hashes);
        hashes = NULL;
}

static TCase *walk_case(void)
{
        TCase *walks = tcase_create("walks over restarts");

        tcase_add_checked_fixture(walks, NULL, teardown);
        tcase_add_loop_test(walks, nobody_notices_a_record, 0, N_WALKS);
        tcase_add_loop_test(walks, all_rules_hold_over_restarts, 0, N_WALKS);
        return walks;
}

SUITE_MAIN("walks over restarts", walk_case());
