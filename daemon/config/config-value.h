/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of keys: text to member and back. */
#ifndef CALLSD_CONFIG_CONFIG_VALUE_H
#define CALLSD_CONFIG_CONFIG_VALUE_H

#include "config/config-table.h"

/* "90", "30s", "500ms", "1min 30s", "2h"; a bare number is seconds. -EINVAL or -ERANGE. */
int config_parse_duration(const char *text, usec_t *ret_duration);

/* In the largest unit that needs no fraction, for example "90s", "2min". */
void config_format_duration(usec_t duration, char *buffer, size_t size);

/* Sets the member of `key`. -EINVAL when the value is none of this key, -ENOMEM. */
int config_value_set(struct config *config, const struct config_key *key, const char *value);

/* The member of `key` as it stands in a file. Lists and texts give "". */
void config_value_format(const struct config *config, const struct config_key *key, char *buffer,
                         size_t size);

/* What a value of `key` may be, for an error message: "a number from 1 to 10000". */
void config_value_expect(const struct config_key *key, char *buffer, size_t size);

#endif
