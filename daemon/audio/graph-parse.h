/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server's property dictionaries say, as fields of the mirror. */
#ifndef CALLSD_AUDIO_GRAPH_PARSE_H
#define CALLSD_AUDIO_GRAPH_PARSE_H

#include "audio/graph.h"

#define KEY_PORTAL_APP_ID "pipewire.access.portal.app_id"

/* 0 where the key is missing or no number. */
uint64_t parse_serial(const struct spa_dict *props);
uint32_t parse_number(const struct spa_dict *props, const char *key);

/* `value` may be NULL. Out of memory leaves NULL. */
void parse_replace(char **field, const char *value);

/* The name in `{"name":"..."}`, as the "default" metadata says it; NULL for none. */
void parse_default(char **field, const char *value);

/* From the registry; -ENOMEM. */
int parse_node(struct graph_node *node, const struct spa_dict *props);
/* From the node's info. */
void parse_node_info(struct graph_node *node, const struct spa_dict *props);
void parse_node_free(struct graph_node *node);

#endif
