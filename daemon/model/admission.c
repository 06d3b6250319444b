/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Admission as a whole (call-model.md 3): every rule over the whole request before the next rule,
 * and nothing is changed when one says no.
 */
#include "model/admission.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "model/default-provider.h"

/* ---- who and what ---- */

static struct provider *find_provider(const struct plan *plan, const struct action_args *args)
{
        struct provider *provider;

        if (str_or_empty(args->provider)[0] == '\0')
                return default_provider_choose(plan->engine, plan->request->peer, args);
        HASH_FIND(hh_identifier, plan->engine->identifiers, args->provider, strlen(args->provider),
                  provider);
        return provider;
}

static int check_providers(struct plan *plan)
{
        for (size_t i = 0; i < plan->n_items; i++) {
                struct planned *item = &plan->items[i];

                if (item->args->type != ACTION_START)
                        continue;
                item->provider = find_provider(plan, item->args);
                if (!item->provider || item->provider->state == PROVIDER_AWAY)
                        return engine_refuse(plan->engine, REFUSAL_REQUEST_UNKNOWN_PROVIDER,
                                             str_or_empty(item->args->provider)[0] != '\0'
                                                     ? "There is no app \"%s\" that takes calls."
                                                     : "No app was named%s, and none is the "
                                                       "default for this handle.",
                                             str_or_empty(item->args->provider));
                if (!item->provider->entitled)
                        return engine_refuse(plan->engine, REFUSAL_REQUEST_UNENTITLED,
                                             "%s is not among the apps that may place calls "
                                             "(Providers= in callsd.conf).",
                                             item->provider->config.identifier);
        }
        return 0;
}

static int check_known(struct plan *plan, const char *uuid, const struct planned *items,
                       size_t n_before, struct call **ret_call)
{
        struct call *call = engine_get_call(plan->engine, uuid);

        /* a call that an action before it in the request starts */
        for (size_t i = 0; !call && i < n_before; i++)
                if (items[i].args->type == ACTION_START && streq(items[i].args->call, uuid))
                        call = items[i].call;
        if (!call || call->state == CALL_STATE_ENDED)
                return engine_refuse(plan->engine, REFUSAL_REQUEST_UNKNOWN_CALL,
                                     "There is no call %s%s.", uuid,
                                     call ? " any more; it has ended" : "");
        *ret_call = call;
        return 0;
}

static int check_calls(struct plan *plan)
{
        for (size_t i = 0; i < plan->n_items; i++) {
                struct planned *item = &plan->items[i];
                const struct action_args *args = item->args;
                int r;

                if (args->type == ACTION_START) {
                        /* made here so that actions behind it can name it; in no list yet */
                        r = call_new(item->provider, args->call, plan->engine->now, &item->call);
                        if (r < 0)
                                return r;
                        item->call->state = CALL_STATE_STARTING;
                        item->call->outgoing = true;
                        item->call->video = args->video;
                        continue;
                }
                r = check_known(plan, args->call, plan->items, i, &item->call);
                if (r != 0)
                        return r;
                item->provider = item->call->provider;
                if (args->type == ACTION_SET_GROUP && str_or_empty(args->other)[0] != '\0') {
                        r = check_known(plan, args->other, plan->items, i, &item->other);
                        if (r != 0)
                                return r;
                }
        }
        return 0;
}

static int check_authorized(struct plan *plan)
{
        if (plan->request->controller)
                return 0;
        for (size_t i = 0; i < plan->n_items; i++)
                if (!streq(plan->items[i].provider->peer, plan->request->peer))
                        return engine_refuse(plan->engine, REFUSAL_NOT_AUTHORIZED,
                                             "Call %s belongs to another app.",
                                             plan->items[i].args->call);
        return 0;
}

