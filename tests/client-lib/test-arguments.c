/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each public function says to NULL and to values that cannot be; none of it does anything. */
#include <errno.h>
#include <string.h>

#include "client-lib/world.h"

#define EINVAL_OF(call) ck_assert_int_eq(call, -EINVAL)
#define NULL_OF(call) ck_assert_ptr_null(call)
#define ZERO_OF(call) ck_assert_int_eq((int)(call), 0)

static struct world *world;

static void setup(void)
{
        world = world_ready();
}

static void teardown(void)
{
        world_free(world);
}

START_TEST(references_take_null)
{
        NULL_OF(cx_account_ref(NULL));
        NULL_OF(cx_account_unref(NULL));
        NULL_OF(cx_action_ref(NULL));
        NULL_OF(cx_call_ref(NULL));
        NULL_OF(cx_call_controller_ref(NULL));
        NULL_OF(cx_call_controller_unref(NULL));
        NULL_OF(cx_call_observer_ref(NULL));
        NULL_OF(cx_call_observer_unref(NULL));
        NULL_OF(cx_call_update_ref(NULL));
        NULL_OF(cx_call_update_unref(NULL));
        NULL_OF(cx_context_ref(NULL));
        NULL_OF(cx_error_ref(NULL));
        NULL_OF(cx_error_unref(NULL));
        NULL_OF(cx_handle_ref(NULL));
        NULL_OF(cx_handle_unref(NULL));
        NULL_OF(cx_provider_ref(NULL));
        NULL_OF(cx_provider_configuration_ref(NULL));
        NULL_OF(cx_provider_configuration_unref(NULL));
        NULL_OF(cx_push_payload_ref(NULL));
        NULL_OF(cx_push_payload_unref(NULL));
        NULL_OF(cx_stream_properties_ref(NULL));
        NULL_OF(cx_stream_properties_unref(NULL));
        NULL_OF(cx_transaction_ref(NULL));
        NULL_OF(cx_transaction_unref(NULL));
        NULL_OF(cx_call_list_free(NULL));
        NULL_OF(cx_action_list_free(NULL));
        NULL_OF(cx_transaction_list_free(NULL));
}
END_TEST

START_TEST(makers_want_somewhere_to_put_it)
{
        struct cx_action *action = NULL;
        struct cx_handle *handle;

        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_GENERIC, "ada", &handle), 0);
        EINVAL_OF(cx_handle_new(CX_HANDLE_TYPE_GENERIC, "ada", NULL));
        EINVAL_OF(cx_handle_new(CX_HANDLE_TYPE_GENERIC, NULL, &handle));
        EINVAL_OF(cx_handle_new((enum cx_handle_type)9, "ada", &handle));
        EINVAL_OF(cx_start_call_action_new(UUID("a"), NULL, &action));
        EINVAL_OF(cx_start_call_action_new(UUID("a"), handle, NULL));
        EINVAL_OF(cx_start_call_action_new("a", handle, &action));
        EINVAL_OF(cx_answer_call_action_new(UUID("a"), NULL));
        EINVAL_OF(cx_set_held_call_action_new(UUID("a"), 1, NULL));
        EINVAL_OF(cx_set_group_call_action_new(UUID("a"), "no uuid", &action));
        EINVAL_OF(cx_set_group_call_action_new("no uuid", NULL, &action));
        EINVAL_OF(cx_play_dtmf_call_action_new(UUID("a"), "1",
                                               CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, NULL));
        EINVAL_OF(cx_play_dtmf_call_action_new("a", "1", CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE,
                                               &action));
        EINVAL_OF(cx_play_dtmf_call_action_new(UUID("a"), NULL,
                                               CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, &action));
        EINVAL_OF(cx_play_dtmf_call_action_new(UUID("a"), "1",
                                               CX_PLAY_DTMF_CALL_ACTION_TYPE_UNKNOWN, &action));
        EINVAL_OF(cx_play_dtmf_call_action_new(UUID("a"), "1",
                                               (enum cx_play_dtmf_call_action_type)9, &action));
        EINVAL_OF(cx_set_translating_call_action_new(UUID("a"), 1, NULL, NULL, NULL));
        EINVAL_OF(cx_set_translating_call_action_new("a", 1, NULL, NULL, &action));
        EINVAL_OF(cx_transaction_new(NULL));
        EINVAL_OF(cx_call_update_new(NULL));
        EINVAL_OF(cx_push_payload_new(NULL));
        EINVAL_OF(cx_account_new("sim1", NULL, NULL));
        EINVAL_OF(cx_account_new("", NULL, NULL));
        EINVAL_OF(cx_account_new(NULL, NULL, NULL));
        EINVAL_OF(cx_provider_configuration_new("org.example.P", NULL));
        EINVAL_OF(cx_provider_configuration_new(NULL, NULL));
        EINVAL_OF(cx_provider_configuration_copy(NULL, NULL));
        EINVAL_OF(cx_context_new(NULL));
        EINVAL_OF(cx_context_new_address(NULL, NULL));
        EINVAL_OF(cx_context_new_address("nothing", NULL));
        EINVAL_OF(cx_context_new_address("unix:path=/nowhere", NULL));
        EINVAL_OF(cx_context_new_from_bus(NULL, NULL));
        EINVAL_OF(cx_call_controller_new(NULL, NULL));
        EINVAL_OF(cx_call_controller_new(world->context, NULL));
        EINVAL_OF(cx_call_observer_new(NULL, NULL));
        EINVAL_OF(cx_call_observer_new(world->context, NULL));
        EINVAL_OF(cx_provider_new(NULL, NULL, NULL));
        EINVAL_OF(cx_provider_new(world->context, NULL, NULL));
        EINVAL_OF(cx_provider_new(world->context, cx_provider_get_configuration(world->provider),
                                  NULL));
        NULL_OF(action);
        cx_handle_unref(handle);
}
END_TEST

