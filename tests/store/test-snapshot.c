/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state file: whole after every kill, and nobody else's. */
#include "store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/suite.h"
#include "util/cleanup.h"

#define KILLS 250

static char directory[] = "/dev/shm/callsd-test-XXXXXX", path[64];
static char made[sizeof(directory)];
static const struct snapshot_label label = {
        .format = 7, .boot = "boot", .bus = "bus", .version = "1.2.3"};

static void setup(void)
{
        strcpy(made, directory);
        ck_assert_ptr_nonnull(mkdtemp(made));
        snprintf(path, sizeof(path), "%s/state", made);
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
        (void)st, (void)kind, (void)walk;
        return remove(name);
}

static void teardown(void)
{
        nftw(made, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct snapshot *opened(void)
{
        struct snapshot *snapshot = NULL;

        ck_assert_int_eq(snapshot_open(made, &snapshot), 0);
        return snapshot;
}

/* Every byte says which state it belongs to. */
static void fill(unsigned char *data, size_t size, unsigned number)
{
        for (size_t i = 0; i < size; i++)
                data[i] = (unsigned char)(number * 31 + i * 7 + (i >> 8));
        memcpy(data, &number, sizeof(number));
}

static void write_state(struct snapshot *snapshot, unsigned number, size_t size)
{
        cleanup_(freep) unsigned char *data = malloc(size);

        ck_assert_ptr_nonnull(data);
        fill(data, size, number);
        ck_assert_int_eq(snapshot_write(snapshot, &label, data, size), 0);
}

/* The number of the state in the file; it has to be whole. */
static unsigned read_state(struct snapshot *snapshot, size_t *ret_size)
{
        cleanup_(freep) unsigned char *expected = NULL;
        cleanup_(freep) void *data = NULL;
        struct snapshot_label got;
        unsigned number;
        size_t size;
        int r = snapshot_read(snapshot, &got, &data, &size);

        if (r == -ENOENT)
                return 0;
        ck_assert_int_eq(r, 0);
        ck_assert_int_eq(memcmp(&got, &label, sizeof(got)), 0);
        ck_assert_uint_ge(size, sizeof(number));
        memcpy(&number, data, sizeof(number));
        expected = malloc(size);
        ck_assert_ptr_nonnull(expected);
        fill(expected, size, number);
        ck_assert_int_eq(memcmp(data, expected, size), 0);
        if (ret_size)
                *ret_size = size;
        return number;
}

static off_t file_size(void)
{
        struct stat st;

        ck_assert_int_eq(stat(path, &st), 0);
        return st.st_size;
}

START_TEST(new_file_is_empty)
{
        struct snapshot *snapshot = opened();
        struct snapshot_label got;
        struct stat st;
        size_t size;
        void *data;

        ck_assert_int_eq(snapshot_read(snapshot, &got, &data, &size), -ENOENT);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        snapshot_free(snapshot);
}
END_TEST

START_TEST(newest_is_read)
{
        struct snapshot *snapshot = opened();

        for (unsigned i = 1; i <= 9; i++) {
                write_state(snapshot, i, 100 + i);
                ck_assert_uint_eq(read_state(snapshot, NULL), i);
        }
        snapshot_free(snapshot);
        snapshot = opened();
        ck_assert_uint_eq(read_state(snapshot, NULL), 9);
        write_state(snapshot, 10, 5000);
        ck_assert_uint_eq(read_state(snapshot, NULL), 10);
        snapshot_free(snapshot);
}
END_TEST

START_TEST(grows_and_shrinks)
{
        static const size_t sizes[] = {10,  9000, 4,      300000,  50,   70000, 4096, 4097,
                                       800, 8,    900000, 3000000, 7777, 12,    12,   12};
        struct snapshot *snapshot = opened();
        size_t size;

        for (unsigned i = 1; i <= 4 * ARRAY_SIZE(sizes); i++) {
                struct snapshot *again;

                write_state(snapshot, i, sizes[i % ARRAY_SIZE(sizes)]);
                snapshot_free(snapshot);
                again = opened();
                ck_assert_uint_eq(read_state(again, &size), i);
                ck_assert_uint_eq(size, sizes[i % ARRAY_SIZE(sizes)]);
                ck_assert_int_lt(file_size(), 3 * 3000000 + 3 * 4096);
                snapshot = again;
        }
        write_state(snapshot, 1, 100);
        write_state(snapshot, 2, 100);
        ck_assert_int_lt(file_size(), 3 << 20);
        snapshot_free(snapshot);
}
END_TEST

static void spoil(off_t at)
{
        int fd = open(path, O_RDWR);
        char byte = 0;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
        byte = (char)(byte ^ 0x10);
        ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
        close(fd);
}

/* Whatever byte of the newest state is wrong: the one before stands. */
START_TEST(spoilt_newest_gives_the_one_before)
{
        static const off_t places[] = {0, 9, 17, 25, 40, 100, 4096, 4096 + 400};
        struct snapshot *snapshot;

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                unlink(path);
                snapshot = opened();
                write_state(snapshot, 1, 500); /* slot 1 */
                write_state(snapshot, 2, 500); /* slot 0 */
                write_state(snapshot, 3, 500);
                write_state(snapshot, 4, 500);
                snapshot_free(snapshot);
                /* slot 0 has the newest; its bytes are behind those of slot 1 */
                spoil(places[i] < 4096 ? places[i] : places[i] + 4096);
                snapshot = opened();
                ck_assert_uint_eq(read_state(snapshot, NULL), 3);
                snapshot_free(snapshot);
        }
}
END_TEST

static void expect_unreadable(int error, const char *why)
{
        struct snapshot *snapshot = opened();
        struct snapshot_label got;
        char aside[128];
        const char *name;
        size_t size;
        void *data;

        ck_assert_int_eq(snapshot_read(snapshot, &got, &data, &size), error);
        ck_assert_int_eq(snapshot_set_aside(snapshot, why, &name), 0);
        snprintf(aside, sizeof(aside), "%s/%s", made, name);
        ck_assert_int_eq(access(aside, F_OK), 0);
        ck_assert_int_eq(snapshot_read(snapshot, &got, &data, &size), -ENOENT);
        write_state(snapshot, 1, 10);
        ck_assert_uint_eq(read_state(snapshot, NULL), 1);
        snapshot_free(snapshot);
}

START_TEST(corrupt_file_is_set_aside)
{
        char name[128];
        int n = 0;

        for (int i = 0; i < 7; i++) {
                struct snapshot *snapshot = opened();

                write_state(snapshot, 1, 50);
                snapshot_free(snapshot);
                spoil(512);
                spoil(0);
                expect_unreadable(-EBADMSG, "corrupt");
        }
        for (int i = 0; i < 10; i++) {
                snprintf(name, sizeof(name), "%s/state.corrupt-%d", made, i);
                n += access(name, F_OK) == 0;
        }
        ck_assert_int_eq(n, 4);
}
END_TEST

START_TEST(garbage_is_told_from_another_form)
{
        FILE *file = fopen(path, "w");

        fputs("this is no state", file);
        fclose(file);
        expect_unreadable(-EBADMSG, "corrupt");
        file = fopen(path, "w");
        fputs("callsd9", file);
        for (int i = 0; i < 5000; i++)
                fputc(i, file);
        fclose(file);
        expect_unreadable(-EPROTONOSUPPORT, "foreign");
}
END_TEST

START_TEST(directory_is_for_one)
{
        struct snapshot *snapshot = opened(), *second = NULL;

        ck_assert_int_eq(snapshot_open(made, &second), -EBUSY);
        snapshot_free(snapshot);
        snapshot_free(opened());
}
END_TEST

START_TEST(others_may_not_write)
{
        struct snapshot *snapshot = NULL;

        chmod(made, 0777);
        ck_assert_int_eq(snapshot_open(made, &snapshot), -EPERM);
        chmod(made, 0700);
        snapshot_free(opened());
        chmod(path, 0660);
        ck_assert_int_eq(snapshot_open(made, &snapshot), -EPERM);
        unlink(path);
        ck_assert_int_eq(symlink("elsewhere", path), 0);
        ck_assert_int_eq(snapshot_open(made, &snapshot), -ELOOP);
        unlink(path);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        ck_assert_int_lt(snapshot_open(made, &snapshot), 0);
}
END_TEST

START_TEST(directory_is_found)
{
        char *found = NULL;

        setenv("RUNTIME_DIRECTORY", "/run/a:/run/b", 1);
        setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
        ck_assert_int_eq(snapshot_find_directory("/x", &found), 0);
        ck_assert_str_eq(found, "/x");
        free(found);
        ck_assert_int_eq(snapshot_find_directory(NULL, &found), 0);
        ck_assert_str_eq(found, "/run/a");
        free(found);
        unsetenv("RUNTIME_DIRECTORY");
        ck_assert_int_eq(snapshot_find_directory(NULL, &found), 0);
        ck_assert_str_eq(found, "/run/user/1/callsd");
        free(found);
        unsetenv("XDG_RUNTIME_DIR");
        ck_assert_int_eq(snapshot_find_directory(NULL, &found), -ENOENT);
}
END_TEST

/* The last state that could be written stands, and there is room again later. */
START_TEST(full_disk_keeps_the_last_state)
{
        struct snapshot *snapshot = opened();
        struct rlimit before, limit;
        unsigned char *data = calloc(1, 100000);

        ck_assert_ptr_nonnull(data);
        write_state(snapshot, 1, 3000);
        write_state(snapshot, 2, 3000);
        signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = before;
        limit.rlim_cur = 20000;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ck_assert_int_eq(snapshot_write(snapshot, &label, data, 100000), -EFBIG);
        ck_assert_int_eq(snapshot_write(snapshot, &label, data, 100000), -EFBIG);
        ck_assert_uint_eq(read_state(snapshot, NULL), 2);
        setrlimit(RLIMIT_FSIZE, &before);
        write_state(snapshot, 3, 100000);
        ck_assert_uint_eq(read_state(snapshot, NULL), 3);
        snapshot_free(snapshot);
        free(data);
}
END_TEST

START_TEST(removed_file_is_made_again)
{
        struct snapshot *snapshot = opened();

        write_state(snapshot, 1, 30);
        unlink(path);
        write_state(snapshot, 2, 30);
        ck_assert_int_gt(file_size(), 0);
        unlink(path);
        ck_assert_int_eq(rmdir(made), 0);
        write_state(snapshot, 3, 30);
        ck_assert_uint_eq(read_state(snapshot, NULL), 3);
        snapshot_free(snapshot);
        snapshot = opened();
        ck_assert_uint_eq(read_state(snapshot, NULL), 3);
        snapshot_free(snapshot);
}
END_TEST

/* ---- kill -9 ---- */

static size_t size_of(unsigned number, size_t size_max)
{
        return 8 + (size_t)number * 2654435761U % size_max;
}

/* Writes on and on, and says each number when it has been acknowledged. */
static void write_until_killed(unsigned number, size_t size_max, int pipe)
{
        struct snapshot *snapshot = opened();

        read_state(snapshot, NULL);
        for (;;) {
                number++;
                write_state(snapshot, number, size_of(number, size_max));
                if (write(pipe, &number, sizeof(number)) != sizeof(number))
                        _exit(1);
        }
}

static unsigned last_said(int pipe, unsigned said)
{
        unsigned number;

        while (read(pipe, &number, sizeof(number)) == sizeof(number))
                said = number;
        return said;
}

static void expect_whole_after_kills(size_t size_max)
{
        unsigned said = 0, state = 0, ahead = 0;
        struct snapshot *snapshot;
        size_t size;

        for (unsigned i = 0; i < KILLS; i++) {
                struct timespec pause = {.tv_nsec = (long)(i * 7919 % 2500) * 1000};
                int pipes[2], status;
                pid_t pid;

                ck_assert_int_eq(pipe(pipes), 0);
                fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20);
                pid = fork();
                ck_assert_int_ge(pid, 0);
                if (pid == 0)
                        write_until_killed(state, size_max, pipes[1]);
                close(pipes[1]);
                if (i % 2) /* in the middle of work, else at any moment since the fork */
                        ck_assert_int_gt(read(pipes[0], &said, sizeof(said)), 0);
                ppoll(NULL, 0, &pause, NULL); /* any moment will do */
                ck_assert_int_eq(kill(pid, SIGKILL), 0);
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert(WIFSIGNALED(status));
                said = last_said(pipes[0], said);
                close(pipes[0]);
                snapshot = opened();
                size = 0;
                state = read_state(snapshot, &size);
                snapshot_free(snapshot);
                ck_assert_uint_ge(state, said);
                ck_assert_uint_le(state, said + 1);
                ck_assert(state == 0 || size == size_of(state, size_max));
                ahead += state > said;
                said = state;
        }
        printf("%d kills, states of up to %zu bytes: %u written, none torn, none lost, %u kills "
               "after the write and before its acknowledgement\n",
               KILLS, size_max, state, ahead);
        ck_assert_uint_gt(state, KILLS);
}

