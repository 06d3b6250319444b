/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sound of the example: two streams for each call. Nothing here knows of callsd. */
#include "tone-party.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

#define RATE 48000
#define WINDOW 4800 /* a tenth of a second */
/* A microphone that brings no blocks any more is a silent one. */
#define STALE_NSEC INT64_C(250000000)

struct tone_party {
        struct pw_thread_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
};

struct tone_line {
        struct tone_party *party;
        struct pw_stream *playback;
        struct pw_stream *capture;
        struct spa_hook playback_hook;
        struct spa_hook capture_hook;
        double phase;
        double step;
        double amplitude;
        /* of the window that is being filled; only the data thread has them */
        double sum;
        unsigned n_samples;
        _Atomic float level;
        _Atomic int64_t heard_at;
};

static int64_t monotonic_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void on_playback(void *userdata)
{
        struct tone_line *line = userdata;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(line->playback);
        struct spa_data *data;
        uint32_t n;

        if (!buffer)
                return;
        data = &buffer->buffer->datas[0];
        n = data->maxsize / (uint32_t)sizeof(float);
        if (buffer->requested > 0 && buffer->requested < n)
                n = (uint32_t)buffer->requested;
        for (uint32_t i = 0; data->data && i < n; i++) {
                ((float *)data->data)[i] = (float)(line->amplitude * sin(line->phase));
                line->phase = fmod(line->phase + line->step, 2 * M_PI);
        }
        data->chunk->offset = 0;
        data->chunk->stride = sizeof(float);
        data->chunk->size = n * (uint32_t)sizeof(float);
        pw_stream_queue_buffer(line->playback, buffer);
}

static void measure(struct tone_line *line, const float *samples, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                line->sum += (double)samples[i] * (double)samples[i];
                if (++line->n_samples < WINDOW)
                        continue;
                atomic_store(&line->level, (float)sqrt(line->sum / WINDOW));
                line->sum = 0;
                line->n_samples = 0;
        }
        atomic_store(&line->heard_at, monotonic_now());
}

static void on_capture(void *userdata)
{
        struct tone_line *line = userdata;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(line->capture);
        const struct spa_data *data;

        if (!buffer)
                return;
        data = &buffer->buffer->datas[0];
        if (data->data)
                measure(line, SPA_PTROFF(data->data, data->chunk->offset, const float),
                        data->chunk->size / (uint32_t)sizeof(float));
        pw_stream_queue_buffer(line->capture, buffer);
}

static const struct pw_stream_events playback_events = {
        PW_VERSION_STREAM_EVENTS,
        .process = on_playback,
};

static const struct pw_stream_events capture_events = {
        PW_VERSION_STREAM_EVENTS,
        .process = on_capture,
};

static struct pw_properties *make_properties(const char *name, const char *category,
                                             const char *const *more)
{
        struct pw_properties *properties;

        properties =
                pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, category,
                                  PW_KEY_MEDIA_ROLE, "Communication", PW_KEY_NODE_NAME, name, NULL);
        for (; properties && more && more[0] && more[1]; more += 2)
                pw_properties_set(properties, more[0], more[1]);
        return properties;
}

static struct pw_stream *make_stream(struct tone_line *line, enum pw_direction direction,
                                     struct pw_properties *properties)
{
        bool plays = direction == PW_DIRECTION_OUTPUT;
        uint8_t space[1024];
        struct spa_audio_info_raw info = {
                .format = SPA_AUDIO_FORMAT_F32,
                .rate = RATE,
                .channels = 1,
                .position = {SPA_AUDIO_CHANNEL_MONO},
        };
        struct spa_pod_builder builder;
        const struct spa_pod *format;
        struct pw_stream *stream;

        spa_pod_builder_init(&builder, space, sizeof(space));
        format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
        stream = pw_stream_new(line->party->core, plays ? "tone" : "microphone", properties);
        if (!stream)
                return NULL;
        pw_stream_add_listener(stream, plays ? &line->playback_hook : &line->capture_hook,
                               plays ? &playback_events : &capture_events, line);
        if (pw_stream_connect(stream, direction, PW_ID_ANY,
                              PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                      PW_STREAM_FLAG_RT_PROCESS,
                              &format, 1) < 0) {
                pw_stream_destroy(stream);
                return NULL;
        }
        return stream;
}

struct tone_line *tone_line_new(struct tone_party *party, const struct tone_line_options *options)
{
        struct tone_line *line = party ? calloc(1, sizeof(*line)) : NULL;

        if (!line)
                return NULL;
        line->party = party;
        line->step = 2 * M_PI * options->frequency / RATE;
        line->amplitude = options->amplitude;
        pw_thread_loop_lock(party->loop);
        line->playback = make_stream(line, PW_DIRECTION_OUTPUT,
                                     make_properties(options->name, "Playback", options->playback));
        if (options->listen)
                line->capture =
                        make_stream(line, PW_DIRECTION_INPUT,
                                    make_properties(options->name, "Capture", options->capture));
        pw_thread_loop_unlock(party->loop);
        return line;
}

void tone_line_free(struct tone_line *line)
{
        if (!line)
                return;
        pw_thread_loop_lock(line->party->loop);
        if (line->playback)
                pw_stream_destroy(line->playback);
        if (line->capture)
                pw_stream_destroy(line->capture);
        pw_thread_loop_unlock(line->party->loop);
        free(line);
}

double tone_line_level(const struct tone_line *line)
{
        if (monotonic_now() - atomic_load(&line->heard_at) > STALE_NSEC)
                return 0;
        return (double)atomic_load(&line->level);
}

struct tone_party *tone_party_new(void)
{
        struct tone_party *party = calloc(1, sizeof(*party));
        struct pw_properties *realtime;

        if (!party)
                return NULL;
        pw_init(NULL, NULL);
        /* Only with this configuration the data thread has the priority that a voice needs. */
        realtime = pw_properties_new(PW_KEY_CONFIG_NAME, "client-rt.conf", NULL);
        party->loop = pw_thread_loop_new("tone-party", NULL);
        if (party->loop)
                party->context = pw_context_new(pw_thread_loop_get_loop(party->loop), realtime, 0);
        else
                pw_properties_free(realtime);
        if (party->context)
                party->core = pw_context_connect(party->context, NULL, 0);
        if (!party->core || pw_thread_loop_start(party->loop) < 0) {
                tone_party_free(party);
                return NULL;
        }
        return party;
}

void tone_party_free(struct tone_party *party)
{
        if (!party)
                return;
        if (party->loop)
                pw_thread_loop_stop(party->loop);
        if (party->core)
                pw_core_disconnect(party->core);
        if (party->context)
                pw_context_destroy(party->context);
        if (party->loop)
                pw_thread_loop_destroy(party->loop);
        pw_deinit();
        free(party);
}
