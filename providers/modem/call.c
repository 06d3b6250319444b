/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call, which the modem daemon and callsd each know in their own way. */
#include <utlist.h>

#include "bridge.h"

struct call *call_new(struct modem *modem)
{
        struct call *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;
        call->modem = modem;
        cx_uuid_generate(call->uuid);
        DL_APPEND(modem->calls, call);
        return call;
}

void call_free(struct call *call)
{
        struct modem *modem = call->modem;
        struct order *order, *next;

        DL_FOREACH_SAFE (modem->orders, order, next) {
                if (order->call == call)
                        order_free(order);
                else if (order->with == call)
                        order->with = NULL;
        }
        if (modem->request && modem->request->call == call)
                modem->request->call = NULL;
        DL_DELETE(modem->calls, call);
        free(call->id);
        free(call->number);
        free(call->name);
        free(call->told_number);
        free(call->told_name);
        free(call);
}

struct call *call_find(struct bridge *bridge, const char *uuid)
{
        struct modem *modem;
        struct call *call;

        DL_FOREACH (bridge->modems, modem)
                DL_FOREACH (modem->calls, call)
                        if (strcasecmp(call->uuid, uuid) == 0)
                                return call;
        return NULL;
}

struct call *call_find_id(struct modem *modem, const char *id)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                if (call->id && streq(call->id, id))
                        return call;
        return NULL;
}

void call_unreported(struct call *call)
{
        call->told = TOLD_NOTHING;
        call->told_abilities = 0;
        call->told_alerting = call->told_remote_held = call->told_joined = false;
        call->keeps_handle = false;
        free(call->told_number);
        free(call->told_name);
        call->told_number = call->told_name = NULL;
        modem_changed(call->modem);
}

void call_forget(struct call *call)
{
        log_debug("call %s: forgotten by callsd", call->uuid);
        orders_call_over(call, CX_CALL_ENDED_CAUSE_OTHER, "callsd has forgotten the call");
        if (!call->id) {
                call_abandon(call); /* still being dialled, and nobody wants it any more */
                return;
        }
        cx_uuid_generate(call->uuid);
        call_unreported(call);
}

void call_abandon(struct call *call)
{
        const struct request *request = call->modem->request;

        call->told = TOLD_NOTHING;
        call->condemned = true;
        if (!call->id && !(request && request->call == call))
                call_free(call);
        else
                modem_changed(call->modem);
}

void call_over(struct call *call, enum modem_end end, enum cx_call_ended_cause cause,
               const char *text)
{
        log_debug("call %s: over", call->uuid);
        report_over(call, end, cause, text);
        orders_call_over(call, cause, text);
        call_free(call);
}

bool call_is_ringing(const struct call *call)
{
        return call->id &&
               (call->state == MODEM_CALL_INCOMING || call->state == MODEM_CALL_WAITING);
}

bool call_is_current(const struct call *call)
{
        return call->id && (call->state == MODEM_CALL_ACTIVE || call->state == MODEM_CALL_DIALING ||
                            call->state == MODEM_CALL_ALERTING);
}

bool call_is_muted_by_others(const struct call *call)
{
        const struct call *other;

        DL_FOREACH (call->modem->calls, other)
                if (other != call && call_is_current(other) && other->muted)
                        return true;
        return false;
}
