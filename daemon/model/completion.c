/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How actions come to their end: fulfilled, failed, cancelled, or done without anybody's doing;
 * and what each does to its call (the last two columns of the table in call-model.md 2, and 4.7).
 */
#include "model/engine-internal.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* Others of this call that wait for their turn behind this one. */
static void wake_waiting(struct engine *engine, struct call *call)
{
        struct action *action;

        DL_FOREACH2 (call->actions, action, call_next) {
                if (action->state == ACTION_QUEUED)
                        transaction_queue_work(engine, action->transaction);
        }
}

static void cancel_after(struct engine *engine, struct action *action, enum refusal result,
                         const char *why);

static void joiners_done(struct engine *engine, struct action *action)
{
        struct action *joiner;

        /* one may take others along, so always the first that is left */
        while ((joiner = action->joiners)) {
                joiner->reason = action->reason ? strdup(action->reason) : NULL;
                action_done(engine, joiner, action->result, action->why);
                if (action->result != REFUSAL_NONE)
                        cancel_after(engine, joiner, REFUSAL_ACTION_CANCELLED,
                                     "an action before it in the transaction failed");
        }
}

void action_done(struct engine *engine, struct action *action, enum refusal result, const char *why)
{
        assert(action_is_pending(action));
        action->state = ACTION_DONE;
        action->result = result;
        action->why = why;
        deadline_disarm(&engine->deadlines, &action->deadline);
        if (action->waits_for_provider) {
                action->waits_for_provider = false;
                provider_wait_over(engine, action->call->provider);
        }
        if (action->joined_to)
                DL_DELETE2(action->joined_to->joiners, action, joiner_prev, joiner_next);
        action->joined_to = NULL;
        transaction_queue_work(engine, action->transaction);
        joiners_done(engine, action);
        if (!action->call)
                return;
        call_mark_changed(engine, action->call, 0);
        if (action->type == ACTION_ANSWER)
                call_update_answer_pending(engine, action->call);
        wake_waiting(engine, action->call);
}

/* A leave that did not come about: the rest of the group, held for it, is active again. */
static void undo_holds_for(struct engine *engine, struct action *leave)
{
        struct action *hold, *last = leave->transaction->actions->prev;

        DL_FOREACH (leave->transaction->actions, hold) {
                if (streq(hold->clears_for.text, leave->call_id.text) && hold->on &&
                    hold->state == ACTION_DONE && hold->result == REFUSAL_NONE && hold->call &&
                    hold->call->state == CALL_STATE_HELD &&
                    call_same_group(hold->call, leave->call))
                        action_add(engine, leave->transaction, NULL, ACTION_SET_HELD, hold->call,
                                   ORIGIN_POLICY)
                                ->fan_out = hold->fan_out;
                if (hold == last)
                        break;
        }
}

/* The activation will not come: what was to make room for it is dropped or undone. */
static void activation_dropped(struct engine *engine, struct action *activation)
{
        struct action *action, *next;

        if (!activation->call)
                return;
        DL_FOREACH_SAFE (activation->transaction->actions, action, next) {
                if (!streq(action->clears_for.text, activation->call_id.text) ||
                    !action_is_pending(action))
                        continue;
                if (action->purpose_over == INTERRUPTION_GOES_ON)
                        action->purpose_over = INTERRUPTION_NEVER_ACTIVE;
                if (action->state == ACTION_QUEUED && action->policy_added && !action->joiners)
                        action_done(engine, action, REFUSAL_ACTION_CANCELLED,
                                    "what it was to make room for will not come");
        }
        if ((activation->type == ACTION_ANSWER || activation->type == ACTION_START) &&
            !activation->call->was_active)
                interruption_over(engine, activation->call, INTERRUPTION_NEVER_ACTIVE);
        if (activation->type == ACTION_SET_GROUP && activation->other.text[0] == '\0')
                undo_holds_for(engine, activation);
}

static bool group_has_active(const struct call *call)
{
        for (const struct call *m = call_group_walk(call, call); m; m = call_group_walk(call, m))
                if (m->state == CALL_STATE_ACTIVE)
                        return true;
        return false;
}

