/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where calls are heard, and by which microphone.
 *
 * A route is a place for people: a loudspeaker, an earpiece, a headset. It is a sink that stands
 * for itself, one port of a card, or a whole Bluetooth headset whatever its profile is just now.
 * The user's default devices belong to the user and are only read here: a call goes elsewhere by
 * its own links.
 */
#ifndef CALLSD_AUDIO_ROUTE_H
#define CALLSD_AUDIO_ROUTE_H

#include "audio/audio.h"
#include "audio/device.h"
#include "audio/graph.h"
#include "audio/session.h"

struct route {
        char *id;
        const char *kind;
        const char *description;
        bool available;
        int priority;
        struct graph_node *node;        /* the sink that stands for itself, else NULL */
        struct device *device;          /* else the device */
        const struct device_port *port; /* and its port; NULL: all of it, a Bluetooth headset */
};

/* Built when somebody asks, thrown away when something changes. */
struct routes {
        struct route *items;
        unsigned n;
        bool built;
};

/* What a session is to be linked to. */
struct route_ends {
        const char *id; /* "" = none */
        const char *kind;
        struct graph_node *speaker; /* NULL: none that could be used now */
        struct graph_node *microphone;
        bool wait; /* one that is missing may come at any moment */
};

void route_resolve(struct session *session, struct route_ends *ret_ends);

/* Before sessions are compared with the graph: switches devices as far as calls need it. */
void route_settle(struct audio *audio);
/* When to look again although nothing happens; USEC_INFINITY = never. */
usec_t route_deadline(struct audio *audio, usec_t now);

/* Nodes, ports, defaults or devices are not what they were. */
void route_changed(struct audio *audio);
void route_node_removed(struct audio *audio, const struct graph_node *node);
void route_device_changed(struct device *device, bool gone, void *userdata);

/* The id of what the session is heard on, "" without any. */
const char *route_get_id(struct session *session);
/* Also one that is not there (yet): until then it is as if nothing had been chosen. */
void route_choose(struct session *session, const char *id);

/* route-list.c */
const struct routes *routes_get(struct audio *audio);
void routes_done(struct routes *routes);
const struct route *route_find(struct audio *audio, const char *id);
/* The best one of a kind that is available, or NULL. */
const struct route *route_find_kind(struct audio *audio, const char *kind);
/* The route that this sink is a part of just now, or NULL. */
const struct route *route_of_sink(struct audio *audio, const struct graph_node *sink);
/* Whether a microphone comes with it. */
bool route_kind_is_headset(const char *kind);
const char *route_kind_of_source(struct audio *audio, const struct graph_node *source);
const char *route_kind_of_port(const struct device *device, const struct device_port *port);
bool device_is_bluetooth(const struct device *device);

/* What a sink is, as far as its name tells. */
const char *route_guess_kind(const char *name, const char *description);

#endif
