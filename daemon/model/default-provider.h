/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who places a call that nobody was named for (call-model.md 3).
 *
 * The user chooses by URI scheme or by type of handle, and the scheme counts first. A choice that
 * cannot be followed, since the app is gone, away or not let, is as good as none: a person who
 * wants to call is better served by the next best than by a refusal.
 */
#ifndef CALLSD_MODEL_DEFAULT_PROVIDER_H
#define CALLSD_MODEL_DEFAULT_PROVIDER_H

#include "model/engine-internal.h"

void default_provider_free(struct default_provider *preset);

/* NULL: there is none. */
struct provider *default_provider_choose(const struct engine *engine, const char *peer,
                                         const struct action_args *args);

#endif
