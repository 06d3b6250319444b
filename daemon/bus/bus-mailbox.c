/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a peer asks for, and when it is served.
 *
 * All peers come in through one connection, one after the other. So that none of them can slow the
 * others, each may use a certain part of the daemon's time; what it asks for beyond that waits in
 * its mailbox, in order, and is served when nothing else is to be done: a message of somebody else
 * that the bus has ready is always read first. A mailbox is small; what does not find room is
 * refused, which costs next to nothing.
 *
 * Messages wait here as well until it is known who sent them, and while their sender does not read
 * what it is sent. A message that leaves the mailbox is put back into sd-bus's queue, and
 * recognised when it comes from there.
 */
#include "bus/bus-mailbox.h"

#include <errno.h>
#include <utlist.h>

#include "bus/bus-credit.h"
#include "bus/bus-stall.h"
#include "util/log.h"

/*
 * The time that a peer may use: at once (some 500 requests, as of an app that tells of all its
 * calls again), and of each millisecond. Measured: a simple request takes 10 to 40 us of the
 * daemon, an object in a list 8.
 */
#define WORK_BURST (25 * USEC_PER_MSEC)
#define WORK_PER_MSEC 200
#define WORK_REQUEST 50
#define WORK_OBJECT 8

static size_t n_waiting(const struct client *client)
{
        return client->mailbox.n - client->mailbox.first;
}

static bool is_call(sd_bus_message *message, const char *interface, const char *member)
{
        return sd_bus_message_is_method_call(message, interface, member) > 0;
}

/* How many objects the answer lists. */
static unsigned count_objects(struct bus *bus, sd_bus_message *message)
{
        const struct provider *provider = NULL;
        const struct call *call = NULL;
        unsigned n = 0;

        if (!is_call(message, "org.freedesktop.DBus.ObjectManager", NULL) &&
            !is_call(message, "org.freedesktop.DBus.Introspectable", NULL))
                return 0;
        while ((call = engine_next_call(bus->engine, call)))
                n++;
        while ((provider = engine_next_provider(bus->engine, provider)))
                n++;
        return n;
}

static void fill(struct mailbox *mailbox)
{
        usec_t now = bus_now().boottime, passed = now - mailbox->filled;

        if (passed > USEC_PER_SEC)
                mailbox->work = WORK_BURST;
        else
                mailbox->work += (int64_t)(passed * WORK_PER_MSEC / USEC_PER_MSEC);
        if (mailbox->work > (int64_t)WORK_BURST)
                mailbox->work = WORK_BURST;
        mailbox->filled = now;
}

static void charge(struct client *client, sd_bus_message *message, bool directly)
{
        unsigned n_objects = count_objects(client->bus, message);

        if (directly)
                client->mailbox.work -= WORK_REQUEST + (int64_t)n_objects * WORK_OBJECT;
        credit_charge(client, CREDIT_MESSAGE + (size_t)n_objects * CREDIT_OBJECT);
}

/* ---- turns ---- */

static void take_a_turn(struct client *client)
{
        struct bus *bus = client->bus;

        if (client->mailbox.queued || client->state != CLIENT_KNOWN || n_waiting(client) == 0 ||
            client->mailbox.n_released > 0)
                return;
        DL_APPEND2(bus->turns, client, mailbox.prev, mailbox.next);
        client->mailbox.queued = true;
        sd_event_source_set_enabled(bus->turn_source, SD_EVENT_ON);
}

static void leave_turns(struct client *client)
{
        struct bus *bus = client->bus;

        if (!client->mailbox.queued)
                return;
        DL_DELETE2(bus->turns, client, mailbox.prev, mailbox.next);
        client->mailbox.queued = false;
        if (!bus->turns)
                sd_event_source_set_enabled(bus->turn_source, SD_EVENT_OFF);
}

/* Those that were not released yet; nobody shall wait for what does not come. */
static void refuse_waiting(const struct mailbox *mailbox, int r)
{
        for (size_t i = mailbox->first + mailbox->n_released; i < mailbox->n; i++)
                sd_bus_reply_method_errno(mailbox->messages[i], r, NULL);
}

/* The next of its messages comes to mailbox_take() once more. */
static bool release(struct client *client)
{
        struct mailbox *mailbox = &client->mailbox;
        int r;

        r = sd_bus_enqueue_for_read(client->bus->connection,
                                    mailbox->messages[mailbox->first + mailbox->n_released]);
        if (r >= 0) {
                mailbox->n_released++;
                return true;
        }
        log_warning("Messages of %s are refused: %s", client->name, strerror(-r));
        refuse_waiting(mailbox, r);
        mailbox_done(client);
        return false;
}

static int on_turn(sd_event_source *source, void *userdata)
{
        struct bus *bus = userdata;
        struct client *client = bus->turns;

        if (!client || queue_length(bus) > QUEUE_SERVE_MAX) {
                sd_event_source_set_enabled(source, SD_EVENT_OFF);
                bus_flush(bus); /* and is told when there is room */
                return 0;
        }
        leave_turns(client);
        /* It may have been served by mailbox_resume() meanwhile. */
        if (n_waiting(client) > 0 && client->mailbox.n_released == 0 && credit_is_good(client))
                release(client);
        return 0;
}

int mailboxes_init(struct bus *bus)
{
        int r = sd_event_add_defer(bus->event, &bus->turn_source, on_turn, bus);

        if (r >= 0)
                r = sd_event_source_set_priority(bus->turn_source, SD_EVENT_PRIORITY_IDLE);
        return r < 0 ? r : sd_event_source_set_enabled(bus->turn_source, SD_EVENT_OFF);
}

