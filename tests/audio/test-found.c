/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Apps that know nothing of callsd, fight it, or hang; and how much of them is heard before they
 * are found.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>

#include "audio/audio-private.h"
#include "support/suite.h"
#include "world.h"

#define BATCH 10
#define BATCHES 20
#define BLOCK_MS (256.0 / 48)

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

static bool is_at(const char *stream, const char *node)
{
        struct graph_node *from = graph_find_node_by_name(&world.audio->graph, stream);

        return from && ((from->outputs && streq(from->outputs->input->name, node)) ||
                        (from->inputs && streq(from->inputs->output->name, node)));
}

/* While it rings nothing of its app is heard; what was there before the call gets it all back. */
START_TEST(test_ringing)
{
        struct world_call *call = world_call_new(&world);
        struct world_call *other = world_call_new(&world);
        struct world_app *player = world_app_start("play", "-P", "node.name=player", NULL);
        struct world_app *recorder;

        other->wish.provider = "org.example.Other";
        world_feed_microphone(&world);
        recorder = world_app_start("record", "-P", "node.name=recorder", NULL);
        world_hear(&world, speaker);
        world_hear(&world, recorder);
        call->wish.pid = player->pid;
        other->wish.pid = recorder->pid;
        world_reach(&world, call, AUDIO_LEVEL_GATED, false);
        world_reach(&world, other, AUDIO_LEVEL_GATED, false);
        world_silence(&world, speaker, 100);
        world_silence(&world, recorder, 100);
        world_pump(&world, is_at("player", call->sink) && is_at("recorder", other->source));

        /* One is answered and held, the other declined. */
        world_reach(&world, other, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, recorder);
        world_reach(&world, other, AUDIO_LEVEL_NODES, false);
        world_silence(&world, recorder, 50);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        world_stays_silent(&world, speaker, 50);
        world_pump(&world, is_at("player", WORLD_SPEAKER));
        world_hear(&world, speaker);
        world_set(&world, other, AUDIO_LEVEL_NONE, false);
        world_stays_silent(&world, recorder, 50);
        world_pump(&world, is_at("recorder", WORLD_MICROPHONE));
}
END_TEST

/* A microphone stream that came with the call stays closed after it. */
START_TEST(test_declined)
{
        struct world_call *call = world_call_new(&world);
        struct world_app *recorder;

        world_feed_microphone(&world);
        recorder = world_app_prepare("record", "-P", "node.name=recorder", NULL);
        call->wish.pid = recorder->pid;
        world_reach(&world, call, AUDIO_LEVEL_GATED, false);
        ck_assert_uint_eq(call->nodes_told, 0);
        world_app_go(recorder);
        world_app_wait(recorder);
        world_silence(&world, recorder, 50);
        world_reach(&world, call, AUDIO_LEVEL_NONE, false);
        world_stays_silent(&world, recorder, 600);
        world_app_end(recorder);
}
END_TEST

/* The streams of an app with a call that rings serve the one that does not. */
START_TEST(test_ringing_beside_active)
{
        struct world_call *ringing = world_call_new(&world);
        struct world_call *active = world_call_new(&world);
        struct world_app *player = world_app_start("play", "-P", "node.name=player", NULL);

        ringing->wish.pid = active->wish.pid = player->pid;
        world_reach(&world, ringing, AUDIO_LEVEL_GATED, false);
        world_silence(&world, speaker, 50);
        world_reach(&world, active, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, is_at("player", active->sink));
        world_hear(&world, speaker);
        world_reach(&world, ringing, AUDIO_LEVEL_NONE, false);
        world_pump(&world, is_at("player", active->sink));
        world_hear(&world, speaker);
}
END_TEST

/* Hold and resume do not need the app: it is stopped, and goes on much later. */
START_TEST(test_hangs)
{
        struct world_call *call = world_call_new(&world);
        struct world_app *player = world_app_prepare("play", "-P", "node.name=player", NULL);

        call->wish.pid = player->pid;
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_go(player);
        world_hear(&world, speaker);
        world_app_signal(player, SIGSTOP);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 10);
        world_app_signal(player, SIGCONT);
        world_stays_silent(&world, speaker, 100);
        world_app_signal(player, SIGSTOP);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_signal(player, SIGCONT);
        world_hear(&world, speaker);
}
END_TEST

/* It hangs already when the call comes in: its links are the server's, and go all the same. */
START_TEST(test_hangs_while_ringing)
{
        struct world_call *call = world_call_new(&world);
        struct world_app *player = world_app_start("play", "-P", "node.name=player", NULL);
        struct world_app *recorder;

        world_feed_microphone(&world);
        recorder = world_app_start("record", "-P", "node.name=recorder", NULL);
        world_hear(&world, speaker);
        world_hear(&world, recorder);
        world_app_signal(player, SIGSTOP);
        world_app_signal(recorder, SIGSTOP);
        call->wish.pid = player->pid;
        world_reach(&world, call, AUDIO_LEVEL_GATED, false);
        world_silence(&world, speaker, 20);
        world_app_signal(player, SIGCONT);
        world_stays_silent(&world, speaker, 100);
        world_app_signal(recorder, SIGCONT);
        world_hear(&world, recorder); /* another app's */
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, is_at("player", call->sink));
        world_hear(&world, speaker);
}
END_TEST