START_TEST(kills_with_small_states)
{
        expect_whole_after_kills(1000);
}
END_TEST

START_TEST(kills_with_large_states)
{
        expect_whole_after_kills(200000);
}
END_TEST

static TCase *file_case(void)
{
        TCase *test_case = tcase_create("file");

        tcase_add_checked_fixture(test_case, setup, teardown);
        tcase_add_test(test_case, new_file_is_empty);
        tcase_add_test(test_case, newest_is_read);
        tcase_add_test(test_case, grows_and_shrinks);
        tcase_add_test(test_case, spoilt_newest_gives_the_one_before);
        tcase_add_test(test_case, corrupt_file_is_set_aside);
        tcase_add_test(test_case, garbage_is_told_from_another_form);
        tcase_add_test(test_case, directory_is_for_one);
        tcase_add_test(test_case, others_may_not_write);
        tcase_add_test(test_case, directory_is_found);
        tcase_add_test(test_case, full_disk_keeps_the_last_state);
        tcase_add_test(test_case, removed_file_is_made_again);
        return test_case;
}

static TCase *kill_case(void)
{
        TCase *test_case = tcase_create("kill");

        tcase_add_checked_fixture(test_case, setup, teardown);
        tcase_add_test(test_case, kills_with_small_states);
        tcase_add_test(test_case, kills_with_large_states);
        return test_case;
}

SUITE_MAIN("store-snapshot", file_case(), kill_case());
