/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls and providers there are, and which call a person means. */
#include "ctl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

bool flag_of(const json_t *object, const char *key)
{
        return json_is_true(json_object_get(object, key));
}

uint64_t number_of(const json_t *object, const char *key)
{
        return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* What a person would call this call. */
const char *call_title(const json_t *call)
{
        const char *name = text_of(call, "DisplayName");

        if (*name == '\0')
                name = text_of(call, "RemoteHandle");
        return *name != '\0' ? name : "unknown";
}

static int list_objects(struct ctl *ctl, json_t **ret_objects)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *arguments = NULL;
        int r;

        r = bus_call(ctl, CALLSD_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                     NULL, NULL, &error, &arguments);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        *ret_objects = json_incref(json_array_get(arguments, 0));
        json_decref(arguments);
        return STATUS_OK;
}

/* The public properties, and all others where we may read them; NULL where the call has gone. */
static json_t *load_details(struct ctl *ctl, const char *path, const json_t *public)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;
        json_t *call = json_object();

        json_object_set_new(call, "Path", json_string(path));
        json_object_update(call, (json_t *)(uintptr_t) public);
        if (bus_call(ctl, path, CALL_INTERFACE, "GetDetails", NULL, NULL, &error, &arguments) >= 0)
                json_object_update(call, json_array_get(arguments, 0));
        else if (!sd_bus_error_has_name(&error, "org.callsd.Error.NotAuthorized")) {
                json_decref(call);
                return NULL;
        }
        return call;
}

static int oldest_first(const void *left, const void *right)
{
        uint64_t a = number_of(*(json_t *const *)left, "StartedAtBoottime");
        uint64_t b = number_of(*(json_t *const *)right, "StartedAtBoottime");

        return a < b ? -1 : a > b;
}

static json_t *sorted(const json_t *calls)
{
        size_t n = json_array_size(calls);
        json_t **items = calloc(n + 1, sizeof(*items)), *result = json_array();

        if (!items)
                return result;
        for (size_t i = 0; i < n; i++)
                items[i] = json_array_get(calls, i);
        qsort(items, n, sizeof(*items), oldest_first);
        for (size_t i = 0; i < n; i++)
                json_array_append(result, items[i]);
        free(items);
        return result;
}

/* An array of objects with the properties of Call1 and Path, oldest call first. */
int call_list_load(struct ctl *ctl, json_t **ret_calls)
{
        _cleanup_json_ json_t *objects = NULL, *calls = json_array();
        const char *path;
        json_t *interfaces;
        int status = list_objects(ctl, &objects);

        if (status != STATUS_OK)
                return status;
        json_object_foreach (objects, path, interfaces) {
                const json_t *public = json_object_get(interfaces, CALL_INTERFACE);
                json_t *call = public ? load_details(ctl, path, public) : NULL;

                if (call)
                        json_array_append_new(calls, call);
        }
        *ret_calls = sorted(calls);
        return STATUS_OK;
}

static json_t *load_provider(struct ctl *ctl, const char *path)
{
        static const char *const properties[] = {
                "Identifier",
                "DisplayName",
                "Icon",
                "Running",
                "MaximumCallGroups",
                "MaximumCallsPerCallGroup",
                "SupportsVideo",
                "SupportedHandleTypes",
                "SupportedURISchemes",
                "Accounts",
                "Emergency",
                "PushMisses",
                "PushBlockedUntil",
                "Testing",
        };
        json_t *provider = json_object();

        json_object_set_new(provider, "Path", json_string(path));
        for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++) {
                json_t *value = bus_get_property(ctl, path, PROVIDER_INTERFACE, properties[i]);

                if (value)
                        json_object_set_new(provider, properties[i], value);
        }
        return provider;
}

/* An array of objects with the properties of ProviderInfo1 and Path. */
int providers_load(struct ctl *ctl, json_t **ret_providers)
{
        _cleanup_json_ json_t *objects = NULL;
        const char *path;
        json_t *interfaces, *providers;
        int status = list_objects(ctl, &objects);

        if (status != STATUS_OK)
                return status;
        providers = json_array();
        json_object_foreach (objects, path, interfaces) {
                if (json_object_get(interfaces, PROVIDER_INTERFACE))
                        json_array_append_new(providers, load_provider(ctl, path));
        }
        *ret_providers = providers;
        return STATUS_OK;
}

