/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before the name is taken: which providers of an earlier callsd are still there? */
#ifndef CALLSD_BUS_BUS_RESTORE_H
#define CALLSD_BUS_BUS_RESTORE_H

#include "bus/bus-private.h"

struct client;

/* Asks the bus who it is; at the end of all that follows the name is asked for. */
int restore_begin(struct bus *bus);

/* It is known now who has the name of a recorded provider. */
void restore_judge(struct bus *bus, struct client *client);
/* One of those that were asked about is dealt with. */
void restore_answered(struct bus *bus);

#endif
