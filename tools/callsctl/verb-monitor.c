/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor: everything that happens, as it happens.
 *
 * What signals carry (the public properties) is printed from the signal itself, so that their order
 * is callsd's own. What they only announce is asked for, and printed where it differs from what was
 * known.
 */
#include "ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>

struct monitor {
        struct ctl *ctl;
        json_t *calls; /* path -> what is known of it */
};

/* Follows from something else that is printed, or is for programs. */
static const char *const quiet_keys[] = {
        "Path",
        "UUID",
        "OnHold",
        "HasConnected",
        "HasEnded",
        "Allowed",
        "Provider",
        "StartedAt",
        "ConnectedAt",
        "EndedAt",
        "StartedAtBoottime",
        "ConnectedAtBoottime",
        "EndedAtBoottime",
        "StateOrigin",
        "InCall",
        "MuteEnforced",
};

static bool is_quiet(const char *key, const json_t *value)
{
        for (size_t i = 0; i < sizeof(quiet_keys) / sizeof(*quiet_keys); i++) {
                if (strcmp(key, quiet_keys[i]) == 0)
                        return true;
        }
        return json_is_string(value) && *json_string_value(value) == '\0';
}

static uint64_t realtime_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void print_clock(uint64_t usec)
{
        time_t seconds = (time_t)(usec / 1000000);
        char text[16] = "";
        struct tm local;

        if (localtime_r(&seconds, &local))
                strftime(text, sizeof(text), "%H:%M:%S", &local);
        printf("%s.%03u  ", text, (unsigned)(usec / 1000 % 1000));
}

static void print_change(const struct ctl *ctl, const char *key, const json_t *old,
                         const json_t *value)
{
        const char *colour = NULL;

        if (ctl->colour && strcmp(key, "State") == 0)
                colour = state_colour(json_string_value(value));
        printf("  %s: ", key);
        if (json_is_string(old) && *json_string_value(old) != '\0') {
                print_clean(json_string_value(old));
                fputs(" > ", stdout);
        }
        if (colour)
                fputs(colour, stdout);
        if (json_is_string(value))
                print_clean(json_string_value(value));
        else if (json_is_boolean(value))
                fputs(json_is_true(value) ? "yes" : "no", stdout);
        else
                json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        if (colour)
                fputs("\033[0m", stdout);
}

static void print_for_people(const struct ctl *ctl, const char *event, const char *uuid,
                             const json_t *old, const json_t *changes)
{
        const char *key;
        json_t *value;
        bool any = strcmp(event, "call-changed") != 0;

        json_object_foreach ((json_t *)(uintptr_t)changes, key, value)
                any |= !is_quiet(key, value);
        if (!any)
                return;
        print_clock(realtime_now());
        printf("%-8.8s  %s", uuid ? uuid : "", event);
        json_object_foreach ((json_t *)(uintptr_t)changes, key, value) {
                if (!is_quiet(key, value))
                        print_change(ctl, key, json_object_get(old, key), value);
        }
        putchar('\n');
        fflush(stdout);
}

/* `old` and `changes` are borrowed and may be NULL. */
static void emit(const struct monitor *monitor, const char *event, const char *uuid,
                 const json_t *old, const json_t *changes)
{
        _cleanup_json_ json_t *line = NULL;

        if (!monitor->ctl->json) {
                print_for_people(monitor->ctl, event, uuid, old, changes);
                return;
        }
        line = json_pack("{s:s, s:I, s:s*, s:O*}", "Event", event, "Time",
                         (json_int_t)realtime_now(), "Call", uuid, "Changes", changes);
        print_json_line(line);
}

/* What of `properties` is not yet known. */
static json_t *difference(const json_t *known, const json_t *properties)
{
        json_t *changes = json_object(), *value;
        const char *key;

        json_object_foreach ((json_t *)(uintptr_t)properties, key, value) {
                if (!json_equal(json_object_get(known, key), value))
                        json_object_set(changes, key, value);
        }
        return changes;
}

static void learn(struct monitor *monitor, const char *path, const json_t *properties)
{
        json_t *known = json_object_get(monitor->calls, path);
        _cleanup_json_ json_t *changes = NULL;

        if (!known)
                return;
        changes = difference(known, properties);
        if (json_object_size(changes) > 0)
                emit(monitor, "call-changed", text_of(known, "UUID"), known, changes);
        json_object_update(known, changes);
}

static int on_details(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct monitor *monitor = userdata;
        _cleanup_json_ json_t *arguments = NULL;
        const json_t *details;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL) || message_to_json(reply, &arguments) < 0)
                return 0;
        details = json_array_get(arguments, 0);
        for (void *i = json_object_iter(monitor->calls); i;
             i = json_object_iter_next(monitor->calls, i)) {
                if (strcmp(text_of(json_object_iter_value(i), "UUID"), text_of(details, "UUID")) ==
                    0) {
                        learn(monitor, json_object_iter_key(i), details);
                        break;
                }
        }
        return 0;
}

/* Of a callsd that has gone meanwhile there is nothing to learn: it is not started for this. */
static void ask_details(struct monitor *monitor, const char *path)
{
        sd_bus_message *question = NULL;

        if (sd_bus_message_new_method_call(monitor->ctl->bus, &question, CALLSD_NAME, path,
                                           CALL_INTERFACE, "GetDetails") >= 0 &&
            sd_bus_message_set_auto_start(question, false) >= 0)
                (void)sd_bus_call_async(monitor->ctl->bus, NULL, question, on_details, monitor, 0);
        sd_bus_message_unref(question);
}

