/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is announced to everybody; see bus.h for the effects that feed it. */
#ifndef CALLSD_BUS_BUS_CHANGED_H
#define CALLSD_BUS_BUS_CHANGED_H

#include "bus/bus-private.h"

/* Forgets what was not announced: there is nobody to tell. */
void changes_forget(struct bus *bus);
/* Likewise for what was: the next connection is told from the beginning. */
void changes_forget_providers(struct bus *bus);

#endif
