/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Without callsd the app is no worse off: none at all, one that hangs, one that dies and comes back
 * with or without its memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client-lib/world.h"

#define NOT_RUNNING "1000"

static struct world *world;

static void teardown(void)
{
        world_free(world);
}

static void setup_alone(void)
{
        world = world_new();
}

static void setup_ready(void)
{
        world = world_ready();
}

static void on_availability(struct cx_context *context, int available, void *userdata)
{
        (void)context;
        world_note(userdata, available ? "available" : "away");
}

static void restart(void)
{
        world->fake = fake_kill(world->fake);
        world_settle(world);
        world_daemon(world);
}

static void incoming(const char *uuid)
{
        cx_provider_report_new_incoming_call(world->provider, uuid, NULL, NULL, NULL);
        world_expect(world, NULL, NULL);
}

/* A call of ours that callsd has told us to answer, and we have. */
static void active(const char *uuid)
{
        char order[64];

        incoming(uuid);
        snprintf(order, sizeof(order), "9:answer-call:%.1s", uuid);
        fake_perform(world->fake, order);
        world_until(world, world_told(world, "answer-call"));
        cx_action_fulfill(world->orders[9]);
        world_expect(world, NULL, NULL);
}

START_TEST(without_a_daemon_reports_fail_at_once)
{
        struct noted noted = {world, "report"};

        cx_context_set_availability_callback(world->context, on_availability, world);
        world_provider(world);
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, world_completed,
                                             &noted);
        world_until(world, world_told(world, "report"));
        world_expect(world, "away; fail-to-begin " NOT_RUNNING "; report failed " NOT_RUNNING,
                     NULL);
        ck_assert(!cx_context_is_available(world->context));
}
END_TEST

START_TEST(a_daemon_that_appears_is_told_of_the_call)
{
        world_provider(world);
        world_until(world, world_told(world, "fail-to-begin"));
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL);
        cx_provider_report_new_incoming_call(world->provider, UUID("b"), NULL, NULL, NULL);
        world_settle(world);
        /* The app has rung by itself, and was answered. */
        cx_provider_report_call_state(world->provider, UUID("a"), CX_CALL_STATE_ACTIVE,
                                      CX_FACT_SOURCE_SELF, NULL, NULL);
        world_expect(world, NULL, NULL);
        world_daemon(world);
        world_until(world, world_told(world, "begin"));
        /* b still rings by the app's own means: it is not to ring twice. */
        world_expect(world, "begin", "RegisterProvider; ReportCall a active");
        cx_provider_report_call_state(world->provider, UUID("b"), CX_CALL_STATE_ACTIVE,
                                      CX_FACT_SOURCE_SELF, NULL, NULL);
        world_expect(world, "", "ReportCall b active");
}
END_TEST

START_TEST(a_daemon_that_hangs_is_given_up_and_found_again)
{
        struct noted noted = {world, "report"};

        cx_context_set_availability_callback(world->context, on_availability, world);
        world_expect(world, "available", "");
        fake_hang(world->fake, true);
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, world_completed,
                                             &noted);
        world_until(world, world_told(world, "away"));
        world_expect(world, "report failed " NOT_RUNNING "; away", NULL);
        noted.what = "update";
        cx_provider_report_call_muted(world->provider, UUID("a"), 1, CX_FACT_SOURCE_SELF,
                                      world_completed, &noted);
        world_expect(world, "update failed " NOT_RUNNING, NULL);
        fake_hang(world->fake, false);
        fake_keep(world->fake, "a:ringing");
        world_until(world, world_told(world, "available"));
        world_expect(world, "available", NULL);
        /* It heard of the call after all, so there is one call for both from now on. */
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", "");
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "", "FulfillAction 1");
}
END_TEST

START_TEST(a_hung_registration_fails_to_begin)
{
        world_daemon(world);
        fake_hang(world->fake, true);
        world_provider(world);
        world_until(world, world_told(world, "fail-to-begin"));
        fake_hang(world->fake, false);
        world_until(world, world_told(world, "; begin"));
        world_expect(world, "fail-to-begin " NOT_RUNNING "; begin", "RegisterProvider");
}
END_TEST

