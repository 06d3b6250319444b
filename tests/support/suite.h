/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main() of a Check program: `SUITE_MAIN("name", first_case(), second_case())`. */
#ifndef CALLSD_TESTS_SUITE_H
#define CALLSD_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_run(const char *name, TCase *const *cases, size_t n_cases)
{
        Suite *suite = suite_create(name);
        SRunner *runner;
        int failed;

        for (size_t i = 0; i < n_cases; i++)
                suite_add_tcase(suite, cases[i]);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define SUITE_MAIN(name, ...)                                                    \
        int main(void)                                                           \
        {                                                                        \
                TCase *const cases[] = {__VA_ARGS__};                            \
                                                                                 \
                return suite_run(name, cases, sizeof(cases) / sizeof(cases[0])); \
        }                                                                        \
        extern int suite_semicolon_

#endif
