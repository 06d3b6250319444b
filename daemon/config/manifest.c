/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file becomes a manifest: which groups and keys there may be, and what of them counts. */
#include "config/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/key-file.h"
#include "config/manifest-key.h"
#include "util/cleanup.h"

#define GROUP "Provider"
#define DESKTOP_GROUP "X-Callsd Provider"
#define DESKTOP_ENTRY "Desktop Entry"
#define VALUE_SHOWN 128
#define TRANSLATIONS_MAX 512

/* A key that was set, for finding it a second time. */
struct setting {
        const struct manifest_key *key;
        const char *locale;
        unsigned line;
};

struct reader {
        const struct manifest_source *source;
        manifest_note_fn note_fn;
        void *userdata;
        bool desktop;
        char *base; /* of the file's name */
        struct manifest *manifest;
        unsigned line;          /* that is being read; 0: what follows is about the whole file */
        unsigned group_line;    /* of our group's heading; 0: not there yet */
        unsigned identifier_at; /* the same of Identifier= */
        unsigned bus_name_at, system_only_at[N_MANIFEST_KEYS];
        unsigned rank[N_MANIFEST_KEYS]; /* of the translation that was taken */
        struct setting settings[TRANSLATIONS_MAX];
        size_t n_settings;
        bool failed;
        /* of [Desktop Entry] */
        struct manifest entry;
        unsigned entry_rank[2];
        char *flatpak;
        bool hidden;
};

/* ---- telling ---- */

static void tell(struct reader *reader, enum manifest_note note, unsigned line, const char *format,
                 va_list arguments)
{
        cleanup_(freep) char *text = NULL, *whole = NULL;
        char at[16] = "";

        reader->failed = reader->failed || note != MANIFEST_WARNING;
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        if (line > 0)
                snprintf(at, sizeof(at), "%u:", line);
        if (asprintf(&whole, "%s:%s %s", reader->source->path, at, str_or_empty(text)) < 0)
                whole = NULL;
        reader->note_fn(note, whole ? whole : reader->source->path, reader->userdata);
}

static void PRINTF_LIKE(3, 4)
        tell_error(struct reader *reader, unsigned line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        tell(reader, MANIFEST_ERROR, line, format, arguments);
        va_end(arguments);
}

static void PRINTF_LIKE(3, 4)
        tell_warning(struct reader *reader, unsigned line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        tell(reader, MANIFEST_WARNING, line, format, arguments);
        va_end(arguments);
}

static void PRINTF_LIKE(2, 3) tell_unreadable(struct reader *reader, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        tell(reader, MANIFEST_UNREADABLE, 0, format, arguments);
        va_end(arguments);
}

/* ---- keys of our group ---- */

static void tell_unknown(struct reader *reader, const char *key)
{
        const struct manifest_key *close = manifest_key_suggest(key);

        if (strncmp(key, "X-", 2) == 0)
                return;
        if (close)
                tell_error(reader, reader->line, "unknown key %.64s=; did you mean %s=?", key,
                           close->name);
        else
                tell_error(reader, reader->line,
                           "unknown key %.64s=; a key of your own has to begin with X-", key);
}

/* False: the key is there twice, or too often. */
static bool remember(struct reader *reader, const struct manifest_key *key, const char *locale)
{
        struct setting *setting = reader->settings;

        for (; setting < reader->settings + reader->n_settings; setting++)
                if (setting->key == key && streq(setting->locale, locale)) {
                        tell_error(reader, reader->line,
                                   "%s= is set on line %u already; leave one of them", key->name,
                                   setting->line);
                        return false;
                }
        if (reader->n_settings == TRANSLATIONS_MAX) {
                tell_error(reader, reader->line, "there are more than %d keys; leave some out",
                           TRANSLATIONS_MAX);
                return false;
        }
        *setting = (struct setting){key, locale, reader->line};
        reader->n_settings++;
        return true;
}

/* Each translation is checked, the best one is taken. */
static int set_translated(struct reader *reader, const struct manifest_key *key,
                          const struct key_file_entry *entry, const char **ret_wrong)
{
        unsigned rank = key_file_rank(entry->locale, str_or_empty(reader->source->locale));
        unsigned *taken = &reader->rank[key - MANIFEST_KEYS];
        struct manifest scratch = {0};
        int r = manifest_key_set(rank > *taken ? reader->manifest : &scratch, key,
                                 (char *)(uintptr_t)entry->value, ret_wrong);

        if (r == 0 && rank > *taken)
                *taken = rank;
        manifest_key_clear(&scratch, key);
        return r;
}