/* An un-hold of a member that did not come about while others of its group are active. */
static void leave_if_alone(struct engine *engine, const struct action *action)
{
        struct call *call = action->call;

        if (call && action->type == ACTION_SET_HELD && !action->on &&
            call->state == CALL_STATE_HELD && group_has_active(call))
                group_leave(engine, call);
}

static bool is_sibling(const struct action *a, const struct action *b)
{
        return a->fan_out != 0 && a->fan_out == b->fan_out && a->on == b->on;
}

static void cancel_after(struct engine *engine, struct action *action, enum refusal result,
                         const char *why)
{
        struct action *rest, *next;

        if (action->transaction->emergency)
                return; /* an emergency start waits for nobody and falls with nobody */
        for (rest = action->next; rest; rest = next) {
                next = rest->next;
                if (!action_is_pending(rest) || rest->type == ACTION_END)
                        continue;
                /* the rest of a group's un-hold goes on: part of it is active already */
                if (is_sibling(action, rest) && !rest->on && rest->call &&
                    group_has_active(rest->call))
                        continue;
                action_cancel(engine, rest, result, why);
        }
}

/* Its sound opens again; but nothing stands beside an emergency call: then it is held here. */
static bool hold_fell_through(struct engine *engine, struct call *call)
{
        struct call *emergency = emergency_other(engine, call);

        call->audio_closing = false;
        call_mark_changed(engine, call, 0);
        if (!emergency || call->state != CALL_STATE_ACTIVE)
                return false;
        call_make_held(engine, call, HOLD_REASON_INTERRUPTED, ORIGIN_POLICY);
        interruption_mark(engine, call, emergency);
        return true;
}

void action_cancel(struct engine *engine, struct action *action, enum refusal result,
                   const char *why)
{
        struct call *call = action->call;

        if (action->state == ACTION_DELIVERED && call &&
            call->provider->state == PROVIDER_RUNNING) {
                struct effect *effect = engine_push_call(engine, EFFECT_ACTION_CANCELLED, call);

                effect->action = action->id;
        }
        action_done(engine, action, result, why);
        if (call && action->type == ACTION_START && call->state == CALL_STATE_STARTING)
                call_finish(engine, call,
                            &(struct call_finish){.reason = ENDED_REASON_FAILED,
                                                  .origin = ORIGIN_POLICY});
        if (call && action->type == ACTION_ANSWER && call->state == CALL_STATE_ANSWERING)
                call_set_state(engine, call, CALL_STATE_RINGING, ORIGIN_POLICY);
        if (call && action->type == ACTION_SET_HELD && action->on &&
            hold_fell_through(engine, call))
                group_enforce_hold(engine, call);
        leave_if_alone(engine, action);
        activation_dropped(engine, action);
        if (action->type == ACTION_PLAY_DTMF)
                post_dial_completed(engine, action);
}

void action_cancel_with_rest(struct engine *engine, struct action *action, enum refusal result,
                             const char *why)
{
        action_cancel(engine, action, result, why);
        cancel_after(engine, action, REFUSAL_ACTION_CANCELLED,
                     "an action before it in the transaction was given up");
}

void call_cancel_actions(struct engine *engine, struct call *call, const struct action *except)
{
        struct action *action, *next;

        DL_FOREACH_SAFE2 (call->actions, action, next, call_next) {
                if (!action_is_pending(action) || action == except || action->joined_to)
                        continue;
                if (except && action->type == ACTION_END)
                        continue;
                if (action->type == ACTION_END) {
                        action_done(engine, action, REFUSAL_NONE, NULL);
                } else if (action->type == ACTION_SET_HELD && action->on) {
                        action_cancel(engine, action, REFUSAL_NONE, "the call ended");
                } else {
                        bool gone = call->provider->state != PROVIDER_RUNNING;

                        action_cancel_with_rest(engine, action,
                                                gone ? REFUSAL_PROVIDER_AWAY
                                                     : REFUSAL_ACTION_CANCELLED,
                                                gone ? "the app is gone" : "the call ended");
                }
        }
}

