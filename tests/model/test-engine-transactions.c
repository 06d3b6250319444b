/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission as a whole, order, parts, completion, cancellation, results. */
#include "model/story.h"

/* Rows: X3 */
START_TEST(empty_transaction)
{
        sim_refused(s, "ui", "", REFUSAL_REQUEST_EMPTY);
        sim_refused(s, "sip", "", REFUSAL_REQUEST_EMPTY);
}
END_TEST

/* Rows: X4 */
START_TEST(unknown_call)
{
        sim_refused(s, "ui", "answer c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "end c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "end c1");
        sim_refused(s, "ui", "end c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "unmute c1", REFUSAL_REQUEST_UNKNOWN_CALL);
}
END_TEST

/* Rows: X6, X5. One bad action and nothing is delivered, nothing changes. */
START_TEST(whole_request_or_nothing)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_refused(s, "ui", "end c1, answer c9", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "mute c1, dtmf c2 1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "hold c1, start c3 nobody", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        sim_refused(s, "ui", "end c1, hold c2", REFUSAL_REQUEST_INVALID_ACTION);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(!sim_call(s, "c1")->muted);
        sim_expect_none_at_all(s, "sip perform end*");
}
END_TEST

/* Rule by rule (3): providers, calls, UUIDs, groups, legality. Rows: X6 */
START_TEST(rules_have_an_order)
{
        story_set_groups("sip", 1, 5);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_refused(s, "ui", "hold c2, start c3 sip, start c1 sip, end c9, start c4 nobody",
                    REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        sim_refused(s, "ui", "hold c2, start c3 sip, start c1 sip, end c9",
                    REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "hold c2, start c3 sip, start c1 sip", REFUSAL_REQUEST_UUID_EXISTS);
        sim_refused(s, "ui", "hold c2, start c3 sip", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        sim_refused(s, "ui", "hold c2", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Each action legal in the state that the actions before it will leave (3). Rows: X5 */
START_TEST(legality_is_judged_on_the_projection)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_refused(s, "ui", "hold c1, answer c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_ask(s, "ui", "answer c1, dtmf c1 1, hold c1, unhold c1");
        sim_expect(s, "sip perform answer c1, dtmf c1 1, hold c1, unhold c1");
        sim_expect_results(s, "answer c1 fulfilled, dtmf c1 1 fulfilled, hold c1 fulfilled, "
                              "unhold c1 fulfilled");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_refused(s, "ui", "end c1, hold c1", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* And those still pending (3). */
START_TEST(legality_counts_what_is_pending)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "end c1");
        sim_refused(s, "ui", "hold c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_fulfil(s, "end c1");
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* Rows: X1. Array order, also across providers; a part per run of one provider (4.5). */
START_TEST(actions_go_in_array_order)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "dtmf c1 1, hold c1, mute c2, answer c2, mute c1");
        sim_expect(s, "sip perform dtmf c1 1, hold c1");
        sim_fulfil(s, "dtmf c1 1");
        sim_expect_none(s, "* perform *");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform mute c2, answer c2");
        sim_fulfil(s, "mute c2");
        sim_fulfil(s, "answer c2");
        sim_expect(s, "sip perform mute c1");
        sim_fulfil(s, "mute c1");
        sim_expect_results(s, "dtmf c1 1 fulfilled, hold c1 fulfilled, mute c2 fulfilled, "
                              "answer c2 fulfilled, mute c1 fulfilled");
}
END_TEST

/* Rows: X1. The floor: one at a time system-wide, in order of admission (4.1). */
START_TEST(floor_takes_one_at_a_time)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_HELD);
        sim_make(s, "web", "c3", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "unhold c1");
        sim_ask(s, "ui", "answer c3");
        sim_ask(s, "ui", "unhold c2");
        sim_expect_none_at_all(s, "web perform answer c3");
        sim_fulfil(s, "unhold c1");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_expect_none(s, "web perform *");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform answer c3");
        sim_fulfil(s, "answer c3");
        sim_expect(s, "web perform hold c3 (policy), unhold c2");
        sim_fulfil(s, "hold c3");
        sim_fulfil(s, "unhold c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* End never waits (4.1). Rows: T11 */
START_TEST(end_does_not_wait_for_the_floor)
{
        sim_make(s, "web", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "hold c2");
        sim_ask(s, "ui", "end c1");
        sim_expect(s, "web perform end c1");
        sim_expect_state(s, "c1", CALL_STATE_ENDING);
}
END_TEST

/* Rows: X2. The app took the whole; completing out of order changes nothing (4.6). */
START_TEST(whole_transaction_may_be_taken)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_TAKE_WHOLE);
        sim_ask(s, "ui", "hold c1, mute c1, answer c2");
        sim_expect_results(s, "hold c1 fulfilled, mute c1 fulfilled, answer c2 fulfilled");
        sim_expect(s, "! wrong-state*");
}
END_TEST

/* Rows: X8 */
START_TEST(second_completion_harms_nobody)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_fulfil(s, "hold c1");
        ck_assert_int_eq(sim_try_fail(s, "hold c1", NULL), REFUSAL_UNKNOWN_ACTION);
        ck_assert_int_eq(sim_try_fulfil(s, "hold c1", NULL), REFUSAL_UNKNOWN_ACTION);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_begin(s, "fulfil nothing");
        ck_assert_int_eq(
                sim_end(s, engine_fulfill_action(sim_engine(s), sim_now(s), sim_number(s, "sip"),
                                                 "00000000-0000-4000-a000-000000000001",
                                                 &(struct action_outcome){.date = 0})),
                REFUSAL_UNKNOWN_ACTION);
}
END_TEST

/* Rows: X8. Another provider's action is not mine to complete. */
START_TEST(foreign_completion_is_refused)
{
        struct uuid id;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        id = sim_action(s, "hold c1")->id;
        sim_begin(s, "web fulfils sip's action");
        ck_assert_int_gt(
                sim_end(s, engine_fulfill_action(sim_engine(s), sim_now(s), sim_number(s, "web"),
                                                 id.text, &(struct action_outcome){.date = 0})),
                0);
        ck_assert(sim_is_open(s, "hold c1"));
}
END_TEST

/* An undelivered action cannot be completed. Rows: X8 */
START_TEST(queued_action_is_not_completed)
{
        struct uuid id;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        id = sim_action(s, "answer c2")->id;
        sim_begin(s, "web fulfils early");
        ck_assert_int_gt(
                sim_end(s, engine_fulfill_action(sim_engine(s), sim_now(s), sim_number(s, "web"),
                                                 id.text, &(struct action_outcome){.date = 0})),
                0);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
}
END_TEST

/* Rows: X1, X7. After a failure the rest is cancelled: withdrawn once, or not delivered (4.7). */
START_TEST(failure_cancels_what_follows)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "mute c1, dtmf c1 1, hold c1, answer c2");
        sim_fulfil(s, "mute c1");
        sim_fail(s, "dtmf c1 1");
        sim_expect(s, "sip cancelled hold c1");
        sim_expect_none_at_all(s, "web perform *");
        sim_expect_results(s, "mute c1 fulfilled, dtmf c1 1 failed, "
                              "hold c1 cancelled, answer c2 cancelled");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        ck_assert(sim_call(s, "c1")->muted);
        sim_expect_ring(s, "waiting c2");
}
END_TEST

