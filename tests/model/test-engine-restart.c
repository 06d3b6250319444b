/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd dies and comes back (call-model.md 9): no call ends, nothing is ordered, and apps notice
 * nothing but what happened meanwhile.
 */
#include "model/story.h"

#include <errno.h>

#include "model/record.h"
#include "support/sim-internal.h"

static const enum call_state LIVE[] = {
        CALL_STATE_RINGING,    CALL_STATE_ANSWERING, CALL_STATE_STARTING, CALL_STATE_STARTED,
        CALL_STATE_CONNECTING, CALL_STATE_ACTIVE,    CALL_STATE_HELD,     CALL_STATE_ENDING,
};

/* PipeWire was there when callsd died. */
static void setup(void)
{
        story_setup();
        sim_audio_available(s, true);
}

static void restart(void)
{
        sim_restart(s, USEC_PER_SEC / 10, "");
}

/* Nothing was said to anybody but to the new adapters. */
static void expect_silence(void)
{
        sim_expect_none(s, "* perform *");
        sim_expect_none(s, "* activated *");
        sim_expect_none(s, "* deactivated *");
        sim_expect_none(s, "* cancelled *");
        sim_expect_none(s, "* began");
        sim_expect_none(s, "* reset");
        sim_expect_none(s, "* result *");
        sim_expect_none(s, "c[0-9] *");
        sim_expect_none(s, "system *");
}

/* ---- nobody notices ---- */

/* Rows: R14. In every state. */
START_TEST(a_call_goes_on)
{
        cleanup_(freep) char *before = NULL, *after = NULL;
        bool activated;

        sim_make(s, "sip", "c1", LIVE[_i]);
        sim_ask(s, "ui", LIVE[_i] == CALL_STATE_ENDING ? "end c1" : "mute c1");
        activated = sim_is_activated(s, "c1");
        before = sim_dump(s);
        sim_mark(s);
        sim_restart(s, 0, "");
        expect_silence();
        sim_audio_available(s, true);
        expect_silence();
        after = sim_dump(s);
        ck_assert_str_eq(before, after);
        ck_assert_int_eq(sim_is_activated(s, "c1"), activated);
        sim_unmark(s);
        sim_try_ask(s, "ui", "end c1");
        if (sim_is_open(s, "end c1"))
                sim_fulfil(s, "end c1");
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
}
END_TEST

/* Rows: R14, A11. Again and again, also before anybody has heard of PipeWire. */
START_TEST(many_deaths)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_incoming(s, "web", "c3");
        sim_mark(s);
        for (int i = 0; i < 10; i++) {
                restart();
                if (i % 3 == 0)
                        sim_audio_available(s, true);
        }
        expect_silence();
        sim_expect_group(s, "c1", "c2", true);
        ck_assert(sim_is_activated(s, "c1"));
        sim_unmark(s);
        sim_ask(s, "ui", "answer c3");
        sim_expect(s, "sip deactivated c1", "web activated c3");
        sim_expect_hold_reason(s, "c2", HOLD_REASON_INTERRUPTED);
        restart();
        sim_ask(s, "ui", "end c3");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* ---- actions ---- */

/* Rows: X10. What was delivered is not delivered again, and has what is left of its time. */
START_TEST(a_deadline_goes_on)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_restart(s, 15 * USEC_PER_SEC, "");
        sim_expect_none(s, "sip perform *");
        sim_advance(s, 4 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_ANSWERING);
        sim_advance(s, USEC_PER_SEC);
        sim_expect(s, "sip timed-out answer c1", "ui result answer c1 timed-out");
}
END_TEST

START_TEST(a_deadline_passes_meanwhile)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_restart(s, 40 * USEC_PER_SEC, "");
        sim_expect_count(s, "sip timed-out answer c1", 1);
        sim_expect_ended(s, "c1", ENDED_REASON_FAILED);
        sim_expect_results(s, "answer c1 timed-out");
}
END_TEST

