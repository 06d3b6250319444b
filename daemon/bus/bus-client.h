/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peers of the bus: who they are, learnt once for each. */
#ifndef CALLSD_BUS_BUS_CLIENT_H
#define CALLSD_BUS_BUS_CLIENT_H

#include "bus/bus-private.h"

/* How many messages of a peer wait until it is known who it is. */
#define CLIENT_WAITING_MAX 64
/* How many unknown keys of one peer are logged. */
#define CLIENT_WARNINGS_MAX 32

enum client_state {
        CLIENT_SEEN,  /* it is on the bus */
        CLIENT_ASKED, /* the bus was asked who it is; its messages wait */
        CLIENT_KNOWN,
};

/* One connection to the bus, from the moment it appears until its name is gone. */
struct client {
        struct bus *bus;
        char *name; /* ":1.5" */
        char *key;  /* "<GUID of the bus>/:1.5": unique over all buses, and callsds */
        enum client_state state;
        usec_t appeared; /* boottime */
        uid_t uid;
        pid_t pid;      /* 0: not known */
        char *app_id;   /* of a sandboxed app, else "" */
        char *identity; /* uid and app */
        bool sandboxed;
        bool controller;
        bool restoring; /* an earlier callsd had its provider: is it still the same? */
        sd_bus_slot *asked;
        sd_bus_message **waiting; /* in order, between first_waiting and n_waiting */
        size_t first_waiting, n_waiting, allocated_waiting;
        unsigned warnings[CLIENT_WARNINGS_MAX]; /* hashes of the keys that were logged */
        size_t n_warnings;
        UT_hash_handle hh;
};

/* Watches names, and lets no message through before its sender is known. */
int clients_watch(struct bus *bus);
/* Forgets everybody: the connection is gone. */
void clients_forget(struct bus *bus);

/* Begins to learn who has this name. 0 or negative errno. */
int client_look_up(struct bus *bus, const char *name, struct client **ret_client);

/* NULL for a message without a sender (no bus in between), and for one who is gone. */
struct client *client_of(struct bus *bus, sd_bus_message *message);
struct client *client_find(struct bus *bus, const char *name);
/* By the key that the engine knows; NULL also for a peer of an earlier connection. */
struct client *client_find_key(struct bus *bus, const char *key);

/* "" for NULL. */
const char *client_key(const struct client *client);
bool client_is_controller(const struct client *client);

/* Logs a key that nobody knows, once for each peer and key, for the app's author. */
void client_warn_key(struct client *client, const char *where, const char *key);

#endif
