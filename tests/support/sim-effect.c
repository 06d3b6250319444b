/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with effects: lines of the trace, reactions, and the rules between the two sides. */
#include "support/sim-internal.h"

#include <check.h>
#include <stdio.h>

#define FINISHED_KEPT 256

static const char *provider_name(struct sim *sim, unsigned number)
{
        const struct sim_provider *provider = sim_find_number(sim, number);

        if (!provider)
                sim_die(sim, "an effect names provider %u that nobody knows", number);
        return provider->name;
}

/* A signal to a provider, about a call or not (NULL). */
static struct sim_provider *recipient(struct sim *sim, const struct effect *effect)
{
        struct sim_provider *provider = sim_find_number(sim, effect->provider);
        const struct sim_call_view *view;

        if (!provider || !provider->running)
                sim_die(sim, "%s for a provider that is not there",
                        effect_type_to_string(effect->type));
        if (!effect->call.text[0])
                return provider;
        view = sim_find_view(sim, &effect->call);
        if (view && view->reset)
                sim_die(sim, "%s for %s after the reset", effect_type_to_string(effect->type),
                        sim_name(&effect->call));
        if (view && view->number != effect->provider)
                sim_die(sim, "%s for %s goes to %s", effect_type_to_string(effect->type),
                        sim_name(&effect->call), provider->name);
        return provider;
}

/* " (policy)"; what the user asks for is the usual case and goes without saying. */
static const char *origin_words(enum origin origin, char *buffer, size_t size)
{
        buffer[0] = '\0';
        if (origin != ORIGIN_USER)
                snprintf(buffer, size, " (%s)", origin_to_string(origin));
        return buffer;
}

static void react_to_action(struct sim *sim, struct sim_provider *provider,
                            const struct action *action)
{
        struct sim_delivery *delivery = sim_find_delivery(sim, &action->id);

        switch (provider->behaviour[action->type]) {
        case SIM_FULFIL:
        case SIM_FAIL:
        case SIM_TAKE_WHOLE:
                delivery->scripted = true;
                delivery->fails = provider->behaviour[action->type] == SIM_FAIL;
                break;
        case SIM_VANISH:
                sim_react(sim, SIM_REACT_VANISH, &action->id, provider->number, 0);
                break;
        case SIM_SILENT:
        case SIM_LATE:
                break;
        }
}

static bool is_next_in_part(const struct sim *sim, const struct sim_delivery *delivery)
{
        if (delivery->type == ACTION_END)
                return true;
        for (const struct sim_delivery *at = sim->deliveries.items; at < delivery; at++)
                if (at->part == delivery->part && at->end == SIM_OPEN && at->type != ACTION_END)
                        return false;
        return true;
}

bool sim_next_scripted(struct sim *sim, struct sim_reaction *ret_reaction)
{
        for (size_t i = 0; i < sim->deliveries.n; i++) {
                const struct sim_delivery *delivery = &sim->deliveries.items[i];

                const struct sim_provider *provider = sim_find_number(sim, delivery->provider);

                if (delivery->end != SIM_OPEN || !delivery->scripted || !provider ||
                    !provider->running || !is_next_in_part(sim, delivery))
                        continue;
                *ret_reaction = (struct sim_reaction){
                        .kind = delivery->fails ? SIM_REACT_FAIL : SIM_REACT_FULFIL,
                        .id = delivery->action,
                        .provider = delivery->provider,
                };
                return true;
        }
        return false;
}

/* Tries the last one first, which is early if another one is before it. */
static void react_to_whole(struct sim *sim, const struct sim_provider *provider,
                           const struct action *const *actions, size_t n)
{
        size_t first = n, last = n;

        for (size_t i = 0; i < n; i++) {
                if (actions[i]->type == ACTION_END)
                        continue;
                first = first == n ? i : first;
                last = i;
        }
        if (last != first && provider->behaviour[actions[last]->type] == SIM_TAKE_WHOLE)
                sim_react(sim, SIM_REACT_EARLY, &actions[last]->id, provider->number, 0);
}

