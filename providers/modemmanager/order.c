/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the bridge asks, done with ModemManager's verbs.
 *
 * There is no plain hold there. HoldAndAccept is AT+CHLD=2: it holds what is active, and then
 * answers a call that waits, else resumes what is held. So it is a hold, a resume and a swap while
 * nothing waits, and is asked for none of these while something does: it would answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm.h"

/* ModemManager gives a dial command 90 s. */
#define START_USEC (120 * SEC_USEC)
#define PAUSE_USEC (2 * SEC_USEC)

struct mm_order {
        struct mm_modem *modem;
        struct request *request;
        enum modem_verb verb;
        struct mm_call *call; /* NULL: none, or gone */
        char *keys;           /* that are still to be sent */
        size_t n_sent;
        sd_bus_slot *slot;
        sd_event_source *pause;
};

void mm_order_free(struct mm_order *order)
{
        order->modem->order = NULL;
        sd_bus_slot_unref(order->slot);
        sd_event_source_disable_unref(order->pause);
        free(order->keys);
        free(order);
}

/* The next order may come from inside request_done(). */
static void finish(struct mm_order *order, const struct modem_failure *failure)
{
        struct request *request = order->request;
        struct mm_call *call = order->call;
        char *path = NULL;

        if (!failure && order->verb == MODEM_DIAL && call)
                path = strdup(call->path);
        mm_order_free(order);
        request_done(request, failure, path);
        free(path);
}

static void fail(struct mm_order *order, enum cx_call_ended_cause cause, const char *text)
{
        struct modem_failure failure = {.cause = cause, .text = text};

        finish(order, &failure);
}

/* What went wrong, for people; without ModemManager's full stop. */
static void fail_with_error(struct mm_order *order, enum cx_call_ended_cause cause,
                            const sd_bus_error *error)
{
        char text[256];
        size_t n;

        if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT))
                snprintf(text, sizeof(text), "ModemManager did not answer");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                snprintf(text, sizeof(text),
                         "ModemManager does not allow calls to this user (polkit action " MM_NAME
                         ".Voice)");
        else
                snprintf(text, sizeof(text), "ModemManager: %s",
                         error->message && *error->message ? error->message : error->name);
        n = strlen(text);
        if (text[n - 1] == '.')
                text[n - 1] = '\0';
        fail(order, cause, text);
}

/* --- verbs of one step ------------------------------------------------------------------------ */

/* Hung up already is hung up. */
static bool is_over(const struct mm_order *order)
{
        return !order->call || order->call->over || order->call->facts.state == MM_CALL_TERMINATED;
}

static void finish_over(struct mm_order *order)
{
        if (order->verb == MODEM_HANG_UP)
                finish(order, NULL);
        else
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "The call is over");
}

static int on_done(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_order *order = userdata;
        struct mm_call *call = order->call;

        (void)error;
        order->slot = sd_bus_slot_unref(order->slot);
        if (order->verb == MODEM_HANG_UP && call && call->facts.state == MM_CALL_TERMINATED)
                mm_call_over(call, call->facts.reason);
        if (!sd_bus_message_is_method_error(reply, NULL) ||
            (order->verb == MODEM_HANG_UP && is_over(order)))
                finish(order, NULL);
        else
                fail_with_error(order, CX_CALL_ENDED_CAUSE_OTHER, sd_bus_message_get_error(reply));
        return 0;
}

static int ask_voice(struct mm_order *order, const char *member, sd_bus_message_handler_t handler)
{
        const struct backend *backend = order->modem->backend;

        return sd_bus_call_method_async(backend->bus, &order->slot, backend->owner,
                                        order->modem->path, MM_VOICE_INTERFACE, member, handler,
                                        order, NULL);
}

static int ask_call(struct mm_order *order, const struct mm_call *call, const char *member)
{
        const struct backend *backend = order->modem->backend;

        return sd_bus_call_method_async(backend->bus, &order->slot, backend->owner, call->path,
                                        MM_CALL_INTERFACE, member, on_done, order, NULL);
}

/* --- dial ------------------------------------------------------------------------------------- */

static void forget_call(struct mm_order *order)
{
        if (order->call)
                mm_call_delete(order->call);
        order->call = NULL;
}

