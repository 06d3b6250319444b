/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of a story: what providers, people and adapters do. */
#include "support/sim-internal.h"

#include <check.h>
#include <stdio.h>

static void must(struct sim *sim, int result, const char *what)
{
        if (result != 0)
                sim_die(sim, "%s is refused: %s: %s", what, refusal_to_string((enum refusal)result),
                        engine_explain(sim->engine));
}

/* ---- providers ---- */

static struct sim_provider *add_provider(struct sim *sim, const char *name)
{
        struct sim_provider *provider = sim_find_provider(sim, name);

        if (provider)
                return provider;
        sim_must(sim->providers.n < SIM_MAX_PROVIDERS);
        provider = sim_push(&sim->providers);
        snprintf(provider->name, sizeof(provider->name), "%s", name);
        snprintf(provider->identifier, sizeof(provider->identifier), "org.example.%s", name);
        snprintf(provider->peer, sizeof(provider->peer), ":%s", name);
        snprintf(provider->identity, sizeof(provider->identity), "1000/%s", name);
        return provider;
}

struct provider_config sim_config(const char *name)
{
        struct provider_config config;
        char identifier[64];

        snprintf(identifier, sizeof(identifier), "org.example.%s", name);
        provider_config_init(&config);
        config.identifier = strdup(identifier);
        sim_must(config.identifier != NULL);
        return config;
}

int sim_register_as(struct sim *sim, const char *name, struct provider_config *config,
                    const char *peer, const char *identity, bool sandboxed)
{
        struct sim_provider *provider = add_provider(sim, name);
        const struct provider_peer who = {
                .name = peer, .identity = identity, .sandboxed = sandboxed};
        unsigned number = 0;
        int r;

        sim_begin(sim, "%s registers from %s", name, peer);
        r = engine_register_provider(sim->engine, sim->now, &who, config, &number);
        if (r == 0) {
                if (number == 0)
                        sim_die(sim, "%s got no number", name);
                provider->number = number;
                provider->running = true;
                snprintf(provider->peer, sizeof(provider->peer), "%s", peer);
                snprintf(provider->identity, sizeof(provider->identity), "%s", identity);
        }
        provider_config_done(config);
        return sim_end(sim, r);
}

int sim_register(struct sim *sim, const char *name, struct provider_config *config)
{
        const struct sim_provider *provider = add_provider(sim, name);
        char peer[32], identity[32];

        snprintf(peer, sizeof(peer), "%s", provider->peer);
        snprintf(identity, sizeof(identity), "%s", provider->identity);
        return sim_register_as(sim, name, config, peer, identity, false);
}

void sim_provider(struct sim *sim, const char *name)
{
        struct provider_config config = sim_config(name);

        must(sim, sim_register(sim, name, &config), "registering");
}

int sim_configure(struct sim *sim, const char *name, struct provider_config *config)
{
        int r;

        sim_begin(sim, "%s is configured", name);
        r = engine_configure_provider(sim->engine, sim->now, sim_number(sim, name), config);
        provider_config_done(config);
        return sim_end(sim, r);
}

void sim_declare(struct sim *sim, const char *name, const struct provider_manifest *manifest)
{
        struct sim_provider *provider = add_provider(sim, name);
        const struct provider *declared;
        int r;

        sim_begin(sim, "%s is declared", name);
        r = engine_declare_provider(sim->engine, sim->now, manifest);
        declared = engine_find_identifier(sim->engine, manifest->identifier);
        if (r == 0 && declared)
                provider->number = declared->number;
        must(sim, sim_end(sim, r), "declaring");
}

void sim_undeclare(struct sim *sim, const char *name)
{
        const struct sim_provider *provider = add_provider(sim, name);

        sim_begin(sim, "%s is undeclared", name);
        must(sim,
             sim_end(sim, engine_undeclare_provider(sim->engine, sim->now, provider->identifier)),
             "undeclaring");
}

void sim_behave(struct sim *sim, const char *name, enum sim_behaviour behaviour)
{
        for (unsigned type = 0; type < ACTION_TYPE_MAX_; type++)
                sim_behave_for(sim, name, (enum action_type)type, behaviour);
}

void sim_behave_for(struct sim *sim, const char *name, enum action_type type,
                    enum sim_behaviour behaviour)
{
        add_provider(sim, name)->behaviour[type] = behaviour;
}

