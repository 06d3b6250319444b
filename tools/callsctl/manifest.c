/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * providers --check: what callsd would make of a manifest.
 *
 * There is one reader of manifests, and it is callsd's. So callsd is run: the one beside this
 * program, else the one that is found as commands are.
 */
#include "ctl.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Empty if it is not known. */
static void path_beside(char *path, size_t size)
{
        char own[PATH_MAX];
        ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
        char *slash;

        *path = '\0';
        if (length <= 0)
                return;
        own[length] = '\0';
        slash = strrchr(own, '/');
        if (!slash)
                return;
        *slash = '\0';
        if (snprintf(path, size, "%s/callsd", own) >= (int)size)
                *path = '\0';
}

int check_manifest(struct ctl *ctl, const char *file)
{
        char path[PATH_MAX + sizeof("/callsd")];

        if (ctl->json)
                return ctl_fail(ctl, STATUS_USAGE,
                                "--check prints lines of the form FILE:LINE: TEXT; leave --json "
                                "out");
        path_beside(path, sizeof(path));
        if (*path != '\0')
                execl(path, "callsd", "--check-manifest", file, (char *)NULL);
        execlp("callsd", "callsd", "--check-manifest", file, (char *)NULL);
        return ctl_fail(ctl, STATUS_USAGE,
                        "callsd reads manifests, and cannot be run: %s; it has to be in the folder "
                        "of callsctl or in one of PATH",
                        strerror(errno));
}
