/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking things up in the engine, and completing actions by their id. */
#include "model/engine-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

struct call *engine_get_call(const struct engine *engine, const char *uuid)
{
        struct call *call;

        HASH_FIND_STR(engine->calls, uuid, call);
        return call;
}

const struct call *engine_find_call(const struct engine *engine, const char *uuid)
{
        return engine_get_call(engine, uuid);
}

const struct provider *engine_find_provider(const struct engine *engine, unsigned number)
{
        struct provider *provider;

        HASH_FIND(hh_number, engine->providers, &number, sizeof(number), provider);
        return provider;
}

struct provider *engine_get_running(struct engine *engine, unsigned number)
{
        struct provider *provider;

        HASH_FIND(hh_number, engine->providers, &number, sizeof(number), provider);
        if (provider && provider->state == PROVIDER_RUNNING)
                return provider;
        engine_refuse(engine, REFUSAL_NOT_REGISTERED,
                      "This app is not registered; call RegisterProvider first.");
        return NULL;
}

const struct provider *engine_find_identifier(const struct engine *engine, const char *identifier)
{
        struct provider *provider;

        HASH_FIND(hh_identifier, engine->identifiers, identifier, strlen(identifier), provider);
        return provider;
}

static struct action *get_action(const struct engine *engine, const char *id)
{
        struct action *action;

        HASH_FIND_STR(engine->actions, id, action);
        return action && action->state != ACTION_SPARE ? action : NULL;
}

const struct action *engine_find_action(const struct engine *engine, const char *id)
{
        return get_action(engine, id);
}

const struct transaction *engine_find_transaction(const struct engine *engine, const char *id)
{
        struct transaction *transaction;

        HASH_FIND_STR(engine->transactions, id, transaction);
        return transaction && !transaction->spare ? transaction : NULL;
}

const struct call *engine_next_call(const struct engine *engine, const struct call *after)
{
        return after ? after->hh.next : engine->calls;
}

const struct provider *engine_next_provider(const struct engine *engine,
                                            const struct provider *after)
{
        const struct provider *provider = after ? after->hh_number.next : engine->providers;

        while (provider && provider->state == PROVIDER_GONE)
                provider = provider->hh_number.next;
        return provider;
}

const struct transaction *engine_next_transaction(const struct engine *engine,
                                                  const struct transaction *after)
{
        const struct transaction *transaction = after ? after->admitted_next : engine->admitted;

        while (transaction && transaction->complete)
                transaction = transaction->admitted_next;
        return transaction;
}

const struct call *engine_first_ringing(const struct engine *engine)
{
        return engine->ringing;
}

const struct call *engine_active_call(const struct engine *engine)
{
        const struct call *call;

        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                if (call->state == CALL_STATE_ACTIVE)
                        return call;
        }
        return NULL;
}

const struct call *engine_resumable_call(const struct engine *engine)
{
        return engine->resumable.text[0] != '\0' ? engine_get_call(engine, engine->resumable.text)
                                                 : NULL;
}

bool engine_in_call(const struct engine *engine)
{
        return engine->in_call;
}

bool engine_do_not_disturb(const struct engine *engine)
{
        return engine->do_not_disturb;
}

bool engine_default_provider(const struct engine *engine, size_t index, const char **ret_key,
                             const char **ret_identifier)
{
        const struct default_provider *preset;

        DL_FOREACH (engine->defaults, preset) {
                if (index-- > 0)
                        continue;
                *ret_key = preset->key;
                *ret_identifier = preset->identifier;
                return true;
        }
        return false;
}

enum refusal engine_action_result(const struct engine *engine, const struct action *action,
                                  const char **ret_reason)
{
        const struct action *told = action, *sibling;

        (void)engine;
        /* a hold of a whole group that one member refused did not come about */
        DL_FOREACH (action->transaction->actions, sibling) {
                if (told->result == REFUSAL_NONE && action->type == ACTION_SET_HELD && action->on &&
                    action->fan_out != 0 && sibling->fan_out == action->fan_out && sibling->on &&
                    sibling->result != REFUSAL_NONE)
                        told = sibling;
        }
        if (ret_reason)
                *ret_reason = told->reason ? told->reason : str_or_empty(told->why);
        return told->result;
}

/* ---- completion by the provider ---- */

/* An earlier action of its part that is not complete, or NULL. Ends wait for nobody. */
static const struct action *find_unfinished_before(const struct action *action)
{
        const struct action *before;

        DL_FOREACH (action->transaction->actions, before) {
                if (before == action || action->type == ACTION_END)
                        break;
                if (before->delivery == action->delivery && action_is_pending(before) &&
                    before->type != ACTION_END)
                        return before;
        }
        return NULL;
}

/* NULL: refused, or out of memory, as *ret_r says. */
static struct action *begin_completion(struct engine *engine, struct instant now, unsigned number,
                                       const char *id, int *ret_r)
{
        const struct action *before;
        struct provider *provider;
        struct action *action;

        *ret_r = engine_begin(engine, now, 0);
        if (*ret_r != 0)
                return NULL;
        *ret_r = REFUSAL_NOT_REGISTERED;
        provider = engine_get_running(engine, number);
        if (!provider)
                return NULL;
        action = get_action(engine, id);
        if (!action || action->state != ACTION_DELIVERED || !action->call ||
            action->call->provider != provider) {
                *ret_r = engine_refuse(engine, REFUSAL_UNKNOWN_ACTION,
                                       "%s has no pending action %s; it was completed, cancelled "
                                       "or timed out, or never was.",
                                       provider->config.identifier, id);
                return NULL;
        }
        before = find_unfinished_before(action);
        if (before) {
                *ret_r = engine_refuse(engine, REFUSAL_WRONG_STATE,
                                       "Action %s comes before %s in the same transaction and has "
                                       "to be completed first.",
                                       before->id.text, id);
                return NULL;
        }
        *ret_r = 0;
        return action;
}

int engine_fulfill_action(struct engine *engine, struct instant now, unsigned number,
                          const char *id, const struct action_outcome *outcome)
{
        int r;
        struct action *action = begin_completion(engine, now, number, id, &r);

        if (!action)
                return r;
        action_fulfilled(engine, action, outcome);
        return engine_finish(engine);
}

int engine_fail_action(struct engine *engine, struct instant now, unsigned number, const char *id,
                       const struct action_outcome *outcome)
{
        cleanup_(freep) char *reason = NULL, *text = NULL;
        struct action_failure failure = {.result = REFUSAL_ACTION_FAILED, .cause = outcome->cause};
        int r;
        struct action *action = begin_completion(engine, now, number, id, &r);

        if (!action)
                return r;
        if (str_or_empty(outcome->reason)[0] != '\0' &&
            (!(reason = strdup(outcome->reason)) || !(text = strdup(outcome->reason))))
                return -ENOMEM;
        failure.reason = take_ptr(reason);
        failure.text = take_ptr(text);
        action_failed(engine, action, &failure);
        return engine_finish(engine);
}