void sim_invalidate(struct sim *sim, const char *name)
{
        struct sim_provider *provider = sim_find_provider(sim, name);

        sim_begin(sim, "%s invalidates", name);
        sim->reporter = provider->number;
        must(sim, sim_end(sim, engine_invalidate_provider(sim->engine, sim->now, provider->number)),
             "invalidating");
        sim->reporter = 0;
        provider->running = false;
}

/* Nobody tells a gone app that its audio is closed. A lost bus closes nothing (9). */
static void forget_sessions(struct sim *sim, unsigned provider)
{
        for (size_t i = 0; i < sim->calls.n; i++)
                if (sim->calls.items[i].number == provider)
                        sim->calls.items[i].activated = false;
}

static void forget_peer(struct sim *sim, const char *peer)
{
        for (size_t i = 0; i < sim->providers.n; i++)
                if (streq(sim->providers.items[i].peer, peer)) {
                        sim->providers.items[i].running = false;
                        sim_lose_deliveries(sim, sim->providers.items[i].number);
                        forget_sessions(sim, sim->providers.items[i].number);
                }
}

void sim_vanish(struct sim *sim, const char *name)
{
        const struct sim_provider *provider = sim_find_provider(sim, name);
        char peer[32];

        snprintf(peer, sizeof(peer), "%s", provider->peer);
        forget_peer(sim, peer);
        sim_begin(sim, "%s is gone", peer);
        must(sim, sim_end(sim, engine_peer_gone(sim->engine, sim->now, peer)), "going");
}

void sim_bus_lost(struct sim *sim)
{
        for (size_t i = 0; i < sim->providers.n; i++)
                sim->providers.items[i].running = false;
        sim_begin(sim, "the bus is lost");
        must(sim, sim_end(sim, engine_bus_lost(sim->engine, sim->now)), "losing the bus");
}

int sim_start_failed(struct sim *sim, const char *name)
{
        sim_begin(sim, "%s cannot be started", name);
        return sim_end(sim, engine_provider_start_failed(sim->engine, sim->now,
                                                         sim_number(sim, name), "no such file"));
}

/* ---- payloads ---- */

int sim_try_push(struct sim *sim, const char *provider, const char *words)
{
        struct sim_payload *payload;
        char identifier[64];
        struct uuid id;
        int r;

        snprintf(identifier, sizeof(identifier), "org.example.%s", provider);
        sim_begin(sim, "a payload for %s: %s", provider, words);
        r = engine_report_push(sim->engine, sim->now, identifier, words, strlen(words), &id);
        if (r == 0) {
                payload = sim_push(&sim->payloads);
                payload->id = id;
                snprintf(payload->words, sizeof(payload->words), "%s", words);
        }
        return sim_end(sim, r);
}

void sim_push_payload(struct sim *sim, const char *provider, const char *words)
{
        must(sim, sim_try_push(sim, provider, words), "the payload");
}

const struct push *sim_find_push(struct sim *sim, const char *words)
{
        for (size_t i = sim->payloads.n; i > 0; i--)
                if (streq(sim->payloads.items[i - 1].words, words))
                        return engine_find_push(sim->engine, sim->payloads.items[i - 1].id.text);
        return NULL;
}

/* ---- reports ---- */

/* While a provider reports, its own delivered actions may be settled by that. */
static int report_end(struct sim *sim, const char *provider, int r)
{
        sim->reporter = sim_number(sim, provider);
        r = sim_end(sim, r);
        sim->reporter = 0;
        return r;
}

/* A refused report changes nothing, unless it was owed: then something is due at once. */
static void report_duty(struct sim *sim, const char *provider)
{
        const struct provider *owner = sim_provider_of(sim, provider);

        for (const struct push *push = owner ? owner->pushes : NULL; push; push = push->next) {
                if (push->state != PUSH_DELIVERED || push->reported)
                        continue;
                free(sim->before);
                sim->before = NULL;
        }
}

int sim_try_incoming(struct sim *sim, const char *provider, const char *call,
                     const struct call_update *update)
{
        struct call_update own = {.set = UPDATE_HANDLE, .handle_type = HANDLE_TYPE_GENERIC};
        char handle[64];

        snprintf(handle, sizeof(handle), "sip:%s@example.org", call);
        own.handle = handle;
        sim_begin(sim, "%s reports incoming %s", provider, call);
        report_duty(sim, provider);
        return report_end(sim, provider,
                          engine_report_incoming(sim->engine, sim->now, sim_number(sim, provider),
                                                 sim_uuid(call).text, update ? update : &own));
}

