/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd dies and comes back with its record (call-model.md 9): who is still on the bus goes on.
 *
 * The peers never register again, unless a test is about that.
 */
#include "bus/world.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store/snapshot.h"
#include "support/suite.h"
#include "util/log.h"

#define PHONE "org.example.Phone"
#define OTHER_BUS "ffffffffffffffffffffffffffffffff"

static struct world world;
static struct peer *app, *user;
static char directory[64];

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
        (void)st, (void)kind, (void)walk;
        return remove(name);
}

static void setup(void)
{
        snprintf(directory, sizeof(directory), "/dev/shm/callsd-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        world_start_in(&world, directory);
        app = world_add_peer(&world);
        user = world_add_peer(&world);
        peer_register(app, PHONE);
}

static void teardown(void)
{
        world_stop(&world);
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void restart(void)
{
        world_crash(&world);
        world_return(&world);
}

static bool is_listed(const char *uuid)
{
        char path[64];

        snprintf(path, sizeof(path), "%s", call_object(uuid));
        ck_assert(peer_call(user, "/org/callsd", "org.freedesktop.DBus.ObjectManager",
                            "GetManagedObjects", NULL));
        return strstr(peer_answer(user), path);
}

/* All that a call shows, but for what is counted from now on. */
static char *details_of(const char *uuid)
{
        ck_assert(call_method(user, uuid, "GetDetails", NULL));
        return strdup(peer_answer(user));
}

START_TEST(calls_are_as_they_were)
{
        const char *const calls[] = {CALL_A, CALL_B, CALL_C};
        char *before[3], *after;

        peer_active_call(app, user, CALL_A);
        peer_active_call(app, user, CALL_B); /* holds A */
        peer_incoming(app, CALL_C, "+43 1 23456");
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_B, "SetMuted", "b", 1));
        for (size_t i = 0; i < 3; i++)
                before[i] = details_of(calls[i]);
        world_settle(&world);
        peer_forget(app);
        restart();
        for (size_t i = 0; i < 3; i++) {
                after = details_of(calls[i]);
                ck_assert_str_eq(after, before[i]);
                free(after);
                free(before[i]);
        }
        world_settle(&world);
        ck_assert(!peer_saw(app, "Began"));
        ck_assert(!peer_saw(app, "Reset"));
        ck_assert(!peer_saw(app, "Perform"));
        ck_assert(!peer_saw(app, "AudioSession"));
        /* Same object, same right. */
        ck_assert(peer_call(app, app->provider, "org.callsd.Provider1", "ReportCallEnded",
                            "ssa{sv}", CALL_A, "remote-ended", 0));
        ck_assert(call_method(user, CALL_B, "SetHeld", "b", 1));
}
END_TEST

/* ---- in each state ---- */

static void make_ringing(void)
{
        peer_incoming(app, CALL_A, "1");
}

static void make_answering(void)
{
        make_ringing();
        peer_send(user, call_object(CALL_A), "org.callsd.Call1", "Answer", NULL);
        peer_wait_actions(app, 1);
}

static void make_active(void)
{
        peer_active_call(app, user, CALL_A);
}

static void make_held(void)
{
        make_active();
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_A, "SetHeld", "b", 1));
        app->behaviour = BEHAVIOUR_SILENT;
}

static void make_ending(void)
{
        make_active();
        app->n_actions = 0;
        peer_send(user, call_object(CALL_A), "org.callsd.Call1", "End", NULL);
        peer_wait_actions(app, 1);
}

static void make_starting(void)
{
        ck_assert(peer_call(user, "/org/callsd", "org.callsd.Manager1", "StartCall", "sssa{sv}",
                            PHONE, "phone-number", "1", 1, "Call", "s", CALL_A));
        peer_wait_actions(app, 1);
}

static void make_started(void)
{
        make_starting();
        peer_fulfil(app, 0);
}

static void make_connecting(void)
{
        make_started();
        ck_assert(peer_call(app, app->provider, "org.callsd.Provider1",
                            "ReportOutgoingCallStartedConnecting", "sa{sv}", CALL_A, 0));
}

static const struct {
        const char *name;
        void (*make)(void);
        size_t n_pending; /* orders that the app has, and has not carried out */
} states[] = {
        {"ringing", make_ringing, 0}, {"answering", make_answering, 1},
        {"active", make_active, 0},   {"held", make_held, 0},
        {"ending", make_ending, 1},   {"starting", make_starting, 1},
        {"started", make_started, 0}, {"connecting", make_connecting, 0},
};

