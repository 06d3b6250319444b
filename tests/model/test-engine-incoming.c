/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Incoming calls: the report and its filters, updates, answering, declining. */
#include "model/story.h"

/* Rows: I1, V1 */
START_TEST(incoming_call_rings)
{
        sim_incoming(s, "sip", "c1");
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_expect(s, "c1 added", "c1 ringing");
        sim_expect(s, "system*ringing-calls");
        sim_expect_ring(s, "tone c1");
        sim_expect_none(s, "* perform *");
        ck_assert(!sim_call(s, "c1")->outgoing);
        ck_assert_ptr_eq(engine_first_ringing(sim_engine(s)), sim_call(s, "c1"));
        ck_assert(!engine_in_call(sim_engine(s)));
}
END_TEST

/* Rows: I2, I5 */
START_TEST(do_not_disturb_filters)
{
        sim_set_do_not_disturb(s, true);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_DO_NOT_DISTURB);
        ck_assert_ptr_null(sim_call(s, "c1"));
        sim_expect_none_at_all(s, "ring *");
        sim_expect_none_at_all(s, "c1 *");
        sim_judge(s, "sip:c2@example.org", REFUSAL_NONE, true);
        sim_incoming(s, "sip", "c2");
        sim_expect_ring(s, "tone c2");
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c3", NULL), REFUSAL_INCOMING_DO_NOT_DISTURB);
        sim_set_do_not_disturb(s, false);
        sim_incoming(s, "sip", "c3");
}
END_TEST

/* Rows: I6 */
START_TEST(blocked_caller_is_refused_for_every_provider)
{
        sim_judge(s, "", REFUSAL_INCOMING_BLOCK_LIST, false);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_BLOCK_LIST);
        ck_assert_int_eq(sim_try_incoming(s, "web", "c1", NULL), REFUSAL_INCOMING_BLOCK_LIST);
}
END_TEST

/* Rows: I7 */
START_TEST(unentitled_provider_is_refused)
{
        sim_set_entitled(s, false);
        sim_provider(s, "gsm");
        ck_assert_int_eq(sim_try_incoming(s, "gsm", "c1", NULL), REFUSAL_INCOMING_UNENTITLED);
        sim_refused(s, "ui", "start c2 gsm", REFUSAL_REQUEST_UNENTITLED);
        sim_expect_none_at_all(s, "ring *");
}
END_TEST

static const enum refusal OTHER_FILTERS[] = {
        REFUSAL_INCOMING_RESTRICTED_SHARING,
        REFUSAL_INCOMING_PROTECTED,
        REFUSAL_INCOMING_SENSITIVE,
};

/* Rows: I8 */
START_TEST(other_filters_are_passed_on)
{
        sim_judge(s, "", OTHER_FILTERS[_i], false);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), OTHER_FILTERS[_i]);
}
END_TEST

/* Rows: I3 */
START_TEST(live_uuid_is_refused_and_nothing_happens)
{
        sim_incoming(s, "sip", "c1");
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
        ck_assert_int_eq(sim_try_incoming(s, "web", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_ask(s, "ui", "answer c1");
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
}
END_TEST

/* Rows: I3, I6, I7. The order of the checks: registered, allowed, UUID, blocked, do-not-disturb. */
START_TEST(checks_have_an_order)
{
        struct limits limits = LIMITS_DEFAULT;

        sim_incoming(s, "sip", "c1");
        limits.ringing_per_provider = 1;
        sim_set_limits(s, &limits);
        sim_set_do_not_disturb(s, true);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c2", NULL), REFUSAL_INCOMING_DO_NOT_DISTURB);
        sim_judge(s, "", REFUSAL_INCOMING_BLOCK_LIST, false);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c2", NULL), REFUSAL_INCOMING_BLOCK_LIST);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
        sim_set_entitled(s, false);
        sim_provider(s, "gsm");
        ck_assert_int_eq(sim_try_incoming(s, "gsm", "c1", NULL), REFUSAL_INCOMING_UNENTITLED);
        sim_begin(s, "nobody reports");
        ck_assert_int_eq(sim_end(s, engine_report_incoming(sim_engine(s), sim_now(s), 4711,
                                                           sim_uuid("c1").text,
                                                           &(struct call_update){.set = 0})),
                         REFUSAL_NOT_REGISTERED);
}
END_TEST

/* Rows: I4, E6 */
START_TEST(uuid_of_an_ended_call_waits_for_its_removal)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        ck_assert_ptr_nonnull(sim_call(s, "c1"));
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
        sim_expect_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_advance(s, 3 * USEC_PER_SEC - 1);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_INCOMING_UUID_EXISTS);
        sim_advance(s, 1);
        sim_expect(s, "c1 removed");
        ck_assert_ptr_null(sim_call(s, "c1"));
        sim_incoming(s, "sip", "c1");
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, 0);
        ck_assert_int_eq(sim_call(s, "c1")->ended_reason, ENDED_REASON_NONE);
}
END_TEST