static struct world_app *start_found_recorder(struct world_call *call)
{
        struct world_app *recorder;

        world_feed_microphone(&world);
        recorder = world_app_prepare("record", "-P", "node.name=listener", NULL);
        call->wish.pid = recorder->pid;
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_go(recorder);
        world_app_wait(recorder);
        world_pump(&world, is_at("listener", call->source));
        world_hear(&world, recorder);
        return recorder;
}

/* Muted in the server: a stream that never asked for its call's source hears nothing either. */
START_TEST(test_muted)
{
        struct world_call *call = world_call_new(&world);
        struct world_app *recorder = start_found_recorder(call);

        world_set(&world, call, AUDIO_LEVEL_LINKED, true);
        world_silence(&world, recorder, 20);
        world_stays_silent(&world, recorder, 100);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, recorder);

        /* It hangs when it is muted; what was recorded before may reach it late. */
        world_app_signal(recorder, SIGSTOP);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        world_app_signal(recorder, SIGCONT);
        world_silence(&world, recorder, 20);
        world_stays_silent(&world, recorder, 100);
        world_app_signal(recorder, SIGSTOP);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_signal(recorder, SIGCONT);
        world_hear(&world, recorder);
}
END_TEST

static unsigned sounding(const struct world_app *app, unsigned since)
{
        unsigned n = 0;

        for (unsigned i = since; i < world_blocks(app); i++)
                n += app->levels->blocks[i].rms > 0.0f;
        return n;
}

/* It links itself to the devices as often as its links are cut. */
START_TEST(test_fights_for_links)
{
        const char *const fight[] = {"sh", "-c",
                                     "while :; do pw-link fighter:output_FL "
                                     "test-speaker:playback_FL; pw-link test-mic:capture_MONO "
                                     "listener:input_FL; done 2>/dev/null",
                                     NULL};
        const char *const once[] = {"pw-link", "fighter:output_FL", "test-speaker:playback_FL",
                                    NULL};
        struct world_call *call = world_call_new(&world);
        struct world_app *listener;
        unsigned at_speaker;
        unsigned at_listener;
        char id[80];
        pid_t pid;

        world_feed_microphone(&world);
        snprintf(id, sizeof(id), "callsd.call.id=%s", call->uuid);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_app_start("play", "-P", "node.name=fighter", "-P", id, NULL);
        listener = world_app_start("record", "-P", "node.name=listener", "-P", id, NULL);
        world_pump(&world, is_at("fighter", call->sink) && is_at("listener", call->source));
        world_silence(&world, speaker, 20);
        world_silence(&world, listener, 20);
        ck_assert_int_eq(world_run(once), 0);
        pid = world_spawn(fight);
        at_speaker = world_blocks(speaker);
        at_listener = world_blocks(listener);
        world_pump(&world, world_blocks(speaker) > at_speaker + 400 &&
                                   world_blocks(listener) > at_listener + 400);
        printf("an app that links itself again and again: %u of %u blocks at the speaker, %u of %u "
               "of the microphone\n",
               sounding(speaker, at_speaker), world_blocks(speaker) - at_speaker,
               sounding(listener, at_listener), world_blocks(listener) - at_listener);
        ck_assert_uint_lt(sounding(speaker, at_speaker), 40);
        ck_assert_uint_lt(sounding(listener, at_listener), 40);
        world_kill(pid, SIGKILL);
        world_silence(&world, speaker, 50);
        world_silence(&world, listener, 50);
}
END_TEST

/* It links itself to the real microphone while its call is muted. */
START_TEST(test_fights_a_mute_with_links)
{
        const char *const fight[] = {"sh", "-c",
                                     "while :; do pw-link test-mic:capture_MONO listener:input_FL; "
                                     "pw-link test-mic:capture_MONO listener:input_MONO; "
                                     "done 2>/dev/null",
                                     NULL};
        struct world_call *call = world_call_new(&world);
        struct world_app *recorder = start_found_recorder(call);
        unsigned since;
        pid_t pid;

        world_set(&world, call, AUDIO_LEVEL_LINKED, true);
        world_silence(&world, recorder, 20);
        pid = world_spawn(fight);
        since = world_blocks(recorder);
        world_pump(&world, world_blocks(recorder) > since + 400);
        printf("an app that links itself to the microphone while it is muted: %u of %u blocks\n",
               sounding(recorder, since), world_blocks(recorder) - since);
        ck_assert_uint_lt(sounding(recorder, since), 40);
        world_kill(pid, SIGKILL);
        world_silence(&world, recorder, 50);
}
END_TEST

