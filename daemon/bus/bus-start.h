/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers that the bus was asked to start, until they have registered.
 *
 * The bus tells when the name has an owner, or that it never will. In between, and after it until
 * the app registers, the app may end: then its name has no owner any more.
 */
#ifndef CALLSD_BUS_BUS_START_H
#define CALLSD_BUS_BUS_START_H

#include "bus/bus-private.h"

/* A well-known name has no owner any more. */
void starts_name_lost(struct bus *bus, const char *name);

/* The name is ours again, on a new connection: nobody would answer what was asked on the last. */
void starts_again(struct bus *bus);

/* The connection is closed; what was asked for stays. */
void starts_disconnect(struct bus *bus);
void starts_forget(struct bus *bus);

#endif
