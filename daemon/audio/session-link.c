/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The links behind a session's nodes: what is wanted, what is there, and the difference.
 *
 * They linger, so that a call goes on when we die, and they are passive, so that without an app
 * neither speaker nor microphone is kept running by them. A lingering link can only be removed by
 * its global id: one that was asked for and is not listed yet is cancelled, and session.c keeps the
 * nodes muted until it is gone.
 */
#include "audio/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "audio/echo-cancel.h"
#include "audio/find.h"
#include "audio/route.h"
#include "util/log.h"

#define PLAN_MAX 64

/* Nodes that are just being configured refuse links, and nothing says when they would take them. */
#define RETRY_AFTER (100 * USEC_PER_MSEC)

struct plan {
        struct {
                uint32_t output;
                uint32_t input;
        } pairs[PLAN_MAX];
        unsigned n_pairs;
        struct graph_node *speaker; /* NULL: none that could be used now */
        struct graph_node *microphone;
        bool complete; /* no device is missing that may still come */
};

static void plan_pair(struct plan *plan, const struct graph_port *output,
                      const struct graph_port *input)
{
        if (plan->n_pairs == PLAN_MAX)
                return;
        plan->pairs[plan->n_pairs].output = output->id;
        plan->pairs[plan->n_pairs].input = input->id;
        plan->n_pairs++;
}

static bool plan_has(const struct plan *plan, uint32_t output, uint32_t input)
{
        for (unsigned i = 0; i < plan->n_pairs; i++) {
                if (plan->pairs[i].output == output && plan->pairs[i].input == input)
                        return true;
        }
        return false;
}

/* One output to both inputs of a pair: a mono microphone. */
static bool plan_mono(struct plan *plan, struct graph_node *output, struct graph_node *input)
{
        struct graph_port *only = graph_node_get_port(output, true, 0);

        if (!only || graph_node_get_port(output, true, 1))
                return false;
        for (unsigned i = 0; i < 2; i++) {
                struct graph_port *port = graph_node_get_port(input, false, i);

                if (port)
                        plan_pair(plan, only, port);
        }
        return true;
}

static bool plan_channels(struct plan *plan, struct graph_node *output, struct graph_node *input)
{
        struct graph_port *a;
        struct graph_port *b;
        bool found = false;

        DL_FOREACH (output->ports, a) {
                DL_FOREACH (input->ports, b) {
                        if (!a->output || b->output || !*a->channel ||
                            !streq(a->channel, b->channel))
                                continue;
                        plan_pair(plan, a, b);
                        found = true;
                }
        }
        return found;
}

/* No input ever gets two outputs: links add up, and the sum would be louder than its parts. */
static void plan_nodes(struct plan *plan, struct graph_node *output, struct graph_node *input)
{
        struct graph_port *from;
        struct graph_port *to;

        if (plan_mono(plan, output, input) || plan_channels(plan, output, input))
                return;
        for (unsigned i = 0;; i++) {
                from = graph_node_get_port(output, true, i);
                to = graph_node_get_port(input, false, i);
                if (!from || !to)
                        return;
                plan_pair(plan, from, to);
        }
}

static bool is_up(const struct session *session)
{
        return session_has_nodes_wish(session) && session->level == AUDIO_LEVEL_LINKED;
}

static bool are_mixed(const struct session *a, const struct session *b)
{
        return a != b && is_up(a) && is_up(b) && !a->shared && !b->shared && a->mix && b->mix &&
               *a->group && streq(a->group, b->group) && streq(a->provider, b->provider);
}

/* The sound of the other members of a group that is mixed here goes into this call's microphone. */
static void plan_mix(struct plan *plan, struct session *session)
{
        struct session *other;
        struct session *next;

        HASH_ITER (hh, session->audio->sessions, other, next) {
                if (!are_mixed(session, other))
                        continue;
                if (session_has_ports(other))
                        plan_nodes(plan, other->sink.node, session->source.node);
                else
                        plan->complete = false;
        }
}

