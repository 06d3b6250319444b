/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.callsd.Provider1: reports, completion, what is pending, and the end of a provider. */
#include "bus/world.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "support/suite.h"

static struct world world;
static struct peer *app, *other, *user;

static void set_up(void)
{
        world_start(&world);
        app = world_add_peer(&world);
        other = world_add_peer(&world);
        user = world_add_peer(&world);
        peer_register(app, "org.example.App");
}

static void tear_down(void)
{
        world_stop(&world);
}

#define report(peer, member, ...) \
        peer_call(peer, (peer)->provider, INTERFACE_PROVIDER, member, __VA_ARGS__)

static const char *property(const char *uuid, const char *name)
{
        call_get(user, uuid, name);
        return peer_answer(user);
}

/* I3, I4 */
START_TEST(incoming_call)
{
        ck_assert(report(app, "ReportNewIncomingCall", "sa{sv}",
                         "AAAAAAAA-0000-4000-8000-000000000001", 2, "RemoteHandleType", "s",
                         "generic", "RemoteHandle", "s", "sip:alice@example.org"));
        ck_assert_str_eq(property(CALL_A, "State"), "ringing");
        ck_assert_str_eq(property(CALL_A, "RemoteHandle"), "sip:alice@example.org");
        assert_refused(app, report(app, "ReportNewIncomingCall", "sa{sv}", CALL_A, 0),
                       ERROR_PREFIX "IncomingCall.CallUUIDAlreadyExists");
}
END_TEST

START_TEST(malformed_reports)
{
        assert_refused(app, report(app, "ReportNewIncomingCall", "sa{sv}", "nonsense", 0),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "\"nonsense\""));
        assert_refused(app,
                       report(app, "ReportNewIncomingCall", "sa{sv}",
                              "00000000-0000-0000-0000-000000000000", 0),
                       ERROR_INVALID);
        assert_refused(
                app,
                report(app, "ReportNewIncomingCall", "sa{sv}", CALL_A, 1, "HasVideo", "s", "yes"),
                ERROR_INVALID);
        ck_assert_str_eq(app->text, "HasVideo in update must be a boolean (b), not a string (s)");
        assert_refused(app,
                       report(app, "ReportNewIncomingCall", "sa{sv}", CALL_A, 1, "RemoteHandle",
                              "s", "alone"),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "RemoteHandleType"));
        assert_refused(app,
                       report(app, "ReportNewIncomingCall", "sa{sv}", CALL_A, 2, "RemoteHandleType",
                              "s", "pigeon", "RemoteHandle", "s", "x"),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "phone-number"));
        peer_incoming(app, CALL_A, "x");
        assert_refused(app, report(app, "ReportCallEnded", "ssa{sv}", CALL_A, "bored", 0),
                       ERROR_INVALID);
        assert_refused(app, report(app, "ReportCallEnded", "ssa{sv}", CALL_A, "provider-lost", 0),
                       ERROR_INVALID);
        assert_refused(app,
                       report(app, "ReportCallEnded", "ssa{sv}", CALL_A, "failed", 1, "Cause", "s",
                              "bored"),
                       ERROR_INVALID);
        assert_refused(app, report(app, "ReportCallState", "ssa{sv}", CALL_A, "ended", 0),
                       ERROR_INVALID);
        assert_refused(app, report(app, "ReportCall", "sa{sv}", CALL_B, 0), ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "State"));
        assert_refused(app,
                       report(app, "ReportCall", "sa{sv}", CALL_B, 1, "State", "s", "answering"),
                       ERROR_INVALID);
        assert_refused(app,
                       report(app, "FulfillAction", "sa{sv}", CALL_B, 1, "Engine", "s", "steam"),
                       ERROR_INVALID);
        assert_refused(app, report(app, "GetPendingCallActions", "ss", "dance", CALL_A),
                       ERROR_INVALID);
}
END_TEST

/* U9 */
START_TEST(reports_of_unknown_calls)
{
        static const char *const unknown = ERROR_PREFIX "RequestTransaction.UnknownCallUUID";

        assert_refused(app, report(app, "ReportOutgoingCallConnected", "sa{sv}", CALL_A, 0),
                       unknown);
        assert_refused(app, report(app, "ReportOutgoingCallStartedConnecting", "sa{sv}", CALL_A, 0),
                       unknown);
        assert_refused(app, report(app, "ReportCallUpdated", "sa{sv}", CALL_A, 0), unknown);
        assert_refused(app, report(app, "ReportCallEnded", "ssa{sv}", CALL_A, "failed", 0),
                       unknown);
        assert_refused(app, report(app, "ReportCallState", "ssa{sv}", CALL_A, "active", 0),
                       unknown);
        assert_refused(app, report(app, "ReportCallMuted", "sba{sv}", CALL_A, true, 0), unknown);
        assert_refused(app, report(app, "GetStreamProperties", "s", CALL_A), unknown);
}
END_TEST

