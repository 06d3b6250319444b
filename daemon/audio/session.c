/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One session: its nodes, their mutes, its end. See session.h; links are in session-link.c. */
#include "audio/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "audio/find.h"
#include "util/log.h"

/* Rewriting a mute against somebody who rewrites ours has no end; the link is cut instead. */
#define MUTE_FIGHTS_MAX 3

/* A session manager that has just come may not yet wait for the nodes; then it would send their
 * streams elsewhere while there are none. Once it waits it sends nobody anywhere. */
#define UNBLOCK_AFTER (500 * USEC_PER_MSEC)

struct session *session_find(struct audio *audio, const char *key)
{
        struct session *session;

        HASH_FIND_STR(audio->sessions, key, session);
        return session;
}

struct session *session_find_by_node(struct audio *audio, const struct graph_node *node)
{
        char key[NAMES_KEY_SIZE];
        struct session *session;
        bool source;

        if (names_parse(node->name, key, &source) < 0)
                return NULL;
        session = session_find(audio, key);
        if (!session || (source ? session->source.node : session->sink.node) != node)
                return NULL;
        return session;
}

/* Nodes of that name may have been there before the session. */
static void take_listed_node(struct session_node *end)
{
        end->node = graph_find_node_by_name(&end->session->audio->graph, end->name);
        if (!end->node)
                return;
        end->wanted_mute = end->node->mute;
        end->sent_mute = end->node->has_mute;
}

int session_new(struct audio *audio, const char *key, struct session **ret_session)
{
        struct session *session = calloc(1, sizeof(*session));

        if (!session)
                return -ENOMEM;
        session->audio = audio;
        snprintf(session->key, sizeof(session->key), "%s", key);
        session->shared = strncmp(key, NAMES_SHARED, sizeof(NAMES_SHARED) - 1) == 0;
        session->sink.session = session;
        session->source.session = session;
        snprintf(session->sink.name, NAMES_SIZE, NAMES_PREFIX "%s" NAMES_SINK, session->key);
        snprintf(session->source.name, NAMES_SIZE, NAMES_PREFIX "%s" NAMES_SOURCE, session->key);
        take_listed_node(&session->sink);
        take_listed_node(&session->source);
        session->born = audio->graph.last_serial;
        if (session->sink.node)
                session->born = session->sink.node->serial;
        HASH_ADD_STR(audio->sessions, key, session);
        *ret_session = session;
        return 0;
}

static void drop_request(struct session_node *end)
{
        if (!end->request)
                return;
        spa_hook_remove(&end->listener);
        pw_proxy_destroy(end->request);
        end->request = NULL;
}

void session_free(struct session *session)
{
        struct graph_node *node;
        struct graph_node *next;

        HASH_ITER (hh, session->audio->graph.nodes, node, next) {
                if (node->session == session)
                        node->session = NULL;
        }
        session_links_forget(session);
        drop_request(&session->sink);
        drop_request(&session->source);
        HASH_DEL(session->audio->sessions, session);
        free(session->provider);
        free(session->app_id);
        free(session->group);
        free(session->route);
        free(session);
}

void session_touch(struct session *session)
{
        session->dirty = true;
        audio_wake(session->audio);
}

void session_touch_all(struct audio *audio)
{
        struct session *session;
        struct session *next;

        HASH_ITER (hh, audio->sessions, session, next) {
                session_touch(session);
        }
}

/* Mutes */

static bool end_is_source(const struct session_node *end)
{
        return end == &end->session->source;
}

static struct pw_proxy *end_proxy(const struct session_node *end)
{
        return end->request ? end->request : end->node ? end->node->proxy : NULL;
}

static bool end_wants_mute(const struct session_node *end)
{
        const struct session *session = end->session;

        return session->gated || (end_is_source(end) && session->muted);
}

/* Said explicitly for every new node: the session manager may have remembered another one. */
static void apply_mute(struct session_node *end)
{
        struct pw_proxy *proxy = end_proxy(end);
        bool mute = end_wants_mute(end);

        if (!proxy || (end->sent_mute && end->wanted_mute == mute))
                return;
        graph_set_mute(proxy, mute);
        end->wanted_mute = mute;
        end->sent_mute = true;
        end->session->ticket = 0;
}

