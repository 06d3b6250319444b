/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the audio session costs, on the PipeWire that is running: how long until a wish of a call is
 * fulfilled in the server, with 1, 10 and 100 streams in the call.
 *
 *     callsd-bench [STREAMS...]
 *
 * A time alone says something about the machine. So each is printed as a multiple of one core sync,
 * an empty round trip to the server, measured between the steps, and with the number of round trips
 * that the audio session waited for. All are medians of RUNS runs. This is no test: nothing
 * fails for being slow.
 */
#include "bench.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "audio/audio.h"

#define RUNS 9
#define PATIENCE (20 * USEC_PER_SEC)

enum step { ACTIVATE, MUTE, UNMUTE, HOLD, RESUME, DUCK, N_STEPS };

static const char *const names[N_STEPS] = {"activate", "mute", "unmute", "hold", "resume", "duck"};

struct sample {
        double usec;
        double sync_usec; /* of an empty round trip just before */
        unsigned syncs;
};

struct bench {
        sd_event *event;
        struct audio *audio;
        struct observer *observer;
        struct audio_wish wish;
        char call[UUID_TEXT_SIZE];
        bool available;
        bool nodes;
        bool streaming;
        uint64_t ready;
        struct sample samples[N_STEPS][RUNS];
};

typedef bool (*condition_fn)(struct bench *bench, unsigned number);

usec_t bench_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

static void on_available(bool available, void *userdata)
{
        struct bench *bench = userdata;

        bench->available = available;
}

static void on_nodes(const char *call, const char *sink, const char *source, void *userdata)
{
        struct bench *bench = userdata;

        (void)call, (void)sink, (void)source;
        bench->nodes = true;
}

static void on_ready(const char *call, uint64_t serial, const char *sink, const char *source,
                     const char *route, void *userdata)
{
        struct bench *bench = userdata;

        (void)call, (void)sink, (void)source, (void)route;
        bench->ready = serial;
}

static void wait_for(struct bench *bench, condition_fn condition, unsigned number, const char *what)
{
        usec_t deadline = bench_now() + PATIENCE;

        while (!condition(bench, number)) {
                if (bench_now() > deadline || sd_event_run(bench->event, USEC_PER_SEC) < 0) {
                        fprintf(stderr, "callsd-bench: %s: not within %u s\n", what,
                                (unsigned)(PATIENCE / USEC_PER_SEC));
                        exit(EXIT_FAILURE);
                }
        }
}

static bool is_available(struct bench *bench, unsigned number)
{
        (void)number;
        return bench->available;
}

static bool has_nodes(struct bench *bench, unsigned number)
{
        (void)number;
        return bench->nodes;
}

static bool are_streaming(struct bench *bench, unsigned number)
{
        (void)number;
        return bench->streaming;
}

static bool is_synced(struct bench *bench, unsigned number)
{
        return observer_synced(bench->observer) >= number;
}

static bool is_ready(struct bench *bench, unsigned number)
{
        (void)number;
        return bench->ready == bench->wish.serial;
}

static bool are_ducked(struct bench *bench, unsigned number)
{
        return is_ready(bench, 0) && observer_ducked(bench->observer) == number;
}

/* Volumes are written as they were; the server does not say what that puts out of force. */
static bool are_written(struct bench *bench, unsigned number)
{
        return is_ready(bench, 0) && observer_written(bench->observer) == number;
}

static bool are_known(struct bench *bench, unsigned number)
{
        return observer_others(bench->observer) >= number;
}

static double measure_sync(struct bench *bench)
{
        unsigned number = observer_synced(bench->observer) + 1;
        usec_t start = bench_now();

        observer_sync(bench->observer);
        wait_for(bench, is_synced, number, "the server's answer");
        return (double)(bench_now() - start);
}

static void set(struct bench *bench, enum audio_level level, bool muted)
{
        bench->wish.level = level;
        bench->wish.muted = muted;
        bench->wish.serial++;
        if (audio_set(bench->audio, &bench->wish) < 0)
                exit(EXIT_FAILURE);
}

/* One wish, until it is fulfilled; `sample` may be NULL. */
static void step(struct bench *bench, enum audio_level level, bool muted, struct sample *sample)
{
        double sync = measure_sync(bench);
        unsigned syncs = count_syncs();
        usec_t start = bench_now();

        set(bench, level, muted);
        wait_for(bench, is_ready, 0, "a wish");
        if (sample)
                *sample =
                        (struct sample){(double)(bench_now() - start), sync, count_syncs() - syncs};
}

static void new_call(struct bench *bench)
{
        uuid_t bytes;

        uuid_generate(bytes);
        uuid_unparse_lower(bytes, bench->call);
        bench->wish = (struct audio_wish){
                .call = bench->call,
                .provider = "org.callsd.Bench",
                .app_id = "",
                .group = "",
        };
        bench->nodes = false;
        bench->ready = 0;
        set(bench, AUDIO_LEVEL_NODES, false);
        wait_for(bench, has_nodes, 0, "the call's nodes");
        wait_for(bench, is_ready, 0, "the call's nodes");
}

static void end_call(struct bench *bench)
{
        step(bench, AUDIO_LEVEL_NONE, false, NULL);
}

static int configure(struct bench *bench, enum other_media other)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.other_media = other;
        config.echo_cancel = ECHO_CANCEL_OFF;
        return audio_configure(bench->audio, &config);
}

static int on_streaming(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct bench *bench = userdata;
        char byte;

        (void)source, (void)events;
        if (read(fd, &byte, 1) != 1)
                return -EPIPE;
        bench->streaming = true;
        return 0;
}

