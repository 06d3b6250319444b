/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus connection of a context, and making it again.
 *
 * A bus that is not there is treated like a callsd that is not there: unavailable, and looked for
 * again with growing pauses. The app does not notice more than that.
 */
#include "context-internal.h"

#define RECONNECT_FIRST_PAUSE (100 * USEC_PER_MSEC)
#define RECONNECT_LONGEST_PAUSE (30 * USEC_PER_SEC)

static int open_address(const char *address, sd_bus **ret_bus)
{
        cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret_bus = take_ptr(bus);
        return 0;
}

static int open_bus(struct cx_context *context, sd_bus **ret_bus)
{
        switch (context->kind) {
        case BUS_SESSION:
                return sd_bus_open_user(ret_bus);
        case BUS_SYSTEM:
                return sd_bus_open_system(ret_bus);
        case BUS_ADDRESS:
                return open_address(context->address, ret_bus);
        case BUS_OF_THE_APP:
                break;
        }
        return -ENOTCONN;
}

static void on_reconnect(void *userdata)
{
        context_connect(userdata);
}

static void reconnect_later(struct cx_context *context)
{
        context->reconnect.fn = on_reconnect;
        context->reconnect.userdata = context;
        if (context->reconnect_pause < RECONNECT_FIRST_PAUSE)
                context->reconnect_pause = RECONNECT_FIRST_PAUSE;
        timer_arm(context, &context->reconnect,
                  usec_add(usec_now(CLOCK_MONOTONIC), context->reconnect_pause));
        context->reconnect_pause *= 2;
        if (context->reconnect_pause > RECONNECT_LONGEST_PAUSE)
                context->reconnect_pause = RECONNECT_LONGEST_PAUSE;
}

static int adopt_bus_of_the_app(struct cx_context *context)
{
        sd_event *event = sd_bus_get_event(context->bus);

        if (!event)
                return 0;
        context->bus_served_by_app = true;
        return cx_context_attach_event(context, event, 0);
}

/* Only what is wrong with the arguments or this process is an error. */
static bool is_worth_retrying(int r)
{
        return r != -EINVAL && r != -ENOMEM && r != -EMFILE && r != -ENFILE;
}

int context_connect(struct cx_context *context)
{
        int r = 0;

        if (context->kind == BUS_OF_THE_APP)
                r = adopt_bus_of_the_app(context);
        else
                r = open_bus(context, &context->bus);
        if (r == 0 || (r > 0 && context->bus))
                r = link_connected(context);
        if (r >= 0) {
                observers_connected(context);
                return 0;
        }
        if (!is_worth_retrying(r))
                return r;
        context_bus_lost(context);
        return 0;
}

void context_disconnect(struct cx_context *context)
{
        timer_disarm(context, &context->reconnect);
        observers_disconnected(context);
        link_disconnected(context);
        requests_bus_lost(context);
        if (context->kind == BUS_OF_THE_APP)
                context->bus = sd_bus_unref(context->bus);
        else
                context->bus = sd_bus_close_unref(context->bus);
        context->bus_served_by_app = false;
}

void context_bus_lost(struct cx_context *context)
{
        context_disconnect(context);
        if (context->kind != BUS_OF_THE_APP)
                reconnect_later(context);
}
