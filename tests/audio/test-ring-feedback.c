/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Feedback for the one who dials: the 16 keys, and ringback. */
#include <check.h>
#include <math.h>
#include <stdio.h>

#include "audio/audio-private.h"
#include "listen.h"
#include "support/suite.h"

#define KEYS "123A456B789C*0#D"
#define SLOT LISTEN_MS(160)

static const double low[] = {697, 770, 852, 941};
static const double high[] = {1209, 1336, 1477, 1633};

static struct world world;
static struct listener speaker;

static void setup(void)
{
        world_init(&world);
        speaker = listen_to(&world, WORLD_SPEAKER);
}

static void teardown(void)
{
        listen_end(&speaker);
        world_done(&world);
}

static void ask_for_feedback(bool yes)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.play_feedback_tones = yes;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
}

static unsigned loudest(unsigned from, const double *frequencies, double *ret_amplitude)
{
        unsigned best = 0;

        *ret_amplitude = 0;
        for (unsigned i = 0; i < 4; i++) {
                double amplitude = listen_tone(&speaker, from, LISTEN_MS(80), frequencies[i]);

                if (amplitude > *ret_amplitude) {
                        *ret_amplitude = amplitude;
                        best = i;
                }
        }
        return best;
}

static bool is_key(unsigned key, unsigned at)
{
        double a, b;

        return loudest(at, low, &a) == key / 4 && loudest(at, high, &b) == key % 4 &&
               fabs(a / LISTEN_GAIN - 0.1) < 0.015 && fabs(b / LISTEN_GAIN - 0.1) < 0.015;
}

static bool all_keys(void)
{
        unsigned from = listen_now(&speaker);

        audio_play_keys(world.audio, KEYS);
        from = listen_onset(&speaker, from);
        for (unsigned i = 0; i < strlen(KEYS); i++) {
                unsigned at = from + i * SLOT;

                if (!is_key(i, at + LISTEN_MS(10)) ||
                    listen_rms(&speaker, at + LISTEN_MS(115), LISTEN_MS(30)) > 0.005)
                        return false;
        }
        world_pump(&world, !world.audio->feedback.playback.players);
        return !world.audio->feedback.keys;
}

/* RFC 4733, table 3: every key by its two frequencies, both as loud, and nothing between two. */
START_TEST(test_all_keys)
{
        ask_for_feedback(true);
        ck_assert(listen_try(all_keys));
}
END_TEST

/* Keys are pressed faster than they sound, and some are none. */
START_TEST(test_fast_and_odd_keys)
{
        unsigned from = listen_now(&speaker);
        double a, b;

        ask_for_feedback(true);
        audio_play_keys(world.audio, "");
        audio_play_keys(world.audio, "xyz");
        ck_assert(!world.audio->feedback.keys);
        for (unsigned i = 0; i < 5; i++) {
                audio_play_keys(world.audio, "1");
                world_turn(&world);
        }
        audio_play_keys(world.audio, "d");
        from = listen_find(&speaker, from, LISTEN_MS(80), 1633, 0.12);
        ck_assert_uint_eq(loudest(from, low, &a), 3);
        ck_assert_uint_eq(loudest(from, high, &b), 3);
        world_pump(&world, !world.audio->feedback.playback.players);
}
END_TEST

START_TEST(test_off_by_default)
{
        unsigned from = listen_now(&speaker);

        audio_play_keys(world.audio, "1");
        audio_set_ringback(world.audio, true);
        listen_wait(&speaker, from, LISTEN_MS(300));
        ck_assert_double_le(listen_rms(&speaker, from, LISTEN_MS(300)), 0.0);
        /* Asked for while it rings there: heard from then on, and no more when taken back. */
        ask_for_feedback(true);
        from = listen_onset(&speaker, from);
        ck_assert_double_gt(listen_rms(&speaker, from + LISTEN_MS(20), LISTEN_MS(50)), 0.01);
        ask_for_feedback(false);
        listen_silence(&speaker, listen_now(&speaker), LISTEN_MS(100));
}
END_TEST

START_TEST(test_ringback)
{
        unsigned from = listen_now(&speaker);
        unsigned stop, end;

        ask_for_feedback(true);
        audio_set_ringback(world.audio, true);
        ck_assert(!audio_is_ringing(world.audio));
        from = listen_onset(&speaker, from) + LISTEN_MS(20);
        ck_assert_double_eq_tol(listen_pitch(&speaker, from, LISTEN_MS(200), 200, 1000), 425, 5);
        stop = listen_now(&speaker);
        audio_set_ringback(world.audio, false);
        end = listen_silence(&speaker, stop, LISTEN_MS(200));
        printf("ringback: last sound %.1f ms after the end\n", (double)(end - stop) / LISTEN_MS(1));
        ck_assert_uint_lt(end - stop, LISTEN_MS(200));
}
END_TEST

/* Keys interrupt the ringback, which comes back after them. */
START_TEST(test_keys_during_ringback)
{
        unsigned from = listen_now(&speaker);

        ask_for_feedback(true);
        audio_set_ringback(world.audio, true);
        from = listen_find(&speaker, from, LISTEN_MS(50), 425, 0.1);
        audio_play_keys(world.audio, "5");
        from = listen_find(&speaker, from, LISTEN_MS(50), 1336, 0.12);
        listen_find(&speaker, from, LISTEN_MS(50), 425, 0.1);
        audio_set_ringback(world.audio, false);
        listen_silence(&speaker, listen_now(&speaker), LISTEN_MS(100));
}
END_TEST

static TCase *feedback_case(void)
{
        TCase *tcase = tcase_create("feedback");

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_all_keys);
        tcase_add_test(tcase, test_fast_and_odd_keys);
        tcase_add_test(tcase, test_off_by_default);
        tcase_add_test(tcase, test_ringback);
        tcase_add_test(tcase, test_keys_during_ringback);
        return tcase;
}

SUITE_MAIN("audio ring feedback", feedback_case());
