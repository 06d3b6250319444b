/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message bus with one client, in the same process and loop: what the client hears from the bus
 * and from its peers is what a script says. No other process, no time that passes, so that an
 * input leads to the same each time.
 */
#ifndef CALLSD_TESTS_FUZZ_FAKE_BUS_H
#define CALLSD_TESTS_FUZZ_FAKE_BUS_H

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct fake_bus;

/* Every message of the client that is not for the bus itself. */
typedef void (*fake_bus_fn)(struct fake_bus *bus, sd_bus_message *message, void *userdata);

/* Where a client of this process can connect to. */
const char *fake_bus_address(void);
/* Takes the client that has connected; serves it in `event`. */
struct fake_bus *fake_bus_accept(sd_event *event, fake_bus_fn message_fn, void *userdata);
struct fake_bus *fake_bus_free(struct fake_bus *bus);
/* The client's end was closed, by itself. */
bool fake_bus_is_closed(const struct fake_bus *bus);

/* A signal or call to the client, as if from `sender`; the caller appends and sends it. */
sd_bus *fake_bus_connection(struct fake_bus *bus);
void fake_bus_send(struct fake_bus *bus, sd_bus_message *message, const char *sender);
void fake_bus_name_lost(struct fake_bus *bus, const char *name);

/* Until nothing is left to do now. */
void fake_bus_run(sd_event *event);

#endif
