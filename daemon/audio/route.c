/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which route a call takes; see route.h. */
#include "audio/route.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "audio/device-use.h"
#include "audio/find.h"
#include "util/log.h"

/* A headset that changes its profile is without a sink for a moment, and the session manager names
 * another default device meanwhile: the call does not go there. */
#define HOLD (2 * USEC_PER_SEC)

void route_changed(struct audio *audio)
{
        routes_done(&audio->routes);
        session_touch_all(audio);
        audio_changed(audio);
}

void route_node_removed(struct audio *audio, const struct graph_node *node)
{
        struct session *session;

        if (node->device != 0) {
                for (session = audio->sessions; session; session = session->hh.next) {
                        if (session->on_device != 0 && session->on_node == node->serial)
                                session->hold_until = audio_now() + HOLD;
                }
        }
        if (strncmp(node->media_class, "Audio/", 6) == 0 && !names_is_ours(node->name))
                route_changed(audio);
}

void route_device_changed(struct device *device, bool gone, void *userdata)
{
        struct audio *audio = userdata;

        if (gone)
                device_use_gone(audio, device);
        route_changed(audio);
}

/* Which route */

/* What was chosen for the call, or for one of those that a shared session serves. */
static const char *find_choice(const struct session *session)
{
        const struct session *other;

        if (!session->shared)
                return session->route;
        for (other = session->audio->sessions; other; other = other->hh.next) {
                if (!other->shared && other->route && other->level == AUDIO_LEVEL_LINKED &&
                    streq(str_or_empty(other->provider), str_or_empty(session->provider)))
                        return other->route;
        }
        return NULL;
}

/* In "identifier:kind,kind" the kinds for this provider, or NULL. */
static const char *find_provider_kinds(const struct audio *audio, const char *provider)
{
        size_t length = strlen(provider);
        char **entry;

        for (entry = audio->config.provider_routes; length > 0 && entry && *entry; entry++) {
                if (strncmp(*entry, provider, length) == 0 && (*entry)[length] == ':')
                        return *entry + length + 1;
        }
        return NULL;
}

static const struct route *find_of_kinds(struct audio *audio, const char *kinds)
{
        while (*kinds) {
                size_t length = strcspn(kinds, ",");
                const struct route *route;
                char kind[32] = "";

                if (length < sizeof(kind))
                        memcpy(kind, kinds, length);
                route = route_find_kind(audio, kind);
                if (route)
                        return route;
                kinds += length + (kinds[length] == ',');
        }
        return NULL;
}

static const struct route *find_preferred(struct audio *audio, const char *provider)
{
        const char *kinds = find_provider_kinds(audio, provider);
        char **kind;

        if (kinds)
                return find_of_kinds(audio, kinds);
        for (kind = audio->config.route_preference; kind && *kind; kind++) {
                const struct route *route = route_find_kind(audio, *kind);

                if (route)
                        return route;
        }
        return NULL;
}

/* NULL: the default device. */
static const struct route *find_route(struct audio *audio, const char *choice, const char *provider)
{
        const struct route *route = choice ? route_find(audio, choice) : NULL;

        if (route && route->available)
                return route;
        return find_preferred(audio, provider);
}

static const struct route *session_find_route(const struct session *session)
{
        return find_route(session->audio, find_choice(session), str_or_empty(session->provider));
}

static struct graph_node *find_default(struct audio *audio, const char *name, bool source,
                                       bool *ret_wait)
{
        struct graph_node *node;

        *ret_wait = name || audio_now() < audio->defaults_until;
        if (!name)
                return NULL;
        node = graph_find_node_by_name(&audio->graph, name);
        if (!node || !graph_node_get_port(node, source, 0))
                return NULL;
        *ret_wait = false;
        return node;
}

static const struct route *default_route(struct audio *audio)
{
        const struct graph_node *sink =
                graph_find_node_by_name(&audio->graph, str_or_empty(audio->graph.default_sink));

        return sink ? route_of_sink(audio, sink) : NULL;
}

/* Microphones */

static bool is_source(const struct graph_node *node)
{
        return !node->doomed && !names_is_ours(node->name) &&
               (streq(node->media_class, "Audio/Source") ||
                streq(node->media_class, "Audio/Source/Virtual") ||
                streq(node->media_class, "Audio/Duplex")) &&
               graph_node_get_port((struct graph_node *)node, true, 0);
}

