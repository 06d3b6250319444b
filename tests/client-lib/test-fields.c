/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every field that an app can set reaches callsd, and every field of callsd reaches the app. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client-lib/world.h"

/* Within texts. */
#define CALL_A UUID("a")
#define CALL_B UUID("b")
#define CALL_C UUID("c")

#define ORDER "sa(ssa{sv})a{sv}"

static struct world *world;
static struct cx_call_controller *controller;

static void setup(void)
{
        world = world_ready();
}

static void teardown(void)
{
        controller = cx_call_controller_unref(controller);
        world_free(world);
}

static void expect_told(const char *text)
{
        world_settle(world);
        ck_assert_str_eq(fake_was_told(world->fake), text);
}

static void incoming(void)
{
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL),
                0);
        world_expect(world, NULL, NULL);
}

START_TEST(an_order_to_start_has_all_it_needs)
{
        struct cx_action *start;

        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, UUID("1"), "start-call", 7,
                 "Call", "s", UUID("b"), "Origin", "s", "accessory", "HandleType", "s",
                 "email-address", "Handle", "s", "a@b", "ContactIdentifier", "s", "c1", "Account",
                 "s", "sim2", "Video", "b", 1, 0);
        world_expect(world, "start-call b", NULL);
        start = world->orders[1];
        ck_assert_int_eq(cx_action_get_type(start), CX_ACTION_TYPE_START_CALL);
        ck_assert_int_eq(cx_action_get_origin(start), CX_ORIGIN_ACCESSORY);
        ck_assert_uint_eq(cx_action_get_deadline_usec(start), UINT64_MAX);
        ck_assert_str_eq(cx_handle_get_value(cx_start_call_action_get_handle(start)), "a@b");
        ck_assert_int_eq(cx_handle_get_type(cx_start_call_action_get_handle(start)),
                         CX_HANDLE_TYPE_EMAIL_ADDRESS);
        ck_assert_str_eq(cx_start_call_action_get_contact_identifier(start), "c1");
        ck_assert_str_eq(cx_start_call_action_get_account(start), "sim2");
        ck_assert_int_eq(cx_start_call_action_is_video(start), 1);
        ck_assert_int_eq(cx_start_call_action_set_video(start, 0), -EROFS);
        ck_assert_int_eq(cx_start_call_action_set_account(start, "sim1"), -EROFS);
        ck_assert_int_eq(cx_answer_call_action_is_video(start), 0);
        ck_assert_int_eq(cx_action_fulfill_with_date(start, 77), 0);
        expect_told(UUID("1") " {Date=77}");
}
END_TEST

START_TEST(orders_about_a_call_have_all_they_need)
{
        incoming();
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, UUID("1"), "answer-call",
                 2, "Call", "s", UUID("a"), "Video", "b", 1, 0);
        world_expect(world, "answer-call a", NULL);
        ck_assert_int_eq(cx_answer_call_action_is_video(world->orders[1]), 1);
        ck_assert_int_eq(cx_start_call_action_is_video(world->orders[1]), 0);
        ck_assert_int_eq(
                cx_action_fail_with_cause(world->orders[1], CX_CALL_ENDED_CAUSE_MEDIA, "no codec"),
                0);
        world_expect(world, NULL, NULL);
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, UUID("2"), "end-call", 3,
                 "Call", "s", UUID("a"), "Reason", "s", "busy", "Message", "s", "call me later", 0);
        world_expect(world, "end-call a", NULL);
        ck_assert_int_eq(cx_end_call_action_get_reason(world->orders[2]), CX_DECLINE_REASON_BUSY);
        ck_assert_str_eq(cx_end_call_action_get_message(world->orders[2]), "call me later");
        ck_assert_int_eq(cx_end_call_action_set_message(world->orders[2], "x"), -EROFS);
        ck_assert_int_eq(cx_end_call_action_set_reason(world->orders[2], CX_DECLINE_REASON_BUSY),
                         -EROFS);
}
END_TEST

