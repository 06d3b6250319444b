/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bridge between a modem daemon and callsd: what its files share.
 *
 * There are two truths, what the modem daemon says (state, number, ...) and what callsd believes
 * (told), and between them orders that are on their way. Nothing is done when something is heard;
 * it is noted, and modem_settle() runs when the loop has nothing else to read. It first completes
 * the orders that have come true, then reports what differs and was not ordered, and then asks the
 * modem for the next thing. So a burst of signals is one change, and an order that has come true by
 * itself is not given.
 */
#ifndef CALLSD_MODEM_BRIDGE_H
#define CALLSD_MODEM_BRIDGE_H

#include <callsd/callsd.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend.h"
#include "base.h"

struct modem;

/* What callsd believes of a call. */
enum told {
        TOLD_NOTHING, /* callsd does not know it */
        TOLD_RINGING,
        TOLD_STARTING, /* callsd ordered it, and the order is not fulfilled */
        TOLD_STARTED,
        TOLD_CONNECTING,
        TOLD_ACTIVE,
        TOLD_HELD,
};

/* How a call ought to be when what was asked has come true. */
enum expected {
        EXPECTED_ANY,
        EXPECTED_ACTIVE,
        EXPECTED_HELD,
        EXPECTED_JOINED,
        EXPECTED_ALONE, /* active, and in no conference any more */
        EXPECTED_GONE,
};

struct call {
        struct modem *modem;
        char uuid[CX_UUID_TEXT_SIZE];

        /* What the modem daemon says. */
        char *id; /* NULL: not heard of yet (being dialled) */
        enum modem_call_state state;
        bool outgoing;
        bool multiparty;
        bool remote_held;
        char *number;
        char *name;
        uint64_t connected_usec;
        enum expected expected;
        bool parked; /* may be the one that is just being dialled */

        /* What callsd believes. */
        enum told told;
        bool told_alerting;
        bool told_remote_held;
        bool told_joined; /* in a group with the rest of its conference */
        unsigned told_abilities;
        char *told_number;
        char *told_name;
        bool keeps_handle; /* callsd dialled it: its handle is what was dialled */

        bool muted;
        /* callsd and its users are done with it: to be hung up as soon as the modem lets us. */
        bool condemned;
        bool condemned_failed; /* tried, in vain; again when something has changed */

        struct call *prev, *next;
};

enum order_type {
        ORDER_START,
        ORDER_ANSWER,
        ORDER_END,
        ORDER_HOLD,
        ORDER_RESUME,
        ORDER_JOIN,
        ORDER_LEAVE,
        ORDER_TONES,
        ORDER_MUTE,
        ORDER_UNMUTE,
};

/* An action of callsd's that is not complete. */
struct order {
        enum order_type type;
        struct cx_action *action;
        struct call *call;
        struct call *with; /* ORDER_JOIN; ORDER_START: what was hung up for it last */
        unsigned part;     /* came together with others of this number */
        uint64_t number;   /* in the order of callsd */
        bool asked;        /* the running, or last, request is meant to bring it about */
        bool doomed;       /* one before it has failed: callsd will withdraw it */
        char *text;        /* number or tones */
        size_t sent;       /* of the tones */
        struct order *prev, *next;
};

/* One thing that was asked of a modem. */
struct request {
        struct bridge *bridge;
        struct modem *modem;
        enum modem_verb verb;
        struct call *call;           /* NULL: it is gone, or there is none */
        enum modem_call_state state; /* of the call, when it was asked */
        bool in_flight;              /* request_done() is to come */
        bool orphan;                 /* the modem is gone; freed by request_done() */
        char *dialled;               /* MODEM_DIAL: the id of the new call */
        struct request *prev, *next; /* among orphans */
};

struct modem {
        struct bridge *bridge;
        char *id;
        char *label;
        char *state;
        unsigned abilities;
        char **emergency_numbers;
        bool muted;
        struct call *calls;
        struct order *orders;
        struct request *request; /* asked, or done and not yet come true */
        bool mute_failed;        /* do not ask again until something else is wanted */
        bool mute_wanted;
        bool dirty;
        bool busy;                     /* the daemon asked for patience */
        sd_event_source *settle_timer; /* for what does not come true */
        sd_event_source *retry_timer;  /* for what was refused, and may be granted */
        unsigned n_tries;              /* how often the daemon asked for patience in a row */
        struct modem *prev, *next;
};

/* A report that waits for callsd's answer; the call may be gone when it comes. */
struct reply {
        struct bridge *bridge;
        char uuid[CX_UUID_TEXT_SIZE];
        struct reply *prev, *next;
};

struct bridge {
        const struct backend_type *type;
        const char *identifier;
        bool testing; /* offers itself to callsctl check-provider */
        sd_event *event;
        sd_event_source *settler;
        struct cx_context *context;
        struct cx_provider *provider;
        bool available; /* callsd is there */
        bool begun;     /* registered */
        bool reclaimed; /* calls of a life before this one were looked for */
        /* orders that came before: whose calls they are about is not known yet */
        struct cx_transaction **early;
        size_t n_early;

