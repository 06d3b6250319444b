/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No memory for what comes from callsd: each message is received with the first, second, ...
 * allocation failing until none is left that could. It may be lost; what comes after it is not. The
 * leak sanitizer sees what else is.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "client-lib/shortage.h"

#define ORDER "sa(ssa{sv})a{sv}"

/* What comes from callsd. */
struct message {
        const char *name;
        void (*send)(void);
        const char *told;
};

/* An order with an id of its own each time: one that is still to be answered is not shown twice. */
static const char *next_id(void)
{
        static char id[CX_UUID_TEXT_SIZE];
        static unsigned number;

        snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000", ++number);
        return id;
}

static const char *send_mute(void)
{
        const char *id = next_id();

        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, id, "set-muted-call", 2,
                 "Call", "s", UUID("a"), "Muted", "b", 1, 0);
        return id;
}

static void send_start(void)
{
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, next_id(), "start-call", 6,
                 "Call", "s", UUID("d"), "HandleType", "s", "email-address", "Handle", "s", "a@b",
                 "ContactIdentifier", "s", "c1", "Account", "s", "sim2", "Video", "b", 1, 0);
}

static void send_two(void)
{
        char first[CX_UUID_TEXT_SIZE];

        strcpy(first, next_id());
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 2, first, "answer-call", 1,
                 "Call", "s", UUID("a"), next_id(), "end-call", 1, "Call", "s", UUID("b"), 0);
}

static void send_withdrawn(void)
{
        const char *id;

        world->fulfill = false;
        id = send_mute();
        world_until(world, world_told(world, "set-muted-call a"));
        world->fulfill = true;
        fake_say(world->fake, "ActionCancelled", "ssa{sv}", id, UUID("a"), 1, "Why", "s",
                 "another device");
}

static void send_timeout(void)
{
        const char *id;

        world->fulfill = false;
        id = send_mute();
        world_until(world, world_told(world, "set-muted-call a"));
        world->fulfill = true;
        fake_signal2(world->fake, "ActionTimedOut", id, UUID("a"));
}

static void send_audio(void)
{
        fake_say(world->fake, "AudioSessionActivated", "sa{sv}", UUID("a"), 3, "Sink", "s", "snk",
                 "Source", "s", "src", "Route", "s", "headset");
        fake_signal1(world->fake, "AudioSessionDeactivated", UUID("a"));
}

static void send_push(void)
{
        static unsigned n;
        char id[16];

        /* each is another one, or it would be taken for one that comes again */
        snprintf(id, sizeof(id), "p1-%u", ++n);
        fake_say(world->fake, "PushPayloadReceived", "sa{sv}a{sv}", id, 3, "from", "s", "ada",
                 "badge", "x", (int64_t)7, "silent", "b", 1, 2, "ReportRequired", "b", 1,
                 "DeadlineUSec", "t", (uint64_t)42);
}

static void send_reset(void)
{
        fake_reset(world->fake, UUID("a"));
}

static void ask_streams(void)
{
        ck_assert_int_eq(ask_for_environment(), 0);
}

static void ask_report(void)
{
        static struct noted noted;

        noted = (struct noted){world, "report"};
        fake_refuse(world->fake, "ReportNewIncomingCall",
                    "org.callsd.Error.IncomingCall.FilteredByDoNotDisturb");
        cx_provider_report_new_incoming_call(world->provider, UUID("e"), NULL, world_completed,
                                             &noted);
}

static void ask_transaction(void)
{
        ck_assert_int_eq(request(), 0);
        world_until(world, completions > 0);
        fake_complete(world->fake, "org.callsd.Error.HoldFailed");
}

static void ask_to_accept(void)
{
        ck_assert_int_eq(request(), 0);
        fake_forget(world->fake);
}

static const struct message messages[] = {
        {"start", send_start, "start-call d"},
        {"two orders", send_two, "end-call b"},
        {"cancelled", send_withdrawn, "cancelled 0"},
        {"timed out", send_timeout, "timed-out 0"},
        {"audio", send_audio, "audio-off a"},
        {"push", send_push, "push p1"},
        {"reset", send_reset, "begin"},
        {"streams", ask_streams, "PULSE_SINK"},
        {"report", ask_report, "report failed"},
        {"completion", ask_transaction, "completed 6"},
        {"acceptance", ask_to_accept, NULL},
};

