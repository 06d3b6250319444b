/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hold, resume, swap; hold-and-answer and its relatives, within and across providers. */
#include "model/story.h"

/* Rows: T13, A4, A5. The audio closes at the turn, silently; it is announced with the fulfil (4.9).
 */
START_TEST(hold_is_fulfilled)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_expect(s, "sip perform hold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_expect_none(s, "sip deactivated *");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "c1 held");
        sim_expect(s, "sip deactivated c1");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_USER);
        sim_expect_results(s, "hold c1 fulfilled");
}
END_TEST

/* Rows: T13, X10 */
START_TEST(hold_that_fails_leaves_the_call_active)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        if (_i) {
                sim_advance(s, 10 * USEC_PER_SEC);
                sim_expect(s, "sip timed-out hold c1");
                sim_expect_results(s, "hold c1 timed-out");
        } else {
                sim_fail(s, "hold c1");
                sim_expect_results(s, "hold c1 failed");
        }
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_expect_none_at_all(s, "sip deactivated *");
        sim_expect_count_all(s, "sip activated c1", 1);
        sim_expect_hold_reason(s, "c1", HOLD_REASON_NONE);
}
END_TEST

/* Rows: T13 */
START_TEST(hold_of_a_held_call_is_done_at_once)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "hold c1");
        sim_expect_results(s, "hold c1 fulfilled");
        sim_expect_none(s, "sip *");
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "unhold c2");
        sim_expect_results(s, "unhold c2 fulfilled");
        sim_expect_none(s, "sip *");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

/* Rows: T13, T14, A4 */
START_TEST(unhold_activates_audio_again)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "unhold c1");
        sim_expect(s, "sip perform unhold c1", "c1 active", "sip activated c1");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_NONE);
        sim_behave(s, "sip", SIM_FAIL);
        sim_ask(s, "ui", "hold c1");
        sim_behave(s, "sip", SIM_FULFIL);
        sim_ask(s, "ui", "hold c1");
        sim_behave(s, "sip", SIM_FAIL);
        sim_ask(s, "ui", "unhold c1");
        sim_expect_results(s, "unhold c1 failed");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
}
END_TEST

/* Rows: T13. The same one pending: joins. */
START_TEST(second_hold_joins_the_first)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "car", "hold c1");
        sim_expect_count_all(s, "sip perform hold c1*", 1);
        sim_fail(s, "hold c1");
        sim_expect(s, "ui result hold c1 failed");
        sim_expect(s, "car result hold c1 failed");
}
END_TEST

/* Rows: T13, X5. Legal in the state that those still pending will leave (3). */
START_TEST(unhold_waits_for_the_pending_hold)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "car", "unhold c1");
        sim_expect_none(s, "sip perform *");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "c1 held");
        sim_expect(s, "sip perform unhold c1 (accessory)");
        sim_fulfil(s, "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
}
END_TEST

/* Rows: X12, X9. One transaction, one part; the answer's turn comes after the hold's fulfil. */
START_TEST(hold_and_answer_of_one_provider_is_one_part)
{
        const struct action *hold, *answer;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1, answer c2");
        sim_expect(s, "sip perform hold c1, answer c2");
        hold = sim_action(s, "hold c1");
        answer = sim_action(s, "answer c2");
        ck_assert_ptr_nonnull(hold);
        ck_assert_ptr_nonnull(answer);
        ck_assert_str_ne(hold->id.text, answer->id.text);
        ck_assert_str_eq(hold->call_id.text, sim_uuid("c1").text);
        ck_assert_str_eq(hold->transaction->id.text, answer->transaction->id.text);
        ck_assert_uint_gt(answer->deadline.at, hold->deadline.at);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        ck_assert(sim_call(s, "c2")->answer_pending);
        ck_assert_int_eq(sim_try_fulfil(s, "answer c2", NULL), REFUSAL_WRONG_STATE);
        ck_assert_int_eq(sim_try_fail(s, "answer c2", NULL), REFUSAL_WRONG_STATE);
        sim_fulfil(s, "hold c1");
        sim_expect(s, "c1 held");
        sim_expect(s, "c2 answering");
        sim_fulfil(s, "answer c2");
        sim_expect(s, "c2 active", "sip activated c2");
        sim_expect_results(s, "hold c1 fulfilled, answer c2 fulfilled");
        sim_expect_all(s, "sip deactivated c1", "sip activated c2");
}
END_TEST

