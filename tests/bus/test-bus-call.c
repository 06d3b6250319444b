/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.callsd.Call1: each method once as it should be, each refusal by its name. */
#include "bus/world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "bus/bus-keepsake.h"
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
        peer_register(other, "org.example.Other");
}

static void tear_down(void)
{
        world_stop(&world);
}

static void assert_state(const char *uuid, const char *state)
{
        ck_assert(call_get(user, uuid, "State"));
        ck_assert_str_eq(peer_answer(user), state);
}

/* R1, X1: the reply to Answer says that the call is answered. */
START_TEST(answer_replies_when_fulfilled)
{
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        ck_assert_str_eq(app->actions[0].type, "answer-call");
        ck_assert_str_eq(app->actions[0].call, CALL_A);
        world_settle(&world);
        ck_assert(!peer_saw(user, "reply Answer"));
        assert_state(CALL_A, "answering");
        peer_fulfil(app, 0);
        peer_wait_line(user, "reply Answer");
        assert_state(CALL_A, "active");
}
END_TEST

START_TEST(answer_that_fails_says_so)
{
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "FailAction", "sa{sv}",
                            app->actions[0].id, 2, "Reason", "s", "no codec", "Cause", "s",
                            "media"));
        peer_wait_line(user, "error Answer " ERROR_PREFIX "ActionFailed");
        ck_assert(peer_saw(user, "no codec"));
        assert_state(CALL_A, "ended");
        ck_assert(call_get(user, CALL_A, "EndedReason"));
        ck_assert_str_eq(peer_answer(user), "failed");
}
END_TEST

/* X16: a hold that fails costs nobody a call. */
START_TEST(failed_hold_is_hold_failed)
{
        peer_active_call(app, user, CALL_A);
        peer_incoming(other, CALL_B, "sip:bob@example.org");
        app->behaviour = BEHAVIOUR_FAIL;
        assert_refused(user, call_method(user, CALL_B, "Answer", NULL), ERROR_PREFIX "HoldFailed");
        assert_state(CALL_A, "active");
        assert_state(CALL_B, "ringing");
}
END_TEST

/* X15 */
START_TEST(answering_a_second_call_holds_the_first)
{
        other->behaviour = BEHAVIOUR_FULFIL;
        peer_active_call(app, user, CALL_A);
        app->behaviour = BEHAVIOUR_FULFIL;
        peer_incoming(other, CALL_B, "sip:bob@example.org");
        ck_assert_msg(call_method(user, CALL_B, "Answer", NULL), "%s", user->text);
        assert_state(CALL_A, "held");
        assert_state(CALL_B, "active");
        ck_assert(call_get(user, CALL_A, "HoldReason"));
        ck_assert_str_eq(peer_answer(user), "interrupted");
}
END_TEST

START_TEST(hold_resume_swap_mute)
{
        app->behaviour = BEHAVIOUR_FULFIL;
        other->behaviour = BEHAVIOUR_FULFIL;
        peer_active_call(app, user, CALL_A);
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_A, "SetHeld", "b", true));
        assert_state(CALL_A, "held");
        ck_assert(call_method(user, CALL_A, "SetHeld", "b", false));
        assert_state(CALL_A, "active");
        peer_active_call(other, user, CALL_B);
        other->behaviour = BEHAVIOUR_FULFIL;
        ck_assert_msg(call_method(user, CALL_A, "Swap", NULL), "%s", user->text);
        assert_state(CALL_A, "active");
        assert_state(CALL_B, "held");
        ck_assert(call_method(user, CALL_A, "SetMuted", "b", true));
        ck_assert(call_get(user, CALL_A, "Muted"));
        ck_assert_str_eq(peer_answer(user), "true");
        ck_assert(call_method(user, CALL_A, "SetMuted", "b", false));
}
END_TEST