static void getters_of_an_action(const struct cx_action *action)
{
        NULL_OF(cx_start_call_action_get_handle(action));
        NULL_OF(cx_start_call_action_get_contact_identifier(action));
        NULL_OF(cx_start_call_action_get_account(action));
        ZERO_OF(cx_start_call_action_is_video(action));
        ZERO_OF(cx_answer_call_action_is_video(action));
        ZERO_OF(cx_end_call_action_get_reason(action));
        NULL_OF(cx_end_call_action_get_message(action));
        ZERO_OF(cx_set_held_call_action_is_on_hold(action));
        ZERO_OF(cx_set_muted_call_action_is_muted(action));
        NULL_OF(cx_set_group_call_action_get_call_uuid_to_group_with(action));
        NULL_OF(cx_play_dtmf_call_action_get_digits(action));
        ZERO_OF(cx_play_dtmf_call_action_get_type(action));
        ZERO_OF(cx_set_translating_call_action_is_translating(action));
        NULL_OF(cx_set_translating_call_action_get_local_language(action));
        NULL_OF(cx_set_translating_call_action_get_remote_language(action));
        ZERO_OF(cx_action_is_complete(action));
}

static void setters_of_an_action(struct cx_action *action)
{
        EINVAL_OF(cx_start_call_action_set_contact_identifier(action, "c"));
        EINVAL_OF(cx_start_call_action_set_video(action, 1));
        EINVAL_OF(cx_start_call_action_set_account(action, "sim1"));
        EINVAL_OF(cx_start_call_action_set_provider(action, "org.example.P"));
        EINVAL_OF(cx_answer_call_action_set_video(action, 1));
        EINVAL_OF(cx_end_call_action_set_reason(action, CX_DECLINE_REASON_BUSY));
        EINVAL_OF(cx_end_call_action_set_message(action, "later"));
        EINVAL_OF(cx_action_fulfill(action));
        EINVAL_OF(cx_action_fulfill_with_date(action, 1));
        EINVAL_OF(cx_action_fulfill_using_engine(action, CX_TRANSLATION_ENGINE_CUSTOM));
        EINVAL_OF(cx_action_fail(action, "no"));
        EINVAL_OF(cx_action_fail_with_cause(action, CX_CALL_ENDED_CAUSE_BUSY, "no"));
}

