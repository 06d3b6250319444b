/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load of calls on a callsd that is killed again and again.
 *
 * One process, one loop, many connections: providers that talk D-Bus by themselves, providers of
 * libcallsd, and one controller. Everything that callsd acknowledged is remembered, and compared
 * with what the next callsd shows. What was under way at the kill may have happened or not.
 */
#ifndef CALLSD_TESTS_KILL_LOOP_H
#define CALLSD_TESTS_KILL_LOOP_H

#include <callsd/callsd.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <uthash.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)

#define UUID_SIZE 37
#define PROVIDERS_MAX 32
#define LIVE_MAX 4096

#define NAME "org.callsd"
#define ERROR_PREFIX NAME ".Error."

enum life {
        LIFE_UNSURE_NEW, /* its first report was under way when callsd was killed */
        LIFE_LIVE,
        LIFE_UNSURE_END,
        LIFE_ENDING, /* the order was accepted */
        LIFE_OVER,
};

struct call {
        char uuid[UUID_SIZE], path[64];
        unsigned provider;
        enum life life;
        bool stable;   /* imported as held; nobody answers or holds it */
        bool answered; /* that was asked for at least */
        bool talked;   /* and is done */
        bool busy;     /* an operation is under way */
        bool excused;  /* the library gave up to wait, and tells it some time later */
        bool judged;   /* none was while callsd was looked at */
        bool muted, mute_unsure;
        bool mute_settling; /* accepted, and with its provider */
        unsigned name, name_next;
        struct call *mate; /* in one group with it */
        uint64_t started_at;

        /* as the callsd of now shows it */
        bool seen, detailed;
        bool seen_muted, seen_active;
        char seen_state[16], seen_name[16], seen_group[48];
        UT_hash_handle hh;
};

struct order {
        char id[UUID_SIZE];
        struct order *next;
};

struct provider {
        struct world *world;
        unsigned number;
        char identifier[64], path[64];
        sd_bus *bus;
        struct order *orders; /* first come, first completed */
        bool completing;

        /* of the library, instead of bus and orders */
        struct cx_context *context;
        struct cx_provider *library;
        struct cx_action *held_back[256];
        size_t n_held_back;
        unsigned begun, resets;
};

struct options {
        const char *callsd; /* program; NULL: somebody else starts it */
        const char *config;
        const char *main_pid; /* command that prints its process number */
        const char *kill_at;  /* the library that kills callsd before a write */
        unsigned kills, providers, library, calls, seed, in_flight;
        bool verbose;
};

struct world {
        struct options options;
        sd_event *event;
        sd_bus *controller;
        char owner[64]; /* of the name; "" for nobody */
        pid_t daemon;
        bool dies_by_itself;
        struct provider providers[PROVIDERS_MAX];
        struct call *calls; /* all that ever were, by UUID */
        struct call *live[LIVE_MAX];
        size_t n_live;
        unsigned in_flight, library_in_flight;
        bool loading, paused;
        uint64_t random;

        /* looking */
        unsigned asked;
        size_t n_pending;

        /* figures */
        unsigned kills, kills_at_start, kills_at_write;
        uint64_t excused, acknowledged, unsure, happened, refused, orders, repeated, compared;
        uint64_t worst_away, sum_away;
};

/* ---- main.c ---- */

void fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
uint64_t now(void);
/* 0 to n - 1. */
unsigned pick(struct world *world, unsigned n);
typedef bool (*condition_fn)(struct world *world);
void run_until(struct world *world, condition_fn condition, const char *what);
void run_for(struct world *world, uint64_t usec);
struct call *find_call(struct world *world, const char *uuid);

/* ---- orders.c: providers, and what they are asked to do ---- */

void provider_start(struct world *world, unsigned number);
void providers_resume(struct world *world);
bool providers_idle(struct world *world);
void provider_stop(struct provider *provider);

/* ---- load.c ---- */

/* Begins operations until enough are under way. */
void load_more(struct world *world);

/* ---- look.c ---- */

/* Asks callsd for everything, and compares. `settled`: no order is pending any more. */
void look(struct world *world, bool settled);

#endif