START_TEST(orders_that_change_a_call_have_all_they_need)
{
        incoming();
        fake_perform(world->fake, "1:set-held-call:a:1");
        fake_perform(world->fake, "2:set-muted-call:a:1");
        fake_perform(world->fake, "3:set-group-call:a:b");
        fake_perform(world->fake, "4:set-group-call:a");
        fake_perform(world->fake, "5:play-dtmf-call:a:7");
        world->fulfill = true;
        world_expect(world,
                     "set-held-call a; set-muted-call a; set-group-call a; set-group-call a; "
                     "play-dtmf-call a",
                     NULL);
        ck_assert_int_eq(cx_set_held_call_action_is_on_hold(world->orders[1]), 1);
        ck_assert_int_eq(cx_set_muted_call_action_is_muted(world->orders[1]), 0);
        ck_assert_int_eq(cx_set_muted_call_action_is_muted(world->orders[2]), 1);
        ck_assert_int_eq(cx_set_held_call_action_is_on_hold(world->orders[2]), 0);
        ck_assert_str_eq(cx_set_group_call_action_get_call_uuid_to_group_with(world->orders[3]),
                         UUID("b"));
        ck_assert_ptr_null(cx_set_group_call_action_get_call_uuid_to_group_with(world->orders[4]));
        ck_assert_ptr_null(cx_set_group_call_action_get_call_uuid_to_group_with(world->orders[5]));
        ck_assert_str_eq(cx_play_dtmf_call_action_get_digits(world->orders[5]), "7");
        ck_assert_int_eq(cx_play_dtmf_call_action_get_type(world->orders[5]),
                         CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE);
        ck_assert_int_eq(cx_play_dtmf_call_action_get_type(world->orders[4]),
                         CX_PLAY_DTMF_CALL_ACTION_TYPE_UNKNOWN);
        ck_assert_ptr_null(cx_play_dtmf_call_action_get_digits(world->orders[4]));
}
END_TEST

START_TEST(an_order_to_translate_is_fulfilled_with_an_engine)
{
        struct cx_action *translate;

        incoming();
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, UUID("1"),
                 "set-translating-call", 4, "Call", "s", UUID("a"), "Translating", "b", 1,
                 "LocalLanguage", "s", "de", "RemoteLanguage", "s", "it", 0);
        world_expect(world, "set-translating-call a", NULL);
        translate = world->orders[1];
        ck_assert_int_eq(cx_set_translating_call_action_is_translating(translate), 1);
        ck_assert_str_eq(cx_set_translating_call_action_get_local_language(translate), "de");
        ck_assert_str_eq(cx_set_translating_call_action_get_remote_language(translate), "it");
        ck_assert_int_eq(cx_action_fulfill_using_engine(translate, CX_TRANSLATION_ENGINE_CUSTOM),
                         0);
        ck_assert_int_eq(cx_action_fulfill_using_engine(translate, CX_TRANSLATION_ENGINE_CUSTOM),
                         -EALREADY);
        world_settle(world);
        ck_assert(fake_was_asked(world->fake, "FulfillAction 1"));
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "Engine="));
}
END_TEST

START_TEST(an_order_with_values_of_other_types_has_none_of_them)
{
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, UUID("1"), "start-call", 6,
                 "Call", "s", UUID("b"), "Origin", "u", 3, "HandleType", "s", "pigeon", "Handle",
                 "s", "x", "Video", "s", "yes", "DeadlineUSec", "s", "soon", 0);
        world_expect(world, "start-call b", NULL);
        ck_assert_int_eq(cx_action_get_origin(world->orders[1]), CX_ORIGIN_UNKNOWN);
        ck_assert_ptr_null(cx_start_call_action_get_handle(world->orders[1]));
        ck_assert_int_eq(cx_start_call_action_is_video(world->orders[1]), 0);
        ck_assert_uint_eq(cx_action_get_deadline_usec(world->orders[1]), UINT64_MAX);
}
END_TEST

