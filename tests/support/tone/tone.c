/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stand-in for an app's audio: one PipeWire stream that plays a sine, or records and measures.
 *
 *     callsd-tone play [-f HZ] [-a AMPLITUDE] [-c STREAMS] [-v BLOCKS] [-P KEY=VALUE]...
 *     callsd-tone record [-l FILE] [-s FILE] [-f HZ] [-n BLOCKS] [-P KEY=VALUE]...
 *     callsd-tone meter [-l FILE] [-s FILE] [-f HZ] [-n BLOCKS] SINK
 *
 * `meter` records what a sink plays. Levels go to standard output, one line "usec rms" per block,
 * or with -l into a file as in levels.h; with -s all samples as well. -f measures this frequency
 * alone, as well as one block allows (give or take 200 Hz). -n ends it after so many blocks; else
 * a signal does. -c makes so many streams, each of them a quarter of HZ higher than the one before;
 * -v writes the volume anew with each of so many blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/props.h>

#include "support/tone/levels.h"

#define RATE 48000
#define VOICES_MAX 8

struct tone;

struct voice {
        struct tone *tone;
        struct pw_stream *stream;
        double phase;
        double step;
};

struct tone {
        struct pw_main_loop *loop;
        struct voice voices[VOICES_MAX];
        unsigned n_voices;
        struct spa_source *heard;
        struct levels *levels;
        struct samples *samples; /* NULL: not kept */
        bool record;
        bool one_frequency;
        bool print;
        double step;
        float amplitude;
        unsigned insist; /* blocks left with which the volume is written */
        unsigned printed;
        unsigned limit;
};

static uint64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void play(struct voice *voice, struct pw_buffer *buffer)
{
        struct tone *tone = voice->tone;
        struct spa_data *plane = &buffer->buffer->datas[0];
        float *samples = plane->data;
        unsigned n = plane->maxsize / (unsigned)sizeof(float);

        if (buffer->requested && buffer->requested < n)
                n = (unsigned)buffer->requested;
        for (unsigned i = 0; i < n; i++) {
                samples[i] = tone->amplitude * (float)sin(voice->phase);
                voice->phase = fmod(voice->phase + voice->step, 2 * M_PI);
        }
        plane->chunk->offset = 0;
        plane->chunk->stride = sizeof(float);
        plane->chunk->size = n * (unsigned)sizeof(float);
        if (tone->insist > 0)
                pw_loop_signal_event(pw_main_loop_get_loop(tone->loop), tone->heard);
}

/* The RMS of a sine with the measured frequency in the block (Goertzel). */
static double level_at_frequency(const struct tone *tone, const float *samples, unsigned n)
{
        double coefficient = 2 * cos(tone->step);
        double last = 0, before = 0;

        for (unsigned i = 0; i < n; i++) {
                double next = (double)samples[i] + coefficient * last - before;

                before = last;
                last = next;
        }
        return sqrt(fmax(0, last * last + before * before - coefficient * last * before) * 2) / n;
}

static double level(const struct tone *tone, const float *samples, unsigned n)
{
        double sum = 0;

        if (tone->one_frequency)
                return level_at_frequency(tone, samples, n);
        for (unsigned i = 0; i < n; i++)
                sum += (double)samples[i] * (double)samples[i];
        return sqrt(sum / n);
}

static void keep_samples(struct samples *kept, const float *samples, unsigned n)
{
        unsigned at = atomic_load(&kept->n);

        if (n > SAMPLES_MAX - at)
                n = SAMPLES_MAX - at;
        memcpy(kept->samples + at, samples, n * sizeof(float));
        atomic_store(&kept->n, at + n);
}

