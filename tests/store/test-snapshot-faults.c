/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file system fails, or there is no memory: each call that the store makes fails once. What was
 * written before is still there after that, and an error is not taken for a file without a state.
 */
#include "store/snapshot.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"
#include "util/cleanup.h"

/* ---- calls that fail when they are told to ---- */

static int fault; /* 0: none */
static bool reached;
static size_t left;

static void arm(size_t n, int error)
{
        fault = error;
        reached = false;
        left = n;
}

static bool disarm(void)
{
        fault = 0;
        return reached;
}

static bool fails(void)
{
        if (fault == 0 || reached || left-- > 0)
                return false;
        reached = true;
        errno = fault;
        return true;
}

/* Only reads and writes are interrupted: EINTR passes the others by. */
static bool fails_for_good(void)
{
        return fault != EINTR && fails();
}

#define FAILING(type, name, parameters, arguments, fails_fn, failure)    \
        type __real_##name parameters;                                   \
        type __wrap_##name parameters;                                   \
        type __wrap_##name parameters                                    \
        {                                                                \
                return fails_fn() ? (failure) : __real_##name arguments; \
        }                                                                \
        extern int failing_semicolon_

FAILING(void *, calloc, (size_t n, size_t size), (n, size), fails_for_good, NULL);
FAILING(int, fstat, (int fd, struct stat *st), (fd, st), fails_for_good, -1);
FAILING(int, flock, (int fd, int how), (fd, how), fails_for_good, -1);
FAILING(int, mkdir, (const char *path, mode_t mode), (path, mode), fails_for_good, -1);
FAILING(int, ftruncate, (int fd, off_t size), (fd, size), fails_for_good, -1);
FAILING(int, renameat, (int from, const char *old, int to, const char *new), (from, old, to, new),
        fails_for_good, -1);
FAILING(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at), fails,
        -1);
FAILING(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at),
        fails, -1);

int __real_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...);

int __wrap_openat(int directory, const char *path, int flags, ...)
{
        return fails_for_good() ? -1 : __real_openat(directory, path, flags, 0600);
}

/* ---- the store ---- */

static char directory[64];
static const struct snapshot_label label = {
        .format = 7, .boot = "boot", .bus = "bus", .version = "1.2.3"};

static void set_up(void)
{
        snprintf(directory, sizeof(directory), "/dev/shm/callsd-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
        (void)st, (void)kind, (void)walk;
        return remove(name);
}

static void tear_down(void)
{
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int read_number(struct snapshot *snapshot, unsigned *ret_number)
{
        cleanup_(freep) void *data = NULL;
        struct snapshot_label got;
        size_t size;
        int r = snapshot_read(snapshot, &got, &data, &size);

        if (r < 0)
                return r;
        ck_assert_int_eq(memcmp(&got, &label, sizeof(got)), 0);
        ck_assert_uint_eq(size, sizeof(*ret_number));
        memcpy(ret_number, data, size);
        return 0;
}

static struct snapshot *opened(void)
{
        struct snapshot *snapshot = NULL;

        ck_assert_int_eq(snapshot_open(directory, &snapshot), 0);
        return snapshot;
}

static unsigned number_in_file(void)
{
        struct snapshot *snapshot = opened();
        unsigned number = 0;

        ck_assert_int_eq(read_number(snapshot, &number), 0);
        snapshot_free(snapshot);
        return number;
}

static void put(unsigned number)
{
        struct snapshot *snapshot = opened();
        unsigned before;

        read_number(snapshot, &before);
        ck_assert_int_eq(snapshot_write(snapshot, &label, &number, sizeof(number)), 0);
        snapshot_free(snapshot);
}

static bool is_the_fault(int r, int error)
{
        return r == -error || r == -ENOMEM;
}

/* Opens, reads and writes the next number; what it has to be after that into `ret_wanted`. */
static int go_on(unsigned number, int error, unsigned *ret_wanted)
{
        struct snapshot *snapshot = NULL;
        unsigned before = 0, next = number + 1;
        int r = snapshot_open(directory, &snapshot);

        *ret_wanted = number;
        if (r < 0) {
                ck_assert_ptr_null(snapshot);
                return r;
        }
        r = read_number(snapshot, &before);
        if (r == 0)
                ck_assert_uint_eq(before, number);
        else
                ck_assert_msg(is_the_fault(r, error), "read: %d", r);
        if (r == 0)
                r = snapshot_write(snapshot, &label, &next, sizeof(next));
        if (r == 0)
                *ret_wanted = next;
        snapshot_free(snapshot);
        return r;
}

START_TEST(calls_that_fail_once)
{
        unsigned wanted = 1;
        bool again = true;
        size_t n;
        int r;

        put(1);
        for (n = 0; again; n++) {
                ck_assert_uint_lt(n, 1000);
                arm(n, EIO);
                r = go_on(wanted, EIO, &wanted);
                again = disarm();
                ck_assert_msg(r == 0 || (again && is_the_fault(r, EIO)), "fault %zu: %d", n, r);
                ck_assert_uint_eq(number_in_file(), wanted);
        }
        ck_assert_uint_gt(n, 8);
}
END_TEST

START_TEST(calls_that_are_interrupted)
{
        unsigned wanted = 1;
        bool again = true;
        size_t n;

        put(1);
        for (n = 0; again; n++) {
                ck_assert_uint_lt(n, 1000);
                arm(n, EINTR);
                ck_assert_int_eq(go_on(wanted, EINTR, &wanted), 0);
                again = disarm();
                ck_assert_uint_eq(number_in_file(), wanted);
        }
        ck_assert_uint_gt(n, 2);
}
END_TEST

static size_t count_set_aside(void)
{
        struct dirent *entry;
        DIR *files = opendir(directory);
        size_t n = 0;

        ck_assert_ptr_nonnull(files);
        while ((entry = readdir(files)))
                n += entry->d_name[0] != '.' && strcmp(entry->d_name, "state") != 0;
        closedir(files);
        return n;
}

/* The state is in the one file or in the other. */
START_TEST(setting_aside_that_fails)
{
        struct snapshot *snapshot;
        const char *name;
        bool again = true;
        size_t n;
        int r;

        for (n = 0; again; n++) {
                ck_assert_uint_lt(n, 1000);
                tear_down();
                set_up();
                put(7);
                snapshot = opened();
                arm(n, EIO);
                r = snapshot_set_aside(snapshot, "damaged", &name);
                again = disarm();
                ck_assert_msg(r == 0 || is_the_fault(r, EIO), "fault %zu: %d", n, r);
                snapshot_free(snapshot);
                ck_assert(count_set_aside() > 0 || number_in_file() == 7);
        }
        ck_assert_uint_gt(n, 1);
}
END_TEST

static TCase *faults_case(void)
{
        TCase *tc = tcase_create("faults");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, calls_that_fail_once);
        tcase_add_test(tc, calls_that_are_interrupted);
        tcase_add_test(tc, setting_aside_that_fails);
        return tc;
}

SUITE_MAIN("store with faults", faults_case());
