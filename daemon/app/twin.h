/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the device has a callsd for everybody.
 *
 * One callsd per user, or one per device: two would fight for the sound and answer each other's
 * questions wrongly. The user's gives way, since the device's can be started by its administrator
 * alone; the other way round any program of a user could keep the device from taking calls. The
 * device's owns a name that its bus gives to nobody else, so that is what the user's looks for,
 * without waiting, before it takes its own name, and watches as long as both buses are there.
 */
#ifndef CALLSD_APP_TWIN_H
#define CALLSD_APP_TWIN_H

#include <stdbool.h>

struct sd_event;
struct twin;

typedef void (*twin_found_fn)(void *userdata);

/* `found_fn` may be called again. Without a system bus there is no twin, and that is no failure. */
int twin_new(struct sd_event *event, twin_found_fn found_fn, void *userdata,
             struct twin **ret_twin);
struct twin *twin_free(struct twin *twin);

/* False until the system bus has answered, or has taken too long for it. */
bool twin_is_settled(const struct twin *twin);

#endif
