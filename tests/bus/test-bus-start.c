/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting, and meeting peers, while there is no memory: each allocation and each call of sd-bus
 * fails once. A start either fails as a whole, for that reason, or leads to a daemon that serves;
 * a peer gets an answer, and never more rights than it has.
 */
#include "bus/world.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/bus-identity.h"
#include "bus/bus-private.h"
#include "bus/failing-bus.h"
#include "support/suite.h"
#include "util/log.h"

#define FAULTS_MAX 1000

static struct world world;

static bool is_named(void *userdata)
{
        (void)userdata;
        return world.daemon.named;
}

static int init(const char *state_directory)
{
        const struct daemon_options options = {
                .bus_address = getenv("DBUS_SESSION_BUS_ADDRESS"),
                .log_level = LOG_EMERG,
                .no_audio = true,
                .state_directory = state_directory,
                .no_state = !state_directory,
        };

        setenv("XDG_DATA_DIRS", "/nowhere", 1);
        return daemon_init(&world.daemon, &options);
}

static void assert_sound(void)
{
        const char *problem = engine_check(world.daemon.engine);

        ck_assert_msg(!problem, "%s", problem);
}

/* Rows: X6 */
START_TEST(start_without_memory)
{
        bool reached = true;
        size_t n;
        int r;

        world = (struct world){.state_directory = NULL};
        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                failing_bus_arm(NULL, n);
                r = init(NULL);
                reached = failing_bus_disarm();
                ck_assert_msg(r == -ENOMEM || r >= 0, "fault %zu: %d", n, r);
                if (r >= 0)
                        world_run_until(&world, is_named, NULL, "name");
                daemon_done(&world.daemon);
        }
        ck_assert_uint_gt(n, 10);
}
END_TEST

/* The loop turns already: nobody is there who could start it again. Rows: X6 */
START_TEST(name_without_memory)
{
        bool reached = true;
        size_t n;

        world = (struct world){.state_directory = NULL};
        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                ck_assert_int_ge(init(NULL), 0);
                failing_bus_arm(world.daemon.bus->connection, n);
                world_run_until(&world, is_named, NULL, "name");
                reached = failing_bus_disarm();
                daemon_done(&world.daemon);
        }
        ck_assert_uint_gt(n, 1);
}
END_TEST

/* ---- peers ---- */

static void set_up(void)
{
        world_start(&world);
        log_set_max_level(LOG_EMERG);
}

static void tear_down(void)
{
        world_stop(&world);
}

/* Rows: X6 */
START_TEST(newcomer_without_memory)
{
        struct peer *known = world_add_peer(&world), *peer;
        bool reached = true, controls;
        size_t n;

        peer_register(known, "org.example.App");
        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                peer = world_add_peer(&world);
                failing_bus_arm(world.daemon.bus->connection, n);
                controls = peer_call(peer, PATH_ROOT, INTERFACE_MANAGER, "SilenceRinger", NULL);
                reached = failing_bus_disarm();
                ck_assert_msg(controls || streq(peer->error, SD_BUS_ERROR_NO_MEMORY) ||
                                      streq(peer->error, ERROR_PREFIX "NotAuthorized"),
                              "fault %zu: %s", n, peer->error);
                peer_close(peer);
                ck_assert(peer_call(known, PATH_ROOT, INTERFACE_MANAGER, "SilenceRinger", NULL));
                assert_sound();
        }
        ck_assert_uint_gt(n, 5);
}
END_TEST

/* Who cannot be looked at for lack of memory has the lesser right. */
START_TEST(identity_without_memory)
{
        struct sandbox sandbox;
        bool reached = true;
        size_t n;

        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                failing_bus_arm(NULL, n);
                identity_look_up(getpid(), -1, bus_now().boottime, &sandbox);
                reached = failing_bus_disarm();
                ck_assert_msg(sandbox.sandboxed == reached, "fault %zu", n);
                ck_assert(sandbox.certain != reached);
        }
        ck_assert_uint_gt(n, 1);
}
END_TEST

/* ---- a restart ---- */

static char directory[64];

static void make_directory(void)
{
        snprintf(directory, sizeof(directory), "/tmp/callsd-start-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void remove_directory(void)
{
        static const char *const names[] = {"state", "crashes"};
        char path[128];

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
                unlink(path);
        }
        ck_assert_int_eq(rmdir(directory), 0);
}

static void have_call(struct peer *app)
{
        if (!engine_find_call(world.daemon.engine, CALL_A)) {
                peer_register(app, "org.example.App");
                ck_assert_msg(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCall",
                                        "sa{sv}", CALL_A, 1, "State", "s", "active"),
                              "%s", app->text);
        }
}

