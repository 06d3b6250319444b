/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device plays, sample by sample; see listen.h. */
#include "listen.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define AUDIBLE 0.002f
#define PATIENCE LISTEN_MS(8000)

struct listener listen_to(struct world *world, const char *sink)
{
        struct listener listener = {.world = world};
        char path[] = "/tmp/callsd-samples-XXXXXX";
        int fd = mkstemp(path);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ftruncate(fd, sizeof(struct samples)), 0);
        listener.samples =
                mmap(NULL, sizeof(struct samples), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        ck_assert_ptr_ne(listener.samples, MAP_FAILED);
        close(fd);
        listener.app = world_app_start("meter", "-s", path, sink, NULL);
        unlink(path);
        return listener;
}

void listen_end(struct listener *listener)
{
        world_app_end(listener->app);
        munmap(listener->samples, sizeof(*listener->samples));
        listener->samples = NULL;
}

unsigned listen_now(const struct listener *listener)
{
        return atomic_load(&listener->samples->n);
}

void listen_wait(const struct listener *listener, unsigned from, unsigned n)
{
        ck_assert_uint_lt(from + n, SAMPLES_MAX);
        world_pump(listener->world, listen_now(listener) >= from + n);
}

unsigned listen_onset(const struct listener *listener, unsigned from)
{
        for (unsigned i = from;; i++) {
                if (i >= listen_now(listener))
                        listen_wait(listener, i, 1);
                if (fabsf(listener->samples->samples[i]) > AUDIBLE)
                        return i;
                ck_assert_msg(i - from < PATIENCE, "nothing is heard in %u samples", i - from);
        }
}

unsigned listen_silence(const struct listener *listener, unsigned from, unsigned n)
{
        unsigned last = from;

        for (unsigned i = from; i - last < n; i++) {
                if (i >= listen_now(listener))
                        listen_wait(listener, i, 1);
                if (fabsf(listener->samples->samples[i]) > 0.0f)
                        last = i;
                ck_assert_msg(i - from < PATIENCE, "still sound after %u samples", i - from);
        }
        return last;
}

double listen_rms(const struct listener *listener, unsigned from, unsigned n)
{
        double sum = 0;

        listen_wait(listener, from, n);
        for (unsigned i = from; i < from + n; i++)
                sum += (double)listener->samples->samples[i] * listener->samples->samples[i];
        return sqrt(sum / n);
}

/* Goertzel's algorithm. */
double listen_tone(const struct listener *listener, unsigned from, unsigned n, double hz)
{
        double coefficient = 2 * cos(2 * M_PI * hz / SAMPLES_RATE);
        double last = 0, before = 0;

        listen_wait(listener, from, n);
        for (unsigned i = from; i < from + n; i++) {
                double next = listener->samples->samples[i] + coefficient * last - before;

                before = last;
                last = next;
        }
        return 2 * sqrt(fmax(0, last * last + before * before - coefficient * last * before)) / n;
}

static bool search(const struct listener *listener, unsigned from, unsigned range, unsigned n,
                   double hz, double amplitude, unsigned *ret_at)
{
        for (unsigned i = from; i - from < range; i += LISTEN_MS(5)) {
                if (listen_tone(listener, i, n, hz) < amplitude)
                        continue;
                *ret_at = i;
                return true;
        }
        return false;
}

unsigned listen_find(const struct listener *listener, unsigned from, unsigned n, double hz,
                     double amplitude)
{
        unsigned at = 0;

        ck_assert_msg(search(listener, from, PATIENCE, n, hz, amplitude, &at),
                      "no %.0f Hz are heard", hz);
        return at;
}

bool listen_has(const struct listener *listener, unsigned from, unsigned n, double hz,
                double amplitude)
{
        unsigned at;

        return search(listener, from, LISTEN_MS(600), n, hz, amplitude, &at);
}

double listen_best_tone(const struct listener *listener, unsigned from, double hz)
{
        double best = 0;

        for (unsigned i = 0; i < 4; i++)
                best = fmax(best,
                            listen_tone(listener, from + i * LISTEN_MS(30), LISTEN_MS(30), hz));
        return best;
}

bool listen_try(bool (*attempt_fn)(void))
{
        for (unsigned i = 0; i < 5; i++) {
                if (attempt_fn())
                        return true;
                printf("once more\n");
        }
        return false;
}

double listen_pitch(const struct listener *listener, unsigned from, unsigned n, double low,
                    double high)
{
        double loudest = 0, pitch = 0;

        for (double hz = low; hz <= high; hz += 5) {
                double amplitude = listen_tone(listener, from, n, hz);

                if (amplitude > loudest) {
                        loudest = amplitude;
                        pitch = hz;
                }
        }
        return pitch;
}

double listen_step(const struct listener *listener, unsigned from, unsigned n)
{
        const float *samples = listener->samples->samples;
        double largest = 0;

        listen_wait(listener, from, n);
        for (unsigned i = from + 1; i < from + n; i++)
                largest = fmax(largest, fabs((double)samples[i] - samples[i - 1]));
        return largest;
}