START_TEST(a_restart_is_not_noticed)
{
        active(UUID("a"));
        fake_perform(world->fake, "1:set-held-call:a:1");
        world_until(world, world_told(world, "set-held-call"));
        cx_action_fulfill(world->orders[1]);
        active(UUID("b"));
        cx_provider_report_call_muted(world->provider, UUID("b"), 1, CX_FACT_SOURCE_SELF, NULL,
                                      NULL);
        incoming(UUID("c"));
        restart();
        world_until(world, fake_was_asked(world->fake, "ReportCall c"));
        world_expect(world, "",
                     "RegisterProvider; ReportCall a held; ReportCall b active; ReportCall c "
                     "ringing");
        /* The activation that the app has already. */
        fake_signal1(world->fake, "AudioSessionActivated", UUID("b"));
        world_expect(world, "audio-on b", "");
        restart();
        world_until(world, fake_was_asked(world->fake, "ReportCall c"));
        fake_signal1(world->fake, "AudioSessionActivated", UUID("b"));
        world_expect(world, "", NULL);
}
END_TEST

START_TEST(what_was_kept_is_not_imported)
{
        active(UUID("a"));
        active(UUID("b"));
        restart();
        fake_keep(world->fake, "a:active,b:ringing");
        world_until(world, fake_was_asked(world->fake, "ReportCall"));
        world_expect(world, "",
                     "RegisterProvider; GetCalls; GetPendingTransactions; "
                     "ReportCall b active");
}
END_TEST

START_TEST(an_answer_under_way_is_imported_when_it_is_complete)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world_told(world, "answer-call a"));
        world_expect(world, NULL, NULL);
        restart();
        world_until(world, fake_was_asked(world->fake, "RegisterProvider"));
        world_expect(world, "", "RegisterProvider; GetPendingTransactions");
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "", "ReportCall a active");
}
END_TEST

START_TEST(an_order_that_is_still_wanted_is_completed_as_such)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world_told(world, "answer-call a"));
        world_expect(world, NULL, NULL);
        restart();
        fake_keep(world->fake, "a:answering");
        fake_still_wants(world->fake, "1:answer-call:a");
        world_until(world, fake_was_asked(world->fake, "GetPendingTransactions"));
        world_expect(world, "", "RegisterProvider; GetCalls; GetPendingTransactions");
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "", "FulfillAction 1");
}
END_TEST

START_TEST(an_order_completed_while_callsd_is_away_is_a_fact)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world_told(world, "answer-call a"));
        world->fake = fake_kill(world->fake);
        world_settle(world);
        cx_action_fulfill(world->orders[1]);
        world_expect(world, NULL, NULL);
        world_daemon(world);
        world_until(world, fake_was_asked(world->fake, "ReportCall a active"));
        world_expect(world, "", "RegisterProvider; GetPendingTransactions; ReportCall a active");
}
END_TEST

START_TEST(an_order_completed_while_callsd_is_away_is_told_where_it_is_still_wanted)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world_told(world, "answer-call a"));
        world->fake = fake_kill(world->fake);
        world_settle(world);
        cx_action_fulfill(world->orders[1]);
        world_expect(world, NULL, NULL);
        world_daemon(world);
        fake_keep(world->fake, "a:answering");
        fake_still_wants(world->fake, "1:answer-call:a");
        world_until(world, fake_was_asked(world->fake, "FulfillAction"));
        world_expect(world, "",
                     "RegisterProvider; GetCalls; GetPendingTransactions; FulfillAction 1");
}
END_TEST

START_TEST(an_order_that_came_while_nobody_heard_it_is_found)
{
        active(UUID("a"));
        restart();
        fake_keep(world->fake, "a:active");
        fake_still_wants(world->fake, "1:set-held-call:a:1");
        world_until(world, world_told(world, "set-held-call a"));
        world_expect(world, NULL, "RegisterProvider; GetCalls; GetPendingTransactions");
}
END_TEST

