/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that leave, and a bus that does not take them. */
#ifndef CALLSD_BUS_BUS_STALL_H
#define CALLSD_BUS_BUS_STALL_H

#include "bus/bus-private.h"

/* How many messages may wait to be written before news are put together, and before requests wait;
 * beyond the last they are not even refused. */
#define QUEUE_NEWS_MAX 64
#define QUEUE_SERVE_MAX 512
#define QUEUE_REFUSE_MAX 2048

/* How many wait to be written; 0 without a connection. */
uint64_t queue_length(const struct bus *bus);

/* Something was sent: it will be looked up whether the bus reads. */
void stall_watch(struct bus *bus);

/* The connection is gone, and all that belongs to it. */
void stall_forget(struct bus *bus);

#endif