static void forget_old_deliveries(struct sim *sim)
{
        for (size_t i = 0; sim->deliveries.n > FINISHED_KEPT && i < sim->deliveries.n;) {
                if (sim->deliveries.items[i].end != SIM_OPEN)
                        sim_remove_at(sim->deliveries.items, &sim->deliveries.n, i,
                                      sizeof(*sim->deliveries.items));
                else
                        i++;
        }
}

static void deliver(struct sim *sim, struct sim_provider *provider, const struct action *action)
{
        const struct sim_call_view *view = sim_find_view(sim, &action->call_id);
        struct sim_delivery *delivery;

        /* It may be over already, its withdrawal comes right behind. */
        if (action->state == ACTION_QUEUED)
                sim_die(sim, "an action is performed that is not delivered: %s",
                        action_type_to_string(action->type));
        if (sim_find_delivery(sim, &action->id))
                sim_die(sim, "an action is delivered twice: %s",
                        action_type_to_string(action->type));
        if (!action->call || action->call->provider->number != provider->number)
                sim_die(sim, "%s is given another provider's action", provider->name);
        if (view && (view->ended_announced || view->reset))
                sim_die(sim, "an action for the ended call %s", sim_name(&action->call_id));
        if (action->state == ACTION_DELIVERED && !deadline_is_armed(&action->deadline))
                sim_die(sim, "a delivered action has no deadline: %s",
                        action_type_to_string(action->type));
        delivery = sim_push(&sim->deliveries);
        delivery->action = action->id;
        delivery->call = action->call_id;
        delivery->provider = provider->number;
        delivery->type = action->type;
        delivery->part = sim->last_part;
        sim_action_words(action, delivery->words, sizeof(delivery->words));
        forget_old_deliveries(sim);
}

static void on_perform(struct sim *sim, const struct effect *effect)
{
        struct sim_provider *provider = recipient(sim, effect);
        const struct transaction *transaction =
                engine_find_transaction(sim->engine, effect->transaction.text);
        const struct action *at = transaction ? transaction->actions : NULL;
        const struct action *actions[SIM_MAX_ACTIONS];
        char text[4096], words[SIM_WORDS_SIZE], origin[32];
        size_t n = 0, used = 0;

        if (!at)
                sim_die(sim, "the performed transaction is not there");
        text[0] = '\0';
        sim->last_part++;
        for (; at; at = at->next) {
                if (at->delivery != effect->serial)
                        continue;
                if (n == 0 && !streq(at->id.text, effect->action.text))
                        sim_die(sim, "the first of the performed actions is another one");
                deliver(sim, provider, at);
                sim_action_words(at, words, sizeof(words));
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s", n ? ", " : "",
                                         words, origin_words(at->origin, origin, sizeof(origin)));
                react_to_action(sim, provider, at);
                actions[n++] = at;
        }
        if (n != effect->n_actions || n == 0)
                sim_die(sim, "%u actions are announced, %zu are there", effect->n_actions, n);
        react_to_whole(sim, provider, actions, n);
        sim_line(sim, "%s perform %s", provider->name, text);
}

static void on_withdrawn(struct sim *sim, const struct effect *effect, enum sim_delivery_end end)
{
        struct sim_provider *provider = recipient(sim, effect);
        struct sim_delivery *delivery = sim_find_delivery(sim, &effect->action);

        if (!delivery || delivery->provider != effect->provider)
                sim_die(sim, "%s for an action that was never delivered",
                        effect_type_to_string(effect->type));
        if (delivery->end != SIM_OPEN)
                sim_die(sim, "%s for %s, which is finished", effect_type_to_string(effect->type),
                        delivery->words);
        delivery->end = end;
        if (end == SIM_TIMED_OUT && provider->behaviour[delivery->type] == SIM_LATE)
                sim_react(sim, SIM_REACT_LATE, &delivery->action, provider->number, 0);
        sim_line(sim, "%s %s %s", provider->name, end == SIM_TIMED_OUT ? "timed-out" : "cancelled",
                 delivery->words);
}

