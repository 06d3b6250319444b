/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets from anybody must not end us.
 *
 * belle-sip 5.1.64 dies of some of what can come in, and one packet or two are enough:
 *
 * - Its parser gives back something that is no message when the first line or a header has not the
 *   form of one.
 * - Without a Call-ID, and other headers that every message has to have, it goes on all the same.
 * - It answers where a request's Via says. Where it has no way there (a transport that no account
 *   uses, a packet that lies) it keeps the transaction without a channel, and when the same request
 *   comes again it sends the answer again into that.
 *
 * It reaches both functions through its dynamic symbols, and the program's come first. A later
 * version that has no such functions never calls these; tests/e2e/test_sip_faults.py sends such
 * packets.
 */
#include <belle-sip/belle-sip.h>
#include <dlfcn.h>

#include "head.h"
#include "log.h"

typedef void (*queue_message_fn)(void *channel, void *message);
typedef belle_sip_message_t *(*parse_raw_fn)(const char *text, size_t size, size_t *ret_read);

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

static bool has_address(const void *header)
{
        const belle_sip_header_address_t *address = header;

        return address && (belle_sip_header_address_get_uri(address) ||
                           belle_sip_header_address_get_absolute_uri(
                                   (belle_sip_header_address_t *)(uintptr_t)address));
}

/* What RFC 3261 (8.1.1) wants in every message, and could be read. */
static bool is_whole(belle_sip_message_t *message)
{
        return belle_sip_message_get_header_by_type(message, belle_sip_header_via_t) &&
               belle_sip_message_get_header_by_type(message, belle_sip_header_call_id_t) &&
               belle_sip_message_get_header_by_type(message, belle_sip_header_cseq_t) &&
               has_address(
                       belle_sip_message_get_header_by_type(message, belle_sip_header_from_t)) &&
               has_address(belle_sip_message_get_header_by_type(message, belle_sip_header_to_t));
}

belle_sip_message_t *belle_sip_message_parse_raw(const char *text, size_t size, size_t *ret_read)
{
        static parse_raw_fn next;
        belle_sip_message_t *message = NULL;

        if (!next)
                *(void **)&next = dlsym(RTLD_NEXT, "belle_sip_message_parse_raw");
        *ret_read = size;
        if (next && head_is_good(text, size))
                message = next(text, size, ret_read);
        if (message && is_whole(message))
                return message;
        log_debug("what came in is no whole SIP message; it is dropped");
        if (message)
                belle_sip_object_unref(message);
        return NULL;
}