START_TEST(a_push_payload_is_delivered)
{
        struct cx_push_payload *push;
        int64_t number = 0;
        size_t size = 9;
        int flag = 0;

        fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", "p1", 8, "from", "s", "ada",
                 "badge", "x", (int64_t)-7, "silent", "b", 1, "", "s", "no key", "list", "as", 1,
                 "x", "other", "i", -3, "body", "ay", 3, 1, 0, 255, "nobody", "ay", 0, 3,
                 "ReportRequired", "b", 1, "DeadlineUSec", "t", (uint64_t)42, "Newer", "s", "?");
        world_expect(world, "push p1", NULL);
        push = world->push;
        ck_assert_str_eq(cx_push_payload_get_id(push), "p1");
        ck_assert_int_eq(cx_push_payload_is_report_required(push), 1);
        ck_assert_uint_eq(cx_push_payload_get_deadline_usec(push), 42);
        ck_assert_str_eq(cx_push_payload_get_string(push, "from"), "ada");
        ck_assert_int_eq(cx_push_payload_get_int64(push, "badge", &number), 0);
        ck_assert_int_eq(number, -7);
        ck_assert_int_eq(cx_push_payload_get_boolean(push, "silent", &flag), 0);
        ck_assert_int_eq(flag, 1);
        ck_assert_int_eq(cx_push_payload_get_int64(push, "other", &number), 0);
        ck_assert_int_eq(number, -3);
        ck_assert_int_eq(cx_push_payload_get_int64(push, "from", &number), -ENOENT);
        ck_assert_ptr_null(cx_push_payload_get_string(push, "list"));
        ck_assert_mem_eq(cx_push_payload_get_bytes(push, "body", &size), "\1\0\377", 3);
        ck_assert_uint_eq(size, 3);
        ck_assert_ptr_nonnull(cx_push_payload_get_bytes(push, "nobody", &size));
        ck_assert_uint_eq(size, 0);
        ck_assert_ptr_null(cx_push_payload_get_bytes(push, "from", &size));
        ck_assert_ptr_null(cx_push_payload_get_string(push, "body"));
        ck_assert_ptr_null(cx_push_payload_get_string(push, ""));
}
END_TEST

START_TEST(numbers_of_a_payload_are_one_kind)
{
        static const char *const keys[] = {"y", "n", "q", "i", "u", "x", "t"};
        int64_t number;

        fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", "p1", 8, "y", "y", 200, "n",
                 "n", 200, "q", "q", 200, "i", "i", 200, "u", "u", 200, "x", "x", (int64_t)200, "t",
                 "t", (uint64_t)200, "d", "d", 2.5, 0);
        world_expect(world, "push p1", NULL);
        for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
                ck_assert_int_eq(cx_push_payload_get_int64(world->push, keys[i], &number), 0);
                ck_assert_int_eq(number, 200);
        }
        ck_assert_int_eq(cx_push_payload_get_int64(world->push, "d", &number), -ENOENT);
        ck_assert_int_eq(cx_push_payload_is_report_required(world->push), 0);
        ck_assert_uint_eq(cx_push_payload_get_deadline_usec(world->push), UINT64_MAX);
}
END_TEST

/* A callsd that was killed sends again what it may have sent already. */
START_TEST(a_push_payload_is_told_once)
{
        for (int i = 0; i < 2; i++)
                fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", "p1", 0, 0);
        fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", "p2", 0, 0);
        world_expect(world, "push p1; push p2", NULL);
}
END_TEST

static struct cx_push_payload *some_payload(void)
{
        struct cx_push_payload *payload;

        ck_assert_int_eq(cx_push_payload_new(&payload), 0);
        ck_assert_int_eq(cx_push_payload_set_string(payload, "from", "ada"), 0);
        ck_assert_int_eq(cx_push_payload_set_int64(payload, "badge", -7), 0);
        ck_assert_int_eq(cx_push_payload_set_boolean(payload, "silent", 1), 0);
        ck_assert_int_eq(cx_push_payload_set_bytes(payload, "body", "ab", 2), 0);
        ck_assert_int_eq(cx_push_payload_set_bytes(payload, "none", NULL, 0), 0);
        return payload;
}

