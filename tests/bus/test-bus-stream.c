/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the bus shows of the sound, with an audio session that the test plays. */
#include "bus/world.h"

#include <errno.h>
#include <stdio.h>

#include "support/suite.h"

static struct world world;
static struct peer *app, *user;
static bool available, exists;
static char chosen[64], chosen_for[64];

static bool fake_available(void *userdata)
{
        (void)userdata;
        return available;
}

static const char *fake_route(void *userdata)
{
        (void)userdata;
        return "speaker.node";
}

static bool fake_linked(const char *call, void *userdata)
{
        (void)userdata;
        return exists && streq(call, CALL_A);
}

static void fake_routes(bus_route_fn route_fn, void *fn_userdata, void *userdata)
{
        const struct bus_route speaker = {"speaker.node", "speaker", "Speakers", true};
        const struct bus_route headset = {"headset.node", "headset", "A headset", false};

        (void)userdata;
        route_fn(&speaker, fn_userdata);
        route_fn(&headset, fn_userdata);
}

static int fake_set_route(const char *call, const char *id, void *userdata)
{
        (void)userdata;
        snprintf(chosen, sizeof(chosen), "%s", id);
        snprintf(chosen_for, sizeof(chosen_for), "%s", call);
        return 0;
}

static int fake_nodes(const char *call, const char **ret_sink, const char **ret_source,
                      void *userdata)
{
        (void)call, (void)userdata;
        if (!exists)
                return -ENOENT;
        *ret_sink = "the.sink";
        *ret_source = "the.source";
        return 0;
}

static int fake_streams(const char *call, bus_stream_fn stream_fn, void *fn_userdata,
                        void *userdata)
{
        (void)call, (void)userdata;
        stream_fn(BUS_STREAM_PLAYBACK, "target.object", "the.sink", fn_userdata);
        stream_fn(BUS_STREAM_CAPTURE, "target.object", "the.source", fn_userdata);
        stream_fn(BUS_STREAM_ENVIRONMENT, "PULSE_SINK", "the.sink", fn_userdata);
        return 0;
}

static void set_up(void)
{
        struct bus_hooks *hooks;

        available = true;
        exists = false;
        chosen[0] = chosen_for[0] = '\0';
        world_start(&world);
        hooks = &world.daemon.bus->hooks;
        hooks->audio_available = fake_available;
        hooks->audio_route = fake_route;
        hooks->audio_linked = fake_linked;
        hooks->audio_list_routes = fake_routes;
        hooks->audio_set_route = fake_set_route;
        hooks->audio_nodes = fake_nodes;
        hooks->audio_streams = fake_streams;
        app = world_add_peer(&world);
        user = world_add_peer(&world);
        peer_register(app, "org.example.App");
}

static void tear_down(void)
{
        world_stop(&world);
}

static void ask(void)
{
        peer_send(app, app->provider, INTERFACE_PROVIDER, "GetStreamProperties", "s", CALL_A);
        world_settle(&world);
        ck_assert(!peer_saw(app, "GetStreamProperties"));
}

START_TEST(streams_wait_for_the_nodes)
{
        peer_active_call(app, user, CALL_A);
        ask();
        exists = true;
        bus_nodes_exist(world.daemon.bus, CALL_B);
        world_settle(&world);
        bus_nodes_exist(world.daemon.bus, CALL_A);
        peer_wait_line(app, "reply GetStreamProperties");
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "GetStreamProperties", "s",
                            CALL_A));
        ck_assert_str_eq(peer_answer(app), "[Sink=the.sink,Source=the.source,"
                                           "PlaybackProperties=[target.object=the.sink],"
                                           "CaptureProperties=[target.object=the.source],"
                                           "Environment=[PULSE_SINK=the.sink]]");
}
END_TEST

START_TEST(waiting_for_nodes_ends_with_the_call)
{
        peer_active_call(app, user, CALL_A);
        ask();
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallEnded", "ssa{sv}",
                            CALL_A, "remote-ended", 0));
        peer_wait_line(app, "error GetStreamProperties " ERROR_PREFIX "WrongState");
}
END_TEST

START_TEST(waiting_for_nodes_ends_without_pipewire)
{
        peer_active_call(app, user, CALL_A);
        ask();
        available = false;
        engine_audio_available(world.daemon.engine, bus_now(), false);
        daemon_settle(&world.daemon);
        peer_wait_line(app, "reply GetStreamProperties");
}
END_TEST

START_TEST(waiting_for_nodes_ends_with_the_app)
{
        peer_active_call(app, user, CALL_A);
        ask();
        ck_assert_ptr_nonnull(world.daemon.bus->stream_waits);
        peer_watch(user);
        peer_close(app);
        peer_wait_line(user, "State=ended");
        ck_assert_ptr_null(world.daemon.bus->stream_waits);
}
END_TEST

START_TEST(external_sound_needs_no_streams)
{
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCall", "sa{sv}", CALL_A,
                            2, "State", "s", "active", "Audio", "s", "external"));
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "GetStreamProperties", "s",
                            CALL_A));
        ck_assert_str_eq(peer_answer(app), "[]");
        ck_assert(call_get(user, CALL_A, "MuteEnforced"));
        ck_assert_str_eq(peer_answer(user), "false");
}
END_TEST

