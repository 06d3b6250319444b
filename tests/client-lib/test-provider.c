/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider with a daemon that lives: registering, reports, orders in their order. */
#include <errno.h>
#include <string.h>

#include "client-lib/world.h"

static struct world *world;

static void teardown(void)
{
        world_free(world);
}

static void setup(void)
{
        world = world_ready();
}

static void incoming(const char *uuid)
{
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(world->provider, uuid, NULL, NULL, NULL), 0);
        world_expect(world, NULL, NULL);
}

START_TEST(began_is_told_once)
{
        fake_signal1(world->fake, "Began", UUID("a"));
        world_expect(world, "", "");
}
END_TEST

START_TEST(a_refused_incoming_call_is_told)
{
        struct noted noted = {world, "report"};

        fake_refuse(world->fake, "ReportNewIncomingCall",
                    "org.callsd.Error.IncomingCall.FilteredByDoNotDisturb");
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, world_completed,
                                             &noted);
        world_expect(world, "report failed 3", "ReportNewIncomingCall a");
}
END_TEST

START_TEST(a_report_waits_for_the_registration)
{
        struct noted noted = {world, "report"};

        world_free(world);
        world = world_new();
        noted.world = world;
        world_daemon(world);
        world_provider(world);
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, world_completed,
                                             &noted);
        world_until(world, world_told(world, "report done"));
        world_expect(world, "begin; report done", "RegisterProvider; ReportNewIncomingCall a");
}
END_TEST

START_TEST(an_order_is_fulfilled)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", "");
        ck_assert_int_eq(cx_action_get_origin(world->orders[1]), CX_ORIGIN_USER);
        ck_assert_uint_eq(cx_action_get_deadline_usec(world->orders[1]), 42);
        ck_assert_int_eq(cx_action_fulfill(world->orders[1]), 0);
        ck_assert_int_eq(cx_action_fail(world->orders[1], "too late"), -EALREADY);
        world_expect(world, "", "FulfillAction 1");
}
END_TEST

START_TEST(orders_come_one_at_a_time)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a");
        world_expect(world, "set-held-call b", "");
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "answer-call a", "FulfillAction 1");
        cx_action_fulfill(world->orders[2]);
        world_expect(world, "", "FulfillAction 2");
}
END_TEST

START_TEST(an_end_does_not_hold_up_the_next)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:end-call:b 2:answer-call:a");
        world_expect(world, "end-call b; answer-call a", "");
        cx_action_fulfill(world->orders[2]);
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "", "FulfillAction 2; FulfillAction 1");
}
END_TEST

START_TEST(after_a_failure_nothing_more_is_shown)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a");
        world_expect(world, "set-held-call b", "");
        cx_action_fail(world->orders[1], "line is dead");
        world_expect(world, "", "FailAction 1");
        fake_signal2(world->fake, "ActionCancelled", UUID("2"), UUID("a"));
        world_expect(world, "", "");
}
END_TEST

/* The call to be held had ended, and with it the order; the answer behind it is still wanted. */
START_TEST(a_failure_that_is_not_taken_holds_up_nothing)
{
        incoming(UUID("a"));
        fake_refuse(world->fake, "FailAction", "org.callsd.Error.UnknownAction");
        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a");
        world_expect(world, "set-held-call b", "");
        cx_action_fail(world->orders[1], "the call is over");
        world_expect(world, "answer-call a", "FailAction 1");
        cx_action_fulfill(world->orders[2]);
        world_expect(world, "", "FulfillAction 2");
}
END_TEST

START_TEST(a_shown_order_that_is_cancelled_is_told)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", "");
        fake_signal2(world->fake, "ActionCancelled", UUID("1"), UUID("a"));
        world_expect(world, "cancelled 1", "");
        ck_assert_int_eq(cx_action_fulfill(world->orders[1]), -EALREADY);
        world_expect(world, "", "");
}
END_TEST

START_TEST(a_timeout_is_told)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", "");
        fake_signal2(world->fake, "ActionTimedOut", UUID("1"), UUID("a"));
        world_expect(world, "timed-out 1", "");
        ck_assert_int_eq(cx_action_fulfill(world->orders[1]), -EALREADY);
        world_expect(world, "", "");
}
END_TEST

/* The app answered while callsd gave up on it: for callsd the call has ended. Rows: X10 R15 */
START_TEST(an_answer_that_came_too_late_loses_the_call)
{
        incoming(UUID("a"));
        fake_refuse(world->fake, "FulfillAction", "org.callsd.Error.UnknownAction");
        if (_i)
                fake_ignore(world->fake, "FulfillAction");
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", "");
        cx_action_fulfill(world->orders[1]);
        fake_signal2(world->fake, "ActionTimedOut", UUID("1"), UUID("a"));
        world_expect(world, "reset; lost a; begin", "FulfillAction 1");
}
END_TEST

