/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payloads of a push service: who gets them, what is owed for them, and what becomes of debts. */
#include "model/story.h"

#define DUTY (7 * USEC_PER_SEC)
#define HOUR (3600 * USEC_PER_SEC)

static void declare(bool can_start)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .can_start = can_start};

        sim_declare(s, "gsm", &manifest);
}

static void come(const char *name)
{
        struct provider_config config = sim_config(name);

        ck_assert_int_eq(sim_register(s, name, &config), 0);
}

static unsigned misses(const char *name)
{
        return sim_provider_of(s, name)->push_misses;
}

static void refused(const char *provider, enum refusal refusal, const char *words)
{
        ck_assert_int_eq(sim_try_push(s, provider, "p"), (int)refusal);
        ck_assert_msg(strstr(engine_explain(sim_engine(s)), words) != NULL, "'%s' without '%s'",
                      engine_explain(sim_engine(s)), words);
}

static void miss(const char *provider)
{
        sim_push_payload(s, provider, "p");
        sim_advance(s, DUTY);
        sim_expect_all(s, "* push-missed p");
}

/* ---- on its way ---- */

/* Rows: I12. Who runs gets it at once, and owes a report for 7 s. */
START_TEST(running_provider_gets_it)
{
        sim_push_payload(s, "sip", "p");
        sim_expect(s, "sip push p (owed)");
        ck_assert_uint_eq(sim_find_push(s, "p")->deadline.at, sim_now(s).boottime + DUTY);
        sim_incoming(s, "sip", "c1");
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_advance(s, 0);
        ck_assert_ptr_null(sim_find_push(s, "p"));
        sim_advance(s, 2 * DUTY);
        sim_expect_none_at_all(s, "* push-missed *");
        ck_assert_uint_eq(misses("sip"), 0);
}
END_TEST

/* Rows: I11. Who does not run is started, and rings. */
START_TEST(absent_provider_is_started)
{
        declare(true);
        sim_push_payload(s, "gsm", "p");
        sim_expect(s, "gsm start");
        sim_expect_none(s, "* push p*");
        sim_push_payload(s, "gsm", "q");
        sim_advance(s, 19 * USEC_PER_SEC);
        come("gsm");
        sim_expect(s, "gsm began", "gsm push p (owed)", "gsm push q (owed)");
        ck_assert_uint_eq(sim_find_push(s, "p")->deadline.at, sim_now(s).boottime + DUTY);
        sim_incoming(s, "gsm", "c1");
        sim_expect_ring(s, "tone c1");
        sim_advance(s, DUTY);
        sim_expect(s, "gsm push-missed q"); /* each payload is owed a report of its own */
        sim_expect_none_at_all(s, "* push-missed p");
}
END_TEST

START_TEST(start_that_fails)
{
        declare(true);
        sim_push_payload(s, "gsm", "p");
        ck_assert_int_eq(sim_start_failed(s, "gsm"), 0);
        sim_expect(s, "gsm push-failed p");
        ck_assert_ptr_null(sim_find_push(s, "p"));
        sim_push_payload(s, "gsm", "q");
        sim_expect(s, "gsm start");
}
END_TEST

/* It was started and hangs; the next payload may try again. */
START_TEST(started_provider_does_not_come)
{
        declare(true);
        sim_push_payload(s, "gsm", "p");
        sim_advance(s, 20 * USEC_PER_SEC);
        sim_expect(s, "gsm push-failed p");
        ck_assert_int_eq(sim_provider_of(s, "gsm")->state, PROVIDER_DECLARED);
        sim_push_payload(s, "gsm", "q");
        sim_expect(s, "gsm start");
        come("gsm");
        sim_expect(s, "gsm push q (owed)");
        sim_expect_none(s, "gsm push p*");
        ck_assert_uint_eq(misses("gsm"), 0);
}
END_TEST

