/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must come first (call-model.md 4.2, 4.3, 5): worked out on the state of the moment in which
 * a part is about to be delivered, and again for every later part.
 *
 * It only ever puts set-held(true), leaves and permitted ends in front of what was asked for. Where
 * only an end would help and nobody allowed one, the action is given up instead.
 */
#include "model/engine-internal.h"

#include <utlist.h>

bool arbitration_is_already_so(const struct engine *engine, const struct action *action)
{
        const struct call *call = action->call;
        const struct call *other;

        if (!call || action->enforced)
                return false;
        switch (action->type) {
        case ACTION_SET_HELD:
                return call->state == (action->on ? CALL_STATE_HELD : CALL_STATE_ACTIVE);
        case ACTION_SET_GROUP:
                if (action->other.text[0] == '\0')
                        return call->group == 0 && call_is_connected(call);
                other = engine_get_call(engine, action->other.text);
                return other && call->group != 0 && call_same_group(call, other);
        case ACTION_SET_TRANSLATING:
                return call->translating == action->on && call->state == CALL_STATE_ACTIVE;
        case ACTION_START:
        case ACTION_ANSWER:
        case ACTION_END:
        case ACTION_SET_MUTED:
        case ACTION_PLAY_DTMF:
        case ACTION_TYPE_MAX_:
                break;
        }
        return false;
}

/* An earlier action of the transaction, not yet complete, that holds `call`. */
static bool held_before(const struct action *action, const struct call *call)
{
        const struct action *before;

        DL_FOREACH (action->transaction->actions, before) {
                if (before == action)
                        return false;
                if (before->type == ACTION_SET_HELD && before->on && before->call == call &&
                    action_is_pending(before))
                        return true;
        }
        return false;
}

static void hold_in_front(struct engine *engine, struct action *of, struct call *call,
                          uint64_t fan_out, bool marks)
{
        struct action *pending = call_find_pending(call, ACTION_SET_HELD);
        struct action *hold =
                action_add(engine, of->transaction, of, ACTION_SET_HELD, call, ORIGIN_POLICY);

        hold->on = true;
        hold->policy_added = true;
        hold->fan_out = fan_out;
        hold->clears_for = of->call_id;
        hold->marks = marks;
        if (pending && pending->on && pending->state == ACTION_DELIVERED) {
                /* whether its turn has come or not: it is silent from now on */
                action_join(hold, pending);
                call->audio_closing = true;
                call_mark_changed(engine, call, 0);
        }
}

static bool hold_group_in_front(struct engine *engine, struct action *of, struct call *group,
                                const struct call *except, bool marks)
{
        uint64_t fan_out = ++engine->next_fan_out;
        bool changed = false;

        for (struct call *m = group; m; m = call_group_walk(group, m)) {
                if (m == except || m->state != CALL_STATE_ACTIVE || held_before(of, m))
                        continue;
                hold_in_front(engine, of, m, fan_out, marks);
                changed = true;
        }
        return changed;
}

static bool end_group_in_front(struct engine *engine, struct action *of, struct call *group)
{
        bool changed = false;

        for (struct call *m = group; m; m = call_group_walk(group, m)) {
                if (!call_is_live(m))
                        continue;
                action_add(engine, of->transaction, of, ACTION_END, m, ORIGIN_POLICY);
                changed = true;
        }
        return changed;
}

/* ---- whole groups ---- */

static bool regroups_or_holds(const struct action *action)
{
        return action->type == ACTION_SET_HELD || action->type == ACTION_SET_GROUP;
}

static bool concerns_group_of(const struct engine *engine, const struct action *action,
                              const struct call *call)
{
        const struct call *other = action->type == ACTION_SET_GROUP
                                           ? engine_get_call(engine, action->other.text)
                                           : NULL;

        return action->call &&
               (call_same_group(action->call, call) || (other && call_same_group(other, call)));
}

/* Which members a set-held or a set-group is for depends on how earlier ones turn out. */
bool arbitration_depends_on_earlier(const struct engine *engine, const struct action *action)
{
        const struct action *before;

        if (!regroups_or_holds(action) || !action->call)
                return false;
        DL_FOREACH (action->transaction->actions, before) {
                if (before == action)
                        return false;
                if (!action_is_pending(before) || !regroups_or_holds(before) ||
                    streq(before->clears_for.text, action->call_id.text) ||
                    (before->type == ACTION_SET_HELD && action->type == ACTION_SET_HELD &&
                     (before->on == action->on || action->call->group == 0)))
                        continue;
                if (concerns_group_of(engine, before, action->call))
                        return true;
        }
        return false;
}

static bool has_pending_hold(const struct transaction *transaction, const struct call *call,
                             bool on)
{
        const struct action *action;

        DL_FOREACH (transaction->actions, action) {
                if (action->type == ACTION_SET_HELD && action->on == on && action->call == call &&
                    action_is_pending(action))
                        return true;
        }
        return false;
}

static bool expand_set_held(struct engine *engine, struct action *action)
{
        struct action *after = action;

        if (action->fan_out != 0)
                return false;
        action->fan_out = ++engine->next_fan_out;
        for (struct call *m = call_group_walk(action->call, action->call); m;
             m = call_group_walk(action->call, m)) {
                if (m->state != (action->on ? CALL_STATE_ACTIVE : CALL_STATE_HELD) ||
                    has_pending_hold(action->transaction, m, action->on))
                        continue;
                after = action_insert_after(engine, after, ACTION_SET_HELD, m, action->origin);
                after->on = action->on;
                after->fan_out = action->fan_out;
                after->clears_for = action->clears_for;
                after->marks = action->marks;
        }
        return after != action;
}

