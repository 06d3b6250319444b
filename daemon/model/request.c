/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests: admitted as a whole, then put to work. */
#include "model/admission.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* ---- copies, before anything is changed ---- */

static int copy_text(const char *text, char **ret_copy)
{
        if (!text || text[0] == '\0')
                return 0;
        *ret_copy = strdup(text);
        return *ret_copy ? 0 : -ENOMEM;
}

/* What follows a phone number is dialled once the call is active; nothing follows 112. */
static int split_handle(struct plan *plan, struct planned *item)
{
        const struct action_args *args = item->args;

        if (args->handle_type != HANDLE_TYPE_PHONE_NUMBER)
                return copy_text(args->handle, &item->handle);
        item->handle = strndup(args->handle, post_dial_split(args->handle));
        if (!item->handle)
                return -ENOMEM;
        return plan->emergency ? 0 : post_dial_copy(args->handle, &item->post_dial);
}

static int replace_text(char **field, const char *text)
{
        char *copy = strdup(str_or_empty(text));

        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int prepare_start(struct plan *plan, struct planned *item)
{
        struct call *call = item->call;
        int r = split_handle(plan, item);

        if (r == 0)
                r = replace_text(&call->account, item->args->account);
        if (r == 0)
                r = replace_text(&call->contact, item->args->contact);
        return r;
}

static int prepare(struct plan *plan)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < plan->n_items; i++) {
                struct planned *item = &plan->items[i];
                const struct action_args *args = item->args;

                r = copy_text(args->type == ACTION_END               ? args->message
                              : args->type == ACTION_PLAY_DTMF       ? args->digits
                              : args->type == ACTION_SET_TRANSLATING ? args->local_language
                                                                     : NULL,
                              &item->text);
                if (r == 0)
                        r = copy_text(args->remote_language, &item->text2);
                if (r == 0 && args->type == ACTION_START)
                        r = prepare_start(plan, &plan->items[i]);
        }
        return r;
}

/* New calls into the set; on failure none of them. */
static int insert_calls(struct plan *plan)
{
        for (size_t i = 0; i < plan->n_items; i++) {
                struct call *call = plan->items[i].call;

                if (plan->items[i].args->type != ACTION_START)
                        continue;
                if (call_set_add(plan->engine, call) == 0)
                        continue;
                while (i-- > 0)
                        if (plan->items[i].args->type == ACTION_START)
                                call_set_withdraw(plan->engine, plan->items[i].call);
                return -ENOMEM;
        }
        return 0;
}

/* ---- the commit, which cannot fail ---- */

static void commit_start(struct engine *engine, struct planned *item, struct action *action)
{
        struct call *call = item->call;

        free(call->handle);
        call->handle = take_ptr(item->handle);
        call->handle_type = item->args->handle_type;
        call->post_dial = take_ptr(item->post_dial);
        call->state_origin = action->origin;
        item->call = NULL; /* the set owns it now */
        if (emergency_is_number(engine, call->handle_type, call->handle)) {
                call->emergency = true;
                engine->n_emergency++;
        }
        call_set_enter(engine, call);
}

/* True if there is nothing left to deliver. */
static bool commit_muted(struct engine *engine, struct action *action, struct action *pending)
{
        struct call *call = action->call;
        bool before = pending ? pending->on : call->muted;

        if (action->on)
                call_set_muted(engine, call, true);
        if (before != action->on) {
                if (pending)
                        action_cancel(engine, pending, REFUSAL_ACTION_CANCELLED,
                                      "a later request said the opposite");
                return false;
        }
        if (pending)
                action_join(action, pending);
        else
                action_done(engine, action, REFUSAL_NONE, NULL);
        return true;
}

static void commit_joins(struct engine *engine, struct action *action, struct action *pending)
{
        switch (action->type) {
        case ACTION_ANSWER:
                if (pending)
                        action_join(action, pending);
                call_update_answer_pending(engine, action->call);
                break;
        case ACTION_END:
                if (pending)
                        action_join(action, pending);
                break;
        case ACTION_SET_HELD:
                if (pending && pending->on == action->on)
                        action_join(action, pending);
                break;
        case ACTION_SET_MUTED:
                commit_muted(engine, action, pending);
                break;
        case ACTION_START:
        case ACTION_SET_GROUP:
        case ACTION_PLAY_DTMF:
        case ACTION_SET_TRANSLATING:
        case ACTION_TYPE_MAX_:
                break;
        }
}