static void on_session(struct sim *sim, const struct effect *effect, bool activated)
{
        struct sim_provider *provider = recipient(sim, effect);
        const struct call *call = engine_find_call(sim->engine, effect->call.text);
        struct sim_call_view *view = sim_find_view(sim, &effect->call);
        const char *name = sim_name(&effect->call);

        if (!view || !call)
                sim_die(sim, "audio of a call that nobody has seen: %s", name);
        if (view->activated == activated)
                sim_die(sim, "%s is %s twice", name, activated ? "activated" : "deactivated");
        if (view->ended_announced)
                sim_die(sim, "%s gets an audio signal after its end", name);
        if (activated && call->state != CALL_STATE_ACTIVE && call->state != CALL_STATE_STARTED &&
            call->state != CALL_STATE_CONNECTING)
                sim_die(sim, "%s is activated while %s", name, call_state_to_string(call->state));
        if (activated && call->audio == CALL_AUDIO_STREAMS &&
            (view->level != AUDIO_LEVEL_LINKED || view->ready != view->serial))
                sim_die(sim, "%s is activated before its audio is linked", name);
        view->activated = activated;
        sim_line(sim, "%s %s %s", provider->name, activated ? "activated" : "deactivated", name);
}

/* Members of one group that end together are announced one after the other. */
static bool announced_together(const struct sim_call_view *a, const struct sim_call_view *b)
{
        return a->properties[2] != 0 && a->properties[2] == b->properties[2];
}

/* Two calls that are heard, or announced as active, must be of one group. */
static void check_one_group(struct sim *sim, bool audio)
{
        const struct sim_call_view *first = NULL;

        for (size_t i = 0; i < sim->calls.n; i++) {
                const struct sim_call_view *view = &sim->calls.items[i];
                const struct call *a, *b;

                if (audio ? view->level != AUDIO_LEVEL_LINKED
                          : view->announced != CALL_STATE_ACTIVE)
                        continue;
                if (!first) {
                        first = view;
                        continue;
                }
                a = engine_find_call(sim->engine, first->id.text);
                b = engine_find_call(sim->engine, view->id.text);
                /* As it is, or as it was announced last. */
                if (a && b && !call_same_group(a, b) && !announced_together(first, view))
                        sim_die(sim, "%s and %s are both %s", sim_name(&first->id),
                                sim_name(&view->id), audio ? "heard" : "announced as active");
        }
}

static void on_audio(struct sim *sim, const struct effect *effect)
{
        struct sim_call_view *view = sim_find_view(sim, &effect->call);

        if (!view)
                sim_die(sim, "an audio wish for a call that was not added: %s",
                        sim_name(&effect->call));
        view->level = effect->audio_level;
        view->muted = effect->muted;
        view->serial = effect->serial;
        sim_line(sim, "audio %s %s%s", sim_name(&effect->call),
                 audio_level_to_string(effect->audio_level), effect->muted ? " muted" : "");
        check_one_group(sim, true);
        if (sim->audio == SIM_AUDIO_AT_ONCE && !sim->audio_gone) {
                view->ready = effect->serial;
                sim_react(sim, SIM_REACT_AUDIO, &effect->call, 0, effect->serial);
        }
}

static void announce_state(struct sim *sim, struct sim_call_view *view, const struct call *call)
{
        const char *name = sim_name(&view->id);

        view->announced = call->state;
        if (call->state == CALL_STATE_ENDED) {
                const struct sim_provider *provider = sim_find_number(sim, view->number);

                if (view->activated && provider && provider->running)
                        sim_die(sim, "%s ends and its audio session is still activated", name);
                view->activated = false;
                view->ended_announced = true;
                sim_line(sim, "%s ended %s", name, ended_reason_to_string(call->ended_reason));
        } else {
                sim_line(sim, "%s %s", name, call_state_to_string(call->state));
        }
        check_one_group(sim, false);
}

