/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No memory: each function is called, and each message received, with its first, second, ...
 * allocation failing until none is left that could.
 *
 * A function that fails says -ENOMEM, and that it failed is all that ever comes of it. A message
 * may be lost; what comes after it is not. The leak sanitizer sees what is lost on the way.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "client-lib/failing-calls.h"
#include "client-lib/world.h"

#define TRY(call)                  \
        do {                       \
                int r_ = (call);   \
                                   \
                if (r_ < 0)        \
                        return r_; \
        } while (0)
#define ORDER "sa(ssa{sv})a{sv}"

static struct world *world;
static struct cx_call_controller *controller;
static struct cx_call_observer *observer;
static unsigned completions;

static void library_runs(bool runs)
{
        if (runs)
                failing_resume();
        else
                failing_pause();
}

static void setup(void)
{
        world = world_ready();
        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL),
                0);
        world_expect(world, NULL, NULL);
        completions = 0;
}

static void teardown(void)
{
        failing_disarm();
        controller = cx_call_controller_unref(controller);
        observer = cx_call_observer_unref(observer);
        world_free(world);
}

static void count(const struct cx_error *error, void *userdata)
{
        (void)error;
        (void)userdata;
        completions++;
}

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

#include <callsd/cleanup.h>

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

static int add(struct cx_transaction *transaction, int r, struct cx_action *action)
{
        if (r < 0)
                return r;
        r = cx_transaction_add_action(transaction, action);
        cx_action_unref(action);
        return r;
}

static int fill_transaction(struct cx_transaction *transaction)
{
        CX_CLEANUP(cx_handle) struct cx_handle *handle = NULL;
        struct cx_action *action = NULL;
        int r;

        TRY(cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, "+431", &handle));
        TRY(cx_transaction_set_route(transaction, "headset"));
        TRY(cx_transaction_set_timeout_usec(transaction, 5000000));
        TRY(cx_transaction_set_may_end(transaction, 1));
        TRY(cx_transaction_set_origin(transaction, CX_ORIGIN_USER));
        r = cx_start_call_action_new(UUID("c"), handle, &action);
        TRY(add(transaction, r, action));
        action = cx_transaction_get_action(transaction, 0);
        TRY(cx_start_call_action_set_contact_identifier(action, "c1"));
        TRY(cx_start_call_action_set_account(action, "sim1"));
        TRY(cx_start_call_action_set_provider(action, "org.example.Other"));
        TRY(cx_start_call_action_set_video(action, 1));
        r = cx_end_call_action_new(UUID("b"), &action);
        TRY(add(transaction, r, action));
        action = cx_transaction_get_action(transaction, 1);
        TRY(cx_end_call_action_set_message(action, "later"));
        TRY(cx_end_call_action_set_reason(action, CX_DECLINE_REASON_BUSY));
        r = cx_set_held_call_action_new(UUID("b"), 1, &action);
        TRY(add(transaction, r, action));
        r = cx_set_group_call_action_new(UUID("b"), UUID("c"), &action);
        TRY(add(transaction, r, action));
        r = cx_play_dtmf_call_action_new(UUID("b"), "1", CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE,
                                         &action);
        TRY(add(transaction, r, action));
        r = cx_set_translating_call_action_new(UUID("b"), 1, "de", "it", &action);
        return add(transaction, r, action);
}

static int make_transaction(void)
{
        CX_CLEANUP(cx_transaction) struct cx_transaction *transaction = NULL;

        TRY(cx_transaction_new(&transaction));
        return fill_transaction(transaction);
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

/* What is reported. */
static struct cx_call_update *update;
static struct cx_provider_configuration *configuration;
static struct cx_push_payload *payload;

static void make_values(void)
{
        static const char *const schemes[] = {"sip", NULL};
        const enum cx_handle_type types[] = {CX_HANDLE_TYPE_GENERIC};
        struct cx_account *account;
        struct cx_handle *handle;

        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, "+431", &handle), 0);
        ck_assert_int_eq(cx_call_update_new(&update), 0);
        cx_call_update_set_remote_handle(update, handle);
        cx_call_update_set_localized_caller_name(update, "Ada");
        cx_call_update_set_account(update, "sim1");
        cx_call_update_set_has_video(update, 1);
        cx_call_update_set_audio(update, CX_CALL_AUDIO_STREAMS);
        cx_call_update_set_picture_fd(update, STDIN_FILENO);
        cx_call_update_add_member(update, handle, "Bob");
        cx_handle_unref(handle);
        ck_assert_int_eq(cx_provider_configuration_new("org.example.Phone", &configuration), 0);
        cx_provider_configuration_set_supported_handle_types(configuration, types, 1);
        cx_provider_configuration_set_supported_uri_schemes(configuration, schemes);
        cx_provider_configuration_set_reclaim_grace_usec(configuration, 5);
        ck_assert_int_eq(cx_account_new("sim1", "Work", &account), 0);
        cx_account_set_handle_types(account, types, 1);
        cx_account_set_uri_schemes(account, schemes);
        cx_account_set_state(account, "ready");
        cx_provider_configuration_add_account(configuration, account);
        cx_account_unref(account);
        ck_assert_int_eq(cx_push_payload_new(&payload), 0);
        cx_push_payload_set_string(payload, "from", "ada");
        cx_push_payload_set_int64(payload, "badge", 7);
        cx_push_payload_set_boolean(payload, "silent", 1);
}

