/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of a life before this one.
 *
 * callsd keeps a bridge's calls for a while after it died (ReclaimGraceUSec), and the modem keeps
 * them anyway. Both sides know account, direction, number and state, so the same call is found by
 * these: first where the states agree, too, then without. Two calls with the same number in the
 * same state are the same to everybody else as well. What the modem has not any more ended
 * meanwhile.
 */
#include <utlist.h>

#include "bridge.h"

static enum told told_of_state(enum cx_call_state state)
{
        switch (state) {
        case CX_CALL_STATE_RINGING:
        case CX_CALL_STATE_ANSWERING:
                return TOLD_RINGING;
        case CX_CALL_STATE_STARTING:
        case CX_CALL_STATE_STARTED:
                return TOLD_STARTED;
        case CX_CALL_STATE_CONNECTING:
                return TOLD_CONNECTING;
        case CX_CALL_STATE_ACTIVE:
        case CX_CALL_STATE_ENDING:
                return TOLD_ACTIVE;
        case CX_CALL_STATE_HELD:
                return TOLD_HELD;
        case CX_CALL_STATE_ENDED:
        case CX_CALL_STATE_UNKNOWN:
                break;
        }
        return TOLD_NOTHING;
}

static bool states_agree(const struct call *call, enum told told)
{
        switch (told) {
        case TOLD_RINGING:
                return call_is_ringing(call);
        case TOLD_STARTING:
        case TOLD_STARTED:
        case TOLD_CONNECTING:
                return call->state == MODEM_CALL_DIALING || call->state == MODEM_CALL_ALERTING;
        case TOLD_ACTIVE:
                return call->state == MODEM_CALL_ACTIVE;
        case TOLD_HELD:
                return call->state == MODEM_CALL_HELD;
        case TOLD_NOTHING:
                break;
        }
        return false;
}

/* A call that has connected does not ring any more: that would be the same person again. */
static bool can_follow(const struct call *call, enum told told)
{
        return (told != TOLD_ACTIVE && told != TOLD_HELD) || call->state == MODEM_CALL_ACTIVE ||
               call->state == MODEM_CALL_HELD;
}

/* Dialled as +1 555, shown by the network as 00 1 555: the last digits are what people compare. */
static bool same_number(const char *a, const char *b)
{
        size_t n_a = a ? strlen(a) : 0, n_b = b ? strlen(b) : 0;
        size_t n = n_a < n_b ? n_a : n_b;

        if (streq_or_empty(a, b))
                return true;
        return n >= 7 && streq(a + n_a - n, b + n_b - n);
}

static bool matches(const struct call *call, struct cx_call *kept, bool states_too)
{
        struct cx_handle *handle = cx_call_get_remote_handle(kept);
        const char *account = cx_call_get_account(kept);
        enum told told = told_of_state(cx_call_get_state(kept));

        if (call->told != TOLD_NOTHING || !call->id ||
            call->outgoing != (cx_call_is_outgoing(kept) != 0) || !can_follow(call, told))
                return false;
        if (account && *account && !streq(account, call->modem->id))
                return false;
        return same_number(call->number, handle ? cx_handle_get_value(handle) : NULL) &&
               (!states_too || states_agree(call, told));
}

static struct call *find_match(struct bridge *bridge, struct cx_call *kept, bool states_too)
{
        struct modem *modem;
        struct call *call;

        DL_FOREACH (bridge->modems, modem)
                DL_FOREACH (modem->calls, call)
                        if (matches(call, kept, states_too))
                                return call;
        return NULL;
}

static void adopt(struct call *call, struct cx_call *kept)
{
        struct cx_handle *handle = cx_call_get_remote_handle(kept);
        const char *name = cx_call_get_localized_caller_name(kept);
        const char *group = cx_call_get_group(kept);

        log_info("call %s is still there", cx_call_get_uuid(kept));
        strncpy(call->uuid, cx_call_get_uuid(kept), sizeof(call->uuid) - 1);
        call->told = told_of_state(cx_call_get_state(kept));
        call->told_number = copy_text(handle ? cx_handle_get_value(handle) : NULL);
        call->told_name = copy_text(name);
        call->told_remote_held = cx_call_is_remote_held(kept);
        call->told_joined = group && *group;
        call->told_alerting = false;
        call->muted = cx_call_is_muted(kept);
        call->keeps_handle = call->outgoing;
        /* where nobody waits for the end that was ordered then, it was ordered all the same */
        call->condemned = cx_call_get_state(kept) == CX_CALL_STATE_ENDING &&
                          !orders_have_early_end(call->modem->bridge, call->uuid);
}

static void report_lost(struct bridge *bridge, struct cx_call *kept)
{
        bool ended_by_user = cx_call_get_state(kept) == CX_CALL_STATE_ENDING;

        log_info("call %s ended meanwhile", cx_call_get_uuid(kept));
        (void)cx_provider_report_call_ended_with_cause(
                bridge->provider, cx_call_get_uuid(kept), 0,
                bridge->daemon_absent ? CX_CALL_ENDED_REASON_FAILED
                : ended_by_user       ? CX_CALL_ENDED_REASON_LOCAL_ENDED
                                      : CX_CALL_ENDED_REASON_REMOTE_ENDED,
                bridge->daemon_absent ? CX_CALL_ENDED_CAUSE_NETWORK : CX_CALL_ENDED_CAUSE_UNKNOWN,
                bridge->daemon_absent ? "the modem daemon is not running" : NULL, NULL, NULL);
}

void reclaim(struct bridge *bridge)
{
        struct cx_call **kept, *found;
        int n;

        if (!bridge->listed && !bridge->daemon_absent)
                return;
        bridge->reclaimed = true;
        n = cx_provider_get_reclaimed_calls(bridge->provider, &kept);
        if (n < 0) {
                log_error("calls of before cannot be found: %s", strerror(-n));
                return;
        }
        for (int states_too = 1; states_too >= 0; states_too--)
                for (int i = 0; i < n; i++) {
                        struct call *call =
                                kept[i] ? find_match(bridge, kept[i], states_too) : NULL;

                        found = kept[i];
                        if (!call || call_find(bridge, cx_call_get_uuid(found)))
                                continue;
                        adopt(call, found);
                        modem_changed(call->modem);
                }
        for (int i = 0; i < n; i++)
                if (!call_find(bridge, cx_call_get_uuid(kept[i])))
                        report_lost(bridge, kept[i]);
        cx_call_list_free(kept);
}
