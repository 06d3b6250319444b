/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from the network: nothing but whole characters of UTF-8 gets through. */
#include "text.h"

#include <string.h>

#include "support/suite.h"

static void check(const char *text, size_t max, const char *expected)
{
        char *clean = text_clean(text, max);

        ck_assert_str_eq(clean, expected);
        free(clean);
}

START_TEST(good_text_stays)
{
        check("", 10, "");
        check("Alice", 10, "Alice");
        check("Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x93\x9e", 20,
              "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x93\x9e");
        ck_assert_ptr_null(text_clean(NULL, 10));
}
END_TEST

START_TEST(bad_bytes_are_question_marks)
{
        check("a\xff"
              "b",
              10, "a?b");
        check("\xc3", 10, "?");                /* cut off */
        check("\xc0\xaf", 10, "??");           /* not the shortest form */
        check("\xed\xa0\x80", 10, "???");      /* half of a pair */
        check("\xf4\x90\x80\x80", 10, "????"); /* beyond the last character */
        check("\x80", 10, "?");
        check("a\x1b[31m\r\n\x7f", 10, "a?[31m???");
}
END_TEST

START_TEST(text_is_cut_between_characters)
{
        check("abcdef", 3, "abc");
        check("ab\xe2\x82\xac", 4, "ab");
        check("ab\xe2\x82\xac", 5, "ab\xe2\x82\xac");
        check("ab\xff\xff", 3, "ab?");
}
END_TEST

static TCase *text_case(void)
{
        TCase *tcase = tcase_create("text");

        tcase_add_test(tcase, good_text_stays);
        tcase_add_test(tcase, bad_bytes_are_question_marks);
        tcase_add_test(tcase, text_is_cut_between_characters);
        return tcase;
}

SUITE_MAIN("sip-text", text_case());
