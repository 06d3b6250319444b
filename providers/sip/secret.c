/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A password comes from a file that only its owner can read, or from a systemd credential. It never
 * stands in sip.conf, which people show one another when something does not work.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

#define SECRET_SIZE 1024

void secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

static int read_line(int fd, char **field)
{
        char line[SECRET_SIZE];
        ssize_t n = read(fd, line, sizeof(line) - 1);
        char *copy;

        if (n < 0)
                return -errno;
        line[n] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        if (!*line)
                return -ENODATA;
        copy = strdup(line);
        explicit_bzero(line, sizeof(line));
        if (!copy)
                return -ENOMEM;
        secret_free(*field);
        *field = copy;
        return 0;
}

static int read_secret(const char *path, bool is_private, char **field)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        int r = 0;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                r = -errno;
        else if (!S_ISREG(st.st_mode))
                r = -EINVAL;
        else if (is_private && (st.st_mode & 077))
                r = -EPERM;
        if (r == 0)
                r = read_line(fd, field);
        close(fd);
        return r;
}

int secret_from_file(const char *path, char **field)
{
        return *path == '/' ? read_secret(path, true, field) : -EINVAL;
}

int secret_from_credential(const char *name, char **field)
{
        const char *folder = getenv("CREDENTIALS_DIRECTORY");
        cleanup_(freep) char *path = NULL;

        if (!*name || strchr(name, '/') || !folder)
                return -EINVAL;
        if (asprintf(&path, "%s/%s", folder, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return read_secret(path, false, field);
}
