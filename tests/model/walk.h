/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A random walk over everything that can be done to the engine, in any order, by providers that
 * answer, fail, stay silent, come late and vanish. There is one walk at a time.
 */
#ifndef CALLSD_TESTS_MODEL_WALK_H
#define CALLSD_TESTS_MODEL_WALK_H

#include "support/sim.h"

/* Three providers, no call; the same seed makes the same walk. */
struct sim *walk_begin(uint64_t seed);
void walk_end(void);
void walk_step(void);
/* The daemon dies and comes back; meanwhile some went, perhaps with the bus or PipeWire. */
void walk_restart(void);
/* Left alone, everything that was asked for is answered, and nobody rings or starts for ever. */
void walk_come_to_rest(void);
/* And with everybody gone nothing is left at all. */
void walk_leave_nothing_behind(void);

/* A number from the environment. */
uint64_t walk_setting(const char *name, uint64_t otherwise);

#endif
