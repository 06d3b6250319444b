/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What callsd is told: everything that it does not know and that was not its own order.
 *
 * Calls that are held now come before those that are active, so that a swap at the phone of a car
 * is not a second active call for a moment, whose rival callsd would order to be held.
 */
#include <callsd/cleanup.h>
#include <errno.h>
#include <utlist.h>

#include "bridge.h"

/* --- updates ---------------------------------------------------------------------------------- */

static const struct {
        enum modem_ability ability;
        int (*set)(struct cx_call_update *update, int supports);
} ability_flags[] = {
        {MODEM_CAN_HOLD, cx_call_update_set_supports_holding},
        {MODEM_CAN_JOIN, cx_call_update_set_supports_grouping},
        {MODEM_CAN_SPLIT, cx_call_update_set_supports_ungrouping},
        {MODEM_CAN_SEND_TONES, cx_call_update_set_supports_dtmf},
        {MODEM_CAN_MUTE, cx_call_update_set_supports_muting},
};

static int remember(char **told, const char *text)
{
        char *copy = copy_text(text);

        if (text && *text && !copy)
                return -ENOMEM;
        free(*told);
        *told = copy;
        return 0;
}

static int put_number(struct call *call, struct cx_call_update *update)
{
        CX_CLEANUP(cx_handle) struct cx_handle *handle = NULL;
        int r = 0;

        if (call->keeps_handle || streq_or_empty(call->number, call->told_number))
                return 0;
        if (call->number)
                r = cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, call->number, &handle);
        if (r >= 0)
                r = cx_call_update_set_remote_handle(update, handle);
        if (r >= 0)
                r = remember(&call->told_number, call->number);
        return r < 0 ? r : 1;
}

static int put_name(struct call *call, struct cx_call_update *update)
{
        int r;

        if (streq_or_empty(call->name, call->told_name))
                return 0;
        r = cx_call_update_set_localized_caller_name(update, call->name ? call->name : "");
        if (r >= 0)
                r = remember(&call->told_name, call->name);
        return r < 0 ? r : 1;
}

static int put_abilities(struct call *call, struct cx_call_update *update)
{
        unsigned abilities = call->modem->abilities | MODEM_CAN_CALL; /* never 0: told or not */
        int r = 0;

        if (call->told_abilities == abilities)
                return 0;
        if (call->told_abilities == 0)
                r = cx_call_update_set_account(update, call->modem->id);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(ability_flags); i++)
                r = ability_flags[i].set(update, (abilities & ability_flags[i].ability) != 0);
        if (r < 0)
                return r;
        call->told_abilities = abilities;
        return 1;
}

static int put_flags(struct call *call, struct cx_call_update *update)
{
        bool alerting = call->state == MODEM_CALL_ALERTING;
        int r = 0, n = 0;

        if (call->told_alerting != alerting) {
                r = cx_call_update_set_alerting(update, alerting);
                call->told_alerting = alerting;
                n = 1;
        }
        if (r >= 0 && call->told_remote_held != call->remote_held) {
                r = cx_call_update_set_remote_held(update, call->remote_held);
                call->told_remote_held = call->remote_held;
                n = 1;
        }
        return r < 0 ? r : n;
}

/* 1: there is something new; 0: nothing; or a negative errno. */
static int make_update(struct call *call, struct cx_call_update **ret_update)
{
        static int (*const parts[])(struct call * call, struct cx_call_update * update) = {
                put_number, put_name, put_abilities, put_flags};
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;
        int r, any = 0;

        r = cx_call_update_new(&update);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                r = parts[i](call, update);
                if (r < 0)
                        return r;
                any |= r;
        }
        *ret_update = update;
        update = NULL;
        return any;
}

int report_update(struct call *call)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;
        int r = make_update(call, &update);

        if (r > 0)
                r = cx_provider_report_call_updated(call->modem->bridge->provider, call->uuid,
                                                    update, NULL, NULL);
        return r < 0 ? r : 0;
}

/* --- calls that callsd does not know ---------------------------------------------------------- */

static void refused(struct call *call, const struct cx_error *error)
{
        log_info("callsd does not let the call %s ring: %s", call->uuid,
                 cx_error_get_message(error));
        call->told = TOLD_NOTHING;
        call->condemned = true;
        modem_changed(call->modem);
}

static void on_reported(const struct cx_error *error, void *userdata)
{
        struct reply *reply = userdata;
        struct bridge *bridge = reply->bridge;
        struct call *call = call_find(bridge, reply->uuid);

        DL_DELETE(bridge->replies, reply);
        free(reply);
        if (!call || !error)
                return;
        if (cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING)) {
                /* under the same UUID again, in case that callsd was only slow */
                provider_available(bridge, false);
                call_unreported(call);
        } else if (cx_error_is(error, CX_ERROR_DOMAIN_INCOMING_CALL,
                               CX_ERROR_INCOMING_CALL_CALL_UUID_ALREADY_EXISTS)) {
                log_debug("call %s: callsd was only slow", call->uuid);
        } else if (call_is_ringing(call)) {
                refused(call, error);
        } else {
                log_warning("callsd does not take the call %s: %s", call->uuid,
                            cx_error_get_message(error));
        }
}

static enum told told_of(const struct call *call)
{
        switch (call->state) {
        case MODEM_CALL_INCOMING:
        case MODEM_CALL_WAITING:
                return TOLD_RINGING;
        case MODEM_CALL_DIALING:
        case MODEM_CALL_ALERTING:
                return TOLD_CONNECTING;
        case MODEM_CALL_ACTIVE:
                return TOLD_ACTIVE;
        case MODEM_CALL_HELD:
                break;
        }
        return TOLD_HELD;
}