START_TEST(end_and_decline)
{
        app->behaviour = BEHAVIOUR_FULFIL;
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        ck_assert_msg(call_method(user, CALL_A, "Decline", "s", "later"), "%s", user->text);
        ck_assert(call_get(user, CALL_A, "EndedReason"));
        ck_assert_str_eq(peer_answer(user), "declined");
        peer_active_call(app, user, CALL_B);
        app->behaviour = BEHAVIOUR_FULFIL;
        assert_refused(user, call_method(user, CALL_B, "Decline", "s", ""),
                       ERROR_PREFIX "RequestTransaction.InvalidAction");
        ck_assert(call_method(user, CALL_B, "End", NULL));
        ck_assert(call_get(user, CALL_B, "EndedReason"));
        ck_assert_str_eq(peer_answer(user), "local-ended");
        assert_refused(user, call_method(user, CALL_B, "End", NULL),
                       ERROR_PREFIX "RequestTransaction.UnknownCallUUID");
}
END_TEST

START_TEST(end_and_answer_ends_the_active_call)
{
        other->behaviour = BEHAVIOUR_FULFIL;
        peer_active_call(app, user, CALL_A);
        app->behaviour = BEHAVIOUR_FULFIL;
        peer_incoming(other, CALL_B, "sip:bob@example.org");
        ck_assert_msg(call_method(user, CALL_B, "EndAndAnswer", NULL), "%s", user->text);
        assert_state(CALL_A, "ended");
        assert_state(CALL_B, "active");
}
END_TEST

/* T21: one single-tone action per key, the next when the one before is complete. */
START_TEST(dtmf_is_one_action_per_key)
{
        peer_active_call(app, user, CALL_A);
        app->n_actions = 0;
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "PlayDTMF", "s", "1#");
        peer_wait_actions(app, 1);
        for (size_t i = 0; i < 2; i++) {
                peer_wait_actions(app, i + 1);
                ck_assert_str_eq(app->actions[i].type, "play-dtmf-call");
                ck_assert(!peer_saw(user, "reply PlayDTMF"));
                peer_fulfil(app, i);
        }
        peer_wait_line(user, "reply PlayDTMF");
}
END_TEST

START_TEST(dtmf_texts_never_repeat_the_keys)
{
        char long_text[66];

        memset(long_text, '1', 65);
        long_text[65] = '\0';
        peer_active_call(app, user, CALL_A);
        assert_refused(user, call_method(user, CALL_A, "PlayDTMF", "s", ""), ERROR_INVALID);
        assert_refused(user, call_method(user, CALL_A, "PlayDTMF", "s", "4711x"), ERROR_INVALID);
        ck_assert_ptr_null(strstr(user->text, "4711"));
        ck_assert_ptr_nonnull(strstr(user->text, "Key 5"));
        assert_refused(user, call_method(user, CALL_A, "PlayDTMF", "s", long_text), ERROR_INVALID);
}
END_TEST

/* G1, T20 */
START_TEST(join_and_leave)
{
        app->behaviour = BEHAVIOUR_FULFIL;
        peer_active_call(app, user, CALL_A);
        peer_active_call(app, user, CALL_B);
        app->behaviour = BEHAVIOUR_FULFIL;
        assert_state(CALL_A, "held");
        ck_assert_msg(call_method(user, CALL_B, "Join", "o",
                                  "/org/callsd/call/aaaaaaaa_0000_4000_8000_000000000001"),
                      "%s", user->text);
        assert_state(CALL_A, "active");
        assert_state(CALL_B, "active");
        ck_assert(call_get(user, CALL_A, "Group"));
        ck_assert_str_ne(peer_answer(user), "");
        ck_assert_msg(call_method(user, CALL_B, "Leave", NULL), "%s", user->text);
        assert_state(CALL_A, "held");
        assert_state(CALL_B, "active");
        assert_refused(user, call_method(user, CALL_B, "Join", "o", "/somewhere"), ERROR_INVALID);
        assert_refused(user, call_method(user, CALL_B, "Leave", NULL),
                       ERROR_PREFIX "RequestTransaction.InvalidAction");
}
END_TEST

