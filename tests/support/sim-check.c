/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must hold between the model and its surroundings whenever it is at rest; and the dump. */
#include "support/sim-internal.h"

#include <check.h>
#include <stdio.h>

void sim_lose_deliveries(struct sim *sim, unsigned provider)
{
        for (size_t i = 0; i < sim->deliveries.n; i++)
                if (sim->deliveries.items[i].provider == provider &&
                    sim->deliveries.items[i].end == SIM_OPEN)
                        sim->deliveries.items[i].end = SIM_LOST;
}

/*
 * An action that is done without its provider having been told: only its own report may have
 * settled it (call-model.md 6), or a hold is done because its call ended (4.7).
 */
static void settle_delivery(struct sim *sim, struct sim_delivery *delivery,
                            const struct action *action)
{
        const struct call *call = engine_find_call(sim->engine, delivery->call.text);
        const struct sim_provider *provider = sim_find_number(sim, delivery->provider);
        const bool call_ended = !call || call->state == CALL_STATE_ENDED;

        if (!provider || !provider->running)
                delivery->end = SIM_LOST; /* it is away, over a lost bus */
        else if (sim->reporter == delivery->provider ||
                 (call_ended && delivery->type == ACTION_SET_HELD))
                delivery->end = SIM_FACT;
        else
                sim_die(sim, "%s was delivered and is %s; its provider was not told",
                        delivery->words, action ? "done" : "forgotten");
}

void sim_check_deliveries(struct sim *sim)
{
        for (size_t i = 0; i < sim->deliveries.n; i++) {
                struct sim_delivery *delivery = &sim->deliveries.items[i];
                const struct action *action;

                if (delivery->end != SIM_OPEN)
                        continue;
                action = engine_find_action(sim->engine, delivery->action.text);
                if (!action || action->state == ACTION_DONE)
                        settle_delivery(sim, delivery, action);
                else if (action->state != ACTION_DELIVERED)
                        sim_die(sim, "%s was delivered and is queued again", delivery->words);
                else if (action->deadline.at <= sim->now.boottime)
                        sim_die(sim, "%s is past its deadline", delivery->words);
        }
}

static void check_view(struct sim *sim, struct sim_call_view *view)
{
        const struct call *call = engine_find_call(sim->engine, view->id.text);
        const char *name = sim_name(&view->id);
        uint64_t properties[SIM_N_PROPERTIES];
        const struct sim_provider *provider = sim_find_number(sim, view->number);
        const bool there = provider && provider->running;
        bool silent;

        if (!call)
                sim_die(sim, "%s is gone and was not removed", name);
        sim_call_properties(call, properties);
        for (unsigned bit = 0; bit < SIM_N_PROPERTIES; bit++)
                if (properties[bit] != view->properties[bit])
                        sim_die(sim, "%s of %s has changed and was not announced",
                                sim_call_property_name(bit), name);
        silent = call->state == CALL_STATE_RINGING || call->state == CALL_STATE_HELD ||
                 call->state == CALL_STATE_ENDING || call->state == CALL_STATE_ENDED;
        if (silent && view->level == AUDIO_LEVEL_LINKED)
                sim_die(sim, "%s is %s and is heard", name, call_state_to_string(call->state));
        if (silent && call->state != CALL_STATE_HELD && view->activated && there)
                sim_die(sim, "%s is %s and activated", name, call_state_to_string(call->state));
        if (view->level == AUDIO_LEVEL_LINKED && view->muted != call->muted)
                sim_die(sim, "%s: Muted is %d, its microphone is muted: %d", name, call->muted,
                        view->muted);
        if (call->state == CALL_STATE_ENDED && !view->recorded)
                sim_die(sim, "%s has ended without a record", name);
        if (call->reconnecting && there)
                sim_die(sim, "%s is reconnecting and its provider is there", name);
        if (call->reconnecting && !call->provider->bus_lost && view->level == AUDIO_LEVEL_LINKED)
                sim_die(sim, "%s is reconnecting and has audio", name);
}

/* The tone belongs to a call that rings and was not answered. */
static void check_ring(struct sim *sim)
{
        char name[16] = "";
        const struct call *call;

        if (sscanf(sim->ring, "%*s %15s", name) != 1)
                return;
        call = sim_call(sim, name);
        if (!call || call->state != CALL_STATE_RINGING || call->answer_pending || call->silenced)
                sim_die(sim, "the tone of %s plays, which does not ring", name);
}

static void check_all_seen(struct sim *sim)
{
        for (const struct call *at = engine_next_call(sim->engine, NULL); at;
             at = engine_next_call(sim->engine, at))
                if (!sim_find_view(sim, &at->id))
                        sim_die(sim, "%s is there and was not added", sim_name(&at->id));
}

static void check_pending(struct sim *sim)
{
        for (size_t i = 0; i < sim->pending.n; i++) {
                const struct transaction *transaction =
                        engine_find_transaction(sim->engine, sim->pending.items[i].id.text);

                if (!transaction || transaction->complete)
                        sim_die(sim, "a request of %s is complete, nobody was told",
                                sim->pending.items[i].who);
        }
}

static void check_payloads(struct sim *sim)
{
        for (size_t i = 0; i < sim->payloads.n;) {
                const struct sim_payload *payload = &sim->payloads.items[i];
                const struct push *push = engine_find_push(sim->engine, payload->id.text);

                if (!push && payload->n_deliveries == 0 && !payload->failed)
                        sim_die(sim, "%s is lost", payload->words);
                if (push && push->state == PUSH_DONE)
                        sim_die(sim, "%s is done with and was not freed", payload->words);
                if (push)
                        i++;
                else
                        sim_remove_at(sim->payloads.items, &sim->payloads.n, i, sizeof(*payload));
        }
}

