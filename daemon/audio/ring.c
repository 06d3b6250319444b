/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ringing; see ring.h. */
#include "audio/ring.h"

#include <errno.h>

#include <spa/param/audio/format-utils.h>

#include "util/log.h"

#define RATE 48000
#define FADE_MS 10
#define GAIN_STEP (1000.0f / (RATE * FADE_MS))

/* In the data thread: no locks, no memory, no calls into the daemon. */
static void fade(struct ring *ring, float *samples, unsigned n)
{
        bool stop = atomic_load_explicit(&ring->stop, memory_order_relaxed);
        float target = stop ? 0.0f : 1.0f;

        for (unsigned i = 0; i < n; i++) {
                if (ring->gain < target)
                        ring->gain = SPA_MIN(ring->gain + GAIN_STEP, target);
                else if (ring->gain > target)
                        ring->gain = SPA_MAX(ring->gain - GAIN_STEP, target);
                samples[i] *= ring->gain;
        }
        if (stop && ring->gain <= 0.0f && !ring->told) {
                ring->told = true;
                pw_loop_signal_event(ring->loop, ring->faded);
        }
}

static void on_process(void *data)
{
        struct ring *ring = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(ring->stream);
        struct spa_data *plane;
        unsigned n;

        if (!buffer)
                return;
        plane = &buffer->buffer->datas[0];
        if (plane->data) {
                n = plane->maxsize / (unsigned)sizeof(float);
                if (buffer->requested && buffer->requested < n)
                        n = (unsigned)buffer->requested;
                tone_render(&ring->tone, plane->data, n);
                fade(ring, plane->data, n);
                plane->chunk->offset = 0;
                plane->chunk->stride = sizeof(float);
                plane->chunk->size = n * (unsigned)sizeof(float);
        }
        pw_stream_queue_buffer(ring->stream, buffer);
}

/* A device that goes away in the middle of a fade never asks for the rest of it. */
static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        struct ring *ring = data;

        (void)old;
        (void)error;
        if (state != PW_STREAM_STATE_STREAMING && atomic_load(&ring->stop))
                pw_loop_signal_event(ring->loop, ring->faded);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

static struct pw_properties *stream_properties(void)
{
        return pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Playback",
                                 PW_KEY_MEDIA_ROLE, "Ringtone", PW_KEY_NODE_NAME, "callsd.ringtone",
                                 PW_KEY_NODE_DESCRIPTION, "Ringtone", PW_KEY_APP_NAME, "callsd",
                                 PW_KEY_NODE_LATENCY, "256/48000", NULL);
}

static int connect_stream(struct ring *ring)
{
        uint8_t buffer[1024];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        struct spa_audio_info_raw format =
                SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32, .rate = RATE, .channels = 1,
                                        .position = {SPA_AUDIO_CHANNEL_MONO});
        const struct spa_pod *params[1];

        params[0] = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format);
        return pw_stream_connect(ring->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                         PW_STREAM_FLAG_RT_PROCESS,
                                 params, 1);
}

static void drop_stream(struct ring *ring)
{
        if (!ring->stream)
                return;
        pw_stream_destroy(ring->stream);
        ring->stream = NULL;
        ring->playing = RING_NONE;
        ring->changed_fn(ring->userdata);
}

static void start(struct ring *ring)
{
        int r;

        ring->stream = pw_stream_new(ring->core, "Ringtone", stream_properties());
        if (!ring->stream) {
                log_warning("no stream for the ringtone: %s", strerror(errno));
                return;
        }
        tone_init(&ring->tone, ring->wanted, RATE);
        ring->gain = 0.0f;
        ring->told = false;
        atomic_store(&ring->stop, false);
        ring->playing = ring->wanted;
        pw_stream_add_listener(ring->stream, &ring->listener, &stream_events, ring);
        r = connect_stream(ring);
        if (r < 0) {
                log_warning("the ringtone does not play: %s", strerror(-r));
                drop_stream(ring);
                return;
        }
        ring->changed_fn(ring->userdata);
}

/* One sound fades out before another begins. */
static void update(struct ring *ring)
{
        if (!ring->core || ring->wanted == ring->playing)
                return;
        if (!ring->stream) {
                start(ring);
                return;
        }
        /* A stream that no device runs never calls back: there is nothing to fade. */
        if (pw_stream_get_state(ring->stream, NULL) != PW_STREAM_STATE_STREAMING) {
                drop_stream(ring);
                update(ring);
                return;
        }
        atomic_store(&ring->stop, true);
}

static void on_faded(void *data, uint64_t count)
{
        struct ring *ring = data;

        (void)count;
        /* A new stream may have begun since the data thread said so about the old one. */
        if (!ring->stream || !atomic_load(&ring->stop))
                return;
        drop_stream(ring);
        update(ring);
}

int ring_init(struct ring *ring, struct pw_loop *loop, void (*changed_fn)(void *userdata),
              void *userdata)
{
        *ring = (struct ring){.loop = loop, .changed_fn = changed_fn, .userdata = userdata};
        ring->faded = pw_loop_add_event(loop, on_faded, ring);
        return ring->faded ? 0 : -ENOMEM;
}

void ring_done(struct ring *ring)
{
        if (ring->stream)
                pw_stream_destroy(ring->stream);
        ring->stream = NULL;
        ring->core = NULL;
        if (ring->faded)
                pw_loop_destroy_source(ring->loop, ring->faded);
        ring->faded = NULL;
}

void ring_set(struct ring *ring, enum ring_mode mode)
{
        if (ring->wanted == mode)
                return;
        ring->wanted = mode;
        update(ring);
}

bool ring_is_on(const struct ring *ring)
{
        return ring->wanted != RING_NONE && ring->stream;
}

void ring_connect(struct ring *ring, struct pw_core *core)
{
        ring->core = core;
        update(ring);
}

void ring_disconnect(struct ring *ring)
{
        drop_stream(ring);
        ring->core = NULL;
}