/* Rows: X7. Results come in request order, policy actions are not among them. */
START_TEST(results_come_in_request_order)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_HELD);
        sim_make(s, "sip", "c3", CALL_STATE_RINGING);
        sim_ask(s, "ui", "answer c3, end c2");
        sim_expect(s, "web perform end c2");
        sim_expect_results(s, "answer c3 fulfilled, end c2 fulfilled");
}
END_TEST

/* Rows: X7. The transaction outlives its requester (1). */
START_TEST(transaction_outlives_its_requester)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_begin(s, "ui is gone");
        ck_assert_int_eq(sim_end(s, engine_peer_gone(sim_engine(s), sim_now(s), ":ui")), 0);
        sim_fulfil(s, "hold c1");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: E7. The call ends: its actions are withdrawn without a time-out, the rest is cancelled. */
START_TEST(ending_call_takes_its_actions_along)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "dtmf c1 1, hold c1");
        sim_ask(s, "ui", "mute c1");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_expect(s, "ui result *dtmf c1 1 cancelled, hold c1 *");
        sim_expect(s, "ui result mute c1 cancelled");
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip timed-out *");
}
END_TEST

/* Rows: E7, X12. A hold whose call ends meanwhile counts as done: the answer goes on (4.7). */
START_TEST(hold_of_an_ending_call_counts_as_done)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1, answer c2");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_expect(s, "web perform answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, "hold c1 fulfilled, answer c2 fulfilled");
}
END_TEST

