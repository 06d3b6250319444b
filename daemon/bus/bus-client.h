/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peers of the bus: who they are, learnt once for each. */
#ifndef CALLSD_BUS_BUS_CLIENT_H
#define CALLSD_BUS_BUS_CLIENT_H

#include "bus/bus-private.h"

/* How many unknown keys of one peer are logged. */
#define CLIENT_WARNINGS_MAX 32

enum client_state {
        CLIENT_SEEN,  /* it is on the bus */
        CLIENT_ASKED, /* the bus was asked who it is; its messages wait */
        CLIENT_KNOWN,
};

/* What a peer has asked for and was not served yet; see bus-mailbox.c. */
struct mailbox {
        sd_bus_message **messages; /* in order, between first and n */
        size_t first, n, allocated;
        size_t n_released;  /* the first of them that are in sd-bus's queue by now */
        unsigned n_replies; /* that wait for a transaction, or for the nodes of a call */
        usec_t filled;      /* boottime: when `work` was last filled up */
        int64_t work;       /* microseconds of the daemon that it may use at once */
        bool queued;        /* waits for its turn */
        struct client *prev, *next;
};

/* What a peer was sent, and did not prove to have read; see bus-credit.c. */
struct credit {
        size_t owed, asked_for; /* bytes: all, and those in front of the Ping */
        sd_bus_slot *ping;
        usec_t pinged; /* boottime */
        bool cut_off;
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
        struct mailbox mailbox;
        struct credit credit;
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

/* Asks the bus who it is, once. 0 or a negative errno. */
int client_ask(struct client *client);
/* Nobody is there any more: its providers are lost, and no reply waits for it. */
void client_lose(struct client *client);

/* "" for NULL. */
const char *client_key(const struct client *client);
bool client_is_controller(const struct client *client);

/* Logs a key that nobody knows, once for each peer and key, for the app's author. */
void client_warn_key(struct client *client, const char *where, const char *key);

#endif
