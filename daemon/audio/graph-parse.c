/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server's property dictionaries say, as fields of the mirror. */
#include "audio/graph-parse.h"

#include <errno.h>
#include <stdlib.h>

#include <spa/utils/json.h>

#include "audio/names.h"

uint64_t parse_serial(const struct spa_dict *props)
{
        const char *text = spa_dict_lookup(props, PW_KEY_OBJECT_SERIAL);

        return text ? strtoull(text, NULL, 10) : 0;
}

uint32_t parse_number(const struct spa_dict *props, const char *key)
{
        const char *text = spa_dict_lookup(props, key);

        return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

void parse_replace(char **field, const char *value)
{
        free(*field);
        *field = value ? strdup(value) : NULL;
}

void parse_default(char **field, const char *value)
{
        struct spa_json outer;
        struct spa_json inner;
        char key[64];
        char name[1024];
        const char *skipped;

        parse_replace(field, NULL);
        if (!value)
                return;
        spa_json_init(&outer, value, strlen(value));
        if (spa_json_enter_object(&outer, &inner) <= 0)
                return;
        while (spa_json_get_string(&inner, key, sizeof(key)) > 0) {
                if (!streq(key, "name")) {
                        if (spa_json_next(&inner, &skipped) <= 0)
                                return;
                        continue;
                }
                /* A call's node as the default device would be linked to itself. */
                if (spa_json_get_string(&inner, name, sizeof(name)) > 0 && !names_is_ours(name))
                        parse_replace(field, name);
                return;
        }
}

int parse_node(struct graph_node *node, const struct spa_dict *props)
{
        node->serial = parse_serial(props);
        node->client = parse_number(props, PW_KEY_CLIENT_ID);
        node->device = parse_number(props, PW_KEY_DEVICE_ID);
        node->priority = (int)parse_number(props, PW_KEY_PRIORITY_SESSION);
        node->card = -1;
        parse_replace(&node->name, str_or_empty(spa_dict_lookup(props, PW_KEY_NODE_NAME)));
        parse_replace(&node->media_class, str_or_empty(spa_dict_lookup(props, PW_KEY_MEDIA_CLASS)));
        parse_replace(&node->role, str_or_empty(spa_dict_lookup(props, PW_KEY_MEDIA_ROLE)));
        parse_replace(&node->description,
                      str_or_empty(spa_dict_lookup(props, PW_KEY_NODE_DESCRIPTION)));
        if (!node->name || !node->media_class || !node->role || !node->description)
                return -ENOMEM;
        return 0;
}

void parse_node_info(struct graph_node *node, const struct spa_dict *props)
{
        const char *target = spa_dict_lookup(props, PW_KEY_TARGET_OBJECT);
        const char *api = spa_dict_lookup(props, PW_KEY_CLIENT_API);
        const char *role = spa_dict_lookup(props, PW_KEY_MEDIA_ROLE);
        const char *capture_sink = spa_dict_lookup(props, PW_KEY_STREAM_CAPTURE_SINK);
        const char *card = spa_dict_lookup(props, "card.profile.device");

        /* The older name of the same thing, which pipewire-pulse and the ALSA plugin still use. */
        if (!target)
                target = spa_dict_lookup(props, "node.target");
        node->filter = spa_dict_lookup(props, PW_KEY_NODE_LINK_GROUP) != NULL;
        parse_replace(&node->target, target);
        parse_replace(&node->call_id, spa_dict_lookup(props, KEY_CALL_ID));
        if (role)
                parse_replace(&node->role, role);
        node->card = card ? (int)strtol(card, NULL, 10) : -1;
        node->claimed_pid = 0;
        /* Together with the answer it writes the buffer's sizes that it told the client. */
        node->unanswered = (node->unanswered || !node->has_info) && api &&
                           streq(api, "pipewire-pulse") &&
                           !spa_dict_lookup(props, "pulse.attr.maxlength");
        if (api && streq(api, "pipewire-pulse"))
                node->claimed_pid = (pid_t)parse_number(props, PW_KEY_APP_PROCESS_ID);
        node->capture_sink =
                capture_sink && (streq(capture_sink, "true") || streq(capture_sink, "1"));
}

void parse_node_free(struct graph_node *node)
{
        free(node->name);
        free(node->media_class);
        free(node->role);
        free(node->description);
        free(node->moved_to);
        free(node->call_id);
        free(node->target);
        free(node);
}