START_TEST(a_push_helper_hands_a_payload_over)
{
        struct cx_push_payload *payload = some_payload();
        struct noted noted = {world, "push"};

        ck_assert_int_eq(cx_report_new_incoming_voip_push_payload(world->context, "org.example.P",
                                                                  payload, world_completed, &noted),
                         0);
        expect_told("org.example.P {from=ada, badge=-7, silent=yes, body=[97 98], none=[]}");
        world_expect(world, "push done", "ReportNewIncomingVoIPPushPayload o");
        fake_refuse(world->fake, "ReportNewIncomingVoIPPushPayload",
                    "org.callsd.Error.NotAuthorized");
        cx_report_new_incoming_voip_push_payload(world->context, "org.example.P", payload,
                                                 world_completed, &noted);
        world_settle(world);
        ck_assert(world_told(world, "push failed"));
        world->fake = fake_kill(world->fake);
        cx_report_new_incoming_voip_push_payload(world->context, "org.example.P", payload,
                                                 world_completed, &noted);
        world->trace[0] = '\0';
        world_until(world, world_told(world, "push failed"));
        cx_push_payload_unref(payload);
}
END_TEST

START_TEST(an_audio_session_says_where)
{
        incoming();
        fake_say(world->fake, "AudioSessionActivated", "sa{sv}", UUID("a"), 4, "Sink", "s", "snk",
                 "Source", "s", "src", "Route", "s", "headset", "Newer", "u", 1);
        world_expect(world, "audio-on a", NULL);
        ck_assert_str_eq(world->audio, "snk src headset");
}
END_TEST

static struct cx_provider_configuration *full_configuration(void)
{
        static const char *const schemes[] = {"sip", "tel", NULL};
        const enum cx_handle_type types[] = {CX_HANDLE_TYPE_GENERIC, CX_HANDLE_TYPE_EMAIL_ADDRESS};
        struct cx_provider_configuration *configuration;
        struct cx_account *account;

        ck_assert_int_eq(cx_provider_configuration_new("org.example.Phone", &configuration), 0);
        ck_assert_int_eq(cx_provider_configuration_set_ringtone_sound(configuration, "bell"), 0);
        ck_assert_int_eq(cx_provider_configuration_set_localized_name(configuration, "Phone"), 0);
        ck_assert_int_eq(cx_provider_configuration_set_icon(configuration, "phone"), 0);
        ck_assert_int_eq(cx_provider_configuration_set_maximum_call_groups(configuration, 3), 0);
        ck_assert_int_eq(
                cx_provider_configuration_set_maximum_calls_per_call_group(configuration, 4), 0);
        ck_assert_int_eq(cx_provider_configuration_set_supports_video(configuration, 1), 0);
        ck_assert_int_eq(cx_provider_configuration_set_supports_audio_translation(configuration, 2),
                         0);
        ck_assert_int_eq(cx_provider_configuration_set_includes_calls_in_recents(configuration, 0),
                         0);
        ck_assert_int_eq(cx_provider_configuration_set_own_echo_cancel(configuration, 1), 0);
        ck_assert_int_eq(cx_provider_configuration_set_mix_groups(configuration, 1), 0);
        ck_assert_int_eq(cx_provider_configuration_set_testing(configuration, 1), 0);
        ck_assert_int_eq(
                cx_provider_configuration_set_supported_handle_types(configuration, types, 2), 0);
        ck_assert_int_eq(
                cx_provider_configuration_set_supported_uri_schemes(configuration, schemes), 0);
        ck_assert_int_eq(cx_provider_configuration_set_audio(configuration, CX_CALL_AUDIO_EXTERNAL),
                         0);
        ck_assert_int_eq(cx_provider_configuration_set_reclaim_grace_usec(configuration, 9), 0);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(cx_account_new("sim1", "Work", &account), 0);
                ck_assert_int_eq(cx_account_set_state(account, i ? "ready" : "away"), 0);
                ck_assert_int_eq(cx_account_set_handle_types(account, types, 1), 0);
                ck_assert_int_eq(cx_account_set_uri_schemes(account, schemes), 0);
                ck_assert_int_eq(cx_account_set_emergency(account, 1), 0);
                ck_assert_int_eq(cx_provider_configuration_add_account(configuration, account), 0);
                cx_account_unref(account);
        }
        ck_assert_int_eq(cx_account_new("sim2", NULL, &account), 0);
        ck_assert_int_eq(cx_provider_configuration_add_account(configuration, account), 0);
        cx_account_unref(account);
        return configuration;
}

