/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ducks, real apps, and what the session manager remembers of them.
 *
 * With the rules for WirePlumber installed, as distributions do, and with pipewire-pulse.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "music.h"
#include "sound-file.h"
#include "support/suite.h"

#define MEMORY_MAX 65536

static struct world world;
static struct world_call *call;
static struct ear ear;

static void setup(void)
{
        world_init(&world);
        audio_settle_orphans(world.audio);
        music_configure(&world, OTHER_MEDIA_DUCK, DUCK);
        call = world_call_new(&world);
        ear = (struct ear){&world, world_meter(WORLD_SPEAKER), 1};
}

static void teardown(void)
{
        world_done(&world);
}

/* Real apps, from a file of 16 bits */

static void check_app(const char *const *arguments, const char *name)
{
        double half = 20 * log10(0.5);
        pid_t pid = world_spawn(arguments);

        ear_take_reference(&ear);
        world_set(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, arguments[0], DUCK, EXACT_DUCK);
        music_set(&world, name, "{ channelVolumes: [ 0.5 ] }");
        ear_expect(&ear, "at half its volume", DUCK + half, EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored", half, EXACT_BACK);
        world_kill(pid, SIGTERM);
        world_silence(&world, ear.meter, 20);
}

static const char *sound(void)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/music.wav", getenv("CALLSD_TEST_DIR"));
        sound_file_write_wav(path, 750, 20);
        return path;
}

START_TEST(test_pw_play)
{
        const char *const arguments[] = {"pw-play", "-P", "{ node.name=pw-play }", sound(), NULL};

        check_app(arguments, "pw-play");
}
END_TEST

START_TEST(test_paplay)
{
        const char *const arguments[] = {"paplay", sound(), NULL};

        check_app(arguments, "paplay");
}
END_TEST

/* The session manager's memory: its files, byte by byte. */

/* Not allocated: a test that fails leaves in the middle. */
static char memory_before[MEMORY_MAX];
static char memory_now[MEMORY_MAX];

static void read_memory(char text[MEMORY_MAX])
{
        static const char *const names[] = {"restore-stream", "default-nodes", "default-routes",
                                            "default-profile"};
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                char path[256];
                FILE *file;

                snprintf(path, sizeof(path), "%s/wireplumber/%s", getenv("XDG_STATE_HOME"),
                         names[i]);
                file = fopen(path, "re");
                if (!file)
                        continue;
                n += fread(text + n, 1, MEMORY_MAX - 1 - n, file);
                fclose(file);
        }
        text[n] = '\0';
}

static bool remembers(const char *what)
{
        read_memory(memory_now);
        return strstr(memory_now, what);
}

/* It writes a second after a change. When it has written a later change, it has all before it. */
static void wait_for_memory(void)
{
        music_set(&world, "marker", "{ channelVolumes: [ 0.6 ] }");
        world_pump(&world, remembers("0.600"));
        music_set(&world, "marker", "{ channelVolumes: [ 0.3 ] }");
        world_pump(&world, remembers("0.300") && !remembers("0.600"));
}

static void check_memory(void)
{
        size_t i = 0;

        read_memory(memory_now);
        while (memory_before[i] && memory_before[i] == memory_now[i])
                i++;
        while (i > 0 && memory_before[i - 1] != '\n')
                i--;
        ck_assert_msg(streq(memory_before, memory_now), "was:\n%.200s\n\nis:\n%.200s",
                      memory_before + i, memory_now + i);
}

START_TEST(test_nothing_is_remembered)
{
        struct world_app *music;

        world_app_start("play", "-P", "node.name=marker", "-P", "media.role=Game", "-P",
                        "target.object=" WORLD_HEADSET, NULL);
        music_start("music", NULL);
        music_set(&world, "music", "{ channelVolumes: [ 0.8 ] }");
        wait_for_memory();
        read_memory(memory_before);
        ck_assert_ptr_nonnull(strstr(memory_before, "Music"));

        ear_take_reference(&ear);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        wait_for_memory();
        check_memory();

        /* Its successor is ducked from the same volume. */
        music = music_start("music2", NULL);
        world_pump(&world, music_is_ducked(&world, "music2"));
        world_app_end(music);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored", 0, EXACT_BACK);
        wait_for_memory();
        check_memory();
}
END_TEST

/* Neither where the stream of a call was put, nor that its microphone was closed. */
START_TEST(test_nothing_is_remembered_of_a_call)
{
        struct graph_node *stream;
        char id[80];

        world_app_start("play", "-P", "node.name=marker", "-P", "media.role=Game", "-P",
                        "target.object=" WORLD_HEADSET, NULL);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        snprintf(id, sizeof(id), "callsd.call.id=%s", call->uuid);
        world_app_start("play", "-P", "node.name=found", "-P", "media.role=Communication", "-P", id,
                        NULL);
        world_pump(&world, (stream = music_find(&world, "found")) && stream->outputs &&
                                   streq(stream->outputs->input->name, call->sink));
        music_set(&world, "found", "{ mute: true }");
        music_set(&world, "found", "{ channelVolumes: [ 0.7 ] }");
        wait_for_memory();
        ck_assert_ptr_nonnull(strstr(memory_now, "Game"));
        ck_assert_ptr_null(strstr(memory_now, "Communication"));
        ck_assert_ptr_null(strstr(memory_now, "callsd."));
}
END_TEST

static TCase *apps_case(void)
{
        TCase *tcase = tcase_create("apps");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_pw_play);
        tcase_add_test(tcase, test_paplay);
        tcase_add_test(tcase, test_nothing_is_remembered);
        tcase_add_test(tcase, test_nothing_is_remembered_of_a_call);
        return tcase;
}

SUITE_MAIN("audio duck apps", apps_case());