/* O1: the way of an outgoing call. */
START_TEST(outgoing_call)
{
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}",
                            "org.example.App", "generic", "x", 1, "Call", "s", CALL_A));
        world_settle(&world);
        ck_assert_str_eq(property(CALL_A, "State"), "started");
        ck_assert(report(app, "ReportOutgoingCallStartedConnecting", "sa{sv}", CALL_A, 0));
        ck_assert_str_eq(property(CALL_A, "State"), "connecting");
        ck_assert(report(app, "ReportOutgoingCallConnected", "sa{sv}", CALL_A, 1, "Date", "t",
                         (uint64_t)1));
        ck_assert_str_eq(property(CALL_A, "State"), "active");
        ck_assert_str_eq(property(CALL_A, "HasConnected"), "true");
        ck_assert_str_ne(property(CALL_A, "ConnectedAt"), "1");
        peer_incoming(app, CALL_B, "y");
        assert_refused(app, report(app, "ReportOutgoingCallConnected", "sa{sv}", CALL_B, 0),
                       ERROR_PREFIX "WrongState");
}
END_TEST

START_TEST(updates_change_what_they_name)
{
        ck_assert(report(app, "ReportNewIncomingCall", "sa{sv}", CALL_A, 2, "LocalizedCallerName",
                         "s", "Alice", "SupportsHolding", "b", false));
        ck_assert(report(app, "ReportCallUpdated", "sa{sv}", CALL_A, 2, "HasVideo", "b", true,
                         "Members", "aa{sv}", 2, 2, "Handle", "s", "sip:m1", "Name", "s", "M One",
                         1, "Handle", "s", "sip:m2"));
        ck_assert_str_eq(property(CALL_A, "LocalizedCallerName"), "Alice");
        ck_assert_str_eq(property(CALL_A, "SupportsHolding"), "false");
        ck_assert_str_eq(property(CALL_A, "HasVideo"), "true");
        ck_assert_ptr_nonnull(strstr(property(CALL_A, "Members"), "Handle=sip:m1,Name=M One"));
        ck_assert(report(app, "ReportCallUpdated", "sa{sv}", CALL_A, 1, "LocalizedCallerName", "s",
                         ""));
        ck_assert_str_eq(property(CALL_A, "LocalizedCallerName"), "");
}
END_TEST

START_TEST(end_of_a_call)
{
        peer_incoming(app, CALL_A, "x");
        ck_assert(report(app, "ReportCallEnded", "ssa{sv}", CALL_A, "remote-ended", 2, "Cause", "s",
                         "busy", "Text", "s", "486 Busy Here"));
        ck_assert_str_eq(property(CALL_A, "EndedReason"), "remote-ended");
        ck_assert_str_eq(property(CALL_A, "EndedCause"), "busy");
        ck_assert_str_eq(property(CALL_A, "EndedText"), "486 Busy Here");
        ck_assert_str_eq(property(CALL_A, "HasEnded"), "true");
        assert_refused(app, report(app, "ReportNewIncomingCall", "sa{sv}", CALL_A, 0),
                       ERROR_PREFIX "IncomingCall.CallUUIDAlreadyExists");
}
END_TEST

START_TEST(import_and_facts)
{
        ck_assert_msg(report(app, "ReportCall", "sa{sv}", CALL_A, 4, "State", "s", "held", "Muted",
                             "b", true, "Outgoing", "b", true, "GroupWith", "s", ""),
                      "%s", app->text);
        ck_assert_str_eq(property(CALL_A, "State"), "held");
        ck_assert_str_eq(property(CALL_A, "Muted"), "true");
        ck_assert_str_eq(property(CALL_A, "Outgoing"), "true");
        ck_assert(report(app, "ReportCallState", "ssa{sv}", CALL_A, "active", 1, "By", "s",
                         "remote"));
        ck_assert_str_eq(property(CALL_A, "State"), "active");
        ck_assert(report(app, "ReportCallMuted", "sba{sv}", CALL_A, false, 1, "By", "s", "self"));
        ck_assert_str_eq(property(CALL_A, "Muted"), "false");
        assert_refused(
                app,
                report(app, "ReportCallState", "ssa{sv}", CALL_A, "held", 1, "By", "s", "magic"),
                ERROR_INVALID);
        ck_assert(report(app, "GetCalls", NULL));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), "UUID=" CALL_A ",State=active"));
        peer_register(other, "org.example.Other");
        assert_refused(other,
                       report(other, "ReportCall", "sa{sv}", CALL_A, 1, "State", "s", "active"),
                       ERROR_PREFIX "IncomingCall.CallUUIDAlreadyExists");
}
END_TEST

