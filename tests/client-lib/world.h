/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A context, a provider that writes down what it is told, and a fake daemon, in one thread.
 *
 * The app's trace is words: "begin", "answer a" (an order), "audio-on a". Orders are kept, and
 * completed by the test, unless the world is told to do it.
 */
#ifndef CALLSD_TESTS_CLIENT_WORLD_H
#define CALLSD_TESTS_CLIENT_WORLD_H

#include "client-lib/fake-daemon.h"
#include "suite.h"

#define WORLD_ORDERS 16

struct world {
        struct fake *fake;
        struct cx_context *context;
        struct cx_provider *provider;
        char trace[4096];
        struct cx_action *orders[WORLD_ORDERS]; /* by the digit of their id */
        struct cx_transaction *whole;
        struct cx_push_payload *push;
        char audio[64];                  /* sink, source and route of the last session */
        bool take_whole;                 /* what execute_transaction answers */
        bool has_execute;                /* whether there is one */
        bool drop;                       /* orders are not kept */
        bool fulfill;                    /* orders are fulfilled at once */
        bool mute_is_missing;            /* the delegate has no perform_set_muted_call */
        void (*library_runs)(bool runs); /* told before and after each dispatch */
};

/* Without a daemon; world_daemon() starts one. The library's patience is shortened to 150 ms. */
struct world *world_new(void);
void world_free(struct world *world);
void world_daemon(struct world *world);
/* A provider with a delegate. */
void world_provider(struct world *world);
/* A daemon, a provider, registered; traces are empty. */
struct world *world_ready(void);

/* Runs everybody until the condition is true; fails the test after 5 s. */
#define world_until(world, condition)                                                      \
        do {                                                                               \
                uint64_t end_ = world_deadline();                                          \
                while (!(condition))                                                       \
                        ck_assert_msg(world_step(world, end_),                             \
                                      "never: %s\n  app: %s\n  daemon: %s", #condition,    \
                                      (world)->trace,                                      \
                                      (world)->fake ? fake_trace((world)->fake) : "none"); \
        } while (0)
/* Runs everybody until nothing happens any more. */
void world_settle(struct world *world);
uint64_t world_deadline(void);
bool world_step(struct world *world, uint64_t end);

/* Settles, then compares the traces of app and daemon, and clears them. NULL: not of interest. */
void world_expect(struct world *world, const char *app, const char *daemon);
bool world_told(const struct world *world, const char *what);
void world_note(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A completion that notes "done", or "failed CODE", after the text it is given as userdata. */
struct noted {
        struct world *world;
        const char *what;
};
void world_completed(const struct cx_error *error, void *noted);

#endif