static void note_place(struct reader *reader, const struct manifest_key *key)
{
        if (key->type == MANIFEST_IDENTIFIER)
                reader->identifier_at = reader->line;
        if (key->type == MANIFEST_BUS_NAME)
                reader->bus_name_at = reader->line;
        if (key->system_only)
                reader->system_only_at[key - MANIFEST_KEYS] = reader->line;
}

static int set_key(struct reader *reader, const struct manifest_key *key,
                   const struct key_file_entry *entry)
{
        const char *wrong = entry->value;
        int r;

        if (!remember(reader, key, entry->locale))
                return 0;
        r = key->translated ? set_translated(reader, key, entry, &wrong)
                            : manifest_key_set(reader->manifest, key,
                                               (char *)(uintptr_t)entry->value, &wrong);
        if (r == -EINVAL)
                tell_error(reader, reader->line, "%s=%.*s is not possible; it takes %s", key->name,
                           VALUE_SHOWN, wrong, key->expected);
        note_place(reader, key);
        return r == -ENOMEM ? r : 0;
}

static int handle_our_line(struct reader *reader, const struct key_file_entry *entry)
{
        const struct manifest_key *key;

        if (entry->kind == KEY_FILE_BAD) {
                tell_error(reader, reader->line,
                           "'%.*s' is neither Key=Value nor [Group] nor # comment", VALUE_SHOWN,
                           entry->value);
                return 0;
        }
        key = manifest_key_find(entry->key);
        if (!key) {
                tell_unknown(reader, entry->key);
                return 0;
        }
        if (*entry->locale && !key->translated) {
                tell_error(reader, reader->line,
                           "%s[%.32s]= is not possible; only Name= and Icon= have translations",
                           key->name, entry->locale);
                return 0;
        }
        return set_key(reader, key, entry);
}

/* ---- the rest of a desktop file: somebody else's, and read only for what we need ---- */

static int take_entry_text(struct reader *reader, const struct manifest_key *key, unsigned *taken,
                           const struct key_file_entry *entry)
{
        unsigned rank = key_file_rank(entry->locale, str_or_empty(reader->source->locale));
        const char *wrong;
        int r;

        if (rank <= *taken)
                return 0;
        r = manifest_key_set(&reader->entry, key, (char *)(uintptr_t)entry->value, &wrong);
        if (r == 0)
                *taken = rank;
        return r == -ENOMEM ? r : 0;
}

static int handle_desktop_entry(struct reader *reader, const struct key_file_entry *entry)
{
        if (entry->kind != KEY_FILE_KEY)
                return 0;
        if (streq(entry->key, "Name"))
                return take_entry_text(reader, manifest_key_find("Name"), &reader->entry_rank[0],
                                       entry);
        if (streq(entry->key, "Icon"))
                return take_entry_text(reader, manifest_key_find("Icon"), &reader->entry_rank[1],
                                       entry);
        if (streq(entry->key, "Hidden"))
                reader->hidden = streq(entry->value, "true");
        if (streq(entry->key, "X-Flatpak") && !reader->flatpak) {
                reader->flatpak = strdup(entry->value);
                return reader->flatpak ? 0 : -ENOMEM;
        }
        return 0;
}

/* ---- groups ---- */

static void handle_group(struct reader *reader, const char *group)
{
        const char *ours = reader->desktop ? DESKTOP_GROUP : GROUP;

        if (streq(group, ours)) {
                if (reader->group_line != 0)
                        tell_error(reader, reader->line,
                                   "[%s] is there on line %u already; join the two", ours,
                                   reader->group_line);
                else
                        reader->group_line = reader->line;
        } else if (!reader->desktop && strncmp(group, "X-", 2) != 0) {
                tell_error(reader, reader->line,
                           "unknown group [%.64s]; a manifest has the group [" GROUP "]", group);
        }
}

static int handle_entry(const struct key_file_entry *entry, void *userdata)
{
        struct reader *reader = userdata;

        reader->line = entry->line;
        if (entry->kind == KEY_FILE_GROUP) {
                handle_group(reader, entry->group);
                return 0;
        }
        if (streq(entry->group, reader->desktop ? DESKTOP_GROUP : GROUP))
                return handle_our_line(reader, entry);
        if (reader->desktop)
                return streq(entry->group, DESKTOP_ENTRY) ? handle_desktop_entry(reader, entry) : 0;
        if (*entry->group == '\0')
                tell_error(reader, reader->line,
                           "'%.*s' stands before any group; begin with [" GROUP "]", VALUE_SHOWN,
                           entry->kind == KEY_FILE_KEY ? entry->key : entry->value);
        return 0;
}

/* ---- the whole ---- */

