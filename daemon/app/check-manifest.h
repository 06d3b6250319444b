/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd --check-manifest FILE: what the daemon would make of this file, and why. */
#ifndef CALLSD_APP_CHECK_MANIFEST_H
#define CALLSD_APP_CHECK_MANIFEST_H

#define CHECK_GOOD 0
#define CHECK_BAD 1
#define CHECK_UNREADABLE 2

/* Prints, and returns one of these. */
int check_manifest(const char *path);

#endif
