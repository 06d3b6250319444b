/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams that did not join: found by process or call id, moved, and kept there. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "audio/audio-private.h"
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

static struct graph_node *find_stream(const char *name)
{
        return graph_find_node_by_name(&world.audio->graph, name);
}

static bool is_linked_to(const char *stream, const char *name)
{
        struct graph_node *node = find_stream(stream);
        struct graph_link *link;
        unsigned n = 0;

        if (!node)
                return false;
        for (link = node->outputs; link; link = link->output_next) {
                if (!streq(link->input->name, name))
                        return false;
                n++;
        }
        for (link = node->inputs; link; link = link->input_next) {
                if (!streq(link->output->name, name))
                        return false;
                n++;
        }
        return n > 0;
}

/* It played before there was a call. */
START_TEST(test_by_process)
{
        struct world_call *call = world_call_new(&world);
        struct world_app *app = world_app_start("play", "-P", "node.name=app", NULL);

        world_hear(&world, speaker);
        call->wish.pid = app->pid;
        world_set(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 100);
        world_pump(&world, is_linked_to("app", call->sink));
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 50);
}
END_TEST

/* It begins when the call is there already; playing and recording. */
START_TEST(test_new_stream_of_process)
{
        struct world_call *call = world_call_new(&world);
        struct world_call *other = world_call_new(&world);
        struct world_app *app;
        struct world_app *recorder;

        world_feed_microphone(&world);
        other->wish.provider = "org.example.Other";
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_reach(&world, other, AUDIO_LEVEL_NODES, false);
        app = world_app_start("play", "-P", "node.name=app", NULL);
        call->wish.pid = app->pid;
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_pump(&world, is_linked_to("app", call->sink));
        world_silence(&world, speaker, 50);

        recorder = world_app_start("record", "-P", "node.name=rec", NULL);
        other->wish.pid = recorder->pid;
        world_reach(&world, other, AUDIO_LEVEL_NODES, false);
        world_pump(&world, is_linked_to("rec", other->source));
        world_silence(&world, recorder, 50);
        world_reach(&world, other, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, recorder);
        world_stays_silent(&world, speaker, 50);
}
END_TEST

/* The process is unknown, the stream says whose it is. */
START_TEST(test_by_call_id)
{
        struct world_call *call = world_call_new(&world);
        char id[80];

        snprintf(id, sizeof(id), "callsd.call.id=%s", call->uuid);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_app_start("play", "-P", "node.name=app", "-P", id, NULL);
        world_pump(&world, is_linked_to("app", call->sink));
        world_silence(&world, speaker, 50);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
}
END_TEST

/* A PulseAudio client: the socket belongs to pipewire-pulse, the stream names its process. */
START_TEST(test_by_claimed_process)
{
        struct world_call *call = world_call_new(&world);

        call->wish.pid = 1234567;
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_app_start("play", "-P", "node.name=app", "-P", "client.api=pipewire-pulse", "-P",
                        "application.process.id=1234567", NULL);
        world_pump(&world, is_linked_to("app", call->sink));
        world_silence(&world, speaker, 50);
}
END_TEST

/* A sandboxed app: its process is a foreign number, its app id is the portal's. */
START_TEST(test_by_app_id)
{
        struct world_call *call = world_call_new(&world);

        call->wish.app_id = "org.example.Sandboxed";
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_app_start("play", "-P", "node.name=other", "-P",
                        "pipewire.access.portal.app_id=org.example.Other", "-P",
                        "target.object=" WORLD_HEADSET, NULL);
        world_app_start("play", "-P", "node.name=app", "-P",
                        "pipewire.access.portal.app_id=org.example.Sandboxed", NULL);
        world_pump(&world, is_linked_to("app", call->sink));
        world_silence(&world, speaker, 50);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_pump(&world, is_linked_to("other", WORLD_HEADSET));
}
END_TEST

/* Music of somebody else is none of our business. */
START_TEST(test_stranger)
{
        struct world_call *call = world_call_new(&world);

        call->wish.pid = 1234567;
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_app_start("play", "-P", "node.name=app", "-P", "media.role=Communication", NULL);
        world_hear(&world, speaker);
        world_pump(&world, is_linked_to("app", WORLD_SPEAKER));
        ck_assert_ptr_null(find_stream("app")->moved_to);
}
END_TEST

static void move_away(const char *stream, const char *to)
{
        char id[16];
        char serial[24];
        const char *const move[] = {"pw-metadata", id, "target.object", serial, "Spa:Id", NULL};

        snprintf(id, sizeof(id), "%u", find_stream(stream)->id);
        snprintf(serial, sizeof(serial), "%" PRIu64, find_stream(to)->serial);
        ck_assert_int_eq(world_run(move), 0);
}

