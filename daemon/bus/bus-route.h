/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes that peers ask for: SetRoute, and the option Route of requests. */
#ifndef CALLSD_BUS_BUS_ROUTE_H
#define CALLSD_BUS_BUS_ROUTE_H

#include "bus/bus-client.h"

/* Whether there is such a route now, or "". `what` names the argument. `client` is told which
 * routes there are if it may know. 0, or the value of bus_error_invalid(). */
int route_check(struct bus *bus, const struct client *client, const char *what, const char *id,
                sd_bus_error *error);

/* The call takes this route, now or when it is heard. What fails is logged. */
void bus_route_choose(struct bus *bus, const char *call, const char *id);

/* Handler of Audio1. */
int method_set_route(sd_bus_message *message, void *userdata, sd_bus_error *error);

#endif
