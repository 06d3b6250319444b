/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two calls of one app: one waits while the other is active, they change places, they are joined.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

/* False, and the row is done, where the app says that it has one call at a time. */
static bool has_room(const struct check *check, struct row *row)
{
        if (number_of(check->provider, "MaximumCallGroups") > 1)
                return true;
        row_skip(row, "MaximumCallGroups is 1: it has one call at a time");
        return false;
}

static bool can_hold(struct check *check, struct row *row, const struct test_call *call)
{
        if (call_flag(check, call, "SupportsHolding"))
                return true;
        row_skip(row, "SupportsHolding is false: a call that can't be held stays alone");
        return false;
}

static void judge_places(struct row *row, const struct test_call *held,
                         const struct test_call *active, uint64_t usec, const char *text)
{
        if (call_in(held, "held") && call_in(active, "active"))
                row_pass(row, usec, "%s", text);
        else
                row_fail(row, "do not report another state than the one that was ordered",
                         "the calls are %s and %s, not held and active",
                         call_lives(held) ? held->state : "over",
                         call_lives(active) ? active->state : "over");
}

void check_second_call(struct check *check, struct row *row)
{
        struct test_call *first, *second;
        struct wish answer = {.type = "answer-call"};
        struct request request;

        if (!has_room(check, row))
                return;
        first = call_get_active(check, row);
        if (!first || !can_hold(check, row, first))
                return;
        if (check->options->incoming) {
                second = call_receive(check, row);
                if (!second)
                        return;
                answer.call = second->uuid;
                if (!request_send(check, row, &answer, 1, patience(check), &request))
                        return;
        } else {
                second = call_dial(check, row, check->options->dial, &request);
                if (!second)
                        return;
        }
        if (!request_fulfilled(check, row, &request))
                return;
        (void)call_wait(check, second, "active");
        check_quiet(check);
        judge_places(row, first, second, request.done_at - request.sent_at,
                     check->options->incoming ? "the first was held, then the second answered"
                                              : "the first was held, then the second started");
}

/* Two calls, the first held, the second active. */
static bool get_pair(struct check *check, struct row *row, struct test_call **ret_held,
                     struct test_call **ret_active)
{
        struct test_call *held = NULL, *active = NULL;

        if (!has_room(check, row))
                return false;
        for (struct test_call *call = check->calls; call; call = call->next) {
                if (call->owner == OWNER_TESTED && call_in(call, "held"))
                        held = call;
                if (call->owner == OWNER_TESTED && call_in(call, "active"))
                        active = call;
        }
        if (!held || !active) {
                held = call_get_active(check, row);
                if (!held || !can_hold(check, row, held))
                        return false;
                active = call_get_other(check, row, held);
        }
        *ret_held = held;
        *ret_active = active;
        return active;
}

void check_swap(struct check *check, struct row *row)
{
        struct test_call *held, *active;
        struct wish wishes[2] = {{.type = "set-held-call", .key = "OnHold", .flag = true},
                                 {.type = "set-held-call", .key = "OnHold"}};
        struct request request;

        if (!get_pair(check, row, &held, &active))
                return;
        wishes[0].call = active->uuid;
        wishes[1].call = held->uuid;
        if (!request_send(check, row, wishes, 2, patience(check), &request) ||
            !request_fulfilled(check, row, &request))
                return;
        check_quiet(check);
        judge_places(row, active, held, request.done_at - request.sent_at,
                     "one was held, then the other resumed");
}

static bool leave(struct check *check, struct row *row, struct test_call *leaver,
                  struct test_call *rest)
{
        struct wish wish = {.type = "set-group-call",
                            .call = leaver->uuid,
                            .key = "CallToGroupWith",
                            .text = ""};
        uint64_t usec;

        if (!call_flag(check, leaver, "SupportsUngrouping")) {
                wish.text = "";
                return wish_refused(check, row, &wish);
        }
        if (!wish_come_true(check, row, &wish, &usec))
                return false;
        check_quiet(check);
        if (call_in(leaver, "active") && call_in(rest, "held"))
                return true;
        row_fail(row, "a call that leaves stays active, and the rest of its group is held",
                 "after the leave the calls are %s and %s",
                 call_lives(leaver) ? leaver->state : "over",
                 call_lives(rest) ? rest->state : "over");
        return false;
}

void check_group(struct check *check, struct row *row)
{
        struct test_call *held, *active;
        struct wish join = {.type = "set-group-call", .key = "CallToGroupWith"};
        uint64_t usec;

        if (number_of(check->provider, "MaximumCallsPerCallGroup") < 2) {
                row_skip(row, "MaximumCallsPerCallGroup is 1: it has no conferences");
                return;
        }
        if (!get_pair(check, row, &held, &active))
                return;
        join.call = held->uuid;
        join.text = active->uuid;
        if (!call_flag(check, held, "SupportsGrouping")) {
                if (wish_refused(check, row, &join))
                        row_pass(row, NO_TIME,
                                 "SupportsGrouping is false, and it was not asked to");
                return;
        }
        if (!wish_come_true(check, row, &join, &usec))
                return;
        check_quiet(check);
        if (!call_in(held, "active") || !call_in(active, "active"))
                row_fail(row, "all calls of a group are resumed when it is joined",
                         "after the join the calls are %s and %s", held->state, active->state);
        else if (leave(check, row, held, active))
                row_pass(row, usec, "joined, and taken apart again");
}

void check_end_and_answer(struct check *check, struct row *row)
{
        struct wish wishes[2] = {{.type = "end-call"}, {.type = "answer-call"}};
        struct test_call *first, *second;
        struct request request;

        if (!needs(row, check->options->incoming, "--incoming") || !has_room(check, row))
                return;
        first = call_get_active(check, row);
        second = first ? call_receive(check, row) : NULL;
        if (!second)
                return;
        wishes[0].call = first->uuid;
        wishes[1].call = second->uuid;
        if (!request_send(check, row, wishes, 2, patience(check), &request) ||
            !request_fulfilled(check, row, &request))
                return;
        check_quiet(check);
        if (!call_lives(first) && call_in(second, "active"))
                row_pass(row, request.done_at - request.sent_at,
                         "the first was ended, the second answered");
        else
                row_fail(row, NULL, "the calls are %s and %s, not ended and active",
                         call_lives(first) ? first->state : "over",
                         call_lives(second) ? second->state : "over");
}
