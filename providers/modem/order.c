/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What callsd wants done.
 *
 * Parts are taken whole, since the modem's verbs are for several calls at once: "hold this one" and
 * "answer that one" are one AT+CHLD=2, and each alone would be another. Orders wait in the queue of
 * their modem until plan.c has found the verb and they have come true. The library keeps
 * completions in order.
 */
#include <callsd/cleanup.h>
#include <utlist.h>

#include "bridge.h"

void order_free(struct order *order)
{
        struct modem *modem = order->call->modem;

        DL_DELETE(modem->orders, order);
        bridge_changed(modem->bridge); /* one at another modem may have waited for it */
        cx_action_unref(order->action);
        free(order->text);
        free(order);
}

/* What callsd believes from now on. */
static void believed(const struct order *order)
{
        struct call *call = order->call;

        switch (order->type) {
        case ORDER_START:
                call->told = TOLD_STARTED;
                break;
        case ORDER_ANSWER:
        case ORDER_RESUME:
                call->told = TOLD_ACTIVE;
                break;
        case ORDER_HOLD:
                call->told = TOLD_HELD;
                break;
        case ORDER_END:
                call->told = TOLD_NOTHING;
                call->condemned = true;
                break;
        case ORDER_MUTE:
        case ORDER_UNMUTE:
                call->muted = order->type == ORDER_MUTE;
                break;
        case ORDER_JOIN:
                call->told_joined = order->with->told_joined = true;
                break;
        case ORDER_LEAVE:
                call->told_joined = false;
                break;
        case ORDER_TONES:
                break;
        }
}

void order_fulfill(struct order *order)
{
        believed(order);
        (void)cx_action_fulfill(order->action);
        order_free(order);
}

/* Ends go first, and mutes next, since neither waits for anything in callsd. */
static int rank(enum order_type type)
{
        if (type == ORDER_END)
                return 0;
        return type == ORDER_MUTE || type == ORDER_UNMUTE ? 1 : 2;
}

/* An emergency call waits for nothing that need not be, and fails with nothing else. */
static bool is_emergency(const struct order *order)
{
        return order->type == ORDER_START && order->text &&
               modem_is_emergency(order->call->modem, order->text);
}

static bool is_after(const struct order *order, const struct order *other)
{
        return order->part == other->part && order->number > other->number &&
               rank(order->type) == 2 && rank(other->type) == 2 && !is_emergency(order);
}

/* At its own modem it is found in the queue. */
bool order_waits(const struct order *order)
{
        const struct modem *modem;
        const struct order *other;

        DL_FOREACH (order->call->modem->bridge->modems, modem) {
                if (modem == order->call->modem)
                        continue;
                DL_FOREACH (modem->orders, other)
                        if (is_after(order, other))
                                return true;
        }
        return false;
}

/*
 * callsd cancels what follows a failed action in its transaction. To fail an answer as well would
 * be to forget a call that goes on ringing there.
 */
static void doom_followers(const struct order *failed)
{
        struct modem *modem;
        struct order *order;

        if (rank(failed->type) != 2)
                return;
        DL_FOREACH (failed->call->modem->bridge->modems, modem)
                DL_FOREACH (modem->orders, order)
                        if (is_after(order, failed)) {
                                order->doomed = true;
                                order->asked = false;
                        }
}

void order_fail(struct order *order, enum cx_call_ended_cause cause, const char *why)
{
        struct call *call = order->call;
        enum order_type type = order->type;

        doom_followers(order);
        log_info("%s of call %s failed: %s",
                 cx_action_type_to_string(cx_action_get_type(order->action)), call->uuid, why);
        (void)cx_action_fail_with_cause(order->action, cause, why);
        order_free(order);
        if (type == ORDER_END) {
                call->told = TOLD_NOTHING;
                call->condemned = call->condemned_failed = true;
        } else if (type == ORDER_START) {
                /* callsd has ended it; if it is placed after all, it is hung up */
                call_abandon(call);
        } else if (type == ORDER_ANSWER) {
                /* callsd has ended it, but nobody asked for that: it rings again */
                call_forget(call);
        }
}

/* --- taking orders ---------------------------------------------------------------------------- */

