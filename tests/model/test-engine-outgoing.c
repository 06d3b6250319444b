/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outgoing calls: start, its date and failure, the two reports, who places a call. */
#include "model/story.h"

/* Rows: T1, A3 */
START_TEST(start_reaches_the_provider)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        sim_expect(s, "sip perform start c1");
        sim_expect_state(s, "c1", CALL_STATE_STARTING);
        ck_assert(sim_call(s, "c1")->outgoing);
        ck_assert_str_eq(sim_call(s, "c1")->handle, "sip:c1@example.org");
        ck_assert(engine_in_call(sim_engine(s)));
        sim_expect_none_at_all(s, "ring tone *");
        sim_expect_none_at_all(s, "sip activated *");
        sim_fulfil(s, "start c1");
        sim_expect(s, "c1 started", "sip activated c1");
        sim_expect_results(s, "start c1 fulfilled");
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, 0);
}
END_TEST

/* Rows: T2 */
START_TEST(start_with_a_known_uuid_is_refused)
{
        sim_incoming(s, "web", "c1");
        sim_refused(s, "ui", "start c1 sip", REFUSAL_REQUEST_UUID_EXISTS);
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_refused(s, "ui", "start c1 sip", REFUSAL_REQUEST_UUID_EXISTS);
        sim_refused(s, "ui", "start c2 sip, start c2 sip", REFUSAL_REQUEST_UUID_EXISTS);
        sim_advance(s, 3 * USEC_PER_SEC);
        sim_ask(s, "ui", "start c1 sip");
        sim_expect_none_at_all(s, "sip perform start c2*");
}
END_TEST

/* Rows: T3 */
START_TEST(start_carries_video_contact_and_account)
{
        const struct uuid c1 = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = c1.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_EMAIL_ADDRESS,
                                         .handle = "ada@example.org",
                                         .contact = "contact-7",
                                         .account = "line2",
                                         .video = true};
        struct provider_config config = sim_config("sip");

        config.supports_video = true;
        config.accounts = calloc(1, sizeof(*config.accounts));
        config.n_accounts = 1;
        config.accounts[0].id = strdup("line2");
        config.accounts[0].label = strdup("Line 2");
        config.accounts[0].state = strdup("");
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_behave(s, "sip", SIM_SILENT);
        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        sim_expect(s, "sip perform start c1");
        ck_assert(sim_action(s, "start c1")->video);
        ck_assert(sim_call(s, "c1")->video);
        ck_assert_str_eq(sim_call(s, "c1")->contact, "contact-7");
        ck_assert_str_eq(sim_call(s, "c1")->account, "line2");
        ck_assert_str_eq(sim_call(s, "c1")->handle, "ada@example.org");
        ck_assert_int_eq(sim_call(s, "c1")->handle_type, HANDLE_TYPE_EMAIL_ADDRESS);
}
END_TEST

/* Rows: R7 */
START_TEST(video_start_needs_a_video_provider)
{
        struct provider_config config = sim_config("sip");

        sim_refused(s, "ui", "start c1 sip video", REFUSAL_REQUEST_INVALID_ACTION);
        config.supports_video = true;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_ask(s, "ui", "start c1 sip video");
}
END_TEST

/* Rows: R8 */
START_TEST(start_needs_a_supported_handle_type)
{
        struct provider_config config = sim_config("sip");

        config.handle_types = 1u << HANDLE_TYPE_PHONE_NUMBER;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_refused(s, "ui", "start c1 sip", REFUSAL_REQUEST_INVALID_ACTION);
        config = sim_config("sip");
        config.handle_types = 1u << HANDLE_TYPE_PHONE_NUMBER | 1u << HANDLE_TYPE_GENERIC;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_ask(s, "ui", "start c1 sip");
}
END_TEST

/* Rows: T4 */
START_TEST(start_date_is_given_or_now)
{
        const usec_t requested = sim_now(s).realtime;
        const struct action_outcome outcome = {.date = _i ? requested + 7 : 0};

        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        sim_advance(s, USEC_PER_SEC);
        ck_assert_int_eq(sim_try_fulfil(s, "start c1", &outcome), 0);
        ck_assert_uint_eq(sim_call(s, "c1")->started_at.realtime,
                          _i ? requested + 7 : sim_now(s).realtime);
}
END_TEST

/* Rows: T5, S4 */
START_TEST(failed_start_ends_the_call)
{
        const struct action_outcome outcome = {.reason = "no such number",
                                               .cause = ENDED_CAUSE_NO_SUCH_NUMBER};

        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        ck_assert_int_eq(sim_try_fail(s, "start c1", &outcome), 0);
        sim_expect(s, "c1 ended failed");
        sim_expect_results(s, "start c1 failed");
        ck_assert_str_eq(sim_last_reason(s, 0), "no such number");
        ck_assert_int_eq(sim_call(s, "c1")->ended_cause, ENDED_CAUSE_NO_SUCH_NUMBER);
        sim_expect_none_at_all(s, "sip activated *");
}
END_TEST

