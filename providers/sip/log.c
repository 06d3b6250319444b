/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log lines, and the trace of liblinphone.
 *
 * Texts come from the network too, so control characters are replaced: nobody can forge a line.
 */
#include "log.h"

#include <bctoolbox/logging.h>
#include <errno.h>
#include <fcntl.h>
#include <linphone/core.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_INFO;
static FILE *trace;

void log_set_level(enum log_level level)
{
        max_level = level;
}

void log_write(enum log_level level, const char *format, ...)
{
        cleanup_(freep) char *text = NULL;
        va_list arguments;
        int r;

        if (level > max_level)
                return;
        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                return;
        }
        for (char *at = text; *at; at++)
                if ((unsigned char)*at < ' ' || *at == 0x7f)
                        *at = '?';
        if (getenv("JOURNAL_STREAM"))
                fprintf(stderr, "<%d>%s\n", level, text);
        else
                fprintf(stderr, "callsd-sip: %s\n", text);
}

/* Called on every thread of liblinphone's; one fprintf is one line. */
static void on_trace(const char *domain, BctbxLogLevel level, const char *format, va_list arguments)
{
        cleanup_(freep) char *text = NULL;
        struct timespec now;

        if (vasprintf(&text, format, arguments) < 0) {
                text = NULL;
        } else if (trace) {
                clock_gettime(CLOCK_MONOTONIC, &now);
                fprintf(trace, "%lld.%03ld %s: %s\n", (long long)now.tv_sec, now.tv_nsec / 1000000,
                        domain ? domain : "", text);
        } else if (level == BCTBX_LOG_ERROR || level == BCTBX_LOG_FATAL) {
                log_debug("%s: %s", domain ? domain : "liblinphone", text);
        }
}

int log_trace_to(const char *path)
{
        int fd;

        if (path) {
                fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
                trace = fd >= 0 ? fdopen(fd, "a") : NULL;
                if (!trace)
                        return -errno;
                setvbuf(trace, NULL, _IOLBF, 0);
        }
        return 0;
}

/* Deprecated in favour of a service that only adds its handler to the one that writes to stdout. */
void log_take_library(void)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        linphone_core_set_log_handler(on_trace);
#pragma GCC diagnostic pop
        bctbx_set_log_level(NULL, trace ? BCTBX_LOG_MESSAGE : BCTBX_LOG_ERROR);
}

void log_done(void)
{
        bctbx_set_log_level(NULL, BCTBX_LOG_FATAL);
        if (trace)
                fclose(trace);
        trace = NULL;
}
