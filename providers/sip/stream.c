/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PipeWire's graph and liblinphone's ticker have clocks of their own: one side puts blocks of one
 * length into the ring, the other takes blocks of another. A few blocks of reserve even that out;
 * when the reserve is used up there is a gap, when it has grown the oldest is dropped, so the delay
 * of a call is bounded however the clocks drift.
 */
#include "stream.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <spa/utils/ringbuffer.h>

#define RING_SIZE 65536u /* bytes; a power of two */
#define RESERVE_MSEC 20u
#define LIMIT_MSEC 80u
/* Ringing at the far end as most of Europe has it. */
#define RINGBACK_HZ 425.0
#define RINGBACK_ON_SEC UINT64_C(1)
#define RINGBACK_CYCLE_SEC UINT64_C(5)
#define RINGBACK_AMPLITUDE 3000.0

struct stream_engine {
        struct pw_thread_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        struct spa_hook hook;
        atomic_bool lost;
};

struct stream {
        struct stream_engine *engine;
        struct pw_stream *stream;
        struct spa_hook hook;
        unsigned rate;
        bool capture;
        bool ringback;
        uint64_t position; /* of the ringback */
        struct spa_ringbuffer ring;
        bool is_dry; /* of the reader's side: waits for the reserve */
        uint8_t space[RING_SIZE];
};

static uint32_t bytes_of(const struct stream *stream, unsigned msec)
{
        return stream->rate * msec / 1000 * (uint32_t)sizeof(int16_t);
}

static void ring_put(struct stream *stream, const void *samples, uint32_t size)
{
        uint32_t index;
        int32_t filled = spa_ringbuffer_get_write_index(&stream->ring, &index);

        if (filled < 0 || (uint32_t)filled + size > RING_SIZE)
                return;
        spa_ringbuffer_write_data(&stream->ring, stream->space, RING_SIZE, index & (RING_SIZE - 1),
                                  samples, size);
        spa_ringbuffer_write_update(&stream->ring, (int32_t)(index + size));
}

static void ring_take(struct stream *stream, void *samples, uint32_t size)
{
        uint32_t index;
        int32_t filled = spa_ringbuffer_get_read_index(&stream->ring, &index);

        if (filled > (int32_t)bytes_of(stream, LIMIT_MSEC)) {
                index += (uint32_t)filled - bytes_of(stream, RESERVE_MSEC);
                filled = (int32_t)bytes_of(stream, RESERVE_MSEC);
        }
        if (stream->is_dry && filled >= (int32_t)bytes_of(stream, RESERVE_MSEC))
                stream->is_dry = false;
        if (stream->is_dry || filled < (int32_t)size) {
                stream->is_dry = true;
                memset(samples, 0, size);
        } else {
                spa_ringbuffer_read_data(&stream->ring, stream->space, RING_SIZE,
                                         index & (RING_SIZE - 1), samples, size);
                index += size;
        }
        spa_ringbuffer_read_update(&stream->ring, (int32_t)index);
}

static void fill_ringback(struct stream *stream, int16_t *samples, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++, stream->position++) {
                uint64_t phase = stream->position % (RINGBACK_CYCLE_SEC * stream->rate);
                bool on = phase < RINGBACK_ON_SEC * stream->rate;

                samples[i] = on ? (int16_t)(RINGBACK_AMPLITUDE * sin(2 * M_PI * RINGBACK_HZ *
                                                                     (double)phase / stream->rate))
                                : 0;
        }
}

static void on_playback(struct stream *stream, struct pw_buffer *buffer)
{
        struct spa_data *data = &buffer->buffer->datas[0];
        uint32_t n = data->maxsize / (uint32_t)sizeof(int16_t);

        if (buffer->requested > 0 && buffer->requested < n)
                n = (uint32_t)buffer->requested;
        if (data->data && stream->ringback)
                fill_ringback(stream, data->data, n);
        else if (data->data)
                ring_take(stream, data->data, n * (uint32_t)sizeof(int16_t));
        data->chunk->offset = 0;
        data->chunk->stride = sizeof(int16_t);
        data->chunk->size = n * (uint32_t)sizeof(int16_t);
}

static void on_capture(struct stream *stream, struct pw_buffer *buffer)
{
        const struct spa_data *data = &buffer->buffer->datas[0];

        if (data->data)
                ring_put(stream, SPA_PTROFF(data->data, data->chunk->offset, const void),
                         data->chunk->size);
}

static void on_process(void *userdata)
{
        struct stream *stream = userdata;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(stream->stream);

        if (!buffer)
                return;
        if (stream->capture)
                on_capture(stream, buffer);
        else
                on_playback(stream, buffer);
        pw_stream_queue_buffer(stream->stream, buffer);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .process = on_process,
};