static void expect_state(const char *state)
{
        char expected[32];

        snprintf(expected, sizeof(expected), "%s", state);
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), expected);
}

/* And it can be ended from there. */
START_TEST(a_call_in_each_state_is_kept)
{
        size_t n;

        states[_i].make();
        expect_state(states[_i].name);
        n = app->n_actions;
        restart();
        expect_state(states[_i].name);
        world_settle(&world);
        ck_assert_uint_eq(app->n_actions, n);
        for (size_t i = 0; i < states[_i].n_pending; i++)
                peer_fulfil(app, n - 1 - i);
        app->behaviour = BEHAVIOUR_FULFIL;
        if (!streq(states[_i].name, "ending"))
                ck_assert(call_method(user, CALL_A, "End", NULL));
        expect_state("ended");
}
END_TEST

/* The app dies with callsd: its calls end, as without that. */
START_TEST(a_call_in_each_state_is_lost_with_its_app)
{
        states[_i].make();
        world_crash(&world);
        peer_close(app);
        world_return(&world);
        expect_state("ended");
        ck_assert(call_get(user, CALL_A, "EndedReason"));
        ck_assert_str_eq(peer_answer(user),
                         streq(states[_i].name, "ending") ? "local-ended" : "provider-lost");
}
END_TEST

/* ---- what else there is ---- */

START_TEST(settings_are_as_they_were)
{
        ck_assert(peer_call(user, "/org/callsd", "org.freedesktop.DBus.Properties", "Set", "ssv",
                            "org.callsd.Manager1", "DoNotDisturb", "b", 1));
        ck_assert(peer_call(user, "/org/callsd", "org.callsd.Manager1", "SetDefaultProvider", "ss",
                            "sip", PHONE));
        restart();
        ck_assert(peer_call(user, "/org/callsd", "org.freedesktop.DBus.Properties", "Get", "ss",
                            "org.callsd.Manager1", "DoNotDisturb"));
        ck_assert_str_eq(peer_answer(user), "true");
        ck_assert(peer_call(user, "/org/callsd", "org.freedesktop.DBus.Properties", "Get", "ss",
                            "org.callsd.Manager1", "DefaultProviders"));
        ck_assert_ptr_nonnull(strstr(peer_answer(user), PHONE));
}
END_TEST

START_TEST(a_pending_action_keeps_its_id_and_deadline)
{
        char *before;

        peer_incoming(app, CALL_A, "1");
        peer_send(user, call_object(CALL_A), "org.callsd.Call1", "Answer", NULL);
        peer_wait_actions(app, 1);
        ck_assert(
                peer_call(user, "/org/callsd", "org.callsd.Manager1", "ListPendingActions", NULL));
        before = strdup(peer_answer(user));
        restart();
        ck_assert(
                peer_call(user, "/org/callsd", "org.callsd.Manager1", "ListPendingActions", NULL));
        ck_assert_str_eq(peer_answer(user), before);
        free(before);
        ck_assert_uint_eq(app->n_actions, 1);
        peer_fulfil(app, 0);
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), "active");
}
END_TEST

/* Accepted, on record, and not a single signal has left. */
START_TEST(an_undelivered_action_is_delivered)
{
        peer_incoming(app, CALL_A, "1");
        world_settle(&world);
        world.daemon.settling = true;
        ck_assert(peer_call(user, "/org/callsd", "org.callsd.Manager1", "RequestTransaction",
                            "a(sa{sv})a{sv}", 1, "end-call", 1, "Call", "s", CALL_A, 0));
        ck_assert_uint_eq(app->n_actions, 0);
        restart();
        peer_wait_actions(app, 1);
        ck_assert_str_eq(app->actions[0].type, "end-call");
        peer_fulfil(app, 0);
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), "ended");
}
END_TEST

START_TEST(what_was_not_acknowledged_may_be_missing_but_nothing_else)
{
        peer_incoming(app, CALL_A, "1");
        world_settle(&world);
        world.daemon.settling = true;
        peer_send(app, app->provider, "org.callsd.Provider1", "ReportNewIncomingCall", "sa{sv}",
                  CALL_B, 0);
        restart();
        ck_assert(is_listed(CALL_A));
}
END_TEST

START_TEST(an_app_that_is_gone_meanwhile_is_lost)
{
        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        peer_close(app);
        world_return(&world);
        ck_assert(call_get(user, CALL_A, "EndedReason"));
        ck_assert_str_eq(peer_answer(user), "provider-lost");
}
END_TEST

