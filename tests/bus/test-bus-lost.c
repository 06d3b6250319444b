/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus goes and comes back (call-model.md 9): calls outlive it, and are claimed by their app.
 *
 * The test starts and kills a dbus-daemon of its own, at an address that stays the same.
 */
#include "bus/world.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "support/suite.h"

static struct world world;
static char directory[32];
static char config[64], socket_path[64];
static pid_t bus_pid;

static void write_config(void)
{
        FILE *file = fopen(config, "we");

        ck_assert_ptr_nonnull(file);
        fprintf(file,
                "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
                " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">"
                "<busconfig><type>session</type><listen>unix:path=%s</listen>"
                "<policy context=\"default\"><allow send_destination=\"*\"/>"
                "<allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
                socket_path);
        fclose(file);
}

/* Returns when the bus listens: it then prints its address. */
static void start_bus(void)
{
        char argument[96], byte;
        int pair[2];

        snprintf(argument, sizeof(argument), "--config-file=%s", config);
        ck_assert_int_eq(pipe(pair), 0);
        bus_pid = fork();
        ck_assert_int_ge(bus_pid, 0);
        if (bus_pid == 0) {
                sigset_t none;

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                dup2(pair[1], STDOUT_FILENO);
                execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--print-address=1",
                       argument, NULL);
                _exit(127);
        }
        close(pair[1]);
        ck_assert_msg(read(pair[0], &byte, 1) == 1, "dbus-daemon did not start");
        close(pair[0]);
}

static void kill_bus(void)
{
        kill(bus_pid, SIGKILL);
        ck_assert_int_eq(waitpid(bus_pid, NULL, 0), bus_pid);
        unlink(socket_path);
}

static void set_up(void)
{
        char address[96];

        strcpy(directory, "/tmp/callsd-lost-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        snprintf(config, sizeof(config), "%s/bus.conf", directory);
        snprintf(socket_path, sizeof(socket_path), "%s/bus", directory);
        snprintf(address, sizeof(address), "unix:path=%s", socket_path);
        setenv("DBUS_SESSION_BUS_ADDRESS", address, true);
        write_config();
        start_bus();
        world_start(&world);
}

static void tear_down(void)
{
        world_stop(&world);
        kill_bus();
        unlink(config);
        rmdir(directory);
}

static bool is_lost(void *userdata)
{
        (void)userdata;
        return !world.daemon.bus->connection;
}

static bool is_back(void *userdata)
{
        (void)userdata;
        return world.daemon.named;
}

static void lose_and_regain(void)
{
        while (world.n_peers > 0)
                peer_close(world.peers[0]);
        kill_bus();
        world_run_until(&world, is_lost, NULL, "loss of the bus");
        world.daemon.named = false;
        start_bus();
        world_run_until(&world, is_back, NULL, "name on the new bus");
}

START_TEST(calls_outlive_the_bus)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);
        const struct call *call;

        peer_register(app, "org.example.App");
        peer_active_call(app, user, CALL_A);
        peer_incoming(app, CALL_B, "sip:bob@example.org");
        kill_bus();
        world_run_until(&world, is_lost, NULL, "loss of the bus");
        call = engine_find_call(world.daemon.engine, CALL_A);
        ck_assert_ptr_nonnull(call);
        ck_assert_int_eq((int)call->state, CALL_STATE_ACTIVE);
        start_bus();
        lose_and_regain();
        app = world_add_peer(&world);
        user = world_add_peer(&world);
        peer_register(app, "org.example.App");
        ck_assert_ptr_nonnull(strstr(peer_answer(app), CALL_A));
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), "active");
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert_msg(call_method(user, CALL_A, "SetHeld", "b", true), "%s", user->text);
}
END_TEST

