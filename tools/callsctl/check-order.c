/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders for the app, given as any controller gives them, and calls to try them on. */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "uri.h"

static const char advice_complete[] = "complete every order with FulfillAction or FailAction, also "
                                      "when it fails or is for a call "
                                      "that is over";

const char *ms(char *buffer, size_t size, uint64_t usec)
{
        if (usec == NO_TIME)
                snprintf(buffer, size, "-");
        else if (usec < MSEC)
                snprintf(buffer, size, "<1 ms");
        else
                snprintf(buffer, size, "%.0f ms", (double)usec / (double)MSEC);
        return buffer;
}

bool needs(struct row *row, const char *value, const char *option)
{
        if (!value)
                row_skip(row, "needs %s", option);
        return value;
}

struct asked {
        const struct wish *wishes;
        size_t n;
        uint64_t timeout;
        const char *provider;
};

static int append_wish(sd_bus_message *message, const struct asked *asked, const struct wish *wish)
{
        int r = sd_bus_message_open_container(message, 'r', "sa{sv}");

        if (r >= 0)
                r = sd_bus_message_append(message, "s", wish->type);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(message, "{sv}", "Call", "s", wish->call);
        if (r >= 0 && wish->text)
                r = sd_bus_message_append(message, "{sv}", wish->key, "s", wish->text);
        else if (r >= 0 && wish->key)
                r = sd_bus_message_append(message, "{sv}", wish->key, "b", (int)wish->flag);
        if (r >= 0 && strcmp(wish->type, "start-call") == 0)
                r = sd_bus_message_append(message, "{sv}{sv}", "Provider", "s", asked->provider,
                                          "HandleType", "s", wish->handle_type);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_asked(sd_bus_message *message, const void *userdata)
{
        const struct asked *asked = userdata;
        int r = sd_bus_message_open_container(message, 'a', "(sa{sv})");

        for (size_t i = 0; r >= 0 && i < asked->n; i++)
                r = append_wish(message, asked, &asked->wishes[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r
                     : sd_bus_message_append(message, "a{sv}", 1, "TimeoutUSec", "t",
                                             asked->timeout);
}

static int ask(struct check *check, const struct wish *wishes, size_t n, uint64_t timeout,
               sd_bus_error *error, struct request *ret_request)
{
        const struct asked asked = {wishes, n, timeout, check->identifier};
        _cleanup_json_ json_t *arguments = NULL;
        struct request request = {.n = n, .sent_at = monotonic_now()};
        int r;

        r = check_request(check, append_asked, &asked, error, &arguments);
        if (r < 0)
                return r;
        snprintf(request.transaction, sizeof(request.transaction), "%s",
                 json_string_value(json_array_get(arguments, 0)));
        for (size_t i = 0; i < n; i++)
                snprintf(request.actions[i], sizeof(request.actions[i]), "%s",
                         json_string_value(json_array_get(json_array_get(arguments, 1), i)));
        *ret_request = request;
        return 0;
}

/* Without "org.callsd.Error." and the like. */
static const char *short_name(const char *error)
{
        const char *dot = error ? strrchr(error, '.') : NULL;

        return dot ? dot + 1 : error ? error : "no answer";
}

/* False, and the row has failed, where callsd does not admit it. */
bool request_send(struct check *check, struct row *row, const struct wish *wishes, size_t n,
                  uint64_t timeout, struct request *ret_request)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = ask(check, wishes, n, timeout, &error, ret_request);
        if (r >= 0)
                return true;
        row_fail(row, "callsd takes the app's word for what its calls can do; correct its updates",
                 "callsd refused %s: %s: %s", wishes[0].type, short_name(error.name),
                 error.message ? error.message : strerror(-r));
        return false;
}

/* Until callsd says what became of it. */
bool request_wait(struct check *check, struct request *request)
{
        uint64_t deadline = deadline_in(patience(check) + 5 * SEC);

        while (!json_object_get(check->results, request->transaction) &&
               check_turn(check, deadline))
                ;
        request->done_at = monotonic_now();
        return json_object_get(check->results, request->transaction);
}

/* "fulfilled", the name of an error, or NULL where it is not known. */
const char *request_result(const struct check *check, const struct request *request, size_t i)
{
        const json_t *results = json_object_get(check->results, request->transaction);
        const json_t *result = json_array_get(results, i);

        return result ? text_of(result, "Result") : NULL;
}

/* How long the app took; without a monitor, how long callsd and the app took. */
uint64_t request_time(const struct check *check, const struct request *request, size_t i)
{
        const struct order *order = order_find(check, request->actions[i]);

        if (order && order->completed_at >= order->delivered_at)
                return order->completed_at - order->delivered_at;
        return request->done_at - request->sent_at;
}

static void explain(struct check *check, struct row *row, const struct request *request, size_t i)
{
        const json_t *results = json_object_get(check->results, request->transaction);
        const json_t *result = json_array_get(results, i);
        const char *name = text_of(result, "Result"), *reason = text_of(result, "Reason");
        const struct order *order = order_find(check, request->actions[i]);
        const char *type = text_of(result, "Type");

        if (check->peer_lost)
                row_fail(row, "the app must survive every order; look for a crash",
                         "the app left the bus at %s", type);
        else if (strcmp(name, "org.callsd.Error.ActionTimedOut") == 0)
                row_fail(row, advice_complete, "%s was not completed within %.0f s", type,
                         (double)patience(check) / (double)SEC);
        else if (order && order->n_accepted > 0 && !order->fulfilled)
                row_fail(row,
                         "an order that can't be done should not have been offered: see "
                         "Supports... in the updates of the call",
                         "the app failed %s: %s", type, *reason != '\0' ? reason : "no reason");
        else
                row_fail(row, NULL, "%s: %s%s%s", type, short_name(name),
                         *reason != '\0' ? ": " : "", reason);
}

/* Waits; false, and the row has failed, where one of its actions was not fulfilled. */
bool request_fulfilled(struct check *check, struct row *row, struct request *request)
{
        if (!request_wait(check, request)) {
                row_fail(row, check->peer_lost ? NULL : advice_complete,
                         check->peer_lost ? "the app left the bus"
                                          : "callsd did not say what became of the order");
                return false;
        }
        for (size_t i = 0; i < request->n; i++) {
                const char *result = request_result(check, request, i);

                if (result && strcmp(result, "fulfilled") == 0)
                        continue;
                check_settle(check);
                explain(check, row, request, i);
                return false;
        }
        return true;
}

bool wish_come_true(struct check *check, struct row *row, const struct wish *wish,
                    uint64_t *ret_usec)
{
        struct request request;

        if (!request_send(check, row, wish, 1, patience(check), &request) ||
            !request_fulfilled(check, row, &request))
                return false;
        check_settle(check);
        if (ret_usec)
                *ret_usec = request_time(check, &request, 0);
        return true;
}

/* Something that this call can do, to see whether orders are followed at all. */
bool wish_choose(struct check *check, const struct test_call *call, struct wish *ret_wish)
{
        static const struct {
                const char *property;
                struct wish wish;
        } choices[] = {
                {"SupportsHolding", {.type = "set-held-call", .key = "OnHold", .flag = true}},
                {"SupportsMuting", {.type = "set-muted-call", .key = "Muted", .flag = true}},
                {"SupportsDTMF", {.type = "play-dtmf-call", .key = "Digits", .text = "1"}},
        };

        for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
                if (!call_flag(check, call, choices[i].property))
                        continue;
                *ret_wish = choices[i].wish;
                ret_wish->call = call->uuid;
                return true;
        }
        return false;
}

/* What the app says it cannot do it is never asked for. */
bool wish_refused(struct check *check, struct row *row, const struct wish *wish)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        struct request request;

        if (ask(check, wish, 1, patience(check), &error, &request) < 0)
                return true;
        row_fail(row, NULL, "callsd admitted %s, which the app says it can't do", wish->type);
        return false;
}

