/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading callsd.conf with inih.
 *
 * inih says neither the line of a key nor anything of a section without keys, and takes an
 * indented line for the rest of the one before. So it gets its lines through read_line(), which
 * counts, checks headings, and removes indentation.
 */
#include "config/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config-table.h"
#include "config/config-value.h"
#include "util/cleanup.h"
#include "util/log.h"

#define SYSTEM_PATH "/etc/callsd/callsd.conf"
#define N_KEYS_MAX 96

struct reader {
        FILE *file;
        const char *path;
        struct config *config;
        unsigned line;
        unsigned set_at[N_KEYS_MAX]; /* line on which each key was set, or 0 */
        int error;                   /* negative errno; the first one stands */
        char *message;
};

static void PRINTF_LIKE(2, 3) reader_fail(struct reader *reader, const char *format, ...)
{
        cleanup_(freep) char *text = NULL;
        va_list arguments;

        if (reader->error)
                return;
        reader->error = -EINVAL;
        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        if (asprintf(&reader->message, "%s:%u: %s", reader->path, reader->line,
                     str_or_empty(text)) < 0)
                reader->message = NULL;
}

static void check_heading(struct reader *reader, const char *line)
{
        cleanup_(freep) char *section = strndup(line + 1, strcspn(line + 1, "]"));
        const char *close;

        if (!section) {
                reader->error = -ENOMEM;
                return;
        }
        if (!strchr(line, ']')) {
                reader_fail(reader, "'%s' lacks its ']'", line);
                return;
        }
        if (config_section_exists(section))
                return;
        close = config_section_suggest(section);
        if (close)
                reader_fail(reader, "unknown section [%s]; did you mean [%s]?", section, close);
        else
                reader_fail(reader,
                            "unknown section [%s]; there are [Calls], [Deadlines], "
                            "[Limits], [Providers], [Audio], [Bus] and [Log]",
                            section);
}

static void check_line(struct reader *reader, char *line)
{
        line[strcspn(line, "\r\n")] = '\0';
        if (*line == '[')
                check_heading(reader, line);
        else if (*line && !strchr("#;", *line) && !strpbrk(line, "=:"))
                reader_fail(reader, "'%s' is neither Key=Value nor [Section] nor # comment", line);
}

/* In the form of fgets, as inih wants it. Ends at the first error. */
static char *read_line(char *buffer, int size, void *userdata)
{
        struct reader *reader = userdata;
        size_t length, blanks;

        if (reader->error)
                return NULL;
        if (!fgets(buffer, size, reader->file)) {
                reader->error = ferror(reader->file) ? -errno : 0;
                return NULL;
        }
        reader->line++;
        length = strlen(buffer);
        if (length == 0) {
                reader_fail(reader, "there is a NUL byte; the file has to be text");
                return NULL;
        }
        if (length + 1 == (size_t)size && buffer[length - 1] != '\n') {
                reader_fail(reader, "the line is longer than %d characters", size - 2);
                return NULL;
        }
        blanks = strspn(buffer, " \t");
        memmove(buffer, buffer + blanks, length - blanks + 1);
        check_line(reader, buffer);
        return reader->error ? NULL : buffer;
}

static void fail_unknown_key(struct reader *reader, const char *section, const char *name)
{
        const struct config_key *close = config_key_suggest(section, name);

        if (!*section)
                reader_fail(reader, "%s= stands before any section; begin with, for example, [%s]",
                            name, close ? close->section : "Calls");
        else if (!close)
                reader_fail(reader, "unknown key %s= in [%s]", name, section);
        else if (streq(close->section, section))
                reader_fail(reader, "unknown key %s= in [%s]; did you mean %s=?", name, section,
                            close->name);
        else
                reader_fail(reader, "unknown key %s= in [%s]; did you mean %s= in [%s]?", name,
                            section, close->name, close->section);
}

static void set_key(struct reader *reader, const struct config_key *key, const char *value)
{
        unsigned *set_at = &reader->set_at[key - CONFIG_KEYS];
        char expected[128];
        int r;

        if (*set_at && key->type != CONFIG_LIST && key->type != CONFIG_APP_LISTS) {
                reader_fail(reader, "%s= is already set on line %u", key->name, *set_at);
                return;
        }
        *set_at = reader->line;
        r = config_value_set(reader->config, key, value);
        if (r == -ENOMEM) {
                reader->error = r;
        } else if (r < 0) {
                config_value_expect(key, expected, sizeof(expected));
                reader_fail(reader, "%s=%s is not possible; it takes %s", key->name, value,
                            expected);
        }
}