START_TEST(activation_names_the_nodes)
{
        exists = true;
        peer_active_call(app, user, CALL_A);
        peer_wait_line(app, "AudioSessionActivated");
        peer_line(app, 0, "AudioSessionActivated",
                  CALL_A " [Sink=the.sink,Source=the.source,Route=speaker.node]");
}
END_TEST

START_TEST(routes)
{
        ck_assert(peer_call(user, PATH_AUDIO, INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_AUDIO,
                            "Routes"));
        ck_assert_ptr_nonnull(strstr(peer_answer(user), "Id=headset.node,Kind=headset,"
                                                        "Description=A headset,Available=false"));
        assert_refused(
                user, peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node"),
                ERROR_PREFIX "WrongState");
        exists = true;
        peer_active_call(app, user, CALL_A);
        ck_assert(peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node"));
        ck_assert_str_eq(chosen, "speaker.node");
        ck_assert_str_eq(chosen_for, CALL_A);
        ck_assert(peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", ""));
        ck_assert_str_eq(chosen, "");
        assert_refused(
                user, peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "headset.node"),
                ERROR_INVALID);
        /* It says what was wrong, and what would be right. */
        ck_assert_ptr_nonnull(strstr(user->text, "headset.node"));
        ck_assert_ptr_nonnull(strstr(user->text, "available: speaker.node"));
        ck_assert_str_eq(chosen, "");
        ck_assert(peer_call(user, PATH_AUDIO, INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_AUDIO,
                            "Calls"));
        ck_assert_str_eq(peer_answer(user),
                         "[/org/callsd/call/aaaaaaaa_0000_4000_8000_000000000001]");
}
END_TEST

/* A sandboxed app may choose while a call of its own is active. */
START_TEST(routes_are_for_those_who_are_heard)
{
        peer_sandbox(app, "org.example.App");
        assert_refused(app,
                       peer_call(app, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node"),
                       ERROR_PREFIX "NotAuthorized");
        peer_active_call(app, user, CALL_A);
        ck_assert_msg(peer_call(app, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node"),
                      "%s", app->text);
}
END_TEST

START_TEST(changes_of_the_sound_are_announced)
{
        peer_watch(user);
        bus_audio_changed(world.daemon.bus);
        peer_wait_line(user, "PropertiesChanged /org/callsd/audio");
        peer_line(user, 0, "Available=true,Calls=[],Route=speaker.node,Ringing=false] [Routes]",
                  "");
}
END_TEST

/* Somebody else's call is active: not for him. */
START_TEST(routes_are_not_for_others)
{
        struct peer *other = world_add_peer(&world);

        peer_sandbox(other, "org.example.Other");
        peer_register(other, "org.example.Other");
        peer_active_call(app, user, CALL_A);
        assert_refused(
                other,
                peer_call(other, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node"),
                ERROR_PREFIX "NotAuthorized");
        assert_refused(other,
                       peer_call(other, PATH_AUDIO, INTERFACE_PROPERTIES, "Get", "ss",
                                 INTERFACE_AUDIO, "Routes"),
                       ERROR_PREFIX "NotAuthorized");
        ck_assert_str_eq(chosen, "");
}
END_TEST

/* A headset's button answers: the call is heard there. */
START_TEST(an_answer_may_name_a_route)
{
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                            "sa{sv}", CALL_A, 0));
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                            "a(sa{sv})a{sv}", 1, "answer-call", 1, "Call", "s", CALL_A, 2, "Origin",
                            "s", "accessory", "Route", "s", "speaker.node"));
        ck_assert_str_eq(chosen, "speaker.node");
        ck_assert_str_eq(chosen_for, CALL_A);
}
END_TEST

START_TEST(sound_elsewhere_has_no_route)
{
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCall", "sa{sv}", CALL_A,
                            2, "State", "s", "active", "Audio", "s", "external"));
        assert_refused(
                user, peer_call(user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node"),
                ERROR_PREFIX "WrongState");
}
END_TEST

static TCase *sound(void)
{
        TCase *tc = tcase_create("sound");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, streams_wait_for_the_nodes);
        tcase_add_test(tc, waiting_for_nodes_ends_with_the_call);
        tcase_add_test(tc, waiting_for_nodes_ends_without_pipewire);
        tcase_add_test(tc, waiting_for_nodes_ends_with_the_app);
        tcase_add_test(tc, external_sound_needs_no_streams);
        tcase_add_test(tc, activation_names_the_nodes);
        tcase_add_test(tc, routes);
        tcase_add_test(tc, routes_are_for_those_who_are_heard);
        tcase_add_test(tc, routes_are_not_for_others);
        tcase_add_test(tc, an_answer_may_name_a_route);
        tcase_add_test(tc, sound_elsewhere_has_no_route);
        tcase_add_test(tc, changes_of_the_sound_are_announced);
        return tc;
}

SUITE_MAIN("bus-stream", sound());