/* Rows: X6 */
START_TEST(restart_without_memory)
{
        struct peer *app;
        bool reached = true;
        size_t n;

        make_directory();
        world_start_in(&world, directory);
        app = world_add_peer(&world);
        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                have_call(app);
                world_crash(&world);
                ck_assert_int_ge(init(directory), 0);
                ck_assert_int_ge(sd_bus_attach_event(app->bus, world.daemon.event, 0), 0);
                failing_bus_arm(world.daemon.bus->connection, n);
                world_run_until(&world, is_named, NULL, "name");
                reached = failing_bus_disarm();
                assert_sound();
                ck_assert(peer_call(app, PATH_ROOT, "org.freedesktop.DBus.Peer", "Ping", NULL));
        }
        /* Without a fault, it is as before. */
        ck_assert(call_get(app, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(app), "active");
        world_stop(&world);
        remove_directory();
}
END_TEST

/* Its app ended with callsd: it must not count as one that runs. Rows: X6 */
START_TEST(restart_without_memory_and_app)
{
        const struct provider *provider;
        struct peer *app;
        bool reached = true;
        size_t n;

        make_directory();
        world_start_in(&world, directory);
        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                app = world_add_peer(&world);
                peer_register(app, "org.example.App");
                world_crash(&world);
                peer_close(app);
                ck_assert_int_ge(init(directory), 0);
                failing_bus_arm(world.daemon.bus->connection, n);
                world_run_until(&world, is_named, NULL, "name");
                reached = failing_bus_disarm();
                assert_sound();
                provider = engine_next_provider(world.daemon.engine, NULL);
                ck_assert_msg(!provider || provider->state != PROVIDER_RUNNING, "fault %zu", n);
        }
        world_stop(&world);
        remove_directory();
}
END_TEST

/* ---- an app that is started ---- */

static void write_manifest(char *path, size_t size)
{
        FILE *file;

        make_directory();
        snprintf(path, size, "%s/callsd", directory);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        snprintf(path, size, "%s/callsd/providers", directory);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        snprintf(path, size, "%s/callsd/providers/org.example.Phone.provider", directory);
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs("[Provider]\nBusName=org.example.Phone\n", file);
        ck_assert_int_eq(fclose(file), 0);
}

/* And its folders. */
static void remove_manifest(char *path)
{
        ck_assert_int_eq(unlink(path), 0);
        for (unsigned i = 0; i < 3; i++) {
                *strrchr(path, '/') = '\0';
                ck_assert_int_eq(rmdir(path), 0);
        }
}

static bool is_idle(void *userdata)
{
        (void)userdata;
        return !engine_in_call(world.daemon.engine);
}

/* The bus knows no such app; whatever fails on the way there, nobody waits for it. Rows: X6, I11 */
START_TEST(app_that_is_started_without_memory)
{
        const struct provider *phone;
        struct peer *user;
        bool reached = true;
        char path[128];
        size_t n;

        write_manifest(path, sizeof(path));
        setenv("CALLSD_SYSTEM_DATA_DIRS", directory, 1);
        world_start(&world);
        log_set_max_level(LOG_EMERG);
        user = world_add_peer(&world);
        phone = engine_find_identifier(world.daemon.engine, "org.example.Phone");
        ck_assert_ptr_nonnull(phone);
        for (n = 0; reached; n++) {
                ck_assert_uint_lt(n, FAULTS_MAX);
                failing_bus_arm(world.daemon.bus->connection, n);
                peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}",
                          "org.example.Phone", "generic", "sip:a@example.org", 0);
                world_run_until(&world, is_idle, NULL, "end of the call");
                reached = failing_bus_disarm();
                ck_assert_int_eq(phone->state, PROVIDER_DECLARED);
                assert_sound();
        }
        ck_assert_uint_gt(n, 10);
        world_stop(&world);
        remove_manifest(path);
        unsetenv("CALLSD_SYSTEM_DATA_DIRS");
}
END_TEST

static TCase *starting(void)
{
        TCase *tc = tcase_create("starting");

        tcase_add_test(tc, start_without_memory);
        tcase_add_test(tc, name_without_memory);
        tcase_add_test(tc, restart_without_memory);
        tcase_add_test(tc, restart_without_memory_and_app);
        tcase_add_test(tc, app_that_is_started_without_memory);
        return tc;
}

static TCase *peers(void)
{
        TCase *tc = tcase_create("peers");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, newcomer_without_memory);
        tcase_add_test(tc, identity_without_memory);
        return tc;
}

SUITE_MAIN("starting without memory", starting(), peers());