/* What the session manager was told, and not only what is linked: links we would repair too. */
static bool is_moved_to(const char *stream, const char *name)
{
        char serial[24];

        snprintf(serial, sizeof(serial), "%" PRIu64, find_stream(name)->serial);
        return streq(str_or_empty(find_stream(stream)->moved_to), serial);
}

/* Somebody moves a call's streams to a device with a mixer. */
START_TEST(test_moved_away)
{
        struct world_call *call = world_call_new(&world);
        char target[96];
        char id[80];

        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        snprintf(target, sizeof(target), "target.object=%s", call->sink);
        snprintf(id, sizeof(id), "callsd.call.id=%s", call->uuid);
        world_app_start("play", "-P", "node.name=joined", "-P", target, NULL);
        world_app_start("play", "-P", "node.name=found", "-P", id, NULL);
        world_pump(&world, is_linked_to("joined", call->sink));
        world_pump(&world, is_linked_to("found", call->sink));
        for (unsigned i = 0; i < 3; i++) {
                move_away("joined", WORLD_SPEAKER);
                move_away("found", WORLD_HEADSET);
                world_silence(&world, speaker, 50);
                world_pump(&world, is_linked_to("joined", call->sink));
                world_pump(&world, is_linked_to("found", call->sink));
                world_pump(&world, is_moved_to("joined", call->sink));
                world_pump(&world, is_moved_to("found", call->sink));
        }
        world_stays_silent(&world, speaker, 50);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
}
END_TEST

struct pair {
        struct world_call *first;
        struct world_call *second;
        struct world_app *recorder;
};

/* Two calls of one process that has a single stream in each direction. */
static struct pair two_calls_one_stream(void)
{
        struct pair pair = {.first = world_call_new(&world), .second = world_call_new(&world)};

        world_feed_microphone(&world);
        world_reach(&world, pair.first, AUDIO_LEVEL_NODES, false);
        world_reach(&world, pair.second, AUDIO_LEVEL_NODES, false);
        pair.recorder = world_app_start("record", "-P", "node.name=rec", "-P",
                                        "media.role=Communication", NULL);
        pair.first->wish.pid = pair.recorder->pid;
        pair.second->wish.pid = pair.recorder->pid;
        world_set(&world, pair.first, AUDIO_LEVEL_NODES, false);
        world_set(&world, pair.second, AUDIO_LEVEL_NODES, false);
        world_pump(&world, is_linked_to("rec", "callsd.shared.org.example.Phone.source"));
        return pair;
}

START_TEST(test_shared_stream)
{
        struct pair pair = two_calls_one_stream();

        world_silence(&world, pair.recorder, 50);
        world_reach(&world, pair.first, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, pair.recorder);
        /* A swap: one of them is linked all the time. */
        world_reach(&world, pair.second, AUDIO_LEVEL_LINKED, false);
        world_reach(&world, pair.first, AUDIO_LEVEL_NODES, false);
        world_hear(&world, pair.recorder);
        world_reach(&world, pair.second, AUDIO_LEVEL_LINKED, true);
        world_silence(&world, pair.recorder, 50);
        /* Two are active and one of them is muted: that one is the app's own business. */
        world_reach(&world, pair.first, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, pair.recorder);
        world_reach(&world, pair.first, AUDIO_LEVEL_LINKED, true);
        world_silence(&world, pair.recorder, 50);
        world_reach(&world, pair.first, AUDIO_LEVEL_NONE, false);
        world_reach(&world, pair.second, AUDIO_LEVEL_NODES, false);
        world_silence(&world, pair.recorder, 50);
}
END_TEST

/* Its call is over, the process goes on with its next one. */
START_TEST(test_stream_used_again)
{
        struct world_call *first = world_call_new(&world);
        struct world_call *second = world_call_new(&world);
        struct world_app *app = world_app_start("play", "-P", "node.name=app", NULL);

        first->wish.pid = app->pid;
        second->wish.pid = app->pid;
        world_reach(&world, first, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, is_linked_to("app", first->sink));
        world_reach(&world, first, AUDIO_LEVEL_NONE, false);
        world_silence(&world, speaker, 50);
        world_reach(&world, second, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, is_linked_to("app", second->sink));
        world_hear(&world, speaker);
}
END_TEST

static TCase *find_case(void)
{
        TCase *tcase = tcase_create("find");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_by_process);
        tcase_add_test(tcase, test_new_stream_of_process);
        tcase_add_test(tcase, test_by_call_id);
        tcase_add_test(tcase, test_by_claimed_process);
        tcase_add_test(tcase, test_by_app_id);
        tcase_add_test(tcase, test_stranger);
        tcase_add_test(tcase, test_moved_away);
        tcase_add_test(tcase, test_stream_used_again);
        return tcase;
}

static TCase *shared_case(void)
{
        TCase *tcase = tcase_create("shared");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_shared_stream);
        return tcase;
}

SUITE_MAIN("audio find", find_case(), shared_case());