START_TEST(actions_have_the_fields_of_their_type_alone)
{
        struct cx_action *action;

        getters_of_an_action(NULL);
        setters_of_an_action(NULL);
        ZERO_OF(cx_action_get_type(NULL));
        NULL_OF(cx_action_get_uuid(NULL));
        NULL_OF(cx_action_get_call_uuid(NULL));
        ZERO_OF(cx_action_get_origin(NULL));
        ck_assert_uint_eq(cx_action_get_deadline_usec(NULL), UINT64_MAX);
        ck_assert_int_eq(cx_set_held_call_action_new(UUID("a"), 0, &action), 0);
        getters_of_an_action(action);
        setters_of_an_action(action);
        cx_action_unref(action);
        ck_assert_int_eq(cx_end_call_action_new(UUID("a"), &action), 0);
        EINVAL_OF(cx_end_call_action_set_reason(action, (enum cx_decline_reason)9));
        ZERO_OF(cx_end_call_action_set_message(action, ""));
        getters_of_an_action(action);
        cx_action_unref(action);
        ck_assert_int_eq(cx_set_translating_call_action_new(UUID("a"), 0, "", NULL, &action), 0);
        EINVAL_OF(cx_action_fulfill_using_engine(action, CX_TRANSLATION_ENGINE_CUSTOM));
        getters_of_an_action(action);
        cx_action_unref(action);
}
END_TEST

START_TEST(a_transaction_checks_its_options)
{
        struct cx_transaction *transaction;

        EINVAL_OF(cx_transaction_add_action(NULL, NULL));
        EINVAL_OF(cx_transaction_set_timeout_usec(NULL, 2000000));
        EINVAL_OF(cx_transaction_set_may_end(NULL, 1));
        EINVAL_OF(cx_transaction_set_origin(NULL, CX_ORIGIN_USER));
        EINVAL_OF(cx_transaction_set_route(NULL, "x"));
        NULL_OF(cx_transaction_get_uuid(NULL));
        ZERO_OF(cx_transaction_get_n_actions(NULL));
        NULL_OF(cx_transaction_get_action(NULL, 0));
        ZERO_OF(cx_transaction_is_complete(NULL));
        ck_assert_int_eq(cx_transaction_new(&transaction), 0);
        EINVAL_OF(cx_transaction_add_action(transaction, NULL));
        EINVAL_OF(cx_transaction_set_timeout_usec(transaction, 999999));
        EINVAL_OF(cx_transaction_set_timeout_usec(transaction, 120000001));
        EINVAL_OF(cx_transaction_set_origin(transaction, CX_ORIGIN_POLICY));
        NULL_OF(cx_transaction_get_action(transaction, 0));
        ck_assert_ptr_nonnull(cx_transaction_get_uuid(transaction));
        cx_transaction_unref(transaction);
        NULL_OF(cx_transaction_result_get_action_uuid(NULL));
        ZERO_OF(cx_transaction_result_get_action_type(NULL));
        NULL_OF(cx_transaction_result_get_call_uuid(NULL));
        NULL_OF(cx_transaction_result_get_error(NULL));
}
END_TEST