static void make_plan(struct session *session, struct plan *plan)
{
        struct route_ends ends;

        route_resolve(session, &ends);
        echo_cancel_insert(session, &ends);
        *plan = (struct plan){
                .speaker = ends.speaker,
                .microphone = ends.microphone,
                .complete = !ends.wait,
        };
        if (plan->speaker)
                plan_nodes(plan, session->sink.node, plan->speaker);
        if (session->mic_barred)
                return;
        if (plan->microphone)
                plan_nodes(plan, plan->microphone, session->source.node);
        plan_mix(plan, session);
}

static bool is_device(const struct graph_node *node)
{
        return strncmp(node->media_class, "Audio/", 6) == 0 && !names_is_ours(node->name);
}

/* A link from our sink, of a session that is up: is it one too many? */
static bool output_is_stale(struct session *session, const struct plan *plan,
                            const struct graph_link *link)
{
        struct session *other = session_find_by_node(session->audio, link->input);

        if (other)
                return !are_mixed(session, other);
        if (!is_device(link->input) || !plan->speaker)
                return false;
        return !plan_has(plan, link->output_port, link->input_port);
}

static bool input_is_stale(struct session *session, const struct plan *plan,
                           const struct graph_link *link)
{
        if (session_find_by_node(session->audio, link->output))
                return !plan_has(plan, link->output_port, link->input_port);
        if (!is_device(link->output) || !plan->microphone)
                return false;
        return !plan_has(plan, link->output_port, link->input_port);
}

static void sweep(struct session *session, const struct plan *plan)
{
        struct graph *graph = &session->audio->graph;
        struct graph_link *link;

        DL_FOREACH2 (session->sink.node->outputs, link, output_next) {
                if (output_is_stale(session, plan, link))
                        graph_destroy_link(graph, link);
        }
        DL_FOREACH2 (session->source.node->inputs, link, input_next) {
                if (input_is_stale(session, plan, link))
                        graph_destroy_link(graph, link);
        }
}

/* Streams that listen to our sink stay: a recorder that was told to record this call. */
static void cut_outputs(struct session *session)
{
        struct graph_link *link;

        if (!session->sink.node)
                return;
        DL_FOREACH2 (session->sink.node->outputs, link, output_next) {
                if (!graph_node_is_stream(link->input) &&
                    graph_destroy_link(&session->audio->graph, link))
                        session->ticket = 0;
        }
}

static void cut_inputs(struct session *session)
{
        struct graph_link *link;

        if (!session->source.node)
                return;
        DL_FOREACH2 (session->source.node->inputs, link, input_next) {
                if (graph_destroy_link(&session->audio->graph, link))
                        session->ticket = 0;
        }
}

void session_links_cut(struct session *session)
{
        struct session_request *request;

        if (session->orphan)
                return;
        if (is_up(session)) {
                if (session->mic_barred)
                        cut_inputs(session);
                return;
        }
        cut_outputs(session);
        cut_inputs(session);
        DL_FOREACH (session->requests, request) {
                if (!request->stream)
                        request->cancelled = true;
        }
}

/* Requests */

static void on_request_error(void *data, int seq, int res, const char *message)
{
        struct session_request *request = data;

        (void)seq;
        request->failed = true;
        if (request->session->retry_at == 0)
                request->session->retry_at = audio_now() + RETRY_AFTER;
        audio_wake(request->session->audio);
        log_write(LOG_DEBUG, &(struct log_context){.call = request->session->key},
                  "PipeWire did not make a link: %s (%s)", message ? message : "no reason given",
                  strerror(-res));
}

static const struct pw_proxy_events request_events = {
        PW_VERSION_PROXY_EVENTS,
        .error = on_request_error,
};

static void request_free(struct session_request *request)
{
        DL_DELETE(request->session->requests, request);
        spa_hook_remove(&request->listener);
        pw_proxy_destroy(request->proxy);
        free(request);
}

