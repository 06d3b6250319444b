/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that hold all the time, whatever is being checked. What breaks one is noted, and is a
 * line of the table at the end; the checks themselves only look at what came of their orders.
 */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Clocks that differ, and a date that was taken a moment before. */
#define DATE_SLACK (2 * SEC)

static uint64_t realtime_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t)now.tv_sec * SEC + (uint64_t)now.tv_nsec / 1000;
}

void fault(struct check *check, enum rule rule, const char *format, ...)
{
        struct fault *fault = &check->faults[rule];
        va_list arguments;

        if (check->over || fault->n++ > 0)
                return;
        va_start(arguments, format);
        if (vasprintf(&fault->text, format, arguments) < 0)
                fault->text = NULL;
        va_end(arguments);
}

static const char *at(const json_t *arguments, size_t index)
{
        const char *text = json_string_value(json_array_get(arguments, index));

        return text ? text : "";
}

static bool is_one_of(const char *word, const char *const *words)
{
        for (; *words; words++)
                if (strcmp(word, *words) == 0)
                        return true;
        return false;
}

static bool is_completion(const char *member)
{
        return strcmp(member, "FulfillAction") == 0 || strcmp(member, "FailAction") == 0;
}

/* ---- dates ---- */

static const char *const dated_members[] = {"FulfillAction",
                                            "ReportOutgoingCallStartedConnecting",
                                            "ReportOutgoingCallConnected",
                                            "ReportCallEnded",
                                            "ReportCallState",
                                            NULL};

static void judge_date(struct check *check, const char *member, const char *key, uint64_t date,
                       uint64_t earliest)
{
        uint64_t now = realtime_now();

        if (date == 0 || (date + DATE_SLACK >= earliest && date <= now + DATE_SLACK))
                return;
        fault(check, RULE_DATES,
              "%s has the %s %" PRIu64 ", which is %.0f s %s; it is %" PRIu64 " now", member, key,
              date, (double)(date > now ? date - now : earliest - date) / (double)SEC,
              date > now ? "in the future" : "before the call began", now);
}

static void judge_dates(struct check *check, const char *member, const json_t *arguments)
{
        bool state =
                strcmp(member, "ReportCallEnded") == 0 || strcmp(member, "ReportCallState") == 0;
        const json_t *details = json_array_get(arguments, state ? 2 : 1);
        const struct order *order = order_find(check, at(arguments, 0));
        const struct test_call *call = call_find(check, order ? order->call : at(arguments, 0));

        if (strcmp(member, "ReportCall") == 0) {
                judge_date(check, member, "StartedAt", number_of(details, "StartedAt"), 0);
                judge_date(check, member, "ConnectedAt", number_of(details, "ConnectedAt"), 0);
        } else if (is_one_of(member, dated_members) && json_object_get(details, "Date")) {
                judge_date(check, member, "Date", number_of(details, "Date"),
                           call ? call->seen_date : 0);
        }
}

/* ---- calls that are over ---- */

static const char *const report_members[] = {"ReportOutgoingCallStartedConnecting",
                                             "ReportOutgoingCallConnected",
                                             "ReportCallUpdated",
                                             "ReportCallEnded",
                                             "ReportCallState",
                                             "ReportCallMuted",
                                             "ReportCall",
                                             "ReportNewIncomingCall",
                                             NULL};

static void judge_finality(struct check *check, const char *member, const struct test_call *call)
{
        if (call->over_at > 0)
                fault(check, RULE_FINAL, "%s for the call %.8s, %" PRIu64 " ms after its end",
                      member, call->uuid, (monotonic_now() - call->over_at) / MSEC);
}

