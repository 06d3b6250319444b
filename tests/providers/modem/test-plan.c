/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which verb a modem is asked for, and above all which it is not. Each test writes down the calls
 * of a modem and the orders, and says what plan_next() makes of them.
 */
#include <stdarg.h>
#include <utlist.h>

#include "bridge.h"
#include "support/suite.h"

#define ALL                                                                                \
        (MODEM_CAN_CALL | MODEM_CAN_DIAL_ALL | MODEM_CAN_HOLD | MODEM_CAN_END_AND_ANSWER | \
         MODEM_CAN_JOIN | MODEM_CAN_SPLIT | MODEM_CAN_SEND_TONES | MODEM_CAN_MUTE |        \
         MODEM_CAN_SWAP_BESIDE_WAITING)

static char id[] = "call";
static char *emergency[] = {(char[]){"112"}, NULL};
static struct modem modem;
static struct bridge bridge = {.modems = &modem};
static struct call a, b, c;
static struct order orders[4];
static size_t n_orders;
static struct plan plan;

static void set_up(void)
{
        modem = (struct modem){.bridge = &bridge, .abilities = ALL, .emergency_numbers = emergency};
        n_orders = 0;
}

static void has(struct call *call, enum modem_call_state state, bool multiparty)
{
        *call = (struct call){.modem = &modem, .id = id, .state = state, .multiparty = multiparty};
        call->told = state == MODEM_CALL_ACTIVE ? TOLD_ACTIVE
                     : state == MODEM_CALL_HELD ? TOLD_HELD
                                                : TOLD_RINGING;
        DL_APPEND(modem.calls, call);
}

static struct order *wants(struct call *call, enum order_type type, unsigned part)
{
        struct order *order = &orders[n_orders++];

        *order = (struct order){.call = call, .type = type, .part = part};
        DL_APPEND(modem.orders, order);
        return order;
}

static void assert_asks(enum modem_verb verb, const struct call *call)
{
        plan_next(&modem, &plan);
        ck_assert_int_eq(plan.result, PLAN_ASK);
        ck_assert_int_eq(plan.verb, verb);
        ck_assert_ptr_eq(plan.call, call);
}

static void assert_refuses(const struct order *order, const char *why)
{
        plan_next(&modem, &plan);
        ck_assert_int_eq(plan.result, PLAN_REFUSE);
        ck_assert_ptr_eq(plan.refused, order);
        ck_assert_msg(strstr(plan.why, why), "\"%s\" is not in \"%s\"", why, plan.why);
}

/* Whether exactly so many of the orders, from the first on, are what was asked for. */
static void assert_asked(size_t n)
{
        for (size_t i = 0; i < n_orders; i++)
                ck_assert_int_eq(orders[i].asked, i < n);
}

/* --- one call --------------------------------------------------------------------------------- */

START_TEST(answers_what_rings_alone)
{
        has(&a, MODEM_CALL_INCOMING, false);
        wants(&a, ORDER_ANSWER, 1);
        assert_asks(MODEM_ANSWER, &a);
}
END_TEST

START_TEST(holds_and_resumes_one)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        wants(&a, ORDER_HOLD, 1);
        assert_asks(MODEM_SWAP, &a);
        set_up();
        has(&a, MODEM_CALL_HELD, false);
        wants(&a, ORDER_RESUME, 1);
        assert_asks(MODEM_SWAP, &a);
}
END_TEST

START_TEST(cannot_hold)
{
        modem.abilities = MODEM_CAN_CALL;
        has(&a, MODEM_CALL_ACTIVE, false);
        assert_refuses(wants(&a, ORDER_HOLD, 1), "cannot hold");
        set_up();
        modem.abilities = MODEM_CAN_CALL;
        has(&a, MODEM_CALL_ACTIVE, false);
        assert_refuses(wants(&a, ORDER_MUTE, 1), "cannot do that");
}
END_TEST

START_TEST(ended_before_it_was_dialled)
{
        struct order *start;

        has(&a, MODEM_CALL_DIALING, false);
        a.id = NULL;
        wants(&a, ORDER_END, 2);
        start = wants(&a, ORDER_START, 1);
        assert_refuses(start, "before it was dialled");
        /* on its way: it has to have an id first */
        start->asked = true;
        modem.orders = NULL;
        n_orders = 0;
        wants(&a, ORDER_END, 2);
        plan_next(&modem, &plan);
        ck_assert_int_eq(plan.result, PLAN_NOTHING);
}
END_TEST

