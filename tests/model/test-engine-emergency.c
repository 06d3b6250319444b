/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Emergency calls: they wait for nobody, nothing touches them (call-model.md 8). */
#include "model/story.h"

static void emergency_setup(void)
{
        static const char *const numbers[] = {"112", "911", NULL};
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .emergency_numbers = numbers};

        s = sim_new();
        sim_declare(s, "gsm", &manifest);
        sim_provider(s, "sip");
        sim_provider(s, "web");
        sim_provider(s, "gsm");
}

static int try_dial(const char *who, const char *call, const char *handle)
{
        const struct uuid id = sim_uuid(call);
        const struct action_args args = {.type = ACTION_START,
                                         .call = id.text,
                                         .provider = "org.example.gsm",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = handle};

        return sim_try_ask_raw(s, who, &args, 1);
}

static void dial(const char *call)
{
        const int r = try_dial("ui", call, "112");

        if (r != 0)
                sim_die(s, "the emergency call is refused: %s", engine_explain(sim_engine(s)));
}

START_TEST(emergency_numbers_come_from_the_manifest)
{
        dial("c1");
        ck_assert(sim_call(s, "c1")->emergency);
        sim_expect(s, "gsm perform start c1");
        sim_ask(s, "ui", "end c1");
        ck_assert_int_eq(try_dial("ui", "c2", "11"), 0);
        ck_assert(!sim_call(s, "c2")->emergency);
        sim_ask(s, "ui", "end c2");
        sim_ask(s, "ui", "start c3 sip");
        ck_assert(!sim_call(s, "c3")->emergency);
}
END_TEST

/* What is typed behind the number makes it no other number; and it is not dialled. Rows: T22 */
START_TEST(emergency_number_with_a_pause)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        ck_assert_int_eq(try_dial("ui", "c2", "112,x"), 0);
        sim_expect(s, "gsm perform start c2");
        ck_assert(sim_call(s, "c2")->emergency);
        ck_assert_ptr_null(sim_call(s, "c2")->post_dial);
}
END_TEST

/* Holds and ends for it go out in the same turn; the start does not wait for them. Rows: T6 */
START_TEST(start_does_not_wait_for_holds)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "gsm", SIM_SILENT);
        dial("c2");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_expect(s, "gsm perform start c2");
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_fulfil(s, "start c2");
        ck_assert(sim_is_activated(s, "c2"));
        sim_connected(s, "c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        if (sim_is_open(s, "hold c1"))
                sim_fail(s, "hold c1");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

/*
 * The hold for an emergency call was for the one member that was active; another became active
 * meanwhile, and the user's own hold, which joins it, is for both. Rows: T20, X16
 */
START_TEST(hold_that_joins_is_for_the_group)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "gsm", SIM_SILENT);
        sim_ask(s, "ui", "join c1 c2");
        sim_fulfil(s, "join c1 c2");
        sim_fulfil(s, "unhold c1");
        dial("c3");
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_fail(s, "start c3");
        sim_fulfil(s, "unhold c2");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "hold c1");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "sip perform hold c2 (policy)");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_hold_reason(s, "c2", HOLD_REASON_USER);
        sim_fulfil(s, "hold c2");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip perform unhold c? (policy)");
}
END_TEST

/* An emergency start counts as MayEnd. Rows: T6 */
/* The app of the call in the way is still to come back to the bus: it is held without it. */
START_TEST(start_does_not_wait_for_apps_that_are_away)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_bus_lost(s);
        sim_provider(s, "gsm");
        dial("c2");
        sim_expect(s, "gsm perform start c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_provider(s, "sip");
        sim_expect(s, "sip perform hold c1*");
}
END_TEST

/* Of a group that was to be held for it and is not, nobody is held. */
START_TEST(hold_that_fails_after_the_emergency)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_behave(s, "sip", SIM_SILENT);
        dial("c3");
        ck_assert(sim_is_open(s, "hold c1") && sim_is_open(s, "hold c2"));
        sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
        sim_fail(s, sim_open_action(s, "sip", 0));
        sim_expect(s, "sip cancelled hold c*");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