/* Rows: X12, X15, T6. Arbitration writes the hold; each provider sees its own part only. */
START_TEST(answer_holds_the_call_of_another_provider)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_expect_none(s, "web perform *");
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_ring(s, "none");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "web perform answer c2", "web activated c2");
        sim_expect(s, "c1 held", "c2 active", "web activated c2");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_expect_results(s, "answer c2 fulfilled");
}
END_TEST

/* Rows: T6, X15 */
START_TEST(start_holds_the_active_call_first)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        if (_i) {
                sim_ask(s, "ui", "start c2 web");
                sim_expect(s, "sip perform hold c1 (policy)");
                sim_expect_none(s, "web perform *");
                sim_fulfil(s, "hold c1");
                sim_expect(s, "web perform start c2");
        } else {
                sim_ask(s, "ui", "start c2 sip");
                sim_expect(s, "sip perform hold c1 (policy), start c2");
                sim_fulfil(s, "hold c1");
                sim_fulfil(s, "start c2");
        }
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_STARTED);
        ck_assert(sim_is_activated(s, "c2"));
}
END_TEST

/* Rows: T14, X15 */
START_TEST(unhold_holds_the_other_call_first)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "unhold c1");
        sim_expect(s, "web perform hold c2 (policy)", "sip perform unhold c1");
        sim_expect(s, "c2 held", "c1 active", "sip activated c1");
        sim_expect_results(s, "unhold c1 fulfilled");
}
END_TEST

/* Rows: X16. A failing hold costs no call: the second rings on, the first stays. */
START_TEST(failing_hold_costs_no_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, _i & 1 ? "web" : "sip", "c2");
        sim_behave_for(s, "sip", ACTION_SET_HELD, _i & 2 ? SIM_LATE : SIM_FAIL);
        sim_ask(s, "ui", "answer c2");
        if (_i & 2)
                sim_advance(s, 5 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_results(s, "answer c2 hold-failed");
        ck_assert(!sim_call(s, "c2")->answer_pending);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_expect_ring(s, "waiting c2");
        if (_i & 1)
                sim_expect_none_at_all(s, "web perform *");
        else
                sim_expect_count_all(s, "sip cancelled answer c2", 1);
        sim_expect_count_all(s, "sip deactivated *", 0);
        sim_behave(s, "sip", SIM_FULFIL);
        sim_ask(s, "ui", "answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

/* Rows: X16. The hold that the requester wrote is its own result. */
START_TEST(failing_hold_of_the_request_is_reported)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_FAIL);
        sim_ask(s, "ui", "hold c1, answer c2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect(s, "ui result hold c1 failed, answer c2 hold-failed");
        sim_expect_none(s, "ui result *fulfilled*");
}
END_TEST

/* Rows: X13 */
START_TEST(end_held_and_answer)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c3");
        sim_ask(s, "ui", "end c1, hold c2, answer c3");
        sim_expect(s, "sip perform end c1", "sip perform hold c2, answer c3");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_results(s, "end c1 fulfilled, hold c2 fulfilled, answer c3 fulfilled");
}
END_TEST

/* Rows: X11, T11. The end goes out at once; a provider that hangs on it delays nobody (4.4). */
START_TEST(end_and_answer_does_not_wait_for_the_end)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "end c1, answer c2");
        sim_expect(s, "sip perform end c1");
        sim_expect(s, "web perform answer c2", "web activated c2");
        sim_expect_all(s, "sip deactivated c1", "web activated c2");
        sim_expect_state(s, "c1", CALL_STATE_ENDING);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        ck_assert_uint_eq(sim_n_pending(s), 1);
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_expect_all(s, "sip timed-out end c1");
        sim_expect_all(s, "c1 ended local-ended");
        sim_expect_results(s, "end c1 fulfilled, answer c2 fulfilled");
}
END_TEST

