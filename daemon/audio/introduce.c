/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where recordings of PulseAudio clients wait for their answer; see introduce.h. */
#include "audio/introduce.h"

#include <spa/param/audio/format-utils.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "util/log.h"

/* Nodes that are just being configured refuse links. */
#define RETRY_AFTER (100 * USEC_PER_MSEC)

/* A stream like ours that is older than its session manager keeps that from linking anything. */
static bool is_wanted(struct audio *audio)
{
        const struct session *session, *next;

        if (!audio->graph.metadata)
                return false;
        HASH_ITER (hh, audio->sessions, session, next) {
                if (!session->orphan && session_has_nodes_wish(session))
                        return true;
        }
        return false;
}

/* ---- the stream ---- */

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        struct audio *audio = data;

        (void)old;
        if (state != PW_STREAM_STATE_ERROR)
                return;
        log_warning("Recordings of PulseAudio clients will wait for ever: PipeWire refuses a "
                    "silent stream: %s",
                    str_or_empty(error));
        audio->introducer.failed = true;
        audio_wake(audio);
}

/* No process(): it never has anything to play. */
static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
};

static int connect_stream(struct pw_stream *stream)
{
        uint8_t buffer[1024];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        const struct spa_pod *params[] = {spa_format_audio_raw_build(
                &builder, SPA_PARAM_EnumFormat,
                &SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32, .rate = 48000,
                                         .channels = 1, .position = {SPA_AUDIO_CHANNEL_MONO}))};

        return pw_stream_connect(stream, PW_DIRECTION_OUTPUT, PW_ID_ANY, PW_STREAM_FLAG_RT_PROCESS,
                                 params, ARRAY_SIZE(params));
}

static void open_stream(struct audio *audio)
{
        struct introducer *introducer = &audio->introducer;

        introducer->stream =
                pw_stream_new(audio->server.core, "callsd",
                              pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                                                "Playback", PW_KEY_NODE_NAME, "callsd.introduction",
                                                PW_KEY_NODE_DESCRIPTION, "Silence", PW_KEY_APP_NAME,
                                                "callsd", PW_KEY_NODE_AUTOCONNECT, "false", NULL));
        if (!introducer->stream) {
                introducer->failed = true;
                return;
        }
        pw_stream_add_listener(introducer->stream, &introducer->listener, &stream_events, audio);
        if (connect_stream(introducer->stream) < 0)
                introducer->failed = true;
}

static struct graph_node *get_stream(struct audio *audio)
{
        if (!audio->introducer.stream)
                return NULL;
        return graph_find_node(&audio->graph, pw_stream_get_node_id(audio->introducer.stream));
}

/* ---- its link ---- */

static void drop_link(struct introducer *introducer)
{
        if (!introducer->link)
                return;
        spa_hook_remove(&introducer->link_listener);
        pw_proxy_destroy(introducer->link);
        introducer->link = NULL;
}

static void on_link_error(void *data, int seq, int res, const char *message)
{
        struct audio *audio = data;

        (void)seq;
        log_debug("PipeWire did not make a link: %s (%s)", message ? message : "no reason given",
                  strerror(-res));
        audio->introducer.look_at = audio_now() + RETRY_AFTER;
        audio_wake(audio);
}

static const struct pw_proxy_events link_events = {
        PW_VERSION_PROXY_EVENTS,
        .error = on_link_error,
};

/* Passive: no device is kept awake by it. */
static void make_link(struct audio *audio, const struct graph_port *output,
                      const struct graph_port *input)
{
        struct introducer *introducer = &audio->introducer;
        struct pw_properties *properties = pw_properties_new(PW_KEY_LINK_PASSIVE, "true", NULL);

        if (!properties)
                return;
        pw_properties_setf(properties, PW_KEY_LINK_OUTPUT_PORT, "%u", output->id);
        pw_properties_setf(properties, PW_KEY_LINK_INPUT_PORT, "%u", input->id);
        introducer->link =
                pw_core_create_object(audio->server.core, "link-factory", PW_TYPE_INTERFACE_Link,
                                      PW_VERSION_LINK, &properties->dict, 0);
        pw_properties_free(properties);
        if (!introducer->link)
                return;
        introducer->sink = input->node->serial;
        pw_proxy_add_listener(introducer->link, &introducer->link_listener, &link_events, audio);
}

/* What pipewire-pulse lists as a sink. */
static bool is_sink(const struct graph_node *node)
{
        return !node->doomed &&
               (streq(node->media_class, "Audio/Sink") || streq(node->media_class, "Audio/Duplex"));
}

static struct graph_node *choose_sink(struct audio *audio)
{
        const char *name = audio->graph.default_sink;
        struct graph_node *node = name ? graph_find_node_by_name(&audio->graph, name) : NULL;

        return node && is_sink(node) ? node : NULL;
}

static void update_link(struct audio *audio)
{
        struct introducer *introducer = &audio->introducer;
        struct graph_node *stream = get_stream(audio);
        struct graph_node *sink = choose_sink(audio);
        const struct graph_port *output = stream ? graph_node_get_port(stream, true, 0) : NULL;
        const struct graph_port *input = sink ? graph_node_get_port(sink, false, 0) : NULL;
        bool retry = introducer->look_at != 0 && audio_now() >= introducer->look_at;

        if (retry)
                introducer->look_at = 0;
        if (introducer->link && (retry || !sink || introducer->sink != sink->serial))
                drop_link(introducer);
        if (!introducer->link && introducer->look_at == 0 && output && input)
                make_link(audio, output, input);
}

static bool is_on_sink(const struct graph_node *stream)
{
        const struct graph_link *link;

        DL_FOREACH2 (stream->outputs, link, output_next) {
                if (!link->doomed && is_sink(link->input))
                        return true;
        }
        return false;
}

/* ---- what the owner asks ---- */

static void set_ready(struct audio *audio, bool ready)
{
        if (audio->introducer.ready == ready)
                return;
        audio->introducer.ready = ready;
        audio->rescan = true;
}

void introduce_disconnected(struct audio *audio)
{
        struct introducer *introducer = &audio->introducer;

        set_ready(audio, false);
        drop_link(introducer);
        if (introducer->stream)
                pw_stream_destroy(introducer->stream);
        *introducer = (struct introducer){0};
}

void introduce_settle(struct audio *audio)
{
        struct introducer *introducer = &audio->introducer;
        struct graph_node *stream;

        if (!is_wanted(audio)) {
                introduce_disconnected(audio);
                return;
        }
        if (!introducer->stream && !introducer->failed)
                open_stream(audio);
        if (introducer->failed)
                return;
        update_link(audio);
        stream = get_stream(audio);
        set_ready(audio, stream && is_on_sink(stream));
}

struct graph_node *introduce_get_node(struct audio *audio)
{
        return audio->introducer.ready ? get_stream(audio) : NULL;
}

bool introduce_is_ours(const struct introducer *introducer, const struct graph_node *node)
{
        return introducer->stream && pw_stream_get_node_id(introducer->stream) == node->id;
}
