/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every invariant of the model in one list; tests ask after each step. */
#include "model/engine-internal.h"

#include <utlist.h>

static bool floor_works_on(const struct engine *engine, const struct call *call)
{
        const struct action *action;
        const struct transaction *transaction = NULL;

        /* the floor's holder, or an emergency call beside it */
        while ((transaction = engine_next_transaction(engine, transaction))) {
                if (!(transaction == engine->floor || transaction->emergency))
                        continue;
                DL_FOREACH (transaction->actions, action) {
                        if (action->call && call_same_group(action->call, call))
                                return true;
                }
        }
        return false;
}

static const char *check_group(const struct engine *engine, const struct call *call)
{
        for (const struct call *m = call; m; m = call_group_walk(call, m)) {
                if (m->group != call->group || m->provider != call->provider)
                        return "a group's ring holds a call of another group or provider";
                if (m->group_next->group_prev != m)
                        return "a group's ring is broken";
                if (call->group != 0 && !call_is_connected(m) && m->state != CALL_STATE_ENDING)
                        return "a member of a group is neither active nor held";
                if (call_is_connected(m) && call_is_connected(call) && m->state != call->state &&
                    !floor_works_on(engine, call))
                        return "members of a group are not all active or all held";
        }
        if (call->group != 0 && call_group_size(call) < 2)
                return "a group of one has a group id";
        return NULL;
}

static const char *check_audio(const struct call *call)
{
        bool silent = call->state == CALL_STATE_RINGING || call->state == CALL_STATE_HELD ||
                      call->state == CALL_STATE_ENDING || call->state == CALL_STATE_ENDED;

        if (silent && call->audio_level == AUDIO_LEVEL_LINKED)
                return "a ringing, held, ending or ended call has audio";
        if (call->state == CALL_STATE_RINGING && call->audio_level != AUDIO_LEVEL_GATED &&
            !call->audio_lost)
                return "the streams of a ringing call's app are not kept silent";
        if (silent && call->audio_announced && !call->provider->bus_lost)
                return "a ringing, held, ending or ended call's session is activated";
        if (call->audio_level != AUDIO_LEVEL_NONE && call->audio_muted != call->muted &&
            !call->audio_lost)
                return "the audio path does not know of a mute";
        return NULL;
}

static const char *check_lists(const struct engine *engine, const struct call *call)
{
        bool claims = call_state_claims(call->state) ||
                      (call->state == CALL_STATE_STARTING && call->turn_taken);
        const struct call *other;
        size_t n = 0;

        if (claims != call->is_claiming)
                return "the list of claiming calls is not true";
        if ((call->state == CALL_STATE_RINGING) != call->is_ringing)
                return "the list of ringing calls is not true";
        if ((call->hold_reason != HOLD_REASON_NONE) != (call->state == CALL_STATE_HELD))
                return "a hold reason without a hold, or a hold without one";
        if (call->answer_pending != (call_find_pending(call, ACTION_ANSWER) != NULL))
                return "AnswerPending is not true";
        if (deadline_is_armed(&call->ring_deadline) !=
            (call->state == CALL_STATE_RINGING && !call->answer_pending))
                return "the ring clock runs when it should not, or stands still";
        if (deadline_is_armed(&call->removal) != (call->state == CALL_STATE_ENDED))
                return "an ended call is not to be removed, or a live one is";
        DL_FOREACH2 (engine->interrupted, other, interrupted_next) {
                n += other == call;
        }
        if (n != (call->interrupted_seq != 0))
                return "the list of interrupted calls is not true";
        if (call->allowed != call_work_out_allowed(engine, call))
                return "what may be done with a call has changed unnoticed";
        if (call->waiting != (call->state == CALL_STATE_RINGING && engine_active_call(engine)))
                return "Waiting is not true";
        if (call->interrupter && !call_is_live(call->interrupter) &&
            call->interrupter->state != CALL_STATE_ENDING)
                return "an ended call stands in front of another";
        return NULL;
}