/* The same for arbitration's hold, with an end by the user in between. Rows: E7, X16 */
START_TEST(ending_the_obstacle_lets_the_answer_go_on)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_ask(s, "ui", "end c1");
        sim_expect(s, "sip perform end c1");
        sim_expect(s, "web perform answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_ENDING);
}
END_TEST

/* Rows: E7. The answer dies with its call; what follows it is cancelled. */
START_TEST(answer_dies_with_its_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1, mute c1");
        sim_ended(s, "c1", ENDED_REASON_ANSWERED_ELSEWHERE);
        sim_expect(s, "sip cancelled answer c1");
        sim_expect_results(s, "answer c1 cancelled, mute c1 cancelled");
        sim_expect_ended(s, "c1", ENDED_REASON_ANSWERED_ELSEWHERE);
        ck_assert_int_eq(sim_try_fulfil(s, "answer c1", NULL), REFUSAL_UNKNOWN_ACTION);
}
END_TEST

/* Rows: T11, T12. Reason local-ended, the provider's text kept when it fails the end (4.4). */
START_TEST(failed_end_is_fulfilled_with_the_reason)
{
        const struct action_outcome outcome = {.reason = "already gone"};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "end c1");
        ck_assert_int_eq(sim_try_fail(s, "end c1", &outcome), 0);
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_results(s, "end c1 fulfilled");
        ck_assert_str_eq(sim_last_reason(s, 0), "already gone");
}
END_TEST

/* Rows: T11 */
START_TEST(end_takes_its_date_from_the_fulfil)
{
        const struct action_outcome outcome = {.date = sim_now(s).realtime + 10};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_advance(s, USEC_PER_SEC);
        sim_ask(s, "ui", "end c1");
        sim_advance(s, USEC_PER_SEC);
        ck_assert_int_eq(sim_try_fulfil(s, "end c1", &outcome), 0);
        ck_assert_uint_eq(sim_call(s, "c1")->ended_at.realtime, outcome.date);
}
END_TEST

static const enum call_state ENDABLE[] = {
        CALL_STATE_RINGING,    CALL_STATE_ANSWERING, CALL_STATE_STARTING, CALL_STATE_STARTED,
        CALL_STATE_CONNECTING, CALL_STATE_ACTIVE,    CALL_STATE_HELD,     CALL_STATE_ENDING,
};

/* Rows: T11, T12 */
START_TEST(end_ends_in_every_state)
{
        sim_make(s, "sip", "c1", ENDABLE[_i]);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "end c1");
        sim_expect_state(s, "c1", CALL_STATE_ENDING);
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_ask(s, "ui", "end c1");
        sim_expect_count_all(s, "sip perform end c1*", 1);
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_expect_all(s, "sip timed-out end c1");
        sim_expect_all(s, "c1 ended *");
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_refused(s, "ui", "end c1", REFUSAL_REQUEST_UNKNOWN_CALL);
}
END_TEST

/* An end among others is delivered at once, before everything else, and never cancelled (4.4). */
START_TEST(ends_go_first_and_are_never_cancelled)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c2, end c1");
        sim_expect(s, "sip perform end c1", "sip perform hold c2");
        sim_fail(s, "hold c2");
        ck_assert(sim_is_open(s, "end c1"));
        sim_fulfil(s, "end c1");
        sim_expect_results(s, "hold c2 failed, end c1 fulfilled");
}
END_TEST

/* Rows: R17. What is pending can be read: id, type, call, state, deadline. */
START_TEST(pending_actions_can_be_listed)
{
        const struct transaction *transaction;
        const struct action *hold, *answer;

        ck_assert_ptr_null(engine_next_transaction(sim_engine(s), NULL));
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        transaction = engine_next_transaction(sim_engine(s), NULL);
        ck_assert_ptr_nonnull(transaction);
        ck_assert_ptr_null(engine_next_transaction(sim_engine(s), transaction));
        ck_assert_str_eq(transaction->requester, ":ui");
        hold = sim_action(s, "hold c1");
        answer = sim_action(s, "answer c2");
        ck_assert_int_eq(hold->state, ACTION_DELIVERED);
        ck_assert_int_eq(hold->origin, ORIGIN_POLICY);
        ck_assert(!hold->requested);
        ck_assert_int_eq(answer->state, ACTION_QUEUED);
        ck_assert(answer->requested);
        ck_assert_ptr_eq(engine_find_action(sim_engine(s), answer->id.text), answer);
        sim_fulfil(s, "hold c1");
        ck_assert_ptr_null(engine_next_transaction(sim_engine(s), NULL));
}
END_TEST