static void note_report(struct check *check, const char *member, const json_t *arguments)
{
        bool makes =
                strcmp(member, "ReportNewIncomingCall") == 0 || strcmp(member, "ReportCall") == 0;
        struct test_call *call =
                makes ? call_note(check, at(arguments, 0)) : call_find(check, at(arguments, 0));
        uint64_t now = monotonic_now();

        check->n_reports++;
        if (!call)
                return;
        judge_finality(check, member, call);
        if (makes)
                call->n_reported++;
        else if (strcmp(member, "ReportOutgoingCallStartedConnecting") == 0)
                call->connecting_at = now;
        else if (strcmp(member, "ReportOutgoingCallConnected") == 0)
                call->connected_at = now;
        if (strcmp(member, "ReportCallEnded") == 0 && call->over_at == 0) {
                snprintf(call->reason, sizeof(call->reason), "%s", at(arguments, 1));
                snprintf(call->cause, sizeof(call->cause), "%s",
                         text_of(json_array_get(arguments, 2), "Cause"));
                call->over_at = now;
        }
}

/* ---- completions ---- */

static bool sets_up(const struct order *order)
{
        return strcmp(order->type, "start-call") == 0 || strcmp(order->type, "answer-call") == 0;
}

static void note_completion(struct order *order, uint64_t when, bool fulfilled)
{
        order->n_accepted++;
        order->completed_at = when;
        order->fulfilled = fulfilled;
}

/* What is said next is said of a call that is over, though callsd does not know yet. */
static void note_end(struct check *check, const char *member, const char *action)
{
        const struct order *order = order_find(check, action);
        struct test_call *call = order ? call_find(check, order->call) : NULL;

        if (call && call->over_at == 0 &&
            (strcmp(order->type, "end-call") == 0 ||
             (sets_up(order) && strcmp(member, "FailAction") == 0)))
                call->over_at = monotonic_now();
}

/* The app says something; what callsd answers is not known yet. */
void judge_said(struct check *check, const char *member, const json_t *arguments)
{
        keys_judge(check, member, arguments);
        judge_dates(check, member, arguments);
        if (is_one_of(member, report_members))
                note_report(check, member, arguments);
        if (is_completion(member))
                note_end(check, member, at(arguments, 0));
}

static void judge_completion(struct check *check, const char *member, const json_t *arguments,
                             uint64_t when, const char *error)
{
        struct order *order = order_find(check, at(arguments, 0));

        check->n_completions++;
        if (!error && order)
                note_completion(order, when, strcmp(member, "FulfillAction") == 0);
        else if (error && strcmp(error, "org.callsd.Error.WrongState") == 0)
                fault(check, RULE_IN_ORDER, "%s of %s before an order that came before it", member,
                      order ? order->type : "an order");
        else if (error && strcmp(error, "org.callsd.Error.UnknownAction") == 0 && !order)
                fault(check, RULE_VALID, "%s of '%s', which is no order that was given", member,
                      at(arguments, 0));
        else if (error && strcmp(error, "org.callsd.Error.UnknownAction") == 0 &&
                 order->n_accepted > 0)
                fault(check, RULE_COMPLETES_ONCE, "%s again for a %s that was complete", member,
                      order->type);
}

/* ---- answers ---- */

/* A callsd that is away, has too much to do, or knows what the user wants. */
static const char *const harmless_errors[] = {
        "org.callsd.Error.UnknownAction",
        "org.callsd.Error.LimitReached",
        "org.callsd.Error.IncomingCall.FilteredByDoNotDisturb",
        "org.callsd.Error.IncomingCall.FilteredByBlockList",
        "org.freedesktop.DBus.Error.NoReply",
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.Disconnected",
        NULL,
};

/* Whether the app was ordered to start or answer this call; it may be over again. */
static bool was_set_up(const struct check *check, const char *call)
{
        for (const struct order *order = check->orders; order; order = order->next)
                if (sets_up(order) && strcasecmp(order->call, call) == 0)
                        return true;
        return false;
}

