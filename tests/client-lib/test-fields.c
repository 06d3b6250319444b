/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every field that an app can set reaches callsd, and every field of callsd reaches the app. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client-lib/world.h"

#define ORDER "sa(ssa{sv})a{sv}"

static struct world *world;
static struct cx_call_controller *controller;
static struct cx_call_observer *observer;

static void setup(void)
{
        world = world_ready();
}

static void teardown(void)
{
        controller = cx_call_controller_unref(controller);
        observer = cx_call_observer_unref(observer);
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

START_TEST(malformed_signals_are_ignored)
{
        incoming();
        fake_say(world->fake, "PerformTransaction", "u", 1);
        fake_say(world->fake, "PerformTransaction", "s", UUID("f"));
        fake_say(world->fake, "PerformTransaction", "sas", UUID("f"), 1, "x");
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, "no uuid", "end-call", 0,
                 0);
        fake_say(world->fake, "PerformTransaction", "sa(ss)", UUID("f"), 1, UUID("1"), "end-call");
        fake_say(world->fake, "ActionTimedOut", "u", 1);
        fake_say(world->fake, "ActionCancelled", "ss", UUID("1"), UUID("a"));
        fake_say(world->fake, "AudioSessionActivated", "u", 1);
        fake_say(world->fake, "AudioSessionDeactivated", "");
        fake_say(world->fake, "Reset", "s", UUID("a"));
        fake_say(world->fake, "PushPayloadReceived", "u", 1);
        fake_say(world->fake, "PushPayloadReceived", "s", "p1");
        fake_say(world->fake, "PushPayloadReceived", "sa{sv}", "p1", 0);
        fake_say(world->fake, "SignalOfANewerCallsd", "u", 1);
        world_expect(world, "", NULL);
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", NULL);
}
END_TEST

START_TEST(a_push_payload_is_delivered)
{
        struct cx_push_payload *push;
        int64_t number = 0;
        int flag = 0;

        fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", "p1", 6, "from", "s", "ada",
                 "badge", "x", (int64_t)-7, "silent", "b", 1, "", "s", "no key", "list", "as", 1,
                 "x", "other", "i", 3, 3, "ReportRequired", "b", 1, "DeadlineUSec", "t",
                 (uint64_t)42, "Newer", "s", "?");
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
        ck_assert_int_eq(cx_push_payload_get_int64(push, "other", &number), -ENOENT);
        ck_assert_ptr_null(cx_push_payload_get_string(push, "list"));
        ck_assert_ptr_null(cx_push_payload_get_string(push, ""));
}
END_TEST

static struct cx_push_payload *some_payload(void)
{
        struct cx_push_payload *payload;

        ck_assert_int_eq(cx_push_payload_new(&payload), 0);
        ck_assert_int_eq(cx_push_payload_set_string(payload, "from", "ada"), 0);
        ck_assert_int_eq(cx_push_payload_set_int64(payload, "badge", -7), 0);
        ck_assert_int_eq(cx_push_payload_set_boolean(payload, "silent", 1), 0);
        return payload;
}

