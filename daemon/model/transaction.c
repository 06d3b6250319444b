/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Execution (call-model.md 4): the floor, ends first, parts, turns, deadlines.
 *
 * A transaction is advanced whenever something about it may have changed; advancing it twice does
 * no harm. It looks at its first action that is not complete: a delivered one gets its turn, an
 * undelivered one heads a part, which is arbitrated and then delivered.
 */
#include "model/engine-internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* ---- objects ---- */

static struct transaction *transaction_new_spare(struct engine *engine)
{
        struct transaction *transaction = calloc(1, sizeof(*transaction));

        if (!transaction)
                return NULL;
        engine->host.make_uuid(&transaction->id, engine->host.userdata);
        transaction->spare = true;
        transaction->reply_deadline.kind = DEADLINE_REPLY;
        HASH_ADD_STR(engine->transactions, id.text, transaction);
        if (!transaction->hh.tbl) {
                free(transaction);
                return NULL;
        }
        LL_PREPEND2(engine->spare_transactions, transaction, work_next);
        engine->n_spare_transactions++;
        return transaction;
}

int transaction_reserve(struct engine *engine, size_t n)
{
        while (engine->n_spare_transactions < n)
                if (!transaction_new_spare(engine))
                        return -ENOMEM;
        return 0;
}

struct transaction *transaction_add(struct engine *engine)
{
        struct transaction *transaction = engine->spare_transactions;

        if (!transaction)
                transaction = transaction_new_spare(engine);
        if (!transaction)
                abort();
        LL_DELETE2(engine->spare_transactions, transaction, work_next);
        engine->n_spare_transactions--;
        DL_APPEND2(engine->admitted, transaction, admitted_prev, admitted_next);
        transaction->spare = false;
        transaction->controller = true;
        return transaction;
}

void transaction_destroy(struct engine *engine, struct transaction *transaction)
{
        struct action *action, *next;

        DL_FOREACH_SAFE (transaction->actions, action, next) {
                action_destroy(engine, action);
        }
        deadline_disarm(&engine->deadlines, &transaction->reply_deadline);
        if (!transaction->spare)
                DL_DELETE2(engine->admitted, transaction, admitted_prev, admitted_next);
        HASH_DEL(engine->transactions, transaction);
        free(transaction->requester);
        free(transaction);
}

static bool needs_floor(const struct transaction *transaction)
{
        const struct action *action;

        DL_FOREACH (transaction->actions, action) {
                switch (action->type) {
                case ACTION_START:
                case ACTION_ANSWER:
                case ACTION_SET_GROUP:
                        return true;
                case ACTION_SET_HELD:
                        if (!action->enforced)
                                return true;
                        break;
                case ACTION_END:
                case ACTION_SET_MUTED:
                case ACTION_PLAY_DTMF:
                case ACTION_SET_TRANSLATING:
                case ACTION_TYPE_MAX_:
                        break;
                }
        }
        return false;
}

/* Each provider counts a transaction once, by the first action that is about a call of it. */
static void count_in(struct transaction *transaction)
{
        struct action *action, *before;

        DL_FOREACH (transaction->actions, action) {
                action->counted = true;
                DL_FOREACH (transaction->actions, before) {
                        if (before == action)
                                break;
                        if (before->provider == action->provider)
                                action->counted = false;
                }
                if (action->counted)
                        action->call->provider->n_transactions++;
        }
}

static void count_out(struct engine *engine, struct transaction *transaction)
{
        struct action *action;

        DL_FOREACH (transaction->actions, action) {
                struct provider *provider;

                if (!action->counted)
                        continue;
                HASH_FIND(hh_number, engine->providers, &action->provider, sizeof(action->provider),
                          provider);
                if (provider)
                        provider->n_transactions--;
        }
}

