/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where manifests are looked for, in the order in which they count. */
#ifndef CALLSD_APP_MANIFEST_FOLDERS_H
#define CALLSD_APP_MANIFEST_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#define SYSTEM_DATA_DIRS_VARIABLE "CALLSD_SYSTEM_DATA_DIRS"
#define SYSTEM_DATA_DIRS "/usr/local/share:/usr/share"

/* How the files of a folder count is its place in the list. */
struct manifest_folder {
        char *path;
        const char *suffix; /* of the files that are read */
        bool system;
        int watch;  /* of the folder itself, or of the deepest folder above it that exists; -1: none
                     */
        char *next; /* the name below the one that is watched; NULL: the folder itself is */
};

struct manifest_folders {
        struct manifest_folder *items;
        size_t n_items;
};

/* From the environment; without a user (callsd --system) no folders of a user. 0 or -ENOMEM. */
int manifest_folders_init(struct manifest_folders *folders, bool with_user);
void manifest_folders_done(struct manifest_folders *folders);

/* The folder that this file lies in, whatever way its path is written, or NULL. */
const struct manifest_folder *manifest_folders_find(const struct manifest_folders *folders,
                                                    const char *path);

#endif
