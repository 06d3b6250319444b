/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watching folders, and reading what has changed in them. */
#include "app/manifests.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <uthash.h>

#include "app/manifest-folders.h"
#include "config/key-file.h"
#include "util/cleanup.h"
#include "util/log.h"

#define FILES_PER_TURN 16
#define FILES_PER_FOLDER 4096
#define EVENTS_SIZE 16384
#define TRIES 3

/* What is read at the start, before anything else; a disk may be slow. */
#define BEGIN_AT_MOST (50 * USEC_PER_MSEC)

#define WATCHED                                                                             \
        (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | \
         IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* A file that has to be read, once, however often it has changed. */
struct pending {
        char *path;
        size_t folder;
        UT_hash_handle hh;
};

struct manifests {
        struct manifest_folders folders;
        struct manifest_store *store;
        const struct manifests_events *events;
        void *userdata;
        int inotify; /* -1: nothing is watched */
        sd_event_source *watch_source, *read_source;
        struct pending *pending; /* by path; the table keeps their order */
        bool read;
};

/* ---- what is to be read ---- */

/* The path of the first one, to be freed. There is one. */
static char *pending_take(struct manifests *manifests, size_t *ret_folder)
{
        struct pending *first = manifests->pending;
        char *path = first->path;

        *ret_folder = first->folder;
        HASH_DEL(manifests->pending, first);
        free(first);
        return path;
}

static struct pending *pending_new(struct manifests *manifests, const char *path, size_t folder)
{
        struct pending *pending = calloc(1, sizeof(*pending));

        if (!pending)
                return NULL;
        pending->folder = folder;
        pending->path = strdup(path);
        if (pending->path)
                HASH_ADD_KEYPTR(hh, manifests->pending, pending->path, strlen(path), pending);
        if (!pending->path || !pending->hh.tbl) {
                free(pending->path);
                free(pending);
                return NULL;
        }
        return pending;
}

static void read_later(struct manifests *manifests, size_t folder, const char *path)
{
        struct pending *pending;

        HASH_FIND_STR(manifests->pending, path, pending);
        if (!pending && !pending_new(manifests, path, folder)) {
                log_warning("Out of memory: %s is not read; SIGHUP makes callsd look again", path);
                return;
        }
        if (sd_event_source_set_enabled(manifests->read_source, SD_EVENT_ON) < 0)
                log_warning("%s is not read; SIGHUP makes callsd look again", path);
}

static bool has_suffix(const char *name, const char *suffix)
{
        size_t length = strlen(name), tail = strlen(suffix);

        return length > tail && streq(name + length - tail, suffix);
}

static void read_name_later(struct manifests *manifests, size_t index, const char *name)
{
        const struct manifest_folder *folder = &manifests->folders.items[index];
        char path[PATH_MAX];

        if (has_suffix(name, folder->suffix) &&
            snprintf(path, sizeof(path), "%s/%s", folder->path, name) < (int)sizeof(path))
                read_later(manifests, index, path);
}

/* ---- reading ---- */

/* An app's desktop file that cannot be read is not ours to complain of. */
static void on_note(enum manifest_note note, const char *text, void *userdata)
{
        const struct manifest_folder *folder = userdata;
        bool desktop = streq(folder->suffix, DESKTOP_SUFFIX);

        log_write(desktop && note == MANIFEST_UNREADABLE ? LOG_DEBUG : LOG_WARNING, NULL, "%s",
                  text);
}

static void read_file(struct manifests *manifests, const char *path, size_t index)
{
        struct manifest_folder *folder = &manifests->folders.items[index];
        const struct manifest_source source = {
                .path = path, .system = folder->system, .locale = key_file_locale()};
        struct manifest *manifest = NULL;
        int r = manifest_read(&source, on_note, folder, &manifest);

        if (r == -EINVAL)
                log_warning("%s: the manifest is left out", path);
        if (r != -ENOMEM)
                r = manifest_store_put(manifests->store, path, (unsigned)index, manifest);
        if (r == -ENOMEM)
                log_warning("Out of memory: %s is not read; SIGHUP makes callsd look again", path);
}

static void read_some(struct manifests *manifests)
{
        for (unsigned n = 0; n < FILES_PER_TURN && manifests->pending; n++) {
                cleanup_(freep) char *path = NULL;
                size_t folder;

                path = pending_take(manifests, &folder);
                read_file(manifests, path, folder);
        }
        if (manifests->pending)
                return;
        sd_event_source_set_enabled(manifests->read_source, SD_EVENT_OFF);
        if (!manifests->read) {
                manifests->read = true;
                manifests->events->read(manifests->userdata);
        }
}

static int on_read(sd_event_source *source, void *userdata)
{
        (void)source;
        read_some(userdata);
        return 0;
}

static usec_t monotonic(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

void manifests_begin(struct manifests *manifests)
{
        usec_t until = monotonic() + BEGIN_AT_MOST;

        do
                read_some(manifests);
        while (manifests->pending && monotonic() < until);
}

/* ---- folders ---- */

/* Those that were there, too: they may be gone. */
static void look_at_folder(struct manifests *manifests, size_t index)
{
        const struct manifest_folder *folder = &manifests->folders.items[index];
        const char *known = NULL;
        struct dirent *entry;
        unsigned n = 0;
        DIR *dir;

        while ((known = manifest_store_next(manifests->store, (unsigned)index, known)))
                read_later(manifests, index, known);
        dir = opendir(folder->path);
        if (!dir)
                return;
        while ((entry = readdir(dir))) {
                if (!has_suffix(entry->d_name, folder->suffix))
                        continue;
                if (n++ == FILES_PER_FOLDER) {
                        log_warning("%s has more than %d files; the others are not read",
                                    folder->path, FILES_PER_FOLDER);
                        break;
                }
                read_name_later(manifests, index, entry->d_name);
        }
        closedir(dir);
}

/* The deepest folder on the way to `path` that can be watched; cuts `path` there. */
static int watch_above(struct manifests *manifests, char *path, char **ret_next)
{
        int watch;

        *ret_next = NULL;
        while ((watch = inotify_add_watch(manifests->inotify, *path ? path : "/", WATCHED)) < 0) {
                char *slash = strrchr(path, '/');

                if ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) || !slash)
                        return -errno;
                *slash = '\0';
                *ret_next = slash + 1;
        }
        return watch;
}

