/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal's file: one line for each record, and the whole of it written anew for each change,
 * beside it and then renamed. That takes some microseconds on a tmpfs, and there is never a torn
 * file, however callsd ends.
 *
 *     duck 2836719283 117
 *     pause 0 0 5f1c... :1.42 org.mpris.MediaPlayer2.mpv
 */
#include "audio/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "util/cleanup.h"
#include "util/log.h"

#define FILE_NAME "audio-journal"

static const char *const kinds[JOURNAL_KIND_MAX_] = {
        [JOURNAL_DUCK] = "duck",
        [JOURNAL_PAUSE] = "pause",
        [JOURNAL_TARGET] = "target",
        [JOURNAL_PROFILE] = "profile",
};

static int record_new(struct journal *journal, enum journal_kind kind, uint32_t cookie,
                      uint64_t serial, const char *text, struct journal_record **ret_record)
{
        struct journal_record *record = calloc(1, sizeof(*record));

        if (!record)
                return -ENOMEM;
        record->kind = kind;
        record->cookie = cookie;
        record->serial = serial;
        record->text = strdup(text);
        if (!record->text) {
                free(record);
                return -ENOMEM;
        }
        DL_APPEND(journal->records, record);
        *ret_record = record;
        return 0;
}

static void record_free(struct journal *journal, struct journal_record *record)
{
        DL_DELETE(journal->records, record);
        free(record->text);
        free(record);
}

/* Reading */

static void read_line(struct journal *journal, char *line)
{
        char word[16];
        uint32_t cookie;
        uint64_t serial;
        int end = 0;
        struct journal_record *record;

        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%15s %" SCNu32 " %" SCNu64 "%n", word, &cookie, &serial, &end) != 3)
                return;
        end += line[end] == ' ';
        for (unsigned kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
                if (streq(word, kinds[kind]) &&
                    record_new(journal, kind, cookie, serial, line + end, &record) < 0)
                        log_error("There is no memory to read what is to be undone");
        }
}

static void read_file(struct journal *journal)
{
        cleanup_(freep) char *line = NULL;
        size_t size = 0;
        FILE *file = fopen(journal->path, "re");

        if (!file)
                return;
        while (getline(&line, &size, file) >= 0)
                read_line(journal, line);
        fclose(file);
}

/* Writing */

static int print_records(const struct journal *journal, FILE *file)
{
        const struct journal_record *record;

        DL_FOREACH (journal->records, record) {
                if (fprintf(file, "%s %" PRIu32 " %" PRIu64 "%s%s\n", kinds[record->kind],
                            record->cookie, record->serial, *record->text ? " " : "",
                            record->text) < 0)
                        return -EIO;
        }
        return fflush(file) == 0 ? 0 : -errno;
}

static int write_beside(const struct journal *journal, const char *path)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        FILE *file;
        int r;

        if (fd < 0)
                return -errno;
        file = fdopen(fd, "w");
        if (!file) {
                close(fd);
                return -ENOMEM;
        }
        r = print_records(journal, file);
        fclose(file);
        return r;
}

static int write_file(const struct journal *journal)
{
        cleanup_(freep) char *path = NULL;
        int r;

        if (!journal->records)
                return unlink(journal->path) < 0 && errno != ENOENT ? -errno : 0;
        if (asprintf(&path, "%s.new", journal->path) < 0)
                return -ENOMEM;
        r = write_beside(journal, path);
        if (r == 0 && rename(path, journal->path) < 0)
                r = -errno;
        return r;
}

/* Life */

/* systemd may name several, separated by colons. */
static char *runtime_directory(void)
{
        const char *own = getenv("RUNTIME_DIRECTORY");
        const char *session = getenv("XDG_RUNTIME_DIR");
        char *path = NULL;

        if (own && *own == '/')
                return strndup(own, strcspn(own, ":"));
        if (session && *session == '/' && asprintf(&path, "%s/callsd", session) < 0)
                return NULL;
        return path;
}

void journal_init(struct journal *journal)
{
        cleanup_(freep) char *directory = runtime_directory();

        *journal = (struct journal){.path = NULL};
        if (!directory)
                return;
        if (mkdir(directory, 0700) < 0 && errno != EEXIST)
                log_warning("%s cannot be made: %s", directory, strerror(errno));
        if (asprintf(&journal->path, "%s/" FILE_NAME, directory) < 0)
                journal->path = NULL;
        else
                read_file(journal);
}

void journal_done(struct journal *journal)
{
        while (journal->records)
                record_free(journal, journal->records);
        free(journal->path);
        journal->path = NULL;
}

/* Records */

static int fail(struct journal *journal, int r)
{
        static bool told;

        if (!told)
                log_warning("Other sound is left as it is during calls: what callsd changes would "
                            "not be put back after a crash, since %s cannot be written: %s",
                            journal->path ? journal->path
                                          : "there is no XDG_RUNTIME_DIR, and " FILE_NAME,
                            strerror(-r));
        told = true;
        return r;
}

int journal_add(struct journal *journal, enum journal_kind kind, uint32_t cookie, uint64_t serial,
                const char *text, struct journal_record **ret_record)
{
        struct journal_record *record;
        int r;

        if (!journal->path)
                return fail(journal, -ENOENT);
        r = record_new(journal, kind, cookie, serial, text, &record);
        if (r < 0)
                return r;
        r = write_file(journal);
        if (r < 0) {
                record_free(journal, record);
                return fail(journal, r);
        }
        *ret_record = record;
        return 0;
}

/* A record that stays in the file is undone once too often, which does no harm. */
static void write_without(struct journal *journal)
{
        int r = journal->path ? write_file(journal) : 0;

        if (r < 0)
                log_debug("%s cannot be written: %s", journal->path, strerror(-r));
}

void journal_remove(struct journal *journal, struct journal_record *record)
{
        if (!record)
                return;
        record_free(journal, record);
        write_without(journal);
}

void journal_forget_others(struct journal *journal, uint32_t cookie)
{
        struct journal_record *record;
        struct journal_record *next;
        bool changed = false;

        DL_FOREACH_SAFE (journal->records, record, next) {
                if (record->kind == JOURNAL_PAUSE || record->cookie == cookie)
                        continue;
                record_free(journal, record);
                changed = true;
        }
        if (changed)
                write_without(journal);
}