static void apply_mutes(struct session *session)
{
        if (session->orphan || session->level == AUDIO_LEVEL_NONE)
                return;
        apply_mute(&session->source);
        apply_mute(&session->sink);
}

static struct session_node *find_end(struct audio *audio, struct graph_node *node)
{
        struct session *session = session_find_by_node(audio, node);

        if (!session)
                return NULL;
        return session->source.node == node ? &session->source : &session->sink;
}

void session_mute_seen(struct audio *audio, struct graph_node *node)
{
        struct session_node *end = find_end(audio, node);
        struct session *session;

        if (!end || end->session->orphan || !end->sent_mute || node->mute == end->wanted_mute)
                return;
        session = end->session;
        if (session->mute_fights < MUTE_FIGHTS_MAX) {
                session->mute_fights++;
                graph_set_mute(node->proxy, end->wanted_mute);
        }
        if (end_is_source(end) && session->muted && session->mute_fights > 1 &&
            !session->mic_barred) {
                session->mic_barred = true;
                session_links_cut(session);
                log_write(LOG_WARNING, &(struct log_context){.call = session->key},
                          "somebody opens the microphone of a muted call: its link is cut");
        }
}

/* Nodes */

static void on_request_error(void *data, int seq, int res, const char *message)
{
        struct session_node *end = data;

        (void)seq;
        log_write(LOG_WARNING, &(struct log_context){.call = end->session->key},
                  "PipeWire did not make the node %s: %s (%s)", end->name,
                  message ? message : "no reason given", strerror(-res));
}

static const struct pw_proxy_events request_events = {
        PW_VERSION_PROXY_EVENTS,
        .error = on_request_error,
};

static struct pw_properties *node_properties(const struct session_node *end)
{
        const struct session *session = end->session;

        /* "Internal": never a default device, and no device for PulseAudio clients. Without
         * "Virtual" the session manager would configure a source the wrong way round, and then
         * link nothing any more. No name of a person in the description. */
        return pw_properties_new(
                "factory.name", "support.null-audio-sink", PW_KEY_NODE_NAME, end->name,
                PW_KEY_NODE_DESCRIPTION, session->shared ? "Calls" : "Call", PW_KEY_MEDIA_CLASS,
                end_is_source(end) ? "Audio/Source/Virtual/Internal" : "Audio/Sink/Internal",
                "audio.position", "FL,FR", "priority.session", "0", "priority.driver", "0",
                PW_KEY_NODE_VIRTUAL, "true", "session.suspend-timeout-seconds", "1",
                "monitor.channel-volumes", "true", PW_KEY_OBJECT_LINGER, "true", KEY_CALL_ID,
                session->key, NULL);
}

static void create_node(struct session_node *end)
{
        struct audio *audio = end->session->audio;
        struct pw_properties *properties = node_properties(end);

        if (!properties)
                return;
        end->request = pw_core_create_object(audio->server.core, "adapter", PW_TYPE_INTERFACE_Node,
                                             PW_VERSION_NODE, &properties->dict, 0);
        pw_properties_free(properties);
        if (!end->request)
                return;
        end->sent_mute = false;
        pw_proxy_add_listener(end->request, &end->listener, &request_events, end);
        apply_mute(end);
}

static void ensure_nodes(struct session *session)
{
        if (!session->sink.node && !session->sink.request)
                create_node(&session->sink);
        if (!session->source.node && !session->source.request)
                create_node(&session->source);
}

/* An orphan comes into being: nodes that an earlier daemon left. */
static struct session *adopt(struct audio *audio, const char *key)
{
        struct session *session;

        if (session_new(audio, key, &session) < 0)
                return NULL;
        session->orphan = !audio->orphans_settled;
        return session;
}

