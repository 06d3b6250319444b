/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audio session as a whole: wishes come in (wish.c), the graph changes, and once per turn of
 * the loop both are compared and the outcome is told.
 */
#include "audio/audio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "audio/device-use.h"
#include "audio/echo-cancel.h"
#include "audio/find.h"
#include "audio/route.h"
#include "audio/shared.h"
#include "util/log.h"

/* A server that connects and then says nothing counts as none. */
#define READING_FOR USEC_PER_SEC
/* The session manager names the default devices some time after it has come. */
#define DEFAULTS_WITHIN (USEC_PER_SEC / 2)

usec_t audio_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

void audio_wake(struct audio *audio)
{
        sd_event_source_set_enabled(audio->settle, SD_EVENT_ONESHOT);
}

void audio_changed(struct audio *audio)
{
        audio->changed_due = true;
        audio_wake(audio);
}

/* What the graph says */

/* And the defaults with them. */
static void devices_changed(struct audio *audio)
{
        recheck_soon(&audio->recheck);
        route_changed(audio);
}

static void on_node_added(struct graph_node *node, void *userdata)
{
        struct audio *audio = userdata;

        session_node_added(audio, node);
        if (graph_node_is_stream(node))
                find_stream_changed(audio, node);
        else if (strncmp(node->media_class, "Audio/", 6) == 0 && !names_is_ours(node->name))
                devices_changed(audio);
}

static void touch_session_of(struct audio *audio, struct graph_node *node)
{
        struct session *session = session_find_by_node(audio, node);

        if (session)
                session_touch(session);
}

static void on_node_info(struct graph_node *node, void *userdata)
{
        audio_wake(userdata);
        if (graph_node_is_stream(node))
                find_stream_changed(userdata, node);
        else if (node->device != 0)
                route_changed(userdata);
        else
                touch_session_of(userdata, node);
}

static void on_node_mute(struct graph_node *node, void *userdata)
{
        session_mute_seen(userdata, node);
}

static void on_node_removed(struct graph_node *node, void *userdata)
{
        struct audio *audio = userdata;

        session_node_removed(audio, node);
        duck_node_removed(&audio->other.duck, node);
        if (node->session)
                session_touch(node->session);
        route_node_removed(audio, node);
        if (strncmp(node->media_class, "Audio/", 6) == 0 && !names_is_ours(node->name))
                recheck_soon(&audio->recheck);
        audio_changed(audio);
}

static void on_ports(struct graph_node *node, void *userdata)
{
        struct audio *audio = userdata;
        struct session *session = session_find_by_node(audio, node);

        if (session)
                session_touch(session);
        else if (node->session)
                session_touch(node->session);
        else if (strncmp(node->media_class, "Audio/", 6) == 0)
                devices_changed(audio);
}

static void touch_link(struct audio *audio, const struct graph_link *link)
{
        touch_session_of(audio, link->output);
        touch_session_of(audio, link->input);
        audio_wake(audio);
        if (echo_cancel_uses(link->output) || echo_cancel_uses(link->input))
                session_touch_all(audio);
}

static void on_link_added(struct graph_link *link, void *userdata)
{
        struct audio *audio = userdata;
        struct session *session;

        session = session_find_by_node(audio, link->output);
        if (session)
                session_links_added(session, link);
        session = session_find_by_node(audio, link->input);
        if (session)
                session_links_added(session, link);
        find_link_added(audio, link);
        touch_link(audio, link);
}

static void on_link_removed(struct graph_link *link, void *userdata)
{
        touch_link(userdata, link);
}

static void on_target(struct graph_node *node, void *userdata)
{
        if (graph_node_is_stream(node))
                find_target_changed(userdata, node);
}

static void on_defaults(void *userdata)
{
        devices_changed(userdata);
}

/* One that may be new to the metadata as well. */
static void on_client_added(void *userdata)
{
        struct audio *audio = userdata;

        recheck_soon(&audio->recheck);
}

static void start_reading(struct audio *audio)
{
        audio->state = AUDIO_READING;
        audio->reread = false;
        audio->reading_until = audio_now() + READING_FOR;
        audio->reading = server_sync(&audio->server);
        audio_wake(audio);
}