void transaction_enqueue(struct engine *engine, struct transaction *transaction)
{
        struct action *action;

        count_in(transaction);
        DL_FOREACH (transaction->actions, action) {
                arbitration_adopt_holds(action);
        }
        transaction->in_floor = needs_floor(transaction) && !transaction->emergency;
        if (transaction->in_floor)
                DL_APPEND(engine->floor, transaction);
        transaction_deliver_ends(engine, transaction);
        transaction_queue_work(engine, transaction);
}

void transaction_queue_work(struct engine *engine, struct transaction *transaction)
{
        if (transaction->in_work || transaction->complete || transaction->spare)
                return;
        transaction->in_work = true;
        LL_APPEND2(engine->work, transaction, work_next);
}

static void floor_release(struct engine *engine, struct transaction *transaction)
{
        if (!transaction->in_floor)
                return;
        DL_DELETE(engine->floor, transaction);
        transaction->in_floor = false;
        engine->allowed_stale = true;
        if (engine->floor)
                transaction_queue_work(engine, engine->floor);
}

static void transaction_finish(struct engine *engine, struct transaction *transaction)
{
        struct effect *effect = effect_queue_push(&engine->effects, EFFECT_TRANSACTION_COMPLETED);

        effect->transaction = transaction->id;
        transaction->complete = true;
        if (transaction->in_work)
                LL_DELETE2(engine->work, transaction, work_next);
        transaction->in_work = false;
        deadline_disarm(&engine->deadlines, &transaction->reply_deadline);
        count_out(engine, transaction);
        LL_PREPEND2(engine->finished, transaction, work_next);
}

/* ---- delivery ---- */

static void push_perform(struct engine *engine, const struct action *first, unsigned n_actions)
{
        struct effect *effect = engine_push_provider(engine, EFFECT_PERFORM, first->call->provider);

        effect->transaction = first->transaction->id;
        effect->action = first->id;
        effect->n_actions = n_actions;
        effect->serial = first->delivery;
}

static void deliver(struct engine *engine, struct action *action, uint64_t delivery,
                    usec_t deadline)
{
        action->state = ACTION_DELIVERED;
        action->delivery = delivery;
        action->waits_for_provider = false;
        deadline_arm(&engine->deadlines, &action->deadline, deadline);
}

/* False if callsd does the end alone: the provider was never told of the call, or is not there. */
static bool end_has_to_be_sent(struct engine *engine, struct action *end)
{
        if (call_begin_ending(engine, end))
                return true;
        action_fulfilled(engine, end, &(struct action_outcome){0});
        return false;
}

/* Its provider is being started, or the bus is away: it has from the turn on. */
static void wait_for_provider(struct engine *engine, struct action *action)
{
        struct provider *provider = action->call->provider;

        if (action->waits_for_provider)
                return;
        action->waits_for_provider = true;
        deadline_arm(&engine->deadlines, &action->deadline,
                     engine->now.boottime + action_duration(engine, action));
        if (provider->state == PROVIDER_DECLARED)
                provider_start(engine, provider);
}

void transaction_deliver_ends(struct engine *engine, struct transaction *transaction)
{
        struct action *action, *first = NULL;
        unsigned n = 0;
        usec_t deadline = 0;

        DL_FOREACH (transaction->actions, action) {
                if (action->type != ACTION_END || action->state != ACTION_QUEUED ||
                    action->joined_to || !end_has_to_be_sent(engine, action))
                        continue;
                if (action->call->provider->state != PROVIDER_RUNNING) {
                        wait_for_provider(engine, action);
                        continue;
                }
                if (first && first->call->provider != action->call->provider) {
                        push_perform(engine, first, n);
                        first = NULL;
                }
                if (!first) {
                        first = action;
                        n = 0;
                        deadline = engine->now.boottime;
                        engine->next_delivery++;
                }
                deadline += action_duration(engine, action);
                deliver(engine, action, engine->next_delivery, deadline);
                n++;
        }
        if (first)
                push_perform(engine, first, n);
}

