/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists and pointers between objects, as ids of those that they lead to. */
#include "model/record-internal.h"

#include <stdlib.h>
#include <utlist.h>

#define UUID_BYTES 16

/* Writing: returns the call; reading: the one that is named, or NULL. */
static struct call *call_link(struct codec *codec, struct engine *engine, struct call *call)
{
        struct uuid id = call ? call->id : (struct uuid){0};

        codec_uuid(codec, &id);
        if (codec->reading)
                call = engine_get_call(engine, id.text);
        codec_expect(codec, call != NULL, "a list names a call that there is not");
        return codec_ok(codec) ? call : NULL;
}

static struct action *action_link(struct codec *codec, struct engine *engine, struct action *action)
{
        struct uuid id = action ? action->id : (struct uuid){0};

        codec_uuid(codec, &id);
        if (codec->reading)
                HASH_FIND_STR(engine->actions, id.text, action);
        codec_expect(codec, action != NULL, "a list names an action that there is not");
        return codec_ok(codec) ? action : NULL;
}

/* ---- lists of the engine ---- */

static void claiming(struct codec *codec, struct engine *engine)
{
        struct call *call;
        size_t n;

        DL_COUNT2(engine->claiming, call, n, claiming_next);
        codec_count(codec, &n, UUID_BYTES);
        for (call = engine->claiming; n > 0 && codec_ok(codec); n--) {
                call = call_link(codec, engine, call);
                if (!call || !codec_expect(codec, !call->is_claiming, "a call claims twice"))
                        return;
                if (codec->reading) {
                        DL_APPEND2(engine->claiming, call, claiming_prev, claiming_next);
                        call->is_claiming = true;
                }
                call = call->claiming_next;
        }
}

static void ringing(struct codec *codec, struct engine *engine)
{
        struct call *call;
        size_t n;

        DL_COUNT2(engine->ringing, call, n, ringing_next);
        codec_count(codec, &n, UUID_BYTES);
        for (call = engine->ringing; n > 0 && codec_ok(codec); n--) {
                call = call_link(codec, engine, call);
                if (!call || !codec_expect(codec, !call->is_ringing, "a call rings twice"))
                        return;
                if (codec->reading) {
                        DL_APPEND2(engine->ringing, call, ringing_prev, ringing_next);
                        call->is_ringing = true;
                }
                call = call->ringing_next;
        }
}

static void interrupter(struct codec *codec, struct engine *engine, struct call *call)
{
        struct call *by = call->interrupter;
        bool some = by != NULL;

        codec_bool(codec, &some);
        if (some)
                by = call_link(codec, engine, by);
        if (codec_expect(codec, by != call, "a call stands in front of itself") && codec->reading)
                call->interrupter = by;
}

/* Latest first, so nobody can be in it twice. */
static void interrupted(struct codec *codec, struct engine *engine)
{
        uint64_t after = engine->next_interruption;
        struct call *call;
        size_t n;

        DL_COUNT2(engine->interrupted, call, n, interrupted_next);
        codec_count(codec, &n, UUID_BYTES);
        for (call = engine->interrupted; n > 0 && codec_ok(codec); n--) {
                call = call_link(codec, engine, call);
                if (!call ||
                    !codec_expect(codec,
                                  call->interrupted_seq != 0 && call->interrupted_seq <= after,
                                  "the list of interrupted calls is not in order"))
                        return;
                after = call->interrupted_seq - 1;
                if (codec->reading)
                        DL_APPEND2(engine->interrupted, call, interrupted_prev, interrupted_next);
                interrupter(codec, engine, call);
                call = call->interrupted_next;
        }
}

static struct transaction *find_transaction(const struct engine *engine, const struct uuid *id)
{
        struct transaction *transaction;

        HASH_FIND_STR(engine->transactions, id->text, transaction);
        return transaction;
}

static void floor_queue(struct codec *codec, struct engine *engine)
{
        struct transaction *transaction;
        size_t n;

        DL_COUNT(engine->floor, transaction, n);
        codec_count(codec, &n, UUID_BYTES);
        for (transaction = engine->floor; n > 0 && codec_ok(codec); n--) {
                struct uuid id = transaction ? transaction->id : (struct uuid){0};

                codec_uuid(codec, &id);
                if (codec->reading)
                        transaction = find_transaction(engine, &id);
                if (!codec_expect(codec,
                                  transaction && !transaction->in_floor && !transaction->complete,
                                  "the floor's queue names what cannot be in it") ||
                    !transaction)
                        return;
                if (codec->reading) {
                        DL_APPEND(engine->floor, transaction);
                        transaction->in_floor = true;
                }
                transaction = transaction->next;
        }
}

/* ---- groups ---- */

/* One writes it: the member with the smallest id. */
static bool stands_for_its_group(const struct call *call)
{
        if (call->group == 0)
                return false;
        for (const struct call *m = call_group_walk(call, call); m; m = call_group_walk(call, m))
                if (strcmp(m->id.text, call->id.text) < 0)
                        return false;
        return true;
}

