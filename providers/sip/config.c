/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading sip.conf: [Sip] and one [Account NAME] for each account.
 *
 * A file is taken as a whole or not at all. The first error stands and names file, line, value and
 * remedy, since it is read by somebody whose telephone does not work.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "config-key.h"
#include "secret.h"

#define SYSTEM_PATH "/etc/callsd/sip.conf"
#define N_ACCOUNTS_MAX 32
#define N_KEYS_MAX 32

enum section {
        SECTION_NONE,
        SECTION_SIP,
        SECTION_ACCOUNT,
};

struct reader {
        const char *path;
        struct config *config;
        enum section section;
        unsigned line;
        const struct config_key *seen[N_KEYS_MAX]; /* of the section */
        unsigned seen_at[N_KEYS_MAX];
        size_t n_seen;
        int error;
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
        if (asprintf(&reader->message, "%s:%u: %s", reader->path, reader->line, text ? text : "") <
            0)
                reader->message = NULL;
}

static char *trim(char *text)
{
        size_t n;

        text += strspn(text, " \t");
        n = strlen(text);
        while (n > 0 && isspace((unsigned char)text[n - 1]))
                text[--n] = '\0';
        return text;
}

static void add_account(struct reader *reader, const char *id)
{
        struct config *config = reader->config;
        struct account_config *accounts;

        for (size_t i = 0; i < config->n_accounts; i++) {
                if (streq(config->accounts[i].id, id)) {
                        reader_fail(reader, "[Account %s] is already there, on line %u", id,
                                    config->accounts[i].line);
                        return;
                }
        }
        if (config->n_accounts == N_ACCOUNTS_MAX) {
                reader_fail(reader, "there are more than %d accounts", N_ACCOUNTS_MAX);
                return;
        }
        accounts = reallocarray(config->accounts, config->n_accounts + 1, sizeof(*accounts));
        if (!accounts) {
                reader->error = -ENOMEM;
                return;
        }
        config->accounts = accounts;
        accounts += config->n_accounts++;
        *accounts = (struct account_config){
                .id = strdup(id),
                .line = reader->line,
                .expires = 3600,
                .outbound_proxy = true,
        };
        reader->error = accounts->id ? 0 : -ENOMEM;
}

static void read_heading(struct reader *reader, char *line)
{
        size_t n = strlen(line);
        char *id;

        if (line[n - 1] != ']') {
                reader_fail(reader, "'%s' lacks its ']'", line);
                return;
        }
        line[n - 1] = '\0';
        line++;
        reader->n_seen = 0;
        if (streq(line, "Sip")) {
                reader->section = SECTION_SIP;
        } else if (strncmp(line, "Account", 7) == 0 && strchr(" \t", line[7])) {
                id = trim(line + 7);
                reader->section = SECTION_ACCOUNT;
                if (!*id || strpbrk(id, " \t[]"))
                        reader_fail(reader,
                                    "[%s] needs one word as the account's name, such as "
                                    "[Account work]",
                                    line);
                else
                        add_account(reader, id);
        } else {
                reader_fail(reader, "unknown section [%s]; there are [Sip] and [Account NAME]",
                            line);
        }
}

static void fail_unknown_key(struct reader *reader, const char *name)
{
        bool of_account = reader->section == SECTION_ACCOUNT;
        const struct config_key *close = config_key_suggest(of_account, name);
        cleanup_(freep) char *names = NULL;

        if (streq(name, "Password")) {
                reader_fail(reader, "a password does not belong into this file; put it into a file "
                                    "of its own (chmod 600) and say PasswordFile=, or use "
                                    "PasswordCredential=");
        } else if (close) {
                reader_fail(reader, "unknown key %s=; did you mean %s=?", name, close->name);
        } else if (config_key_find(!of_account, name)) {
                reader_fail(reader, "%s= belongs into %s", name,
                            of_account ? "[Sip]" : "[Account NAME]");
        } else {
                names = config_key_names(of_account);
                reader_fail(reader, "unknown key %s=; there are %s", name,
                            names ? names : "others");
        }
}

static void fail_value(struct reader *reader, const struct config_key *key, const char *value,
                       int r)
{
        if (r == -ENOMEM)
                reader->error = r;
        else if (r == -EPERM)
                reader_fail(reader, "%s=%s can be read by others than its owner; chmod 600 %s",
                            key->name, value, value);
        else if (r == -EINVAL)
                reader_fail(reader, "%s=%s is not possible; it takes %s", key->name, value,
                            key->takes);
        else if (r == -ENODATA)
                reader_fail(reader, "%s=%s has an empty first line; it takes %s", key->name, value,
                            key->takes);
        else
                reader_fail(reader, "%s=%s: %s; it takes %s", key->name, value, strerror(-r),
                            key->takes);
}

