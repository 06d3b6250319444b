/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices that calls are linked to; see route.h. */
#include "audio/route.h"

#include <errno.h>
#include <strings.h>

#include "audio/audio-private.h"

static struct graph_node *find_device(struct audio *audio, const char *name, bool output,
                                      bool *ret_wait)
{
        struct graph_node *node;

        *ret_wait = name || audio_now() < audio->defaults_until;
        if (!name)
                return NULL;
        node = graph_find_node_by_name(&audio->graph, name);
        if (!node || !graph_node_get_port(node, output, 0))
                return NULL;
        *ret_wait = false;
        return node;
}

struct graph_node *route_speaker(struct audio *audio, bool *ret_wait)
{
        return find_device(audio, audio->graph.default_sink, false, ret_wait);
}

struct graph_node *route_microphone(struct audio *audio, bool *ret_wait)
{
        return find_device(audio, audio->graph.default_source, true, ret_wait);
}

bool route_uses(struct audio *audio, const struct graph_node *node)
{
        return streq(node->name, str_or_empty(audio->graph.default_sink)) ||
               streq(node->name, str_or_empty(audio->graph.default_source));
}

const char *route_guess_kind(const char *name, const char *description)
{
        static const struct {
                const char *word;
                const char *kind;
        } words[] = {
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

const char *audio_get_route(const struct audio *audio)
{
        return str_or_empty(audio->graph.default_sink);
}

static bool is_route(const struct graph_node *node)
{
        return !node->doomed &&
               (streq(node->media_class, "Audio/Sink") || streq(node->media_class, "Audio/Duplex"));
}

void audio_list_routes(struct audio *audio, audio_route_fn route_fn, void *userdata)
{
        struct graph_node *node;
        struct graph_node *next;

        HASH_ITER (hh, audio->graph.nodes, node, next) {
                struct audio_route route;

                if (!is_route(node))
                        continue;
                route = (struct audio_route){
                        .id = node->name,
                        .kind = route_guess_kind(node->name, node->description),
                        .description = *node->description ? node->description : node->name,
                        .available = graph_node_get_port(node, false, 0),
                };
                route_fn(&route, userdata);
        }
}

int audio_set_route(struct audio *audio, const char *id)
{
        (void)audio;
        (void)id;
        return -EOPNOTSUPP;
}