START_TEST(a_configuration_checks_its_values)
{
        const enum cx_handle_type types[] = {CX_HANDLE_TYPE_GENERIC, CX_HANDLE_TYPE_UNKNOWN};
        const enum cx_handle_type beyond[] = {(enum cx_handle_type)4};
        struct cx_provider_configuration *configuration = NULL;
        char long_identifier[300];

        for (int i = 0; i < 2; i++) {
                EINVAL_OF(cx_provider_configuration_set_maximum_call_groups(configuration, 0));
                EINVAL_OF(cx_provider_configuration_set_maximum_calls_per_call_group(configuration,
                                                                                     0));
                EINVAL_OF(
                        cx_provider_configuration_set_audio(configuration, CX_CALL_AUDIO_UNKNOWN));
                EINVAL_OF(
                        cx_provider_configuration_set_audio(configuration, (enum cx_call_audio)9));
                EINVAL_OF(cx_provider_configuration_set_supported_handle_types(configuration, NULL,
                                                                               1));
                EINVAL_OF(cx_provider_configuration_set_supported_handle_types(configuration, types,
                                                                               2));
                EINVAL_OF(cx_provider_configuration_set_supported_handle_types(configuration,
                                                                               beyond, 1));
                EINVAL_OF(cx_provider_configuration_add_account(configuration, NULL));
                ZERO_OF(cx_provider_configuration_supports_handle_type(configuration,
                                                                       CX_HANDLE_TYPE_UNKNOWN));
                ZERO_OF(cx_provider_configuration_supports_handle_type(configuration,
                                                                       (enum cx_handle_type)4));
                NULL_OF(cx_provider_configuration_get_ringtone_sound(configuration));
                if (!configuration)
                        ck_assert_int_eq(
                                cx_provider_configuration_new("org.example.P", &configuration), 0);
        }
        cx_provider_configuration_unref(configuration);
        EINVAL_OF(cx_provider_configuration_set_ringtone_sound(NULL, "x"));
        EINVAL_OF(cx_provider_configuration_set_localized_name(NULL, "x"));
        EINVAL_OF(cx_provider_configuration_set_icon(NULL, "x"));
        EINVAL_OF(cx_provider_configuration_set_supports_video(NULL, 1));
        EINVAL_OF(cx_provider_configuration_set_supports_audio_translation(NULL, 1));
        EINVAL_OF(cx_provider_configuration_set_includes_calls_in_recents(NULL, 1));
        EINVAL_OF(cx_provider_configuration_set_own_echo_cancel(NULL, 1));
        EINVAL_OF(cx_provider_configuration_set_mix_groups(NULL, 1));
        EINVAL_OF(cx_provider_configuration_set_testing(NULL, 1));
        EINVAL_OF(cx_provider_configuration_set_supported_uri_schemes(NULL, NULL));
        EINVAL_OF(cx_provider_configuration_set_reclaim_grace_usec(NULL, 1));
        NULL_OF(cx_provider_configuration_get_identifier(NULL));
        ZERO_OF(cx_provider_configuration_get_maximum_call_groups(NULL));
        ZERO_OF(cx_provider_configuration_get_maximum_calls_per_call_group(NULL));
        ZERO_OF(cx_provider_configuration_get_supports_video(NULL));
        ZERO_OF(cx_provider_configuration_get_supports_audio_translation(NULL));
        ZERO_OF(cx_provider_configuration_get_includes_calls_in_recents(NULL));
        EINVAL_OF(cx_account_set_state(NULL, "ready"));
        EINVAL_OF(cx_account_set_handle_types(NULL, types, 1));
        EINVAL_OF(cx_account_set_uri_schemes(NULL, NULL));
        EINVAL_OF(cx_account_set_emergency(NULL, 1));
        memset(long_identifier, 'a', sizeof(long_identifier));
        long_identifier[sizeof(long_identifier) - 1] = '\0';
        EINVAL_OF(cx_provider_configuration_new(long_identifier, &configuration));
}
END_TEST

