/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tone plays, when it stops, and when nobody answers. */
#include "model/story.h"

/* The first plays its provider's ringtone; the others wait their turn. Rows: R9, X17 */
START_TEST(first_call_plays_its_tone)
{
        sim_incoming(s, "sip", "c1");
        sim_expect_ring(s, "tone c1");
        sim_incoming(s, "web", "c2");
        sim_expect_ring(s, "tone c1");
        ck_assert(!sim_call(s, "c2")->waiting);
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_expect_ring(s, "tone c2");
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_expect_ring(s, "none");
}
END_TEST

/* One that arrives during an active call plays the short waiting tone. Rows: X17 */
START_TEST(call_during_a_call_plays_the_waiting_tone)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        sim_expect_ring(s, "waiting c2");
        ck_assert(sim_call(s, "c2")->waiting);
        sim_expect_none_at_all(s, "ring tone c2");
        sim_ask(s, "ui", "end c1");
        ck_assert(!sim_call(s, "c2")->waiting);
        sim_expect(s, "c2 changed*waiting*");
}
END_TEST

/* `Waiting` while another group is active. Rows: X17 */
START_TEST(waiting_follows_the_active_group)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_incoming(s, "web", "c2");
        ck_assert(!sim_call(s, "c2")->waiting);
        sim_ask(s, "ui", "unhold c1");
        ck_assert(sim_call(s, "c2")->waiting);
        sim_ask(s, "ui", "hold c1");
        ck_assert(!sim_call(s, "c2")->waiting);
}
END_TEST

/* Rows: E4, T8. The sound stops on admission of the answer, at an end, wherever it comes from. */
START_TEST(ringing_stops)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        switch (_i) {
        case 0:
                sim_ask(s, "ui", "answer c1");
                break;
        case 1:
                sim_ask(s, "ui", "end c1");
                break;
        case 2:
                sim_ended(s, "c1", ENDED_REASON_ANSWERED_ELSEWHERE);
                break;
        case 3:
                sim_ended(s, "c1", ENDED_REASON_DECLINED_ELSEWHERE);
                break;
        case 4:
                sim_vanish(s, "sip");
                break;
        case 5:
                sim_fact(s, "c1", CALL_STATE_ACTIVE, FACT_SELF);
                break;
        }
        sim_expect(s, "ring none");
        sim_expect_ring(s, "none");
}
END_TEST

/* SilenceRinger: the sound stops, the calls stay; a new call rings again. */
START_TEST(silenced_calls_stay)
{
        sim_incoming(s, "sip", "c1");
        sim_silence(s);
        sim_expect_ring(s, "none");
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_incoming(s, "web", "c2");
        sim_expect_ring(s, "tone c2");
        sim_ask(s, "ui", "end c2");
        sim_expect_ring(s, "none");
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_ask(s, "ui", "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_silence(s);
}
END_TEST

/* Rows: I10. Even if the provider is silent: unanswered, and its provider gets end, policy. */
START_TEST(nobody_answers)
{
        sim_incoming(s, "sip", "c1");
        sim_behave(s, "sip", _i ? SIM_SILENT : SIM_FULFIL);
        sim_advance(s, 90 * USEC_PER_SEC - 1);
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_expect_ring(s, "tone c1");
        sim_advance(s, 1);
        sim_expect(s, "sip perform end c1 (policy)");
        sim_expect_ring(s, "none");
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_expect_all(s, "c1 ended unanswered");
}
END_TEST

/* Rows: I10. Not counted once an answer is admitted; a cancelled answer rings on (4.7). */
START_TEST(ring_clock_stands_still_while_answering)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_advance(s, 88 * USEC_PER_SEC);
        sim_ask(s, "ui", "answer c2");
        sim_expect_ring(s, "none");
        sim_advance(s, 4 * USEC_PER_SEC);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_fail(s, "hold c1");
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_ring(s, "waiting c2");
        sim_advance(s, 2 * USEC_PER_SEC - 1);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_advance(s, 1);
        sim_expect(s, "web perform end c2 (policy)");
        sim_expect_ended(s, "c2", ENDED_REASON_UNANSWERED);
}
END_TEST

