/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is what was read a state that the engine can be in?
 *
 * engine_check() knows what must hold between the parts of a state. Here is what the engine's own
 * code makes so true that nobody ever asked, but bytes from outside may say otherwise: everything
 * that a pointer, an assertion or a loop of the model relies on.
 */
#include "model/record-internal.h"

#include <utlist.h>

/* ---- counters: not recorded, for they can be counted ---- */

static void count_calls(struct engine *engine)
{
        struct call *call;

        for (call = engine->calls; call; call = call->hh.next) {
                bool live = call->state != CALL_STATE_ENDED;

                engine->n_calls += live;
                call->provider->n_calls += live;
                call->provider->n_ringing += call->state == CALL_STATE_RINGING;
                engine->n_in_call += call_uses_slot(call);
                engine->n_emergency += live && call->emergency;
        }
}

static void count_transactions(struct engine *engine)
{
        const struct transaction *transaction = NULL;
        const struct action *action;
        struct provider *provider;

        while ((transaction = engine_next_transaction(engine, transaction))) {
                DL_FOREACH (transaction->actions, action) {
                        HASH_FIND(hh_number, engine->providers, &action->provider,
                                  sizeof(action->provider), provider);
                        if (provider && action->counted)
                                provider->n_transactions++;
                }
        }
}

/* ---- one by one ---- */

static const char *check_provider(const struct provider *provider)
{
        bool armed = deadline_is_armed(&provider->reclaim);
        const struct call *call;

        switch (provider->state) {
        case PROVIDER_GONE:
                if (armed != !provider->calls)
                        return "a provider that is gone is kept without calls, or forgotten with "
                               "some";
                DL_FOREACH2 (provider->calls, call, provider_next) {
                        if (call->state != CALL_STATE_ENDED)
                                return "a call lives on without its provider";
                }
                break;
        case PROVIDER_AWAY:
                if (!armed)
                        return "a provider is away for ever";
                break;
        case PROVIDER_DECLARED:
                if (armed == provider->declared || provider->bus_lost)
                        return "a provider stays without a manifest, or is forgotten with one";
                break;
        case PROVIDER_STARTING:
        case PROVIDER_RUNNING:
                if (armed || provider->bus_lost)
                        return "a provider is awaited that is not away";
                break;
        }
        return NULL;
}

static const char *check_call(const struct engine *engine, const struct call *call)
{
        if (call->interrupted_seq != 0 && call->state != CALL_STATE_HELD &&
            call->state != CALL_STATE_ENDING)
                return "a call is interrupted that is not held";
        if (call->audio_serial > engine->next_audio_serial)
                return "a wish for audio has a serial of the future";
        if (call->state != CALL_STATE_ENDED && call->ended_text)
                return "a call has words for its end before it ended";
        return NULL;
}

static const char *check_transaction(const struct transaction *transaction)
{
        const struct action *action;

        if (!transaction->complete)
                return NULL;
        if (deadline_is_armed(&transaction->reply_deadline))
                return "a complete transaction has a deadline";
        DL_FOREACH (transaction->actions, action) {
                if (action->state != ACTION_DONE)
                        return "a complete transaction has an action that is not done";
        }
        return NULL;
}

static const char *check_joined(const struct action *action)
{
        const struct action *target = action->joined_to;

        if (action->state != ACTION_QUEUED || !action_is_pending(target) || target->joined_to)
                return "an action joins one that is done, or has joined another one";
        if (action->type != target->type || action->call != target->call)
                return "an action joins one that is not the same";
        return NULL;
}