static struct graph_node *find_built_in_microphone(struct audio *audio,
                                                   const struct graph_node *speaker)
{
        struct graph_node *best = NULL;
        struct graph_node *node;

        for (node = audio->graph.nodes; node; node = node->hh.next) {
                bool beside = speaker && node->device != 0 && node->device == speaker->device;

                if (!is_source(node) || route_kind_is_headset(route_kind_of_source(audio, node)))
                        continue;
                if (beside)
                        return node;
                if (!best || node->priority > best->priority)
                        best = node;
        }
        return best;
}

/* A headset brings its own; for the others it is the default one, unless that is a headset's. */
static struct graph_node *find_microphone(struct audio *audio, const struct route *route,
                                          const struct graph_node *speaker, bool *ret_wait)
{
        struct graph_node *chosen =
                find_default(audio, audio->graph.default_source, true, ret_wait);
        const struct device *device =
                speaker ? device_find(&audio->devices, speaker->device) : NULL;
        struct graph_node *other = NULL;

        if (route_kind_is_headset(route->kind))
                other = device ? device_find_node(audio, device, true, NULL) : NULL;
        else if (chosen && route_kind_is_headset(route_kind_of_source(audio, chosen)))
                other = find_built_in_microphone(audio, speaker);
        if (!other)
                return chosen;
        *ret_wait = false;
        return other;
}

/* Resolving */

static void resolve_default(struct audio *audio, struct route_ends *ends)
{
        const struct route *route = default_route(audio);
        bool wait_speaker;
        bool wait_microphone;

        ends->speaker = find_default(audio, audio->graph.default_sink, false, &wait_speaker);
        ends->microphone = find_default(audio, audio->graph.default_source, true, &wait_microphone);
        if (route && route_kind_is_headset(route->kind) && ends->speaker)
                ends->microphone = find_microphone(audio, route, ends->speaker, &wait_microphone);
        ends->id = route ? route->id : "";
        ends->kind = route ? route->kind : "other";
        ends->wait = wait_speaker || wait_microphone;
}

static void resolve_route(struct audio *audio, const struct route *route, struct route_ends *ends)
{
        ends->id = route->id;
        ends->kind = route->kind;
        if (route->device && device_use_is_coming(audio, route->device, route->port)) {
                ends->wait = true;
                return;
        }
        ends->speaker = route->node ? route->node
                                    : device_find_node(audio, route->device, false,
                                                       route->port ? &route->port->cards : NULL);
        ends->microphone = find_microphone(audio, route, ends->speaker, &ends->wait);
        ends->wait = ends->wait || !ends->speaker;
}

/* The headset that the call is on, as long as it may come back with other nodes: from the moment
 * when it lost its sink until the session manager has made it the default device again. */
static const struct route *held_route(const struct session *session)
{
        struct audio *audio = session->audio;
        const struct device *device = device_find_by_serial(&audio->devices, session->on_device);
        const struct graph_node *sink =
                graph_find_node_by_name(&audio->graph, str_or_empty(audio->graph.default_sink));

        if (!device || audio_now() >= session->hold_until || (sink && sink->device == device->id))
                return NULL;
        return route_find(audio, device->name);
}

static void remember_device(struct session *session, const struct route_ends *ends)
{
        const struct device *device;

        if (!ends->speaker)
                return;
        device = device_find(&session->audio->devices, ends->speaker->device);
        session->on_device = device && device_is_bluetooth(device) ? device->serial : 0;
        session->on_node = ends->speaker->serial;
}

void route_resolve(struct session *session, struct route_ends *ret_ends)
{
        struct audio *audio = session->audio;
        struct route_ends ends = {.id = "", .kind = "other"};
        const struct route *route = session_find_route(session);

        if (!route)
                route = held_route(session);
        if (!devices_are_known(&audio->devices) || session->adopted) {
                ends.wait = true;
        } else {
                if (route)
                        resolve_route(audio, route, &ends);
                else
                        resolve_default(audio, &ends);
                remember_device(session, &ends);
        }
        *ret_ends = ends;
}

/* Choosing */

static int set_choice(struct session *session, const char *id)
{
        char *copy = NULL;

        if (*id) {
                copy = strdup(id);
                if (!copy)
                        return -ENOMEM;
        }
        free(session->route);
        session->route = copy;
        session->hold_until = 0;
        session_touch_all(session->audio);
        audio_changed(session->audio);
        return 0;
}

void route_choose(struct session *session, const char *id)
{
        if (set_choice(session, id) < 0)
                log_write(LOG_ERR, &(struct log_context){.call = session->key},
                          "There is no memory for the choice of a route");
}