void sim_incoming(struct sim *sim, const char *provider, const char *call)
{
        must(sim, sim_try_incoming(sim, provider, call, NULL), "the incoming call");
}

int sim_try_connecting(struct sim *sim, const char *provider, const char *call, usec_t date)
{
        sim_begin(sim, "%s reports connecting %s", provider, call);
        return report_end(sim, provider,
                          engine_report_connecting(sim->engine, sim->now, sim_number(sim, provider),
                                                   sim_uuid(call).text, date));
}

void sim_connecting(struct sim *sim, const char *call)
{
        must(sim, sim_try_connecting(sim, sim_provider_of_call(sim, call), call, 0), "connecting");
}

int sim_try_connected(struct sim *sim, const char *provider, const char *call, usec_t date)
{
        sim_begin(sim, "%s reports connected %s", provider, call);
        return report_end(sim, provider,
                          engine_report_connected(sim->engine, sim->now, sim_number(sim, provider),
                                                  sim_uuid(call).text, date));
}

void sim_connected(struct sim *sim, const char *call)
{
        must(sim, sim_try_connected(sim, sim_provider_of_call(sim, call), call, 0), "connected");
}

int sim_try_updated(struct sim *sim, const char *provider, const char *call,
                    const struct call_update *update)
{
        sim_begin(sim, "%s updates %s", provider, call);
        return report_end(sim, provider,
                          engine_report_updated(sim->engine, sim->now, sim_number(sim, provider),
                                                sim_uuid(call).text, update));
}

void sim_updated(struct sim *sim, const char *call, const struct call_update *update)
{
        must(sim, sim_try_updated(sim, sim_provider_of_call(sim, call), call, update),
             "the update");
}

void sim_cannot(struct sim *sim, const char *call, unsigned capabilities)
{
        struct call_update update = {.set = 0};

        if (capabilities & CALL_SUPPORTS_HOLDING)
                update.set |= UPDATE_HOLDING;
        if (capabilities & CALL_SUPPORTS_GROUPING)
                update.set |= UPDATE_GROUPING;
        if (capabilities & CALL_SUPPORTS_UNGROUPING)
                update.set |= UPDATE_UNGROUPING;
        if (capabilities & CALL_SUPPORTS_DTMF)
                update.set |= UPDATE_DTMF;
        if (capabilities & CALL_SUPPORTS_MUTING)
                update.set |= UPDATE_MUTING;
        sim_updated(sim, call, &update);
}

int sim_try_ended(struct sim *sim, const char *provider, const char *call,
                  const struct call_ending *ending)
{
        sim_begin(sim, "%s reports the end of %s: %s", provider, call,
                  ended_reason_to_string(ending->reason));
        return report_end(sim, provider,
                          engine_report_ended(sim->engine, sim->now, sim_number(sim, provider),
                                              sim_uuid(call).text, ending));
}

void sim_ended(struct sim *sim, const char *call, enum ended_reason reason)
{
        const struct call_ending ending = {.reason = reason};

        must(sim, sim_try_ended(sim, sim_provider_of_call(sim, call), call, &ending), "the end");
}

int sim_try_import(struct sim *sim, const char *provider, const char *call,
                   const struct call_import *import)
{
        sim_begin(sim, "%s imports %s: %s", provider, call, call_state_to_string(import->state));
        report_duty(sim, provider);
        return report_end(sim, provider,
                          engine_report_call(sim->engine, sim->now, sim_number(sim, provider),
                                             sim_uuid(call).text, import));
}

void sim_import(struct sim *sim, const char *provider, const char *call, enum call_state state)
{
        const struct call_import import = {
                .state = state,
                .outgoing = state == CALL_STATE_STARTING || state == CALL_STATE_STARTED ||
                            state == CALL_STATE_CONNECTING,
        };

        must(sim, sim_try_import(sim, provider, call, &import), "the import");
}

int sim_try_fact(struct sim *sim, const char *provider, const char *call, enum call_state state,
                 enum fact_source by)
{
        sim_begin(sim, "%s reports %s %s by %s", provider, call, call_state_to_string(state),
                  fact_source_to_string(by));
        return report_end(sim, provider,
                          engine_report_state(sim->engine, sim->now, sim_number(sim, provider),
                                              sim_uuid(call).text, state, by, 0));
}

