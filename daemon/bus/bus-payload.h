/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Push payloads between messages and bytes. */
#ifndef CALLSD_BUS_BUS_PAYLOAD_H
#define CALLSD_BUS_BUS_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* How deep values may lie inside of each other. */
#define PAYLOAD_DEPTH_MAX 16

struct payload {
        uint8_t *data;
        size_t size, allocated;
};

void payload_done(struct payload *payload);

/*
 * Takes the a{sv} that comes next in `message`. It stops behind `size_max` bytes, and has more
 * then. 0; -EBADMSG where it has the type h, which is no value; -ELOOP where it is too deep; else
 * what sd-bus says.
 */
int payload_read(struct payload *payload, sd_bus_message *message, size_t size_max);

/* Appends it as an a{sv}. -EBADMSG for bytes that are none; `message` is of no use then. */
int payload_append(const void *data, size_t size, sd_bus_message *message);

#endif