/* Rows: I10. An answered call has no ring limit any more. */
START_TEST(answered_call_is_not_unanswered)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_advance(s, 80 * USEC_PER_SEC);
        sim_ask(s, "ui timeout=100", "answer c1");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_ANSWERING);
        sim_fulfil(s, "answer c1");
        sim_advance(s, 600 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

static void alert(struct sim *sim, const char *call, bool alerting, bool early_media)
{
        const struct call_update update = {.set = UPDATE_ALERTING | UPDATE_EARLY_MEDIA,
                                           .alerting = alerting,
                                           .early_media = early_media};

        sim_updated(sim, call, &update);
}

/* Ringback is for the call that is being placed and heard, while nothing else can be. */
START_TEST(ringback_while_it_rings_there)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        alert(s, "c1", true, false);
        ck_assert(!engine_wants_ringback(sim_engine(s)));
        sim_fulfil(s, "start c1");
        ck_assert(engine_wants_ringback(sim_engine(s)));
        alert(s, "c1", true, true);
        ck_assert(!engine_wants_ringback(sim_engine(s)));
        alert(s, "c1", true, false);
        sim_connecting(s, "c1");
        ck_assert(engine_wants_ringback(sim_engine(s)));
        switch (_i) {
        case 0:
                sim_connected(s, "c1");
                break;
        case 1:
                sim_ended(s, "c1", ENDED_REASON_UNANSWERED);
                break;
        case 2:
                sim_ask(s, "ui", "end c1");
                break;
        case 3:
                sim_vanish(s, "sip");
                break;
        case 4:
                alert(s, "c1", false, false);
                break;
        }
        ck_assert(!engine_wants_ringback(sim_engine(s)));
}
END_TEST

START_TEST(no_ringback_for_incoming_calls)
{
        sim_incoming(s, "sip", "c1");
        alert(s, "c1", true, false);
        ck_assert(!engine_wants_ringback(sim_engine(s)));
        ck_assert_int_eq(engine_ring_mode(sim_engine(s)), RING_TONE);
        ck_assert_ptr_eq(engine_ring_call(sim_engine(s)), sim_call(s, "c1"));
        sim_ask(s, "ui", "answer c1");
        ck_assert(!engine_wants_ringback(sim_engine(s)));
        ck_assert_int_eq(engine_ring_mode(sim_engine(s)), RING_NONE);
        ck_assert_ptr_null(engine_ring_call(sim_engine(s)));
}
END_TEST

/* The ring limit is one of callsd.conf's. Rows: I10 */
START_TEST(ring_limit_is_configured)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.ring_limit = 20 * USEC_PER_SEC;
        sim_set_limits(s, &limits);
        sim_incoming(s, "sip", "c1");
        sim_advance(s, 20 * USEC_PER_SEC);
        sim_expect_ended(s, "c1", ENDED_REASON_UNANSWERED);
}
END_TEST

static TCase *ring_case(void)
{
        TCase *ring = story_case("ring");

        tcase_add_test(ring, first_call_plays_its_tone);
        tcase_add_test(ring, call_during_a_call_plays_the_waiting_tone);
        tcase_add_test(ring, waiting_follows_the_active_group);
        tcase_add_loop_test(ring, ringing_stops, 0, 6);
        tcase_add_test(ring, silenced_calls_stay);
        tcase_add_loop_test(ring, nobody_answers, 0, 2);
        tcase_add_test(ring, ring_clock_stands_still_while_answering);
        tcase_add_test(ring, answered_call_is_not_unanswered);
        tcase_add_loop_test(ring, ringback_while_it_rings_there, 0, 5);
        tcase_add_test(ring, no_ringback_for_incoming_calls);
        tcase_add_test(ring, ring_limit_is_configured);
        return ring;
}

SUITE_MAIN("ring", ring_case());
