/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what is wanted to the one verb that brings it about, by the rules of 3GPP 22.030, 6.5.5.
 *
 * The network's verbs never name the call that they also change: AT+CHLD=2 holds what is active,
 * and then answers what waits, else resumes what is held. So a hold that was ordered alone is done
 * alone only where nothing else would move, and together with the order that follows where that is
 * just what moves; otherwise it is refused. Refusing a hold costs nothing: both calls stay as they
 * are. Moving the wrong call does.
 */
#include <utlist.h>

#include "bridge.h"

static unsigned count_state(const struct modem *modem, enum modem_call_state state)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH (modem->calls, call)
                n += call->id && call->state == state;
        return n;
}

static struct call *first_in(const struct modem *modem, enum modem_call_state state)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->id && call->state == state)
                        return call;
        return NULL;
}

static bool one_or_conference(const struct modem *modem, enum modem_call_state state)
{
        const struct call *call;

        if (count_state(modem, state) <= 1)
                return true;
        DL_FOREACH (modem->calls, call)
                if (call->id && call->state == state && !call->multiparty)
                        return false;
        return true;
}

/* The conference is held, or resumed, as a whole. */
static bool conference_agrees(const struct modem *modem)
{
        const struct call *call, *member = NULL;

        DL_FOREACH (modem->calls, call) {
                if (!call->id || !call->multiparty)
                        continue;
                if (member && member->state != call->state)
                        return false;
                member = call;
        }
        return true;
}

bool modem_is_coherent(const struct modem *modem)
{
        return conference_agrees(modem) && one_or_conference(modem, MODEM_CALL_ACTIVE) &&
               one_or_conference(modem, MODEM_CALL_HELD);
}

static struct order *find_order(const struct modem *modem, const struct call *call,
                                enum order_type type, unsigned part)
{
        struct order *order;

        DL_FOREACH (modem->orders, order)
                if (order->call == call && order->type == type && !order->doomed &&
                    (!part || order->part == part))
                        return order;
        return NULL;
}

/* How many calls of this state are not ordered to do `type` in this part (0: in any). */
static unsigned count_unordered(const struct modem *modem, enum modem_call_state state,
                                enum order_type type, unsigned part)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH (modem->calls, call)
                n += call->id && call->state == state && !find_order(modem, call, type, part);
        return n;
}

static void mark(struct modem *modem, enum order_type type, unsigned part)
{
        struct order *order;

        DL_FOREACH (modem->orders, order)
                if (order->type == type && !order->doomed && (!part || order->part == part))
                        order->asked = true;
}

static void ask(struct plan *plan, enum modem_verb verb, struct call *call)
{
        plan->result = PLAN_ASK;
        plan->verb = verb;
        plan->call = call;
}

static void refuse(struct plan *plan, struct order *order, const char *why)
{
        plan->result = PLAN_REFUSE;
        plan->refused = order;
        plan->why = why;
}

/* Asks if the modem can, else refuses. */
static void ask_if(struct plan *plan, struct order *order, enum modem_ability ability,
                   enum modem_verb verb, struct call *call)
{
        order->asked = true;
        if (order->call->modem->abilities & ability)
                ask(plan, verb, call);
        else
                refuse(plan, order, "this modem cannot do that");
}

/* --- ends ------------------------------------------------------------------------------------- */

/* An answer to the call that waits, which could be one with the end of all that is active. */
static struct order *answer_after_ends(const struct modem *modem, const struct order *end)
{
        struct call *waiting = first_in(modem, MODEM_CALL_WAITING);

        if (!waiting || !(modem->abilities & MODEM_CAN_END_AND_ANSWER) ||
            end->call->state != MODEM_CALL_ACTIVE ||
            count_unordered(modem, MODEM_CALL_ACTIVE, ORDER_END, 0) > 0)
                return NULL;
        return find_order(modem, waiting, ORDER_ANSWER, 0);
}

