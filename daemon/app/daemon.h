/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon: the engine, the adapters around it, and the one loop that they share.
 *
 * One callback of an adapter is one input to the engine; then daemon_settle() hands the effects to
 * the adapters that they are for, until there are none, and arms the one timer.
 */
#ifndef CALLSD_APP_DAEMON_H
#define CALLSD_APP_DAEMON_H

#include <systemd/sd-event.h>

#include "app/choices.h"
#include "app/manifests.h"
#include "app/notify.h"
#include "app/route-choice.h"
#include "app/state.h"
#include "app/twin.h"
#include "audio/audio.h"
#include "bus/bus.h"
#include "config/config.h"
#include "model/engine.h"

struct daemon_options {
        const char *config_path; /* NULL: where configurations are looked for */
        const char *bus_address; /* NULL: the configuration's, else the user's or system's bus */
        int log_level;           /* -1: the configuration's */
        const char *state_directory; /* NULL: where the system wants it */
        bool system;
        bool no_audio;
        bool no_state; /* forgets all at its end */
};

/* The device has a callsd of its own, and we are a user's (twin.h). */
#define EXIT_TWIN 3

struct daemon {
        struct daemon_options options;
        struct config config;
        sd_event *event;
        struct engine *engine;
        struct state state;
        struct choices choices;
        struct bus *bus;
        struct audio *audio; /* NULL: without sound */
        struct route_choice *route_choices;
        struct notify notify;
        struct twin *twin; /* NULL: not looked for */
        struct manifests *manifests;
        sd_event_source *timer, *orphans, *waiting, *sigterm, *sigint, *sighup;
        bool settling;
        bool named; /* the name was ours at least once */
        bool has_twin;
};

/* Reads the configuration and builds everything. What went wrong is logged. 0 or negative errno. */
int daemon_init(struct daemon *daemon, const struct daemon_options *options);
void daemon_done(struct daemon *daemon);

/* Until a signal or a failure ends it; the exit status. */
int daemon_run(struct daemon *daemon);

/* Drains the engine's effects. Harmless inside of itself. */
void daemon_settle(struct daemon *daemon);

/* apply.c: hands one effect to the adapter that it is for. */
void daemon_apply(struct daemon *daemon, const struct effect *effect);
/* And when all are drained: what can be heard besides the calls is compared with the calls. */
void daemon_settle_sound(struct daemon *daemon);

/* declared.c: providers that manifests tell of. */
extern const struct manifests_events daemon_manifests_events;
void daemon_start_provider(struct daemon *daemon, unsigned provider);
void daemon_set_manifest_hooks(struct bus_hooks *hooks);

/* sound.c: the hooks of the bus and the events of the audio session. */
extern const struct audio_events daemon_audio_events;
/* Hands the configuration to the audio session. */
void daemon_configure_audio(struct daemon *daemon);
void daemon_set_audio_hooks(struct bus_hooks *hooks);

#endif
