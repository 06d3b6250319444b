/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which streams are whose, and keeping them there; see find.h. */
#include "audio/find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "audio/graph-parse.h"
#include "audio/shared.h"
#include "util/log.h"

/* How often in one second a stream is put back for which somebody else has another place. */
#define ROUNDS_MAX 3

#define RELINK_AFTER (200 * USEC_PER_MSEC)

static bool is_playback(const struct graph_node *stream)
{
        return streq(stream->media_class, "Stream/Output/Audio");
}

/* A recorder of what a speaker plays is no microphone stream. */
static bool is_candidate(struct audio *audio, const struct graph_node *stream)
{
        if (stream->doomed || stream->capture_sink || introduce_is_ours(&audio->introducer, stream))
                return false;
        return is_playback(stream) || streq(stream->media_class, "Stream/Input/Audio");
}

/* Where it belongs now; NULL while there is no such place. */
static struct graph_node *node_for(const struct session *session, const struct graph_node *stream)
{
        if (is_playback(stream))
                return session->sink.node;
        return stream->unanswered ? introduce_get_node(session->audio) : session->source.node;
}

/* Whose is it? */

static struct session *find_by_target(struct audio *audio, const char *target)
{
        char key[NAMES_KEY_SIZE];
        struct graph_node *node;
        bool source;

        if (!target)
                return NULL;
        if (names_parse(target, key, &source) == 0)
                return session_find(audio, key);
        node = graph_find_node_by_serial(&audio->graph, strtoull(target, NULL, 10));
        return node ? session_find_by_node(audio, node) : NULL;
}

static bool is_of_provider(struct audio *audio, const struct graph_node *stream,
                           const struct session *session)
{
        struct graph_client *client = graph_find_client(&audio->graph, stream->client);

        if (session->pid != 0 && client && client->pid == session->pid)
                return true;
        if (session->pid != 0 && stream->claimed_pid == session->pid)
                return true;
        return *session->app_id && client && client->app_id &&
               streq(client->app_id, session->app_id);
}

static bool is_call_role(const struct graph_node *stream)
{
        return stream->role &&
               (streq(stream->role, "Communication") || streq(stream->role, "Phone"));
}

/* A call that rings has no stream to itself as long as another one of its app is further. */
static struct session *find_by_provider(struct audio *audio, const struct graph_node *stream)
{
        struct session *session;
        struct session *next;
        struct session *first = NULL;
        struct session *gated = NULL;
        unsigned n = 0;

        HASH_ITER (hh, audio->sessions, session, next) {
                if (session->shared || session->orphan || session->kind != CALL_AUDIO_STREAMS ||
                    session->level == AUDIO_LEVEL_NONE || !is_of_provider(audio, stream, session))
                        continue;
                if (session->level == AUDIO_LEVEL_GATED) {
                        if (!gated || stream->session == session)
                                gated = session;
                        continue;
                }
                if (!first)
                        first = session;
                n++;
        }
        if (n <= 1)
                return first ? first : gated;
        /* Which of them is for the stream itself to say; and what it says comes a moment later. */
        if (!stream->has_info || !is_call_role(stream))
                return NULL;
        return shared_get(audio, first->provider);
}

static struct session *find_session(struct audio *audio, const struct graph_node *stream,
                                    bool *ret_joined)
{
        struct session *session = find_by_target(audio, stream->target);
        struct session *moved;

        *ret_joined = session;
        if (session)
                return session;
        if (stream->call_id && names_is_call(stream->call_id))
                return session_find(audio, stream->call_id);
        /* Where an earlier daemon put it: with several calls of one provider it is that one. */
        moved = find_by_target(audio, stream->moved_to);
        if (moved &&
            (moved->orphan || (session_has_nodes_wish(moved) && moved->level >= AUDIO_LEVEL_NODES)))
                return moved;
        session = find_by_provider(audio, stream);
        return session ? session : moved;
}

/* Keeping it there */

static bool has_given_up(const struct graph_node *stream)
{
        return stream->rounds > ROUNDS_MAX && audio_now() - stream->rounds_since <= USEC_PER_SEC;
}

/* Somebody moved it away; if he goes on doing so only the links are left to us. */
static void count_round(struct graph_node *stream)
{
        usec_t now = audio_now();

        if (now - stream->rounds_since > USEC_PER_SEC) {
                stream->rounds_since = now;
                stream->rounds = 0;
        }
        stream->rounds++;
        if (!has_given_up(stream) || stream->fight_told)
                return;
        stream->fight_told = true;
        log_write(LOG_WARNING, &(struct log_context){.call = stream->session->key},
                  "somebody moves a stream of the call again and again: its links are cut instead");
}

