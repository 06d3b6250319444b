/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All state as bytes, and back; bytes that are damaged; no memory. What goes on after that is in
 * test-record-walk and test-engine-restart.
 */
#include "model/failing-malloc.h"
#include "model/record-worlds.h"
#include "model/story.h"

#include <errno.h>

#include "model/engine-internal.h"
#include "model/record.h"
#include "support/sim-internal.h"

static struct record_bytes bytes, other;
static struct engine *loaded;

static void setup(void)
{
        story_setup();
        memset(&bytes, 0, sizeof(bytes));
        memset(&other, 0, sizeof(other));
        loaded = NULL;
}

static void teardown(void)
{
        loaded = engine_free(loaded);
        record_bytes_done(&bytes);
        record_bytes_done(&other);
        story_teardown();
}

static void make_world(int i)
{
        sim_set_label(s, RECORD_WORLDS[i].name);
        RECORD_WORLDS[i].make(s);
}

static void save(void)
{
        ck_assert_int_eq(engine_save(sim_engine(s), &bytes), 0);
}

static int load_bytes(const void *data, size_t size, const char **ret_problem)
{
        const struct engine_host host = sim_host(s);

        return engine_load(&host, &LIMITS_DEFAULT, data, size, &loaded, ret_problem);
}

static void expect_refused(const void *data, size_t size, int expected)
{
        const char *problem = NULL;
        const int r = load_bytes(data, size, &problem);

        ck_assert_int_eq(r, expected);
        ck_assert_ptr_null(loaded);
        ck_assert_ptr_nonnull(problem);
        ck_assert_uint_gt(strlen(problem), 5);
}

/* ---- there and back ---- */

START_TEST(world_comes_back)
{
        cleanup_(freep) char *before = NULL, *after = NULL;

        make_world(_i);
        before = sim_dump(s);
        sim_replace(s);
        after = sim_dump(s);
        ck_assert_str_eq(before, after);
        /* what was not taken is taken now; and later everything comes to its end */
        sim_end(s, 0);
        sim_advance(s, 200 * USEC_PER_SEC);
}
END_TEST

/* However it came about, whatever is kept in reserve. */
START_TEST(equal_states_have_equal_bytes)
{
        make_world(_i);
        save();
        engine_begin(sim_engine(s), sim_now(s), 500);
        ck_assert_int_eq(engine_save(sim_engine(s), &other), 0);
        ck_assert_uint_eq(bytes.size, other.size);
        ck_assert_mem_eq(bytes.data, other.data, bytes.size);
}
END_TEST

START_TEST(another_form_is_told_apart)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        save();
        bytes.data[5] = 0x7f; /* behind the five bytes that say what it is */
        expect_refused(bytes.data, bytes.size, -EPROTONOSUPPORT);
        expect_refused("HTTP/1.1 200 OK", 15, -EBADMSG);
        expect_refused("", 0, -EBADMSG);
}
END_TEST

START_TEST(revision_counts_what_changes_the_bytes)
{
        const struct engine *engine = sim_engine(s);
        struct effect effect;
        uint64_t revision;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        revision = engine_get_revision(engine);
        sim_refused(s, "ui", "answer c1", REFUSAL_REQUEST_INVALID_ACTION);
        ck_assert_uint_eq(engine_get_revision(engine), revision);
        ck_assert_int_eq(engine_silence_ringer(sim_engine(s), sim_now(s)), 0);
        ck_assert_uint_gt(engine_get_revision(engine), revision);
        ck_assert_int_eq(engine_set_do_not_disturb(sim_engine(s), sim_now(s), true), 0);
        revision = engine_get_revision(engine);
        ck_assert(engine_next_effect(sim_engine(s), &effect));
        sim_effect(s, &effect);
        ck_assert_uint_gt(engine_get_revision(engine), revision);
        revision = engine_get_revision(engine);
        ck_assert(!engine_next_effect(sim_engine(s), &effect));
        engine_settle(sim_engine(s));
        ck_assert_uint_eq(engine_get_revision(engine), revision);
        sim_replace(s);
        ck_assert_uint_eq(engine_get_revision(sim_engine(s)), 0);
}
END_TEST

/* ---- damage ---- */

START_TEST(every_beginning_is_refused)
{
        make_world(_i);
        save();
        for (size_t size = 0; size < bytes.size; size++) {
                /* of just that size, so that a sanitizer sees who reads on */
                uint8_t *part = malloc(size + (size == 0));

                ck_assert_ptr_nonnull(part);
                memcpy(part, bytes.data, size);
                expect_refused(part, size, -EBADMSG);
                free(part);
        }
}
END_TEST

START_TEST(nothing_may_follow)
{
        uint8_t *longer;

        make_world(_i);
        save();
        longer = calloc(bytes.size + 1, 1);
        ck_assert_ptr_nonnull(longer);
        memcpy(longer, bytes.data, bytes.size);
        expect_refused(longer, bytes.size + 1, -EBADMSG);
        free(longer);
}
END_TEST

/* Whoever comes through the checks is a state like any other, and lives like one. */
static void live_on(void)
{
        struct instant now = sim_now(s);
        const struct provider *provider;
        struct effect effect;
        const char *wrong;

        ck_assert_int_eq(engine_resume(loaded, now), 0);
        ck_assert_int_eq(engine_audio_available(loaded, now, true), 0);
        for (int i = 0; i < 3; i++) {
                while (engine_next_effect(loaded, &effect))
                        ;
                wrong = engine_check(loaded);
                if (wrong)
                        sim_die(s, "a damaged record was read, and breaks: %s", wrong);
                engine_settle(loaded);
                ck_assert_int_eq(engine_save(loaded, &other), 0);
                provider = engine_next_provider(loaded, NULL);
                if (i == 0 && provider) {
                        ck_assert_int_eq(engine_peer_gone(loaded, now, provider->peer), 0);
                } else {
                        now.boottime += 3600 * USEC_PER_SEC;
                        now.realtime += 3600 * USEC_PER_SEC;
                        ck_assert_int_eq(engine_tick(loaded, now), 0);
                }
        }
}

