/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Situations in which, all together, every field and every list of the model has something. */
#ifndef CALLSD_TESTS_MODEL_RECORD_WORLDS_H
#define CALLSD_TESTS_MODEL_RECORD_WORLDS_H

#include "support/sim.h"

struct record_world {
        const char *name;
        void (*make)(struct sim *sim); /* providers "sip" and "web" are there */
};

extern const struct record_world RECORD_WORLDS[];
extern const size_t RECORD_N_WORLDS;

#endif
