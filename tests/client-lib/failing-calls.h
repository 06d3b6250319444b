/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No memory when a test says so, for the library alone.
 *
 * The linker sends the program's own allocations here (--wrap), and its calls of those functions of
 * libsystemd that allocate, or read what may be malformed: each fails with -ENOMEM in its turn. The
 * fake daemon shares the program, so failing is paused while that works.
 */
#ifndef CALLSD_TESTS_CLIENT_FAILING_CALLS_H
#define CALLSD_TESTS_CLIENT_FAILING_CALLS_H

#include <stdbool.h>
#include <stddef.h>

/* The call after `n` more fails, and only that one. */
void failing_arm(size_t n);
void failing_pause(void);
void failing_resume(void);
/* True if that call was reached. */
bool failing_disarm(void);

#endif
