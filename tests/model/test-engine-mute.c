/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mute: true stands from admission, false opens with the fulfil; origins and reports. */
#include "model/story.h"

static void silent_active(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
}

/* Rows: T15, A9. The microphone closes on admission (4.9). */
START_TEST(mute_stands_from_admission)
{
        silent_active();
        ck_assert(!sim_audio_muted(s, "c1"));
        sim_ask(s, "ui", "mute c1");
        sim_expect(s, "audio c1 linked muted");
        sim_expect(s, "sip perform mute c1");
        ck_assert(sim_call(s, "c1")->muted);
        sim_fulfil(s, "mute c1");
        sim_expect_results(s, "mute c1 fulfilled");
        ck_assert(sim_call(s, "c1")->muted);
}
END_TEST

/* Rows: T15, A9, X10. Whatever the provider does. */
START_TEST(mute_stands_though_the_provider_fails)
{
        silent_active();
        sim_ask(s, "ui", "mute c1");
        if (_i)
                sim_advance(s, 10 * USEC_PER_SEC);
        else
                sim_fail(s, "mute c1");
        sim_expect_results(s, _i ? "mute c1 timed-out" : "mute c1 failed");
        ck_assert(sim_call(s, "c1")->muted);
        ck_assert(sim_audio_muted(s, "c1"));
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: T15, A9, X10 */
START_TEST(unmute_opens_with_the_fulfil)
{
        silent_active();
        sim_ask(s, "ui", "mute c1");
        sim_fulfil(s, "mute c1");
        sim_ask(s, "ui", "unmute c1");
        ck_assert(sim_call(s, "c1")->muted);
        ck_assert(sim_audio_muted(s, "c1"));
        if (_i == 0)
                sim_fulfil(s, "unmute c1");
        else if (_i == 1)
                sim_fail(s, "unmute c1");
        else
                sim_advance(s, 10 * USEC_PER_SEC);
        ck_assert_int_eq(sim_call(s, "c1")->muted, _i != 0);
        ck_assert_int_eq(sim_audio_muted(s, "c1"), _i != 0);
}
END_TEST

/* Rows: T15 */
START_TEST(mute_survives_hold)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "mute c1");
        sim_ask(s, "ui", "hold c1");
        ck_assert(sim_call(s, "c1")->muted);
        sim_ask(s, "ui", "unhold c1");
        ck_assert(sim_call(s, "c1")->muted);
        ck_assert(sim_audio_muted(s, "c1"));
        sim_ask(s, "ui", "unmute c1");
        ck_assert(!sim_audio_muted(s, "c1"));
}
END_TEST

/* Rows: T15 */
START_TEST(mute_of_a_muted_call_is_done_at_once)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "unmute c1");
        sim_expect_none(s, "sip *");
        sim_expect_results(s, "unmute c1 fulfilled");
        sim_ask(s, "ui", "mute c1");
        sim_ask(s, "ui", "mute c1");
        sim_expect_none(s, "sip *");
        sim_expect_results(s, "mute c1 fulfilled");
}
END_TEST

/* Compared with the pending one: the same joins. Rows: T15 */
START_TEST(second_mute_joins)
{
        silent_active();
        sim_ask(s, "ui", "mute c1");
        sim_ask(s, "car", "mute c1");
        sim_expect_none(s, "sip *");
        sim_fulfil(s, "mute c1");
        sim_expect(s, "ui result mute c1 fulfilled");
        sim_expect(s, "car result mute c1 fulfilled");
}
END_TEST

/* A different one cancels the pending one and is delivered. Rows: T15 */
START_TEST(opposite_mute_replaces)
{
        silent_active();
        sim_ask(s, "ui", "mute c1");
        sim_ask(s, "car", "unmute c1");
        sim_expect(s, "sip cancelled mute c1");
        sim_expect(s, "sip perform unmute c1 (accessory)");
        sim_expect(s, "ui result mute c1 cancelled");
        ck_assert(sim_call(s, "c1")->muted);
        sim_ask(s, "ui", "mute c1");
        sim_expect(s, "sip cancelled unmute c1");
        sim_expect(s, "sip perform mute c1");
        sim_expect(s, "car result unmute c1 cancelled");
        ck_assert(sim_call(s, "c1")->muted);
        sim_fulfil(s, "mute c1");
        ck_assert(sim_call(s, "c1")->muted);
}
END_TEST

static const enum call_state MUTABLE[] = {
        CALL_STATE_RINGING,    CALL_STATE_ANSWERING, CALL_STATE_STARTING, CALL_STATE_STARTED,
        CALL_STATE_CONNECTING, CALL_STATE_ACTIVE,    CALL_STATE_HELD,
};

/* Rows: T15. Legal in all but ending and ended. */
START_TEST(every_live_call_is_muted)
{
        sim_make(s, "sip", "c1", MUTABLE[_i]);
        ck_assert_uint_ne(sim_call(s, "c1")->allowed & CALL_ALLOWED_MUTE, 0);
        sim_ask(s, "ui", "mute c1");
        sim_expect(s, "sip perform mute c1");
        sim_expect_results(s, "mute c1 fulfilled");
        ck_assert(sim_call(s, "c1")->muted);
}
END_TEST

