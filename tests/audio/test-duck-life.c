/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ducks when somebody dies or hangs: nothing stays quieter than its user had it. */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "music.h"
#include "support/suite.h"

/* 300 ms and some more */
#define LONGER_THAN_PATIENCE 100

#define SEVERAL "5"

static struct world world;
static struct world_call *call;
static struct ear ear;

static void listen(unsigned blocks)
{
        unsigned since = world_blocks(ear.meter);

        world_pump(&world, world_blocks(ear.meter) >= since + blocks);
}

static void setup(void)
{
        world_init(&world);
        audio_settle_orphans(world.audio);
        music_configure(&world, OTHER_MEDIA_DUCK, DUCK);
        call = world_call_new(&world);
        ear = (struct ear){&world, world_meter(WORLD_SPEAKER), 1};
        music_start("music", NULL);
        ear_take_reference(&ear);
}

static void teardown(void)
{
        world_done(&world);
}

/* The app of one stream hangs: neither the call nor other streams wait for it, and it ends up as it
 * should when it goes on. */
START_TEST(test_hung)
{
        struct world_app *hung = music_start("hung", WORLD_HEADSET);
        struct ear headset = {&world, world_meter(WORLD_HEADSET), 1};
        usec_t start;

        ear_take_reference(&headset);
        world_app_signal(hung, SIGSTOP);
        start = world_now();
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        printf("ready after %.1f ms\n", (double)(world_now() - start) / 1000);
        ck_assert_uint_lt(world_now() - start, 3 * POKE_PATIENCE);
        ear_expect(&ear, "other streams meanwhile", DUCK, EXACT_DUCK);
        listen(LONGER_THAN_PATIENCE);
        start = world_now();
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        ck_assert_uint_lt(world_now() - start, 3 * POKE_PATIENCE);
        world_app_signal(hung, SIGCONT);
        ear_expect(&headset, "the one that hung", DUCK, EXACT_DUCK);

        world_app_signal(hung, SIGSTOP);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "other streams restored", 0, EXACT_BACK);
        listen(LONGER_THAN_PATIENCE);
        ck_assert(music_is_ducked(&world, "hung"));
        world_app_signal(hung, SIGCONT);
        ear_expect(&headset, "the one that hung restored", 0, EXACT_BACK);
        world_pump(&world, !music_is_ducked(&world, "hung"));
}
END_TEST

static unsigned count_linked(const char *name)
{
        const struct graph_node *node;
        unsigned n = 0;

        for (node = world.audio->graph.nodes; node; node = node->hh.next)
                n += streq(node->name, name) && node->outputs;
        return n;
}

/* One app with several streams hangs: all of them end up as they should, and nobody waits. */
START_TEST(test_hung_with_several)
{
        struct world_app *hung = world_app_start("play", "-f", "750", "-a", "0.1", "-c", SEVERAL,
                                                 "-P", "node.name=hung", "-P", "media.role=Music",
                                                 "-P", "target.object=" WORLD_HEADSET, NULL);
        struct ear headset = {&world, world_meter(WORLD_HEADSET), 1};
        usec_t start;

        world_pump(&world, count_linked("hung") == (unsigned)atoi(SEVERAL));
        ear_take_reference(&headset);
        for (unsigned i = 0; i < 2; i++) {
                world_app_signal(hung, SIGSTOP);
                start = world_now();
                world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
                ck_assert_uint_lt(world_now() - start, 3 * POKE_PATIENCE);
                ear_expect(&ear, "other streams meanwhile", DUCK, EXACT_DUCK);
                if (i > 0)
                        listen(LONGER_THAN_PATIENCE);
                world_app_signal(hung, SIGCONT);
                ear_expect(&headset, "all of the app that hung", DUCK, EXACT_DUCK);
                world_app_signal(hung, SIGSTOP);
                world_set(&world, call, AUDIO_LEVEL_NONE, false);
                ear_expect(&ear, "other streams restored", 0, EXACT_BACK);
                if (i > 0)
                        listen(LONGER_THAN_PATIENCE);
                world_app_signal(hung, SIGCONT);
                ear_expect(&headset, "all of the app that hung restored", 0, EXACT_BACK);
                world_pump(&world, *music_journal() == '\0');
        }
}
END_TEST