/* One that waits for another payload, or has a call to place, goes on being awaited. */
START_TEST(start_is_given_up_when_nothing_waits)
{
        declare(true);
        sim_push_payload(s, "gsm", "p");
        sim_advance(s, USEC_PER_SEC);
        sim_push_payload(s, "gsm", "q");
        sim_advance(s, 19 * USEC_PER_SEC);
        sim_expect(s, "gsm push-failed p");
        ck_assert_int_eq(sim_provider_of(s, "gsm")->state, PROVIDER_STARTING);
        sim_ask(s, "ui", "start c1 gsm");
        sim_advance(s, USEC_PER_SEC);
        ck_assert_int_eq(sim_provider_of(s, "gsm")->state, PROVIDER_STARTING);
}
END_TEST

START_TEST(who_may_not_have_one)
{
        declare(false);
        refused("nobody", REFUSAL_REQUEST_UNKNOWN_PROVIDER, "\"org.example.nobody\"");
        refused("gsm", REFUSAL_PROVIDER_AWAY, "BusName=");
        sim_set_entitled(s, false);
        come("web2");
        refused("web2", REFUSAL_INCOMING_UNENTITLED, "Providers=");
}
END_TEST

START_TEST(payload_has_a_size)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.push_size = 3;
        sim_set_limits(s, &limits);
        ck_assert_int_eq(sim_try_push(s, "sip", "1234"), REFUSAL_LIMIT_REACHED);
        ck_assert_ptr_nonnull(strstr(engine_explain(sim_engine(s)), "more than 3 bytes"));
        ck_assert_int_eq(sim_try_push(s, "sip", "123"), 0);
        ck_assert_int_eq(sim_try_push(s, "sip", ""), 0);
}
END_TEST

START_TEST(payloads_have_a_number)
{
        declare(true);
        for (unsigned i = 0; i < LIMITS_DEFAULT.pushes_per_provider; i++)
                sim_push_payload(s, "gsm", "p");
        refused("gsm", REFUSAL_LIMIT_REACHED, "16 payloads for org.example.gsm");
        sim_push_payload(s, "sip", "p");
        come("gsm");
        refused("gsm", REFUSAL_LIMIT_REACHED, "16 payloads for org.example.gsm");
        sim_incoming(s, "gsm", "c1");
        sim_advance(s, 0);
        sim_push_payload(s, "gsm", "p");
}
END_TEST

/* ---- what is owed ---- */

/* Rows: I12. Who has a call owes nothing: the payload may well be about that one. */
START_TEST(who_has_a_call_owes_nothing)
{
        sim_make(s, "sip", "c1", (enum call_state)_i);
        sim_push_payload(s, "sip", "p");
        sim_expect(s, "sip push p");
        sim_expect_none(s, "sip push p (owed)");
        sim_advance(s, 2 * DUTY);
        ck_assert_uint_eq(misses("sip"), 0);
        sim_push_payload(s, "web", "q");
        sim_expect(s, "web push q (owed)");
}
END_TEST

START_TEST(ended_call_is_none)
{
        sim_make(s, "sip", "c1", CALL_STATE_ENDED);
        sim_push_payload(s, "sip", "p");
        sim_expect(s, "sip push p (owed)");
}
END_TEST

/* Rows: I2, I12. It was reported, that the user is not to be disturbed is not the app's fault. */
START_TEST(refused_report_counts)
{
        sim_set_do_not_disturb(s, true);
        miss("sip");
        sim_push_payload(s, "sip", "p");
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_DO_NOT_DISTURB);
        sim_advance(s, 0);
        ck_assert_ptr_null(sim_find_push(s, "p"));
        ck_assert_uint_eq(misses("sip"), 0);
}
END_TEST

/* Rows: I3. Also of a call that there is, which is how one says that a payload was not needed. */
START_TEST(report_of_a_known_call_counts)
{
        sim_push_payload(s, "sip", "p");
        sim_push_payload(s, "sip", "q");
        sim_incoming(s, "sip", "c1");
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
        sim_advance(s, DUTY);
        sim_expect_none_at_all(s, "* push-missed *");
}
END_TEST

START_TEST(imported_call_counts)
{
        sim_push_payload(s, "sip", "p");
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_push_payload(s, "web", "q");
        ck_assert_int_gt(
                sim_try_import(s, "web", "c1", &(struct call_import){.state = CALL_STATE_RINGING}),
                0);
        sim_advance(s, DUTY);
        sim_expect_none_at_all(s, "* push-missed *");
}
END_TEST