static void plan_end(struct modem *modem, struct order *order, struct plan *plan)
{
        struct order *answer, *end, *start;

        if (!order->call->id) {
                /* it is just being dialled and will soon have an id; or not even that */
                start = find_order(modem, order->call, ORDER_START, 0);
                if (start && !start->asked)
                        refuse(plan, start, "it was ended before it was dialled");
                return;
        }
        answer = answer_after_ends(modem, order);
        if (answer) {
                answer->asked = true;
                DL_FOREACH (modem->orders, end)
                        if (end->type == ORDER_END && end->call->state == MODEM_CALL_ACTIVE)
                                end->asked = true;
                ask(plan, MODEM_END_AND_ANSWER, answer->call);
                return;
        }
        order->asked = true;
        ask(plan, MODEM_HANG_UP, order->call);
}

/* --- answers, holds, resumes ------------------------------------------------------------------ */

/* What callsd does not believe to be active may be held without an order. */
static bool active_is_believed_held(const struct modem *modem)
{
        const struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->id && call->state == MODEM_CALL_ACTIVE && call->told == TOLD_ACTIVE)
                        return false;
        return true;
}

static void plan_answer(struct modem *modem, struct order *order, struct plan *plan)
{
        struct call *call = order->call;
        bool held = count_state(modem, MODEM_CALL_HELD) > 0;
        bool active = count_state(modem, MODEM_CALL_ACTIVE) > 0;

        if (call->state != MODEM_CALL_WAITING)
                ask_if(plan, order, MODEM_CAN_CALL, MODEM_ANSWER, call);
        else if (active && held)
                refuse(plan, order, "one call is active and another held: end one of them first");
        else if (active && !active_is_believed_held(modem))
                refuse(plan, order, "the call that is active was not held");
        else if (!active && !(modem->abilities & MODEM_CAN_HOLD))
                ask_if(plan, order, MODEM_CAN_CALL, MODEM_ANSWER, call);
        else
                ask_if(plan, order, MODEM_CAN_HOLD, MODEM_HOLD_AND_ANSWER, call);
}

/* The holds of one part and the answer after them are one verb. True if so. */
static bool hold_and_answer(struct modem *modem, struct order *hold, struct plan *plan)
{
        struct call *waiting = first_in(modem, MODEM_CALL_WAITING);
        struct order *answer =
                waiting ? find_order(modem, waiting, ORDER_ANSWER, hold->part) : NULL;

        if (!answer || !(modem->abilities & MODEM_CAN_HOLD) ||
            count_unordered(modem, MODEM_CALL_ACTIVE, ORDER_HOLD, hold->part) > 0 ||
            count_state(modem, MODEM_CALL_HELD) > 0)
                return false;
        mark(modem, ORDER_HOLD, hold->part);
        answer->asked = true;
        ask(plan, MODEM_HOLD_AND_ANSWER, waiting);
        return true;
}

/* All members of the active conference but one are to be held. True if so. */
static bool split_off(struct modem *modem, struct order *hold, struct plan *plan)
{
        struct call *call, *rest = NULL;

        if (count_unordered(modem, MODEM_CALL_ACTIVE, ORDER_HOLD, hold->part) != 1 ||
            count_state(modem, MODEM_CALL_ACTIVE) < 2 || count_state(modem, MODEM_CALL_HELD) > 0)
                return false;
        DL_FOREACH (modem->calls, call)
                if (call->id && call->state == MODEM_CALL_ACTIVE &&
                    !find_order(modem, call, ORDER_HOLD, hold->part))
                        rest = call;
        mark(modem, ORDER_HOLD, hold->part);
        ask_if(plan, hold, MODEM_CAN_SPLIT, MODEM_SPLIT, rest);
        return true;
}