void sim_check_views(struct sim *sim)
{
        uint64_t properties[SIM_N_SYSTEM];

        for (size_t i = 0; i < sim->calls.n; i++)
                check_view(sim, &sim->calls.items[i]);
        check_all_seen(sim);
        check_payloads(sim);
        check_ring(sim);
        check_pending(sim);
        sim_system_properties(sim, properties);
        for (unsigned bit = 0; bit < SIM_N_SYSTEM; bit++)
                if (properties[bit] != sim->system[bit])
                        sim_die(sim, "%s has changed and was not announced",
                                sim_system_property_name(bit));
}

void sim_drain(struct sim *sim)
{
        struct effect effect;

        while (engine_next_effect(sim->engine, &effect)) {
                sim_effect(sim, &effect);
                sim_maybe_replace(sim);
        }
        sim_check_deliveries(sim);
        engine_settle(sim->engine);
        if (engine_next_effect(sim->engine, &effect))
                sim_die(sim, "settling has an effect: %s", effect_type_to_string(effect.type));
}

/* ---- the dump ---- */

static void dump_call(FILE *out, const struct call *call)
{
        uint64_t properties[SIM_N_PROPERTIES];

        sim_call_properties(call, properties);
        fprintf(out, "call %s %s p%u", sim_name(&call->id), call_state_to_string(call->state),
                call->provider->number);
        for (unsigned bit = 1; bit < SIM_N_PROPERTIES; bit++)
                fprintf(out, " %s=%llx", sim_call_property_name(bit),
                        (unsigned long long)properties[bit]);
        fprintf(out, " audio=%s/%d/%llu/%d/%d/%d ring=%llu/%llu/%d/%d",
                audio_level_to_string(call->audio_level), call->audio_muted,
                (unsigned long long)call->audio_serial, call->audio_ready, call->audio_announced,
                call->audio_closing, (unsigned long long)call->ring_left,
                (unsigned long long)call->ring_resumed_at, deadline_is_armed(&call->ring_deadline),
                call->silenced);
        fprintf(out, " interrupted=%s/%llu/%d post=%s wanted=%d\n",
                call->interrupter ? sim_name(&call->interrupter->id) : "-",
                (unsigned long long)call->interrupted_seq, call->interruption_end,
                str_or_empty(call->post_dial), call->end_reason_wanted);
}

static void dump_provider(FILE *out, const struct provider *provider)
{
        fprintf(out, "provider %u %s state=%d peer=%s identity=%s calls=%u ringing=%u pending=%u",
                provider->number, provider->config.identifier, provider->state, provider->peer,
                provider->identity, provider->n_calls, provider->n_ringing,
                provider->n_transactions);
        fprintf(out, " groups=%ux%u video=%d emergency=%llu\n",
                provider->config.maximum_call_groups, provider->config.maximum_calls_per_call_group,
                provider->config.supports_video, (unsigned long long)provider->emergency_until);
}

static void dump_transaction(FILE *out, const struct transaction *transaction)
{
        fprintf(out, "transaction %s by %s floor=%d", sim_name(&transaction->id),
                str_or_empty(transaction->requester), transaction->in_floor);
        for (const struct action *at = transaction->actions; at; at = at->next) {
                char words[SIM_WORDS_SIZE];

                sim_action_words(at, words, sizeof(words));
                fprintf(out, " | %s %s state=%d result=%d at=%llu joined=%s", words,
                        origin_to_string(at->origin), at->state, at->result,
                        (unsigned long long)(deadline_is_armed(&at->deadline) ? at->deadline.at
                                                                              : 0),
                        at->joined_to ? sim_name(&at->joined_to->id) : "-");
        }
        fprintf(out, "\n");
}

char *sim_dump(struct sim *sim)
{
        const struct call *resumable = engine_resumable_call(sim->engine);
        const struct call *active = engine_active_call(sim->engine);
        const char *key, *identifier;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        sim_must(out != NULL);
        for (const struct provider *at = engine_next_provider(sim->engine, NULL); at;
             at = engine_next_provider(sim->engine, at))
                dump_provider(out, at);
        for (const struct call *at = engine_next_call(sim->engine, NULL); at;
             at = engine_next_call(sim->engine, at))
                dump_call(out, at);
        for (const struct transaction *at = engine_next_transaction(sim->engine, NULL); at;
             at = engine_next_transaction(sim->engine, at))
                dump_transaction(out, at);
        fprintf(out, "ringing");
        for (const struct call *at = engine_first_ringing(sim->engine); at; at = at->ringing_next)
                fprintf(out, " %s", sim_name(&at->id));
        fprintf(out, "\nactive %s resumable %s in-call %d dnd %d audio %d next %llu\n",
                active ? sim_name(&active->id) : "-", resumable ? sim_name(&resumable->id) : "-",
                engine_in_call(sim->engine), engine_do_not_disturb(sim->engine),
                engine_audio_is_available(sim->engine),
                (unsigned long long)engine_next_deadline(sim->engine));
        for (size_t i = 0; engine_default_provider(sim->engine, i, &key, &identifier); i++)
                fprintf(out, "default %s %s\n", key, identifier);
        fclose(out);
        return text;
}
