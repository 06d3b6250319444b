/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what: one row for each member of each interface. */
#ifndef CALLSD_BUS_BUS_ACCESS_H
#define CALLSD_BUS_BUS_ACCESS_H

#include "bus/bus-client.h"

enum access_kind {
        ACCESS_CALL,    /* a method */
        ACCESS_READ,    /* a property */
        ACCESS_WRITE,   /* likewise */
        ACCESS_RECEIVE, /* a signal */
};

/* Controllers have every right except the first of the last two groups. */
enum access_right {
        RIGHT_ANYONE,
        RIGHT_CONTROLLER,
        RIGHT_REQUESTER,   /* a registered provider; the engine looks at the calls */
        RIGHT_OWN_CALL,    /* the provider of the call */
        RIGHT_OWN_INFO,    /* the provider that the object is about */
        RIGHT_ROUTE,       /* a provider with an active call */
        RIGHT_OWNER,       /* the provider alone: not even controllers */
        RIGHT_ASKER,       /* a signal to the connection that asked for it */
        RIGHT_PUSH_HELPER, /* judged by the handler, its refusal has names of its own */
};

struct access_row {
        const char *interface;
        const char *member;
        enum access_kind kind;
        enum access_right right;
};

/* NULL for a member that has no row: then it is for controllers. */
const struct access_row *access_find(enum access_kind kind, const char *interface,
                                     const char *member);
size_t access_count(void);
const struct access_row *access_row(size_t index);

/* Whether it may see and choose routes now. */
bool access_may_route(struct bus *bus, const struct client *client);

/*
 * Whether `client` (NULL: nobody we know) may do what the method call `message` asks for. If not,
 * fills `error` and returns a negative number.
 */
int access_check(struct bus *bus, const struct client *client, sd_bus_message *message,
                 sd_bus_error *error);

#endif
