/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other sound gets quieter while a call is heard, and is then exactly what it was. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

#include "music.h"
#include "support/suite.h"

static struct world world;
static struct world_call *call;
static struct ear ear;

static bool is_complete(const char *name)
{
        const struct graph_node *node = music_find(&world, name);

        return node && node->has_info && node->ports;
}

static void setup(void)
{
        world_init(&world);
        /* As long as calls of an earlier test seem to go on, their ducks stay. */
        audio_settle_orphans(world.audio);
        music_configure(&world, OTHER_MEDIA_DUCK, DUCK);
        call = world_call_new(&world);
        ear = (struct ear){&world, world_meter(WORLD_SPEAKER), 1};
}

static void teardown(void)
{
        world_done(&world);
}

static void setup_music(void)
{
        setup();
        music_start("music", NULL);
        ear_take_reference(&ear);
}

/* Behaviour table: active and over. */
START_TEST(test_down_and_up)
{
        ck_assert_str_eq(music_journal(), "");
        world_set(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        ck_assert_ptr_ne(strstr(music_journal(), "duck "), NULL);
        world_set(&world, call, AUDIO_LEVEL_NODES, false);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
        world_pump(&world, *music_journal() == '\0');
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked again", DUCK, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
}
END_TEST

START_TEST(test_modes)
{
        unsigned since;

        music_configure(&world, OTHER_MEDIA_LEAVE, DUCK);
        since = world_blocks(ear.meter);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, world_blocks(ear.meter) > since + 50);
        ear_expect(&ear, "left alone", 0, EXACT_BACK);
        music_configure(&world, OTHER_MEDIA_PAUSE_THEN_DUCK, -6);
        ear_expect(&ear, "ducked by 6 dB", -6, EXACT_DUCK);
        music_configure(&world, OTHER_MEDIA_PAUSE_THEN_DUCK, -20);
        ear_expect(&ear, "ducked by 20 dB", -20, EXACT_DUCK);
        music_configure(&world, OTHER_MEDIA_PAUSE, -20);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
}
END_TEST