static void register_patient(struct peer *peer)
{
        ck_assert(peer_call(peer, "/org/callsd", "org.callsd.Manager1", "RegisterProvider", "a{sv}",
                            2, "Identifier", "s", PHONE, "ReclaimGraceUSec", "t",
                            (uint64_t)(20 * USEC_PER_SEC)));
}

static void expect_reclaimed(const char *reconnecting)
{
        struct peer *again;

        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), "active");
        ck_assert(call_get(user, CALL_A, "Reconnecting"));
        ck_assert_str_eq(peer_answer(user), reconnecting);
        again = world_add_peer(&world);
        register_patient(again);
        ck_assert_ptr_nonnull(strstr(peer_answer(again), CALL_A));
        ck_assert(call_get(user, CALL_A, "Reconnecting"));
        ck_assert_str_eq(peer_answer(user), "false");
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), "active");
}

START_TEST(an_app_with_patience_that_is_restarted_has_its_calls_back)
{
        register_patient(app);
        peer_active_call(app, user, CALL_A);
        peer_close(app);
        world_settle(&world);
        restart(); /* and callsd as well */
        expect_reclaimed("true");
}
END_TEST

START_TEST(an_app_with_patience_is_restarted_while_callsd_is_away)
{
        register_patient(app);
        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        peer_close(app);
        world_return(&world);
        expect_reclaimed("true");
}
END_TEST

/* The label of the record is changed, its bytes are not. */
static void relabel(const char *boot, const char *bus, uint32_t format)
{
        struct snapshot *snapshot;
        struct snapshot_label label;
        size_t size;
        void *data;

        ck_assert_int_eq(snapshot_open(directory, &snapshot), 0);
        ck_assert_int_eq(snapshot_read(snapshot, &label, &data, &size), 0);
        if (boot)
                snprintf(label.boot, sizeof(label.boot), "%s", boot);
        if (bus)
                snprintf(label.bus, sizeof(label.bus), "%s", bus);
        if (format)
                label.format = format;
        ck_assert_int_eq(snapshot_write(snapshot, &label, data, size), 0);
        free(data);
        snapshot_free(snapshot);
}

/* The same unique name on another bus is somebody else. */
START_TEST(on_another_bus_calls_wait_for_their_app)
{
        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        relabel(NULL, OTHER_BUS, 0);
        world_return(&world);
        ck_assert(!peer_call(app, app->provider, "org.callsd.Provider1", "ReportCallEnded",
                             "ssa{sv}", CALL_A, "remote-ended", 0));
        expect_reclaimed("false");
}
END_TEST

static bool was_set_aside(const char *name)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        return access(path, F_OK) == 0;
}

static void expect_empty_start(const char *aside)
{
        log_set_max_level(LOG_ERR - 1);
        world_return(&world);
        ck_assert(!is_listed(CALL_A));
        ck_assert(was_set_aside(aside));
        /* As without any record: the app brings its call back. */
        peer_register(app, PHONE);
        ck_assert(peer_call(app, app->provider, "org.callsd.Provider1", "ReportCall", "sa{sv}",
                            CALL_A, 1, "State", "s", "active"));
        restart();
        ck_assert(is_listed(CALL_A));
}

START_TEST(the_record_of_another_boot_is_set_aside)
{
        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        relabel("0123456789abcdef0123456789abcdef", NULL, 0);
        expect_empty_start("state.boot-1");
}
END_TEST

START_TEST(a_foreign_record_is_set_aside)
{
        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        relabel(NULL, NULL, 4711);
        expect_empty_start("state.foreign-1");
}
END_TEST

static void overwrite(const char *text)
{
        char path[128];
        FILE *file;

        snprintf(path, sizeof(path), "%s/state", directory);
        file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
}

START_TEST(a_damaged_record_is_set_aside)
{
        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        overwrite("It was the best of times, it was the worst of times");
        expect_empty_start("state.corrupt-1");
}
END_TEST

/* Whole, by its checksum, and yet no state. */
START_TEST(a_record_that_makes_no_sense_is_set_aside)
{
        struct snapshot *snapshot;
        struct snapshot_label label;
        size_t size;
        void *data;

        peer_active_call(app, user, CALL_A);
        world_crash(&world);
        ck_assert_int_eq(snapshot_open(directory, &snapshot), 0);
        ck_assert_int_eq(snapshot_read(snapshot, &label, &data, &size), 0);
        memset((char *)data + size / 2, 0xa5, size / 4);
        ck_assert_int_eq(snapshot_write(snapshot, &label, data, size), 0);
        free(data);
        snapshot_free(snapshot);
        expect_empty_start("state.corrupt-1");
}
END_TEST