static const char *why_no_swap(const struct modem *modem)
{
        if (!(modem->abilities & MODEM_CAN_HOLD))
                return "this modem cannot hold calls";
        if (first_in(modem, MODEM_CALL_WAITING) &&
            !(modem->abilities & MODEM_CAN_SWAP_BESIDE_WAITING))
                return "another call waits, and this modem would answer it: answer or decline it "
                       "first";
        if (count_state(modem, MODEM_CALL_DIALING) + count_state(modem, MODEM_CALL_ALERTING) > 0)
                return "another call is being placed";
        return NULL;
}

static void swap(struct modem *modem, struct order *order, struct plan *plan)
{
        const char *why = why_no_swap(modem);
        struct call *held = first_in(modem, MODEM_CALL_HELD);

        if (why) {
                refuse(plan, order, why);
                return;
        }
        mark(modem, ORDER_HOLD, order->part);
        mark(modem, ORDER_RESUME, order->part);
        ask(plan, MODEM_SWAP, held ? held : first_in(modem, MODEM_CALL_ACTIVE));
}

static void plan_hold(struct modem *modem, struct order *order, struct plan *plan)
{
        if (order->call->state != MODEM_CALL_ACTIVE)
                refuse(plan, order, "the call is not active");
        else if (hold_and_answer(modem, order, plan) || split_off(modem, order, plan))
                return;
        else if (count_unordered(modem, MODEM_CALL_ACTIVE, ORDER_HOLD, order->part) > 0)
                refuse(plan, order,
                       "a conference can be held as a whole, or all of it but one call");
        else if (count_unordered(modem, MODEM_CALL_HELD, ORDER_RESUME, order->part) > 0)
                refuse(plan, order, "the modem holds another call already, and can hold one");
        else
                swap(modem, order, plan);
}

static void plan_resume(struct modem *modem, struct order *order, struct plan *plan)
{
        if (order->call->state != MODEM_CALL_HELD)
                refuse(plan, order, "the call is not held");
        else if (count_unordered(modem, MODEM_CALL_HELD, ORDER_RESUME, order->part) > 0)
                refuse(plan, order, "a conference can be resumed only as a whole");
        else if (count_unordered(modem, MODEM_CALL_ACTIVE, ORDER_HOLD, order->part) > 0 &&
                 !active_is_believed_held(modem))
                refuse(plan, order, "another call of this modem is active");
        else
                swap(modem, order, plan);
}

/* --- conference ------------------------------------------------------------------------------- */

static bool states_are(const struct call *a, const struct call *b, enum modem_call_state one,
                       enum modem_call_state other)
{
        return (a->state == one && b->state == other) || (a->state == other && b->state == one);
}

static void plan_join(struct order *order, struct plan *plan)
{
        struct call *call = order->call, *with = order->with;

        if (!with)
                refuse(plan, order, "the other call is over");
        else if (states_are(call, with, MODEM_CALL_ACTIVE, MODEM_CALL_HELD))
                ask_if(plan, order, MODEM_CAN_JOIN, MODEM_JOIN,
                       call->state == MODEM_CALL_HELD ? call : with);
        else
                refuse(plan, order, "one of the two calls has to be active, and the other held");
}

static void plan_leave(struct modem *modem, struct order *order, struct plan *plan)
{
        if (order->call->state != MODEM_CALL_ACTIVE)
                refuse(plan, order, "a call leaves a conference only while that is active");
        else if (count_state(modem, MODEM_CALL_HELD) > 0)
                refuse(plan, order, "the modem holds another call already, and can hold one");
        else
                ask_if(plan, order, MODEM_CAN_SPLIT, MODEM_SPLIT, order->call);
}

/* --- the rest --------------------------------------------------------------------------------- */

/* For an emergency call whatever is in the way goes: first what rings, then what is held. */
static struct call *in_the_way(const struct modem *modem, const char *number)
{
        struct call *call = NULL;