void mailboxes_resume(struct bus *bus)
{
        if (bus->turns)
                sd_event_source_set_enabled(bus->turn_source, SD_EVENT_ON);
}

/* What it would have been served at once it is served now; the rest waits for its turn. */
void mailbox_resume(struct client *client)
{
        struct mailbox *mailbox = &client->mailbox;

        fill(mailbox);
        while (mailbox->n_released < n_waiting(client) && mailbox->work > 0 &&
               queue_length(client->bus) <= QUEUE_SERVE_MAX) {
                mailbox->work -= WORK_REQUEST;
                if (!release(client))
                        return;
        }
        take_a_turn(client);
}

/* ---- messages ---- */

static int keep(struct client *client, sd_bus_message *message)
{
        struct mailbox *mailbox = &client->mailbox;

        if (mailbox->first > 0 && mailbox->n == mailbox->allocated) {
                memmove(mailbox->messages, mailbox->messages + mailbox->first,
                        n_waiting(client) * sizeof(sd_bus_message *));
                mailbox->n -= mailbox->first;
                mailbox->first = 0;
        }
        if (mailbox->n == mailbox->allocated) {
                size_t allocated = mailbox->allocated ? mailbox->allocated * 2 : 8;
                sd_bus_message **messages =
                        reallocarray(mailbox->messages, allocated, sizeof(sd_bus_message *));

                if (!messages)
                        return -ENOMEM;
                mailbox->messages = messages;
                mailbox->allocated = allocated;
        }
        mailbox->messages[mailbox->n++] = sd_bus_message_ref(message);
        return 0;
}

/* Nothing is kept for a peer that is served at once, which is nearly every one. */
static void forget_first(struct mailbox *mailbox)
{
        sd_bus_message_unref(mailbox->messages[mailbox->first++]);
        if (mailbox->first < mailbox->n)
                return;
        free(mailbox->messages);
        mailbox->messages = NULL;
        mailbox->first = mailbox->n = mailbox->allocated = 0;
}

static bool is_released(const struct client *client, sd_bus_message *message)
{
        const struct mailbox *mailbox = &client->mailbox;

        return mailbox->n_released > 0 && mailbox->messages[mailbox->first] == message;
}

/* Ending a call, and being silent in it, must not fail for a limit. */
static unsigned limit_for(const struct client *client, sd_bus_message *message)
{
        if (client->state != CLIENT_KNOWN)
                return MAILBOX_UNKNOWN_MAX;
        if (is_call(message, INTERFACE_CALL, "End") || is_call(message, INTERFACE_CALL, "SetMuted"))
                return MAILBOX_OUTSTANDING_END_MAX;
        return MAILBOX_OUTSTANDING_MAX;
}

/* Where the bus does not read, a refusal would only make the queue longer. */
static int refuse(struct client *client, sd_bus_message *message, unsigned limit)
{
        if (queue_length(client->bus) > QUEUE_REFUSE_MAX)
                return 1;
        credit_charge(client, CREDIT_REFUSAL);
        if (client->state != CLIENT_KNOWN)
                sd_bus_reply_method_errorf(message, bus_error_name(REFUSAL_LIMIT_REACHED),
                                           "%u messages of %s wait already until callsd knows who "
                                           "it is; wait for an answer first",
                                           limit, client->name);
        else
                sd_bus_reply_method_errorf(message, bus_error_name(REFUSAL_LIMIT_REACHED),
                                           "%u calls of %s wait already for their answers, the "
                                           "most that one peer may have; wait for an answer first",
                                           limit, client->name);
        return 1;
}

static bool may_go_on(struct client *client)
{
        if (client->state != CLIENT_KNOWN || n_waiting(client) > 0 || !credit_is_good(client) ||
            queue_length(client->bus) > QUEUE_SERVE_MAX)
                return false;
        fill(&client->mailbox);
        return client->mailbox.work > 0;
}

int mailbox_take(struct client *client, sd_bus_message *message)
{
        unsigned limit = limit_for(client, message);
        int r;

        if (client->credit.cut_off)
                return 1;
        if (is_released(client, message)) {
                client->mailbox.n_released--;
                forget_first(&client->mailbox);
                take_a_turn(client);
                charge(client, message, false);
                return 0;
        }
        stall_watch(client->bus);
        if (n_waiting(client) + client->mailbox.n_replies >= limit)
                return refuse(client, message, limit);
        if (may_go_on(client)) {
                charge(client, message, true);
                return 0;
        }
        r = client_ask(client);
        if (r >= 0)
                r = keep(client, message);
        if (r < 0)
                return r;
        take_a_turn(client);
        return 1;
}

void mailbox_reply_waits(struct client *client)
{
        if (client)
                client->mailbox.n_replies++;
}

void mailbox_reply_left(struct client *client)
{
        if (client && client->mailbox.n_replies > 0)
                client->mailbox.n_replies--;
}

void mailbox_done(struct client *client)
{
        struct mailbox *mailbox = &client->mailbox;

        leave_turns(client);
        while (mailbox->first < mailbox->n)
                sd_bus_message_unref(mailbox->messages[mailbox->first++]);
        free(mailbox->messages);
        mailbox->messages = NULL;
        mailbox->first = mailbox->n = mailbox->allocated = mailbox->n_released = 0;
}
