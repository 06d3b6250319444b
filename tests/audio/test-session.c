/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls whose streams joined: what is heard at the speaker and at the app, and when. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "support/suite.h"
#include "world.h"

static struct world world;

static void setup(void)
{
        world_init(&world);
}

static void teardown(void)
{
        world_done(&world);
}

struct talk {
        struct world_call *call;
        struct world_app *speaker;  /* meter at the speaker */
        struct world_app *player;   /* the app's playback */
        struct world_app *recorder; /* the app's capture */
};

/* A call with an app that talks and listens; still silent. */
static struct talk talk_new(void)
{
        struct talk talk = {.call = world_call_new(&world)};

        world_reach(&world, talk.call, AUDIO_LEVEL_NODES, false);
        ck_assert_uint_eq(talk.call->nodes_told, 1);
        ck_assert(talk.call->ready_with_nodes);
        talk.player = world_app_play(talk.call);
        talk.recorder = world_app_record(talk.call);
        return talk;
}

/* A2, A3, A9: nothing before activation, everything after; A4: the same after a hold. */
START_TEST(test_silent_linked_held)
{
        struct world_app *speaker;
        struct talk talk;
        usec_t took;

        world_feed_microphone(&world);
        speaker = world_meter(WORLD_SPEAKER);
        talk = talk_new();
        world_stays_silent(&world, speaker, 100);
        world_stays_silent(&world, talk.recorder, 100);
        ck_assert(!audio_is_linked(world.audio, talk.call->uuid));

        took = world_now();
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        took = world_now() - took;
        ck_assert_str_eq(talk.call->route, WORLD_SPEAKER);
        ck_assert(audio_is_linked(world.audio, talk.call->uuid));
        printf("linked: ready after %.1f ms", (double)took / 1000);
        printf(", heard at the speaker %.1f ms later", (double)world_hear(&world, speaker) / 1000);
        printf(", microphone %.1f ms later\n", (double)world_hear(&world, talk.recorder) / 1000);

        world_set(&world, talk.call, AUDIO_LEVEL_NODES, false);
        printf("held: last sound at the speaker after %.1f ms",
               (double)world_silence(&world, speaker, 100) / 1000);
        world_stays_silent(&world, talk.recorder, 100);
        ck_assert_uint_eq(talk.call->ready, talk.call->wish.serial);

        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        printf("; resumed: heard after %.1f ms\n", (double)world_hear(&world, speaker) / 1000);
        world_hear(&world, talk.recorder);

        world_set(&world, talk.call, AUDIO_LEVEL_NONE, false);
        world_silence(&world, speaker, 50);
        world_stays_silent(&world, talk.recorder, 50);
        ck_assert_uint_eq(talk.call->ready, talk.call->wish.serial);
        ck_assert(!talk.call->ready_with_nodes);
}
END_TEST

/* A hold and the release of a hung app. */
START_TEST(test_hung_app)
{
        struct world_app *speaker = world_meter(WORLD_SPEAKER);
        struct talk talk = talk_new();

        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_app_signal(talk.player, SIGSTOP);
        world_app_signal(talk.recorder, SIGSTOP);
        world_reach(&world, talk.call, AUDIO_LEVEL_NODES, false);
        ck_assert(!audio_is_linked(world.audio, talk.call->uuid));
        world_silence(&world, speaker, 20);
        world_app_signal(talk.player, SIGCONT);
        world_app_signal(talk.recorder, SIGCONT);
        world_stays_silent(&world, speaker, 100);
        world_stays_silent(&world, talk.recorder, 100);
}
END_TEST

/* A mute is the server's: an app that hangs meanwhile hears nothing of it when it goes on. */
START_TEST(test_mute_of_a_hung_app)
{
        struct talk talk;

        world_feed_microphone(&world);
        talk = talk_new();
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, talk.recorder);
        world_app_signal(talk.recorder, SIGSTOP);
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, true);
        world_app_signal(talk.recorder, SIGCONT);
        /* A block that was recorded before may reach it late. */
        world_silence(&world, talk.recorder, 20);
        world_stays_silent(&world, talk.recorder, 100);
        world_app_signal(talk.recorder, SIGSTOP);
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_app_signal(talk.recorder, SIGCONT);
        world_hear(&world, talk.recorder);
}
END_TEST

