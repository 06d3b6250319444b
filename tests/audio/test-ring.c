/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When it rings, where, how loud, and that it stops. */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audio/audio-private.h"
#include "listen.h"
#include "sound-file.h"
#include "support/suite.h"

#define PITCH 440.0

static struct world world;
static struct listener speaker;
static char steady[64]; /* a file with an even tone: 0.5 s are 220 whole periods */

static void setup(void)
{
        int fd;

        setenv("XDG_DATA_DIRS", "/nowhere", 1);
        setenv("XDG_DATA_HOME", "/nowhere", 1);
        snprintf(steady, sizeof(steady), "/tmp/callsd-ring-XXXXXX");
        fd = mkstemp(steady);
        ck_assert_int_ge(fd, 0);
        close(fd);
        sound_file_write_wav(steady, PITCH, 0.5);
        world_init(&world);
        speaker = listen_to(&world, WORLD_SPEAKER);
}

static void teardown(void)
{
        listen_end(&speaker);
        world_done(&world);
        unlink(steady);
}

static void ring(enum ring_mode mode)
{
        audio_set_ring(world.audio, &AUDIO_RING(mode));
        ck_assert_int_eq(audio_get_ring(world.audio), mode);
        ck_assert_int_eq(audio_is_ringing(world.audio), mode != RING_NONE);
}

static void ring_steady(void)
{
        struct audio_ring wish = AUDIO_RING(RING_TONE);

        wish.sound = steady;
        audio_set_ring(world.audio, &wish);
        ck_assert(audio_is_ringing(world.audio));
}

static bool nothing_left(void)
{
        return !world.audio->ring.playback.players && !world.audio->ring.load;
}

/* Where the steady tone is at its full level. */
static unsigned steady_from(const struct listener *listener, unsigned from)
{
        return listen_onset(listener, from) + LISTEN_MS(30);
}

static double steady_level(const struct listener *listener, unsigned from)
{
        return listen_best_tone(listener, from, PITCH) / LISTEN_GAIN;
}

/* Beginning and end */

START_TEST(test_rings_and_stops)
{
        unsigned changed = world.n_changed;
        unsigned from = listen_now(&speaker);
        usec_t start = world_now();

        ck_assert(!audio_is_ringing(world.audio));
        ring(RING_TONE);
        listen_onset(&speaker, from);
        printf("ring: the built-in tone is heard after %.1f ms",
               (double)(world_now() - start) / 1000);
        ck_assert_uint_gt(world.n_changed, changed);
        from = listen_now(&speaker);
        ring(RING_NONE);
        printf("; last sound %.1f ms after the stop\n",
               (double)(listen_silence(&speaker, from, LISTEN_MS(300)) - from) / LISTEN_MS(1));
        ck_assert(nothing_left());
}
END_TEST

/* A click is a step that the tone itself does not have. And the end is faded: in its last 4 ms the
 * tone has less than half of its steps. */
static bool no_click(void)
{
        unsigned from = listen_now(&speaker);
        unsigned begin, stop, end;
        double own, first, last, very_last;

        ring_steady();
        begin = listen_onset(&speaker, from);
        own = listen_step(&speaker, begin + LISTEN_MS(30), LISTEN_MS(200));
        first = listen_step(&speaker, begin - LISTEN_MS(5), LISTEN_MS(20));
        stop = listen_now(&speaker);
        ring(RING_NONE);
        end = listen_silence(&speaker, stop, LISTEN_MS(100));
        last = listen_step(&speaker, stop, end - stop + LISTEN_MS(5));
        very_last = listen_step(&speaker, end - LISTEN_MS(4), LISTEN_MS(4));
        printf("ring: largest step: tone %.4f, at its beginning %.4f, at its end %.4f, in its last "
               "4 ms %.4f\n",
               own, first, last, very_last);
        return own > 0.01 && first <= own * 1.05 && last <= own * 1.05 && very_last < own / 2;
}

START_TEST(test_no_click)
{
        ck_assert(listen_try(no_click));
}
END_TEST

/* On, off and on again within one fade; the last wish is what is heard. */
START_TEST(test_changes_of_mind)
{
        unsigned from = listen_now(&speaker);

        ring(RING_TONE);
        listen_onset(&speaker, from);
        for (unsigned i = 0; i < 20; i++) {
                ring(RING_NONE);
                world_turn(&world);
                ring(i % 2 ? RING_TONE : RING_WAITING);
                world_turn(&world);
        }
        ring(RING_TONE);
        ring_steady();
        listen_find(&speaker, listen_now(&speaker), LISTEN_MS(50), PITCH, 0.2);
        from = listen_now(&speaker);
        ring(RING_NONE);
        listen_silence(&speaker, from, LISTEN_MS(300));
        ck_assert(nothing_left());
}
END_TEST

static pid_t pid_of(const char *variable)
{
        const char *text = getenv(variable);

        ck_assert_ptr_nonnull(text);
        return (pid_t)strtol(text, NULL, 10);
}