static bool is_at(const struct graph_node *stream, const struct graph_node *node)
{
        char serial[24];

        if (!stream->moved_to)
                return false;
        snprintf(serial, sizeof(serial), "%" PRIu64, node->serial);
        return streq(stream->moved_to, serial) || streq(stream->moved_to, node->name);
}

static void move_stream(struct graph_node *stream)
{
        struct graph_node *node = node_for(stream->session, stream);

        if (stream->session->orphan || !node || node->doomed || is_at(stream, node))
                return;
        if (!has_given_up(stream))
                graph_move_stream(stream, node->serial);
}

static struct graph_node *link_peer(const struct graph_link *link, const struct graph_node *stream)
{
        return link->output == stream ? link->input : link->output;
}

/* Other streams may listen in: a recorder that the user points at the app. */
static bool is_foreign(const struct graph_link *link, const struct graph_node *stream)
{
        const struct introducer *introducer = &stream->session->audio->introducer;
        struct graph_node *peer = link_peer(link, stream);
        bool forward = (link->output == stream) == is_playback(stream);

        return forward && peer != node_for(stream->session, stream) &&
               (!graph_node_is_stream(peer) || introduce_is_ours(introducer, peer));
}

/* pipewire-pulse tells a client that its playback is ready when that is linked to what it lists as
 * a device, and our nodes are none: the client would wait for ever. So its stream is linked to the
 * default device first, for the few milliseconds until the answer; the client has sent nothing by
 * then. What records is helped otherwise, see introduce.h. */
static bool waits_for_device(const struct graph_node *stream)
{
        return stream->unanswered && is_playback(stream);
}

static void guard_link(struct audio *audio, struct graph_link *link, struct graph_node *stream)
{
        if (link->doomed || !stream->session || stream->session->orphan ||
            waits_for_device(stream) || !is_foreign(link, stream))
                return;
        graph_destroy_link(&audio->graph, link);
        /* It named its node, and was linked elsewhere all the same: the metadata is stronger. */
        move_stream(stream);
}

static void guard_stream(struct audio *audio, struct graph_node *stream)
{
        struct graph_link *link;

        DL_FOREACH2 (stream->outputs, link, output_next) {
                guard_link(audio, link, stream);
        }
        DL_FOREACH2 (stream->inputs, link, input_next) {
                guard_link(audio, link, stream);
        }
}

/* The session manager knows nothing of links that we made for it. */
static void cut_links(struct graph_node *stream)
{
        struct graph_node *node = node_for(stream->session, stream);
        struct graph_link *link;

        DL_FOREACH2 (stream->outputs, link, output_next) {
                if (link->input == node)
                        graph_destroy_link(stream->graph, link);
        }
        DL_FOREACH2 (stream->inputs, link, input_next) {
                if (link->output == node)
                        graph_destroy_link(stream->graph, link);
        }
}

static void release_stream(struct graph_node *stream)
{
        if (!stream->session)
                return;
        session_touch(stream->session);
        if (!stream->joined && stream->moved_to)
                graph_move_stream(stream, 0);
        cut_links(stream);
        stream->session = NULL;
        stream->joined = false;
}

void find_give_back(struct session *session)
{
        struct graph_node *stream;
        struct graph_node *next;

        HASH_ITER (hh, session->audio->graph.nodes, stream, next) {
                if (stream->session != session || stream->joined || stream->call_id ||
                    (!is_playback(stream) && stream->serial > session->born))
                        continue;
                release_stream(stream);
                /* The metadata says so only later, and until then we would take it back. */
                parse_replace(&stream->moved_to, NULL);
        }
}

static void visit_device(struct audio *audio, struct graph_node *stream)
{
        const char *name = audio->graph.default_sink;
        struct graph_node *device = name ? graph_find_node_by_name(&audio->graph, name) : NULL;

        if (device && !is_at(stream, device))
                graph_move_stream(stream, device->serial);
}

