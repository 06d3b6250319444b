/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the app says it is, calls that it places, and their end. */
#include "check.h"

#include <stdio.h>
#include <string.h>

static const char advice_end[] = "end the call at its network, and tell it with ReportCallEnded";

static bool is_scheme(const char *text)
{
        return *text >= 'a' && *text <= 'z' &&
               strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == strlen(text);
}

static bool has_bad_scheme(const json_t *schemes, const char **ret_scheme)
{
        for (size_t i = 0; i < json_array_size(schemes); i++) {
                *ret_scheme = json_string_value(json_array_get(schemes, i));
                if (*ret_scheme && !is_scheme(*ret_scheme))
                        return true;
        }
        return false;
}

void check_configuration(struct check *check, struct row *row)
{
        const json_t *provider = check->provider, *schemes;
        const char *name = text_of(provider, "DisplayName"), *scheme = "";

        schemes = json_object_get(provider, "SupportedURISchemes");
        if (*name == '\0' || strcmp(name, check->identifier) == 0)
                row_fail(row,
                         "give the app a desktop file or a manifest with a name, or set "
                         "LocalizedName",
                         "people see '%s' as its name", name);
        else if (has_bad_scheme(schemes, &scheme))
                row_fail(row, "a scheme is written in lower case and without ':', as in sip",
                         "'%s' is no URI scheme", scheme);
        else if (number_of(provider, "MaximumCallGroups") == 0 ||
                 number_of(provider, "MaximumCallsPerCallGroup") == 0)
                row_fail(row, "both limits are at least 1", "it can't have any calls");
        else
                row_pass(row, NO_TIME, "'%s', %u groups of %u calls", name,
                         (unsigned)number_of(provider, "MaximumCallGroups"),
                         (unsigned)number_of(provider, "MaximumCallsPerCallGroup"));
}

static const char *since(char *buffer, size_t size, uint64_t when, uint64_t from)
{
        return ms(buffer, size, when >= from && from > 0 && when > 0 ? when - from : NO_TIME);
}

static void judge_progress(struct check *check, struct row *row, const struct test_call *call,
                           struct request *request)
{
        const struct order *order = order_find(check, request->actions[0]);
        uint64_t from = order ? order->delivered_at : request->sent_at;
        char active[32], connecting[32], sound[32];

        if (order && call->connected_at > 0 &&
            (order->completed_at == 0 || call->connected_at < order->completed_at))
                row_fail(row,
                         "fulfil start-call when the call is on its way, and report that it is "
                         "connected after that",
                         "reported as connected before start-call was fulfilled");
        else if (call->connected_at > 0 && call->connecting_at > call->connected_at)
                row_fail(row,
                         "ReportOutgoingCallStartedConnecting comes before "
                         "ReportOutgoingCallConnected, or not at all",
                         "reported as connecting after it was connected");
        else
                row_pass(row, request_time(check, request, 0),
                         "connecting after %s, connected after %s, sound after %s",
                         since(connecting, sizeof(connecting), call->connecting_at, from),
                         since(active, sizeof(active), call->active_at, from),
                         since(sound, sizeof(sound), call->sound_at, from));
}

/* callsd gives the sound as soon as it is linked; without any there is none to wait for. */
static void wait_sound(struct check *check, const struct test_call *call)
{
        uint64_t deadline = deadline_in(SEC);

        while (check->monitor && call->sound_at == 0 && check_turn(check, deadline))
                ;
}

void check_outgoing(struct check *check, struct row *row)
{
        struct request request;
        struct test_call *call;

        if (!needs(row, check->options->dial, "--dial"))
                return;
        call = call_dial(check, row, check->options->dial, &request);
        if (!call || !request_fulfilled(check, row, &request))
                return;
        if (!call_wait(check, call, "active")) {
                row_fail(row,
                         "tell with ReportOutgoingCallConnected that the far end has answered, "
                         "and see that it does",
                         "the call is %s, not active", call_lives(call) ? call->state : "over");
                return;
        }
        wait_sound(check, call);
        check_settle(check);
        judge_progress(check, row, call, &request);
}

/* Until the far end answers: a number that only rings is better for this. */
void check_outgoing_cancelled(struct check *check, struct row *row)
{
        const char *handle =
                check->options->dial_ringing ? check->options->dial_ringing : check->options->dial;
        struct wish end = {.type = "end-call"};
        struct request request;
        struct test_call *call;
        bool too_late;
        uint64_t usec;

        if (!needs(row, handle, "--dial or --dial-ringing"))
                return;
        call = call_dial(check, row, handle, &request);
        if (!call || !request_fulfilled(check, row, &request))
                return;
        end.call = call->uuid;
        if (!wish_come_true(check, row, &end, &usec))
                return;
        too_late = call->active_at > 0;
        check_quiet(check);
        if (!call_wait_over(check, call))
                row_fail(row, advice_end, "the call is %s after it was ended", call->state);
        else if (too_late)
                row_skip(row, "the far end was quicker; needs --dial-ringing");
        else
                row_pass(row, usec, "ended before the far end answered");
}

void check_outgoing_refused(struct check *check, struct row *row)
{
        struct request request;
        struct test_call *call;
        _cleanup_json_ json_t *details = NULL;
        const char *cause;

        if (!needs(row, check->options->dial_busy, "--dial-busy"))
                return;
        call = call_dial(check, row, check->options->dial_busy, &request);
        if (!call)
                return;
        if (!request_wait(check, &request) || !call_wait_over(check, call)) {
                row_fail(row,
                         "fail start-call, or report the call as ended, when the network "
                         "refuses it",
                         "the call is %s", call->state);
                return;
        }
        details = call_details(check, call);
        cause = text_of(details, "EndedCause");
        if (call->active_at > 0)
                row_fail(row, "do not report a call as connected before the far end has answered",
                         "the call was active before it was refused");
        else
                row_pass(row, request.done_at - request.sent_at, "ended as %s, %s",
                         details ? text_of(details, "EndedReason") : "refused",
                         *cause != '\0' ? cause : "with no cause");
}

void check_end(struct check *check, struct row *row)
{
        struct test_call *call = call_get_active(check, row);
        struct wish end = {.type = "end-call"};
        uint64_t usec;

        if (!call)
                return;
        end.call = call->uuid;
        if (!wish_come_true(check, row, &end, &usec))
                return;
        if (call_wait_over(check, call))
                row_pass(row, usec, "ended by this side");
        else
                row_fail(row, advice_end, "the call is %s after it was ended", call->state);
}

void check_remote_end(struct check *check, struct row *row)
{
        struct test_call *call;
        uint64_t began;

        if (!needs(row, check->options->remote_end, "--remote-end"))
                return;
        call = call_get_active(check, row);
        began = monotonic_now();
        if (!call || !command_run(check, row, check->options->remote_end, call))
                return;
        if (!call_wait_over(check, call)) {
                command_blame(check, row, check->options->remote_end);
                row_fail(row, "report every call that ends with ReportCallEnded",
                         "the call is %s after '%s'", call->state, check->options->remote_end);
                return;
        }
        check_settle(check);
        if (*call->reason != '\0' && strcmp(call->reason, "remote-ended") != 0)
                row_fail(row, "the reason is remote-ended when the far end hangs up",
                         "reported as %s", call->reason);
        else
                row_pass(row, monotonic_now() - began, "reported as ended by the far end");
}
