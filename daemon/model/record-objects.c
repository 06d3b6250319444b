/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects, in the order in which their tables list them: that is the order in which they came, and
 * the same after reading, so that whatever goes through a table does so as before.
 *
 * What is read goes into its table as soon as it has its key. From then on engine_free() knows it,
 * and a failure leaves nothing behind.
 */
#include "model/record-internal.h"

#include <stdlib.h>
#include <utlist.h>

/* At least so many bytes each. */
#define MIN_DEFAULT 2
#define MIN_PROVIDER 16
#define MIN_PUSH 20
#define MIN_CALL 40
#define MIN_TRANSACTION 18
#define MIN_ACTION 40
#define MIN_EFFECT 7

/* For a read object; NULL: there is none. */
static void *new_object(struct codec *codec, size_t size)
{
        void *object = codec_ok(codec) ? calloc(1, size) : NULL;

        if (!object)
                codec_fail(codec, -ENOMEM, "there is no memory for an object");
        return object;
}

static void no_memory(struct codec *codec)
{
        codec_fail(codec, -ENOMEM, "there is no memory for a table");
}

/* ---- defaults ---- */

void record_defaults(struct codec *codec, struct engine *engine)
{
        struct default_provider *preset = engine->defaults;
        size_t n = 0;

        for (; preset; preset = preset->next)
                n++;
        codec_count(codec, &n, MIN_DEFAULT);
        for (preset = engine->defaults; n > 0 && codec_ok(codec); n--) {
                if (codec->reading) {
                        preset = new_object(codec, sizeof(*preset));
                        if (preset)
                                DL_APPEND(engine->defaults, preset);
                }
                if (!preset)
                        return;
                record_default_fields(codec, preset);
                preset = preset->next;
        }
}

/* ---- payloads, each with its provider ---- */

static struct push *read_push(struct codec *codec, struct engine *engine, struct provider *provider)
{
        struct push *push = new_object(codec, sizeof(*push));

        if (!push)
                return NULL;
        push->provider = provider;
        push->deadline.kind = DEADLINE_PUSH;
        codec_uuid(codec, &push->id);
        codec_expect(codec, codec_ok(codec) && !engine_find_push(engine, push->id.text),
                     "two payloads have one id");
        DL_APPEND(provider->pushes, push);
        engine->n_pushes++;
        return push;
}

static void record_pushes(struct codec *codec, struct engine *engine, struct provider *provider)
{
        struct push *push;
        size_t n;

        DL_COUNT(provider->pushes, push, n);
        codec_count(codec, &n, MIN_PUSH);
        for (push = provider->pushes; n > 0 && codec_ok(codec); n--) {
                if (codec->reading)
                        push = read_push(codec, engine, provider);
                else
                        codec_uuid(codec, &push->id);
                if (!push)
                        return;
                record_push_fields(codec, push);
                if (codec->reading)
                        engine->n_pushes_done += push->state == PUSH_DONE;
                record_deadline(codec, engine, &push->deadline);
                push = push->next;
        }
}

/* ---- providers ---- */

static void add_provider(struct codec *codec, struct engine *engine, struct provider *provider)
{
        provider->reclaim.kind = DEADLINE_RECLAIM;
        HASH_ADD(hh_number, engine->providers, number, sizeof(provider->number), provider);
        if (!provider->hh_number.tbl) {
                provider_free(provider);
                no_memory(codec);
                return;
        }
        if (provider->state == PROVIDER_GONE)
                return;
        HASH_ADD_KEYPTR(hh_identifier, engine->identifiers, provider->config.identifier,
                        strlen(provider->config.identifier), provider);
        if (!provider->hh_identifier.tbl) {
                HASH_DELETE(hh_number, engine->providers, provider);
                provider_free(provider);
                no_memory(codec);
        }
}

/* NULL: it is none. */
static struct provider *read_provider(struct codec *codec, struct engine *engine)
{
        struct provider *provider = new_object(codec, sizeof(*provider));

        if (!provider)
                return NULL;
        record_provider_fields(codec, provider);
        codec_expect(codec, provider->number != 0 && provider->number <= engine->next_provider,
                     "a provider's number was never given");
        codec_expect(codec,
                     codec_ok(codec) && provider_identifier_is_valid(provider->config.identifier),
                     "a provider's identifier is none");
        codec_expect(codec, !engine_find_provider(engine, provider->number),
                     "two providers have one number");
        codec_expect(codec,
                     codec_ok(codec) &&
                             (provider->state == PROVIDER_GONE ||
                              !engine_find_identifier(engine, provider->config.identifier)),
                     "two providers have one identifier");
        if (!codec_ok(codec))
                return provider_free(provider);
        add_provider(codec, engine, provider);
        return codec_ok(codec) ? provider : NULL;
}

void record_providers(struct codec *codec, struct engine *engine)
{
        size_t n = HASH_CNT(hh_number, engine->providers);
        struct provider *provider = engine->providers;

        codec_count(codec, &n, MIN_PROVIDER);
        for (; n > 0 && codec_ok(codec); n--) {
                if (codec->reading)
                        provider = read_provider(codec, engine);
                else
                        record_provider_fields(codec, provider);
                if (!provider)
                        return;
                record_deadline(codec, engine, &provider->reclaim);
                record_pushes(codec, engine, provider);
                provider = provider->hh_number.next;
        }
}

/* ---- calls ---- */