/* A joined action completes with its one; what follows it waits for that (2). */
START_TEST(what_follows_a_joined_action_waits)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "car", "answer c1, hold c1");
        sim_expect_none(s, "sip perform *");
        sim_fulfil(s, "answer c1");
        sim_expect(s, "sip perform hold c1 (accessory)");
        sim_fulfil(s, "hold c1");
        sim_expect_results(s, "answer c1 fulfilled, hold c1 fulfilled");
}
END_TEST

/* Rows: X18. What an accessory does is what the UI does. */
START_TEST(accessory_does_what_the_ui_does)
{
        const char *who = _i ? "car" : "ui";

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, who, "answer c2");
        sim_expect(s, "sip perform hold c1 (policy)", "web perform answer c2*");
        sim_expect(s, "c1 held", "c2 active");
        ck_assert_int_eq(sim_try_swap(s, who, "c1"), 0);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_ask(s, who, "end c1");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
}
END_TEST

/* A call that is not the requester's is out of its reach. Rows: V4 */
START_TEST(provider_acts_on_its_own_calls_only)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_gt(sim_try_ask(s, "web", "end c1"), 0);
        ck_assert_int_gt(sim_try_ask(s, "web", "hold c1"), 0);
        ck_assert_int_gt(sim_try_ask(s, "somebody", "end c1"), 0);
        sim_ask(s, "sip", "hold c1");
        sim_expect(s, "sip perform hold c1 (self)");
}
END_TEST

static TCase *admission_case(void)
{
        TCase *admission = story_case("admission");

        tcase_add_test(admission, empty_transaction);
        tcase_add_test(admission, unknown_call);
        tcase_add_test(admission, whole_request_or_nothing);
        tcase_add_test(admission, rules_have_an_order);
        tcase_add_test(admission, legality_is_judged_on_the_projection);
        tcase_add_test(admission, legality_counts_what_is_pending);
        tcase_add_test(admission, provider_acts_on_its_own_calls_only);
        return admission;
}

static TCase *order_case(void)
{
        TCase *order = story_case("order");

        tcase_add_test(order, actions_go_in_array_order);
        tcase_add_test(order, floor_takes_one_at_a_time);
        tcase_add_test(order, end_does_not_wait_for_the_floor);
        tcase_add_test(order, whole_transaction_may_be_taken);
        tcase_add_test(order, ends_go_first_and_are_never_cancelled);
        tcase_add_test(order, what_follows_a_joined_action_waits);
        tcase_add_loop_test(order, accessory_does_what_the_ui_does, 0, 2);
        return order;
}

static TCase *completion_case(void)
{
        TCase *completion = story_case("completion");

        tcase_add_test(completion, second_completion_harms_nobody);
        tcase_add_test(completion, foreign_completion_is_refused);
        tcase_add_test(completion, queued_action_is_not_completed);
        tcase_add_test(completion, failure_cancels_what_follows);
        tcase_add_test(completion, results_come_in_request_order);
        tcase_add_test(completion, transaction_outlives_its_requester);
        tcase_add_test(completion, pending_actions_can_be_listed);
        return completion;
}

static TCase *end_case(void)
{
        TCase *end = story_case("end");

        tcase_add_test(end, ending_call_takes_its_actions_along);
        tcase_add_test(end, hold_of_an_ending_call_counts_as_done);
        tcase_add_test(end, ending_the_obstacle_lets_the_answer_go_on);
        tcase_add_test(end, answer_dies_with_its_call);
        tcase_add_test(end, failed_end_is_fulfilled_with_the_reason);
        tcase_add_test(end, end_takes_its_date_from_the_fulfil);
        tcase_add_loop_test(end, end_ends_in_every_state, 0, (int)ARRAY_SIZE(ENDABLE));
        return end;
}

SUITE_MAIN("transactions", admission_case(), order_case(), completion_case(), end_case());