/* Rows: T15, X5 */
START_TEST(ending_call_is_not_muted)
{
        sim_make(s, "sip", "c1", CALL_STATE_ENDING);
        sim_refused(s, "ui", "mute c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_cannot(s, "c2", CALL_SUPPORTS_MUTING);
        sim_refused(s, "ui", "mute c2", REFUSAL_REQUEST_INVALID_ACTION);
        ck_assert(!sim_call(s, "c2")->muted);
}
END_TEST

/* Rows: T16, X18 */
START_TEST(origin_says_who_asked)
{
        static const char *const who[] = {"ui", "car", "sip"};
        static const char *const seen[] = {"sip perform mute c1", "sip perform mute c1 (accessory)",
                                           "sip perform mute c1 (self)"};

        silent_active();
        sim_ask(s, who[_i], "mute c1");
        sim_expect(s, seen[_i]);
}
END_TEST

/* Rows: T17 */
START_TEST(reported_mute_asks_nobody)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_fact_muted(s, "c1", true);
        sim_expect(s, "c1 changed*muted*");
        sim_expect(s, "audio c1 linked muted");
        sim_expect_none(s, "sip perform *");
        ck_assert(sim_call(s, "c1")->muted);
        sim_fact_muted(s, "c1", true);
        sim_expect_none(s, "c1 changed*");
        sim_fact_muted(s, "c1", false);
        ck_assert(!sim_call(s, "c1")->muted);
        sim_expect_none(s, "sip perform *");
}
END_TEST

/* Rows: T17. A fact that agrees with a pending action fulfils it (6). */
START_TEST(reported_mute_fulfils_the_pending_one)
{
        silent_active();
        sim_ask(s, "ui", "mute c1");
        sim_fact_muted(s, "c1", true);
        sim_expect_results(s, "mute c1 fulfilled");
        sim_ask(s, "ui", "unmute c1");
        sim_fact_muted(s, "c1", false);
        sim_expect_results(s, "unmute c1 fulfilled");
        ck_assert(!sim_call(s, "c1")->muted);
}
END_TEST

/* Rows: T17. One that contradicts it cancels it, but never a pending set-muted(true) (6). */
START_TEST(reported_unmute_does_not_undo_a_pending_mute)
{
        silent_active();
        sim_ask(s, "ui", "mute c1");
        sim_fact_muted(s, "c1", false);
        ck_assert(sim_call(s, "c1")->muted);
        ck_assert(sim_audio_muted(s, "c1"));
        ck_assert(sim_is_open(s, "mute c1"));
        sim_fulfil(s, "mute c1");
        ck_assert(sim_call(s, "c1")->muted);
        sim_ask(s, "ui", "unmute c1");
        sim_fact_muted(s, "c1", true);
        sim_expect(s, "sip cancelled unmute c1");
        sim_expect_results(s, "unmute c1 cancelled");
        ck_assert(sim_call(s, "c1")->muted);
}
END_TEST

/* A transaction of nothing but set-muted never waits for the floor (4.1). */
START_TEST(mute_does_not_wait)
{
        silent_active();
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "mute c1");
        sim_expect(s, "sip perform mute c1");
        sim_fulfil(s, "mute c1");
        sim_expect_results(s, "mute c1 fulfilled");
        ck_assert(sim_is_open(s, "hold c1"));
        sim_fulfil(s, "hold c1");
}
END_TEST

/* Beside other actions it keeps its place; its immediate effect does not wait (4.1, 4.9). */
START_TEST(mute_in_a_transaction_keeps_its_place)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1, mute c2, answer c2");
        sim_expect(s, "sip perform hold c1");
        sim_expect_none(s, "web perform *");
        ck_assert(sim_call(s, "c2")->muted);
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform mute c2, answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        ck_assert(sim_audio_muted(s, "c2"));
}
END_TEST

static TCase *mute_case(void)
{
        TCase *mute = story_case("mute");

        tcase_add_test(mute, mute_stands_from_admission);
        tcase_add_loop_test(mute, mute_stands_though_the_provider_fails, 0, 2);
        tcase_add_loop_test(mute, unmute_opens_with_the_fulfil, 0, 3);
        tcase_add_test(mute, mute_survives_hold);
        tcase_add_test(mute, mute_of_a_muted_call_is_done_at_once);
        tcase_add_test(mute, second_mute_joins);
        tcase_add_test(mute, opposite_mute_replaces);
        tcase_add_loop_test(mute, every_live_call_is_muted, 0, (int)ARRAY_SIZE(MUTABLE));
        tcase_add_test(mute, ending_call_is_not_muted);
        tcase_add_loop_test(mute, origin_says_who_asked, 0, 3);
        tcase_add_test(mute, mute_does_not_wait);
        tcase_add_test(mute, mute_in_a_transaction_keeps_its_place);
        return mute;
}

static TCase *report_case(void)
{
        TCase *report = story_case("report");

        tcase_add_test(report, reported_mute_asks_nobody);
        tcase_add_test(report, reported_mute_fulfils_the_pending_one);
        tcase_add_test(report, reported_unmute_does_not_undo_a_pending_mute);
        return report;
}

SUITE_MAIN("mute", mute_case(), report_case());