/* X8 */
START_TEST(completing_what_is_not_pending)
{
        assert_refused(app, report(app, "FulfillAction", "sa{sv}", CALL_A, 0),
                       ERROR_PREFIX "UnknownAction");
        assert_refused(app, report(app, "FailAction", "sa{sv}", CALL_A, 0),
                       ERROR_PREFIX "UnknownAction");
        assert_refused(app, report(app, "FulfillAction", "sa{sv}", "x", 0), ERROR_INVALID);
        peer_incoming(app, CALL_A, "x");
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        peer_register(other, "org.example.Other");
        assert_refused(other, report(other, "FulfillAction", "sa{sv}", app->actions[0].id, 0),
                       ERROR_PREFIX "UnknownAction");
        peer_fulfil(app, 0);
        assert_refused(app, report(app, "FulfillAction", "sa{sv}", app->actions[0].id, 0),
                       ERROR_PREFIX "UnknownAction");
}
END_TEST

START_TEST(pending_is_what_was_delivered)
{
        char wanted[256];

        peer_incoming(app, CALL_A, "x");
        ck_assert(report(app, "GetPendingTransactions", NULL));
        ck_assert_str_eq(peer_answer(app), "[]");
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        ck_assert(report(app, "GetPendingTransactions", NULL));
        snprintf(wanted, sizeof(wanted), "[(%s,[(%s,answer-call,[Call=" CALL_A,
                 app->actions[0].transaction, app->actions[0].id);
        ck_assert_ptr_nonnull(strstr(peer_answer(app), wanted));
        ck_assert(report(app, "GetPendingCallActions", "ss", "answer-call", CALL_A));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), app->actions[0].id));
        ck_assert(report(app, "GetPendingCallActions", "ss", "end-call", CALL_A));
        ck_assert_str_eq(peer_answer(app), "[]");
        ck_assert(report(app, "GetPendingCallActions", "ss", "answer-call", CALL_B));
        ck_assert_str_eq(peer_answer(app), "[]");
}
END_TEST

START_TEST(deadline_that_passes_is_told)
{
        struct limits limits = *engine_get_limits(world.daemon.engine);

        limits.answer_timeout = 20 * USEC_PER_MSEC;
        engine_set_limits(world.daemon.engine, &limits);
        peer_incoming(app, CALL_A, "x");
        assert_refused(user, call_method(user, CALL_A, "Answer", NULL),
                       ERROR_PREFIX "ActionTimedOut");
        peer_wait_line(app, "ActionTimedOut");
        peer_line(app, 0, "ActionTimedOut", app->actions[0].id);
}
END_TEST

/* E7: what follows a failed action is withdrawn, by one signal that says why. */
START_TEST(withdrawn_action_is_told_with_why)
{
        peer_active_call(app, user, CALL_A);
        app->n_actions = 0;
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                            "a(sa{sv})a{sv}", 2, "set-muted-call", 2, "Call", "s", CALL_A, "Muted",
                            "b", true, "set-held-call", 2, "Call", "s", CALL_A, "OnHold", "b", true,
                            0));
        peer_wait_actions(app, 2);
        ck_assert(report(app, "FailAction", "sa{sv}", app->actions[0].id, 0));
        peer_wait_line(app, "ActionCancelled");
        peer_line(app, 0, "ActionCancelled", app->actions[1].id);
        peer_line(app, 0, "ActionCancelled", "Why=");
        peer_wait_line(user, "Result=org.callsd.Error.ActionCancelled");
}
END_TEST

START_TEST(stream_properties_without_sound)
{
        peer_incoming(app, CALL_A, "x");
        assert_refused(app, report(app, "GetStreamProperties", "s", CALL_A),
                       ERROR_PREFIX "WrongState");
        ck_assert_ptr_nonnull(strstr(app->text, "ringing"));
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_A, "Answer", NULL));
        ck_assert_msg(report(app, "GetStreamProperties", "s", CALL_A), "%s", app->text);
        ck_assert_str_eq(peer_answer(app), "[]");
        ck_assert(call_method(user, CALL_A, "End", NULL));
        assert_refused(app, report(app, "GetStreamProperties", "s", CALL_A),
                       ERROR_PREFIX "WrongState");
}
END_TEST

START_TEST(configuration_is_replaced)
{
        ck_assert(report(app, "SetConfiguration", "a{sv}", 1, "MaximumCallGroups", "u", 4));
        ck_assert(report(app, "GetConfiguration", NULL));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), "Identifier=org.example.App"));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), "MaximumCallGroups=4"));
        ck_assert(report(app, "SetConfiguration", "a{sv}", 0));
        ck_assert(report(app, "GetConfiguration", NULL));
        ck_assert_ptr_nonnull(strstr(peer_answer(app), "MaximumCallGroups=2"));
        assert_refused(
                app,
                report(app, "SetConfiguration", "a{sv}", 1, "Identifier", "s", "org.example.Else"),
                ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "org.example.Else"));
}
END_TEST