/* ---- calls ---- */

static bool start(struct check *check, struct row *row, const char *uuid, const char *handle,
                  struct request *ret_request)
{
        struct callee callee = {0};
        struct wish wish = {.type = "start-call", .call = uuid, .key = "Handle"};
        char *error = NULL;
        bool sent = false;

        if (callee_read(handle, &callee, &error) < 0) {
                row_fail(row, NULL, "'%s' can't be called: %s", handle,
                         error ? error : "no memory");
        } else {
                wish.text = callee.handle;
                wish.handle_type = check->ctl->handle_type ? check->ctl->handle_type : callee.type;
                sent = request_send(check, row, &wish, 1, patience(check), ret_request);
        }
        callee_done(&callee);
        free(error);
        return sent;
}

/* The call exists when this returns; NULL, and the row has failed, where callsd refused it. */
struct test_call *call_dial(struct check *check, struct row *row, const char *handle,
                            struct request *ret_request)
{
        uint64_t deadline = deadline_in(patience(check));
        char uuid[UUID_SIZE];
        struct test_call *call;
        sd_id128_t id;

        if (sd_id128_randomize(&id) < 0)
                return NULL;
        snprintf(uuid, sizeof(uuid), SD_ID128_UUID_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
        if (!start(check, row, uuid, handle, ret_request))
                return NULL;
        call = call_note(check, uuid);
        if (!call)
                return NULL;
        call->taken = true;
        while (*call->path == '\0' && check_turn(check, deadline))
                ;
        return call;
}

static struct test_call *find_ringing(const struct check *check)
{
        for (struct test_call *call = check->calls; call; call = call->next)
                if (!call->taken && call->owner == OWNER_TESTED && call_in(call, "ringing"))
                        return call;
        return NULL;
}

/* Has somebody call the app; NULL, and the row says why, if nobody does. */
struct test_call *call_receive(struct check *check, struct row *row)
{
        uint64_t deadline = deadline_in(patience(check) + 5 * SEC);
        struct test_call *call;