static bool expand_set_group(struct engine *engine, struct action *action)
{
        struct call *call = action->call;
        struct action *leave;

        if (call->group == 0 || arbitration_is_already_so(engine, action))
                return false;
        if (action->other.text[0] == '\0')
                return call->state == CALL_STATE_ACTIVE &&
                       hold_group_in_front(engine, action, call, call, true);
        leave = action_add(engine, action->transaction, action, ACTION_SET_GROUP, call,
                           ORIGIN_POLICY);
        leave->policy_added = true;
        return true;
}

/* ---- obstacles ---- */

static bool give_up(struct engine *engine, struct action *action, enum refusal refusal,
                    const char *why)
{
        action_cancel_with_rest(engine, action, refusal, why);
        return true;
}

static bool is_obstacle(const struct engine *engine, const struct action *action,
                        const struct call *call)
{
        const struct call *other = action->type == ACTION_SET_GROUP
                                           ? engine_get_call(engine, action->other.text)
                                           : NULL;

        return !call_same_group(call, action->call) && !(other && call_same_group(call, other)) &&
               !held_before(action, call);
}

static bool may_be_ended(const struct transaction *transaction, const struct call *call)
{
        return (transaction->may_end || transaction->end_obstacles) &&
               (transaction->controller ||
                streq(str_or_empty(transaction->requester), call->provider->peer));
}

static bool has_to_end(const struct transaction *transaction, const struct call *call)
{
        return transaction->end_obstacles || call->state != CALL_STATE_ACTIVE ||
               !group_supports_holding(call);
}

static bool clear_obstacle(struct engine *engine, struct action *action, struct call *call)
{
        struct transaction *transaction = action->transaction;
        bool marks = action->type == ACTION_ANSWER || action->type == ACTION_START;

        if (call->emergency)
                return give_up(engine, action, REFUSAL_REQUEST_PROTECTED,
                               "an emergency call is going on");
        if (!transaction->requester && !action->policy_added)
                return give_up(engine, action, REFUSAL_WRONG_STATE,
                               "another call is in the way of a resume that nobody asked for");
        if (!has_to_end(transaction, call))
                return hold_group_in_front(engine, action, call, NULL, marks);
        if (may_be_ended(transaction, call))
                return end_group_in_front(engine, action, call);
        return give_up(engine, action, REFUSAL_WOULD_END_CALL,
                       "a call in the way cannot be held, and nobody allowed its end");
}

/* Whose end makes room: the held group last interrupted, else any held one, else the active one. */
static struct call *slot_victim(const struct engine *engine, const struct provider *provider)
{
        struct call *call, *found = NULL;

        DL_FOREACH2 (engine->interrupted, call, interrupted_next) {
                if (call->provider == provider && call->state == CALL_STATE_HELD)
                        return call;
        }
        DL_FOREACH2 (provider->calls, call, provider_next) {
                if (call->state == CALL_STATE_HELD)
                        return call;
                if (call->state == CALL_STATE_ACTIVE)
                        found = call;
        }
        return found;
}

static bool clear_slot(struct engine *engine, struct action *action)
{
        struct provider *provider = action->call->provider;
        struct call *victim;

        if (action->type != ACTION_ANSWER || action->call->state != CALL_STATE_RINGING ||
            provider_count_groups(provider) < provider->config.maximum_call_groups)
                return false;
        victim = slot_victim(engine, provider);
        if (victim && !victim->emergency && may_be_ended(action->transaction, victim))
                return end_group_in_front(engine, action, victim);
        return give_up(engine, action, REFUSAL_WOULD_END_CALL,
                       "its app has no free slot, and nobody allowed the end of another call");
}

/* Holds that the request itself put in front of an answer or a start interrupt as well. */
void arbitration_adopt_holds(struct action *activation)
{
        struct action *before;

        if (activation->type != ACTION_ANSWER && activation->type != ACTION_START)
                return;
        DL_FOREACH (activation->transaction->actions, before) {
                if (before == activation)
                        return;
                if (before->type == ACTION_SET_HELD && before->on && before->requested &&
                    !call_same_group(before->call, activation->call)) {
                        before->clears_for = activation->call_id;
                        before->marks = true;
                }
        }
}

static bool arbitrate_action(struct engine *engine, struct action *action)
{
        struct call *call;

        if (!action->call)
                return false;
        if (action->type == ACTION_SET_HELD && expand_set_held(engine, action))
                return true;
        if (action->type == ACTION_SET_GROUP && expand_set_group(engine, action))
                return true;
        if (!action_activates(action) || !call_is_live(action->call) ||
            arbitration_is_already_so(engine, action))
                return false;
        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                if (is_obstacle(engine, action, call))
                        return clear_obstacle(engine, action, call);
        }
        return clear_slot(engine, action);
}

bool arbitration_run(struct engine *engine, struct action *head)
{
        struct action *action;

        for (action = head; action; action = action->next) {
                if (action->state != ACTION_QUEUED || action->type == ACTION_END)
                        continue;
                if (action->joined_to || !action->call ||
                    action->call->provider != head->call->provider ||
                    (action != head && arbitration_depends_on_earlier(engine, action)))
                        return false;
                if (arbitrate_action(engine, action))
                        return true;
                if (action->type == ACTION_SET_GROUP)
                        return false;
        }
        return false;
}
