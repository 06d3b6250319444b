/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One modem at a time: from what is to what callsd wants, and back.
 *
 * Three things have to agree before a modem is asked for anything: nothing is under way there, what
 * was done has come true, and its calls are in a state that can last. Otherwise a verb could hit a
 * call that has just changed. Where that does not come about in SETTLE_USEC, the modem's word is
 * taken as it is.
 */
#include <errno.h>
#include <utlist.h>

#include "bridge.h"

#define SETTLE_USEC (3 * SEC_USEC)
#define RETRY_USEC (3 * SEC_USEC)
#define BUSY_USEC (200 * MSEC_USEC)
/* 10 s of them, and then some: callsd gives up earlier */
#define MAX_TRIES 50

void request_free(struct request *request)
{
        free(request->dialled);
        free(request);
}

static void request_end(struct modem *modem)
{
        struct request *request = modem->request;
        struct call *call;

        if (!request)
                return;
        modem->request = NULL;
        /* a call that never came about, and that nobody waits for any more */
        if (request->call && !request->call->id && request->call->condemned)
                call_free(request->call);
        DL_FOREACH (modem->calls, call)
                call->expected = EXPECTED_ANY;
        request_free(request);
}

static int on_settle_timer(sd_event_source *source, uint64_t usec, void *userdata);
static int on_retry_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void disarm(sd_event_source *timer)
{
        if (timer)
                (void)sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}

