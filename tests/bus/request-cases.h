/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every kind of request to callsd, each with a state of things in which it is granted. */
#ifndef CALLSD_TESTS_BUS_REQUEST_CASES_H
#define CALLSD_TESTS_BUS_REQUEST_CASES_H

#include "bus/world.h"

/* Who asks, and for which calls. */
struct request_scene {
        struct world world;
        struct peer *app, *user;
        char call[UUID_TEXT_SIZE], other[UUID_TEXT_SIZE];
        int sound;
};

struct request_case {
        const char *name;
        void (*set_up)(void);
        void (*ask)(void);
        bool by_app;
        bool waits;        /* for the app, when it was admitted */
        const char *asked; /* what the user asked for before, and has no answer yet */
};

extern struct request_scene scene;
extern const struct request_case REQUEST_CASES[];
extern const size_t N_REQUEST_CASES;

void scene_start(void);
void scene_stop(void);

#endif
