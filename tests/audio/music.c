/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other people's sound, and how loud it is at a sink; see music.h. */
#include "music.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Hertz; four periods in 256 samples. */
#define TONE "750"
#define STEADY_BLOCKS 8

void music_configure(struct world *world, enum other_media other_media, double duck_volume)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.echo_cancel = ECHO_CANCEL_OFF;
        config.other_media = other_media;
        config.duck_volume = duck_volume;
        ck_assert_int_eq(audio_configure(world->audio, &config), 0);
}

/* Streams */

struct world_app *music_start(const char *name, const char *target)
{
        char node[64];
        char object[64];

        snprintf(node, sizeof(node), "node.name=%s", name);
        snprintf(object, sizeof(object), "target.object=%s", str_or_empty(target));
        return world_app_start("play", "-f", TONE, "-P", node, "-P", "media.role=Music",
                               target ? "-P" : NULL, object, NULL);
}

struct graph_node *music_find(struct world *world, const char *name)
{
        return graph_find_node_by_name(&world->audio->graph, name);
}

void music_set(struct world *world, const char *name, const char *props)
{
        char command[256];
        const char *const arguments[] = {"sh", "-c", command, NULL};

        world_pump(world, music_find(world, name));
        snprintf(command, sizeof(command), "pw-cli set-param %u Props '%s' >/dev/null",
                 music_find(world, name)->id, props);
        ck_assert_int_eq(world_run(arguments), 0);
}

bool music_is_ducked(struct world *world, const char *name)
{
        const struct graph_node *node = music_find(world, name);
        const struct journal_record *record = world->audio->journal.records;

        while (node && record && record->serial != node->serial)
                record = record->next;
        return node && record;
}

const char *music_journal(void)
{
        static char text[4096];
        char path[256];
        size_t n = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/callsd/audio-journal", getenv("XDG_RUNTIME_DIR"));
        file = fopen(path, "re");
        if (file) {
                n = fread(text, 1, sizeof(text) - 1, file);
                fclose(file);
        }
        text[n] = '\0';
        return text;
}

/* Ears */

static double level_of(const struct ear *ear, unsigned block)
{
        return 20 * log10((double)ear->meter->levels->blocks[block].rms / ear->reference);
}

bool ear_is_steady(const struct ear *ear, double decibels, double tolerance)
{
        unsigned n = world_blocks(ear->meter);

        for (unsigned i = n < STEADY_BLOCKS ? 0 : n - STEADY_BLOCKS; i < n; i++) {
                if (!(fabs(level_of(ear, i) - decibels) <= tolerance))
                        return false;
        }
        return n >= STEADY_BLOCKS;
}

void ear_take_reference(struct ear *ear)
{
        world_hear(ear->world, ear->meter);
        do {
                world_turn(ear->world);
                ear->reference = (double)world_level(ear->meter);
        } while (!ear_is_steady(ear, 0, EXACT_BACK));
}

void ear_expect(struct ear *ear, const char *what, double decibels, double tolerance)
{
        unsigned from = world_blocks(ear->meter);
        usec_t start = world_now();
        unsigned i;

        world_pump(ear->world, ear_is_steady(ear, decibels, tolerance));
        i = world_blocks(ear->meter) - STEADY_BLOCKS;
        while (i > from && fabs(level_of(ear, i - 1) - decibels) <= tolerance)
                i--;
        printf("%s: %.4f dB after %.1f ms\n", what, level_of(ear, world_blocks(ear->meter) - 1),
               (double)((int64_t)ear->meter->levels->blocks[i].usec - (int64_t)start) / 1000);
}

double ear_loudest(const struct ear *ear, unsigned since)
{
        double loudest = -INFINITY;

        for (unsigned i = since; i < world_blocks(ear->meter); i++)
                loudest = fmax(loudest, level_of(ear, i));
        return loudest;
}

unsigned ear_louder(const struct ear *ear, unsigned since, double decibels)
{
        unsigned n = 0;

        for (unsigned i = since; i < world_blocks(ear->meter); i++)
                n += level_of(ear, i) > decibels;
        return n;
}