        if (!needs(row, check->options->incoming, "--incoming") ||
            !command_run(check, row, check->options->incoming, NULL))
                return NULL;
        while (!(call = find_ringing(check)) && !command_failed(check) &&
               check_turn(check, deadline))
                ;
        if (!call)
                command_blame(check, row, check->options->incoming);
        if (call)
                call->taken = true;
        else
                row_fail(row,
                         "report every call with ReportNewIncomingCall; see that --incoming "
                         "calls the app",
                         "no call rings after '%s'", check->options->incoming);
        return call;
}

static struct test_call *find_active(const struct check *check)
{
        for (struct test_call *call = check->calls; call; call = call->next)
                if (call->owner == OWNER_TESTED && call_in(call, "active"))
                        return call;
        return NULL;
}

static size_t count_live(const struct check *check)
{
        size_t n = 0;

        for (const struct test_call *call = check->calls; call; call = call->next)
                n += call->owner == OWNER_TESTED && call_lives(call);
        return n;
}

static struct test_call *make_active(struct check *check, struct row *row)
{
        const struct wish wish = {.type = "answer-call"};
        struct wish answer = wish;
        struct request request;
        struct test_call *call;

        if (check->options->dial) {
                call = call_dial(check, row, check->options->dial, &request);
                if (!call || !request_fulfilled(check, row, &request))
                        return NULL;
        } else {
                call = call_receive(check, row);
                if (!call)
                        return NULL;
                answer.call = call->uuid;
                if (!wish_come_true(check, row, &answer, NULL))
                        return NULL;
        }
        if (call_wait(check, call, "active"))
                return call;
        row_fail(row, NULL, "no call to try it on: it is %s",
                 call_lives(call) ? call->state : "over");
        return NULL;
}

/* One that is active and the only one: what an earlier check left, or a new one. */
struct test_call *call_get_active(struct check *check, struct row *row)
{
        struct test_call *call = find_active(check);

        if (call && count_live(check) == 1)
                return call;
        calls_clear(check);
        return make_active(check, row);
}

/* Another one that is active, and the first is held then. */
struct test_call *call_get_other(struct check *check, struct row *row,
                                 const struct test_call *first)
{
        struct test_call *other = make_active(check, row);

        if (!other)
                return NULL;
        if (call_wait(check, first, "held"))
                return other;
        row_fail(row, NULL, "the first call is %s when the second is active", first->state);
        return NULL;
}
