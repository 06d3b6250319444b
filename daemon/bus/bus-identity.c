/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who a process is: uid, and the sandbox it lives in.
 *
 * The uid comes from the bus and decides. The sandbox can only be seen in /proc, by a process
 * number that may have been used again: a sandboxed app could connect, fork, exit, and wait for an
 * unsandboxed process to get its number. So the process must be older than the connection.
 *
 * Nothing in a foreign root is trusted: no link is followed (it would lead into our own root), only
 * a regular file is read, and a file system that some process answers for (FUSE) is not touched at
 * all, for callsd would wait for that process.
 *
 * Another user's root can't be entered. But what is mounted there can be read by everybody: who has
 * the same root as callsd itself lives in no sandbox.
 */
#include "bus/bus-identity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/cleanup.h"

#define INFO_SIZE 16384
#define MOUNTS_SIZE (256UL * 1024)

/* The whole of a small file, with a NUL; negative errno. */
static int read_fd(int fd, char *buffer, size_t size)
{
        size_t n = 0;
        ssize_t got;

        while (n + 1 < size && (got = read(fd, buffer + n, size - 1 - n)) != 0) {
                if (got < 0)
                        return -errno;
                n += (size_t)got;
        }
        buffer[n] = '\0';
        return 0;
}

static int read_text(pid_t pid, const char *name, char *buffer, size_t size)
{
        cleanup_(closep) int fd = -1;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? -errno : read_fd(fd, buffer, size);
}

/* When a process was started, on CLOCK_BOOTTIME, rounded down to a clock tick. */
static int read_start_time(pid_t pid, usec_t *ret_started)
{
        char text[1024], *after;
        unsigned long long ticks;
        int r;

        r = read_text(pid, "stat", text, sizeof(text));
        if (r < 0)
                return r;
        /* The name in parentheses may hold anything; the state, field 3, follows the last one. */
        after = strrchr(text, ')');
        if (!after || sscanf(after + 1,
                             " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                             "%*s %*s %llu",
                             &ticks) != 1)
                return -EBADMSG;
        *ret_started = (usec_t)ticks * USEC_PER_SEC / (usec_t)sysconf(_SC_CLK_TCK);
        return 0;
}

bool identity_parse_info(const char *text, char *ret_app_id, size_t size)
{
        bool application = false;

        while (*text) {
                size_t length = strcspn(text, "\n");

                if (text[0] == '[') {
                        application = strncmp(text, "[Application]", 13) == 0;
                } else if (application && strncmp(text, "name=", 5) == 0) {
                        if (length - 5 == 0 || length - 5 >= size)
                                return false;
                        memcpy(ret_app_id, text + 5, length - 5);
                        ret_app_id[length - 5] = '\0';
                        return true;
                }
                text += length;
                if (*text == '\n')
                        text++;
        }
        return false;
}

bool identity_from_label(const char *label, struct sandbox *ret_sandbox)
{
        struct sandbox sandbox = {.sandboxed = true, .certain = true};
        size_t length;

        /* "snap.NAME.APP (enforce)" */
        if (strncmp(label, "snap.", 5) != 0)
                return false;
        length = 5 + strcspn(label + 5, ". ");
        if (length < sizeof(sandbox.app_id))
                memcpy(sandbox.app_id, label, length);
        *ret_sandbox = sandbox;
        return true;
}

/* ---- mounts ---- */

/* "ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS" */
bool identity_parse_root(const char *mountinfo, char *ret_root, size_t size)
{
        bool found = false;

        while (mountinfo && *mountinfo) {
                char device[32], root[512], point[512];

                if (sscanf(mountinfo, "%*u %*u %31s %511s %511s", device, root, point) == 3 &&
                    streq(point, "/"))
                        /* The last one is on top of the others. */
                        found = snprintf(ret_root, size, "%s %s", device, root) < (int)size;
                mountinfo = strchr(mountinfo, '\n');
                mountinfo = mountinfo ? mountinfo + 1 : NULL;
        }
        return found;
}