/* A file's name says whose it is: what a program may install is looked at by its file's name. */
static void check_identifier(struct reader *reader)
{
        const char *identifier = reader->manifest->identifier;
        bool free_name = reader->desktop && reader->source->system;

        if (!free_name && !streq(identifier, reader->base))
                tell_error(reader, reader->identifier_at,
                           "Identifier=%s has to be the file's name without %s, here %s",
                           identifier, reader->desktop ? DESKTOP_SUFFIX : MANIFEST_SUFFIX,
                           reader->base);
        else if (reader->flatpak && !streq(identifier, reader->flatpak))
                tell_error(reader,
                           reader->identifier_at ? reader->identifier_at : reader->group_line,
                           "the identifier is %s; a Flatpak's has to be its app id, here %.255s",
                           identifier, reader->flatpak);
}

static int complete_identifier(struct reader *reader)
{
        struct manifest *manifest = reader->manifest;

        if (!manifest->identifier && manifest_is_identifier(reader->base)) {
                manifest->identifier = strdup(reader->base);
                if (!manifest->identifier)
                        return -ENOMEM;
        }
        if (manifest->identifier)
                check_identifier(reader);
        else if (reader->identifier_at == 0)
                tell_error(reader, 0,
                           "\"%.255s\" is no identifier; call the file after the app, such as "
                           "org.example.Phone%s",
                           reader->base, reader->desktop ? DESKTOP_SUFFIX : MANIFEST_SUFFIX);
        return 0;
}

static bool is_below(const char *name, const char *identifier)
{
        size_t length = strlen(identifier);

        return strncmp(name, identifier, length) == 0 &&
               (name[length] == '\0' || name[length] == '.');
}

/* What touches others is for the system to say. */
static void drop_what_does_not_count(struct reader *reader)
{
        struct manifest *manifest = reader->manifest;

        if (reader->source->system)
                return;
        for (size_t i = 0; i < N_MANIFEST_KEYS; i++)
                if (reader->system_only_at[i] != 0) {
                        tell_warning(reader, reader->system_only_at[i],
                                     "%s= counts only in a folder of the system, such as "
                                     "/usr/share/callsd/providers; it is ignored",
                                     MANIFEST_KEYS[i].name);
                        manifest_key_clear(manifest, &MANIFEST_KEYS[i]);
                }
        if (manifest->bus_name && !is_below(manifest->bus_name, manifest->identifier)) {
                tell_warning(reader, reader->bus_name_at,
                             "BusName=%s is neither %s nor below it, and counts only in a folder "
                             "of the system; it is ignored",
                             manifest->bus_name, manifest->identifier);
                manifest_key_clear(manifest, manifest_key_find("BusName"));
        }
}

static int complete(struct reader *reader)
{
        struct manifest *manifest = reader->manifest;
        int r;

        if (reader->hidden ||
            (reader->desktop && reader->group_line == 0 && !manifest_is_identifier(reader->base)))
                return reader->failed ? -EINVAL : -ENOENT;
        if (!reader->desktop && reader->group_line == 0)
                tell_error(reader, 0, "there is no group [" GROUP "]; a manifest begins with it");
        r = complete_identifier(reader);
        if (r < 0)
                return r;
        if (reader->failed)
                return -EINVAL;
        if (!manifest->name)
                manifest->name = take_ptr(reader->entry.name);
        if (!manifest->icon)
                manifest->icon = take_ptr(reader->entry.icon);
        manifest->declares = reader->group_line != 0;
        drop_what_does_not_count(reader);
        return 0;
}

/* ---- doors ---- */

/* "org.example.Phone" of ".../org.example.Phone.provider". -ENOENT: its suffix is another one. */
static int base_name(const char *path, const char *suffix, char **ret_name)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        size_t length = strlen(name), tail = strlen(suffix);

        if (length <= tail || !streq(name + length - tail, suffix))
                return -ENOENT;
        *ret_name = strndup(name, length - tail);
        return *ret_name ? 0 : -ENOMEM;
}

static struct reader *reader_free(struct reader *reader)
{
        if (!reader)
                return NULL;
        manifest_free(reader->manifest);
        free(reader->entry.name);
        free(reader->entry.icon);
        free(reader->flatpak);
        free(reader->base);
        free(reader);
        return NULL;
}

DEFINE_CLEANUP(struct reader *, reader_free);

