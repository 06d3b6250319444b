/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Routes that were chosen for calls whose sound does not exist so far: an answer or a new call that
 * came with the option Route. Handed to the audio session with the call's first wish.
 */
#ifndef CALLSD_APP_ROUTE_CHOICE_H
#define CALLSD_APP_ROUTE_CHOICE_H

#include "model/types.h"

struct route_choice;

/* `id` "" forgets it. -ENOMEM. */
int route_choice_set(struct route_choice **choices, const char *call, const char *id);
/* "" = none. */
const char *route_choice_get(struct route_choice *choices, const char *call);
void route_choice_forget(struct route_choice **choices, const char *call);
void route_choice_done(struct route_choice **choices);

#endif