static void bind_stream(struct audio *audio, struct graph_node *stream, struct session *session,
                        bool joined)
{
        if (stream->session && stream->session != session)
                session_touch(stream->session);
        stream->session = session;
        stream->joined = joined;
        if (session->level == AUDIO_LEVEL_GATED)
                session->gate_used = true;
        session_touch(session);
        if (waits_for_device(stream)) {
                if (joined)
                        visit_device(audio, stream);
                return;
        }
        if (!joined || stream->moved_to || stream->unanswered)
                move_stream(stream);
        guard_stream(audio, stream);
}

/* Once found it stays with its call as long as that lives; so a second call takes nothing away. */
static bool is_settled(const struct graph_node *stream)
{
        return stream->session && !stream->joined && session_has_nodes_wish(stream->session) &&
               stream->session->level >= AUDIO_LEVEL_NODES && !stream->call_id && !stream->target;
}

void find_stream_changed(struct audio *audio, struct graph_node *stream)
{
        struct session *session;
        bool joined;

        if (!is_candidate(audio, stream)) {
                release_stream(stream);
                return;
        }
        if (is_settled(stream)) {
                move_stream(stream);
                guard_stream(audio, stream);
                return;
        }
        session = find_session(audio, stream, &joined);
        if (session)
                bind_stream(audio, stream, session, joined);
        else if (stream->call_id)
                release_stream(stream);
}

void find_rescan(struct audio *audio)
{
        struct graph_node *node;
        struct graph_node *next;

        HASH_ITER (hh, audio->graph.nodes, node, next) {
                if (graph_node_is_stream(node))
                        find_stream_changed(audio, node);
        }
}

void find_target_changed(struct audio *audio, struct graph_node *stream)
{
        struct graph_node *node;

        if (!stream->session) {
                find_stream_changed(audio, stream);
                return;
        }
        if (waits_for_device(stream))
                return;
        node = node_for(stream->session, stream);
        if (!node || is_at(stream, node))
                return;
        /* Without metadata a joined stream follows its own property, which leads here. */
        if (stream->joined && !stream->moved_to)
                return;
        count_round(stream);
        if (has_given_up(stream))
                return;
        log_write(LOG_INFO, &(struct log_context){.call = stream->session->key},
                  "a stream of the call was moved away, and is put back");
        move_stream(stream);
}

void find_link_added(struct audio *audio, struct graph_link *link)
{
        if (graph_node_is_stream(link->output)) {
                guard_link(audio, link, link->output);
                if (link->output->session)
                        session_touch(link->output->session);
        }
        if (graph_node_is_stream(link->input)) {
                guard_link(audio, link, link->input);
                if (link->input->session)
                        session_touch(link->input->session);
        }
}

static bool has_link_to(const struct graph_node *stream, const struct graph_node *node)
{
        const struct graph_link *link;

        DL_FOREACH2 (stream->outputs, link, output_next) {
                if (!link->doomed && link->input == node)
                        return true;
        }
        DL_FOREACH2 (stream->inputs, link, input_next) {
                if (!link->doomed && link->output == node)
                        return true;
        }
        return false;
}

/* Nobody can tell when a client is answered by a pipewire-pulse that works otherwise. */
static void give_up_answer(const struct session *session, struct graph_node *stream)
{
        if (!waits_for_device(stream))
                return;
        stream->unanswered = false;
        move_stream(stream);
        guard_stream(session->audio, stream);
}

/* The session manager links streams, mostly within some 10 ms. It may have given up on one that it
 * lost in a race with somebody's change of target, and it never links one that was there before it
 * came, or that asked not to be connected. */
static void relink(struct session *session, struct graph_node *stream)
{
        usec_t now = audio_now();
        usec_t due;

        if (!session->audio->graph.metadata)
                return;
        if (stream->unlinked_since == 0)
                stream->unlinked_since = now;
        due = stream->unlinked_since + RELINK_AFTER;
        if (now >= due) {
                give_up_answer(session, stream);
                session_links_stream(session, stream, node_for(session, stream));
        } else if (session->relink_at == 0 || due < session->relink_at)
                session->relink_at = due;
}

bool find_streams_linked(struct session *session)
{
        struct graph_node *stream;
        struct graph_node *next;
        struct graph_node *node;
        bool all = true;

        session->relink_at = 0;
        HASH_ITER (hh, session->audio->graph.nodes, stream, next) {
                if (stream->session != session || !stream->ports || stream->doomed)
                        continue;
                node = node_for(session, stream);
                if (node && has_link_to(stream, node)) {
                        stream->unlinked_since = 0;
                        continue;
                }
                if (node)
                        relink(session, stream);
                all = false;
        }
        return all;
}
