/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that apps hand over: pictures of callers, ringtones. Kept as sealed copies in memory. */
#ifndef CALLSD_BUS_BUS_KEEPSAKE_H
#define CALLSD_BUS_BUS_KEEPSAKE_H

#include "bus/bus-private.h"

#define PICTURE_SIZE_MAX ((size_t)1024 * 1024)
#define RINGTONE_SIZE_MAX ((size_t)10 * 1024 * 1024)

/*
 * Keeps a copy of the picture in `fd`, which stays the caller's, for the call. Fills `error` and
 * returns a negative number where it is no file that can be read at once, or too large.
 */
int keepsake_add_picture(struct bus *bus, const struct uuid *call, int fd, const char *key,
                         uint64_t *ret_number, sd_bus_error *error);
/* A descriptor of its own for reading it, to be closed; -ENOENT. */
int keepsake_open_picture(struct bus *bus, uint64_t number, int *ret_fd);

int keepsake_set_ringtone(struct bus *bus, unsigned provider, int fd, const char *key,
                          sd_bus_error *error);
void keepsake_drop_ringtone(struct bus *bus, unsigned provider);

/* The highest number of a picture that the calls of an earlier callsd know: not used again. */
uint64_t keepsake_last_number(const struct engine *engine);

/* A call went or has another picture. */
void keepsake_pictures_changed(struct bus *bus);
/* Lets go of pictures that no call has any more. */
void keepsake_sweep_pictures(struct bus *bus);
void keepsake_forget_all(struct bus *bus);

#endif