static const char *check_actions(const struct engine *engine, const struct call *call)
{
        unsigned n_ends = 0, n_mutes = 0;
        const struct action *action;

        DL_FOREACH2 (call->actions, action, call_next) {
                if (!action_is_pending(action) || action->joined_to)
                        continue;
                if (call->state == CALL_STATE_ENDED)
                        return "an ended call has a pending action";
                if (call->state == CALL_STATE_ENDING && action->type != ACTION_END)
                        return "an ending call has a pending action that is no end";
                if (action->state == ACTION_DELIVERED && !deadline_is_armed(&action->deadline))
                        return "a delivered action has no deadline";
                n_ends += action->type == ACTION_END;
                n_mutes += action->type == ACTION_SET_MUTED;
        }
        (void)engine;
        if (n_ends > 1 || n_mutes > 1)
                return "more than one end or one mute is pending for a call";
        if ((call->state == CALL_STATE_ENDING) != (n_ends == 1))
                return "a call is ending without an end, or the reverse";
        return NULL;
}

static const char *check_call(const struct engine *engine, const struct call *call)
{
        const char *wrong = check_group(engine, call);

        if (!wrong)
                wrong = check_audio(call);
        if (!wrong)
                wrong = check_lists(engine, call);
        if (!wrong)
                wrong = check_actions(engine, call);
        return wrong;
}

static const char *check_active(const struct engine *engine)
{
        const struct call *active = engine_active_call(engine), *heard = NULL, *call;

        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                if (call->state == CALL_STATE_ACTIVE && !call_same_group(call, active))
                        return "two groups are active";
                if (call->audio_level != AUDIO_LEVEL_LINKED)
                        continue;
                if (heard && !call_same_group(call, heard))
                        return "two groups have audio";
                heard = call;
        }
        return NULL;
}

static const char *check_counts(const struct engine *engine)
{
        const struct provider *provider, *next;
        const struct call *call;
        size_t n_calls = 0, n_emergency = 0, n_in_call = 0;

        HASH_ITER (hh_number, engine->providers, provider, next) {
                unsigned n = 0, n_ringing = 0;

                DL_FOREACH2 (provider->calls, call, provider_next) {
                        n += call->state != CALL_STATE_ENDED;
                        n_ringing += call->state == CALL_STATE_RINGING;
                        n_emergency += call->emergency && call->state != CALL_STATE_ENDED;
                        n_in_call += call_uses_slot(call);
                }
                if (n != provider->n_calls || n_ringing != provider->n_ringing)
                        return "a provider's counters are not true";
                if (provider->state == PROVIDER_STARTING && !provider_is_awaited(provider))
                        return "a provider is being started for nobody";
                n_calls += n;
        }
        if (n_calls != engine->n_calls || n_emergency != engine->n_emergency ||
            n_in_call != engine->n_in_call)
                return "the engine's counters are not true";
        return NULL;
}

static const char *check_transactions(const struct engine *engine)
{
        const struct transaction *transaction = NULL;

        while ((transaction = engine_next_transaction(engine, transaction))) {
                const struct action *action;
                bool pending = false;

                DL_FOREACH (transaction->actions, action) {
                        pending = pending || action_is_pending(action);
                }
                if (!pending)
                        return "a transaction without a pending action is not complete";
                if (transaction->in_work)
                        return "work was left over";
        }
        return NULL;
}

const char *engine_check(const struct engine *engine)
{
        const struct call *call, *next;
        const char *wrong;

        HASH_ITER (hh, engine->calls, call, next) {
                wrong = check_call(engine, call);
                if (wrong)
                        return wrong;
        }
        wrong = check_active(engine);
        if (!wrong)
                wrong = check_counts(engine);
        if (!wrong)
                wrong = check_transactions(engine);
        if (!wrong)
                wrong = push_check(engine);
        return wrong;
}