static void judge_error(struct check *check, const char *member, const json_t *arguments,
                        const char *error, const char *message)
{
        bool unknown_call =
                strcmp(error, "org.callsd.Error.RequestTransaction.UnknownCallUUID") == 0;

        if (is_one_of(error, harmless_errors) || is_completion(member))
                return;
        if (strcmp(member, "GetStreamProperties") == 0) {
                if (!unknown_call && !was_set_up(check, at(arguments, 0)))
                        fault(check, RULE_STREAMS, "GetStreamProperties before the order: %s",
                              message);
        } else if (!unknown_call)
                fault(check, RULE_VALID, "%s: %s: %s", member, strrchr(error, '.') + 1, message);
        else if (is_one_of(member, report_members) && !call_find(check, at(arguments, 0)))
                fault(check, RULE_FINAL, "%s for '%s', a call that callsd does not know", member,
                      at(arguments, 0));
}

/* The answer of callsd to what the app said at `when`; `error` is NULL if it was taken. */
void judge_answered(struct check *check, const char *member, const json_t *arguments, uint64_t when,
                    const char *error, const char *message)
{
        struct test_call *call;

        if (is_completion(member))
                judge_completion(check, member, arguments, when, error);
        if (is_completion(member) && error &&
            strcmp(error, "org.freedesktop.DBus.Error.InvalidArgs") == 0)
                fault(check, RULE_VALID, "%s: %s", member, message);
        if (error && strrchr(error, '.'))
                judge_error(check, member, arguments, error, message);
        call = strcmp(member, "GetStreamProperties") == 0 && !error
                       ? call_find(check, at(arguments, 0))
                       : NULL;
        if (call && call->asked_streams_at == 0)
                call->asked_streams_at = when;
}

static bool is_too_early(const struct check *check, const struct order *order)
{
        for (const struct order *other = check->orders; other; other = other->next)
                if (other->part == order->part && other->index < order->index &&
                    other->completed_at == 0 && !other->withdrawn &&
                    strcmp(other->type, "end-call") != 0)
                        return strcmp(order->type, "end-call") != 0;
        return false;
}

/* An app that wants no answer gets none, not even an error: what callsd would say is guessed. */
void judge_unanswered(struct check *check, const char *member, const json_t *arguments,
                      uint64_t when)
{
        const struct order *order = order_find(check, at(arguments, 0));
        const char *error = NULL;

        if (!is_completion(member))
                return;
        if (!order || order->n_accepted > 0 || order->withdrawn)
                error = "org.callsd.Error.UnknownAction";
        else if (is_too_early(check, order))
                error = "org.callsd.Error.WrongState";
        judge_answered(check, member, arguments, when, error, "");
}

/* ---- what callsd says to the app ---- */

static void on_withdrawn(struct check *check, const char *action, bool timed_out)
{
        struct order *order = order_find(check, action);

        if (!order)
                return;
        order->withdrawn = true;
        if (timed_out && !check->provoked && !check->peer_lost)
                fault(check, RULE_COMPLETES_ALL, "%s was not completed before its deadline",
                      order->type);
}

void judge_told(struct check *check, const char *member, const json_t *arguments)
{
        struct test_call *call = call_find(check, at(arguments, 0));

        if (strcmp(member, "ActionTimedOut") == 0 || strcmp(member, "ActionCancelled") == 0)
                on_withdrawn(check, at(arguments, 0), strcmp(member, "ActionTimedOut") == 0);
        else if (strcmp(member, "AudioSessionActivated") == 0 && call && call->sound_at == 0)
                call->sound_at = monotonic_now();
}

void judge_lost(struct check *check)
{
        fault(check, RULE_STAYS, "its connection to the bus was gone %s",
              check->orders && check->orders->completed_at == 0 ? "after an order"
                                                                : "between orders");
}

/* The app knows by now that callsd has ended this call. */
void judge_withdrawn(struct check *check, const struct test_call *call)
{
        struct test_call *mine = call_find(check, call->uuid);

        if (mine && mine->over_at == 0)
                mine->over_at = monotonic_now();
}