/* Rows: G1, G2, A3, A6 */
START_TEST(outgoing_call_connects_step_by_step)
{
        const usec_t connected = sim_now(s).realtime + USEC_PER_SEC;

        sim_ask(s, "ui", "start c1 sip");
        sim_expect(s, "c1 started", "sip activated c1");
        sim_connecting(s, "c1");
        sim_expect(s, "c1 connecting");
        sim_advance(s, 3 * USEC_PER_SEC);
        ck_assert_int_eq(sim_try_connected(s, "sip", "c1", connected), 0);
        sim_expect(s, "c1 active");
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, connected);
        sim_expect_count_all(s, "sip activated c1", 1);
        ck_assert_int_eq(sim_try_connected(s, "sip", "c1", 0), 0);
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, connected);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: G2. Connected implies the missing steps, the start's fulfil among them. */
START_TEST(connected_implies_what_is_missing)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        if (_i)
                sim_fulfil(s, "start c1");
        sim_connected(s, "c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_results(s, "start c1 fulfilled");
        ck_assert_uint_ne(sim_call(s, "c1")->connected_at.realtime, 0);
        ck_assert(sim_is_activated(s, "c1"));
        if (!_i)
                ck_assert_int_eq(sim_try_fulfil(s, "start c1", NULL), REFUSAL_UNKNOWN_ACTION);
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_none_at_all(s, "sip timed-out *");
}
END_TEST

