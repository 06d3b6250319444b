/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Media players pause while a call is heard, and exactly those play on.
 *
 * The players are made here, each on a connection of its own, so that they can be late, refuse,
 * change their mind or leave. PipeWire is not needed for any of it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "audio/audio-private.h"
#include "support/suite.h"
#include "world.h"

#define PATH "/org/mpris/MediaPlayer2"
#define INTERFACE "org.mpris.MediaPlayer2.Player"
#define PLAYERS 4

struct player {
        sd_bus *bus;
        char name[64];
        char status[16];
        bool can_pause;
        bool silent; /* tells nobody about changes */
        bool hangs;  /* keeps what it is told, and does not answer */
        sd_bus_message *kept;
        unsigned plays, pauses, stops, others;
};

static struct world world;
static struct world_call *call;
static struct player players[PLAYERS];
static unsigned n_players;

/* A player */

static int get_status(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct player *player = userdata;

        (void)bus, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "s", player->status);
}

static int get_can_pause(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct player *player = userdata;

        (void)bus, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "b", player->can_pause);
}

static void set_status(struct player *player, const char *status)
{
        snprintf(player->status, sizeof(player->status), "%s", status);
        if (!player->silent)
                ck_assert_int_ge(sd_bus_emit_properties_changed(player->bus, PATH, INTERFACE,
                                                                "PlaybackStatus", NULL),
                                 0);
}

static int obey(struct player *player, sd_bus_message *message, unsigned *count, const char *status)
{
        (*count)++;
        if (player->hangs) {
                player->kept = sd_bus_message_ref(message);
                return 1;
        }
        set_status(player, status);
        return sd_bus_reply_method_return(message, "");
}

static int on_play(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct player *player = userdata;

        (void)error;
        return obey(player, message, &player->plays, "Playing");
}

static int on_pause(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct player *player = userdata;

        if (!player->can_pause)
                return sd_bus_error_set_const(error, SD_BUS_ERROR_FAILED, "this is live");
        return obey(player, message, &player->pauses, "Paused");
}

static int on_stop(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct player *player = userdata;

        (void)error;
        return obey(player, message, &player->stops, "Stopped");
}