START_TEST(a_configuration_is_told_as_a_whole)
{
        struct cx_provider_configuration *configuration = full_configuration();

        ck_assert_int_eq(cx_provider_set_configuration(world->provider, configuration, NULL, NULL),
                         0);
        cx_provider_configuration_unref(configuration);
        expect_told("{Identifier=org.example.Phone, RingtoneSound=bell, LocalizedName=Phone, "
                    "Icon=phone, Audio=external, SupportsVideo=yes, SupportsAudioTranslation=yes, "
                    "IncludesCallsInRecents=no, OwnEchoCancel=yes, MixGroups=yes, "
                    "Testing=yes, "
                    "MaximumCallGroups=3, MaximumCallsPerCallGroup=4, ReclaimGraceUSec=9, "
                    "SupportedHandleTypes=[generic email-address], SupportedURISchemes=[sip tel], "
                    "Accounts=[{Id=sim1, Label=Work, State=ready, HandleTypes=[generic], "
                    "URISchemes=[sip tel], Emergency=yes} {Id=sim2, Emergency=no}]}");
        ck_assert_str_eq(cx_provider_configuration_get_ringtone_sound(
                                 cx_provider_get_configuration(world->provider)),
                         "bell");
        ck_assert_int_eq(cx_provider_configuration_new("org.example.Other", &configuration), 0);
        ck_assert_int_eq(cx_provider_set_configuration(world->provider, configuration, NULL, NULL),
                         -EINVAL);
        cx_provider_configuration_unref(configuration);
}
END_TEST

static struct cx_call_update *full_update(void)
{
        struct cx_call_update *update;
        struct cx_handle *handle;

        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, "+431", &handle), 0);
        ck_assert_int_eq(cx_call_update_new(&update), 0);
        ck_assert_int_eq(cx_call_update_set_remote_handle(update, handle), 0);
        ck_assert_int_eq(cx_call_update_set_localized_caller_name(update, "Ada"), 0);
        ck_assert_int_eq(cx_call_update_set_account(update, "sim1"), 0);
        ck_assert_int_eq(cx_call_update_set_supports_holding(update, 1), 0);
        ck_assert_int_eq(cx_call_update_set_supports_grouping(update, 0), 0);
        ck_assert_int_eq(cx_call_update_set_supports_ungrouping(update, 1), 0);
        ck_assert_int_eq(cx_call_update_set_supports_dtmf(update, 0), 0);
        ck_assert_int_eq(cx_call_update_set_supports_muting(update, 1), 0);
        ck_assert_int_eq(cx_call_update_set_has_video(update, 0), 0);
        ck_assert_int_eq(cx_call_update_set_remote_held(update, 1), 0);
        ck_assert_int_eq(cx_call_update_set_alerting(update, 0), 0);
        ck_assert_int_eq(cx_call_update_set_early_media(update, 1), 0);
        ck_assert_int_eq(cx_call_update_set_audio(update, CX_CALL_AUDIO_NONE), 0);
        ck_assert_int_eq(cx_call_update_set_picture_fd(update, STDERR_FILENO), 0);
        ck_assert_int_eq(cx_call_update_set_picture_fd(update, STDIN_FILENO), 0);
        ck_assert_int_eq(cx_call_update_add_member(update, handle, "Bob"), 0);
        ck_assert_int_eq(cx_call_update_add_member(update, handle, NULL), 0);
        cx_handle_unref(handle);
        return update;
}

