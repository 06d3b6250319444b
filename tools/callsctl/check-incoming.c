/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that come in: answered, declined, given up by the caller. */
#include "check.h"

#include <stdio.h>
#include <string.h>

/* With no other call about: a far end that is told to hang up has this one only. */
static struct test_call *receive_alone(struct check *check, struct row *row)
{
        calls_clear(check);
        return call_receive(check, row);
}

static void wait_sound(struct check *check, const struct test_call *call)
{
        uint64_t deadline = deadline_in(SEC);

        while (check->monitor && call->sound_at == 0 && check_turn(check, deadline))
                ;
        check_settle(check);
}

static void judge_answer(struct check *check, struct row *row, const struct test_call *call,
                         const struct request *request)
{
        const struct order *order = order_find(check, request->actions[0]);
        char sound[32];

        if (call->n_reported > 1)
                row_fail(row, "report a call once; what changes is ReportCallUpdated",
                         "the call was reported %u times", call->n_reported);
        else
                row_pass(row, request_time(check, request, 0), "active; sound %s after the order",
                         ms(sound, sizeof(sound),
                            order && call->sound_at > order->delivered_at
                                    ? call->sound_at - order->delivered_at
                                    : NO_TIME));
}

void check_incoming(struct check *check, struct row *row)
{
        struct test_call *call = receive_alone(check, row);
        struct wish answer = {.type = "answer-call"};
        struct request request;

        if (!call)
                return;
        answer.call = call->uuid;
        if (!request_send(check, row, &answer, 1, patience(check), &request) ||
            !request_fulfilled(check, row, &request))
                return;
        if (!call_wait(check, call, "active")) {
                row_fail(row, "a call that was answered goes on until somebody ends it",
                         "the call is %s after its answer",
                         call_lives(call) ? call->state : "over");
                return;
        }
        wait_sound(check, call);
        judge_answer(check, row, call, &request);
}

void check_declined(struct check *check, struct row *row)
{
        struct wish decline = {.type = "end-call", .key = "Reason", .text = "declined"};
        struct test_call *call = receive_alone(check, row);
        _cleanup_json_ json_t *details = NULL;
        uint64_t usec;

        if (!call)
                return;
        decline.call = call->uuid;
        if (!wish_come_true(check, row, &decline, &usec))
                return;
        details = call_wait_over(check, call) ? call_details(check, call) : NULL;
        if (call_lives(call))
                row_fail(row, NULL, "the call is %s after it was declined", call->state);
        else if (details && strcmp(text_of(details, "EndedReason"), "declined") != 0)
                row_fail(row, "end-call of a ringing call declines it: do not answer first",
                         "it ended as %s, not as declined", text_of(details, "EndedReason"));
        else
                row_pass(row, usec, "declined");
}

void check_missed(struct check *check, struct row *row)
{
        struct test_call *call;
        uint64_t began;

        if (!needs(row, check->options->remote_end, "--remote-end"))
                return;
        call = receive_alone(check, row);
        began = monotonic_now();
        if (!call || !command_run(check, row, check->options->remote_end, call))
                return;
        if (!call_wait_over(check, call)) {
                command_blame(check, row, check->options->remote_end);
                row_fail(row, "report a caller who gives up with ReportCallEnded, or it rings on",
                         "the call is %s after '%s'", call->state, check->options->remote_end);
                return;
        }
        check_settle(check);
        if (*call->reason != '\0' && strcmp(call->reason, "remote-ended") != 0 &&
            strcmp(call->reason, "unanswered") != 0)
                row_fail(row, "the reason is remote-ended, or unanswered, when the caller gives up",
                         "reported as %s", call->reason);
        else
                row_pass(row, monotonic_now() - began, "the caller gave up, and it was reported");
}