static void add_call(struct monitor *monitor, const char *path, const json_t *public)
{
        if (json_object_get(monitor->calls, path))
                return;
        json_object_set_new(monitor->calls, path, json_deep_copy(public));
        emit(monitor, "call-added", text_of(public, "UUID"), NULL, public);
        ask_details(monitor, path);
}

static void remove_call(struct monitor *monitor, const char *path)
{
        const json_t *known = json_object_get(monitor->calls, path);

        if (!known)
                return;
        emit(monitor, "call-removed", text_of(known, "UUID"), NULL, NULL);
        json_object_del(monitor->calls, path);
}

static void on_added(struct monitor *monitor, const json_t *arguments)
{
        const char *path = json_string_value(json_array_get(arguments, 0));
        const json_t *interfaces = json_array_get(arguments, 1);
        const json_t *call = json_object_get(interfaces, CALL_INTERFACE);

        if (path && call)
                add_call(monitor, path, call);
        else if (path && json_object_get(interfaces, PROVIDER_INTERFACE))
                emit(monitor, "provider-added", NULL, NULL, NULL);
}

static void on_removed(struct monitor *monitor, const json_t *arguments)
{
        const char *path = json_string_value(json_array_get(arguments, 0));
        const json_t *interfaces = json_array_get(arguments, 1);

        for (size_t i = 0; path && i < json_array_size(interfaces); i++) {
                const char *interface = json_string_value(json_array_get(interfaces, i));

                if (interface && strcmp(interface, CALL_INTERFACE) == 0)
                        remove_call(monitor, path);
                else if (interface && strcmp(interface, PROVIDER_INTERFACE) == 0)
                        emit(monitor, "provider-removed", NULL, NULL, NULL);
        }
}

static void on_changed(struct monitor *monitor, const char *path, const json_t *arguments)
{
        const char *interface = json_string_value(json_array_get(arguments, 0));
        const json_t *changes = json_array_get(arguments, 1);

        if (!interface)
                return;
        if (strcmp(interface, CALL_INTERFACE) == 0) {
                learn(monitor, path, changes);
                if (json_array_size(json_array_get(arguments, 2)) > 0)
                        ask_details(monitor, path);
        } else if (json_object_size(changes) > 0) {
                emit(monitor,
                     strcmp(interface, MANAGER_INTERFACE) == 0 ? "manager-changed"
                                                               : "audio-changed",
                     NULL, NULL, changes);
        }
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct monitor *monitor = userdata;
        _cleanup_json_ json_t *arguments = NULL;

        (void)error;
        if (message_to_json(message, &arguments) < 0)
                return 0;
        if (sd_bus_message_is_signal(message, NULL, "InterfacesAdded"))
                on_added(monitor, arguments);
        else if (sd_bus_message_is_signal(message, NULL, "InterfacesRemoved"))
                on_removed(monitor, arguments);
        else if (sd_bus_message_is_signal(message, NULL, "PropertiesChanged"))
                on_changed(monitor, sd_bus_message_get_path(message), arguments);
        return 0;
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct monitor *monitor = userdata;
        _cleanup_json_ json_t *arguments = NULL;
        const char *path;
        json_t *interfaces;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                emit(monitor, "callsd-gone", NULL, NULL, NULL);
                return 0;
        }
        if (message_to_json(reply, &arguments) < 0)
                return 0;
        emit(monitor, "callsd-running", NULL, NULL, NULL);
        json_object_foreach (json_array_get(arguments, 0), path, interfaces) {
                const json_t *call = json_object_get(interfaces, CALL_INTERFACE);

                if (call)
                        add_call(monitor, path, call);
        }
        return 0;
}

static int ask_objects(struct monitor *monitor)
{
        return sd_bus_call_method_async(monitor->ctl->bus, NULL, CALLSD_NAME, CALLSD_PATH,
                                        "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                        on_objects, monitor, NULL);
}

/* A new callsd tells of its calls anew. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct monitor *monitor = userdata;
        const char *name, *old_owner, *new_owner;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;
        if (*old_owner != '\0') {
                json_object_clear(monitor->calls);
                emit(monitor, "callsd-gone", NULL, NULL, NULL);
        }
        if (*new_owner != '\0')
                (void)ask_objects(monitor);
        return 0;
}

static int subscribe(struct monitor *monitor)
{
        sd_bus *bus = monitor->ctl->bus;
        int r;

        r = sd_bus_add_match(bus, NULL,
                             "type='signal',sender='org.callsd',path_namespace='/org/callsd'",
                             on_signal, monitor);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',"
                                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                     "arg0='org.callsd'",
                                     on_owner, monitor);
        return r >= 0 ? ask_objects(monitor) : r;
}

static int run_loop(struct monitor *monitor)
{
        sd_event *event = NULL;
        int r;

        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_event_set_signal_exit(event, 1);
        if (r >= 0)
                r = sd_bus_attach_event(monitor->ctl->bus, event, 0);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(monitor->ctl->bus, true);
        if (r >= 0)
                r = sd_event_loop(event);
        (void)sd_bus_detach_event(monitor->ctl->bus);
        sd_event_unref(event);
        return r;
}

int verb_monitor(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        struct monitor monitor = {.ctl = ctl, .calls = json_object()};
        int r;

        (void)verb, (void)argc, (void)argv;
        r = subscribe(&monitor);
        if (r >= 0)
                r = run_loop(&monitor);
        json_decref(monitor.calls);
        if (r < 0)
                return ctl_bus_failed(ctl, NULL, r);
        return r == 0 ? STATUS_OK : STATUS_NOT_RUNNING;
}
