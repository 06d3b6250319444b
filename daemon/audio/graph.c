/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mirror of the server's graph; see graph.h. */
#include "audio/graph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include <pipewire/extensions/metadata.h>
#include <spa/param/props.h>
#include <spa/pod/iter.h>

#include "audio/graph-parse.h"
#include "audio/names.h"

void graph_init(struct graph *graph, struct server *server, const struct graph_events *events,
                void *userdata)
{
        *graph = (struct graph){.server = server, .events = events, .userdata = userdata};
}

/* Clients */

static void on_client_info(void *data, const struct pw_client_info *info)
{
        struct graph_client *client = data;
        const char *app_id = info->props ? spa_dict_lookup(info->props, KEY_PORTAL_APP_ID) : NULL;

        if (app_id && *app_id)
                parse_replace(&client->app_id, app_id);
}

static const struct pw_client_events client_events = {
        PW_VERSION_CLIENT_EVENTS,
        .info = on_client_info,
};

static void on_client_proxy_removed(void *data)
{
        struct graph_client *client = data;

        pw_proxy_destroy(client->proxy);
}

static void on_client_proxy_destroy(void *data)
{
        struct graph_client *client = data;

        spa_hook_remove(&client->listener);
        spa_hook_remove(&client->proxy_listener);
        client->proxy = NULL;
}

static const struct pw_proxy_events client_proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .removed = on_client_proxy_removed,
        .destroy = on_client_proxy_destroy,
};

static void add_client(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
        struct graph_client *client = calloc(1, sizeof(*client));

        if (!client)
                return;
        client->id = id;
        client->pid = (pid_t)parse_number(props, PW_KEY_SEC_PID);
        HASH_ADD(hh, graph->clients, id, sizeof(client->id), client);
        if (client->pid != getpid())
                graph->events->client_added_fn(graph->userdata);
        client->proxy = pw_registry_bind(graph->registry, id, PW_TYPE_INTERFACE_Client,
                                         PW_VERSION_CLIENT, 0);
        if (!client->proxy)
                return;
        pw_proxy_add_listener(client->proxy, &client->proxy_listener, &client_proxy_events, client);
        pw_proxy_add_object_listener(client->proxy, &client->listener, &client_events, client);
}

static void remove_client(struct graph *graph, struct graph_client *client)
{
        HASH_DEL(graph->clients, client);
        if (client->proxy)
                pw_proxy_destroy(client->proxy);
        free(client->app_id);
        free(client);
}

/* Nodes */

static void on_node_info(void *data, const struct pw_node_info *info)
{
        struct graph_node *node = data;
        bool props = (info->change_mask & PW_NODE_CHANGE_MASK_PROPS) && info->props;

        node->state = info->state;
        if (props)
                parse_node_info(node, info->props);
        /* Of streams, which change state all the time, only what they say matters. */
        if (!props && graph_node_is_stream(node))
                return;
        node->has_info = true;
        node->graph->events->node_info_fn(node, node->graph->userdata);
}

static void on_node_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
                          const struct spa_pod *param)
{
        struct graph_node *node = data;
        const struct spa_pod_prop *prop;

        (void)seq;
        (void)index;
        (void)next;
        if (id != SPA_PARAM_Props || !param || !spa_pod_is_object(param))
                return;
        prop = spa_pod_object_find_prop((const struct spa_pod_object *)param, NULL, SPA_PROP_mute);
        if (!prop || spa_pod_get_bool(&prop->value, &node->mute) < 0)
                return;
        node->has_mute = true;
        node->graph->events->node_mute_fn(node, node->graph->userdata);
}

static const struct pw_node_events node_events = {
        PW_VERSION_NODE_EVENTS,
        .info = on_node_info,
        .param = on_node_param,
};

static void on_node_proxy_removed(void *data)
{
        struct graph_node *node = data;

        pw_proxy_destroy(node->proxy);
}

static void on_node_proxy_destroy(void *data)
{
        struct graph_node *node = data;

        spa_hook_remove(&node->listener);
        spa_hook_remove(&node->proxy_listener);
        node->proxy = NULL;
}