START_TEST(a_call_on_its_way_to_another_state_is_not_imported)
{
        active(UUID("a"));
        fake_perform(world->fake, "1:end-call:a");
        world_until(world, world_told(world, "end-call a"));
        world_expect(world, NULL, NULL);
        restart();
        fake_still_wants(world->fake, "1:end-call:a");
        world_until(world, fake_was_asked(world->fake, "GetPendingTransactions"));
        world_settle(world);
        world_expect(world, "", "RegisterProvider; GetPendingTransactions");
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "", "FulfillAction 1");
}
END_TEST

/* Files are in the memory of the callsd that was given them. */
START_TEST(files_are_handed_over_again)
{
        struct cx_call_update *update;
        int fd = memfd_create("file", MFD_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        active(UUID("a"));
        ck_assert_int_eq(cx_provider_set_ringtone_fd(world->provider, fd, NULL, NULL), 0);
        ck_assert_int_eq(cx_call_update_new(&update), 0);
        ck_assert_int_eq(cx_call_update_set_picture_fd(update, fd), 0);
        ck_assert_int_eq(
                cx_provider_report_call_updated(world->provider, UUID("a"), update, NULL, NULL), 0);
        cx_call_update_unref(update);
        close(fd);
        world_until(world, fake_was_asked(world->fake, "ReportCallUpdated"));
        world_settle(world);
        world_expect(world, NULL, NULL);
        restart();
        fake_keep(world->fake, "a:active");
        world_until(world, fake_was_asked(world->fake, "SetRingtone"));
        world_settle(world);
        world_expect(world, "",
                     "RegisterProvider; GetCalls; GetPendingTransactions; ReportCall a active; "
                     "SetRingtone");
}
END_TEST

START_TEST(calls_of_the_app_before_it_was_restarted_are_its_own)
{
        struct cx_call **calls;

        restart();
        fake_keep(world->fake, "a:active,b:held");
        world_until(world, fake_was_asked(world->fake, "GetPendingTransactions"));
        world_settle(world);
        world_expect(world, "", "RegisterProvider; GetCalls; GetPendingTransactions");
        ck_assert_int_eq(cx_provider_get_reclaimed_calls(world->provider, &calls), 2);
        ck_assert_str_eq(cx_call_get_uuid(calls[0]), UUID("a"));
        ck_assert_int_eq(cx_call_get_state(calls[1]), CX_CALL_STATE_HELD);
        ck_assert_ptr_null(calls[2]);
        cx_call_list_free(calls);
        /* They are known from here on: nothing to import into the next one that has them. */
        restart();
        fake_keep(world->fake, "a:active,b:held");
        world_until(world, fake_was_asked(world->fake, "GetPendingTransactions"));
        world_settle(world);
        world_expect(world, "", "RegisterProvider; GetCalls; GetPendingTransactions");
}
END_TEST

START_TEST(an_order_that_was_not_shown_is_forgotten)
{
        incoming(UUID("a"));
        fake_perform(world->fake, "1:set-held-call:b:1 2:answer-call:a");
        world_until(world, world_told(world, "set-held-call b"));
        world_expect(world, NULL, NULL);
        restart();
        world_until(world, fake_was_asked(world->fake, "ReportCall a ringing"));
        cx_action_fulfill(world->orders[1]);
        world_expect(world, "", "RegisterProvider; GetPendingTransactions; ReportCall a ringing");
}
END_TEST

START_TEST(an_end_while_callsd_is_away_is_reported)
{
        active(UUID("a"));
        active(UUID("b"));
        world->fake = fake_kill(world->fake);
        world_settle(world);
        cx_provider_report_call_ended(world->provider, UUID("a"), 0,
                                      CX_CALL_ENDED_REASON_REMOTE_ENDED, NULL, NULL);
        cx_provider_report_call_ended(world->provider, UUID("b"), 0,
                                      CX_CALL_ENDED_REASON_REMOTE_ENDED, NULL, NULL);
        world_expect(world, NULL, NULL);
        world_daemon(world);
        fake_keep(world->fake, "a:active");
        world_until(world, fake_was_asked(world->fake, "ReportCallEnded"));
        world_expect(world, "",
                     "RegisterProvider; GetCalls; GetPendingTransactions; "
                     "ReportCallEnded a remote-ended");
}
END_TEST

START_TEST(what_is_refused_is_lost)
{
        active(UUID("a"));
        world->fake = fake_kill(world->fake);
        world_settle(world);
        world_daemon(world);
        fake_refuse(world->fake, "ReportCall",
                    "org.callsd.Error.IncomingCall.CallUUIDAlreadyExists");
        world_until(world, world_told(world, "begin"));
        world_expect(world, "reset; lost a; begin", "RegisterProvider; ReportCall a active");
}
END_TEST

START_TEST(a_report_is_sent_again_after_no_reply)
{
        struct noted noted = {world, "report"};

        fake_ignore(world->fake, "ReportNewIncomingCall");
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, world_completed,
                                             &noted);
        world_until(world, fake_was_asked(world->fake, "ReportNewIncomingCall a"));
        fake_kill(world->fake);
        world_daemon(world);
        fake_refuse(world->fake, "ReportNewIncomingCall",
                    "org.callsd.Error.IncomingCall.CallUUIDAlreadyExists");
        world_until(world, world_told(world, "report"));
        world_expect(world, "report done", "RegisterProvider; ReportNewIncomingCall a");
}
END_TEST

