/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See shortage.h. */
#include <unistd.h>

#include "client-lib/shortage.h"

struct world *world;
struct cx_call_controller *controller;
struct cx_call_observer *observer;
unsigned completions;

void shortage_while_library_runs(bool runs)
{
        if (runs)
                failing_resume();
        else
                failing_pause();
}

void shortage_setup(void)
{
        world = world_ready();
        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL),
                0);
        world_expect(world, NULL, NULL);
        completions = 0;
}

void shortage_teardown(void)
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

static int add(struct cx_transaction *transaction, int r, struct cx_action *action)
{
        if (r < 0)
                return r;
        r = cx_transaction_add_action(transaction, action);
        cx_action_unref(action);
        return r;
}

int shortage_fill_transaction(struct cx_transaction *transaction)
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

/* What is reported. */
static struct cx_call_update *update;
static struct cx_provider_configuration *configuration;
static struct cx_push_payload *payload;

void shortage_make_values(void)
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
        cx_push_payload_set_bytes(payload, "body", "ab", 2);
}

void shortage_free_values(void)
{
        update = cx_call_update_unref(update);
        configuration = cx_provider_configuration_unref(configuration);
        payload = cx_push_payload_unref(payload);
}

int report_incoming(void)
{
        return cx_provider_report_new_incoming_call(world->provider, UUID("b"), update, count,
                                                    NULL);
}

int report_updated(void)
{
        return cx_provider_report_call_updated(world->provider, UUID("a"), update, count, NULL);
}

int report_connecting(void)
{
        return cx_provider_report_outgoing_call_started_connecting(world->provider, UUID("b"), 5,
                                                                   count, NULL);
}

int report_ended(void)
{
        return cx_provider_report_call_ended_with_cause(
                world->provider, UUID("b"), 5, CX_CALL_ENDED_REASON_FAILED,
                CX_CALL_ENDED_CAUSE_MEDIA, "no codec", count, NULL);
}

int report_call(void)
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

int report_state(void)
{
        return cx_provider_report_call_state(world->provider, UUID("a"), CX_CALL_STATE_HELD,
                                             CX_FACT_SOURCE_REMOTE, count, NULL);
}

int report_muted(void)
{
        return cx_provider_report_call_muted(world->provider, UUID("a"), 1, CX_FACT_SOURCE_REMOTE,
                                             count, NULL);
}

int set_configuration(void)
{
        return cx_provider_set_configuration(world->provider, configuration, count, NULL);
}

int set_ringtone(void)
{
        return cx_provider_set_ringtone_fd(world->provider, STDIN_FILENO, count, NULL);
}

int hand_payload_over(void)
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

int ask_for_environment(void)
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

int request(void)
{
        CX_CLEANUP(cx_transaction) struct cx_transaction *transaction = NULL;

        TRY(cx_transaction_new(&transaction));
        TRY(shortage_fill_transaction(transaction));
        return cx_call_controller_request(controller, transaction, count, completed, NULL);
}