static int handle_key(void *userdata, const char *section, const char *name, const char *value)
{
        struct reader *reader = userdata;
        const struct config_key *key = config_key_find(section, name);

        if (reader->error)
                return 0;
        if (key)
                set_key(reader, key, value);
        else
                fail_unknown_key(reader, section, name);
        return !reader->error;
}

/* What no single key can check. */
static void check_whole(struct reader *reader)
{
        const struct limits *limits = &reader->config->limits;
        char min[32], max[32];

        if (reader->error || limits->timeout_min <= limits->timeout_max)
                return;
        config_format_duration(limits->timeout_min, min, sizeof(min));
        config_format_duration(limits->timeout_max, max, sizeof(max));
        reader_fail(reader, "MinimumTimeout=%s is above MaximumTimeout=%s", min, max);
}

static int parse(FILE *file, const char *path, struct config *config, char **ret_error)
{
        struct reader reader = {.file = file, .path = path, .config = config};
        int line;

        assert(N_CONFIG_KEYS <= N_KEYS_MAX);
        line = ini_parse_stream(read_line, &reader, handle_key, &reader);
        if (!reader.error && line > 0) {
                reader.line = (unsigned)line;
                reader_fail(&reader, "the line cannot be read; expected Key=Value");
        }
        check_whole(&reader);
        if (reader.error && !reader.message &&
            asprintf(&reader.message, "%s: %s", path, strerror(-reader.error)) < 0)
                reader.message = NULL;
        if (reader.error)
                *ret_error = reader.message;
        return reader.error;
}

void config_init(struct config *config)
{
        *config = (struct config){
                .limits = LIMITS_DEFAULT,
                .log_level = LOG_INFO,
                .audio = {.duck_volume = -12, .ring_volume = 1},
        };
}

static void free_list(char **list)
{
        for (char **word = list; word && *word; word++)
                free(*word);
        free(list);
}

void config_done(struct config *config)
{
        free_list(config->providers);
        free_list(config->audio.ring_devices);
        free_list(config->audio.route_preference);
        free_list(config->audio.provider_routes);
        free(config->bus_address);
        *config = (struct config){0};
}

/* The path in the user's folder, or NULL without one. */
static char *user_path(void)
{
        const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        char *path = NULL;
        int length = -1;

        if (folder && *folder == '/')
                length = asprintf(&path, "%s/callsd/callsd.conf", folder);
        else if (home && *home == '/')
                length = asprintf(&path, "%s/.config/callsd/callsd.conf", home);
        return length < 0 ? NULL : path;
}

static char *default_path(void)
{
        char *path = user_path();

        if (path && access(path, F_OK) == 0)
                return path;
        free(path);
        return access(SYSTEM_PATH, F_OK) == 0 ? strdup(SYSTEM_PATH) : NULL;
}

static int load_file(const char *path, struct config *config, char **ret_error)
{
        FILE *file = fopen(path, "re");
        int r;

        if (!file) {
                r = -errno;
                if (asprintf(ret_error, "%s: cannot be opened: %s", path, strerror(-r)) < 0)
                        *ret_error = NULL;
                return r;
        }
        r = parse(file, path, config, ret_error);
        fclose(file);
        return r;
}

int config_load(const char *path, struct config *config, char **ret_error)
{
        cleanup_(freep) char *found = path ? NULL : default_path();
        struct config fresh;
        int r = 0;

        config_init(&fresh);
        if (path || found)
                r = load_file(path ? path : found, &fresh, ret_error);
        if (r < 0) {
                config_done(&fresh);
                return r;
        }
        config_done(config);
        *config = fresh;
        return 0;
}

bool config_allows_provider(const struct config *config, const char *identifier)
{
        if (!config->providers)
                return true;
        for (char **provider = config->providers; *provider; provider++)
                if (streq(*provider, identifier))
                        return true;
        return false;
}
