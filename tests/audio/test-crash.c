/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An earlier daemon is killed: what goes on, what stays silent, and how the next one takes over. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "support/suite.h"
#include "world.h"

static struct world world;
static struct world_call *call;
static struct world_app *speaker;
static struct world_app *player;
static struct world_app *recorder;
static pid_t owner;

static bool is_found(bool muted, bool linked)
{
        bool found_muted;
        bool found_linked;
        int r = audio_get_found(world.audio, call->uuid, &found_muted, &found_linked);

        return r == 0 && found_muted == muted && found_linked == linked;
}

/* A call of another process, with streams on it; then that process is killed. */
static void leave_behind(const char *level, const char *mute, bool muted, bool linked)
{
        const char *const arguments[] = {OWNER_PROGRAM, call->uuid, level, mute, NULL};

        owner = world_spawn(arguments);
        world_pump(&world, is_found(muted, linked));
        player = world_app_play(call);
        recorder = world_app_record(call);
        if (linked) {
                world_hear(&world, speaker);
                if (!muted)
                        world_hear(&world, recorder);
        }
        world_kill(owner, SIGKILL);
}

static void setup(void)
{
        world_init(&world);
        call = world_call_new(&world);
        world_feed_microphone(&world);
        speaker = world_meter(WORLD_SPEAKER);
}

static void teardown(void)
{
        world_done(&world);
}

static void go_on(unsigned blocks)
{
        unsigned at_speaker = world_blocks(speaker);
        unsigned at_app = world_blocks(recorder);

        world_pump(&world, world_blocks(speaker) > at_speaker + blocks &&
                                   world_blocks(recorder) > at_app + blocks);
        world_went_on(speaker, at_speaker);
        world_went_on(recorder, at_app);
}

/* R14 replaced: not one block is lost, neither by the crash nor by the adoption. */
START_TEST(test_linked)
{
        unsigned at_speaker;
        unsigned at_app;

        leave_behind("linked", "open", false, true);
        at_speaker = world_blocks(speaker);
        at_app = world_blocks(recorder);
        go_on(200);
        ck_assert(is_found(false, true));
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert(call->ready_with_nodes);
        go_on(100);
        world_went_on(speaker, at_speaker);
        world_went_on(recorder, at_app);

        world_set(&world, call, AUDIO_LEVEL_LINKED, true);
        world_silence(&world, recorder, 50);
        world_set(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 50);
        world_silence(&world, recorder, 50);
}
END_TEST

START_TEST(test_held)
{
        leave_behind("nodes", "open", false, false);
        world_stays_silent(&world, speaker, 200);
        world_stays_silent(&world, recorder, 50);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_stays_silent(&world, speaker, 50);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_hear(&world, recorder);
}
END_TEST

START_TEST(test_muted)
{
        unsigned since;

        leave_behind("linked", "muted", true, true);
        since = world_blocks(speaker);
        world_stays_silent(&world, recorder, 200);
        world_went_on(speaker, since);
        ck_assert(is_found(true, true));
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        world_stays_silent(&world, recorder, 100);
        world_went_on(speaker, since);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, recorder);
}
END_TEST

/* A daemon that starts after the crash; found is what was left, until a wish takes it over. */
START_TEST(test_start_afterwards)
{
        struct world_call kept = *call;
        bool muted;
        bool linked;

        leave_behind("linked", "muted", true, true);
        audio_free(world.audio);
        sd_event_unref(world.event);
        world_init(&world);
        world.calls[0] = kept;
        world.n_calls = 1;
        ck_assert(is_found(true, true));
        world_hear(&world, speaker);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        world_stays_silent(&world, recorder, 50);
        ck_assert_int_eq(audio_get_found(world.audio, call->uuid, &muted, &linked), -ENOENT);
}
END_TEST

static bool has_nodes(void)
{
        bool muted;
        bool linked;

        return audio_get_found(world.audio, call->uuid, &muted, &linked) == 0;
}

static bool is_listed(const char *name)
{
        char command[160];
        const char *const list[] = {"sh", "-c", command, NULL};

        snprintf(command, sizeof(command), "pw-cli ls Node | grep -q 'node.name = \"%s\"'", name);
        return world_run(list) == 0;
}

/* Nobody claims the call: left as it is, then closed, and removed when its streams are gone. */
START_TEST(test_orphan)
{
        leave_behind("linked", "open", false, true);
        go_on(100);
        audio_settle_orphans(world.audio);
        world_silence(&world, speaker, 50);
        world_silence(&world, recorder, 50);
        ck_assert(!has_nodes());
        ck_assert(is_listed(call->sink));
        world_app_end(player);
        world_app_end(recorder);
        world_pump(&world, !is_listed(call->sink) && !is_listed(call->source));
}
END_TEST

static TCase *crash_case(void)
{
        TCase *tcase = tcase_create("crash");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_linked);
        tcase_add_test(tcase, test_held);
        tcase_add_test(tcase, test_muted);
        tcase_add_test(tcase, test_start_afterwards);
        tcase_add_test(tcase, test_orphan);
        return tcase;
}

SUITE_MAIN("audio crash", crash_case());
