/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joining a call with libpulse (pipewire-pulse): the properties go into the stream's property list,
 * and the device stays NULL. Name no device as well: the property is what holds when the stream is
 * moved or the server restarted.
 */
#include <pulse/pulseaudio.h>

#include "line.h"

#define LATENCY_USEC 20000

static const pa_sample_spec format = {
        .format = PA_SAMPLE_FLOAT32NE,
        .rate = LINE_RATE,
        .channels = 1,
};
static pa_threaded_mainloop *loop;
static pa_context *server;
static pa_stream *playback;
static pa_stream *capture;
static const struct cx_stream_properties *join;

static void on_playback(pa_stream *stream, size_t n_bytes, void *userdata)
{
        void *samples;

        (void)userdata;
        if (pa_stream_begin_write(stream, &samples, &n_bytes) < 0)
                return;
        line_speak(samples, (unsigned)(n_bytes / sizeof(float)));
        pa_stream_write(stream, samples, n_bytes, NULL, 0, PA_SEEK_RELATIVE);
}

static void on_capture(pa_stream *stream, size_t n_bytes, void *userdata)
{
        const void *samples;

        (void)userdata;
        if (pa_stream_peek(stream, &samples, &n_bytes) < 0 || n_bytes == 0)
                return;
        if (samples)
                line_listen(samples, (unsigned)(n_bytes / sizeof(float)));
        pa_stream_drop(stream);
}

static pa_stream *new_stream(enum cx_stream_direction direction)
{
        const char *const *property = cx_stream_properties_list(join, direction);
        pa_proplist *list = pa_proplist_new();
        pa_stream *stream;

        for (; property[0]; property += 2) /* key, value, key, value... */
                pa_proplist_sets(list, property[0], property[1]);
        stream = pa_stream_new_with_proplist(server, "call", &format, NULL, list);
        pa_proplist_free(list);
        return stream;
}

static void open_streams(void)
{
        const uint32_t size = (uint32_t)pa_usec_to_bytes(LATENCY_USEC, &format);
        const pa_buffer_attr attributes = {
                .maxlength = (uint32_t)-1,
                .tlength = size,
                .prebuf = (uint32_t)-1,
                .minreq = (uint32_t)-1,
                .fragsize = size,
        };
        const pa_stream_flags_t flags = PA_STREAM_ADJUST_LATENCY;

        playback = new_stream(CX_STREAM_DIRECTION_PLAYBACK);
        capture = new_stream(CX_STREAM_DIRECTION_CAPTURE);
        pa_stream_set_write_callback(playback, on_playback, NULL);
        pa_stream_set_read_callback(capture, on_capture, NULL);
        if (pa_stream_connect_playback(playback, NULL, &attributes, flags, NULL, NULL) < 0 ||
            pa_stream_connect_record(capture, NULL, &attributes, flags) < 0)
                line_joined(pa_strerror(pa_context_errno(server)));
        else
                line_joined(NULL);
}

static void on_server(pa_context *context, void *userdata)
{
        (void)userdata;
        if (pa_context_get_state(context) == PA_CONTEXT_READY)
                open_streams();
        else if (pa_context_get_state(context) == PA_CONTEXT_FAILED)
                line_joined(pa_strerror(pa_context_errno(context)));
}

static void on_properties(const struct cx_stream_properties *properties,
                          const struct cx_error *error, void *userdata)
{
        (void)userdata;
        if (error) {
                line_joined(cx_error_get_message(error));
                return;
        }
        join = cx_stream_properties_ref(properties);
        loop = pa_threaded_mainloop_new();
        server = pa_context_new(pa_threaded_mainloop_get_api(loop), "line");
        pa_context_set_state_callback(server, on_server, NULL);
        pa_context_connect(server, NULL, PA_CONTEXT_NOFLAGS, NULL);
        pa_threaded_mainloop_start(loop);
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
        pa_threaded_mainloop_stop(loop);
        if (playback)
                pa_stream_unref(playback);
        if (capture)
                pa_stream_unref(capture);
        pa_context_disconnect(server);
        pa_context_unref(server);
        pa_threaded_mainloop_free(loop);
        cx_stream_properties_unref(join);
}
