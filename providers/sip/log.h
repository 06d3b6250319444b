/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line on stderr per event, with the priority prefix that the journal understands. */
#ifndef CALLSD_SIP_LOG_H
#define CALLSD_SIP_LOG_H

#include "base.h"

enum log_level {
        LOG_LEVEL_ERROR = 3,
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7,
};

/* Whether a line of this level is wanted; errors always are. */
void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * Everything that liblinphone says, SIP messages included, goes into this file; NULL: only its
 * errors, as debug lines. Names, numbers and keys of calls are in it, so it is made 0600.
 * 0 or a negative errno.
 */
int log_trace_to(const char *path);
/* Before the library is set up, and after, for it chooses a level then. */
void log_take_library(void);
void log_done(void);

#endif
