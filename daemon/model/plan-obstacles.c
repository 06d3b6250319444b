/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What would be in the way of a request once everything before it is done: refused now rather
 * than at its turn, where it would be the action's result.
 */
#include "model/admission.h"

#include <stdio.h>
#include <utlist.h>

static bool is_own(const struct plan *plan, const struct call *call)
{
        return streq(plan->request->peer, call->provider->peer);
}

static bool may_end(const struct plan *plan, const struct call *call)
{
        return plan->emergency || ((plan->request->may_end || plan->request->end_and_answer) &&
                                   (plan->request->controller || is_own(plan, call)));
}

static bool claims(enum call_state state)
{
        return call_state_claims(state);
}

static int check_obstacle(struct plan *plan, const struct planned *item, const struct call *call)
{
        const struct projected *projected = plan_project(plan, call);

        if (!claims(projected->state) || plan_same_key(plan, call, item->call))
                return 0;
        if (call->emergency)
                return engine_refuse(plan->engine, REFUSAL_REQUEST_PROTECTED,
                                     "The emergency call %s is going on; end it first.",
                                     call->id.text);
        if (projected->state == CALL_STATE_ACTIVE && group_supports_holding(call) &&
            !plan->request->end_and_answer)
                return 0;
        if (may_end(plan, call))
                return 0;
        return engine_refuse(plan->engine, REFUSAL_WOULD_END_CALL,
                             "Call %s is in the way and cannot be held (it is %s); end it first, "
                             "or allow its end (MayEnd, EndAndAnswer).",
                             call->id.text, call_state_to_string(call->state));
}

/* The latest activation that waits for the floor: by its end it has displaced everybody else. */
static const struct call *last_queued_activation(const struct engine *engine)
{
        const struct transaction *transaction;
        const struct action *action;

        if (!engine->floor)
                return NULL;
        for (transaction = engine->floor->prev;; transaction = transaction->prev) {
                for (action = transaction->actions ? transaction->actions->prev : NULL; action;
                     action = action == transaction->actions ? NULL : action->prev)
                        if (action_is_pending(action) && action->call && action_activates(action))
                                return action->call;
                if (transaction == engine->floor)
                        return NULL;
        }
}

static int check_protected(struct plan *plan, const struct planned *item)
{
        struct call *emergency = emergency_other(plan->engine, item->call);
        enum call_state state;

        if (!emergency || emergency->provider == item->provider || plan->emergency)
                return 0;
        state = plan_project(plan, emergency)->state;
        if (state == CALL_STATE_ENDING)
                return 0;
        return engine_refuse(plan->engine, REFUSAL_REQUEST_PROTECTED,
                             "The emergency call %s is going on; end it first.",
                             emergency->id.text);
}

static int check_in_the_way(struct plan *plan, const struct planned *item)
{
        const struct call *queued = last_queued_activation(plan->engine), *call;
        int r;

        if (queued)
                return check_obstacle(plan, item, queued);
        DL_FOREACH2 (plan->engine->claiming, call, claiming_next) {
                r = check_obstacle(plan, item, call);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* The calls whose end would make room, as text. */
static void name_occupants(const struct planned *item, char *text, size_t size)
{
        const struct call *call;
        size_t used = 0;

        text[0] = '\0';
        DL_FOREACH2 (item->provider->calls, call, provider_next) {
                if (call == item->call || !call_uses_slot(call) || used + UUID_TEXT_SIZE + 4 > size)
                        continue;
                used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? " or " : "",
                                         call->id.text);
        }
}

static int check_slot(struct plan *plan, const struct planned *item)
{
        const struct provider *provider = item->provider;
        char occupants[4 * (UUID_TEXT_SIZE + 4)];

        if (item->args->type != ACTION_ANSWER ||
            plan_count_groups(plan, provider) <= provider->config.maximum_call_groups)
                return 0;
        if (may_end(plan, item->call))
                return 0;
        name_occupants(item, occupants, sizeof(occupants));
        return engine_refuse(plan->engine, REFUSAL_WOULD_END_CALL,
                             "%s can have %u calls or groups at a time; answering %s needs the end "
                             "of %s (MayEnd, EndAndAnswer).",
                             provider->config.identifier, provider->config.maximum_call_groups,
                             item->call->id.text, occupants);
}

/* Two activations are one too many, unless both end up in one group. */
static int check_single(struct plan *plan, const struct planned *item)
{
        for (const struct planned *before = plan->items; before != item; before++)
                if (before->activates && !plan_same_key(plan, before->call, item->call))
                        return engine_refuse(plan->engine, REFUSAL_REQUEST_INVALID_ACTION,
                                             "Calls %s and %s cannot both become active.",
                                             before->call->id.text, item->call->id.text);
        return 0;
}

int plan_check_obstacles(struct plan *plan)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < plan->n_items; i++) {
                const struct planned *item = &plan->items[i];

                if (!item->activates)
                        continue;
                r = check_single(plan, item);
                if (r == 0)
                        r = check_protected(plan, item);
                if (r == 0)
                        r = check_in_the_way(plan, item);
                if (r == 0)
                        r = check_slot(plan, item);
        }
        return r;
}
