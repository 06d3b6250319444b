/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the table for the rules that were watched all the time. */
#include "check.h"

#include <stdio.h>

static void judge(struct check *check, struct row *row, enum rule rule, unsigned n,
                  const char *what, const char *advice)
{
        const struct fault *fault = &check->faults[rule];

        if (fault->n > 1)
                row_fail(row, advice, "%u times; the first: %s", fault->n, fault->text);
        else if (fault->n == 1)
                row_fail(row, advice, "%s", fault->text);
        else if (!check->monitor)
                row_not_seen(row, "the bus lets nobody watch it");
        else if (n == 0)
                row_not_seen(row, "there was nothing to look at");
        else
                row_pass(row, NO_TIME, "%u %s", n, what);
}

void check_completes_all(struct check *check, struct row *row)
{
        judge(check, row, RULE_COMPLETES_ALL, check->n_completions, "completions in time",
              "complete every order with FulfillAction or FailAction before its deadline");
}

void check_completes_once(struct check *check, struct row *row)
{
        judge(check, row, RULE_COMPLETES_ONCE, check->n_completions,
              "completions, each the only one",
              "complete an order once: whoever fulfils it forgets it");
}

void check_in_order(struct check *check, struct row *row)
{
        judge(check, row, RULE_IN_ORDER, check->n_completions, "completions in their order",
              "complete the actions of one PerformTransaction one after the other; only end-call "
              "may be earlier");
}

void check_valid(struct check *check, struct row *row)
{
        judge(check, row, RULE_VALID, check->n_completions + check->n_reports,
              "messages, all understood",
              "the text of callsd says what was wrong; dbus-interfaces/ has every member");
}

void check_keys(struct check *check, struct row *row)
{
        judge(check, row, RULE_KEYS, check->n_completions + check->n_reports,
              "messages without unknown keys",
              "look for a mistyped key: callsd ignores it; dbus-interfaces/ has them all");
}

void check_dates(struct check *check, struct row *row)
{
        judge(check, row, RULE_DATES, check->n_completions + check->n_reports,
              "messages with plausible dates, or none",
              "dates are microseconds of CLOCK_REALTIME; leave them out for now");
}

void check_final(struct check *check, struct row *row)
{
        judge(check, row, RULE_FINAL, check->n_reports, "reports, all of live calls",
              "report nothing of a call after end-call is fulfilled or its end is reported");
}

void check_stays(struct check *check, struct row *row)
{
        judge(check, row, RULE_STAYS, check->peer ? 1 : 0, "connection, never lost",
              "look for a crash of the app");
}

/* Streams themselves are PipeWire's; what can be seen here is that the app asks how to join. */
void check_streams(struct check *check, struct row *row)
{
        unsigned n = 0;

        for (const struct test_call *call = check->calls; call; call = call->next)
                n += call->asked_streams_at > 0;
        if (n == 0 && check->monitor && check->faults[RULE_STREAMS].n == 0)
                row_not_seen(row,
                             "it asks for no stream properties; see docs/audio.md if it plays");
        else
                judge(check, row, RULE_STREAMS, n, "calls joined, each after its order",
                      "ask with GetStreamProperties, and open streams, when ordered to start or "
                      "answer");
}