static void on_call_added(struct sim *sim, const struct effect *effect)
{
        const struct call *call = engine_find_call(sim->engine, effect->call.text);
        struct sim_call_view *view = sim_find_view(sim, &effect->call);

        if (!call)
                sim_die(sim, "a call is added that is not there");
        if (view)
                sim_die(sim, "%s is added twice", sim_name(&effect->call));
        view = sim_push(&sim->calls);
        view->id = effect->call;
        view->number = call->provider->number;
        snprintf(view->provider, sizeof(view->provider), "%s", provider_name(sim, view->number));
        sim_call_properties(call, view->properties);
        sim_line(sim, "%s added", sim_name(&view->id));
        if (call->state == CALL_STATE_ENDED)
                view->properties[0] = CALL_STATE_MAX_; /* its change follows */
        else
                announce_state(sim, view, call);
}

static void on_call_changed(struct sim *sim, const struct effect *effect)
{
        const struct call *call = engine_find_call(sim->engine, effect->call.text);
        struct sim_call_view *view = sim_find_view(sim, &effect->call);
        uint64_t properties[SIM_N_PROPERTIES];
        char text[512] = "";
        size_t used = 0;

        if (!view || !call || effect->mask == 0)
                sim_die(sim, "%s changes, without being there, or nothing changes",
                        sim_name(&effect->call));
        if (view->ended_announced && (effect->mask & CALL_CHANGED_STATE))
                sim_die(sim, "%s changes its state after its end", sim_name(&effect->call));
        sim_call_properties(call, properties);
        for (unsigned bit = 0; bit < SIM_N_PROPERTIES; bit++) {
                if (!(effect->mask & 1u << bit))
                        continue;
                view->properties[bit] = properties[bit];
                if (bit > 0)
                        used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
                                                 sim_call_property_name(bit));
        }
        if (effect->mask & CALL_CHANGED_STATE)
                announce_state(sim, view, call);
        if (used > 0)
                sim_line(sim, "%s changed%s", sim_name(&view->id), text);
}

static void on_call_gone(struct sim *sim, const struct effect *effect)
{
        struct sim_call_view *view = sim_find_view(sim, &effect->call);
        const char *name = sim_name(&effect->call);

        if (!view)
                sim_die(sim, "%s: %s, which nobody has seen", effect_type_to_string(effect->type),
                        name);
        if (effect->type == EFFECT_CALL_ENDED) {
                if (view->recorded)
                        sim_die(sim, "%s has two records", name);
                view->recorded = true;
                sim_line(sim, "%s record", name);
                return;
        }
        if (!view->ended_announced || !view->recorded || view->activated)
                sim_die(sim, "%s is removed: end announced %d, recorded %d, audio %d", name,
                        view->ended_announced, view->recorded, view->activated);
        if (view->level != AUDIO_LEVEL_NONE)
                sim_die(sim, "%s is removed and its nodes stay", name);
        sim_line(sim, "%s removed", name);
        sim_remove_at(sim->calls.items, &sim->calls.n, (size_t)(view - sim->calls.items),
                      sizeof(*view));
}

static void on_system_changed(struct sim *sim, const struct effect *effect)
{
        const struct call *resumable = engine_resumable_call(sim->engine);
        uint64_t properties[SIM_N_SYSTEM];
        char text[256] = "";
        size_t used = 0;

        sim_system_properties(sim, properties);
        for (unsigned bit = 0; bit < SIM_N_SYSTEM; bit++) {
                if (!(effect->mask & 1u << bit))
                        continue;
                sim->system[bit] = properties[bit];
                used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
                                         sim_system_property_name(bit));
        }
        if (used == 0)
                sim_die(sim, "a change of the system without a change");
        sim_line(sim, "system%s", text);
        if (effect->mask & SYSTEM_CHANGED_RESUMABLE_CALL)
                sim_line(sim, "resumable %s", resumable ? sim_name(&resumable->id) : "none");
}