/* Whether callsd says that this verb can be asked of the call now. */
bool call_suits(const json_t *call, const struct verb *verb)
{
        const json_t *allowed = json_object_get(call, "Allowed");
        bool muted = flag_of(call, "Muted");

        if (strcmp(verb->name, "continue") == 0)
                return *text_of(call, "PostDial") != '\0';
        if ((strcmp(verb->name, "mute") == 0 && muted) ||
            (strcmp(verb->name, "unmute") == 0 && !muted))
                return false;
        for (size_t i = 0; i < json_array_size(allowed); i++) {
                const char *word = json_string_value(json_array_get(allowed, i));

                for (size_t j = 0; j < 3 && verb->allowed[j]; j++) {
                        if (word && strcmp(word, verb->allowed[j]) == 0)
                                return true;
                }
        }
        return false;
}

/* A UUID, the beginning of one, or the path of a call object. */
bool looks_like_call(const char *text)
{
        if (strncmp(text, CALLSD_CALL_PATH, strlen(CALLSD_CALL_PATH)) == 0)
                return true;
        return *text != '\0' && strspn(text, "0123456789abcdefABCDEF-_") == strlen(text);
}

static bool is_named(const json_t *call, const char *name)
{
        const char *uuid = text_of(call, "UUID");

        if (strncmp(name, CALLSD_CALL_PATH, strlen(CALLSD_CALL_PATH)) == 0)
                name += strlen(CALLSD_CALL_PATH);
        for (; *name != '\0'; name++, uuid++) {
                if (tolower((unsigned char)*name) != *uuid && !(*name == '_' && *uuid == '-'))
                        return false;
        }
        return true;
}

static json_t *uuids_of(const json_t *calls)
{
        json_t *uuids = json_array();

        for (size_t i = 0; i < json_array_size(calls); i++)
                json_array_append_new(uuids,
                                      json_string(text_of(json_array_get(calls, i), "UUID")));
        return uuids;
}

static int ambiguous(const struct ctl *ctl, const json_t *candidates, const char *what)
{
        if (ctl->json) {
                _cleanup_json_ json_t *object =
                        json_pack("{s:s, s:s, s:o}", "Result", "failed", "Message",
                                  "more than one call fits", "Candidates", uuids_of(candidates));

                print_json(object);
                return STATUS_NO_CALL;
        }
        (void)ctl_fail(ctl, STATUS_NO_CALL, "%zu calls %s; name one by the beginning of its UUID",
                       json_array_size(candidates), what);
        for (size_t i = 0; i < json_array_size(candidates); i++) {
                const json_t *call = json_array_get(candidates, i);

                fprintf(stderr, "          %s  %s\n", text_of(call, "UUID"),
                        text_of(call, "State"));
        }
        return STATUS_NO_CALL;
}

static json_t *candidates_for(const json_t *calls, const char *name, const struct verb *verb)
{
        json_t *candidates = json_array();

        for (size_t i = 0; i < json_array_size(calls); i++) {
                json_t *call = json_array_get(calls, i);
                bool ended = flag_of(call, "HasEnded");
                bool fits;

                if (name)
                        fits = is_named(call, name) && (!ended || !verb->allowed[0]);
                else
                        fits = verb->allowed[0] ? call_suits(call, verb) : !ended;
                if (fits)
                        json_array_append(candidates, call);
        }
        return candidates;
}

/*
 * The call that `name` begins, or with NULL the only one for which the verb makes sense. A call
 * that is named is taken even where callsd will refuse: its reason is better than a guess here.
 * `ret_call` is borrowed from `calls`.
 */
int call_list_find(struct ctl *ctl, const json_t *calls, const char *name, const struct verb *verb,
                   const json_t **ret_call)
{
        _cleanup_json_ json_t *candidates = candidates_for(calls, name, verb);
        char *what = NULL;
        int status = STATUS_OK;

        switch (json_array_size(candidates)) {
        case 0:
                if (name)
                        return ctl_fail(ctl, STATUS_NO_CALL,
                                        "no call has a UUID that begins with '%s'", name);
                return ctl_fail(ctl, STATUS_NO_CALL, "there is no call to %s", verb->name);
        case 1:
                *ret_call = json_array_get(candidates, 0);
                return STATUS_OK;
        default:
                if (asprintf(&what, name ? "begin with '%s'" : "could be meant by '%s'",
                             name ? name : verb->name) >= 0)
                        status = ambiguous(ctl, candidates, what);
                free(what);
                return status;
        }
}
