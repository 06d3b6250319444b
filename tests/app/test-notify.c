/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watchdog: who is fed, and who is not. */
#include "app/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <systemd/sd-event.h>

#include "support/suite.h"
#include "util/macro.h"

#define PATIENCE (60 * USEC_PER_MSEC)
#define LONG_ENOUGH (5 * PATIENCE)
#define BUS_PRIORITY SD_EVENT_PRIORITY_NORMAL

static int heard = -1;
static sd_event *event;
static struct notify notify;

static void setup(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[32];

        /* In the abstract namespace: nothing to remove. */
        snprintf(text, sizeof(text), "@callsd-notify-%d", getpid());
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", text, true), 0);
        strcpy(address.sun_path + 1, text + 1);
        heard = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_eq(bind(heard, (struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text))),
                         0);
        snprintf(text, sizeof(text), "%d", (int)PATIENCE);
        ck_assert_int_eq(setenv("WATCHDOG_USEC", text, true), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        notify = (struct notify){0};
        ck_assert_int_ge(notify_init(&notify, event), 0);
}

static void teardown(void)
{
        notify_done(&notify);
        event = sd_event_unref(event);
        close(heard);
        unsetenv("NOTIFY_SOCKET");
        unsetenv("WATCHDOG_USEC");
}

static usec_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

/* How many messages are there. */
static unsigned listen_now(void)
{
        unsigned n = 0;
        char text[64];
        ssize_t size;

        while ((size = recv(heard, text, sizeof(text) - 1, 0)) > 0) {
                text[size] = '\0';
                ck_assert_str_eq(text, "WATCHDOG=1");
                n++;
        }
        return n;
}

/* Lets the loop turn for a while; how often systemd heard of it. */
static unsigned turn(void)
{
        usec_t end = now() + LONG_ENOUGH;
        unsigned n = 0;

        while (now() < end) {
                ck_assert_int_ge(sd_event_run(event, USEC_PER_MSEC), 0);
                /* A queue that nobody reads would stop who writes to it. */
                n += listen_now();
        }
        return n;
}

static int on_flood(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        (void)source, (void)fd, (void)events;
        ++*(unsigned *)userdata;
        return 0;
}

/* Something that is ready again and again, as a connection is that brings messages. */
static sd_event_source *flood(int64_t priority, unsigned *ret_n)
{
        sd_event_source *source = NULL;
        int fd = eventfd(1, EFD_CLOEXEC);

        *ret_n = 0;
        ck_assert_int_ge(sd_event_add_io(event, &source, fd, EPOLLIN, on_flood, ret_n), 0);
        ck_assert_int_ge(sd_event_source_set_io_fd_own(source, true), 0);
        ck_assert_int_ge(sd_event_source_set_priority(source, priority), 0);
        return source;
}

START_TEST(test_idle)
{
        ck_assert_uint_ge(turn(), LONG_ENOUGH / PATIENCE);
}
END_TEST

/* A flood of messages: each is served, and that is all one can want. */
START_TEST(test_busy)
{
        unsigned n;
        sd_event_source *source = flood(BUS_PRIORITY, &n);

        ck_assert_uint_ge(turn(), LONG_ENOUGH / PATIENCE);
        ck_assert_uint_gt(n, 100);
        sd_event_source_disable_unref(source);
}
END_TEST

/* Turns enough, but the bus is never reached. */
START_TEST(test_bus_is_starved)
{
        unsigned n;
        sd_event_source *source;

        ck_assert_uint_gt(turn(), 0);
        source = flood(BUS_PRIORITY - 1, &n);
        ck_assert_uint_eq(turn(), 0);
        ck_assert_uint_gt(n, 100);
        sd_event_source_disable_unref(source);
        ck_assert_uint_gt(turn(), 0);
}
END_TEST

static TCase *watchdog_case(void)
{
        TCase *tests = tcase_create("watchdog");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, test_idle);
        tcase_add_test(tests, test_busy);
        tcase_add_test(tests, test_bus_is_starved);
        return tests;
}

SUITE_MAIN("app-notify", watchdog_case());
