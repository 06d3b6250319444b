/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request that cannot be answered must not end us.
 *
 * belle-sip answers where the request's Via says. Where it has no way there (a transport that no
 * account uses, a packet that lies), it keeps the transaction without a channel, and when the same
 * request comes again, it sends the answer again into that: version 5.1.64 dies of it, and anybody
 * who can send us two packets could have that. It reaches the function that dies through its
 * dynamic symbol, and the program's comes first. A later version that has no such function never
 * calls this one; tests/e2e/test_sip_faults.py sends such packets.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "log.h"

typedef void (*queue_message_fn)(void *channel, void *message);

void belle_sip_channel_queue_message(void *channel, void *message);

void belle_sip_channel_queue_message(void *channel, void *message)
{
        static queue_message_fn next;

        if (!channel) {
                log_debug("an answer has no way to whoever asked; it is dropped");
                return;
        }
        if (!next)
                *(void **)&next = dlsym(RTLD_NEXT, "belle_sip_channel_queue_message");
        if (next)
                next(channel, message);
}
