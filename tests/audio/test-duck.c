/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other sound gets quieter while a call is heard, and is then exactly what it was.
 *
 * The tone has whole periods in a block, so that every block has the same level.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audio/audio-private.h"
#include "support/suite.h"
#include "world.h"

#define TONE "750"
#define DUCK (-12.0)
#define EXACT_DUCK 0.1 /* dB */
#define EXACT_BACK 0.01

static struct world world;
static struct world_call *call;
static struct world_app *speaker;
static double reference;

/* What is set, and what is heard */

static void configure(enum other_media other_media, double duck_volume)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.echo_cancel = ECHO_CANCEL_OFF;
        config.other_media = other_media;
        config.duck_volume = duck_volume;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
}

static double decibels(double level)
{
        return 20 * log10(level / reference);
}

/* Whether the last blocks are all within a hundredth of a decibel of this. */
static bool is_steady(double expected, double tolerance)
{
        unsigned n = world_blocks(speaker);

        for (unsigned i = n < 8 ? 0 : n - 8; i < n; i++) {
                if (!(fabs(decibels((double)speaker->levels->blocks[i].rms) - expected) <=
                      tolerance))
                        return false;
        }
        return n >= 8;
}

static void measure_reference(void)
{
        world_hear(&world, speaker);
        reference = -1;
        while (reference < 0 || !is_steady(0, EXACT_BACK)) {
                reference = (double)world_level(speaker);
                world_turn(&world);
        }
}

/* Until it is so; prints when it began to be. */
static void expect_level(const char *what, double expected, double tolerance)
{
        usec_t start = world_now();
        unsigned from = world_blocks(speaker);
        unsigned i;

        world_pump(&world, is_steady(expected, tolerance));
        i = world_blocks(speaker) - 8;
        while (i > from &&
               fabs(decibels((double)speaker->levels->blocks[i - 1].rms) - expected) <= tolerance)
                i--;
        printf("%s: %.4f dB after %.1f ms\n", what, decibels((double)world_level(speaker)),
               (double)((int64_t)speaker->levels->blocks[i].usec - (int64_t)start) / 1000);
}

static double loudest(unsigned since)
{
        float level = 0;

        for (unsigned i = since; i < world_blocks(speaker); i++)
                level = fmaxf(level, speaker->levels->blocks[i].rms);
        return decibels((double)level);
}

static struct world_app *start_music(const char *name)
{
        char property[64];

        snprintf(property, sizeof(property), "node.name=%s", name);
        return world_app_start("play", "-f", TONE, "-P", property, "-P", "media.role=Music", NULL);
}

static struct graph_node *find(const char *name)
{
        return graph_find_node_by_name(&world.audio->graph, name);
}

static bool is_complete(const char *name)
{
        const struct graph_node *node = find(name);

        return node && node->has_info && node->ports;
}

static bool is_ducked(const char *name)
{
        const struct graph_node *node = find(name);
        struct journal_record *record = world.audio->journal.records;

        while (node && record && record->serial != node->serial)
                record = record->next;
        return node && record;
}

/* Volume and mute as a mixer sets them. */
static void set_props(const char *name, const char *props)
{
        char id[16];
        const char *const arguments[] = {"pw-cli", "set-param", id, "Props", props, NULL};

        world_pump(&world, find(name));
        snprintf(id, sizeof(id), "%u", find(name)->id);
        ck_assert_int_eq(world_run(arguments), 0);
}

static const char *journal_text(void)
{
        static char text[4096];
        FILE *file = fopen(world.audio->journal.path, "re");
        size_t n = 0;

        if (file) {
                n = fread(text, 1, sizeof(text) - 1, file);
                fclose(file);
        }
        text[n] = '\0';
        return text;
}

static void setup(void)
{
        world_init(&world);
        /* As long as calls of an earlier test seem to go on, their ducks stay. */
        audio_settle_orphans(world.audio);
        configure(OTHER_MEDIA_DUCK, DUCK);
        call = world_call_new(&world);
        speaker = world_meter(WORLD_SPEAKER);
        reference = 1;
}

static void teardown(void)
{
        world_done(&world);
}

static void setup_music(void)
{
        setup();
        start_music("music");
        world_hear(&world, speaker);
        measure_reference();
}

