/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetStreamProperties: what an app's streams need to join the nodes of a call. */
#ifndef CALLSD_BUS_BUS_STREAM_H
#define CALLSD_BUS_BUS_STREAM_H

#include "bus/bus-private.h"

/* Answers `message`, unless the call's nodes do not exist yet: then -EAGAIN. */
int stream_reply(struct bus *bus, const char *call, sd_bus_message *message);

#endif
