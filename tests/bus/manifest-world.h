/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A daemon with folders of manifests of its own, an app and a user. */
#ifndef CALLSD_TESTS_BUS_MANIFEST_WORLD_H
#define CALLSD_TESTS_BUS_MANIFEST_WORLD_H

#include "bus/world.h"

#define PHONE "org.example.Phone"
#define OTHER "org.example.Other"

#define SYSTEM(id) "system/callsd/providers/" id ".provider"
#define USER(id) "user/callsd/providers/" id ".provider"

extern struct world world;
extern struct peer *app, *user;

/* Folders are made before each test, and removed with the world after it. */
TCase *make_case(const char *name);
/* The daemon, with a record; `user` watches. */
void start(void);

/* Names begin with "system/", "user/" (XDG_DATA_HOME) or "others/" (XDG_DATA_DIRS). */
void write_file(const char *name, const char *text);
void remove_file(const char *name);
void move(const char *from, const char *to);
/* others/applications/PHONE.desktop as a link to app/PHONE.desktop. */
void link_desktop_file(void);

/* NULL: not known. */
const struct provider *find(const char *identifier);
/* A property of its ProviderInfo1. */
const char *show(const char *identifier, const char *property);
void wait_known(const char *identifier, bool wanted);
/* "" for `name`: it has none any more. */
void wait_named(const char *identifier, const char *name);

#endif
