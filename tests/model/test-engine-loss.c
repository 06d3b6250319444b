/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers that go, and may come back; a bus that goes; PipeWire that goes. */
#include "model/story.h"

static const enum call_state LIVE[] = {
        CALL_STATE_RINGING,    CALL_STATE_ANSWERING, CALL_STATE_STARTING, CALL_STATE_STARTED,
        CALL_STATE_CONNECTING, CALL_STATE_ACTIVE,    CALL_STATE_HELD,     CALL_STATE_ENDING,
};

/* Rows: R13, A11. Provider gone: its calls end, its actions fail, audio is released at once. */
START_TEST(vanished_provider_loses_its_calls)
{
        sim_make(s, "sip", "c1", LIVE[_i]);
        sim_vanish(s, "sip");
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
        if (LIVE[_i] != CALL_STATE_ENDING)
                sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
        sim_expect_ring(s, "none");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_NONE);
        ck_assert_uint_eq(sim_n_pending(s), 0);
        ck_assert(!engine_in_call(sim_engine(s)));
        sim_advance(s, 100 * USEC_PER_SEC);
        ck_assert_ptr_null(sim_call(s, "c1"));
}
END_TEST

/* Rows: R13. Another provider's calls are left alone. */
START_TEST(vanished_provider_harms_nobody_else)
{
        sim_make(s, "web", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_vanish(s, "sip");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
        sim_refused(s, "ui", "start c3 sip", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
}
END_TEST

/* Rows: R13, X16. The provider whose hold is awaited goes: its call counts as held, we go on. */
START_TEST(vanished_obstacle_lets_the_answer_go_on)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_VANISH);
        sim_ask(s, "ui", "answer c2");
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, "answer c2 fulfilled");
}
END_TEST

/* Rows: R13. In the middle of an answer: the results come, and what was held comes back. */
START_TEST(vanishing_while_answering)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "web", SIM_VANISH);
        sim_ask(s, "ui", "answer c2, mute c1");
        sim_expect_ended(s, "c2", ENDED_REASON_PROVIDER_LOST);
        sim_expect(s, "ui result answer c2 *, mute c1 cancelled");
        sim_expect_none(s, "ui result answer c2 fulfilled*");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: R12, R15. invalidate: ended as failed, the delegate is reset, no late signals (sim). */
START_TEST(invalidated_provider_is_reset)
{
        sim_make(s, "sip", "c1", LIVE[_i]);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_invalidate(s, "sip");
        sim_expect(s, "sip reset");
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
        if (LIVE[_i] != CALL_STATE_ENDING)
                sim_expect_ended(s, "c1", ENDED_REASON_FAILED);
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c3", NULL), REFUSAL_NOT_REGISTERED);
        sim_advance(s, 100 * USEC_PER_SEC);
        sim_expect_count_all(s, "sip reset", 1);
        sim_expect_none_at_all(s, "sip timed-out *");
}
END_TEST

/* Rows: R14. After a reset it registers again and places a call. */
START_TEST(invalidated_provider_begins_anew)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_invalidate(s, "sip");
        sim_provider(s, "sip");
        sim_expect(s, "sip began");
        sim_ask(s, "ui", "start c2 sip");
        sim_expect_state(s, "c2", CALL_STATE_STARTED);
}
END_TEST

static void register_with_grace(const char *name, usec_t grace)
{
        struct provider_config config = sim_config(name);

        config.reclaim_grace = grace;
        ck_assert_int_eq(sim_register(s, name, &config), 0);
}

static int come_back(const char *name, const char *peer, const char *identity, usec_t grace)
{
        struct provider_config config = sim_config(name);

        config.reclaim_grace = grace;
        return sim_register_as(s, name, &config, peer, identity, false);
}

/* It asked for ReclaimGrace: its calls read Reconnecting, their audio is closed. Rows: R13 */
START_TEST(calls_wait_for_their_provider)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "gsm", "c2", CALL_STATE_HELD);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_vanish(s, "gsm");
        ck_assert(sim_call(s, "c1")->reconnecting);
        ck_assert(sim_call(s, "c2")->reconnecting);
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_expect(s, "c1 changed*reconnecting*");
        sim_advance(s, 9 * USEC_PER_SEC);
        ck_assert_int_eq(come_back("gsm", ":gsm2", "1000/gsm", 10 * USEC_PER_SEC), 0);
        ck_assert(!sim_call(s, "c1")->reconnecting);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        ck_assert(sim_is_activated(s, "c1"));
        ck_assert(!sim_is_activated(s, "c2"));
        sim_ask(s, "ui", "end c1");
        sim_expect(s, "gsm perform end c1");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
}
END_TEST

