/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other people's sound, and how loud it is at a sink.
 *
 * The tone has whole periods in a block, so that every block has the same level.
 */
#ifndef CALLSD_TESTS_AUDIO_MUSIC_H
#define CALLSD_TESTS_AUDIO_MUSIC_H

#include "audio/audio-private.h"
#include "world.h"

#define DUCK (-12.0)
/* In decibels: what a duck may be off, and what is undone. */
#define EXACT_DUCK 0.1
#define EXACT_BACK 0.01

struct ear {
        struct world *world;
        struct world_app *meter;
        double reference; /* the level that is called 0 dB */
};

void music_configure(struct world *world, enum other_media other_media, double duck_volume);

/* A stream with this name, and "Music" for its role; `target` NULL is the default sink. */
struct world_app *music_start(const char *name, const char *target);
struct graph_node *music_find(struct world *world, const char *name);
/* As a mixer does it: "{ mute: true }". */
void music_set(struct world *world, const char *name, const char *props);

/* Whether the journal has it. */
bool music_is_ducked(struct world *world, const char *name);
/* The journal's file. */
const char *music_journal(void);

/* What is heard now is 0 dB from now on. */
void ear_take_reference(struct ear *ear);
bool ear_is_steady(const struct ear *ear, double decibels, double tolerance);
/* Until it is steady; prints since when it was. */
void ear_expect(struct ear *ear, const char *what, double decibels, double tolerance);
double ear_loudest(const struct ear *ear, unsigned since);
/* Blocks since then that were louder than that. */
unsigned ear_louder(const struct ear *ear, unsigned since, double decibels);

#endif