/* A member of the same conference that callsd has already. */
static struct call *conference_of(const struct call *call)
{
        struct call *other;

        if (!call->multiparty)
                return NULL;
        DL_FOREACH (call->modem->calls, other)
                if (other != call && other->multiparty &&
                    (other->told == TOLD_ACTIVE || other->told == TOLD_HELD))
                        return other;
        return NULL;
}

static int report_existing(struct call *call, const struct cx_call_update *update,
                           struct reply *reply)
{
        struct call *mate = conference_of(call);
        const struct cx_call_facts facts = {
                .size = sizeof(facts),
                .state = call->state == MODEM_CALL_ACTIVE ? CX_CALL_STATE_ACTIVE
                         : call->state == MODEM_CALL_HELD ? CX_CALL_STATE_HELD
                                                          : CX_CALL_STATE_CONNECTING,
                .outgoing = call->outgoing,
                .muted = call->muted,
                .group_with = mate ? mate->uuid : NULL,
                .connected_at_usec = call->connected_usec,
        };

        if (mate)
                call->told_joined = mate->told_joined = true;
        return cx_provider_report_call(call->modem->bridge->provider, call->uuid, &facts, update,
                                       on_reported, reply);
}

/* As it is now, whether callsd knows it or not. */
static void report_whole(struct call *call)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;
        struct bridge *bridge = call->modem->bridge;
        struct reply *reply = calloc(1, sizeof(*reply));
        int r = reply ? make_update(call, &update) : -ENOMEM;

        if (r >= 0) {
                reply->bridge = bridge;
                strcpy(reply->uuid, call->uuid);
                DL_APPEND(bridge->replies, reply);
                if (call_is_ringing(call))
                        r = cx_provider_report_new_incoming_call(bridge->provider, call->uuid,
                                                                 update, on_reported, reply);
                else
                        r = report_existing(call, update, reply);
                if (r < 0)
                        DL_DELETE(bridge->replies, reply);
        }
        if (r < 0) {
                log_warning("a call could not be reported: %s", strerror(-r));
                free(reply);
                return;
        }
        call->told = told_of(call);
}

/* --- calls that it knows ---------------------------------------------------------------------- */

static void report_progress(struct call *call, enum told now)
{
        struct cx_provider *provider = call->modem->bridge->provider;

        if (now == TOLD_CONNECTING && call->told == TOLD_STARTED)
                (void)cx_provider_report_outgoing_call_started_connecting(provider, call->uuid, 0,
                                                                          NULL, NULL);
        else if (now == TOLD_ACTIVE && call->outgoing && call->told != TOLD_HELD)
                (void)cx_provider_report_outgoing_call_connected(provider, call->uuid,
                                                                 call->connected_usec, NULL, NULL);
        else if (now == TOLD_ACTIVE || now == TOLD_HELD)
                (void)cx_provider_report_call_state(provider, call->uuid,
                                                    now == TOLD_ACTIVE ? CX_CALL_STATE_ACTIVE
                                                                       : CX_CALL_STATE_HELD,
                                                    CX_FACT_SOURCE_OTHER_CLIENT, NULL, NULL);
        else
                return; /* a call never goes back to ringing */
        call->told = now;
}

static bool is_connected(const struct call *call)
{
        return call->state == MODEM_CALL_ACTIVE || call->state == MODEM_CALL_HELD;
}

/* Joined by another program: callsd would think of two calls, and have one held. */
static bool is_joined_elsewhere(struct call *call)
{
        const struct order *order;

        call->told_joined &= call->multiparty;
        if (call->told_joined || !conference_of(call))
                return false;
        DL_FOREACH (call->modem->orders, order)
                if (order->type == ORDER_JOIN || order->type == ORDER_LEAVE)
                        return false;
        return true;
}

static void report_call(struct call *call)
{
        enum told now = told_of(call);

        if (!call->id || call->condemned || call->parked || call->told == TOLD_STARTING)
                return;
        if (call->told == TOLD_NOTHING) {
                if (call->modem->bridge->available)
                        report_whole(call);
                return;
        }
        if (is_connected(call) && is_joined_elsewhere(call)) {
                report_whole(call);
                return;
        }
        (void)report_update(call);
        if (call->told != now)
                report_progress(call, now);
}

void report_differences(struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->state == MODEM_CALL_HELD)
                        report_call(call);
        DL_FOREACH (modem->calls, call)
                if (call->state != MODEM_CALL_HELD)
                        report_call(call);
}

void report_ringing(struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->told == TOLD_NOTHING && call_is_ringing(call))
                        report_call(call);
}

void report_over(struct call *call, enum modem_end end, enum cx_call_ended_cause cause,
                 const char *text)
{
        const struct ending ending = {
                .outgoing = call->outgoing,
                .connected = call->told == TOLD_ACTIVE || call->told == TOLD_HELD,
                .end = end,
                .cause = cause,
        };
        struct order *order;

        if (call->told == TOLD_NOTHING || call->condemned)
                return;
        /* its end or its start was ordered: that order's completion says it */
        DL_FOREACH (call->modem->orders, order)
                if (order->call == call && (order->type == ORDER_END || order->type == ORDER_START))
                        return;
        (void)cx_provider_report_call_ended_with_cause(call->modem->bridge->provider, call->uuid, 0,
                                                       reason_of_ending(&ending), cause, text, NULL,
                                                       NULL);
}
