/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The name on the bus by which callsd starts us when a call is to be placed and we do not run: that
 * of the provider (BusName= in org.callsd.Sip.provider). Nothing is to be asked there.
 *
 * It has a connection of its own, for libcallsd's comes and goes with the bus; without the name
 * calls go on, and only the next start of callsd-sip would be of no use.
 */
#include <errno.h>
#include <systemd/sd-bus.h>

#include "log.h"
#include "phone.h"

static int on_requested(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const struct phone *phone = userdata;
        const sd_bus_error *problem = sd_bus_message_get_error(reply);
        uint32_t result = 0;

        (void)error;
        if (!problem)
                (void)sd_bus_message_read_basic(reply, 'u', &result);
        if (problem)
                log_warning("the name %s on the bus is refused: %s", phone->identifier,
                            problem->message);
        else if (result != 1)
                log_warning("the name %s on the bus is taken; is there another callsd-sip?",
                            phone->identifier);
        else
                log_debug("the name %s on the bus is ours", phone->identifier);
        return 0;
}

static int claim(struct phone *phone)
{
        int r;

        r = sd_bus_open_user(&phone->bus);
        if (r >= 0)
                r = sd_bus_attach_event(phone->bus, phone->event, 0);
        if (r >= 0)
                r = sd_bus_request_name_async(phone->bus, NULL, phone->identifier, 0, on_requested,
                                              phone);
        return r;
}

void bus_name_claim(struct phone *phone)
{
        int r = claim(phone);

        if (r < 0)
                log_warning("callsd cannot start us as %s: %s", phone->identifier, strerror(-r));
}

void bus_name_release(struct phone *phone)
{
        phone->bus = sd_bus_flush_close_unref(phone->bus);
}
