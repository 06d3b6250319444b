/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actions as objects: reserve, placing, joining, and what they amount to. */
#include "model/engine-internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

static struct action *action_new_spare(struct engine *engine)
{
        struct action *action = calloc(1, sizeof(*action));

        if (!action)
                return NULL;
        engine->host.make_uuid(&action->id, engine->host.userdata);
        action->deadline.kind = DEADLINE_ACTION;
        HASH_ADD_STR(engine->actions, id.text, action);
        if (!action->hh.tbl) {
                free(action);
                return NULL;
        }
        DL_APPEND(engine->spare_actions, action);
        engine->n_spare_actions++;
        return action;
}

int action_reserve(struct engine *engine, size_t n)
{
        while (engine->n_spare_actions < n)
                if (!action_new_spare(engine))
                        return -ENOMEM;
        return 0;
}

static struct action *action_take(struct engine *engine, enum action_type type, struct call *call,
                                  enum origin origin)
{
        struct action *action = engine->spare_actions;

        if (!action)
                action = action_new_spare(engine); /* the estimate of engine_begin() was too low */
        if (!action)
                abort();
        DL_DELETE(engine->spare_actions, action);
        engine->n_spare_actions--;
        action->type = type;
        action->state = ACTION_QUEUED;
        action->origin = origin;
        action->call = call;
        action->call_id = call->id;
        action->provider = call->provider->number;
        DL_APPEND2(call->actions, action, call_prev, call_next);
        return action;
}

struct action *action_add(struct engine *engine, struct transaction *transaction,
                          struct action *before, enum action_type type, struct call *call,
                          enum origin origin)
{
        struct action *action = action_take(engine, type, call, origin);

        action->transaction = transaction;
        DL_PREPEND_ELEM(transaction->actions, before, action);
        return action;
}

struct action *action_insert_after(struct engine *engine, struct action *after,
                                   enum action_type type, struct call *call, enum origin origin)
{
        return action_add(engine, after->transaction, after->next, type, call, origin);
}

void action_destroy(struct engine *engine, struct action *action)
{
        assert(!action->joiners);
        if (action->call)
                DL_DELETE2(action->call->actions, action, call_prev, call_next);
        deadline_disarm(&engine->deadlines, &action->deadline);
        HASH_DEL(engine->actions, action);
        free(action->text);
        free(action->text2);
        free(action->reason);
        free(action);
}

bool action_is_pending(const struct action *action)
{
        return action->state == ACTION_QUEUED || action->state == ACTION_DELIVERED;
}

/* Whether it will make a group active that is not. A merge always counts as one. */
bool action_activates(const struct action *action)
{
        switch (action->type) {
        case ACTION_START:
        case ACTION_ANSWER:
                return true;
        case ACTION_SET_HELD:
                return !action->on && action->call && action->call->state != CALL_STATE_ACTIVE;
        case ACTION_SET_GROUP:
                return action->other.text[0] != '\0';
        case ACTION_END:
        case ACTION_SET_MUTED:
        case ACTION_PLAY_DTMF:
        case ACTION_SET_TRANSLATING:
        case ACTION_TYPE_MAX_:
                break;
        }
        return false;
}

static bool is_in_front(const struct action *action)
{
        const struct action *next = action->next;

        while (next && next->type == ACTION_END)
                next = next->next;
        return action->on && next && next->fan_out != action->fan_out;
}

usec_t action_duration(const struct engine *engine, const struct action *action)
{
        if (action->requested && action->transaction->timeout != 0)
                return action->transaction->timeout;
        switch (action->type) {
        case ACTION_START:
                return engine->limits.start_timeout;
        case ACTION_ANSWER:
                return engine->limits.answer_timeout;
        case ACTION_END:
                return engine->limits.end_timeout;
        case ACTION_SET_HELD:
                if (action->clears_for.text[0] != '\0' || is_in_front(action))
                        return engine->limits.hold_in_front_timeout;
                break;
        case ACTION_SET_MUTED:
        case ACTION_SET_GROUP:
        case ACTION_PLAY_DTMF:
        case ACTION_SET_TRANSLATING:
        case ACTION_TYPE_MAX_:
                break;
        }
        return engine->limits.other_timeout;
}

void action_join(struct action *action, struct action *target)
{
        action->joined_to = target;
        target->wanted = target->wanted || action->requested;
        DL_APPEND2(target->joiners, action, joiner_prev, joiner_next);
}
