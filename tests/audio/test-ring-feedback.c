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

static bool is_key(unsigned number, unsigned at)
{
        double a, b;

        return loudest(at, low, &a) == number / 4 && loudest(at, high, &b) == number % 4 &&
               fabs(a / LISTEN_GAIN - 0.1) < 0.015 && fabs(b / LISTEN_GAIN - 0.1) < 0.015;
}

static unsigned key; /* the one that is listened for */

static bool key_is_heard(void)
{
        const char text[] = {KEYS[key], '\0'};
        unsigned from = listen_now(&speaker);
        bool right;

        audio_play_keys(world.audio, text);
        right = is_key(key, listen_onset(&speaker, from) + LISTEN_MS(10));
        world_pump(&world, !world.audio->feedback.playback.players);
        listen_silence(&speaker, listen_now(&speaker), LISTEN_MS(20));
        return right && !world.audio->feedback.keys;
}

/* RFC 4733, table 3: every key by its two frequencies, both as loud. */
START_TEST(test_all_keys)
{
        ask_for_feedback(true);
        for (key = 0; key < strlen(KEYS); key++)
                ck_assert_msg(listen_try(key_is_heard), "key %c", KEYS[key]);
}
END_TEST

static bool sequence_is_heard(void)
{
        unsigned from = listen_now(&speaker);
        bool right = true;

        audio_play_keys(world.audio, "1,5D");
        from = listen_onset(&speaker, from);
        right = right && is_key(0, from + LISTEN_MS(10));
        right = right && listen_rms(&speaker, from + LISTEN_MS(115), LISTEN_MS(30)) < 0.005;
        right = right && listen_rms(&speaker, from + SLOT, SLOT) < 0.005;
        right = right && is_key(5, from + 2 * SLOT + LISTEN_MS(10));
        right = right && is_key(15, from + 3 * SLOT + LISTEN_MS(10));
        world_pump(&world, !world.audio->feedback.playback.players);
        return right;
}

/* One after the other, with a pause where one was dialled. */
START_TEST(test_sequence)
{
        ask_for_feedback(true);
        ck_assert(listen_try(sequence_is_heard));
}
END_TEST

static bool last_key_is_heard(void)
{
        unsigned from = listen_now(&speaker);
        bool right;

        for (unsigned i = 0; i < 5; i++) {
                audio_play_keys(world.audio, "1");
                world_turn(&world);
        }
        audio_play_keys(world.audio, "d");
        right = listen_has(&speaker, from, LISTEN_MS(60), 1633, 0.12) &&
                listen_has(&speaker, from, LISTEN_MS(60), 941, 0.12);
        world_pump(&world, !world.audio->feedback.playback.players);
        return right;
}

/* Keys are pressed faster than they sound, and some are none. */
START_TEST(test_fast_and_odd_keys)
{
        ask_for_feedback(true);
        audio_play_keys(world.audio, "");
        audio_play_keys(world.audio, "xyz");
        ck_assert(!world.audio->feedback.keys);
        ck_assert(listen_try(last_key_is_heard));
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
        ck_assert_double_eq_tol(listen_pitch(&speaker, from, LISTEN_MS(200), 200, 1000), 425, 20);
        stop = listen_now(&speaker);
        audio_set_ringback(world.audio, false);
        end = listen_silence(&speaker, stop, LISTEN_MS(200));
        printf("ringback: last sound %.1f ms after the end\n", (double)(end - stop) / LISTEN_MS(1));
        ck_assert_uint_lt(end - stop, LISTEN_MS(200));
}
END_TEST

static bool key_between_ringback(void)
{
        unsigned from = listen_now(&speaker);
        bool right;

        audio_play_keys(world.audio, "5");
        right = listen_has(&speaker, from, LISTEN_MS(60), 1336, 0.12);
        world_pump(&world, !world.audio->feedback.keys);
        listen_find(&speaker, listen_now(&speaker), LISTEN_MS(50), 425, 0.1);
        return right;
}

/* Keys interrupt the ringback, which comes back after them. */
START_TEST(test_keys_during_ringback)
{
        unsigned from = listen_now(&speaker);

        ask_for_feedback(true);
        audio_set_ringback(world.audio, true);
        listen_find(&speaker, from, LISTEN_MS(50), 425, 0.1);
        ck_assert(listen_try(key_between_ringback));
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
        tcase_add_test(tcase, test_sequence);
        tcase_add_test(tcase, test_fast_and_odd_keys);
        tcase_add_test(tcase, test_off_by_default);
        tcase_add_test(tcase, test_ringback);
        tcase_add_test(tcase, test_keys_during_ringback);
        return tcase;
}

SUITE_MAIN("audio ring feedback", feedback_case());
