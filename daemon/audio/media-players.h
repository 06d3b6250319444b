/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Media players (MPRIS) pause while a call is heard.
 *
 * Exactly those that were playing when it began are paused, and exactly those play on afterwards
 * whose state nobody has changed in between. Nothing is ever toggled, so whatever is late or lost
 * makes no player play that the user had silenced.
 *
 * The players are on the session bus, wherever callsd itself serves. The connection is one of our
 * own, and lasts as long as there is something to be done; nothing waits for an answer.
 */
#ifndef CALLSD_AUDIO_MEDIA_PLAYERS_H
#define CALLSD_AUDIO_MEDIA_PLAYERS_H

#include <systemd/sd-event.h>

#include "audio/journal.h"

struct media_player;
struct sd_bus;

struct media_players {
        sd_event *event;
        struct journal *journal;
        struct sd_bus *bus;    /* NULL while there is nothing to be done */
        sd_event_source *tidy; /* deferred: a connection cannot be closed inside of its callbacks */
        sd_event_source *patience;    /* with players that were told to play */
        struct media_player *players; /* that we paused, or are about to */
        bool paused;
        bool lost;
};

/* Players that an earlier callsd has paused are taken over. */
int media_players_init(struct media_players *players, sd_event *event, struct journal *journal);
void media_players_done(struct media_players *players);

/* Harmless when it is so already. */
void media_players_pause(struct media_players *players);
void media_players_resume(struct media_players *players);

#endif