static bool survives(void)
{
        const char *problem = NULL;
        const int r = load_bytes(bytes.data, bytes.size, &problem);

        if (r != 0) {
                ck_assert_msg(r == -EBADMSG || r == -EPROTONOSUPPORT, "%d", r);
                ck_assert_ptr_nonnull(problem);
                ck_assert_ptr_null(loaded);
                return false;
        }
        ck_assert_int_eq(engine_save(loaded, &other), 0);
        ck_assert_msg(other.size == bytes.size && memcmp(bytes.data, other.data, bytes.size) == 0,
                      "what was read is written another way");
        live_on();
        loaded = engine_free(loaded);
        return true;
}

START_TEST(every_byte_may_be_wrong)
{
        static const uint8_t flips[] = {0x01, 0x80, 0xff};
        size_t n_read = 0, n = 0;

        make_world(_i);
        save();
        for (size_t at = 0; at < bytes.size; at++) {
                const uint8_t right = bytes.data[at];

                for (size_t i = 0; i < ARRAY_SIZE(flips); i++, n++) {
                        bytes.data[at] = right ^ flips[i];
                        n_read += survives();
                }
                bytes.data[at] = right;
        }
        printf("%s: %zu bytes; of %zu with a wrong one %zu are still a state\n",
               RECORD_WORLDS[_i].name, bytes.size, n, n_read);
}
END_TEST

/* ---- no memory ---- */

START_TEST(load_without_memory)
{
        size_t n;

        make_world(_i);
        save();
        for (n = 0; n < 10000; n++) {
                const char *problem = NULL;
                int r;

                failing_malloc_arm(n);
                r = load_bytes(bytes.data, bytes.size, &problem);
                if (!failing_malloc_disarm()) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(loaded);
                ck_assert_ptr_nonnull(problem);
        }
        ck_assert_uint_gt(n, 1);
        ck_assert_uint_lt(n, 10000);
}
END_TEST

START_TEST(save_without_memory)
{
        bool reached;
        size_t n;
        int r;

        make_world(_i);
        ck_assert_int_eq(engine_save(sim_engine(s), &other), 0);
        for (n = 0; n < 100; n++) {

                record_bytes_done(&bytes);
                failing_malloc_arm(n);
                r = engine_save(sim_engine(s), &bytes);
                if (!failing_malloc_disarm()) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
        }
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_lt(n, 100);
        /* and what was reserved once is used again */
        failing_malloc_arm(0);
        r = engine_save(sim_engine(s), &bytes);
        reached = failing_malloc_disarm();
        ck_assert_int_eq(r, 0);
        ck_assert(!reached);
        /* nothing that failed has changed anything */
        ck_assert_uint_eq(bytes.size, other.size);
        ck_assert_mem_eq(bytes.data, other.data, bytes.size);
        ck_assert_int_eq(load_bytes(bytes.data, bytes.size, &(const char *){NULL}), 0);
}
END_TEST

/* So many that tables grow on the way. */
START_TEST(many_calls_without_memory)
{
        const struct call_import import = {.state = CALL_STATE_HELD};
        struct limits limits = LIMITS_DEFAULT;
        char name[16];

        limits.calls_per_provider = 1000;
        sim_set_limits(s, &limits);
        sim_set_quick(s, true);
        for (unsigned i = 0; i < 400; i++) {
                snprintf(name, sizeof(name), "%x", i + 1);
                ck_assert_int_eq(sim_try_import(s, "sip", name, &import), 0);
        }
        save();
        for (size_t n = 0;; n += 23) {
                const char *problem = NULL;
                int r;

                failing_malloc_arm(n);
                r = load_bytes(bytes.data, bytes.size, &problem);
                if (!failing_malloc_disarm()) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
        }
}
END_TEST

static TCase *there_and_back_case(void)
{
        TCase *there = tcase_create("there and back");

        tcase_add_checked_fixture(there, setup, teardown);
        tcase_add_loop_test(there, world_comes_back, 0, (int)RECORD_N_WORLDS);
        tcase_add_loop_test(there, equal_states_have_equal_bytes, 0, (int)RECORD_N_WORLDS);
        tcase_add_test(there, another_form_is_told_apart);
        tcase_add_test(there, revision_counts_what_changes_the_bytes);
        return there;
}

static TCase *damage_case(void)
{
        TCase *damage = tcase_create("damage");

        tcase_add_checked_fixture(damage, setup, teardown);
        tcase_set_timeout(damage, 60);
        tcase_add_loop_test(damage, every_beginning_is_refused, 0, (int)RECORD_N_WORLDS);
        tcase_add_loop_test(damage, nothing_may_follow, 0, (int)RECORD_N_WORLDS);
        tcase_add_loop_test(damage, every_byte_may_be_wrong, 0, (int)RECORD_N_WORLDS);
        return damage;
}

static TCase *memory_case(void)
{
        TCase *memory = tcase_create("no memory");

        tcase_add_checked_fixture(memory, setup, teardown);
        tcase_set_timeout(memory, 60);
        tcase_add_loop_test(memory, load_without_memory, 0, (int)RECORD_N_WORLDS);
        tcase_add_loop_test(memory, save_without_memory, 0, (int)RECORD_N_WORLDS);
        tcase_add_test(memory, many_calls_without_memory);
        return memory;
}

SUITE_MAIN("record", there_and_back_case(), damage_case(), memory_case());