START_TEST(emergency_ends_what_cannot_be_held)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_behave(s, "sip", SIM_SILENT);
        dial("c2");
        sim_expect(s, "sip perform end c1 (policy)");
        sim_expect(s, "gsm perform start c2");
        sim_expect_state(s, "c2", CALL_STATE_STARTED);
        ck_assert(sim_is_activated(s, "c2"));
        sim_expect_state(s, "c1", CALL_STATE_ENDING);
}
END_TEST

/* Refused for no limit or quota. Rows: R4 */
START_TEST(emergency_knows_no_limits)
{
        struct limits limits = LIMITS_DEFAULT;

        story_set_groups("gsm", 1, 1);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        limits.calls_per_provider = 1;
        limits.calls_total = 1;
        limits.transactions_per_provider = 1;
        sim_set_limits(s, &limits);
        ck_assert_int_gt(try_dial("ui", "c3", "12345"), 0);
        dial("c2");
        sim_expect_state(s, "c2", CALL_STATE_STARTED);
        ck_assert(sim_call(s, "c2")->emergency);
}
END_TEST

/* It does not wait for the floor: queued activations and undelivered actions are cancelled. */
START_TEST(emergency_does_not_wait_for_the_floor)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_incoming(s, "web", "c3");
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "gsm", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_ask(s, "car", "answer c3");
        sim_expect_none_at_all(s, "web perform *");
        dial("c4");
        sim_expect(s, "gsm perform start c4");
        sim_expect(s, "car result answer c3 cancelled");
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_state(s, "c3", CALL_STATE_RINGING);
        sim_fulfil(s, "start c4");
        sim_connected(s, "c4");
        sim_expect_state(s, "c4", CALL_STATE_ACTIVE);
        sim_expect_none_at_all(s, "web perform *");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_count_all(s, "sip perform hold c1 (policy)", 1);
        if (sim_is_open(s, "hold c1"))
                sim_fulfil(s, "hold c1");
        sim_expect_all(s, "ui result answer c2 cancelled");
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* While it lives another provider's activating request gets CallIsProtected. */
START_TEST(emergency_is_protected)
{
        sim_make(s, "web", "c4", CALL_STATE_HELD);
        sim_incoming(s, "sip", "c1");
        dial("c2");
        if (_i)
                sim_connected(s, "c2");
        sim_refused(s, "ui", "answer c1", REFUSAL_REQUEST_PROTECTED);
        sim_refused(s, "ui may-end", "answer c1", REFUSAL_REQUEST_PROTECTED);
        sim_refused(s, "ui", "start c3 web", REFUSAL_REQUEST_PROTECTED);
        sim_refused(s, "ui", "unhold c4", REFUSAL_REQUEST_PROTECTED);
        ck_assert_int_eq(sim_try_swap(s, "ui", "c4"), REFUSAL_REQUEST_PROTECTED);
        sim_ask(s, "ui", "end c1");
        sim_expect_ended(s, "c1", ENDED_REASON_DECLINED);
        sim_ask(s, "ui", "end c2");
        sim_ask(s, "ui", "unhold c4");
        sim_expect_state(s, "c4", CALL_STATE_ACTIVE);
}
END_TEST

