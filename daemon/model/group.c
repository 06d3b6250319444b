/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups, and what becomes of the others when a group becomes active.
 *
 * At most one group in the whole system is active: whoever makes a call active displaces every
 * other active group, whatever the way here was.
 */
#include "model/engine-internal.h"

#include <utlist.h>

void group_join(struct engine *engine, struct call *call, struct call *with)
{
        if (call_same_group(call, with))
                return;
        group_leave(engine, call);
        if (with->group == 0) {
                with->group = ++engine->next_group;
                call_mark_changed(engine, with, CALL_CHANGED_GROUP);
        }
        call->group = with->group;
        call->group_prev = with;
        call->group_next = with->group_next;
        with->group_next->group_prev = call;
        with->group_next = call;
        call_mark_changed(engine, call, CALL_CHANGED_GROUP);
        engine->allowed_stale = true;
}

void group_leave(struct engine *engine, struct call *call)
{
        struct call *rest = call->group_next;

        if (call->group == 0)
                return;
        call->group_prev->group_next = call->group_next;
        call->group_next->group_prev = call->group_prev;
        call->group_prev = call->group_next = call;
        call->group = 0;
        call_mark_changed(engine, call, CALL_CHANGED_GROUP);
        if (rest->group_next == rest) {
                rest->group = 0;
                call_mark_changed(engine, rest, CALL_CHANGED_GROUP);
        }
        engine->allowed_stale = true;
}

bool group_supports_holding(const struct call *call)
{
        for (const struct call *m = call; m; m = call_group_walk(call, m))
                if (!(m->capabilities & CALL_SUPPORTS_HOLDING))
                        return false;
        return true;
}

void call_make_held(struct engine *engine, struct call *call, enum hold_reason reason,
                    enum origin origin)
{
        call_set_state(engine, call, CALL_STATE_HELD, origin);
        call_set_hold_reason(engine, call, reason);
}

void group_make_held(struct engine *engine, struct call *call, enum hold_reason reason,
                     enum origin origin)
{
        for (struct call *m = call; m; m = call_group_walk(call, m))
                if (call_is_live(m))
                        call_make_held(engine, m, reason, origin);
}

static bool provider_will_hold(const struct call *call)
{
        const struct action *hold = call_find_pending(call, ACTION_SET_HELD);

        return hold && hold->on;
}

/* It is held here already; its provider is told, in a transaction that is made if need be. */
static void enforce_hold(struct engine *engine, struct call *call, struct transaction **transaction)
{
        struct action *action;

        if (call->provider->state != PROVIDER_RUNNING) {
                call->hold_untold = true;
                return;
        }
        if (call->state != CALL_STATE_HELD || provider_will_hold(call))
                return;
        if (!*transaction)
                *transaction = transaction_add(engine);
        action = action_add(engine, *transaction, NULL, ACTION_SET_HELD, call, ORIGIN_POLICY);
        action->on = true;
        action->enforced = true;
}

void group_enforce_hold(struct engine *engine, struct call *call)
{
        struct transaction *transaction = NULL;

        for (struct call *m = call; m; m = call_group_walk(call, m))
                enforce_hold(engine, m, &transaction);
        if (transaction)
                transaction_enqueue(engine, transaction);
}

/*
 * A hold that the user wants is for the whole group. One that the user's joined was perhaps for a
 * single member, the others of which were not active then.
 */
void group_hold_rest(struct engine *engine, struct call *call, enum origin origin)
{
        struct transaction *transaction = NULL;

        for (struct call *m = call_group_walk(call, call); m; m = call_group_walk(call, m)) {
                if (m->state != CALL_STATE_ACTIVE || provider_will_hold(m))
                        continue;
                call_make_held(engine, m, HOLD_REASON_USER, origin);
                enforce_hold(engine, m, &transaction);
        }
        if (transaction)
                transaction_enqueue(engine, transaction);
}

/* A group that somebody else's activation found active: silent at once, and its provider told. */
static void group_displace(struct engine *engine, struct call *call, struct call *by)
{
        group_make_held(engine, call, HOLD_REASON_INTERRUPTED, ORIGIN_POLICY);
        for (struct call *m = call; m; m = call_group_walk(call, m))
                if (m->state == CALL_STATE_HELD)
                        interruption_mark(engine, m, by);
        group_enforce_hold(engine, call);
}

static struct call *find_other_active(struct engine *engine, const struct call *call)
{
        struct call *other;

        DL_FOREACH2 (engine->claiming, other, claiming_next) {
                if (other->state == CALL_STATE_ACTIVE && !call_same_group(other, call))
                        return other;
        }
        return NULL;
}

void group_displace_others(struct engine *engine, struct call *call)
{
        struct call *other;

        while ((other = find_other_active(engine, call)))
                group_displace(engine, other, call);
}

/* Those that are being held already are left to that. */
void group_displace_by_start(struct engine *engine, struct call *call)
{
        struct call *other;

        other = find_other_active(engine, call);
        if (other && !provider_will_hold(other) && !emergency_other(engine, call))
                group_displace(engine, other, call);
}

void call_make_active(struct engine *engine, struct call *call, enum origin origin)
{
        struct call *emergency = emergency_other(engine, call);

        if (emergency) {
                call->was_active = true;
                group_make_held(engine, call, HOLD_REASON_INTERRUPTED, ORIGIN_POLICY);
                for (struct call *m = call; m; m = call_group_walk(call, m))
                        if (m->state == CALL_STATE_HELD)
                                interruption_mark(engine, m, emergency);
                group_enforce_hold(engine, call);
                return;
        }
        group_displace_others(engine, call);
        call_set_state(engine, call, CALL_STATE_ACTIVE, origin);
}

void group_make_active(struct engine *engine, struct call *call, enum origin origin)
{
        call_make_active(engine, call, origin);
        if (call->state != CALL_STATE_ACTIVE)
                return;
        for (struct call *m = call; m; m = call_group_walk(call, m))
                if (m->state == CALL_STATE_HELD)
                        call_set_state(engine, m, CALL_STATE_ACTIVE, origin);
}
