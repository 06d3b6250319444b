/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the bus to start a provider, and what becomes of that. */
#include "bus/bus-start.h"

#include <errno.h>
#include <stdio.h>
#include <utlist.h>

#include "util/log.h"

#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

/* The model gives up much earlier; this is for the slot's sake. */
#define START_TIMEOUT (180 * USEC_PER_SEC)

#define REPLY_ALREADY_RUNNING 2

/* Once more for an app that was about to leave when it was asked for. */
#define ASKS_MAX 2

struct start {
        struct bus *bus;
        unsigned provider;
        char *name;
        sd_bus_slot *slot; /* the bus was asked, and has not answered */
        unsigned n_asks;
        bool was_running; /* as the bus said: it may have been about to leave */
        struct start *prev, *next;
};

static struct start *start_free(struct start *start)
{
        if (!start)
                return NULL;
        sd_bus_slot_unref(start->slot);
        free(start->name);
        free(start);
        return NULL;
}

DEFINE_CLEANUP(struct start *, start_free);

static void start_drop(struct start *start)
{
        struct bus *bus = start->bus;

        DL_DELETE(bus->starts, start);
        start_free(start);
}

static bool is_awaited(const struct start *start)
{
        const struct provider *provider = engine_find_provider(start->bus->engine, start->provider);

        return provider && provider->state == PROVIDER_STARTING;
}

/* Those that have come, or that nobody waits for any more. */
static void drop_stale(struct bus *bus)
{
        struct start *start, *next;

        DL_FOREACH_SAFE (bus->starts, start, next) {
                if (!is_awaited(start))
                        start_drop(start);
        }
}

/* `why` ends the sentence. */
static void start_failed(struct start *start, const char *why)
{
        const struct provider *provider = engine_find_provider(start->bus->engine, start->provider);
        struct log_context context = {0};
        struct bus *bus = start->bus;
        unsigned number = start->provider;
        char text[512];

        snprintf(text, sizeof(text), "The bus cannot start %.255s: %s", start->name, why);
        if (is_awaited(start)) {
                context.provider = provider->config.identifier;
                log_write(LOG_WARNING, &context, "%s", text);
        }
        start_drop(start);
        engine_provider_start_failed(bus->engine, bus_now(), number, text);
        bus_settle(bus);
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *problem = sd_bus_message_get_error(reply);
        struct start *start = userdata;
        uint32_t answer = 0;

        (void)error;
        if (start->bus->lost)
                return 0;
        start->slot = sd_bus_slot_unref(start->slot);
        if (problem) {
                start_failed(start,
                             *str_or_empty(problem->message) ? problem->message : problem->name);
                return 0;
        }
        (void)sd_bus_message_read(reply, "u", &answer);
        start->was_running = answer == REPLY_ALREADY_RUNNING;
        return 0;
}

static int ask(struct start *start)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        struct bus *bus = start->bus;
        int r;

        if (!bus->connection || bus->lost)
                return 0; /* starts_again() will */
        start->was_running = false;
        if ((r = sd_bus_message_new_method_call(bus->connection, &message, DBUS_NAME, DBUS_PATH,
                                                DBUS_NAME, "StartServiceByName")) < 0 ||
            (r = sd_bus_message_append(message, "su", start->name, 0)) < 0)
                return r;
        start->n_asks++;
        return sd_bus_call_async(bus->connection, &start->slot, message, on_started, start,
                                 START_TIMEOUT);
}

static void ask_or_fail(struct start *start)
{
        int r = ask(start);

        if (r < 0)
                start_failed(start, strerror(-r));
}

static struct start *find_start(struct bus *bus, unsigned provider, const char *name)
{
        struct start *start;

        DL_FOREACH (bus->starts, start) {
                if (start->provider == provider && streq(start->name, name))
                        return start;
        }
        return NULL;
}

static struct start *add_start(struct bus *bus, unsigned provider, const char *name)
{
        cleanup_(start_freep) struct start *start = calloc(1, sizeof(*start));

        if (!start)
                return NULL;
        start->bus = bus;
        start->provider = provider;
        start->name = strdup(name);
        if (!start->name)
                return NULL;
        DL_APPEND(bus->starts, start);
        return take_ptr(start);
}

void bus_start_provider(struct bus *bus, unsigned provider, const char *name)
{
        struct start *start;

        drop_stale(bus);
        start = find_start(bus, provider, name);
        if (start && start->slot)
                return;
        if (!start)
                start = add_start(bus, provider, name);
        if (!start) {
                engine_provider_start_failed(bus->engine, bus_now(), provider,
                                             "There is no memory to start the app");
                bus_settle(bus);
                return;
        }
        start->n_asks = 0;
        ask_or_fail(start);
}

void starts_name_lost(struct bus *bus, const char *name)
{
        struct start *start, *next;

        DL_FOREACH_SAFE (bus->starts, start, next) {
                if (start->slot || !streq(start->name, name))
                        continue;
                if (!is_awaited(start))
                        start_drop(start);
                else if (start->was_running && start->n_asks < ASKS_MAX)
                        ask_or_fail(start);
                else
                        start_failed(start, "it ended before it had registered as a provider");
                /* one that failed took its entry along, and a settle may have taken others */
                starts_name_lost(bus, name);
                return;
        }
}

void starts_again(struct bus *bus)
{
        struct start *start;

        drop_stale(bus);
        DL_FOREACH (bus->starts, start) {
                if (start->slot || start->n_asks > 0)
                        continue;
                ask_or_fail(start);
                starts_again(bus);
                return;
        }
}

void starts_disconnect(struct bus *bus)
{
        struct start *start;

        DL_FOREACH (bus->starts, start) {
                start->slot = sd_bus_slot_unref(start->slot);
                start->n_asks = 0;
        }
}

void starts_forget(struct bus *bus)
{
        while (bus->starts)
                start_drop(bus->starts);
}