static enum order_type type_of(const struct cx_action *action)
{
        switch (cx_action_get_type(action)) {
        case CX_ACTION_TYPE_START_CALL:
                return ORDER_START;
        case CX_ACTION_TYPE_ANSWER_CALL:
                return ORDER_ANSWER;
        case CX_ACTION_TYPE_SET_HELD_CALL:
                return cx_set_held_call_action_is_on_hold(action) ? ORDER_HOLD : ORDER_RESUME;
        case CX_ACTION_TYPE_SET_MUTED_CALL:
                return cx_set_muted_call_action_is_muted(action) ? ORDER_MUTE : ORDER_UNMUTE;
        case CX_ACTION_TYPE_SET_GROUP_CALL:
                return cx_set_group_call_action_get_call_uuid_to_group_with(action) ? ORDER_JOIN
                                                                                    : ORDER_LEAVE;
        case CX_ACTION_TYPE_PLAY_DTMF_CALL:
                return ORDER_TONES;
        case CX_ACTION_TYPE_END_CALL:
        case CX_ACTION_TYPE_SET_TRANSLATING_CALL:
        case CX_ACTION_TYPE_UNKNOWN:
                break;
        }
        return ORDER_END;
}

/* The number without what people write between the digits; NULL: it is none. */
static char *number_of(const char *value)
{
        char *number = strdup(value), *to = number;

        if (!number)
                return NULL;
        if (strncasecmp(value, "tel:", 4) == 0)
                value += 4;
        for (; *value && *value != ';'; value++) {
                if (strchr(" -./()", *value))
                        continue;
                if (!strchr("0123456789*#", *value) && !(*value == '+' && to == number)) {
                        to = number;
                        break;
                }
                *to++ = *value;
        }
        *to = '\0';
        if (*number && !streq(number, "+"))
                return number;
        free(number);
        return NULL;
}

static void fail_start(struct cx_action *action, enum cx_call_ended_cause cause, const char *why)
{
        log_info("a call could not be placed: %s", why);
        (void)cx_action_fail_with_cause(action, cause, why);
}

/* The modem that has to place it, with the new call. NULL: the order is failed. */
static struct call *call_to_start(struct bridge *bridge, struct cx_action *action,
                                  char **ret_number)
{
        struct cx_handle *handle = cx_start_call_action_get_handle(action);
        const char *account = cx_start_call_action_get_account(action);
        cleanup_(freep) char *number = number_of(cx_handle_get_value(handle));
        struct modem *modem;
        struct call *call;

        if (!number) {
                fail_start(action, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER,
                           "only digits, *, # and a + in front can be dialled");
                return NULL;
        }
        modem = modem_choose(bridge, account, number);
        if (!modem) {
                fail_start(action, CX_CALL_ENDED_CAUSE_NETWORK,
                           !bridge->modems         ? "there is no modem"
                           : !account || !*account ? "no modem is online"
                           : modem_find(bridge, account)
                                   ? "this modem is not online"
                                   : "the modem of this account is not there");
                return NULL;
        }
        call = call_new(modem);
        if (!call) {
                fail_start(action, CX_CALL_ENDED_CAUSE_OTHER, "out of memory");
                return NULL;
        }
        strncpy(call->uuid, cx_action_get_call_uuid(action), sizeof(call->uuid) - 1);
        call->outgoing = call->keeps_handle = true;
        call->told = TOLD_STARTING;
        *ret_number = number;
        number = NULL;
        return call;
}

static void order_enter(struct modem *modem, struct order *order)
{
        struct order *before;

        DL_FOREACH (modem->orders, before)
                if (rank(before->type) > rank(order->type))
                        break;
        if (before)
                DL_PREPEND_ELEM(modem->orders, before, order);
        else
                DL_APPEND(modem->orders, order);
        modem_changed(modem);
}

static struct call *call_of(struct bridge *bridge, struct cx_action *action)
{
        struct call *call = call_find(bridge, cx_action_get_call_uuid(action));

        if (!call || call->condemned) {
                (void)cx_action_fail(action, "there is no such call");
                return NULL;
        }
        return call;
}