/* Those of our own. */
static void stop_sounds(struct audio *audio)
{
        ring_disconnect(&audio->ring);
        feedback_disconnect(&audio->feedback);
        introduce_disconnected(audio);
}

static void on_manager(bool present, void *userdata)
{
        struct audio *audio = userdata;
        struct session *session;
        struct session *next;

        if (present) {
                audio->defaults_until = audio_now() + DEFAULTS_WITHIN;
                recheck_soon(&audio->recheck);
                if (audio->state == AUDIO_OFF)
                        start_reading(audio);
                session_touch_all(audio);
                audio->rescan = true;
                audio_changed(audio);
                return;
        }
        if (audio->state != AUDIO_ON)
                return;
        /* At once, while it is away: one that comes back to nodes in use links nothing any more,
         * and nodes that are missing when it comes back send their streams to the devices. */
        log_notice("the session manager is gone: the nodes of calls are made anew");
        /* Streams that are older than their session manager are not always linked by it. */
        stop_sounds(audio);
        echo_cancel_retire(audio);
        HASH_ITER (hh, audio->sessions, session, next) {
                session_recreate(session);
        }
        audio_changed(audio);
}

static const struct graph_events graph_events = {
        .node_added_fn = on_node_added,
        .node_info_fn = on_node_info,
        .node_mute_fn = on_node_mute,
        .node_removed_fn = on_node_removed,
        .ports_fn = on_ports,
        .link_added_fn = on_link_added,
        .link_removed_fn = on_link_removed,
        .target_fn = on_target,
        .defaults_fn = on_defaults,
        .client_added_fn = on_client_added,
        .manager_fn = on_manager,
};

/* What the connection says */

static void on_connected(void *userdata)
{
        struct audio *audio = userdata;

        if (graph_connect(&audio->graph) < 0) {
                log_warning("PipeWire gives no registry; calls go on without audio handling");
                return;
        }
        devices_connect(&audio->devices);
        start_reading(audio);
}

static void on_lost(void *userdata)
{
        struct audio *audio = userdata;
        struct session *session;
        struct session *next;

        audio->state = AUDIO_OFF;
        recheck_disconnected(&audio->recheck);
        duck_disconnected(&audio->other.duck);
        echo_cancel_disconnected(audio);
        stop_sounds(audio);
        HASH_ITER (hh, audio->sessions, session, next) {
                session_disconnected(session);
        }
        device_use_done(audio);
        devices_disconnect(&audio->devices);
        graph_disconnect(&audio->graph);
        routes_done(&audio->routes);
        audio_changed(audio);
}

/* Two round trips: the objects, then what each says about itself. */
static void finish_reading(struct audio *audio)
{
        struct session *session;
        struct session *next;

        if (!server_acked(&audio->server, audio->reading))
                return;
        if (!audio->reread) {
                audio->reread = true;
                audio->reading = server_sync(&audio->server);
                return;
        }
        audio->state = audio->graph.metadata ? AUDIO_ON : AUDIO_OFF;
        audio->rescan = true;
        HASH_ITER (hh, audio->sessions, session, next) {
                session_found(session);
        }
        session_touch_all(audio);
        audio_changed(audio);
}

static void on_acked(void *userdata)
{
        struct audio *audio = userdata;

        if (audio->state != AUDIO_ON)
                finish_reading(audio);
        audio_wake(audio);
}

static const struct server_events server_events = {
        .connected_fn = on_connected,
        .lost_fn = on_lost,
        .acked_fn = on_acked,
};

/* Telling */

static void tell_available(struct audio *audio)
{
        bool available = audio->state == AUDIO_ON;

        if (audio->state == AUDIO_READING || audio->told_available == available)
                return;
        audio->told_available = available;
        log_info("audio handling is %s", available ? "available" : "not available");
        if (audio->events.available_fn)
                audio->events.available_fn(available, audio->userdata);
}

static void tell_nodes(struct session *session)
{
        struct audio *audio = session->audio;

        if (session->nodes_told || session->shared || !session_has_nodes_wish(session) ||
            !session_has_ports(session))
                return;
        session->nodes_told = true;
        if (audio->events.nodes_fn)
                audio->events.nodes_fn(session->key, session->sink.name, session->source.name,
                                       audio->userdata);
}

