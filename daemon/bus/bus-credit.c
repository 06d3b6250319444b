/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a peer was sent, and whether it reads.
 *
 * A bus keeps what a peer does not read, and counts it against the sender: at some size dbus-daemon
 * stops reading from us, dbus-broker closes our connection, and every app suffers for one that was
 * stopped. So callsd counts as well: whatever goes to one peer alone, answers and signals. From
 * time to time it sends a Ping after them; the answer can only come when all before it was read,
 * and no bus has to be trusted for it. A peer that answers no Ping is first served no more
 * requests, and at last given up: as if it had left the bus, and sent nothing until it does answer.
 *
 * The number of bytes decides and no clock: an app that is stopped in a debugger, or sleeps with
 * the whole machine, loses nothing. Broadcast signals are not counted: nobody is told who listens.
 * They are a few kB for each call, and bus-stall.c is there for the day when they were too many.
 */
#include "bus/bus-credit.h"

#include <errno.h>

#include "bus/bus-mailbox.h"
#include "bus/bus-pending.h"
#include "bus/bus-stall.h"
#include "util/log.h"

static void ask_for_proof(struct client *client);

static void settle_debt(struct client *client)
{
        struct credit *credit = &client->credit;

        client->bus->owed -= credit->asked_for;
        credit->owed -= credit->asked_for;
        credit->asked_for = 0;
}

/* A refusal of the peer is as good an answer; one of the bus is none. */
static bool was_read(sd_bus_message *reply)
{
        const char *sender = sd_bus_message_get_sender(reply);

        return !sd_bus_message_is_method_error(reply, NULL) ||
               (sender && !streq(sender, "org.freedesktop.DBus"));
}

static void warn_no_pings(struct bus *bus, sd_bus_message *reply)
{
        if (bus->no_pings)
                return;
        bus->no_pings = true;
        log_warning(
                "The bus does not let callsd ask peers whether they read (%s): one that does not "
                "is noticed late; its policy must let callsd send org.freedesktop.DBus.Peer",
                str_or_empty(sd_bus_message_get_error(reply)->message));
}

static int on_pong(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct client *client = userdata;
        struct credit *credit = &client->credit;

        (void)error;
        credit->ping = sd_bus_slot_unref(credit->ping);
        if (client->bus->lost ||
            sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
            sd_bus_message_is_method_error(reply, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY))
                return 0;
        if (!was_read(reply))
                warn_no_pings(client->bus, reply);
        settle_debt(client);
        if (credit->cut_off)
                log_notice("%s reads again", client->name);
        credit->cut_off = false;
        if (credit->owed >= CREDIT_PING)
                ask_for_proof(client);
        mailbox_resume(client);
        return 0;
}

/* Without a timeout: it is answered late, or when the peer has gone. */
static void ask_for_proof(struct client *client)
{
        struct credit *credit = &client->credit;
        cleanup_(sd_bus_message_unrefp) sd_bus_message *ping = NULL;
        int r;

        r = sd_bus_message_new_method_call(client->bus->connection, &ping, client->name, "/",
                                           "org.freedesktop.DBus.Peer", "Ping");
        if (r >= 0)
                r = sd_bus_call_async(client->bus->connection, &credit->ping, ping, on_pong, client,
                                      UINT64_MAX);
        if (r < 0) {
                log_debug("%s could not be asked whether it reads: %s", client->name, strerror(-r));
                return;
        }
        credit->asked_for = credit->owed;
        credit->pinged = bus_now().boottime;
}

/* It may be in the middle of a handler, or of the engine's effects: so the rest comes later. */
static void cut_off(struct client *client)
{
        const struct credit *credit = &client->credit;

        log_warning(
                "%s (process %d) does not read: %zu KiB wait for it, and a Ping of %llu s ago is "
                "not answered; it counts as gone until it reads again",
                client->name, (int)client->pid, credit->owed / 1024,
                (unsigned long long)((bus_now().boottime - credit->pinged) / USEC_PER_SEC));
        client->credit.cut_off = true;
        sd_event_source_set_enabled(client->bus->cut_source, SD_EVENT_ONESHOT);
}

static struct client *find_greatest_debtor(struct bus *bus)
{
        struct client *client, *next, *greatest = NULL;

        HASH_ITER (hh, bus->clients, client, next)
                if (!client->credit.cut_off && client->credit.ping &&
                    (!greatest || client->credit.owed > greatest->credit.owed))
                        greatest = client;
        return greatest;
}

static bool has_had_time(const struct credit *credit)
{
        return bus_now().boottime - credit->pinged >= CREDIT_PATIENCE;
}

/* While the bus itself does not take our messages it is not the peer's fault. */
static void review(struct client *client)
{
        struct bus *bus = client->bus;
        struct client *debtor = NULL;

        if (bus->owed > CREDIT_TOTAL_MAX)
                debtor = find_greatest_debtor(bus);
        else if (client->credit.owed > CREDIT_MAX && has_had_time(&client->credit))
                debtor = client;
        if (debtor && queue_length(bus) == 0 && !bus->stall.ping)
                cut_off(debtor);
}

void credit_charge(struct client *client, size_t bytes)
{
        struct credit *credit = &client->credit;

        if (credit->cut_off)
                return;
        if (credit->ping)
                review(client);
        credit->owed += bytes;
        client->bus->owed += bytes;
        if (!credit->ping && credit->owed >= CREDIT_PING)
                ask_for_proof(client);
}

bool credit_is_good(const struct client *client)
{
        return !client->credit.ping || client->credit.owed < CREDIT_WAIT;
}

static int on_cut(sd_event_source *source, void *userdata)
{
        struct bus *bus = userdata;
        struct client *client, *next;

        (void)source;
        HASH_ITER (hh, bus->clients, client, next) {
                if (!client->credit.cut_off)
                        continue;
                mailbox_done(client);
                client_lose(client);
        }
        return 0;
}

int credits_init(struct bus *bus)
{
        int r = sd_event_add_defer(bus->event, &bus->cut_source, on_cut, bus);

        return r < 0 ? r : sd_event_source_set_enabled(bus->cut_source, SD_EVENT_OFF);
}

void credit_done(struct client *client)
{
        client->credit.ping = sd_bus_slot_unref(client->credit.ping);
        if (client->bus)
                client->bus->owed -= client->credit.owed;
        client->credit.owed = 0;
}
