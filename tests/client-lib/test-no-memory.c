/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No memory: each function is called with its first, second, ... allocation failing until none is
 * left that could.
 *
 * A function that fails says -ENOMEM, and that it failed is all that ever comes of it. The leak
 * sanitizer sees what is lost on the way.
 */
#include <errno.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "client-lib/shortage.h"

/* Repeats `run` until every allocation in it has failed once. Returns how often it succeeded. */
static unsigned sweep(int (*run)(void), const char *name)
{
        unsigned good = 0;
        bool reached = true;
        int r;

        for (size_t n = 0; reached; n++) {
                failing_arm(n);
                r = run();
                reached = failing_disarm();
                ck_assert_msg(r >= 0 || (reached && r == -ENOMEM), "%s, allocation %zu: %s", name,
                              n, strerror(-r));
                good += r >= 0;
        }
        return good;
}

/* Makes and frees values. Cleaned up on the way out, so that nothing is left of a failure. */

static int make_update(void)
{
        CX_CLEANUP(cx_handle) struct cx_handle *handle = NULL;
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;

        TRY(cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, "+431", &handle));
        TRY(cx_call_update_new(&update));
        TRY(cx_call_update_set_localized_caller_name(update, "Ada"));
        TRY(cx_call_update_set_account(update, "sim1"));
        TRY(cx_call_update_add_member(update, handle, "Bob"));
        return cx_call_update_add_member(update, handle, NULL);
}

static int make_configuration(void)
{
        static const char *const schemes[] = {"sip", "tel", NULL};
        CX_CLEANUP(cx_provider_configuration) struct cx_provider_configuration *one = NULL;
        CX_CLEANUP(cx_provider_configuration) struct cx_provider_configuration *two = NULL;
        CX_CLEANUP(cx_account) struct cx_account *account = NULL;

        TRY(cx_provider_configuration_new("org.example.Phone", &one));
        TRY(cx_provider_configuration_set_ringtone_sound(one, "bell"));
        TRY(cx_provider_configuration_set_localized_name(one, "Phone"));
        TRY(cx_provider_configuration_set_icon(one, "phone"));
        TRY(cx_provider_configuration_set_supported_uri_schemes(one, schemes));
        TRY(cx_account_new("sim1", "Work", &account));
        TRY(cx_account_set_state(account, "ready"));
        TRY(cx_account_set_uri_schemes(account, schemes));
        TRY(cx_provider_configuration_add_account(one, account));
        TRY(cx_provider_configuration_add_account(one, account));
        return cx_provider_configuration_copy(one, &two);
}

static int make_transaction(void)
{
        CX_CLEANUP(cx_transaction) struct cx_transaction *transaction = NULL;

        TRY(cx_transaction_new(&transaction));
        return shortage_fill_transaction(transaction);
}

static int make_payload(void)
{
        CX_CLEANUP(cx_push_payload) struct cx_push_payload *payload = NULL;

        TRY(cx_push_payload_new(&payload));
        TRY(cx_push_payload_set_string(payload, "from", "ada"));
        TRY(cx_push_payload_set_int64(payload, "from", 7));
        return cx_push_payload_set_boolean(payload, "silent", 1);
}

START_TEST(values_are_made_or_not)
{
        ck_assert_uint_eq(sweep(make_update, "update"), 1);
        ck_assert_uint_eq(sweep(make_configuration, "configuration"), 1);
        ck_assert_uint_eq(sweep(make_transaction, "transaction"), 1);
        ck_assert_uint_eq(sweep(make_payload, "payload"), 1);
}
END_TEST

static int make_context(void)
{
        CX_CLEANUP(cx_context) struct cx_context *context = NULL;

        return cx_context_new(&context);
}

static int make_context_of_an_address(void)
{
        CX_CLEANUP(cx_context) struct cx_context *context = NULL;

        return cx_context_new_address(getenv("DBUS_SESSION_BUS_ADDRESS"), &context);
}

static sd_bus *own_bus;

static int make_context_of_a_bus(void)
{
        CX_CLEANUP(cx_context) struct cx_context *context = NULL;

        return cx_context_new_from_bus(own_bus, &context);
}

static sd_event *own_event;

static int attach(void)
{
        CX_CLEANUP(cx_context) struct cx_context *context = NULL;

        TRY(cx_context_new(&context));
        TRY(cx_context_attach_event(context, own_event, 5));
        return cx_context_detach_event(context);
}

