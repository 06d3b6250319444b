/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where sounds with a name are: the XDG sound theme "freedesktop", which all desktops have. */
#ifndef CALLSD_AUDIO_SOUND_THEME_H
#define CALLSD_AUDIO_SOUND_THEME_H

#include "util/macro.h"

/* What rings when nobody says otherwise. */
#define SOUND_THEME_RING "phone-incoming-call"

/* The base directories, separated by ":", best first; to be freed. NULL: no memory. */
char *sound_theme_directories(void);

/*
 * Opens the sound of this name, or of the name without what is behind its last dashes, as the
 * specification says. Reads directories, so never on the loop. -ENOENT: no such sound is
 * installed; -EINVAL: this is no name.
 */
int sound_theme_open(const char *directories, const char *name, int *ret_fd);

#endif