START_TEST(refusals_of_states)
{
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        assert_refused(user, call_method(user, CALL_A, "SetHeld", "b", true),
                       ERROR_PREFIX "RequestTransaction.InvalidAction");
        assert_refused(user, call_method(user, CALL_A, "PlayDTMF", "s", "1"),
                       ERROR_PREFIX "RequestTransaction.InvalidAction");
        assert_refused(user, call_method(user, CALL_A, "ContinuePostDial", NULL),
                       ERROR_PREFIX "WrongState");
        assert_refused(user, call_method(user, CALL_A, "GetPicture", NULL),
                       ERROR_PREFIX "WrongState");
        ck_assert(call_method(user, CALL_A, "CancelPostDial", NULL));
        assert_refused(user, call_method(user, CALL_B, "Answer", NULL),
                       ERROR_PREFIX "RequestTransaction.UnknownCallUUID");
        assert_refused(user, call_get(user, CALL_B, "State"),
                       ERROR_PREFIX "RequestTransaction.UnknownCallUUID");
}
END_TEST

/* 4.3: a call that can't be held would have to end, and nobody asked for that. */
START_TEST(would_end_call)
{
        peer_active_call(app, user, CALL_A);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallUpdated", "sa{sv}",
                            CALL_A, 1, "SupportsHolding", "b", false));
        peer_incoming(other, CALL_B, "sip:bob@example.org");
        assert_refused(user, call_method(user, CALL_B, "Answer", NULL),
                       ERROR_PREFIX "WouldEndCall");
        ck_assert_ptr_nonnull(strstr(user->text, CALL_A));
}
END_TEST

/* The provider of the call gets its reply on admission: it is the one who has to act. */
START_TEST(own_call_replies_on_admission)
{
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        ck_assert_msg(call_method(app, CALL_A, "Answer", NULL), "%s", app->text);
        assert_state(CALL_A, "answering");
        peer_wait_actions(app, 1);
        peer_fulfil(app, 0);
        assert_state(CALL_A, "active");
}
END_TEST

/* X10: after 20 s the method gives up, what was delivered goes on. */
START_TEST(method_times_out_before_the_bus_does)
{
        struct limits limits = *engine_get_limits(world.daemon.engine);

        limits.reply_timeout = 50 * USEC_PER_MSEC;
        engine_set_limits(world.daemon.engine, &limits);
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        assert_refused(user, call_method(user, CALL_A, "Answer", NULL),
                       ERROR_PREFIX "ActionTimedOut");
        assert_state(CALL_A, "answering");
        peer_fulfil(app, 0);
        assert_state(CALL_A, "active");
}
END_TEST

START_TEST(picture_is_kept_and_handed_out)
{
        int fd = memfd_create("picture", MFD_CLOEXEC), got;
        char bytes[8] = "";

        ck_assert_int_eq((int)write(fd, "PNG!", 4), 4);
        ck_assert_msg(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                "sa{sv}", CALL_A, 1, "PictureFD", "h", fd),
                      "%s", app->text);
        ck_assert_int_eq((int)pwrite(fd, "EVIL", 4, 0), 4);
        close(fd);
        for (int reader = 0; reader < 2; reader++) {
                ck_assert_msg(call_method(user, CALL_A, "GetPicture", NULL), "%s", user->text);
                ck_assert_int_gt(sd_bus_message_read(user->reply, "h", &got), 0);
                ck_assert_int_eq((int)read(got, bytes, sizeof(bytes)), 4);
                ck_assert_int_eq(memcmp(bytes, "PNG!", 4), 0);
                ck_assert_int_lt((int)write(got, "X", 1), 0);
        }
}
END_TEST

