/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to the bus, and the end of every handler.
 *
 * The bus is opened explicitly; nothing here ever waits for a reply. When the connection is lost,
 * calls go on: everything that belongs to the connection is dropped, a new one is opened, and the
 * name is asked for again. A closed sd_bus cannot be used again, and must not be freed in one of
 * its own callbacks: hence the deferred source.
 */
#include <errno.h>
#include <grp.h>
#include <time.h>

#include "bus/bus-changed.h"
#include "bus/bus-client.h"
#include "bus/bus-credit.h"
#include "bus/bus-keepsake.h"
#include "bus/bus-mailbox.h"
#include "bus/bus-object.h"
#include "bus/bus-pending.h"
#include "bus/bus-push.h"
#include "bus/bus-stall.h"
#include "bus/bus-start.h"
#include "bus/bus-restore.h"
#include "util/log.h"

#define BACKOFF_MIN (100 * USEC_PER_MSEC)
#define BACKOFF_MAX (5 * USEC_PER_SEC)
#define RECONNECT_ACCURACY (10 * USEC_PER_MSEC)

/* After our first name, how often and when it is asked for again. */
#define NAME_TRIES 100
#define NAME_AGAIN (100 * USEC_PER_MSEC)

/* Replies to RequestName. */
#define NAME_PRIMARY_OWNER 1
#define NAME_ALREADY_OWNER 4

struct instant bus_now(void)
{
        struct timespec boot, real;

        clock_gettime(CLOCK_BOOTTIME, &boot);
        clock_gettime(CLOCK_REALTIME, &real);
        return (struct instant){
                .boottime = (usec_t)boot.tv_sec * USEC_PER_SEC + (usec_t)boot.tv_nsec / 1000,
                .realtime = (usec_t)real.tv_sec * USEC_PER_SEC + (usec_t)real.tv_nsec / 1000,
        };
}

void bus_keep_slot(struct bus *bus, sd_bus_slot *slot)
{
        if (bus->n_slots == BUS_SLOTS_MAX) {
                /* Kept by the connection itself then. */
                sd_bus_slot_set_floating(slot, true);
                sd_bus_slot_unref(slot);
                return;
        }
        bus->slots[bus->n_slots++] = slot;
}

int bus_finish(struct bus *bus, sd_bus_message *message, sd_bus_error *error, int r)
{
        if (r != 0) {
                r = bus_error_set(error, r, engine_explain(bus->engine));
        } else {
                bus_commit(bus);
                r = sd_bus_reply_method_return(message, NULL);
        }
        bus_settle(bus);
        return r < 0 ? r : 1;
}

static int on_settle(sd_event_source *source, void *userdata)
{
        (void)source;
        bus_settle(userdata);
        return 0;
}

int bus_settle_later(struct bus *bus)
{
        return sd_event_source_set_enabled(bus->settle_source, SD_EVENT_ONESHOT);
}

static void fail(struct bus *bus, const char *reason)
{
        if (bus->hooks.failed)
                bus->hooks.failed(reason, bus->userdata);
        else
                log_error("%s", reason);
}

/* ---- losing the connection, and getting it back ---- */

static void drop_connection(struct bus *bus)
{
        bus->lost = true; /* callbacks that run inside of closing must not touch anything */
        stall_forget(bus);
        pending_forget_all(bus);
        pushes_forget_all(bus);
        starts_disconnect(bus);
        clients_forget(bus);
        changes_forget(bus);
        changes_forget_providers(bus);
        bus->n_restoring = 0;
        while (bus->n_slots > 0)
                sd_bus_slot_unref(bus->slots[--bus->n_slots]);
        if (bus->connection) {
                sd_bus_detach_event(bus->connection);
                bus->connection = sd_bus_close_unref(bus->connection);
        }
        bus->lost = false;
}

static int arm_reconnect(struct bus *bus);

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus *bus = userdata;
        int r;

        (void)source, (void)usec;
        r = bus_start(bus);
        if (r >= 0)
                return 0;
        log_debug("No bus yet: %s", strerror(-r));
        return arm_reconnect(bus);
}