void session_node_added(struct audio *audio, struct graph_node *node)
{
        char key[NAMES_KEY_SIZE];
        struct session *session;
        struct session_node *end;
        bool source;

        if (names_parse(node->name, key, &source) < 0)
                return;
        session = session_find(audio, key);
        if (!session)
                session = adopt(audio, key);
        if (!session)
                return;
        end = source ? &session->source : &session->sink;
        if (end->node && end->node != node)
                return;
        end->node = node;
        session_touch(session);
        audio->rescan = true;
}

void session_node_removed(struct audio *audio, struct graph_node *node)
{
        char key[NAMES_KEY_SIZE];
        struct session *session;
        struct session_node *end;
        bool source;

        if (names_parse(node->name, key, &source) < 0)
                return;
        session = session_find(audio, key);
        if (!session)
                return;
        end = source ? &session->source : &session->sink;
        if (end->node != node)
                return;
        end->node = NULL;
        if (!end->request)
                end->sent_mute = false;
        session->nodes_told = false;
        session_touch(session);
}

bool session_has_ports(const struct session *session)
{
        return session->sink.node && session->source.node &&
               graph_node_get_port(session->sink.node, true, 1) &&
               graph_node_get_port(session->sink.node, false, 1) &&
               graph_node_get_port(session->source.node, true, 1) &&
               graph_node_get_port(session->source.node, false, 1);
}

/* The request's proxy is kept until the node can be reached another way. */
static void finish_request(struct session_node *end)
{
        if (end->node && end->node->proxy && !end->node->doomed)
                drop_request(end);
}

static bool end_has_streams(struct session_node *end)
{
        struct graph_link *link;

        if (!end->node)
                return false;
        DL_FOREACH2 (end->node->inputs, link, input_next) {
                if (!link->doomed && graph_node_is_stream(link->output))
                        return true;
        }
        DL_FOREACH2 (end->node->outputs, link, output_next) {
                if (!link->doomed && graph_node_is_stream(link->input))
                        return true;
        }
        return false;
}

bool session_has_streams(struct session *session)
{
        struct graph_node *node;
        struct graph_node *next;

        if (end_has_streams(&session->sink) || end_has_streams(&session->source))
                return true;
        HASH_ITER (hh, session->audio->graph.nodes, node, next) {
                if (node->session == session)
                        return true;
        }
        return false;
}

bool session_is_linked(struct session *session)
{
        struct graph_link *link;

        if (session->sink.node) {
                DL_FOREACH2 (session->sink.node->outputs, link, output_next) {
                        if (!link->doomed && !graph_node_is_stream(link->input))
                                return true;
                }
        }
        if (session->source.node) {
                DL_FOREACH2 (session->source.node->inputs, link, input_next) {
                        if (!link->doomed)
                                return true;
                }
        }
        return false;
}

/* The wish */

/* The nodes are muted as long as links that must not be are still on their way into being. */
static void update_gate(struct session *session)
{
        const struct session_request *request;
        bool gated = false;

        DL_FOREACH (session->requests, request) {
                if (request->cancelled)
                        gated = true;
        }
        session->gated = gated;
}

void session_close(struct session *session)
{
        if (session->audio->state != AUDIO_ON || session->orphan)
                return;
        if (session->muted)
                apply_mute(&session->source);
        session_links_cut(session);
        update_gate(session);
        /* At level NONE as well: what is on its way may carry a block. */
        if (session->gated) {
                apply_mute(&session->source);
                apply_mute(&session->sink);
        }
}

/* WirePlumber 0.4.13 suspends a node some seconds after it became idle, and crashes if the node has
 * gone in between (suspend-node.lua sends the command to nothing). So nodes go when they are
 * suspended, and node_properties() asks for that to be soon. */
static bool may_destroy(const struct session *session)
{
        const struct graph_node *nodes[] = {session->sink.node, session->source.node};

        for (unsigned i = 0; session->audio->graph.metadata && i < ARRAY_SIZE(nodes); i++) {
                if (nodes[i] && nodes[i]->state > PW_NODE_STATE_SUSPENDED)
                        return false;
        }
        return true;
}

