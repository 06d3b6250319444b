/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The built-in ringtone and the waiting beep, at the speaker. */
#include <check.h>
#include <math.h>
#include <stdio.h>

#include "support/suite.h"
#include "world.h"

static struct world world;
static struct world_app *speaker;

static void setup(void)
{
        world_init(&world);
        speaker = world_meter(WORLD_SPEAKER);
}

static void teardown(void)
{
        world_done(&world);
}

static float loudest(unsigned since)
{
        float level = 0.0f;

        for (unsigned i = since; i < world_blocks(speaker); i++)
                level = fmaxf(level, speaker->levels->blocks[i].rms);
        return level;
}

START_TEST(test_rings_and_stops)
{
        unsigned changed = world.n_changed;

        ck_assert(!audio_is_ringing(world.audio));
        audio_set_ring(world.audio, &AUDIO_RING(RING_TONE));
        ck_assert(audio_is_ringing(world.audio));
        printf("ring: heard after %.1f ms", (double)world_hear(&world, speaker) / 1000);
        ck_assert_uint_gt(world.n_changed, changed);
        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        ck_assert(!audio_is_ringing(world.audio));
        printf("; last sound %.1f ms after the stop\n",
               (double)world_silence(&world, speaker, 100) / 1000);
}
END_TEST

START_TEST(test_waiting_is_softer)
{
        unsigned since = world_blocks(speaker);
        float beep;

        audio_set_ring(world.audio, &AUDIO_RING(RING_WAITING));
        world_pump(&world, loudest(since) > 0.01f);
        world_pump(&world, world_level(speaker) <= 0.0f);
        beep = loudest(since);
        audio_set_ring(world.audio, &AUDIO_RING(RING_TONE));
        world_hear(&world, speaker);
        since = world_blocks(speaker);
        world_pump(&world, world_blocks(speaker) > since + 20);
        printf("waiting beep %.3f, ringtone %.3f\n", (double)beep, (double)loudest(since));
        ck_assert_float_gt(loudest(since), 4 * beep);
}
END_TEST

/* On, off and on again within one fade. */
START_TEST(test_changes_of_mind)
{
        audio_set_ring(world.audio, &AUDIO_RING(RING_TONE));
        world_hear(&world, speaker);
        for (unsigned i = 0; i < 10; i++) {
                audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
                world_turn(&world);
                audio_set_ring(world.audio, &AUDIO_RING(i % 2 ? RING_TONE : RING_WAITING));
                world_turn(&world);
        }
        ck_assert(audio_is_ringing(world.audio));
        audio_set_ring(world.audio, &AUDIO_RING(RING_TONE));
        world_hear(&world, speaker);
        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        world_silence(&world, speaker, 50);
        ck_assert(!audio_is_ringing(world.audio));
}
END_TEST

static TCase *ring_case(void)
{
        TCase *tcase = tcase_create("ring");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_rings_and_stops);
        tcase_add_test(tcase, test_waiting_is_softer);
        tcase_add_test(tcase, test_changes_of_mind);
        return tcase;
}

SUITE_MAIN("audio ring", ring_case());
