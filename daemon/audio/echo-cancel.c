/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The echo canceller; see echo-cancel.h. */
#include "audio/echo-cancel.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <utlist.h>

#include <pipewire/impl.h>

#include "audio/audio-private.h"
#include "util/log.h"

/* With the process's number: two daemons never take each other's for their own. */
#define NAME "callsd.echo-%d.%s"
#define NAME_SIZE 48

#define ARGUMENTS_SIZE 2048

#define LOOK_AGAIN_AFTER (20 * USEC_PER_MSEC)

enum part {
        PART_SINK,     /* calls play into it */
        PART_PLAYBACK, /* and this goes on to the speaker */
        PART_CAPTURE,  /* records the microphone */
        PART_SOURCE,   /* and this is what calls hear of it */
};

static const char *const part_names[] = {
        [PART_SINK] = "sink",
        [PART_PLAYBACK] = "playback",
        [PART_CAPTURE] = "capture",
        [PART_SOURCE] = "source",
};

static void make_name(enum part part, char ret_name[NAME_SIZE])
{
        snprintf(ret_name, NAME_SIZE, NAME, (int)getpid(), part_names[part]);
}

bool echo_cancel_uses(const struct graph_node *node)
{
        char name[NAME_SIZE];

        for (enum part part = 0; part < ARRAY_SIZE(part_names); part++) {
                make_name(part, name);
                if (streq(node->name, name))
                        return true;
        }
        return false;
}

static struct graph_node *find_part(struct audio *audio, enum part part)
{
        char name[NAME_SIZE];

        make_name(part, name);
        return graph_find_node_by_name(&audio->graph, name);
}

/* Who wants it */

/* The streams of a shared session are those of its provider, whichever call they serve. */
static bool provider_cancels(const struct session *session)
{
        const struct session *other;

        if (!session->shared)
                return session->own_echo_cancel;
        for (other = session->audio->sessions; other; other = other->hh.next) {
                if (!other->shared && session_has_nodes_wish(other) && other->own_echo_cancel &&
                    streq(str_or_empty(other->provider), str_or_empty(session->provider)))
                        return true;
        }
        return false;
}

static bool is_wanted(const struct session *session, const struct route_ends *ends)
{
        enum echo_cancel mode = session->audio->config.echo_cancel;

        if (mode == ECHO_CANCEL_OFF || !ends->speaker || !ends->microphone ||
            !session_has_nodes_wish(session) || session->level < AUDIO_LEVEL_NODES)
                return false;
        if (mode == ECHO_CANCEL_ON)
                return true;
        return !provider_cancels(session) &&
               (streq(ends->kind, "speaker") || streq(ends->kind, "other"));
}

static bool is_loaded_for(const struct canceller *cancel, const struct route_ends *ends)
{
        return cancel->module && !cancel->retiring && cancel->speaker == ends->speaker->serial &&
               cancel->microphone == ends->microphone->serial;
}

static bool are_linked(const struct graph_node *output, const struct graph_node *input)
{
        const struct graph_link *link;

        if (!output || !input)
                return false;
        DL_FOREACH2 (output->outputs, link, output_next) {
                if (!link->doomed && link->input == input)
                        return true;
        }
        return false;
}

void echo_cancel_insert(struct session *session, struct route_ends *ends)
{
        struct audio *audio = session->audio;
        struct graph_node *sink;
        struct graph_node *source;

        if (!is_wanted(session, ends) || !is_loaded_for(&audio->canceller, ends))
                return;
        sink = find_part(audio, PART_SINK);
        source = find_part(audio, PART_SOURCE);
        if (!sink || !source || !graph_node_get_port(sink, false, 1) ||
            !graph_node_get_port(source, true, 0) ||
            !are_linked(find_part(audio, PART_PLAYBACK), ends->speaker) ||
            !are_linked(ends->microphone, find_part(audio, PART_CAPTURE)))
                return;
        ends->speaker = sink;
        ends->microphone = source;
}

/* The module */

static void on_module_destroy(void *data)
{
        struct audio *audio = data;

        spa_hook_remove(&audio->canceller.listener);
        audio->canceller.module = NULL;
        audio->canceller.retiring = false;
        session_touch_all(audio);
}

static const struct pw_impl_module_events module_events = {
        PW_VERSION_IMPL_MODULE_EVENTS,
        .destroy = on_module_destroy,
};

/*
 * The module of PipeWire 0.3.65 crashes when it is unloaded while it is running: its data thread
 * goes on with streams that are destroyed. So it is taken out of every path first, and goes when
 * the server has stopped it (of its nodes the two streams are those whose state we see).
 */
static bool stands_still(struct audio *audio)
{
        bool still = true;

        for (enum part part = 0; part < ARRAY_SIZE(part_names); part++) {
                struct graph_node *node = find_part(audio, part);
                struct graph_link *link;

                if (!node)
                        continue;
                still = still && node->state <= PW_NODE_STATE_IDLE;
                DL_FOREACH2 (node->outputs, link, output_next) {
                        graph_destroy_link(&audio->graph, link);
                        still = false;
                }
                DL_FOREACH2 (node->inputs, link, input_next) {
                        graph_destroy_link(&audio->graph, link);
                        still = false;
                }
        }
        return still;
}