/* ":1.0" comes again on the new bus, and is somebody else. */
START_TEST(unique_names_of_the_old_bus_mean_nothing)
{
        struct peer *app = world_add_peer(&world), *stranger;

        peer_register(app, "org.example.App");
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        lose_and_regain();
        for (int i = 0; i < 4; i++) {
                stranger = world_add_peer(&world);
                peer_sandbox(stranger, "org.example.Stranger");
                ck_assert(!peer_call(stranger, PATH_PROVIDERS "/p1", INTERFACE_PROVIDER, "GetCalls",
                                     NULL));
                ck_assert(!call_get(stranger, CALL_A, "RemoteHandle"));
                ck_assert_str_eq(stranger->error, ERROR_PREFIX "NotAuthorized");
        }
}
END_TEST

/* Replies that wait go with the bus; the actions stay. */
START_TEST(loss_with_a_reply_waiting)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);

        peer_register(app, "org.example.App");
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        ck_assert_ptr_nonnull(world.daemon.bus->pending);
        lose_and_regain();
        ck_assert_ptr_null(world.daemon.bus->pending);
}
END_TEST

static void report_video(const char *uuid, bool video)
{
        const struct call *call = engine_find_call(world.daemon.engine, uuid);
        const struct call_update update = {.set = UPDATE_VIDEO, .video = video};

        ck_assert_int_eq(engine_report_updated(world.daemon.engine, bus_now(),
                                               call->provider->number, uuid, &update),
                         0);
        daemon_settle(&world.daemon);
}

/* A bus that does not read: the queue of the daemon stays short, and the last state is told. */
START_TEST(stalled_bus_costs_no_memory)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);
        uint64_t longest = 0, n;

        peer_register(app, "org.example.App");
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        peer_watch(user);
        world_settle(&world);
        peer_forget(user);
        kill(bus_pid, SIGSTOP);
        for (int i = 0; i < 20000; i++) {
                report_video(CALL_A, i % 2 == 0);
                ck_assert_int_ge(sd_bus_get_n_queued_write(world.daemon.bus->connection, &n), 0);
                longest = n > longest ? n : longest;
        }
        kill(bus_pid, SIGCONT);
        ck_assert_uint_gt(longest, 10);
        ck_assert_uint_lt(longest, 100);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallEnded", "ssa{sv}",
                            CALL_A, "remote-ended", 0));
        peer_wait_line(user, "State=ended");
        ck_assert_uint_lt(user->n_lines, 20000);
}
END_TEST

/* What the bus has for the peer, read without the daemon's loop. */
static void drain(struct peer *peer)
{
        ck_assert_int_ge(sd_bus_call_method(peer->bus, "org.freedesktop.DBus",
                                            "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                            "GetId", NULL, NULL, NULL),
                         0);
        while (sd_bus_process(peer->bus, NULL) > 0)
                ;
}

/* SIGTERM: at once, with status 0; no call ends, and nobody is asked for anything. */
START_TEST(daemon_that_ends_ends_no_call)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);
        int status = -1;

        peer_register(app, "org.example.App");
        peer_active_call(app, user, CALL_A);
        peer_incoming(app, CALL_B, "sip:bob@example.org");
        peer_watch(user);
        world_settle(&world);
        peer_forget(app);
        peer_forget(user);
        kill(getpid(), SIGTERM);
        while (sd_event_get_state(world.daemon.event) != SD_EVENT_FINISHED)
                ck_assert_int_ge(sd_event_run(world.daemon.event, 100 * USEC_PER_MSEC), 0);
        ck_assert_int_ge(sd_event_get_exit_code(world.daemon.event, &status), 0);
        ck_assert_int_eq(status, 0);
        daemon_done(&world.daemon);
        drain(app);
        drain(user);
        ck_assert_uint_eq(app->n_lines, 0);
        ck_assert_uint_eq(user->n_lines, 0);
}
END_TEST

static TCase *lost(void)
{
        TCase *tc = tcase_create("lost");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, calls_outlive_the_bus);
        tcase_add_test(tc, unique_names_of_the_old_bus_mean_nothing);
        tcase_add_test(tc, loss_with_a_reply_waiting);
        tcase_add_test(tc, stalled_bus_costs_no_memory);
        tcase_add_test(tc, daemon_that_ends_ends_no_call);
        return tc;
}

SUITE_MAIN("bus-lost", lost());
