/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joining a call with pw_stream: the properties go into pw_stream_new() as they are.
 *
 * Leave PW_STREAM_FLAG_AUTOCONNECT set, and set neither node.dont-reconnect nor node.autoconnect:
 * callsd and the session manager do the linking, again after either was restarted.
 */
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

#include "line.h"

static struct pw_thread_loop *loop;
static struct pw_stream *playback;
static struct pw_stream *capture;

static void on_playback(void *userdata)
{
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(playback);
        struct spa_data *data;
        uint32_t n;

        (void)userdata;
        if (!buffer)
                return;
        data = &buffer->buffer->datas[0];
        n = data->maxsize / (uint32_t)sizeof(float);
        if (buffer->requested > 0 && buffer->requested < n)
                n = (uint32_t)buffer->requested;
        if (data->data)
                line_speak(data->data, n);
        data->chunk->offset = 0;
        data->chunk->stride = sizeof(float);
        data->chunk->size = n * (uint32_t)sizeof(float);
        pw_stream_queue_buffer(playback, buffer);
}

static void on_capture(void *userdata)
{
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(capture);
        const struct spa_data *data;

        (void)userdata;
        if (!buffer)
                return;
        data = &buffer->buffer->datas[0];
        if (data->data)
                line_listen(SPA_PTROFF(data->data, data->chunk->offset, const float),
                            data->chunk->size / (uint32_t)sizeof(float));
        pw_stream_queue_buffer(capture, buffer);
}

static const struct pw_stream_events playback_events = {
        PW_VERSION_STREAM_EVENTS,
        .process = on_playback,
};

static const struct pw_stream_events capture_events = {
        PW_VERSION_STREAM_EVENTS,
        .process = on_capture,
};

static struct pw_stream *open_stream(enum pw_direction direction, const char *const *join)
{
        struct spa_audio_info_raw info =
                SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32, .rate = LINE_RATE,
                                        .channels = 1, .position = {SPA_AUDIO_CHANNEL_MONO});
        struct pw_properties *properties = pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", NULL);
        uint8_t space[1024];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof(space));
        const struct spa_pod *format =
                spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
        struct pw_stream *stream;

        for (; join[0]; join += 2) /* key, value, key, value... */
                pw_properties_set(properties, join[0], join[1]);
        stream = pw_stream_new_simple(
                pw_thread_loop_get_loop(loop), "call", properties,
                direction == PW_DIRECTION_OUTPUT ? &playback_events : &capture_events, NULL);
        if (stream)
                pw_stream_connect(stream, direction, PW_ID_ANY,
                                  PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                          PW_STREAM_FLAG_RT_PROCESS,
                                  &format, 1);
        return stream;
}

static void on_properties(const struct cx_stream_properties *properties,
                          const struct cx_error *error, void *userdata)
{
        (void)userdata;
        if (error) {
                line_joined(cx_error_get_message(error));
                return;
        }
        pw_init(NULL, NULL);
        loop = pw_thread_loop_new("line", NULL);
        pw_thread_loop_start(loop);
        pw_thread_loop_lock(loop);
        playback = open_stream(PW_DIRECTION_OUTPUT,
                               cx_stream_properties_list(properties, CX_STREAM_DIRECTION_PLAYBACK));
        capture = open_stream(PW_DIRECTION_INPUT,
                              cx_stream_properties_list(properties, CX_STREAM_DIRECTION_CAPTURE));
        pw_thread_loop_unlock(loop);
        line_joined(playback && capture ? NULL : "no streams");
}

void line_join(struct cx_provider *provider, const char *call, char *const *arguments)
{
        (void)arguments;
        cx_provider_get_stream_properties(provider, call, on_properties, NULL);
}

void line_leave(void)
{
        if (!loop)
                return;
        pw_thread_loop_lock(loop);
        if (playback)
                pw_stream_destroy(playback);
        if (capture)
                pw_stream_destroy(capture);
        pw_thread_loop_unlock(loop);
        pw_thread_loop_stop(loop);
        pw_thread_loop_destroy(loop);
        pw_deinit();
}
