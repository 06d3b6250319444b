/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Media players (MPRIS) pause while a call is heard; see media-players.h.
 *
 *     ASKED --Playing--> PAUSING --reply--> PAUSED --call over--> CHECKING --as we left it-->
 *     RESUMING --Playing--> forgotten
 *
 * Everything unexpected leads to forgotten: the player keeps the state it has.
 */
#include "audio/media-players.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <utlist.h>

#include "audio/media-answer.h"
#include "util/cleanup.h"
#include "util/log.h"

#define NAME_PREFIX "org.mpris.MediaPlayer2."
#define PATH "/org/mpris/MediaPlayer2"
#define INTERFACE "org.mpris.MediaPlayer2.Player"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* Stands for whichever player was used last, which is there under its own name as well. */
#define PROXY_NAME NAME_PREFIX "playerctld"

/* A player that was told to play says so within this time, or never. */
#define RESUMING_FOR (2 * USEC_PER_SEC)

enum player_state {
        PLAYER_ASKED,
        PLAYER_PAUSING,
        PLAYER_PAUSED,
        PLAYER_CHECKING,
        PLAYER_RESUMING,
};

struct media_player {
        struct media_player *prev;
        struct media_player *next;
        struct media_players *players;
        char *address; /* a name of the bus while it is asked, then the unique one */
        enum player_state state;
        bool stops;     /* it cannot pause, so it was stopped */
        bool confirmed; /* it has said that it does as it was told */
        sd_bus_slot *call;
        struct journal_record *record;
};

static void tidy_soon(struct media_players *players)
{
        sd_event_source_set_enabled(players->tidy, SD_EVENT_ONESHOT);
}

/* Players */

static struct media_player *player_new(struct media_players *players, const char *address)
{
        struct media_player *player = calloc(1, sizeof(*player));

        if (!player)
                return NULL;
        player->players = players;
        player->address = strdup(address);
        if (!player->address) {
                free(player);
                return NULL;
        }
        DL_APPEND(players->players, player);
        return player;
}

static void player_free(struct media_player *player)
{
        DL_DELETE(player->players->players, player);
        sd_bus_slot_unref(player->call);
        free(player->address);
        free(player);
}

static void player_forget(struct media_player *player)
{
        journal_remove(player->players->journal, player->record);
        tidy_soon(player->players);
        player_free(player);
}

static const char *left_as(const struct media_player *player)
{
        return player->stops ? "Stopped" : "Paused";
}

/* A process under two names is one player. */
static bool is_known(struct media_players *players, const char *unique)
{
        const struct media_player *player;

        DL_FOREACH (players->players, player) {
                if (player->state != PLAYER_ASKED && streq(player->address, unique))
                        return true;
        }
        return false;
}

/* Asking: without a limit of time, since a player that hangs does as it was told one day. */

static int send(struct media_player *player, sd_bus_message *message,
                sd_bus_message_handler_t handler)
{
        player->call = sd_bus_slot_unref(player->call);
        return sd_bus_call_async(player->players->bus, &player->call, message, handler, player,
                                 UINT64_MAX);
}

static int ask_all(struct media_player *player, sd_bus_message_handler_t handler)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(player->players->bus, &message, player->address,
                                               PATH, PROPERTIES, "GetAll");

        if (r < 0 || (r = sd_bus_message_set_auto_start(message, false)) < 0 ||
            (r = sd_bus_message_append(message, "s", INTERFACE)) < 0)
                return r;
        return send(player, message, handler);
}

static int tell(struct media_player *player, const char *method, sd_bus_message_handler_t handler)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(player->players->bus, &message, player->address,
                                               PATH, INTERFACE, method);

        if (r < 0 || (r = sd_bus_message_set_auto_start(message, false)) < 0)
                return r;
        return send(player, message, handler);
}

/* Playing on */

static int on_played(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct media_player *player = userdata;

        (void)error;
        if (player->players->lost)
                return 0;
        /* It is watched a little longer: another call may come before it has begun. */
        journal_remove(player->players->journal, player->record);
        player->record = NULL;
        if (player->confirmed || sd_bus_message_is_method_error(reply, NULL))
                player_forget(player);
        return 0;
}

/* From a bus that is not the same as then the names mean others. */
static bool is_of_this_bus(const struct media_player *player)
{
        char guid[SD_ID128_STRING_MAX];
        sd_id128_t id;

        return player->record && sd_bus_get_bus_id(player->players->bus, &id) >= 0 &&
               strncmp(player->record->text, sd_id128_to_string(id, guid), strlen(guid)) == 0;
}