static void destroy_node(struct session_node *end)
{
        if (end->node && !end->node->doomed)
                graph_destroy_node(end->node);
}

/* What was found and moved is not kept for ever, when its call is over for some time. */
static void give_back(struct session *session, usec_t now)
{
        session->give_back_at = 0;
        if (session->over_at == 0)
                session->over_at = now;
        if (now < session->over_at + SESSION_EMPTY_FOR)
                session->give_back_at = session->over_at + SESSION_EMPTY_FOR;
        else
                find_give_back(session);
}

/* The end: silent until the last stream has left, then gone. */
static void wind_up(struct session *session)
{
        usec_t now = audio_now();

        finish_request(&session->sink);
        finish_request(&session->source);
        session->relink_at = 0;
        session->complete = !session_links_pending(session);
        give_back(session, now);
        if (session_has_streams(session)) {
                session->empty_since = 0;
                return;
        }
        if (session->empty_since == 0)
                session->empty_since = now;
        session->look_again = session->empty_since + SESSION_EMPTY_FOR;
        if (now < session->look_again)
                return;
        session->look_again = session->empty_since + SESSION_EMPTY_MAX;
        if (now < session->look_again && !may_destroy(session))
                return;
        destroy_node(&session->sink);
        destroy_node(&session->source);
        session->look_again = USEC_INFINITY;
}

void session_reconcile(struct session *session)
{
        bool linked;

        session_links_cut(session);
        update_gate(session);
        if (session->level == AUDIO_LEVEL_NONE || session->kind != CALL_AUDIO_STREAMS) {
                wind_up(session);
                return;
        }
        session->empty_since = 0;
        session->over_at = 0;
        session->give_back_at = 0;
        if (!session_has_nodes_wish(session)) {
                session->complete = !session_links_pending(session);
                return;
        }
        ensure_nodes(session);
        finish_request(&session->sink);
        finish_request(&session->source);
        apply_mutes(session);
        if (!session_has_ports(session)) {
                session->complete = false;
                return;
        }
        linked = session_links_reconcile(session);
        session->complete = linked && !session->gated;
}

void session_recreate(struct session *session)
{
        bool had_nodes = session->sink.node || session->source.node;

        if (!had_nodes && !session->sink.request && !session->source.request)
                return;
        if (session->orphan && session->source.node)
                session->muted = session->source.node->mute;
        session_links_forget(session);
        destroy_node(&session->sink);
        destroy_node(&session->source);
        session->sink.node = NULL;
        session->source.node = NULL;
        session->nodes_told = false;
        session->ticket = 0;
        drop_request(&session->sink);
        drop_request(&session->source);
        create_node(&session->sink);
        create_node(&session->source);
        session_touch(session);
}

static bool blocks(const struct session *session)
{
        return (session->sink.node && graph_node_blocks(session->sink.node)) ||
               (session->source.node && graph_node_blocks(session->source.node));
}

void session_found(struct session *session)
{
        bool manager = session->audio->graph.metadata;

        if (blocks(session))
                session->unblock_at = audio_now() + (manager ? UNBLOCK_AFTER : 0);
}

void session_unblock(struct session *session)
{
        if (session->unblock_at == 0 || audio_now() < session->unblock_at)
                return;
        session->unblock_at = 0;
        if (!blocks(session))
                return;
        log_write(LOG_NOTICE, &(struct log_context){.call = session->key},
                  "the nodes of the call are of another session manager: they are made anew");
        session_recreate(session);
}

void session_disconnected(struct session *session)
{
        session_links_forget(session);
        drop_request(&session->sink);
        drop_request(&session->source);
        session->sink.node = NULL;
        session->source.node = NULL;
        session->sink.sent_mute = false;
        session->source.sent_mute = false;
        session->gated = false;
        session->mic_barred = false;
        session->nodes_told = false;
        session->ticket = 0;
        session->relink_at = 0;
        session->retry_at = 0;
        session->unblock_at = 0;
        session->empty_since = 0;
        session->dirty = true;
}
