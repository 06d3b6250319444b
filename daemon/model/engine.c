/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine itself: life, time, effects, and the one place where all consequences of an input
 * are worked off (engine_finish).
 */
#include "model/engine-internal.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "model/default-provider.h"

/* ---- life ---- */

int engine_new(const struct engine_host *host, const struct limits *limits,
               struct engine **ret_engine)
{
        struct engine *engine = calloc(1, sizeof(*engine));

        if (!engine)
                return -ENOMEM;
        engine->host = *host;
        engine->limits = *limits;
        *ret_engine = engine;
        return 0;
}

static void free_calls(struct engine *engine)
{
        struct call *call, *next;

        HASH_ITER (hh, engine->calls, call, next) {
                HASH_DEL(engine->calls, call);
                /* providers disarm theirs after this, and that moves the others in the heap */
                deadline_disarm(&engine->deadlines, &call->ring_deadline);
                deadline_disarm(&engine->deadlines, &call->removal);
                deadline_disarm(&engine->deadlines, &call->post_dial_deadline);
                call_free(call);
        }
        LL_FOREACH_SAFE2(engine->removed, call, next, dirty_next)
        {
                call_free(call);
        }
}

struct engine *engine_free(struct engine *engine)
{
        struct transaction *transaction, *next_transaction;
        struct action *action, *next_action;
        struct provider *provider, *next_provider;
        struct default_provider *preset, *next_preset;

        if (!engine)
                return NULL;
        HASH_ITER (hh, engine->actions, action, next_action) {
                action->joiners = NULL;
        }
        HASH_ITER (hh, engine->transactions, transaction, next_transaction) {
                transaction_destroy(engine, transaction);
        }
        HASH_ITER (hh, engine->actions, action, next_action) {
                action_destroy(engine, action);
        }
        free_calls(engine);
        HASH_ITER (hh_number, engine->providers, provider, next_provider) {
                provider_destroy(engine, provider);
        }
        DL_FOREACH_SAFE (engine->defaults, preset, next_preset) {
                default_provider_free(preset);
        }
        effect_queue_done(&engine->effects);
        deadline_heap_done(&engine->deadlines);
        free(engine);
        return NULL;
}

void engine_set_limits(struct engine *engine, const struct limits *limits)
{
        engine->limits = *limits;
}

const struct limits *engine_get_limits(const struct engine *engine)
{
        return &engine->limits;
}

const char *engine_explain(const struct engine *engine)
{
        return engine->explanation;
}

int engine_refuse(struct engine *engine, enum refusal refusal, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        vsnprintf(engine->explanation, sizeof(engine->explanation), format, ap);
        va_end(ap);
        return (int)refusal;
}

/* ---- inputs ---- */

static int reserve(struct engine *engine, size_t n_actions)
{
        size_t n_group = engine->n_calls < engine->limits.calls_per_provider
                                 ? engine->n_calls
                                 : engine->limits.calls_per_provider;
        size_t n_objects = HASH_CNT(hh, engine->calls) + HASH_COUNT(engine->actions) +
                           HASH_CNT(hh, engine->transactions) +
                           HASH_CNT(hh_number, engine->providers) + engine->n_pushes;
        int r;

        r = action_reserve(engine, 2 * n_actions + 3 * n_group + 16);
        if (r == 0)
                r = transaction_reserve(engine, 16);
        if (r == 0)
                r = deadline_heap_reserve(&engine->deadlines, 4 * (n_objects + n_actions) + 64);
        if (r == 0)
                r = effect_queue_reserve(&engine->effects, 8 * (n_objects + n_actions) + 64);
        return r;
}

int engine_begin(struct engine *engine, struct instant now, size_t n_actions)
{
        engine->explanation[0] = '\0';
        engine->now = now;
        return reserve(engine, n_actions);
}

struct effect *engine_push_call(struct engine *engine, enum effect_type type,
                                const struct call *call)
{
        struct effect *effect = effect_queue_push(&engine->effects, type);

        effect->call = call->id;
        effect->provider = call->provider->number;
        return effect;
}

struct effect *engine_push_provider(struct engine *engine, enum effect_type type,
                                    const struct provider *provider)
{
        struct effect *effect = effect_queue_push(&engine->effects, type);

        effect->provider = provider->number;
        return effect;
}