START_TEST(test_app_killed)
{
        struct world_app *other = music_start("other", WORLD_HEADSET);

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, music_is_ducked(&world, "other"));
        world_app_signal(other, SIGKILL);
        world_pump(&world, !music_find(&world, "other"));
        ck_assert_ptr_eq(world.audio->journal.records->next, NULL);
        ear_expect(&ear, "the rest", DUCK, EXACT_DUCK);
}
END_TEST

/* callsd is ended in the middle of a call. */
START_TEST(test_clean_end)
{
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ear_expect(&ear, "ducked", DUCK, EXACT_DUCK);
        audio_free(world.audio);
        world.audio = NULL;
        ck_assert_str_eq(music_journal(), "");
        ear_expect(&ear, "restored by the end", 0, EXACT_BACK);
}
END_TEST

/* An earlier callsd ducks, and is killed. */
static void leave_behind(void)
{
        const char *const arguments[] = {OWNER_PROGRAM, "--duck", call->uuid,
                                         "linked",      "open",   NULL};
        pid_t owner;

        audio_free(world.audio);
        owner = world_spawn(arguments);
        ear_expect(&ear, "ducked by the earlier one", DUCK, EXACT_DUCK);
        ck_assert_ptr_ne(strstr(music_journal(), "duck "), NULL);
        world_kill(owner, SIGKILL);
        listen(20);
        ear_expect(&ear, "still ducked", DUCK, EXACT_DUCK);
}

static void start_next(void)
{
        const struct audio_events events = {.ready_fn = NULL};

        ck_assert_int_eq(audio_new(world.event, &events, NULL, &world.audio), 0);
        music_configure(&world, OTHER_MEDIA_DUCK, DUCK);
}

/* Nobody brings the call back. */
START_TEST(test_killed)
{
        leave_behind();
        start_next();
        world_pump(&world, world.audio->state == AUDIO_ON);
        audio_settle_orphans(world.audio);
        ear_expect(&ear, "restored by the next", 0, EXACT_BACK);
        world_pump(&world, *music_journal() == '\0');
}
END_TEST

/* Its app does: no burst of music in the middle of the call. */
START_TEST(test_killed_and_imported)
{
        unsigned since = world_blocks(ear.meter);

        leave_behind();
        since = world_blocks(ear.meter);
        start_next();
        world_pump(&world, world.audio->state == AUDIO_ON);
        listen(20);
        world_set(&world, call, AUDIO_LEVEL_LINKED, false);
        listen(50);
        ck_assert_double_le(ear_loudest(&ear, since), DUCK + EXACT_DUCK);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        ear_expect(&ear, "restored by the next", 0, EXACT_BACK);
}
END_TEST

/* PipeWire itself is killed. The last test: the servers are others afterwards. */
START_TEST(test_server_killed)
{
        const char *const pipewire[] = {"pipewire", NULL};
        const char *const wireplumber[] = {"wireplumber", NULL};

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, music_is_ducked(&world, "music"));
        world_kill((pid_t)atoi(getenv("CALLSD_TEST_PIPEWIRE_PID")), SIGKILL);
        world_pump(&world, !world.available);
        ck_assert_ptr_null(world.audio->other.duck.streams);
        world_spawn(pipewire);
        world_spawn(wireplumber);
        world_pump(&world, world.available);
        world_pump(&world, *music_journal() == '\0');
        music_start("again", NULL);
        world_pump(&world, music_is_ducked(&world, "again"));
}
END_TEST

static TCase *life_case(void)
{
        TCase *tcase = tcase_create("life");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_hung);
        tcase_add_test(tcase, test_hung_with_several);
        tcase_add_test(tcase, test_app_killed);
        tcase_add_test(tcase, test_clean_end);
        tcase_add_test(tcase, test_killed);
        tcase_add_test(tcase, test_killed_and_imported);
        tcase_add_test(tcase, test_server_killed);
        return tcase;
}

SUITE_MAIN("audio duck life", life_case());
