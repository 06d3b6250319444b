/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is resumed when an interrupter goes, and who is only offered (call-model.md 7). */
#include "model/story.h"

static void set_auto_resume(enum auto_resume resume)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.auto_resume = resume;
        sim_set_limits(s, &limits);
}

/* c1 of "sip" is active and gets interrupted by c2 of "web". */
static void interrupt_c1(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui", "answer c2");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_expect_resumable(s, "");
}

/* Rows: A4 */
START_TEST(local_end_resumes)
{
        static const bool resumed[] = {false, true, true};

        set_auto_resume((enum auto_resume)_i);
        interrupt_c1();
        sim_ask(s, "ui", "end c2");
        if (resumed[_i]) {
                sim_expect(s, "sip perform unhold c1 (policy)", "c1 active", "sip activated c1");
                sim_expect_resumable(s, "");
        } else {
                sim_expect_state(s, "c1", CALL_STATE_HELD);
                sim_expect_resumable(s, "c1");
                sim_expect(s, "resumable c1");
        }
}
END_TEST

/* Rows: A4, R13. The user would be overheard by surprise. */
START_TEST(remote_end_offers)
{
        set_auto_resume((enum auto_resume)_i);
        interrupt_c1();
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        if (_i == AUTO_RESUME_ALWAYS) {
                sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
                ck_assert(sim_is_activated(s, "c1"));
                return;
        }
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_resumable(s, "c1");
        sim_expect_none(s, "sip perform *");
        sim_ask(s, "ui", "unhold c1");
        sim_expect(s, "c1 active", "sip activated c1");
        sim_expect_resumable(s, "");
}
END_TEST

/* Rows: R13 */
START_TEST(lost_provider_offers)
{
        set_auto_resume((enum auto_resume)_i);
        interrupt_c1();
        sim_vanish(s, "web");
        sim_expect_state(s, "c1", _i == AUTO_RESUME_ALWAYS ? CALL_STATE_ACTIVE : CALL_STATE_HELD);
        sim_expect_resumable(s, _i == AUTO_RESUME_ALWAYS ? "" : "c1");
}
END_TEST

enum way { WAY_FAILED, WAY_TIMED_OUT, WAY_REMOTE, WAY_LOCAL, WAY_LOST, N_WAYS };

/* The interrupter never became active: resumed at once, whatever AutoResume says. Rows: X16 */
START_TEST(interrupter_that_never_became_active)
{
        const bool start = _i % 2;

        set_auto_resume(AUTO_RESUME_NEVER);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "web", SIM_SILENT);
        if (start) {
                sim_ask(s, "ui", "start c2 web");
        } else {
                sim_incoming(s, "web", "c2");
                sim_ask(s, "ui", "answer c2");
        }
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        switch ((enum way)(_i / 2)) {
        case WAY_FAILED:
                sim_fail(s, start ? "start c2" : "answer c2");
                break;
        case WAY_TIMED_OUT:
                sim_advance(s, 30 * USEC_PER_SEC);
                break;
        case WAY_REMOTE:
                sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
                break;
        case WAY_LOCAL:
                sim_behave_for(s, "web", ACTION_END, SIM_FULFIL);
                sim_ask(s, "ui", "end c2");
                break;
        case WAY_LOST:
                sim_vanish(s, "web");
                break;
        case N_WAYS:
                break;
        }
        sim_expect(s, "sip perform unhold c1 (policy)", "c1 active", "sip activated c1");
        sim_expect_state(s, "c2", CALL_STATE_ENDED);
}
END_TEST

/* An outgoing call that is busy after it was started. Rows: A4 */
START_TEST(busy_outgoing_call_gives_back)
{
        set_auto_resume(AUTO_RESUME_NEVER);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "start c2 web");
        if (_i)
                sim_connecting(s, "c2");
        sim_ended(s, "c2", ENDED_REASON_UNANSWERED);
        sim_expect(s, "sip perform unhold c1 (policy)", "c1 active");
}
END_TEST

/* A hold still in flight is undone when it completes (7). Rows: X16 */
START_TEST(hold_in_flight_is_undone)
{
        set_auto_resume(AUTO_RESUME_NEVER);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_ask(s, "ui", "end c2");
        sim_expect_ended(s, "c2", ENDED_REASON_DECLINED);
        sim_fulfil(s, "hold c1");
        sim_expect(s, "sip perform unhold c1 (policy)");
        sim_fulfil(s, "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_resumable(s, "");
}
END_TEST

/* Whoever wrote that hold, arbitration or the request: it is a mark (7). Rows: X12 */
START_TEST(requested_hold_in_front_is_an_interruption)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui", "hold c1, answer c2");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_ask(s, "ui", "end c2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* A swap gives no mark (7). Rows: X14 */
START_TEST(swap_gives_no_mark)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        if (_i)
                sim_ask(s, "ui", "unhold c1");
        else
                ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect_hold_reason(s, "c2", HOLD_REASON_USER);
        sim_ask(s, "ui", "end c1");
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_resumable(s, "");
}
END_TEST

/* A call's own hold or resume by the user or the app clears its mark (7). */
START_TEST(own_hold_clears_the_mark)
{
        interrupt_c1();
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "unhold c2");
        sim_ask(s, "ui", "end c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_resumable(s, "");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_USER);
}
END_TEST