START_TEST(other_reports_do_not_count)
{
        sim_push_payload(s, "sip", "p");
        sim_push_payload(s, "web", "q");
        sim_incoming(s, "web", "c1");
        sim_ask(s, "ui", "start c2 sip");
        sim_connecting(s, "c2");
        sim_import(s, "web", "c1", CALL_STATE_RINGING);
        sim_advance(s, DUTY);
        sim_expect(s, "sip push-missed p");
        sim_expect_none(s, "web push-missed *");
}
END_TEST

/* Too late is too late, and is nobody else's report either. */
START_TEST(late_report_is_none)
{
        sim_push_payload(s, "sip", "p");
        sim_advance(s, DUTY);
        sim_expect(s, "sip push-missed p", "sip configured");
        ck_assert_uint_eq(misses("sip"), 1);
        sim_incoming(s, "sip", "c1");
        sim_advance(s, USEC_PER_SEC);
        ck_assert_uint_eq(misses("sip"), 1);
}
END_TEST

/* ---- who does not report ---- */

START_TEST(third_miss_shuts_out)
{
        miss("sip");
        miss("sip");
        ck_assert_uint_eq(sim_provider_of(s, "sip")->push_throttled_until, 0);
        miss("sip");
        ck_assert_uint_eq(misses("sip"), 3);
        ck_assert_uint_eq(sim_provider_of(s, "sip")->push_throttled_until,
                          sim_now(s).boottime + HOUR);
        refused("sip", REFUSAL_LIMIT_REACHED, "60 min");
        sim_advance(s, HOUR - 90 * USEC_PER_SEC);
        refused("sip", REFUSAL_LIMIT_REACHED, "2 min");
        sim_push_payload(s, "web", "p"); /* nobody else's fault */
}
END_TEST

/* One an hour, and no second beside it. */
START_TEST(second_chance)
{
        for (unsigned i = 0; i < 3; i++)
                miss("sip");
        sim_advance(s, HOUR);
        sim_push_payload(s, "sip", "q");
        sim_expect(s, "sip configured", "sip push q (owed)");
        refused("sip", REFUSAL_LIMIT_REACHED, "60 min");
        sim_advance(s, DUTY);
        ck_assert_uint_eq(misses("sip"), 4);
        sim_advance(s, HOUR - 1);
        refused("sip", REFUSAL_LIMIT_REACHED, "1 min");
        sim_advance(s, 1);
        sim_push_payload(s, "sip", "r");
        sim_incoming(s, "sip", "c1");
        sim_advance(s, 0);
        sim_expect(s, "sip configured");
        ck_assert_uint_eq(misses("sip"), 0);
        ck_assert_uint_eq(sim_provider_of(s, "sip")->push_throttled_until, 0);
        sim_push_payload(s, "sip", "p");
}
END_TEST

START_TEST(kept_duty_clears_misses)
{
        miss("sip");
        miss("sip");
        sim_push_payload(s, "sip", "p");
        sim_incoming(s, "sip", "c1");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_advance(s, DUTY);
        ck_assert_uint_eq(misses("sip"), 0);
        miss("sip");
        miss("sip");
        sim_push_payload(s, "sip", "p");
        sim_expect(s, "sip push p (owed)");
}
END_TEST

/* Whoever never reports has missed as many as can be counted. */
START_TEST(misses_do_not_overflow)
{
        struct provider *sip = (struct provider *)(uintptr_t)sim_provider_of(s, "sip");

        sip->push_misses = UINT32_MAX;
        sip->push_throttled_until = sim_now(s).boottime;
        miss("sip");
        ck_assert_uint_eq(misses("sip"), UINT32_MAX);
}
END_TEST

/* What owes nothing proves nothing. */
START_TEST(exempt_payload_clears_nothing)
{
        miss("sip");
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_push_payload(s, "sip", "p");
        sim_advance(s, DUTY);
        ck_assert_uint_eq(misses("sip"), 1);
}
END_TEST