static int arm_reconnect(struct bus *bus)
{
        uint64_t now;
        int r;

        r = sd_event_now(bus->event, CLOCK_BOOTTIME, &now);
        if (r < 0)
                return r;
        sd_event_source_disable_unref(bus->reconnect_source);
        bus->reconnect_source = NULL;
        r = sd_event_add_time(bus->event, &bus->reconnect_source, CLOCK_BOOTTIME,
                              now + bus->backoff, RECONNECT_ACCURACY, on_reconnect, bus);
        bus->backoff = bus->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : bus->backoff * 2;
        return r;
}

static int on_lost(sd_event_source *source, void *userdata)
{
        struct bus *bus = userdata;
        int r;

        (void)source;
        log_warning("The bus is gone; calls go on, and callsd will connect again");
        drop_connection(bus);
        engine_bus_lost(bus->engine, bus_now());
        bus_settle(bus);
        r = arm_reconnect(bus);
        if (r < 0)
                fail(bus, "There is no way to wait for the bus");
        return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)message, (void)error;
        if (bus->lost)
                return 0;
        bus->lost = true;
        return sd_event_source_set_enabled(bus->lost_source, SD_EVENT_ONESHOT);
}

/* ---- the name ---- */

static int on_name_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus *bus = userdata;

        (void)source, (void)usec;
        if (bus->connection && !bus->lost)
                bus_take_name(bus);
        return 0;
}

static int ask_again_for_name(struct bus *bus)
{
        bus->reconnect_source = sd_event_source_disable_unref(bus->reconnect_source);
        return sd_event_add_time_relative(bus->event, &bus->reconnect_source, CLOCK_MONOTONIC,
                                          NAME_AGAIN, RECONNECT_ACCURACY, on_name_retry, bus);
}

/* Without memory, say; nobody else would ever ask. */
static int cannot_ask_for_name(struct bus *bus)
{
        if (ask_again_for_name(bus) < 0)
                fail(bus, "The bus cannot be asked for the name " BUS_NAME);
        return 0;
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        uint32_t answer;

        (void)error;
        if (bus->lost)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                log_error("The bus does not give out the name " BUS_NAME ": %s",
                          sd_bus_message_get_error(reply)->message);
                fail(bus, bus->system ? "callsd may not have the name " BUS_NAME " on this bus; is "
                                        "its policy org.callsd.conf in /etc/dbus-1/system.d or "
                                        "/usr/share/dbus-1/system.d, and does it run as the user "
                                        "callsd?"
                                      : "callsd may not have the name " BUS_NAME " on this bus");
                return 0;
        }
        if (sd_bus_message_read(reply, "u", &answer) < 0)
                return cannot_ask_for_name(bus);
        if (answer != NAME_PRIMARY_OWNER && answer != NAME_ALREADY_OWNER) {
                /* The bus may not have noticed yet that our last connection is closed. */
                if (bus->n_name_tries++ < bus->n_name_tries_max && ask_again_for_name(bus) >= 0)
                        return 0;
                fail(bus, "Another callsd owns " BUS_NAME " on this bus; end that one first");
                return 0;
        }
        bus->backoff = BACKOFF_MIN;
        bus->n_name_tries = 0;
        bus->n_name_tries_max = NAME_TRIES;
        log_info("Serving " BUS_NAME);
        if (bus->hooks.named)
                bus->hooks.named(bus->userdata);
        starts_again(bus);
        return 0;
}

void bus_take_name(struct bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r = sd_bus_request_name_async(bus->connection, &slot, BUS_NAME, 0, on_name, bus);

        if (r >= 0)
                bus_keep_slot(bus, slot);
        else
                cannot_ask_for_name(bus);
}

/* ---- starting ---- */

static int open_address(const char *address, sd_bus **ret_connection)
{
        cleanup_(sd_bus_unrefp) sd_bus *connection = NULL;
        int r;

        if ((r = sd_bus_new(&connection)) < 0 ||
            (r = sd_bus_set_address(connection, address)) < 0 ||
            (r = sd_bus_set_bus_client(connection, true)) < 0 || (r = sd_bus_start(connection)) < 0)
                return r;
        *ret_connection = take_ptr(connection);
        return 0;
}

int bus_open_connection(const struct bus *bus, sd_bus **ret_connection)
{
        if (bus->address)
                return open_address(bus->address, ret_connection);
        return bus->system ? sd_bus_open_system(ret_connection) : sd_bus_open_user(ret_connection);
}

