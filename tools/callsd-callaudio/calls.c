/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd's calls: whether one is going on, and closing the microphone for it.
 *
 * There is no microphone of the machine here. What is muted are the calls that are going on, each
 * by itself, and callsd forgets it with the call; so leaving call mode has nothing to unmute, and
 * a dialer that crashes opens no microphone that somebody closed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facade.h"

struct mute_request {
        struct facade *facade;
        sd_bus_message *message; /* NULL when it was replied to */
};

bool calls_reachable(const struct facade *facade)
{
        return cx_context_is_available(facade->context);
}

static bool is_current(const struct facade *facade, const struct cx_call *call)
{
        switch (cx_call_get_state(call)) {
        case CX_CALL_STATE_ANSWERING:
        case CX_CALL_STATE_STARTING:
        case CX_CALL_STATE_STARTED:
        case CX_CALL_STATE_CONNECTING:
        case CX_CALL_STATE_ACTIVE:
                return strcmp(cx_call_get_uuid(call), facade->call) != 0;
        default:
                return false;
        }
}

/* How many calls go on, and how many of them are muted. */
static unsigned count(struct facade *facade, unsigned *ret_muted)
{
        struct cx_call **calls = NULL;
        unsigned current = 0, muted = 0;

        if (calls_reachable(facade) && cx_call_observer_get_calls(facade->observer, &calls) >= 0) {
                for (struct cx_call **call = calls; *call; call++) {
                        if (!is_current(facade, *call))
                                continue;
                        current++;
                        muted += cx_call_is_muted(*call) != 0;
                }
                cx_call_list_free(calls);
        }
        *ret_muted = muted;
        return current;
}

bool calls_any_current(struct facade *facade)
{
        unsigned muted;

        return count(facade, &muted) > 0;
}

bool calls_all_muted(struct facade *facade)
{
        unsigned muted, current = count(facade, &muted);

        return current > 0 && muted == current;
}

/* Only the last wish counts. */
static void forget_wish(struct mute_request *request)
{
        struct facade *facade = request->facade;

        if (facade->mute_request == request) {
                facade->mute_request = NULL;
                facade->mute_wish = NO_WISH;
        }
}

static void request_free(struct mute_request *request)
{
        sd_bus_message_unref(request->message);
        free(request);
}

/* From now on the microphone is closed in the sound server, whatever the app does next. */
static void on_accepted(const struct cx_error *error, void *userdata)
{
        struct mute_request *request = userdata;
        struct facade *facade = request->facade;

        if (error) {
                say("callsd did not mute or unmute: %s", cx_error_get_message(error));
                forget_wish(request);
        }
        (void)service_reply(facade, request->message, !error);
        request->message = sd_bus_message_unref(request->message);
        if (error)
                request_free(request);
}

/* What was asked for is shown until it is seen, so that no client sees it flicker. */
static void on_completed(struct cx_transaction *transaction,
                         const struct cx_transaction_result *const *results, size_t n_results,
                         void *userdata)
{
        struct mute_request *request = userdata;
        struct facade *facade = request->facade;

        (void)transaction;
        for (size_t i = 0; i < n_results; i++)
                if (cx_transaction_result_get_error(results[i]))
                        forget_wish(request);
        if (facade->mute_request == request)
                facade->mute_request = NULL;
        request_free(request);
        service_update(facade);
}

static int add_action(struct cx_transaction *transaction, const char *call, bool mute)
{
        CX_CLEANUP(cx_action) struct cx_action *action = NULL;
        int r = cx_set_muted_call_action_new(call, mute, &action);

        return r < 0 ? r : cx_transaction_add_action(transaction, action);
}

/* What we know of a call is old while a wish is under way. */
static bool needs(const struct facade *facade, const struct cx_call *call, bool mute)
{
        return facade->mute_wish != NO_WISH || cx_call_is_muted(call) != mute;
}

/* One action for each call that goes on and is not as wanted. */
static int add_actions(struct facade *facade, struct cx_transaction *transaction, bool mute)
{
        struct cx_call **calls = NULL;
        int r = cx_call_observer_get_calls(facade->observer, &calls);

        if (r < 0)
                return r;
        r = 0;
        for (struct cx_call **call = calls; *call && r >= 0; call++)
                if (is_current(facade, *call) && needs(facade, *call, mute))
                        r = add_action(transaction, cx_call_get_uuid(*call), mute);
        cx_call_list_free(calls);
        return r;
}

static int send(struct facade *facade, struct cx_transaction *transaction, sd_bus_message *message,
                bool mute)
{
        struct mute_request *request = calloc(1, sizeof(*request));
        int r;

        if (!request)
                return -ENOMEM;
        request->facade = facade;
        request->message = sd_bus_message_ref(message);
        r = cx_call_controller_request(facade->controller, transaction, on_accepted, on_completed,
                                       request);
        if (r < 0) {
                request_free(request);
                return r;
        }
        facade->mute_request = request;
        facade->mute_wish = mute;
        return 1;
}

int calls_mute(struct facade *facade, sd_bus_message *message, bool mute)
{
        CX_CLEANUP(cx_transaction) struct cx_transaction *transaction = NULL;
        unsigned muted, current = count(facade, &muted);
        int r;

        if (current == 0) {
                if (mute)
                        say("nothing is muted: %s", calls_reachable(facade)
                                                            ? "no call of callsd's is going on"
                                                            : "callsd is not running");
                return service_reply(facade, message, !mute && calls_reachable(facade));
        }
        r = cx_transaction_new(&transaction);
        if (r >= 0)
                r = add_actions(facade, transaction, mute);
        if (r < 0)
                return r;
        if (cx_transaction_get_n_actions(transaction) == 0)
                return service_reply(facade, message, true);
        return send(facade, transaction, message, mute);
}

static void on_call_changed(struct cx_call_observer *observer, struct cx_call *call, void *userdata)
{
        struct facade *facade = userdata;
        unsigned muted, current = count(facade, &muted);

        (void)observer, (void)call;
        if (!facade->mute_request || current == 0)
                facade->mute_wish = NO_WISH;
        claim_update(facade);
        service_update(facade);
}

static void on_availability(struct cx_context *context, int available, void *userdata)
{
        struct facade *facade = userdata;

        (void)context;
        say(available ? "callsd is there"
                      : "callsd is not running: calls have no route and no mute here");
        route_refresh(facade);
        claim_update(facade);
        service_update(facade);
}

int calls_init(struct facade *facade, const char *address)
{
        int r = address ? cx_context_new_address(address, &facade->context)
                        : cx_context_new(&facade->context);

        facade->mute_wish = NO_WISH;
        if (r >= 0)
                r = cx_context_attach_event(facade->context, facade->event, 0);
        if (r >= 0)
                r = cx_call_controller_new(facade->context, &facade->controller);
        if (r >= 0)
                r = cx_call_observer_new(facade->context, &facade->observer);
        if (r >= 0)
                r = cx_call_observer_set_callback(facade->observer, on_call_changed, facade);
        if (r >= 0)
                r = cx_context_set_availability_callback(facade->context, on_availability, facade);
        return r;
}

void calls_done(struct facade *facade)
{
        cx_call_observer_unref(facade->observer);
        cx_call_controller_unref(facade->controller);
        cx_context_unref(facade->context);
}
