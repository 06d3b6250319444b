/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a push payload, as a damaged record may hold them: they become a message, or none.
 * One that they became is taken out of it again as the same bytes, and in pieces of any size.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "bus/bus-payload.h"
#include "fuzz/fuzz.h"

/* Where messages belong to; nothing is ever sent. */
static sd_bus *the_bus(void)
{
        static sd_bus *bus;
        int fds[2];

        if (bus)
                return bus;
        fuzz_must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        fuzz_must(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0 &&
                  sd_bus_start(bus) >= 0);
        return bus;
}

static sd_bus_message *new_message(void)
{
        sd_bus_message *message = NULL;

        fuzz_must(sd_bus_message_new_signal(the_bus(), &message, "/a", "a.a", "a") >= 0);
        return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        sd_bus_message *message = new_message();
        struct payload payload = {0};
        int r = payload_append(data, size, message);

        fuzz_must(r <= 0);
        if (r == 0) {
                fuzz_must(sd_bus_message_seal(message, 1, 0) >= 0);
                fuzz_must(payload_read(&payload, message, size) == 0);
                fuzz_must(payload.size == size && memcmp(payload.data, data, size) == 0);
                fuzz_must(sd_bus_message_rewind(message, true) >= 0);
                fuzz_must(payload_read(&payload, message, size / 2) == 0);
                fuzz_must(payload.size > size / 2);
        }
        payload_done(&payload);
        sd_bus_message_unref(message);
        return 0;
}
