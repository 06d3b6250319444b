/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to a call that is active. */
#include "check.h"

#include <stdio.h>
#include <string.h>

/* True if the row is done: the app says its calls can't do this, so it is never asked to. */
static bool not_supported(struct check *check, struct row *row, const struct test_call *call,
                          const char *property, const struct wish *wish)
{
        if (call_flag(check, call, property))
                return false;
        if (wish_refused(check, row, wish))
                row_pass(row, NO_TIME, "%s is false, and it was not asked to", property);
        return true;
}

void check_mute(struct check *check, struct row *row)
{
        struct test_call *call = call_get_active(check, row);
        struct wish mute = {.type = "set-muted-call", .key = "Muted", .flag = true};
        uint64_t on, off;
        char text[32];

        if (!call)
                return;
        mute.call = call->uuid;
        if (not_supported(check, row, call, "SupportsMuting", &mute) ||
            !wish_come_true(check, row, &mute, &on))
                return;
        if (!call_flag(check, call, "Muted")) {
                row_fail(row, "do not undo what was ordered with ReportCallMuted",
                         "the call is not muted after the order");
                return;
        }
        mute.flag = false;
        if (!wish_come_true(check, row, &mute, &off))
                return;
        if (call_flag(check, call, "Muted"))
                row_fail(row, "do not undo what was ordered with ReportCallMuted",
                         "the call is still muted after the order");
        else
                row_pass(row, on, "muted, unmuted in %s", ms(text, sizeof(text), off));
}

void check_hold(struct check *check, struct row *row)
{
        struct test_call *call = call_get_active(check, row);
        struct wish hold = {.type = "set-held-call", .key = "OnHold", .flag = true};
        uint64_t on, off;
        char text[32];

        if (!call)
                return;
        hold.call = call->uuid;
        if (not_supported(check, row, call, "SupportsHolding", &hold) ||
            !wish_come_true(check, row, &hold, &on))
                return;
        check_quiet(check);
        if (!call_in(call, "held")) {
                row_fail(row, "do not report another state than the one that was ordered",
                         "the call is %s, not held", call_lives(call) ? call->state : "over");
                return;
        }
        hold.flag = false;
        if (!wish_come_true(check, row, &hold, &off))
                return;
        if (call_wait(check, call, "active"))
                row_pass(row, on, "held, resumed in %s", ms(text, sizeof(text), off));
        else
                row_fail(row, "do not report another state than the one that was ordered",
                         "the call is %s, not active", call_lives(call) ? call->state : "over");
}

void check_remote_hold(struct check *check, struct row *row)
{
        uint64_t began, deadline;
        struct test_call *call;
        bool held = false;

        if (!needs(row, check->options->remote_hold, "--remote-hold"))
                return;
        call = call_get_active(check, row);
        if (!call || !command_run(check, row, check->options->remote_hold, call))
                return;
        began = monotonic_now();
        deadline = deadline_in(patience(check));
        while (call_lives(call) && !(held = call_flag(check, call, "RemoteHeld")) &&
               check_pause(check, 50 * MSEC, deadline))
                ;
        if (!held)
                command_blame(check, row, check->options->remote_hold);
        if (held)
                row_pass(row, monotonic_now() - began, "reported as held by the far end");
        else
                row_fail(row, "tell with RemoteHeld in an update that the far end holds the call",
                         "nothing was reported after '%s'", check->options->remote_hold);
        calls_clear(check);
}

void check_dtmf(struct check *check, struct row *row)
{
        static const char *const keys[] = {"0", "1", "2", "3", "4", "5", "6", "7",
                                           "8", "9", "*", "#", "A", "B", "C", "D"};
        const size_t n = sizeof(keys) / sizeof(*keys);
        struct wish press = {.type = "play-dtmf-call", .key = "Digits", .text = "1"};
        struct test_call *call = call_get_active(check, row);
        uint64_t longest = 0;

        if (!call)
                return;
        press.call = call->uuid;
        if (not_supported(check, row, call, "SupportsDTMF", &press))
                return;
        for (size_t i = 0; i < n; i++) {
                uint64_t usec;

                press.text = keys[i];
                if (!wish_come_true(check, row, &press, &usec))
                        return;
                longest = usec > longest ? usec : longest;
        }
        row_pass(row, longest, "all 16 keys; the time is that of the slowest");
}

/* What a call can do, several of it in one transaction. */
static size_t make_wishes(struct check *check, const struct test_call *call, struct wish *wishes)
{
        static const char *const keys[] = {"1", "2", "3"};
        bool press = call_flag(check, call, "SupportsDTMF");
        size_t n = 0;

        if (call_flag(check, call, "SupportsMuting"))
                wishes[n++] = (struct wish){.type = "set-muted-call", .key = "Muted", .flag = true};
        for (size_t i = 0; press && i < sizeof(keys) / sizeof(*keys); i++)
                wishes[n++] =
                        (struct wish){.type = "play-dtmf-call", .key = "Digits", .text = keys[i]};
        for (size_t i = 0; i < n; i++)
                wishes[i].call = call->uuid;
        return n;
}

void check_several(struct check *check, struct row *row)
{
        struct test_call *call = call_get_active(check, row);
        struct wish wishes[WISHES_MAX];
        struct request request;
        size_t n;

        if (!call)
                return;
        n = make_wishes(check, call, wishes);
        if (n < 2) {
                row_skip(row, "the call supports no keys");
                return;
        }
        if (!request_send(check, row, wishes, n, patience(check), &request) ||
            !request_fulfilled(check, row, &request))
                return;
        wishes[0].flag = false; /* what was muted is unmuted */
        if (wishes[0].text || wish_come_true(check, row, &wishes[0], NULL))
                row_pass(row, request.done_at - request.sent_at, "%zu actions of one transaction",
                         n);
}
