/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How our nodes are called: `callsd.<call>.sink` and `.source`, and `callsd.shared.<provider>.sink`
 * for streams that serve several calls. The name is all that a later daemon has to find them by.
 */
#ifndef CALLSD_AUDIO_NAMES_H
#define CALLSD_AUDIO_NAMES_H

#include "util/macro.h"

#define KEY_CALL_ID "callsd.call.id"
#define NAMES_PREFIX "callsd."
#define NAMES_SHARED "shared."
#define NAMES_SINK ".sink"
#define NAMES_SOURCE ".source"

/* "shared." and an identifier of 255 bytes. */
#define NAMES_KEY_SIZE 264
#define NAMES_SIZE (NAMES_KEY_SIZE + 16)

/* Lower-case text of a UUID. */
bool names_is_call(const char *text);

/* Whether `name` is that of a sink or source of ours; not so for our ring streams. */
bool names_is_ours(const char *name);

/* The session's key in a node's name, that is the UUID or "shared.<provider>"; -EINVAL for a name
 * that is not ours. */
int names_parse(const char *name, char ret_key[NAMES_KEY_SIZE], bool *ret_source);

#endif