static int check_new_uuids(struct plan *plan)
{
        for (size_t i = 0; i < plan->n_items; i++) {
                const struct action_args *args = plan->items[i].args;
                bool taken;

                if (args->type != ACTION_START)
                        continue;
                taken = engine_get_call(plan->engine, args->call) != NULL;
                for (size_t k = 0; k < i; k++)
                        taken = taken || (plan->items[k].args->type == ACTION_START &&
                                          streq(plan->items[k].args->call, args->call));
                if (taken)
                        return engine_refuse(plan->engine, REFUSAL_REQUEST_UUID_EXISTS,
                                             "A call with the UUID %s exists already; every call "
                                             "needs a new one.",
                                             args->call);
        }
        return 0;
}

/* ---- sizes ---- */

static int check_length(struct plan *plan, const char *what, const char *text, unsigned limit)
{
        size_t length = strlen(str_or_empty(text));

        if (length <= limit)
                return 0;
        return engine_refuse(plan->engine, REFUSAL_LIMIT_REACHED,
                             "The %s has %zu bytes; at most %u are allowed.", what, length, limit);
}

static int check_lengths(struct plan *plan)
{
        const struct limits *limits = &plan->engine->limits;
        int r = 0;

        for (size_t i = 0; r == 0 && i < plan->n_items; i++) {
                const struct action_args *args = plan->items[i].args;

                r = check_length(plan, "handle", args->handle, limits->handle_length);
                if (r == 0)
                        r = check_length(plan, "contact identifier", args->contact,
                                         limits->name_length);
                if (r == 0)
                        r = check_length(plan, "message", args->message, limits->name_length);
                if (r == 0)
                        r = check_length(plan, "string of digits", args->digits,
                                         limits->dtmf_length);
                if (r == 0)
                        r = check_length(plan, "language tag", args->local_language, 64);
                if (r == 0)
                        r = check_length(plan, "language tag", args->remote_language, 64);
        }
        return r;
}

/* An end and a mute of a live call are refused for no limit: a user must always get out. */
static bool is_exempt(const struct plan *plan)
{
        if (plan->emergency)
                return true;
        for (size_t i = 0; i < plan->n_items; i++)
                if (plan->items[i].args->type != ACTION_END &&
                    plan->items[i].args->type != ACTION_SET_MUTED)
                        return false;
        return true;
}

static int check_quotas(struct plan *plan)
{
        const struct limits *limits = &plan->engine->limits;

        if (is_exempt(plan))
                return 0;
        for (size_t i = 0; i < plan->n_items; i++) {
                const struct planned *item = &plan->items[i];
                const struct provider *provider = item->provider;

                if (provider->n_transactions >= limits->transactions_per_provider)
                        return engine_refuse(plan->engine, REFUSAL_LIMIT_REACHED,
                                             "%s has %u transactions pending already; at most %u "
                                             "are allowed.",
                                             provider->config.identifier, provider->n_transactions,
                                             limits->transactions_per_provider);
                if (item->args->type == ACTION_START &&
                    (provider->n_calls >= limits->calls_per_provider ||
                     plan->engine->n_calls >= limits->calls_total))
                        return engine_refuse(plan->engine, REFUSAL_LIMIT_REACHED,
                                             "%s has %u calls of %zu in all; at most %u and %u "
                                             "are allowed.",
                                             provider->config.identifier, provider->n_calls,
                                             plan->engine->n_calls, limits->calls_per_provider,
                                             limits->calls_total);
        }
        return 0;
}

/* ---- group limits (7) ---- */

static int check_group_limit(struct plan *plan, struct planned *item)
{
        const struct provider_config *config = &item->provider->config;
        bool join = item->args->type == ACTION_SET_GROUP && item->other;
        bool leave = item->args->type == ACTION_SET_GROUP && !item->other;
        bool was_together = join && plan_same_key(plan, item->call, item->other);

        plan_play(plan, item);
        if (join && !was_together && item->other->provider == item->provider &&
            plan_group_size(plan, plan_project(plan, item->call)->key, item->provider) >
                    config->maximum_calls_per_call_group)
                return engine_refuse(plan->engine, REFUSAL_REQUEST_MAXIMUM_GROUPS,
                                     "%s can have at most %u calls in a group.", config->identifier,
                                     config->maximum_calls_per_call_group);
        if ((item->args->type == ACTION_START || leave) && !plan->emergency &&
            plan_count_groups(plan, item->provider) > config->maximum_call_groups)
                return engine_refuse(plan->engine, REFUSAL_REQUEST_MAXIMUM_GROUPS,
                                     "%s can have at most %u calls or groups at a time.",
                                     config->identifier, config->maximum_call_groups);
        return 0;
}

