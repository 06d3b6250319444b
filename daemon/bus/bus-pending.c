/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replies that wait: for a transaction to be complete, for the nodes of a call to exist.
 *
 * They are kept by id: when the moment comes, the transaction or the call is looked up again. One
 * transaction has one requester, so there is at most one entry for it.
 */
#include "bus/bus-pending.h"

#include <assert.h>
#include <errno.h>
#include <uthash.h>

#include "bus/bus-credit.h"
#include "bus/bus-mailbox.h"
#include "bus/bus-stream.h"
#include "util/log.h"

struct pending {
        struct uuid transaction;
        sd_bus_message *message;
        bool wants_signal; /* was answered on admission; else the reply itself waits */
        UT_hash_handle hh;
};

struct stream_wait {
        struct uuid call;
        sd_bus_message *message;
        struct stream_wait *next;
};

static void pending_remove(struct bus *bus, struct pending *pending)
{
        HASH_DEL(bus->pending, pending);
        if (!pending->wants_signal)
                mailbox_reply_left(client_of(bus, pending->message));
        sd_bus_message_unref(pending->message);
        free(pending);
}

static struct pending *pending_find(struct bus *bus, const struct uuid *transaction)
{
        struct pending *pending;

        HASH_FIND_STR(bus->pending, transaction->text, pending);
        return pending;
}

static int pending_add(struct bus *bus, const struct uuid *transaction, sd_bus_message *message,
                       bool wants_signal)
{
        struct pending *pending = calloc(1, sizeof(*pending));

        if (!pending)
                return -ENOMEM;
        assert(!pending_find(bus, transaction));
        pending->transaction = *transaction;
        pending->message = sd_bus_message_ref(message);
        pending->wants_signal = wants_signal;
        HASH_ADD(hh, bus->pending, transaction.text, strlen(transaction->text), pending);
        if (pending->hh.tbl) {
                if (!wants_signal)
                        mailbox_reply_waits(client_of(bus, message));
                return 0;
        }
        sd_bus_message_unref(pending->message);
        free(pending);
        return -ENOMEM;
}

int pending_add_reply(struct bus *bus, const struct uuid *transaction, sd_bus_message *message)
{
        return pending_add(bus, transaction, message, false);
}

int pending_add_signal(struct bus *bus, const struct uuid *transaction, sd_bus_message *message)
{
        return pending_add(bus, transaction, message, true);
}

/* The first requested action that was not fulfilled decides. */
static int reply_result(struct bus *bus, sd_bus_message *message,
                        const struct transaction *transaction)
{
        const struct action *action;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        for (action = transaction->actions; action; action = action->next) {
                const char *reason = NULL;
                enum refusal result;

                if (!action->requested)
                        continue;
                result = engine_action_result(bus->engine, action, &reason);
                if (result == REFUSAL_NONE)
                        continue;
                bus_error_set(&error, (int)result, str_or_empty(reason));
                r = sd_bus_reply_method_error(message, &error);
                sd_bus_error_free(&error);
                return r;
        }
        return sd_bus_reply_method_return(message, NULL);
}

static int append_result(struct bus *bus, sd_bus_message *signal, const struct action *action)
{
        const char *reason = NULL;
        enum refusal result = engine_action_result(bus->engine, action, &reason);

        return sd_bus_message_append(signal, "a{sv}", 5, "Action", "s", action->id.text, "Type",
                                     "s", action_type_to_string(action->type), "Call", "s",
                                     action->call_id.text, "Result", "s",
                                     result == REFUSAL_NONE ? "fulfilled" : bus_error_name(result),
                                     "Reason", "s", str_or_empty(reason));
}

static int emit_completed(struct bus *bus, sd_bus_message *request,
                          const struct transaction *transaction)
{
        const char *destination = sd_bus_message_get_sender(request);
        struct client *client = client_of(bus, request);
        size_t bytes = CREDIT_MESSAGE;
        cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        const struct action *action;
        int r;

        r = sd_bus_message_new_signal(bus->connection, &signal, PATH_ROOT, INTERFACE_MANAGER,
                                      "TransactionCompleted");
        if (r >= 0)
                r = sd_bus_message_append(signal, "s", transaction->id.text);
        if (r >= 0)
                r = sd_bus_message_open_container(signal, 'a', "a{sv}");
        for (action = transaction->actions; action && r >= 0; action = action->next)
                if (action->requested) {
                        r = append_result(bus, signal, action);
                        bytes += CREDIT_OBJECT;
                }
        if (r >= 0)
                r = sd_bus_message_close_container(signal);
        if (r >= 0 && destination)
                r = sd_bus_message_set_destination(signal, destination);
        if (r >= 0)
                r = sd_bus_send(bus->connection, signal, NULL);
        if (r >= 0 && client)
                credit_charge(client, bytes);
        return r;
}

