/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes between admission and turn, and what an action does that is given up at its turn. */
#include "model/story.h"

/* A floor transaction that activates nobody and stays until `free_floor`. */
static void occupy_floor(void)
{
        story_set_groups("web", 8, 5);
        sim_make_group(s, "web", "f1 f2");
        sim_ask(s, "ui", "hold f1");
        sim_behave_for(s, "web", ACTION_SET_GROUP, SIM_SILENT);
        sim_ask(s, "ui", "leave f2");
        ck_assert(sim_is_open(s, "leave f2"));
}

static void free_floor(void)
{
        sim_fulfil(s, "leave f2");
}

/* An admitted start is not checked again (3). Rows: R3, R4 */
START_TEST(admitted_start_is_not_checked_again)
{
        occupy_floor();
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_ask(s, "ui", "start c2 sip");
        story_set_groups("sip", 1, 1);
        sim_set_entitled(s, false);
        sim_import(s, "sip", "c3", CALL_STATE_HELD);
        free_floor();
        sim_expect(s, "sip perform start c2");
        sim_expect_state(s, "c2", CALL_STATE_STARTED);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
}
END_TEST

/* Flags that change later apply to what is not yet delivered (3). Rows: U5 */
START_TEST(flags_apply_at_the_turn)
{
        occupy_floor();
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "hold c1");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        free_floor();
        sim_expect_none_at_all(s, "sip perform hold c1");
        sim_expect_none_at_all(s, "ui result hold c1 fulfilled");
        sim_expect_all(s, "ui result hold c1 *");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
}
END_TEST

/* And never to what is delivered. Rows: U5 */
START_TEST(flags_leave_the_delivered_alone)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_fulfil(s, "hold c1");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

/* Added ends go out at the turn, not at admission (4.3). Rows: T6 */
START_TEST(added_ends_wait_for_the_turn)
{
        occupy_floor();
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui may-end", "answer c2");
        sim_expect_none_at_all(s, "sip perform end c1*");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
        free_floor();
        sim_expect(s, "sip perform end c1 (policy)", "web perform answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Nobody is ended for an answer that was given up meanwhile (4.2, 4.3). Rows: T6 */
START_TEST(added_ends_are_dropped_with_their_purpose)
{
        occupy_floor();
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui may-end", "answer c2");
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        free_floor();
        sim_expect_none_at_all(s, "sip perform end c1*");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* An explicit end does not wait, though the rest of its transaction does (4.4). Rows: X11 */
START_TEST(explicit_end_does_not_wait_for_the_floor)
{
        occupy_floor();
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui", "end c1, answer c2");
        sim_expect(s, "sip perform end c1");
        sim_expect_none_at_all(s, "web perform answer c2");
        sim_expect_ring(s, "none");
        ck_assert(sim_call(s, "c2")->answer_pending);
        free_floor();
        sim_expect(s, "web perform answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* A policy hold that is not yet delivered is dropped when its purpose goes (4.2). */
START_TEST(undelivered_policy_hold_is_dropped)
{
        sim_make(s, "web", "c3", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "mute c3, answer c2");
        sim_expect(s, "web perform mute c3");
        sim_expect_none(s, "sip perform *");
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_fulfil(s, "mute c3");
        sim_expect_none_at_all(s, "sip perform hold c1*");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect(s, "ui result mute c3 fulfilled, answer c2 cancelled");
}
END_TEST

/* A cancelled start ends its call as failed (4.7). Rows: T5, X16 */
START_TEST(cancelled_start_ends_its_call)
{
        const bool other = _i;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", other ? "start c2 web" : "start c2 sip");
        sim_fail(s, "hold c1");
        sim_expect_ended(s, "c2", ENDED_REASON_FAILED);
        sim_expect_results(s, "start c2 hold-failed");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_none_at_all(s, "web perform *");
        sim_expect_count_all(s, "sip cancelled start c2", other ? 0 : 1);
}
END_TEST

/* What callsd gives up at its turn carries the name (4.7). Rows: T21, X5 */
START_TEST(key_whose_call_was_held_meanwhile)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "dtmf c1 1");
        sim_ask(s, "ui", "dtmf c1 2");
        sim_fact(s, "c1", CALL_STATE_HELD, FACT_NETWORK);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        if (sim_is_open(s, "dtmf c1 1"))
                sim_fulfil(s, "dtmf c1 1");
        sim_expect_all(s, "ui result dtmf c1 2 wrong-state");
        sim_expect_none_at_all(s, "sip perform dtmf c1 2");
}
END_TEST

/* The last one of a part that is given up gets one ActionCancelled; the ringing call rings on. */
START_TEST(delivered_answer_is_given_up_at_its_turn)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1, answer c2");
        sim_fail(s, "hold c1");
        sim_expect_count(s, "sip cancelled answer c2", 1);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_ring(s, "waiting c2");
        ck_assert(!sim_call(s, "c2")->answer_pending);
}
END_TEST

/* Already so at its turn, though not at admission: done, nobody is asked. Rows: T13 */
START_TEST(hold_that_came_true_meanwhile)
{
        occupy_floor();
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "hold c1");
        sim_fact(s, "c1", CALL_STATE_HELD, FACT_NETWORK);
        free_floor();
        sim_expect_all(s, "ui result hold c1 fulfilled");
        sim_expect_none_at_all(s, "sip perform hold c1*");
}
END_TEST

/* A failing hold of the rest: the leaver stays in the active group (5, 4.7). Rows: T19 */
START_TEST(private_talk_that_fails)
{
        story_set_groups("sip", 4, 5);
        sim_make_group(s, "sip", "c1 c2");
        sim_behave_for(s, "sip", ACTION_SET_HELD, SIM_FAIL);
        sim_ask(s, "ui", "leave c2");
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, "leave c2 hold-failed");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
}
END_TEST