static struct pw_properties *make_properties(const struct stream_options *options)
{
        const char *const *more = options->properties;
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                options->capture ? "Capture" : "Playback", PW_KEY_MEDIA_ROLE, "Communication",
                PW_KEY_NODE_NAME, "callsd-sip", PW_KEY_NODE_LATENCY, "480/48000", NULL);

        for (; properties && more && more[0] && more[1]; more += 2)
                pw_properties_set(properties, more[0], more[1]);
        return properties;
}

static int connect_stream(struct stream *stream, const struct stream_options *options)
{
        uint8_t space[1024];
        struct spa_audio_info_raw info = {
                .format = SPA_AUDIO_FORMAT_S16,
                .rate = stream->rate,
                .channels = 1,
                .position = {SPA_AUDIO_CHANNEL_MONO},
        };
        struct spa_pod_builder builder;
        const struct spa_pod *format;

        spa_pod_builder_init(&builder, space, sizeof(space));
        format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
        stream->stream = pw_stream_new(stream->engine->core, "call", make_properties(options));
        if (!stream->stream)
                return -ENOMEM;
        pw_stream_add_listener(stream->stream, &stream->hook, &stream_events, stream);
        return pw_stream_connect(
                stream->stream, stream->capture ? PW_DIRECTION_INPUT : PW_DIRECTION_OUTPUT,
                PW_ID_ANY,
                PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
                &format, 1);
}

struct stream *stream_new(struct stream_engine *engine, const struct stream_options *options)
{
        struct stream *stream = engine ? calloc(1, sizeof(*stream)) : NULL;
        int r;

        if (!stream)
                return NULL;
        stream->engine = engine;
        stream->rate = options->rate;
        stream->capture = options->capture;
        stream->ringback = options->ringback;
        stream->is_dry = true;
        spa_ringbuffer_init(&stream->ring);
        pw_thread_loop_lock(engine->loop);
        r = connect_stream(stream, options);
        pw_thread_loop_unlock(engine->loop);
        if (r < 0) {
                stream_free(stream);
                return NULL;
        }
        return stream;
}

void stream_free(struct stream *stream)
{
        if (!stream)
                return;
        pw_thread_loop_lock(stream->engine->loop);
        if (stream->stream)
                pw_stream_destroy(stream->stream);
        pw_thread_loop_unlock(stream->engine->loop);
        free(stream);
}

void stream_write(struct stream *stream, const int16_t *samples, uint32_t n)
{
        ring_put(stream, samples, n * (uint32_t)sizeof(int16_t));
}

void stream_read(struct stream *stream, int16_t *samples, uint32_t n)
{
        ring_take(stream, samples, n * (uint32_t)sizeof(int16_t));
}

static void on_core_error(void *userdata, uint32_t id, int seq, int r, const char *message)
{
        struct stream_engine *engine = userdata;

        (void)seq, (void)message;
        if (id == PW_ID_CORE && r == -EPIPE)
                atomic_store(&engine->lost, true);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .error = on_core_error,
};

struct stream_engine *stream_engine_new(void)
{
        struct stream_engine *engine = calloc(1, sizeof(*engine));
        struct pw_properties *realtime;

        if (!engine)
                return NULL;
        pw_init(NULL, NULL);
        /* Only with this configuration the data thread has the priority that a voice needs. */
        realtime = pw_properties_new(PW_KEY_CONFIG_NAME, "client-rt.conf", NULL);
        engine->loop = pw_thread_loop_new("sound", NULL);
        if (engine->loop)
                engine->context =
                        pw_context_new(pw_thread_loop_get_loop(engine->loop), realtime, 0);
        else
                pw_properties_free(realtime);
        if (engine->context)
                engine->core = pw_context_connect(engine->context, NULL, 0);
        if (engine->core)
                pw_core_add_listener(engine->core, &engine->hook, &core_events, engine);
        if (!engine->core || pw_thread_loop_start(engine->loop) < 0) {
                stream_engine_free(engine);
                return NULL;
        }
        return engine;
}

void stream_engine_free(struct stream_engine *engine)
{
        if (!engine)
                return;
        if (engine->loop)
                pw_thread_loop_stop(engine->loop);
        if (engine->core)
                pw_core_disconnect(engine->core);
        if (engine->context)
                pw_context_destroy(engine->context);
        if (engine->loop)
                pw_thread_loop_destroy(engine->loop);
        pw_deinit();
        free(engine);
}

bool stream_engine_is_lost(struct stream_engine *engine)
{
        return engine && atomic_load(&engine->lost);
}