        sd_bus *bus; /* of the modem daemon */
        const char *bus_address;
        sd_bus_slot *slots[3];
        sd_event_source *bus_retry;
        uint64_t bus_pause_usec;
        bool daemon_absent; /* known to be */
        bool told_absent;   /* in the log */
        struct backend *backend;
        bool listed;

        struct modem *modems;
        struct request *orphans;
        struct reply *replies;
        bool accounts_changed;
        unsigned last_part;
        uint64_t last_order;
};

/* --- daemon-bus.c: the modem daemon's bus and name --- */

void daemon_bus_start(struct bridge *bridge);
void daemon_bus_stop(struct bridge *bridge);

/* --- modem.c: modems and their calls, as the backend tells --- */

struct modem *modem_find(struct bridge *bridge, const char *id);
/* Frees it and its calls; tells nobody. */
void modem_free(struct modem *modem);
/* The daemon is gone, with all modems and calls. */
void modems_lost(struct bridge *bridge, const char *why);
bool modem_is_emergency(const struct modem *modem, const char *number);
/* The modem for a call to this number; `account` NULL or "": any. NULL: none can. */
struct modem *modem_choose(struct bridge *bridge, const char *account, const char *number);

/* --- call.c --- */

/* NULL: no memory. */
struct call *call_new(struct modem *modem);
void call_free(struct call *call);
struct call *call_find(struct bridge *bridge, const char *uuid);
struct call *call_find_id(struct modem *modem, const char *id);
/* callsd could not be told of it, and is told again as soon as it can be. */
void call_unreported(struct call *call);
/* callsd has forgotten it, or will not have it under this UUID: a new one, to be reported anew. */
void call_forget(struct call *call);
/* callsd is done with it. It is hung up as soon as that can be done; if it never was, it is freed.
 */
void call_abandon(struct call *call);
/* Over at the modem: tells callsd, completes what is about it, frees it. */
void call_over(struct call *call, enum modem_end end, enum cx_call_ended_cause cause,
               const char *text);
bool call_is_ringing(const struct call *call);
/* Talking, or on the way there: whom the microphone is for. */
bool call_is_current(const struct call *call);
/* The one microphone is muted for another call, of a conference. */
bool call_is_muted_by_others(const struct call *call);

/* --- report.c: what callsd is told --- */

/* Everything about this modem's calls that callsd does not know. */
void report_differences(struct modem *modem);
/* New calls that ring, whatever else is under way there. */
void report_ringing(struct modem *modem);
void report_over(struct call *call, enum modem_end end, enum cx_call_ended_cause cause,
                 const char *text);
/* 0 or -ENOMEM */
int report_update(struct call *call);

/* --- reclaim.c: calls of a life before this one --- */

/* Looks for them, once callsd and the modem daemon have said what there is. */
void reclaim(struct bridge *bridge);

/* --- provider.c: being a provider --- */

int provider_start(struct bridge *bridge, const char *bus_address, bool system);
void provider_stop(struct bridge *bridge);
void provider_tell_accounts(struct bridge *bridge);
/* callsd is there, or away. */
void provider_available(struct bridge *bridge, bool available);

/* --- order.c: what callsd wants --- */

extern const struct cx_provider_delegate order_delegate;

/* Orders that came before calls of a life before were looked for. */
void orders_take_early(struct bridge *bridge);
void orders_forget_early(struct bridge *bridge);
bool orders_have_early_end(const struct bridge *bridge, const char *uuid);
void order_free(struct order *order);
/* It waits for those before it in its transaction, at whatever modem. */
bool order_waits(const struct order *order);
void order_fulfill(struct order *order);
void order_fail(struct order *order, enum cx_call_ended_cause cause, const char *why);
/* Completes those that have come true. */
void orders_settle(struct modem *modem);
/* The call is over: what is about it ends with it. */
void orders_call_over(struct call *call, enum cx_call_ended_cause cause, const char *text);

/* --- plan.c: which verb brings about what is wanted --- */

enum plan_result {
        PLAN_NOTHING, /* there is nothing to do */
        PLAN_ASK,     /* `verb`, `call`, `text` */
        PLAN_REFUSE,  /* the first order cannot be done; `why` */
};

struct plan {
        enum plan_result result;
        enum modem_verb verb;
        struct call *call;
        const char *text;
        struct order *refused;
        const char *why;
        char tone[2];
};

/* Looks at the orders of the modem; marks those that the verb is for as asked. */
void plan_next(struct modem *modem, struct plan *ret_plan);
/* At most one call, or one conference, is active, and one held: else something is still to come. */
bool modem_is_coherent(const struct modem *modem);

/* --- settle.c --- */

/* Something is new about this modem: look at it when the loop has time. */
void modem_changed(struct modem *modem);
void bridge_changed(struct bridge *bridge);
void request_free(struct request *request);
int settle_start(struct bridge *bridge);

/* --- reason.c --- */

struct ending {
        bool outgoing;
        bool connected; /* was active or held */
        enum modem_end end;
        enum cx_call_ended_cause cause;
};

/* CallKit's word for it. */
enum cx_call_ended_reason reason_of_ending(const struct ending *ending);

/* --- log.c --- */

void log_start(const char *program, bool verbose);

#endif
