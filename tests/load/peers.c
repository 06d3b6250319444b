/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that ask for too much, do not read, or come and go. */
#include "load.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one that asks and asks ---- */

struct flood {
        unsigned ok, refused, by_bus, other;
        char error[256], text[256];
};

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct flood *flood = userdata;
        const sd_bus_error *refusal = sd_bus_message_get_error(reply);

        (void)error;
        if (!refusal) {
                flood->ok++;
        } else if (strcmp(refusal->name, "org.callsd.Error.LimitReached") == 0) {
                flood->refused++;
                snprintf(flood->text, sizeof(flood->text), "%s", refusal->message);
        } else if (sd_bus_error_has_name(refusal, SD_BUS_ERROR_LIMITS_EXCEEDED)) {
                flood->by_bus++;
        } else {
                flood->other++;
                snprintf(flood->error, sizeof(flood->error), "%s", refusal->name);
        }
        return 0;
}

static int new_request(sd_bus *bus, const char *what, sd_bus_message **ret_request)
{
        int r;

        if (strcmp(what, "list") == 0)
                return sd_bus_message_new_method_call(bus, ret_request, NAME, ROOT,
                                                      "org.freedesktop.DBus.ObjectManager",
                                                      "GetManagedObjects");
        r = sd_bus_message_new_method_call(bus, ret_request, NAME, ROOT, PROPERTIES, "Get");
        return r < 0 ? r : sd_bus_message_append(*ret_request, "ss", MANAGER, "DefaultProviders");
}

static void send_one(sd_bus *bus, const char *what, bool reads, struct flood *flood)
{
        sd_bus_message *request = NULL;

        check(new_request(bus, what, &request), "a request");
        if (reads)
                check(sd_bus_call_async(bus, NULL, request, on_reply, flood, UINT64_MAX),
                      "sending");
        else
                check(sd_bus_send(bus, request, &(uint64_t){0}), "sending");
        sd_bus_message_unref(request);
}

#define WINDOW 1000

static unsigned n_answers(const struct flood *flood)
{
        return flood->ok + flood->refused + flood->by_bus + flood->other;
}

static void read_until(sd_bus *bus, const struct flood *flood, unsigned n)
{
        while (n_answers(flood) < n) {
                int r = sd_bus_process(bus, NULL);

                check(r, "reading");
                if (r == 0)
                        check(sd_bus_wait(bus, UINT64_MAX), "waiting");
        }
}

/*
 * One who reads has so many requests under way, always. One who is deaf writes as fast as the bus
 * takes it, then one request after the other, and reads nothing, ever.
 */
int run_flood(unsigned n, const char *what, int reads)
{
        sd_bus *bus = connect_bus();
        struct flood flood = {0};
        uint64_t began = now_usec();
        const char *name;

        check(sd_bus_get_unique_name(bus, &name), "the name");
        say("ready %s", name);
        for (unsigned i = 0; i < n; i++) {
                send_one(bus, what, reads, &flood);
                if (reads && i >= WINDOW)
                        read_until(bus, &flood, i - WINDOW);
                if (!reads && i % 64 == 0)
                        check(sd_bus_flush(bus), "writing");
        }
        if (!reads)
                check(sd_bus_flush(bus), "writing");
        say("sent %u", n);
        if (reads)
                read_until(bus, &flood, n);
        if (reads)
                say("done ok=%u refused=%u by-bus=%u other=%u usec=%llu error=%s text=%s", flood.ok,
                    flood.refused, flood.by_bus, flood.other,
                    (unsigned long long)(now_usec() - began), flood.error, flood.text);
        while (!reads) {
                send_one(bus, what, reads, &flood);
                poll(NULL, 0, 1);
        }
        sd_bus_close_unref(bus);
        return 0;
}

/* ---- many that come and go ---- */

#define AT_ONCE 100
#define APPS_AT_ONCE 5

/* One that asks something, and leaves. */
static void visit(sd_bus *bus)
{
        check(sd_bus_call_method(bus, NAME, ROOT, PROPERTIES, "Get", NULL, NULL, "ss", MANAGER,
                                 "InCall"),
              "Get");
}

/* One that leaves a ringing call behind, without a word. */
static void visit_as_app(sd_bus *bus, unsigned n)
{
        char identifier[64], uuid[UUID_SIZE], *provider;

        snprintf(identifier, sizeof(identifier), "org.example.Visitor%u", n);
        provider = register_provider(bus, identifier);
        check(report_incoming(bus, provider, make_uuid(n, uuid), NULL, NULL),
              "ReportNewIncomingCall");
        free(provider);
}