/* The order may be complete already: a call that is dialling is a success, whatever follows. */
static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_call *call = userdata;
        struct mm_order *order = call->modem->order;
        const sd_bus_error *why = sd_bus_message_get_error(reply);
        struct mm_end end;

        (void)error;
        call->start = sd_bus_slot_unref(call->start);
        if (order && (order->verb != MODEM_DIAL || order->call != call))
                order = NULL;
        if (!why) {
                if (order)
                        finish(order, NULL);
                mm_call_changed(call); /* if it is over already */
                return 0;
        }
        end = mm_start_end(why->name);
        if (order) {
                forget_call(order);
                fail_with_error(order, end.cause, why);
        } else if (!call->over && call->facts.state == MM_CALL_TERMINATED) {
                mm_call_over_with(call, end);
                mm_call_delete(call);
        }
        return 0;
}

static int start(struct mm_order *order)
{
        const struct backend *backend = order->modem->backend;
        sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(backend->bus, &message, backend->owner,
                                               order->call->path, MM_CALL_INTERFACE, "Start");

        if (r >= 0)
                r = sd_bus_call_async(backend->bus, &order->call->start, message, on_started,
                                      order->call, START_USEC);
        sd_bus_message_unref(message);
        return r;
}

static int on_created(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_order *order = userdata;
        const char *path;
        int r;

        (void)error;
        order->slot = sd_bus_slot_unref(order->slot);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                fail_with_error(order, CX_CALL_ENDED_CAUSE_OTHER, sd_bus_message_get_error(reply));
                return 0;
        }
        r = sd_bus_message_read_basic(reply, 'o', &path);
        order->call = r >= 0 ? mm_call_get(order->modem, path) : NULL;
        if (order->call) {
                order->call->ours = true;
                r = start(order);
        }
        if (r >= 0 && order->call)
                return 0;
        forget_call(order);
        fail(order, CX_CALL_ENDED_CAUSE_OTHER, "ModemManager could not be asked to dial");
        return 0;
}

static int dial(struct mm_order *order, const char *text)
{
        const struct backend *backend = order->modem->backend;
        char number[MM_NUMBER_SIZE];
        int r = mm_dial_number(text, number);

        if (r == -E2BIG)
                fail(order, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER,
                     "The number is longer than the 80 digits that a modem dials");
        else if (r < 0)
                fail(order, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER,
                     "A modem dials digits, * and #, with or without a + in front");
        if (r < 0)
                return 0;
        return sd_bus_call_method_async(backend->bus, &order->slot, backend->owner,
                                        order->modem->path, MM_VOICE_INTERFACE, "CreateCall",
                                        on_created, order, "a{sv}", 1, "number", "s", number);
}

void mm_order_call_changed(struct mm_call *call)
{
        struct mm_order *order = call->modem->order;
        enum modem_call_state state;

        if (!order || order->call != call)
                return;
        if (order->verb == MODEM_DIAL && mm_call_state_lives(call->facts.state, &state)) {
                finish(order, NULL);
        } else if (order->pause && is_over(order)) {
                order->pause = sd_event_source_disable_unref(order->pause);
                finish_over(order);
        }
}

/* --- keys ------------------------------------------------------------------------------------- */

static int send_next(struct mm_order *order);

static void go_on(struct mm_order *order)
{
        int r = send_next(order);

        if (r < 0)
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "ModemManager could not be asked");
}

static int on_pause_over(sd_event_source *timer, uint64_t usec, void *userdata)
{
        struct mm_order *order = userdata;

        (void)timer, (void)usec;
        order->pause = sd_event_source_disable_unref(order->pause);
        go_on(order);
        return 0;
}

static int on_key_sent(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_order *order = userdata;

        (void)error;
        order->slot = sd_bus_slot_unref(order->slot);
        if (sd_bus_message_is_method_error(reply, NULL))
                fail_with_error(order, CX_CALL_ENDED_CAUSE_OTHER, sd_bus_message_get_error(reply));
        else
                go_on(order);
        return 0;
}