static int on_checked(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct media_player *player = userdata;
        struct media_answer answer;

        (void)error;
        if (player->players->lost)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL) || media_answer_read(reply, &answer) < 0 ||
            !streq(answer.status, left_as(player)) || !is_of_this_bus(player)) {
                player_forget(player);
                return 0;
        }
        player->state = PLAYER_RESUMING;
        player->confirmed = false;
        sd_event_source_set_time_relative(player->players->patience, RESUMING_FOR);
        sd_event_source_set_enabled(player->players->patience, SD_EVENT_ONESHOT);
        if (tell(player, "Play", on_played) < 0)
                player_forget(player);
        return 0;
}

static void check(struct media_player *player)
{
        player->state = PLAYER_CHECKING;
        if (ask_all(player, on_checked) < 0)
                player_forget(player);
}

/* Pausing */

static int on_paused(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct media_player *player = userdata;

        (void)error;
        if (player->players->lost)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                log_debug("%s does not pause: %s", player->address,
                          sd_bus_message_get_error(reply)->message);
                player_forget(player);
                return 0;
        }
        player->state = PLAYER_PAUSED;
        if (!player->players->paused)
                check(player);
        return 0;
}

static int note(struct media_player *player)
{
        struct media_players *players = player->players;
        char guid[SD_ID128_STRING_MAX];
        cleanup_(freep) char *text = NULL;
        sd_id128_t id;
        int r = sd_bus_get_bus_id(players->bus, &id);

        if (r < 0 || player->record)
                return r;
        if (asprintf(&text, "%s %s %s", sd_id128_to_string(id, guid), player->address,
                     left_as(player)) < 0)
                return -ENOMEM;
        return journal_add(players->journal, JOURNAL_PAUSE, 0, 0, text, &player->record);
}

static void pause_player(struct media_player *player)
{
        player->state = PLAYER_PAUSING;
        player->confirmed = false;
        if (note(player) < 0 || tell(player, player->stops ? "Stop" : "Pause", on_paused) < 0)
                player_forget(player);
}

static int on_asked(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct media_player *player = userdata;
        struct media_players *players = player->players;
        const char *sender = sd_bus_message_get_sender(reply);
        struct media_answer answer;
        char *unique;

        (void)error;
        if (players->lost)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL) || media_answer_read(reply, &answer) < 0 ||
            !sender || !players->paused || !streq(answer.status, "Playing") ||
            !answer.can_control || is_known(players, sender) || !(unique = strdup(sender))) {
                player_forget(player);
                return 0;
        }
        free(player->address);
        player->address = unique;
        player->stops = !answer.can_pause;
        pause_player(player);
        return 0;
}

static bool is_player_name(const char *name)
{
        return strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 && !streq(name, PROXY_NAME);
}

static int on_names(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct media_players *players = userdata;
        struct media_player *player;
        const char *name;

        (void)error;
        if (players->lost || sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_enter_container(reply, 'a', "s") < 0)
                return 0;
        while (players->paused && sd_bus_message_read(reply, "s", &name) > 0) {
                if (!is_player_name(name))
                        continue;
                player = player_new(players, name);
                if (player && ask_all(player, on_asked) < 0)
                        player_forget(player);
        }
        return 0;
}

/* What players say by themselves */

/* A stray "Playing" from before our Pause was done counts for nothing. */
static void status_seen(struct media_player *player, const char *status)
{
        bool as_left = streq(status, left_as(player));

        switch (player->state) {
        case PLAYER_ASKED:
                return;
        case PLAYER_PAUSING:
        case PLAYER_PAUSED:
        case PLAYER_CHECKING:
                if (player->confirmed && !as_left)
                        player_forget(player);
                else
                        player->confirmed = as_left;
                return;
        case PLAYER_RESUMING:
                player->confirmed = streq(status, "Playing");
                if (player->confirmed && !player->record)
                        player_forget(player);
                return;
        }
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct media_players *players = userdata;
        const char *sender = sd_bus_message_get_sender(message);
        struct media_player *player;
        struct media_player *next;
        const char *interface;
        struct media_answer answer;

        (void)error;
        if (players->lost || !sender || sd_bus_message_read(message, "s", &interface) < 0 ||
            !streq(interface, INTERFACE) || media_answer_read(message, &answer) < 0 ||
            !*answer.status)
                return 0;
        DL_FOREACH_SAFE (players->players, player, next) {
                if (streq(player->address, sender))
                        status_seen(player, answer.status);
        }
        return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct media_players *players = userdata;
        struct media_player *player;
        struct media_player *next;
        const char *name;
        const char *before;
        const char *after;

        (void)error;
        if (players->lost || sd_bus_message_read(message, "sss", &name, &before, &after) < 0 ||
            *after)
                return 0;
        DL_FOREACH_SAFE (players->players, player, next) {
                if (streq(player->address, name))
                        player_forget(player);
        }
        return 0;
}

/* The connection */

static void close_bus(struct media_players *players)
{
        if (!players->bus)
                return;
        players->lost = true; /* answers that come inside of closing mean nothing */
        sd_bus_detach_event(players->bus);
        sd_bus_close(players->bus);
        while (players->players)
                player_free(players->players);
        players->bus = sd_bus_unref(players->bus);
        players->lost = false;
}

