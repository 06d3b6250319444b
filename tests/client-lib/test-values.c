/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Value types, CallKit's numbers, and what actions refuse. Needs no bus. */
#include <errno.h>
#include <string.h>

#include <callsd/cleanup.h>

#include "suite.h"

#define CALL "A0000000-0000-4000-8000-000000000001"
#define CALL_LOWER "a0000000-0000-4000-8000-000000000001"

/* facts of CallKit, which must never change here. */
START_TEST(numbers_are_callkits)
{
        ck_assert_int_eq(CX_HANDLE_TYPE_GENERIC, 1);
        ck_assert_int_eq(CX_HANDLE_TYPE_PHONE_NUMBER, 2);
        ck_assert_int_eq(CX_HANDLE_TYPE_EMAIL_ADDRESS, 3);
        ck_assert_int_eq(CX_CALL_ENDED_REASON_FAILED, 1);
        ck_assert_int_eq(CX_CALL_ENDED_REASON_REMOTE_ENDED, 2);
        ck_assert_int_eq(CX_CALL_ENDED_REASON_UNANSWERED, 3);
        ck_assert_int_eq(CX_CALL_ENDED_REASON_ANSWERED_ELSEWHERE, 4);
        ck_assert_int_eq(CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE, 5);
        ck_assert_int_eq(CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, 1);
        ck_assert_int_eq(CX_PLAY_DTMF_CALL_ACTION_TYPE_SOFT_PAUSE, 2);
        ck_assert_int_eq(CX_PLAY_DTMF_CALL_ACTION_TYPE_HARD_PAUSE, 3);
        ck_assert_int_eq(CX_ERROR_MISSING_VOIP_BACKGROUND_MODE, 3);
        ck_assert_int_eq(CX_ERROR_INCOMING_CALL_FILTERED_BY_BLOCK_LIST, 4);
        ck_assert_int_eq(CX_ERROR_INCOMING_CALL_FILTERED_BY_SENSITIVE_PARTICIPANTS, 7);
        ck_assert_int_eq(CX_ERROR_REQUEST_TRANSACTION_INVALID_ACTION, 6);
        ck_assert_int_eq(CX_ERROR_REQUEST_TRANSACTION_CALL_IS_PROTECTED, 8);
        ck_assert_int_eq(CX_ERROR_CALL_DIRECTORY_UNEXPECTED_INCREMENTAL_REMOVAL, 8);
        ck_assert_int_eq(
                CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_MISSING_NOTIFICATION_FILTERING_ENTITLEMENT,
                2);
        ck_assert_int_eq(CX_TRANSLATION_ENGINE_CUSTOM, 1);
}
END_TEST

START_TEST(handles)
{
        CX_CLEANUP(cx_handle) struct cx_handle *a = NULL;
        CX_CLEANUP(cx_handle) struct cx_handle *b = NULL;

        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_UNKNOWN, "x", &a), -EINVAL);
        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_GENERIC, "", &a), -EINVAL);
        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_GENERIC, "ada", &a), 0);
        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_EMAIL_ADDRESS, "ada", &b), 0);
        ck_assert(cx_handle_equal(a, a));
        ck_assert(!cx_handle_equal(a, b));
        ck_assert(!cx_handle_equal(a, NULL));
        ck_assert(cx_handle_equal(NULL, NULL));
}
END_TEST

START_TEST(an_update_remembers_what_was_set)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;

        ck_assert_int_eq(cx_call_update_new(&update), 0);
        ck_assert_int_eq(cx_call_update_get_supports_holding(update), -1);
        ck_assert_ptr_null(cx_call_update_get_localized_caller_name(update));
        cx_call_update_set_supports_holding(update, 0);
        cx_call_update_set_has_video(update, 7);
        cx_call_update_set_localized_caller_name(update, NULL);
        ck_assert_int_eq(cx_call_update_get_supports_holding(update), 0);
        ck_assert_int_eq(cx_call_update_get_has_video(update), 1);
        ck_assert_str_eq(cx_call_update_get_localized_caller_name(update), "");
        ck_assert_int_eq(cx_call_update_set_picture_fd(update, -1), -EBADF);
        ck_assert_int_eq(cx_call_update_set_audio(update, CX_CALL_AUDIO_UNKNOWN), -EINVAL);
}
END_TEST

START_TEST(a_configuration_has_callkits_defaults)
{
        CX_CLEANUP(cx_provider_configuration) struct cx_provider_configuration *one = NULL;
        CX_CLEANUP(cx_provider_configuration) struct cx_provider_configuration *two = NULL;
        const enum cx_handle_type types[] = {CX_HANDLE_TYPE_PHONE_NUMBER};
        CX_CLEANUP(cx_account) struct cx_account *account = NULL;

        ck_assert_int_eq(cx_provider_configuration_new("", &one), -EINVAL);
        ck_assert_int_eq(cx_provider_configuration_new("org.example.Phone", &one), 0);
        ck_assert_uint_eq(cx_provider_configuration_get_maximum_call_groups(one), 2);
        ck_assert_uint_eq(cx_provider_configuration_get_maximum_calls_per_call_group(one), 5);
        ck_assert(cx_provider_configuration_get_includes_calls_in_recents(one));
        ck_assert(!cx_provider_configuration_get_supports_video(one));
        ck_assert(cx_provider_configuration_supports_handle_type(one, CX_HANDLE_TYPE_GENERIC));
        ck_assert_int_eq(cx_provider_configuration_set_maximum_call_groups(one, 0), -EINVAL);
        cx_provider_configuration_set_supported_handle_types(one, types, 1);
        ck_assert_int_eq(cx_account_new("sim1", "Work", &account), 0);
        ck_assert_int_eq(cx_provider_configuration_add_account(one, account), 0);
        ck_assert_int_eq(cx_provider_configuration_copy(one, &two), 0);
        cx_provider_configuration_set_supported_handle_types(one, NULL, 0);
        ck_assert(!cx_provider_configuration_supports_handle_type(two, CX_HANDLE_TYPE_GENERIC));
}
END_TEST