static const struct pw_proxy_events node_proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .removed = on_node_proxy_removed,
        .destroy = on_node_proxy_destroy,
};

static void bind_node(struct graph *graph, struct graph_node *node, bool ours)
{
        uint32_t params[] = {SPA_PARAM_Props};

        node->proxy = pw_registry_bind(graph->registry, node->id, PW_TYPE_INTERFACE_Node,
                                       PW_VERSION_NODE, 0);
        if (!node->proxy)
                return;
        pw_proxy_add_listener(node->proxy, &node->proxy_listener, &node_proxy_events, node);
        pw_proxy_add_object_listener(node->proxy, &node->listener, &node_events, node);
        /* Never for streams: params of a foreign node go through its process, which may hang. */
        if (ours)
                pw_node_subscribe_params((struct pw_node *)node->proxy, params, 1);
}

static void add_node(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
        struct graph_node *node = calloc(1, sizeof(*node));
        bool ours;

        if (!node)
                return;
        node->graph = graph;
        node->id = id;
        if (parse_node(node, props) < 0) {
                parse_node_free(node);
                return;
        }
        if (node->serial > graph->last_serial)
                graph->last_serial = node->serial;
        HASH_ADD(hh, graph->nodes, id, sizeof(node->id), node);
        ours = names_is_ours(node->name);
        if (ours || graph_node_is_stream(node) || node->device != 0)
                bind_node(graph, node, ours);
        graph->events->node_added_fn(node, graph->userdata);
}

static void remove_link(struct graph *graph, struct graph_link *link);
static void remove_port(struct graph *graph, struct graph_port *port);

static void remove_node(struct graph *graph, struct graph_node *node)
{
        node->doomed = true;
        while (node->outputs)
                remove_link(graph, node->outputs);
        while (node->inputs)
                remove_link(graph, node->inputs);
        while (node->ports)
                remove_port(graph, node->ports);
        graph->events->node_removed_fn(node, graph->userdata);
        HASH_DEL(graph->nodes, node);
        if (node->proxy)
                pw_proxy_destroy(node->proxy);
        parse_node_free(node);
}

/* Ports and links */

static int port_compare(const struct graph_port *a, const struct graph_port *b)
{
        return (a->index > b->index) - (a->index < b->index);
}

static void add_port(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
        struct graph_node *node = graph_find_node(graph, parse_number(props, PW_KEY_NODE_ID));
        struct graph_port *port;

        if (!node)
                return;
        port = calloc(1, sizeof(*port));
        if (!port)
                return;
        port->id = id;
        port->serial = parse_serial(props);
        port->node = node;
        port->index = parse_number(props, PW_KEY_PORT_ID);
        port->output = streq(str_or_empty(spa_dict_lookup(props, PW_KEY_PORT_DIRECTION)), "out");
        snprintf(port->channel, sizeof(port->channel), "%s",
                 str_or_empty(spa_dict_lookup(props, PW_KEY_AUDIO_CHANNEL)));
        HASH_ADD(hh, graph->ports, id, sizeof(port->id), port);
        DL_INSERT_INORDER(node->ports, port, port_compare);
        graph->events->ports_fn(node, graph->userdata);
}

static void remove_port(struct graph *graph, struct graph_port *port)
{
        struct graph_node *node = port->node;

        HASH_DEL(graph->ports, port);
        DL_DELETE(node->ports, port);
        free(port);
        if (!node->doomed)
                graph->events->ports_fn(node, graph->userdata);
}

static void add_link(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
        struct graph_node *output =
                graph_find_node(graph, parse_number(props, PW_KEY_LINK_OUTPUT_NODE));
        struct graph_node *input =
                graph_find_node(graph, parse_number(props, PW_KEY_LINK_INPUT_NODE));
        struct graph_link *link;

        if (!output || !input)
                return;
        link = calloc(1, sizeof(*link));
        if (!link)
                return;
        link->id = id;
        link->output = output;
        link->input = input;
        link->output_port = parse_number(props, PW_KEY_LINK_OUTPUT_PORT);
        link->input_port = parse_number(props, PW_KEY_LINK_INPUT_PORT);
        HASH_ADD(hh, graph->links, id, sizeof(link->id), link);
        DL_APPEND2(output->outputs, link, output_prev, output_next);
        DL_APPEND2(input->inputs, link, input_prev, input_next);
        graph->events->link_added_fn(link, graph->userdata);
}

