/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which routes there are, and of what kind; see route.h. */
#include "audio/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "audio/audio-private.h"

struct word {
        const char *word;
        const char *kind;
};

const char *route_guess_kind(const char *name, const char *description)
{
        static const struct word words[] = {
                {"bluez", "bluetooth"},   {"hdmi", "hdmi"},        {"displayport", "hdmi"},
                {"earpiece", "earpiece"}, {"handset", "earpiece"}, {"headset", "headset"},
                {"headphone", "headset"}, {"speaker", "speaker"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                if (strcasestr(name, words[i].word) || strcasestr(description, words[i].word))
                        return words[i].kind;
        }
        return "other";
}

/* By what the driver says of a port or of the whole device. */
static const char *kind_of_type(const char *type)
{
        static const struct word types[] = {
                {"speaker", "speaker"},   {"headphones", "headset"},
                {"headphone", "headset"}, {"headset", "headset"},
                {"handset", "earpiece"},  {"earpiece", "earpiece"},
                {"hdmi", "hdmi"},         {"tv", "hdmi"},
                {"car", "car"},           {"hands-free", "headset"},
                {"internal", "speaker"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                if (streq(type, types[i].word))
                        return types[i].kind;
        }
        return "other";
}

bool route_kind_is_headset(const char *kind)
{
        return streq(kind, "headset") || streq(kind, "bluetooth") || streq(kind, "car");
}

bool device_is_bluetooth(const struct device *device)
{
        return streq(str_or_empty(device->api), "bluez5");
}

const char *route_kind_of_port(const struct device *device, const struct device_port *port)
{
        const char *kind = kind_of_type(port->type);

        if (streq(kind, "other"))
                kind = route_guess_kind(port->name, port->description);
        /* What is built in and has no other name is a speaker, or the microphone beside it. */
        if (streq(kind, "other"))
                kind = kind_of_type(str_or_empty(device->form_factor));
        return kind;
}

static const char *kind_of_bluetooth(const struct device *device)
{
        return streq(str_or_empty(device->form_factor), "car") ? "car" : "bluetooth";
}

const char *route_kind_of_source(struct audio *audio, const struct graph_node *source)
{
        const struct device *device = device_find(&audio->devices, source->device);
        const struct device_port *port;

        if (!device)
                return route_guess_kind(source->name, source->description);
        if (device_is_bluetooth(device))
                return kind_of_bluetooth(device);
        port = device_find_port(device, device_get_active(device, source->card));
        return port ? route_kind_of_port(device, port)
                    : kind_of_type(str_or_empty(device->form_factor));
}

/* Building the list */

/* How many bytes follow this first one; -1 = it is none. */
static int utf8_rest(unsigned char first)
{
        if (first < 0x80)
                return 0;
        if (first >= 0xc2 && first < 0xe0)
                return 1;
        if (first >= 0xe0 && first < 0xf0)
                return 2;
        return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

/* Any client of the server may call its node anything; D-Bus takes proper text alone. */
static bool is_text(const char *text)
{
        const unsigned char *at = (const unsigned char *)text;

        while (*at) {
                unsigned char first = *at++;
                int rest = utf8_rest(first);

                /* Too long forms, surrogates, beyond the last plane. */
                if (rest < 0 || (first == 0xe0 && *at < 0xa0) || (first == 0xed && *at > 0x9f) ||
                    (first == 0xf0 && *at < 0x90) || (first == 0xf4 && *at > 0x8f))
                        return false;
                for (; rest > 0; rest--, at++) {
                        if ((*at & 0xc0) != 0x80)
                                return false;
                }
        }
        return true;
}

static struct route *add(struct routes *routes, const char *id)
{
        struct route *items;
        char *copy;

        if (!*id || !is_text(id))
                return NULL;
        items = reallocarray(routes->items, routes->n + 1, sizeof(*items));
        copy = strdup(id);
        if (items)
                routes->items = items;
        if (!items || !copy) {
                free(copy);
                return NULL;
        }
        items[routes->n] = (struct route){.id = copy};
        return &items[routes->n++];
}

static bool profile_is_available(const struct device *device, int index)
{
        const struct device_profile *profile = device_find_profile(device, index);

        return profile && profile->available;
}

static bool port_is_available(const struct device *device, const struct device_port *port)
{
        if (!port->available)
                return false;
        for (unsigned i = 0; i < port->profiles.n; i++) {
                if (profile_is_available(device, port->profiles.items[i]))
                        return true;
        }
        return port->profiles.n == 0;
}

static void add_port(struct routes *routes, struct device *device, const struct device_port *port)
{
        char id[512];
        struct route *route;

        snprintf(id, sizeof(id), "%s/%s", device->name, port->name);
        route = add(routes, id);
        if (!route)
                return;
        route->kind = route_kind_of_port(device, port);
        route->description = port->description;
        route->available = port_is_available(device, port);
        route->priority = port->priority;
        route->device = device;
        route->port = port;
}

static bool plays(const struct device *device)
{
        for (unsigned i = 0; i < device->params.n_profiles; i++) {
                if (device->params.profiles[i].output && device->params.profiles[i].available)
                        return true;
        }
        return false;
}

static void add_bluetooth(struct routes *routes, struct device *device)
{
        struct route *route = plays(device) ? add(routes, device->name) : NULL;

        if (!route)
                return;
        route->kind = kind_of_bluetooth(device);
        route->description = device->description ? device->description : device->name;
        route->available = true;
        route->device = device;
}

static bool has_output_ports(const struct device *device)
{
        for (unsigned i = 0; i < device->params.n_ports; i++) {
                if (device->params.ports[i].output)
                        return true;
        }
        return false;
}

static void add_device(struct routes *routes, struct device *device)
{
        if (device_is_bluetooth(device)) {
                add_bluetooth(routes, device);
                return;
        }
        for (unsigned i = 0; i < device->params.n_ports; i++) {
                if (device->params.ports[i].output)
                        add_port(routes, device, &device->params.ports[i]);
        }
}

static bool stands_for_itself(struct audio *audio, const struct graph_node *node)
{
        const struct device *device = device_find(&audio->devices, node->device);

        if (node->doomed ||
            (!streq(node->media_class, "Audio/Sink") && !streq(node->media_class, "Audio/Duplex")))
                return false;
        return !device || !(device_is_bluetooth(device) || has_output_ports(device));
}

static void add_node(struct routes *routes, struct graph_node *node)
{
        struct route *route = add(routes, node->name);

        if (!route)
                return;
        route->kind = route_guess_kind(node->name, node->description);
        route->description = *node->description ? node->description : node->name;
        route->available = graph_node_get_port(node, false, 0);
        route->priority = node->priority;
        route->node = node;
}

const struct routes *routes_get(struct audio *audio)
{
        struct routes *routes = &audio->routes;
        struct graph_node *node;
        struct device *device;

        if (routes->built)
                return routes;
        routes->built = true;
        for (node = audio->graph.nodes; node; node = node->hh.next) {
                if (stands_for_itself(audio, node))
                        add_node(routes, node);
        }
        for (device = audio->devices.list; device; device = device->hh.next)
                add_device(routes, device);
        for (unsigned i = 0; i < routes->n; i++) {
                if (!is_text(routes->items[i].description))
                        routes->items[i].description = routes->items[i].id;
        }
        return routes;
}

void routes_done(struct routes *routes)
{
        for (unsigned i = 0; i < routes->n; i++)
                free(routes->items[i].id);
        free(routes->items);
        *routes = (struct routes){.n = 0};
}

/* Searching it */

const struct route *route_find(struct audio *audio, const char *id)
{
        const struct routes *routes = routes_get(audio);

        for (unsigned i = 0; i < routes->n; i++) {
                if (streq(routes->items[i].id, id))
                        return &routes->items[i];
        }
        return NULL;
}

/* The user's own choice, then the session manager's order. */
static bool is_better(struct audio *audio, const struct route *route, const struct route *best)
{
        const char *name = str_or_empty(audio->graph.default_sink);

        if (!best)
                return true;
        if (best->node && streq(best->node->name, name))
                return false;
        if (route->node && streq(route->node->name, name))
                return true;
        return route->priority > best->priority;
}

const struct route *route_find_kind(struct audio *audio, const char *kind)
{
        const struct routes *routes = routes_get(audio);
        const struct route *best = NULL;

        for (unsigned i = 0; i < routes->n; i++) {
                const struct route *route = &routes->items[i];

                if (route->available && streq(route->kind, kind) && is_better(audio, route, best))
                        best = route;
        }
        return best;
}

const struct route *route_of_sink(struct audio *audio, const struct graph_node *sink)
{
        const struct routes *routes = routes_get(audio);
        const struct device *device = device_find(&audio->devices, sink->device);
        int active = device ? device_get_active(device, sink->card) : -1;

        for (unsigned i = 0; i < routes->n; i++) {
                const struct route *route = &routes->items[i];

                if (route->node ? route->node == sink
                                : route->device == device &&
                                          (!route->port || route->port->index == active))
                        return route;
        }
        return NULL;
}