START_TEST(a_hold_that_came_too_late_loses_no_call)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:set-held-call:a:1");
        world_expect(world, "set-held-call a", "");
        cx_action_fulfill(world->orders[1]);
        fake_signal2(world->fake, "ActionTimedOut", UUID("1"), UUID("a"));
        world_expect(world, "", "FulfillAction 1");
}
END_TEST

START_TEST(a_dropped_order_is_failed)
{
        world->drop = true;
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", "FailAction 1");
}
END_TEST

START_TEST(an_order_without_callback_is_failed)
{
        world_free(world);
        world = world_new();
        world->mute_is_missing = true;
        world_daemon(world);
        world_provider(world);
        world_until(world, world_told(world, "begin"));
        world_expect(world, NULL, NULL);
        fake_perform(world->fake, "1:set-muted-call:a:1");
        world_expect(world, "", "FailAction 1");
        fake_perform(world->fake, "2:transfer-call:a");
        world_expect(world, "", "FailAction 2");
}
END_TEST

static void whole_world(bool take)
{
        world_free(world);
        world = world_new();
        world->has_execute = true;
        world->take_whole = take;
        world_daemon(world);
        world_provider(world);
        world_until(world, world_told(world, "begin"));
        world_expect(world, NULL, NULL);
}

START_TEST(early_completions_are_held_back)
{
        struct cx_action *first, *second;

        whole_world(true);
        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a 3:end-call:c");
        world_expect(world, "execute 3", "");
        first = cx_transaction_get_action(world->whole, 0);
        second = cx_transaction_get_action(world->whole, 1);
        ck_assert_int_eq(cx_action_fulfill(second), 0);
        world_expect(world, "", "");
        cx_action_fulfill(cx_transaction_get_action(world->whole, 2));
        world_expect(world, "", "FulfillAction 3");
        cx_action_fulfill(first);
        world_expect(world, "", "FulfillAction 1; FulfillAction 2");
        ck_assert(cx_transaction_is_complete(world->whole));
}
END_TEST

START_TEST(a_transaction_not_taken_is_performed)
{
        whole_world(false);
        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a");
        world_expect(world, "execute 2; set-held-call b", "");
}
END_TEST

START_TEST(a_whole_transaction_that_is_dropped_fails)
{
        whole_world(true);
        world->drop = true;
        fake_perform(world->fake, "1:end-call:c 2:set-held-call:b:1 3:answer-call:a");
        world_expect(world, "execute 3", "FailAction 1; FailAction 2");
}
END_TEST

START_TEST(pending_transactions_are_listed)
{
        struct cx_transaction **transactions;
        struct cx_action **actions;

        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a");
        world_expect(world, "set-held-call b", "");
        ck_assert_int_eq(cx_provider_get_pending_transactions(world->provider, &transactions), 1);
        ck_assert_uint_eq(cx_transaction_get_n_actions(transactions[0]), 2);
        cx_transaction_list_free(transactions);
        ck_assert_int_eq(cx_provider_get_pending_call_actions(
                                 world->provider, CX_ACTION_TYPE_ANSWER_CALL, UUID("A"), &actions),
                         1);
        cx_action_list_free(actions);
        ck_assert_int_eq(cx_provider_get_pending_call_actions(
                                 world->provider, CX_ACTION_TYPE_ANSWER_CALL, UUID("b"), &actions),
                         0);
        cx_action_list_free(actions);
}
END_TEST

START_TEST(audio_sessions_are_paired)
{
        incoming(UUID("a"));
        fake_signal1(world->fake, "AudioSessionActivated", UUID("a"));
        fake_signal1(world->fake, "AudioSessionActivated", UUID("a"));
        fake_signal1(world->fake, "AudioSessionDeactivated", UUID("a"));
        fake_signal1(world->fake, "AudioSessionDeactivated", UUID("a"));
        world_expect(world, "audio-on a; audio-off a", "");
}
END_TEST

START_TEST(a_reset_names_the_calls_and_begins_again)
{
        incoming(UUID("a"));
        fake_reset(world->fake, UUID("a"));
        world_expect(world, "reset; lost a; begin", "");
}
END_TEST

