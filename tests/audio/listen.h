/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device plays, sample by sample: its pitch, its level, its clicks. */
#ifndef CALLSD_TESTS_AUDIO_LISTEN_H
#define CALLSD_TESTS_AUDIO_LISTEN_H

#include "world.h"

/* Two equal channels that are mixed to one. */
#define LISTEN_GAIN 1.41421356

#define LISTEN_MS(ms) ((unsigned)(ms) * (SAMPLES_RATE / 1000))

struct listener {
        struct world *world;
        struct world_app *app;
        struct samples *samples;
};

/* Starts to record what the sink plays. */
struct listener listen_to(struct world *world, const char *sink);
void listen_end(struct listener *listener);

/* How many samples there are. */
unsigned listen_now(const struct listener *listener);
/* Until `n` more samples are there than at `from`. */
void listen_wait(const struct listener *listener, unsigned from, unsigned n);
/* Until something can be heard after `from`; where it begins. */
unsigned listen_onset(const struct listener *listener, unsigned from);
/* Until there are `n` samples of silence in a row; where the last sound was. */
unsigned listen_silence(const struct listener *listener, unsigned from, unsigned n);

double listen_rms(const struct listener *listener, unsigned from, unsigned n);
/* The amplitude of a sine of this frequency. */
double listen_tone(const struct listener *listener, unsigned from, unsigned n, double hz);
/* Until a sine of this frequency, at least so loud, fills `n` samples; where these begin. */
unsigned listen_find(const struct listener *listener, unsigned from, unsigned n, double hz,
                     double amplitude);
/* Whether one comes within 600 ms. */
bool listen_has(const struct listener *listener, unsigned from, unsigned n, double hz,
                double amplitude);
/* The amplitude in the best of some stretches of 30 ms: a busy machine loses blocks now and then.
 */
double listen_best_tone(const struct listener *listener, unsigned from, double hz);
/* Whether it is so in one of five attempts, for what a lost block would spoil. */
bool listen_try(bool (*attempt_fn)(void));
/* The loudest frequency between the two, to 5 Hz. */
double listen_pitch(const struct listener *listener, unsigned from, unsigned n, double low,
                    double high);
/* The largest difference between one sample and the next. */
double listen_step(const struct listener *listener, unsigned from, unsigned n);

#endif