void echo_cancel_retire(struct audio *audio)
{
        audio->canceller.retiring = audio->canceller.module;
}

/* Whether it is gone. */
static bool retire(struct audio *audio)
{
        audio->canceller.retiring = true;
        if (!stands_still(audio)) {
                audio->canceller.look_at = audio_now() + LOOK_AGAIN_AFTER;
                return false;
        }
        pw_impl_module_destroy(audio->canceller.module);
        return true;
}

void echo_cancel_disconnected(struct audio *audio)
{
        if (audio->canceller.module)
                pw_impl_module_destroy(audio->canceller.module);
}

/*
 * "Internal": no device for anybody but us. Without a suspend timeout the session manager would
 * suspend its nodes some seconds after use, and WirePlumber 0.4.13 crashes when they go before
 * that; idle they cost nothing. Its source is a plain stream, hence no "Virtual". What WebRTC could
 * do besides taking out the echo is left to the app: two noise suppressions in a row spoil a voice.
 */
static int make_arguments(const struct route_ends *ends, char *buffer, size_t size)
{
        char names[ARRAY_SIZE(part_names)][NAME_SIZE];
        int n;

        for (enum part part = 0; part < ARRAY_SIZE(part_names); part++)
                make_name(part, names[part]);
        n = snprintf(buffer, size,
                     "{ library.name = \"aec/libspa-aec-webrtc\" audio.rate = 48000"
                     " audio.channels = 2 audio.position = [ FL FR ]"
                     " aec.args = { webrtc.noise_suppression = false webrtc.gain_control = false }"
                     " capture.props = { node.name = \"%s\" target.object = \"%s\""
                     " node.passive = true }"
                     " source.props = { node.name = \"%s\" node.description = \"Calls\""
                     " media.class = \"Audio/Source/Internal\" priority.session = 0"
                     " session.suspend-timeout-seconds = 0 }"
                     " sink.props = { node.name = \"%s\" node.description = \"Calls\""
                     " media.class = \"Audio/Sink/Internal\" priority.session = 0"
                     " session.suspend-timeout-seconds = 0 }"
                     " playback.props = { node.name = \"%s\" target.object = \"%s\""
                     " node.passive = true } }",
                     names[PART_CAPTURE], ends->microphone->name, names[PART_SOURCE],
                     names[PART_SINK], names[PART_PLAYBACK], ends->speaker->name);
        return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static void load(struct audio *audio, const struct route_ends *ends)
{
        struct canceller *cancel = &audio->canceller;
        char arguments[ARGUMENTS_SIZE];

        if (make_arguments(ends, arguments, sizeof(arguments)) < 0)
                return;
        cancel->module = pw_context_load_module(audio->server.context,
                                                "libpipewire-module-echo-cancel", arguments, NULL);
        if (!cancel->module) {
                cancel->failed = true;
                log_warning("no echo cancelling: PipeWire's module echo-cancel with WebRTC cannot "
                            "be loaded (%s); calls go without it. Is it installed "
                            "(libpipewire-0.3-modules and libspa-0.2-modules)?",
                            strerror(errno));
                return;
        }
        cancel->speaker = ends->speaker->serial;
        cancel->microphone = ends->microphone->serial;
        pw_impl_module_add_listener(cancel->module, &cancel->listener, &module_events, audio);
        log_info("echo cancelling between %s and %s", ends->microphone->name, ends->speaker->name);
}

/* Of the calls that want it one that is heard comes first: the others are silent. */
static bool find_wanted(struct audio *audio, struct route_ends *ret_ends)
{
        struct session *session;
        bool found = false;

        for (session = audio->sessions; session; session = session->hh.next) {
                struct route_ends ends;

                if (!session_has_nodes_wish(session))
                        continue;
                route_resolve(session, &ends);
                if (!is_wanted(session, &ends))
                        continue;
                *ret_ends = ends;
                found = true;
                if (session->level == AUDIO_LEVEL_LINKED)
                        return true;
        }
        return found;
}

void echo_cancel_settle(struct audio *audio)
{
        struct canceller *cancel = &audio->canceller;
        struct route_ends ends;
        bool wanted;

        cancel->look_at = 0;
        if (cancel->failed)
                return;
        wanted = audio->graph.metadata && find_wanted(audio, &ends);
        if (cancel->module && wanted && is_loaded_for(cancel, &ends))
                return;
        if (cancel->module && !retire(audio))
                return;
        if (wanted)
                load(audio, &ends);
}

/* The data thread is stopped for good, so nothing of the module runs when it is unloaded. */
void echo_cancel_done(struct audio *audio)
{
        struct session *session;

        if (!audio->canceller.module)
                return;
        audio->canceller.retiring = true;
        for (session = audio->sessions; session && audio->state == AUDIO_ON;
             session = session->hh.next) {
                if (!session->orphan)
                        session_reconcile(session);
        }
        /* What was asked for leaves before the module goes. */
        pw_loop_iterate(audio->server.loop, 0);
        pw_data_loop_stop(pw_context_get_data_loop(audio->server.context));
        pw_impl_module_destroy(audio->canceller.module);
}
