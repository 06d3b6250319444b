/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No memory: every kind of input is repeated with its first, second, ... allocation failing until
 * it succeeds. Each failure is -ENOMEM, has no effects and changes nothing that can be seen; the
 * leak sanitizer sees what is lost on the way.
 */
#include "model/failing-malloc.h"
#include "model/oom-inputs.h"
#include "model/story.h"

#include <errno.h>

/* A fresh world in that situation. */
static void begin(const struct oom_input *input, size_t n)
{
        char label[80];

        if (s)
                story_teardown();
        story_setup();
        snprintf(label, sizeof(label), "%s, allocation %zu", input->name, n);
        sim_set_label(s, label);
        oom_use(s);
        input->situation();
        oom_prepare();
}

/* What the input does when there is memory; the caller frees. */
static char *wanted_dump(const struct oom_input *input)
{
        struct effect effect;
        int r;

        begin(input, 0);
        r = input->run();
        oom_done();
        if (r != 0)
                sim_die(s, "with memory it is refused: %s: %s", refusal_to_string((enum refusal)r),
                        engine_explain(sim_engine(s)));
        while (engine_next_effect(sim_engine(s), &effect))
                ;
        engine_settle(sim_engine(s));
        return sim_dump(s);
}

static void expect_dump(const char *wanted, const char *what)
{
        cleanup_(freep) char *is = NULL;
        struct effect effect;

        while (engine_next_effect(sim_engine(s), &effect))
                ;
        engine_settle(sim_engine(s));
        if (engine_check(sim_engine(s)))
                sim_die(s, "%s: %s", what, engine_check(sim_engine(s)));
        is = sim_dump(s);
        if (streq(wanted, is))
                return;
        fprintf(stderr, "wanted:\n%s\nis:\n%s\n", wanted, is);
        sim_die(s, "%s", what);
}

/* One allocation fails. False if there was no such allocation any more. */
static bool run_without_memory(const struct oom_input *input, size_t n, const char *wanted)
{
        cleanup_(freep) char *before = NULL;
        struct effect effect;
        bool reached;
        int r;

        begin(input, n);
        before = sim_dump(s);
        failing_malloc_arm(n);
        r = input->run();
        reached = failing_malloc_disarm();
        if (r == -ENOMEM) {
                if (engine_next_effect(sim_engine(s), &effect))
                        sim_die(s, "failed, with an effect: %s",
                                effect_type_to_string(effect.type));
                expect_dump(before, "failed, and the state has changed");
                r = input->run();
                if (r != 0)
                        sim_die(s, "the second try gives %d", r);
        } else if (r == 0) {
                /* What only refills a reserve may fail, if nothing is missing then. */
                expect_dump(wanted, "succeeded, and something is missing");
        } else {
                sim_die(s, "refused: %s", refusal_to_string((enum refusal)r));
        }
        oom_done();
        return reached;
}

/* Rows: X6 */
START_TEST(input_without_memory)
{
        const struct oom_input *input = &OOM_INPUTS[_i];
        cleanup_(freep) char *wanted = NULL;
        size_t n = 0;

        wanted = wanted_dump(input);
        while (run_without_memory(input, n, wanted))
                n++;
        ck_assert_uint_lt(n, 1000);
}
END_TEST

/* Rows: X6 */
START_TEST(engine_without_memory)
{
        const struct engine_host host = {.make_uuid = NULL};
        struct engine *engine = NULL;
        size_t n;

        for (n = 0; n < 100; n++) {
                int r;

                failing_malloc_arm(n);
                r = engine_new(&host, &LIMITS_DEFAULT, &engine);
                if (!failing_malloc_disarm())
                        break;
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(engine);
        }
        ck_assert_uint_gt(n, 0);
        ck_assert_ptr_nonnull(engine);
        engine_free(engine);
}
END_TEST

static TCase *oom_case(void)
{
        TCase *oom = story_case("no memory");

        tcase_add_loop_test(oom, input_without_memory, 0, (int)OOM_N_INPUTS);
        tcase_add_test(oom, engine_without_memory);
        return oom;
}

SUITE_MAIN("no memory", oom_case());