START_TEST(test_mute)
{
        struct world_app *speaker;
        struct talk talk;
        unsigned since;

        world_feed_microphone(&world);
        speaker = world_meter(WORLD_SPEAKER);
        talk = talk_new();
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_hear(&world, talk.recorder);

        since = world_blocks(speaker);
        world_set(&world, talk.call, AUDIO_LEVEL_LINKED, true);
        printf("muted: last sound at the app after %.1f ms",
               (double)world_silence(&world, talk.recorder, 100) / 1000);
        ck_assert_uint_eq(talk.call->ready, talk.call->wish.serial);
        world_went_on(speaker, since);

        world_set(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        printf("; open again after %.1f ms\n", (double)world_hear(&world, talk.recorder) / 1000);
}
END_TEST

/* A call that is muted from its first moment. */
START_TEST(test_muted_before_linked)
{
        struct world_app *speaker;
        struct talk talk;

        world_feed_microphone(&world);
        speaker = world_meter(WORLD_SPEAKER);
        talk = talk_new();
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, true);
        world_hear(&world, speaker);
        world_stays_silent(&world, talk.recorder, 100);
}
END_TEST

/* Somebody opens the microphone of a muted call with a mixer, again and again. */
START_TEST(test_unmuted_by_somebody)
{
        struct talk talk;
        char name[192];
        const char *const unmute[] = {"sh", "-c", name, NULL};

        world_feed_microphone(&world);
        talk = talk_new();
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, true);
        world_silence(&world, talk.recorder, 10);
        snprintf(name, sizeof(name), "pw-cli s %s Props '{ mute: false }' >/dev/null 2>&1",
                 talk.call->source);
        for (unsigned i = 0; i < 6; i++) {
                ck_assert_int_eq(world_run(unmute), 0);
                world_turn(&world);
        }
        world_silence(&world, talk.recorder, 50);
        world_stays_silent(&world, talk.recorder, 50);
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, talk.recorder);
}
END_TEST