/* Returns when all of them run. */
static pid_t start_streams(struct bench *bench, unsigned n, const char *call)
{
        sd_event_source *source = NULL;
        int ready = -1;
        pid_t app = streams_start(n, call, &ready);

        bench->streaming = false;
        if (app < 0 ||
            sd_event_add_io(bench->event, &source, ready, EPOLLIN, on_streaming, bench) < 0)
                exit(EXIT_FAILURE);
        wait_for(bench, are_streaming, 0, "streams that run");
        sd_event_source_disable_unref(source);
        close(ready);
        return app;
}

/* The call's own streams: everything but ducking. */
static void run_call(struct bench *bench, unsigned n)
{
        pid_t app;

        configure(bench, OTHER_MEDIA_LEAVE);
        new_call(bench);
        app = start_streams(bench, n, bench->call);
        for (unsigned i = 0; i < RUNS; i++) {
                step(bench, AUDIO_LEVEL_LINKED, false, &bench->samples[ACTIVATE][i]);
                step(bench, AUDIO_LEVEL_LINKED, true, &bench->samples[MUTE][i]);
                step(bench, AUDIO_LEVEL_LINKED, false, &bench->samples[UNMUTE][i]);
                step(bench, AUDIO_LEVEL_NODES, false, &bench->samples[HOLD][i]);
                step(bench, AUDIO_LEVEL_LINKED, false, &bench->samples[RESUME][i]);
                step(bench, AUDIO_LEVEL_NODES, false, NULL);
        }
        streams_stop(app);
        end_call(bench);
}

static void duck_once(struct bench *bench, unsigned n, struct sample *sample)
{
        double sync = measure_sync(bench);
        unsigned syncs = count_syncs();
        usec_t start;

        observer_forget(bench->observer);
        start = bench_now();
        set(bench, AUDIO_LEVEL_LINKED, false);
        wait_for(bench, are_ducked, n, "ducking");
        *sample = (struct sample){(double)(bench_now() - start), sync, count_syncs() - syncs};
        observer_forget(bench->observer);
        set(bench, AUDIO_LEVEL_NODES, false);
        wait_for(bench, are_written, n, "the end of ducking");
}

/* Other sound; ducking is over when the second connection sees every stream softer. */
static void run_duck(struct bench *bench, unsigned n)
{
        pid_t app;

        configure(bench, OTHER_MEDIA_DUCK);
        bench->observer = observer_new(bench->event);
        if (!bench->observer)
                exit(EXIT_FAILURE);
        new_call(bench);
        app = start_streams(bench, n, NULL);
        wait_for(bench, are_known, n, "other streams");
        for (unsigned i = 0; i < RUNS; i++)
                duck_once(bench, n, &bench->samples[DUCK][i]);
        streams_stop(app);
        end_call(bench);
}

static int by_value(const void *left, const void *right)
{
        double a = *(const double *)left, b = *(const double *)right;

        return a < b ? -1 : a > b;
}

static double median(double *values, unsigned n)
{
        qsort(values, n, sizeof(*values), by_value);
        return values[n / 2];
}

/* One figure for all steps: a server that has just worked answers sooner. */
static double median_sync(const struct bench *bench)
{
        double values[N_STEPS * RUNS];

        for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
                values[i] = bench->samples[i / RUNS][i % RUNS].sync_usec;
        return median(values, ARRAY_SIZE(values));
}

static void print_step(const char *name, unsigned n, const struct sample *samples, double sync)
{
        double usec[RUNS], trips[RUNS];

        for (unsigned i = 0; i < RUNS; i++) {
                usec[i] = samples[i].usec;
                trips[i] = samples[i].syncs;
        }
        printf("%-9s %7u %11.0f %10.1f %10.0f\n", name, n, median(trips, RUNS),
               median(usec, RUNS) / sync, median(usec, RUNS));
}

static void print(const struct bench *bench, unsigned n)
{
        double sync = median_sync(bench);

        for (unsigned i = 0; i < N_STEPS; i++)
                print_step(names[i], n, bench->samples[i], sync);
        printf("%-9s %7u %11d %10.1f %10.0f\n", "core sync", n, 1, 1.0, sync);
        fflush(stdout);
}

static void run(struct bench *bench, unsigned n)
{
        bench->observer = observer_new(bench->event);
        if (!bench->observer)
                exit(EXIT_FAILURE);
        run_call(bench, n);
        observer_free(bench->observer);
        run_duck(bench, n);
        observer_free(bench->observer);
        print(bench, n);
}

int main(int argc, char **argv)
{
        static const unsigned usual[] = {1, 10, 100};
        const struct audio_events events = {
                .available_fn = on_available,
                .nodes_fn = on_nodes,
                .ready_fn = on_ready,
        };
        struct bench *bench = calloc(1, sizeof(*bench));

        if (!bench || sd_event_new(&bench->event) < 0)
                return EXIT_FAILURE;
        pw_init(NULL, NULL);
        if (audio_new(bench->event, &events, bench, &bench->audio) < 0)
                return EXIT_FAILURE;
        wait_for(bench, is_available, 0, "PipeWire and its session manager");
        printf("step      streams round-trips core-syncs       usec   (medians of %d)\n", RUNS);
        if (argc < 2)
                for (unsigned i = 0; i < ARRAY_SIZE(usual); i++)
                        run(bench, usual[i]);
        for (int i = 1; i < argc; i++)
                run(bench, (unsigned)strtoul(argv[i], NULL, 10));
        audio_free(bench->audio);
        sd_event_unref(bench->event);
        free(bench);
        pw_deinit();
        return EXIT_SUCCESS;
}
