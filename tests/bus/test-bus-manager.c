/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.callsd.Manager1 and Audio1: registration, requests, the queue, refusals by their names. */
#include "bus/world.h"

#include "support/suite.h"

static struct world world;
static struct peer *app, *other, *user;

static void set_up(void)
{
        world_start(&world);
        app = world_add_peer(&world);
        other = world_add_peer(&world);
        user = world_add_peer(&world);
}

static void tear_down(void)
{
        world_stop(&world);
}

static bool manager(struct peer *peer, const char *member)
{
        return peer_call(peer, PATH_ROOT, INTERFACE_MANAGER, member, NULL);
}

static const char *get(struct peer *peer, const char *path, const char *interface,
                       const char *property)
{
        peer_call(peer, path, INTERFACE_PROPERTIES, "Get", "ss", interface, property);
        return peer_answer(peer);
}

/* R1, R2 */
START_TEST(registering_twice_replaces_the_configuration)
{
        char first[64];

        peer_register(app, "org.example.App");
        snprintf(first, sizeof(first), "%s", app->provider);
        ck_assert(peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 2,
                            "Identifier", "s", "org.example.App", "MaximumCallGroups", "u", 7));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), first));
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "GetConfiguration", NULL));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), "MaximumCallGroups=7"));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), "MaximumCallsPerCallGroup=5"));
        assert_refused(other,
                       peer_call(other, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}",
                                 1, "Identifier", "s", "org.example.App"),
                       ERROR_PREFIX "IdentifierTaken");
}
END_TEST

START_TEST(malformed_configurations_are_named)
{
        static const struct {
                const char *key, *type;
        } wrong[] = {
                {"Identifier", "u"}, {"MaximumCallGroups", "s"}, {"SupportsVideo", "u"},
                {"Accounts", "u"},   {"ReclaimGraceUSec", "u"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                if (streq(wrong[i].type, "u"))
                        peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1,
                                  wrong[i].key, "u", 1);
                else
                        peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1,
                                  wrong[i].key, "s", "x");
                ck_assert_str_eq(app->error, ERROR_INVALID);
                ck_assert_ptr_nonnull(strstr(app->text, wrong[i].key));
        }
        assert_refused(app,
                       peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 2,
                                 "Identifier", "s", "org.example.App", "Audio", "s", "loud"),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "\"loud\""));
        ck_assert_ptr_nonnull(strstr(app->text, "external"));
        assert_refused(app,
                       peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1,
                                 "Identifier", "s", "not an identifier"),
                       ERROR_INVALID);
        assert_refused(app,
                       peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 2,
                                 "Identifier", "s", "org.example.App", "SupportedHandleTypes", "as",
                                 1, "pigeon"),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "pigeon"));
}
END_TEST

START_TEST(configuration_comes_back_as_it_went_in)
{
        const char *text;

        ck_assert_msg(peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 8,
                                "Identifier", "s", "org.example.App", "Unheard", "s", "of",
                                "SupportedHandleTypes", "as", 2, "generic", "phone-number",
                                "SupportedURISchemes", "as", 2, "sip", "sips", "Accounts", "aa{sv}",
                                2, 4, "Id", "s", "sim1", "Label", "s", "SIM 1", "Emergency", "b",
                                true, "URISchemes", "as", 1, "tel", 1, "Id", "s", "sim2",
                                "LocalizedName", "s", "An App", "ReclaimGraceUSec", "t",
                                (uint64_t)5000000, "Testing", "b", true),
                      "%s", app->text);
        ck_assert_int_gt(sd_bus_message_read(app->reply, "o", &text), 0);
        snprintf(app->provider, sizeof(app->provider), "%s", text);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "GetConfiguration", NULL));
        text = peer_answer(app);
        ck_assert_ptr_nonnull(strstr(text, "SupportedHandleTypes=[generic,phone-number]"));
        ck_assert_ptr_nonnull(strstr(text, "SupportedURISchemes=[sip,sips]"));
        ck_assert_ptr_nonnull(strstr(text, "Id=sim1,Label=SIM 1"));
        ck_assert_ptr_nonnull(strstr(text, "ReclaimGraceUSec=5000000"));
        ck_assert_ptr_nonnull(strstr(text, "Testing=true"));
        ck_assert_str_eq(get(user, app->provider, INTERFACE_PROVIDER_INFO, "DisplayName"),
                         "An App");
        ck_assert_str_eq(get(user, app->provider, INTERFACE_PROVIDER_INFO, "Emergency"), "true");
        ck_assert_str_eq(get(user, app->provider, INTERFACE_PROVIDER_INFO, "Running"), "true");
        ck_assert_str_eq(get(user, app->provider, INTERFACE_PROVIDER_INFO, "Testing"), "true");
        ck_assert(
                peer_call(app, app->provider, INTERFACE_PROVIDER, "SetConfiguration", "a{sv}", 0));
        ck_assert_str_eq(get(user, app->provider, INTERFACE_PROVIDER_INFO, "Testing"), "false");
}
END_TEST