START_TEST(an_update_is_told_as_a_whole)
{
        struct cx_call_update *update = full_update();
        const char *whole = CALL_A " {RemoteHandleType=phone-number, RemoteHandle=+431, "
                                   "LocalizedCallerName=Ada, Account=sim1, SupportsHolding=yes, "
                                   "SupportsGrouping=no, SupportsUngrouping=yes, SupportsDTMF=no, "
                                   "SupportsMuting=yes, HasVideo=no, RemoteHeld=yes, Alerting=no, "
                                   "EarlyMedia=yes, Audio=none, PictureFD=fd, "
                                   "Members=[{HandleType=phone-number, Handle=+431, Name=Bob} "
                                   "{HandleType=phone-number, Handle=+431}]}";

        incoming();
        ck_assert_int_eq(
                cx_provider_report_call_updated(world->provider, UUID("a"), update, NULL, NULL), 0);
        expect_told(whole);
        ck_assert_int_eq(cx_call_update_get_supports_grouping(update), 0);
        ck_assert_int_eq(cx_call_update_get_supports_ungrouping(update), 1);
        ck_assert_int_eq(cx_call_update_get_supports_dtmf(update), 0);
        ck_assert_int_eq(cx_call_update_get_supports_muting(update), 1);
        ck_assert_int_eq(cx_call_update_get_remote_held(update), 1);
        ck_assert_int_eq(cx_call_update_get_alerting(update), 0);
        ck_assert_int_eq(cx_call_update_get_early_media(update), 1);
        ck_assert_int_eq(cx_call_update_get_audio(update), CX_CALL_AUDIO_NONE);
        ck_assert_str_eq(cx_call_update_get_account(update), "sim1");
        ck_assert_str_eq(cx_handle_get_value(cx_call_update_get_remote_handle(update)), "+431");
        /* The handle is withdrawn. */
        ck_assert_int_eq(cx_call_update_set_remote_handle(update, NULL), 0);
        cx_provider_report_call_updated(world->provider, UUID("a"), update, NULL, NULL);
        world_settle(world);
        ck_assert_ptr_nonnull(
                strstr(fake_was_told(world->fake), "{RemoteHandleType=, RemoteHandle=, "));
        cx_call_update_unref(update);
}
END_TEST

START_TEST(reports_say_when_why_and_by_whom)
{
        struct cx_provider *provider = world->provider;

        incoming();
        cx_provider_report_call_state(provider, UUID("a"), CX_CALL_STATE_HELD,
                                      CX_FACT_SOURCE_NETWORK, NULL, NULL);
        expect_told(CALL_A " held {By=network}");
        cx_provider_report_call_state(provider, UUID("a"), CX_CALL_STATE_ACTIVE,
                                      CX_FACT_SOURCE_UNKNOWN, NULL, NULL);
        expect_told(CALL_A " active {}");
        cx_provider_report_call_muted(provider, UUID("a"), 5, CX_FACT_SOURCE_REMOTE, NULL, NULL);
        expect_told(CALL_A " yes {By=remote}");
        cx_provider_report_call_muted(provider, UUID("a"), 0, CX_FACT_SOURCE_UNKNOWN, NULL, NULL);
        expect_told(CALL_A " no {}");
        cx_provider_report_outgoing_call_started_connecting(provider, UUID("b"), 5, NULL, NULL);
        expect_told(CALL_B " {Date=5}");
        cx_provider_report_outgoing_call_connected(provider, UUID("b"), 0, NULL, NULL);
        expect_told(CALL_B " {}");
        cx_provider_report_call_ended_with_cause(provider, UUID("a"), 9,
                                                 CX_CALL_ENDED_REASON_FAILED,
                                                 CX_CALL_ENDED_CAUSE_CONGESTION, "486", NULL, NULL);
        expect_told(CALL_A " failed {Date=9, Cause=congestion, Text=486}");
        cx_provider_report_call_ended(provider, UUID("b"), 0, CX_CALL_ENDED_REASON_LOCAL_ENDED,
                                      NULL, NULL);
        expect_told(CALL_B " local-ended {}");
}
END_TEST