/* An earlier daemon linked it there, by a choice that we do not know. */
static void stay_where_it_is(struct session *session)
{
        struct audio *audio = session->audio;
        const struct route *expected = session_find_route(session);
        const struct graph_link *link;

        session->adopted = false;
        if (session->route || !session->sink.node)
                return;
        DL_FOREACH2 (session->sink.node->outputs, link, output_next) {
                const struct route *there;

                if (link->doomed || graph_node_is_stream(link->input) ||
                    names_is_ours(link->input->name))
                        continue;
                there = route_of_sink(audio, link->input);
                if (there && there != (expected ? expected : default_route(audio)))
                        route_choose(session, there->id);
                return;
        }
}

/* Devices */

static bool session_records(const struct session *session)
{
        const struct graph_link *link;

        if (!session->source.node)
                return false;
        DL_FOREACH2 (session->source.node->outputs, link, output_next) {
                if (!link->doomed && graph_node_is_stream(link->input))
                        return true;
        }
        return false;
}

/* The session manager looks at the default device alone, and so does not care for a choice. */
static bool is_managed(struct audio *audio, const struct session *session,
                       const struct device *device, bool chosen)
{
        const struct route *standard = default_route(audio);

        return device_is_bluetooth(device) &&
               (!chosen || (standard && standard->device == device) ||
                audio_now() < session->hold_until);
}

static void settle_session(struct audio *audio, const struct session *session)
{
        const struct route *route = session_find_route(session);
        bool chosen = route;

        if (!route)
                route = held_route(session);
        if (!route)
                route = default_route(audio);
        if (!route || !route->device || !route->device->known)
                return;
        device_use_keep(audio, route->device);
        /* The port of the default device is the user's choice; a headset needs its microphone. */
        if (session->level == AUDIO_LEVEL_LINKED && (chosen || !route->port))
                device_use_need(audio, route->device, route->port,
                                is_managed(audio, session, route->device, chosen),
                                session_records(session));
}

void route_settle(struct audio *audio)
{
        struct session *session;

        if (!devices_are_known(&audio->devices))
                return;
        for (session = audio->sessions; session; session = session->hh.next) {
                if (session->adopted)
                        stay_where_it_is(session);
        }
        device_use_begin(audio);
        for (session = audio->sessions; session; session = session->hh.next) {
                if (session_has_nodes_wish(session))
                        settle_session(audio, session);
        }
        device_use_end(audio);
}

usec_t route_deadline(struct audio *audio, usec_t now)
{
        usec_t next = device_use_deadline(audio, now);
        const struct session *session;

        for (session = audio->sessions; session; session = session->hh.next) {
                if (session->hold_until > now && session->hold_until < next)
                        next = session->hold_until;
        }
        if (!devices_are_known(&audio->devices) && audio->devices.patience < next)
                next = audio->devices.patience;
        return next;
}

int audio_set_route(struct audio *audio, const char *call, const char *id)
{
        struct session *session = session_find(audio, call);
        const struct route *route = *id ? route_find(audio, id) : NULL;

        if (!session || session->orphan || session->level == AUDIO_LEVEL_NONE)
                return -ENOENT;
        if (*id && (!route || !route->available))
                return -EINVAL;
        if (route && route->device)
                device_use_retry(audio, route->device);
        return set_choice(session, id);
}

/* What is told */

static const char *route_id(struct audio *audio, const struct route *route)
{
        if (!route)
                route = default_route(audio);
        return route ? route->id : "";
}

const char *route_get_id(struct session *session)
{
        const struct route *route = session_find_route(session);

        return route_id(session->audio, route ? route : held_route(session));
}

const char *audio_get_route(struct audio *audio)
{
        struct session *session;

        for (session = audio->sessions; session; session = session->hh.next) {
                if (session_has_nodes_wish(session) && session->level == AUDIO_LEVEL_LINKED)
                        return route_get_id(session);
        }
        return route_id(audio, find_preferred(audio, ""));
}

void audio_list_routes(struct audio *audio, audio_route_fn route_fn, void *userdata)
{
        const struct routes *routes = routes_get(audio);

        for (unsigned i = 0; i < routes->n; i++) {
                const struct audio_route shown = {
                        .id = routes->items[i].id,
                        .kind = routes->items[i].kind,
                        .description = routes->items[i].description,
                        .available = routes->items[i].available,
                };

                route_fn(&shown, userdata);
        }
}
