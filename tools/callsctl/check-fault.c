/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes wrong between a person and an app: the call is ended while the app is starting or
 * answering it, orders are taken back, the app is too late.
 *
 * The app's process is stopped while the orders are given, so that it finds them all at once.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

static const char advice_withdrawn[] = "drop a call whose start or answer was cancelled or timed "
                                       "out, and report nothing more of it";

static bool wait_delivered(struct check *check, const char *action)
{
        uint64_t deadline = deadline_in(patience(check));

        while (!order_find(check, action) && check_turn(check, deadline))
                ;
        return order_find(check, action);
}

static bool send_end(struct check *check, struct row *row, const struct test_call *call,
                     struct request *ret_request)
{
        const struct wish end = {.type = "end-call", .call = call->uuid};

        return request_send(check, row, &end, 1, patience(check), ret_request);
}

/* The app goes on, and finds what was ordered meanwhile; true if the call is then over. */
static bool let_go_on(struct check *check, struct row *row, struct test_call *call,
                      struct request *end)
{
        process_continue(check);
        if (!request_fulfilled(check, row, end))
                return false;
        if (!call_wait_over(check, call)) {
                row_fail(row, advice_withdrawn, "the call is %s after it was ended", call->state);
                return false;
        }
        check_quiet(check);
        return true;
}

static void judge_ended(struct check *check, struct row *row, const struct test_call *call,
                        const struct request *end, const char *text)
{
        if (call->connected_at > call->over_at && call->over_at > 0)
                row_fail(row, advice_withdrawn, "the call was reported as connected after its end");
        else if (check->peer_lost)
                row_fail(row, "the app must survive it; look for a crash", "the app left the bus");
        else
                row_pass(row, request_time(check, end, 0), "%s", text);
}

void check_end_during_start(struct check *check, struct row *row)
{
        struct request start, end;
        struct test_call *call;

        if (!needs(row, check->options->dial, "--dial"))
                return;
        calls_clear(check);
        if (!process_stop(check, row))
                return;
        call = call_dial(check, row, check->options->dial, &start);
        if (!call || !wait_delivered(check, start.actions[0]) ||
            !send_end(check, row, call, &end) || !let_go_on(check, row, call, &end))
                return;
        judge_ended(check, row, call, &end, "dropped the call that it was about to start");
}

void check_end_during_answer(struct check *check, struct row *row)
{
        struct wish wish = {.type = "answer-call"};
        struct request answer, end;
        struct test_call *call;

        calls_clear(check);
        call = call_receive(check, row);
        if (!call || !process_stop(check, row))
                return;
        wish.call = call->uuid;
        if (!request_send(check, row, &wish, 1, patience(check), &answer) ||
            !wait_delivered(check, answer.actions[0]) || !send_end(check, row, call, &end) ||
            !let_go_on(check, row, call, &end))
                return;
        judge_ended(check, row, call, &end, "dropped the call that it was about to answer");
}

/* An order that it has not seen yet is taken back, since the call is ended. */
void check_cancelled(struct check *check, struct row *row)
{
        struct test_call *call = call_get_active(check, row);
        struct request taken_back, end;
        struct wish wish;

        if (!call)
                return;
        if (!wish_choose(check, call, &wish)) {
                row_skip(row, "the call supports nothing that could be taken back");
                return;
        }
        if (!process_stop(check, row) ||
            !request_send(check, row, &wish, 1, patience(check), &taken_back) ||
            !wait_delivered(check, taken_back.actions[0]) || !send_end(check, row, call, &end) ||
            !let_go_on(check, row, call, &end))
                return;
        judge_ended(check, row, call, &end, "an order that was taken back did no harm");
}

static bool next_call_works(struct check *check, struct row *row, uint64_t *ret_usec)
{
        struct wish answer = {.type = "answer-call"};
        struct test_call *call;

        commands_end(check);
        call = call_receive(check, row);
        if (!call)
                return false;
        answer.call = call->uuid;
        return wish_come_true(check, row, &answer, ret_usec) && call_wait(check, call, "active");
}

static bool be_late(struct check *check, struct row *row, struct test_call *call)
{
        const struct wish answer = {.type = "answer-call", .call = call->uuid};
        struct request request;
        const char *result;

        if (!request_send(check, row, &answer, 1, SEC, &request))
                return false;
        (void)request_wait(check, &request);
        result = request_result(check, &request, 0);
        process_continue(check);
        if (result && strcmp(result, "org.callsd.Error.ActionTimedOut") == 0)
                return true;
        row_fail(row, NULL, "callsd did not give up on the answer: %s",
                 result ? result : "silence");
        return false;
}

void check_late_answer(struct check *check, struct row *row)
{
        struct test_call *call;
        uint64_t usec;
        unsigned before;
        char text[32];

        calls_clear(check);
        call = call_receive(check, row);
        if (!call || !process_stop(check, row) || !be_late(check, row, call))
                return;
        check_quiet(check);
        judge_withdrawn(check, call);
        before = check->faults[RULE_FINAL].n;
        if (!next_call_works(check, row, &usec)) {
                row_fail(row, advice_withdrawn, "the next call could not be answered");
                return;
        }
        check_quiet(check);
        if (check->faults[RULE_FINAL].n > before)
                row_fail(row, advice_withdrawn,
                         "the call went on for the app after ActionTimedOut");
        else
                row_pass(row, usec, "dropped; the next call was answered in %s",
                         ms(text, sizeof(text), usec));
}
