/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes that are chosen before there is a call to be heard. */
#include "app/route-choice.h"

#include <check.h>

#include "support/suite.h"

#define CALL_A "aaaaaaaa-0000-4000-8000-000000000001"
#define CALL_B "bbbbbbbb-0000-4000-8000-000000000002"

START_TEST(last_choice_counts)
{
        struct route_choice *choices = NULL;

        ck_assert_str_eq(route_choice_get(choices, CALL_A), "");
        ck_assert_int_eq(route_choice_set(&choices, CALL_A, "speaker"), 0);
        ck_assert_int_eq(route_choice_set(&choices, CALL_B, "headset"), 0);
        ck_assert_int_eq(route_choice_set(&choices, CALL_A, "car"), 0);
        ck_assert_str_eq(route_choice_get(choices, CALL_A), "car");
        ck_assert_str_eq(route_choice_get(choices, CALL_B), "headset");
        ck_assert_int_eq(route_choice_set(&choices, CALL_A, ""), 0);
        ck_assert_str_eq(route_choice_get(choices, CALL_A), "");
        route_choice_forget(&choices, CALL_A);
        ck_assert_str_eq(route_choice_get(choices, CALL_B), "headset");
        route_choice_done(&choices);
        ck_assert_ptr_null(choices);
        route_choice_done(&choices);
}
END_TEST

static TCase *choices_case(void)
{
        TCase *tc = tcase_create("choices");

        tcase_add_test(tc, last_choice_counts);
        return tc;
}

SUITE_MAIN("route choices", choices_case());
