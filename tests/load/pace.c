/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An app and a user who go on with their work: every 10 ms a call comes in, is answered, and ends.
 * Prints how long it took from the report to the answered call, for each.
 */
#include "load.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSE 10000

struct pace {
        sd_event *event;
        sd_bus *app, *user;
        sd_event_source *timer;
        char *provider;
        unsigned n;
        uint64_t began, reported;
        char uuid[UUID_SIZE];
        bool registering;
};

static void start_round(struct pace *pace);

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        start_round(userdata);
        return 0;
}

static int rest(struct pace *pace)
{
        sd_event_source_disable_unref(pace->timer);
        pace->timer = NULL;
        return sd_event_add_time_relative(pace->event, &pace->timer, CLOCK_MONOTONIC, PAUSE, 1,
                                          on_timer, pace);
}

/* The orders for them may be lost with the connection that they were sent on. */
static void end_old_calls(struct pace *pace, sd_bus_message *reply)
{
        const char *uuid;

        check(sd_bus_message_enter_container(reply, 'a', "s"), "the calls");
        while (sd_bus_message_read_basic(reply, 's', &uuid) > 0)
                check(sd_bus_call_method_async(pace->app, NULL, NAME, pace->provider, PROVIDER,
                                               "ReportCallEnded", NULL, NULL, "ssa{sv}", uuid,
                                               "failed", 0),
                      "ReportCallEnded");
}

static int on_registered(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct pace *pace = userdata;
        const char *path;

        (void)error;
        pace->registering = false;
        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_read(reply, "o", &path) > 0) {
                free(pace->provider);
                pace->provider = strdup(path);
                end_old_calls(pace, reply);
                say("registered");
        }
        return rest(pace);
}

/* callsd was away, and does not know us any more. */
static int register_again(struct pace *pace)
{
        pace->registering = true;
        return sd_bus_call_method_async(pace->app, NULL, NAME, ROOT, MANAGER, "RegisterProvider",
                                        on_registered, pace, "a{sv}", 2, "Identifier", "s",
                                        "org.example.Pace", "Audio", "s", "none");
}

static int give_up(struct pace *pace, const char *what, sd_bus_message *reply)
{
        say("error %s %s", what, sd_bus_message_get_error(reply)->name);
        return pace->registering ? 0 : register_again(pace);
}

static int on_ended(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct pace *pace = userdata;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL))
                return give_up(pace, "ReportCallEnded", reply);
        return rest(pace);
}

static int on_answered(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct pace *pace = userdata;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL))
                return give_up(pace, "Answer", reply);
        say("answered %llu %llu", (unsigned long long)(pace->reported - pace->began),
            (unsigned long long)(now_usec() - pace->began));
        return sd_bus_call_method_async(pace->app, NULL, NAME, pace->provider, PROVIDER,
                                        "ReportCallEnded", on_ended, pace, "ssa{sv}", pace->uuid,
                                        "remote-ended", 0);
}

static int on_reported(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct pace *pace = userdata;
        char path[PATH_SIZE];

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL))
                return give_up(pace, "ReportNewIncomingCall", reply);
        pace->reported = now_usec();
        return sd_bus_call_method_async(pace->user, NULL, NAME, call_path(pace->uuid, path), CALL,
                                        "Answer", on_answered, pace, NULL);
}

static void start_round(struct pace *pace)
{
        pace->began = now_usec();
        make_uuid(++pace->n, pace->uuid);
        check(report_incoming(pace->app, pace->provider, pace->uuid, on_reported, pace),
              "ReportNewIncomingCall");
}

/* The app does as it is told. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct pace *pace = userdata;
        const char *transaction, *action, *type;

        (void)error;
        if (!sd_bus_message_is_signal(message, PROVIDER, "PerformTransaction"))
                return 0;
        if (sd_bus_message_read(message, "s", &transaction) < 0 ||
            sd_bus_message_enter_container(message, 'a', "(ssa{sv})") < 0)
                return 0;
        while (sd_bus_message_enter_container(message, 'r', "ssa{sv}") > 0) {
                check(sd_bus_message_read(message, "ss", &action, &type), "PerformTransaction");
                sd_bus_message_skip(message, "a{sv}");
                sd_bus_message_exit_container(message);
                check(sd_bus_call_method_async(pace->app, NULL, NAME, pace->provider, PROVIDER,
                                               "FulfillAction", NULL, NULL, "sa{sv}", action, 0),
                      "FulfillAction");
        }
        return 0;
}

/* The end of our input is the end of our work. */
static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        char byte;

        (void)source, (void)events;
        return read(fd, &byte, 1) == 1 ? 0 : sd_event_exit(userdata, 0);
}

int run_pace(void)
{
        struct pace pace = {0};
        int r;

        check(sd_event_new(&pace.event), "sd_event_new");
        pace.app = connect_bus();
        pace.user = connect_bus();
        pace.provider = register_provider(pace.app, "org.example.Pace");
        check(sd_bus_add_filter(pace.app, NULL, on_message, &pace), "a filter");
        check(sd_bus_attach_event(pace.app, pace.event, 0), "the loop");
        check(sd_bus_attach_event(pace.user, pace.event, 0), "the loop");
        check(sd_event_add_io(pace.event, NULL, STDIN_FILENO, 0x1, on_input, pace.event), "stdin");
        say("ready");
        start_round(&pace);
        r = sd_event_loop(pace.event);
        sd_event_source_disable_unref(pace.timer);
        sd_bus_close_unref(pace.app);
        sd_bus_close_unref(pace.user);
        sd_event_unref(pace.event);
        free(pace.provider);
        return r < 0 ? EXIT_FAILURE : r;
}
