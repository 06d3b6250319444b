/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests without memory: whichever allocation fails, -ENOMEM is the answer, and nothing leaks.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "config/manifest-store.h"
#include "model/failing-malloc.h"
#include "support/suite.h"
#include "util/cleanup.h"

#define FAULTS_MAX 200

static const char TEXT[] = "[Desktop Entry]\n"
                           "Name=Phone\n"
                           "Icon=phone\n"
                           "X-Flatpak=org.example.Phone\n"
                           "[X-Callsd Provider]\n"
                           "Identifier=org.example.Phone\n"
                           "Name=Phone\n"
                           "BusName=org.example.Phone\n"
                           "HandleTypes=generic\n"
                           "URISchemes=sip;tel\n"
                           "PushHelpers=org.example.Push\n"
                           "EmergencyNumbers=112;911\n"
                           "ReclaimGrace=3s\n";

static void no_note(enum manifest_note note, const char *text, void *userdata)
{
        (void)note, (void)userdata;
        ck_abort_msg("%s", text);
}

static int parse(struct manifest **ret_manifest)
{
        const struct manifest_source source = {"/a/org.example.Phone.desktop", true, "de_DE"};
        char text[sizeof(TEXT)];

        memcpy(text, TEXT, sizeof(TEXT));
        return manifest_parse(&source, text, sizeof(TEXT) - 1, no_note, NULL, ret_manifest);
}

START_TEST(reading)
{
        bool reached = true;
        size_t n;

        for (n = 0; reached; n++) {
                struct manifest *manifest = NULL;
                int r;

                ck_assert_uint_lt(n, FAULTS_MAX);
                failing_malloc_arm(n);
                r = parse(&manifest);
                reached = failing_malloc_disarm();
                ck_assert_int_eq(r, reached ? -ENOMEM : 0);
                ck_assert_int_eq(manifest != NULL, r == 0);
                manifest_free(manifest);
        }
        ck_assert_uint_gt(n, 15);
}
END_TEST

START_TEST(reading_a_file)
{
        char folder[] = "/tmp/callsd-test-manifest-XXXXXX", path[128];
        bool reached = true;
        FILE *file;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/org.example.Phone.desktop", folder);
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs(TEXT, file);
        ck_assert_int_eq(fclose(file), 0);
        for (size_t n = 0; reached; n++) {
                const struct manifest_source source = {path, true, ""};
                struct manifest *manifest = NULL;
                int r;

                ck_assert_uint_lt(n, FAULTS_MAX);
                failing_malloc_arm(n);
                r = manifest_read(&source, no_note, NULL, &manifest);
                reached = failing_malloc_disarm();
                ck_assert_int_eq(r, reached ? -ENOMEM : 0);
                manifest_free(manifest);
        }
        unlink(path);
        rmdir(folder);
}
END_TEST

/* Without a check: these allocate. */
static void on_changed(const char *identifier, void *userdata)
{
        unsigned *n_changes = userdata;

        (*n_changes) += strcmp(identifier, "org.example.Phone") == 0;
}

/* What cannot be kept leaves everything as it was. */
START_TEST(keeping)
{
        bool reached = true;
        size_t n;

        for (n = 0; reached; n++) {
                unsigned n_changes = 0;
                struct manifest_store *store = manifest_store_new(on_changed, &n_changes);
                struct manifest *manifest = NULL;
                int r;

                ck_assert_uint_lt(n, FAULTS_MAX);
                ck_assert_ptr_nonnull(store);
                ck_assert_int_eq(parse(&manifest), 0);
                failing_malloc_arm(n);
                r = manifest_store_put(store, "/a/org.example.Phone.desktop", 1, manifest);
                reached = failing_malloc_disarm();
                ck_assert_msg(r == (reached ? -ENOMEM : 0), "fault %zu: %d", n, r);
                ck_assert_uint_eq(n_changes, !reached);
                ck_assert_int_eq(manifest_store_find(store, "org.example.Phone") != NULL, !reached);
                manifest_store_free(store);
        }
        ck_assert_uint_gt(n, 5);
}
END_TEST

static TCase *memory_case(void)
{
        TCase *memory = tcase_create("memory");

        tcase_add_test(memory, reading);
        tcase_add_test(memory, reading_a_file);
        tcase_add_test(memory, keeping);
        return memory;
}

SUITE_MAIN("manifests without memory", memory_case());
