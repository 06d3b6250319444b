/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sounds with a name; see sound-theme.h.
 *
 * A theme may be spread over several base directories, and its index says in which folders its
 * sounds are. Translations and output profiles are left out: a ringtone has no words in it, and
 * the theme's own order of its folders decides.
 */
#include "audio/sound-theme.h"

#include <errno.h>
#include <stdio.h>

#include "audio/sound.h"

#define THEME "freedesktop"
#define NAME_MAX_LENGTH 128

static const char *const extensions[] = {"oga", "ogg", "opus", "wav", "flac"};

static const char *variable(const char *name)
{
        const char *value = getenv(name);

        return value && *value ? value : NULL;
}

char *sound_theme_directories(void)
{
        const char *own = variable("XDG_DATA_HOME");
        const char *home = variable("HOME");
        const char *shared = variable("XDG_DATA_DIRS");
        char *directories;
        int r;

        if (!shared)
                shared = "/usr/local/share:/usr/share";
        if (own)
                r = asprintf(&directories, "%s:%s", own, shared);
        else if (home)
                r = asprintf(&directories, "%s/.local/share:%s", home, shared);
        else
                r = asprintf(&directories, "%s", shared);
        return r < 0 ? NULL : directories;
}

static bool is_name(const char *name)
{
        return *name && *name != '.' && strlen(name) <= NAME_MAX_LENGTH && !strchr(name, '/');
}

static int open_in(const char *base, const char *folder, const char *name, int *ret_fd)
{
        for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
                cleanup_(freep) char *path = NULL;
                int r = asprintf(&path, "%s/sounds/%s/%s.%s", base, folder, name, extensions[i]);

                if (r < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                r = sound_open(path, ret_fd);
                if (r == 0)
                        return 0;
        }
        return -ENOENT;
}

/* What stands behind "Directories=", to be freed; NULL if this base has no index. */
static char *read_index(const char *base)
{
        cleanup_(freep) char *path = NULL;
        cleanup_(freep) char *line = NULL;
        char *found = NULL;
        size_t size = 0;
        FILE *file;

        if (asprintf(&path, "%s/sounds/" THEME "/index.theme", base) < 0) {
                path = NULL;
                return NULL;
        }
        file = fopen(path, "re");
        if (!file)
                return NULL;
        while (!found && getline(&line, &size, file) > 0) {
                static const char key[] = "Directories=";

                if (strncmp(line, key, strlen(key)) == 0)
                        found = strdup(line + strlen(key));
        }
        fclose(file);
        return found;
}

/* The first base with an index speaks for the whole theme. */
static char *theme_folders(const char *directories)
{
        cleanup_(freep) char *copy = strdup(directories);
        char *rest = copy;
        const char *base;
        char *folders;

        while (rest && (base = strsep(&rest, ":"))) {
                folders = *base == '/' ? read_index(base) : NULL;
                if (folders)
                        return folders;
        }
        return strdup("stereo");
}

/* In every base directory, in this folder below "sounds". */
static int open_in_all(const char *directories, const char *folder, const char *name, int *ret_fd)
{
        cleanup_(freep) char *copy = strdup(directories);
        char *rest = copy;
        const char *base;

        if (!copy)
                return -ENOMEM;
        while ((base = strsep(&rest, ":"))) {
                if (*base == '/' && open_in(base, folder, name, ret_fd) == 0)
                        return 0;
        }
        return -ENOENT;
}

static int open_named(const char *directories, const char *folders, const char *name, int *ret_fd)
{
        cleanup_(freep) char *copy = strdup(folders);
        char *rest = copy;
        const char *folder;

        if (!copy)
                return -ENOMEM;
        while ((folder = strsep(&rest, ",; \t\r\n"))) {
                cleanup_(freep) char *below = NULL;

                if (!*folder || asprintf(&below, THEME "/%s", folder) < 0) {
                        below = NULL;
                        continue;
                }
                if (open_in_all(directories, below, name, ret_fd) == 0)
                        return 0;
        }
        if (open_in_all(directories, THEME, name, ret_fd) == 0)
                return 0;
        return open_in_all(directories, ".", name, ret_fd);
}

int sound_theme_open(const char *directories, const char *name, int *ret_fd)
{
        cleanup_(freep) char *folders = NULL;
        char shorter[NAME_MAX_LENGTH + 1];
        char *dash;

        if (!is_name(name))
                return -EINVAL;
        folders = theme_folders(directories);
        if (!folders)
                return -ENOMEM;
        snprintf(shorter, sizeof(shorter), "%s", name);
        for (;;) {
                if (open_named(directories, folders, shorter, ret_fd) == 0)
                        return 0;
                dash = strrchr(shorter, '-');
                if (!dash)
                        return -ENOENT;
                *dash = '\0';
        }
}