static void warn_unwatched(const struct manifest_folder *folder, int r)
{
        log_warning("%s is not watched: %s; after a change there, SIGHUP makes callsd look again",
                    folder->path,
                    r == -ENOSPC ? "there are too many watches (fs.inotify.max_user_watches)"
                                 : strerror(-r));
}

/* What came into being between the tries is tried again: its event was before the watch. */
static int find_watch(struct manifests *manifests, struct manifest_folder *folder)
{
        for (unsigned n = 0;; n++) {
                cleanup_(freep) char *path = strdup(folder->path);
                char *next = NULL;
                int watch = path ? watch_above(manifests, path, &next) : -ENOMEM;

                if (watch < 0)
                        return watch;
                if (next) {
                        next[-1] = '/';
                        if (n < TRIES && access(path, F_OK) == 0)
                                continue;
                        folder->next = strdup(next);
                        if (!folder->next)
                                return -ENOMEM;
                }
                folder->watch = watch;
                return 0;
        }
}

static bool is_used(const struct manifests *manifests, int watch)
{
        for (size_t i = 0; i < manifests->folders.n_items; i++)
                if (manifests->folders.items[i].watch == watch)
                        return true;
        return false;
}

/* Watched first and looked at then, so that nothing happens in between. */
static void watch_folder(struct manifests *manifests, size_t index)
{
        struct manifest_folder *folder = &manifests->folders.items[index];
        int before = folder->watch, r = 0;

        free(folder->next);
        folder->next = NULL;
        folder->watch = -1;
        if (manifests->inotify >= 0)
                r = find_watch(manifests, folder);
        if (r < 0)
                warn_unwatched(folder, r);
        if (before >= 0 && !is_used(manifests, before))
                (void)inotify_rm_watch(manifests->inotify, before);
        look_at_folder(manifests, index);
}

void manifests_reload(struct manifests *manifests)
{
        for (size_t i = 0; i < manifests->folders.n_items; i++)
                watch_folder(manifests, i);
}

/* ---- what the kernel tells ---- */