/* ---- legality (6) ---- */

static int illegal(struct plan *plan, const struct planned *item, const char *why)
{
        return engine_refuse(plan->engine, REFUSAL_REQUEST_INVALID_ACTION,
                             "%s for %s is not possible: %s.",
                             action_type_to_string(item->args->type), item->args->call, why);
}

static int check_phone_number(struct plan *plan, const struct planned *item)
{
        const unsigned limit = plan->engine->limits.dtmf_length;
        const char *handle = item->args->handle;
        size_t n_keys;

        if (post_dial_split(handle) == 0)
                return engine_refuse(plan->engine, REFUSAL_INVALID_ARGS,
                                     "\"%s\" has no number in front of its pause.", handle);
        if (plan->emergency)
                return 0;
        if (!post_dial_count(handle, &n_keys))
                return illegal(plan, item, "after a pause, only 0-9 * # A-D , ; can be sent");
        if (n_keys > limit)
                return engine_refuse(plan->engine, REFUSAL_LIMIT_REACHED,
                                     "After the number come %zu keys and pauses; at most %u are "
                                     "allowed.",
                                     n_keys, limit);
        return 0;
}

static int check_start(struct plan *plan, const struct planned *item)
{
        const struct action_args *args = item->args;
        int r;

        if (str_or_empty(args->handle)[0] == '\0' || args->handle_type == HANDLE_TYPE_NONE)
                return engine_refuse(plan->engine, REFUSAL_INVALID_ARGS,
                                     "A call to start needs a handle and its type.");
        r = args->handle_type == HANDLE_TYPE_PHONE_NUMBER ? check_phone_number(plan, item) : 0;
        if (r != 0)
                return r;
        if (args->video && !item->provider->config.supports_video)
                return illegal(plan, item, "the app does not support video");
        if (!provider_takes_handle(item->provider, args->handle_type))
                return illegal(plan, item, "the app does not take handles of this type");
        if (str_or_empty(args->account)[0] != '\0' &&
            !provider_find_account(item->provider, args->account))
                return engine_refuse(plan->engine, REFUSAL_INVALID_ARGS,
                                     "Account \"%s\" is not among the accounts that %s "
                                     "registered.",
                                     args->account, item->provider->config.identifier);
        return 0;
}

static int check_dtmf(struct plan *plan, const struct planned *item)
{
        static const char keys[] = "0123456789*#ABCD";
        const char *digits = str_or_empty(item->args->digits);
        size_t length = strlen(digits), n_keys = strspn(digits, keys);

        if (!(item->call->capabilities & CALL_SUPPORTS_DTMF))
                return illegal(plan, item, "the call does not support DTMF");
        if (item->args->dtmf_type == DTMF_SINGLE_TONE && (length != 1 || n_keys != 1))
                return illegal(plan, item, "a single tone is exactly one of 0-9 * # A-D");
        if (length == 0 || strspn(digits, "0123456789*#ABCD,;") != length)
                return illegal(plan, item, "only 0-9 * # A-D , ; can be sent");
        return 0;
}

static bool is_language_tag(const char *tag)
{
        for (const char *c = tag; *c; c++)
                if (!isalnum((unsigned char)*c) && *c != '-')
                        return false;
        return tag[0] != '\0' && tag[0] != '-';
}

