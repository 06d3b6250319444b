/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages that leave, and a bus that does not take them.
 *
 * dbus-daemon stops reading from a sender when too much of what it sent was not read by others: a
 * listener that was stopped is enough, after some ten thousand calls. It says so to nobody, and
 * every app would find callsd deaf. So a second after something was sent it is looked up whether
 * the bus has read it. If not, the bus itself is sent a Ping behind it; if that is not answered, a
 * second connection is tried. If the bus answers there, it is alive and has just had enough of the
 * first, which is given up as if the bus had been lost; the next one starts with a clean account.
 * If it does not answer, it is stopped as a whole, and nothing is gained by another connection:
 * calls keep what they have.
 */
#include "bus/bus-stall.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "util/log.h"

#define LOOK_AFTER USEC_PER_SEC
#define PATIENCE (4 * USEC_PER_SEC)
#define ACCURACY (100 * USEC_PER_MSEC)

uint64_t queue_length(const struct bus *bus)
{
        uint64_t n;

        return bus->connection && sd_bus_get_n_queued_write(bus->connection, &n) >= 0 ? n : 0;
}

/* Whether something that was sent is still in our queue, or in the kernel's. */
static bool is_unread(const struct bus *bus)
{
        int fd = bus->connection ? sd_bus_get_fd(bus->connection) : -1, n = 0;

        return fd >= 0 && (queue_length(bus) > 0 || (ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0));
}

static void forget_probe(struct bus *bus)
{
        bus->stall.probe_slot = sd_bus_slot_unref(bus->stall.probe_slot);
        if (!bus->stall.probe)
                return;
        sd_bus_detach_event(bus->stall.probe);
        bus->stall.probe = sd_bus_close_unref(bus->stall.probe);
}

void stall_forget(struct bus *bus)
{
        bus->stall.ping = sd_bus_slot_unref(bus->stall.ping);
        bus->stall.timer = sd_event_source_disable_unref(bus->stall.timer);
        forget_probe(bus);
}

static int on_pong(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)reply, (void)error;
        if (bus->lost)
                return 0;
        stall_forget(bus);
        return 0;
}

/* The probe's own connection is freed later, not in its callback. */
static int on_probe(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)error;
        if (bus->lost || sd_bus_message_is_method_error(reply, NULL))
                return 0;
        log_warning(
                "The bus reads nothing from callsd: %llu messages wait. Does some program listen "
                "to callsd and not read? callsd connects anew",
                (unsigned long long)queue_length(bus));
        bus->lost = true;
        return sd_event_source_set_enabled(bus->lost_source, SD_EVENT_ONESHOT);
}

static int probe(struct bus *bus)
{
        int r;

        forget_probe(bus);
        r = bus_open_connection(bus, &bus->stall.probe);
        if (r < 0)
                return r;
        sd_bus_set_close_on_exit(bus->stall.probe, false);
        r = sd_bus_attach_event(bus->stall.probe, bus->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bus->stall.probe, &bus->stall.probe_slot,
                                        "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "GetId", on_probe, bus, NULL);
}

static int ask(struct bus *bus)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *ping = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus->connection, &ping, "org.freedesktop.DBus",
                                           "/org/freedesktop/DBus", "org.freedesktop.DBus.Peer",
                                           "Ping");
        if (r < 0)
                return r;
        return sd_bus_call_async(bus->connection, &bus->stall.ping, ping, on_pong, bus, UINT64_MAX);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

/* Not the clock that goes on while the machine sleeps: the bus sleeps as well. */
static int wait_on(struct bus *bus, usec_t pause)
{
        return sd_event_add_time_relative(bus->event, &bus->stall.timer, CLOCK_MONOTONIC, pause,
                                          ACCURACY, on_timer, bus);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus *bus = userdata;
        int r;

        (void)source, (void)usec;
        bus->stall.timer = sd_event_source_disable_unref(bus->stall.timer);
        if (bus->lost || !is_unread(bus))
                return 0;
        r = bus->stall.ping ? probe(bus) : ask(bus);
        if (r < 0)
                log_debug("The bus could not be asked whether it reads: %s", strerror(-r));
        return wait_on(bus, PATIENCE);
}

void stall_watch(struct bus *bus)
{
        if (!bus->stall.timer && !bus->lost && bus->connection)
                wait_on(bus, LOOK_AFTER);
}