START_TEST(a_call_is_reported_with_all_its_facts)
{
        struct cx_call_facts facts = {.size = sizeof(facts),
                                      .state = CX_CALL_STATE_HELD,
                                      .outgoing = 1,
                                      .muted = 1,
                                      .group_with = UUID("a"),
                                      .started_at_usec = 3,
                                      .connected_at_usec = 4};

        incoming();
        cx_provider_report_call(world->provider, UUID("b"), &facts, NULL, NULL, NULL);
        world_settle(world);
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "State=held"));
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "StartedAt=3"));
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "ConnectedAt=4"));
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "Muted=yes"));
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "GroupWith=" UUID("a")));
        /* The older of two known calls joins the newer just the same. */
        facts.group_with = UUID("b");
        cx_provider_report_call(world->provider, UUID("a"), &facts, NULL, NULL, NULL);
        world_settle(world);
        ck_assert_ptr_nonnull(strstr(fake_was_told(world->fake), "GroupWith=" UUID("b")));
        facts.group_with = UUID("f");
        cx_provider_report_call(world->provider, UUID("a"), &facts, NULL, NULL, NULL);
        world_settle(world);
        ck_assert_ptr_null(strstr(fake_was_told(world->fake), "GroupWith=" UUID("f")));
}
END_TEST

static void add(struct cx_transaction *transaction, struct cx_action *action)
{
        ck_assert_int_eq(cx_transaction_add_action(transaction, action), 0);
        cx_action_unref(action);
}

static struct cx_transaction *full_transaction(void)
{
        struct cx_transaction *transaction;
        struct cx_action *action;
        struct cx_handle *handle;

        ck_assert_int_eq(cx_transaction_new(&transaction), 0);
        ck_assert_int_eq(cx_transaction_set_timeout_usec(transaction, 5000000), 0);
        ck_assert_int_eq(cx_transaction_set_may_end(transaction, 1), 0);
        ck_assert_int_eq(cx_transaction_set_origin(transaction, CX_ORIGIN_ACCESSORY), 0);
        ck_assert_int_eq(cx_transaction_set_route(transaction, "headset"), 0);
        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, "+431", &handle), 0);
        ck_assert_int_eq(cx_start_call_action_new(UUID("c"), handle, &action), 0);
        cx_handle_unref(handle);
        ck_assert_int_eq(cx_start_call_action_set_contact_identifier(action, "c1"), 0);
        ck_assert_int_eq(cx_start_call_action_set_account(action, "sim1"), 0);
        ck_assert_int_eq(cx_start_call_action_set_provider(action, "org.example.P"), 0);
        ck_assert_int_eq(cx_start_call_action_set_video(action, 1), 0);
        add(transaction, action);
        ck_assert_int_eq(cx_answer_call_action_new(UUID("a"), &action), 0);
        ck_assert_int_eq(cx_answer_call_action_set_video(action, 1), 0);
        add(transaction, action);
        ck_assert_int_eq(cx_end_call_action_new(UUID("a"), &action), 0);
        ck_assert_int_eq(cx_end_call_action_set_reason(action, CX_DECLINE_REASON_BUSY), 0);
        ck_assert_int_eq(cx_end_call_action_set_message(action, "later"), 0);
        add(transaction, action);
        ck_assert_int_eq(cx_set_muted_call_action_new(UUID("a"), 1, &action), 0);
        add(transaction, action);
        ck_assert_int_eq(cx_set_group_call_action_new(UUID("a"), UUID("b"), &action), 0);
        add(transaction, action);
        ck_assert_int_eq(cx_set_group_call_action_new(UUID("a"), NULL, &action), 0);
        add(transaction, action);
        ck_assert_int_eq(cx_play_dtmf_call_action_new(UUID("a"), "1,2",
                                                      CX_PLAY_DTMF_CALL_ACTION_TYPE_HARD_PAUSE,
                                                      &action),
                         0);
        add(transaction, action);
        ck_assert_int_eq(cx_set_translating_call_action_new(UUID("a"), 1, "de", "it", &action), 0);
        add(transaction, action);
        return transaction;
}

