/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No memory when a test says so: one allocation, or one call of sd-bus on one connection, fails
 * with -ENOMEM and does nothing. The linker sends the program's own calls here (--wrap), so what
 * sd-bus does inside of itself goes past it, and so do other connections of the same process.
 */
#ifndef CALLSD_TESTS_FAILING_BUS_H
#define CALLSD_TESTS_FAILING_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

/* The call on `bus` after `n` more fails, and only that one. NULL: on any connection. */
void failing_bus_arm(sd_bus *bus, size_t n);
/* True if that call was reached. */
bool failing_bus_disarm(void);

#endif