START_TEST(actions_check_what_they_are_given)
{
        CX_CLEANUP(cx_action) struct cx_action *action = NULL;

        ck_assert_int_eq(cx_end_call_action_new("not a uuid", &action), -EINVAL);
        ck_assert_int_eq(cx_end_call_action_new(NULL, &action), -EINVAL);
        ck_assert_int_eq(cx_end_call_action_new("00000000-0000-0000-0000-000000000000", &action),
                         -EINVAL);
        ck_assert_int_eq(cx_play_dtmf_call_action_new(
                                 CALL, "12", CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, &action),
                         -EINVAL);
        ck_assert_int_eq(cx_play_dtmf_call_action_new(
                                 CALL, "E", CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, &action),
                         -EINVAL);
        ck_assert_int_eq(cx_play_dtmf_call_action_new(
                                 CALL, "12,3#", CX_PLAY_DTMF_CALL_ACTION_TYPE_SOFT_PAUSE, &action),
                         0);
        ck_assert_str_eq(cx_action_get_call_uuid(action), CALL_LOWER);
        ck_assert_str_eq(cx_play_dtmf_call_action_get_digits(action), "12,3#");
        ck_assert_ptr_null(cx_start_call_action_get_handle(action));
        ck_assert_int_eq(cx_start_call_action_set_video(action, 1), -EINVAL);
        ck_assert_int_eq(cx_action_fulfill(action), -EINVAL);
        ck_assert_int_eq(cx_action_fulfill(NULL), -EINVAL);
        ck_assert(!cx_action_is_complete(action));
}
END_TEST

START_TEST(null_is_harmless)
{
        ck_assert_ptr_null(cx_action_unref(NULL));
        ck_assert_ptr_null(cx_provider_unref(NULL));
        ck_assert_ptr_null(cx_context_unref(NULL));
        ck_assert_ptr_null(cx_call_unref(NULL));
        ck_assert_int_eq(cx_provider_invalidate(NULL), -EINVAL);
        ck_assert_int_eq(cx_context_dispatch(NULL), -EINVAL);
        ck_assert_str_eq(cx_error_get_message(NULL), "");
        ck_assert(!cx_error_is(NULL, CX_ERROR_DOMAIN_GENERAL, CX_ERROR_UNKNOWN));
        ck_assert_str_eq(cx_call_state_to_string((enum cx_call_state)99), "unknown");
}
END_TEST

START_TEST(uuids_are_new)
{
        char a[CX_UUID_TEXT_SIZE], b[CX_UUID_TEXT_SIZE];

        cx_uuid_generate(a);
        cx_uuid_generate(b);
        ck_assert_str_ne(a, b);
        ck_assert_uint_eq(strlen(a), CX_UUID_TEXT_SIZE - 1);
}
END_TEST

START_TEST(a_push_payload_is_a_dictionary)
{
        CX_CLEANUP(cx_push_payload) struct cx_push_payload *payload = NULL;
        int64_t number;
        int flag;

        ck_assert_int_eq(cx_push_payload_new(&payload), 0);
        cx_push_payload_set_string(payload, "from", "ada");
        cx_push_payload_set_int64(payload, "from", 7);
        cx_push_payload_set_boolean(payload, "video", 3);
        ck_assert_ptr_null(cx_push_payload_get_string(payload, "from"));
        ck_assert_int_eq(cx_push_payload_get_int64(payload, "from", &number), 0);
        ck_assert_int_eq(number, 7);
        ck_assert_int_eq(cx_push_payload_get_boolean(payload, "video", &flag), 0);
        ck_assert_int_eq(flag, 1);
        ck_assert_int_eq(cx_push_payload_get_boolean(payload, "from", &flag), -ENOENT);
}
END_TEST

static TCase *values(void)
{
        TCase *tcase = tcase_create("values");

        tcase_add_test(tcase, numbers_are_callkits);
        tcase_add_test(tcase, handles);
        tcase_add_test(tcase, an_update_remembers_what_was_set);
        tcase_add_test(tcase, a_configuration_has_callkits_defaults);
        tcase_add_test(tcase, actions_check_what_they_are_given);
        tcase_add_test(tcase, null_is_harmless);
        tcase_add_test(tcase, uuids_are_new);
        tcase_add_test(tcase, a_push_payload_is_a_dictionary);
        return tcase;
}

SUITE_MAIN("values", values());
