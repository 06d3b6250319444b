/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The manifests of this machine, as they are now.
 *
 * Folders are watched, and what changes in one is a file to be read again, whoever says so: the
 * kernel, a look at the whole folder, or SIGHUP. Files are read a few per turn of the loop, so
 * that nobody waits for a folder with hundreds of them.
 */
#ifndef CALLSD_APP_MANIFESTS_H
#define CALLSD_APP_MANIFESTS_H

#include <systemd/sd-event.h>

#include "config/manifest-store.h"

struct manifests;

struct manifests_events {
        /* What is known of this app may be something else now. */
        void (*changed)(const char *identifier, void *userdata);
        /* Everything that was there at the start is known, for the first time. */
        void (*read)(void *userdata);
};

/* `with_user`: also the folders of a user. Looks at the folders, and reads later. */
int manifests_new(sd_event *event, bool with_user, const struct manifests_events *events,
                  void *userdata, struct manifests **ret_manifests);
struct manifests *manifests_free(struct manifests *manifests);

/* Reads as much as a moment allows: as a rule everything, else the rest follows in the loop. */
void manifests_begin(struct manifests *manifests);

/* False until `events.read` was called. */
bool manifests_are_read(const struct manifests *manifests);

/* Looks at all folders again. */
void manifests_reload(struct manifests *manifests);

const struct manifest_store *manifests_get_store(const struct manifests *manifests);

#endif
