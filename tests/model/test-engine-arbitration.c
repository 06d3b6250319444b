/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who must make room for whom, when somebody would have to be ended for it, and who may say so. */
#include "model/story.h"

/* Rows: T6. The obstacle cannot be held: refused, naming it, and nothing changes (4.3). */
START_TEST(nobody_is_ended_unasked)
{
        static const char *const requests[] = {"answer c2", "start c3 web", "unhold c4"};

        sim_make(s, "web", "c4", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        ck_assert_uint_eq(sim_call(s, "c2")->allowed & CALL_ALLOWED_HOLD_AND_ANSWER, 0);
        ck_assert_uint_ne(sim_call(s, "c2")->allowed & CALL_ALLOWED_END_AND_ANSWER, 0);
        sim_refused(s, "ui", requests[_i], REFUSAL_WOULD_END_CALL);
        story_expect_named("c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_ring(s, "waiting c2");
}
END_TEST

/* Rows: T6. With MayEnd the end is callsd's own, in front of the activation. */
START_TEST(may_end_ends_what_cannot_be_held)
{
        static const char *const requests[] = {"answer c2", "start c3 web", "unhold c4"};

        sim_make(s, "web", "c4", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_ask(s, "ui may-end", requests[_i]);
        sim_expect(s, "sip perform end c1 (policy)", "web perform *");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* MayEnd is a permission, not an order: what can be held is held (4.3). */
START_TEST(may_end_still_holds)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui may-end", "answer c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* An explicit end-call says so too. Rows: X11 */
START_TEST(explicit_end_is_permission)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_ask(s, "ui", "end c1, answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: X11 */
START_TEST(end_and_answer_ends_what_could_be_held)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui end-and-answer", "answer c2");
        sim_expect(s, "sip perform end c1*", "web perform answer c2");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_all(s, "sip deactivated c1", "web activated c2");
}
END_TEST

/* With nothing active, EndAndAnswer is a plain answer (4.3). */
START_TEST(end_and_answer_with_nothing_active)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui end-and-answer", "answer c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_none(s, "sip perform *");
}
END_TEST

/* Rows: I9, R4. The provider of the answered call has no free slot (4.3). */
START_TEST(answer_needs_a_slot)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c3");
        sim_refused(s, "ui", "answer c3", REFUSAL_WOULD_END_CALL);
        ck_assert_uint_eq(sim_call(s, "c3")->allowed & CALL_ALLOWED_HOLD_AND_ANSWER, 0);
        if (_i == 0) {
                sim_ask(s, "ui end-and-answer", "answer c3");
                sim_expect_ended(s, "c2", ENDED_REASON_LOCAL_ENDED);
                sim_expect_state(s, "c1", CALL_STATE_HELD);
        } else {
                sim_ask(s, "ui may-end", "answer c3");
                ck_assert(sim_call(s, "c1")->state == CALL_STATE_ENDED ||
                          sim_call(s, "c2")->state == CALL_STATE_ENDED);
                ck_assert(sim_call(s, "c1")->state == CALL_STATE_HELD ||
                          sim_call(s, "c2")->state == CALL_STATE_HELD);
        }
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
}
END_TEST

/* The active group first; if there is still no slot, the provider's last interrupted one. */
START_TEST(end_and_answer_frees_the_slot_too)
{
        story_set_groups("sip", 1, 5);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c3");
        sim_refused(s, "ui", "answer c3", REFUSAL_WOULD_END_CALL);
        story_expect_named("c1");
        sim_ask(s, "ui end-and-answer", "answer c3");
        sim_expect_ended(s, "c2", ENDED_REASON_LOCAL_ENDED);
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
}
END_TEST

/* A requester that is not a controller never causes the end of another provider's call (4.3). */
START_TEST(provider_cannot_end_a_foreign_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_refused(s, "web may-end", "answer c2", REFUSAL_WOULD_END_CALL);
        sim_refused(s, "web end-and-answer", "answer c2", REFUSAL_WOULD_END_CALL);
        sim_refused(s, "web may-end", "start c3 web", REFUSAL_WOULD_END_CALL);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui may-end", "answer c2");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
}
END_TEST

START_TEST(provider_may_end_its_own_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_refused(s, "sip", "answer c2", REFUSAL_WOULD_END_CALL);
        sim_ask(s, "sip may-end", "answer c2");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Arbitration's hold of a foreign call is callsd's doing: a provider's request may cause it. */
START_TEST(provider_may_cause_a_foreign_hold)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "web", "answer c2");
        sim_expect(s, "sip perform hold c1 (policy)", "web perform answer c2 (self)");
        sim_expect(s, "c1 held", "c2 active");
}
END_TEST

/* Not yet active calls cannot be held (4.3). */
START_TEST(calls_under_way_cannot_be_held)
{
        static const enum call_state states[] = {CALL_STATE_STARTED, CALL_STATE_CONNECTING};

        sim_make(s, "sip", "c1", states[_i]);
        sim_incoming(s, "web", "c2");
        sim_refused(s, "ui", "answer c2", REFUSAL_WOULD_END_CALL);
        story_expect_named("c1");
        sim_ask(s, "ui may-end", "answer c2");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* An `answering` obstacle is waited for: the floor (4.3). */
START_TEST(answering_obstacle_is_waited_for)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "ui", "answer c2");
        sim_expect_none_at_all(s, "web perform *");
        sim_fulfil(s, "answer c1");
        sim_expect(s, "c1 active");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform answer c2");
        sim_expect(s, "c1 held", "c2 active");
}
END_TEST