/* One that runs already goes on. */
static void arm(struct modem *modem, sd_event_source **timer, uint64_t delay_usec,
                sd_event_time_handler_t handler)
{
        int enabled = SD_EVENT_OFF;
        int r = 0;

        if (!*timer)
                r = sd_event_add_time_relative(modem->bridge->event, timer, CLOCK_MONOTONIC,
                                               delay_usec, 0, handler, modem);
        else if (sd_event_source_get_enabled(*timer, &enabled) >= 0 && enabled == SD_EVENT_OFF)
                r = sd_event_source_set_time_relative(*timer, delay_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("no timer: %s", strerror(-r));
}

static void arm_settle(struct modem *modem)
{
        arm(modem, &modem->settle_timer, SETTLE_USEC, on_settle_timer);
}

static void arm_retry(struct modem *modem, uint64_t delay_usec)
{
        disarm(modem->retry_timer);
        arm(modem, &modem->retry_timer, delay_usec, on_retry_timer);
}

/* --- what was asked --------------------------------------------------------------------------- */

/* What the verb will have done to each call, from how they are now. */
static void expect(struct modem *modem, const struct request *request)
{
        struct call *call;

        DL_FOREACH (modem->calls, call) {
                bool active = call->id && call->state == MODEM_CALL_ACTIVE;
                bool held = call->id && call->state == MODEM_CALL_HELD;

                call->expected = EXPECTED_ANY;
                switch (request->verb) {
                case MODEM_ANSWER:
                case MODEM_HOLD_AND_ANSWER:
                case MODEM_END_AND_ANSWER:
                        if (call == request->call)
                                call->expected = EXPECTED_ACTIVE;
                        else if (active && request->verb != MODEM_ANSWER)
                                call->expected = request->verb == MODEM_HOLD_AND_ANSWER
                                                         ? EXPECTED_HELD
                                                         : EXPECTED_GONE;
                        break;
                case MODEM_HANG_UP:
                        if (call == request->call)
                                call->expected = EXPECTED_GONE;
                        break;
                case MODEM_SWAP:
                        call->expected = active ? EXPECTED_HELD
                                         : held ? EXPECTED_ACTIVE
                                                : EXPECTED_ANY;
                        break;
                case MODEM_JOIN:
                        if (active || held)
                                call->expected = EXPECTED_JOINED;
                        break;
                case MODEM_SPLIT:
                        if (active)
                                call->expected =
                                        call == request->call ? EXPECTED_ALONE : EXPECTED_HELD;
                        break;
                case MODEM_DIAL:
                case MODEM_SEND_TONES:
                case MODEM_MUTE:
                case MODEM_UNMUTE:
                        break;
                }
        }
}

static bool is_as_expected(const struct call *call)
{
        switch (call->expected) {
        case EXPECTED_ACTIVE:
                return call->state == MODEM_CALL_ACTIVE;
        case EXPECTED_HELD:
                return call->state == MODEM_CALL_HELD;
        case EXPECTED_JOINED:
                return call->state == MODEM_CALL_ACTIVE && call->multiparty;
        case EXPECTED_ALONE:
                return call->state == MODEM_CALL_ACTIVE && !call->multiparty;
        case EXPECTED_GONE:
                return false;
        case EXPECTED_ANY:
                break;
        }
        return true;
}

/* Whether the calls are as they ought to be after what was done. Those that ended meanwhile are. */
static bool has_come_true(const struct request *request)
{
        const struct call *call;

        if (request->verb == MODEM_DIAL && request->call && !request->call->id)
                return false;
        DL_FOREACH (request->modem->calls, call)
                if (!is_as_expected(call))
                        return false;
        return true;
}

/* The dialled call may be here already, as a stranger. */
static void bind_dialled(struct modem *modem, struct request *request)
{
        struct call *stranger = call_find_id(modem, request->dialled), *call = request->call;

        if (!stranger || !call || stranger == call)
                return;
        call->id = stranger->id;
        call->state = stranger->state;
        call->multiparty = stranger->multiparty;
        call->remote_held = stranger->remote_held;
        call->connected_usec = stranger->connected_usec;
        free(call->number);
        free(call->name);
        call->number = stranger->number;
        call->name = stranger->name;
        stranger->id = stranger->number = stranger->name = NULL;
        call_free(stranger);
}

/* Those that were not the dialled one after all. */
static void unpark(struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                call->parked = false;
}

static void fail_asked(struct modem *modem, enum cx_call_ended_cause cause, const char *why)
{
        struct order *order = modem->orders;

        /* from the start again after each, since a failed one takes others along */
        while (order) {
                if (order->asked) {
                        order_fail(order, cause, why);
                        order = modem->orders;
                } else {
                        order = order->next;
                }
        }
}

static void forget_asked(struct modem *modem)
{
        struct order *order;

        DL_FOREACH (modem->orders, order)
                order->asked = false;
}

static void request_failed(struct modem *modem, const struct modem_failure *failure)
{
        struct request *request = modem->request;

        log_debug("modem %s: verb %d failed: %s", modem->id, request->verb, failure->text);
        if (failure->again && modem->n_tries < MAX_TRIES) {
                modem->n_tries++;
                modem->busy = true;
                forget_asked(modem);
                request_end(modem);
                arm_retry(modem, BUSY_USEC);
                return;
        }
        /* what waited rings alone meanwhile: that takes another verb */
        if (request->call && call_is_ringing(request->call) &&
            request->call->state != request->state) {
                forget_asked(modem);
                request_end(modem);
                return;
        }
        if (request->verb == MODEM_MUTE || request->verb == MODEM_UNMUTE)
                modem->mute_failed = true;
        if (request->verb == MODEM_HANG_UP && request->call && request->call->condemned) {
                log_warning("call %s could not be hung up: %s", request->call->uuid, failure->text);
                request->call->condemned_failed = true;
        }
        modem->n_tries = 0;
        request_end(modem);
        fail_asked(modem, failure->cause, failure->text);
}

static void tones_sent(struct modem *modem)
{
        struct order *order;

        DL_FOREACH (modem->orders, order) {
                if (order->type != ORDER_TONES || !order->asked)
                        continue;
                order->sent++;
                order->asked = false;
                return;
        }
}

void request_done(struct request *request, const struct modem_failure *failure, const char *call)
{
        struct modem *modem = request->modem;

        if (request->orphan) {
                DL_DELETE(request->bridge->orphans, request);
                request_free(request);
                return;
        }
        request->in_flight = false;
        if (failure) {
                request_failed(modem, failure);
        } else {
                modem->n_tries = 0;
                if (request->verb == MODEM_DIAL && call) {
                        request->dialled = strdup(call);
                        if (request->dialled)
                                bind_dialled(modem, request);
                } else if (request->verb == MODEM_SEND_TONES) {
                        tones_sent(modem);
                } else if (request->verb == MODEM_MUTE || request->verb == MODEM_UNMUTE) {
                        modem->muted = request->verb == MODEM_MUTE;
                        modem->mute_failed = false;
                }
        }
        unpark(modem);
        modem_changed(modem);
}

/* --- what to ask ------------------------------------------------------------------------------ */

static void start_request(struct modem *modem, const struct plan *plan)
{
        struct bridge *bridge = modem->bridge;
        const struct modem_order order = {
                .verb = plan->verb,
                .modem = modem->id,
                .call = plan->verb == MODEM_DIAL || !plan->call ? NULL : plan->call->id,
                .text = plan->text,
        };
        struct request *request = calloc(1, sizeof(*request));
        struct modem_failure failure = {.cause = CX_CALL_ENDED_CAUSE_OTHER};
        int r;

        if (!request) {
                fail_asked(modem, failure.cause, "out of memory");
                return;
        }
        request->bridge = bridge;
        request->modem = modem;
        request->verb = plan->verb;
        request->call = plan->call;
        if (plan->call)
                request->state = plan->call->state;
        request->in_flight = true;
        modem->request = request;
        expect(modem, request);
        log_debug("modem %s: asked for verb %d", modem->id, plan->verb);
        r = bridge->backend ? bridge->type->ask(bridge->backend, &order, request) : -ENOTCONN;
        if (r >= 0)
                return;
        failure.text = strerror(-r);
        request_done(request, &failure, NULL);
}

static void advance(struct modem *modem)
{
        struct plan plan;

        for (;;) {
                plan_next(modem, &plan);
                if (plan.result != PLAN_REFUSE)
                        break;
                order_fail(plan.refused, CX_CALL_ENDED_CAUSE_OTHER, plan.why);
        }
        if (plan.result == PLAN_ASK)
                start_request(modem, &plan);
}

/* --- in the loop ------------------------------------------------------------------------------ */

/* A request that is done and has not come true by now will not. */
static void give_up(struct modem *modem)
{
        struct request *request = modem->request;

        if (!request || has_come_true(request))
                return;
        log_warning("modem %s said yes, but its calls did not change", modem->id);
        if (request->call) {
                request->call->condemned_failed |=
                        request->verb == MODEM_HANG_UP && request->call->condemned;
                if (!request->call->id && request->call->told != TOLD_STARTING)
                        request->call->condemned = true;
        }
        request_end(modem);
        fail_asked(modem, CX_CALL_ENDED_CAUSE_OTHER, "the modem agreed, but nothing has changed");
}

static void retry_condemned(struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                call->condemned_failed = false;
}

static bool has_condemned(const struct modem *modem)
{
        const struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->condemned_failed)
                        return true;
        return false;
}

