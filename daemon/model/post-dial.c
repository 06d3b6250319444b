/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows a phone number behind its first `,` or `;` (call-model.md 8).
 *
 * Each `,` is a soft pause, after which the digits up to the next pause go as one action; at a `;`
 * callsd waits for ContinuePostDial, which sends all the rest as one action.
 */
#include "model/engine-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#define KEYS "0123456789*#ABCD,;"
/* People write them between digits. */
#define SEPARATORS " -./()"

size_t post_dial_split(const char *handle)
{
        return strcspn(handle, ",;");
}

bool post_dial_count(const char *handle, size_t *ret_n_keys)
{
        size_t n_keys = 0;

        for (const char *at = handle + post_dial_split(handle); *at; at++) {
                if (strchr(KEYS, *at))
                        n_keys++;
                else if (!strchr(SEPARATORS, *at))
                        return false;
        }
        *ret_n_keys = n_keys;
        return true;
}

int post_dial_copy(const char *handle, char **ret_keys)
{
        const char *rest = handle + post_dial_split(handle);
        char *keys, *to;

        if (rest[0] == '\0')
                return 0;
        to = keys = malloc(strlen(rest) + 1);
        if (!keys)
                return -ENOMEM;
        for (; *rest; rest++)
                if (strchr(KEYS, *rest))
                        *to++ = *rest;
        *to = '\0';
        *ret_keys = keys;
        return 0;
}

static void set_rest(struct engine *engine, struct call *call, const char *rest)
{
        memmove(call->post_dial, rest, strlen(rest) + 1);
        if (call->post_dial[0] == '\0') {
                free(call->post_dial);
                call->post_dial = NULL;
        }
        call_mark_changed(engine, call, CALL_CHANGED_POST_DIAL);
}

static bool is_busy(const struct call *call)
{
        const struct action *dtmf = call_find_pending(call, ACTION_PLAY_DTMF);

        return dtmf && dtmf->dtmf_type == DTMF_SOFT_PAUSE && dtmf->origin == ORIGIN_POLICY;
}

void post_dial_advance(struct engine *engine, struct call *call)
{
        size_t n_pauses;

        if (!call->post_dial || call->post_dial_waits || call->state != CALL_STATE_ACTIVE ||
            deadline_is_armed(&call->post_dial_deadline) || is_busy(call))
                return;
        if (call->post_dial[0] == ';') {
                call->post_dial_waits = call->post_dial[1] != '\0';
                set_rest(engine, call, call->post_dial + 1);
                return;
        }
        n_pauses = strspn(call->post_dial, ",");
        deadline_arm(&engine->deadlines, &call->post_dial_deadline,
                     engine->now.boottime + n_pauses * engine->limits.soft_pause);
}

static void send_digits(struct engine *engine, struct call *call, char *digits)
{
        struct transaction *transaction = transaction_add(engine);
        struct action *action =
                action_add(engine, transaction, NULL, ACTION_PLAY_DTMF, call, ORIGIN_POLICY);

        action->dtmf_type = DTMF_SOFT_PAUSE;
        action->text = digits;
        transaction_enqueue(engine, transaction);
}

/* 0, or -ENOMEM with the deadline armed as it was. */
int post_dial_due(struct engine *engine, struct call *call)
{
        size_t n_pauses, n_digits;
        char *digits;

        if (!call->post_dial || call->state != CALL_STATE_ACTIVE)
                return 0;
        n_pauses = strspn(call->post_dial, ",");
        n_digits = strcspn(call->post_dial + n_pauses, ",;");
        digits = strndup(call->post_dial + n_pauses, n_digits);
        if (!digits) {
                deadline_arm(&engine->deadlines, &call->post_dial_deadline,
                             call->post_dial_deadline.at);
                return -ENOMEM;
        }
        set_rest(engine, call, call->post_dial + n_pauses + n_digits);
        if (n_digits > 0) {
                send_digits(engine, call, digits);
        } else {
                free(digits);
                post_dial_advance(engine, call);
        }
        return 0;
}

/* One part was sent, or could not be: then the rest makes no sense any more. */
void post_dial_completed(struct engine *engine, struct action *action)
{
        struct call *call = action->call;

        if (!call || !call->post_dial || action->dtmf_type != DTMF_SOFT_PAUSE ||
            action->origin != ORIGIN_POLICY)
                return;
        if (action->result != REFUSAL_NONE)
                set_rest(engine, call, "");
        else
                post_dial_advance(engine, call);
}

static int check_requester(struct engine *engine, const struct request *request,
                           const struct call *call)
{
        if (!call || call->state == CALL_STATE_ENDED)
                return engine_refuse(engine, REFUSAL_REQUEST_UNKNOWN_CALL,
                                     "There is no such call, or it has ended.");
        if (!request->controller && !streq(request->peer, call->provider->peer))
                return engine_refuse(engine, REFUSAL_NOT_AUTHORIZED,
                                     "Call %s belongs to another app.", call->id.text);
        return 0;
}

int engine_request_post_dial(struct engine *engine, struct instant now,
                             const struct request *request, const char *uuid,
                             struct uuid *ret_transaction)
{
        struct call *call = engine_get_call(engine, uuid);
        struct action_args args = {
                .type = ACTION_PLAY_DTMF, .call = uuid, .dtmf_type = DTMF_HARD_PAUSE};
        struct request copy = *request;
        int r = check_requester(engine, request, call);

        if (r != 0)
                return r;
        if (!call->post_dial || !call->post_dial_waits)
                return engine_refuse(engine, REFUSAL_WRONG_STATE,
                                     "Call %s has no digits that wait to be sent.", uuid);
        args.digits = call->post_dial;
        copy.actions = &args;
        copy.n_actions = 1;
        r = engine_request(engine, now, &copy, ret_transaction);
        if (r != 0)
                return r;
        /* the action has its own copy; announced with the next turn of this call */
        call->post_dial_waits = false;
        set_rest(engine, call, "");
        return engine_finish(engine);
}

int engine_cancel_post_dial(struct engine *engine, struct instant now,
                            const struct request *request, const char *uuid)
{
        struct call *call = engine_get_call(engine, uuid);
        int r = check_requester(engine, request, call);

        if (r != 0)
                return r;
        r = engine_begin(engine, now, 0);
        if (r != 0)
                return r;
        deadline_disarm(&engine->deadlines, &call->post_dial_deadline);
        call->post_dial_waits = false;
        if (call->post_dial)
                set_rest(engine, call, "");
        return engine_finish(engine);
}
