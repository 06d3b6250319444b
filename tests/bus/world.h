/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon and its peers in one process and one loop, on the private bus of with-bus.
 *
 * Each peer is a connection of its own and keeps what it received as lines of text, in order:
 *   PropertiesChanged /org/callsd/call/... org.callsd.Call1 [State=active,OnHold=false] [Muted]
 *   reply Answer
 *   error Answer org.callsd.Error.HoldFailed <text>
 * Nothing here sleeps: the loop runs until a condition holds, with a deadline.
 */
#ifndef CALLSD_TESTS_BUS_WORLD_H
#define CALLSD_TESTS_BUS_WORLD_H

#include <check.h>

#include "app/daemon.h"
#include "bus/bus-client.h"

#define PEERS_MAX 8
#define ACTIONS_MAX 128

enum behaviour {
        BEHAVIOUR_SILENT, /* keeps the actions for the test */
        BEHAVIOUR_FULFIL,
        BEHAVIOUR_FAIL,
};

struct seen_action {
        char transaction[UUID_TEXT_SIZE];
        char id[UUID_TEXT_SIZE];
        char type[32];
        char call[UUID_TEXT_SIZE];
};

struct peer {
        struct world *world;
        sd_bus *bus;
        char **lines;
        size_t n_lines;
        enum behaviour behaviour;
        char provider[64]; /* path, once registered */
        struct seen_action actions[ACTIONS_MAX];
        size_t n_actions;
        sd_bus_message *reply; /* of the last call */
        char error[128];       /* likewise: its name, or "" */
        char text[512];
};

struct world {
        struct daemon daemon;
        const char *state_directory; /* NULL: no record is kept */
        struct peer *peers[PEERS_MAX];
        size_t n_peers;
};

void world_start(struct world *world);
/* With a record, in this directory. */
void world_start_in(struct world *world, const char *state_directory);
/* The daemon is gone at once, as if killed; its peers stay on the bus. */
void world_crash(struct world *world);
/* And another one starts with what is on record. */
void world_return(struct world *world);
void world_stop(struct world *world);

/* Runs the loop until `condition`; fails the test at the deadline, naming `what`. */
typedef bool (*condition_fn)(void *userdata);
void world_run_until(struct world *world, condition_fn condition, void *userdata, const char *what);
/* Until everything that is under way has been heard: everybody has pinged everybody. */
void world_settle(struct world *world);

struct peer *world_add_peer(struct world *world);
void peer_close(struct peer *peer);
/* As if the bus had said that this is a sandboxed app: no controller any more. */
void peer_sandbox(struct peer *peer, const char *app_id);

/* Receives every signal of the daemon that the bus lets it have. */
void peer_watch(struct peer *peer);
bool peer_saw(const struct peer *peer, const char *part);
/* Index of the first line at or after `from` that contains both; fails the test without one. */
size_t peer_line(const struct peer *peer, size_t from, const char *part, const char *other);
void peer_forget(struct peer *peer);

/* Calls and waits for the answer: true for a reply, which stays in `peer->reply`. */
bool peer_call(struct peer *peer, const char *path, const char *interface, const char *member,
               const char *types, ...);
/* Sends; the answer becomes a line. */
void peer_send(struct peer *peer, const char *path, const char *interface, const char *member,
               const char *types, ...);
/* Likewise a message that was built by hand; takes it over. */
void peer_send_message(struct peer *peer, sd_bus_message *message);
void peer_wait_line(struct peer *peer, const char *part);

/* Shorthands; each fails the test where the call is refused. */
void peer_register(struct peer *peer, const char *identifier);
void peer_incoming(struct peer *peer, const char *uuid, const char *handle);
/* Reported, answered by `controller`, fulfilled: active. */
void peer_active_call(struct peer *peer, struct peer *controller, const char *uuid);
void peer_wait_actions(struct peer *peer, size_t n);
void peer_fulfil(struct peer *peer, size_t action);

/* A method of a call, or a property of it as text. */
bool call_method(struct peer *peer, const char *uuid, const char *member, const char *types, ...);
bool call_get(struct peer *peer, const char *uuid, const char *property);
/* The body of the last reply as text, or the name of the error. */
const char *peer_answer(struct peer *peer);
const char *call_object(const char *uuid);

#define assert_refused(peer, done, name)                   \
        do {                                               \
                ck_assert_msg(!(done), "was not refused"); \
                ck_assert_str_eq((peer)->error, name);     \
                ck_assert_str_ne((peer)->text, "");        \
        } while (0)

#define CALL_A "aaaaaaaa-0000-4000-8000-000000000001"
#define CALL_B "bbbbbbbb-0000-4000-8000-000000000002"
#define CALL_C "cccccccc-0000-4000-8000-000000000003"

#define ERROR_PREFIX "org.callsd.Error."
#define ERROR_INVALID "org.freedesktop.DBus.Error.InvalidArgs"

#endif