static void record(struct tone *tone, struct pw_buffer *buffer)
{
        const struct spa_data *plane = &buffer->buffer->datas[0];
        const float *samples = SPA_PTROFF(plane->data, plane->chunk->offset, float);
        unsigned n = plane->chunk->size / (unsigned)sizeof(float);
        unsigned block = atomic_load(&tone->levels->n);

        if (n == 0 || block == LEVELS_MAX)
                return;
        if (tone->samples)
                keep_samples(tone->samples, samples, n);
        tone->levels->blocks[block].usec = now_usec();
        tone->levels->blocks[block].rms = (float)level(tone, samples, n);
        atomic_store(&tone->levels->n, block + 1);
        pw_loop_signal_event(pw_main_loop_get_loop(tone->loop), tone->heard);
}

static void on_process(void *data)
{
        struct voice *voice = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(voice->stream);

        if (!buffer)
                return;
        if (buffer->buffer->datas[0].data) {
                if (voice->tone->record)
                        record(voice->tone, buffer);
                else
                        play(voice, buffer);
        }
        pw_stream_queue_buffer(voice->stream, buffer);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        struct voice *voice = data;

        (void)old;
        if (state != PW_STREAM_STATE_ERROR && state != PW_STREAM_STATE_UNCONNECTED)
                return;
        if (state == PW_STREAM_STATE_ERROR)
                fprintf(stderr, "callsd-tone: the stream failed: %s\n",
                        error ? error : "no reason given");
        pw_main_loop_quit(voice->tone->loop);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

static void write_volume(struct tone *tone)
{
        float volume = 1.0f;

        tone->insist--;
        for (unsigned i = 0; i < tone->n_voices; i++)
                pw_stream_set_control(tone->voices[i].stream, SPA_PROP_channelVolumes, 1, &volume,
                                      0);
}

static void on_heard(void *data, uint64_t count)
{
        struct tone *tone = data;
        unsigned n = atomic_load(&tone->levels->n);

        (void)count;
        if (tone->insist > 0)
                write_volume(tone);
        for (; tone->print && tone->printed < n; tone->printed++)
                printf("%" PRIu64 " %.6f\n", tone->levels->blocks[tone->printed].usec,
                       (double)tone->levels->blocks[tone->printed].rms);
        fflush(stdout);
        if (tone->limit && n >= tone->limit)
                pw_main_loop_quit(tone->loop);
}

static int usage(void)
{
        fprintf(stderr, "usage: callsd-tone play [-f HZ] [-a AMPLITUDE] [-c STREAMS] [-v BLOCKS] "
                        "[-P KEY=VALUE]...\n"
                        "       callsd-tone record [-l FILE] [-s FILE] [-f HZ] [-n BLOCKS] "
                        "[-P KEY=VALUE]...\n"
                        "       callsd-tone meter [-l FILE] [-s FILE] [-f HZ] [-n BLOCKS] SINK\n");
        return EXIT_FAILURE;
}

static void *map_file(const char *path, size_t size)
{
        int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
        int flags = path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
        void *memory;

        if (path && (fd < 0 || ftruncate(fd, (off_t)size) < 0)) {
                fprintf(stderr, "callsd-tone: %s: %s\n", path, strerror(errno));
                exit(EXIT_FAILURE);
        }
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (memory == MAP_FAILED) {
                fprintf(stderr, "callsd-tone: no memory for levels: %s\n", strerror(errno));
                exit(EXIT_FAILURE);
        }
        if (fd >= 0)
                close(fd);
        return memory;
}

static int set_property(struct pw_properties *properties, char *pair)
{
        char *value = strchr(pair, '=');

        if (!value)
                return -1;
        *value++ = '\0';
        pw_properties_set(properties, pair, value);
        return 0;
}

static void set_frequency(struct tone *tone, const char *text)
{
        tone->step = 2 * M_PI * atof(text) / RATE;
        tone->one_frequency = tone->record;
}

static int connect_stream(struct voice *voice)
{
        uint8_t buffer[1024];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        struct spa_audio_info_raw format =
                SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32, .rate = RATE, .channels = 1,
                                        .position = {SPA_AUDIO_CHANNEL_MONO});
        const struct spa_pod *params[1];

        params[0] = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format);
        return pw_stream_connect(
                voice->stream, voice->tone->record ? PW_DIRECTION_INPUT : PW_DIRECTION_OUTPUT,
                PW_ID_ANY,
                PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
                params, 1);
}