START_TEST(a_request_is_told_as_a_whole)
{
        struct cx_transaction *transaction = full_transaction();

        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        ck_assert_int_eq(cx_call_controller_request(controller, transaction, NULL, NULL, NULL), 0);
        expect_told("[(start-call {Call=" CALL_C ", ContactIdentifier=c1, Account=sim1, "
                    "Provider=org.example.P, HandleType=phone-number, Handle=+431, Video=yes}) "
                    "(answer-call {Call=" CALL_A ", Video=yes}) "
                    "(end-call {Call=" CALL_A ", Message=later, Reason=busy}) "
                    "(set-muted-call {Call=" CALL_A ", Muted=yes}) "
                    "(set-group-call {Call=" CALL_A ", CallToGroupWith=" CALL_B "}) "
                    "(set-group-call {Call=" CALL_A ", CallToGroupWith=}) "
                    "(play-dtmf-call {Call=" CALL_A ", Digits=1,2, Type=hard-pause}) "
                    "(set-translating-call {Call=" CALL_A ", LocalLanguage=de, "
                    "RemoteLanguage=it, Translating=yes})] "
                    "{TimeoutUSec=5000000, MayEnd=yes, Origin=accessory, Route=headset}");
        /* From here on it is callsd's. */
        ck_assert_int_eq(cx_transaction_set_route(transaction, "x"), -EROFS);
        ck_assert_int_eq(cx_transaction_set_may_end(transaction, 0), -EROFS);
        ck_assert_int_eq(cx_transaction_set_origin(transaction, CX_ORIGIN_USER), -EROFS);
        ck_assert_int_eq(cx_transaction_set_timeout_usec(transaction, 5000000), -EROFS);
        ck_assert_int_eq(
                cx_transaction_add_action(transaction, cx_transaction_get_action(transaction, 0)),
                -EROFS);
        ck_assert_int_eq(cx_call_controller_request(controller, transaction, NULL, NULL, NULL),
                         -EROFS);
        cx_transaction_unref(transaction);
}
END_TEST

static TCase *from_callsd(void)
{
        TCase *tcase = tcase_create("from callsd");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, an_order_to_start_has_all_it_needs);
        tcase_add_test(tcase, orders_about_a_call_have_all_they_need);
        tcase_add_test(tcase, orders_that_change_a_call_have_all_they_need);
        tcase_add_test(tcase, an_order_to_translate_is_fulfilled_with_an_engine);
        tcase_add_test(tcase, an_order_with_values_of_other_types_has_none_of_them);
        tcase_add_test(tcase, a_push_payload_is_delivered);
        tcase_add_test(tcase, numbers_of_a_payload_are_one_kind);
        tcase_add_test(tcase, a_push_payload_is_told_once);
        tcase_add_test(tcase, an_audio_session_says_where);
        return tcase;
}

static TCase *to_callsd(void)
{
        TCase *tcase = tcase_create("to callsd");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_push_helper_hands_a_payload_over);
        tcase_add_test(tcase, a_configuration_is_told_as_a_whole);
        tcase_add_test(tcase, an_update_is_told_as_a_whole);
        tcase_add_test(tcase, reports_say_when_why_and_by_whom);
        tcase_add_test(tcase, a_call_is_reported_with_all_its_facts);
        tcase_add_test(tcase, a_request_is_told_as_a_whole);
        return tcase;
}

SUITE_MAIN("fields", from_callsd(), to_callsd());