/* A server that hangs never asks for the rest of the fade. */
START_TEST(test_stops_on_a_server_that_hangs)
{
        pid_t pipewire = pid_of("CALLSD_TEST_PIPEWIRE_PID");
        unsigned from = listen_now(&speaker);
        usec_t start;

        ring_steady();
        listen_onset(&speaker, from);
        ck_assert_int_eq(kill(pipewire, SIGSTOP), 0);
        start = world_now();
        ring(RING_NONE);
        world_pump(&world, nothing_left());
        printf("ring: given up after %.0f ms while the server hangs\n",
               (double)(world_now() - start) / 1000);
        ck_assert_int_eq(kill(pipewire, SIGCONT), 0);
        listen_silence(&speaker, listen_now(&speaker), LISTEN_MS(50));
}
END_TEST

/* During a call */

START_TEST(test_waiting_is_softer)
{
        unsigned from = listen_now(&speaker);
        double beep, tone;

        ring(RING_WAITING);
        from = listen_onset(&speaker, from) + LISTEN_MS(20);
        beep = listen_rms(&speaker, from, LISTEN_MS(100));
        ck_assert_double_eq_tol(listen_pitch(&speaker, from, LISTEN_MS(120), 200, 1000), 425, 20);
        from = listen_now(&speaker);
        ring(RING_TONE);
        listen_silence(&speaker, from, LISTEN_MS(2));
        from = listen_onset(&speaker, listen_now(&speaker)) + LISTEN_MS(20);
        tone = listen_rms(&speaker, from, LISTEN_MS(80));
        printf("ring: waiting beep %.3f, ringtone %.3f (RMS)\n", beep, tone);
        ck_assert_double_gt(tone, 4 * beep);
}
END_TEST

/* The call goes on, and the beep comes on top of it; the ring's settings are not the beep's. */
START_TEST(test_waiting_during_a_call)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        struct world_call *call = world_call_new(&world);
        unsigned from, beep;
        char target[96];
        double alone;

        config.ring_volume = 0.1;
        config.ring_fade_in = 5 * USEC_PER_SEC;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        from = listen_now(&speaker);
        snprintf(target, sizeof(target), "target.object=%s", call->sink);
        world_app_start("play", "-f", "1000", "-P", target, NULL);
        from = listen_onset(&speaker, from) + LISTEN_MS(100);
        alone = listen_best_tone(&speaker, from, 1000);
        from = listen_now(&speaker);
        ring(RING_WAITING);
        beep = listen_find(&speaker, from, LISTEN_MS(100), 425, 0.05);
        ck_assert_double_gt(listen_tone(&speaker, beep, LISTEN_MS(100), 1000), alone * 0.5);
        ring(RING_NONE);
        from = listen_now(&speaker) + LISTEN_MS(100);
        ck_assert_double_eq_tol(listen_best_tone(&speaker, from, 1000), alone, alone * 0.05);
}
END_TEST

/* The beep is heard where the call is, not in a room that the user has left. */
START_TEST(test_waiting_where_the_call_is)
{
        struct world_call *call = world_call_new(&world);
        struct listener headset = listen_to(&world, WORLD_HEADSET);
        unsigned there = listen_now(&headset);
        unsigned from;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_HEADSET), 0);
        from = listen_now(&speaker);
        ring(RING_WAITING);
        there = listen_find(&headset, there, LISTEN_MS(100), 425, 0.05);
        listen_wait(&speaker, from, LISTEN_MS(100));
        ck_assert_double_le(listen_rms(&speaker, from, listen_now(&speaker) - from), 0.0);
        listen_end(&headset);
}
END_TEST

/* How loud */

START_TEST(test_volume)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        unsigned from = listen_now(&speaker);
        double level;

        config.ring_volume = 0.25;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
        ring_steady();
        level = steady_level(&speaker, steady_from(&speaker, from));
        printf("ring: amplitude %.4f at a volume of 0.25, of %.4f\n", level, SOUND_FILE_AMPLITUDE);
        ck_assert_double_eq_tol(level, SOUND_FILE_AMPLITUDE / 4, 0.005);
}
END_TEST

static bool fades_in(void)
{
        static const unsigned at_ms[] = {100, 200, 300, 500};
        unsigned from = listen_now(&speaker);
        bool right = true;

        ring_steady();
        from = listen_onset(&speaker, from);
        printf("ring: fade-in of 400 ms:");
        for (size_t i = 0; i < ARRAY_SIZE(at_ms); i++) {
                double level = listen_tone(&speaker, from + LISTEN_MS(at_ms[i] - 25), LISTEN_MS(50),
                                           PITCH) /
                               LISTEN_GAIN / SOUND_FILE_AMPLITUDE;

                printf(" %.2f at %u ms", level, at_ms[i]);
                right = right && fabs(level - fmin(at_ms[i] / 400.0, 1.0)) < 0.06;
        }
        printf("\n");
        from = listen_now(&speaker);
        ring(RING_NONE);
        listen_silence(&speaker, from, LISTEN_MS(50));
        return right;
}

