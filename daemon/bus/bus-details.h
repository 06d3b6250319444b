/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a call, one by one and all at once. */
#ifndef CALLSD_BUS_BUS_DETAILS_H
#define CALLSD_BUS_BUS_DETAILS_H

#include "bus/bus-private.h"

/* The value of one property of Call1; -EINVAL for a name that is none. */
int append_detail(sd_bus_message *message, struct bus *bus, const struct call *call,
                  const char *property);
/* Every property by its name: a{sv}. */
int append_details(sd_bus_message *message, struct bus *bus, const struct call *call);

#endif
