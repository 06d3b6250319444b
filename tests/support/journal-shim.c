/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into dbus-broker-launch, which insists on a journal at a fixed path: leads it to the
 * socket that CALLSD_JOURNAL_SOCKET names. So that bus needs neither systemd nor root nor a mount
 * namespace, none of which a container need have.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL "/run/systemd/journal/socket"

/* libc's own prototype has a transparent union for the address, in C and with _GNU_SOURCE. */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
        const struct sockaddr_un *wanted = (const void *)address.__sockaddr__;
        const char *ours = getenv("CALLSD_JOURNAL_SOCKET");
        struct sockaddr_un changed = {.sun_family = AF_UNIX};

        if (!ours || strlen(ours) >= sizeof(changed.sun_path) ||
            length < offsetof(struct sockaddr_un, sun_path) + sizeof(JOURNAL) - 1 ||
            wanted->sun_family != AF_UNIX ||
            strncmp(wanted->sun_path, JOURNAL, sizeof(JOURNAL) - 1) != 0)
                return (int)syscall(SYS_connect, fd, wanted, length);
        memcpy(changed.sun_path, ours, strlen(ours));
        return (int)syscall(SYS_connect, fd, &changed, sizeof(changed));
}