/* Rows: X8. The id is the same one, so the app's answer comes to the right action. */
START_TEST(an_answer_comes_after_the_restart)
{
        sim_make(s, "web", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        restart();
        sim_expect(s, "audio c1 nodes"); /* silent since the turn of its hold */
        sim_fulfil(s, "hold c1");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, "answer c2 fulfilled");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
}
END_TEST

/* Nobody had taken the effects: they leave after the restart, once. */
START_TEST(what_was_not_said_is_said)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        s->now.boottime += 91 * USEC_PER_SEC;
        s->now.realtime += 91 * USEC_PER_SEC;
        ck_assert_int_eq(engine_tick(s->engine, s->now), 0);
        restart();
        sim_expect_count(s, "sip perform end c1 (policy)", 1);
        sim_expect(s, "c1 ending");
        restart();
        sim_expect_none(s, "sip perform *");
        sim_fulfil(s, "end c1");
        sim_expect_ended(s, "c1", ENDED_REASON_UNANSWERED);
}
END_TEST

/* The daemon that took them died before it could write that down: they leave twice at the worst,
 * and are the same ones. */
START_TEST(effects_are_the_same_again)
{
        const struct engine_host host = sim_host(s);
        struct record_bytes bytes = {0};
        struct engine *other = NULL;
        struct effect a, b;
        const char *problem;
        char x[512], y[512];

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        ck_assert_int_eq(engine_bus_lost(s->engine, s->now), 0);
        ck_assert_int_eq(engine_save(s->engine, &bytes), 0);
        ck_assert_int_eq(
                engine_load(&host, &LIMITS_DEFAULT, bytes.data, bytes.size, &other, &problem), 0);
        while (engine_next_effect(s->engine, &a)) {
                ck_assert(engine_next_effect(other, &b));
                effect_print(&a, x, sizeof(x));
                effect_print(&b, y, sizeof(y));
                ck_assert_str_eq(x, y);
        }
        ck_assert(!engine_next_effect(other, &b));
        engine_free(other);
        record_bytes_done(&bytes);
}
END_TEST

/* A method of Call1 had its reply from the bus when callsd died; what it asked for goes on. */
START_TEST(a_request_outlives_its_reply)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui waits", "hold c1");
        sim_incoming(s, "web", "c2");
        sim_ask(s, "car waits timeout=60", "answer c2");
        restart();
        sim_fulfil(s, "hold c1");
        sim_expect(s, "ui result hold c1 fulfilled", "car result answer c2 fulfilled");
}
END_TEST

/* ---- who is not there any more ---- */

/* Rows: R13 */
START_TEST(a_provider_went_meanwhile)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_HELD);
        sim_restart(s, USEC_PER_SEC, "sip");
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect(s, "audio c1 none");
}
END_TEST

static void register_with_grace(const char *name, usec_t grace, const char *peer)
{
        struct provider_config config = sim_config(name);
        char identity[32];

        config.reclaim_grace = grace;
        snprintf(identity, sizeof(identity), "1000/%s", name);
        ck_assert_int_eq(sim_register_as(s, name, &config, peer, identity, false), 0);
}

/* Rows: R15. It may reclaim, and it was announced before. */
START_TEST(a_provider_comes_back_after_the_restart)
{
        register_with_grace("sip", 5 * USEC_PER_SEC, ":sip");
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_restart(s, USEC_PER_SEC, "sip");
        ck_assert(sim_call(s, "c1")->reconnecting);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_NODES);
        restart();
        ck_assert(sim_call(s, "c1")->reconnecting);
        register_with_grace("sip", 5 * USEC_PER_SEC, ":sip2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(!sim_call(s, "c1")->reconnecting);
        sim_expect(s, "sip activated c1");
}
END_TEST

START_TEST(nobody_comes_back)
{
        register_with_grace("sip", 5 * USEC_PER_SEC, ":sip");
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "sip");
        sim_advance(s, 3 * USEC_PER_SEC);
        sim_restart(s, USEC_PER_SEC, "");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_advance(s, USEC_PER_SEC);
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
}
END_TEST