/* Two calls that change places: no burst of music between them. */
START_TEST(test_swap)
{
        struct world_call *other = world_call_new(&world);
        unsigned since;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        since = world_blocks(ear.meter);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_reach(&world, other, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, world_blocks(ear.meter) > since + 50);
        ck_assert_double_le(ear_loudest(&ear, since), DUCK + EXACT_DUCK);
        world_reach(&world, other, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
}
END_TEST

/* A call without nodes of ours disturbs, and is disturbed, all the same. */
START_TEST(test_external)
{
        call->wish.kind = CALL_AUDIO_EXTERNAL;
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
}
END_TEST

/* The user moves a slider during the call: it counts at once, and afterwards. */
START_TEST(test_foreign_volume)
{
        const double half = 20 * log10(0.5);
        unsigned since;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        since = world_blocks(ear.meter);
        music_set(&world, "music", "{ channelVolumes: [ 0.5 ] }");
        ear_expect(&ear, "half, ducked", DUCK + half, EXACT_DUCK);
        /* A write ends the duck before we know of it. */
        printf("loudest meanwhile: %.2f dB, %u blocks louder than a duck\n",
               ear_loudest(&ear, since), ear_louder(&ear, since, DUCK + EXACT_DUCK));
        ck_assert_uint_le(ear_louder(&ear, since, DUCK + EXACT_DUCK), 8);
        ck_assert_double_le(ear_loudest(&ear, since), half + EXACT_DUCK);

        /* The same value again ends a soft volume as well. */
        for (unsigned i = 0; i < 5; i++) {
                music_set(&world, "music", "{ channelVolumes: [ 0.5 ] }");
                world_pump(&world, ear_is_steady(&ear, DUCK + half, EXACT_DUCK));
        }
        since = world_blocks(ear.meter);
        world_pump(&world, world_blocks(ear.meter) > since + 50);
        ear_expect(&ear, "half, still ducked", DUCK + half, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "half, restored", half, EXACT_BACK);
}
END_TEST

static usec_t used_usec(const struct rusage *usage)
{
        return (usec_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * USEC_PER_SEC +
               (usec_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* It writes its volume with every block, which ends each duck at once. That is its own affair:
 * nobody else notices, and when it has stopped it is ducked, and given back, like the others. */
static void fight(const char *blocks, bool to_the_end)
{
        struct world_app *meter = world_meter(WORLD_HEADSET);
        struct ear headset = {&world, meter, 1};
        struct rusage before;
        struct rusage after;
        unsigned at_headset;
        unsigned at_speaker;
        struct world_app *fighter;
        usec_t start;

        fighter =
                world_app_start("play", "-f", "750", "-v", blocks, "-P", "node.name=fighter", "-P",
                                "media.role=Game", "-P", "target.object=" WORLD_HEADSET, NULL);
        ear_take_reference(&headset);
        start = world_now();
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_uint_lt(world_now() - start, 3 * POKE_PATIENCE);
        ear_expect(&ear, "others", DUCK, EXACT_DUCK);
        at_headset = world_blocks(meter);
        at_speaker = world_blocks(ear.meter);
        start = world_now();
        getrusage(RUSAGE_SELF, &before);
        world_pump(&world, world_blocks(meter) > at_headset + 300);
        getrusage(RUSAGE_SELF, &after);
        printf("an app that writes its volume with every block: %u of 300 blocks louder than a "
               "duck, %.0f %% of a core for callsd\n",
               ear_louder(&headset, at_headset, DUCK + EXACT_DUCK),
               (double)(used_usec(&after) - used_usec(&before)) * 100 /
                       (double)(world_now() - start));
        ck_assert_double_le(ear_loudest(&headset, at_headset), EXACT_DUCK);
        ck_assert_double_le(ear_loudest(&ear, at_speaker), DUCK + EXACT_DUCK);
        if (!to_the_end)
                ear_expect(&headset, "when it has stopped", DUCK, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "others restored", 0, EXACT_BACK);
        ear_expect(&headset, "the app restored", 0, EXACT_BACK);
        world_pump(&world, *music_journal() == '\0');
        world_app_end(fighter);
        world_app_end(meter);
}

START_TEST(test_fights)
{
        fight("900", false);
        fight("1000000", true);
}
END_TEST

START_TEST(test_foreign_mute)
{
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        music_set(&world, "music", "{ mute: true }");
        world_silence(&world, ear.meter, 50);
        music_set(&world, "music", "{ mute: false }");
        ear_expect(&ear, "ducked after unmute", DUCK, EXACT_DUCK);
        music_set(&world, "music", "{ mute: true }");
        world_silence(&world, ear.meter, 50);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, !music_is_ducked(&world, "music"));
        world_stays_silent(&world, ear.meter, 50);
        music_set(&world, "music", "{ mute: false }");
        ear_expect(&ear, "restored", 0, EXACT_BACK);
}
END_TEST

/* Muted before the call: a duck must not open it. */
START_TEST(test_muted_before)
{
        music_set(&world, "music", "{ mute: true }");
        world_silence(&world, ear.meter, 50);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, music_is_ducked(&world, "music"));
        world_stays_silent(&world, ear.meter, 100);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, !music_is_ducked(&world, "music"));
        world_stays_silent(&world, ear.meter, 50);
        music_set(&world, "music", "{ mute: false }");
        ear_expect(&ear, "restored", 0, EXACT_BACK);
}
END_TEST

START_TEST(test_new_stream)
{
        struct world_app *earlier = music_start("earlier", NULL);
        unsigned since;
        unsigned loud;

        ear_take_reference(&ear);
        world_app_end(earlier);
        world_silence(&world, ear.meter, 20);
        since = world_blocks(ear.meter);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        music_start("later", NULL);
        ear_expect(&ear, "a new stream", DUCK, EXACT_DUCK);
        loud = ear_louder(&ear, since, DUCK + EXACT_DUCK);
        printf("a new stream: %u blocks louder than a duck\n", loud);
        /* 43 ms: a stream may be linked before it has been asked for its volume. */
        ck_assert_uint_le(loud, 8);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
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
        music_start("music", NULL);
        world_pump(&world, music_is_ducked(&world, "music"));
        world_pump(&world, music_find(&world, "feed") && !music_is_ducked(&world, "feed"));
        world_pump(&world, is_complete("reader") && is_complete("effect"));
        ck_assert(!music_is_ducked(&world, "reader"));
        ck_assert(!music_is_ducked(&world, "effect"));
        ck_assert(!music_is_ducked(&world, "callsd-tone"));
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
        tcase_add_test(tcase, test_fights);
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