START_TEST(ringtone_by_descriptor)
{
        int fd = memfd_create("tone", MFD_CLOEXEC), null = open("/dev/null", O_RDWR | O_CLOEXEC);

        ck_assert_int_eq((int)write(fd, "RIFF", 4), 4);
        ck_assert_msg(report(app, "SetRingtone", "h", fd), "%s", app->text);
        ck_assert_ptr_nonnull(world.daemon.bus->ringtones);
        ck_assert(report(app, "SetRingtone", "h", fd));
        assert_refused(app, report(app, "SetRingtone", "h", null), ERROR_INVALID);
        ck_assert_int_eq(ftruncate(fd, 10 * 1024 * 1024 + 1), 0);
        assert_refused(app, report(app, "SetRingtone", "h", fd), ERROR_INVALID);
        ck_assert(report(app, "Invalidate", NULL));
        ck_assert_ptr_null(world.daemon.bus->ringtones);
        close(fd);
        close(null);
}
END_TEST

/* R9: its calls end as failed, its object goes; nothing is sent to it any more. */
START_TEST(invalidate)
{
        peer_active_call(app, user, CALL_A);
        peer_watch(user);
        ck_assert(report(app, "Invalidate", NULL));
        peer_wait_line(user, "InterfacesRemoved");
        peer_line(user, 0, "InterfacesRemoved", "org.callsd.Provider1");
        ck_assert_str_eq(property(CALL_A, "State"), "ended");
        ck_assert_str_eq(property(CALL_A, "EndedReason"), "failed");
        ck_assert(!peer_saw(app, "Reset"));
        ck_assert(!report(app, "GetCalls", NULL));
        peer_register(app, "org.example.App");
}
END_TEST

/* R13: a provider whose connection is gone has no calls any more. */
START_TEST(gone_provider_ends_its_calls)
{
        peer_active_call(app, user, CALL_A);
        peer_watch(user);
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "SetMuted", "b", true);
        app->behaviour = BEHAVIOUR_SILENT;
        peer_wait_actions(app, 2);
        peer_close(app);
        peer_wait_line(user, "error SetMuted");
        peer_wait_line(user, "State=ended");
        ck_assert_str_eq(property(CALL_A, "EndedReason"), "provider-lost");
        peer_line(user, 0, "InterfacesRemoved", "org.callsd.Provider1");
        peer_register(other, "org.example.App");
}
END_TEST

/* R13 with ReclaimGrace: the calls wait for the same app to come back. */
START_TEST(provider_comes_back_in_time)
{
        ck_assert(report(app, "SetConfiguration", "a{sv}", 1, "ReclaimGraceUSec", "t",
                         (uint64_t)10000000));
        peer_active_call(app, user, CALL_A);
        peer_watch(user);
        peer_close(app);
        peer_wait_line(user, "Reconnecting");
        ck_assert_str_eq(property(CALL_A, "Reconnecting"), "true");
        peer_register(other, "org.example.App");
        ck_assert_ptr_nonnull(strstr(peer_answer(other), CALL_A));
        ck_assert_str_eq(property(CALL_A, "Reconnecting"), "false");
        ck_assert_str_eq(property(CALL_A, "State"), "active");
}
END_TEST

static TCase *reports(void)
{
        TCase *tc = tcase_create("reports");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, incoming_call);
        tcase_add_test(tc, malformed_reports);
        tcase_add_test(tc, reports_of_unknown_calls);
        tcase_add_test(tc, outgoing_call);
        tcase_add_test(tc, updates_change_what_they_name);
        tcase_add_test(tc, end_of_a_call);
        tcase_add_test(tc, import_and_facts);
        return tc;
}

static TCase *actions(void)
{
        TCase *tc = tcase_create("actions");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, completing_what_is_not_pending);
        tcase_add_test(tc, pending_is_what_was_delivered);
        tcase_add_test(tc, deadline_that_passes_is_told);
        tcase_add_test(tc, withdrawn_action_is_told_with_why);
        tcase_add_test(tc, stream_properties_without_sound);
        return tc;
}

static TCase *life(void)
{
        TCase *tc = tcase_create("life");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, configuration_is_replaced);
        tcase_add_test(tc, ringtone_by_descriptor);
        tcase_add_test(tc, invalidate);
        tcase_add_test(tc, gone_provider_ends_its_calls);
        tcase_add_test(tc, provider_comes_back_in_time);
        return tc;
}

SUITE_MAIN("bus-provider", reports(), actions(), life());
