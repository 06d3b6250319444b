/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log lines. Texts come from the network too, so control characters are replaced: nobody can forge
 * a line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "bridge.h"

static const char *log_program = "callsd-modem";
static int log_max = LOG_INFO;

void log_start(const char *program, bool verbose)
{
        log_program = program;
        log_max = verbose ? LOG_DEBUG : LOG_INFO;
}

void bridge_log(int level, const char *format, ...)
{
        cleanup_(freep) char *text = NULL;
        va_list arguments;
        int r;

        if (level > log_max)
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
                fprintf(stderr, "%s: %s\n", log_program, text);
}
