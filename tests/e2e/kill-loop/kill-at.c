/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into callsd: kills it right before one of its writes, to the state file or to the bus.
 *
 * A kill at a random moment mostly hits a daemon that waits. What matters happens between two
 * writes: after the state was written and before the reply, after the reply and before the signals.
 * CALLSD_KILL_AT=N: before the N-th. With CALLSD_KILL_ON_SIGNAL they count from SIGUSR2 on.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static volatile long left;

static void begin(int signal_number)
{
        const char *text = getenv("CALLSD_KILL_AT");

        (void)signal_number;
        left = text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void set_up(void)
{
        if (getenv("CALLSD_KILL_ON_SIGNAL"))
                signal(SIGUSR2, begin);
        else
                begin(0);
}

static void count(void)
{
        if (left > 0 && --left == 0)
                kill(getpid(), SIGKILL);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        static ssize_t (*real)(int fd, const struct msghdr *message, int flags);

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "sendmsg");
        count();
        return real(fd, message, flags);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
        static ssize_t (*real)(int fd, const void *data, size_t size, off_t offset);

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
        count();
        return real(fd, data, size, offset);
}
