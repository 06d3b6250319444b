/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of several files for one app one counts, and what is known of it changes with the files. */
#include "config/manifest-store.h"

#include <errno.h>
#include <stdio.h>

#include "support/suite.h"
#include "util/cleanup.h"

#define ID "org.example.Phone"

static struct manifest_store *store;
static char changed[512];

static void on_changed(const char *identifier, void *userdata)
{
        size_t used = strlen(changed);

        (void)userdata;
        snprintf(changed + used, sizeof(changed) - used, "%s ", identifier);
}

static void setup(void)
{
        store = manifest_store_new(on_changed, NULL);
        ck_assert_ptr_nonnull(store);
        changed[0] = '\0';
}

static void teardown(void)
{
        store = manifest_store_free(store);
}

/* NULL for `name`: none. */
static struct manifest *make(const char *identifier, const char *name, bool declares)
{
        struct manifest *manifest = calloc(1, sizeof(*manifest));

        ck_assert_ptr_nonnull(manifest);
        manifest->identifier = strdup(identifier);
        manifest->name = name ? strdup(name) : NULL;
        manifest->declares = declares;
        return manifest;
}

static void put(const char *path, unsigned rank, struct manifest *manifest)
{
        changed[0] = '\0';
        ck_assert_int_eq(manifest_store_put(store, path, rank, manifest), 0);
}

static void assert_name(const char *name)
{
        const char *known = manifest_store_name(store, ID);

        ck_assert_str_eq(known ? known : "none", name);
}

START_TEST(lowest_rank_counts)
{
        put("/user/a.provider", 3, make(ID, "user", true));
        assert_name("user");
        put("/system/a.provider", 1, make(ID, "system", true));
        assert_name("system");
        ck_assert_str_eq(manifest_store_find(store, ID)->name, "system");
        put("/between/a.provider", 2, make(ID, "between", true));
        assert_name("system");
        put("/system/a.provider", 1, NULL);
        ck_assert_str_eq(changed, ID " ");
        assert_name("between");
        put("/between/a.provider", 2, NULL);
        put("/user/a.provider", 3, NULL);
        ck_assert_ptr_null(manifest_store_find(store, ID));
        assert_name("none");
}
END_TEST

/* A desktop file tells the name of whoever has a manifest without one, or none. Rows: R10 */
START_TEST(names_of_desktop_files)
{
        put("/user/" ID ".desktop", 5, make(ID, "forged", false));
        assert_name("forged");
        ck_assert_ptr_null(manifest_store_find(store, ID));
        put("/system/" ID ".desktop", 2, make(ID, "Phone", false));
        assert_name("Phone");
        put("/user/" ID ".provider", 4, make(ID, NULL, true));
        assert_name("Phone");
        put("/system/" ID ".provider", 1, make(ID, "Telephone", true));
        assert_name("Telephone");
        /* a manifest that does not count names nobody */
        put("/system/" ID ".provider", 1, make(ID, NULL, true));
        put("/user/" ID ".provider", 4, make(ID, "forged again", true));
        assert_name("Phone");
        ck_assert_ptr_null(manifest_store_icon(store, ID));
}
END_TEST

START_TEST(only_changes_are_told)
{
        put("/a", 1, make(ID, "one", true));
        ck_assert_str_eq(changed, ID " ");
        put("/a", 1, make(ID, "one", true));
        ck_assert_str_eq(changed, "");
        put("/b", 1, NULL);
        ck_assert_str_eq(changed, "");
        put("/a", 1, make("org.example.Other", "one", true));
        ck_assert_str_eq(changed, ID " org.example.Other ");
        ck_assert_ptr_null(manifest_store_find(store, ID));
}
END_TEST

START_TEST(files_of_a_folder)
{
        const char *path = NULL;
        unsigned n = 0;

        put("/a", 1, make("org.example.A", NULL, true));
        put("/b", 2, make("org.example.B", NULL, true));
        put("/c", 1, make("org.example.C", NULL, true));
        while ((path = manifest_store_next(store, 1, path)))
                n++;
        ck_assert_uint_eq(n, 2);
        ck_assert(manifest_store_has(store, "/b"));
        ck_assert(!manifest_store_has(store, "/d"));
}
END_TEST

static TCase *store_case(void)
{
        TCase *all = tcase_create("all");

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, lowest_rank_counts);
        tcase_add_test(all, names_of_desktop_files);
        tcase_add_test(all, only_changes_are_told);
        tcase_add_test(all, files_of_a_folder);
        return all;
}

SUITE_MAIN("manifest-store", store_case());