/* Rows: R13 */
START_TEST(grace_runs_out)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        sim_advance(s, 10 * USEC_PER_SEC - 1);
        ck_assert(sim_call(s, "c1")->reconnecting);
        sim_advance(s, 1);
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
        ck_assert_int_eq(come_back("gsm", ":gsm2", "1000/gsm", 0), 0);
        sim_ask(s, "ui", "start c2 gsm");
}
END_TEST

/* Meanwhile `end` works, other actions fail. */
START_TEST(reconnecting_call_can_be_ended)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        if (sim_try_ask(s, "ui", "hold c1") == 0)
                sim_expect_none(s, "ui result hold c1 fulfilled");
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_call(s, "c1")->reconnecting);
        sim_ask(s, "ui", "end c1");
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_expect_all(s, "c1 ended local-ended");
        sim_expect_all(s, "ui result end c1 fulfilled");
        sim_expect_none_at_all(s, "gsm perform end c1");
}
END_TEST

/*
 * The network does not know of it yet: the app that is back ends the call there, or would bring it
 * back to somebody who thinks that nobody listens any more. Rows: R14
 */
START_TEST(call_that_was_ended_meanwhile_is_ended_by_its_app)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        sim_ask(s, "ui", "end c1");
        sim_expect_state(s, "c1", CALL_STATE_ENDING);
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_advance(s, USEC_PER_SEC);
        ck_assert_int_eq(come_back("gsm", ":gsm2", "1000/gsm", 10 * USEC_PER_SEC), 0);
        sim_expect(s, "gsm perform end c1");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_results(s, "end c1 fulfilled");
}
END_TEST

/* Pending actions fail when it goes, they do not wait for it. Rows: R13 */
START_TEST(pending_actions_fail_with_their_provider)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "gsm", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "mute c1");
        sim_vanish(s, "gsm");
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_call(s, "c1")->muted);
}
END_TEST

/* Same identifier, another uid or app: not its calls (9). */
START_TEST(stranger_reclaims_nothing)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        ck_assert_int_eq(come_back("gsm", ":gsm2", "1001/evil", 0), REFUSAL_IDENTIFIER_TAKEN);
        ck_assert(sim_call(s, "c1")->reconnecting);
        ck_assert_int_eq(come_back("gsm", ":gsm3", "1000/gsm", 0), 0);
        ck_assert(!sim_call(s, "c1")->reconnecting);
}
END_TEST

/* The reconnecting call is in somebody's way: it cannot be held, nor is it ended unasked. */
START_TEST(reconnecting_call_in_the_way)
{
        register_with_grace("gsm", 10 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        sim_incoming(s, "sip", "c2");
        sim_try_ask(s, "ui", "answer c2");
        ck_assert_int_ne(sim_call(s, "c1")->state, CALL_STATE_ENDED);
        sim_advance(s, 20 * USEC_PER_SEC);
        ck_assert_int_ne(sim_call(s, "c2")->state, CALL_STATE_ENDED);
}
END_TEST

/* Bus lost is not provider lost: 30 s for everybody, even without ReclaimGrace (9). Rows: R14 */
START_TEST(calls_survive_the_bus)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_bus_lost(s);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_advance(s, 29 * USEC_PER_SEC);
        ck_assert_int_eq(come_back("web", ":web2", "1000/web", 0), 0);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        ck_assert(!sim_call(s, "c2")->reconnecting);
        ck_assert(sim_is_activated(s, "c2"));
        sim_advance(s, 2 * USEC_PER_SEC);
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* callsd keeps state and audio over it: the path is not even closed (9). */
START_TEST(lost_bus_keeps_the_audio)
{
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_mark(s);
        sim_bus_lost(s);
        ck_assert_int_eq(come_back("web", ":web2", "1000/web", 0), 0);
        sim_expect_none(s, "audio c2 no*");
        sim_unmark(s);
}
END_TEST

/* What was closed while the app could not be told, it is told when it is back. Rows: A6 */
START_TEST(session_closed_meanwhile_is_announced)
{
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_bus_lost(s);
        sim_audio_available(s, false);
        ck_assert_int_eq(come_back("web", ":web2", "1000/web", 0), 0);
        sim_expect(s, "web deactivated c2");
        sim_audio_available(s, true);
        sim_expect(s, "web activated c2");
}
END_TEST

/* ReclaimGrace if that is longer (9). */
START_TEST(longer_grace_holds_over_the_bus)
{
        register_with_grace("gsm", 50 * USEC_PER_SEC);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_bus_lost(s);
        sim_advance(s, 49 * USEC_PER_SEC);
        ck_assert_int_ne(sim_call(s, "c1")->state, CALL_STATE_ENDED);
        sim_advance(s, USEC_PER_SEC);
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
}
END_TEST

/* Rows: R14. After a restart without a record the library imports its live calls (9). */
START_TEST(library_imports_after_a_restart)
{
        sim_import(s, "sip", "c1", CALL_STATE_HELD);
        sim_import(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_expect_none_at_all(s, "sip reset");
        sim_expect_none_at_all(s, "sip perform *");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* PipeWire gone and back: deactivated, then activated again (9). Rows: A6 */
START_TEST(pipewire_goes_and_comes_back)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_audio_available(s, false);
        sim_expect(s, "sip deactivated c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(!engine_audio_is_available(sim_engine(s)));
        sim_audio_available(s, true);
        sim_expect(s, "audio c1 linked", "sip activated c1");
        ck_assert(engine_audio_is_available(sim_engine(s)));
        sim_expect_count_all(s, "sip activated c1", 2);
        sim_expect_count_all(s, "sip deactivated c1", 1);
}
END_TEST

/* A provider that is declared but not running is started for an action. Rows: I11 */
START_TEST(declared_provider_is_started)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .can_start = true};

        sim_declare(s, "gsm", &manifest);
        sim_ask(s, "ui", "start c1 gsm");
        sim_expect(s, "gsm start");
        sim_expect_state(s, "c1", CALL_STATE_STARTING);
        sim_advance(s, 2 * USEC_PER_SEC);
        sim_provider(s, "gsm");
        sim_expect(s, "gsm perform start c1");
        sim_expect_state(s, "c1", CALL_STATE_STARTED);
}
END_TEST

/* The deadline runs from the turn; if it passes, the action fails with ProviderAway (4.8). */
START_TEST(declared_provider_that_does_not_come)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .can_start = true};

        sim_declare(s, "gsm", &manifest);
        sim_ask(s, "ui", "start c1 gsm");
        if (_i)
                ck_assert_int_eq(sim_start_failed(s, "gsm"), 0);
        else
                sim_advance(s, 30 * USEC_PER_SEC);
        sim_expect_results(s, "start c1 provider-away");
        sim_expect_ended(s, "c1", ENDED_REASON_FAILED);
}
END_TEST