static void read_member(struct codec *codec, struct call *call, uint64_t group, struct call *first)
{
        if (!call || !codec_expect(codec, call->group == 0, "a call is in two groups"))
                return;
        call->group = group;
        if (!first)
                return;
        call->group_prev = first->group_prev;
        call->group_next = first;
        first->group_prev->group_next = call;
        first->group_prev = call;
}

static void group(struct codec *codec, struct engine *engine, struct call *call)
{
        size_t n = call ? call_group_size(call) : 0;
        uint64_t id = call ? call->group : 0;
        struct call *first = NULL;

        codec_number(codec, &id, engine->next_group);
        codec_count(codec, &n, UUID_BYTES);
        codec_expect(codec, id != 0 && n >= 2, "a group is none");
        for (; n > 0 && codec_ok(codec); n--) {
                call = call_link(codec, engine, call);
                if (codec->reading)
                        read_member(codec, call, id, first);
                if (!codec_ok(codec))
                        return;
                if (!first)
                        first = call;
                if (!codec->reading)
                        call = call->group_next;
        }
}

static int compare_ids(const void *a, const void *b)
{
        const uint64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Two rings with one id would be one group to some and two to others. */
static void expect_unique_groups(struct codec *codec, const struct engine *engine, size_t n)
{
        uint64_t *ids = codec_ok(codec) ? calloc(n + 1, sizeof(*ids)) : NULL;
        const struct call *call;
        size_t at = 0;

        if (!ids) {
                codec_fail(codec, -ENOMEM, "there is no memory for the groups");
                return;
        }
        for (call = engine->calls; call; call = call->hh.next)
                if (stands_for_its_group(call))
                        ids[at++] = call->group;
        qsort(ids, at, sizeof(*ids), compare_ids);
        for (size_t i = 1; i < at; i++)
                codec_expect(codec, ids[i - 1] != ids[i], "two groups have one id");
        free(ids);
}

static void groups(struct codec *codec, struct engine *engine)
{
        struct call *call;
        size_t n = 0;

        for (call = engine->calls; call && !codec->reading; call = call->hh.next)
                n += stands_for_its_group(call);
        codec_count(codec, &n, UUID_BYTES);
        if (codec->reading) {
                for (size_t i = 0; i < n && codec_ok(codec); i++)
                        group(codec, engine, NULL);
                expect_unique_groups(codec, engine, n);
                return;
        }
        for (call = engine->calls; call; call = call->hh.next)
                if (stands_for_its_group(call))
                        group(codec, engine, call);
}

/* ---- actions ---- */

/* Those of a call, oldest first. An action whose call was removed is in no such list. */
static void actions_of_call(struct codec *codec, struct engine *engine, struct call *call)
{
        struct action *action;
        size_t n;

        DL_COUNT2(call->actions, action, n, call_next);
        codec_count(codec, &n, UUID_BYTES);
        for (action = call->actions; n > 0 && codec_ok(codec); n--) {
                action = action_link(codec, engine, action);
                if (!action)
                        return;
                codec_expect(codec,
                             !action->call && streq(action->call_id.text, call->id.text) &&
                                     action->provider == call->provider->number,
                             "a call has an action that is not its own");
                if (!codec_ok(codec))
                        return;
                if (codec->reading) {
                        action->call = call;
                        DL_APPEND2(call->actions, action, call_prev, call_next);
                }
                action = action->call_next;
        }
}

static void joiners(struct codec *codec, struct engine *engine, struct action *target)
{
        struct action *joiner;
        size_t n;

        DL_COUNT2(target->joiners, joiner, n, joiner_next);
        codec_count(codec, &n, UUID_BYTES);
        for (joiner = target->joiners; n > 0 && codec_ok(codec); n--) {
                joiner = action_link(codec, engine, joiner);
                if (!joiner || !codec_expect(codec, !joiner->joined_to && joiner != target,
                                             "an action joins two others, or itself"))
                        return;
                if (codec->reading) {
                        joiner->joined_to = target;
                        DL_APPEND2(target->joiners, joiner, joiner_prev, joiner_next);
                }
                joiner = joiner->joiner_next;
        }
}

void record_links(struct codec *codec, struct engine *engine)
{
        struct transaction *transaction;
        struct action *action;
        struct call *call;

        claiming(codec, engine);
        ringing(codec, engine);
        interrupted(codec, engine);
        groups(codec, engine);
        floor_queue(codec, engine);
        for (call = engine->calls; call && codec_ok(codec); call = call->hh.next)
                actions_of_call(codec, engine, call);
        DL_FOREACH2 (engine->admitted, transaction, admitted_next) {
                DL_FOREACH (transaction->actions, action) {
                        if (codec_ok(codec))
                                joiners(codec, engine, action);
                }
        }
}