/* SendDtmf takes a text, and sends its first key alone. */
static int send_next(struct mm_order *order)
{
        const struct backend *backend = order->modem->backend;
        char key[] = {order->keys[order->n_sent], '\0'};

        if (*key && (is_over(order) || order->call->facts.state != MM_CALL_ACTIVE)) {
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "The call is not active any more");
                return 0;
        }
        if (!*key) {
                finish(order, NULL);
                return 0;
        }
        order->n_sent++;
        if (*key == ',')
                return sd_event_add_time_relative(sd_bus_get_event(backend->bus), &order->pause,
                                                  CLOCK_MONOTONIC, PAUSE_USEC, 0, on_pause_over,
                                                  order);
        return sd_bus_call_method_async(backend->bus, &order->slot, backend->owner,
                                        order->call->path, MM_CALL_INTERFACE, "SendDtmf",
                                        on_key_sent, order, "s", key);
}

static int send_keys(struct mm_order *order, const char *keys)
{
        if (strspn(keys, "0123456789*#ABCDabcd,") != strlen(keys)) {
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "There are other keys than 0-9 * # A-D");
                return 0;
        }
        order->keys = strdup(keys);
        return order->keys ? send_next(order) : -ENOMEM;
}

/* --- several calls ---------------------------------------------------------------------------- */

static bool rings(struct mm_modem *modem)
{
        return mm_call_in_state(modem, MM_CALL_WAITING) ||
               mm_call_in_state(modem, MM_CALL_RINGING_IN);
}

/* The verbs name no call: what waits is answered, so it has to be this one, and no other. */
static int answer_waiting(struct mm_order *order, const char *member)
{
        struct mm_call *waiting = mm_call_in_state(order->modem, MM_CALL_WAITING);

        if (waiting == order->call)
                for (struct mm_call *call = waiting->next; call; call = call->next)
                        if (call->known && !call->over && call->facts.state == MM_CALL_WAITING)
                                waiting = NULL;
        if (waiting != order->call) {
                fail(order, CX_CALL_ENDED_CAUSE_OTHER,
                     "The modem would answer another call: the one that waits");
                return 0;
        }
        return ask_voice(order, member, on_done);
}

static int swap(struct mm_order *order)
{
        if (rings(order->modem)) {
                fail(order, CX_CALL_ENDED_CAUSE_OTHER,
                     "A call is ringing, and the modem would answer it");
                return 0;
        }
        return ask_voice(order, "HoldAndAccept", on_done);
}

/* A conference was held and the lone call active; now it is the other way round. */
static int on_swapped_to_join(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_order *order = userdata;

        (void)error;
        order->slot = sd_bus_slot_unref(order->slot);
        if (sd_bus_message_is_method_error(reply, NULL))
                fail_with_error(order, CX_CALL_ENDED_CAUSE_OTHER, sd_bus_message_get_error(reply));
        else if (is_over(order))
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "The call is over");
        else if (ask_call(order, order->call, "JoinMultiparty") < 0)
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "ModemManager could not be asked");
        return 0;
}

/* ModemManager joins a held call that is in no conference yet, and refuses all else. */
static int join(struct mm_order *order)
{
        struct mm_call *call = order->modem->calls;

        if (!order->call->facts.multiparty)
                return ask_call(order, order->call, "JoinMultiparty");
        while (call && !(call->known && !call->over && call->facts.state == MM_CALL_ACTIVE &&
                         !call->facts.multiparty))
                call = call->next;
        if (!call || rings(order->modem)) {
                fail(order, CX_CALL_ENDED_CAUSE_OTHER,
                     call ? "A call is ringing, and the modem would answer it"
                          : "There is no active call to join to the conference");
                return 0;
        }
        order->call = call;
        return ask_voice(order, "HoldAndAccept", on_swapped_to_join);
}

/* --- which call is which ---------------------------------------------------------------------- */

/*
 * To end one call of several ModemManager needs the number that the modem has given it, and learns
 * that when it asks the modem for its calls (AT+CLCC): 2 s after the latest of them came. Until
 * then its Hangup is AT+CHUP, which ends the active call, whatever call was meant; and of a
 * conference that is made earlier it never learns the numbers.
 */
static uint64_t until_known(const struct mm_modem *modem)
{
        uint64_t latest = 0;

        for (const struct mm_call *call = modem->calls; call; call = call->next)
                if (!call->over && call->since_usec > latest)
                        latest = call->since_usec;
        return latest + modem->backend->wait_usec;
}