static void work_off(struct engine *engine)
{
        struct transaction *transaction;

        do {
                while ((transaction = engine->work)) {
                        LL_DELETE2(engine->work, transaction, work_next);
                        transaction->in_work = false;
                        transaction_advance(engine, transaction);
                }
                interruption_settle(engine);
        } while (engine->work);
}

/* What is derived from several calls at once. */
static void update_derived(struct engine *engine)
{
        struct call *call, *next;

        if (!engine->allowed_stale)
                return;
        engine->allowed_stale = false;
        HASH_ITER (hh, engine->calls, call, next) {
                const struct call *active = engine_active_call(engine);
                unsigned allowed = call_work_out_allowed(engine, call);
                bool waiting = call->state == CALL_STATE_RINGING && active;

                if (call->allowed != allowed)
                        call_mark_changed(engine, call, CALL_CHANGED_ALLOWED);
                if (call->waiting != waiting)
                        call_mark_changed(engine, call, CALL_CHANGED_WAITING);
                call->allowed = allowed;
                call->waiting = waiting;
        }
}

static void update_audio(struct engine *engine)
{
        struct call *call;

        for (int opening = 0; opening <= 1; opening++) {
                LL_FOREACH2(engine->dirty, call, dirty_next)
                {
                        audio_policy_apply(engine, call, opening);
                }
                DL_FOREACH2 (engine->claiming, call, claiming_next) {
                        audio_policy_apply(engine, call, opening);
                }
        }
}

/* Those that are not active first: whoever leaves `active` is announced before who enters it. */
void engine_announce_changes(struct engine *engine)
{
        struct call *call;

        for (int active = 0; active <= 1; active++) {
                LL_FOREACH2(engine->dirty, call, dirty_next)
                {
                        if ((call->state == CALL_STATE_ACTIVE) != active || call->changed == 0)
                                continue;
                        engine_push_call(engine, EFFECT_CALL_CHANGED, call)->mask = call->changed;
                        call->changed = 0;
                }
        }
}

static void announce_calls(struct engine *engine)
{
        struct call *call, *next;

        engine_announce_changes(engine);
        LL_FOREACH_SAFE2(engine->dirty, call, next, dirty_next)
        {
                call->dirty = false;
                call->dirty_next = NULL;
        }
        engine->dirty = NULL;
}

static void announce_system(struct engine *engine)
{
        const struct call *resumable = interruption_resumable(engine);
        const char *id = resumable ? resumable->id.text : "";
        bool in_call = engine->n_in_call > 0;

        if (!streq(engine->resumable.text, id)) {
                engine->resumable = resumable ? resumable->id : (struct uuid){0};
                engine->system_changed |= SYSTEM_CHANGED_RESUMABLE_CALL;
        }
        if (engine->in_call != in_call) {
                engine->in_call = in_call;
                engine->system_changed |= SYSTEM_CHANGED_IN_CALL;
        }
        if (engine->system_changed != 0)
                effect_queue_push(&engine->effects, EFFECT_SYSTEM_CHANGED)->mask =
                        engine->system_changed;
        engine->system_changed = 0;
}

static void advance_post_dial(struct engine *engine)
{
        struct call *call;

        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                post_dial_advance(engine, call);
        }
}

int engine_finish(struct engine *engine)
{
        work_off(engine);
        advance_post_dial(engine);
        update_derived(engine);
        update_audio(engine);
        ring_policy_apply(engine);
        announce_calls(engine);
        announce_system(engine);
        engine->revision++;
        /* what was used is made up for now, so that the next input hardly ever has to */
        (void)reserve(engine, 0);
        return 0;
}

/* ---- time ---- */

usec_t engine_next_deadline(const struct engine *engine)
{
        const struct deadline *first = deadline_heap_first(&engine->deadlines);

        return first ? first->at : USEC_INFINITY;
}

static void action_due(struct engine *engine, struct action *action)
{
        if (action->waits_for_provider) {
                bool started = action->call->provider->state == PROVIDER_STARTING;

                provider_failed_action(engine, action,
                                       started ? "it was started, but did not register in time"
                                               : NULL);
                return;
        }
        if (action->call->provider->state == PROVIDER_RUNNING)
                engine_push_call(engine, EFFECT_ACTION_TIMED_OUT, action->call)->action =
                        action->id;
        action_failed(engine, action, &(struct action_failure){.result = REFUSAL_ACTION_TIMED_OUT});
}