/* In its table and in its provider's list. NULL: it cannot be. */
static struct call *read_call(struct codec *codec, struct engine *engine, const struct uuid *id,
                              unsigned number)
{
        struct provider *provider;
        struct call *call;

        HASH_FIND(hh_number, engine->providers, &number, sizeof(number), provider);
        codec_expect(codec, provider != NULL, "a call has no provider");
        codec_expect(codec, !engine_get_call(engine, id->text), "two calls have one id");
        call = new_object(codec, sizeof(*call));
        if (!call || !provider)
                return call_free(call);
        call->id = *id;
        call->provider = provider;
        call->group_prev = call->group_next = call;
        call->ring_deadline.kind = DEADLINE_RING;
        call->removal.kind = DEADLINE_REMOVAL;
        call->post_dial_deadline.kind = DEADLINE_POST_DIAL;
        HASH_ADD_STR(engine->calls, id.text, call);
        if (!call->hh.tbl) {
                no_memory(codec);
                return call_free(call);
        }
        DL_APPEND2(provider->calls, call, provider_prev, provider_next);
        return call;
}

void record_calls(struct codec *codec, struct engine *engine)
{
        size_t n = HASH_COUNT(engine->calls);
        struct call *call = engine->calls;

        codec_count(codec, &n, MIN_CALL);
        for (; n > 0 && codec_ok(codec); n--) {
                struct uuid id = call ? call->id : (struct uuid){0};
                unsigned number = call ? call->provider->number : 0;

                codec_uuid(codec, &id);
                CODEC_NUMBER(codec, number, UINT32_MAX);
                if (codec->reading)
                        call = read_call(codec, engine, &id, number);
                if (!call)
                        return;
                record_call_fields(codec, call);
                record_deadline(codec, engine, &call->ring_deadline);
                record_deadline(codec, engine, &call->removal);
                record_deadline(codec, engine, &call->post_dial_deadline);
                call = call->hh.next;
        }
}

/* ---- transactions and their actions ---- */

static struct action *read_action(struct codec *codec, struct engine *engine,
                                  struct transaction *transaction, const struct uuid *id)
{
        struct action *action;

        codec_expect(codec, !engine_find_action(engine, id->text), "two actions have one id");
        action = new_object(codec, sizeof(*action));
        if (!action)
                return NULL;
        action->id = *id;
        action->state = ACTION_DONE; /* no spare one: it is found from now on */
        action->deadline.kind = DEADLINE_ACTION;
        HASH_ADD_STR(engine->actions, id.text, action);
        if (!action->hh.tbl) {
                free(action);
                no_memory(codec);
                return NULL;
        }
        action->transaction = transaction;
        DL_APPEND(transaction->actions, action);
        return action;
}

static void record_actions(struct codec *codec, struct engine *engine,
                           struct transaction *transaction)
{
        struct action *action;
        size_t n;

        DL_COUNT(transaction->actions, action, n);
        codec_count(codec, &n, MIN_ACTION);
        for (action = transaction->actions; n > 0 && codec_ok(codec); n--) {
                struct uuid id = action ? action->id : (struct uuid){0};

                codec_uuid(codec, &id);
                if (codec->reading)
                        action = read_action(codec, engine, transaction, &id);
                if (!action)
                        return;
                record_action_fields(codec, action);
                record_deadline(codec, engine, &action->deadline);
                action = action->next;
        }
}

static struct transaction *read_transaction(struct codec *codec, struct engine *engine,
                                            const struct uuid *id)
{
        struct transaction *transaction;

        codec_expect(codec, !engine_find_transaction(engine, id->text),
                     "two transactions have one id");
        transaction = new_object(codec, sizeof(*transaction));
        if (!transaction)
                return NULL;
        transaction->id = *id;
        transaction->reply_deadline.kind = DEADLINE_REPLY;
        HASH_ADD_STR(engine->transactions, id.text, transaction);
        if (!transaction->hh.tbl) {
                free(transaction);
                no_memory(codec);
                return NULL;
        }
        DL_APPEND2(engine->admitted, transaction, admitted_prev, admitted_next);
        return transaction;
}

void record_transactions(struct codec *codec, struct engine *engine)
{
        struct transaction *transaction;
        size_t n;

        DL_COUNT2(engine->admitted, transaction, n, admitted_next);
        codec_count(codec, &n, MIN_TRANSACTION);
        for (transaction = engine->admitted; n > 0 && codec_ok(codec); n--) {
                struct uuid id = transaction ? transaction->id : (struct uuid){0};

                codec_uuid(codec, &id);
                if (codec->reading)
                        transaction = read_transaction(codec, engine, &id);
                if (!transaction)
                        return;
                record_transaction_fields(codec, transaction);
                record_deadline(codec, engine, &transaction->reply_deadline);
                record_actions(codec, engine, transaction);
                if (codec->reading && transaction->complete)
                        LL_PREPEND2(engine->finished, transaction, work_next);
                transaction = transaction->admitted_next;
        }
}

/* ---- effects ---- */

void record_effects(struct codec *codec, struct engine *engine)
{
        struct effect_queue *queue = &engine->effects;
        size_t n = queue->n_items - queue->head;

        codec_count(codec, &n, MIN_EFFECT);
        if (codec->reading && effect_queue_reserve(queue, n) < 0)
                codec_fail(codec, -ENOMEM, "there is no memory for the effects");
        for (size_t i = 0; i < n && codec_ok(codec); i++)
                record_effect_fields(codec, codec->reading
                                                    ? effect_queue_push(queue, (enum effect_type)0)
                                                    : &queue->items[queue->head + i]);
}