/* Calls don't need the record. */
START_TEST(without_a_place_for_the_record_calls_go_on)
{
        char path[128];

        world_crash(&world);
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        ck_assert_int_eq(symlink("/nowhere", directory), 0);
        log_set_max_level(LOG_ERR - 1);
        world_return(&world);
        peer_register(app, PHONE);
        peer_active_call(app, user, CALL_A);
        /* And when there is one, it is used: after a second at the latest. */
        ck_assert_int_eq(unlink(directory), 0);
        world.daemon.state.retry_at = 0;
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_A, "SetMuted", "b", 1));
        snprintf(path, sizeof(path), "%s/state", directory);
        ck_assert_int_eq(access(path, F_OK), 0);
        restart();
        ck_assert(call_get(user, CALL_A, "Muted"));
        ck_assert_str_eq(peer_answer(user), "true");
}
END_TEST

/* RLIMIT_FSIZE does what a full disk does, to this process alone. */
START_TEST(with_a_full_disk_calls_go_on)
{
        struct rlimit before, limit;

        peer_active_call(app, user, CALL_A);
        world_settle(&world);
        signal(SIGXFSZ, SIG_IGN);
        log_set_max_level(LOG_ERR - 1);
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        peer_active_call(app, user, CALL_B);
        peer_incoming(app, CALL_C, "1");
        ck_assert(world.daemon.state.failing);
        setrlimit(RLIMIT_FSIZE, &before);
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_B, "SetMuted", "b", 1));
        ck_assert(!world.daemon.state.failing);
        restart();
        ck_assert(call_get(user, CALL_C, "State"));
        ck_assert_str_eq(peer_answer(user), "ringing");
}
END_TEST

/* Its file lived in memory, and went. No other call's may be shown for it. */
START_TEST(a_picture_is_not_another_calls)
{
        char before[64];

        peer_incoming(app, CALL_A, "1");
        restart();
        ck_assert(call_get(user, CALL_A, "State"));
        snprintf(before, sizeof(before), "%s", peer_answer(user));
        ck_assert_str_eq(before, "ringing");
        assert_refused(user, call_method(user, CALL_A, "GetPicture", NULL),
                       ERROR_PREFIX "WrongState");
}
END_TEST

static TCase *goes_on(void)
{
        TCase *test_case = tcase_create("goes on");

        tcase_add_checked_fixture(test_case, setup, teardown);
        tcase_add_test(test_case, calls_are_as_they_were);
        tcase_add_loop_test(test_case, a_call_in_each_state_is_kept, 0, ARRAY_SIZE(states));
        tcase_add_loop_test(test_case, a_call_in_each_state_is_lost_with_its_app, 0,
                            ARRAY_SIZE(states));
        tcase_add_test(test_case, settings_are_as_they_were);
        tcase_add_test(test_case, a_pending_action_keeps_its_id_and_deadline);
        tcase_add_test(test_case, an_undelivered_action_is_delivered);
        tcase_add_test(test_case, what_was_not_acknowledged_may_be_missing_but_nothing_else);
        tcase_add_test(test_case, an_app_that_is_gone_meanwhile_is_lost);
        tcase_add_test(test_case, an_app_with_patience_that_is_restarted_has_its_calls_back);
        tcase_add_test(test_case, an_app_with_patience_is_restarted_while_callsd_is_away);
        tcase_add_test(test_case, on_another_bus_calls_wait_for_their_app);
        tcase_add_test(test_case, a_picture_is_not_another_calls);
        return test_case;
}

static TCase *no_record(void)
{
        TCase *test_case = tcase_create("no record");

        tcase_add_checked_fixture(test_case, setup, teardown);
        tcase_add_test(test_case, the_record_of_another_boot_is_set_aside);
        tcase_add_test(test_case, a_foreign_record_is_set_aside);
        tcase_add_test(test_case, a_damaged_record_is_set_aside);
        tcase_add_test(test_case, a_record_that_makes_no_sense_is_set_aside);
        tcase_add_test(test_case, without_a_place_for_the_record_calls_go_on);
        tcase_add_test(test_case, with_a_full_disk_calls_go_on);
        return test_case;
}

SUITE_MAIN("bus-restart", goes_on(), no_record());
