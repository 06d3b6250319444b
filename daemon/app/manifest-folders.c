/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of folders, from the environment. */
#include "app/manifest-folders.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/manifest.h"
#include "util/cleanup.h"

#define XDG_DATA_DIRS "/usr/local/share:/usr/share"

static const char *get_or(const char *variable, const char *otherwise)
{
        const char *value = getenv(variable);

        return value && *value ? value : otherwise;
}

static bool has_folder(const struct manifest_folders *folders, const char *path, const char *suffix)
{
        for (size_t i = 0; i < folders->n_items; i++)
                if (streq(folders->items[i].path, path) && streq(folders->items[i].suffix, suffix))
                        return true;
        return false;
}

/* `directory` has `length` bytes; only absolute ones count, and each once. */
static int add_folder(struct manifest_folders *folders, const char *directory, size_t length,
                      bool desktop, bool system)
{
        const char *suffix = desktop ? DESKTOP_SUFFIX : MANIFEST_SUFFIX;
        cleanup_(freep) char *path = NULL;
        struct manifest_folder *items;

        while (length > 1 && directory[length - 1] == '/')
                length--;
        if (length == 0 || *directory != '/')
                return 0;
        if (asprintf(&path, "%.*s/%s", (int)length, directory,
                     desktop ? "applications" : "callsd/providers") < 0)
                return -ENOMEM;
        if (has_folder(folders, path, suffix))
                return 0;
        items = reallocarray(folders->items, folders->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        folders->items = items;
        items[folders->n_items++] = (struct manifest_folder){
                .path = take_ptr(path), .suffix = suffix, .system = system, .watch = -1};
        return 0;
}

/* Of a list with colons. */
static int add_folders(struct manifest_folders *folders, const char *list, bool desktop,
                       bool system)
{
        int r = 0;

        while (r == 0 && *list) {
                size_t length = strcspn(list, ":");

                r = add_folder(folders, list, length, desktop, system);
                list += length;
                list += *list == ':';
        }
        return r;
}

static int add_user_folders(struct manifest_folders *folders)
{
        const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
        cleanup_(freep) char *own = NULL;
        int r = 0;

        if (data && *data == '/')
                own = strdup(data);
        else if (!home || *home != '/')
                own = strdup("");
        else if (asprintf(&own, "%s/.local/share", home) < 0)
                own = NULL;
        if (!own)
                return -ENOMEM;
        if (*own)
                r = add_folder(folders, own, strlen(own), false, false);
        if (r == 0 && *own)
                r = add_folder(folders, own, strlen(own), true, false);
        return r < 0 ? r
                     : add_folders(folders, get_or("XDG_DATA_DIRS", XDG_DATA_DIRS), true, false);
}

int manifest_folders_init(struct manifest_folders *folders, bool with_user)
{
        const char *system = get_or(SYSTEM_DATA_DIRS_VARIABLE, SYSTEM_DATA_DIRS);
        int r;

        *folders = (struct manifest_folders){0};
        if ((r = add_folders(folders, system, false, true)) == 0)
                r = add_folders(folders, system, true, true);
        if (r == 0 && with_user)
                r = add_user_folders(folders);
        if (r < 0)
                manifest_folders_done(folders);
        return r;
}

void manifest_folders_done(struct manifest_folders *folders)
{
        for (size_t i = 0; i < folders->n_items; i++) {
                free(folders->items[i].path);
                free(folders->items[i].next);
        }
        free(folders->items);
        *folders = (struct manifest_folders){0};
}

static bool is_same_folder(const char *a, const char *b)
{
        cleanup_(freep) char *one = realpath(a, NULL), *two = realpath(b, NULL);

        return streq(one ? one : a, two ? two : b);
}

const struct manifest_folder *manifest_folders_find(const struct manifest_folders *folders,
                                                    const char *path)
{
        const char *slash = strrchr(path, '/');
        cleanup_(freep) char *folder =
                slash ? strndup(path, (size_t)(slash - path)) : realpath(".", NULL);

        for (size_t i = 0; folder && i < folders->n_items; i++)
                if (is_same_folder(folders->items[i].path, *folder ? folder : "/"))
                        return &folders->items[i];
        return NULL;
}