static bool find_partner(struct bridge *bridge, struct order *order)
{
        const char *uuid = cx_set_group_call_action_get_call_uuid_to_group_with(order->action);

        order->with = call_find(bridge, uuid);
        if (order->with && order->with->modem == order->call->modem)
                return true;
        (void)cx_action_fail(order->action, order->with
                                                    ? "calls of different modems cannot be merged"
                                                    : "there is no such call to merge with");
        return false;
}

static void take(struct bridge *bridge, struct cx_action *action)
{
        struct order *order;
        char *text = NULL;
        struct call *call;

        log_debug("call %s: order %s", cx_action_get_call_uuid(action),
                  cx_action_type_to_string(cx_action_get_type(action)));
        if (cx_action_get_type(action) == CX_ACTION_TYPE_SET_TRANSLATING_CALL) {
                (void)cx_action_fail(action, "calls of a modem cannot be translated");
                return;
        }
        call = type_of(action) == ORDER_START ? call_to_start(bridge, action, &text)
                                              : call_of(bridge, action);
        order = call ? calloc(1, sizeof(*order)) : NULL;
        if (!order) {
                free(text);
                return; /* failed already, or by its last reference */
        }
        order->type = type_of(action);
        order->action = cx_action_ref(action);
        order->call = call;
        order->part = bridge->last_part;
        order->number = ++bridge->last_order;
        order->text = order->type == ORDER_TONES
                              ? copy_text(cx_play_dtmf_call_action_get_digits(action))
                              : text;
        if (order->type == ORDER_JOIN && !find_partner(bridge, order)) {
                cx_action_unref(order->action);
                free(order);
                return;
        }
        order_enter(call->modem, order);
}

static void take_part(struct bridge *bridge, struct cx_transaction *transaction)
{
        bridge->last_part++;
        for (size_t i = 0; i < cx_transaction_get_n_actions(transaction); i++) {
                struct cx_action *action = cx_transaction_get_action(transaction, i);

                if (!cx_action_is_complete(action))
                        take(bridge, action);
        }
}

/* Without memory its orders fail, since nobody has a reference to them. */
static void keep_early(struct bridge *bridge, struct cx_transaction *transaction)
{
        struct cx_transaction **early =
                realloc(bridge->early, (bridge->n_early + 1) * sizeof(struct cx_transaction *));

        if (!early)
                return;
        bridge->early = early;
        early[bridge->n_early++] = cx_transaction_ref(transaction);
}

static int on_transaction(struct cx_provider *provider, struct cx_transaction *transaction,
                          void *userdata)
{
        struct bridge *bridge = userdata;

        (void)provider;
        if (bridge->reclaimed)
                take_part(bridge, transaction);
        else
                keep_early(bridge, transaction);
        return 1;
}

void orders_take_early(struct bridge *bridge)
{
        for (size_t i = 0; i < bridge->n_early; i++)
                take_part(bridge, bridge->early[i]);
        orders_forget_early(bridge);
}

void orders_forget_early(struct bridge *bridge)
{
        for (size_t i = 0; i < bridge->n_early; i++)
                cx_transaction_unref(bridge->early[i]);
        free(bridge->early);
        bridge->early = NULL;
        bridge->n_early = 0;
}

bool orders_have_early_end(const struct bridge *bridge, const char *uuid)
{
        for (size_t i = 0; i < bridge->n_early; i++) {
                const struct cx_transaction *part = bridge->early[i];

                for (size_t j = 0; j < cx_transaction_get_n_actions(part); j++) {
                        const struct cx_action *action = cx_transaction_get_action(part, j);

                        if (type_of(action) == ORDER_END &&
                            streq(cx_action_get_call_uuid(action), uuid))
                                return true;
                }
        }
        return false;
}

/* --- their end -------------------------------------------------------------------------------- */