/* T6: the second call is heard, the first is not; then the other way round. */
START_TEST(test_two_calls)
{
        struct world_app *speaker = world_meter(WORLD_SPEAKER);
        struct talk first = talk_new();
        struct world_call *second = world_call_new(&world);

        second->wish.provider = "org.example.Other";
        world_reach(&world, first.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_reach(&world, second, AUDIO_LEVEL_NODES, false);
        world_set(&world, first.call, AUDIO_LEVEL_NODES, false);
        world_set(&world, second, AUDIO_LEVEL_LINKED, false);
        world_silence(&world, speaker, 50);
        ck_assert(!audio_is_linked(world.audio, first.call->uuid));
        world_pump(&world, second->ready == second->wish.serial);
        ck_assert(audio_is_linked(world.audio, second->uuid));
        world_app_play(second);
        world_hear(&world, speaker);
        world_app_signal(first.player, SIGKILL);
        world_set(&world, second, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 50);
}
END_TEST

/* A hold right behind an activation: links that are still on their way must not be heard. */
START_TEST(test_hold_at_once)
{
        struct world_app *speaker;
        struct talk talk;

        world_feed_microphone(&world);
        speaker = world_meter(WORLD_SPEAKER);
        talk = talk_new();
        for (unsigned i = 0; i < 20; i++) {
                world_set(&world, talk.call, AUDIO_LEVEL_LINKED, false);
                for (unsigned turns = 0; turns < i % 5; turns++)
                        world_turn(&world);
                world_reach(&world, talk.call, AUDIO_LEVEL_NODES, false);
                ck_assert(!audio_is_linked(world.audio, talk.call->uuid));
        }
        world_silence(&world, speaker, 50);
        world_silence(&world, talk.recorder, 50);
        world_stays_silent(&world, speaker, 50);
        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_hear(&world, talk.recorder);
}
END_TEST

/* Members of a group, where the provider asked for mixing, hear each other. */
START_TEST(test_mixed_group)
{
        struct talk first = talk_new();
        struct world_call *second = world_call_new(&world);
        struct world_app *other;

        world_reach(&world, second, AUDIO_LEVEL_NODES, false);
        other = world_app_record(second);
        first.call->wish.mix = second->wish.mix = true;
        first.call->wish.group = second->wish.group = "g1";
        world_reach(&world, first.call, AUDIO_LEVEL_LINKED, false);
        world_stays_silent(&world, other, 50);
        world_reach(&world, second, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, other);
        world_stays_silent(&world, first.recorder, 50);
        /* The first leaves the group. */
        first.call->wish.group = "";
        world_reach(&world, first.call, AUDIO_LEVEL_LINKED, false);
        world_silence(&world, other, 50);
}
END_TEST

static bool node_exists(const char *name)
{
        char command[160];
        const char *const list[] = {"sh", "-c", command, NULL};

        snprintf(command, sizeof(command), "pw-cli ls Node | grep -q 'node.name = \"%s\"'", name);
        return world_run(list) == 0;
}

/* Nodes go when the call is over and its last stream is gone; before that they stay, cut off. */
START_TEST(test_nodes_outlive_streams)
{
        struct world_app *speaker = world_meter(WORLD_SPEAKER);
        struct talk talk = talk_new();
        usec_t over;

        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_app_end(talk.recorder);
        world_reach(&world, talk.call, AUDIO_LEVEL_NONE, false);
        over = world_now();
        world_silence(&world, speaker, 20);
        world_pump(&world, world_now() > over + 3 * USEC_PER_SEC);
        ck_assert(node_exists(talk.call->sink));
        world_stays_silent(&world, speaker, 20);
        world_app_end(talk.player);
        world_pump(&world, !node_exists(talk.call->sink));
        world_pump(&world, !node_exists(talk.call->source));
        /* The session manager survives that: it suspends idle nodes, gone or not, after 5 s. */
        over = world_now();
        world_pump(&world, world_now() > over + 4 * USEC_PER_SEC);
        world_meter(WORLD_HEADSET);
}
END_TEST

static void set_default_sink(const char *name)
{
        char value[64];
        const char *const set[] = {"pw-metadata",     "0", "default.configured.audio.sink", value,
                                   "Spa:String:JSON", NULL};

        snprintf(value, sizeof(value), "{\"name\":\"%s\"}", name);
        ck_assert_int_eq(world_run(set), 0);
}

/* The user chooses another default device: the call follows. */
START_TEST(test_default_device_changes)
{
        struct world_app *speaker = world_meter(WORLD_SPEAKER);
        struct world_app *headset = world_meter(WORLD_HEADSET);
        struct talk talk = talk_new();

        world_reach(&world, talk.call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        set_default_sink(WORLD_HEADSET);
        world_hear(&world, headset);
        world_silence(&world, speaker, 20);
        ck_assert_str_eq(audio_get_route(world.audio), WORLD_HEADSET);
        set_default_sink(WORLD_SPEAKER);
        world_hear(&world, speaker);
        world_silence(&world, headset, 20);
}
END_TEST

/* A7: calls whose sound is not ours have no nodes, and are ready all the same. */
START_TEST(test_external)
{
        struct world_call *call = world_call_new(&world);

        call->wish.kind = CALL_AUDIO_EXTERNAL;
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert(!call->ready_with_nodes);
        ck_assert_uint_eq(call->nodes_told, 0);
        ck_assert(!node_exists(call->sink));
        call->wish.kind = CALL_AUDIO_NONE;
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        ck_assert(!call->ready_with_nodes);
        world_reach(&world, call, AUDIO_LEVEL_NONE, false);
}
END_TEST

START_TEST(test_wrong_call)
{
        const struct audio_wish wish = {.call = "Not-A-UUID", .provider = "x"};
        const char *sink;
        const char *source;

        ck_assert_int_eq(audio_set(world.audio, &wish), -EINVAL);
        ck_assert_int_eq(audio_get_nodes(world.audio, "Not-A-UUID", &sink, &source), -ENOENT);
        ck_assert_int_eq(audio_set_route(world.audio, "Not-A-UUID", "x"), -ENOENT);
}
END_TEST

struct properties {
        unsigned playback;
        unsigned capture;
        unsigned environment;
        bool forbidden;
};

static void on_property(enum audio_property_group group, const char *key, const char *value,
                        void *userdata)
{
        struct properties *properties = userdata;
        const char *call = world.calls[0].uuid;

        if (group == AUDIO_PROPERTY_PLAYBACK)
                properties->playback++;
        else if (group == AUDIO_PROPERTY_CAPTURE)
                properties->capture++;
        else
                properties->environment++;
        if (strstr(key, "reconnect") || strstr(key, "autoconnect"))
                properties->forbidden = true;
        ck_assert(strstr(value, call) || streq(value, "Communication"));
}

START_TEST(test_stream_properties)
{
        struct world_call *call = world_call_new(&world);
        struct properties properties = {.playback = 0};

        ck_assert_int_eq(audio_stream_properties(world.audio, call->uuid, on_property, &properties),
                         -ENOENT);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        ck_assert_int_eq(audio_stream_properties(world.audio, call->uuid, on_property, &properties),
                         0);
        ck_assert_uint_eq(properties.playback, 3);
        ck_assert_uint_eq(properties.capture, 3);
        ck_assert_uint_eq(properties.environment, 4);
        ck_assert(!properties.forbidden);
}
END_TEST

static void on_route(const struct audio_route *route, void *userdata)
{
        unsigned *seen = userdata;

        if (streq(route->id, WORLD_SPEAKER)) {
                ck_assert_str_eq(route->kind, "speaker");
                ck_assert_str_eq(route->description, "Test speaker");
                ck_assert(route->available);
                *seen |= 1;
        } else if (streq(route->id, WORLD_HEADSET)) {
                ck_assert_str_eq(route->kind, "headset");
                *seen |= 2;
        } else {
                *seen |= 4;
        }
}

/* A call's own sink is no route. */
START_TEST(test_routes)
{
        struct world_call *call = world_call_new(&world);
        unsigned seen = 0;

        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        audio_list_routes(world.audio, on_route, &seen);
        ck_assert_uint_eq(seen, 3);
        ck_assert_str_eq(audio_get_route(world.audio), WORLD_SPEAKER);
}
END_TEST

static TCase *sound_case(void)
{
        TCase *tcase = tcase_create("sound");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_silent_linked_held);
        tcase_add_test(tcase, test_hung_app);
        tcase_add_test(tcase, test_mute);
        tcase_add_test(tcase, test_mute_of_a_hung_app);
        tcase_add_test(tcase, test_muted_before_linked);
        tcase_add_test(tcase, test_unmuted_by_somebody);
        tcase_add_test(tcase, test_two_calls);
        tcase_add_test(tcase, test_hold_at_once);
        tcase_add_test(tcase, test_mixed_group);
        tcase_add_test(tcase, test_nodes_outlive_streams);
        return tcase;
}

static TCase *device_case(void)
{
        TCase *tcase = tcase_create("device");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_default_device_changes);
        return tcase;
}

static TCase *words_case(void)
{
        TCase *tcase = tcase_create("words");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_external);
        tcase_add_test(tcase, test_wrong_call);
        tcase_add_test(tcase, test_stream_properties);
        tcase_add_test(tcase, test_routes);
        return tcase;
}

SUITE_MAIN("audio session", sound_case(), device_case(), words_case());