static int ask_known(struct mm_order *order)
{
        if (order->verb == MODEM_HANG_UP) {
                order->call->hanging_up = true;
                return ask_call(order, order->call, "Hangup");
        }
        return order->verb == MODEM_JOIN ? join(order)
                                         : ask_call(order, order->call, "LeaveMultiparty");
}

static int on_known(sd_event_source *timer, uint64_t usec, void *userdata)
{
        struct mm_order *order = userdata;

        (void)timer, (void)usec;
        order->pause = sd_event_source_disable_unref(order->pause);
        if (is_over(order))
                finish_over(order);
        else if (ask_known(order) < 0)
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "ModemManager could not be asked");
        return 0;
}

static int ask_when_known(struct mm_order *order)
{
        uint64_t due = until_known(order->modem);

        if (!mm_call_has_company(order->call) || mm_now_usec() >= due)
                return ask_known(order);
        log_debug("%s: ModemManager does not know yet which it is", order->call->path);
        return sd_event_add_time(sd_bus_get_event(order->modem->backend->bus), &order->pause,
                                 CLOCK_MONOTONIC, due, 0, on_known, order);
}

/* What is active and alone in that is what AT+CHUP ends. */
static int hang_up(struct mm_order *order)
{
        const struct call_facts *facts = &order->call->facts;

        if (facts->multiparty || facts->state == MM_CALL_HELD || facts->state == MM_CALL_WAITING)
                return ask_when_known(order);
        return ask_known(order);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int carry_out(struct mm_order *order, const char *text)
{
        switch (order->verb) {
        case MODEM_DIAL:
                return dial(order, text);
        case MODEM_ANSWER:
                return ask_call(order, order->call, "Accept");
        case MODEM_HANG_UP:
                return hang_up(order);
        case MODEM_HOLD_AND_ANSWER:
                return answer_waiting(order, "HoldAndAccept");
        case MODEM_END_AND_ANSWER:
                return answer_waiting(order, "HangupAndAccept");
        case MODEM_SWAP:
                return swap(order);
        case MODEM_JOIN:
        case MODEM_SPLIT:
                return ask_when_known(order);
        case MODEM_SEND_TONES:
                return send_keys(order, text);
        case MODEM_MUTE:
        case MODEM_UNMUTE:
                break;
        }
        fail(order, CX_CALL_ENDED_CAUSE_OTHER, "ModemManager cannot do this");
        return 0;
}

static bool needs_call(enum modem_verb verb)
{
        return verb != MODEM_DIAL && verb != MODEM_MUTE && verb != MODEM_UNMUTE;
}

int mm_ask(struct backend *backend, const struct modem_order *wanted, struct request *request)
{
        struct mm_modem *modem = mm_modem_find_id(backend, wanted->modem);
        struct mm_order *order;
        int r;

        if (!modem)
                return -ENODEV;
        if (modem->order)
                return -EBUSY;
        order = calloc(1, sizeof(*order));
        if (!order)
                return -ENOMEM;
        order->modem = modem;
        order->request = request;
        order->verb = wanted->verb;
        order->call = wanted->call ? mm_call_find(backend, wanted->call) : NULL;
        modem->order = order;
        if (needs_call(order->verb) && is_over(order)) {
                finish_over(order);
                return 0;
        }
        r = carry_out(order, wanted->text);
        if (r < 0 && modem->order == order)
                mm_order_free(order);
        return r;
}

void mm_order_call_gone(struct mm_call *call)
{
        struct mm_order *order = call->modem->order;

        if (!order || order->call != call)
                return;
        order->call = NULL;
        if (order->verb == MODEM_DIAL) {
                fail(order, CX_CALL_ENDED_CAUSE_OTHER, "ModemManager has dropped the call");
        } else if (order->pause) {
                order->pause = sd_event_source_disable_unref(order->pause);
                finish_over(order);
        }
}

void mm_order_modem_gone(struct mm_modem *modem)
{
        if (modem->order)
                fail(modem->order, CX_CALL_ENDED_CAUSE_NETWORK, "The modem is gone");
}