static void remove_link(struct graph *graph, struct graph_link *link)
{
        HASH_DEL(graph->links, link);
        DL_DELETE2(link->output->outputs, link, output_prev, output_next);
        DL_DELETE2(link->input->inputs, link, input_prev, input_next);
        link->doomed = true;
        graph->events->link_removed_fn(link, graph->userdata);
        free(link);
}

/* The session manager's metadata */

static void set_default(struct graph *graph, char **field, const char *value)
{
        char *before = *field;

        *field = NULL;
        parse_default(field, value);
        if (!streq(str_or_empty(before), str_or_empty(*field)))
                graph->events->defaults_fn(graph->userdata);
        free(before);
}

static void set_moved(struct graph_node *node, const char *value)
{
        if (streq(str_or_empty(node->moved_to), str_or_empty(value)))
                return;
        parse_replace(&node->moved_to, value);
        node->graph->events->target_fn(node, node->graph->userdata);
}

void graph_take_metadata(struct graph *graph, uint32_t subject, const char *key, const char *value)
{
        struct graph_node *node;

        if (subject == PW_ID_CORE) {
                if (!key || streq(key, GRAPH_DEFAULT_SINK))
                        set_default(graph, &graph->default_sink, key ? value : NULL);
                if (!key || streq(key, GRAPH_DEFAULT_SOURCE))
                        set_default(graph, &graph->default_source, key ? value : NULL);
                return;
        }
        node = graph_find_node(graph, subject);
        if (node && (!key || streq(key, PW_KEY_TARGET_OBJECT)))
                set_moved(node, key ? value : NULL);
}

static int on_metadata(void *data, uint32_t subject, const char *key, const char *type,
                       const char *value)
{
        struct graph *graph = data;

        (void)type;
        graph_take_metadata(graph, subject, key, value);
        /* A wish of the user's, which the session manager will answer. */
        if (subject == PW_ID_CORE && key && strncmp(key, "default.configured.", 19) == 0)
                graph->events->defaults_fn(graph->userdata);
        return 0;
}

static const struct pw_metadata_events metadata_events = {
        PW_VERSION_METADATA_EVENTS,
        .property = on_metadata,
};

static void on_metadata_proxy_removed(void *data)
{
        struct graph *graph = data;

        pw_proxy_destroy(graph->metadata);
}

static void on_metadata_proxy_destroy(void *data)
{
        struct graph *graph = data;

        spa_hook_remove(&graph->metadata_listener);
        spa_hook_remove(&graph->metadata_proxy_listener);
        graph->metadata = NULL;
}

static const struct pw_proxy_events metadata_proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .removed = on_metadata_proxy_removed,
        .destroy = on_metadata_proxy_destroy,
};

static void add_metadata(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
        if (!streq(str_or_empty(spa_dict_lookup(props, PW_KEY_METADATA_NAME)), "default"))
                return;
        if (graph->metadata)
                pw_proxy_destroy(graph->metadata);
        graph->metadata = pw_registry_bind(graph->registry, id, PW_TYPE_INTERFACE_Metadata,
                                           PW_VERSION_METADATA, 0);
        if (!graph->metadata)
                return;
        graph->metadata_id = id;
        graph->metadata_serial = parse_serial(props);
        pw_proxy_add_listener(graph->metadata, &graph->metadata_proxy_listener,
                              &metadata_proxy_events, graph);
        pw_proxy_add_object_listener(graph->metadata, &graph->metadata_listener, &metadata_events,
                                     graph);
        graph->events->manager_fn(true, graph->userdata);
}

static void remove_metadata(struct graph *graph)
{
        struct graph_node *node;
        struct graph_node *next;

        if (graph->metadata)
                pw_proxy_destroy(graph->metadata);
        graph->metadata_id = 0;
        parse_replace(&graph->default_sink, NULL);
        parse_replace(&graph->default_source, NULL);
        HASH_ITER (hh, graph->nodes, node, next) {
                parse_replace(&node->moved_to, NULL);
        }
}

