/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting crashes; see crash.h. */
#include "app/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/macro.h"

#define PROBATION (10 * USEC_PER_SEC)

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* A signal handler has no other way to its data. */
static struct sigaction before[ARRAY_SIZE(faults)];
static int crash_file = -1;

static void on_fault(int number, siginfo_t *info, void *context)
{
        ssize_t written = write(crash_file, "x", 1);

        (void)written, (void)context;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                if (faults[i] == number)
                        sigaction(number, &before[i], NULL);
        /* A fault happens again as soon as we return; what somebody sent does not. */
        if (info->si_code <= 0)
                raise(number);
}

static void catch_faults(void)
{
        struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

        sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                sigaction(faults[i], &action, &before[i]);
}

void crash_forgive(struct crash *crash)
{
        int r = crash_file >= 0 ? ftruncate(crash_file, 0) : 0;

        (void)r;
        crash->n = 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        crash_forgive(userdata);
        return 0;
}

int crash_watch(struct crash *crash, sd_event *event, const char *directory)
{
        cleanup_(freep) char *path = NULL;
        struct stat st;
        int r;

        if (asprintf(&path, "%s/crashes", directory) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        crash_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                          0600);
        if (crash_file < 0)
                return -errno;
        if (fstat(crash_file, &st) < 0 || !S_ISREG(st.st_mode)) {
                close(crash_file);
                crash_file = -1;
                return -EINVAL;
        }
        crash->n = (unsigned)st.st_size;
        catch_faults();
        r = sd_event_add_time_relative(event, &crash->timer, CLOCK_MONOTONIC, PROBATION, 0,
                                       on_timer, crash);
        return r < 0 ? r : 0;
}

void crash_done(struct crash *crash)
{
        crash->timer = sd_event_source_disable_unref(crash->timer);
        if (crash_file < 0)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                sigaction(faults[i], &before[i], NULL);
        crash_forgive(crash);
        close(crash_file);
        crash_file = -1;
}
