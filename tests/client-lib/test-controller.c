/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The call controller and the call observer. */
#include <errno.h>
#include <string.h>

#include "client-lib/world.h"

static struct world *world;
static struct cx_call_controller *controller;
static struct cx_call_observer *observer;

static void teardown(void)
{
        controller = cx_call_controller_unref(controller);
        observer = cx_call_observer_unref(observer);
        world_free(world);
}

static void setup(void)
{
        world = world_new();
        world_daemon(world);
        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        world_settle(world);
}

static void accepted(const struct cx_error *error, void *userdata)
{
        (void)userdata;
        if (error)
                world_note(world, "refused %d", cx_error_get_code(error));
        else
                world_note(world, "accepted");
}

static void completed(struct cx_transaction *transaction,
                      const struct cx_transaction_result *const *results, size_t n_results,
                      void *userdata)
{
        (void)userdata;
        world_note(world, "completed %.1s", cx_transaction_get_uuid(transaction));
        for (size_t i = 0; i < n_results; i++) {
                const struct cx_error *error = cx_transaction_result_get_error(results[i]);

                world_note(
                        world, "%s %d",
                        cx_action_type_to_string(cx_transaction_result_get_action_type(results[i])),
                        error ? cx_error_get_code(error) : 0);
        }
}

static struct cx_transaction *hold_and_answer(void)
{
        struct cx_transaction *transaction;
        struct cx_action *action;

        ck_assert_int_eq(cx_transaction_new(&transaction), 0);
        ck_assert_int_eq(cx_set_held_call_action_new(UUID("b"), 1, &action), 0);
        ck_assert_int_eq(cx_transaction_add_action(transaction, action), 0);
        cx_action_unref(action);
        ck_assert_int_eq(cx_answer_call_action_new(UUID("a"), &action), 0);
        ck_assert_int_eq(cx_transaction_add_action(transaction, action), 0);
        cx_action_unref(action);
        return transaction;
}

static void request(void)
{
        struct cx_transaction *transaction = hold_and_answer();

        ck_assert_int_eq(
                cx_call_controller_request(controller, transaction, accepted, completed, NULL), 0);
        ck_assert_int_eq(
                cx_call_controller_request(controller, transaction, accepted, completed, NULL),
                -EROFS);
        cx_transaction_unref(transaction);
}

START_TEST(accepted_and_completed)
{
        request();
        world_expect(world, "accepted", "RequestTransaction; set-held-call; answer-call");
        fake_complete(world->fake, "fulfilled");
        world_expect(world, "completed e; set-held-call 0; answer-call 0", "");
        fake_complete(world->fake, "fulfilled");
        world_expect(world, "", "");
}
END_TEST

START_TEST(results_are_errors_with_reasons)
{
        request();
        world_expect(world, NULL, NULL);
        fake_complete(world->fake, "org.callsd.Error.HoldFailed");
        world_expect(world, "completed e; set-held-call 1006; answer-call 1006", "");
}
END_TEST

START_TEST(refused)
{
        fake_refuse(world->fake, "RequestTransaction",
                    "org.callsd.Error.RequestTransaction.InvalidAction");
        request();
        world_expect(world, "refused 6", "RequestTransaction");
}
END_TEST

START_TEST(lost_on_the_way)
{
        fake_ignore(world->fake, "RequestTransaction");
        request();
        world_until(world, fake_was_asked(world->fake, "RequestTransaction"));
        world->fake = fake_kill(world->fake);
        world_until(world, world_told(world, "refused"));
        world_expect(world, "refused 1000", NULL);
        request();
        world_expect(world, "refused 1000", NULL);
}
END_TEST

START_TEST(lost_after_acceptance)
{
        request();
        world_expect(world, "accepted", NULL);
        world->fake = fake_kill(world->fake);
        world_until(world, world_told(world, "completed"));
        world_expect(world, "completed e; set-held-call 1000; answer-call 1000", NULL);
}
END_TEST

START_TEST(released_while_open)
{
        request();
        controller = cx_call_controller_unref(controller);
        world_expect(world, "", NULL);
}
END_TEST

START_TEST(requests_about_ones_own_calls_must_not_block)
{
        struct cx_transaction *transaction = hold_and_answer();

        world_provider(world);
        world_until(world, world_told(world, "begin"));
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL);
        world_settle(world);
        ck_assert_int_eq(cx_call_controller_request_sync(controller, transaction, 1000000, NULL),
                         -EDEADLK);
        cx_transaction_unref(transaction);
}
END_TEST

static void sync_in_callback(struct cx_context *context, void *userdata)
{
        struct cx_transaction *transaction = hold_and_answer();

        (void)userdata;
        ck_assert_int_eq(cx_call_controller_request_sync(controller, transaction, 1000000, NULL),
                         -EDEADLK);
        ck_assert_int_eq(cx_context_ping_sync(context, 1000000), -EDEADLK);
        ck_assert_int_eq(cx_context_run_until(context, NULL, NULL, 0), -EDEADLK);
        ck_assert_int_eq(cx_context_dispatch(context), -EBUSY);
        cx_transaction_unref(transaction);
        world_note(world, "called");
}