START_TEST(an_update_checks_its_values)
{
        struct cx_call_update *update;
        struct cx_handle *handle;

        EINVAL_OF(cx_call_update_set_remote_handle(NULL, NULL));
        EINVAL_OF(cx_call_update_set_localized_caller_name(NULL, "x"));
        EINVAL_OF(cx_call_update_set_account(NULL, "x"));
        EINVAL_OF(cx_call_update_set_supports_holding(NULL, 1));
        EINVAL_OF(cx_call_update_set_supports_grouping(NULL, 1));
        EINVAL_OF(cx_call_update_set_supports_ungrouping(NULL, 1));
        EINVAL_OF(cx_call_update_set_supports_dtmf(NULL, 1));
        EINVAL_OF(cx_call_update_set_supports_muting(NULL, 1));
        EINVAL_OF(cx_call_update_set_has_video(NULL, 1));
        EINVAL_OF(cx_call_update_set_remote_held(NULL, 1));
        EINVAL_OF(cx_call_update_set_alerting(NULL, 1));
        EINVAL_OF(cx_call_update_set_early_media(NULL, 1));
        EINVAL_OF(cx_call_update_set_audio(NULL, CX_CALL_AUDIO_NONE));
        EINVAL_OF(cx_call_update_set_picture_fd(NULL, 0));
        NULL_OF(cx_call_update_get_remote_handle(NULL));
        NULL_OF(cx_call_update_get_localized_caller_name(NULL));
        NULL_OF(cx_call_update_get_account(NULL));
        ZERO_OF(cx_call_update_get_audio(NULL));
        ck_assert_int_eq(cx_call_update_get_supports_holding(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_supports_grouping(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_supports_ungrouping(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_supports_dtmf(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_supports_muting(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_has_video(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_remote_held(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_alerting(NULL), -1);
        ck_assert_int_eq(cx_call_update_get_early_media(NULL), -1);
        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_GENERIC, "ada", &handle), 0);
        EINVAL_OF(cx_call_update_add_member(NULL, handle, "x"));
        ck_assert_int_eq(cx_call_update_new(&update), 0);
        EINVAL_OF(cx_call_update_add_member(update, NULL, "x"));
        EINVAL_OF(cx_call_update_set_audio(update, (enum cx_call_audio)9));
        ck_assert_int_eq(cx_call_update_set_picture_fd(update, -1), -EBADF);
        cx_call_update_unref(update);
        cx_handle_unref(handle);
        ZERO_OF(cx_handle_get_type(NULL));
        NULL_OF(cx_handle_get_value(NULL));
}
END_TEST

START_TEST(a_payload_checks_its_keys)
{
        struct cx_push_payload *payload;
        int64_t number;
        int flag;

        EINVAL_OF(cx_push_payload_set_string(NULL, "a", "b"));
        NULL_OF(cx_push_payload_get_string(NULL, "a"));
        NULL_OF(cx_push_payload_get_id(NULL));
        ZERO_OF(cx_push_payload_is_report_required(NULL));
        ck_assert_uint_eq(cx_push_payload_get_deadline_usec(NULL), UINT64_MAX);
        ck_assert_int_eq(cx_push_payload_get_int64(NULL, "a", &number), -ENOENT);
        ck_assert_int_eq(cx_push_payload_get_boolean(NULL, "a", &flag), -ENOENT);
        ck_assert_int_eq(cx_push_payload_new(&payload), 0);
        EINVAL_OF(cx_push_payload_set_string(payload, NULL, "b"));
        EINVAL_OF(cx_push_payload_set_string(payload, "", "b"));
        EINVAL_OF(cx_push_payload_set_string(payload, "a", NULL));
        EINVAL_OF(cx_push_payload_set_int64(payload, "", 1));
        EINVAL_OF(cx_push_payload_set_bytes(payload, "a", NULL, 1));
        EINVAL_OF(cx_push_payload_set_bytes(payload, "", "b", 1));
        EINVAL_OF(cx_push_payload_set_bytes(NULL, "a", "b", 1));
        NULL_OF(cx_push_payload_get_bytes(payload, "a", NULL));
        EINVAL_OF(cx_push_payload_set_boolean(payload, NULL, 1));
        EINVAL_OF(cx_push_payload_get_int64(payload, "a", NULL));
        EINVAL_OF(cx_push_payload_get_boolean(payload, "a", NULL));
        NULL_OF(cx_push_payload_get_string(payload, NULL));
        NULL_OF(cx_push_payload_get_id(payload));
        EINVAL_OF(cx_report_new_incoming_voip_push_payload(NULL, "x", payload, NULL, NULL));
        EINVAL_OF(cx_report_new_incoming_voip_push_payload(world->context, NULL, payload, NULL,
                                                           NULL));
        EINVAL_OF(cx_report_new_incoming_voip_push_payload(world->context, "x", NULL, NULL, NULL));
        cx_push_payload_unref(payload);
}
END_TEST

START_TEST(a_call_of_null_has_nothing)
{
        NULL_OF(cx_call_get_uuid(NULL));
        ZERO_OF(cx_call_is_outgoing(NULL));
        ZERO_OF(cx_call_is_on_hold(NULL));
        ZERO_OF(cx_call_has_connected(NULL));
        ZERO_OF(cx_call_has_ended(NULL));
        ZERO_OF(cx_call_get_state(NULL));
        ZERO_OF(cx_call_has_details(NULL));
        NULL_OF(cx_call_get_provider_path(NULL));
        NULL_OF(cx_call_get_remote_handle(NULL));
        NULL_OF(cx_call_get_localized_caller_name(NULL));
        NULL_OF(cx_call_get_display_name(NULL));
        NULL_OF(cx_call_get_account(NULL));
        ZERO_OF(cx_call_is_muted(NULL));
        NULL_OF(cx_call_get_group(NULL));
        ZERO_OF(cx_call_get_hold_reason(NULL));
        ZERO_OF(cx_call_is_remote_held(NULL));
        ZERO_OF(cx_call_has_video(NULL));
        ZERO_OF(cx_call_is_waiting(NULL));
        ZERO_OF(cx_call_is_emergency(NULL));
        ZERO_OF(cx_call_get_started_at_usec(NULL));
        ZERO_OF(cx_call_get_connected_at_usec(NULL));
        ZERO_OF(cx_call_get_ended_at_usec(NULL));
        ZERO_OF(cx_call_get_ended_reason(NULL));
        ZERO_OF(cx_call_allows(NULL, "answer"));
        ck_assert(cx_call_equal(NULL, NULL));
        NULL_OF(cx_audio_session_get_call_uuid(NULL));
        NULL_OF(cx_audio_session_get_sink(NULL));
        NULL_OF(cx_audio_session_get_source(NULL));
        NULL_OF(cx_audio_session_get_route(NULL));
        NULL_OF(cx_stream_properties_get_sink(NULL));
        NULL_OF(cx_stream_properties_get_source(NULL));
        NULL_OF(cx_stream_properties_get(NULL, CX_STREAM_DIRECTION_PLAYBACK, "x"));
        NULL_OF(cx_stream_properties_list(NULL, CX_STREAM_DIRECTION_CAPTURE)[0]);
        ck_assert_str_eq(cx_error_get_name(NULL), "");
        ZERO_OF(cx_error_get_domain(NULL));
}
END_TEST

static void streams(const struct cx_stream_properties *properties, const struct cx_error *error,
                    void *userdata)
{
        (void)properties;
        (void)error;
        (void)userdata;
        ck_abort_msg("nothing was asked");
}

static void environment(const char *const *variables, const struct cx_error *error, void *userdata)
{
        (void)variables;
        streams(NULL, error, userdata);
}

/* Each report and question of a provider, about this call. */
static void expect_reports(struct cx_provider *provider, const char *call, int wanted)
{
        const struct cx_call_facts facts = {.size = sizeof(facts), .state = CX_CALL_STATE_ACTIVE};
        struct cx_call_update *update;
        struct {
                const char *what;
                int r;
        } said[] = {
                {"incoming",
                 cx_provider_report_new_incoming_call(provider, call, NULL, NULL, NULL)},
                {"connecting", cx_provider_report_outgoing_call_started_connecting(provider, call,
                                                                                   0, NULL, NULL)},
                {"connected",
                 cx_provider_report_outgoing_call_connected(provider, call, 0, NULL, NULL)},
                {"ended", cx_provider_report_call_ended(provider, call, 0,
                                                        CX_CALL_ENDED_REASON_FAILED, NULL, NULL)},
                {"call", cx_provider_report_call(provider, call, &facts, NULL, NULL, NULL)},
                {"state", cx_provider_report_call_state(provider, call, CX_CALL_STATE_ACTIVE,
                                                        CX_FACT_SOURCE_SELF, NULL, NULL)},
                {"muted",
                 cx_provider_report_call_muted(provider, call, 1, CX_FACT_SOURCE_SELF, NULL, NULL)},
                {"streams", cx_provider_get_stream_properties(provider, call, streams, NULL)},
                {"environment",
                 cx_provider_get_environment(provider, call, CX_STREAM_DIRECTION_BOTH, environment,
                                             NULL)},
        };

        for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
                ck_assert_msg(said[i].r == wanted, "%s: %d", said[i].what, said[i].r);
        ck_assert_int_eq(cx_call_update_new(&update), 0);
        ck_assert_int_eq(cx_provider_report_call_updated(provider, call, update, NULL, NULL),
                         wanted);
        cx_call_update_unref(update);
}

START_TEST(reports_check_their_values)
{
        struct cx_provider *provider = world->provider;
        struct cx_call_facts facts = {.size = sizeof(facts), .state = CX_CALL_STATE_ENDED};

        expect_reports(NULL, UUID("a"), -EINVAL);
        expect_reports(provider, NULL, -EINVAL);
        expect_reports(provider, "no uuid", -EINVAL);
        EINVAL_OF(cx_provider_report_call_updated(provider, UUID("a"), NULL, NULL, NULL));
        EINVAL_OF(cx_provider_report_call(provider, UUID("a"), NULL, NULL, NULL, NULL));
        EINVAL_OF(cx_provider_report_call(provider, UUID("a"), &facts, NULL, NULL, NULL));
        facts.size--;
        EINVAL_OF(cx_provider_report_call(provider, UUID("a"), &facts, NULL, NULL, NULL));
        EINVAL_OF(cx_provider_report_call_ended(provider, UUID("a"), 0,
                                                CX_CALL_ENDED_REASON_UNKNOWN, NULL, NULL));
        EINVAL_OF(cx_provider_report_call_ended(provider, UUID("a"), 0,
                                                CX_CALL_ENDED_REASON_PROVIDER_LOST, NULL, NULL));
        EINVAL_OF(cx_provider_report_call_state(provider, UUID("a"), CX_CALL_STATE_RINGING,
                                                CX_FACT_SOURCE_SELF, NULL, NULL));
        EINVAL_OF(cx_provider_get_stream_properties(provider, UUID("a"), NULL, NULL));
        EINVAL_OF(cx_provider_get_environment(provider, UUID("a"), CX_STREAM_DIRECTION_BOTH, NULL,
                                              NULL));
        EINVAL_OF(cx_provider_get_environment(provider, UUID("a"), (enum cx_stream_direction)0,
                                              environment, NULL));
        EINVAL_OF(cx_provider_get_environment(provider, UUID("a"), (enum cx_stream_direction)9,
                                              environment, NULL));
        world_expect(world, "", "");
        ck_assert_int_eq(cx_provider_invalidate(provider), 0);
        expect_reports(provider, UUID("a"), -ESHUTDOWN);
}
END_TEST

START_TEST(a_provider_checks_what_it_is_given)
{
        struct cx_provider *provider = world->provider;
        struct cx_provider_delegate delegate = {.size = sizeof(delegate)};
        struct cx_transaction **transactions;
        struct cx_action **actions;

        NULL_OF(cx_provider_get_context(NULL));
        NULL_OF(cx_provider_get_configuration(NULL));
        ck_assert_ptr_eq(cx_provider_get_context(provider), world->context);
        EINVAL_OF(cx_provider_set_delegate(NULL, NULL, NULL));
        EINVAL_OF(cx_provider_set_delegate(provider, &delegate, NULL));
        delegate.size = 1;
        EINVAL_OF(cx_provider_set_delegate(provider, &delegate, NULL));
        EINVAL_OF(cx_provider_set_configuration(NULL, NULL, NULL, NULL));
        EINVAL_OF(cx_provider_set_configuration(provider, NULL, NULL, NULL));
        ck_assert_int_eq(cx_provider_set_ringtone_fd(provider, -1, NULL, NULL), -EBADF);
        EINVAL_OF(cx_provider_set_ringtone_fd(NULL, 0, NULL, NULL));
        EINVAL_OF(cx_provider_get_pending_transactions(NULL, &transactions));
        EINVAL_OF(cx_provider_get_pending_transactions(provider, NULL));
        EINVAL_OF(
                cx_provider_get_pending_call_actions(NULL, CX_ACTION_TYPE_UNKNOWN, NULL, &actions));
        EINVAL_OF(
                cx_provider_get_pending_call_actions(provider, CX_ACTION_TYPE_UNKNOWN, NULL, NULL));
        world_expect(world, "", "");
        ck_assert_int_eq(cx_provider_set_delegate(provider, NULL, NULL), 0);
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "", "FailAction 1");
}
END_TEST

START_TEST(contexts_controllers_and_observers_take_null)
{
        struct cx_call_controller *controller;
        struct cx_call_observer *observer;
        struct cx_call **calls;
        uint64_t timeout;

        EINVAL_OF(cx_context_attach_event(NULL, NULL, 0));
        EINVAL_OF(cx_context_attach_event(world->context, NULL, 0));
        EINVAL_OF(cx_context_detach_event(NULL));
        ck_assert_int_eq(cx_context_detach_event(world->context), -ENOTCONN);
        EINVAL_OF(cx_context_get_fd(NULL));
        EINVAL_OF(cx_context_get_events(NULL));
        EINVAL_OF(cx_context_get_timeout(NULL, &timeout));
        EINVAL_OF(cx_context_get_timeout(world->context, NULL));
        EINVAL_OF(cx_context_start_thread(NULL));
        EINVAL_OF(cx_context_stop_thread(NULL));
        ck_assert_int_eq(cx_context_stop_thread(world->context), -ENOTCONN);
        EINVAL_OF(cx_context_call(NULL, NULL, NULL));
        EINVAL_OF(cx_context_call(world->context, NULL, NULL));
        EINVAL_OF(cx_context_run_until(NULL, NULL, NULL, 0));
        EINVAL_OF(cx_context_set_availability_callback(NULL, NULL, NULL));
        ZERO_OF(cx_context_is_available(NULL));
        EINVAL_OF(cx_context_ping_sync(NULL, 0));
        NULL_OF(cx_context_get_bus(NULL));
        ck_assert_int_eq(cx_context_run_until(world->context, NULL, NULL, 0), -ETIMEDOUT);

        EINVAL_OF(cx_call_controller_request(NULL, NULL, NULL, NULL, NULL));
        EINVAL_OF(cx_call_controller_request_sync(NULL, NULL, 0, NULL));
        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        EINVAL_OF(cx_call_controller_request(controller, NULL, NULL, NULL, NULL));
        EINVAL_OF(cx_call_controller_request_action(controller, NULL, NULL, NULL, NULL));
        EINVAL_OF(cx_call_controller_request_sync(controller, NULL, 0, NULL));
        cx_call_controller_unref(controller);

        EINVAL_OF(cx_call_observer_set_callback(NULL, NULL, NULL));
        ZERO_OF(cx_call_observer_is_ready(NULL));
        EINVAL_OF(cx_call_observer_get_calls(NULL, &calls));
        NULL_OF(cx_call_observer_find_call(NULL, UUID("a")));
        EINVAL_OF(cx_call_observer_refresh_sync(NULL, 0));
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        EINVAL_OF(cx_call_observer_get_calls(observer, NULL));
        NULL_OF(cx_call_observer_find_call(observer, NULL));
        cx_call_observer_unref(observer);
}
END_TEST

static TCase *values(void)
{
        TCase *tcase = tcase_create("values");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, references_take_null);
        tcase_add_test(tcase, makers_want_somewhere_to_put_it);
        tcase_add_test(tcase, actions_have_the_fields_of_their_type_alone);
        tcase_add_test(tcase, a_transaction_checks_its_options);
        tcase_add_test(tcase, a_configuration_checks_its_values);
        tcase_add_test(tcase, an_update_checks_its_values);
        tcase_add_test(tcase, a_payload_checks_its_keys);
        tcase_add_test(tcase, a_call_of_null_has_nothing);
        return tcase;
}

static TCase *objects(void)
{
        TCase *tcase = tcase_create("objects");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, reports_check_their_values);
        tcase_add_test(tcase, a_provider_checks_what_it_is_given);
        tcase_add_test(tcase, contexts_controllers_and_observers_take_null);
        return tcase;
}

SUITE_MAIN("arguments", values(), objects());
