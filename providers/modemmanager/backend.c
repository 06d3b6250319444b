/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listing what is there, and hearing what changes.
 *
 * The state of a call is taken from PropertiesChanged, which says state, reason and conference of a
 * call in one message; StateChanged comes earlier and would tell of a join as of two active calls.
 * Of the end alone it is taken: a program that deletes the call at once takes the other with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mm.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define LIST_AGAIN_USEC (2 * SEC_USEC)
/* Two seconds, which GLib's timers of seconds may stretch by almost one, and the modem's answer. */
#define WAIT_USEC (3500 * MSEC_USEC)

uint64_t mm_now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * SEC_USEC + (uint64_t)now.tv_nsec / 1000;
}

void mm_settle(struct backend *backend)
{
        if (backend->listed || backend->list || backend->list_again || backend->loading > 0)
                return;
        backend->listed = true;
        bridge_listed(backend->bridge);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void warn_unread(sd_bus_message *signal, int r)
{
        if (r < 0)
                log_warning("ModemManager's signal %s of %s cannot be read: %s",
                            sd_bus_message_get_member(signal), sd_bus_message_get_path(signal),
                            strerror(-r));
}

/* The message is at the interfaces of an object. */
static int take_interfaces(struct backend *backend, const char *path, sd_bus_message *message)
{
        struct mm_modem *modem = mm_modem_find(backend, path);
        bool had_voice = modem && modem->facts.voice;
        int r = 0;

        if (!modem)
                r = mm_modem_new(backend, path, &modem);
        if (r < 0)
                return r;
        r = read_interfaces(message, &modem->facts);
        if (!modem->facts.modem) { /* something else, or half of it: the rest will come */
                mm_modem_free(modem);
                return r;
        }
        mm_modem_changed(modem);
        if (modem->facts.voice && !had_voice)
                mm_modem_list_calls(modem);
        return r;
}

static int on_interfaces_added(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
        const char *path;
        int r = sd_bus_message_read_basic(signal, 'o', &path);

        (void)error;
        if (r >= 0)
                r = take_interfaces(userdata, path, signal);
        warn_unread(signal, r);
        return 0;
}

static int on_interfaces_removed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
        struct mm_modem *modem;
        const char *path, *interface;
        int r = sd_bus_message_read_basic(signal, 'o', &path);

        (void)error;
        modem = r >= 0 ? mm_modem_find(userdata, path) : NULL;
        if (!modem)
                return 0;
        r = sd_bus_message_enter_container(signal, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(signal, 's', &interface)) > 0) {
                if (streq(interface, MM_MODEM_INTERFACE)) {
                        mm_modem_gone(modem);
                        return 0;
                }
                if (streq(interface, MM_VOICE_INTERFACE) && modem->facts.voice)
                        mm_modem_voice_gone(modem);
        }
        warn_unread(signal, r);
        return 0;
}

static int take_modem_properties(struct mm_modem *modem, const char *interface,
                                 sd_bus_message *signal)
{
        char *sim = modem->facts.sim ? strdup(modem->facts.sim) : NULL;
        bool had_sim = modem->facts.sim;
        int r = read_modem(signal, interface, &modem->facts);

        mm_modem_changed(modem);
        if (had_sim != !!modem->facts.sim || (sim && !streq(sim, modem->facts.sim)))
                mm_modem_sim_changed(modem);
        free(sim);
        return r;
}

static int on_properties_changed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
        const char *interface, *path = sd_bus_message_get_path(signal);
        struct backend *backend = userdata;
        struct mm_modem *modem;
        struct mm_call *call;
        int r = sd_bus_message_read_basic(signal, 's', &interface);

        (void)error;
        if (r >= 0 && streq(interface, MM_CALL_INTERFACE)) {
                call = mm_call_find(backend, path);
                /* What is still being asked for will be newer. */
                if (call && call->known) {
                        r = read_call(signal, &call->facts);
                        mm_call_changed(call);
                }
        } else if (r >= 0) {
                modem = mm_modem_find(backend, path);
                if (modem && modem->id &&
                    strncmp(interface, MM_MODEM_INTERFACE, strlen(MM_MODEM_INTERFACE)) == 0)
                        r = take_modem_properties(modem, interface, signal);
        }
        warn_unread(signal, r);
        return 0;
}

static int on_call_added(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
        struct mm_modem *modem = mm_modem_find(userdata, sd_bus_message_get_path(signal));
        const char *path;
        int r = sd_bus_message_read_basic(signal, 'o', &path);

        (void)error;
        if (r >= 0 && modem && modem->id)
                (void)mm_call_get(modem, path);
        warn_unread(signal, r);
        return 0;
}

static int on_call_deleted(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
        const char *path;
        int r = sd_bus_message_read_basic(signal, 'o', &path);
        struct mm_call *call = r >= 0 ? mm_call_find(userdata, path) : NULL;

        (void)error;
        if (call)
                mm_call_deleted(call);
        warn_unread(signal, r);
        return 0;
}