static bool out_of_patience(struct session *session)
{
        if (audio_now() < session->patience)
                return false;
        log_write(LOG_WARNING, &(struct log_context){.call = session->key},
                  "not all of the call's audio is linked after one second; the call goes on");
        return true;
}

static bool is_ready(struct session *session)
{
        struct audio *audio = session->audio;
        struct session *shared;

        if (audio->state == AUDIO_OFF || session->kind != CALL_AUDIO_STREAMS)
                return true;
        if (audio->state == AUDIO_READING)
                return false;
        shared = shared_find(audio, session->provider);
        if (session->complete && server_acked(&audio->server, session->ticket) &&
            (!shared || shared->complete))
                return true;
        return out_of_patience(session);
}

static void tell_ready(struct session *session)
{
        struct audio *audio = session->audio;
        bool nodes = session->nodes_told && session_has_nodes_wish(session);

        if (!session->ready_due || !is_ready(session))
                return;
        session->ready_due = false;
        audio->changed_due = true;
        if (audio->events.ready_fn)
                audio->events.ready_fn(session->key, session->serial,
                                       nodes ? session->sink.name : NULL,
                                       nodes ? session->source.name : NULL,
                                       nodes ? route_get_id(session) : NULL, audio->userdata);
}

/* Settling */

static bool is_over(const struct session *session)
{
        bool wanted = !session->orphan && session->level != AUDIO_LEVEL_NONE;

        return !wanted && !session->ready_due && !session->sink.node && !session->source.node &&
               !session->sink.request && !session->source.request && !session->requests;
}

static usec_t earliest(usec_t a, usec_t b)
{
        return b < a ? b : a;
}

static usec_t session_deadline(const struct session *session)
{
        usec_t next = USEC_INFINITY;

        if (session->ready_due)
                next = earliest(next, session->patience);
        if (session->unblock_at != 0)
                next = earliest(next, session->unblock_at);
        if (session->relink_at != 0)
                next = earliest(next, session->relink_at);
        if (session->retry_at != 0)
                next = earliest(next, session->retry_at);
        if (session->give_back_at != 0)
                next = earliest(next, session->give_back_at);
        if (session->empty_since != 0)
                next = earliest(next, session->look_again);
        return next;
}