static void on_reset(struct sim *sim, const struct effect *effect)
{
        const struct sim_provider *provider = recipient(sim, effect);

        for (size_t i = 0; i < sim->calls.n; i++)
                if (sim->calls.items[i].number == effect->provider) {
                        if (sim->calls.items[i].activated)
                                sim_die(sim, "%s is reset and its audio was not deactivated",
                                        sim_name(&sim->calls.items[i].id));
                        sim->calls.items[i].reset = true;
                }
        sim_lose_deliveries(sim, effect->provider);
        sim_line(sim, "%s reset", provider->name);
}

static struct sim_pending *find_pending(struct sim *sim, const struct uuid *id)
{
        for (size_t i = 0; i < sim->pending.n; i++)
                if (streq(sim->pending.items[i].id.text, id->text))
                        return &sim->pending.items[i];
        return NULL;
}

static void on_completed(struct sim *sim, const struct effect *effect)
{
        const struct transaction *transaction =
                engine_find_transaction(sim->engine, effect->transaction.text);
        struct sim_pending *pending = find_pending(sim, &effect->transaction);
        size_t used = 0, n = 0;

        if (!transaction)
                sim_die(sim, "a transaction is complete that is not there");
        if (!pending && str_or_empty(transaction->requester)[0])
                sim_die(sim, "a transaction is complete for the second time");
        if (!pending)
                return; /* callsd's own */
        sim->results[0] = '\0';
        for (const struct action *at = transaction->actions; at; at = at->next) {
                char words[SIM_WORDS_SIZE];
                const char *reason = NULL;
                enum refusal result;

                if (at->state != ACTION_DONE)
                        sim_die(sim, "a transaction is complete, an action of it is not");
                if (!at->requested)
                        continue;
                result = engine_action_result(sim->engine, at, &reason);
                sim_action_words(at, words, sizeof(words));
                used += (size_t)snprintf(sim->results + used, sizeof(sim->results) - used,
                                         "%s%s %s", n ? ", " : "", words,
                                         result ? refusal_to_string(result) : "fulfilled");
                snprintf(sim->reasons[n++], sizeof(sim->reasons[0]), "%s", str_or_empty(reason));
        }
        sim->n_reasons = n;
        sim_line(sim, "%s result %s", pending->who, sim->results);
        sim_remove_at(sim->pending.items, &sim->pending.n, (size_t)(pending - sim->pending.items),
                      sizeof(*pending));
}

static void on_overdue(struct sim *sim, const struct effect *effect)
{
        struct sim_pending *pending = find_pending(sim, &effect->transaction);

        if (!pending || !pending->waits || pending->overdue)
                sim_die(sim, "overdue, but nobody waits");
        pending->overdue = true;
        sim_line(sim, "%s overdue", pending->who);
}

static void on_ring(struct sim *sim, const struct effect *effect)
{
        if (effect->ring_mode == RING_NONE)
                snprintf(sim->ring, sizeof(sim->ring), "none");
        else
                snprintf(sim->ring, sizeof(sim->ring), "%s %s",
                         ring_mode_to_string(effect->ring_mode), sim_name(&effect->call));
        sim_line(sim, "ring %s", sim->ring);
}

static void on_provider(struct sim *sim, const struct effect *effect)
{
        struct sim_provider *provider;

        switch (effect->type) {
        case EFFECT_PROVIDER_REMOVED:
                provider = sim_find_number(sim, effect->provider);
                sim_line(sim, "%s gone", provider ? provider->name : "?");
                break;
        case EFFECT_BEGAN:
                sim_line(sim, "%s began", recipient(sim, effect)->name);
                break;
        case EFFECT_START_PROVIDER:
                provider = sim_find_number(sim, effect->provider);
                if (!provider ||
                    engine_find_provider(sim->engine, effect->provider)->state == PROVIDER_RUNNING)
                        sim_die(sim, "a provider is started that runs");
                sim_line(sim, "%s start", provider->name);
                break;
        default: /* before it has its number in the sim */
                provider = sim_find_number(sim, effect->provider);
                sim_line(sim, "%s %s", provider ? provider->name : "new",
                         effect->type == EFFECT_PROVIDER_ADDED ? "present" : "configured");
        }
}