/* Flags that changed since the admission apply to what is not yet delivered. */
static bool flags_allow(const struct action *action)
{
        const struct call *call = action->call;

        if (!action->requested || !call)
                return true;
        switch (action->type) {
        case ACTION_SET_HELD:
                return !action->on || group_supports_holding(call);
        case ACTION_SET_MUTED:
                return !action->on || (call->capabilities & CALL_SUPPORTS_MUTING);
        case ACTION_SET_GROUP:
                return call->capabilities &
                       (action->other.text[0] != '\0' ? CALL_SUPPORTS_GROUPING
                                                      : CALL_SUPPORTS_UNGROUPING);
        case ACTION_PLAY_DTMF:
                return call->capabilities & CALL_SUPPORTS_DTMF;
        case ACTION_SET_TRANSLATING:
                return call->provider->config.supports_audio_translation;
        case ACTION_START:
        case ACTION_ANSWER:
        case ACTION_END:
        case ACTION_TYPE_MAX_:
                break;
        }
        return true;
}

/*
 * The action after this one in the same part, or NULL. What follows a set-group depends on how
 * that turns out, so it ends a part; so does what is already so, which no provider is asked for.
 */
static struct action *part_next(const struct engine *engine, const struct action *action)
{
        struct action *next = action->next;

        while (next && next->type == ACTION_END)
                next = next->next;
        if (!next || action->type == ACTION_SET_GROUP || next->state != ACTION_QUEUED ||
            next->joined_to || !next->call || !action->call ||
            next->call->provider != action->call->provider ||
            arbitration_is_already_so(engine, next) ||
            arbitration_depends_on_earlier(engine, next) || !flags_allow(next))
                return NULL;
        return next;
}

static void deliver_part(struct engine *engine, struct action *first)
{
        uint64_t delivery = ++engine->next_delivery;
        usec_t deadline = engine->now.boottime;
        unsigned n = 0;

        for (struct action *action = first, *next; action; action = next) {
                next = part_next(engine, action);
                deadline += action_duration(engine, action);
                deliver(engine, action, delivery, deadline);
                n++;
        }
        push_perform(engine, first, n);
}

void transaction_wake_provider(struct engine *engine, struct provider *provider)
{
        struct call *call;
        struct action *action;

        DL_FOREACH2 (provider->calls, call, provider_next) {
                DL_FOREACH2 (call->actions, action, call_next) {
                        if (!action->waits_for_provider)
                                continue;
                        action->waits_for_provider = false;
                        deadline_disarm(&engine->deadlines, &action->deadline);
                        if (action->type == ACTION_END)
                                transaction_deliver_ends(engine, action->transaction);
                        transaction_queue_work(engine, action->transaction);
                }
        }
}

/* ---- turns ---- */

static bool is_legal_now(const struct action *action)
{
        return action->call && action_legal_in(action->type, action->call->state);
}

/* A delivered action whose predecessors are complete. False if callsd gave it up. */
static bool take_turn(struct engine *engine, struct action *action)
{
        struct call *call = action->call;

        if (action->turn_taken)
                return true;
        if (!is_legal_now(action) && !action->enforced) {
                action_cancel_with_rest(engine, action, REFUSAL_WRONG_STATE,
                                        "the state of the call had changed when its turn came");
                return false;
        }
        action->turn_taken = true;
        if (action->type == ACTION_ANSWER)
                call_set_state(engine, call, CALL_STATE_ANSWERING, action->origin);
        else if (action->type == ACTION_START)
                call_set_turn_taken(engine, call);
        else if (action->type == ACTION_SET_HELD && action->on)
                call->audio_closing = call->state == CALL_STATE_ACTIVE;
        call_mark_changed(engine, call, 0);
        return true;
}

/* DTMF and translating wait for what was asked of their call before. */
static bool waits_for_earlier(const struct action *action)
{
        const struct action *other;

        if (action->type != ACTION_PLAY_DTMF && action->type != ACTION_SET_TRANSLATING)
                return false;
        DL_FOREACH2 (action->call->actions, other, call_next) {
                if (other == action)
                        break;
                if (other->type != ACTION_SET_MUTED && action_is_pending(other) &&
                    other->transaction != action->transaction)
                        return true;
        }
        return false;
}

