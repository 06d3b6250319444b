/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that is replaced whole, and what becomes of the one before. */
#include "store/small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "support/suite.h"
#include "util/cleanup.h"

static char folder[64], path[128];

static void begin(void)
{
        snprintf(folder, sizeof(folder), "/tmp/small-file-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/a/b/file", folder);
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *ftw)
{
        (void)st, (void)kind, (void)ftw;
        return remove(name);
}

static void end(void)
{
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *beside(const char *suffix)
{
        static char text[160];

        snprintf(text, sizeof(text), "%s%s", path, suffix);
        return text;
}

static void expect(const char *name, const char *expected)
{
        cleanup_(freep) char *text = NULL;

        ck_assert_int_eq(small_file_read(name, 100, &text), 0);
        ck_assert_str_eq(text, expected);
}

START_TEST(is_replaced_whole)
{
        struct stat st;

        ck_assert_int_eq(small_file_write(path, "one\n", false), 0);
        expect(path, "one\n");
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(small_file_write(path, "", false), 0);
        expect(path, "");
        ck_assert_int_lt(access(beside(".new"), F_OK), 0);
        ck_assert_int_lt(access(beside(".old"), F_OK), 0);
}
END_TEST

START_TEST(old_one_is_kept)
{
        ck_assert_int_eq(small_file_write(path, "one", true), 0);
        ck_assert_int_lt(access(beside(".old"), F_OK), 0);
        ck_assert_int_eq(small_file_write(path, "two", true), 0);
        expect(path, "two");
        expect(beside(".old"), "one");
        ck_assert_int_eq(small_file_write(path, "three", true), 0);
        expect(beside(".old"), "two");
}
END_TEST

/* A file where there should be a folder, and the reverse: nothing is lost. */
START_TEST(what_is_in_the_way)
{
        ck_assert_int_eq(small_file_write(path, "one", false), 0);
        ck_assert_int_eq(small_file_write(beside("/c"), "two", false), -ENOTDIR);
        expect(path, "one");
        ck_assert_int_eq(mkdir(beside(".new"), 0700), 0);
        ck_assert_int_eq(small_file_write(path, "two", false), -EISDIR);
        expect(path, "one");
        ck_assert_int_eq(rmdir(beside(".new")), 0);
        ck_assert_int_eq(mkdir(beside(".old"), 0700), 0);
        ck_assert_int_eq(small_file_write(path, "two", true), -EISDIR);
        expect(path, "one");
        ck_assert_int_lt(access(beside(".new"), F_OK), 0);
        ck_assert_int_eq(symlink("/nowhere", beside(".new")), 0);
        ck_assert_int_eq(small_file_write(path, "two", false), -ELOOP);
}
END_TEST

START_TEST(what_is_no_text)
{
        char *text = NULL;
        int fd;

        ck_assert_int_eq(small_file_read(path, 3, &text), -ENOENT);
        ck_assert_int_eq(small_file_read(folder, 3, &text), -EISDIR);
        ck_assert_int_eq(small_file_write(path, "1234", false), 0);
        ck_assert_int_eq(small_file_read(path, 3, &text), -EFBIG);
        fd = open(path, O_WRONLY);
        ck_assert_int_eq(write(fd, "1\0", 2), 2);
        close(fd);
        ck_assert_int_eq(small_file_read(path, 4, &text), -EBADMSG);
        ck_assert_ptr_null(text);
}
END_TEST

static TCase *file_case(void)
{
        TCase *tcase = tcase_create("file");

        tcase_add_checked_fixture(tcase, begin, end);
        tcase_add_test(tcase, is_replaced_whole);
        tcase_add_test(tcase, old_one_is_kept);
        tcase_add_test(tcase, what_is_in_the_way);
        tcase_add_test(tcase, what_is_no_text);
        return tcase;
}

SUITE_MAIN("small file", file_case());