START_TEST(contexts_are_made_or_not)
{
        ck_assert_int_ge(sweep(make_context, "context"), 1);
        ck_assert_int_ge(sweep(make_context_of_an_address, "context of an address"), 1);
        ck_assert_int_ge(sd_event_new(&own_event), 0);
        ck_assert_int_ge(sweep(attach, "attach"), 1);
        ck_assert_int_ge(sd_bus_open_user(&own_bus), 0);
        ck_assert_int_ge(sweep(make_context_of_a_bus, "context of a bus"), 1);
        ck_assert_int_ge(sd_bus_attach_event(own_bus, own_event, 0), 0);
        ck_assert_int_ge(sweep(make_context_of_a_bus, "context of a bus with a loop"), 1);
        sd_bus_detach_event(own_bus);
        own_bus = sd_bus_flush_close_unref(own_bus);
        own_event = sd_event_unref(own_event);
}
END_TEST

static int make_objects(void)
{
        struct cx_call_controller *other_controller;
        struct cx_call_observer *other_observer;
        struct cx_provider *provider;
        int r;

        TRY(cx_call_controller_new(world->context, &other_controller));
        cx_call_controller_unref(other_controller);
        TRY(cx_call_observer_new(world->context, &other_observer));
        cx_call_observer_unref(other_observer);
        r = cx_provider_new(world->context, cx_provider_get_configuration(world->provider),
                            &provider);
        if (r == 0)
                cx_provider_unref(provider);
        return r;
}

static int list_pending(void)
{
        struct cx_transaction **transactions;
        struct cx_action **actions;

        TRY(cx_provider_get_pending_transactions(world->provider, &transactions));
        cx_transaction_list_free(transactions);
        TRY(cx_provider_get_pending_call_actions(world->provider, CX_ACTION_TYPE_ANSWER_CALL, NULL,
                                                 &actions));
        cx_action_list_free(actions);
        return 0;
}

static int list_calls(void)
{
        struct cx_call **calls;

        TRY(cx_call_observer_get_calls(observer, &calls));
        cx_call_list_free(calls);
        return 0;
}

START_TEST(objects_and_lists_are_made_or_not)
{
        ck_assert_int_ge(sweep(make_objects, "objects"), 1);
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world_told(world, "answer-call a"));
        ck_assert_uint_eq(sweep(list_pending, "pending"), 1);
        fake_keep(world->fake, "a:active");
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        world_until(world, cx_call_observer_is_ready(observer));
        ck_assert_uint_eq(sweep(list_calls, "calls"), 1);
}
END_TEST

static const struct {
        int (*run)(void);
        const char *member;
} operations[] = {
        {report_incoming, "ReportNewIncomingCall"},
        {report_updated, "ReportCallUpdated"},
        {report_connecting, "ReportOutgoingCallStartedConnecting"},
        {report_call, "ReportCall"},
        {report_state, "ReportCallState"},
        {report_muted, "ReportCallMuted"},
        {report_ended, "ReportCallEnded"},
        {set_configuration, "SetConfiguration"},
        {set_ringtone, "SetRingtone"},
        {hand_payload_over, "ReportNewIncomingVoIPPushPayload"},
        {ask_for_environment, "GetStreamProperties"},
        {request, "RequestTransaction"},
};

START_TEST(what_is_asked_is_asked_or_not)
{
        unsigned good;

        shortage_make_values();
        completions = 0;
        good = sweep(operations[_i].run, operations[_i].member);
        shortage_free_values();
        ck_assert_uint_ge(good, 1);
        world_settle(world);
        ck_assert_msg(fake_was_asked(world->fake, operations[_i].member), "%s was never asked",
                      operations[_i].member);
        /* One that failed is not completed as well. */
        ck_assert_uint_ge(completions, 1);
        ck_assert_uint_le(completions, good);
}
END_TEST

/* A call that could not be reported is not one of the app's. */
START_TEST(a_report_that_failed_leaves_no_call)
{
        const char *lost = _i ? "lost b" : "lost c";
        int r;

        shortage_make_values();
        for (size_t n = 0;; n++) {
                failing_arm(n);
                r = _i ? report_incoming() : report_call();
                failing_disarm();
                if (r == 0)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
                world->trace[0] = '\0';
                ck_assert_int_eq(cx_provider_invalidate(world->provider), 0);
                ck_assert_msg(!world_told(world, lost), "allocation %zu: %s", n, world->trace);
                cx_provider_unref(world->provider);
                world_provider(world);
                world_until(world, world_told(world, "begin"));
        }
        shortage_free_values();
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

static TCase *functions(void)
{
        TCase *tcase = tcase_create("functions");

        tcase_add_checked_fixture(tcase, shortage_setup, shortage_teardown);
        tcase_add_test(tcase, values_are_made_or_not);
        tcase_add_test(tcase, contexts_are_made_or_not);
        tcase_add_test(tcase, objects_and_lists_are_made_or_not);
        tcase_add_loop_test(tcase, what_is_asked_is_asked_or_not, 0, N(operations));
        tcase_add_loop_test(tcase, a_report_that_failed_leaves_no_call, 0, 2);
        return tcase;
}

SUITE_MAIN("no memory", functions());
