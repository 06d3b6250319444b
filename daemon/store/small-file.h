/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small text file that outlives the boot: read whole, and replaced whole. Unlike the state file
 * it is on a disk, so it is for what changes when a person changes it.
 */
#ifndef CALLSD_STORE_SMALL_FILE_H
#define CALLSD_STORE_SMALL_FILE_H

#include "util/macro.h"

/* -ENOENT: there is none. -EFBIG: more than `size_max` bytes. -EBADMSG: there is a NUL in it. */
int small_file_read(const char *path, size_t size_max, char **ret_text);

/*
 * After this the file is the old one or the new one, also when the machine loses its power. Its
 * folders are made. `keep`: the old one stays as PATH.old. May take as long as the disk takes.
 */
int small_file_write(const char *path, const char *text, bool keep);

#endif