static void commit_item(struct plan *plan, struct transaction *transaction, struct planned *item)
{
        struct engine *engine = plan->engine;
        const struct action_args *args = item->args;
        bool own = streq(item->provider->peer, plan->request->peer);
        struct call *call = item->call;
        struct action *pending = call_find_pending(call, args->type);
        struct action *action = action_add(engine, transaction, NULL, args->type, call,
                                           own ? ORIGIN_SELF : plan->request->origin);

        action->requested = true;
        action->on = args->on;
        action->video = args->video;
        action->decline_reason = args->decline_reason;
        action->dtmf_type = args->dtmf_type;
        action->text = take_ptr(item->text);
        action->text2 = take_ptr(item->text2);
        if (item->other)
                action->other = item->other->id;
        if (args->type == ACTION_START)
                commit_start(engine, item, action);
        else
                commit_joins(engine, action, pending);
}

static void commit(struct plan *plan, char *requester, struct uuid *ret_transaction)
{
        struct engine *engine = plan->engine;
        const struct request *request = plan->request;
        struct transaction *transaction = transaction_add(engine);

        transaction->requester = requester;
        transaction->controller = request->controller || plan->emergency;
        transaction->may_end = request->may_end || plan->emergency;
        transaction->end_obstacles = request->end_and_answer;
        transaction->emergency = plan->emergency;
        transaction->timeout = request->timeout;
        if (request->waits)
                deadline_arm(&engine->deadlines, &transaction->reply_deadline,
                             engine->now.boottime + engine->limits.reply_timeout);
        if (plan->emergency)
                emergency_take_over(engine);
        for (size_t i = 0; i < plan->n_items; i++)
                commit_item(plan, transaction, &plan->items[i]);
        transaction_enqueue(engine, transaction);
        *ret_transaction = transaction->id;
}

static int admit(struct plan *plan, struct uuid *ret_transaction)
{
        cleanup_(freep) char *requester = NULL;
        int r = plan_check(plan);

        if (r == 0)
                r = prepare(plan);
        if (r == 0 && !(requester = strdup(plan->request->peer)))
                r = -ENOMEM;
        if (r == 0)
                r = insert_calls(plan);
        if (r != 0)
                return r;
        commit(plan, take_ptr(requester), ret_transaction);
        return 0;
}

int engine_request(struct engine *engine, struct instant now, const struct request *request,
                   struct uuid *ret_transaction)
{
        struct plan plan;
        int r = engine_begin(engine, now, request->n_actions);

        if (r != 0)
                return r;
        r = plan_init(&plan, engine, request);
        if (r == 0)
                r = admit(&plan, ret_transaction);
        plan_done(&plan);
        return r != 0 ? r : engine_finish(engine);
}

int engine_request_swap(struct engine *engine, struct instant now, const struct request *request,
                        const char *uuid, struct uuid *ret_transaction)
{
        const struct call *call = engine_find_call(engine, uuid);
        const struct call *active = engine_active_call(engine);
        struct action_args args[2];
        struct request copy = *request;
        size_t n = 0;

        if (call && call->state != CALL_STATE_HELD && call->state != CALL_STATE_ENDED)
                return engine_refuse(engine, REFUSAL_REQUEST_INVALID_ACTION,
                                     "Call %s is %s; only a held call can be swapped in.", uuid,
                                     call_state_to_string(call->state));
        if (active && !group_supports_holding(active))
                return engine_refuse(engine, REFUSAL_WOULD_END_CALL,
                                     "Call %s is active and cannot be held; end it first.",
                                     active->id.text);
        /* a foreign call that an app may not order about is held by arbitration all the same */
        if (active && (request->controller || streq(active->provider->peer, request->peer)))
                args[n++] = (struct action_args){
                        .type = ACTION_SET_HELD, .call = active->id.text, .on = true};
        args[n++] = (struct action_args){.type = ACTION_SET_HELD, .call = uuid};
        copy.actions = args;
        copy.n_actions = n;
        copy.may_end = copy.end_and_answer = false;
        return engine_request(engine, now, &copy, ret_transaction);
}