/* Rows: I9, R4 */
START_TEST(incoming_beyond_the_slots_waits_with_end_and_answer_only)
{
        story_set_groups("sip", 1, 5);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "sip", "c2");
        ck_assert(sim_call(s, "c2")->waiting);
        ck_assert_uint_eq(sim_call(s, "c2")->allowed &
                                  (CALL_ALLOWED_ANSWER | CALL_ALLOWED_HOLD_AND_ANSWER),
                          0);
        ck_assert_uint_ne(sim_call(s, "c2")->allowed & CALL_ALLOWED_END_AND_ANSWER, 0);
        ck_assert_uint_ne(sim_call(s, "c2")->allowed & CALL_ALLOWED_DECLINE, 0);
        sim_refused(s, "ui", "answer c2", REFUSAL_WOULD_END_CALL);
        story_expect_named("c1");
        sim_ask(s, "ui end-and-answer", "answer c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_ended(s, "c1", ENDED_REASON_LOCAL_ENDED);
}
END_TEST

/* Rows: U1, U3 */
START_TEST(update_changes_what_it_names)
{
        const struct call_update first = {.set = UPDATE_NAME | UPDATE_VIDEO | UPDATE_ACCOUNT,
                                          .name = "Ada",
                                          .video = true,
                                          .account = "sim1"};
        const struct call_update second = {.set = UPDATE_REMOTE_HELD | UPDATE_ALERTING |
                                                  UPDATE_EARLY_MEDIA,
                                           .remote_held = true,
                                           .alerting = true,
                                           .early_media = true};
        const struct call_update clear = {.set = UPDATE_NAME, .name = ""};

        story_add_account("sip", "sim1");
        sim_incoming(s, "sip", "c1");
        sim_updated(s, "c1", &first);
        sim_expect(s, "c1 changed*video*name*account*");
        sim_updated(s, "c1", &second);
        ck_assert_str_eq(sim_call(s, "c1")->name, "Ada");
        ck_assert_str_eq(sim_call(s, "c1")->account, "sim1");
        ck_assert_str_eq(sim_call(s, "c1")->handle, "sip:c1@example.org");
        ck_assert(sim_call(s, "c1")->video);
        ck_assert(sim_call(s, "c1")->remote_held && sim_call(s, "c1")->alerting &&
                  sim_call(s, "c1")->early_media);
        sim_updated(s, "c1", &second);
        sim_expect_none(s, "c1 changed*");
        sim_updated(s, "c1", &clear);
        ck_assert_str_eq(sim_call(s, "c1")->name, "");
}
END_TEST

/* Rows: U2 */
START_TEST(handle_types_round_trip)
{
        const struct call_update update = {.set = UPDATE_HANDLE,
                                           .handle_type = (enum handle_type)_i,
                                           .handle = "x@example.org"};

        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", &update), 0);
        ck_assert_int_eq(sim_call(s, "c1")->handle_type, _i);
        ck_assert_str_eq(sim_call(s, "c1")->handle, "x@example.org");
}
END_TEST

/* Rows: U2. The numbers of CXHandleType. */
START_TEST(handle_types_have_callkits_numbers)
{
        ck_assert_int_eq(HANDLE_TYPE_GENERIC, 1);
        ck_assert_int_eq(HANDLE_TYPE_PHONE_NUMBER, 2);
        ck_assert_int_eq(HANDLE_TYPE_EMAIL_ADDRESS, 3);
}
END_TEST