static void free_values(void)
{
        update = cx_call_update_unref(update);
        configuration = cx_provider_configuration_unref(configuration);
        payload = cx_push_payload_unref(payload);
}

static int report_incoming(void)
{
        return cx_provider_report_new_incoming_call(world->provider, UUID("b"), update, count,
                                                    NULL);
}

static int report_updated(void)
{
        return cx_provider_report_call_updated(world->provider, UUID("a"), update, count, NULL);
}

static int report_connecting(void)
{
        return cx_provider_report_outgoing_call_started_connecting(world->provider, UUID("b"), 5,
                                                                   count, NULL);
}

static int report_ended(void)
{
        return cx_provider_report_call_ended_with_cause(
                world->provider, UUID("b"), 5, CX_CALL_ENDED_REASON_FAILED,
                CX_CALL_ENDED_CAUSE_MEDIA, "no codec", count, NULL);
}

static int report_call(void)
{
        const struct cx_call_facts facts = {.size = sizeof(facts),
                                            .state = CX_CALL_STATE_HELD,
                                            .outgoing = 1,
                                            .muted = 1,
                                            .group_with = UUID("a"),
                                            .started_at_usec = 3,
                                            .connected_at_usec = 4};

        return cx_provider_report_call(world->provider, UUID("c"), &facts, update, count, NULL);
}

static int report_state(void)
{
        return cx_provider_report_call_state(world->provider, UUID("a"), CX_CALL_STATE_HELD,
                                             CX_FACT_SOURCE_REMOTE, count, NULL);
}

static int report_muted(void)
{
        return cx_provider_report_call_muted(world->provider, UUID("a"), 1, CX_FACT_SOURCE_REMOTE,
                                             count, NULL);
}

static int set_configuration(void)
{
        return cx_provider_set_configuration(world->provider, configuration, count, NULL);
}

static int set_ringtone(void)
{
        return cx_provider_set_ringtone_fd(world->provider, STDIN_FILENO, count, NULL);
}

static int hand_payload_over(void)
{
        return cx_report_new_incoming_voip_push_payload(world->context, "org.example.P", payload,
                                                        count, NULL);
}

static void got_environment(const char *const *environment, const struct cx_error *error,
                            void *userdata)
{
        if (!environment == !error)
                world_note(world, "neither environment nor error");
        if (environment)
                world_note(world, "%.10s", environment[0]);
        count(error, userdata);
}

static int ask_for_environment(void)
{
        return cx_provider_get_environment(world->provider, UUID("a"), CX_STREAM_DIRECTION_PLAYBACK,
                                           got_environment, NULL);
}

static void completed(struct cx_transaction *transaction,
                      const struct cx_transaction_result *const *results, size_t n_results,
                      void *userdata)
{
        (void)transaction;
        (void)userdata;
        for (size_t i = 0; i < n_results; i++)
                if (!cx_transaction_result_get_error(results[i]))
                        world_note(world, "a hold that failed is no success");
        world_note(world, "completed %zu", n_results);
}

static int request(void)
{
        CX_CLEANUP(cx_transaction) struct cx_transaction *transaction = NULL;

        TRY(cx_transaction_new(&transaction));
        TRY(fill_transaction(transaction));
        return cx_call_controller_request(controller, transaction, count, completed, NULL);
}

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

        make_values();
        completions = 0;
        good = sweep(operations[_i].run, operations[_i].member);
        free_values();
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

        make_values();
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
        free_values();
}
END_TEST

/* What comes from callsd. */
struct message {
        const char *name;
        void (*send)(void);
        const char *told;
};

/* An order with an id of its own each time: one that is still to be answered is not shown twice. */
static const char *next_id(void)
{
        static char id[CX_UUID_TEXT_SIZE];
        static unsigned number;

        snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000", ++number);
        return id;
}

static const char *send_mute(void)
{
        const char *id = next_id();

        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, id, "set-muted-call", 2,
                 "Call", "s", UUID("a"), "Muted", "b", 1, 0);
        return id;
}