static int on_other(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct player *player = userdata;

        (void)error;
        player->others++;
        return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("PlaybackStatus", "s", get_status, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("CanPause", "b", get_can_pause, 0, 0),
        SD_BUS_METHOD("Play", "", "", on_play, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Pause", "", "", on_pause, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Stop", "", "", on_stop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("PlayPause", "", "", on_other, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static struct player *player_new(const char *name, const char *status)
{
        struct player *player = &players[n_players++];

        ck_assert_uint_le(n_players, PLAYERS);
        *player = (struct player){.can_pause = true};
        snprintf(player->name, sizeof(player->name), "org.mpris.MediaPlayer2.%s", name);
        snprintf(player->status, sizeof(player->status), "%s", status);
        ck_assert_int_ge(sd_bus_open_user(&player->bus), 0);
        ck_assert_int_ge(
                sd_bus_add_object_vtable(player->bus, NULL, PATH, INTERFACE, vtable, player), 0);
        ck_assert_int_ge(sd_bus_request_name(player->bus, player->name, 0), 0);
        ck_assert_int_ge(sd_bus_attach_event(player->bus, world.event, 0), 0);
        return player;
}

static void player_leave(struct player *player)
{
        sd_bus_message_unref(player->kept);
        player->kept = NULL;
        sd_bus_detach_event(player->bus);
        player->bus = sd_bus_flush_close_unref(player->bus);
}

static void player_wake(struct player *player, const char *status)
{
        player->hangs = false;
        set_status(player, status);
        ck_assert_int_ge(sd_bus_reply_method_return(player->kept, ""), 0);
        player->kept = sd_bus_message_unref(player->kept);
}

/* The call */

static struct media_players *memory(void)
{
        return &world.audio->other.players;
}

static void begin(void)
{
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
}

/* And until all that is to be done is done. */
static void end(void)
{
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_pump(&world, !memory()->bus);
}

static void configure(enum other_media other_media)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.echo_cancel = ECHO_CANCEL_OFF;
        config.other_media = other_media;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
}

static void setup(void)
{
        n_players = 0;
        world_init_early(&world);
        configure(OTHER_MEDIA_PAUSE_THEN_DUCK);
        call = world_call_new(&world);
        call->wish.kind = CALL_AUDIO_EXTERNAL;
}

static void teardown(void)
{
        for (unsigned i = 0; i < n_players; i++) {
                ck_assert_uint_eq(players[i].others, 0);
                if (players[i].bus)
                        player_leave(&players[i]);
        }
        world_done(&world);
}

START_TEST(test_exactly_those)
{
        struct player *playing = player_new("playing", "Playing");
        struct player *paused = player_new("paused", "Paused");
        struct player *stopped = player_new("stopped", "Stopped");

        begin();
        world_pump(&world, streq(playing->status, "Paused"));
        end();
        world_pump(&world, streq(playing->status, "Playing"));
        ck_assert_uint_eq(playing->pauses, 1);
        ck_assert_uint_eq(playing->plays, 1);
        ck_assert_uint_eq(paused->plays + paused->pauses + paused->stops, 0);
        ck_assert_uint_eq(stopped->plays + stopped->pauses + stopped->stops, 0);
        ck_assert_ptr_null(world.audio->journal.records);
}
END_TEST

START_TEST(test_modes)
{
        struct player *player = player_new("player", "Playing");
        unsigned seen = 0;

        configure(OTHER_MEDIA_DUCK);
        begin();
        ck_assert_ptr_null(memory()->bus);
        configure(OTHER_MEDIA_PAUSE);
        world_pump(&world, streq(player->status, "Paused"));
        configure(OTHER_MEDIA_LEAVE);
        world_pump(&world, streq(player->status, "Playing"));
        world_pump(&world, seen++ > 20);
        ck_assert_uint_eq(player->pauses, 1);
}
END_TEST

START_TEST(test_cannot_pause)
{
        struct player *radio = player_new("radio", "Playing");

        radio->can_pause = false;
        begin();
        world_pump(&world, streq(radio->status, "Stopped"));
        end();
        world_pump(&world, streq(radio->status, "Playing"));
        ck_assert_uint_eq(radio->pauses, 0);
        ck_assert_uint_eq(radio->plays, 1);
}
END_TEST

/* The user has played it, and paused it again: it is his now. */
START_TEST(test_changed_in_between)
{
        struct player *touched = player_new("touched", "Playing");
        struct player *stopped = player_new("stopped", "Playing");
        struct player *left = player_new("left", "Playing");
        struct player *silent = player_new("silent", "Playing");

        silent->silent = true;
        begin();
        world_pump(&world, touched->pauses && stopped->pauses && left->pauses && silent->pauses);
        set_status(touched, "Playing");
        set_status(touched, "Paused");
        set_status(stopped, "Stopped");
        set_status(silent, "Stopped");
        player_leave(left);
        end();
        ck_assert_uint_eq(touched->plays, 0);
        ck_assert_uint_eq(stopped->plays, 0);
        ck_assert_uint_eq(silent->plays, 0);
        ck_assert_uint_eq(left->plays, 0);
        ck_assert_ptr_null(world.audio->journal.records);
}
END_TEST

/* One that began during the call was started on purpose. */
START_TEST(test_began_during_the_call)
{
        struct player *first = player_new("first", "Playing");
        struct player *later;

        begin();
        world_pump(&world, first->pauses);
        later = player_new("later", "Playing");
        end();
        world_pump(&world, first->plays);
        ck_assert_uint_eq(later->pauses + later->plays, 0);
}
END_TEST

START_TEST(test_hangs)
{
        struct player *hung = player_new("hung", "Playing");
        struct player *other = player_new("other", "Playing");

        hung->hangs = true;
        begin();
        world_pump(&world, hung->pauses && streq(other->status, "Paused"));
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_pump(&world, streq(other->status, "Playing"));
        ck_assert_uint_eq(hung->plays, 0);
        player_wake(hung, "Paused");
        world_pump(&world, streq(hung->status, "Playing"));
        ck_assert_uint_eq(hung->plays, 1);
}
END_TEST

/* Over, and the next one at once: what has hardly begun to play is paused again. */
START_TEST(test_next_call)
{
        struct player *player = player_new("player", "Playing");

        begin();
        world_pump(&world, streq(player->status, "Paused"));
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        begin();
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        player->silent = true;
        world_pump(&world, player->plays == 1);
        snprintf(player->status, sizeof(player->status), "Paused"); /* it is slow */
        begin();
        world_pump(&world, player->pauses == 2);
        end();
        world_pump(&world, player->plays == 2);
}
END_TEST

/* A callsd that died has left its players in the journal. */
START_TEST(test_adopted)
{
        struct player *player = player_new("player", "Playing");
        const struct audio_events no_events = {.ready_fn = NULL};
        char line[256] = "";
        FILE *file;

        begin();
        world_pump(&world, player->pauses);
        file = fopen(world.audio->journal.path, "re");
        ck_assert_ptr_nonnull(file);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        fclose(file);
        ck_assert_int_eq(strncmp(line, "pause 0 0 ", 10), 0);

        audio_free(world.audio);
        ck_assert_str_eq(player->status, "Paused");
        ck_assert_int_eq(audio_new(world.event, &no_events, NULL, &world.audio), 0);
        world_pump(&world, streq(player->status, "Playing"));
        ck_assert_uint_eq(player->plays, 1);
        world_pump(&world, !world.audio->journal.records);
}
END_TEST

static TCase *media_case(void)
{
        TCase *tcase = tcase_create("media");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_exactly_those);
        tcase_add_test(tcase, test_modes);
        tcase_add_test(tcase, test_cannot_pause);
        tcase_add_test(tcase, test_changed_in_between);
        tcase_add_test(tcase, test_began_during_the_call);
        tcase_add_test(tcase, test_hangs);
        tcase_add_test(tcase, test_next_call);
        tcase_add_test(tcase, test_adopted);
        return tcase;
}

SUITE_MAIN("audio media", media_case());