static bool has_come_true(const struct order *order)
{
        const struct call *call = order->call;

        switch (order->type) {
        case ORDER_START:
                return call->id;
        case ORDER_ANSWER:
                return call->state == MODEM_CALL_ACTIVE || call->state == MODEM_CALL_HELD;
        case ORDER_HOLD:
                return call->state == MODEM_CALL_HELD;
        case ORDER_RESUME:
                return call->state == MODEM_CALL_ACTIVE;
        case ORDER_JOIN:
                return order->with && call->multiparty && order->with->multiparty;
        case ORDER_LEAVE:
                return !call->multiparty;
        case ORDER_TONES:
                return order->text && !order->text[order->sent];
        case ORDER_MUTE:
                return !call_is_current(call) || call->modem->muted;
        case ORDER_UNMUTE:
                return !call_is_current(call) || !call->modem->muted ||
                       call_is_muted_by_others(call);
        case ORDER_END:
                break; /* with the call */
        }
        return false;
}

void orders_settle(struct modem *modem)
{
        struct order *order, *next;

        DL_FOREACH_SAFE (modem->orders, order, next)
                if (!order->doomed && has_come_true(order))
                        order_fulfill(order);
}

void orders_call_over(struct call *call, enum cx_call_ended_cause cause, const char *text)
{
        struct order *order, *next;

        DL_FOREACH_SAFE (call->modem->orders, order, next) {
                if (order->with == call)
                        order->with = NULL;
                if (order->call != call)
                        continue;
                if (order->type == ORDER_END)
                        (void)cx_action_fulfill(order->action);
                else
                        (void)cx_action_fail_with_cause(order->action, cause,
                                                        text ? text : "the call is over");
                order_free(order);
        }
}

static struct order *order_find(struct bridge *bridge, const struct cx_action *action)
{
        struct modem *modem;
        struct order *order;

        DL_FOREACH (bridge->modems, modem)
                DL_FOREACH (modem->orders, order)
                        if (order->action == action)
                                return order;
        return NULL;
}

/* callsd has completed it by itself. */
static void withdrawn(struct bridge *bridge, const struct cx_action *action, bool timed_out)
{
        struct order *order = order_find(bridge, action);
        enum order_type type;
        struct call *call;

        if (!order)
                return;
        call = order->call;
        type = order->type;
        log_debug("call %s: order %s", call->uuid, timed_out ? "timed out" : "cancelled");
        doom_followers(order);
        order_free(order);
        modem_changed(call->modem);
        /* An answer that came after callsd had given up would open the microphone to a surprise. */
        if (type == ORDER_END || type == ORDER_START || (type == ORDER_ANSWER && timed_out))
                call_abandon(call);
}

static void on_timed_out(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider;
        withdrawn(userdata, action, true);
}

static void on_cancelled(struct cx_provider *provider, struct cx_action *action, const char *why,
                         void *userdata)
{
        (void)provider, (void)why;
        withdrawn(userdata, action, false);
}

/* --- the delegate ----------------------------------------------------------------------------- */

static void on_begin(struct cx_provider *provider, void *userdata)
{
        struct bridge *bridge = userdata;

        (void)provider;
        log_info("registered with callsd");
        bridge->begun = bridge->available = true;
        bridge_changed(bridge);
}

/* callsd has lost them; the network has not. They are reported again as what they are now. */
static void on_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        struct bridge *bridge = userdata;

        (void)provider;
        for (; lost && *lost; lost++) {
                struct call *call = call_find(bridge, *lost);

                if (call)
                        call_forget(call);
        }
}

static void on_fail_to_begin(struct cx_provider *provider, const struct cx_error *error,
                             void *userdata)
{
        (void)provider, (void)userdata;
        if (cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING))
                log_info("callsd is not there; waiting for it");
        else
                log_error("callsd does not take us as a provider: %s", cx_error_get_message(error));
}

static void on_audio(struct cx_provider *provider, const struct cx_audio_session *session,
                     void *userdata)
{
        (void)provider, (void)session, (void)userdata; /* the modem's sound is not ours */
}

static void on_no_audio(struct cx_provider *provider, const char *call, void *userdata)
{
        (void)provider, (void)call, (void)userdata;
}

const struct cx_provider_delegate order_delegate = {
        .size = sizeof(order_delegate),
        .did_begin = on_begin,
        .did_reset = on_reset,
        .execute_transaction = on_transaction,
        .timed_out_performing_action = on_timed_out,
        .did_activate_audio_session = on_audio,
        .did_deactivate_audio_session = on_no_audio,
        .did_fail_to_begin = on_fail_to_begin,
        .action_cancelled = on_cancelled,
};
