/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See push.h. */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "model/engine-internal.h"

/* A payload that was on its way when its provider went is tried once more. */
#define DELIVERIES_MAX 2

struct push *push_free(struct push *push)
{
        if (!push)
                return NULL;
        free(push->data);
        free(push->reason);
        free(push);
        return NULL;
}

DEFINE_CLEANUP(struct push *, push_free);

static int push_new(struct engine *engine, struct provider *provider, const void *data, size_t size,
                    struct push **ret_push)
{
        cleanup_(push_freep) struct push *push = calloc(1, sizeof(*push));

        if (!push)
                return -ENOMEM;
        push->data = malloc(size + 1); /* never nothing */
        if (!push->data)
                return -ENOMEM;
        memcpy(push->data, data, size);
        push->size = size;
        push->provider = provider;
        push->deadline.kind = DEADLINE_PUSH;
        engine->host.make_uuid(&push->id, engine->host.userdata);
        *ret_push = take_ptr(push);
        return 0;
}

void push_destroy(struct engine *engine, struct push *push)
{
        deadline_disarm(&engine->deadlines, &push->deadline);
        DL_DELETE(push->provider->pushes, push);
        engine->n_pushes--;
        engine->n_pushes_done -= push->state == PUSH_DONE;
        push_free(push);
}

static void push_done(struct engine *engine, struct push *push)
{
        deadline_disarm(&engine->deadlines, &push->deadline);
        push->state = PUSH_DONE;
        engine->n_pushes_done++;
}

void push_settle(struct engine *engine)
{
        struct provider *provider, *next_provider;
        struct push *push, *next;

        if (engine->n_pushes_done == 0)
                return;
        engine->revision++;
        HASH_ITER (hh_number, engine->providers, provider, next_provider) {
                DL_FOREACH_SAFE (provider->pushes, push, next) {
                        if (push->state == PUSH_DONE)
                                push_destroy(engine, push);
                }
        }
}

static void push_effect(struct engine *engine, enum effect_type type, const struct push *push)
{
        engine_push_provider(engine, type, push->provider)->action = push->id;
}

/* ---- on its way ---- */

/* Idempotent for whoever starts it: the bus starts nobody twice. */
void provider_start(struct engine *engine, struct provider *provider)
{
        if (provider->state == PROVIDER_RUNNING || !provider->can_start)
                return;
        if (provider->state == PROVIDER_DECLARED)
                provider->state = PROVIDER_STARTING;
        engine_push_provider(engine, EFFECT_START_PROVIDER, provider);
}

static void push_wait(struct engine *engine, struct push *push)
{
        push->state = PUSH_WAITING;
        push->report_required = false;
        deadline_arm(&engine->deadlines, &push->deadline,
                     engine->now.boottime + engine->limits.reply_timeout);
}

static void push_deliver(struct engine *engine, struct push *push)
{
        push->n_deliveries++;
        push->report_required = push->provider->n_calls == 0;
        push_effect(engine, EFFECT_PUSH, push);
        if (!push->report_required) {
                push_done(engine, push);
                return;
        }
        push->state = PUSH_DELIVERED;
        deadline_arm(&engine->deadlines, &push->deadline,
                     engine->now.boottime + engine->limits.push_report_timeout);
}

static void push_drop(struct engine *engine, struct push *push, const char *reason)
{
        /* without memory its text is a general one */
        if (reason && *reason)
                push->reason = strdup(reason);
        push_effect(engine, EFFECT_PUSH_FAILED, push);
        push_done(engine, push);
}

/* ---- the provider comes and goes ---- */

void push_provider_here(struct engine *engine, struct provider *provider)
{
        struct push *push, *next;

        DL_FOREACH_SAFE (provider->pushes, push, next) {
                if (push->state == PUSH_WAITING)
                        push_deliver(engine, push);
        }
}

void push_provider_left(struct engine *engine, struct provider *provider, bool start)
{
        struct push *push;

        DL_FOREACH (provider->pushes, push) {
                if (push->state != PUSH_DELIVERED || push->reported ||
                    push->n_deliveries >= DELIVERIES_MAX)
                        continue;
                push_wait(engine, push);
                if (start)
                        provider_start(engine, provider);
        }
}

/* Nobody is left who could be given them, or blamed. */
void push_provider_forgotten(struct engine *engine, struct provider *provider)
{
        struct push *push;

        DL_FOREACH (provider->pushes, push) {
                if (push->state == PUSH_WAITING)
                        push_drop(engine, push, "It is not known any more.");
                else if (push->state == PUSH_DELIVERED)
                        push_done(engine, push);
        }
}

void push_start_failed(struct engine *engine, struct provider *provider, const char *reason)
{
        struct push *push;

        DL_FOREACH (provider->pushes, push) {
                if (push->state == PUSH_WAITING)
                        push_drop(engine, push, reason);
        }
}

/* ---- the duty ---- */

/*
 * Noted at the next tick, which is due at once: a report that is refused has no effects, and this
 * one may have.
 */
void push_reported(struct engine *engine, struct provider *provider)
{
        struct push *push;

        DL_FOREACH (provider->pushes, push) {
                if (push->state != PUSH_DELIVERED || push->reported)
                        continue;
                push->reported = true;
                deadline_arm(&engine->deadlines, &push->deadline, engine->now.boottime);
                engine->revision++;
                return;
        }
}

static void duty_kept(struct engine *engine, struct provider *provider)
{
        if (provider->push_misses == 0)
                return;
        provider->push_misses = 0;
        provider->push_throttled_until = 0;
        engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
}

