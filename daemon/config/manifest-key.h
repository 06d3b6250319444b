/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of a manifest's keys, and the reading of their values. */
#ifndef CALLSD_CONFIG_MANIFEST_KEY_H
#define CALLSD_CONFIG_MANIFEST_KEY_H

#include "config/manifest.h"

enum manifest_type {
        MANIFEST_IDENTIFIER,
        MANIFEST_TEXT,
        MANIFEST_BUS_NAME,
        MANIFEST_HANDLE_TYPES, /* unsigned, bits */
        MANIFEST_SCHEMES,
        MANIFEST_HELPERS,
        MANIFEST_NUMBERS,
        MANIFEST_DURATION, /* usec_t */
};

struct manifest_key {
        const char *name;
        enum manifest_type type;
        size_t offset; /* in struct manifest */
        bool translated;
        bool system_only;
        const char *expected; /* what it takes, for an error message */
};

#define N_MANIFEST_KEYS 9

extern const struct manifest_key MANIFEST_KEYS[N_MANIFEST_KEYS];

const struct manifest_key *manifest_key_find(const char *name);
/* The closest one, or NULL when none is close. */
const struct manifest_key *manifest_key_suggest(const char *name);

/*
 * Sets the member of `key`, in place of what was there; `value` is overwritten. -EINVAL with the
 * part of the value that is wrong; -ENOMEM.
 */
int manifest_key_set(struct manifest *manifest, const struct manifest_key *key, char *value,
                     const char **ret_wrong);
/* As if the key had not been there. */
void manifest_key_clear(struct manifest *manifest, const struct manifest_key *key);
bool manifest_key_is_equal(const struct manifest *a, const struct manifest *b,
                           const struct manifest_key *key);

/* A reverse-DNS name such as org.example.Phone, of 255 bytes at the most. */
bool manifest_is_identifier(const char *text);
/* A well-known name on a bus. */
bool manifest_is_bus_name(const char *text);

#endif