static int check_translating(struct plan *plan, const struct planned *item)
{
        const struct action_args *args = item->args;

        if (!item->provider->config.supports_audio_translation)
                return illegal(plan, item, "the app does not support audio translation");
        if (args->on && (!is_language_tag(str_or_empty(args->local_language)) ||
                         !is_language_tag(str_or_empty(args->remote_language))))
                return engine_refuse(plan->engine, REFUSAL_INVALID_ARGS,
                                     "\"%s\" and \"%s\" have to be two BCP 47 language tags such "
                                     "as \"en-GB\" and \"fr\".",
                                     str_or_empty(args->local_language),
                                     str_or_empty(args->remote_language));
        return 0;
}

static int check_join(struct plan *plan, struct planned *item)
{
        enum call_state state = plan_project(plan, item->other)->state;
        uint64_t key;

        if (item->other == item->call)
                return illegal(plan, item, "a call cannot be grouped with itself");
        if (item->other->provider != item->provider)
                return illegal(plan, item, "the other call belongs to another app");
        if (!action_legal_in(ACTION_SET_GROUP, state))
                return illegal(plan, item, "the other call is neither active nor held");
        if (!(item->call->capabilities & item->other->capabilities & CALL_SUPPORTS_GROUPING))
                return illegal(plan, item, "one of the calls does not support grouping");
        key = plan_project(plan, item->call)->key;
        if (!plan_same_key(plan, item->call, item->other) &&
            plan_group_size(plan, key, item->provider) > 1 &&
            !(item->call->capabilities & CALL_SUPPORTS_UNGROUPING))
                return illegal(plan, item, "the call cannot leave the group it is in");
        return 0;
}

static int check_leave(struct plan *plan, struct planned *item)
{
        uint64_t key = plan_project(plan, item->call)->key;

        if (plan_group_size(plan, key, item->provider) < 2)
                return illegal(plan, item, "the call is in no group");
        if (!(item->call->capabilities & CALL_SUPPORTS_UNGROUPING))
                return illegal(plan, item, "the call does not support ungrouping");
        return 0;
}

static int check_flags(struct plan *plan, struct planned *item)
{
        const struct action_args *args = item->args;

        switch (args->type) {
        case ACTION_START:
                return check_start(plan, item);
        case ACTION_SET_HELD:
                /* a held call can be resumed whatever its flags say by now */
                if (args->on && !group_supports_holding(item->call))
                        return illegal(plan, item, "the call does not support holding");
                return 0;
        case ACTION_SET_MUTED:
                if (!(item->call->capabilities & CALL_SUPPORTS_MUTING) &&
                    (args->on || !item->call->muted))
                        return illegal(plan, item, "the call does not support muting");
                return 0;
        case ACTION_SET_GROUP:
                return item->other ? check_join(plan, item) : check_leave(plan, item);
        case ACTION_PLAY_DTMF:
                return check_dtmf(plan, item);
        case ACTION_SET_TRANSLATING:
                return check_translating(plan, item);
        case ACTION_ANSWER:
        case ACTION_END:
        case ACTION_TYPE_MAX_:
                break;
        }
        return 0;
}

static int check_legal(struct plan *plan, struct planned *item)
{
        enum call_state state = plan_project(plan, item->call)->state;
        bool joins = (item->args->type == ACTION_ANSWER &&
                      call_find_pending(item->call, ACTION_ANSWER)) ||
                     item->args->type == ACTION_END;
        int r;

        if (item->args->type != ACTION_START && state == CALL_STATE_ENDING && !joins)
                return illegal(plan, item, "the call is ending");
        if (item->args->type != ACTION_START && !joins && !action_legal_in(item->args->type, state))
                return engine_refuse(plan->engine, REFUSAL_REQUEST_INVALID_ACTION,
                                     "%s for %s is not possible: the call is %s by then.",
                                     action_type_to_string(item->args->type), item->args->call,
                                     call_state_to_string(state));
        if (item->args->type != ACTION_START && item->call->reconnecting &&
            item->args->type != ACTION_END)
                return engine_refuse(plan->engine, REFUSAL_PROVIDER_AWAY,
                                     "The app of call %s is away; only ending it is possible.",
                                     item->args->call);
        r = check_flags(plan, item);
        if (r == 0)
                plan_play(plan, item);
        return r;
}

