/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of objects: paths, and what is where.
 *
 * Calls and providers are served by one fallback vtable each: sd-bus asks for the object at the
 * moment of the message, by path, so nothing has to be registered when a call comes or goes, and
 * no pointer into the model is kept.
 */
#include "bus/bus-object.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

const char *call_path(const char *uuid, char *path)
{
        char *at;

        at = stpcpy(path, PATH_CALLS "/");
        for (; *uuid; uuid++)
                *at++ = *uuid == '-' ? '_' : *uuid;
        *at = '\0';
        return path;
}

const char *provider_path(unsigned number, char *path)
{
        snprintf(path, PATH_SIZE, PATH_PROVIDERS "/p%u", number);
        return path;
}

/* What follows `prefix` and a slash, or NULL. */
static const char *path_after(const char *path, const char *prefix)
{
        size_t length = strlen(prefix);

        if (strncmp(path, prefix, length) != 0 || path[length] != '/')
                return NULL;
        return path + length + 1;
}

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool call_path_decode(const char *path, struct uuid *ret_uuid)
{
        const char *name = path_after(path, PATH_CALLS);
        struct uuid uuid;
        size_t i;

        if (!name || strlen(name) != UUID_TEXT_SIZE - 1)
                return false;
        for (i = 0; i < UUID_TEXT_SIZE - 1; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? name[i] != '_' : !is_hex(name[i]))
                        return false;
                uuid.text[i] = dash ? '-' : name[i];
        }
        uuid.text[i] = '\0';
        *ret_uuid = uuid;
        return true;
}

bool provider_path_decode(const char *path, unsigned *ret_number)
{
        const char *name = path_after(path, PATH_PROVIDERS);
        char again[PATH_SIZE];
        unsigned number;

        if (!name || sscanf(name, "p%u", &number) != 1)
                return false;
        if (!streq(provider_path(number, again), path))
                return false;
        *ret_number = number;
        return true;
}

const struct call *bus_get_call(struct bus *bus, const char *path)
{
        const struct call *call;
        struct uuid uuid;
        bool ours = call_path_decode(path, &uuid);

        assert(ours);
        call = engine_find_call(bus->engine, uuid.text);
        assert(call);
        return call;
}

const struct provider *bus_get_provider(struct bus *bus, const char *path)
{
        const struct provider *provider;
        unsigned number;
        bool ours = provider_path_decode(path, &number);

        assert(ours);
        provider = engine_find_provider(bus->engine, number);
        assert(provider);
        return provider;
}

/* sd-bus asks what was there while the end of an object is announced. */
static bool is_being_removed(const struct bus *bus, const char *path)
{
        return bus->removing && streq(bus->removing, path);
}

/* A path that names a call which is gone (or never was) is told apart from a path of nothing. */
static int find_call(sd_bus *connection, const char *path, const char *interface, void *userdata,
                     void **ret_found, sd_bus_error *error)
{
        struct bus *bus = userdata;
        struct uuid uuid;

        (void)connection;
        (void)interface;
        if (!call_path_decode(path, &uuid))
                return 0;
        if (!engine_find_call(bus->engine, uuid.text) && !is_being_removed(bus, path))
                return bus_error_refuse(error, REFUSAL_REQUEST_UNKNOWN_CALL,
                                        "There is no call %s, or it is over", uuid.text);
        *ret_found = bus;
        return 1;
}

/* Provider1 is there while the app is. */
static bool has_interface(const struct provider *provider, const char *interface)
{
        if (!provider || provider->state == PROVIDER_GONE)
                return false;
        return !streq(interface, INTERFACE_PROVIDER) || provider->state == PROVIDER_RUNNING;
}

static int find_provider(sd_bus *connection, const char *path, const char *interface,
                         void *userdata, void **ret_found, sd_bus_error *error)
{
        struct bus *bus = userdata;
        unsigned number;

        (void)connection;
        (void)error;
        if (!provider_path_decode(path, &number))
                return 0;
        if (!has_interface(engine_find_provider(bus->engine, number), interface) &&
            !is_being_removed(bus, path))
                return 0;
        *ret_found = bus;
        return 1;
}

static char **strings_free(char **strings, size_t n)
{
        while (n > 0)
                free(strings[--n]);
        free(strings);
        return NULL;
}

static int list_calls(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                      sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = NULL;
        size_t n = 0, i = 0;
        char **nodes, path[PATH_SIZE];

        (void)connection;
        (void)prefix;
        (void)error;
        while ((call = engine_next_call(bus->engine, call)))
                n++;
        nodes = calloc(n + 1, sizeof(*nodes));
        if (!nodes)
                return -ENOMEM;
        while ((call = engine_next_call(bus->engine, call))) {
                nodes[i] = strdup(call_path(call->id.text, path));
                if (!nodes[i++]) {
                        strings_free(nodes, i);
                        return -ENOMEM;
                }
        }
        *ret_nodes = nodes;
        return 0;
}

static int list_providers(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                          sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct provider *provider = NULL;
        size_t n = 0, i = 0;
        char **nodes, path[PATH_SIZE];

        (void)connection;
        (void)prefix;
        (void)error;
        while ((provider = engine_next_provider(bus->engine, provider)))
                n++;
        nodes = calloc(n + 1, sizeof(*nodes));
        if (!nodes)
                return -ENOMEM;
        while ((provider = engine_next_provider(bus->engine, provider))) {
                nodes[i] = strdup(provider_path(provider->number, path));
                if (!nodes[i++]) {
                        strings_free(nodes, i);
                        return -ENOMEM;
                }
        }
        *ret_nodes = nodes;
        return 0;
}

static int add_object(struct bus *bus, const char *path, const char *interface,
                      const sd_bus_vtable *vtable)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_add_object_vtable(bus->connection, &slot, path, interface, vtable, bus);
        if (r >= 0)
                bus_keep_slot(bus, slot);
        return r;
}

static int add_fallback(struct bus *bus, const char *prefix, const char *interface,
                        const sd_bus_vtable *vtable, sd_bus_object_find_t find)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_add_fallback_vtable(bus->connection, &slot, prefix, interface, vtable, find,
                                       bus);
        if (r >= 0)
                bus_keep_slot(bus, slot);
        return r;
}

static int add_list(struct bus *bus, const char *prefix, sd_bus_node_enumerator_t list)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_add_node_enumerator(bus->connection, &slot, prefix, list, bus);
        if (r >= 0)
                bus_keep_slot(bus, slot);
        return r;
}

int bus_objects_add(struct bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_add_object_manager(bus->connection, &slot, PATH_ROOT);
        if (r < 0)
                return r;
        bus_keep_slot(bus, slot);
        if ((r = add_object(bus, PATH_ROOT, INTERFACE_MANAGER, manager_vtable)) < 0 ||
            (r = add_object(bus, PATH_AUDIO, INTERFACE_AUDIO, audio_vtable)) < 0 ||
            (r = add_fallback(bus, PATH_PROVIDERS, INTERFACE_PROVIDER, provider_vtable,
                              find_provider)) < 0 ||
            (r = add_fallback(bus, PATH_PROVIDERS, INTERFACE_PROVIDER_INFO, provider_info_vtable,
                              find_provider)) < 0 ||
            (r = add_fallback(bus, PATH_CALLS, INTERFACE_CALL, call_vtable, find_call)) < 0 ||
            (r = add_list(bus, PATH_PROVIDERS, list_providers)) < 0 ||
            (r = add_list(bus, PATH_CALLS, list_calls)) < 0)
                return r;
        return 0;
}