void sim_fact(struct sim *sim, const char *call, enum call_state state, enum fact_source by)
{
        must(sim, sim_try_fact(sim, sim_provider_of_call(sim, call), call, state, by), "the fact");
}

int sim_try_fact_muted(struct sim *sim, const char *provider, const char *call, bool muted,
                       enum fact_source by)
{
        sim_begin(sim, "%s reports %s %s", provider, call, muted ? "muted" : "unmuted");
        return report_end(sim, provider,
                          engine_report_muted(sim->engine, sim->now, sim_number(sim, provider),
                                              sim_uuid(call).text, muted, by));
}

void sim_fact_muted(struct sim *sim, const char *call, bool muted)
{
        must(sim, sim_try_fact_muted(sim, sim_provider_of_call(sim, call), call, muted, FACT_SELF),
             "the mute report");
}

/* ---- completion ---- */

static int complete_words(struct sim *sim, const char *words, bool fulfil,
                          const struct action_outcome *outcome)
{
        const struct action_outcome plain = {.date = 0};
        struct sim_delivery *delivery = sim_find_words(sim, words, true);

        if (!delivery)
                delivery = sim_find_words(sim, words, false);
        if (!delivery)
                sim_die(sim, "'%s' was never delivered", words);
        return sim_complete(sim, delivery, fulfil, outcome ? outcome : &plain);
}

int sim_try_fulfil(struct sim *sim, const char *words, const struct action_outcome *outcome)
{
        return complete_words(sim, words, true, outcome);
}

int sim_try_fail(struct sim *sim, const char *words, const struct action_outcome *outcome)
{
        return complete_words(sim, words, false, outcome);
}

void sim_fulfil(struct sim *sim, const char *words)
{
        must(sim, sim_try_fulfil(sim, words, NULL), words);
}

void sim_fail(struct sim *sim, const char *words)
{
        must(sim, sim_try_fail(sim, words, NULL), words);
}

bool sim_is_open(struct sim *sim, const char *words)
{
        return sim_find_words(sim, words, true) != NULL;
}

const char *sim_open_action(struct sim *sim, const char *provider, size_t nth)
{
        const struct sim_provider *wanted = provider ? sim_find_provider(sim, provider) : NULL;

        for (size_t i = 0; i < sim->deliveries.n; i++) {
                const struct sim_delivery *delivery = &sim->deliveries.items[i];

                if (delivery->end != SIM_OPEN || (wanted && wanted->number != delivery->provider))
                        continue;
                if (nth-- == 0)
                        return delivery->words;
        }
        return NULL;
}

/* ---- the audio adapter ---- */

void sim_set_audio(struct sim *sim, enum sim_audio audio)
{
        sim->audio = audio;
}

static struct sim_call_view *get_view(struct sim *sim, const char *call)
{
        const struct uuid id = sim_uuid(call);
        struct sim_call_view *view = sim_find_view(sim, &id);

        if (!view)
                sim_die(sim, "nobody has seen a call '%s'", call);
        return view;
}

int sim_audio_ready_serial(struct sim *sim, const char *call, uint64_t serial)
{
        struct sim_call_view *view = get_view(sim, call);

        if (serial == view->serial)
                view->ready = serial;
        sim_begin(sim, "audio ready %s", call);
        return sim_end(sim, engine_audio_ready(sim->engine, sim->now, sim_uuid(call).text, serial));
}

void sim_audio_ready(struct sim *sim, const char *call)
{
        must(sim, sim_audio_ready_serial(sim, call, get_view(sim, call)->serial), "audio ready");
}

uint64_t sim_audio_serial(struct sim *sim, const char *call)
{
        return get_view(sim, call)->serial;
}

void sim_audio_available(struct sim *sim, bool available)
{
        sim->audio_gone = !available;
        for (size_t i = 0; !available && i < sim->calls.n; i++)
                sim->calls.items[i].level = AUDIO_LEVEL_NONE; /* its nodes went with it */
        sim_begin(sim, "PipeWire is %s", available ? "back" : "gone");
        must(sim, sim_end(sim, engine_audio_available(sim->engine, sim->now, available)),
             "PipeWire");
}

enum audio_level sim_audio_level(struct sim *sim, const char *call)
{
        return get_view(sim, call)->level;
}

bool sim_audio_muted(struct sim *sim, const char *call)
{
        return get_view(sim, call)->muted;
}

bool sim_is_activated(struct sim *sim, const char *call)
{
        return get_view(sim, call)->activated;
}