static int open_voice(struct tone *tone, unsigned i, const struct pw_properties *properties)
{
        struct voice *voice = &tone->voices[i];

        voice->tone = tone;
        voice->step = tone->step * (4 + i) / 4;
        voice->stream = pw_stream_new_simple(pw_main_loop_get_loop(tone->loop), "tone",
                                             pw_properties_copy(properties), &stream_events, voice);
        if (voice->stream)
                return connect_stream(voice);
        fprintf(stderr, "callsd-tone: no PipeWire: %s\n", strerror(errno));
        return -errno;
}

static int run(struct tone *tone, const struct pw_properties *properties)
{
        int r = 0;

        tone->loop = pw_main_loop_new(NULL);
        tone->heard = pw_loop_add_event(pw_main_loop_get_loop(tone->loop), on_heard, tone);
        for (unsigned i = 0; r == 0 && i < tone->n_voices; i++)
                r = open_voice(tone, i, properties);
        if (r == 0)
                pw_main_loop_run(tone->loop);
        for (unsigned i = 0; i < tone->n_voices && tone->voices[i].stream; i++)
                pw_stream_destroy(tone->voices[i].stream);
        pw_main_loop_destroy(tone->loop);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static struct pw_properties *default_properties(const struct tone *tone)
{
        return pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                                 tone->record ? "Capture" : "Playback", PW_KEY_NODE_NAME,
                                 "callsd-tone", PW_KEY_NODE_LATENCY, "256/48000", NULL);
}

int main(int argc, char **argv)
{
        struct tone tone = {
                .amplitude = 0.25f, .step = 2 * M_PI * 440 / RATE, .print = true, .n_voices = 1};
        struct pw_properties *properties;
        const char *path = NULL;
        const char *samples = NULL;
        bool meter;
        int option;
        int r;

        if (argc < 2)
                return usage();
        meter = strcmp(argv[1], "meter") == 0;
        tone.record = meter || strcmp(argv[1], "record") == 0;
        if (!tone.record && strcmp(argv[1], "play") != 0)
                return usage();
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        pw_init(NULL, NULL);
        properties = default_properties(&tone);
        optind = 2;
        while ((option = getopt(argc, argv, "f:a:c:l:s:n:v:P:")) != -1) {
                if (option == 'f')
                        set_frequency(&tone, optarg);
                else if (option == 's')
                        samples = optarg;
                else if (option == 'a')
                        tone.amplitude = (float)atof(optarg);
                else if (option == 'l')
                        path = optarg;
                else if (option == 'c')
                        tone.n_voices = (unsigned)strtoul(optarg, NULL, 10);
                else if (option == 'v')
                        tone.insist = (unsigned)strtoul(optarg, NULL, 10);
                else if (option == 'n')
                        tone.limit = (unsigned)strtoul(optarg, NULL, 10);
                else if (option != 'P' || set_property(properties, optarg) < 0)
                        return usage();
        }
        if (argc - optind != (meter ? 1 : 0) || tone.n_voices < 1 ||
            tone.n_voices > (tone.record ? 1 : VOICES_MAX))
                return usage();
        if (meter) {
                pw_properties_set(properties, PW_KEY_STREAM_CAPTURE_SINK, "true");
                pw_properties_set(properties, PW_KEY_TARGET_OBJECT, argv[optind]);
                /* It measures this sink, whatever becomes the default. */
                pw_properties_set(properties, PW_KEY_NODE_DONT_RECONNECT, "true");
        }
        tone.print = !path;
        tone.levels = map_file(path, sizeof(struct levels));
        if (samples)
                tone.samples = map_file(samples, sizeof(struct samples));
        r = run(&tone, properties);
        pw_properties_free(properties);
        pw_deinit();
        return r;
}