START_TEST(invalidate_resets_before_it_returns)
{
        struct noted noted = {world, "report"};

        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world_told(world, "answer-call a"));
        cx_provider_report_call_updated(world->provider, UUID("a"), NULL, NULL, NULL);
        world->trace[0] = '\0';
        cx_provider_report_call_muted(world->provider, UUID("a"), 1, CX_FACT_SOURCE_SELF,
                                      world_completed, &noted);
        ck_assert_int_eq(cx_provider_invalidate(world->provider), 0);
        ck_assert_str_eq(world->trace, "reset; lost a");
        ck_assert_int_eq(cx_provider_invalidate(world->provider), -EALREADY);
        ck_assert_int_eq(cx_action_fulfill(world->orders[1]), -EALREADY);
        world_expect(world, "reset; lost a", "ReportCallMuted a; Invalidate");
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(world->provider, UUID("b"), NULL, NULL, NULL),
                -ESHUTDOWN);
}
END_TEST

START_TEST(a_foreign_signal_is_not_believed)
{
        incoming(UUID("a"));
        fake_forge(world->fake, "1:end-call:a");
        world_expect(world, "", "");
}
END_TEST

static void got_environment(const char *const *environment, const struct cx_error *error,
                            void *userdata)
{
        (void)userdata;
        ck_assert_ptr_null(error);
        for (; *environment; environment++)
                world_note(world, "%s", *environment);
}

static void got_properties(const struct cx_stream_properties *properties,
                           const struct cx_error *error, void *userdata)
{
        (void)userdata;
        ck_assert_ptr_null(error);
        world_note(
                world, "%s %s %s", cx_stream_properties_get_sink(properties),
                cx_stream_properties_get_source(properties),
                cx_stream_properties_get(properties, CX_STREAM_DIRECTION_CAPTURE, "target.object"));
}

START_TEST(streams_are_told_where_to_go)
{
        incoming(UUID("a"));
        cx_provider_get_stream_properties(world->provider, UUID("a"), got_properties, NULL);
        world_expect(world, "callsd.a.sink callsd.a.source callsd.a.source",
                     "GetStreamProperties a");
        cx_provider_get_environment(world->provider, UUID("a"), CX_STREAM_DIRECTION_PLAYBACK,
                                    got_environment, NULL);
        world_expect(world,
                     "PULSE_SINK=callsd.a.sink; PULSE_PROP=callsd.call.id=a; "
                     "PIPEWIRE_NODE=callsd.a.sink",
                     NULL);
        cx_provider_get_environment(world->provider, UUID("a"), CX_STREAM_DIRECTION_BOTH,
                                    got_environment, NULL);
        world_expect(world,
                     "PULSE_SINK=callsd.a.sink; PULSE_SOURCE=callsd.a.source; "
                     "PULSE_PROP=callsd.call.id=a",
                     NULL);
}
END_TEST

static TCase *life(void)
{
        TCase *tcase = tcase_create("life");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, began_is_told_once);
        tcase_add_test(tcase, a_refused_incoming_call_is_told);
        tcase_add_test(tcase, a_report_waits_for_the_registration);
        tcase_add_test(tcase, audio_sessions_are_paired);
        tcase_add_test(tcase, a_reset_names_the_calls_and_begins_again);
        tcase_add_test(tcase, invalidate_resets_before_it_returns);
        tcase_add_test(tcase, a_foreign_signal_is_not_believed);
        tcase_add_test(tcase, streams_are_told_where_to_go);
        return tcase;
}

static TCase *orders(void)
{
        TCase *tcase = tcase_create("orders");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, an_order_is_fulfilled);
        tcase_add_test(tcase, orders_come_one_at_a_time);
        tcase_add_test(tcase, an_end_does_not_hold_up_the_next);
        tcase_add_test(tcase, after_a_failure_nothing_more_is_shown);
        tcase_add_test(tcase, a_failure_that_is_not_taken_holds_up_nothing);
        tcase_add_test(tcase, a_shown_order_that_is_cancelled_is_told);
        tcase_add_test(tcase, a_timeout_is_told);
        tcase_add_loop_test(tcase, an_answer_that_came_too_late_loses_the_call, 0, 2);
        tcase_add_test(tcase, a_hold_that_came_too_late_loses_no_call);
        tcase_add_test(tcase, a_dropped_order_is_failed);
        tcase_add_test(tcase, an_order_without_callback_is_failed);
        tcase_add_test(tcase, early_completions_are_held_back);
        tcase_add_test(tcase, a_transaction_not_taken_is_performed);
        tcase_add_test(tcase, a_whole_transaction_that_is_dropped_fails);
        tcase_add_test(tcase, pending_transactions_are_listed);
        return tcase;
}

SUITE_MAIN("provider", life(), orders());
