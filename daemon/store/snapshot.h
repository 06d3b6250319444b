/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state file: bytes that outlive the daemon, however it ends.
 *
 * Two slots take turns. A write never touches the newest state: its bytes go where that is not, and
 * then a header of its own, with a sequence number and checksums, makes them the newest. So a
 * process that is killed at any instruction leaves the old state or the new one. The file belongs
 * in a directory in memory (tmpfs): nothing waits for a disk, and nothing is asked to be on one.
 *
 * What the bytes mean is for others; whose they are is said by the label.
 */
#ifndef CALLSD_STORE_SNAPSHOT_H
#define CALLSD_STORE_SNAPSHOT_H

#include <sys/types.h>

#include "util/macro.h"

#define SNAPSHOT_BOOT_SIZE 40
#define SNAPSHOT_BUS_SIZE 40
#define SNAPSHOT_VERSION_SIZE 32

/* Which world the state belongs to: it means nothing in another one. */
struct snapshot_label {
        uint32_t format;                     /* of the bytes */
        char boot[SNAPSHOT_BOOT_SIZE];       /* boot id of the kernel */
        char bus[SNAPSHOT_BUS_SIZE];         /* GUID of the bus; "": none so far */
        char version[SNAPSHOT_VERSION_SIZE]; /* of the callsd that wrote it, for people */
};

struct snapshot;

/*
 * The directory: `directory`, or else the first of $RUNTIME_DIRECTORY, or else
 * $XDG_RUNTIME_DIR/callsd, which is made. Into `ret_path`; -ENOENT where no variable is set.
 */
int snapshot_find_directory(const char *directory, char **ret_path);

/*
 * Opens or makes the file, and takes the directory for this process alone. -EBUSY: another process
 * has it. -EPERM: directory or file belong to somebody else, or others could write there. Other
 * negative errno as the file system says.
 */
int snapshot_open(const char *directory, struct snapshot **ret_snapshot);
struct snapshot *snapshot_free(struct snapshot *snapshot);

/* Where it is, for messages. */
const char *snapshot_get_path(const struct snapshot *snapshot);

/*
 * The newest whole state; the bytes are to be freed. -ENOENT: there is none, the file is empty.
 * -EBADMSG: no slot is whole. -EPROTONOSUPPORT: the file was written in a form not known here.
 */
int snapshot_read(struct snapshot *snapshot, struct snapshot_label *ret_label, void **ret_data,
                  size_t *ret_size);

/* Makes these bytes the newest state. On failure the one of before still stands. */
int snapshot_write(struct snapshot *snapshot, const struct snapshot_label *label, const void *data,
                   size_t size);

/*
 * Renames the file so that somebody can look at it, and begins an empty one. The new name, for
 * messages, belongs to the snapshot. The oldest of those set aside are written over.
 */
int snapshot_set_aside(struct snapshot *snapshot, const char *why, const char **ret_name);

#endif