/* Rows: X14, A4 */
START_TEST(swap_holds_one_and_resumes_the_other)
{
        const char *other = _i ? "web" : "sip";

        sim_make(s, other, "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        ck_assert_uint_ne(sim_call(s, "c1")->allowed & CALL_ALLOWED_SWAP, 0);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect(s, "sip perform hold c2*", "*unhold c1*");
        sim_expect(s, "c2 held", "c1 active");
        sim_expect(s, "sip deactivated c2", "* activated c1");
        sim_expect_hold_reason(s, "c2", HOLD_REASON_USER);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c2"), 0);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* Rows: X14. [hold A, unhold B] as a request of one's own is the same. */
START_TEST(swap_as_a_transaction)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_ask(s, "sip", "hold c2, unhold c1");
        sim_expect(s, "sip perform hold c2 (self), unhold c1 (self)", "c2 held", "c1 active");
        sim_expect_results(s, "hold c2 fulfilled, unhold c1 fulfilled");
}
END_TEST

/* With nothing active, Swap is a plain resume; it never ends a call (4.3). */
START_TEST(swap_is_a_resume_and_never_ends)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect(s, "sip perform unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert_int_gt(sim_try_swap(s, "ui", "c1"), 0);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_cannot(s, "c2", CALL_SUPPORTS_HOLDING);
        ck_assert_int_eq(sim_try_swap(s, "ui may-end", "c1"), REFUSAL_WOULD_END_CALL);
        story_expect_named("c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: X14, X16. A swap whose hold fails resumes nobody. */
START_TEST(swap_with_a_failing_hold_changes_nothing)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "web", SIM_FAIL);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_none(s, "sip perform *");
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* A policy hold whose purpose has gone: dropped if undelivered, undone if delivered (4.2). */
START_TEST(hold_without_a_purpose_is_undone)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_fulfil(s, "hold c1");
        sim_expect(s, "sip perform unhold c1 (policy)");
        sim_fulfil(s, "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
        sim_expect_none_at_all(s, "web perform *");
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

START_TEST(undelivered_hold_without_a_purpose_is_dropped)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "answer c2");
        sim_fail(s, "hold c1");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_fail(s, "hold c1");
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "answer c2");
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_fail(s, "hold c1");
        sim_expect_none(s, "sip perform *");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Two activations in one request are refused, unless both are in one group after it (3). */
START_TEST(two_activations_in_one_request)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_incoming(s, "web", "c3");
        sim_refused(s, "ui", "unhold c1, unhold c2", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "unhold c1, answer c3", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "answer c3, start c4 web", REFUSAL_REQUEST_INVALID_ACTION);
        sim_ask(s, "ui", "join c1 c2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "unhold c1, unhold c2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

static TCase *hold_case(void)
{
        TCase *hold = story_case("hold");

        tcase_add_test(hold, hold_is_fulfilled);
        tcase_add_loop_test(hold, hold_that_fails_leaves_the_call_active, 0, 2);
        tcase_add_test(hold, hold_of_a_held_call_is_done_at_once);
        tcase_add_test(hold, unhold_activates_audio_again);
        tcase_add_test(hold, second_hold_joins_the_first);
        tcase_add_test(hold, unhold_waits_for_the_pending_hold);
        tcase_add_test(hold, two_activations_in_one_request);
        return hold;
}

static TCase *interplay_case(void)
{
        TCase *interplay = story_case("two calls");

        tcase_add_test(interplay, hold_and_answer_of_one_provider_is_one_part);
        tcase_add_test(interplay, answer_holds_the_call_of_another_provider);
        tcase_add_loop_test(interplay, start_holds_the_active_call_first, 0, 2);
        tcase_add_test(interplay, unhold_holds_the_other_call_first);
        tcase_add_loop_test(interplay, failing_hold_costs_no_call, 0, 4);
        tcase_add_test(interplay, failing_hold_of_the_request_is_reported);
        tcase_add_test(interplay, end_held_and_answer);
        tcase_add_test(interplay, end_and_answer_does_not_wait_for_the_end);
        tcase_add_test(interplay, hold_without_a_purpose_is_undone);
        tcase_add_test(interplay, undelivered_hold_without_a_purpose_is_dropped);
        return interplay;
}

static TCase *swap_case(void)
{
        TCase *swap = story_case("swap");

        tcase_add_loop_test(swap, swap_holds_one_and_resumes_the_other, 0, 2);
        tcase_add_test(swap, swap_as_a_transaction);
        tcase_add_test(swap, swap_is_a_resume_and_never_ends);
        tcase_add_test(swap, swap_with_a_failing_hold_changes_nothing);
        return swap;
}

SUITE_MAIN("hold and swap", hold_case(), interplay_case(), swap_case());
