/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is private stays private: broadcasts, dumps, reads, and members that are for others. */
#include "bus/world.h"

#include "bus/bus-access.h"
#include "support/suite.h"

static struct world world;
static struct peer *app, *other, *user, *stranger;

#define SECRET_HANDLE "sip:secret.alice@example.org"
#define SECRET_NAME "Secret Alice"

static void set_up(void)
{
        world_start(&world);
        app = world_add_peer(&world);
        other = world_add_peer(&world);
        user = world_add_peer(&world);
        stranger = world_add_peer(&world);
        peer_sandbox(stranger, "org.example.Stranger");
        peer_register(app, "org.example.App");
        peer_watch(stranger);
        peer_watch(user);
}

static void tear_down(void)
{
        world_stop(&world);
}

static void live_through_a_call(void)
{
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                            "sa{sv}", CALL_A, 4, "RemoteHandleType", "s", "generic", "RemoteHandle",
                            "s", SECRET_HANDLE, "LocalizedCallerName", "s", SECRET_NAME, "Members",
                            "aa{sv}", 1, 1, "Name", "s", "Secret Member"));
        ck_assert(call_method(user, CALL_A, "Answer", NULL));
        ck_assert(call_method(user, CALL_A, "SetHeld", "b", true));
        ck_assert(call_method(user, CALL_A, "SetHeld", "b", false));
        ck_assert(call_method(user, CALL_A, "SetMuted", "b", true));
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallUpdated", "sa{sv}",
                            CALL_A, 2, "LocalizedCallerName", "s", "Secret Bob", "HasVideo", "b",
                            true));
        ck_assert(call_method(user, CALL_A, "PlayDTMF", "s", "4711"));
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallEnded", "ssa{sv}",
                            CALL_A, "remote-ended", 1, "Text", "s", "Secret cause"));
        world_settle(&world);
}

static void assert_saw_nothing_private(struct peer *peer)
{
        static const char *const parts[] = {
                "ecret",      "4711",          "Perform",           "Began",    "AudioSession",
                "Muted=",     "RemoteHandle=", "HoldReason=",       "Group=",   "Provider=",
                "Allowed=",   "EndedReason=",  "DisplayName=",      "Members=", "Identifier=",
                "StartedAt=", "StateOrigin=",  "DefaultProviders=", "Routes=",
        };

        ck_assert_uint_gt(peer->n_lines, 5);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                for (size_t line = 0; line < peer->n_lines; line++)
                        ck_assert_msg(!strstr(peer->lines[line], parts[i]), "%s: %s", parts[i],
                                      peer->lines[line]);
}

/* Not even controllers are told by broadcast: it would go to everybody. */
START_TEST(broadcasts_tell_nothing_private)
{
        live_through_a_call();
        assert_saw_nothing_private(stranger);
        assert_saw_nothing_private(user);
        ck_assert(peer_saw(stranger, "State=ringing"));
        ck_assert(peer_saw(stranger, "State=active"));
        ck_assert(peer_saw(stranger, "OnHold=true"));
        ck_assert(peer_saw(stranger, "LocalizedCallerName"));
}
END_TEST

START_TEST(new_calls_show_six_properties)
{
        peer_incoming(app, CALL_A, SECRET_HANDLE);
        peer_wait_line(stranger, "InterfacesAdded /org/callsd "
                                 "/org/callsd/call/aaaaaaaa_0000_4000_8000_000000000001");
        peer_line(stranger, 0, "InterfacesAdded",
                  "org.callsd.Call1=[UUID=" CALL_A ",State=ringing,Outgoing=false,OnHold=false,"
                  "HasConnected=false,HasEnded=false]");
}
END_TEST

START_TEST(dumps_show_what_is_public)
{
        static const char *const everything =
                "[UUID=" CALL_A ",State=ringing,Outgoing=false,OnHold=false,"
                "HasConnected=false,HasEnded=false]";

        peer_incoming(app, CALL_A, SECRET_HANDLE);
        for (size_t i = 0; i < 2; i++) {
                struct peer *peer = i == 0 ? stranger : user;

                ck_assert(peer_call(peer, call_object(CALL_A), INTERFACE_PROPERTIES, "GetAll", "s",
                                    INTERFACE_CALL));
                ck_assert_str_eq(peer_answer(peer), everything);
                ck_assert(peer_call(peer, app->provider, INTERFACE_PROPERTIES, "GetAll", "s",
                                    INTERFACE_PROVIDER_INFO));
                ck_assert_str_eq(peer_answer(peer), "[]");
                ck_assert(peer_call(peer, PATH_ROOT, "org.freedesktop.DBus.ObjectManager",
                                    "GetManagedObjects", NULL));
                ck_assert_ptr_nonnull(strstr(peer_answer(peer), everything));
                ck_assert_ptr_nonnull(strstr(peer_answer(peer), "org.callsd.ProviderInfo1=[]"));
                ck_assert_ptr_null(strstr(peer_answer(peer), "ecret"));
        }
}
END_TEST

/* Every private member is refused to a stranger, by the rows of the table. */
START_TEST(strangers_read_what_is_public)
{
        unsigned n_refused = 0;

        peer_incoming(app, CALL_A, SECRET_HANDLE);
        for (size_t i = 0; i < access_count(); i++) {
                const struct access_row *row = access_row(i);
                const char *path = streq(row->interface, INTERFACE_CALL)      ? call_object(CALL_A)
                                   : streq(row->interface, INTERFACE_AUDIO)   ? PATH_AUDIO
                                   : streq(row->interface, INTERFACE_MANAGER) ? PATH_ROOT
                                                                              : app->provider;

                if (row->kind != ACCESS_READ)
                        continue;
                peer_call(stranger, path, INTERFACE_PROPERTIES, "Get", "ss", row->interface,
                          row->member);
                ck_assert_str_eq(stranger->error,
                                 row->right == RIGHT_ANYONE ? "" : ERROR_PREFIX "NotAuthorized");
                n_refused += row->right != RIGHT_ANYONE;
                ck_assert_msg(peer_call(user, path, INTERFACE_PROPERTIES, "Get", "ss",
                                        row->interface, row->member),
                              "%s: %s", row->member, user->text);
        }
        ck_assert_uint_gt(n_refused, 40);
}
END_TEST

