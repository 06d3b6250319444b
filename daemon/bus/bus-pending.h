/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies that wait: for a transaction to be complete, for the nodes of a call to exist. */
#ifndef CALLSD_BUS_BUS_PENDING_H
#define CALLSD_BUS_BUS_PENDING_H

#include "bus/bus-private.h"

/* `message` is answered when the transaction is complete. 0 or -ENOMEM. */
int pending_add_reply(struct bus *bus, const struct uuid *transaction, sd_bus_message *message);
/* The sender of `message` gets TransactionCompleted. 0 or -ENOMEM. */
int pending_add_signal(struct bus *bus, const struct uuid *transaction, sd_bus_message *message);

/* `message` asks for the stream properties of a call whose nodes do not exist yet. */
int pending_add_streams(struct bus *bus, const struct uuid *call, sd_bus_message *message);
/* Answers those that wait for this call, if it can be said by now what to answer. */
void pending_review_streams(struct bus *bus, const char *call);
void pending_review_all_streams(struct bus *bus);

/* A client is gone: nobody waits any more. */
void pending_forget_client(struct bus *bus, const char *key);
void pending_forget_all(struct bus *bus);

#endif