/* Another bus: the calls wait, are heard, and are claimed by the same apps. */
START_TEST(the_bus_is_another_one)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_restart(s, USEC_PER_SEC, "bus");
        sim_audio_available(s, true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_mark(s);
        register_with_grace("sip", 0, ":sip2");
        register_with_grace("web", 0, ":web2");
        sim_expect_none(s, "sip activated *");
        sim_expect_none(s, "sip deactivated *");
        sim_unmark(s);
        sim_ask(s, "ui", "answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: R13. callsd had asked for the start of an app, and nobody knows what became of that. */
START_TEST(a_provider_was_being_started)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .can_start = true};

        sim_declare(s, "gsm", &manifest);
        sim_ask(s, "ui", "start c1 gsm");
        sim_expect(s, "gsm start");
        restart();
        sim_expect(s, "gsm start");
        sim_provider(s, "gsm");
        sim_expect(s, "gsm perform start c1", "ui result start c1 fulfilled");
}
END_TEST

/* ---- sound ---- */

/* Rows: A6. Wishes are told to the new adapter as they stood. */
START_TEST(wishes_are_told_again)
{
        uint64_t serial;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "mute c1");
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_make(s, "web", "c3", CALL_STATE_ENDED);
        sim_make(s, "web", "c4", CALL_STATE_RINGING);
        sim_make(s, "sip", "c5", CALL_STATE_ENDED);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        serial = sim_audio_serial(s, "c1");
        restart();
        sim_expect(s, "audio c2 gated", "audio c3 none", "audio c4 gated", "audio c1 linked muted",
                   "ring waiting c2");
        ck_assert_uint_eq(sim_audio_serial(s, "c1"), serial);
        sim_expect_count(s, "audio c1 *", 1);
        sim_expect_count(s, "ring *", 1);
}
END_TEST

START_TEST(without_a_ring_none_is_told)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        restart();
        sim_expect_none(s, "ring *");
}
END_TEST

/* It had not been linked yet; then the new adapter says so. */
START_TEST(a_link_comes_after_the_restart)
{
        sim_set_audio(s, SIM_AUDIO_MANUAL);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert(!sim_is_activated(s, "c1"));
        sim_mark(s);
        restart();
        sim_audio_available(s, true);
        sim_expect_none(s, "sip activated c1");
        sim_audio_ready(s, "c1");
        sim_expect_count(s, "sip activated c1", 1);
}
END_TEST

/* Rows: A11. There is no PipeWire any more. */
START_TEST(pipewire_went_meanwhile)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        restart();
        ck_assert(sim_is_activated(s, "c1"));
        sim_audio_available(s, false);
        sim_expect_count(s, "sip deactivated c1", 1);
        sim_expect_none(s, "audio *");
        restart();
        expect_silence();
        sim_expect_none(s, "audio *");
        sim_audio_available(s, true);
        sim_expect(s, "audio c1 linked", "sip activated c1");
        sim_expect_count(s, "sip activated c1", 1);
}
END_TEST

/* Rows: A11. It is another one: whoever finds that out says that the old one went. */
/* Nobody can lose what was not there; and when it comes, calls get their sound. */
START_TEST(pipewire_was_not_there_at_all)
{
        sim_audio_available(s, false);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_audio_ready(s, "c1");
        ck_assert(sim_is_activated(s, "c1"));
        sim_mark(s);
        restart();
        sim_audio_available(s, false);
        expect_silence();
        ck_assert(sim_is_activated(s, "c1"));
        sim_audio_available(s, true);
        sim_expect(s, "sip activated c1");
}
END_TEST

START_TEST(pipewire_is_another_one)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        restart();
        sim_mark(s);
        sim_audio_available(s, false);
        sim_audio_available(s, true);
        sim_expect(s, "sip deactivated c1", "audio c1 linked", "sip activated c1");
        sim_expect_count(s, "sip activated c1", 1);
}
END_TEST

/* And a call that became active before that was known is wished for again, as ever. */
START_TEST(a_call_comes_before_pipewire)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        restart();
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_mark(s);
        sim_audio_available(s, true);
        sim_expect(s, "web deactivated c2", "audio c2 linked", "web activated c2");
        sim_expect_none(s, "audio c1 *");
}
END_TEST

