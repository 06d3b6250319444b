/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of the server about its graph; see graph.h. */
#include "audio/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <utlist.h>

#include <pipewire/extensions/metadata.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

void graph_destroy_node(struct graph_node *node)
{
        if (node->doomed)
                return;
        node->doomed = true;
        pw_registry_destroy(node->graph->registry, node->id);
}

bool graph_destroy_link(struct graph *graph, struct graph_link *link)
{
        if (link->doomed)
                return false;
        link->doomed = true;
        pw_registry_destroy(graph->registry, link->id);
        return true;
}

void graph_set_mute(struct pw_proxy *node_proxy, bool mute)
{
        uint8_t buffer[256];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        const struct spa_pod *param;

        param = spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props,
                                           SPA_PROP_mute, SPA_POD_Bool(mute));
        pw_node_set_param((struct pw_node *)node_proxy, SPA_PARAM_Props, 0, param);
}

bool graph_node_blocks(const struct graph_node *node)
{
        const struct graph *graph = node->graph;
        const struct graph_port *port;

        DL_FOREACH (node->ports, port) {
                if (!graph->metadata || port->serial < graph->metadata_serial)
                        return true;
        }
        return false;
}

void graph_move_stream(struct graph_node *stream, uint64_t serial)
{
        struct pw_metadata *metadata = (struct pw_metadata *)stream->graph->metadata;
        char text[24];

        if (!metadata)
                return;
        snprintf(text, sizeof(text), "%" PRIu64, serial);
        pw_metadata_set_property(metadata, stream->id, PW_KEY_TARGET_OBJECT,
                                 serial ? "Spa:Id" : NULL, serial ? text : NULL);
}
