/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every audio test stands in: one sd_event loop with an audio object, apps as processes of
 * their own, and what they heard.
 *
 * Nothing sleeps: world_pump() runs the loop until a condition holds, and fails at a deadline;
 * silence is that a number of further blocks were measured and all are exactly zero.
 */
#ifndef CALLSD_TESTS_AUDIO_WORLD_H
#define CALLSD_TESTS_AUDIO_WORLD_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "audio/audio.h"
#include "support/tone/levels.h"

#define WORLD_CALLS 12
#define WORLD_APPS 24
#define WORLD_SPEAKER "test-speaker"
#define WORLD_HEADSET "test-headset"
#define WORLD_MICROPHONE "test-mic"

/* Anything quieter is no tone of ours, anything louder than half of one is. */
#define WORLD_SOUND 0.05f

struct world_call {
        char uuid[UUID_TEXT_SIZE];
        char sink[64];
        char source[64];
        struct audio_wish wish;
        unsigned nodes_told;
        uint64_t ready; /* serial */
        unsigned n_ready;
        bool ready_with_nodes;
        char route[64];
};

struct world_app {
        pid_t pid;
        struct levels *levels; /* NULL for one that plays */
        char path[64];
};

struct world {
        sd_event *event;
        struct audio *audio;
        struct world_call calls[WORLD_CALLS];
        unsigned n_calls;
        bool available;
        unsigned n_available; /* how often it was told */
        unsigned n_changed;
};

/* Audio is there when this returns. */
void world_init(struct world *world);
/* The same without waiting for PipeWire. */
void world_init_early(struct world *world);
/* It is off unless a test says so; other sound is left alone. */
void world_cancel_echo(struct world *world, enum echo_cancel echo_cancel);
/* The next daemon, with the calls of this one. */
void world_restart(struct world *world);
/* An event loop for apps alone: another process is the daemon. */
void world_init_apart(struct world *world);
/* All processes are ended, nodes stay in the server. */
void world_done(struct world *world);

/* Waits 5 ms at most, and handles what there is to handle. */
void world_turn(struct world *world);

/* Runs the loop until the condition holds; the test fails after ten seconds. */
#define world_pump(world, condition)                                                               \
        do {                                                                                       \
                usec_t deadline_ = world_now() + 10 * USEC_PER_SEC;                                \
                while (!(condition)) {                                                             \
                        ck_assert_msg(world_now() < deadline_, "never came true: %s", #condition); \
                        world_turn(world);                                                         \
                }                                                                                  \
        } while (0)

usec_t world_now(void);

/* A new call that wants nothing yet; its uuid is new in this program and the next. */
struct world_call *world_call_new(struct world *world);
void world_set(struct world *world, struct world_call *call, enum audio_level level, bool muted);
/* And waits until it is ready. */
void world_reach(struct world *world, struct world_call *call, enum audio_level level, bool muted);

/* callsd-tone with these arguments, NULL at the end; all but "play" measure. */
struct world_app *world_app_start(const char *verb, ...);
/* The same, and it does nothing before world_app_go(): its process is known before its stream. */
struct world_app *world_app_prepare(const char *verb, ...);
void world_app_go(struct world_app *app);
/* Waits for the first block. */
void world_app_wait(struct world_app *app);
void world_app_signal(struct world_app *app, int number);
void world_app_end(struct world_app *app);
/* All others; NULL for none. */
void world_end_apps_but(const struct world_app *one, const struct world_app *two);
/* The call's own streams: they join by properties. */
struct world_app *world_app_play(struct world_call *call);
struct world_app *world_app_record(struct world_call *call);
struct world_app *world_meter(const char *sink);
/* A tone at the default microphone. */
void world_feed_microphone(struct world *world);

/* Any program; for WirePlumber, PipeWire and little tools. */
pid_t world_spawn(const char *const *arguments);
void world_kill(pid_t pid, int number);
int world_run(const char *const *arguments);

float world_level(const struct world_app *app);
/* Until something is heard; returns how long that took. */
usec_t world_hear(struct world *world, struct world_app *app);
/* Until it is silent, and then for `blocks` blocks more; returns when the last sound was, from now.
 */
usec_t world_silence(struct world *world, struct world_app *app, unsigned blocks);
/* From this very moment on `blocks` blocks without any sound. */
void world_stays_silent(struct world *world, struct world_app *app, unsigned blocks);
/* Blocks heard since `since` that were silent. */
unsigned world_silent_blocks(const struct world_app *app, unsigned since);
/* That the sound has gone on since then. A busy machine makes any stream lose a block now and then;
 * what these tests look for lasts hundreds of blocks, or until somebody repairs it. */
void world_went_on(const struct world_app *app, unsigned since);
unsigned world_blocks(const struct world_app *app);

#endif