static int reader_new(const struct manifest_source *source, manifest_note_fn note_fn,
                      void *userdata, struct reader **ret_reader)
{
        cleanup_(reader_freep) struct reader *reader = calloc(1, sizeof(*reader));
        int r;

        if (!reader)
                return -ENOMEM;
        reader->source = source;
        reader->note_fn = note_fn;
        reader->userdata = userdata;
        reader->manifest = calloc(1, sizeof(*reader->manifest));
        if (!reader->manifest)
                return -ENOMEM;
        r = base_name(source->path, MANIFEST_SUFFIX, &reader->base);
        if (r == -ENOENT) {
                r = base_name(source->path, DESKTOP_SUFFIX, &reader->base);
                reader->desktop = r == 0;
        }
        if (r == -ENOMEM)
                return r;
        *ret_reader = take_ptr(reader);
        return 0;
}

static int read_text(struct reader *reader, char *text, size_t size, struct manifest **ret_manifest)
{
        unsigned line = 0;
        int r;

        if (!reader->base) {
                tell_unreadable(reader, "the file's name has to end in " MANIFEST_SUFFIX
                                        " or " DESKTOP_SUFFIX);
                return -EINVAL;
        }
        r = key_file_read(text, size, handle_entry, reader, &line);
        if (r == -EILSEQ) {
                if (!reader->desktop ||
                    memmem(text, size, "[" DESKTOP_GROUP "]", strlen("[" DESKTOP_GROUP "]")))
                        tell_error(reader, line, "this is no text in UTF-8; save the file as that");
                return reader->failed ? -EINVAL : -ENOENT;
        }
        if (r == 0)
                r = complete(reader);
        if (r == 0)
                *ret_manifest = take_ptr(reader->manifest);
        return r;
}

int manifest_parse(const struct manifest_source *source, char *text, size_t size,
                   manifest_note_fn note_fn, void *userdata, struct manifest **ret_manifest)
{
        cleanup_(reader_freep) struct reader *reader = NULL;
        int r = reader_new(source, note_fn, userdata, &reader);

        return r < 0 ? r : read_text(reader, text, size, ret_manifest);
}

/* A FIFO, a device or a folder would hold up whoever reads it. */
static int open_file(struct reader *reader, size_t *ret_size)
{
        int fd = open(reader->source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (fd < 0 || fstat(fd, &st) < 0) {
                tell_unreadable(reader, "the file cannot be read: %s", strerror(errno));
        } else if (!S_ISREG(st.st_mode)) {
                tell_unreadable(reader, "this is no regular file; put a file there");
        } else if (st.st_size > (off_t)MANIFEST_SIZE_MAX) {
                tell_unreadable(reader, "the file has %lld bytes; at most %lu are read",
                                (long long)st.st_size, MANIFEST_SIZE_MAX);
        } else {
                *ret_size = (size_t)st.st_size;
                return fd;
        }
        closep(&fd);
        return -EIO;
}

/* Not more than was there when it was opened. */
static int read_file(struct reader *reader, char **ret_text, size_t *ret_size)
{
        cleanup_(closep) int fd = -1;
        cleanup_(freep) char *text = NULL;
        size_t size = 0, n = 0;
        ssize_t got;

        fd = open_file(reader, &size);
        if (fd < 0)
                return fd;
        text = malloc(size + 1);
        if (!text)
                return -ENOMEM;
        while (n < size && (got = read(fd, text + n, size - n)) != 0) {
                if (got < 0) {
                        tell_unreadable(reader, "the file cannot be read: %s", strerror(errno));
                        return -EIO;
                }
                n += (size_t)got;
        }
        text[n] = '\0';
        *ret_text = take_ptr(text);
        *ret_size = n;
        return 0;
}

int manifest_read(const struct manifest_source *source, manifest_note_fn note_fn, void *userdata,
                  struct manifest **ret_manifest)
{
        cleanup_(reader_freep) struct reader *reader = NULL;
        cleanup_(freep) char *text = NULL;
        size_t size = 0;
        int r;

        r = reader_new(source, note_fn, userdata, &reader);
        if (r == 0)
                r = read_file(reader, &text, &size);
        return r < 0 ? r : read_text(reader, text, size, ret_manifest);
}

struct manifest *manifest_free(struct manifest *manifest)
{
        if (!manifest)
                return NULL;
        for (size_t i = 0; i < N_MANIFEST_KEYS; i++)
                manifest_key_clear(manifest, &MANIFEST_KEYS[i]);
        free(manifest);
        return NULL;
}

bool manifest_is_equal(const struct manifest *a, const struct manifest *b)
{
        if (!a || !b || a->declares != b->declares)
                return a == b;
        for (size_t i = 0; i < N_MANIFEST_KEYS; i++)
                if (!manifest_key_is_equal(a, b, &MANIFEST_KEYS[i]))
                        return false;
        return true;
}
