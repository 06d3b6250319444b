/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two tables: files by their paths, apps by their identifiers with their files in order. */
#include "config/manifest-store.h"

#include <errno.h>
#include <stdlib.h>

#include <uthash.h>
#include <utlist.h>

#include "util/cleanup.h"

struct app;

struct file {
        char *path;
        unsigned rank;
        bool desktop;
        struct manifest *manifest;
        struct app *app;
        struct file *prev, *next; /* of its app, by rank */
        UT_hash_handle hh;
};

struct app {
        char *identifier;
        struct file *files;
        UT_hash_handle hh;
};

struct manifest_store {
        struct file *files;
        struct app *apps;
        manifest_changed_fn changed_fn;
        void *userdata;
};

/* ---- apps ---- */

static struct app *find_app(const struct manifest_store *store, const char *identifier)
{
        struct app *app;

        HASH_FIND_STR(store->apps, identifier, app);
        return app;
}

static struct app *get_app(struct manifest_store *store, const char *identifier)
{
        struct app *app = find_app(store, identifier);

        if (app)
                return app;
        app = calloc(1, sizeof(*app));
        if (app)
                app->identifier = strdup(identifier);
        if (app && app->identifier)
                HASH_ADD_KEYPTR(hh, store->apps, app->identifier, strlen(app->identifier), app);
        if (app && (!app->identifier || !app->hh.tbl)) {
                free(app->identifier);
                free(app);
                return NULL;
        }
        return app;
}

static void forget_app_if_unused(struct manifest_store *store, struct app *app)
{
        if (app->files)
                return;
        HASH_DEL(store->apps, app);
        free(app->identifier);
        free(app);
}

static int by_rank(const struct file *a, const struct file *b)
{
        return a->rank < b->rank ? -1 : a->rank > b->rank;
}

/* ---- files ---- */

static struct file *find_file(const struct manifest_store *store, const char *path)
{
        struct file *file;

        HASH_FIND_STR(store->files, path, file);
        return file;
}

static struct file *add_file(struct manifest_store *store, const char *path, unsigned rank)
{
        struct file *file = calloc(1, sizeof(*file));
        size_t length = strlen(path), tail = strlen(DESKTOP_SUFFIX);

        if (!file)
                return NULL;
        file->rank = rank;
        file->desktop = length > tail && streq(path + length - tail, DESKTOP_SUFFIX);
        file->path = strdup(path);
        if (file->path)
                HASH_ADD_KEYPTR(hh, store->files, file->path, length, file);
        if (!file->path || !file->hh.tbl) {
                free(file->path);
                free(file);
                return NULL;
        }
        return file;
}

static void remove_file(struct manifest_store *store, struct file *file)
{
        if (file->app)
                DL_DELETE(file->app->files, file);
        HASH_DEL(store->files, file);
        manifest_free(file->manifest);
        free(file->path);
        free(file);
}

/* What it says counts for `app` from now on. */
static void attach(struct file *file, struct app *app, struct manifest *manifest)
{
        if (file->app)
                DL_DELETE(file->app->files, file);
        manifest_free(file->manifest);
        file->manifest = manifest;
        file->app = app;
        DL_INSERT_INORDER(app->files, file, by_rank);
}

static void tell_changed(struct manifest_store *store, struct app *app)
{
        store->changed_fn(app->identifier, store->userdata);
        forget_app_if_unused(store, app);
}

static void forget(struct manifest_store *store, const char *path)
{
        struct file *file = find_file(store, path);
        struct app *app = file ? file->app : NULL;

        if (!file)
                return;
        remove_file(store, file);
        tell_changed(store, app);
}

int manifest_store_put(struct manifest_store *store, const char *path, unsigned rank,
                       struct manifest *manifest)
{
        struct file *file = find_file(store, path);
        struct app *app, *before = file ? file->app : NULL;

        if (!manifest) {
                forget(store, path);
                return 0;
        }
        if (file && manifest_is_equal(file->manifest, manifest)) {
                manifest_free(manifest);
                return 0;
        }
        app = get_app(store, manifest->identifier);
        if (app && !file)
                file = add_file(store, path, rank);
        if (!app || !file) {
                if (app)
                        forget_app_if_unused(store, app);
                manifest_free(manifest);
                return -ENOMEM;
        }
        attach(file, app, manifest);
        if (before && before != app)
                tell_changed(store, before);
        tell_changed(store, app);
        return 0;
}

bool manifest_store_has(const struct manifest_store *store, const char *path)
{
        return find_file(store, path) != NULL;
}

const char *manifest_store_next(const struct manifest_store *store, unsigned rank,
                                const char *after)
{
        struct file *file = after ? find_file(store, after) : NULL;

        for (file = file ? file->hh.next : store->files; file; file = file->hh.next)
                if (file->rank == rank)
                        return file->path;
        return NULL;
}

/* ---- what counts ---- */

const struct manifest *manifest_store_find(const struct manifest_store *store,
                                           const char *identifier)
{
        const struct app *app = find_app(store, identifier);
        const struct file *file;

        for (file = app ? app->files : NULL; file; file = file->next)
                if (file->manifest->declares)
                        return file->manifest;
        return NULL;
}

/* Of the manifest that counts, else of the desktop files. */
static const char *find_text(const struct manifest_store *store, const char *identifier,
                             size_t offset)
{
        const struct app *app = find_app(store, identifier);
        const struct manifest *manifest = manifest_store_find(store, identifier);
        const struct file *file;
        const char *text = NULL;

        if (manifest)
                text = *(char *const *)(const void *)((const char *)manifest + offset);
        for (file = app ? app->files : NULL; file && !text; file = file->next)
                if (file->desktop)
                        text = *(char *const *)(const void *)((const char *)file->manifest +
                                                              offset);
        return text;
}

const char *manifest_store_name(const struct manifest_store *store, const char *identifier)
{
        return find_text(store, identifier, offsetof(struct manifest, name));
}

const char *manifest_store_icon(const struct manifest_store *store, const char *identifier)
{
        return find_text(store, identifier, offsetof(struct manifest, icon));
}

/* ---- life ---- */

struct manifest_store *manifest_store_new(manifest_changed_fn changed_fn, void *userdata)
{
        struct manifest_store *store = calloc(1, sizeof(*store));

        if (store) {
                store->changed_fn = changed_fn;
                store->userdata = userdata;
        }
        return store;
}

struct manifest_store *manifest_store_free(struct manifest_store *store)
{
        struct file *file, *next_file;
        struct app *app, *next_app;

        if (!store)
                return NULL;
        HASH_ITER (hh, store->files, file, next_file)
                remove_file(store, file);
        HASH_ITER (hh, store->apps, app, next_app)
                forget_app_if_unused(store, app);
        free(store);
        return NULL;
}
