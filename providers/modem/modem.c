/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modems and their calls, as the backend tells of them. */
#include <utlist.h>

#include "bridge.h"

/* --- modems ----------------------------------------------------------------------------------- */

static char **copy_list(const char *const *list)
{
        size_t n = 0;
        char **copy;

        while (list && list[n])
                n++;
        copy = calloc(n + 1, sizeof(*copy));
        for (size_t i = 0; copy && i < n; i++)
                copy[i] = strdup(list[i]);
        return copy;
}

static void free_list(char **list)
{
        for (char **at = list; at && *at; at++)
                free(*at);
        free(list);
}

static bool replace(char **text, const char *with)
{
        if (streq_or_empty(*text, with))
                return false;
        free(*text);
        *text = copy_text(with);
        return true;
}

struct modem *modem_find(struct bridge *bridge, const char *id)
{
        struct modem *modem;

        DL_FOREACH (bridge->modems, modem)
                if (streq(modem->id, id))
                        return modem;
        return NULL;
}

static struct modem *modem_new(struct bridge *bridge, const char *id)
{
        struct modem *modem = calloc(1, sizeof(*modem));

        if (!modem)
                return NULL;
        modem->bridge = bridge;
        modem->id = strdup(id);
        if (!modem->id) {
                free(modem);
                return NULL;
        }
        DL_APPEND(bridge->modems, modem);
        return modem;
}

void modem_free(struct modem *modem)
{
        struct bridge *bridge = modem->bridge;
        struct order *order, *next_order;
        struct call *call, *next_call;

        DL_FOREACH_SAFE (modem->orders, order, next_order)
                order_free(order);
        DL_FOREACH_SAFE (modem->calls, call, next_call)
                call_free(call);
        if (modem->request && modem->request->in_flight) {
                modem->request->orphan = true;
                modem->request->modem = NULL;
                modem->request->call = NULL;
                DL_APPEND(bridge->orphans, modem->request);
        } else if (modem->request) {
                request_free(modem->request);
        }
        DL_DELETE(bridge->modems, modem);
        sd_event_source_disable_unref(modem->settle_timer);
        sd_event_source_disable_unref(modem->retry_timer);
        free_list(modem->emergency_numbers);
        free(modem->id);
        free(modem->label);
        free(modem->state);
        free(modem);
}

/* Muted or unmuted by another program: a fact about whoever is talking. */
static void muted_elsewhere(struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call) {
                if (!call_is_current(call) || call->muted == modem->muted)
                        continue;
                call->muted = modem->muted;
                if (call->told != TOLD_NOTHING)
                        (void)cx_provider_report_call_muted(
                                modem->bridge->provider, call->uuid, call->muted,
                                CX_FACT_SOURCE_OTHER_CLIENT, NULL, NULL);
        }
}