static struct pw_proxy *create_link(struct session *session, uint32_t output, uint32_t input,
                                    bool passive)
{
        struct pw_properties *properties = pw_properties_new(PW_KEY_OBJECT_LINGER, "true", NULL);
        struct pw_proxy *proxy;

        if (!properties)
                return NULL;
        pw_properties_setf(properties, PW_KEY_LINK_OUTPUT_PORT, "%u", output);
        pw_properties_setf(properties, PW_KEY_LINK_INPUT_PORT, "%u", input);
        if (passive)
                pw_properties_set(properties, PW_KEY_LINK_PASSIVE, "true");
        proxy = pw_core_create_object(session->audio->server.core, "link-factory",
                                      PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &properties->dict,
                                      0);
        pw_properties_free(properties);
        return proxy;
}

static struct session_request *find_request(struct session *session, uint32_t output,
                                            uint32_t input)
{
        struct session_request *request;

        DL_FOREACH (session->requests, request) {
                if (request->output_port == output && request->input_port == input)
                        return request;
        }
        return NULL;
}

static void ask_for_link(struct session *session, uint32_t output, uint32_t input, bool stream)
{
        struct session_request *request = find_request(session, output, input);

        if (request)
                return;
        request = calloc(1, sizeof(*request));
        if (!request)
                return;
        request->session = session;
        request->output_port = output;
        request->input_port = input;
        request->stream = stream;
        request->proxy = create_link(session, output, input, !stream);
        if (!request->proxy) {
                free(request);
                return;
        }
        pw_proxy_add_listener(request->proxy, &request->listener, &request_events, request);
        DL_APPEND(session->requests, request);
        session->ticket = 0;
}

void session_links_added(struct session *session, struct graph_link *link)
{
        struct session_request *request =
                find_request(session, link->output_port, link->input_port);

        if (!request)
                return;
        if (request->cancelled)
                graph_destroy_link(&session->audio->graph, link);
        request_free(request);
}

bool session_links_pending(const struct session *session)
{
        return session->requests;
}

void session_links_forget(struct session *session)
{
        while (session->requests)
                request_free(session->requests);
}

static void drop_failed(struct session *session)
{
        struct session_request *request;
        struct session_request *next;

        if (audio_now() < session->retry_at)
                return;
        session->retry_at = 0;
        DL_FOREACH_SAFE (session->requests, request, next) {
                if (request->failed)
                        request_free(request);
        }
}

static bool ask_for_plan(struct session *session, const struct plan *plan)
{
        bool all = plan->complete;

        for (unsigned i = 0; i < plan->n_pairs; i++) {
                struct graph_port *output;

                HASH_FIND(hh, session->audio->graph.ports, &plan->pairs[i].output, sizeof(uint32_t),
                          output);
                if (output &&
                    graph_find_link(output->node, plan->pairs[i].output, plan->pairs[i].input))
                        continue;
                ask_for_link(session, plan->pairs[i].output, plan->pairs[i].input, false);
                all = false;
        }
        return all;
}

bool session_links_reconcile(struct session *session)
{
        struct plan plan;
        bool all = true;

        drop_failed(session);
        if (is_up(session)) {
                make_plan(session, &plan);
                /* The new ones first, so that a change of device leaves no hole. */
                all = ask_for_plan(session, &plan);
                sweep(session, &plan);
        }
        return find_streams_linked(session) && all && !session->requests;
}

void session_links_stream(struct session *session, struct graph_node *stream,
                          struct graph_node *node)
{
        bool playback = streq(stream->media_class, "Stream/Output/Audio");
        struct graph_node *output = playback ? stream : node;
        struct graph_node *input = playback ? node : stream;
        struct plan plan = {.n_pairs = 0};

        plan_nodes(&plan, output, input);
        for (unsigned i = 0; i < plan.n_pairs; i++)
                ask_for_link(session, plan.pairs[i].output, plan.pairs[i].input, true);
}
