/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A manifest before it is installed, read by the one reader that there is.
 *
 * A file that lies in one of the folders is what it will be there. Any other may go to either kind
 * of folder, so it is read as one of the system, and what it would lack as a user's are warnings.
 */
#include "app/check-manifest.h"

#include <errno.h>
#include <stdio.h>

#include "app/manifest-folders.h"
#include "config/key-file.h"
#include "config/manifest.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(struct manifest *, manifest_free);

static void on_note(enum manifest_note note, const char *text, void *userdata)
{
        (void)userdata;
        fprintf(stderr, "%s%s\n", note == MANIFEST_WARNING ? "warning: " : "", text);
}

static void on_user_note(enum manifest_note note, const char *text, void *userdata)
{
        (void)note, (void)userdata;
        fprintf(stderr, "warning: in a user's folder: %s\n", text);
}

static int read_as(const char *path, bool system, manifest_note_fn note_fn,
                   struct manifest **ret_manifest)
{
        const struct manifest_source source = {path, system, key_file_locale()};

        return manifest_read(&source, note_fn, NULL, ret_manifest);
}

static int explain_nothing(const char *path)
{
        if (access(path, F_OK) < 0) {
                fprintf(stderr, "%s: the file cannot be read: %s\n", path, strerror(errno));
                return CHECK_UNREADABLE;
        }
        fprintf(stderr,
                "%s: this is no provider: a desktop file has to have the group [X-Callsd "
                "Provider], and "
                "no Hidden=true\n",
                path);
        return CHECK_BAD;
}

static void print_summary(const char *path, const struct manifest *manifest)
{
        printf("%s: good; %s", path, manifest->identifier);
        if (manifest->name)
                printf(", \"%s\"", manifest->name);
        if (manifest->bus_name)
                printf(", is started by the name %s", manifest->bus_name);
        else
                printf(", cannot be started by callsd (no BusName=)");
        putchar('\n');
}

static int judge(const char *path, const struct manifest_folder *folder)
{
        cleanup_(manifest_freep) struct manifest *manifest = NULL, *as_user = NULL;
        bool system = !folder || folder->system;
        int r = read_as(path, system, on_note, &manifest);

        if (r == -ENOENT || (r == 0 && !manifest->declares))
                return explain_nothing(path);
        if (r < 0)
                return r == -EINVAL ? CHECK_BAD : CHECK_UNREADABLE;
        if (!folder)
                (void)read_as(path, false, on_user_note, &as_user);
        print_summary(path, manifest);
        return CHECK_GOOD;
}

int check_manifest(const char *path)
{
        struct manifest_folders folders;
        int status, r = manifest_folders_init(&folders, true);

        if (r < 0) {
                fprintf(stderr, "callsd: %s cannot be checked: %s\n", path, strerror(-r));
                return CHECK_UNREADABLE;
        }
        status = judge(path, manifest_folders_find(&folders, path));
        manifest_folders_done(&folders);
        return status;
}