bool identity_parse_type(const char *mountinfo, unsigned long long mount, char *ret_type,
                         size_t size)
{
        while (mountinfo && *mountinfo) {
                const char *end = strchrnul(mountinfo, '\n');
                const char *type = strstr(mountinfo, " - ");
                size_t length;

                if (type && type < end && strtoull(mountinfo, NULL, 10) == mount) {
                        length = strcspn(type + 3, " \n");
                        return snprintf(ret_type, size, "%.*s", (int)length, type + 3) < (int)size;
                }
                mountinfo = *end ? end + 1 : NULL;
        }
        return false;
}

/* Whether callsd would wait for a process, looking at what `fd` (O_PATH) stands for. */
static bool may_hang(pid_t pid, int fd)
{
        cleanup_(freep) char *mounts = calloc(1, MOUNTS_SIZE);
        char type[64] = "";
        struct statx st;

        if (!mounts || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
                return true;
        if (!(st.stx_mask & STATX_MNT_ID))
                return false; /* before Linux 5.8 */
        /* A process in a part of our own tree (chroot) sees fewer mounts than we do. */
        if ((read_text(pid, "mountinfo", mounts, MOUNTS_SIZE) < 0 ||
             !identity_parse_type(mounts, st.stx_mnt_id, type, sizeof(type))) &&
            (read_text(getpid(), "mountinfo", mounts, MOUNTS_SIZE) < 0 ||
             !identity_parse_type(mounts, st.stx_mnt_id, type, sizeof(type))))
                return true;
        return strncmp(type, "fuse", 4) == 0 && !streq(type, "fuseblk");
}

static bool has_our_root(pid_t pid)
{
        cleanup_(freep) char *mounts = calloc(1, MOUNTS_SIZE);
        char ours[640], theirs[640];

        return mounts && read_text(pid, "mountinfo", mounts, MOUNTS_SIZE) == 0 &&
               identity_parse_root(mounts, theirs, sizeof(theirs)) &&
               read_text(getpid(), "mountinfo", mounts, MOUNTS_SIZE) == 0 &&
               identity_parse_root(mounts, ours, sizeof(ours)) && streq(ours, theirs);
}

/* ---- the sandbox ---- */

/* -ENOENT: there is no such file; -EACCES: it can't be looked at. */
static int read_info(pid_t pid, char *text, size_t size)
{
        cleanup_(closep) int root = -1, path = -1, file = -1;
        char link[64];
        struct stat st;

        snprintf(link, sizeof(link), "/proc/%d/root", (int)pid);
        root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        if (may_hang(pid, root))
                return -EDEADLK;
        path = openat(root, ".flatpak-info", O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (path < 0)
                return -errno;
        if (may_hang(pid, path))
                return -EDEADLK;
        if (fstat(path, &st) < 0 || !S_ISREG(st.st_mode))
                return -EINVAL;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
        file = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return file < 0 ? -EINVAL : read_fd(file, text, size);
}

/* Whether the process that was looked at is the one that connected. */
static bool is_the_same(pid_t pid, int pidfd, usec_t appeared)
{
        struct pollfd alive = {.fd = pidfd, .events = POLLIN};
        usec_t started;

        if (pidfd >= 0)
                return poll(&alive, 1, 0) == 0;
        return read_start_time(pid, &started) == 0 && started <= appeared;
}

void identity_look_up(pid_t pid, int pidfd, usec_t appeared, struct sandbox *ret_sandbox)
{
        char text[INFO_SIZE] = "";
        bool free_of_it;
        int r;

        *ret_sandbox = (struct sandbox){.sandboxed = true};
        if (pid <= 0)
                return;
        r = read_info(pid, text, sizeof(text));
        free_of_it = r == -ENOENT || (r == -EACCES && has_our_root(pid));
        if (r < 0 && !free_of_it)
                return;
        /* After the look at its root, so that the number can't change hands in between. */
        if (!is_the_same(pid, pidfd, appeared))
                return;
        ret_sandbox->certain = true;
        if (free_of_it)
                ret_sandbox->sandboxed = false;
        else
                identity_parse_info(text, ret_sandbox->app_id, sizeof(ret_sandbox->app_id));
}