static void duty_missed(struct engine *engine, struct push *push)
{
        struct provider *provider = push->provider;

        if (provider->push_misses < UINT32_MAX)
                provider->push_misses++;
        if (provider->push_misses >= PUSH_MISSES_MAX)
                provider->push_throttled_until =
                        engine->now.boottime + engine->limits.push_throttle;
        push_effect(engine, EFFECT_PUSH_MISSED, push);
        engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
}

void push_due(struct engine *engine, struct push *push)
{
        if (push->state == PUSH_WAITING) {
                push_drop(engine, push, NULL);
                provider_wait_over(engine, push->provider);
                return;
        }
        if (push->reported)
                duty_kept(engine, push->provider);
        else
                duty_missed(engine, push);
        push_done(engine, push);
}

/* ---- the input ---- */

static unsigned count_pushes(const struct provider *provider)
{
        const struct push *push;
        unsigned n = 0;

        DL_FOREACH (provider->pushes, push) {
                n += push->state != PUSH_DONE;
        }
        return n;
}

static int check_throttle(struct engine *engine, const struct provider *provider)
{
        usec_t now = engine->now.boottime, until = provider->push_throttled_until;
        usec_t minutes = until > now ? (until - now - 1) / (60 * USEC_PER_SEC) + 1 : 0;

        if (minutes == 0)
                return 0;
        return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                             "%s has not reported a call for its last %u payloads; the next one "
                             "may come in %llu min.",
                             provider->config.identifier, provider->push_misses,
                             (unsigned long long)minutes);
}

static int check_push(struct engine *engine, const struct provider *provider, size_t size)
{
        const struct limits *limits = &engine->limits;

        if (!provider->entitled)
                return engine_refuse(engine, REFUSAL_INCOMING_UNENTITLED,
                                     "%s is not among the apps that may take calls (Providers= in "
                                     "callsd.conf).",
                                     provider->config.identifier);
        if (size > limits->push_size)
                return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                                     "The payload has more than %u bytes.", limits->push_size);
        if (provider->state == PROVIDER_DECLARED && !provider->can_start)
                return engine_refuse(engine, REFUSAL_PROVIDER_AWAY,
                                     "%s is not running, and its manifest has no BusName= by which "
                                     "it could be started.",
                                     provider->config.identifier);
        if (count_pushes(provider) >= limits->pushes_per_provider)
                return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                                     "%u payloads for %s wait for it, or for its reports; that is "
                                     "as many as there may be.",
                                     limits->pushes_per_provider, provider->config.identifier);
        return check_throttle(engine, provider);
}

/* The second chance of this hour. */
static void use_chance(struct engine *engine, struct provider *provider)
{
        if (provider->push_misses < PUSH_MISSES_MAX)
                return;
        provider->push_throttled_until = engine->now.boottime + engine->limits.push_throttle;
        engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
}

int engine_report_push(struct engine *engine, struct instant now, const char *identifier,
                       const void *data, size_t size, struct uuid *ret_push)
{
        struct provider *provider;
        struct push *push;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        HASH_FIND(hh_identifier, engine->identifiers, identifier, strlen(identifier), provider);
        if (!provider)
                return engine_refuse(engine, REFUSAL_REQUEST_UNKNOWN_PROVIDER,
                                     "There is no provider \"%.255s\".", identifier);
        r = check_push(engine, provider, size);
        if (r == 0)
                r = push_new(engine, provider, data, size, &push);
        if (r != 0)
                return r;
        DL_APPEND(provider->pushes, push);
        engine->n_pushes++;
        *ret_push = push->id;
        use_chance(engine, provider);
        if (provider->state == PROVIDER_RUNNING) {
                push_deliver(engine, push);
        } else {
                push_wait(engine, push);
                provider_start(engine, provider);
        }
        return engine_finish(engine);
}

const struct push *engine_find_push(const struct engine *engine, const char *id)
{
        const struct provider *provider;
        const struct push *push;

        for (provider = engine->providers; provider; provider = provider->hh_number.next) {
                DL_FOREACH (provider->pushes, push) {
                        if (streq(push->id.text, id))
                                return push;
                }
        }
        return NULL;
}

bool engine_push_waits(const struct provider *provider)
{
        const struct push *push;

        DL_FOREACH (provider->pushes, push) {
                if (push->state == PUSH_WAITING)
                        return true;
        }
        return false;
}

/* ---- engine-check.c ---- */

static const char *check_one(const struct provider *provider, const struct push *push)
{
        bool running = provider->state == PROVIDER_RUNNING;

        if (push->provider != provider)
                return "a payload is in another provider's list";
        if (deadline_is_armed(&push->deadline) != (push->state != PUSH_DONE))
                return "a payload has a deadline too many, or none";
        if (push->state == PUSH_WAITING && (running || provider->state == PROVIDER_GONE))
                return "a payload waits for a provider that is there, or never will be";
        if (push->state == PUSH_DELIVERED &&
            (!push->report_required || push->n_deliveries == 0 || provider->state == PROVIDER_GONE))
                return "a report is owed for no payload, or by nobody";
        if (push->reported && !push->report_required)
                return "a duty was kept that there was not";
        return NULL;
}

const char *push_check(const struct engine *engine)
{
        const struct provider *provider;
        const struct push *push;
        size_t n = 0, n_done = 0;
        const char *wrong;

        for (provider = engine->providers; provider; provider = provider->hh_number.next) {
                if ((provider->push_throttled_until != 0) !=
                    (provider->push_misses >= PUSH_MISSES_MAX))
                        return "a provider is shut out that kept its duties, or the reverse";
                DL_FOREACH (provider->pushes, push) {
                        n++;
                        n_done += push->state == PUSH_DONE;
                        wrong = check_one(provider, push);
                        if (wrong)
                                return wrong;
                }
        }
        return n == engine->n_pushes && n_done == engine->n_pushes_done
                       ? NULL
                       : "the number of payloads is not true";
}