/* Rights are looked at before arguments: none need be right. */
START_TEST(strangers_call_nothing)
{
        peer_incoming(app, CALL_A, SECRET_HANDLE);
        for (size_t i = 0; i < access_count(); i++) {
                const struct access_row *row = access_row(i);
                const char *path = streq(row->interface, INTERFACE_CALL)      ? call_object(CALL_A)
                                   : streq(row->interface, INTERFACE_AUDIO)   ? PATH_AUDIO
                                   : streq(row->interface, INTERFACE_MANAGER) ? PATH_ROOT
                                                                              : app->provider;

                if (row->kind != ACCESS_CALL || row->right == RIGHT_ANYONE ||
                    row->right == RIGHT_PUSH_HELPER)
                        continue;
                assert_refused(stranger,
                               peer_call(stranger, path, row->interface, row->member, NULL),
                               ERROR_PREFIX "NotAuthorized");
                ck_assert_ptr_nonnull(strstr(stranger->text, row->member));
                if (row->right == RIGHT_OWNER)
                        assert_refused(user,
                                       peer_call(user, path, row->interface, row->member, NULL),
                                       ERROR_PREFIX "NotAuthorized");
        }
        assert_refused(stranger,
                       peer_call(stranger, PATH_ROOT, INTERFACE_PROPERTIES, "Set", "ssv",
                                 INTERFACE_MANAGER, "DoNotDisturb", "b", true),
                       ERROR_PREFIX "NotAuthorized");
}
END_TEST

START_TEST(sandboxed_providers_have_their_own_calls_only)
{
        peer_sandbox(other, "org.example.Other");
        assert_refused(other,
                       peer_call(other, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}",
                                 1, "Identifier", "s", "org.example.Else"),
                       ERROR_PREFIX "IncomingCall.Unentitled");
        ck_assert_ptr_nonnull(strstr(other->text, "org.example.Other"));
        peer_register(other, "org.example.Other");
        peer_incoming(app, CALL_A, SECRET_HANDLE);
        peer_incoming(other, CALL_B, "sip:bob@example.org");
        assert_refused(other, call_method(other, CALL_A, "Answer", NULL),
                       ERROR_PREFIX "NotAuthorized");
        assert_refused(other, call_method(other, CALL_A, "GetDetails", NULL),
                       ERROR_PREFIX "NotAuthorized");
        assert_refused(other, call_get(other, CALL_A, "RemoteHandle"),
                       ERROR_PREFIX "NotAuthorized");
        assert_refused(other,
                       peer_call(other, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                                 "a(sa{sv})a{sv}", 1, "end-call", 1, "Call", "s", CALL_A, 0),
                       ERROR_PREFIX "NotAuthorized");
        ck_assert(call_get(other, CALL_B, "RemoteHandle"));
        ck_assert_str_eq(peer_answer(other), "sip:bob@example.org");
        ck_assert(call_method(other, CALL_B, "GetDetails", NULL));
        ck_assert(call_method(other, CALL_B, "Answer", NULL));
        ck_assert(peer_call(other, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                            "a(sa{sv})a{sv}", 1, "end-call", 1, "Call", "s", CALL_B, 0));
        peer_call(other, other->provider, INTERFACE_PROPERTIES, "Get", "ss",
                  INTERFACE_PROVIDER_INFO, "Identifier");
        ck_assert_str_eq(peer_answer(other), "org.example.Other");
        assert_refused(other,
                       peer_call(other, app->provider, INTERFACE_PROPERTIES, "Get", "ss",
                                 INTERFACE_PROVIDER_INFO, "Identifier"),
                       ERROR_PREFIX "NotAuthorized");
}
END_TEST

/* Everybody's delegate is its own. */
START_TEST(delegate_signals_go_to_the_provider_alone)
{
        peer_register(other, "org.example.Other");
        peer_watch(other);
        live_through_a_call();
        ck_assert(peer_saw(app, "PerformTransaction"));
        ck_assert(peer_saw(app, "AudioSessionActivated"));
        ck_assert(peer_saw(app, "AudioSessionDeactivated"));
        for (size_t i = 0; i < other->n_lines; i++)
                ck_assert_msg(!strstr(other->lines[i], app->provider) ||
                                      strstr(other->lines[i], "Interfaces") ||
                                      strstr(other->lines[i], "PropertiesChanged"),
                              "%s", other->lines[i]);
        ck_assert(!peer_saw(other, "Perform"));
        ck_assert(!peer_saw(other, "AudioSession"));
}
END_TEST

static TCase *privacy(void)
{
        TCase *tc = tcase_create("private");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, broadcasts_tell_nothing_private);
        tcase_add_test(tc, new_calls_show_six_properties);
        tcase_add_test(tc, dumps_show_what_is_public);
        tcase_add_test(tc, strangers_read_what_is_public);
        tcase_add_test(tc, strangers_call_nothing);
        tcase_add_test(tc, sandboxed_providers_have_their_own_calls_only);
        tcase_add_test(tc, delegate_signals_go_to_the_provider_alone);
        return tc;
}

SUITE_MAIN("bus-private", privacy());