START_TEST(test_fade_in)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.ring_fade_in = 400 * USEC_PER_MSEC;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
        ck_assert(listen_try(fades_in));
}
END_TEST

/* Where */

static void expect_both(const char *device)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        struct listener headset = listen_to(&world, WORLD_HEADSET);
        char name[64];
        char *devices[] = {name, NULL};
        unsigned from, there;

        snprintf(name, sizeof(name), "%s", device);
        config.ring_devices = devices;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
        from = listen_now(&speaker);
        there = listen_now(&headset);
        ring_steady();
        ck_assert_double_gt(steady_level(&speaker, steady_from(&speaker, from)),
                            SOUND_FILE_AMPLITUDE * 0.9);
        ck_assert_double_gt(steady_level(&headset, steady_from(&headset, there)),
                            SOUND_FILE_AMPLITUDE * 0.9);
        from = listen_now(&speaker);
        there = listen_now(&headset);
        ring(RING_NONE);
        listen_silence(&speaker, from, LISTEN_MS(50));
        listen_silence(&headset, there, LISTEN_MS(50));
        listen_end(&headset);
}

static const char *const names_of_headset[] = {WORLD_HEADSET, "headset"};

START_TEST(test_two_devices)
{
        expect_both(names_of_headset[_i]);
}
END_TEST

/* The default device is not counted twice, and what is not there is no reason for silence. */
START_TEST(test_devices_that_add_nothing)
{
        static char *devices[] = {(char *)WORLD_SPEAKER, (char *)"bluetooth", (char *)"no-such",
                                  NULL};
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        struct listener headset = listen_to(&world, WORLD_HEADSET);
        unsigned from = listen_now(&speaker);
        unsigned there = listen_now(&headset);

        config.ring_devices = devices;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
        ring_steady();
        from = steady_from(&speaker, from);
        ck_assert_double_eq_tol(steady_level(&speaker, from), SOUND_FILE_AMPLITUDE, 0.02);
        listen_wait(&headset, there, LISTEN_MS(200));
        ck_assert_double_le(listen_rms(&headset, there, LISTEN_MS(200)), 0.0);
        listen_end(&headset);
}
END_TEST

static void create_sink(const char *name)
{
        char properties[256];
        const char *const create[] = {"pw-cli", "create-node", "adapter", properties, NULL};

        snprintf(properties, sizeof(properties),
                 "{ factory.name=support.null-audio-sink node.name=%s media.class=Audio/Sink "
                 "audio.position=\"FL,FR\" object.linger=true priority.session=10 "
                 "monitor.channel-volumes=true }",
                 name);
        ck_assert_int_eq(world_run(create), 0);
}

/* Plugged in while it rings. */
START_TEST(test_device_comes)
{
        static char *devices[] = {(char *)"test-late", NULL};
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        unsigned from = listen_now(&speaker);
        struct listener late;

        config.ring_devices = devices;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
        ring_steady();
        steady_from(&speaker, from);
        create_sink("test-late");
        late = listen_to(&world, "test-late");
        ck_assert_double_gt(steady_level(&late, steady_from(&late, 0)), SOUND_FILE_AMPLITUDE * 0.9);
        ck_assert_double_eq_tol(steady_level(&speaker, listen_now(&speaker)), SOUND_FILE_AMPLITUDE,
                                0.03);
        ring(RING_NONE);
        listen_silence(&late, listen_now(&late), LISTEN_MS(50));
        listen_silence(&speaker, listen_now(&speaker), LISTEN_MS(50));
        listen_end(&late);
}
END_TEST

/* The property by which servers remember volume and mute: not that of notifications. */
START_TEST(test_role)
{
        struct graph_node *node = NULL;

        ring_steady();
        world_pump(&world, (node = graph_find_node_by_name(&world.audio->graph,
                                                           "callsd.ringtone")) != NULL);
        ck_assert_str_eq(node->role, "Ringtone");
}
END_TEST

static TCase *ring_case(void)
{
        TCase *tcase = tcase_create("ring");

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_rings_and_stops);
        tcase_add_test(tcase, test_no_click);
        tcase_add_test(tcase, test_changes_of_mind);
        tcase_add_test(tcase, test_stops_on_a_server_that_hangs);
        tcase_add_test(tcase, test_waiting_is_softer);
        tcase_add_test(tcase, test_waiting_during_a_call);
        tcase_add_test(tcase, test_waiting_where_the_call_is);
        tcase_add_test(tcase, test_volume);
        tcase_add_test(tcase, test_fade_in);
        tcase_add_loop_test(tcase, test_two_devices, 0, ARRAY_SIZE(names_of_headset));
        tcase_add_test(tcase, test_devices_that_add_nothing);
        tcase_add_test(tcase, test_device_comes);
        tcase_add_test(tcase, test_role);
        return tcase;
}

SUITE_MAIN("audio ring", ring_case());