/* ---- who goes ---- */

/* It was about to leave when the payload came: it may never have read it. */
START_TEST(vanished_provider_gets_it_again)
{
        declare(true);
        come("gsm");
        sim_push_payload(s, "gsm", "p");
        sim_vanish(s, "gsm");
        sim_expect(s, "gsm start");
        sim_advance(s, 10 * USEC_PER_SEC);
        come("gsm");
        sim_expect(s, "gsm push p (owed)");
        sim_vanish(s, "gsm"); /* but not for ever */
        sim_expect_none(s, "gsm start");
        come("gsm");
        sim_expect_none(s, "gsm push p*");
        sim_advance(s, DUTY);
        sim_expect_all(s, "gsm push-missed p");
        ck_assert_uint_eq(misses("gsm"), 1);
}
END_TEST

/* Rows: R13. Likewise with calls that wait for it. */
START_TEST(reclaiming_provider_gets_what_waited)
{
        struct provider_config config = sim_config("sip");

        config.reclaim_grace = 10 * USEC_PER_SEC;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_push_payload(s, "sip", "p");
        sim_ask(s, "ui", "start c1 sip");
        sim_vanish(s, "sip");
        sim_push_payload(s, "sip", "q");
        sim_expect_none(s, "sip start"); /* no manifest says how */
        come("sip");
        sim_expect(s, "sip push p", "sip push q");
        sim_advance(s, DUTY);
        ck_assert_uint_eq(misses("sip"), 0);
}
END_TEST

START_TEST(forgotten_provider_owes_nothing)
{
        sim_push_payload(s, "sip", "p");
        sim_vanish(s, "sip");
        ck_assert_ptr_null(sim_find_push(s, "p"));
        sim_advance(s, DUTY);
        sim_expect_none_at_all(s, "* push-missed *");
        sim_expect_none_at_all(s, "* push-failed *");
}
END_TEST

/* The wait is not for ever, and ends with the grace. */
START_TEST(waits_for_who_does_not_return)
{
        struct provider_config config = sim_config("sip");

        config.reclaim_grace = 10 * USEC_PER_SEC;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "sip");
        sim_push_payload(s, "sip", "p");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect(s, "sip push-failed p", "sip gone");
}
END_TEST

/* All at one moment: the grace is over, and so is the time for which its last call is listed. */
START_TEST(forgotten_with_its_last_call)
{
        struct provider_config config = sim_config("sip");

        config.reclaim_grace = 10 * USEC_PER_SEC;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "sip");
        sim_advance(s, 3 * USEC_PER_SEC);
        sim_ask(s, "ui", "end c1");
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_push_payload(s, "sip", "p");
        sim_suspend(s, 3 * USEC_PER_SEC);
        sim_expect(s, "sip push-failed p", "sip gone", "c1 removed");
        sim_advance(s, USEC_PER_SEC);
        ck_assert_uint_eq(engine_next_deadline(sim_engine(s)), USEC_INFINITY);
}
END_TEST

START_TEST(lost_bus_loses_no_payload)
{
        declare(true);
        come("gsm");
        sim_push_payload(s, "gsm", "p");
        sim_bus_lost(s);
        sim_expect_none(s, "gsm start");
        come("gsm");
        sim_expect(s, "gsm push p (owed)");
}
END_TEST

/* The end of callsd, in the middle of things. */
START_TEST(world_ends_while_payloads_wait)
{
        struct provider_config config = sim_config("sip");

        declare(true);
        config.reclaim_grace = 10 * USEC_PER_SEC;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_push_payload(s, "web", "p");
        sim_push_payload(s, "gsm", "q");
        sim_vanish(s, "sip");
        sim_push_payload(s, "sip", "r");
        sim_push_payload(s, "sip", "s");
}
END_TEST

/* ---- over a restart ---- */

