/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All manifests that are there, and which of them counts for an app.
 *
 * Of several files for one identifier the one with the lowest rank counts, as a whole. The others
 * are kept, so that nothing has to be read when that one goes.
 */
#ifndef CALLSD_CONFIG_MANIFEST_STORE_H
#define CALLSD_CONFIG_MANIFEST_STORE_H

#include "config/manifest.h"

struct manifest_store;

/* What is known of this app may be something else now. */
typedef void (*manifest_changed_fn)(const char *identifier, void *userdata);

/* NULL without memory. */
struct manifest_store *manifest_store_new(manifest_changed_fn changed_fn, void *userdata);
struct manifest_store *manifest_store_free(struct manifest_store *store);

/* What the file at `path` says by now; `manifest` is taken over, NULL: nothing. 0 or -ENOMEM (and
 * nothing is changed). */
int manifest_store_put(struct manifest_store *store, const char *path, unsigned rank,
                       struct manifest *manifest);

bool manifest_store_has(const struct manifest_store *store, const char *path);
/* The next path with this rank that something is known from; NULL starts, and ends. */
const char *manifest_store_next(const struct manifest_store *store, unsigned rank,
                                const char *after);

/* The manifest that counts, or NULL. */
const struct manifest *manifest_store_find(const struct manifest_store *store,
                                           const char *identifier);

/* How users know the app: its manifest's words, else its desktop file's, else NULL. */
const char *manifest_store_name(const struct manifest_store *store, const char *identifier);
const char *manifest_store_icon(const struct manifest_store *store, const char *identifier);

#endif