static bool is_new(struct reader *reader, const struct config_key *key)
{
        for (size_t i = 0; i < reader->n_seen; i++) {
                if (reader->seen[i] == key) {
                        reader_fail(reader, "%s= is already set on line %u", key->name,
                                    reader->seen_at[i]);
                        return false;
                }
        }
        reader->seen[reader->n_seen] = key;
        reader->seen_at[reader->n_seen++] = reader->line;
        return true;
}

static void read_key(struct reader *reader, char *line)
{
        char *value = line, *name = trim(strsep(&value, "="));
        struct config *config = reader->config;
        const struct config_key *key;
        void *section = config;
        int r;

        if (!value) {
                reader_fail(reader, "'%s' is neither Key=Value nor [Section] nor # comment", line);
                return;
        }
        if (reader->section == SECTION_NONE) {
                reader_fail(reader,
                            "%s= stands before any section; begin with [Sip] or "
                            "[Account NAME]",
                            name);
                return;
        }
        if (reader->section == SECTION_ACCOUNT)
                section = &config->accounts[config->n_accounts - 1];
        key = config_key_find(reader->section == SECTION_ACCOUNT, name);
        if (!key) {
                fail_unknown_key(reader, name);
                return;
        }
        if (!is_new(reader, key))
                return;
        value = trim(value);
        r = config_key_set(key, section, value);
        if (r < 0)
                fail_value(reader, key, value, r);
}

/* What no single line can tell. */
static void check_whole(struct reader *reader)
{
        struct config *config = reader->config;

        if (config->n_accounts == 0)
                reader_fail(reader, "there is no account; add [Account NAME] with Address=");
        for (size_t i = 0; i < config->n_accounts && !reader->error; i++) {
                const struct account_config *account = &config->accounts[i];

                reader->line = account->line;
                if (!account->address)
                        reader_fail(reader, "[Account %s] lacks Address=sip:user@host",
                                    account->id);
        }
}

static void read_lines(struct reader *reader, FILE *file)
{
        cleanup_(freep) char *buffer = NULL;
        size_t size = 0;
        ssize_t n;

        while (!reader->error && (n = getline(&buffer, &size, file)) >= 0) {
                char *line;

                reader->line++;
                if (strlen(buffer) != (size_t)n) {
                        reader_fail(reader, "there is a NUL byte; the file has to be text");
                        return;
                }
                line = trim(buffer);
                if (*line == '[')
                        read_heading(reader, line);
                else if (*line && *line != '#' && *line != ';')
                        read_key(reader, line);
        }
        if (!reader->error && ferror(file))
                reader->error = -EIO;
}

int config_load(const char *path, struct config *ret_config, char **ret_error)
{
        struct config config = {
                .port = PORT_ANY,
                .rtp_first = 7078,
                .rtp_last = 7199,
                .verify = true,
                .ringback = true,
                .media_timeout = 30,
        };
        struct reader reader = {.path = path, .config = &config};
        FILE *file = fopen(path, "re");

        if (file) {
                read_lines(&reader, file);
                fclose(file);
                if (!reader.error)
                        check_whole(&reader);
        } else {
                reader.error = -errno;
        }
        if (!reader.error) {
                *ret_config = config;
                return 0;
        }
        config_done(&config);
        if (!reader.message &&
            asprintf(&reader.message, "%s: %s", path, strerror(-reader.error)) < 0)
                reader.message = NULL;
        *ret_error = reader.message;
        return reader.error;
}

int config_find(char **ret_path)
{
        const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        cleanup_(freep) char *path = NULL;
        int r = 0;

        if (folder && *folder)
                r = asprintf(&path, "%s/callsd/sip.conf", folder);
        else if (home && *home)
                r = asprintf(&path, "%s/.config/callsd/sip.conf", home);
        if (r < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (!path || access(path, F_OK) < 0) {
                free(path);
                path = access(SYSTEM_PATH, F_OK) == 0 ? strdup(SYSTEM_PATH) : NULL;
                if (!path)
                        return -ENOENT;
        }
        *ret_path = path;
        path = NULL;
        return 0;
}

void config_done(struct config *config)
{
        for (size_t i = 0; i < config->n_accounts; i++) {
                struct account_config *account = &config->accounts[i];

                free(account->id);
                free(account->address);
                free(account->display_name);
                free(account->registrar);
                free(account->user);
                secret_free(account->password);
        }
        free(config->accounts);
        free(config->listen);
        free(config->codecs);
        free(config->ca_file);
        *config = (struct config){0};
}