        if (!modem_is_emergency(modem, number))
                return NULL;
        call = first_in(modem, MODEM_CALL_WAITING);
        if (!call)
                call = first_in(modem, MODEM_CALL_INCOMING);
        if (!call && count_state(modem, MODEM_CALL_ACTIVE) > 0)
                call = first_in(modem, MODEM_CALL_HELD);
        return call;
}

static void plan_start(struct modem *modem, struct order *order, struct plan *plan)
{
        struct call *obstacle = in_the_way(modem, order->text);

        /* one that the modem does not let go is left to the network */
        if (obstacle && obstacle != order->with) {
                order->with = obstacle;
                log_warning("call %s ends for an emergency call", obstacle->uuid);
                ask(plan, MODEM_HANG_UP, obstacle);
        } else if (!obstacle && count_state(modem, MODEM_CALL_ACTIVE) > 0 &&
                   count_state(modem, MODEM_CALL_HELD) > 0) {
                refuse(plan, order, "one call is active and another held: end one of them first");
        } else {
                order->asked = true;
                ask(plan, MODEM_DIAL, order->call);
                plan->text = order->text;
        }
}

/*
 * A key at a time, since an end that comes in between should not wait for all of them.
 */
static void plan_tones(struct order *order, struct plan *plan)
{
        plan->tone[0] = order->text ? order->text[order->sent] : '\0';
        if (plan->tone[0] == ';')
                plan->tone[0] = ',';
        ask_if(plan, order, MODEM_CAN_SEND_TONES, MODEM_SEND_TONES, order->call);
        plan->text = plan->tone;
}

static void plan_order(struct modem *modem, struct order *order, struct plan *plan)
{
        switch (order->type) {
        case ORDER_START:
                plan_start(modem, order, plan);
                break;
        case ORDER_ANSWER:
                plan_answer(modem, order, plan);
                break;
        case ORDER_END:
                plan_end(modem, order, plan);
                break;
        case ORDER_HOLD:
                plan_hold(modem, order, plan);
                break;
        case ORDER_RESUME:
                plan_resume(modem, order, plan);
                break;
        case ORDER_JOIN:
                plan_join(order, plan);
                break;
        case ORDER_LEAVE:
                plan_leave(modem, order, plan);
                break;
        case ORDER_TONES:
                plan_tones(order, plan);
                break;
        case ORDER_MUTE:
                ask_if(plan, order, MODEM_CAN_MUTE, MODEM_MUTE, NULL);
                break;
        case ORDER_UNMUTE:
                ask_if(plan, order, MODEM_CAN_MUTE, MODEM_UNMUTE, NULL);
                break;
        }
}

/* Of calls that callsd is done with: one that lives on, and can be tried. */
static struct call *find_condemned(const struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->id && call->condemned && !call->condemned_failed)
                        return call;
        return NULL;
}

/* The microphone that this moment's calls want. */
static void plan_microphone(struct modem *modem, struct plan *plan)
{
        const struct call *call;
        bool current = false, muted = false;

        DL_FOREACH (modem->calls, call) {
                current |= call_is_current(call) && !call->condemned;
                muted |= call_is_current(call) && call->muted;
        }
        if (!current || muted == modem->muted || !(modem->abilities & MODEM_CAN_MUTE) ||
            (modem->mute_failed && modem->mute_wanted == muted))
                return;
        modem->mute_wanted = muted;
        ask(plan, muted ? MODEM_MUTE : MODEM_UNMUTE, NULL);
}

void plan_next(struct modem *modem, struct plan *ret_plan)
{
        struct call *call = find_condemned(modem);
        struct order *order;

        *ret_plan = (struct plan){.result = PLAN_NOTHING};
        if (call) {
                ask(ret_plan, MODEM_HANG_UP, call);
                return;
        }
        DL_FOREACH (modem->orders, order) {
                if (order->doomed || order_waits(order))
                        continue;
                plan_order(modem, order, ret_plan);
                if (ret_plan->result != PLAN_NOTHING)
                        return;
        }
        plan_microphone(modem, ret_plan);
}
