/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who a process is: uid, and the sandbox it lives in.
 *
 * The uid comes from the bus and decides. The sandbox can only be seen in /proc, by a process
 * number that may have been used again: a sandboxed app could connect, fork, exit, and wait for an
 * unsandboxed process to get its number. So the process must be older than the connection.
 */
#include "bus/bus-identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "util/cleanup.h"

#define INFO_SIZE 16384

/* The whole of a small file, with a NUL; negative errno. */
static int read_text(const char *path, char *buffer, size_t size)
{
        cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        size_t n = 0;
        ssize_t got;

        if (fd < 0)
                return -errno;
        while (n + 1 < size && (got = read(fd, buffer + n, size - 1 - n)) != 0) {
                if (got < 0)
                        return -errno;
                n += (size_t)got;
        }
        buffer[n] = '\0';
        return 0;
}

/* When a process was started, on CLOCK_BOOTTIME, rounded down to a clock tick. */
static int read_start_time(pid_t pid, usec_t *ret_started)
{
        char path[64], text[1024], *after;
        unsigned long long ticks;
        int r;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        r = read_text(path, text, sizeof(text));
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

void identity_look_up(pid_t pid, usec_t appeared, struct sandbox *ret_sandbox)
{
        char path[64], text[INFO_SIZE] = "";
        usec_t started;
        int r;

        *ret_sandbox = (struct sandbox){.sandboxed = true};
        if (pid <= 0)
                return;
        snprintf(path, sizeof(path), "/proc/%d/root/.flatpak-info", (int)pid);
        r = read_text(path, text, sizeof(text));
        if (r < 0 && r != -ENOENT)
                return;
        /* After the look at its root, so that the number can't change hands in between. */
        if (read_start_time(pid, &started) < 0 || started > appeared)
                return;
        ret_sandbox->certain = true;
        if (r == -ENOENT)
                ret_sandbox->sandboxed = false;
        else
                identity_parse_info(text, ret_sandbox->app_id, sizeof(ret_sandbox->app_id));
}