static void send_start(void)
{
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, next_id(), "start-call", 6,
                 "Call", "s", UUID("d"), "HandleType", "s", "email-address", "Handle", "s", "a@b",
                 "ContactIdentifier", "s", "c1", "Account", "s", "sim2", "Video", "b", 1, 0);
}

static void send_two(void)
{
        char first[CX_UUID_TEXT_SIZE];

        strcpy(first, next_id());
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 2, first, "answer-call", 1,
                 "Call", "s", UUID("a"), next_id(), "end-call", 1, "Call", "s", UUID("b"), 0);
}

static void send_withdrawn(void)
{
        const char *id;

        world->fulfill = false;
        id = send_mute();
        world_until(world, world_told(world, "set-muted-call a"));
        world->fulfill = true;
        fake_say(world->fake, "ActionCancelled", "ssa{sv}", id, UUID("a"), 1, "Why", "s",
                 "another device");
}

static void send_timeout(void)
{
        const char *id;

        world->fulfill = false;
        id = send_mute();
        world_until(world, world_told(world, "set-muted-call a"));
        world->fulfill = true;
        fake_signal2(world->fake, "ActionTimedOut", id, UUID("a"));
}

static void send_audio(void)
{
        fake_say(world->fake, "AudioSessionActivated", "sa{sv}", UUID("a"), 3, "Sink", "s", "snk",
                 "Source", "s", "src", "Route", "s", "headset");
        fake_signal1(world->fake, "AudioSessionDeactivated", UUID("a"));
}

static void send_push(void)
{
        fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", "p1", 3, "from", "s", "ada",
                 "badge", "x", (int64_t)7, "silent", "b", 1, 2, "ReportRequired", "b", 1,
                 "DeadlineUSec", "t", (uint64_t)42);
}

static void send_reset(void)
{
        fake_reset(world->fake, UUID("a"));
}

static void ask_streams(void)
{
        ck_assert_int_eq(ask_for_environment(), 0);
}

static void ask_report(void)
{
        static struct noted noted;

        noted = (struct noted){world, "report"};
        fake_refuse(world->fake, "ReportNewIncomingCall",
                    "org.callsd.Error.IncomingCall.FilteredByDoNotDisturb");
        cx_provider_report_new_incoming_call(world->provider, UUID("e"), NULL, world_completed,
                                             &noted);
}

static void ask_transaction(void)
{
        ck_assert_int_eq(request(), 0);
        world_until(world, completions > 0);
        fake_complete(world->fake, "org.callsd.Error.HoldFailed");
}

static void ask_to_accept(void)
{
        ck_assert_int_eq(request(), 0);
        fake_forget(world->fake);
}

static const struct message messages[] = {
        {"start", send_start, "start-call d"},
        {"two orders", send_two, "end-call b"},
        {"cancelled", send_withdrawn, "cancelled 0"},
        {"timed out", send_timeout, "timed-out 0"},
        {"audio", send_audio, "audio-off a"},
        {"push", send_push, "push p1"},
        {"reset", send_reset, "begin"},
        {"streams", ask_streams, "PULSE_SINK"},
        {"report", ask_report, "report failed"},
        {"completion", ask_transaction, "completed 6"},
        {"acceptance", ask_to_accept, NULL},
};

/* One allocation fails while the library takes this message. What comes after it is taken. */
static bool lose(const struct message *message, size_t n)
{
        bool reached;
        uint64_t end = world_deadline();

        world->trace[0] = '\0';
        fake_forget(world->fake);
        completions = 0;
        message->send();
        failing_arm(n);
        failing_pause();
        world->library_runs = library_runs;
        for (;;) {
                reached = failing_disarm();
                if (reached || (message->told ? world_told(world, message->told) : completions > 0))
                        break;
                ck_assert_msg(world_step(world, end), "%s, allocation %zu: %s", message->name, n,
                              world->trace);
        }
        world->library_runs = NULL;
        fake_refuse(world->fake, NULL, NULL);
        world->trace[0] = '\0';
        fake_signal1(world->fake, "AudioSessionDeactivated", UUID("e"));
        world_until(world, world_told(world, "audio-off e"));
        return reached;
}

START_TEST(one_lost_message_is_all_that_is_lost)
{
        const struct message *message = &messages[_i];

        world->fulfill = true;
        for (size_t n = 0; lose(message, n); n++)
                ck_assert_uint_lt(n, 2000);
}
END_TEST

/* Beginnings: from a daemon with calls and orders of ours, and from one that replaced it. */
static void begin_world(void)
{
        world_free(world);
        world = world_new();
        world_daemon(world);
        fake_keep(world->fake, "a:active,b:held");
        fake_still_wants(world->fake, "1:set-held-call:a:1");
        world_provider(world);
}

static void replace_daemon(const char *kept)
{
        world->fake = fake_kill(world->fake);
        world_daemon(world);
        fake_keep(world->fake, kept);
}