/* What is made now is written next, and told when it is closed. */
static bool is_unwritten(const char *path)
{
        struct stat st;

        return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

static void on_file(struct manifests *manifests, size_t index, uint32_t mask, const char *name)
{
        const struct manifest_folder *folder = &manifests->folders.items[index];
        char path[PATH_MAX];

        if (!has_suffix(name, folder->suffix) ||
            snprintf(path, sizeof(path), "%s/%s", folder->path, name) >= (int)sizeof(path))
                return;
        if ((mask & IN_CREATE) && is_unwritten(path))
                return;
        /* it may have become readable; what it says does not change with its mode */
        if ((mask & IN_ATTRIB) && manifest_store_has(manifests->store, path))
                return;
        read_later(manifests, index, path);
}

static void on_event(struct manifests *manifests, size_t index, const struct inotify_event *event)
{
        struct manifest_folder *folder = &manifests->folders.items[index];

        if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
                watch_folder(manifests, index);
        else if (event->len == 0)
                return;
        else if (!folder->next)
                on_file(manifests, index, event->mask, event->name);
        else if (streq(folder->next, event->name) &&
                 (event->mask & (IN_CREATE | IN_MOVED_TO | IN_ATTRIB)))
                watch_folder(manifests, index);
}

static void handle_event(struct manifests *manifests, const struct inotify_event *event)
{
        if (event->mask & IN_Q_OVERFLOW) {
                manifests_reload(manifests);
                return;
        }
        /* one watch may be for several folders that do not exist yet */
        for (size_t i = 0; i < manifests->folders.n_items; i++)
                if (manifests->folders.items[i].watch == event->wd)
                        on_event(manifests, i, event);
}

static int on_inotify(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        union {
                struct inotify_event event;
                char bytes[EVENTS_SIZE];
        } buffer;
        struct manifests *manifests = userdata;
        ssize_t size = read(fd, &buffer, sizeof(buffer));

        (void)source, (void)revents;
        for (ssize_t at = 0; at < size;) {
                const struct inotify_event *event = (const void *)(buffer.bytes + at);

                handle_event(manifests, event);
                at += (ssize_t)(sizeof(*event) + event->len);
        }
        return 0;
}

/* ---- life ---- */

static int init_watching(struct manifests *manifests, sd_event *event)
{
        manifests->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (manifests->inotify < 0) {
                log_warning("Folders of manifests cannot be watched: %s; after a change, SIGHUP "
                            "makes callsd look again",
                            strerror(errno));
                return 0;
        }
        return sd_event_add_io(event, &manifests->watch_source, manifests->inotify, EPOLLIN,
                               on_inotify, manifests);
}

DEFINE_CLEANUP(struct manifests *, manifests_free);

int manifests_new(sd_event *event, bool with_user, const struct manifests_events *events,
                  void *userdata, struct manifests **ret_manifests)
{
        cleanup_(manifests_freep) struct manifests *manifests = calloc(1, sizeof(*manifests));
        int r;

        if (!manifests)
                return -ENOMEM;
        manifests->inotify = -1;
        manifests->events = events;
        manifests->userdata = userdata;
        manifests->store = manifest_store_new(events->changed, userdata);
        if (!manifests->store)
                return -ENOMEM;
        if ((r = manifest_folders_init(&manifests->folders, with_user)) < 0 ||
            (r = init_watching(manifests, event)) < 0 ||
            (r = sd_event_add_defer(event, &manifests->read_source, on_read, manifests)) < 0 ||
            (r = sd_event_source_set_enabled(manifests->read_source, SD_EVENT_ON)) < 0)
                return r;
        manifests_reload(manifests);
        *ret_manifests = take_ptr(manifests);
        return 0;
}

struct manifests *manifests_free(struct manifests *manifests)
{
        size_t folder;

        if (!manifests)
                return NULL;
        while (manifests->pending)
                free(pending_take(manifests, &folder));
        sd_event_source_disable_unref(manifests->watch_source);
        sd_event_source_disable_unref(manifests->read_source);
        closep(&manifests->inotify);
        manifest_store_free(manifests->store);
        manifest_folders_done(&manifests->folders);
        free(manifests);
        return NULL;
}

bool manifests_are_read(const struct manifests *manifests)
{
        return manifests->read;
}

const struct manifest_store *manifests_get_store(const struct manifests *manifests)
{
        return manifests->store;
}