/* It opens the microphone of its muted call at once, always: exactly nothing is heard of it. */
START_TEST(test_fights_for_mute)
{
        struct world_call *call = world_call_new(&world);
        struct world_app *recorder;
        char command[160];
        const char *const fight[] = {"sh", "-c", command, NULL};
        unsigned since;
        pid_t pid;

        world_feed_microphone(&world);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        recorder = world_app_record(call);
        world_silence(&world, recorder, 50);
        snprintf(command, sizeof(command),
                 "while :; do pw-cli s %u Props '{ mute: false }'; done > /dev/null 2>&1",
                 graph_find_node_by_name(&world.audio->graph, call->source)->id);
        pid = world_spawn(fight);
        world_pump(&world, session_find(world.audio, call->uuid)->mic_barred);
        since = world_blocks(recorder);
        world_stays_silent(&world, recorder, 300);
        world_kill(pid, SIGKILL);
        ck_assert_uint_eq(sounding(recorder, since), 0);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, recorder);
}
END_TEST

struct leaks {
        unsigned streams;
        unsigned n;       /* streams, or for playback moments, with sound */
        unsigned longest; /* blocks */
};

static void count_runs(const struct world_app *app, unsigned since, struct leaks *leaks)
{
        unsigned run = 0;

        for (unsigned i = since; i < world_blocks(app); i++) {
                run = app->levels->blocks[i].rms > 0.0f ? run + 1 : 0;
                if (run == 1)
                        leaks->n++;
                if (run > leaks->longest)
                        leaks->longest = run;
        }
}

static void run_batch(struct world_call *const *calls, struct leaks *playback,
                      struct leaks *capture)
{
        struct world_app *batch[BATCH];
        unsigned at_speaker;

        for (unsigned i = 0; i < BATCH; i++) {
                batch[i] = world_app_prepare(i % 2 ? "record" : "play", NULL);
                calls[i]->wish.pid = batch[i]->pid;
                world_set(&world, calls[i], AUDIO_LEVEL_NODES, false);
        }
        for (unsigned i = 0; i < BATCH; i++)
                world_pump(&world, calls[i]->ready == calls[i]->wish.serial);
        at_speaker = world_blocks(speaker);
        for (unsigned i = 0; i < BATCH; i++)
                world_app_go(batch[i]);
        for (unsigned i = 0; i < BATCH; i++) {
                struct session *session = session_find(world.audio, calls[i]->uuid);

                world_app_wait(batch[i]);
                world_pump(&world, i % 2 ? session->source.node->outputs != NULL
                                         : session->sink.node->inputs != NULL);
        }
        world_silence(&world, speaker, 20);
        count_runs(speaker, at_speaker, playback);
        for (unsigned i = 0; i < BATCH; i++) {
                if (i % 2)
                        count_runs(batch[i], 0, capture);
                world_app_end(batch[i]);
        }
        playback->streams += BATCH / 2;
        capture->streams += BATCH / 2;
}

/* Streams of held calls that do not join. No promise, but a figure; and a bound for blunders. */
START_TEST(test_leak)
{
        struct world_call *calls[BATCH];
        struct leaks playback = {0};
        struct leaks capture = {0};
        char providers[BATCH][32];

        world_feed_microphone(&world);
        for (unsigned i = 0; i < BATCH; i++) {
                calls[i] = world_call_new(&world);
                snprintf(providers[i], sizeof(providers[i]), "org.example.Leak%u", i);
                calls[i]->wish.provider = providers[i];
                world_reach(&world, calls[i], AUDIO_LEVEL_NODES, false);
        }
        for (unsigned i = 0; i < BATCHES; i++)
                run_batch(calls, &playback, &capture);
        printf("leaks of found streams: %u of %u at the speaker, longest %.1f ms; %u of %u of the "
               "microphone, longest %.1f ms\n",
               playback.n, playback.streams, playback.longest * BLOCK_MS, capture.n,
               capture.streams, capture.longest * BLOCK_MS);
        ck_assert_uint_le(playback.n, playback.streams / 5);
        ck_assert_uint_le(capture.n, capture.streams / 5);
        ck_assert_uint_le(playback.longest, 40);
        ck_assert_uint_le(capture.longest, 40);
}
END_TEST

static TCase *found_case(void)
{
        TCase *tcase = tcase_create("found");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_ringing);
        tcase_add_test(tcase, test_declined);
        tcase_add_test(tcase, test_ringing_beside_active);
        tcase_add_test(tcase, test_hangs);
        tcase_add_test(tcase, test_hangs_while_ringing);
        tcase_add_test(tcase, test_muted);
        tcase_add_test(tcase, test_fights_for_links);
        tcase_add_test(tcase, test_fights_a_mute_with_links);
        tcase_add_test(tcase, test_fights_for_mute);
        return tcase;
}

static TCase *leak_case(void)
{
        TCase *tcase = tcase_create("leak");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_leak);
        return tcase;
}

SUITE_MAIN("audio found", found_case(), leak_case());