static int on_state_changed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
        struct mm_call *call = mm_call_find(userdata, sd_bus_message_get_path(signal));
        int old, new;
        unsigned reason;
        int r = sd_bus_message_read(signal, "iiu", &old, &new, &reason);

        (void)error;
        warn_unread(signal, r);
        if (r < 0 || !call || new != MM_CALL_TERMINATED)
                return 0;
        call->facts.state = new;
        call->facts.reason = (int)reason;
        mm_call_changed(call);
        return 0;
}

static int add_matches(struct backend *backend)
{
        static const struct {
                const char *interface, *member;
                sd_bus_message_handler_t handler;
        } rows[] = {
                {OBJECT_MANAGER, "InterfacesAdded", on_interfaces_added},
                {OBJECT_MANAGER, "InterfacesRemoved", on_interfaces_removed},
                {PROPERTIES, "PropertiesChanged", on_properties_changed},
                {MM_VOICE_INTERFACE, "CallAdded", on_call_added},
                {MM_VOICE_INTERFACE, "CallDeleted", on_call_deleted},
                {MM_CALL_INTERFACE, "StateChanged", on_state_changed},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rows); i++)
                r = sd_bus_match_signal_async(backend->bus, &backend->matches[i], backend->owner,
                                              NULL, rows[i].interface, rows[i].member,
                                              rows[i].handler, NULL, backend);
        return r;
}

/* --- listing ---------------------------------------------------------------------------------- */

static int list(struct backend *backend);

static int on_list_again(sd_event_source *timer, uint64_t usec, void *userdata)
{
        struct backend *backend = userdata;

        (void)timer, (void)usec;
        backend->list_again = sd_event_source_disable_unref(backend->list_again);
        return list(backend);
}

static int read_objects(struct backend *backend, sd_bus_message *reply)
{
        const char *path;
        int r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_read_basic(reply, 'o', &path);
                if (r >= 0)
                        r = take_interfaces(backend, path, reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct backend *backend = userdata;
        int r;

        (void)error;
        backend->list = sd_bus_slot_unref(backend->list);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                log_warning("ModemManager does not list its modems, it is asked again: %s",
                            sd_bus_message_get_error(reply)->message);
                r = sd_event_add_time_relative(sd_bus_get_event(backend->bus), &backend->list_again,
                                               CLOCK_MONOTONIC, LIST_AGAIN_USEC, 0, on_list_again,
                                               backend);
                if (r < 0)
                        log_error("ModemManager will not be asked again: %s", strerror(-r));
                return 0;
        }
        r = read_objects(backend, reply);
        if (r < 0)
                log_warning("ModemManager's list of modems cannot be read to its end: %s",
                            strerror(-r));
        mm_settle(backend);
        return 0;
}

static int list(struct backend *backend)
{
        return sd_bus_call_method_async(backend->bus, &backend->list, backend->owner, MM_PATH,
                                        OBJECT_MANAGER, "GetManagedObjects", on_objects, backend,
                                        NULL);
}

/* --- a life ----------------------------------------------------------------------------------- */

static void mm_close(struct backend *backend)
{
        backend->listed = true; /* nobody is to be told any more */
        for (size_t i = 0; i < ARRAY_SIZE(backend->matches); i++)
                sd_bus_slot_unref(backend->matches[i]);
        sd_bus_slot_unref(backend->list);
        sd_event_source_disable_unref(backend->list_again);
        while (backend->modems)
                mm_modem_free(backend->modems);
        sd_bus_unref(backend->bus);
        free(backend->owner);
        free(backend);
}

static int mm_open(struct bridge *bridge, sd_bus *bus, const char *owner,
                   struct backend **ret_backend)
{
        struct backend *backend = calloc(1, sizeof(*backend));
        const char *wait;
        int r;

        if (!backend)
                return -ENOMEM;
        backend->bridge = bridge;
        /* For tests, whose ModemManager knows at once. */
        wait = getenv("CALLSD_MODEMMANAGER_WAIT_MSEC");
        backend->wait_usec = wait ? strtoull(wait, NULL, 10) * MSEC_USEC : WAIT_USEC;
        backend->bus = sd_bus_ref(bus);
        backend->owner = strdup(owner);
        r = backend->owner ? add_matches(backend) : -ENOMEM;
        if (r >= 0)
                r = list(backend);
        if (r < 0) {
                mm_close(backend);
                return r;
        }
        *ret_backend = backend;
        return 0;
}

const struct backend_type modemmanager = {
        .program = "callsd-modemmanager",
        .daemon = "ModemManager",
        .bus_name = MM_NAME,
        .identifier = "org.callsd.ModemManager",
        .name = "Mobile network",
        .help = "",
        .open = mm_open,
        .close = mm_close,
        .ask = mm_ask,
};