static int on_tidy(sd_event_source *source, void *userdata)
{
        struct media_players *players = userdata;

        (void)source;
        if (!players->bus)
                return 0;
        if (sd_bus_is_open(players->bus) <= 0) {
                while (players->players)
                        player_forget(players->players);
        }
        if (!players->players && (!players->paused || sd_bus_is_open(players->bus) <= 0))
                close_bus(players);
        return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void)message, (void)error;
        tidy_soon(userdata);
        return 0;
}

static int watch(struct media_players *players, sd_bus *bus)
{
        int r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus.Local",
                                    "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                    "Disconnected", on_disconnected, players);

        if (r >= 0)
                r = sd_bus_match_signal_async(bus, NULL, NULL, PATH, PROPERTIES,
                                              "PropertiesChanged", on_changed, NULL, players);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, NULL, "org.freedesktop.DBus",
                                              "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                              "NameOwnerChanged", on_owner, NULL, players);
        return r;
}

static int open_bus(struct media_players *players)
{
        sd_bus *bus = NULL;
        int r;

        if (players->bus)
                return 0;
        r = sd_bus_open_user(&bus);
        if (r < 0) {
                log_debug("There is no session bus, and so no media player: %s", strerror(-r));
                return r;
        }
        sd_bus_set_close_on_exit(bus, false);
        if ((r = watch(players, bus)) < 0 ||
            (r = sd_bus_attach_event(bus, players->event, SD_EVENT_PRIORITY_NORMAL)) < 0) {
                sd_bus_close(bus);
                sd_bus_unref(bus);
                return r;
        }
        players->bus = bus;
        return 0;
}

/* Life */

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct media_players *players = userdata;
        struct media_player *player;
        struct media_player *next;

        (void)source, (void)usec;
        DL_FOREACH_SAFE (players->players, player, next) {
                if (player->state == PLAYER_RESUMING && !player->record)
                        player_forget(player);
        }
        return 0;
}

/* One that was told to play a moment ago may not have begun, and be missed by the question. */
static void pause_again(struct media_players *players)
{
        struct media_player *player;
        struct media_player *next;

        DL_FOREACH_SAFE (players->players, player, next) {
                if (player->state == PLAYER_CHECKING) {
                        player->call = sd_bus_slot_unref(player->call);
                        player->state = PLAYER_PAUSED;
                        continue;
                }
                if (player->state == PLAYER_RESUMING)
                        pause_player(player);
        }
}

void media_players_pause(struct media_players *players)
{
        if (players->paused)
                return;
        players->paused = true;
        if (open_bus(players) < 0)
                return;
        pause_again(players);
        sd_bus_call_method_async(players->bus, NULL, "org.freedesktop.DBus",
                                 "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames",
                                 on_names, players, "");
}

void media_players_resume(struct media_players *players)
{
        struct media_player *player;
        struct media_player *next;

        players->paused = false;
        DL_FOREACH_SAFE (players->players, player, next) {
                if (player->state == PLAYER_PAUSED)
                        check(player);
        }
        if (players->bus && !players->players)
                tidy_soon(players);
}

/* "<bus> <unique name> Paused|Stopped" */
static void adopt(struct media_players *players, struct journal_record *record)
{
        char address[256];
        char status[16];
        struct media_player *player;

        if (sscanf(record->text, "%*s %255s %15s", address, status) != 2 ||
            !(player = player_new(players, address))) {
                journal_remove(players->journal, record);
                return;
        }
        player->state = PLAYER_PAUSED;
        player->confirmed = true;
        player->stops = streq(status, "Stopped");
        player->record = record;
}

int media_players_init(struct media_players *players, sd_event *event, struct journal *journal)
{
        struct journal_record *record;
        struct journal_record *next;
        int r;

        *players = (struct media_players){.event = event, .journal = journal};
        r = sd_event_add_defer(event, &players->tidy, on_tidy, players);
        if (r < 0 || (r = sd_event_source_set_enabled(players->tidy, SD_EVENT_OFF)) < 0 ||
            (r = sd_event_add_time(event, &players->patience, CLOCK_MONOTONIC, 0, 0, on_patience,
                                   players)) < 0 ||
            (r = sd_event_source_set_enabled(players->patience, SD_EVENT_OFF)) < 0)
                return r;
        DL_FOREACH_SAFE (journal->records, record, next) {
                if (record->kind == JOURNAL_PAUSE && open_bus(players) == 0)
                        adopt(players, record);
        }
        return 0;
}

void media_players_done(struct media_players *players)
{
        close_bus(players);
        players->tidy = sd_event_source_disable_unref(players->tidy);
        players->patience = sd_event_source_disable_unref(players->patience);
}