/* One that was only declared takes no calls before it runs. Rows: X4 */
START_TEST(declared_provider_is_known)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm"};

        sim_declare(s, "gsm", &manifest);
        ck_assert_ptr_nonnull(engine_find_identifier(sim_engine(s), "org.example.gsm"));
        ck_assert_int_ne(sim_try_ask(s, "ui", "start c1 gsm"), REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        sim_provider(s, "gsm");
        sim_vanish(s, "gsm");
        ck_assert_ptr_nonnull(engine_find_identifier(sim_engine(s), "org.example.gsm"));
}
END_TEST

static TCase *gone_case(void)
{
        TCase *gone = story_case("gone");

        tcase_add_loop_test(gone, vanished_provider_loses_its_calls, 0, (int)ARRAY_SIZE(LIVE));
        tcase_add_test(gone, vanished_provider_harms_nobody_else);
        tcase_add_test(gone, vanished_obstacle_lets_the_answer_go_on);
        tcase_add_test(gone, vanishing_while_answering);
        tcase_add_loop_test(gone, invalidated_provider_is_reset, 0, (int)ARRAY_SIZE(LIVE));
        tcase_add_test(gone, invalidated_provider_begins_anew);
        return gone;
}

static TCase *return_case(void)
{
        TCase *back = story_case("return");

        tcase_add_test(back, calls_wait_for_their_provider);
        tcase_add_test(back, grace_runs_out);
        tcase_add_test(back, reconnecting_call_can_be_ended);
        tcase_add_test(back, call_that_was_ended_meanwhile_is_ended_by_its_app);
        tcase_add_test(back, pending_actions_fail_with_their_provider);
        tcase_add_test(back, stranger_reclaims_nothing);
        tcase_add_test(back, reconnecting_call_in_the_way);
        tcase_add_test(back, calls_survive_the_bus);
        tcase_add_test(back, lost_bus_keeps_the_audio);
        tcase_add_test(back, session_closed_meanwhile_is_announced);
        tcase_add_test(back, longer_grace_holds_over_the_bus);
        tcase_add_test(back, library_imports_after_a_restart);
        tcase_add_test(back, pipewire_goes_and_comes_back);
        tcase_add_test(back, declared_provider_is_started);
        tcase_add_loop_test(back, declared_provider_that_does_not_come, 0, 2);
        tcase_add_test(back, declared_provider_is_known);
        return back;
}

SUITE_MAIN("loss", gone_case(), return_case());
