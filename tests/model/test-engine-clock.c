/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Somebody sets the clock, or the machine sleeps, in the middle of calls. */
#include "model/story.h"

#define HOUR (3600 * USEC_PER_SEC)
#define DAY (24 * HOUR)

static void active_call(usec_t age)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_advance(s, age);
}

/* Dates that people see follow the clock; durations are of the other one, and stay true. */
START_TEST(clock_set_back)
{
        const usec_t connected = sim_now(s).boottime;

        active_call(60 * USEC_PER_SEC);
        sim_set_clock(s, sim_now(s).realtime - DAY);
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        ck_assert_uint_eq(sim_call(s, "c1")->ended_at.realtime, sim_now(s).realtime);
        ck_assert_uint_eq(sim_call(s, "c1")->ended_at.boottime - connected, 60 * USEC_PER_SEC);
}

/* A date by the new clock, of a call that began by the old one. */
START_TEST(clock_set_back_and_a_date)
{
        const struct call *call;

        sim_ask(s, "ui", "start c1 sip");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_set_clock(s, sim_now(s).realtime - DAY);
        ck_assert_int_eq(sim_try_connected(s, "sip", "c1", sim_now(s).realtime - USEC_PER_SEC), 0);
        call = sim_call(s, "c1");
        ck_assert_uint_eq(call->connected_at.realtime, sim_now(s).realtime - USEC_PER_SEC);
        ck_assert_uint_eq(call->connected_at.boottime, sim_now(s).boottime - USEC_PER_SEC);
}

/* An app that still goes by the old clock is not believed beyond the life of the call. */
START_TEST(clock_set_forward_and_a_date)
{
        const struct call *call;
        usec_t before;

        sim_ask(s, "ui", "start c1 sip");
        sim_advance(s, 10 * USEC_PER_SEC);
        before = sim_now(s).realtime;
        sim_set_clock(s, before + DAY);
        ck_assert_int_eq(sim_try_connected(s, "sip", "c1", before), 0);
        call = sim_call(s, "c1");
        ck_assert_uint_eq(call->connected_at.realtime, call->reported_at.realtime);
        ck_assert_uint_eq(call->connected_at.boottime, call->reported_at.boottime);
}

/* Deadlines are not of the clock that people set. */
START_TEST(clock_moves_no_deadline)
{
        static const int days[] = {-1, 1, 365};

        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_set_clock(s, (usec_t)((int64_t)sim_now(s).realtime + days[_i] * (int64_t)DAY));
        sim_advance(s, 30 * USEC_PER_SEC - 1);
        sim_expect_state(s, "c1", CALL_STATE_ANSWERING);
        sim_advance(s, 1);
        sim_expect(s, "sip timed-out answer c1");
}

/* The machine slept for a night: what was due then is due now, all of it and once. */
START_TEST(suspend_while_ringing)
{
        sim_incoming(s, "sip", "c1");
        sim_incoming(s, "web", "c2");
        sim_suspend(s, 8 * HOUR);
        sim_expect_ended(s, "c1", ENDED_REASON_UNANSWERED);
        sim_expect_ended(s, "c2", ENDED_REASON_UNANSWERED);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}

START_TEST(suspend_in_a_call)
{
        active_call(0);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_suspend(s, 8 * HOUR);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_count_all(s, "sip timed-out hold c1", 1);
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_behave(s, "sip", SIM_FULFIL);
        sim_ask(s, "ui", "hold c1");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}

static TCase *clock_case(void)
{
        TCase *clock = story_case("clock");

        tcase_add_test(clock, clock_set_back);
        tcase_add_test(clock, clock_set_back_and_a_date);
        tcase_add_test(clock, clock_set_forward_and_a_date);
        tcase_add_loop_test(clock, clock_moves_no_deadline, 0, 3);
        return clock;
}

static TCase *suspend_case(void)
{
        TCase *suspend = story_case("suspend");

        tcase_add_test(suspend, suspend_while_ringing);
        tcase_add_test(suspend, suspend_in_a_call);
        return suspend;
}

SUITE_MAIN("clock", clock_case(), suspend_case());
