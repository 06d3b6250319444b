/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus itself dies and comes back, at the same address: the app notices nothing but the absence.
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client-lib/world.h"

static struct world *world;
static char folder[] = "/tmp/callsd-bus-XXXXXX";
static char path[PATH_MAX], address[PATH_MAX + 32];
static pid_t bus;

/* Returns when it listens: it prints its address then. */
static void bus_start(void)
{
        char line[PATH_MAX];
        int ready[2];

        ck_assert_int_eq(pipe(ready), 0);
        bus = fork();
        if (bus == 0) {
                char fd[32], where[PATH_MAX + 64];

                close(ready[0]);
                snprintf(fd, sizeof(fd), "--print-address=%d", ready[1]);
                snprintf(where, sizeof(where), "--address=%s", address);
                execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", fd,
                       where, (char *)NULL);
                _exit(127);
        }
        close(ready[1]);
        ck_assert_int_gt(read(ready[0], line, sizeof(line)), 0);
        close(ready[0]);
}

static void bus_kill(void)
{
        kill(bus, SIGKILL);
        waitpid(bus, NULL, 0);
        unlink(path);
}

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/bus", folder);
        snprintf(address, sizeof(address), "unix:path=%s", path);
        setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
        bus_start();
        world = world_ready();
}

static void teardown(void)
{
        world_free(world);
        bus_kill();
        rmdir(folder);
}

static void on_availability(struct cx_context *context, int available, void *userdata)
{
        (void)context;
        world_note(userdata, available ? "available" : "away");
}

START_TEST(a_bus_that_comes_back_is_found)
{
        struct noted noted = {world, "report"};

        cx_context_set_availability_callback(world->context, on_availability, world);
        cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL);
        world_expect(world, "available", "ReportNewIncomingCall a");
        world->fake = fake_kill(world->fake);
        bus_kill();
        world_until(world, world_told(world, "away"));
        cx_provider_report_call_muted(world->provider, UUID("a"), 1, CX_FACT_SOURCE_SELF,
                                      world_completed, &noted);
        world_expect(world, "away; report failed 1000", NULL);
        bus_start();
        world_daemon(world);
        world_until(world, world_told(world, "available"));
        world_until(world, fake_was_asked(world->fake, "ReportCall"));
        world_expect(world, "available", "RegisterProvider; ReportCall a ringing");
}
END_TEST

static TCase *reconnect(void)
{
        TCase *tcase = tcase_create("reconnect");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_bus_that_comes_back_is_found);
        return tcase;
}

SUITE_MAIN("reconnect", reconnect());
