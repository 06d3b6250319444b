/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a call ends: on its way (`ending`) and for good (`ended`). */
#include "model/engine-internal.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* True if the provider was, or may have been, told of this call's start. */
static bool start_was_delivered(const struct call *call)
{
        const struct action *start = call_find_pending(call, ACTION_START);

        return !start || start->state == ACTION_DELIVERED;
}

bool call_begin_ending(struct engine *engine, struct action *end)
{
        struct call *call = end->call;
        bool tell = start_was_delivered(call) && call->provider->state == PROVIDER_RUNNING;

        if (call->end_reason_wanted == ENDED_REASON_NONE)
                call->end_reason_wanted = call->state == CALL_STATE_RINGING
                                                  ? ENDED_REASON_DECLINED
                                                  : ENDED_REASON_LOCAL_ENDED;
        call_set_state(engine, call, CALL_STATE_ENDING, end->origin);
        call_cancel_actions(engine, call, end);
        /* one that is away may come back, and its network goes on with the call until it is told */
        return tell || (call->provider->state == PROVIDER_AWAY && start_was_delivered(call));
}

static enum interruption_end interruption_kind(const struct call *call)
{
        if (!call->was_active)
                return INTERRUPTION_NEVER_ACTIVE;
        return call->ended_reason == ENDED_REASON_LOCAL_ENDED ? INTERRUPTION_LOCAL_END
                                                              : INTERRUPTION_REMOTE_END;
}

void call_finish(struct engine *engine, struct call *call, struct call_finish *how)
{
        struct provider *provider = call->provider;

        assert(call->state != CALL_STATE_ENDED);
        call->ended_reason = how->reason;
        call->ended_cause = how->cause;
        call->ended_text = take_ptr(how->text);
        call_set_date(engine, call, &call->ended_at, how->date, CALL_CHANGED_ENDED);
        /* before the state changes: what it had interrupted goes to whoever stands in front */
        interruption_over(engine, call, interruption_kind(call));
        call_set_state(engine, call, CALL_STATE_ENDED, how->origin);
        interruption_clear(engine, call);
        call_cancel_actions(engine, call, NULL);
        group_leave(engine, call);
        deadline_disarm(&engine->deadlines, &call->post_dial_deadline);
        if (call->emergency) {
                provider->emergency_until =
                        engine->now.boottime + engine->limits.emergency_callback;
                engine->n_emergency--;
        }
        provider->n_calls--;
        engine->n_calls--;
        deadline_arm(&engine->deadlines, &call->removal,
                     engine->now.boottime + engine->limits.ended_linger);
        engine_push_call(engine, EFFECT_CALL_ENDED, call);
}

void call_end_by_policy(struct engine *engine, struct call *call, enum ended_reason reason)
{
        struct transaction *transaction = transaction_add(engine);

        call->end_reason_wanted = reason;
        action_add(engine, transaction, NULL, ACTION_END, call, ORIGIN_POLICY);
        transaction_enqueue(engine, transaction);
}
