/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of sip.conf: how a value is read, and what it may be. */
#ifndef CALLSD_SIP_CONFIG_KEY_H
#define CALLSD_SIP_CONFIG_KEY_H

#include "config.h"

struct config_key {
        const char *name;
        bool of_account; /* in [Account ...]; else in [Sip] */
        int (*read)(const struct config_key *key, void *field, const char *value);
        size_t offset;
        const char *takes; /* what would be right */
};

/* NULL: there is none of this name in such a section. */
const struct config_key *config_key_find(bool of_account, const char *name);
/* The one that may have been meant, or NULL. */
const struct config_key *config_key_suggest(bool of_account, const char *name);
/* A list "A, B and C" of all, to be freed; NULL for want of memory. */
char *config_key_names(bool of_account);
/* `section` is a struct config or a struct account_config. 0, -EINVAL, -ENOMEM. */
int config_key_set(const struct config_key *key, void *section, const char *value);

#endif
