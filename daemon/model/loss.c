/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers come and go (call-model.md 9): registration, loss, return. */
#include "model/engine-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* ---- objects ---- */

static void strings_free(char **strings)
{
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
}

struct provider *provider_free(struct provider *provider)
{
        if (!provider)
                return NULL;
        provider_config_done(&provider->config);
        strings_free(provider->emergency_numbers);
        strings_free(provider->manifest_schemes);
        free(provider->peer);
        free(provider->identity);
        free(provider);
        return NULL;
}

DEFINE_CLEANUP(struct provider *, provider_free);

int provider_new(struct engine *engine, char **identifier, struct provider **ret_provider)
{
        cleanup_(provider_freep) struct provider *provider = calloc(1, sizeof(*provider));

        if (!provider)
                return -ENOMEM;
        provider_config_init(&provider->config);
        provider->number = engine->next_provider + 1;
        provider->reclaim.kind = DEADLINE_RECLAIM;
        provider->peer = strdup("");
        provider->identity = strdup("");
        if (!provider->peer || !provider->identity)
                return -ENOMEM;
        provider->config.identifier = *identifier;
        HASH_ADD(hh_number, engine->providers, number, sizeof(provider->number), provider);
        if (!provider->hh_number.tbl) {
                provider->config.identifier = NULL;
                return -ENOMEM;
        }
        HASH_ADD_KEYPTR(hh_identifier, engine->identifiers, provider->config.identifier,
                        strlen(provider->config.identifier), provider);
        if (!provider->hh_identifier.tbl) {
                HASH_DELETE(hh_number, engine->providers, provider);
                provider->config.identifier = NULL;
                return -ENOMEM;
        }
        *identifier = NULL;
        provider->entitled =
                !engine->host.provider_entitled ||
                engine->host.provider_entitled(provider->config.identifier, engine->host.userdata);
        engine->next_provider++;
        *ret_provider = take_ptr(provider);
        return 0;
}

void provider_destroy(struct engine *engine, struct provider *provider)
{
        struct push *push, *next;

        DL_FOREACH_SAFE (provider->pushes, push, next) {
                push_destroy(engine, push);
        }
        deadline_disarm(&engine->deadlines, &provider->reclaim);
        if (provider->state != PROVIDER_GONE)
                HASH_DELETE(hh_identifier, engine->identifiers, provider);
        HASH_DELETE(hh_number, engine->providers, provider);
        provider_free(provider);
}

/* ---- registration ---- */

int provider_check_config(struct engine *engine, const struct provider_config *config)
{
        const char *identifier = str_or_empty(config->identifier);

        if (strlen(identifier) > engine->limits.identifier_length)
                return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                                     "The identifier has %zu bytes; at most %u are allowed.",
                                     strlen(identifier), engine->limits.identifier_length);
        if (!provider_identifier_is_valid(identifier))
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "\"%s\" is no identifier; it has to be a reverse-DNS name "
                                     "such as org.example.Phone.",
                                     identifier);
        if (strlen(str_or_empty(config->localized_name)) > engine->limits.name_length)
                return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                                     "The localized name has %zu bytes; at most %u are allowed.",
                                     strlen(config->localized_name), engine->limits.name_length);
        if (config->maximum_call_groups == 0 || config->maximum_calls_per_call_group == 0)
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "MaximumCallGroups is %u and MaximumCallsPerCallGroup is %u; "
                                     "both have to be at least 1.",
                                     config->maximum_call_groups,
                                     config->maximum_calls_per_call_group);
        return 0;
}

static int check_peer_quota(struct engine *engine, const struct provider_peer *peer)
{
        const struct provider *provider, *next;
        unsigned n_peer = 0, n_identity = 0, n, limit = engine->limits.providers_per_peer;

        HASH_ITER (hh_number, engine->providers, provider, next) {
                if (provider->state == PROVIDER_RUNNING) {
                        n_peer += streq(provider->peer, peer->name);
                        n_identity += streq(provider->identity, peer->identity);
                }
        }
        n = n_peer > n_identity ? n_peer : n_identity;
        if (n < limit)
                return 0;
        return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                             "This app has %u providers already; at most %u are allowed.", n,
                             limit);
}

static int check_taken(struct engine *engine, const struct provider *provider,
                       const struct provider_peer *peer)
{
        bool same = streq(provider->identity, peer->identity);

        if (provider->state == PROVIDER_RUNNING ? !streq(provider->peer, peer->name)
                                                : provider->state == PROVIDER_AWAY && !same)
                return engine_refuse(engine, REFUSAL_IDENTIFIER_TAKEN,
                                     "Another app is registered as %s; every app needs an "
                                     "identifier of its own.",
                                     provider->config.identifier);
        return 0;
}