/* The leave itself fails: what was held for it comes back (4.2). Rows: T19, X16 */
START_TEST(leave_that_fails)
{
        story_set_groups("sip", 4, 5);
        sim_make_group(s, "sip", "c1 c2");
        sim_behave_for(s, "sip", ACTION_SET_GROUP, SIM_FAIL);
        sim_ask(s, "ui", "leave c2");
        sim_expect_results(s, "leave c2 failed");
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* ReportCallState connecting (6). Rows: G1 */
START_TEST(connecting_is_a_fact_too)
{
        sim_make(s, "sip", "c1", CALL_STATE_STARTED);
        sim_fact(s, "c1", CALL_STATE_CONNECTING, FACT_NETWORK);
        sim_expect_state(s, "c1", CALL_STATE_CONNECTING);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        ck_assert_int_gt(sim_try_fact(s, "web", "c2", CALL_STATE_CONNECTING, FACT_NETWORK), 0);
}
END_TEST

/* The call that a queued answer is for is answered by the app itself meanwhile (6). Rows: T8 */
START_TEST(fact_fulfils_a_queued_answer)
{
        occupy_floor();
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_fact(s, "c1", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        free_floor();
        sim_expect_all(s, "ui result answer c1 fulfilled");
        sim_expect_none_at_all(s, "sip perform answer c1");
}
END_TEST

/* The origin is the requester's, also for what was queued. Rows: T16 */
START_TEST(queued_actions_keep_their_origin)
{
        occupy_floor();
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "car", "answer c1");
        free_floor();
        sim_expect(s, "sip perform answer c1 (accessory)");
        ck_assert_int_eq(sim_call(s, "c1")->state_origin, ORIGIN_ACCESSORY);
}
END_TEST

static TCase *turn_case(void)
{
        TCase *turn = story_case("turn");

        tcase_add_test(turn, admitted_start_is_not_checked_again);
        tcase_add_test(turn, flags_apply_at_the_turn);
        tcase_add_test(turn, flags_leave_the_delivered_alone);
        tcase_add_test(turn, added_ends_wait_for_the_turn);
        tcase_add_test(turn, added_ends_are_dropped_with_their_purpose);
        tcase_add_test(turn, explicit_end_does_not_wait_for_the_floor);
        tcase_add_test(turn, undelivered_policy_hold_is_dropped);
        tcase_add_test(turn, hold_that_came_true_meanwhile);
        tcase_add_test(turn, connecting_is_a_fact_too);
        tcase_add_test(turn, fact_fulfils_a_queued_answer);
        tcase_add_test(turn, queued_actions_keep_their_origin);
        return turn;
}

static TCase *failure_case(void)
{
        TCase *failure = story_case("failure");

        tcase_add_loop_test(failure, cancelled_start_ends_its_call, 0, 2);
        tcase_add_test(failure, key_whose_call_was_held_meanwhile);
        tcase_add_test(failure, delivered_answer_is_given_up_at_its_turn);
        tcase_add_test(failure, private_talk_that_fails);
        tcase_add_test(failure, leave_that_fails);
        return failure;
}

SUITE_MAIN("turns", turn_case(), failure_case());
