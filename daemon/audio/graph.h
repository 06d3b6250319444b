/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mirror of the server's graph: nodes, their ports and links, clients, and the session manager's
 * "default" metadata.
 *
 * Ids are used again by the server; what outlives one turn is named by `serial`. An object that we
 * asked the server to remove is `doomed`: it is still listed until the server says so, and counts
 * for nothing.
 */
#ifndef CALLSD_AUDIO_GRAPH_H
#define CALLSD_AUDIO_GRAPH_H

#include <sys/types.h>
#include <uthash.h>

#include "audio/pw-loop.h"

/* Of the session manager's metadata, about PW_ID_CORE. */
#define GRAPH_DEFAULT_SINK "default.audio.sink"
#define GRAPH_DEFAULT_SOURCE "default.audio.source"

struct graph;
struct session;

struct graph_client {
        UT_hash_handle hh;
        uint32_t id;
        pid_t pid;    /* of the process at the other end of the socket; cannot be made up */
        char *app_id; /* of a sandboxed app, from the portal's access check, or NULL */
        struct pw_proxy *proxy;
        struct spa_hook listener;
        struct spa_hook proxy_listener;
};

struct graph_port {
        UT_hash_handle hh;
        struct graph_port *prev;
        struct graph_port *next;
        uint32_t id;
        uint64_t serial;
        struct graph_node *node;
        uint32_t index; /* port.id: the order within node and direction */
        bool output;
        char channel[16];
};

struct graph_link {
        UT_hash_handle hh;
        struct graph_link *output_prev; /* in output->outputs */
        struct graph_link *output_next;
        struct graph_link *input_prev; /* in input->inputs */
        struct graph_link *input_next;
        uint32_t id;
        struct graph_node *output;
        struct graph_node *input;
        uint32_t output_port;
        uint32_t input_port;
        bool doomed;
};

struct graph_node {
        UT_hash_handle hh;
        struct graph *graph;
        uint32_t id;
        uint64_t serial;
        uint32_t client;
        uint32_t device; /* whose profile made it; 0 = none */
        int priority;    /* priority.session: the session manager's order of devices */
        char *name;
        char *media_class;
        char *role;
        char *description;
        struct graph_port *ports;   /* sorted by index */
        struct graph_link *outputs; /* links that start here */
        struct graph_link *inputs;  /* links that end here */
        char *moved_to;             /* target.object in the metadata: a serial or a name */
        bool doomed;

        /* From its info; for streams, our own nodes and those of devices only. */
        struct pw_proxy *proxy;
        struct spa_hook listener;
        struct spa_hook proxy_listener;
        bool has_info;
        enum pw_node_state state;
        char *call_id;     /* callsd.call.id */
        char *target;      /* target.object as the stream itself says */
        pid_t claimed_pid; /* application.process.id: a hint, for PulseAudio clients alone */
        bool unanswered;   /* of a PulseAudio client that waits: find.c, introduce.c */
        bool capture_sink; /* records what a sink plays */
        bool filter;       /* the other half of a sink or source: an effect, a loopback */
        bool has_mute;
        bool mute;
        int card; /* card.profile.device: which part of its device it is; -1 = not known */

        /* Kept for find.c: the session whose stream this is. */
        struct session *session;
        bool joined;           /* by a property of its own, not by us */
        usec_t unlinked_since; /* since when it could be linked to its session and is not; 0 = is */
        unsigned rounds;       /* how often it was moved away in the second that began then */
        usec_t rounds_since;
        bool fight_told;
};

struct graph_events {
        void (*node_added_fn)(struct graph_node *node, void *userdata);
        void (*node_info_fn)(struct graph_node *node, void *userdata);
        void (*node_mute_fn)(struct graph_node *node, void *userdata);
        void (*node_removed_fn)(struct graph_node *node, void *userdata); /* its last moment */
        void (*ports_fn)(struct graph_node *node, void *userdata);
        void (*link_added_fn)(struct graph_link *link, void *userdata);
        void (*link_removed_fn)(struct graph_link *link, void *userdata);
        void (*target_fn)(struct graph_node *node, void *userdata); /* `moved_to` changed */
        void (*defaults_fn)(void *userdata);     /* they changed, or somebody wants them to */
        void (*client_added_fn)(void *userdata); /* somebody else than we */
        void (*manager_fn)(bool present, void *userdata); /* the session manager came or went */
};

struct graph {
        struct server *server;
        const struct graph_events *events;
        void *userdata;
        struct pw_registry *registry;
        struct spa_hook registry_listener;
        struct graph_client *clients;
        struct graph_node *nodes;
        struct graph_port *ports;
        struct graph_link *links;
        struct pw_proxy *metadata; /* NULL without a session manager */
        uint32_t metadata_id;
        uint64_t metadata_serial; /* what has a lower one is older than the session manager */
        struct spa_hook metadata_listener;
        struct spa_hook metadata_proxy_listener;
        uint64_t last_serial; /* the highest that was ever listed */
        char *default_sink;   /* node.name, or NULL */
        char *default_source; /* node.name, or NULL */
};

void graph_init(struct graph *graph, struct server *server, const struct graph_events *events,
                void *userdata);
int graph_connect(struct graph *graph);
void graph_disconnect(struct graph *graph);

/* What the metadata says, whoever has read it. */
void graph_take_metadata(struct graph *graph, uint32_t subject, const char *key, const char *value);

struct graph_node *graph_find_node(struct graph *graph, uint32_t id);
struct graph_node *graph_find_node_by_name(struct graph *graph, const char *name);
struct graph_node *graph_find_node_by_serial(struct graph *graph, uint64_t serial);
struct graph_client *graph_find_client(struct graph *graph, uint32_t id);
struct graph_link *graph_find_link(struct graph_node *output, uint32_t output_port,
                                   uint32_t input_port);

/* The n-th port of a direction by index; NULL beyond the last. */
struct graph_port *graph_node_get_port(struct graph_node *node, bool output, unsigned nth);

/* graph-request.c */

void graph_destroy_node(struct graph_node *node);
/* False if it was doomed already. */
bool graph_destroy_link(struct graph *graph, struct graph_link *link);
void graph_set_mute(struct pw_proxy *node_proxy, bool mute);
/* A session manager gives every node its ports and waits until they change (WirePlumber before
 * 0.5). Those of a node that has them from its predecessor do not change, and as long as one waits
 * nothing is linked any more, on the whole desktop. Without one: whether the next one would. */
bool graph_node_blocks(const struct graph_node *node);
/* `serial` 0 removes what was written. */
void graph_move_stream(struct graph_node *stream, uint64_t serial);

static inline bool graph_node_is_stream(const struct graph_node *node)
{
        return strncmp(node->media_class, "Stream/", 7) == 0;
}

#endif