START_TEST(a_refused_registration_is_told)
{
        struct noted noted = {world, "report"};

        world_daemon(world);
        fake_refuse(world->fake, "RegisterProvider", "org.callsd.Error.IdentifierTaken");
        world_provider(world);
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, world_completed,
                                             &noted);
        world_until(world, world_told(world, "report"));
        world_expect(world, "fail-to-begin 1003; report failed 1002", "RegisterProvider");
        cx_provider_report_new_incoming_call(world->provider, UUID("b"), NULL, world_completed,
                                             &noted);
        world_expect(world, "report failed 1002", "");
}
END_TEST

static TCase *alone(void)
{
        TCase *tcase = tcase_create("alone");

        tcase_add_checked_fixture(tcase, setup_alone, teardown);
        tcase_add_test(tcase, without_a_daemon_reports_fail_at_once);
        tcase_add_test(tcase, a_daemon_that_appears_is_told_of_the_call);
        tcase_add_test(tcase, a_hung_registration_fails_to_begin);
        tcase_add_test(tcase, a_refused_registration_is_told);
        return tcase;
}

static TCase *restarts(void)
{
        TCase *tcase = tcase_create("restarts");

        tcase_add_checked_fixture(tcase, setup_ready, teardown);
        tcase_add_test(tcase, a_daemon_that_hangs_is_given_up_and_found_again);
        tcase_add_test(tcase, a_restart_is_not_noticed);
        tcase_add_test(tcase, what_was_kept_is_not_imported);
        tcase_add_test(tcase, an_answer_under_way_is_imported_when_it_is_complete);
        tcase_add_test(tcase, an_order_that_is_still_wanted_is_completed_as_such);
        tcase_add_test(tcase, an_order_completed_while_callsd_is_away_is_a_fact);
        tcase_add_test(tcase,
                       an_order_completed_while_callsd_is_away_is_told_where_it_is_still_wanted);
        tcase_add_test(tcase, an_order_that_came_while_nobody_heard_it_is_found);
        tcase_add_test(tcase, a_call_on_its_way_to_another_state_is_not_imported);
        tcase_add_test(tcase, files_are_handed_over_again);
        tcase_add_test(tcase, calls_of_the_app_before_it_was_restarted_are_its_own);
        tcase_add_test(tcase, an_order_that_was_not_shown_is_forgotten);
        tcase_add_test(tcase, an_end_while_callsd_is_away_is_reported);
        tcase_add_test(tcase, what_is_refused_is_lost);
        tcase_add_test(tcase, a_report_is_sent_again_after_no_reply);
        return tcase;
}

SUITE_MAIN("absence", alone(), restarts());
