/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a process is: uid, and the sandbox it lives in. */
#ifndef CALLSD_BUS_BUS_IDENTITY_H
#define CALLSD_BUS_BUS_IDENTITY_H

#include <sys/types.h>

#include "util/macro.h"

#define APP_ID_SIZE 256

struct sandbox {
        bool sandboxed;
        bool certain;
        char app_id[APP_ID_SIZE]; /* "" where it is not known, or none */
};

/*
 * Looks at /proc. `appeared` is when the peer's connection was first seen (CLOCK_BOOTTIME): a
 * process that is younger is not the one that connected, its number was used again. Where the bus
 * hands over a `pidfd` (else -1) that is certain without clocks. Where nothing certain can be
 * learnt the peer counts as sandboxed, in an app without a name: the lesser right.
 */
void identity_look_up(pid_t pid, int pidfd, usec_t appeared, struct sandbox *ret_sandbox);

/* From a security label; false where the label says nothing about a sandbox. */
bool identity_from_label(const char *label, struct sandbox *ret_sandbox);

/*
 * From the text of /proc/PID/mountinfo: "MAJOR:MINOR PATH" of what is mounted as root, and the type
 * of the file system that a mount has. False where it does not say.
 */
bool identity_parse_root(const char *mountinfo, char *ret_root, size_t size);
bool identity_parse_type(const char *mountinfo, unsigned long long mount, char *ret_type,
                         size_t size);

/* The value of `name=` in [Application] of a .flatpak-info; false without one. */
bool identity_parse_info(const char *text, char *ret_app_id, size_t size);

#endif