/* A method has waited long enough: what is queued is cancelled, what is delivered goes on. */
static void reply_due(struct engine *engine, struct transaction *transaction)
{
        struct action *action, *next;

        effect_queue_push(&engine->effects, EFFECT_TRANSACTION_OVERDUE)->transaction =
                transaction->id;
        DL_FOREACH_SAFE (transaction->actions, action, next) {
                if (action->state == ACTION_QUEUED && !action->joined_to)
                        action_cancel(engine, action, REFUSAL_ACTION_TIMED_OUT,
                                      "its turn did not come in time");
        }
}

static void reclaim_due(struct engine *engine, struct provider *provider)
{
        if (provider->state != PROVIDER_GONE)
                provider_lost(engine, provider);
        else if (provider->pushes) /* effects tell of them; they go with the settle */
                deadline_arm(&engine->deadlines, &provider->reclaim, engine->now.boottime + 1);
        else
                provider_destroy(engine, provider);
}

static int deadline_due(struct engine *engine, struct deadline *deadline)
{
        deadline_disarm(&engine->deadlines, deadline);
        switch (deadline->kind) {
        case DEADLINE_ACTION:
                action_due(engine, CONTAINER_OF(deadline, struct action, deadline));
                break;
        case DEADLINE_REPLY:
                reply_due(engine, CONTAINER_OF(deadline, struct transaction, reply_deadline));
                break;
        case DEADLINE_RING:
                call_end_by_policy(engine, CONTAINER_OF(deadline, struct call, ring_deadline),
                                   ENDED_REASON_UNANSWERED);
                break;
        case DEADLINE_REMOVAL:
                call_set_remove(engine, CONTAINER_OF(deadline, struct call, removal));
                break;
        case DEADLINE_POST_DIAL:
                return post_dial_due(engine,
                                     CONTAINER_OF(deadline, struct call, post_dial_deadline));
        case DEADLINE_RECLAIM:
                reclaim_due(engine, CONTAINER_OF(deadline, struct provider, reclaim));
                break;
        case DEADLINE_PUSH:
                push_due(engine, CONTAINER_OF(deadline, struct push, deadline));
                break;
        case DEADLINE_NONE_:
                assert(false);
                break;
        }
        return 0;
}

/*
 * All that is due, then one announcement. Memory that runs out after the first leaves the rest
 * due, so that the app comes again.
 */
int engine_tick(struct engine *engine, struct instant now)
{
        struct deadline *deadline;
        bool progress = false;
        int r = engine_begin(engine, now, 0);

        while (r == 0 && (deadline = deadline_heap_first(&engine->deadlines)) &&
               deadline->at <= now.boottime) {
                r = deadline_due(engine, deadline);
                if (r != 0)
                        break;
                progress = true;
                work_off(engine);
                r = reserve(engine, 0);
        }
        return progress || r == 0 ? engine_finish(engine) : r;
}

/* ---- effects ---- */

bool engine_next_effect(struct engine *engine, struct effect *ret_effect)
{
        bool taken = effect_queue_pop(&engine->effects, ret_effect);

        engine->revision += taken;
        return taken;
}

void engine_settle(struct engine *engine)
{
        struct transaction *transaction, *next_transaction;
        struct call *call, *next_call;

        engine->revision += engine->finished != NULL;
        LL_FOREACH_SAFE2(engine->finished, transaction, next_transaction, work_next)
        {
                transaction_destroy(engine, transaction);
        }
        engine->finished = NULL;
        LL_FOREACH_SAFE2(engine->removed, call, next_call, dirty_next)
        {
                call_free(call);
        }
        engine->removed = NULL;
        push_settle(engine);
}

/* ---- settings ---- */

int engine_set_do_not_disturb(struct engine *engine, struct instant now, bool on)
{
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        if (engine->do_not_disturb != on)
                engine->system_changed |= SYSTEM_CHANGED_DO_NOT_DISTURB;
        engine->do_not_disturb = on;
        return engine_finish(engine);
}
