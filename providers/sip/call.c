/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a call's record. callsd and liblinphone each let go of a call in their own time, and
 * answers to questions may come after both, so it is counted who still needs it.
 */
#include "call.h"

struct call *call_new(struct phone *phone, const char *uuid)
{
        struct call *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;
        call->phone = phone;
        call->n_refs = 1;
        if (uuid)
                strncpy(call->uuid, uuid, sizeof(call->uuid) - 1);
        else
                cx_uuid_generate(call->uuid);
        call->line = sound_take_line(phone->sound);
        call->next = phone->calls;
        phone->calls = call;
        return call;
}

struct call *call_find(struct phone *phone, const char *uuid)
{
        struct call *call = phone->calls;

        while (call && !streq(call->uuid, uuid))
                call = call->next;
        return call;
}

void call_ref(struct call *call)
{
        call->n_refs++;
}

static void drop_orders(struct call *call)
{
        order_complete(&call->start, "the call is over");
        order_complete(&call->answer, "the call is over");
        order_complete(&call->hold, "the call is over");
        order_complete(&call->play, "the call is over");
        call->key_timer = sd_event_source_disable_unref(call->key_timer);
        call->keys = NULL;
}

/* Not inlined: with -O3 gcc 12 does not see that the list has a reference of its own. */
__attribute__((noinline)) void call_unref(struct call *call)
{
        if (--call->n_refs > 0)
                return;
        drop_orders(call);
        sound_give_line(call->line);
        if (call->target)
                linphone_address_unref(call->target);
        free(call);
}

void call_bind(struct call *call, LinphoneCall *leg)
{
        call->leg = linphone_call_ref(leg);
        linphone_call_set_user_data(leg, call);
        call_ref(call);
        call->phone->n_legs++;
}

void call_release(struct call *call)
{
        if (!call->leg)
                return;
        linphone_call_set_user_data(call->leg, NULL);
        linphone_call_unref(call->leg);
        call->leg = NULL;
        call->phone->n_legs--;
        call_unref(call);
}

void call_over(struct call *call)
{
        struct call **at = &call->phone->calls;

        if (call->over)
                return;
        call->over = true;
        drop_orders(call);
        sound_line_ring_back(call->line, false);
        while (*at != call)
                at = &(*at)->next;
        *at = call->next;
        call_unref(call);
}

void calls_free(struct phone *phone)
{
        struct call *call;

        while ((call = phone->calls)) {
                call_release(call);
                call_over(call);
        }
}
