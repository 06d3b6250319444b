/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An allocator that fails when it is told to. The linker sends the program's own calls here
 * (--wrap); the C library's calls, and a sanitizer's, go past it.
 */
#ifndef CALLSD_TESTS_FAILING_MALLOC_H
#define CALLSD_TESTS_FAILING_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* The allocation after `n` more fails, and only that one. */
void failing_malloc_arm(size_t n);
/* True if that allocation was reached. */
bool failing_malloc_disarm(void);

#endif