/* The identifier stays: it is the key of the table. */
static void replace_config(struct provider *provider, struct provider_config *config)
{
        char *identifier = provider->config.identifier;

        provider->config.identifier = NULL;
        provider_config_done(&provider->config);
        free(config->identifier);
        provider->config = *config;
        provider->config.identifier = identifier;
        *config = (struct provider_config){0};
}

static void provider_returned(struct engine *engine, struct provider *provider)
{
        struct call *call;

        deadline_disarm(&engine->deadlines, &provider->reclaim);
        provider->bus_lost = false;
        DL_FOREACH2 (provider->calls, call, provider_next) {
                call_set_reconnecting(engine, call, false);
                call_mark_changed(engine, call, 0);
                if (call->hold_untold && call->state == CALL_STATE_HELD) {
                        call->hold_untold = false;
                        group_enforce_hold(engine, call);
                }
        }
        transaction_wake_provider(engine, provider);
        push_provider_here(engine, provider);
}

static void provider_run(struct engine *engine, struct provider *provider, char *peer,
                         char *identity, bool sandboxed, bool fresh)
{
        bool was_running = provider->state == PROVIDER_RUNNING;

        free(provider->peer);
        free(provider->identity);
        provider->peer = peer;
        provider->identity = identity;
        provider->sandboxed = sandboxed;
        provider->state = PROVIDER_RUNNING;
        engine->allowed_stale = true;
        engine_push_provider(engine, fresh ? EFFECT_PROVIDER_ADDED : EFFECT_PROVIDER_CHANGED,
                             provider);
        engine_push_provider(engine, EFFECT_BEGAN, provider);
        if (!was_running)
                provider_returned(engine, provider);
}

int engine_register_provider(struct engine *engine, struct instant now,
                             const struct provider_peer *peer, struct provider_config *config,
                             unsigned *ret_number)
{
        cleanup_(freep) char *name = NULL, *identity = NULL, *identifier = NULL;
        struct provider *provider;
        bool fresh = false;
        int r = engine_begin(engine, now, 0);

        if (r == 0)
                r = provider_check_config(engine, config);
        if (r != 0)
                return r;
        HASH_FIND(hh_identifier, engine->identifiers, config->identifier,
                  strlen(config->identifier), provider);
        if (provider)
                r = check_taken(engine, provider, peer);
        if (r == 0 && !(provider && provider->state == PROVIDER_RUNNING))
                r = check_peer_quota(engine, peer);
        if (r != 0)
                return r;
        name = strdup(peer->name);
        identity = strdup(peer->identity);
        identifier = strdup(config->identifier);
        if (!name || !identity || !identifier)
                return -ENOMEM;
        if (!provider) {
                r = provider_new(engine, &identifier, &provider);
                if (r < 0)
                        return r;
                fresh = true;
        }
        replace_config(provider, config);
        provider_run(engine, provider, take_ptr(name), take_ptr(identity), peer->sandboxed, fresh);
        *ret_number = provider->number;
        return engine_finish(engine);
}

int engine_configure_provider(struct engine *engine, struct instant now, unsigned number,
                              struct provider_config *config)
{
        struct provider *provider;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        provider = engine_get_running(engine, number);
        if (!provider)
                return REFUSAL_NOT_REGISTERED;
        r = provider_check_config(engine, config);
        if (r != 0)
                return r;
        if (!streq(config->identifier, provider->config.identifier))
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "The identifier is %s and cannot become %s; register anew for "
                                     "that.",
                                     provider->config.identifier, config->identifier);
        replace_config(provider, config);
        engine->allowed_stale = true;
        engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
        return engine_finish(engine);
}

/* ---- loss ---- */

static void finish_calls(struct engine *engine, struct provider *provider, enum ended_reason reason)
{
        struct call *call, *next;

        DL_FOREACH_SAFE2 (provider->calls, call, next, provider_next) {
                if (call->state == CALL_STATE_ENDED)
                        continue;
                call_finish(engine, call,
                            &(struct call_finish){.reason = call->state == CALL_STATE_ENDING
                                                                    ? call->end_reason_wanted
                                                                    : reason,
                                                  .origin = ORIGIN_POLICY});
        }
}

/* What it said of itself is not true any more: its accounts are not registered, for one. */
static void forget_config(struct provider *provider)
{
        struct provider_config fresh;

        provider_config_init(&fresh);
        replace_config(provider, &fresh);
}

static void provider_forget(struct engine *engine, struct provider *provider)
{
        provider->bus_lost = false;
        deadline_disarm(&engine->deadlines, &provider->reclaim);
        if (provider->declared) {
                provider->state = PROVIDER_DECLARED;
                forget_config(provider);
                engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
                push_provider_left(engine, provider, true);
                return;
        }
        push_provider_forgotten(engine, provider);
        engine_push_provider(engine, EFFECT_PROVIDER_REMOVED, provider);
        HASH_DELETE(hh_identifier, engine->identifiers, provider);
        provider->state = PROVIDER_GONE;
        if (!provider->calls)
                deadline_arm(&engine->deadlines, &provider->reclaim, engine->now.boottime);
}