static int watch_connection(struct bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_match_signal(bus->connection, &slot, "org.freedesktop.DBus.Local",
                                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                "Disconnected", on_disconnected, bus);
        if (r >= 0)
                bus_keep_slot(bus, slot);
        return r < 0 ? r : clients_watch(bus);
}

int bus_serve(struct bus *bus, sd_bus *connection)
{
        bus->connection = sd_bus_ref(connection);
        return bus_objects_add(bus);
}

int bus_start(struct bus *bus)
{
        cleanup_(sd_bus_unrefp) sd_bus *connection = NULL;
        int r;

        r = bus_open_connection(bus, &connection);
        if (r < 0)
                return r;
        /* Or the end of the loop would wait until the bus has read everything. */
        sd_bus_set_close_on_exit(connection, false);
        /* The GUID first: what the bus tells later is about peers, whose keys begin with it. */
        if ((r = bus_serve(bus, connection)) < 0 || (r = restore_begin(bus)) < 0 ||
            (r = watch_connection(bus)) < 0 ||
            (r = sd_bus_attach_event(connection, bus->event, SD_EVENT_PRIORITY_NORMAL)) < 0) {
                drop_connection(bus);
                return r;
        }
        return 0;
}

/* ---- life ---- */

/* The group whose members are controllers on the system bus. */
static gid_t find_controller_group(bool system)
{
        struct group *group = system ? getgrnam("callsd") : NULL;

        return group ? group->gr_gid : (gid_t)-1;
}

static int add_sources(struct bus *bus)
{
        int r;

        if ((r = sd_event_add_defer(bus->event, &bus->lost_source, on_lost, bus)) < 0 ||
            (r = sd_event_source_set_enabled(bus->lost_source, SD_EVENT_OFF)) < 0 ||
            (r = sd_event_add_defer(bus->event, &bus->settle_source, on_settle, bus)) < 0)
                return r;
        r = sd_event_source_set_enabled(bus->settle_source, SD_EVENT_OFF);
        if (r >= 0)
                r = mailboxes_init(bus);
        return r < 0 ? r : credits_init(bus);
}

DEFINE_CLEANUP(struct bus *, bus_free);

int bus_new(struct sd_event *event, struct engine *engine, const struct bus_options *options,
            const struct bus_hooks *hooks, void *userdata, struct bus **ret_bus)
{
        cleanup_(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));
        int r;

        if (!bus)
                return -ENOMEM;
        bus->event = sd_event_ref(event);
        bus->engine = engine;
        bus->hooks = *hooks;
        bus->userdata = userdata;
        bus->system = options->system;
        bus->backoff = BACKOFF_MIN;
        bus->controller_group = find_controller_group(options->system);
        bus->last_picture = keepsake_last_number(engine);
        bus->guid = strdup("");
        if (!bus->guid)
                return -ENOMEM;
        if (options->address && !(bus->address = strdup(options->address)))
                return -ENOMEM;
        r = add_sources(bus);
        if (r < 0)
                return r;
        *ret_bus = take_ptr(bus);
        return 0;
}

struct bus *bus_free(struct bus *bus)
{
        if (!bus)
                return NULL;
        drop_connection(bus);
        keepsake_forget_all(bus);
        starts_forget(bus);
        sd_event_source_disable_unref(bus->lost_source);
        sd_event_source_disable_unref(bus->settle_source);
        sd_event_source_disable_unref(bus->reconnect_source);
        sd_event_source_disable_unref(bus->retry_source);
        sd_event_source_disable_unref(bus->turn_source);
        sd_event_source_disable_unref(bus->cut_source);
        sd_event_unref(bus->event);
        free(bus->address);
        free(bus->guid);
        free(bus);
        return NULL;
}

/* ---- what the app tells and asks ---- */

void bus_nodes_exist(struct bus *bus, const char *call)
{
        pending_review_streams(bus, call);
}

pid_t bus_peer_pid(struct bus *bus, const char *peer, const char **ret_app_id)
{
        const struct client *client = client_find_key(bus, peer);

        *ret_app_id = client && client->sandboxed ? client->app_id : "";
        return client ? client->pid : 0;
}