/* --- two calls -------------------------------------------------------------------------------- */

START_TEST(hold_and_answer_is_one)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_WAITING, false);
        wants(&a, ORDER_HOLD, 1);
        wants(&b, ORDER_ANSWER, 1);
        assert_asks(MODEM_HOLD_AND_ANSWER, &b);
        assert_asked(2);
}
END_TEST

/* Of two transactions: the hold for its own sake would be answered with the other call. */
START_TEST(hold_beside_waiting)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_WAITING, false);
        wants(&a, ORDER_HOLD, 1);
        assert_asks(MODEM_SWAP, &a);
        modem.abilities &= ~(unsigned)MODEM_CAN_SWAP_BESIDE_WAITING;
        assert_refuses(orders, "would answer it");
}
END_TEST

START_TEST(resume_beside_waiting)
{
        modem.abilities &= ~(unsigned)MODEM_CAN_SWAP_BESIDE_WAITING;
        has(&a, MODEM_CALL_HELD, false);
        has(&b, MODEM_CALL_WAITING, false);
        assert_refuses(wants(&a, ORDER_RESUME, 1), "would answer it");
}
END_TEST

START_TEST(swap_is_one)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_HELD, false);
        wants(&a, ORDER_HOLD, 1);
        wants(&b, ORDER_RESUME, 1);
        assert_asks(MODEM_SWAP, &b);
        assert_asked(2);
}
END_TEST

/* AT+CHLD=2 would resume the other. */
START_TEST(hold_beside_held)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_HELD, false);
        assert_refuses(wants(&a, ORDER_HOLD, 1), "holds another call");
}
END_TEST

START_TEST(resume_beside_active)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_HELD, false);
        assert_refuses(wants(&b, ORDER_RESUME, 1), "is active");
        /* callsd has silenced it already: the modem follows */
        a.told = TOLD_HELD;
        assert_asks(MODEM_SWAP, &b);
}
END_TEST

START_TEST(answer_without_a_hold)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_WAITING, false);
        assert_refuses(wants(&b, ORDER_ANSWER, 1), "was not held");
        a.told = TOLD_HELD;
        assert_asks(MODEM_HOLD_AND_ANSWER, &b);
}
END_TEST

START_TEST(waits_beside_nothing)
{
        has(&a, MODEM_CALL_WAITING, false);
        wants(&a, ORDER_ANSWER, 1);
        assert_asks(MODEM_HOLD_AND_ANSWER, &a);
        modem.abilities = MODEM_CAN_CALL;
        assert_asks(MODEM_ANSWER, &a);
}
END_TEST

START_TEST(end_and_answer_is_one)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_WAITING, false);
        wants(&a, ORDER_END, 1);
        wants(&b, ORDER_ANSWER, 2);
        assert_asks(MODEM_END_AND_ANSWER, &b);
        assert_asked(2);
        orders[0].asked = orders[1].asked = false;
        modem.abilities &= ~(unsigned)MODEM_CAN_END_AND_ANSWER;
        assert_asks(MODEM_HANG_UP, &a);
        assert_asked(1);
}
END_TEST

/* One member of a conference ends, and another call is answered: not all of it has to go. */
START_TEST(end_of_one_member_and_answer)
{
        has(&a, MODEM_CALL_ACTIVE, true);
        has(&b, MODEM_CALL_ACTIVE, true);
        has(&c, MODEM_CALL_WAITING, false);
        wants(&a, ORDER_END, 1);
        wants(&c, ORDER_ANSWER, 2);
        assert_asks(MODEM_HANG_UP, &a);
}
END_TEST

/* --- three ------------------------------------------------------------------------------------ */

START_TEST(third_is_not_answered)
{
        has(&a, MODEM_CALL_HELD, false);
        has(&b, MODEM_CALL_ACTIVE, false);
        has(&c, MODEM_CALL_WAITING, false);
        wants(&b, ORDER_HOLD, 1);
        wants(&c, ORDER_ANSWER, 1);
        assert_refuses(orders, "holds another call");
        set_up();
        has(&a, MODEM_CALL_HELD, false);
        has(&b, MODEM_CALL_ACTIVE, false);
        has(&c, MODEM_CALL_WAITING, false);
        assert_refuses(wants(&c, ORDER_ANSWER, 1), "end one of them");
}
END_TEST