static int for_each_item(struct plan *plan, int (*check)(struct plan *, struct planned *))
{
        int r = 0;

        plan_reset(plan);
        for (size_t i = 0; r == 0 && i < plan->n_items; i++)
                r = check(plan, &plan->items[i]);
        return r;
}

static int plan_allocate(struct plan *plan)
{
        size_t n = 2 * plan->n_items + plan->engine->limits.actions_per_transaction;

        /* every call of every provider that the request touches may be projected */
        for (size_t i = 0; i < plan->n_items; i++) {
                const struct call *call;

                n += 2;
                DL_FOREACH2 (plan->items[i].provider->calls, call, provider_next) {
                        n++;
                }
        }
        n += (size_t)2 * plan->engine->limits.calls_per_provider;
        for (const struct call *c = plan->engine->claiming; c; c = c->claiming_next)
                n += 2;
        plan->projected = calloc(n, sizeof(*plan->projected));
        plan->allocated = n;
        return plan->projected ? 0 : -ENOMEM;
}

static void note_emergency(struct plan *plan)
{
        for (size_t i = 0; i < plan->n_items; i++)
                if (plan->items[i].args->type == ACTION_START &&
                    emergency_is_number(plan->engine, plan->items[i].args->handle_type,
                                        str_or_empty(plan->items[i].args->handle)))
                        plan->emergency = true;
}

static int check_size(struct plan *plan)
{
        const struct limits *limits = &plan->engine->limits;
        usec_t timeout = plan->request->timeout;

        if (plan->n_items == 0)
                return engine_refuse(plan->engine, REFUSAL_REQUEST_EMPTY,
                                     "The transaction has no actions; it needs at least one.");
        if (plan->n_items > limits->actions_per_transaction)
                return engine_refuse(plan->engine, REFUSAL_LIMIT_REACHED,
                                     "The transaction has %zu actions; at most %u are allowed.",
                                     plan->n_items, limits->actions_per_transaction);
        if (timeout != 0 && (timeout < limits->timeout_min || timeout > limits->timeout_max))
                return engine_refuse(plan->engine, REFUSAL_INVALID_ARGS,
                                     "A time-out of %llu us is not possible; %llu to %llu us are.",
                                     (unsigned long long)timeout,
                                     (unsigned long long)limits->timeout_min,
                                     (unsigned long long)limits->timeout_max);
        return 0;
}

int plan_check(struct plan *plan)
{
        int r = check_size(plan);

        if (r == 0)
                r = check_lengths(plan);
        if (r == 0)
                r = check_providers(plan);
        if (r == 0)
                r = check_calls(plan);
        if (r == 0)
                r = check_authorized(plan);
        if (r == 0)
                r = check_new_uuids(plan);
        if (r != 0)
                return r;
        note_emergency(plan);
        r = check_quotas(plan);
        if (r == 0)
                r = plan_allocate(plan);
        if (r == 0)
                r = for_each_item(plan, check_group_limit);
        if (r == 0)
                r = for_each_item(plan, check_legal);
        return r == 0 ? plan_check_obstacles(plan) : r;
}

int plan_init(struct plan *plan, struct engine *engine, const struct request *request)
{
        *plan = (struct plan){.engine = engine, .request = request, .n_items = request->n_actions};
        if (request->n_actions == 0)
                return 0;
        plan->items = calloc(request->n_actions, sizeof(*plan->items));
        if (!plan->items)
                return -ENOMEM;
        for (size_t i = 0; i < request->n_actions; i++)
                plan->items[i].args = &request->actions[i];
        return 0;
}

void plan_done(struct plan *plan)
{
        for (size_t i = 0; plan->items && i < plan->n_items; i++) {
                struct planned *item = &plan->items[i];

                free(item->text);
                free(item->text2);
                free(item->handle);
                free(item->post_dial);
                if (item->args->type == ACTION_START)
                        call_free(item->call);
        }
        free(plan->items);
        free(plan->projected);
}
