/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audio session: who has it, when it is announced, what the adapter is asked for. */
#include "model/story.h"

/* Rows: A1, A2, A7. Kept silent while it rings, silent nodes first; linked with the fulfil;
 * announced when all is linked. */
START_TEST(session_follows_the_answer)
{
        sim_set_audio(s, SIM_AUDIO_MANUAL);
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_GATED);
        sim_ask(s, "ui", "answer c1");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_NODES);
        sim_audio_ready(s, "c1");
        sim_expect_none(s, "sip activated *");
        sim_fulfil(s, "answer c1");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_expect_none(s, "sip activated *");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_audio_ready(s, "c1");
        sim_expect(s, "sip activated c1");
        sim_audio_ready(s, "c1");
        sim_expect_none(s, "sip activated *");
}
END_TEST

/* A stale serial is ignored. Rows: A6 */
START_TEST(stale_answer_of_the_adapter_is_ignored)
{
        uint64_t serial;

        sim_set_audio(s, SIM_AUDIO_MANUAL);
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        serial = sim_audio_serial(s, "c1");
        sim_fulfil(s, "answer c1");
        ck_assert_uint_ne(sim_audio_serial(s, "c1"), serial);
        sim_audio_ready_serial(s, "c1", serial);
        sim_expect_none(s, "sip activated *");
        sim_audio_ready(s, "c1");
        sim_expect(s, "sip activated c1");
}
END_TEST

/* The adapter is slow: held before it was linked, so never activated. Rows: A6 */
START_TEST(session_that_never_came)
{
        sim_set_audio(s, SIM_AUDIO_NEVER);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "hold c1");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "unhold c1");
        sim_ask(s, "ui", "end c1");
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
        sim_expect_none_at_all(s, "sip activated *");
        sim_expect_none_at_all(s, "sip deactivated *");
}
END_TEST

/* Rows: A3. Ringback before the far end answers. */
START_TEST(session_follows_the_start)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_NODES);
        sim_fulfil(s, "start c1");
        sim_expect(s, "sip activated c1");
        sim_connecting(s, "c1");
        sim_connected(s, "c1");
        sim_expect_count_all(s, "sip activated c1", 1);
        sim_expect_none_at_all(s, "sip deactivated c1");
}
END_TEST

/* Rows: A5, A6. Per call: one that ends is deactivated though another of its provider goes on. */
START_TEST(session_is_per_call)
{
        story_set_groups("sip", 4, 5);
        sim_make_group(s, "sip", "c1 c2");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_expect(s, "sip deactivated c1");
        sim_expect_none(s, "sip deactivated c2");
        ck_assert(sim_is_activated(s, "c2"));
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_expect(s, "sip deactivated c2");
}
END_TEST

/* Rows: A6. Told before the end is announced, never after (sim checks that everywhere). */
START_TEST(session_ends_before_the_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        if (_i) {
                sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
                sim_expect(s, "sip deactivated c1", "c1 ended remote-ended");
        } else {
                sim_behave(s, "sip", SIM_SILENT);
                sim_ask(s, "ui", "end c1");
                sim_expect(s, "sip deactivated c1");
                sim_expect_state(s, "c1", CALL_STATE_ENDING);
        }
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
}
END_TEST

/* On admission of end its audio closes, whatever the provider does (4.9). Rows: T11 */
START_TEST(end_closes_the_audio_at_once)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "end c1");
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_advance(s, 5 * USEC_PER_SEC);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_NONE);
}
END_TEST

/* Rows: X11, X14, A5. One is closed before the other opens, in the order of effects. */
START_TEST(one_closes_before_the_other_opens)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui", "answer c2");
        sim_expect(s, "audio c1 nodes", "sip deactivated c1", "audio c2 linked",
                   "web activated c2");
        ck_assert_int_eq(sim_try_swap(s, "ui", "c1"), 0);
        sim_expect(s, "audio c2 nodes", "web deactivated c2", "audio c1 linked",
                   "sip activated c1");
}
END_TEST

/* A failing hold reopens silently (4.9). Rows: T13 */
START_TEST(failing_hold_reopens)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_FAIL);
        sim_ask(s, "ui", "hold c1");
        sim_expect(s, "audio c1 nodes", "audio c1 linked");
        sim_expect_none(s, "sip *activated c1");
}
END_TEST

/* No nodes of its own: the session is announced all the same. Rows: A2 */
START_TEST(calls_that_do_not_pass_through_us)
{
        struct provider_config config = sim_config("sip");

        config.audio = _i ? CALL_AUDIO_EXTERNAL : CALL_AUDIO_NONE;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_call(s, "c1")->audio, _i ? CALL_AUDIO_EXTERNAL : CALL_AUDIO_NONE);
        sim_expect_all(s, "sip activated c1");
        sim_ask(s, "ui", "hold c1");
        sim_expect(s, "sip deactivated c1");
}
END_TEST

/* Found muted while it was imported: the property says so (audio.md 2). Rows: A9 */
START_TEST(imported_call_found_muted)
{
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_begin(s, "the nodes of c1 are muted");
        ck_assert_int_eq(sim_end(s, engine_audio_found_muted(sim_engine(s), sim_now(s),
                                                             sim_uuid("c1").text)),
                         0);
        ck_assert(sim_call(s, "c1")->muted);
        ck_assert(sim_audio_muted(s, "c1"));
        sim_expect(s, "c1 changed*muted*");
}
END_TEST

/* Without PipeWire the daemon still works. Rows: A6 */
START_TEST(calls_without_pipewire)
{
        sim_audio_available(s, false);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "mute c1");
        sim_ask(s, "ui", "hold c1");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_audio_available(s, true);
        sim_expect_none(s, "sip activated *");
        sim_ask(s, "ui", "unhold c1");
        sim_expect(s, "sip activated c1");
        ck_assert(sim_audio_muted(s, "c1"));
}
END_TEST

static TCase *audio_case(void)
{
        TCase *audio = story_case("audio");

        tcase_add_test(audio, session_follows_the_answer);
        tcase_add_test(audio, stale_answer_of_the_adapter_is_ignored);
        tcase_add_test(audio, session_that_never_came);
        tcase_add_test(audio, session_follows_the_start);
        tcase_add_test(audio, session_is_per_call);
        tcase_add_loop_test(audio, session_ends_before_the_call, 0, 2);
        tcase_add_test(audio, end_closes_the_audio_at_once);
        tcase_add_test(audio, one_closes_before_the_other_opens);
        tcase_add_test(audio, failing_hold_reopens);
        tcase_add_loop_test(audio, calls_that_do_not_pass_through_us, 0, 2);
        tcase_add_test(audio, imported_call_found_muted);
        tcase_add_test(audio, calls_without_pipewire);
        return audio;
}

SUITE_MAIN("audio", audio_case());