/* A group hold that failed half-way: those already held are un-held, and the rest is not held. */
void action_undo_group_hold(struct engine *engine, struct action *failed)
{
        struct action *sibling, *last = failed->transaction->actions->prev;

        DL_FOREACH (failed->transaction->actions, sibling) {
                struct action *undo;

                if (sibling != failed && is_sibling(sibling, failed) && action_is_pending(sibling))
                        action_cancel(engine, sibling, REFUSAL_HOLD_FAILED,
                                      "another member of its group could not be held");
                if (sibling != failed && is_sibling(sibling, failed) &&
                    sibling->state == ACTION_DONE && sibling->result == REFUSAL_NONE &&
                    sibling->call && sibling->call->state == CALL_STATE_HELD) {
                        undo = action_add(engine, failed->transaction, NULL, ACTION_SET_HELD,
                                          sibling->call, ORIGIN_POLICY);
                        undo->fan_out = failed->fan_out;
                }
                if (sibling == last)
                        break;
        }
}

static void hold_failed(struct engine *engine, struct action *action)
{
        bool in_front = action->clears_for.text[0] != '\0';

        hold_fell_through(engine, action->call);
        cancel_after(engine, action, in_front ? REFUSAL_HOLD_FAILED : REFUSAL_ACTION_CANCELLED,
                     in_front ? "the other call could not be held"
                              : "an action before it in the transaction failed");
        if (action->fan_out != 0 && !action->enforced && action->call->state == CALL_STATE_ACTIVE)
                action_undo_group_hold(engine, action);
}

static const char *failure_in_our_words(enum refusal result)
{
        if (result == REFUSAL_ACTION_TIMED_OUT)
                return "the app did not do it in time";
        return result == REFUSAL_PROVIDER_AWAY ? "the app is not running" : NULL;
}

/* What the failed action does to its call. */
static void apply_failure(struct engine *engine, struct action *action,
                          struct action_failure *failure)
{
        struct call *call = action->call;
        bool ends = action->type == ACTION_END;

        if (action->type == ACTION_SET_HELD && action->on)
                hold_failed(engine, action);
        if (ends || action->type == ACTION_START || action->type == ACTION_ANSWER)
                call_finish(engine, call,
                            &(struct call_finish){.reason = ends ? call->end_reason_wanted
                                                                 : ENDED_REASON_FAILED,
                                                  .cause = failure->cause,
                                                  .text = take_ptr(failure->text),
                                                  .origin = ends ? action->origin : ORIGIN_SELF});
        leave_if_alone(engine, action);
}

void action_failed(struct engine *engine, struct action *action, struct action_failure *failure)
{
        bool ends = action->type == ACTION_END;

        assert(action->call);
        action->reason = take_ptr(failure->reason);
        /* nobody is kept in a call: an end that failed is an end */
        action_done(engine, action, ends ? REFUSAL_NONE : failure->result,
                    failure_in_our_words(failure->result));
        apply_failure(engine, action, failure);
        free(failure->text);
        failure->text = NULL;
        if (ends)
                return;
        if (action->type != ACTION_SET_HELD || !action->on)
                cancel_after(engine, action, REFUSAL_ACTION_CANCELLED,
                             "an action before it in the transaction failed");
        activation_dropped(engine, action);
        if (action->type == ACTION_PLAY_DTMF)
                post_dial_completed(engine, action);
}

static void hold_fulfilled(struct engine *engine, struct action *action)
{
        struct call *call = action->call;
        struct call *target =
                action->marks ? engine_get_call(engine, action->clears_for.text) : NULL;
        bool wanted = action->wanted || (action->requested && !action->marks);

        if (call->state == CALL_STATE_ACTIVE)
                call_make_held(engine, call,
                               action->marks && !wanted ? HOLD_REASON_INTERRUPTED
                                                        : HOLD_REASON_USER,
                               action->origin);
        if (action->enforced || call->state != CALL_STATE_HELD)
                return;
        if (wanted) {
                group_hold_rest(engine, call, action->origin);
                interruption_clear(engine, call);
        } else if (action->purpose_over != INTERRUPTION_GOES_ON) {
                interruption_mark_over(engine, call, action->purpose_over);
        } else if (action->marks && target && target->state == CALL_STATE_ENDED) {
                interruption_mark_over(engine, call, INTERRUPTION_OFFERED);
        } else if (action->marks && target) {
                interruption_mark(engine, call, target);
        } else {
                interruption_clear(engine, call);
        }
}