START_TEST(a_push_helper_hands_a_payload_over)
{
        struct cx_push_payload *payload = some_payload();
        struct noted noted = {world, "push"};

        ck_assert_int_eq(cx_report_new_incoming_voip_push_payload(world->context, "org.example.P",
                                                                  payload, world_completed, &noted),
                         0);
        expect_told("org.example.P {from=ada, badge=-7, silent=yes}");
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
        const char *whole =
                UUID("a") " {RemoteHandleType=phone-number, RemoteHandle=+431, "
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
        expect_told(UUID("a") " held {By=network}");
        cx_provider_report_call_state(provider, UUID("a"), CX_CALL_STATE_ACTIVE,
                                      CX_FACT_SOURCE_UNKNOWN, NULL, NULL);
        expect_told(UUID("a") " active {}");
        cx_provider_report_call_muted(provider, UUID("a"), 5, CX_FACT_SOURCE_REMOTE, NULL, NULL);
        expect_told(UUID("a") " yes {By=remote}");
        cx_provider_report_call_muted(provider, UUID("a"), 0, CX_FACT_SOURCE_UNKNOWN, NULL, NULL);
        expect_told(UUID("a") " no {}");
        cx_provider_report_outgoing_call_started_connecting(provider, UUID("b"), 5, NULL, NULL);
        expect_told(UUID("b") " {Date=5}");
        cx_provider_report_outgoing_call_connected(provider, UUID("b"), 0, NULL, NULL);
        expect_told(UUID("b") " {}");
        cx_provider_report_call_ended_with_cause(provider, UUID("a"), 9,
                                                 CX_CALL_ENDED_REASON_FAILED,
                                                 CX_CALL_ENDED_CAUSE_CONGESTION, "486", NULL, NULL);
        expect_told(UUID("a") " failed {Date=9, Cause=congestion, Text=486}");
        cx_provider_report_call_ended(provider, UUID("b"), 0, CX_CALL_ENDED_REASON_LOCAL_ENDED,
                                      NULL, NULL);
        expect_told(UUID("b") " local-ended {}");
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
        expect_told(
                "[(start-call {Call=" UUID(
                        "c") ", ContactIdentifier=c1, Account=sim1, "
                             "Provider=org.example.P, HandleType=phone-number, Handle=+431, "
                             "Video=yes}) "
                             "(answer-call {Call=" UUID(
                                     "a") ", Video=yes}) "
                                          "(end-call {Call=" UUID(
                                                  "a") ", Message=later, Reason=busy}) "
                                                       "(set-muted-call {Call=" UUID(
                                                               "a") ", Muted=yes}) "
                                                                    "(set-group-call {Call=" UUID("a") ", CallToGroupWith=" UUID(
                                                                            "b") "}) "
                                                                                 "(set-group-call "
                                                                                 "{Call=" UUID(
                                                                                         "a") ", "
                                                                                              "Call"
                                                                                              "ToGr"
                                                                                              "oupW"
                                                                                              "ith="
                                                                                              "}) "
                                                                                              "(pla"
                                                                                              "y-"
                                                                                              "dtmf"
                                                                                              "-cal"
                                                                                              "l "
                                                                                              "{Cal"
                                                                                              "l"
                                                                                              "=" UUID(
                                                                                                      "a") ", Digits=1,2, Type=hard-pause}) "
                                                                                                           "(set-translating-call {Call=" UUID(
                                                                                                                   "a") ", LocalLanguage=de, RemoteLanguage=it, "
                                                                                                                        "Translating=yes})] "
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

static void answer_details(sd_bus_message *reply)
{
        sd_bus_message_append(reply, "a{sv}", 21, "Provider", "o", "/p/1", "Account", "s", "sim1",
                              "LocalizedCallerName", "s", "A. L.", "DisplayName", "s", "Ada",
                              "Group", "s", "g1", "RemoteHandle", "s", "a@b", "RemoteHandleType",
                              "s", "email-address", "Outgoing", "b", 1, "HasConnected", "b", 1,
                              "Muted", "b", 1, "RemoteHeld", "b", 1, "HasVideo", "b", 1, "Waiting",
                              "b", 1, "Emergency", "b", 1, "HoldReason", "s", "interrupted",
                              "EndedReason", "s", "declined", "StartedAt", "t", (uint64_t)1,
                              "ConnectedAt", "t", (uint64_t)2, "EndedAt", "t", (uint64_t)3,
                              "Allowed", "as", 2, "answer", "decline", "Newer", "u", 1);
}

static void answer_malformed(sd_bus_message *reply)
{
        sd_bus_message_append(reply, "s", "this is not a dictionary");
}

static struct cx_call *observe(void)
{
        fake_keep(world->fake, "a:held");
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        world_until(world, cx_call_observer_is_ready(observer));
        return cx_call_observer_find_call(observer, UUID("A"));
}

START_TEST(a_call_has_all_its_details)
{
        struct cx_call *call, *same;

        fake_answer(world->fake, "GetDetails", answer_details);
        call = observe();
        ck_assert_int_eq(cx_call_has_details(call), 1);
        ck_assert_int_eq(cx_call_get_state(call), CX_CALL_STATE_HELD);
        ck_assert_int_eq(cx_call_is_on_hold(call), 1);
        ck_assert_int_eq(cx_call_has_ended(call), 0);
        ck_assert_str_eq(cx_call_get_provider_path(call), "/p/1");
        ck_assert_str_eq(cx_call_get_account(call), "sim1");
        ck_assert_str_eq(cx_call_get_localized_caller_name(call), "A. L.");
        ck_assert_str_eq(cx_call_get_display_name(call), "Ada");
        ck_assert_str_eq(cx_call_get_group(call), "g1");
        ck_assert_str_eq(cx_handle_get_value(cx_call_get_remote_handle(call)), "a@b");
        ck_assert_int_eq(cx_call_is_outgoing(call), 1);
        ck_assert_int_eq(cx_call_has_connected(call), 1);
        ck_assert_int_eq(cx_call_is_muted(call), 1);
        ck_assert_int_eq(cx_call_is_remote_held(call), 1);
        ck_assert_int_eq(cx_call_has_video(call), 1);
        ck_assert_int_eq(cx_call_is_waiting(call), 1);
        ck_assert_int_eq(cx_call_is_emergency(call), 1);
        ck_assert_int_eq(cx_call_get_hold_reason(call), CX_HOLD_REASON_INTERRUPTED);
        ck_assert_int_eq(cx_call_get_ended_reason(call), CX_CALL_ENDED_REASON_DECLINED);
        ck_assert_uint_eq(cx_call_get_started_at_usec(call), 1);
        ck_assert_uint_eq(cx_call_get_connected_at_usec(call), 2);
        ck_assert_uint_eq(cx_call_get_ended_at_usec(call), 3);
        ck_assert_int_eq(cx_call_allows(call, "decline"), 1);
        ck_assert_int_eq(cx_call_allows(call, "hold"), 0);
        ck_assert_int_eq(cx_call_allows(call, NULL), 0);
        same = cx_call_observer_find_call(observer, UUID("a"));
        ck_assert(cx_call_equal(call, same));
        ck_assert_ptr_null(cx_call_observer_find_call(observer, UUID("b")));
        cx_call_unref(same);
        cx_call_unref(call);
}
END_TEST

/* Fetches the details, one of them another than before. */
static const char *other_key, *other_type;
static const void *other_value;

static void answer_with_another(sd_bus_message *reply)
{
        int number = 1;

        sd_bus_message_open_container(reply, 'a', "{sv}");
        sd_bus_message_open_container(reply, 'e', "sv");
        sd_bus_message_append(reply, "s", other_key);
        sd_bus_message_open_container(reply, 'v', other_type);
        if (strcmp(other_type, "as") == 0)
                sd_bus_message_append(reply, "as", 1, other_value);
        else
                sd_bus_message_append_basic(reply, other_type[0],
                                            other_type[0] == 'b' ? &number : other_value);
        sd_bus_message_close_container(reply);
        sd_bus_message_close_container(reply);
        sd_bus_message_close_container(reply);
}

START_TEST(whatever_differs_makes_a_call_another)
{
        static const uint64_t date = 5;
        static const struct {
                const char *key, *type;
                const void *value;
        } others[] = {
                {"State", "s", "active"},       {"Outgoing", "b", NULL},
                {"OnHold", "b", NULL},          {"HasConnected", "b", NULL},
                {"HasEnded", "b", NULL},        {"Provider", "o", "/p/2"},
                {"Account", "s", "sim2"},       {"LocalizedCallerName", "s", "B"},
                {"DisplayName", "s", "B"},      {"Group", "s", "g2"},
                {"Muted", "b", NULL},           {"RemoteHeld", "b", NULL},
                {"HasVideo", "b", NULL},        {"Waiting", "b", NULL},
                {"Emergency", "b", NULL},       {"HoldReason", "s", "provider"},
                {"EndedReason", "s", "failed"}, {"StartedAt", "t", &date},
                {"ConnectedAt", "t", &date},    {"EndedAt", "t", &date},
                {"Allowed", "as", "answer"},
        };
        struct cx_call *before, *after;

        fake_answer(world->fake, "GetDetails", answer_with_another);
        other_key = "Newer", other_type = "s", other_value = "?";
        before = observe();
        ck_assert_int_eq(cx_call_has_details(before), 1);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                other_key = others[i].key, other_type = others[i].type;
                other_value = others[i].value;
                if (strcmp(other_key, "OnHold") == 0) /* it is, by the public properties */
                        continue;
                fake_call_invalidated(world->fake, "a");
                fake_forget(world->fake);
                world_until(world, fake_was_asked(world->fake, "GetDetails"));
                world_settle(world);
                after = cx_call_observer_find_call(observer, UUID("a"));
                ck_assert_msg(!cx_call_equal(before, after), "%s makes no difference", other_key);
                ck_assert(!cx_call_equal(after, before));
                cx_call_unref(before);
                before = after;
        }
        cx_call_unref(before);
}
END_TEST

START_TEST(malformed_details_leave_a_call_as_it_was)
{
        struct cx_call *call;

        fake_answer(world->fake, "GetDetails", answer_malformed);
        call = observe();
        ck_assert_int_eq(cx_call_has_details(call), 0);
        ck_assert_int_eq(cx_call_get_state(call), CX_CALL_STATE_HELD);
        cx_call_unref(call);
}
END_TEST

START_TEST(a_malformed_list_of_calls_is_no_list)
{
        fake_answer(world->fake, "GetManagedObjects", answer_malformed);
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        world_expect(world, "", NULL);
        ck_assert(!cx_call_observer_is_ready(observer));
}
END_TEST

START_TEST(a_malformed_registration_fails)
{
        struct noted noted = {0};

        world_free(world);
        world = world_new();
        noted = (struct noted){world, "report"};
        world_daemon(world);
        fake_answer(world->fake, "RegisterProvider", answer_malformed);
        world_provider(world);
        world_until(world, world_told(world, "fail-to-begin"));
        ck_assert_int_eq(cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL,
                                                              world_completed, &noted),
                         0);
        world_settle(world);
        ck_assert(world_told(world, "report failed"));
}
END_TEST