START_TEST(pictures_go_with_their_calls)
{
        int fd = memfd_create("picture", MFD_CLOEXEC);
        struct limits limits = *engine_get_limits(world.daemon.engine);

        limits.ended_linger = 1;
        engine_set_limits(world.daemon.engine, &limits);
        ck_assert_int_eq((int)write(fd, "PNG!", 4), 4);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                            "sa{sv}", CALL_A, 1, "PictureFD", "h", fd));
        ck_assert_ptr_nonnull(world.daemon.bus->pictures);
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                 "sa{sv}", CALL_A, 1, "PictureFD", "h", fd),
                       ERROR_PREFIX "IncomingCall.CallUUIDAlreadyExists");
        ck_assert_int_eq(keepsake_open_picture(world.daemon.bus, 2, &fd), -ENOENT);
        close(fd);
        peer_watch(user);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallEnded", "ssa{sv}",
                            CALL_A, "remote-ended", 0));
        peer_wait_line(user, "InterfacesRemoved");
        ck_assert_ptr_null(world.daemon.bus->pictures);
        assert_refused(user, call_method(user, CALL_A, "GetDetails", NULL),
                       ERROR_PREFIX "RequestTransaction.UnknownCallUUID");
}
END_TEST

START_TEST(bad_pictures_are_refused)
{
        int big = memfd_create("big", MFD_CLOEXEC), pair[2];

        ck_assert_int_eq(ftruncate(big, 1024 * 1024 + 1), 0);
        ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                 "sa{sv}", CALL_A, 1, "PictureFD", "h", big),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(app->text, "1048577"));
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                 "sa{sv}", CALL_A, 1, "PictureFD", "h", pair[0]),
                       ERROR_INVALID);
        ck_assert_int_eq(ftruncate(big, 0), 0);
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                 "sa{sv}", CALL_A, 1, "PictureFD", "h", big),
                       ERROR_INVALID);
        close(big);
        close(pair[0]);
        close(pair[1]);
}
END_TEST

START_TEST(details_have_everything)
{
        const char *text;

        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                            "sa{sv}", CALL_A, 4, "RemoteHandleType", "s", "phone-number",
                            "RemoteHandle", "s", "+4930123", "LocalizedCallerName", "s", "Alice",
                            "HasVideo", "b", true));
        ck_assert(call_method(user, CALL_A, "GetDetails", NULL));
        text = peer_answer(user);
        ck_assert_ptr_nonnull(strstr(text, "UUID=" CALL_A ",State=ringing,Outgoing=false"));
        ck_assert_ptr_nonnull(strstr(text, "RemoteHandleType=phone-number"));
        ck_assert_ptr_nonnull(strstr(text, "RemoteHandle=+4930123"));
        ck_assert_ptr_nonnull(strstr(text, "DisplayName=Alice"));
        ck_assert_ptr_nonnull(strstr(text, "HasVideo=true"));
        ck_assert_ptr_nonnull(strstr(text, "SupportsHolding=true"));
        ck_assert_ptr_nonnull(strstr(text, "Allowed=[answer,decline"));
        ck_assert_ptr_nonnull(strstr(text, "Provider=/org/callsd/provider/p1"));
}
END_TEST

static TCase *methods(void)
{
        TCase *tc = tcase_create("methods");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, answer_replies_when_fulfilled);
        tcase_add_test(tc, answer_that_fails_says_so);
        tcase_add_test(tc, failed_hold_is_hold_failed);
        tcase_add_test(tc, answering_a_second_call_holds_the_first);
        tcase_add_test(tc, hold_resume_swap_mute);
        tcase_add_test(tc, end_and_decline);
        tcase_add_test(tc, end_and_answer_ends_the_active_call);
        tcase_add_test(tc, dtmf_is_one_action_per_key);
        tcase_add_test(tc, dtmf_texts_never_repeat_the_keys);
        tcase_add_test(tc, join_and_leave);
        tcase_add_test(tc, refusals_of_states);
        tcase_add_test(tc, would_end_call);
        tcase_add_test(tc, own_call_replies_on_admission);
        tcase_add_test(tc, method_times_out_before_the_bus_does);
        tcase_add_test(tc, picture_is_kept_and_handed_out);
        tcase_add_test(tc, pictures_go_with_their_calls);
        tcase_add_test(tc, bad_pictures_are_refused);
        tcase_add_test(tc, details_have_everything);
        return tc;
}

SUITE_MAIN("bus-call", methods());