/* One allocation fails while the library takes this message. What comes after it is taken. */
static bool lose(const struct message *message, size_t n)
{
        bool reached;
        uint64_t end = world_deadline();

        world->trace[0] = '\0';
        fake_forget(world->fake);
        completions = 0;
        message->send();
        failing_arm(n);
        failing_pause();
        world->library_runs = shortage_while_library_runs;
        for (;;) {
                reached = failing_disarm();
                if (reached || (message->told ? world_told(world, message->told) : completions > 0))
                        break;
                ck_assert_msg(world_step(world, end), "%s, allocation %zu: %s", message->name, n,
                              world->trace);
        }
        world->library_runs = NULL;
        fake_refuse(world->fake, NULL, NULL);
        world->trace[0] = '\0';
        fake_signal1(world->fake, "AudioSessionDeactivated", UUID("e"));
        world_until(world, world_told(world, "audio-off e"));
        return reached;
}

START_TEST(one_lost_message_is_all_that_is_lost)
{
        const struct message *message = &messages[_i];

        world->fulfill = true;
        for (size_t n = 0; lose(message, n); n++)
                ck_assert_uint_lt(n, 2000);
}
END_TEST

/* Beginnings: from a daemon with calls and orders of ours, and from one that replaced it. */
static void begin_world(void)
{
        world_free(world);
        world = world_new();
        world_daemon(world);
        fake_keep(world->fake, "a:active,b:held");
        fake_still_wants(world->fake, "1:set-held-call:a:1");
        world_provider(world);
}

static void replace_daemon(const char *kept)
{
        world->fake = fake_kill(world->fake);
        world_daemon(world);
        fake_keep(world->fake, kept);
}

START_TEST(a_beginning_that_failed_is_made_good_by_the_next_daemon)
{
        uint64_t end;
        bool reached = true;

        controller = cx_call_controller_unref(controller);
        for (size_t n = 0; reached; n++) {
                begin_world();
                failing_arm(n);
                failing_pause();
                world->library_runs = shortage_while_library_runs;
                end = world_deadline();
                for (reached = false; !reached && !world_told(world, "begin");) {
                        ck_assert_msg(world_step(world, end), "allocation %zu: %s", n,
                                      world->trace);
                        reached = failing_disarm();
                }
                world->library_runs = NULL;
                world->trace[0] = '\0';
                replace_daemon("");
                world_until(world, fake_was_asked(world->fake, "RegisterProvider"));
                fake_perform(world->fake, "9:play-dtmf-call:a:7");
                world_until(world, world_told(world, "play-dtmf-call a"));
        }
}
END_TEST

static void know_calls(void)
{
        shortage_make_values();
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL);
        report_updated();
        report_call();
        shortage_free_values();
        world_settle(world);
        world->trace[0] = '\0';
}

/* Either the calls are imported after all, or the app was told that they are lost. */
START_TEST(an_import_that_failed_is_made_good_or_told)
{
        uint64_t end;
        bool reached = true;

        know_calls();
        for (size_t n = 0; reached; n++) {
                replace_daemon("a:active,d:held");
                failing_arm(n);
                failing_pause();
                world->library_runs = shortage_while_library_runs;
                end = world_deadline();
                for (reached = false; !reached && !fake_was_asked(world->fake, "ReportCall c");) {
                        ck_assert_msg(world_step(world, end), "allocation %zu: %s", n,
                                      fake_trace(world->fake));
                        reached = failing_disarm();
                }
                world->library_runs = NULL;
                replace_daemon("");
                world_until(world, fake_was_asked(world->fake, "ReportCall c") ||
                                           world_told(world, "lost c"));
                if (world_told(world, "lost c"))
                        know_calls();
        }
}
END_TEST

static void seen(struct cx_call_observer *of, struct cx_call *call, void *userdata)
{
        (void)of;
        (void)userdata;
        world_note(world, "%.1s %s", cx_call_get_uuid(call),
                   cx_call_state_to_string(cx_call_get_state(call)));
}