/* The first action that is not complete; a delivered end counts as complete. */
static struct action *first_open(struct transaction *transaction)
{
        struct action *action;

        DL_FOREACH (transaction->actions, action) {
                if (!action_is_pending(action) || action->type == ACTION_END)
                        continue;
                /* an emergency start waits for nobody: all parts go out in one turn */
                if (transaction->emergency &&
                    (action->state == ACTION_DELIVERED || action->joined_to))
                        continue;
                return action;
        }
        return NULL;
}

/* What an away provider cannot do any more, callsd does alone. False: it cannot be done. */
static bool do_without_provider(struct engine *engine, struct action *action)
{
        if (action->type != ACTION_SET_HELD || !action->on || !action->policy_added)
                return false;
        action->call->hold_untold = true;
        action_fulfilled(engine, action, &(struct action_outcome){0});
        return true;
}

/* For apps that come back to a bus that was away; but no emergency call waits for them. */
static bool may_wait(const struct action *action)
{
        return !action->transaction->emergency || action->call->emergency;
}

/* The head of an undelivered part. True if it moved on and there may be more to do. */
static bool advance_head(struct engine *engine, struct action *action)
{
        struct transaction *transaction = action->transaction;
        struct provider *provider = action->call->provider;

        if (waits_for_earlier(action))
                return false;
        if (!action->enforced && arbitration_run(engine, action)) {
                transaction_deliver_ends(engine, transaction);
                return true;
        }
        if (arbitration_is_already_so(engine, action)) {
                if (action->type == ACTION_SET_HELD && action->requested)
                        interruption_clear(engine, action->call);
                action_done(engine, action, REFUSAL_NONE, NULL);
                return true;
        }
        if ((!is_legal_now(action) && !action->enforced) || !flags_allow(action)) {
                action_cancel_with_rest(engine, action, REFUSAL_WRONG_STATE,
                                        "the call had changed when its turn came");
                return true;
        }
        if (provider->state == PROVIDER_RUNNING) {
                deliver_part(engine, action);
                return true;
        }
        if ((provider->state == PROVIDER_AWAY && !(provider->bus_lost && may_wait(action))) ||
            (provider->state == PROVIDER_DECLARED && !provider->can_start)) {
                if (!do_without_provider(engine, action))
                        action_cancel_with_rest(engine, action, REFUSAL_PROVIDER_AWAY,
                                                provider->state == PROVIDER_AWAY
                                                        ? "the app is away"
                                                        : "the app is not running, and no manifest "
                                                          "says how to start it (BusName=)");
                return true;
        }
        wait_for_provider(engine, action);
        return false;
}

static bool all_done(const struct transaction *transaction)
{
        const struct action *action;

        DL_FOREACH (transaction->actions, action) {
                if (action_is_pending(action))
                        return false;
        }
        return true;
}

void transaction_advance(struct engine *engine, struct transaction *transaction)
{
        struct action *action;

        if (transaction->complete || (transaction->in_floor && engine->floor != transaction)) {
                if (transaction->in_floor && all_done(transaction)) {
                        floor_release(engine, transaction);
                        transaction_finish(engine, transaction);
                }
                return;
        }
        while ((action = first_open(transaction))) {
                if (action->joined_to)
                        return;
                if (action->state == ACTION_DELIVERED) {
                        if (take_turn(engine, action))
                                return;
                } else if (!advance_head(engine, action)) {
                        return;
                } else if (transaction->emergency && action->state == ACTION_DELIVERED) {
                        DL_FOREACH (transaction->actions, action) {
                                if (action->state == ACTION_DELIVERED)
                                        take_turn(engine, action);
                        }
                }
        }
        floor_release(engine, transaction);
        if (all_done(transaction))
                transaction_finish(engine, transaction);
}
