/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is there a callsd, and is it still the same one?
 *
 * One match on NameOwnerChanged sees every start, stop and restart. A Ping tells whether the daemon
 * is alive: the first may start it (D-Bus activation); it has no timeout of its own, so that a
 * daemon that hung is noticed at the moment it wakes up. One that went is started again by systemd,
 * or was stopped by somebody who wants it so; only where there is no systemd is it for a Ping. The
 * state goes
 *
 *      UNKNOWN --pong--> UP --a request not answered for 2 s--> DOWN --pong--> UP
 *      UNKNOWN --nobody, or no pong for 2 s--> DOWN
 *      any --the owner of the name changes--> UNKNOWN, with a new generation
 *
 * and every step to UP makes the objects of the context look after their registrations.
 */
#include "context-internal.h"

#include <systemd/sd-daemon.h>

#define RULE_OWNER                                                                      \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "member='NameOwnerChanged',arg0='" NAME_CALLSD "'"

static void link_ping(struct cx_context *context);

static void announce_run(void *owner, void *data)
{
        struct cx_context *context = owner;
        int available = context->link.state == LINK_UP;

        (void)data;
        if (!context->availability || context->link.announced == available ||
            context->link.state == LINK_UNKNOWN)
                return;
        context->link.announced = available;
        context->availability(context, available, context->availability_userdata);
}

static void announce(struct cx_context *context)
{
        if (context->availability)
                context_queue(context, context, announce_run, NULL, NULL);
}

static void link_set_down(struct cx_context *context)
{
        timer_disarm(context, &context->link.no_answer);
        if (context->link.state == LINK_DOWN)
                return;
        context->link.state = LINK_DOWN;
        announce(context);
        providers_link_down(context);
}

static void link_set_up(struct cx_context *context)
{
        timer_disarm(context, &context->link.no_answer);
        context->reconnect_pause = 0;
        if (context->link.state == LINK_UP)
                return;
        context->link.state = LINK_UP;
        context->link.was_up = true;
        announce(context);
        providers_link_up(context);
        observers_link_up(context);
}

void link_no_answer(struct cx_context *context)
{
        link_set_down(context);
        if (!context->link.ping)
                link_ping(context);
}

static void on_no_answer(void *userdata)
{
        link_set_down(userdata);
}

bool link_error_is_absence(const struct cx_context *context, sd_bus_message *reply)
{
        const char *sender = sd_bus_message_get_sender(reply);

        (void)context;
        return sd_bus_message_is_method_error(reply, NULL) &&
               (!sender || streq(sender, "org.freedesktop.DBus"));
}

static void link_set_owner(struct cx_context *context, const char *owner)
{
        struct link *link = &context->link;

        if (owner && link->owner && streq(owner, link->owner))
                return;
        if (link->owner) {
                link->generation++;
                providers_link_lost(context);
                controllers_link_lost(context);
                observers_link_lost(context);
        }
        str_replace(&link->owner, owner);
}

void link_heard_from(struct cx_context *context, sd_bus_message *reply)
{
        const char *sender = sd_bus_message_get_sender(reply);

        if (sender && !context->link.owner)
                link_set_owner(context, sender);
}

/* Whether somebody else looks after the daemon. A Flatpak does not see systemd, but needs it. */
static bool is_supervised(void)
{
        return sd_booted() > 0 || access("/.flatpak-info", F_OK) == 0;
}

bool link_may_start(const struct cx_context *context)
{
        return !context->link.was_up || !is_supervised();
}

/* It died a moment ago, and systemd starts it again: what is asked of it meanwhile waits, 2 s at
 * the most. */
static bool is_coming_back(const struct cx_context *context)
{
        return context->link.state == LINK_UNKNOWN && !link_may_start(context);
}

static int on_pong(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct cx_context *context = userdata;

        (void)error;
        context->link.ping = sd_bus_slot_unref(context->link.ping);
        if (link_error_is_absence(context, reply)) {
                if (!is_coming_back(context))
                        link_set_down(context);
                return 0;
        }
        link_heard_from(context, reply);
        link_set_up(context);
        return 0;
}

