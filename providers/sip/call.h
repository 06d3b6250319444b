/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call: a UUID on callsd's side, a leg on liblinphone's, and what is still owed to either. */
#ifndef CALLSD_SIP_CALL_H
#define CALLSD_SIP_CALL_H

#include "phone.h"

struct call {
        struct call *next;
        struct phone *phone;
        unsigned n_refs; /* the list, the leg, and every answer that is still to come */
        char uuid[CX_UUID_TEXT_SIZE];
        LinphoneCall *leg; /* NULL before the invitation, and after the release */
        struct account *account;
        LinphoneAddress *target; /* of an outgoing call */
        struct sound_line *line;
        bool outgoing;
        bool connected;
        bool over;       /* for callsd */
        bool unreported; /* it rings, and there was no callsd to tell */
        bool muted;
        bool remote_held;
        bool early_media;
        bool media_lost;
        /* orders that are being carried out; NULL if none */
        struct cx_action *start;
        struct cx_action *answer;
        struct cx_action *hold;
        struct cx_action *play;
        bool hold_tried;
        const char *keys; /* still to be sent; of `play` */
        sd_event_source *key_timer;
        /* when something was last heard of the far end */
        uint64_t heard_usec;
        uint64_t heard_packets;
};

/* call.c */
/* With a new UUID if `uuid` is NULL; in the list. NULL: out of memory. */
struct call *call_new(struct phone *phone, const char *uuid);
struct call *call_find(struct phone *phone, const char *uuid);
void call_ref(struct call *call);
void call_unref(struct call *call);
void call_bind(struct call *call, LinphoneCall *leg);
/* The leg is gone for liblinphone. */
void call_release(struct call *call);
/* Over for callsd, which has been told or has said so itself; out of the list. */
void call_over(struct call *call);
void calls_free(struct phone *phone);

/* call-event.c: what the network does. */
void call_on_state(struct phone *phone, LinphoneCall *leg, LinphoneCallState state);
void call_report_incoming(struct call *call);

/* call-step.c: what has to wait. */
/* Carries on what could not be done in one step; for every call, after each iteration. */
void calls_step(struct phone *phone);
void call_step(struct call *call);
/* Sends `play`'s digits one after the other and completes it. */
void call_play_keys(struct call *call);

/* order.c */
/* Completes an order, if there is one, and forgets it; `why` NULL: it is done. */
void order_complete(struct cx_action **action, const char *why);
void order_fail(struct cx_action **action, enum cx_call_ended_cause cause, const char *why);

/* address.c: between SIP addresses and callsd's handles. */
/* To be freed with cx_handle_unref(); NULL: out of memory. */
struct cx_handle *address_to_handle(const LinphoneAddress *address, const struct account *account);
/* NULL: it cannot be called. */
LinphoneAddress *address_from_handle(const struct cx_handle *handle, const struct account *account);

#endif