START_TEST(sync_functions_refuse_inside_callbacks)
{
        ck_assert_int_eq(cx_context_call(world->context, sync_in_callback, NULL), 0);
        world_expect(world, "called", NULL);
}
END_TEST

START_TEST(a_sync_request_times_out_and_leaves_nothing_behind)
{
        struct cx_transaction *transaction = hold_and_answer();

        /* The fake daemon shares this thread, so it cannot answer meanwhile. */
        ck_assert_int_eq(cx_call_controller_request_sync(controller, transaction, 20000, NULL),
                         -ETIMEDOUT);
        cx_transaction_unref(transaction);
        world_expect(world, "", NULL);
}
END_TEST

/* The observer. */

static void changed(struct cx_call_observer *of, struct cx_call *call, void *userdata)
{
        (void)userdata;
        ck_assert_ptr_eq(of, observer);
        world_note(world, "%.1s %s", cx_call_get_uuid(call),
                   cx_call_has_ended(call) ? "ended"
                                           : cx_call_state_to_string(cx_call_get_state(call)));
}

static void observe(void)
{
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        cx_call_observer_set_callback(observer, changed, NULL);
        world_until(world, cx_call_observer_is_ready(observer));
}

START_TEST(a_snapshot_with_details)
{
        struct cx_call **calls;

        fake_keep(world->fake, "a:ringing,b:held");
        observe();
        world_expect(world, "a ringing; b held", "GetManagedObjects; GetDetails; GetDetails");
        ck_assert_int_eq(cx_call_observer_get_calls(observer, &calls), 2);
        ck_assert_str_eq(cx_call_get_uuid(calls[0]), UUID("a"));
        ck_assert(cx_call_has_details(calls[0]));
        ck_assert_str_eq(cx_call_get_display_name(calls[0]), "Ada");
        ck_assert_str_eq(cx_handle_get_value(cx_call_get_remote_handle(calls[0])), "+431");
        ck_assert(cx_call_allows(calls[0], "answer"));
        ck_assert(!cx_call_allows(calls[0], "hold"));
        ck_assert(cx_call_is_on_hold(calls[1]));
        cx_call_list_free(calls);
}
END_TEST

START_TEST(changes_are_told)
{
        observe();
        fake_call_added(world->fake, "a", "ringing");
        world_expect(world, "a ringing", NULL);
        fake_call_state(world->fake, "a", "active");
        world_expect(world, "a active", "");
        fake_call_invalidated(world->fake, "a");
        world_expect(world, "", "GetDetails");
        fake_call_state(world->fake, "a", "ended");
        fake_call_removed(world->fake, "a");
        world_expect(world, "a ended", "");
        ck_assert_ptr_null(cx_call_observer_find_call(observer, UUID("a")));
}
END_TEST

START_TEST(a_call_that_vanishes_has_ended)
{
        observe();
        fake_call_added(world->fake, "a", "active");
        world_expect(world, "a active", NULL);
        fake_call_removed(world->fake, "a");
        world_expect(world, "a ended", NULL);
}
END_TEST

START_TEST(without_the_right_there_are_no_details)
{
        struct cx_call *call;

        observe();
        fake_refuse(world->fake, "GetDetails", "org.callsd.Error.NotAuthorized");
        fake_call_added(world->fake, "a", "ringing");
        world_expect(world, "a ringing", "GetManagedObjects; GetDetails");
        call = cx_call_observer_find_call(observer, UUID("A"));
        ck_assert(!cx_call_has_details(call));
        ck_assert_ptr_null(cx_call_get_display_name(call));
        cx_call_unref(call);
        fake_call_invalidated(world->fake, "a");
        world_expect(world, "", "");
}
END_TEST

START_TEST(a_restart_does_not_end_what_comes_back)
{
        fake_keep(world->fake, "a:active,b:held");
        observe();
        world_expect(world, NULL, NULL);
        world->fake = fake_kill(world->fake);
        world_settle(world);
        world_daemon(world);
        world_until(world, fake_was_asked(world->fake, "GetManagedObjects"));
        fake_call_added(world->fake, "a", "active");
        world_until(world, world_told(world, "b ended"));
        world_expect(world, "b ended", NULL);
}
END_TEST

static TCase *controllers(void)
{
        TCase *tcase = tcase_create("controller");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, accepted_and_completed);
        tcase_add_test(tcase, results_are_errors_with_reasons);
        tcase_add_test(tcase, refused);
        tcase_add_test(tcase, lost_on_the_way);
        tcase_add_test(tcase, lost_after_acceptance);
        tcase_add_test(tcase, released_while_open);
        tcase_add_test(tcase, requests_about_ones_own_calls_must_not_block);
        tcase_add_test(tcase, sync_functions_refuse_inside_callbacks);
        tcase_add_test(tcase, a_sync_request_times_out_and_leaves_nothing_behind);
        return tcase;
}

static TCase *observers(void)
{
        TCase *tcase = tcase_create("observer");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_snapshot_with_details);
        tcase_add_test(tcase, changes_are_told);
        tcase_add_test(tcase, a_call_that_vanishes_has_ended);
        tcase_add_test(tcase, without_the_right_there_are_no_details);
        tcase_add_test(tcase, a_restart_does_not_end_what_comes_back);
        return tcase;
}

SUITE_MAIN("controller", controllers(), observers());