void bus_apply_transaction_completed(struct bus *bus, const struct uuid *id)
{
        const struct log_context context = {.transaction = id->text};
        const struct transaction *transaction = engine_find_transaction(bus->engine, id->text);
        struct pending *pending = pending_find(bus, id);
        int r;

        if (!pending)
                return;
        if (!transaction)
                r = -ENOENT;
        else if (pending->wants_signal)
                r = emit_completed(bus, pending->message, transaction);
        else
                r = reply_result(bus, pending->message, transaction);
        if (r < 0)
                log_write(LOG_WARNING, &context, "Its result could not be told: %s", strerror(-r));
        if (r < 0 && !pending->wants_signal)
                sd_bus_reply_method_errno(pending->message, r, NULL);
        pending_remove(bus, pending);
}

void bus_apply_transaction_overdue(struct bus *bus, const struct uuid *id)
{
        struct pending *pending = pending_find(bus, id);

        if (!pending || pending->wants_signal)
                return;
        sd_bus_reply_method_errorf(
                pending->message, bus_error_name(REFUSAL_ACTION_TIMED_OUT),
                "Not complete after %u s; what the provider was asked to do "
                "goes on",
                (unsigned)(engine_get_limits(bus->engine)->reply_timeout / USEC_PER_SEC));
        pending_remove(bus, pending);
}

/* ---- stream properties ---- */

int pending_add_streams(struct bus *bus, const struct uuid *call, sd_bus_message *message)
{
        struct stream_wait *wait = calloc(1, sizeof(*wait)), **at = &bus->stream_waits;

        if (!wait)
                return -ENOMEM;
        wait->call = *call;
        wait->message = sd_bus_message_ref(message);
        while (*at)
                at = &(*at)->next;
        *at = wait;
        mailbox_reply_waits(client_of(bus, message));
        return 0;
}

static void stream_wait_remove(struct bus *bus, struct stream_wait **at)
{
        struct stream_wait *wait = *at;

        *at = wait->next;
        mailbox_reply_left(client_of(bus, wait->message));
        sd_bus_message_unref(wait->message);
        free(wait);
}

/* `call` NULL: all of them. */
static void review_streams(struct bus *bus, const char *call)
{
        struct stream_wait **at = &bus->stream_waits;

        while (*at) {
                if ((call && !streq((*at)->call.text, call)) ||
                    stream_reply(bus, (*at)->call.text, (*at)->message) == -EAGAIN)
                        at = &(*at)->next;
                else
                        stream_wait_remove(bus, at);
        }
}

void pending_review_streams(struct bus *bus, const char *call)
{
        review_streams(bus, call);
}

void pending_review_all_streams(struct bus *bus)
{
        review_streams(bus, NULL);
}

/* ---- clients that go ---- */

static bool is_of(struct bus *bus, sd_bus_message *message, const char *key)
{
        const struct client *client = client_of(bus, message);

        return client && streq(client->key, key);
}

void pending_forget_client(struct bus *bus, const char *key)
{
        struct stream_wait **at = &bus->stream_waits;
        struct pending *pending, *next;

        HASH_ITER (hh, bus->pending, pending, next)
                if (is_of(bus, pending->message, key))
                        pending_remove(bus, pending);
        while (*at)
                if (is_of(bus, (*at)->message, key))
                        stream_wait_remove(bus, at);
                else
                        at = &(*at)->next;
}

void pending_forget_all(struct bus *bus)
{
        struct pending *pending, *next;

        HASH_ITER (hh, bus->pending, pending, next)
                pending_remove(bus, pending);
        while (bus->stream_waits)
                stream_wait_remove(bus, &bus->stream_waits);
}