/* Rows: U4 */
START_TEST(audio_call_becomes_a_video_call)
{
        const struct call_update update = {.set = UPDATE_VIDEO, .video = true};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert(!sim_call(s, "c1")->video);
        sim_updated(s, "c1", &update);
        sim_expect(s, "c1 changed*video*");
        ck_assert(sim_call(s, "c1")->video);
}
END_TEST

/* Rows: U5 */
START_TEST(call_that_cannot_hold_is_not_held)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_uint_ne(sim_call(s, "c1")->allowed & CALL_ALLOWED_HOLD, 0);
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        ck_assert_uint_eq(sim_call(s, "c1")->allowed & CALL_ALLOWED_HOLD, 0);
        sim_refused(s, "ui", "hold c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: U6 */
START_TEST(call_that_cannot_group_is_not_merged)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        ck_assert_uint_ne(sim_call(s, "c2")->allowed & CALL_ALLOWED_MERGE, 0);
        sim_cannot(s, "c2", CALL_SUPPORTS_GROUPING);
        ck_assert_uint_eq(sim_call(s, "c2")->allowed & CALL_ALLOWED_MERGE, 0);
        ck_assert_uint_eq(sim_call(s, "c1")->allowed & CALL_ALLOWED_MERGE, 0);
        sim_refused(s, "ui", "join c1 c2", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "join c2 c1", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: U6 */
START_TEST(call_that_cannot_ungroup_does_not_leave)
{
        sim_make_group(s, "sip", "c1 c2");
        ck_assert_uint_ne(sim_call(s, "c2")->allowed & CALL_ALLOWED_LEAVE, 0);
        sim_cannot(s, "c2", CALL_SUPPORTS_UNGROUPING);
        ck_assert_uint_eq(sim_call(s, "c2")->allowed & CALL_ALLOWED_LEAVE, 0);
        sim_refused(s, "ui", "leave c2", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: U7 */
START_TEST(call_without_dtmf_plays_none)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_uint_ne(sim_call(s, "c1")->allowed & CALL_ALLOWED_DTMF, 0);
        sim_cannot(s, "c1", CALL_SUPPORTS_DTMF);
        ck_assert_uint_eq(sim_call(s, "c1")->allowed & CALL_ALLOWED_DTMF, 0);
        sim_refused(s, "ui", "dtmf c1 1", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: U8, T15 */
START_TEST(fresh_call_can_everything)
{
        sim_incoming(s, "sip", "c1");
        ck_assert_uint_eq(sim_call(s, "c1")->capabilities, CALL_SUPPORTS_ALL);
        ck_assert(!sim_call(s, "c1")->muted);
        ck_assert(!sim_call(s, "c1")->video);
}
END_TEST

/* Rows: U8 */
START_TEST(incoming_report_sets_flags_at_once)
{
        const struct call_update update = {.set = UPDATE_HOLDING | UPDATE_NAME, .name = "Ada"};

        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", &update), 0);
        ck_assert_uint_eq(sim_call(s, "c1")->capabilities,
                          CALL_SUPPORTS_ALL & ~CALL_SUPPORTS_HOLDING);
        ck_assert_str_eq(sim_call(s, "c1")->name, "Ada");
}
END_TEST

/* Rows: U9 */
START_TEST(reports_about_an_unknown_call_are_refused)
{
        const struct call_update update = {.set = UPDATE_NAME, .name = "Ada"};
        const struct call_ending ending = {.reason = ENDED_REASON_FAILED};
        const int unknown = REFUSAL_REQUEST_UNKNOWN_CALL;

        ck_assert_int_eq(sim_try_updated(s, "sip", "c1", &update), unknown);
        ck_assert_int_eq(sim_try_ended(s, "sip", "c1", &ending), unknown);
        ck_assert_int_eq(sim_try_connecting(s, "sip", "c1", 0), unknown);
        ck_assert_int_eq(sim_try_connected(s, "sip", "c1", 0), unknown);
        ck_assert_int_eq(sim_try_fact(s, "sip", "c1", CALL_STATE_HELD, FACT_SELF), unknown);
        ck_assert_int_eq(sim_try_fact_muted(s, "sip", "c1", true, FACT_SELF), unknown);
        sim_incoming(s, "sip", "c1");
        ck_assert_int_gt(sim_try_updated(s, "web", "c1", &update), 0);
        ck_assert_int_gt(sim_try_ended(s, "web", "c1", &ending), 0);
        ck_assert_int_gt(sim_try_fact(s, "web", "c1", CALL_STATE_ACTIVE, FACT_SELF), 0);
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        ck_assert_int_gt(sim_try_updated(s, "sip", "c1", &update), 0);
        ck_assert_int_gt(sim_try_ended(s, "sip", "c1", &ending), 0);
        ck_assert_int_gt(sim_try_fact(s, "sip", "c1", CALL_STATE_ACTIVE, FACT_SELF), 0);
}
END_TEST

/* Rows: U10 */
START_TEST(call_without_a_handle_is_answered)
{
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", &(struct call_update){.set = 0}), 0);
        sim_expect_ring(s, "tone c1");
        ck_assert_int_eq(sim_call(s, "c1")->handle_type, HANDLE_TYPE_NONE);
        ck_assert_str_eq(sim_call(s, "c1")->handle, "");
        sim_ask(s, "ui", "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: T7, T8, A2 */
START_TEST(answer_is_pending_then_active)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_expect(s, "sip perform answer c1");
        sim_expect(s, "ring none");
        sim_expect_state(s, "c1", CALL_STATE_ANSWERING);
        ck_assert(sim_call(s, "c1")->answer_pending);
        ck_assert(engine_in_call(sim_engine(s)));
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, 0);
        ck_assert(!sim_is_activated(s, "c1"));
        sim_advance(s, 2 * USEC_PER_SEC);
        sim_fulfil(s, "answer c1");
        sim_expect(s, "c1 active", "sip activated c1");
        sim_expect_results(s, "answer c1 fulfilled");
        ck_assert(!sim_call(s, "c1")->answer_pending);
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, sim_now(s).realtime);
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.boottime, sim_now(s).boottime);
}
END_TEST

/* Rows: T8. A date is clamped to the life of the call. */
START_TEST(answer_takes_the_given_date)
{
        const usec_t ringing = sim_now(s).realtime;
        const struct {
                usec_t given, expected;
        } dates[] = {{ringing + 3, ringing + 3}, {5, ringing}, {ringing + 3600 * USEC_PER_SEC, 0}};
        const struct action_outcome outcome = {.date = dates[_i].given};

        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_advance(s, USEC_PER_SEC);
        ck_assert_int_eq(sim_try_fulfil(s, "answer c1", &outcome), 0);
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime,
                          dates[_i].expected ? dates[_i].expected : sim_now(s).realtime);
}
END_TEST

/* Rows: T7. Whoever asks second gets the result of the first; the provider sees one. */
START_TEST(second_answer_joins_the_first)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        sim_ask(s, "car", "answer c1");
        sim_ask(s, "sip", "answer c1");
        sim_expect_count_all(s, "sip perform answer c1*", 1);
        sim_fulfil(s, "answer c1");
        sim_expect(s, "ui result answer c1 fulfilled");
        sim_expect(s, "car result answer c1 fulfilled");
        sim_expect(s, "sip result answer c1 fulfilled");
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* Rows: T9, X7 */
START_TEST(failed_answer_ends_the_call)
{
        const struct action_outcome outcome = {.reason = "no media", .cause = ENDED_CAUSE_MEDIA};

        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
        ck_assert_int_eq(sim_try_fail(s, "answer c1", &outcome), 0);
        sim_expect_ended(s, "c1", ENDED_REASON_FAILED);
        sim_expect_results(s, "answer c1 failed");
        ck_assert_str_eq(sim_last_reason(s, 0), "no media");
        ck_assert_int_eq(sim_call(s, "c1")->ended_cause, ENDED_CAUSE_MEDIA);
        sim_expect_count_all(s, "sip perform answer c1", 1);
        sim_expect_none_at_all(s, "sip activated c1");
        sim_expect_none_at_all(s, "sip cancelled *");
}
END_TEST

/* Rows: T10, T12 */
START_TEST(declined_call_is_declined_whatever_the_provider_says)
{
        static const enum sim_behaviour behaviours[] = {SIM_FULFIL, SIM_FAIL, SIM_SILENT, SIM_LATE};

        sim_behave(s, "sip", behaviours[_i]);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "end c1");
        sim_expect(s, "sip perform end c1");
        sim_expect_ring(s, "none");
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_expect_all(s, "c1 ended declined");
        sim_expect_all(s, "c1 record");
        if (behaviours[_i] == SIM_FULFIL || behaviours[_i] == SIM_FAIL)
                sim_expect_results(s, "end c1 fulfilled");
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* Rows: X17, T10. While one call is declined the other rings on. */
START_TEST(ringing_calls_are_declined_one_by_one)
{
        sim_incoming(s, "sip", "c1");
        sim_incoming(s, "web", "c2");
        sim_incoming(s, "sip", "c3");
        sim_ask(s, "ui", "end c2");
        sim_expect_ended(s, "c2", ENDED_REASON_DECLINED);
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_expect_state(s, "c3", CALL_STATE_RINGING);
        sim_expect_ring(s, "tone c1");
        sim_ask(s, "ui", "answer c3");
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_ask(s, "ui", "end c1");
        sim_expect_ended(s, "c1", ENDED_REASON_DECLINED);
}
END_TEST

/* The sentence in section 3: an end with the words and the reason of a decline reaches the app. */
START_TEST(decline_carries_message_and_reason)
{
        const struct uuid c1 = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_END,
                                         .call = c1.text,
                                         .message = "call you back",
                                         .decline_reason = DECLINE_REASON_BUSY};
        const struct action *action;

        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        action = sim_action(s, "end c1");
        ck_assert_ptr_nonnull(action);
        ck_assert_str_eq(action->text, "call you back");
        ck_assert_int_eq(action->decline_reason, DECLINE_REASON_BUSY);
}
END_TEST

static TCase *report_case(void)
{
        TCase *report = story_case("report");

        tcase_add_test(report, incoming_call_rings);
        tcase_add_test(report, do_not_disturb_filters);
        tcase_add_test(report, blocked_caller_is_refused_for_every_provider);
        tcase_add_test(report, unentitled_provider_is_refused);
        tcase_add_loop_test(report, other_filters_are_passed_on, 0, 3);
        tcase_add_test(report, live_uuid_is_refused_and_nothing_happens);
        tcase_add_test(report, checks_have_an_order);
        tcase_add_test(report, uuid_of_an_ended_call_waits_for_its_removal);
        tcase_add_test(report, incoming_beyond_the_slots_waits_with_end_and_answer_only);
        return report;
}

static TCase *update_case(void)
{
        TCase *update = story_case("update");

        tcase_add_test(update, update_changes_what_it_names);
        tcase_add_loop_test(update, handle_types_round_trip, HANDLE_TYPE_GENERIC, HANDLE_TYPE_MAX_);
        tcase_add_test(update, handle_types_have_callkits_numbers);
        tcase_add_test(update, audio_call_becomes_a_video_call);
        tcase_add_test(update, call_that_cannot_hold_is_not_held);
        tcase_add_test(update, call_that_cannot_group_is_not_merged);
        tcase_add_test(update, call_that_cannot_ungroup_does_not_leave);
        tcase_add_test(update, call_without_dtmf_plays_none);
        tcase_add_test(update, fresh_call_can_everything);
        tcase_add_test(update, incoming_report_sets_flags_at_once);
        tcase_add_test(update, reports_about_an_unknown_call_are_refused);
        tcase_add_test(update, call_without_a_handle_is_answered);
        return update;
}

static TCase *answer_case(void)
{
        TCase *answer = story_case("answer");

        tcase_add_test(answer, answer_is_pending_then_active);
        tcase_add_loop_test(answer, answer_takes_the_given_date, 0, 3);
        tcase_add_test(answer, second_answer_joins_the_first);
        tcase_add_test(answer, failed_answer_ends_the_call);
        tcase_add_loop_test(answer, declined_call_is_declined_whatever_the_provider_says, 0, 4);
        tcase_add_test(answer, ringing_calls_are_declined_one_by_one);
        tcase_add_test(answer, decline_carries_message_and_reason);
        return answer;
}

SUITE_MAIN("incoming", report_case(), update_case(), answer_case());