START_TEST(unknown_keys_are_warned_about_once)
{
        const char *name;
        const struct client *client;

        for (int i = 0; i < 3; i++)
                ck_assert(peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}",
                                    2, "Identifier", "s", "org.example.App", "Unheard", "s", "of"));
        sd_bus_get_unique_name(app->bus, &name);
        client = client_find(world.daemon.bus, name);
        ck_assert_uint_eq(client->n_warnings, 1);
}
END_TEST

/* X1, X7: admitted at once, completed later, the results in the order of the request. */
START_TEST(transaction_is_admitted_then_completed)
{
        const char *transaction, *first, *second;
        char line[128];

        peer_register(app, "org.example.App");
        peer_active_call(app, user, CALL_A);
        app->n_actions = 0;
        peer_watch(other);
        ck_assert_msg(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                                "a(sa{sv})a{sv}", 2, "set-muted-call", 2, "Call", "s",
                                "AAAAAAAA-0000-4000-8000-000000000001", "Muted", "b", true,
                                "set-held-call", 2, "Call", "s", CALL_A, "OnHold", "b", true, 1,
                                "Origin", "s", "accessory"),
                      "%s", user->text);
        ck_assert_int_gt(sd_bus_message_read(user->reply, "sas", &transaction, 2, &first, &second),
                         0);
        peer_wait_actions(app, 2);
        ck_assert(!peer_saw(user, "TransactionCompleted"));
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "FulfillAction", "sa{sv}",
                                 app->actions[1].id, 0),
                       ERROR_PREFIX "WrongState");
        peer_fulfil(app, 0);
        ck_assert(!peer_saw(user, "TransactionCompleted"));
        peer_fulfil(app, 1);
        peer_wait_line(user, "TransactionCompleted");
        snprintf(line, sizeof(line), "TransactionCompleted /org/callsd %s [[Action=%s", transaction,
                 first);
        ck_assert_msg(peer_saw(user, line), "%s", line);
        ck_assert(peer_saw(user, "Type=set-muted-call,Call=" CALL_A ",Result=fulfilled"));
        ck_assert(peer_saw(user, "Type=set-held-call,Call=" CALL_A ",Result=fulfilled"));
        world_settle(&world);
        ck_assert(!peer_saw(other, "TransactionCompleted"));
        ck_assert(!peer_saw(other, "PerformTransaction"));
}
END_TEST

START_TEST(requests_are_refused_by_name)
{
        static const char *const no_args = "a(sa{sv})a{sv}";

        peer_register(app, "org.example.App");
        assert_refused(
                user,
                peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args, 0, 0),
                ERROR_PREFIX "RequestTransaction.EmptyTransaction");
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "answer-call", 1, "Call", "s", CALL_A, 0),
                       ERROR_PREFIX "RequestTransaction.UnknownCallUUID");
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "transfer-call", 1, "Call", "s", CALL_A, 0),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(user->text, "transfer-call"));
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "set-held-call", 1, "Call", "s", CALL_A, 0),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(user->text, "OnHold"));
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "answer-call", 1, "Call", "s", "nonsense", 0),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(user->text, "nonsense"));
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "answer-call", 1, "Call", "s",
                                 "00000000-0000-0000-0000-000000000000", 0),
                       ERROR_INVALID);
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "answer-call", 1, "Call", "s", CALL_A, 1, "TimeoutUSec", "t",
                                 (uint64_t)1),
                       ERROR_INVALID);
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "answer-call", 1, "Call", "s", CALL_A, 1, "Origin", "s",
                                 "policy"),
                       ERROR_INVALID);
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction", no_args,
                                 1, "answer-call", 1, "Call", "s", CALL_A, 1, "Route", "s",
                                 "no-such-route"),
                       ERROR_INVALID);
}
END_TEST

