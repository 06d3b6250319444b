/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small text file: a new one is written beside it, and takes its place. */
#include "store/small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/cleanup.h"

static int read_all(int fd, char *text, size_t size, size_t *ret_length)
{
        size_t length = 0;

        while (length < size) {
                ssize_t n = read(fd, text + length, size - length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                length += (size_t)n;
        }
        *ret_length = length;
        return 0;
}

int small_file_read(const char *path, size_t size_max, char **ret_text)
{
        cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        cleanup_(freep) char *text = NULL;
        size_t length = 0;
        int r;

        if (fd < 0)
                return -errno;
        text = malloc(size_max + 1);
        if (!text)
                return -ENOMEM;
        r = read_all(fd, text, size_max + 1, &length);
        if (r < 0)
                return r;
        if (length > size_max)
                return -EFBIG;
        text[length] = '\0';
        if (strlen(text) != length)
                return -EBADMSG;
        *ret_text = take_ptr(text);
        return 0;
}

/* All folders in front of the last slash. */
static int make_folders(char *path)
{
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                int r;

                *slash = '\0';
                r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
                *slash = '/';
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
        while (length > 0) {
                ssize_t n = write(fd, text, length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                text += n;
                length -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

static int write_beside(const char *path, const char *text)
{
        cleanup_(closep) int fd =
                open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);

        return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

/* Both names are there until the new file takes the place of the one. */
static int keep_old(const char *path)
{
        cleanup_(freep) char *kept = NULL;

        if (asprintf(&kept, "%s.old", path) < 0) {
                kept = NULL;
                return -ENOMEM;
        }
        if (unlink(kept) < 0 && errno != ENOENT)
                return -errno;
        return link(path, kept) < 0 && errno != ENOENT ? -errno : 0;
}

int small_file_write(const char *path, const char *text, bool keep)
{
        cleanup_(freep) char *beside = NULL;
        int r;

        if (asprintf(&beside, "%s.new", path) < 0) {
                beside = NULL;
                return -ENOMEM;
        }
        r = make_folders(beside);
        if (r == 0)
                r = write_beside(beside, text);
        if (r == 0 && keep)
                r = keep_old(path);
        if (r == 0 && rename(beside, path) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(beside);
        return r;
}
