/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls, as callsd lists them: which are the tested app's, and what state they are in.
 *
 * Whose a call is has to be asked for. One of another app is a real call: then all is stopped.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct test_call *call_find(const struct check *check, const char *uuid)
{
        struct test_call *call = check->calls;

        while (call && strcasecmp(call->uuid, uuid) != 0)
                call = call->next;
        return call;
}

/* The call of this UUID, from now on if it was not known before. */
struct test_call *call_note(struct check *check, const char *uuid)
{
        struct test_call *call = call_find(check, uuid);
        struct timespec now;

        if (call || !(call = calloc(1, sizeof(*call))))
                return call;
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(call->uuid, sizeof(call->uuid), "%s", uuid);
        call->seen_at = monotonic_now();
        call->seen_date = (uint64_t)now.tv_sec * SEC + (uint64_t)now.tv_nsec / 1000;
        call->next = check->calls;
        check->calls = call;
        return call;
}

static void set_state(struct test_call *call, const char *state)
{
        if (*state == '\0')
                return;
        snprintf(call->state, sizeof(call->state), "%s", state);
        if (strcmp(state, "active") == 0 && call->active_at == 0)
                call->active_at = monotonic_now();
}

static void learn(struct check *check, const char *path, const json_t *properties)
{
        struct test_call *call = call_note(check, text_of(properties, "UUID"));

        if (!call)
                return;
        snprintf(call->path, sizeof(call->path), "%s", path);
        call->gone = false;
        set_state(call, text_of(properties, "State"));
}

static struct test_call *find_by_path(const struct check *check, const char *path)
{
        struct test_call *call = check->calls;

        while (call && strcmp(call->path, path) != 0)
                call = call->next;
        return call;
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct check *check = userdata;
        _cleanup_json_ json_t *arguments = NULL;
        const char *path;
        struct test_call *call;

        (void)error;
        if (message_to_json(message, &arguments) < 0)
                return 0;
        path = json_string_value(json_array_get(arguments, 0));
        if (sd_bus_message_is_signal(message, NULL, "InterfacesAdded")) {
                const json_t *public =
                        json_object_get(json_array_get(arguments, 1), CALL_INTERFACE);

                if (path && public)
                        learn(check, path, public);
        } else if (sd_bus_message_is_signal(message, NULL, "InterfacesRemoved")) {
                call = path ? find_by_path(check, path) : NULL;
                if (call)
                        call->gone = true;
        } else if (sd_bus_message_is_signal(message, NULL, "PropertiesChanged")) {
                call = find_by_path(check, sd_bus_message_get_path(message));
                if (call)
                        set_state(call, text_of(json_array_get(arguments, 1), "State"));
        } else if (sd_bus_message_is_signal(message, MANAGER_INTERFACE, "TransactionCompleted")) {
                json_object_set(check->results, path ? path : "", json_array_get(arguments, 1));
        }
        return 0;
}

int calls_watch(struct check *check)
{
        check->results = json_object();
        return sd_bus_add_match(check->ctl->bus, NULL,
                                "type='signal',sender='org.callsd',path_namespace='/org/callsd'",
                                on_signal, check);
}

/* All calls as they are now; those that callsd has forgotten are gone. */
int calls_load(struct check *check)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;
        const char *path;
        json_t *interfaces;
        int r;

        r = bus_call(check->ctl, CALLSD_PATH, "org.freedesktop.DBus.ObjectManager",
                     "GetManagedObjects", NULL, NULL, &error, &arguments);
        if (r < 0)
                return r;
        for (struct test_call *call = check->calls; call; call = call->next)
                call->gone = true;
        json_object_foreach (json_array_get(arguments, 0), path, interfaces) {
                const json_t *public = json_object_get(interfaces, CALL_INTERFACE);

                if (public)
                        learn(check, path, public);
        }
        calls_identify(check);
        return 0;
}

bool call_lives(const struct test_call *call)
{
        return *call->path != '\0' && !call->gone && strcmp(call->state, "ended") != 0;
}

bool call_in(const struct test_call *call, const char *state)
{
        return call_lives(call) && strcmp(call->state, state) == 0;
}

/* A new reference, or NULL where the call has gone. */
json_t *call_details(struct check *check, const struct test_call *call)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;

        if (bus_call(check->ctl, call->path, CALL_INTERFACE, "GetDetails", NULL, NULL, &error,
                     &arguments) < 0)
                return NULL;
        return json_incref(json_array_get(arguments, 0));
}

bool call_flag(struct check *check, const struct test_call *call, const char *property)
{
        _cleanup_json_ json_t *value =
                bus_get_property(check->ctl, call->path, CALL_INTERFACE, property);

        return json_is_true(value);
}

void calls_identify(struct check *check)
{
        for (struct test_call *call = check->calls; call; call = call->next) {
                _cleanup_json_ json_t *details = NULL;
                const char *provider;

                if (call->owner != OWNER_UNKNOWN || !call_lives(call) || !check->callsd)
                        continue;
                details = call_details(check, call);
                if (!details)
                        continue;
                provider = text_of(details, "Provider");
                call->owner = strcmp(provider, check->path) == 0 ? OWNER_TESTED : OWNER_OTHER;
                if (call->owner == OWNER_OTHER)
                        check_stop(check, "there is a call of another app; checks could harm it");
        }
}

bool call_wait(struct check *check, const struct test_call *call, const char *state)
{
        uint64_t deadline = deadline_in(patience(check));

        while (!call_in(call, state) && call_lives(call) && check_turn(check, deadline))
                ;
        return call_in(call, state);
}

bool call_wait_over(struct check *check, const struct test_call *call)
{
        uint64_t deadline = deadline_in(patience(check));

        while (call_lives(call) && check_turn(check, deadline))
                ;
        return !call_lives(call);
}

static int append_end(sd_bus_message *message, const void *userdata)
{
        const struct test_call *call = userdata;

        return sd_bus_message_append(message, "a(sa{sv})a{sv}", 1, "end-call", 1, "Call", "s",
                                     call->uuid, 1, "TimeoutUSec", "t", SEC);
}

/* Ends what there is of the tested app's calls; what it takes is not looked at. */
void calls_clear(struct check *check)
{
        uint64_t deadline = deadline_in(3 * SEC);
        bool any = check->began;

        for (struct test_call *call = check->calls; call && any && check->callsd;
             call = call->next) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                if (call->owner == OWNER_TESTED && call_lives(call))
                        (void)bus_call(check->ctl, CALLSD_PATH, MANAGER_INTERFACE,
                                       "RequestTransaction", append_end, call, &error, NULL);
        }
        while (any) {
                any = false;
                for (const struct test_call *call = check->calls; call; call = call->next)
                        any = any || (call->owner == OWNER_TESTED && call_lives(call));
                if (any && !check_turn(check, deadline))
                        break;
        }
        commands_end(check);
}

void calls_free(struct check *check)
{
        struct test_call *call;

        while ((call = check->calls)) {
                check->calls = call->next;
                free(call);
        }
}
