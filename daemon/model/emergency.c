/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Emergency calls: refused for no limit, waiting for nobody, touched by no policy. */
#include "model/engine-internal.h"

#include <utlist.h>

static bool provider_lists(const struct provider *provider, const char *handle)
{
        const size_t length = post_dial_split(handle);

        for (char **n = provider->emergency_numbers; n && *n; n++)
                if (strlen(*n) == length && strncmp(*n, handle, length) == 0)
                        return true;
        return false;
}

/* Numbers come from system manifests alone; any provider's call to one of them counts. */
bool emergency_is_number(const struct engine *engine, enum handle_type type, const char *handle)
{
        const struct provider *provider, *next;

        if (type != HANDLE_TYPE_PHONE_NUMBER)
                return false;
        HASH_ITER (hh_number, engine->providers, provider, next) {
                if (provider_lists(provider, handle))
                        return true;
        }
        return false;
}

struct call *emergency_other(const struct engine *engine, const struct call *call)
{
        struct call *other, *next;

        if (engine->n_emergency == 0)
                return NULL;
        HASH_ITER (hh, engine->calls, other, next) {
                if (other->emergency && call_is_live(other) && !call_same_group(other, call))
                        return other;
        }
        return NULL;
}

static void cancel_queued(struct engine *engine, struct transaction *transaction, bool all)
{
        struct action *action, *next;

        DL_FOREACH_SAFE (transaction->actions, action, next) {
                if (action->state == ACTION_QUEUED && action->type != ACTION_END &&
                    (all || action_activates(action)))
                        action_cancel_with_rest(engine, action, REFUSAL_ACTION_CANCELLED,
                                                "an emergency call goes first");
        }
}

void emergency_take_over(struct engine *engine)
{
        struct transaction *transaction, *next;
        struct transaction *holder = engine->floor;

        DL_FOREACH_SAFE (engine->floor, transaction, next) {
                cancel_queued(engine, transaction, transaction == holder);
        }
}
