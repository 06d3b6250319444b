/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus of the modem daemon, and whether that is there.
 *
 * The backend is open between the two: a bus and an owner of the daemon's name. When either is lost
 * it is closed, all calls end, and both are waited for. The daemon is never started by us: on a
 * machine without a modem it has no reason to run.
 */
#include <errno.h>
#include <utlist.h>

#include "bridge.h"

#define FIRST_PAUSE_USEC SEC_USEC
#define LAST_PAUSE_USEC (60 * SEC_USEC)

static void connect_bus(struct bridge *bridge);

static void daemon_gone(struct bridge *bridge, const char *why)
{
        if (bridge->backend) {
                log_warning("%s; its calls are over", why);
                bridge->type->close(bridge->backend);
                bridge->backend = NULL;
                modems_lost(bridge, why);
        } else if (!bridge->told_absent) {
                log_info("%s (%s on the %s bus); waiting for it", why, bridge->type->bus_name,
                         bridge->bus_address ? "given" : "system");
        }
        bridge->told_absent = true;
        bridge->daemon_absent = true;
        bridge_changed(bridge);
}

static void daemon_there(struct bridge *bridge, const char *owner)
{
        int r;

        bridge->daemon_absent = false;
        bridge->listed = false;
        r = bridge->type->open(bridge, bridge->bus, owner, &bridge->backend);
        if (r < 0) {
                log_error("cannot talk to %s: %s", bridge->type->daemon, strerror(-r));
                return;
        }
        log_info("%s is there", bridge->type->daemon);
        bridge->told_absent = false;
}

static void owner_is(struct bridge *bridge, const char *owner)
{
        cleanup_(freep) char *why = NULL;

        if (bridge->backend || !*owner) {
                if (asprintf(&why, "%s %s", bridge->type->daemon,
                             bridge->backend ? "is gone" : "is not running") < 0)
                        why = NULL;
                daemon_gone(bridge, why ? why : "the modem daemon is gone");
        }
        if (*owner)
                daemon_there(bridge, owner);
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const char *name, *before, *now;

        (void)ret_error;
        if (sd_bus_message_read(message, "sss", &name, &before, &now) >= 0)
                owner_is(userdata, now);
        return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        struct bridge *bridge = userdata;
        const char *owner = "";

        (void)ret_error;
        if (!sd_bus_message_is_method_error(message, NULL))
                (void)sd_bus_message_read(message, "s", &owner);
        if (!bridge->backend)
                owner_is(bridge, owner);
        return 0;
}

static void drop_bus(struct bridge *bridge)
{
        for (size_t i = 0; i < ARRAY_SIZE(bridge->slots); i++)
                bridge->slots[i] = sd_bus_slot_unref(bridge->slots[i]);
        if (bridge->bus) {
                (void)sd_bus_detach_event(bridge->bus);
                sd_bus_close(bridge->bus);
        }
        bridge->bus = sd_bus_unref(bridge->bus);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        connect_bus(userdata);
        return 0;
}

static void bus_lost(struct bridge *bridge, const char *why)
{
        daemon_gone(bridge, why);
        drop_bus(bridge);
        bridge->bus_retry = sd_event_source_disable_unref(bridge->bus_retry);
        if (bridge->bus_pause_usec == 0)
                bridge->bus_pause_usec = FIRST_PAUSE_USEC;
        if (sd_event_add_time_relative(bridge->event, &bridge->bus_retry, CLOCK_MONOTONIC,
                                       bridge->bus_pause_usec, 0, on_retry, bridge) < 0)
                log_error("no timer: the modem daemon's bus is not tried again");
        bridge->bus_pause_usec *= 2;
        if (bridge->bus_pause_usec > LAST_PAUSE_USEC)
                bridge->bus_pause_usec = LAST_PAUSE_USEC;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        (void)message, (void)ret_error;
        bus_lost(userdata, "the modem daemon's bus is gone");
        return 0;
}

static int on_connected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        struct bridge *bridge = userdata;

        (void)message, (void)ret_error;
        bridge->bus_pause_usec = 0;
        return 0;
}

static int watch(struct bridge *bridge)
{
        cleanup_(freep) char *rule = NULL;
        int r;

        if (asprintf(&rule,
                     "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                     "member='NameOwnerChanged',arg0='%s'",
                     bridge->type->bus_name) < 0) {
                rule = NULL;
                return -ENOMEM;
        }
        r = sd_bus_match_signal(bridge->bus, &bridge->slots[0], NULL, "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected,
                                bridge);
        if (r >= 0)
                r = sd_bus_add_match_async(bridge->bus, &bridge->slots[1], rule, on_owner_changed,
                                           on_connected, bridge);
        if (r >= 0)
                r = sd_bus_call_method_async(bridge->bus, &bridge->slots[2], "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                             "GetNameOwner", on_owner, bridge, "s",
                                             bridge->type->bus_name);
        return r;
}

static int open_bus(const char *address, sd_bus **ret_bus)
{
        sd_bus *bus = NULL;
        int r;

        if (!address)
                return sd_bus_open_system(ret_bus);
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_unref(bus);
                return r;
        }
        *ret_bus = bus;
        return 0;
}

static void connect_bus(struct bridge *bridge)
{
        cleanup_(freep) char *why = NULL;
        int r = open_bus(bridge->bus_address, &bridge->bus);

        if (r >= 0)
                r = sd_bus_attach_event(bridge->bus, bridge->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = watch(bridge);
        if (r >= 0)
                return;
        if (asprintf(&why, "the bus of the modem daemon cannot be reached: %s", strerror(-r)) < 0)
                why = NULL;
        bus_lost(bridge, why ? why : "the bus of the modem daemon cannot be reached");
}

void daemon_bus_start(struct bridge *bridge)
{
        connect_bus(bridge);
}

void daemon_bus_stop(struct bridge *bridge)
{
        if (bridge->backend)
                bridge->type->close(bridge->backend);
        bridge->backend = NULL;
        bridge->bus_retry = sd_event_source_disable_unref(bridge->bus_retry);
        if (bridge->bus)
                (void)sd_bus_flush(bridge->bus);
        drop_bus(bridge);
}