static void link_ping(struct cx_context *context)
{
        cleanup_message_ sd_bus_message *ping = NULL;
        struct link *link = &context->link;
        int r;

        link->ping = sd_bus_slot_unref(link->ping);
        if (!context->bus)
                return;
        r = sd_bus_message_new_method_call(context->bus, &ping, NAME_CALLSD, PATH_CALLSD,
                                           "org.freedesktop.DBus.Peer", "Ping");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(ping, link_may_start(context));
        if (r >= 0)
                r = sd_bus_call_async(context->bus, &link->ping, ping, on_pong, context,
                                      USEC_INFINITY);
        if (r < 0) {
                link_set_down(context);
                return;
        }
        link->no_answer.fn = on_no_answer;
        link->no_answer.userdata = context;
        if (link->state == LINK_UNKNOWN)
                timer_arm(context, &link->no_answer,
                          usec_add(usec_now(CLOCK_MONOTONIC), context->answer_timeout));
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct cx_context *context = userdata;
        const char *name, *before, *now;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &before, &now) < 0 ||
            !streq(name, NAME_CALLSD))
                return 0;
        if (*now && context->link.owner && streq(now, context->link.owner))
                return 0; /* known from a reply already */
        link_set_owner(context, str_or_null(now));
        context->link.state = context->link.state == LINK_DOWN ? LINK_DOWN : LINK_UNKNOWN;
        link_ping(context);
        return 0;
}

/* Signals that are sent to this connection need no match at the bus, and no rule to be kept. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct cx_context *context = userdata;
        const char *interface = sd_bus_message_get_interface(message);
        const char *sender = sd_bus_message_get_sender(message);

        (void)error;
        if (!sd_bus_message_is_signal(message, NULL, NULL) || !interface)
                return 0;
        if (context->bus_served_by_app &&
            sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", "Disconnected")) {
                context_bus_lost(context);
                return 0;
        }
        if (strncmp(interface, "org.callsd.", strlen("org.callsd.")) != 0)
                return 0;
        /* Anybody on the bus can send us anything; only the owner of the name is callsd. */
        if (!sender || !context->link.owner || !streq(sender, context->link.owner))
                return 0;
        if (streq(interface, INTERFACE_PROVIDER))
                providers_signal(context, message);
        else if (streq(interface, INTERFACE_MANAGER))
                controllers_signal(context, message);
        return 0;
}

int link_connected(struct cx_context *context)
{
        struct link *link = &context->link;
        int r;

        r = sd_bus_add_filter(context->bus, &link->filter, on_message, context);
        if (r < 0)
                return r;
        r = sd_bus_add_match_async(context->bus, &link->owner_match, RULE_OWNER, on_owner_changed,
                                   NULL, context);
        if (r < 0)
                return r;
        link_ping(context);
        return 0;
}

void link_disconnected(struct cx_context *context)
{
        struct link *link = &context->link;

        link->filter = sd_bus_slot_unref(link->filter);
        link->owner_match = sd_bus_slot_unref(link->owner_match);
        link->ping = sd_bus_slot_unref(link->ping);
        link_set_owner(context, NULL);
        link_set_down(context);
}

int cx_context_is_available(const struct cx_context *context)
{
        return context_check(context) == 0 && context->link.state == LINK_UP;
}

int cx_context_set_availability_callback(struct cx_context *context, cx_availability_fn callback,
                                         void *userdata)
{
        int r = context_check(context);

        if (r < 0)
                return r;
        context->availability = callback;
        context->availability_userdata = userdata;
        context->link.announced = -1;
        announce(context);
        return 0;
}

static bool ping_answered(void *userdata)
{
        struct cx_context *context = userdata;

        return !context->link.ping;
}

int cx_context_ping_sync(struct cx_context *context, uint64_t timeout_usec)
{
        int r = context_check(context);

        if (r < 0)
                return r;
        if (context->in_callback > 0)
                return -EDEADLK;
        link_ping(context);
        r = context_wait(context, ping_answered, context, timeout_usec);
        if (r < 0)
                return r;
        return context->link.state == LINK_UP ? 0 : -EHOSTUNREACH;
}
