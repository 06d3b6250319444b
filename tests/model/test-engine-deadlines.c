/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deadlines: defaults, sums, wishes of the requester, and what a method of Call1 waits for. */
#include "model/story.h"

static void expect_timeout(const char *words, usec_t seconds)
{
        char pattern[64];

        snprintf(pattern, sizeof(pattern), "sip timed-out %s", words);
        sim_advance(s, seconds * USEC_PER_SEC - 1);
        sim_expect_none_at_all(s, "sip timed-out *");
        ck_assert(sim_is_open(s, words));
        sim_advance(s, 1);
        sim_expect(s, pattern);
        ck_assert_int_eq(sim_try_fulfil(s, words, NULL), REFUSAL_UNKNOWN_ACTION);
        sim_expect_count_all(s, pattern, 1);
}

static const struct {
        enum call_state state;
        const char *request;
        usec_t seconds;
        bool ends;
} DEFAULTS[] = {
        {CALL_STATE_ENDED, "start c2 sip", 30, true}, {CALL_STATE_RINGING, "answer c1", 30, true},
        {CALL_STATE_ACTIVE, "end c1", 5, true},       {CALL_STATE_ACTIVE, "hold c1", 10, false},
        {CALL_STATE_HELD, "unhold c1", 10, false},    {CALL_STATE_ACTIVE, "mute c1", 10, false},
        {CALL_STATE_ACTIVE, "dtmf c1 1", 10, false},
};

/* Rows: X10, T9, T12. The defaults, each told once, later completion ignored. */
START_TEST(default_deadlines)
{
        const char *words = _i == 0 ? "start c2" : DEFAULTS[_i].request;
        const char *call = _i == 0 ? "c2" : "c1";

        sim_make(s, "sip", "c1", DEFAULTS[_i].state);
        sim_behave(s, "sip", SIM_LATE);
        sim_ask(s, "ui", DEFAULTS[_i].request);
        ck_assert_uint_eq(sim_action(s, words)->deadline.at,
                          sim_now(s).boottime + DEFAULTS[_i].seconds * USEC_PER_SEC);
        expect_timeout(words, DEFAULTS[_i].seconds);
        ck_assert_uint_eq(sim_n_pending(s), 0);
        if (!DEFAULTS[_i].ends)
                sim_expect_state(s, call, DEFAULTS[_i].state);
        else if (_i == 2)
                sim_expect_ended(s, call, ENDED_REASON_LOCAL_ENDED);
        else
                sim_expect_ended(s, call, ENDED_REASON_FAILED);
}
END_TEST

/* Rows: X10. Group actions too. */
START_TEST(join_times_out)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "join c2 c1");
        expect_timeout("join c2 c1", 10);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: X16. A hold in front of another action has 5 s. */
START_TEST(hold_in_front_has_five_seconds)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", _i ? "hold c1, answer c2" : "answer c2");
        expect_timeout("hold c1", 5);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
}
END_TEST

/* Inside a part deadlines add up (4.8). Rows: X9 */
START_TEST(deadlines_add_up_inside_a_part)
{
        usec_t then;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1, answer c2, dtmf c2 1");
        then = sim_now(s).boottime;
        ck_assert_uint_eq(sim_action(s, "hold c1")->deadline.at, then + 5 * USEC_PER_SEC);
        ck_assert_uint_eq(sim_action(s, "answer c2")->deadline.at, then + 35 * USEC_PER_SEC);
        ck_assert_uint_eq(sim_action(s, "dtmf c2 1")->deadline.at, then + 45 * USEC_PER_SEC);
        sim_advance(s, 4 * USEC_PER_SEC);
        sim_fulfil(s, "hold c1");
        sim_advance(s, 31 * USEC_PER_SEC);
        sim_expect(s, "sip timed-out answer c2", "*");
        sim_expect(s, "sip cancelled dtmf c2 1");
        sim_expect_ended(s, "c2", ENDED_REASON_FAILED);
}
END_TEST

/* Rows: S4. The requester may ask for 1 to 120 s for its own actions. */
START_TEST(requester_sets_its_deadline)
{
        static const struct {
                const char *who;
                usec_t seconds;
        } wishes[] = {{"ui timeout=1", 1}, {"ui timeout=120", 120}, {"ui timeout=60", 60}};

        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, wishes[_i].who, "answer c1");
        expect_timeout("answer c1", wishes[_i].seconds);
}
END_TEST

/* Out of these bounds it is refused, or kept within them; never taken as it is. Rows: S4 */
START_TEST(deadline_has_bounds)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        if (sim_try_ask(s, "ui timeout=121", "hold c1") != 0)
                return;
        ck_assert_uint_le(sim_action(s, "hold c1")->deadline.at,
                          sim_now(s).boottime + 120 * USEC_PER_SEC);
}
END_TEST

/* The option does not apply to policy actions (4.8). */
START_TEST(policy_actions_keep_their_deadline)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui timeout=100", "answer c2");
        expect_timeout("hold c1", 5);
}
END_TEST