/* The registry */

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *props)
{
        struct graph *graph = data;

        (void)permissions;
        (void)version;
        if (!props)
                return;
        if (streq(type, PW_TYPE_INTERFACE_Node))
                add_node(graph, id, props);
        else if (streq(type, PW_TYPE_INTERFACE_Port))
                add_port(graph, id, props);
        else if (streq(type, PW_TYPE_INTERFACE_Link))
                add_link(graph, id, props);
        else if (streq(type, PW_TYPE_INTERFACE_Client))
                add_client(graph, id, props);
        else if (streq(type, PW_TYPE_INTERFACE_Metadata))
                add_metadata(graph, id, props);
}

static void on_global_remove(void *data, uint32_t id)
{
        struct graph *graph = data;
        struct graph_node *node = graph_find_node(graph, id);
        struct graph_client *client = graph_find_client(graph, id);
        struct graph_port *port;
        struct graph_link *link;

        HASH_FIND(hh, graph->ports, &id, sizeof(id), port);
        HASH_FIND(hh, graph->links, &id, sizeof(id), link);
        if (link)
                remove_link(graph, link);
        if (port)
                remove_port(graph, port);
        if (node)
                remove_node(graph, node);
        if (client)
                remove_client(graph, client);
        if (graph->metadata_id == id && id != 0) {
                remove_metadata(graph);
                graph->events->manager_fn(false, graph->userdata);
        }
}

static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
        .global_remove = on_global_remove,
};

int graph_connect(struct graph *graph)
{
        graph->registry = pw_core_get_registry(graph->server->core, PW_VERSION_REGISTRY, 0);
        if (!graph->registry)
                return -errno;
        pw_registry_add_listener(graph->registry, &graph->registry_listener, &registry_events,
                                 graph);
        return 0;
}

void graph_disconnect(struct graph *graph)
{
        struct graph_client *client;
        struct graph_client *next;

        if (!graph->registry)
                return;
        while (graph->nodes)
                remove_node(graph, graph->nodes);
        HASH_ITER (hh, graph->clients, client, next) {
                remove_client(graph, client);
        }
        remove_metadata(graph);
        spa_hook_remove(&graph->registry_listener);
        pw_proxy_destroy((struct pw_proxy *)graph->registry);
        graph->registry = NULL;
        graph->last_serial = 0;
}

/* Looking things up */

struct graph_node *graph_find_node(struct graph *graph, uint32_t id)
{
        struct graph_node *node;

        HASH_FIND(hh, graph->nodes, &id, sizeof(id), node);
        return node;
}

struct graph_node *graph_find_node_by_name(struct graph *graph, const char *name)
{
        struct graph_node *node;
        struct graph_node *next;

        HASH_ITER (hh, graph->nodes, node, next) {
                if (!node->doomed && streq(node->name, name))
                        return node;
        }
        return NULL;
}

struct graph_node *graph_find_node_by_serial(struct graph *graph, uint64_t serial)
{
        struct graph_node *node;
        struct graph_node *next;

        HASH_ITER (hh, graph->nodes, node, next) {
                if (!node->doomed && node->serial == serial)
                        return node;
        }
        return NULL;
}

struct graph_client *graph_find_client(struct graph *graph, uint32_t id)
{
        struct graph_client *client;

        HASH_FIND(hh, graph->clients, &id, sizeof(id), client);
        return client;
}

struct graph_link *graph_find_link(struct graph_node *output, uint32_t output_port,
                                   uint32_t input_port)
{
        struct graph_link *link;

        DL_FOREACH2 (output->outputs, link, output_next) {
                if (!link->doomed && link->output_port == output_port &&
                    link->input_port == input_port)
                        return link;
        }
        return NULL;
}

struct graph_port *graph_node_get_port(struct graph_node *node, bool output, unsigned nth)
{
        struct graph_port *port;

        DL_FOREACH (node->ports, port) {
                if (port->output == output && nth-- == 0)
                        return port;
        }
        return NULL;
}