START_TEST(a_beginning_that_failed_is_made_good_by_the_next_daemon)
{
        uint64_t end;
        bool reached = true;

        controller = cx_call_controller_unref(controller);
        for (size_t n = 0; reached; n++) {
                begin_world();
                failing_arm(n);
                failing_pause();
                world->library_runs = library_runs;
                end = world_deadline();
                for (reached = false; !reached && !world_told(world, "begin");) {
                        ck_assert_msg(world_step(world, end), "allocation %zu: %s", n,
                                      world->trace);
                        reached = failing_disarm();
                }
                world->library_runs = NULL;
                world->trace[0] = '\0';
                replace_daemon("");
                world_until(world, fake_was_asked(world->fake, "RegisterProvider"));
                fake_perform(world->fake, "9:play-dtmf-call:a:7");
                world_until(world, world_told(world, "play-dtmf-call a"));
        }
}
END_TEST

static void know_calls(void)
{
        make_values();
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), update, NULL, NULL);
        report_call();
        free_values();
        world_settle(world);
        world->trace[0] = '\0';
}

/* Either the calls are imported after all, or the app was told that they are lost. */
START_TEST(an_import_that_failed_is_made_good_or_told)
{
        uint64_t end;
        bool reached = true;

        know_calls();
        for (size_t n = 0; reached; n++) {
                replace_daemon("a:active,d:held");
                failing_arm(n);
                failing_pause();
                world->library_runs = library_runs;
                end = world_deadline();
                for (reached = false; !reached && !fake_was_asked(world->fake, "ReportCall c");) {
                        ck_assert_msg(world_step(world, end), "allocation %zu: %s", n,
                                      fake_trace(world->fake));
                        reached = failing_disarm();
                }
                world->library_runs = NULL;
                replace_daemon("");
                world_until(world, fake_was_asked(world->fake, "ReportCall c") ||
                                           world_told(world, "lost c"));
                if (world_told(world, "lost c"))
                        know_calls();
        }
}
END_TEST

static void seen(struct cx_call_observer *of, struct cx_call *call, void *userdata)
{
        (void)of;
        (void)userdata;
        world_note(world, "%.1s %s", cx_call_get_uuid(call),
                   cx_call_state_to_string(cx_call_get_state(call)));
}

/* What callsd says next, once the last of it was told. */
static unsigned say_next(unsigned stage)
{
        if (stage == 0 && world_told(world, "b held"))
                fake_call_state(world->fake, "b", "active");
        else if (stage == 1 && world_told(world, "b active"))
                fake_call_added(world->fake, "c", "ringing");
        else if (stage == 2 && world_told(world, "c ringing"))
                fake_call_removed(world->fake, "b");
        else
                return stage;
        return stage + 1;
}

/* False if all was told. */
static bool observe_without_memory(size_t n)
{
        uint64_t end = world_deadline();
        bool reached = false;
        unsigned stage = 0;

        world->trace[0] = '\0';
        fake_forget(world->fake);
        failing_arm(n);
        failing_pause();
        world->library_runs = library_runs;
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        cx_call_observer_set_callback(observer, seen, NULL);
        while (!reached && !world_told(world, "b ended")) {
                ck_assert_msg(world_step(world, end), "allocation %zu: %s", n, world->trace);
                reached = failing_disarm();
                stage = say_next(stage);
        }
        world->library_runs = NULL;
        observer = cx_call_observer_unref(observer);
        return reached;
}

START_TEST(what_an_observer_missed_the_next_one_sees)
{
        fake_keep(world->fake, "a:active,b:held");
        for (size_t n = 0; observe_without_memory(n); n++) {
                fake_forget(world->fake);
                ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
                world_until(world, cx_call_observer_is_ready(observer));
                observer = cx_call_observer_unref(observer);
        }
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

static TCase *functions(void)
{
        TCase *tcase = tcase_create("functions");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, values_are_made_or_not);
        tcase_add_test(tcase, contexts_are_made_or_not);
        tcase_add_test(tcase, objects_and_lists_are_made_or_not);
        tcase_add_loop_test(tcase, what_is_asked_is_asked_or_not, 0, N(operations));
        tcase_add_loop_test(tcase, a_report_that_failed_leaves_no_call, 0, 2);
        return tcase;
}

static TCase *received(void)
{
        TCase *tcase = tcase_create("messages");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, one_lost_message_is_all_that_is_lost, 0, N(messages));
        tcase_add_test(tcase, a_beginning_that_failed_is_made_good_by_the_next_daemon);
        tcase_add_test(tcase, an_import_that_failed_is_made_good_or_told);
        tcase_add_test(tcase, what_an_observer_missed_the_next_one_sees);
        return tcase;
}

SUITE_MAIN("no memory", functions(), received());