/* A fact that would make another group active makes that group held. */
START_TEST(fact_does_not_interrupt_an_emergency)
{
        dial("c1");
        if (_i)
                sim_connected(s, "c1");
        sim_import(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_hold_reason(s, "c2", HOLD_REASON_INTERRUPTED);
        ck_assert(sim_is_activated(s, "c1"));
        sim_expect_none_at_all(s, "web activated *");
        sim_expect_none_at_all(s, "gsm deactivated *");
        sim_expect_none_at_all(s, "gsm perform hold*");
}
END_TEST

/* For 5 minutes after it that provider's incoming calls skip do-not-disturb and blocking. */
START_TEST(call_back_is_not_filtered)
{
        dial("c1");
        sim_connected(s, "c1");
        sim_ask(s, "ui", "end c1");
        sim_set_do_not_disturb(s, true);
        sim_judge(s, "", REFUSAL_INCOMING_BLOCK_LIST, false);
        sim_advance(s, 299 * USEC_PER_SEC);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c2", NULL), REFUSAL_INCOMING_BLOCK_LIST);
        sim_incoming(s, "gsm", "c3");
        sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
        sim_advance(s, 2 * USEC_PER_SEC);
        ck_assert_int_eq(sim_try_incoming(s, "gsm", "c4", NULL), REFUSAL_INCOMING_BLOCK_LIST);
        sim_judge(s, "", REFUSAL_NONE, false);
        ck_assert_int_eq(sim_try_incoming(s, "gsm", "c4", NULL), REFUSAL_INCOMING_DO_NOT_DISTURB);
}
END_TEST

/* The user himself may hold and end it; the interrupted call comes back. */
START_TEST(emergency_ends)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        dial("c2");
        sim_connected(s, "c2");
        sim_ask(s, "ui", "end c2");
        sim_expect_ended(s, "c2", ENDED_REASON_LOCAL_ENDED);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* It ends while the hold for it is in flight: that is undone when it completes (7). */
START_TEST(hold_in_flight_is_undone)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        dial("c2");
        sim_ended(s, "c2", ENDED_REASON_UNANSWERED);
        sim_fulfil(s, "hold c1");
        sim_expect(s, "sip perform unhold c1 (policy)");
        sim_fulfil(s, "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
        sim_expect_resumable(s, "");
}
END_TEST

/* The obstacle's own hold is delivered and behind another action: its audio closes all the same. */
START_TEST(audio_closes_though_a_hold_waits_for_its_turn)
{
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_behave_for(s, "gsm", ACTION_SET_MUTED, SIM_SILENT);
        sim_ask(s, "ui", "mute c1, hold c1");
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        dial("c2");
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        sim_expect_state(s, "c2", CALL_STATE_STARTED);
        ck_assert(sim_is_activated(s, "c2"));
}
END_TEST

/* A provider may place its own emergency call, and be helped against foreign ones. */
START_TEST(provider_dials_for_itself)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_eq(try_dial("gsm", "c2", "911"), 0);
        sim_expect(s, "gsm perform start c2 (self)");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

static TCase *emergency_case(void)
{
        TCase *emergency = tcase_create("emergency");

        tcase_add_checked_fixture(emergency, emergency_setup, story_teardown);
        tcase_add_test(emergency, emergency_numbers_come_from_the_manifest);
        tcase_add_test(emergency, emergency_number_with_a_pause);
        tcase_add_test(emergency, start_does_not_wait_for_holds);
        tcase_add_test(emergency, start_does_not_wait_for_apps_that_are_away);
        tcase_add_test(emergency, hold_that_fails_after_the_emergency);
        tcase_add_test(emergency, emergency_ends_what_cannot_be_held);
        tcase_add_test(emergency, emergency_knows_no_limits);
        tcase_add_test(emergency, emergency_does_not_wait_for_the_floor);
        tcase_add_loop_test(emergency, emergency_is_protected, 0, 2);
        tcase_add_loop_test(emergency, fact_does_not_interrupt_an_emergency, 0, 2);
        tcase_add_test(emergency, call_back_is_not_filtered);
        tcase_add_test(emergency, emergency_ends);
        tcase_add_test(emergency, hold_in_flight_is_undone);
        tcase_add_test(emergency, hold_that_joins_is_for_the_group);
        tcase_add_test(emergency, audio_closes_though_a_hold_waits_for_its_turn);
        tcase_add_test(emergency, provider_dials_for_itself);
        return emergency;
}

SUITE_MAIN("emergency", emergency_case());