/* The options of a joined action are ignored (2). */
START_TEST(joined_action_has_no_deadline_of_its_own)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "car timeout=1", "answer c1");
        expect_timeout("answer c1", 30);
}
END_TEST

/* A method of Call1 replies after 20 s; what is delivered goes on to its own deadline (4.8). */
START_TEST(waiting_method_gets_its_answer_after_twenty_seconds)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui waits", "answer c1");
        sim_advance(s, 20 * USEC_PER_SEC - 1);
        sim_expect_none(s, "ui overdue");
        sim_advance(s, 1);
        sim_expect(s, "ui overdue");
        ck_assert(sim_is_open(s, "answer c1"));
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_fulfil(s, "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_count_all(s, "ui overdue", 1);
}
END_TEST

/* What is then queued is cancelled (4.8). */
START_TEST(overdue_method_cancels_what_is_queued)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "car", "answer c1");
        sim_ask(s, "ui waits", "answer c2");
        sim_advance(s, 20 * USEC_PER_SEC);
        sim_expect(s, "ui overdue");
        ck_assert(!sim_call(s, "c2")->answer_pending);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        ck_assert_ptr_null(sim_action(s, "answer c2"));
        ck_assert(sim_is_open(s, "answer c1"));
        sim_fulfil(s, "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_none_at_all(s, "web perform *");
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* What it merely joined goes on too (4.8). */
START_TEST(overdue_method_leaves_what_it_joined)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui waits", "answer c1");
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_ask(s, "car waits", "answer c1");
        sim_advance(s, 20 * USEC_PER_SEC);
        sim_expect(s, "car overdue");
        ck_assert(sim_is_open(s, "answer c1"));
        sim_fulfil(s, "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* A request that does not wait is never overdue. */
START_TEST(transactions_are_not_overdue)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui timeout=120", "answer c1");
        sim_advance(s, 119 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "ui overdue");
        ck_assert(sim_is_open(s, "answer c1"));
}
END_TEST

/* Deadlines run from delivery, not from admission (4.8). Rows: X10 */
START_TEST(deadlines_run_from_delivery)
{
        sim_make(s, "web", "c1", CALL_STATE_RINGING);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_behave(s, "web", SIM_SILENT);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "ui", "answer c2");
        sim_advance(s, 25 * USEC_PER_SEC);
        sim_fail(s, "answer c1");
        sim_expect(s, "sip perform answer c2");
        expect_timeout("answer c2", 30);
}
END_TEST

/* callsd.conf sets all of them. */
START_TEST(limits_set_the_defaults)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.answer_timeout = 7 * USEC_PER_SEC;
        sim_set_limits(s, &limits);
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1");
        expect_timeout("answer c1", 7);
}
END_TEST

/* With nothing pending nothing is due; an ended call is due to be removed. */
START_TEST(next_deadline_is_the_earliest)
{
        ck_assert_uint_eq(engine_next_deadline(sim_engine(s)), USEC_INFINITY);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_uint_eq(engine_next_deadline(sim_engine(s)), USEC_INFINITY);
        sim_ask(s, "ui", "end c1");
        ck_assert_uint_eq(engine_next_deadline(sim_engine(s)),
                          sim_now(s).boottime + 3 * USEC_PER_SEC);
        ck_assert_uint_eq(sim_next(s), 3 * USEC_PER_SEC);
        sim_expect(s, "c1 removed");
        ck_assert_uint_eq(engine_next_deadline(sim_engine(s)), USEC_INFINITY);
}
END_TEST

static TCase *deadline_case(void)
{
        TCase *deadline = story_case("deadline");

        tcase_add_loop_test(deadline, default_deadlines, 0, (int)ARRAY_SIZE(DEFAULTS));
        tcase_add_test(deadline, join_times_out);
        tcase_add_loop_test(deadline, hold_in_front_has_five_seconds, 0, 2);
        tcase_add_test(deadline, deadlines_add_up_inside_a_part);
        tcase_add_loop_test(deadline, requester_sets_its_deadline, 0, 3);
        tcase_add_test(deadline, deadline_has_bounds);
        tcase_add_test(deadline, policy_actions_keep_their_deadline);
        tcase_add_test(deadline, joined_action_has_no_deadline_of_its_own);
        tcase_add_test(deadline, deadlines_run_from_delivery);
        tcase_add_test(deadline, limits_set_the_defaults);
        tcase_add_test(deadline, next_deadline_is_the_earliest);
        return deadline;
}

static TCase *method_case(void)
{
        TCase *method = story_case("method");

        tcase_add_test(method, waiting_method_gets_its_answer_after_twenty_seconds);
        tcase_add_test(method, overdue_method_cancels_what_is_queued);
        tcase_add_test(method, overdue_method_leaves_what_it_joined);
        tcase_add_test(method, transactions_are_not_overdue);
        return method;
}

SUITE_MAIN("deadlines", deadline_case(), method_case());