static bool same_list(char **a, const char *const *b)
{
        size_t i = 0;

        for (; a && a[i] && b && b[i]; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return !(a && a[i]) && !(b && b[i]);
}

void bridge_modem(struct bridge *bridge, const struct modem_info *info)
{
        struct modem *modem = modem_find(bridge, info->id);
        bool muting, changed = !modem;

        if (!modem)
                modem = modem_new(bridge, info->id);
        if (!modem)
                return;
        changed |= replace(&modem->label, info->label);
        changed |= replace(&modem->state, info->state);
        changed |= modem->abilities != info->abilities;
        modem->abilities = info->abilities;
        if (!same_list(modem->emergency_numbers, info->emergency_numbers)) {
                free_list(modem->emergency_numbers);
                modem->emergency_numbers = copy_list(info->emergency_numbers);
                changed = true;
        }
        muting = modem->request && modem->request->in_flight &&
                 (modem->request->verb == MODEM_MUTE || modem->request->verb == MODEM_UNMUTE);
        if (modem->muted != info->muted) {
                modem->muted = info->muted;
                modem->mute_failed = false;
                if (!muting)
                        muted_elsewhere(modem);
        }
        if (changed)
                log_debug("modem %s: %s, abilities %#x", modem->id,
                          modem->state ? modem->state : "?", modem->abilities);
        bridge->accounts_changed |= changed;
        modem_changed(modem);
}

static void lose_calls(struct modem *modem, const char *why)
{
        struct call *call, *next;

        DL_FOREACH_SAFE (modem->calls, call, next)
                call_over(call, MODEM_END_NETWORK, CX_CALL_ENDED_CAUSE_NETWORK, why);
}

void bridge_modem_gone(struct bridge *bridge, const char *id)
{
        struct modem *modem = modem_find(bridge, id);

        if (!modem)
                return;
        log_info("modem %s is gone", id);
        lose_calls(modem, "the modem is gone");
        modem_free(modem);
        bridge->accounts_changed = true;
        bridge_changed(bridge);
}

void modems_lost(struct bridge *bridge, const char *why)
{
        struct modem *modem, *next;
        struct request *request, *next_request;

        DL_FOREACH_SAFE (bridge->modems, modem, next) {
                lose_calls(modem, why);
                modem_free(modem);
        }
        DL_FOREACH_SAFE (bridge->orphans, request, next_request) {
                DL_DELETE(bridge->orphans, request);
                request_free(request);
        }
        bridge->accounts_changed = true;
        bridge->listed = false;
        bridge_changed(bridge);
}

bool modem_is_emergency(const struct modem *modem, const char *number)
{
        for (char **at = modem->emergency_numbers; at && *at; at++)
                if (streq(*at, number))
                        return true;
        return false;
}

static bool can_dial(const struct modem *modem, const char *number)
{
        return (modem->abilities & MODEM_CAN_CALL) &&
               ((modem->abilities & MODEM_CAN_DIAL_ALL) || modem_is_emergency(modem, number));
}

struct modem *modem_choose(struct bridge *bridge, const char *account, const char *number)
{
        struct modem *modem, *best = NULL;

        DL_FOREACH (bridge->modems, modem) {
                if (account && *account && !streq(modem->id, account))
                        continue;
                if (!can_dial(modem, number))
                        continue;
                if (!best || (!(best->abilities & MODEM_CAN_DIAL_ALL) &&
                              (modem->abilities & MODEM_CAN_DIAL_ALL)))
                        best = modem;
        }
        return best;
}

/* --- calls ------------------------------------------------------------------------------------ */

static struct call *call_added(struct modem *modem, const struct modem_call *info)
{
        struct request *request = modem->request;
        struct call *call = NULL;

        /* the call that was dialled, heard of after its dialling was done */
        if (request && request->verb == MODEM_DIAL && request->dialled &&
            streq(request->dialled, info->id))
                call = request->call;
        if (call) {
                call->id = strdup(info->id);
                return call->id ? call : NULL;
        }
        call = call_new(modem);
        if (!call)
                return NULL;
        call->id = strdup(info->id);
        if (!call->id) {
                call_free(call);
                return NULL;
        }
        call->outgoing = info->outgoing;
        call->parked =
                info->outgoing && request && request->verb == MODEM_DIAL && request->in_flight;
        return call;
}

/* What the modem refused before it may grant now. */
static void try_again(struct modem *modem)
{
        struct call *call;

        DL_FOREACH (modem->calls, call)
                call->condemned_failed = false;
}

void bridge_call(struct bridge *bridge, const char *modem_id, const struct modem_call *info)
{
        struct modem *modem = modem_find(bridge, modem_id);
        struct call *call;

        if (!modem)
                return;
        call = call_find_id(modem, info->id);
        if (!call)
                call = call_added(modem, info);
        if (!call)
                return;
        if (call->state != info->state)
                try_again(modem);
        call->state = info->state;
        call->multiparty = info->multiparty;
        call->remote_held = info->remote_held;
        replace(&call->number, info->number);
        replace(&call->name, info->name);
        if (info->connected_usec != 0)
                call->connected_usec = info->connected_usec;
        modem_changed(modem);
}

void bridge_call_gone(struct bridge *bridge, const char *modem_id, const char *call_id,
                      enum modem_end end, enum cx_call_ended_cause cause, const char *text)
{
        struct modem *modem = modem_find(bridge, modem_id);
        struct call *call = modem ? call_find_id(modem, call_id) : NULL;

        if (!call)
                return;
        call_over(call, end, cause, text);
        try_again(modem);
        modem_changed(modem);
}

void bridge_listed(struct bridge *bridge)
{
        bridge->listed = true;
        bridge_changed(bridge);
}
