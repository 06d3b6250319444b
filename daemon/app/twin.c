/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for the device's callsd; see twin.h. */
#include "app/twin.h"

#include <errno.h>
#include <time.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bus/bus.h"
#include "util/cleanup.h"
#include "util/log.h"

#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

/* A bus that stands still is no reason to take no calls. */
#define PATIENCE USEC_PER_SEC

struct twin {
        sd_bus *bus; /* NULL: there is no system bus */
        sd_event_source *patience;
        twin_found_fn found_fn;
        void *userdata;
        bool settled;
};

bool twin_is_settled(const struct twin *twin)
{
        return !twin || twin->settled;
}

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct twin *twin = userdata;

        (void)error;
        twin->settled = true;
        /* Mostly: the name has no owner. */
        if (!sd_bus_message_is_method_error(reply, NULL))
                twin->found_fn(twin->userdata);
        return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *name, *before, *after;
        struct twin *twin = userdata;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) >= 0 && *after)
                twin->found_fn(twin->userdata);
        return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct twin *twin = userdata;

        (void)source, (void)usec;
        if (!twin->settled)
                log_warning("The system bus does not answer; whether this device has a callsd of "
                            "its own is not known");
        twin->settled = true;
        return 0;
}

static int ask(struct twin *twin, sd_event *event)
{
        int r;

        if ((r = sd_bus_open_system(&twin->bus)) < 0)
                return r;
        sd_bus_set_close_on_exit(twin->bus, false);
        if ((r = sd_bus_add_match_async(twin->bus, NULL,
                                        "type='signal',sender='" DBUS_NAME "',path='" DBUS_PATH
                                        "',interface='" DBUS_NAME
                                        "',member='NameOwnerChanged',arg0='" BUS_NAME "'",
                                        on_owner_changed, NULL, twin)) < 0 ||
            (r = sd_bus_call_method_async(twin->bus, NULL, DBUS_NAME, DBUS_PATH, DBUS_NAME,
                                          "GetNameOwner", on_owner, twin, "s", BUS_NAME)) < 0 ||
            (r = sd_bus_attach_event(twin->bus, event, SD_EVENT_PRIORITY_NORMAL)) < 0)
                return r;
        return sd_event_add_time_relative(event, &twin->patience, CLOCK_MONOTONIC, PATIENCE, 0,
                                          on_patience, twin);
}

DEFINE_CLEANUP(struct twin *, twin_free);

int twin_new(sd_event *event, twin_found_fn found_fn, void *userdata, struct twin **ret_twin)
{
        cleanup_(twin_freep) struct twin *twin = calloc(1, sizeof(*twin));
        int r;

        if (!twin)
                return -ENOMEM;
        twin->found_fn = found_fn;
        twin->userdata = userdata;
        r = ask(twin, event);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_debug("There is no system bus (%s), so no callsd is on it", strerror(-r));
                twin->settled = true;
        }
        *ret_twin = take_ptr(twin);
        return 0;
}

struct twin *twin_free(struct twin *twin)
{
        if (!twin)
                return NULL;
        sd_event_source_disable_unref(twin->patience);
        sd_bus_close_unref(twin->bus);
        free(twin);
        return NULL;
}
