/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logging to the journal or to stderr.
 *
 * Text in a message often comes from an app, so on stderr control characters are replaced: nobody
 * can forge a line. The journal takes them as they are, its fields have lengths.
 */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <systemd/sd-journal.h>

#define MESSAGE_SIZE 2048
#define FIELD_SIZE 320

static const struct {
        const char *name;
        int level;
} levels[] = {
        {"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
        {"info", LOG_INFO}, {"debug", LOG_DEBUG},
};

static int max_level_now = LOG_INFO;
static bool to_journal;

/* systemd names in JOURNAL_STREAM the device and inode of the stderr that it connected. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
                return false;
        if (fstat(STDERR_FILENO, &st) < 0)
                return false;
        return st.st_dev == (dev_t)device && st.st_ino == (ino_t)inode;
}

void log_open(int max_level)
{
        to_journal = stderr_is_journal();
        log_set_max_level(max_level);
}

void log_set_max_level(int max_level)
{
        max_level_now = max_level;
}

int log_get_max_level(void)
{
        return max_level_now;
}

int log_level_from_string(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
                if (streq(levels[i].name, name))
                        return levels[i].level;
        return -EINVAL;
}

const char *log_level_to_string(int level)
{
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
                if (levels[i].level == level)
                        return levels[i].name;
        return "error";
}

struct record {
        struct iovec fields[6];
        char texts[6][FIELD_SIZE];
        int n_fields;
};

static void record_add(struct record *record, const char *name, const char *value)
{
        char *text = record->texts[record->n_fields];
        int length;

        if (!value)
                return;
        length = snprintf(text, FIELD_SIZE, "%s=%s", name, value);
        if (length >= FIELD_SIZE)
                length = FIELD_SIZE - 1;
        record->fields[record->n_fields++] = (struct iovec){text, (size_t)length};
}

/* `message` starts with "MESSAGE=". */
static void write_journal(int level, const struct log_context *context, char *message)
{
        struct record record = {0};
        char priority[4];

        snprintf(priority, sizeof(priority), "%d", level);
        record.fields[record.n_fields++] = (struct iovec){message, strlen(message)};
        record_add(&record, "PRIORITY", priority);
        if (context) {
                record_add(&record, "CALLSD_CALL", context->call);
                record_add(&record, "CALLSD_PROVIDER", context->provider);
                record_add(&record, "CALLSD_TRANSACTION", context->transaction);
                record_add(&record, "MESSAGE_ID", context->message_id);
        }
        (void)sd_journal_sendv(record.fields, record.n_fields);
}

static void replace_control_characters(char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        *text = '?';
}

static void append_field(char *line, size_t size, const char *name, const char *value)
{
        size_t used = strlen(line);

        if (value)
                snprintf(line + used, size - used, " %s=%s", name, value);
}

static void write_stderr(int level, const struct log_context *context, const char *message)
{
        char line[MESSAGE_SIZE + FIELD_SIZE];

        snprintf(line, sizeof(line), "callsd: %s: %s", log_level_to_string(level), message);
        if (context) {
                append_field(line, sizeof(line), "call", context->call);
                append_field(line, sizeof(line), "provider", context->provider);
                append_field(line, sizeof(line), "transaction", context->transaction);
        }
        replace_control_characters(line);
        fprintf(stderr, "%s\n", line);
}

void log_write(int level, const struct log_context *context, const char *format, ...)
{
        static const char prefix[] = "MESSAGE=";
        char message[MESSAGE_SIZE];
        int saved_errno = errno;
        va_list arguments;

        if (level > max_level_now)
                return;
        memcpy(message, prefix, sizeof(prefix));
        va_start(arguments, format);
        vsnprintf(message + sizeof(prefix) - 1, sizeof(message) - sizeof(prefix) + 1, format,
                  arguments);
        va_end(arguments);
        if (to_journal)
                write_journal(level, context, message);
        else
                write_stderr(level, context, message + sizeof(prefix) - 1);
        errno = saved_errno;
}

static bool starts_character(char byte)
{
        return ((unsigned char)byte & 0xc0) != 0x80;
}

const char *log_redact(const char *text, char *buffer, size_t size)
{
        size_t n_characters = 0, n_seen = 0, used = 0;

        if (size == 0)
                return "";
        for (const char *c = text; c && *c; c++)
                n_characters += starts_character(*c);
        for (const char *c = text; c && *c && used + 1 < size; c++) {
                n_seen += starts_character(*c);
                if (n_characters > 2 && n_seen > n_characters - 2)
                        buffer[used++] = *c;
                else if (starts_character(*c))
                        buffer[used++] = '*';
        }
        buffer[used] = '\0';
        return buffer;
}