START_TEST(third_is_not_dialled)
{
        struct order *start;

        has(&a, MODEM_CALL_HELD, false);
        has(&b, MODEM_CALL_ACTIVE, false);
        has(&c, MODEM_CALL_DIALING, false);
        c.id = NULL;
        start = wants(&c, ORDER_START, 1);
        start->text = (char[]){"5550100"};
        assert_refuses(start, "end one of them");
        /* an emergency call makes its way: first what rings, then what is held */
        start->text = emergency[0];
        assert_asks(MODEM_HANG_UP, &a);
        ck_assert(!start->asked);
        /* and is not stopped by one that cannot be hung up */
        assert_asks(MODEM_DIAL, &c);
        start->with = NULL;
        DL_DELETE(modem.calls, &a);
        assert_asks(MODEM_DIAL, &c);
        ck_assert_str_eq(plan.text, "112");
}
END_TEST

/* --- conference ------------------------------------------------------------------------------- */

START_TEST(join)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_HELD, false);
        wants(&a, ORDER_JOIN, 1)->with = &b;
        assert_asks(MODEM_JOIN, &b);
        b.state = MODEM_CALL_ACTIVE;
        assert_refuses(orders, "one of the two calls");
        orders[0].with = NULL;
        assert_refuses(orders, "is over");
}
END_TEST

START_TEST(conference_is_held_as_a_whole)
{
        has(&a, MODEM_CALL_ACTIVE, true);
        has(&b, MODEM_CALL_ACTIVE, true);
        wants(&a, ORDER_HOLD, 1);
        wants(&b, ORDER_HOLD, 1);
        assert_asks(MODEM_SWAP, &a);
        assert_asked(2);
}
END_TEST

START_TEST(all_but_one_are_held)
{
        has(&a, MODEM_CALL_ACTIVE, true);
        has(&b, MODEM_CALL_ACTIVE, true);
        has(&c, MODEM_CALL_ACTIVE, true);
        wants(&a, ORDER_HOLD, 1);
        assert_refuses(orders, "as a whole");
        wants(&c, ORDER_HOLD, 1);
        assert_asks(MODEM_SPLIT, &b);
        assert_asked(2);
}
END_TEST

START_TEST(one_member_is_not_resumed)
{
        has(&a, MODEM_CALL_HELD, true);
        has(&b, MODEM_CALL_HELD, true);
        assert_refuses(wants(&a, ORDER_RESUME, 1), "as a whole");
}
END_TEST

START_TEST(leave)
{
        has(&a, MODEM_CALL_ACTIVE, true);
        has(&b, MODEM_CALL_ACTIVE, true);
        wants(&a, ORDER_LEAVE, 1);
        assert_asks(MODEM_SPLIT, &a);
        has(&c, MODEM_CALL_HELD, false);
        assert_refuses(orders, "holds another call");
        a.state = MODEM_CALL_HELD;
        assert_refuses(orders, "only while that is active");
}
END_TEST

/* --- what comes first, and what comes by itself ----------------------------------------------- */

START_TEST(done_with)
{
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_INCOMING, false);
        a.condemned = true;
        wants(&b, ORDER_ANSWER, 1);
        assert_asks(MODEM_HANG_UP, &a);
        a.condemned_failed = true;
        assert_asks(MODEM_ANSWER, &b);
}
END_TEST

START_TEST(microphone_is_whose_turn_it_is)
{
        has(&a, MODEM_CALL_HELD, false);
        a.muted = true;
        plan_next(&modem, &plan);
        ck_assert_int_eq(plan.result, PLAN_NOTHING);
        a.state = MODEM_CALL_ACTIVE;
        assert_asks(MODEM_MUTE, NULL);
        modem.mute_failed = true;
        plan_next(&modem, &plan);
        ck_assert_int_eq(plan.result, PLAN_NOTHING);
        a.muted = false;
        modem.muted = true;
        assert_asks(MODEM_UNMUTE, NULL);
}
END_TEST