static const char *check_action(const struct engine *engine, const struct action *action)
{
        bool delivered = action->state == ACTION_DELIVERED;

        if (deadline_is_armed(&action->deadline) != (delivered || action->waits_for_provider))
                return "an action has a deadline too many, or none";
        if (action->waits_for_provider && action->state != ACTION_QUEUED)
                return "an action waits for its provider that it has left behind";
        if (delivered && action->delivery == 0)
                return "an action was delivered without a delivery";
        if (action->delivery > engine->next_delivery || action->fan_out > engine->next_fan_out)
                return "an action has a number of the future";
        if (action_is_pending(action) && (action->reason || action->result != REFUSAL_NONE))
                return "a pending action has a result";
        if (action_is_pending(action) && !action->call)
                return "a pending action is about no call";
        if (action_is_pending(action) && action->type == ACTION_PLAY_DTMF && !action->text)
                return "keys are to be sent, and there are none";
        return action->joined_to ? check_joined(action) : NULL;
}

static const char *check_effect(const struct engine *engine, const struct effect *effect)
{
        const struct transaction *transaction =
                engine_find_transaction(engine, effect->transaction.text);
        const struct action *action;
        unsigned n = 0;

        if (effect->provider > engine->next_provider)
                return "an effect is for a provider that never was";
        if ((effect->type == EFFECT_PUSH || effect->type == EFFECT_PUSH_FAILED ||
             effect->type == EFFECT_PUSH_MISSED) &&
            !engine_find_push(engine, effect->action.text))
                return "an effect is about a payload that there is not";
        if (effect->type != EFFECT_PERFORM)
                return NULL;
        for (action = transaction ? transaction->actions : NULL; action; action = action->next)
                n += action->delivery == effect->serial;
        if (effect->serial == 0 || n == 0 || n != effect->n_actions)
                return "actions are to be delivered that there are not";
        return NULL;
}

/* ---- all ---- */

static const char *check_effects(const struct engine *engine)
{
        const char *wrong = NULL;

        for (size_t i = 0; !wrong && i < engine->effects.n_items; i++)
                wrong = check_effect(engine, &engine->effects.items[i]);
        return wrong;
}

static const char *check_transactions(const struct engine *engine)
{
        const struct transaction *transaction;
        const struct action *action;
        const char *wrong;

        DL_FOREACH2 (engine->admitted, transaction, admitted_next) {
                wrong = check_transaction(transaction);
                if (wrong)
                        return wrong;
                DL_FOREACH (transaction->actions, action) {
                        wrong = check_action(engine, action);
                        if (wrong)
                                return wrong;
                }
        }
        return NULL;
}

static bool names_a_call(const struct engine *engine, const struct uuid *id)
{
        return id->text[0] == '\0' || engine_find_call(engine, id->text);
}

/* What was announced last. */
static const char *check_announced(const struct engine *engine)
{
        if (engine->in_call != (engine->n_in_call > 0))
                return "it says that there is a call where there is none, or the reverse";
        if (!names_a_call(engine, &engine->ring_call) ||
            (engine->ring_mode != RING_NONE) != (engine->ring_call.text[0] != '\0'))
                return "a call rings that there is not";
        if (!names_a_call(engine, &engine->resumable))
                return "a call can be resumed that there is not";
        return NULL;
}

static const char *check_defaults(const struct engine *engine)
{
        const struct default_provider *a, *b;

        DL_FOREACH (engine->defaults, a) {
                for (b = a->next; b; b = b->next)
                        if (streq(a->key, b->key))
                                return "there are two default providers for one kind of handle";
        }
        return NULL;
}

const char *record_check(struct engine *engine)
{
        const struct provider *provider;
        const struct call *call;
        const char *wrong = NULL;

        count_calls(engine);
        count_transactions(engine);
        for (provider = engine->providers; !wrong && provider; provider = provider->hh_number.next)
                wrong = check_provider(provider);
        for (call = engine->calls; !wrong && call; call = call->hh.next)
                wrong = check_call(engine, call);
        if (!wrong)
                wrong = check_transactions(engine);
        if (!wrong)
                wrong = check_effects(engine);
        if (!wrong)
                wrong = check_announced(engine);
        if (!wrong)
                wrong = check_defaults(engine);
        return wrong ? wrong : engine_check(engine);
}