/* Behaviour table: active and over. */
START_TEST(test_down_and_up)
{
        ck_assert_str_eq(journal_text(), "");
        world_set(&world, call, AUDIO_LEVEL_LINKED, false);
        expect_level("ducked", DUCK, EXACT_DUCK);
        ck_assert_ptr_ne(strstr(journal_text(), "duck "), NULL);
        world_set(&world, call, AUDIO_LEVEL_NODES, false);
        expect_level("restored", 0, EXACT_BACK);
        world_pump(&world, *journal_text() == '\0');
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        expect_level("ducked again", DUCK, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

START_TEST(test_modes)
{
        unsigned since;

        configure(OTHER_MEDIA_LEAVE, DUCK);
        since = world_blocks(speaker);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, world_blocks(speaker) > since + 50);
        ck_assert(is_steady(0, EXACT_BACK));
        configure(OTHER_MEDIA_PAUSE_THEN_DUCK, -6);
        expect_level("ducked by 6 dB", -6, EXACT_DUCK);
        configure(OTHER_MEDIA_PAUSE_THEN_DUCK, -20);
        expect_level("ducked by 20 dB", -20, EXACT_DUCK);
        configure(OTHER_MEDIA_PAUSE, -20);
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

/* Two calls that change places: no burst of music between them. */
START_TEST(test_swap)
{
        struct world_call *other = world_call_new(&world);
        unsigned since;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        expect_level("ducked", DUCK, EXACT_DUCK);
        since = world_blocks(speaker);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_reach(&world, other, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, world_blocks(speaker) > since + 50);
        ck_assert_double_le(loudest(since), DUCK + EXACT_DUCK);
        world_reach(&world, other, AUDIO_LEVEL_NONE, false);
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

/* A call without nodes of ours disturbs, and is disturbed, all the same. */
START_TEST(test_external)
{
        call->wish.kind = CALL_AUDIO_EXTERNAL;
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        expect_level("ducked", DUCK, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

/* The user moves a slider during the call: it counts at once, and afterwards. */
START_TEST(test_foreign_volume)
{
        const double half = 20 * log10(0.5);
        unsigned since;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        expect_level("ducked", DUCK, EXACT_DUCK);
        since = world_blocks(speaker);
        set_props("music", "{ channelVolumes: [ 0.5 ] }");
        expect_level("half, ducked", DUCK + half, EXACT_DUCK);
        printf("loudest meanwhile: %.2f dB\n", loudest(since));
        ck_assert_double_le(loudest(since), half + EXACT_DUCK);

        /* The same value again ends a soft volume as well. */
        for (unsigned i = 0; i < 5; i++) {
                set_props("music", "{ channelVolumes: [ 0.5 ] }");
                world_pump(&world, is_steady(DUCK + half, EXACT_DUCK));
        }
        since = world_blocks(speaker);
        world_pump(&world, world_blocks(speaker) > since + 50);
        ck_assert(is_steady(DUCK + half, EXACT_DUCK));
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        expect_level("half, restored", half, EXACT_BACK);
}
END_TEST

START_TEST(test_foreign_mute)
{
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        expect_level("ducked", DUCK, EXACT_DUCK);
        set_props("music", "{ mute: true }");
        world_silence(&world, speaker, 50);
        set_props("music", "{ mute: false }");
        expect_level("ducked after unmute", DUCK, EXACT_DUCK);
        set_props("music", "{ mute: true }");
        world_silence(&world, speaker, 50);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, !is_ducked("music"));
        world_stays_silent(&world, speaker, 50);
        set_props("music", "{ mute: false }");
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

/* Muted before the call: a duck must not open it. */
START_TEST(test_muted_before)
{
        set_props("music", "{ mute: true }");
        world_silence(&world, speaker, 50);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, is_ducked("music"));
        world_stays_silent(&world, speaker, 100);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, !is_ducked("music"));
        world_stays_silent(&world, speaker, 50);
        set_props("music", "{ mute: false }");
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

START_TEST(test_new_stream)
{
        struct world_app *earlier = start_music("earlier");
        unsigned since;
        unsigned loud = 0;

        measure_reference();
        world_app_end(earlier);
        world_silence(&world, speaker, 20);
        since = world_blocks(speaker);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        start_music("later");
        expect_level("a new stream", DUCK, EXACT_DUCK);
        for (unsigned i = since; i < world_blocks(speaker); i++)
                loud += decibels((double)speaker->levels->blocks[i].rms) > DUCK + EXACT_DUCK;
        printf("a new stream: %u blocks louder than a duck\n", loud);
        /* 43 ms: a stream may be linked before it has been asked for its volume. */
        ck_assert_uint_le(loud, 8);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        expect_level("restored", 0, EXACT_BACK);
}
END_TEST

/* What belongs to a call, goes into a microphone, or reads a screen aloud. */
START_TEST(test_spared)
{
        world_feed_microphone(&world);
        world_app_start("play", "-P", "node.name=reader", "-P", "media.role=Accessibility", NULL);
        world_app_start("play", "-P", "node.name=effect", "-P", "node.link-group=effect", NULL);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_play(call);
        start_music("music");
        world_pump(&world, is_ducked("music"));
        world_pump(&world, find("feed") && !is_ducked("feed"));
        world_pump(&world, is_complete("reader") && is_complete("effect"));
        ck_assert(!is_ducked("reader"));
        ck_assert(!is_ducked("effect"));
        ck_assert(!is_ducked("callsd-tone"));
}
END_TEST

static TCase *duck_case(void)
{
        TCase *tcase = tcase_create("duck");

        tcase_add_checked_fixture(tcase, setup_music, teardown);
        tcase_add_test(tcase, test_down_and_up);
        tcase_add_test(tcase, test_modes);
        tcase_add_test(tcase, test_swap);
        tcase_add_test(tcase, test_external);
        tcase_add_test(tcase, test_foreign_volume);
        tcase_add_test(tcase, test_foreign_mute);
        tcase_add_test(tcase, test_muted_before);
        return tcase;
}

static TCase *streams_case(void)
{
        TCase *tcase = tcase_create("streams");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_new_stream);
        tcase_add_test(tcase, test_spared);
        return tcase;
}

SUITE_MAIN("audio duck", duck_case(), streams_case());
