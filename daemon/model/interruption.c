/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who was interrupted by whom, and who resumes when that is over (call-model.md 7).
 *
 * A mark sits on each member of a held group: the call that stands in front of it, and why that
 * is no longer so. Decisions fall in interruption_settle(), when nothing claims and the floor is
 * empty. The list is ordered by time, latest first, so nesting unwinds by itself.
 */
#include "model/engine-internal.h"

#include <utlist.h>

void interruption_clear(struct engine *engine, struct call *call)
{
        if (call->interrupted_seq == 0)
                return;
        DL_DELETE2(engine->interrupted, call, interrupted_prev, interrupted_next);
        call->interrupted_seq = 0;
        call->interrupter = NULL;
        call->interruption_end = INTERRUPTION_GOES_ON;
}

static void mark(struct engine *engine, struct call *call, struct call *interrupter,
                 enum interruption_end how)
{
        interruption_clear(engine, call);
        call->interrupted_seq = ++engine->next_interruption;
        call->interrupter = interrupter;
        call->interruption_end = interrupter ? INTERRUPTION_GOES_ON : how;
        DL_PREPEND2(engine->interrupted, call, interrupted_prev, interrupted_next);
        call_set_hold_reason(engine, call, HOLD_REASON_INTERRUPTED);
}

void interruption_mark(struct engine *engine, struct call *call, struct call *interrupter)
{
        mark(engine, call, interrupter, INTERRUPTION_GOES_ON);
}

void interruption_mark_over(struct engine *engine, struct call *call, enum interruption_end how)
{
        /* an emergency call may stand there by now */
        mark(engine, call, emergency_other(engine, call), how);
}

static struct call *live_sibling(struct call *call)
{
        for (struct call *m = call_group_walk(call, call); m; m = call_group_walk(call, m))
                if (call_is_live(m))
                        return m;
        return NULL;
}

/* Who stands in front of a group once `by` does not any more. */
static struct call *in_front_of(struct engine *engine, const struct call *interrupted,
                                const struct call *by)
{
        struct call *call;

        if (by->interrupter && !call_same_group(by->interrupter, interrupted))
                return by->interrupter;
        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                if (!call_same_group(call, by) && !call_same_group(call, interrupted))
                        return call;
        }
        return NULL;
}

/* Holds in flight that make room for `by`. */
static void note_over(struct call *by, enum interruption_end how)
{
        struct action *activation, *hold;

        DL_FOREACH2 (by->actions, activation, call_next) {
                DL_FOREACH (activation->transaction->actions, hold) {
                        if (action_is_pending(hold) && streq(hold->clears_for.text, by->id.text))
                                hold->purpose_over = action_is_pending(activation)
                                                             ? INTERRUPTION_NEVER_ACTIVE
                                                             : how;
                }
        }
}

void interruption_over(struct engine *engine, struct call *by, enum interruption_end how)
{
        struct call *call, *heir;

        note_over(by, how);
        DL_FOREACH2 (engine->interrupted, call, interrupted_next) {
                if (call->interrupter != by)
                        continue;
                heir = live_sibling(by);
                if (!heir || call_same_group(heir, call))
                        heir = in_front_of(engine, call, by);
                call->interrupter = heir;
                if (!heir)
                        call->interruption_end = how;
        }
}

static bool should_resume(const struct engine *engine, const struct call *call)
{
        switch (call->interruption_end) {
        case INTERRUPTION_NEVER_ACTIVE:
                return true;
        case INTERRUPTION_LOCAL_END:
                return engine->limits.auto_resume != AUTO_RESUME_NEVER;
        case INTERRUPTION_REMOTE_END:
                return engine->limits.auto_resume == AUTO_RESUME_ALWAYS;
        case INTERRUPTION_GOES_ON:
        case INTERRUPTION_OFFERED:
                break;
        }
        return false;
}

/* A hold that the app has not answered yet is undone when it has. */
static bool hold_in_flight(const struct call *call)
{
        for (const struct call *m = call; m; m = call_group_walk(call, m))
                if (call_find_pending(m, ACTION_SET_HELD))
                        return true;
        return false;
}

static void resume(struct engine *engine, struct call *call)
{
        struct transaction *transaction = transaction_add(engine);
        struct call *other;

        for (struct call *m = call; m; m = call_group_walk(call, m)) {
                struct action *unhold;

                if (m->state != CALL_STATE_HELD)
                        continue;
                unhold = action_add(engine, transaction, NULL, ACTION_SET_HELD, m, ORIGIN_POLICY);
                unhold->fan_out = engine->next_fan_out + 1;
                /* should the app refuse, it is offered and not tried for ever */
                m->interruption_end = INTERRUPTION_OFFERED;
        }
        engine->next_fan_out++;
        /* one group resumes; whoever waits behind it waits on */
        DL_FOREACH2 (engine->interrupted, other, interrupted_next) {
                if (!call_same_group(other, call) && !other->interrupter &&
                    should_resume(engine, other)) {
                        other->interrupter = call;
                        other->interruption_end = INTERRUPTION_GOES_ON;
                }
        }
        transaction_enqueue(engine, transaction);
}

void interruption_settle(struct engine *engine)
{
        struct call *call;

        if (engine->claiming || engine->floor)
                return;
        DL_FOREACH2 (engine->interrupted, call, interrupted_next) {
                if (call->state != CALL_STATE_HELD ||
                    call->interruption_end == INTERRUPTION_GOES_ON ||
                    call->interruption_end == INTERRUPTION_OFFERED || hold_in_flight(call))
                        continue;
                if (should_resume(engine, call)) {
                        resume(engine, call);
                        return;
                }
                call->interruption_end = INTERRUPTION_OFFERED;
        }
}

/* Of a group its oldest member. */
struct call *interruption_resumable(const struct engine *engine)
{
        struct call *call, *oldest;

        if (engine->claiming || engine->floor)
                return NULL;
        DL_FOREACH2 (engine->interrupted, call, interrupted_next) {
                if (call->state != CALL_STATE_HELD)
                        continue;
                oldest = call;
                for (struct call *m = call; m; m = call_group_walk(call, m))
                        if (m->reported_at.boottime < oldest->reported_at.boottime)
                                oldest = m;
                return oldest;
        }
        return NULL;
}