START_TEST(a_key_at_a_time)
{
        struct order *tones;

        has(&a, MODEM_CALL_ACTIVE, false);
        tones = wants(&a, ORDER_TONES, 1);
        tones->text = (char[]){"1;2"};
        assert_asks(MODEM_SEND_TONES, &a);
        ck_assert_str_eq(plan.text, "1");
        tones->sent = 1;
        assert_asks(MODEM_SEND_TONES, &a);
        ck_assert_str_eq(plan.text, ",");
}
END_TEST

START_TEST(states_that_last)
{
        ck_assert(modem_is_coherent(&modem));
        has(&a, MODEM_CALL_ACTIVE, false);
        has(&b, MODEM_CALL_HELD, false);
        ck_assert(modem_is_coherent(&modem));
        b.state = MODEM_CALL_ACTIVE;
        ck_assert(!modem_is_coherent(&modem));
        a.multiparty = b.multiparty = true;
        ck_assert(modem_is_coherent(&modem));
        b.state = MODEM_CALL_HELD;
        ck_assert(!modem_is_coherent(&modem));
        a.multiparty = b.multiparty = false;
        a.state = MODEM_CALL_HELD;
        ck_assert(!modem_is_coherent(&modem));
}
END_TEST

/* --- reasons ---------------------------------------------------------------------------------- */

START_TEST(reasons)
{
        static const struct {
                struct ending ending;
                enum cx_call_ended_reason reason;
        } rows[] = {
                {{.connected = true, .end = MODEM_END_REMOTE}, CX_CALL_ENDED_REASON_REMOTE_ENDED},
                {{.connected = true}, CX_CALL_ENDED_REASON_REMOTE_ENDED},
                {{.end = MODEM_END_REMOTE}, CX_CALL_ENDED_REASON_REMOTE_ENDED},
                {{.end = MODEM_END_LOCAL}, CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE},
                {{.connected = true, .end = MODEM_END_LOCAL}, CX_CALL_ENDED_REASON_LOCAL_ENDED},
                {{.outgoing = true, .end = MODEM_END_LOCAL}, CX_CALL_ENDED_REASON_LOCAL_ENDED},
                {{.connected = true, .end = MODEM_END_NETWORK}, CX_CALL_ENDED_REASON_FAILED},
                {{.outgoing = true,
                  .end = MODEM_END_REMOTE,
                  .cause = CX_CALL_ENDED_CAUSE_NO_ANSWER},
                 CX_CALL_ENDED_REASON_UNANSWERED},
                {{.outgoing = true, .end = MODEM_END_REMOTE, .cause = CX_CALL_ENDED_CAUSE_BUSY},
                 CX_CALL_ENDED_REASON_REMOTE_ENDED},
                {{.outgoing = true, .cause = CX_CALL_ENDED_CAUSE_CONGESTION},
                 CX_CALL_ENDED_REASON_FAILED},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                ck_assert_msg(reason_of_ending(&rows[i].ending) == rows[i].reason, "row %zu", i);
}
END_TEST

static TCase *case_of(const char *name, ...)
{
        TCase *tcase = tcase_create(name);
        const TTest *test;
        va_list tests;

        tcase_add_checked_fixture(tcase, set_up, NULL);
        va_start(tests, name);
        while ((test = va_arg(tests, const TTest *)))
                tcase_add_test(tcase, test);
        va_end(tests);
        return tcase;
}

SUITE_MAIN("plan",
           case_of("one call", answers_what_rings_alone, holds_and_resumes_one, cannot_hold,
                   ended_before_it_was_dialled, NULL),
           case_of("two calls", hold_and_answer_is_one, hold_beside_waiting, resume_beside_waiting,
                   swap_is_one, hold_beside_held, resume_beside_active, answer_without_a_hold,
                   waits_beside_nothing, end_and_answer_is_one, end_of_one_member_and_answer, NULL),
           case_of("three calls", third_is_not_answered, third_is_not_dialled, NULL),
           case_of("conference", join, conference_is_held_as_a_whole, all_but_one_are_held,
                   one_member_is_not_resumed, leave, NULL),
           case_of("by itself", done_with, microphone_is_whose_turn_it_is, a_key_at_a_time,
                   states_that_last, reasons, NULL));