void provider_lost(struct engine *engine, struct provider *provider)
{
        provider->state = PROVIDER_AWAY; /* nothing is said to it any more */
        provider->bus_lost = false;
        finish_calls(engine, provider, ENDED_REASON_PROVIDER_LOST);
        provider_forget(engine, provider);
}

/* A group is held as a whole or not at all: what its app began, callsd ends. */
static bool finishes_group_hold(const struct action *action)
{
        const struct call *call = action->call;

        if (action->type != ACTION_SET_HELD || !action->on)
                return false;
        for (const struct call *m = call_group_walk(call, call); m; m = call_group_walk(call, m))
                if (m->state == CALL_STATE_HELD)
                        return true;
        return false;
}

static void give_up_action(struct engine *engine, struct action *action)
{
        if (!finishes_group_hold(action)) {
                action_cancel_with_rest(engine, action, REFUSAL_PROVIDER_AWAY, "the app is away");
                return;
        }
        action->call->hold_untold = true;
        action_fulfilled(engine, action, &(struct action_outcome){0});
}

/* Its actions fail; an end is done by callsd alone. */
static void give_up_actions(struct engine *engine, struct call *call)
{
        struct action *action, *next;

        call_set_reconnecting(engine, call, true);
        DL_FOREACH_SAFE2 (call->actions, action, next, call_next) {
                if (action->type == ACTION_END && action_is_pending(action) && !action->joined_to) {
                        action_fulfilled(engine, action, &(struct action_outcome){0});
                        return;
                }
        }
        DL_FOREACH_SAFE2 (call->actions, action, next, call_next) {
                if (action->state == ACTION_DELIVERED)
                        give_up_action(engine, action);
        }
}

static void provider_gone(struct engine *engine, struct provider *provider)
{
        usec_t grace = provider->config.reclaim_grace > provider->manifest_grace
                               ? provider->config.reclaim_grace
                               : provider->manifest_grace;
        struct call *call, *next;

        if (grace > engine->limits.reclaim_grace_max)
                grace = engine->limits.reclaim_grace_max;
        if (grace == 0 || provider->n_calls == 0) {
                provider_lost(engine, provider);
                return;
        }
        provider->state = PROVIDER_AWAY;
        provider->peer[0] = '\0';
        DL_FOREACH_SAFE2 (provider->calls, call, next, provider_next) {
                if (call->state != CALL_STATE_ENDED)
                        give_up_actions(engine, call);
        }
        deadline_arm(&engine->deadlines, &provider->reclaim, engine->now.boottime + grace);
        engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
        push_provider_left(engine, provider, true);
}

int engine_peer_gone(struct engine *engine, struct instant now, const char *peer)
{
        struct provider *provider, *next;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        HASH_ITER (hh_number, engine->providers, provider, next) {
                if (provider->state == PROVIDER_RUNNING && streq(provider->peer, peer))
                        provider_gone(engine, provider);
        }
        return engine_finish(engine);
}

int engine_bus_lost(struct engine *engine, struct instant now)
{
        struct provider *provider, *next;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        HASH_ITER (hh_number, engine->providers, provider, next) {
                usec_t grace = engine->limits.bus_reclaim_grace;

                if (provider->state != PROVIDER_RUNNING)
                        continue;
                push_provider_left(engine, provider, false);
                if (provider->n_calls == 0) {
                        provider_lost(engine, provider);
                        continue;
                }
                if (grace < provider->config.reclaim_grace)
                        grace = provider->config.reclaim_grace;
                provider->state = PROVIDER_AWAY;
                provider->bus_lost = true;
                provider->peer[0] = '\0';
                deadline_arm(&engine->deadlines, &provider->reclaim, engine->now.boottime + grace);
        }
        return engine_finish(engine);
}

int engine_invalidate_provider(struct engine *engine, struct instant now, unsigned number)
{
        struct provider *provider;
        struct call *call;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        provider = engine_get_running(engine, number);
        if (!provider)
                return REFUSAL_NOT_REGISTERED;
        finish_calls(engine, provider, ENDED_REASON_FAILED);
        /* deactivations belong before the reset, and nothing after it */
        DL_FOREACH2 (provider->calls, call, provider_next) {
                audio_policy_apply(engine, call, false);
        }
        engine_push_provider(engine, EFFECT_RESET, provider);
        provider->state = PROVIDER_AWAY;
        provider_forget(engine, provider);
        return engine_finish(engine);
}