/* The user holds what is interrupted: it stays held from now on because he wants it (7). */
START_TEST(hold_of_an_interrupted_call_clears_the_mark)
{
        interrupt_c1();
        sim_ask(s, "ui", "hold c1");
        sim_expect_results(s, "hold c1 fulfilled");
        sim_ask(s, "ui", "end c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

/* Nested: last in, first out (7). */
START_TEST(nested_interruptions_unwind)
{
        sim_provider(s, "gsm");
        interrupt_c1();
        sim_incoming(s, "gsm", "c3");
        sim_ask(s, "ui", "answer c3");
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_ask(s, "ui", "end c3");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "end c2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Resumable is the most recently interrupted one; one group resumes (7). */
START_TEST(most_recently_interrupted_is_offered)
{
        sim_provider(s, "gsm");
        interrupt_c1();
        sim_incoming(s, "gsm", "c3");
        sim_ask(s, "ui", "answer c3");
        sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
        sim_expect_resumable(s, "c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_expect_resumable(s, "c1");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_expect_resumable(s, "");
}
END_TEST

/* The interrupter ends while it is held itself: inherited by the group in front of it (7). */
START_TEST(interruption_is_inherited)
{
        sim_provider(s, "gsm");
        interrupt_c1();
        sim_incoming(s, "gsm", "c3");
        sim_ask(s, "ui", "answer c3");
        if (_i)
                sim_ask(s, "ui", "end c2");
        else
                sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_resumable(s, "");
        sim_ask(s, "ui", "end c3");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Resume is decided when no group claims and no floor transaction is pending (7). */
START_TEST(resume_waits_for_the_floor)
{
        sim_provider(s, "gsm");
        interrupt_c1();
        sim_incoming(s, "gsm", "c3");
        sim_behave(s, "gsm", SIM_SILENT);
        sim_ask(s, "ui", "end c2, answer c3");
        sim_expect_state(s, "c3", CALL_STATE_ANSWERING);
        sim_expect_none(s, "sip perform *");
        sim_expect_resumable(s, "");
        sim_fulfil(s, "answer c3");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "end c3");
        sim_expect_none(s, "sip perform *");
        sim_fulfil(s, "end c3");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* An interrupted conference: its oldest member is offered, all of it is resumed (7). */
START_TEST(interrupted_conference)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_incoming(s, "web", "c3");
        sim_ask(s, "ui", "answer c3");
        if (_i) {
                sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
                sim_expect_resumable(s, "c1");
                sim_ask(s, "ui", "unhold c1");
        } else {
                sim_ask(s, "ui", "end c3");
        }
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_group(s, "c1", "c2", true);
}
END_TEST

/* A resume that fails is not tried again; the call is offered. Rows: A4 */
START_TEST(failing_resume_is_offered)
{
        interrupt_c1();
        sim_behave(s, "sip", SIM_FAIL);
        sim_ask(s, "ui", "end c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_count_all(s, "sip perform unhold c1 (policy)", 1);
        sim_expect_resumable(s, "c1");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_count_all(s, "sip perform unhold c1 (policy)", 1);
}
END_TEST

/* A group that a fact has interrupted is interrupted like any other (6, 7). */
START_TEST(interruption_by_a_fact)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_import(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_expect_resumable(s, "c1");
}
END_TEST

/* A hold that was to make room for a call comes to its end when that call is over, and listed. */
START_TEST(hold_for_a_call_that_has_ended)
{
        story_set_groups("sip", 4, 5);
        sim_make_group(s, "sip", "c1 c3");
        sim_ask(s, "ui", "hold c1");
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui", "answer c2");
        sim_ask(s, "ui", "unhold c1");
        sim_ask(s, "car", "hold c1, answer c2");
        sim_fulfil(s, "answer c2");
        sim_ask(s, "ui", "end c2");
        sim_fulfil(s, "end c2");
        sim_fulfil(s, "unhold c1");
        sim_fulfil(s, "unhold c3");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_fulfil(s, "hold c3");
        sim_expect_state(s, "c3", CALL_STATE_HELD);
        sim_expect_resumable(s, "c3");
        ck_assert_ptr_nonnull(sim_call(s, "c2"));
}
END_TEST

static TCase *end_case(void)
{
        TCase *end = story_case("end of the interrupter");

        tcase_add_loop_test(end, local_end_resumes, 0, 3);
        tcase_add_loop_test(end, remote_end_offers, 0, 3);
        tcase_add_loop_test(end, lost_provider_offers, 0, 3);
        tcase_add_loop_test(end, interrupter_that_never_became_active, 0, 2 * N_WAYS);
        tcase_add_loop_test(end, busy_outgoing_call_gives_back, 0, 2);
        tcase_add_test(end, hold_in_flight_is_undone);
        tcase_add_test(end, failing_resume_is_offered);
        tcase_add_loop_test(end, interrupted_conference, 0, 2);
        return end;
}

static TCase *mark_case(void)
{
        TCase *mark = story_case("mark");

        tcase_add_test(mark, requested_hold_in_front_is_an_interruption);
        tcase_add_loop_test(mark, swap_gives_no_mark, 0, 2);
        tcase_add_test(mark, own_hold_clears_the_mark);
        tcase_add_test(mark, hold_of_an_interrupted_call_clears_the_mark);
        tcase_add_test(mark, interruption_by_a_fact);
        return mark;
}

static TCase *nested_case(void)
{
        TCase *nested = story_case("nested");

        tcase_add_test(nested, nested_interruptions_unwind);
        tcase_add_test(nested, most_recently_interrupted_is_offered);
        tcase_add_loop_test(nested, interruption_is_inherited, 0, 2);
        tcase_add_test(nested, resume_waits_for_the_floor);
        tcase_add_test(nested, hold_for_a_call_that_has_ended);
        return nested;
}

SUITE_MAIN("interruption", end_case(), mark_case(), nested_case());