static void on_push(struct sim *sim, const struct effect *effect)
{
        const struct sim_provider *provider = sim_find_number(sim, effect->provider);
        const struct push *push = engine_find_push(sim->engine, effect->action.text);
        struct sim_payload *payload = NULL;

        for (size_t i = 0; i < sim->payloads.n; i++)
                if (streq(sim->payloads.items[i].id.text, effect->action.text))
                        payload = &sim->payloads.items[i];
        if (!payload || !push || !provider || push->size != strlen(payload->words) ||
            memcmp(push->data, payload->words, push->size) != 0)
                sim_die(sim, "%s of a payload that there is not, or that is another one",
                        effect_type_to_string(effect->type));
        if (payload->failed || payload->missed)
                sim_die(sim, "%s of %s, which is over", effect_type_to_string(effect->type),
                        payload->words);
        payload->failed = effect->type == EFFECT_PUSH_FAILED;
        payload->missed = effect->type == EFFECT_PUSH_MISSED;
        if (payload->missed && (payload->n_deliveries == 0 || !push->report_required))
                sim_die(sim, "%s was not reported, which nobody owed", payload->words);
        if (effect->type == EFFECT_PUSH) {
                recipient(sim, effect);
                if (++payload->n_deliveries > 2)
                        sim_die(sim, "%s is delivered for the third time", payload->words);
        }
        sim_line(sim, "%s %s %s%s", provider->name, effect_type_to_string(effect->type),
                 payload->words,
                 effect->type == EFFECT_PUSH && push->report_required ? " (owed)" : "");
}

void sim_effect(struct sim *sim, const struct effect *effect)
{
        switch (effect->type) {
        case EFFECT_PROVIDER_ADDED:
        case EFFECT_PROVIDER_CHANGED:
        case EFFECT_PROVIDER_REMOVED:
        case EFFECT_BEGAN:
        case EFFECT_START_PROVIDER:
                on_provider(sim, effect);
                break;
        case EFFECT_CALL_ADDED:
                on_call_added(sim, effect);
                break;
        case EFFECT_CALL_CHANGED:
                on_call_changed(sim, effect);
                break;
        case EFFECT_CALL_REMOVED:
        case EFFECT_CALL_ENDED:
                on_call_gone(sim, effect);
                break;
        case EFFECT_SYSTEM_CHANGED:
                on_system_changed(sim, effect);
                break;
        case EFFECT_RESET:
                on_reset(sim, effect);
                break;
        case EFFECT_PERFORM:
                on_perform(sim, effect);
                break;
        case EFFECT_ACTION_TIMED_OUT:
                on_withdrawn(sim, effect, SIM_TIMED_OUT);
                break;
        case EFFECT_ACTION_CANCELLED:
                on_withdrawn(sim, effect, SIM_CANCELLED);
                break;
        case EFFECT_AUDIO_ACTIVATED:
        case EFFECT_AUDIO_DEACTIVATED:
                on_session(sim, effect, effect->type == EFFECT_AUDIO_ACTIVATED);
                break;
        case EFFECT_PUSH:
        case EFFECT_PUSH_FAILED:
        case EFFECT_PUSH_MISSED:
                on_push(sim, effect);
                break;
        case EFFECT_TRANSACTION_COMPLETED:
                on_completed(sim, effect);
                break;
        case EFFECT_TRANSACTION_OVERDUE:
                on_overdue(sim, effect);
                break;
        case EFFECT_AUDIO:
                on_audio(sim, effect);
                break;
        case EFFECT_RING:
                on_ring(sim, effect);
                break;
        case EFFECT_TYPE_MAX_:
                sim_die(sim, "an effect of no type");
        }
}