/* ---- the rest ---- */

/* Rows: I10. Its time goes on while callsd is away. */
START_TEST(ringing_has_its_limit)
{
        sim_incoming(s, "sip", "c1");
        sim_advance(s, 50 * USEC_PER_SEC);
        sim_restart(s, 39 * USEC_PER_SEC, "");
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_expect_ring(s, "tone c1");
        sim_restart(s, 2 * USEC_PER_SEC, "");
        sim_expect_ended(s, "c1", ENDED_REASON_UNANSWERED);
        sim_expect(s, "ring none");
}
END_TEST

/* Rows: T22 */
START_TEST(digits_go_on)
{
        const struct uuid id = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = id.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = "0123,45;67"};

        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        sim_connected(s, "c1");
        sim_advance(s, USEC_PER_SEC);
        restart();
        sim_advance(s, USEC_PER_SEC);
        sim_expect(s, "sip perform soft c1 45 (policy)");
        restart();
        ck_assert_int_eq(sim_try_post_dial(s, "ui", "c1"), 0);
        sim_expect(s, "sip perform hard c1 67");
}
END_TEST

/* The configuration may be another one. */
START_TEST(rights_are_asked_for_again)
{
        const struct call_update update = {.set = 0};

        sim_set_entitled(s, false);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", &update), 0);
        restart();
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c2", &update), REFUSAL_INCOMING_UNENTITLED);
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
}
END_TEST

/* Numbers, groups and serials are never used twice, over any number of restarts. */
START_TEST(numbers_are_not_used_again)
{
        const unsigned before = sim_number(s, "web");
        uint64_t group;

        sim_invalidate(s, "web");
        sim_make_group(s, "sip", "c1 c2");
        group = sim_call(s, "c1")->group;
        sim_ask(s, "ui", "leave c2");
        restart();
        sim_provider(s, "web");
        ck_assert_uint_gt(sim_number(s, "web"), before);
        sim_ask(s, "ui", "join c1 c2");
        sim_expect_group(s, "c1", "c2", true);
        ck_assert_uint_gt(sim_call(s, "c1")->group, group);
}
END_TEST

static TCase *restart_case(void)
{
        TCase *restarts = tcase_create("restart");

        tcase_add_checked_fixture(restarts, setup, story_teardown);
        tcase_add_loop_test(restarts, a_call_goes_on, 0, (int)ARRAY_SIZE(LIVE));
        tcase_add_test(restarts, many_deaths);
        tcase_add_test(restarts, a_deadline_goes_on);
        tcase_add_test(restarts, a_deadline_passes_meanwhile);
        tcase_add_test(restarts, an_answer_comes_after_the_restart);
        tcase_add_test(restarts, what_was_not_said_is_said);
        tcase_add_test(restarts, effects_are_the_same_again);
        tcase_add_test(restarts, a_request_outlives_its_reply);
        tcase_add_test(restarts, a_provider_went_meanwhile);
        tcase_add_test(restarts, a_provider_comes_back_after_the_restart);
        tcase_add_test(restarts, nobody_comes_back);
        tcase_add_test(restarts, the_bus_is_another_one);
        tcase_add_test(restarts, a_provider_was_being_started);
        tcase_add_test(restarts, wishes_are_told_again);
        tcase_add_test(restarts, without_a_ring_none_is_told);
        tcase_add_test(restarts, a_link_comes_after_the_restart);
        tcase_add_test(restarts, pipewire_went_meanwhile);
        tcase_add_test(restarts, pipewire_was_not_there_at_all);
        tcase_add_test(restarts, pipewire_is_another_one);
        tcase_add_test(restarts, a_call_comes_before_pipewire);
        tcase_add_test(restarts, ringing_has_its_limit);
        tcase_add_test(restarts, digits_go_on);
        tcase_add_test(restarts, rights_are_asked_for_again);
        tcase_add_test(restarts, numbers_are_not_used_again);
        return restarts;
}

SUITE_MAIN("restart", restart_case());