int run_churn(unsigned n)
{
        sd_bus *buses[AT_ONCE];
        uint64_t began = now_usec();

        say("ready");
        for (unsigned i = 0; i < n; i += AT_ONCE) {
                unsigned some = n - i < AT_ONCE ? n - i : AT_ONCE;

                for (unsigned k = 0; k < some; k++)
                        buses[k] = connect_bus();
                for (unsigned k = 0; k < some; k++)
                        k < APPS_AT_ONCE ? visit_as_app(buses[k], i + k) : visit(buses[k]);
                for (unsigned k = 0; k < some; k++)
                        sd_bus_close_unref(buses[k]);
        }
        say("done usec=%llu", (unsigned long long)(now_usec() - began));
        return 0;
}

/* ---- one that listens ---- */

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        unsigned *n = userdata;

        (void)error;
        *n += sd_bus_message_is_signal(message, "org.freedesktop.DBus.ObjectManager",
                                       "InterfacesAdded") > 0;
        return 0;
}

/* Prints how many calls it has seen coming, at every line of input. */
static int on_question(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        char byte;

        (void)events;
        if (read(fd, &byte, 1) != 1)
                return sd_event_exit(sd_event_source_get_event(source), 0);
        say("seen %u", *(unsigned *)userdata);
        return 0;
}

int run_observer(void)
{
        sd_bus *bus = connect_bus();
        sd_event *event = NULL;
        unsigned n = 0;
        int r;

        check(sd_event_new(&event), "sd_event_new");
        check(sd_bus_match_signal(bus, NULL, NAME, NULL, NULL, NULL, on_signal, &n), "the match");
        check(sd_bus_attach_event(bus, event, 0), "the loop");
        check(sd_event_add_io(event, NULL, STDIN_FILENO, 0x1, on_question, &n), "stdin");
        say("ready");
        r = sd_event_loop(event);
        sd_bus_close_unref(bus);
        sd_event_unref(event);
        return r < 0 ? EXIT_FAILURE : r;
}

/* ---- one with a call, that does what it is told, as long as it runs ---- */

struct app {
        sd_bus *bus;
        char *provider;
};

static int on_order(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct app *app = userdata;
        const char *transaction, *action, *type;

        (void)error;
        if (!sd_bus_message_is_signal(message, PROVIDER, NULL))
                return 0;
        if (!sd_bus_message_is_signal(message, PROVIDER, "PerformTransaction")) {
                say("%s", sd_bus_message_get_member(message));
                return 0;
        }
        check(sd_bus_message_read(message, "s", &transaction), "PerformTransaction");
        check(sd_bus_message_enter_container(message, 'a', "(ssa{sv})"), "PerformTransaction");
        while (sd_bus_message_enter_container(message, 'r', "ssa{sv}") > 0) {
                check(sd_bus_message_read(message, "ss", &action, &type), "an action");
                say("perform %s", type);
                sd_bus_message_skip(message, "a{sv}");
                sd_bus_message_exit_container(message);
                check(sd_bus_call_method_async(app->bus, NULL, NAME, app->provider, PROVIDER,
                                               "FulfillAction", NULL, NULL, "sa{sv}", action, 0),
                      "FulfillAction");
        }
        return 0;
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        (void)source, (void)fd, (void)events;
        return sd_event_exit(userdata, 0);
}

int run_provider(const char *identifier)
{
        struct app app = {.bus = connect_bus()};
        sd_event *event = NULL;
        char uuid[UUID_SIZE];
        const char *name;
        int r;

        app.provider = register_provider(app.bus, identifier);
        check(sd_event_new(&event), "sd_event_new");
        check(sd_bus_add_filter(app.bus, NULL, on_order, &app), "a filter");
        check(sd_bus_attach_event(app.bus, event, 0), "the loop");
        check(sd_event_add_io(event, NULL, STDIN_FILENO, 0x11, on_end, event), "stdin");
        check(report_incoming(app.bus, app.provider, make_uuid(1, uuid), NULL, NULL), "a call");
        check(sd_bus_get_unique_name(app.bus, &name), "the name");
        say("ready %s %s %s", name, uuid, app.provider);
        r = sd_event_loop(event);
        sd_bus_close_unref(app.bus);
        sd_event_unref(event);
        free(app.provider);
        return r < 0 ? EXIT_FAILURE : r;
}

/* ---- one whose calls come and go: what everybody is told of ---- */

int run_turnover(unsigned n)
{
        sd_bus *bus = connect_bus();
        char *provider = register_provider(bus, "org.example.Turnover"), uuid[UUID_SIZE];
        uint64_t began = now_usec();

        say("ready");
        for (unsigned i = 0; i < n; i++) {
                check(report_incoming(bus, provider, make_uuid(i, uuid), NULL, NULL), "a call");
                check(sd_bus_call_method(bus, NAME, provider, PROVIDER, "ReportCallEnded", NULL,
                                         NULL, "ssa{sv}", uuid, "remote-ended", 0),
                      "its end");
        }
        say("done usec=%llu", (unsigned long long)(now_usec() - began));
        free(provider);
        sd_bus_close_unref(bus);
        return 0;
}
