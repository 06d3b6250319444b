/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a fuzz target is: one function, called by libFuzzer or, for each kept file, by replay.c. */
#ifndef CALLSD_TESTS_FUZZ_H
#define CALLSD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Also where assertions of libraries are compiled out. */
#define fuzz_must(condition)                                                                    \
        do {                                                                                    \
                if (!(condition)) {                                                             \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
                        abort();                                                                \
                }                                                                               \
        } while (0)

#endif