/* One that waits for the floor comes too late. */
static bool unhold_is_under_way(const struct call *call, const struct transaction *transaction)
{
        const struct action *unhold = call_find_pending(call, ACTION_SET_HELD);

        return unhold && !unhold->on &&
               (unhold->state == ACTION_DELIVERED || unhold->transaction == transaction);
}

/* The members of the action's group that are held and that nobody un-holds yet. */
static void unhold_members(struct engine *engine, struct action *action)
{
        uint64_t fan_out = ++engine->next_fan_out;
        struct action *after = action;

        for (struct call *m = action->call; m; m = call_group_walk(action->call, m)) {
                if (m->state != CALL_STATE_HELD || unhold_is_under_way(m, action->transaction))
                        continue;
                after = action_insert_after(engine, after, ACTION_SET_HELD, m, ORIGIN_POLICY);
                after->fan_out = fan_out;
                after->policy_added = true;
        }
}

/* What a fact made callsd hold goes on: an app that has not done that yet need not, and what it may
 * have done is undone by the un-hold. */
static void withdraw_enforced_holds(struct engine *engine, struct call *call)
{
        struct action *action, *next;

        for (struct call *m = call; m; m = call_group_walk(call, m)) {
                DL_FOREACH_SAFE2 (m->actions, action, next, call_next) {
                        if (action->enforced && action_is_pending(action))
                                action_cancel(engine, action, REFUSAL_ACTION_CANCELLED,
                                              "the group is active again");
                }
        }
}

static void unhold_fulfilled(struct engine *engine, struct action *action)
{
        call_make_active(engine, action->call, action->origin);
        /* a fact may have held the group again while its members were being un-held */
        if (action->call->state != CALL_STATE_ACTIVE)
                return;
        withdraw_enforced_holds(engine, action->call);
        unhold_members(engine, action);
}

static void group_fulfilled(struct engine *engine, struct action *action)
{
        struct call *other = engine_get_call(engine, action->other.text);

        if (action->other.text[0] == '\0') {
                group_leave(engine, action->call);
                /* a fact may have made the rest active again, which was held for this */
                if (action->call->state == CALL_STATE_ACTIVE)
                        group_displace_others(engine, action->call);
        } else if (other && call_is_connected(other) && call_is_connected(action->call)) {
                group_join(engine, action->call, other);
                /* it may have left a group that a fact has made active meanwhile */
                if (action->call->state == CALL_STATE_ACTIVE)
                        group_displace_others(engine, action->call);
                /* after a merge no member is held (T20) */
                unhold_members(engine, action);
        }
}

void action_fulfilled(struct engine *engine, struct action *action,
                      const struct action_outcome *outcome)
{
        struct call *call = action->call;

        assert(call);
        action_done(engine, action, REFUSAL_NONE, NULL);
        switch (action->type) {
        case ACTION_START:
                call_set_date(engine, call, &call->started_at, outcome->date,
                              CALL_CHANGED_STARTED_AT);
                if (call->state == CALL_STATE_STARTING)
                        call_set_state(engine, call, CALL_STATE_STARTED, action->origin);
                /* a fact may have made somebody active while the start was under way */
                group_displace_by_start(engine, call);
                break;
        case ACTION_ANSWER:
                call_set_date(engine, call, &call->connected_at, outcome->date,
                              CALL_CHANGED_CONNECTED_AT);
                call_make_active(engine, call, action->origin);
                break;
        case ACTION_END:
                call_finish(engine, call,
                            &(struct call_finish){.reason = call->end_reason_wanted,
                                                  .date = outcome->date,
                                                  .origin = action->origin});
                break;
        case ACTION_SET_HELD:
                if (action->on)
                        hold_fulfilled(engine, action);
                else
                        unhold_fulfilled(engine, action);
                break;
        case ACTION_SET_MUTED:
                if (!action->on)
                        call_set_muted(engine, call, false);
                break;
        case ACTION_SET_GROUP:
                group_fulfilled(engine, action);
                break;
        case ACTION_PLAY_DTMF:
                post_dial_completed(engine, action);
                break;
        case ACTION_SET_TRANSLATING:
                call_set_translating(engine, call, action->on);
                break;
        case ACTION_TYPE_MAX_:
                break;
        }
}