/* What callsd says next, once the last of it was told. */
static unsigned say_next(unsigned stage)
{
        if (stage == 0 && world_told(world, "b held"))
                fake_call_state(world->fake, "b", "active");
        else if (stage == 1 && world_told(world, "b active"))
                fake_call_added(world->fake, "c", "ringing");
        else if (stage == 2 && world_told(world, "c ringing"))
                fake_call_removed(world->fake, "b");
        else
                return stage;
        return stage + 1;
}

/* False if all was told. */
static bool observe_without_memory(size_t n)
{
        uint64_t end = world_deadline();
        bool reached = false;
        unsigned stage = 0;

        world->trace[0] = '\0';
        fake_forget(world->fake);
        failing_arm(n);
        failing_pause();
        world->library_runs = shortage_while_library_runs;
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        cx_call_observer_set_callback(observer, seen, NULL);
        while (!reached && !world_told(world, "b ended")) {
                ck_assert_msg(world_step(world, end), "allocation %zu: %s", n, world->trace);
                reached = failing_disarm();
                stage = say_next(stage);
        }
        world->library_runs = NULL;
        observer = cx_call_observer_unref(observer);
        return reached;
}

START_TEST(what_an_observer_missed_the_next_one_sees)
{
        fake_keep(world->fake, "a:active,b:held");
        for (size_t n = 0; observe_without_memory(n); n++) {
                fake_forget(world->fake);
                ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
                world_until(world, cx_call_observer_is_ready(observer));
                observer = cx_call_observer_unref(observer);
        }
}
END_TEST

static void *fulfill_elsewhere(void *action)
{
        int r;

        failing_resume();
        r = cx_action_fulfill(action);
        cx_action_unref(action);
        failing_pause();
        return r == 0 ? action : NULL;
}

/* The order was shown: completes it on a thread that is not the library's. */
static void fulfill_in_a_thread(void)
{
        struct cx_action *action = world->orders[1];
        pthread_t thread;
        void *done;

        world->orders[1] = NULL;
        ck_assert_int_eq(pthread_create(&thread, NULL, fulfill_elsewhere, action), 0);
        ck_assert_int_eq(pthread_join(thread, &done), 0);
        ck_assert_ptr_nonnull(done);
}

/* False if memory was enough. */
static bool order_without_memory(size_t n)
{
        static const char order[] = "1:set-muted-call:a:1";
        uint64_t end = world_deadline();
        bool reached;

        world->trace[0] = '\0';
        fake_forget(world->fake);
        fake_still_wants(world->fake, order);
        fake_perform(world->fake, order);
        failing_arm(n);
        failing_pause();
        world->library_runs = shortage_while_library_runs;
        while (!fake_was_asked(world->fake, "FulfillAction 1")) {
                ck_assert_msg(world_step(world, end), "allocation %zu: %s; %s", n, world->trace,
                              fake_trace(world->fake));
                if (world->orders[1])
                        fulfill_in_a_thread();
        }
        world->library_runs = NULL;
        reached = failing_disarm();
        fake_still_wants(world->fake, NULL);
        world_settle(world);
        return reached;
}

/* Shown once, and its result is heard of: a moment later if need be, without another callsd. */
START_TEST(no_order_and_no_completion_is_lost)
{
        fake_keep(world->fake, "a:active");
        for (size_t n = 0; order_without_memory(n); n++)
                ck_assert_str_eq(world->trace, "set-muted-call a");
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

static TCase *received(void)
{
        TCase *tcase = tcase_create("messages");

        tcase_add_checked_fixture(tcase, shortage_setup, shortage_teardown);
        tcase_add_loop_test(tcase, one_lost_message_is_all_that_is_lost, 0, N(messages));
        tcase_add_test(tcase, a_beginning_that_failed_is_made_good_by_the_next_daemon);
        tcase_add_test(tcase, an_import_that_failed_is_made_good_or_told);
        tcase_add_test(tcase, what_an_observer_missed_the_next_one_sees);
        tcase_add_test(tcase, no_order_and_no_completion_is_lost);
        return tcase;
}

SUITE_MAIN("lost messages", received());