static void no_streams(const struct cx_stream_properties *properties, const struct cx_error *error,
                       void *userdata)
{
        (void)userdata;
        ck_assert_ptr_null(properties);
        ck_assert_ptr_nonnull(error);
        world_note(world, "no streams");
}

START_TEST(malformed_streams_are_an_error)
{
        incoming();
        fake_answer(world->fake, "GetStreamProperties", answer_malformed);
        cx_provider_get_stream_properties(world->provider, UUID("a"), no_streams, NULL);
        world_expect(world, "no streams", NULL);
}
END_TEST

static void answer_malformed_id(sd_bus_message *reply)
{
        sd_bus_message_append(reply, "u", 1);
}

START_TEST(a_malformed_acceptance_is_a_refusal)
{
        struct noted noted = {world, "request"};
        struct cx_action *action;

        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        ck_assert_int_eq(cx_end_call_action_new(UUID("a"), &action), 0);
        fake_answer(world->fake, "RequestTransaction", answer_malformed_id);
        ck_assert_int_eq(cx_call_controller_request_action(controller, action, world_completed,
                                                           NULL, &noted),
                         0);
        cx_action_unref(action);
        world_settle(world);
        ck_assert(world_told(world, "request failed"));
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
        tcase_add_test(tcase, an_audio_session_says_where);
        tcase_add_test(tcase, a_call_has_all_its_details);
        tcase_add_test(tcase, whatever_differs_makes_a_call_another);
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

static TCase *malformed(void)
{
        TCase *tcase = tcase_create("malformed");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, malformed_signals_are_ignored);
        tcase_add_test(tcase, malformed_details_leave_a_call_as_it_was);
        tcase_add_test(tcase, a_malformed_list_of_calls_is_no_list);
        tcase_add_test(tcase, a_malformed_registration_fails);
        tcase_add_test(tcase, malformed_streams_are_an_error);
        tcase_add_test(tcase, a_malformed_acceptance_is_a_refusal);
        return tcase;
}

SUITE_MAIN("fields", from_callsd(), to_callsd(), malformed());
