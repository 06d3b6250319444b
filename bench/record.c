/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs to keep the state on record: bytes, and the time of a save and of a load with all
 * its checks, for 1, 100 and 10,000 live calls.
 *
 *     callsd-bench-record [CALLS...]
 *
 * Medians. Beside the time of a save there is that of copying as many bytes, for a time alone says
 * something about the machine. This is no test: nothing fails for being slow.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/record.h"

#define CALLS_PER_PROVIDER 50
#define MAX_RUNS 1001

static uint64_t last_uuid;
static const struct instant now = {.boottime = 5000 * USEC_PER_SEC,
                                   .realtime = 1700000000 * USEC_PER_SEC};

static void make_uuid(struct uuid *ret_uuid, void *userdata)
{
        (void)userdata;
        snprintf(ret_uuid->text, sizeof(ret_uuid->text), "00000000-0000-4000-8000-%012llx",
                 (unsigned long long)(++last_uuid & 0xffffffffffffULL));
}

static const struct engine_host host = {.make_uuid = make_uuid};

static void must(bool condition, const char *what)
{
        if (condition)
                return;
        fprintf(stderr, "callsd-bench-record: %s failed\n", what);
        exit(EXIT_FAILURE);
}

static double nsec_now(void)
{
        struct timespec at;

        clock_gettime(CLOCK_MONOTONIC, &at);
        return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/* ---- a state ---- */

static void settle(struct engine *engine)
{
        struct effect effect;

        while (engine_next_effect(engine, &effect))
                ;
        engine_settle(engine);
}

static unsigned add_provider(struct engine *engine, unsigned n)
{
        struct provider_config config;
        struct provider_peer peer = {.sandboxed = false};
        char text[32], name[32];
        unsigned number = 0;

        snprintf(text, sizeof(text), "org.example.App%u", n);
        snprintf(name, sizeof(name), ":1.%u", n);
        peer.name = name;
        peer.identity = text;
        provider_config_init(&config);
        config.identifier = strdup(text);
        config.localized_name = strdup("Example");
        config.maximum_call_groups = CALLS_PER_PROVIDER + 1;
        must(engine_register_provider(engine, now, &peer, &config, &number) == 0, "registering");
        provider_config_done(&config);
        return number;
}

/* Most are held, as calls are of which there are many; the first one is talked on. */
static void add_call(struct engine *engine, unsigned provider, unsigned n)
{
        const struct call_import import = {
                .state = n == 0 ? CALL_STATE_ACTIVE : CALL_STATE_HELD,
                .update = {.set = UPDATE_HANDLE | UPDATE_NAME,
                           .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                           .handle = "+49301234567",
                           .name = "Ada Lovelace"},
        };
        struct uuid id = {.text = ""};

        make_uuid(&id, NULL);
        must(engine_report_call(engine, now, provider, id.text, &import) == 0, "a call");
        settle(engine);
}

static struct engine *new_state(unsigned n_calls)
{
        struct engine *engine = NULL;
        unsigned provider = 0;

        must(engine_new(&host, &LIMITS_DEFAULT, &engine) == 0, "beginning");
        for (unsigned i = 0; i < n_calls; i++) {
                if (i % CALLS_PER_PROVIDER == 0)
                        provider = add_provider(engine, i / CALLS_PER_PROVIDER);
                add_call(engine, provider, i);
        }
        settle(engine);
        return engine;
}

/* ---- times ---- */

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned n)
{
        qsort(values, n, sizeof(*values), compare);
        return values[n / 2] / 1000;
}

static double time_save(const struct engine *engine, struct record_bytes *bytes, unsigned n_runs)
{
        double values[MAX_RUNS];

        for (unsigned i = 0; i < n_runs; i++) {
                const double began = nsec_now();

                must(engine_save(engine, bytes) == 0, "saving");
                values[i] = nsec_now() - began;
        }
        return median(values, n_runs);
}

static double time_copy(const struct record_bytes *bytes, unsigned n_runs)
{
        uint8_t *copy = malloc(bytes->size);
        double values[MAX_RUNS];

        must(copy != NULL, "copying");
        for (unsigned i = 0; i < n_runs; i++) {
                const double began = nsec_now();

                memcpy(copy, bytes->data, bytes->size);
                __asm__ volatile("" : : "r"(copy) : "memory"); /* it is used, do not leave it out */
                values[i] = nsec_now() - began;
        }
        free(copy);
        return median(values, n_runs);
}

static double time_load(const struct record_bytes *bytes, unsigned n_runs)
{
        double values[MAX_RUNS];

        for (unsigned i = 0; i < n_runs; i++) {
                const double began = nsec_now();
                struct engine *engine = NULL;
                const char *problem = "";

                if (engine_load(&host, &LIMITS_DEFAULT, bytes->data, bytes->size, &engine,
                                &problem) != 0)
                        must(false, problem);
                values[i] = nsec_now() - began;
                engine_free(engine);
        }
        return median(values, n_runs);
}

static void measure(unsigned n_calls)
{
        const unsigned n_runs = n_calls > 1000 ? 51 : MAX_RUNS;
        struct engine *engine = new_state(n_calls);
        struct record_bytes bytes = {0};
        const double save = time_save(engine, &bytes, n_runs);

        printf("%8u %10zu %10.1f %10.1f %10.1f\n", n_calls, bytes.size, save,
               time_copy(&bytes, n_runs), time_load(&bytes, n_runs));
        record_bytes_done(&bytes);
        engine_free(engine);
}

int main(int argc, char **argv)
{
        static const unsigned usual[] = {1, 100, 10000};

        printf("%8s %10s %10s %10s %10s\n", "calls", "bytes", "save usec", "copy usec",
               "load usec");
        if (argc < 2)
                for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
                        measure(usual[i]);
        for (int i = 1; i < argc; i++)
                measure((unsigned)strtoul(argv[i], NULL, 10));
        return EXIT_SUCCESS;
}
