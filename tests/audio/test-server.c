/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PipeWire or its session manager is absent, appears, dies, returns. */
#include <check.h>
#include <signal.h>

#include "audio/audio-private.h"
#include "servers.h"
#include "support/suite.h"
#include "world.h"

static struct world world;
static void setup(void)
{
        servers_find();
        world_init(&world);
}

static void teardown(void)
{
        world_done(&world);
}

/* Calls work, and what was wanted meanwhile is built when the server comes. */
START_TEST(test_absent_then_there)
{
        struct world_call *call;

        setenv("PIPEWIRE_REMOTE", "callsd-no-such-server", 1);
        world_init_early(&world);
        call = world_call_new(&world);
        audio_set_ring(world.audio, &AUDIO_RING(RING_TONE));
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        ck_assert(!call->ready_with_nodes);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        ck_assert(!call->ready_with_nodes);
        ck_assert(!audio_is_available(world.audio));
        ck_assert(!audio_is_ringing(world.audio));
        ck_assert_uint_eq(world.n_available, 0);
        unsetenv("PIPEWIRE_REMOTE");
        world_pump(&world, world.available);
        world_pump(&world, call->nodes_told == 1);
        world_pump(&world, audio_is_linked(world.audio, call->uuid));
        ck_assert_uint_eq(call->n_ready, 2);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        ck_assert(call->ready_with_nodes);
        ck_assert(audio_is_ringing(world.audio));
}
END_TEST

/* A11 and call-model.md 9: sessions are closed with the server, and come back with it. */
START_TEST(test_server_restarts)
{
        struct world_call *call = world_call_new(&world);
        struct world_call *held = world_call_new(&world);
        struct world_app *speaker;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_reach(&world, held, AUDIO_LEVEL_NODES, false);
        audio_set_ring(world.audio, &AUDIO_RING(RING_WAITING));
        servers_kill_pipewire();
        world_pump(&world, !world.available);
        ck_assert(!audio_is_linked(world.audio, call->uuid));
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert(!call->ready_with_nodes);
        servers_kill_manager(SIGTERM);

        servers_start_pipewire(&world);
        servers_start_manager();
        world_pump(&world, world.available);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert(call->ready_with_nodes);
        ck_assert_uint_eq(call->nodes_told, 2);
        world_pump(&world, held->nodes_told == 2);
        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        world_pump(&world, !audio_is_ringing(world.audio));
        speaker = world_meter(WORLD_SPEAKER);
        world_app_play(call);
        world_hear(&world, speaker);
}
END_TEST

static bool default_is(const char *sink, const char *source)
{
        return streq(str_or_empty(world.audio->graph.default_sink), sink) &&
               streq(str_or_empty(world.audio->graph.default_source), source);
}

static void stays_silent_since(struct world_app *app, unsigned since)
{
        for (unsigned i = since; i < world_blocks(app); i++)
                ck_assert_msg(app->levels->blocks[i].rms <= 0.0f, "sound in block %u", i);
}

/* Calls keep their state, and nothing reaches the microphone that should not. */
START_TEST(test_session_manager_restarts)
{
        struct world_call *call = world_call_new(&world);
        struct world_call *held = world_call_new(&world);
        struct world_app *talker;
        struct world_app *listener;
        struct world_app *speaker = world_meter(WORLD_SPEAKER);
        unsigned since;

        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_reach(&world, held, AUDIO_LEVEL_NODES, false);
        world_app_play(call);
        talker = world_app_record(call);
        listener = world_app_record(held);
        world_hear(&world, speaker);
        world_app_end(speaker);
        since = world_blocks(listener);

        servers_kill_manager(SIGKILL);
        servers_destroy_devices();
        world_pump(&world, !world.audio->graph.metadata);
        ck_assert(world.available);
        servers_start_manager();
        world_pump(&world, world.audio->graph.metadata);
        servers_create_devices();
        world_pump(&world, default_is(WORLD_SPEAKER, WORLD_MICROPHONE));
        world_pump(&world, call->nodes_told == 2 && held->nodes_told == 2);
        world_pump(&world, audio_is_linked(world.audio, call->uuid));
        ck_assert(!audio_is_linked(world.audio, held->uuid));

        /* The desktop links new streams, and those of the call are heard again. */
        speaker = world_meter(WORLD_SPEAKER);
        world_hear(&world, speaker);
        world_feed_microphone(&world);
        world_hear(&world, talker);
        world_stays_silent(&world, listener, 50);
        stays_silent_since(listener, since);
        world_set(&world, call, AUDIO_LEVEL_NODES, false);
        world_reach(&world, held, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, listener);
        world_silence(&world, speaker, 50);
}
END_TEST

/* Its links go with it: the ringtone's stream is made anew. */
START_TEST(test_rings_again_for_a_new_session_manager)
{
        struct world_app *speaker = world_meter(WORLD_SPEAKER);

        audio_set_ring(world.audio, &AUDIO_RING(RING_TONE));
        world_hear(&world, speaker);
        world_app_end(speaker);
        servers_kill_manager(SIGKILL);
        servers_destroy_devices();
        world_pump(&world, !world.audio->graph.metadata);
        ck_assert(!audio_is_ringing(world.audio));
        servers_start_manager();
        world_pump(&world, world.audio->graph.metadata);
        servers_create_devices();
        world_pump(&world, default_is(WORLD_SPEAKER, WORLD_MICROPHONE));
        world_pump(&world, audio_is_ringing(world.audio));
        speaker = world_meter(WORLD_SPEAKER);
        world_hear(&world, speaker);
        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        world_silence(&world, speaker, 50);
}
END_TEST

static bool default_sink_is(const char *sink)
{
        return streq(str_or_empty(world.audio->graph.default_sink), sink);
}

/* While somebody is new to the metadata, the server tells changes to the new ones alone. */
static void send_newcomers(void)
{
        ck_assert(servers_shell("for i in 1 2 3 4 5 6 7 8; do pw-metadata 0 > /dev/null 2>&1 & "
                                "done"));
}

START_TEST(test_defaults_change_among_newcomers)
{
        world_pump(&world, default_sink_is(WORLD_SPEAKER));
        for (unsigned i = 0; i < 5; i++) {
                send_newcomers();
                servers_destroy_speaker();
                world_pump(&world, default_sink_is(WORLD_HEADSET));
                send_newcomers();
                servers_create_speaker();
                world_pump(&world, default_sink_is(WORLD_SPEAKER));
        }
}
END_TEST

static TCase *absent_case(void)
{
        TCase *tcase = tcase_create("absent");

        tcase_add_checked_fixture(tcase, servers_find, teardown);
        tcase_add_test(tcase, test_absent_then_there);
        return tcase;
}

static TCase *restart_case(void)
{
        TCase *tcase = tcase_create("restart");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_defaults_change_among_newcomers);
        tcase_add_test(tcase, test_server_restarts);
        tcase_add_test(tcase, test_rings_again_for_a_new_session_manager);
        tcase_add_test(tcase, test_session_manager_restarts);
        return tcase;
}

SUITE_MAIN("audio server", absent_case(), restart_case());
