/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PipeWire or its session manager is absent, appears, dies, returns. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "audio/audio-private.h"
#include "support/suite.h"
#include "world.h"

static struct world world;
static pid_t pipewire;
static pid_t wireplumber;

static pid_t pid_of(const char *variable)
{
        const char *text = getenv(variable);

        ck_assert_msg(text, "%s is not set: this test runs under with-audio", variable);
        return (pid_t)atoi(text);
}

static void find_servers(void)
{
        if (pipewire == 0) {
                pipewire = pid_of("CALLSD_TEST_PIPEWIRE_PID");
                wireplumber = pid_of("CALLSD_TEST_WIREPLUMBER_PID");
        }
}

static void start_pipewire(void)
{
        const char *const arguments[] = {"pipewire", NULL};

        pipewire = world_spawn(arguments);
}

static void start_wireplumber(void)
{
        const char *const arguments[] = {"wireplumber", NULL};

        wireplumber = world_spawn(arguments);
}

static void setup(void)
{
        find_servers();
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
        world_kill(pipewire, SIGKILL);
        world_pump(&world, !world.available);
        ck_assert(!audio_is_linked(world.audio, call->uuid));
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert(!call->ready_with_nodes);
        world_kill(wireplumber, SIGTERM);

        start_pipewire();
        start_wireplumber();
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

static const struct {
        const char *name;
        const char *properties;
} devices[] = {
        {WORLD_SPEAKER, "Audio/Sink audio.position=\"FL,FR\""},
        {WORLD_HEADSET, "Audio/Sink audio.position=\"FL,FR\""},
        {WORLD_MICROPHONE, "Audio/Source/Virtual audio.position=MONO"},
        {"test-mic2", "Audio/Source/Virtual audio.position=MONO"},
};

/* Real devices belong to the session manager's process and go with it. */
static void destroy_devices(void)
{
        for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
                const char *const destroy[] = {"pw-cli", "destroy", devices[i].name, NULL};

                ck_assert_int_eq(world_run(destroy), 0);
        }
}

static void create_devices(void)
{
        for (unsigned i = 0; i < 3; i += 2) {
                char properties[320];
                const char *const create[] = {"pw-cli", "create-node", "adapter", properties, NULL};

                snprintf(properties, sizeof(properties),
                         "{ factory.name=support.null-audio-sink node.name=%s media.class=%s "
                         "object.linger=true priority.session=1000 monitor.channel-volumes=true }",
                         devices[i].name, devices[i].properties);
                ck_assert_int_eq(world_run(create), 0);
        }
}

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

        world_kill(wireplumber, SIGKILL);
        destroy_devices();
        world_pump(&world, !world.audio->graph.metadata);
        ck_assert(world.available);
        start_wireplumber();
        world_pump(&world, world.audio->graph.metadata);
        create_devices();
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
        world_kill(wireplumber, SIGKILL);
        destroy_devices();
        world_pump(&world, !world.audio->graph.metadata);
        ck_assert(!audio_is_ringing(world.audio));
        start_wireplumber();
        world_pump(&world, world.audio->graph.metadata);
        create_devices();
        world_pump(&world, default_is(WORLD_SPEAKER, WORLD_MICROPHONE));
        world_pump(&world, audio_is_ringing(world.audio));
        speaker = world_meter(WORLD_SPEAKER);
        world_hear(&world, speaker);
        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        world_silence(&world, speaker, 50);
}
END_TEST

static TCase *absent_case(void)
{
        TCase *tcase = tcase_create("absent");

        tcase_add_checked_fixture(tcase, find_servers, teardown);
        tcase_add_test(tcase, test_absent_then_there);
        return tcase;
}

static TCase *restart_case(void)
{
        TCase *tcase = tcase_create("restart");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_server_restarts);
        tcase_add_test(tcase, test_rings_again_for_a_new_session_manager);
        tcase_add_test(tcase, test_session_manager_restarts);
        return tcase;
}

SUITE_MAIN("audio server", absent_case(), restart_case());