START_TEST(too_many_actions_reach_a_limit)
{
        sd_bus_message *message;

        ck_assert_int_ge(sd_bus_message_new_method_call(user->bus, &message, BUS_NAME, PATH_ROOT,
                                                        INTERFACE_MANAGER, "RequestTransaction"),
                         0);
        ck_assert_int_ge(sd_bus_message_open_container(message, 'a', "(sa{sv})"), 0);
        for (int i = 0; i < 40; i++)
                ck_assert_int_ge(sd_bus_message_append(message, "(sa{sv})", "end-call", 1, "Call",
                                                       "s", CALL_A),
                                 0);
        ck_assert_int_ge(sd_bus_message_close_container(message), 0);
        ck_assert_int_ge(sd_bus_message_append(message, "a{sv}", 0), 0);
        peer_send_message(user, message);
        peer_wait_line(user, "error RequestTransaction " ERROR_PREFIX "LimitReached");
}
END_TEST

/* T1 and the default for a handle. */
START_TEST(start_call_replies_with_the_path)
{
        const char *path;

        peer_register(app, "org.example.App");
        ck_assert_msg(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}",
                                "org.example.App", "phone-number", "+4930123", 1, "Call", "s",
                                CALL_B),
                      "%s", user->text);
        ck_assert_str_eq(peer_answer(user),
                         "/org/callsd/call/bbbbbbbb_0000_4000_8000_000000000002");
        peer_wait_actions(app, 1);
        ck_assert_str_eq(app->actions[0].type, "start-call");
        ck_assert(peer_saw(app, "HandleType=phone-number,Handle=+4930123"));
        peer_fulfil(app, 0);
        peer_register(other, "org.example.Other");
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}", "",
                                 "generic", "x", 0),
                       ERROR_PREFIX "RequestTransaction.UnknownCallProvider");
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "SetDefaultProvider", "ss",
                            "generic", "org.example.App"));
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "DefaultProviders"),
                         "[generic=org.example.App]");
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallEnded", "ssa{sv}",
                            CALL_B, "remote-ended", 0));
        ck_assert_msg(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}", "",
                                "generic", "x", 0),
                      "%s", user->text);
        ck_assert_int_gt(sd_bus_message_read(user->reply, "o", &path), 0);
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}", "",
                                 "pigeon", "x", 0),
                       ERROR_INVALID);
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}",
                                 "org.example.Nobody", "generic", "x", 0),
                       ERROR_PREFIX "RequestTransaction.UnknownCallProvider");
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}",
                                 "org.example.App", "generic", "x", 1, "Call", "s", CALL_B),
                       ERROR_PREFIX "RequestTransaction.CallUUIDAlreadyExists");
}
END_TEST

START_TEST(default_of_nobody_is_refused)
{
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "SetDefaultProvider", "ss",
                                 "sip", "org.example.Nobody"),
                       ERROR_PREFIX "RequestTransaction.UnknownCallProvider");
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "SetDefaultProvider", "ss", "sip",
                            ""));
}
END_TEST

START_TEST(queue_is_shown_without_digits)
{
        const char *text;

        peer_register(app, "org.example.App");
        peer_active_call(app, user, CALL_A);
        app->n_actions = 0;
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "PlayDTMF", "s", "4");
        peer_register(other, "org.example.Other");
        peer_incoming(other, CALL_B, "sip:bob@example.org");
        peer_send(user, call_object(CALL_B), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        ck_assert(manager(user, "ListPendingActions"));
        text = peer_answer(user);
        ck_assert_ptr_nonnull(strstr(text, "Type=play-dtmf-call"));
        ck_assert_ptr_nonnull(strstr(text, "State=delivered"));
        ck_assert_msg(strstr(text, "State=queued") != NULL, "%s", text);
        ck_assert_ptr_nonnull(strstr(text, "Provider=org.example.App"));
        ck_assert_ptr_nonnull(strstr(text, "DeadlineUSec=0"));
        ck_assert_ptr_null(strstr(text, "Digits"));
}
END_TEST

