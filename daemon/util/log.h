/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logging for the adapters and the app; the model never logs.
 *
 * With the journal on stderr (JOURNAL_STREAM) every message carries structured fields, so that
 * `journalctl CALLSD_CALL=<uuid>` tells the story of one call; otherwise plain lines on stderr.
 * Names and numbers of people are personal data: at debug level only, through log_redact().
 */
#ifndef CALLSD_UTIL_LOG_H
#define CALLSD_UTIL_LOG_H

#include <syslog.h>

#include "util/macro.h"

/* What a message is about; every member may be NULL. */
struct log_context {
        const char *call;        /* CALLSD_CALL=, a call's UUID */
        const char *provider;    /* CALLSD_PROVIDER=, an identifier */
        const char *transaction; /* CALLSD_TRANSACTION=, a UUID */
        const char *message_id;  /* MESSAGE_ID=, 32 hex digits, one per kind of event */
};

/* Chooses journal or stderr. `max_level` is a syslog priority, LOG_ERR to LOG_DEBUG. */
void log_open(int max_level);
void log_set_max_level(int max_level);
int log_get_max_level(void);

/* "error", "warning", "notice", "info", "debug" to a syslog priority; -EINVAL otherwise. */
int log_level_from_string(const char *name);
const char *log_level_to_string(int level);

void log_write(int level, const struct log_context *context, const char *format, ...)
        PRINTF_LIKE(3, 4);

#define log_error(...) log_write(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, NULL, __VA_ARGS__)

/* `text` with all but its last two characters starred, in `buffer`; returns `buffer`. */
const char *log_redact(const char *text, char *buffer, size_t size);

#endif
