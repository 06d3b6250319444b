/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of objects: paths, and what is where. */
#ifndef CALLSD_BUS_BUS_OBJECT_H
#define CALLSD_BUS_BUS_OBJECT_H

#include "bus/bus-private.h"

/* sd-bus would ask the bus, and wait; bus-access.c has checked before. */
#define CHECKED_BY_US SD_BUS_VTABLE_UNPRIVILEGED

extern const sd_bus_vtable manager_vtable[];
extern const sd_bus_vtable provider_vtable[];
extern const sd_bus_vtable provider_info_vtable[];
extern const sd_bus_vtable call_vtable[];
extern const sd_bus_vtable audio_vtable[];

/* Puts every interface on the bus's connection. 0 or a negative errno. */
int bus_objects_add(struct bus *bus);

/* `path` has room for PATH_SIZE bytes, and is returned. */
const char *call_path(const char *uuid, char *path);
const char *provider_path(unsigned number, char *path);

/* Whether the path has the form of one of ours; the object need not exist. */
bool call_path_decode(const char *path, struct uuid *ret_uuid);
bool provider_path_decode(const char *path, unsigned *ret_number);

/* In a handler of Call1 resp. Provider1 the object exists, sd-bus has asked for it just before. */
const struct call *bus_get_call(struct bus *bus, const char *path);
const struct provider *bus_get_provider(struct bus *bus, const char *path);

#endif