static void modem_settle(struct modem *modem, bool waited)
{
        if (modem->request && modem->request->in_flight) {
                report_ringing(modem);
                return;
        }
        orders_settle(modem);
        if (waited)
                give_up(modem);
        if (modem->request && !has_come_true(modem->request)) {
                arm_settle(modem);
                return;
        }
        if (!modem_is_coherent(modem) && !waited) {
                arm_settle(modem);
                return;
        }
        if (modem->request) {
                request_end(modem);
                fail_asked(modem, CX_CALL_ENDED_CAUSE_OTHER,
                           "the modem agreed, but did something else");
        }
        report_differences(modem);
        if (modem->busy)
                return;
        disarm(modem->settle_timer);
        advance(modem);
        if (has_condemned(modem))
                arm_retry(modem, RETRY_USEC);
}

static int on_settle_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        modem_settle(userdata, true);
        return 0;
}

static int on_retry_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct modem *modem = userdata;

        (void)source, (void)usec;
        modem->busy = false;
        retry_condemned(modem);
        modem_settle(modem, false);
        return 0;
}

static int on_settle(sd_event_source *source, void *userdata)
{
        struct bridge *bridge = userdata;
        struct modem *modem;

        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (bridge->accounts_changed)
                provider_tell_accounts(bridge);
        if (!bridge->begun)
                return 0;
        if (!bridge->reclaimed)
                reclaim(bridge);
        if (bridge->reclaimed)
                orders_take_early(bridge);
        if (!bridge->reclaimed || !bridge->listed)
                return 0;
        DL_FOREACH (bridge->modems, modem) {
                if (!modem->dirty)
                        continue;
                modem->dirty = false;
                modem_settle(modem, false);
        }
        return 0;
}

void modem_changed(struct modem *modem)
{
        modem->dirty = true;
        (void)sd_event_source_set_enabled(modem->bridge->settler, SD_EVENT_ONESHOT);
}

void bridge_changed(struct bridge *bridge)
{
        struct modem *modem;

        DL_FOREACH (bridge->modems, modem)
                modem->dirty = true;
        (void)sd_event_source_set_enabled(bridge->settler, SD_EVENT_ONESHOT);
}

int settle_start(struct bridge *bridge)
{
        int r = sd_event_add_defer(bridge->event, &bridge->settler, on_settle, bridge);

        if (r >= 0)
                r = sd_event_source_set_priority(bridge->settler, SD_EVENT_PRIORITY_IDLE);
        return r;
}