static void arm_timer(struct audio *audio)
{
        usec_t now = audio_now();
        usec_t next = USEC_INFINITY;
        struct session *session;
        struct session *following;

        HASH_ITER (hh, audio->sessions, session, following) {
                next = earliest(next, session_deadline(session));
        }
        if (audio->state == AUDIO_READING)
                next = earliest(next, audio->reading_until);
        next = earliest(next, route_deadline(audio, now));
        if (audio->canceller.look_at != 0)
                next = earliest(next, audio->canceller.look_at);
        if (audio->introducer.look_at != 0)
                next = earliest(next, audio->introducer.look_at);
        if (audio->defaults_until > now)
                next = earliest(next, audio->defaults_until);
        if (next == USEC_INFINITY) {
                sd_event_source_set_enabled(audio->timer, SD_EVENT_OFF);
                return;
        }
        sd_event_source_set_time(audio->timer, next);
        sd_event_source_set_enabled(audio->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct audio *audio = userdata;

        (void)source;
        (void)usec;
        if (audio->state == AUDIO_READING && audio_now() >= audio->reading_until) {
                log_warning("PipeWire does not answer; calls go on without audio handling");
                audio->state = AUDIO_OFF;
        }
        session_touch_all(audio);
        audio_wake(audio);
        return 0;
}

static void reconcile_all(struct audio *audio)
{
        struct session *session;
        struct session *next;
        uint64_t ticket = 0;

        introduce_settle(audio);
        if (audio->rescan) {
                audio->rescan = false;
                find_rescan(audio);
        }
        route_settle(audio);
        HASH_ITER (hh, audio->sessions, session, next) {
                if (session->dirty && !session->orphan)
                        session_reconcile(session);
                session->dirty = false;
        }
        echo_cancel_settle(audio);
        /* One sync for all that became complete in this turn. */
        HASH_ITER (hh, audio->sessions, session, next) {
                if (!session->ready_due || !session->complete || session->ticket != 0)
                        continue;
                if (ticket == 0)
                        ticket = server_sync(&audio->server);
                session->ticket = ticket;
        }
}

/* Our own streams wait for a default device: one that comes later has to be moved to. */
static void update_sounds(struct audio *audio)
{
        bool playable = audio->state == AUDIO_ON && audio->graph.metadata &&
                        (audio->graph.default_sink || audio_now() >= audio->defaults_until);

        if (playable && !audio->ring.playback.core) {
                ring_connect(&audio->ring, audio->server.core);
                feedback_connect(&audio->feedback, audio->server.core);
        }
        ring_devices_changed(&audio->ring);
        feedback_update(&audio->feedback);
}

static int on_settle(sd_event_source *source, void *userdata)
{
        struct audio *audio = userdata;
        struct session *session;
        struct session *next;

        (void)source;
        tell_available(audio);
        if (audio->state == AUDIO_ON)
                reconcile_all(audio);
        if (audio->state != AUDIO_READING)
                other_sound_reconcile(&audio->other);
        HASH_ITER (hh, audio->sessions, session, next) {
                session_unblock(session);
                tell_nodes(session);
                tell_ready(session);
        }
        update_sounds(audio);
        if (audio->changed_due && audio->events.changed_fn) {
                audio->changed_due = false;
                audio->events.changed_fn(audio->userdata);
        }
        HASH_ITER (hh, audio->sessions, session, next) {
                if (is_over(session))
                        session_free(session);
        }
        arm_timer(audio);
        return 0;
}

/* Life */

int audio_new(struct sd_event *event, const struct audio_events *events, void *userdata,
              struct audio **ret_audio)
{
        struct audio *audio = calloc(1, sizeof(*audio));
        int r;

        if (!audio)
                return -ENOMEM;
        audio->event = sd_event_ref(event);
        audio->events = *events;
        audio->userdata = userdata;
        audio->config = AUDIO_CONFIG_DEFAULT;
        graph_init(&audio->graph, &audio->server, &graph_events, audio);
        r = server_init(&audio->server, event, &server_events, audio);
        if (r < 0)
                goto fail;
        journal_init(&audio->journal);
        devices_init(&audio->devices, audio->server.context, route_device_changed, audio);
        r = ring_init(&audio->ring, audio, audio->server.loop);
        if (r == 0)
                r = recheck_init(&audio->recheck, &audio->graph);
        if (r >= 0)
                r = feedback_init(&audio->feedback, audio, audio->server.loop);
        if (r == 0)
                r = other_sound_init(&audio->other, audio);
        if (r == 0)
                r = sd_event_add_defer(event, &audio->settle, on_settle, audio);
        if (r >= 0)
                r = sd_event_add_time(event, &audio->timer, CLOCK_MONOTONIC, 0, 1, on_timer, audio);
        if (r < 0) {
                audio_free(audio);
                return r;
        }
        sd_event_source_set_enabled(audio->timer, SD_EVENT_OFF);
        /* The same as the connection's, or a busy server would keep us from answering it. */
        sd_event_source_set_priority(audio->settle, SERVER_PRIORITY);
        *ret_audio = audio;
        return 0;
fail:
        sd_event_unref(audio->event);
        free(audio);
        return r;
}

int audio_configure(struct audio *audio, const struct audio_config *config)
{
        struct audio_config copy;
        int r;

        r = audio_config_copy(config, &copy);
        if (r < 0)
                return r;
        audio_config_done(&audio->config);
        audio->config = copy;
        session_touch_all(audio);
        audio_wake(audio);
        return 0;
}

void audio_free(struct audio *audio)
{
        struct session *session;
        struct session *next;

        if (!audio)
                return;
        echo_cancel_done(audio);
        introduce_disconnected(audio);
        other_sound_done(&audio->other);
        ring_done(&audio->ring);
        feedback_done(&audio->feedback);
        HASH_ITER (hh, audio->sessions, session, next) {
                session_free(session);
        }
        server_done(&audio->server);
        recheck_done(&audio->recheck);
        routes_done(&audio->routes);
        sd_event_source_disable_unref(audio->settle);
        sd_event_source_disable_unref(audio->timer);
        sd_event_unref(audio->event);
        audio_config_done(&audio->config);
        journal_done(&audio->journal);
        free(audio);
}
