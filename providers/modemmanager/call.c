/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls: what ModemManager says of them, and what the bridge is told. */
#include <stdlib.h>
#include <string.h>

#include "mm.h"

struct mm_call *mm_call_find(struct backend *backend, const char *path)
{
        for (struct mm_modem *modem = backend->modems; modem; modem = modem->next)
                for (struct mm_call *call = modem->calls; call; call = call->next)
                        if (streq(call->path, path))
                                return call;
        return NULL;
}

struct mm_call *mm_call_in_state(struct mm_modem *modem, enum mm_call_state state)
{
        struct mm_call *call = modem->calls;

        while (call && !(call->known && !call->over && call->facts.state == (int)state))
                call = call->next;
        return call;
}

static bool lives(const struct mm_call *call)
{
        enum modem_call_state state;

        return call->known && !call->over && mm_call_state_lives(call->facts.state, &state);
}

bool mm_call_has_company(const struct mm_call *call)
{
        for (const struct mm_call *other = call->modem->calls; other; other = other->next)
                if (other != call && lives(other))
                        return true;
        return false;
}

static void settle(struct mm_call *call)
{
        if (!call->listing)
                return;
        call->listing = false;
        call->modem->backend->loading--;
        mm_settle(call->modem->backend);
}

void mm_call_free(struct mm_call *call)
{
        struct mm_call **place = &call->modem->calls;

        while (*place != call)
                place = &(*place)->next;
        *place = call->next;
        mm_order_call_gone(call);
        sd_bus_slot_unref(call->load);
        sd_bus_slot_unref(call->start);
        settle(call);
        call_facts_done(&call->facts);
        free(call->path);
        free(call);
}

/*
 * Members of a conference are active or held together. When one is made active again,
 * ModemManager 1.20 says so of one member only, until it next asks the modem.
 */
static enum modem_call_state shared_state(const struct mm_call *call, enum modem_call_state state)
{
        if (state != MODEM_CALL_HELD || !call->facts.multiparty)
                return state;
        for (const struct mm_call *other = call->modem->calls; other; other = other->next)
                if (other->known && !other->over && other->facts.multiparty &&
                    other->facts.state == MM_CALL_ACTIVE)
                        return MODEM_CALL_ACTIVE;
        return state;
}

static void tell(struct mm_call *call)
{
        struct modem_call told = {
                .id = call->path,
                .outgoing = call->facts.direction == MM_DIRECTION_OUTGOING,
                .number = call->facts.number,
                .multiparty = call->facts.multiparty,
        };

        if (!call->known || call->over || !mm_call_state_lives(call->facts.state, &told.state))
                return;
        told.state = shared_state(call, told.state);
        call->told = true;
        call->lived = call->facts.state;
        bridge_call(call->modem->backend->bridge, call->modem->id, &told);
}

void mm_call_delete(struct mm_call *call)
{
        struct backend *backend = call->modem->backend;

        /* What another program has dialled is that program's to delete. */
        if (!call->ours && (!call->told || call->facts.direction == MM_DIRECTION_OUTGOING))
                return;
        /* Nobody waits for the answer: what is not deleted is in nobody's way. */
        (void)sd_bus_call_method_async(backend->bus, NULL, backend->owner, call->modem->path,
                                       MM_VOICE_INTERFACE, "DeleteCall", NULL, NULL, "o",
                                       call->path);
}

void mm_call_over_with(struct mm_call *call, struct mm_end end)
{
        if (call->over)
                return;
        call->over = true;
        if (!call->told)
                return;
        log_debug("%s is over", call->path);
        bridge_call_gone(call->modem->backend->bridge, call->modem->id, call->path, end.end,
                         end.cause, end.text);
}

void mm_call_over(struct mm_call *call, int reason)
{
        bool first = !call->over;

        mm_call_over_with(call, mm_call_end(reason, call->lived));
        if (first)
                mm_call_delete(call);
}

void mm_call_changed(struct mm_call *call)
{
        struct mm_modem *modem = call->modem;

        if (!call->known || call->over)
                return;
        if (call->facts.state == MM_CALL_TERMINATED) {
                /* What Start comes to says more. */
                if (!call->start || call->hanging_up)
                        mm_call_over(call, call->facts.reason);
                mm_order_call_changed(call);
                return;
        }
        tell(call);
        mm_order_call_changed(call);
        if (!call->facts.multiparty)
                return;
        for (struct mm_call *other = modem->calls; other; other = other->next)
                if (other != call && other->facts.multiparty)
                        tell(other);
}

void mm_call_deleted(struct mm_call *call)
{
        mm_call_over_with(call, mm_call_end(MM_REASON_UNKNOWN, call->lived));
        mm_call_free(call);
}

static int on_properties(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_call *call = userdata;
        int r = 0;

        (void)error;
        call->load = sd_bus_slot_unref(call->load);
        if (sd_bus_message_is_method_error(reply, NULL))
                log_debug("%s cannot be read: %s", call->path,
                          sd_bus_message_get_error(reply)->message);
        else if ((r = read_call(reply, &call->facts)) < 0)
                log_warning("%s cannot be read: %s", call->path, strerror(-r));
        else
                call->known = true;
        mm_call_changed(call);
        settle(call);
        return 0;
}

struct mm_call *mm_call_get(struct mm_modem *modem, const char *path)
{
        struct backend *backend = modem->backend;
        struct mm_call *call = mm_call_find(backend, path);
        int r;

        if (call)
                return call;
        call = calloc(1, sizeof(*call));
        if (call)
                call->path = strdup(path);
        if (!call || !call->path) {
                log_error("%s is left out: out of memory", path);
                free(call);
                return NULL;
        }
        call->modem = modem;
        call->since_usec = mm_now_usec();
        call->next = modem->calls;
        modem->calls = call;
        r = sd_bus_call_method_async(backend->bus, &call->load, backend->owner, path,
                                     "org.freedesktop.DBus.Properties", "GetAll", on_properties,
                                     call, "s", MM_CALL_INTERFACE);
        if (r < 0) {
                log_warning("%s cannot be asked: %s", path, strerror(-r));
                return call;
        }
        if (!backend->listed) {
                call->listing = true;
                backend->loading++;
        }
        return call;
}
