/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be undone is in a file before it is done, and read again by the next callsd. */
#include "audio/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/suite.h"

static char folder[64];
static char path[96];
static struct journal journal;

static void setup(void)
{
        snprintf(folder, sizeof(folder), "/tmp/callsd-journal-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/audio-journal", folder);
        setenv("RUNTIME_DIRECTORY", folder, 1);
        journal_init(&journal);
}

static void teardown(void)
{
        journal_done(&journal);
        unlink(path);
        rmdir(folder);
        unsetenv("RUNTIME_DIRECTORY");
}

static void write_text(const char *text)
{
        FILE *file = fopen(path, "we");

        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
}

static void check_text(const char *expected)
{
        char text[1024] = "";
        FILE *file = fopen(path, "re");

        if (file) {
                text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
                fclose(file);
        }
        ck_assert_str_eq(text, expected);
}

START_TEST(test_written_before)
{
        struct journal_record *duck = NULL;
        struct journal_record *pause = NULL;

        ck_assert_int_eq(journal_add(&journal, JOURNAL_DUCK, 7, 40, "", &duck), 0);
        check_text("duck 7 40\n");
        ck_assert_int_eq(journal_add(&journal, JOURNAL_PAUSE, 0, 0, "bus :1.5 Paused", &pause), 0);
        check_text("duck 7 40\npause 0 0 bus :1.5 Paused\n");
        journal_remove(&journal, duck);
        check_text("pause 0 0 bus :1.5 Paused\n");
        journal_remove(&journal, NULL);
        journal_remove(&journal, pause);
        ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Whatever a file may say, what can be understood is. */
START_TEST(test_read_again)
{
        journal_done(&journal);
        write_text("duck 4294967295 18446744073709551615\nduck\nsing 1 2\n\nduck x 5\n"
                   "target 7 41 {\"name\": \"a b\"}\nprofile 7 42");
        journal_init(&journal);
        ck_assert_int_eq(journal.records->kind, JOURNAL_DUCK);
        ck_assert_uint_eq(journal.records->cookie, UINT32_MAX);
        ck_assert_uint_eq(journal.records->serial, UINT64_MAX);
        ck_assert_str_eq(journal.records->next->text, "{\"name\": \"a b\"}");
        ck_assert_int_eq(journal.records->next->next->kind, JOURNAL_PROFILE);
        ck_assert_ptr_null(journal.records->next->next->next);
}
END_TEST

START_TEST(test_other_server)
{
        journal_done(&journal);
        write_text("duck 7 40\nduck 8 40\npause 0 0 bus :1.5 Paused\n");
        journal_init(&journal);
        journal_forget_others(&journal, 8);
        check_text("duck 8 40\npause 0 0 bus :1.5 Paused\n");
}
END_TEST

/* Then nothing may be changed. */
START_TEST(test_no_place)
{
        struct journal_record *record = NULL;

        ck_assert_int_eq(rmdir(folder), 0);
        ck_assert_int_eq(journal_add(&journal, JOURNAL_DUCK, 7, 40, "", &record), -ENOENT);
        ck_assert_ptr_null(record);
        ck_assert_ptr_null(journal.records);
        journal_done(&journal);
        unsetenv("RUNTIME_DIRECTORY");
        unsetenv("XDG_RUNTIME_DIR");
        journal_init(&journal);
        ck_assert_int_eq(journal_add(&journal, JOURNAL_DUCK, 7, 40, "", &record), -ENOENT);
}
END_TEST

static TCase *journal_case(void)
{
        TCase *tcase = tcase_create("journal");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_written_before);
        tcase_add_test(tcase, test_read_again);
        tcase_add_test(tcase, test_other_server);
        tcase_add_test(tcase, test_no_place);
        return tcase;
}

SUITE_MAIN("audio journal", journal_case());