START_TEST(payload_waits_over_a_restart)
{
        declare(true);
        sim_push_payload(s, "gsm", "p");
        sim_restart(s, USEC_PER_SEC, "");
        sim_expect(s, "gsm start");
        come("gsm");
        sim_expect(s, "gsm push p (owed)");
        sim_restart(s, USEC_PER_SEC, "");
        sim_incoming(s, "gsm", "c1");
        sim_advance(s, DUTY);
        sim_expect_none_at_all(s, "* push-missed *");
}
END_TEST

/* Who reported to a callsd that died of it has reported. */
START_TEST(refused_report_is_on_record)
{
        sim_set_do_not_disturb(s, true);
        sim_push_payload(s, "sip", "p");
        ck_assert_int_gt(sim_try_incoming(s, "sip", "c1", NULL), 0);
        sim_restart(s, 2 * DUTY, "");
        sim_expect_none_at_all(s, "* push-missed *");
        ck_assert_ptr_null(sim_find_push(s, "p"));
}
END_TEST

START_TEST(misses_survive_a_restart)
{
        for (unsigned i = 0; i < 3; i++)
                miss("sip");
        sim_restart(s, USEC_PER_SEC, "");
        refused("sip", REFUSAL_LIMIT_REACHED, "60 min");
}
END_TEST

/* An app that comes back in its grace, and had been given no start. */
START_TEST(restart_starts_who_is_away)
{
        struct provider_config config = sim_config("gsm");

        declare(true);
        config.reclaim_grace = 100 * USEC_PER_SEC;
        ck_assert_int_eq(sim_register(s, "gsm", &config), 0);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        sim_push_payload(s, "gsm", "p");
        sim_expect(s, "gsm start");
        sim_restart(s, USEC_PER_SEC, "");
        sim_expect(s, "gsm start");
        ck_assert_int_eq(sim_start_failed(s, "gsm"), 0); /* it may come by itself */
        come("gsm");
        sim_expect(s, "gsm push p");
}
END_TEST

static TCase *way_case(void)
{
        TCase *way = story_case("way");

        tcase_add_test(way, running_provider_gets_it);
        tcase_add_test(way, absent_provider_is_started);
        tcase_add_test(way, start_that_fails);
        tcase_add_test(way, started_provider_does_not_come);
        tcase_add_test(way, start_is_given_up_when_nothing_waits);
        tcase_add_test(way, who_may_not_have_one);
        tcase_add_test(way, payload_has_a_size);
        tcase_add_test(way, payloads_have_a_number);
        return way;
}

static TCase *duty_case(void)
{
        TCase *duty = story_case("duty");

        tcase_add_loop_test(duty, who_has_a_call_owes_nothing, CALL_STATE_RINGING,
                            CALL_STATE_ENDED);
        tcase_add_test(duty, ended_call_is_none);
        tcase_add_test(duty, refused_report_counts);
        tcase_add_test(duty, report_of_a_known_call_counts);
        tcase_add_test(duty, imported_call_counts);
        tcase_add_test(duty, other_reports_do_not_count);
        tcase_add_test(duty, late_report_is_none);
        tcase_add_test(duty, third_miss_shuts_out);
        tcase_add_test(duty, second_chance);
        tcase_add_test(duty, kept_duty_clears_misses);
        tcase_add_test(duty, misses_do_not_overflow);
        tcase_add_test(duty, exempt_payload_clears_nothing);
        return duty;
}

static TCase *gone_case(void)
{
        TCase *gone = story_case("gone");

        tcase_add_test(gone, vanished_provider_gets_it_again);
        tcase_add_test(gone, reclaiming_provider_gets_what_waited);
        tcase_add_test(gone, forgotten_provider_owes_nothing);
        tcase_add_test(gone, waits_for_who_does_not_return);
        tcase_add_test(gone, forgotten_with_its_last_call);
        tcase_add_test(gone, lost_bus_loses_no_payload);
        tcase_add_test(gone, world_ends_while_payloads_wait);
        tcase_add_test(gone, payload_waits_over_a_restart);
        tcase_add_test(gone, refused_report_is_on_record);
        tcase_add_test(gone, misses_survive_a_restart);
        tcase_add_test(gone, restart_starts_who_is_away);
        return gone;
}

SUITE_MAIN("push", way_case(), duty_case(), gone_case());
