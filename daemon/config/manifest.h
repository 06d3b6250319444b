/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Manifests: what is known of a call app without asking it.
 *
 * A file <identifier>.provider, or the group [X-Callsd Provider] of an app's desktop file. A
 * desktop file without that group is read as well, for the name and the icon that a user sees: an
 * app's own word for who it is counts least (what is installed was looked at by somebody).
 *
 * A file is taken as a whole or not at all, and whatever is wrong with it is told with file, line,
 * value and remedy. What touches others (push helpers, emergency numbers, names of others to
 * activate) counts only in files of the system.
 */
#ifndef CALLSD_CONFIG_MANIFEST_H
#define CALLSD_CONFIG_MANIFEST_H

#include "model/types.h"

#define MANIFEST_SUFFIX ".provider"
#define DESKTOP_SUFFIX ".desktop"

/* Larger files are refused. */
#define MANIFEST_SIZE_MAX (64UL * 1024)

/* Owned strings and lists; NULL where nothing was said. */
struct manifest {
        char *identifier;
        char *name; /* in the user's language, if it is there */
        char *icon;
        char *bus_name; /* what the bus is asked for to start it */
        char **uri_schemes;
        char **push_helpers;
        char **emergency_numbers;
        unsigned handle_types; /* bits 1 << enum handle_type, 0: all */
        usec_t reclaim_grace;
        bool declares; /* false: a desktop file that says how its app is called, and no more */
};

struct manifest_source {
        const char *path;   /* the file's name says whose manifest it is, and of which kind */
        bool system;        /* from a folder of the system */
        const char *locale; /* for key_file_rank() */
};

enum manifest_note {
        MANIFEST_ERROR,
        MANIFEST_WARNING,    /* it is good; but this does not count */
        MANIFEST_UNREADABLE, /* the file as such */
};

/* `text` is a line for people, "FILE:LINE: ...". */
typedef void (*manifest_note_fn)(enum manifest_note note, const char *text, void *userdata);

/*
 * `size` bytes and a NUL, which are overwritten. 0; -EINVAL, and what is wrong was told; -ENOENT: a
 * desktop file that says nothing of use (it is hidden, or no provider's); -ENOMEM.
 */
int manifest_parse(const struct manifest_source *source, char *text, size_t size,
                   manifest_note_fn note_fn, void *userdata, struct manifest **ret_manifest);

/* The same, from the file; -ENOENT also without one. What can't be read is told, too: -EIO. */
int manifest_read(const struct manifest_source *source, manifest_note_fn note_fn, void *userdata,
                  struct manifest **ret_manifest);

struct manifest *manifest_free(struct manifest *manifest);

bool manifest_is_equal(const struct manifest *a, const struct manifest *b);

#endif