START_TEST(do_not_disturb_refuses_calls)
{
        peer_register(app, "org.example.App");
        peer_watch(other);
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_PROPERTIES, "Set", "ssv", INTERFACE_MANAGER,
                            "DoNotDisturb", "b", true));
        peer_wait_line(other, "[DoNotDisturb=true]");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "DoNotDisturb"), "true");
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                 "sa{sv}", CALL_A, 0),
                       ERROR_PREFIX "IncomingCall.FilteredByDoNotDisturb");
}
END_TEST

START_TEST(state_of_the_whole)
{
        peer_register(app, "org.example.App");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "InCall"), "false");
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "RingingCalls"),
                         "[/org/callsd/call/aaaaaaaa_0000_4000_8000_000000000001]");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "InCall"), "false");
        ck_assert(manager(user, "SilenceRinger"));
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_A, "Answer", NULL));
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "InCall"), "true");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "ActiveCalls"),
                         "[/org/callsd/call/aaaaaaaa_0000_4000_8000_000000000001]");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "ResumableCall"), "/");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "Version"), "0.1.0");
        ck_assert_str_eq(get(user, PATH_ROOT, INTERFACE_MANAGER, "Features"), "[]");
}
END_TEST

START_TEST(payloads_are_granted_to_nobody)
{
        peer_register(app, "org.example.App");
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER,
                                 "ReportNewIncomingVoIPPushPayload", "sa{sv}", "org.example.App",
                                 0),
                       ERROR_PREFIX "NotificationServiceExtension."
                                    "MissingNotificationFilteringEntitlement");
        assert_refused(user,
                       peer_call(user, PATH_ROOT, INTERFACE_MANAGER,
                                 "ReportNewIncomingVoIPPushPayload", "sa{sv}", "", 0),
                       ERROR_INVALID);
}
END_TEST

START_TEST(sound_without_pipewire)
{
        peer_register(app, "org.example.App");
        ck_assert_str_eq(get(user, PATH_AUDIO, INTERFACE_AUDIO, "Available"), "false");
        ck_assert_str_eq(get(user, PATH_AUDIO, INTERFACE_AUDIO, "Calls"), "[]");
        ck_assert_str_eq(get(user, PATH_AUDIO, INTERFACE_AUDIO, "Route"), "");
        ck_assert_str_eq(get(user, PATH_AUDIO, INTERFACE_AUDIO, "Routes"), "[]");
        ck_assert_str_eq(get(user, PATH_AUDIO, INTERFACE_AUDIO, "Ringing"), "false");
        assert_refused(user, peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "x"),
                       ERROR_PREFIX "WrongState");
        peer_active_call(app, user, CALL_A);
        assert_refused(user, peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "x"),
                       ERROR_INVALID);
        ck_assert(peer_saw(app, "AudioSessionActivated"));
        ck_assert(peer_saw(app, CALL_A " []"));
}
END_TEST

static TCase *registration(void)
{
        TCase *tc = tcase_create("registration");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, registering_twice_replaces_the_configuration);
        tcase_add_test(tc, malformed_configurations_are_named);
        tcase_add_test(tc, configuration_comes_back_as_it_went_in);
        tcase_add_test(tc, unknown_keys_are_warned_about_once);
        return tc;
}

static TCase *requests(void)
{
        TCase *tc = tcase_create("requests");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, transaction_is_admitted_then_completed);
        tcase_add_test(tc, requests_are_refused_by_name);
        tcase_add_test(tc, too_many_actions_reach_a_limit);
        tcase_add_test(tc, start_call_replies_with_the_path);
        tcase_add_test(tc, default_of_nobody_is_refused);
        tcase_add_test(tc, queue_is_shown_without_digits);
        return tc;
}

static TCase *whole(void)
{
        TCase *tc = tcase_create("whole");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, do_not_disturb_refuses_calls);
        tcase_add_test(tc, state_of_the_whole);
        tcase_add_test(tc, payloads_are_granted_to_nobody);
        tcase_add_test(tc, sound_without_pipewire);
        return tc;
}

SUITE_MAIN("bus-manager", registration(), requests(), whole());
