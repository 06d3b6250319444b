/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a peer asks for, and when it is served. */
#ifndef CALLSD_BUS_BUS_MAILBOX_H
#define CALLSD_BUS_BUS_MAILBOX_H

#include "bus/bus-client.h"

/* How many messages of a peer wait until it is known who it is. */
#define MAILBOX_UNKNOWN_MAX 64
/*
 * How many of a peer's calls may be without an answer; with End and SetMuted some more. Not more
 * than 128: dbus-daemon lets no connection have more on a system bus, and would refuse those too.
 */
#define MAILBOX_OUTSTANDING_MAX 96
#define MAILBOX_OUTSTANDING_END_MAX 128

/*
 * A method call has come. 0: it may go on to its handler now. 1: it waits, was refused, or counts
 * for nothing. Negative errno: it could not be kept.
 */
int mailbox_take(struct client *client, sd_bus_message *message);

/* It is known who the peer is, or that it reads: what waits may go on. */
void mailbox_resume(struct client *client);

/* A reply to this peer waits, or does not any more. */
void mailbox_reply_waits(struct client *client);
void mailbox_reply_left(struct client *client);

void mailbox_done(struct client *client);

/* The source that serves what waits. 0 or a negative errno. */
int mailboxes_init(struct bus *bus);
/* There is room in the queue of messages that leave, again. */
void mailboxes_resume(struct bus *bus);

#endif