/* A `starting` call is in nobody's way before its turn (4.2). */
START_TEST(queued_start_is_in_nobodys_way)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "ui", "start c3 web");
        sim_expect_state(s, "c3", CALL_STATE_STARTING);
        sim_fulfil(s, "hold c2");
        sim_fulfil(s, "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_expect_none_at_all(s, "web perform *");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform start c3", "c3 started");
}
END_TEST

/* WouldEndCall again at the turn, where it becomes the action's result (3, 4.7). */
START_TEST(would_end_call_at_the_turn)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "ui", "answer c2");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_fulfil(s, "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_results(s, "answer c2 would-end-call");
        sim_expect_ring(s, "waiting c2");
        sim_expect_none_at_all(s, "web perform *");
}
END_TEST

/* The projection counts what is still pending: nothing is in the way then (3). */
START_TEST(would_end_call_is_judged_on_the_projection)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_ask(s, "ui", "answer c2");
        sim_fulfil(s, "hold c1");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_none_at_all(s, "sip perform hold c1 (policy)");
}
END_TEST

/* Flags that change later apply to what is not yet delivered and never end anything (3). */
START_TEST(lowered_limits_end_nothing)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        story_set_groups("sip", 1, 1);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_refused(s, "ui", "start c3 sip", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
}
END_TEST

/* The request holds the obstacle itself, but too late: callsd puts its own in front (4.2). */
START_TEST(hold_behind_the_activation_does_not_count)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui", "answer c2, hold c1");
        sim_expect(s, "sip perform hold c1 (policy)", "web perform answer c2");
        sim_expect(s, "c1 held", "c2 active");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, "answer c2 fulfilled, hold c1 fulfilled");
}
END_TEST

/* Arbitration is worked out on the state of the turn, not of the admission (4.2). */
START_TEST(arbitration_sees_the_state_of_the_turn)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c3", CALL_STATE_RINGING);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "answer c2");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform answer c2");
        sim_expect_none(s, "sip perform *");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_hold_reason(s, "c1", HOLD_REASON_USER);
}
END_TEST

/* A fact makes an obstacle while the hold runs: one more hold at the activation's turn (4.2). */
START_TEST(fact_meanwhile_is_arbitrated_again)
{
        sim_provider(s, "gsm");
        sim_make(s, "gsm", "c3", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "gsm", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_fact(s, "c3", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        if (sim_is_open(s, "hold c1"))
                sim_fulfil(s, "hold c1");
        ck_assert(sim_is_open(s, "hold c3"));
        sim_expect_none_at_all(s, "web perform *");
        sim_fulfil(s, "hold c3");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
}
END_TEST

/* Delivered already: the obstacle that a fact has made is treated as in section 6 (4.2). */
START_TEST(fact_after_delivery_is_interrupted)
{
        sim_provider(s, "gsm");
        sim_make(s, "gsm", "c3", CALL_STATE_HELD);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "web", SIM_SILENT);
        sim_behave(s, "gsm", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ANSWERING);
        sim_fact(s, "c3", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect_none(s, "gsm perform *");
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_fulfil(s, "answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
        sim_expect_hold_reason(s, "c3", HOLD_REASON_INTERRUPTED);
        sim_expect(s, "gsm perform hold c3 (policy)");
        sim_fail(s, "hold c3");
        sim_expect_state(s, "c3", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

static TCase *permission_case(void)
{
        TCase *permission = story_case("permission");

        tcase_add_loop_test(permission, nobody_is_ended_unasked, 0, 3);
        tcase_add_loop_test(permission, may_end_ends_what_cannot_be_held, 0, 3);
        tcase_add_test(permission, may_end_still_holds);
        tcase_add_test(permission, explicit_end_is_permission);
        tcase_add_test(permission, end_and_answer_ends_what_could_be_held);
        tcase_add_test(permission, end_and_answer_with_nothing_active);
        tcase_add_loop_test(permission, answer_needs_a_slot, 0, 2);
        tcase_add_test(permission, end_and_answer_frees_the_slot_too);
        tcase_add_test(permission, provider_cannot_end_a_foreign_call);
        tcase_add_test(permission, provider_may_end_its_own_call);
        tcase_add_test(permission, provider_may_cause_a_foreign_hold);
        return permission;
}

static TCase *turn_case(void)
{
        TCase *turn = story_case("turn");

        tcase_add_loop_test(turn, calls_under_way_cannot_be_held, 0, 2);
        tcase_add_test(turn, answering_obstacle_is_waited_for);
        tcase_add_test(turn, queued_start_is_in_nobodys_way);
        tcase_add_test(turn, would_end_call_at_the_turn);
        tcase_add_test(turn, would_end_call_is_judged_on_the_projection);
        tcase_add_test(turn, lowered_limits_end_nothing);
        tcase_add_test(turn, hold_behind_the_activation_does_not_count);
        tcase_add_test(turn, arbitration_sees_the_state_of_the_turn);
        tcase_add_test(turn, fact_meanwhile_is_arbitrated_again);
        tcase_add_test(turn, fact_after_delivery_is_interrupted);
        return turn;
}

SUITE_MAIN("arbitration", permission_case(), turn_case());