/* Rows: G1. Apps report connecting right away, before they fulfil. */
START_TEST(connecting_is_legal_while_starting)
{
        int r;

        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        sim_connecting(s, "c1");
        r = sim_try_fulfil(s, "start c1", NULL);
        ck_assert(r == 0 || r == REFUSAL_UNKNOWN_ACTION);
        sim_expect_state(s, "c1", CALL_STATE_CONNECTING);
        sim_expect_results(s, "start c1 fulfilled");
        ck_assert(sim_is_activated(s, "c1"));
        sim_connected(s, "c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_count_all(s, "sip activated c1", 1);
}
END_TEST

/* Rows: G3 */
START_TEST(outgoing_reports_on_an_incoming_call_are_refused)
{
        static const enum call_state states[] = {CALL_STATE_RINGING, CALL_STATE_ANSWERING,
                                                 CALL_STATE_ACTIVE, CALL_STATE_HELD};

        sim_make(s, "sip", "c1", states[_i]);
        ck_assert_int_gt(sim_try_connecting(s, "sip", "c1", 0), 0);
        ck_assert_int_gt(sim_try_connected(s, "sip", "c1", 0), 0);
        sim_expect_state(s, "c1", states[_i]);
}
END_TEST

static const enum call_state LIVE_STATES[] = {
        CALL_STATE_RINGING,    CALL_STATE_ANSWERING, CALL_STATE_STARTING, CALL_STATE_STARTED,
        CALL_STATE_CONNECTING, CALL_STATE_ACTIVE,    CALL_STATE_HELD,     CALL_STATE_ENDING,
};

static const enum ended_reason REPORTED[] = {
        ENDED_REASON_FAILED,
        ENDED_REASON_REMOTE_ENDED,
        ENDED_REASON_UNANSWERED,
        ENDED_REASON_ANSWERED_ELSEWHERE,
        ENDED_REASON_DECLINED_ELSEWHERE,
        ENDED_REASON_LOCAL_ENDED,
};

#define N_ENDINGS (ARRAY_SIZE(LIVE_STATES) * ARRAY_SIZE(REPORTED))

/* Rows: E1, E2, E3, E4, E6 */
START_TEST(reported_end_ends_in_every_state)
{
        const enum call_state state = LIVE_STATES[(size_t)_i / ARRAY_SIZE(REPORTED)];
        const enum ended_reason reason = REPORTED[(size_t)_i % ARRAY_SIZE(REPORTED)];

        sim_make(s, "sip", "c1", state);
        sim_ended(s, "c1", reason);
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
        if (state != CALL_STATE_ENDING)
                sim_expect_ended(s, "c1", reason);
        sim_expect_ring(s, "none");
        sim_expect(s, "c1 record");
        sim_expect_none(s, "sip perform *");
        sim_refused(s, "ui", "end c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "mute c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "hold c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect(s, "c1 removed");
        sim_expect_none_at_all(s, "sip timed-out *");
        sim_refused(s, "ui", "end c1", REFUSAL_REQUEST_UNKNOWN_CALL);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* Rows: E5 */
START_TEST(end_date_is_given_or_now)
{
        const usec_t ringing = sim_now(s).realtime;
        struct call_ending ending = {
                .reason = ENDED_REASON_REMOTE_ENDED, .cause = ENDED_CAUSE_BUSY, .text = "486"};

        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_advance(s, 2 * USEC_PER_SEC);
        ck_assert_int_eq(sim_try_ended(s, "sip", "c1", &ending), 0);
        ck_assert_uint_eq(sim_call(s, "c1")->ended_at.realtime, sim_now(s).realtime);
        ck_assert_int_eq(sim_call(s, "c1")->ended_cause, ENDED_CAUSE_BUSY);
        ck_assert_str_eq(sim_call(s, "c1")->ended_text, "486");
        ending.date = ringing + 5;
        ck_assert_int_eq(sim_try_ended(s, "sip", "c2", &ending), 0);
        ck_assert_uint_eq(sim_call(s, "c2")->ended_at.realtime, ringing + 5);
}
END_TEST

/* Rows: X4, V7. A start without a provider: the requester's own, else the default, else nobody. */
START_TEST(start_finds_its_provider)
{
        sim_refused(s, "ui", "start c1 -", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        sim_ask(s, "web", "start c1 -");
        sim_expect(s, "web perform start c1 (self)");
        sim_ask(s, "ui", "end c1");
        ck_assert_int_eq(sim_set_default(s, "generic", "org.example.sip"), 0);
        sim_expect(s, "system*default-providers*");
        sim_ask(s, "ui", "start c2 -");
        sim_expect(s, "sip perform start c2");
        sim_ask(s, "ui", "end c2");
        ck_assert_int_eq(sim_set_default(s, "generic", ""), 0);
        sim_refused(s, "ui", "start c3 -", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
}
END_TEST

/* Rows: X4 */
START_TEST(unknown_provider_is_refused)
{
        sim_refused(s, "ui", "start c1 nobody", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        sim_invalidate(s, "sip");
        sim_refused(s, "ui", "start c1 sip", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
}
END_TEST

/* Rows: R4 */
START_TEST(start_beyond_the_slots_is_refused)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "start c2 sip");
        sim_connected(s, "c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_refused(s, "ui", "start c3 sip", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        sim_ask(s, "ui", "start c3 web");
        sim_expect_state(s, "c3", CALL_STATE_STARTED);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
}
END_TEST

/* Rows: R4. A ringing call and an ending one use no slot. */
START_TEST(ringing_and_ending_calls_use_no_slot)
{
        story_set_groups("sip", 1, 5);
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave_for(s, "sip", ACTION_END, SIM_SILENT);
        sim_ask(s, "ui", "start c2 sip");
        sim_refused(s, "ui", "start c3 sip", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        sim_ask(s, "ui", "end c2");
        sim_expect_state(s, "c2", CALL_STATE_ENDING);
        sim_ask(s, "ui", "start c3 sip");
        sim_expect_state(s, "c3", CALL_STATE_STARTED);
}
END_TEST

/* Rows: T11, E6. An end whose start was never delivered is callsd's own business (4.4). */
START_TEST(queued_start_is_ended_by_callsd_alone)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
        sim_ask(s, "ui may-end", "start c2 web");
        sim_expect_none_at_all(s, "web perform *");
        sim_expect_state(s, "c2", CALL_STATE_STARTING);
        sim_ask(s, "car", "end c2");
        sim_expect_state(s, "c2", CALL_STATE_ENDED);
        sim_expect_none_at_all(s, "web *perform*");
        sim_expect(s, "car result end c2 fulfilled");
        sim_expect(s, "ui result start c2 *");
        sim_expect_none(s, "*start c2 fulfilled*");
        sim_expect_state(s, "c1", CALL_STATE_STARTING);
}
END_TEST

static TCase *start_case(void)
{
        TCase *start = story_case("start");

        tcase_add_test(start, start_reaches_the_provider);
        tcase_add_test(start, start_with_a_known_uuid_is_refused);
        tcase_add_test(start, start_carries_video_contact_and_account);
        tcase_add_test(start, video_start_needs_a_video_provider);
        tcase_add_test(start, start_needs_a_supported_handle_type);
        tcase_add_loop_test(start, start_date_is_given_or_now, 0, 2);
        tcase_add_test(start, failed_start_ends_the_call);
        tcase_add_test(start, start_finds_its_provider);
        tcase_add_test(start, unknown_provider_is_refused);
        tcase_add_test(start, start_beyond_the_slots_is_refused);
        tcase_add_test(start, ringing_and_ending_calls_use_no_slot);
        tcase_add_test(start, queued_start_is_ended_by_callsd_alone);
        return start;
}

static TCase *report_case(void)
{
        TCase *report = story_case("report");

        tcase_add_test(report, outgoing_call_connects_step_by_step);
        tcase_add_loop_test(report, connected_implies_what_is_missing, 0, 2);
        tcase_add_test(report, connecting_is_legal_while_starting);
        tcase_add_loop_test(report, outgoing_reports_on_an_incoming_call_are_refused, 0, 4);
        tcase_add_loop_test(report, reported_end_ends_in_every_state, 0, (int)N_ENDINGS);
        tcase_add_test(report, end_date_is_given_or_now);
        return report;
}

SUITE_MAIN("outgoing", start_case(), report_case());
