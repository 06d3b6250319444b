/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend: modems and calls as ModemManager has them, and what is being asked of it.
 *
 * Modems are objects of its ObjectManager; calls and SIMs are objects of their own that it does not
 * list: a modem names them in its properties, and they are asked.
 */
#ifndef CALLSD_MODEMMANAGER_MM_H
#define CALLSD_MODEMMANAGER_MM_H

#include <systemd/sd-bus.h>

#include "facts.h"
#include "words.h"

struct mm_order;

struct mm_call {
        struct mm_call *next;
        struct mm_modem *modem;
        char *path;
        struct call_facts facts;
        sd_bus_slot *load;   /* it is being asked how it is */
        bool known;          /* and was */
        bool told;           /* the bridge has heard of it */
        bool over;           /* and that it is over */
        bool ours;           /* dialled by us: nobody else will delete it */
        bool hanging_up;     /* and by us */
        bool listing;        /* was there at the start: bridge_listed() waits for it */
        sd_bus_slot *start;  /* ModemManager has not said yet what became of Start */
        uint64_t since_usec; /* CLOCK_MONOTONIC: when it came */
        int lived;           /* its last state before it was over, enum mm_call_state */
};

struct mm_modem {
        struct mm_modem *next;
        struct backend *backend;
        char *path;
        char *id; /* for the bridge; NULL until it is told of */
        struct modem_facts facts;
        sd_bus_slot *sim;         /* the SIM is being asked */
        char **emergency_numbers; /* of the SIM */
        struct mm_call *calls;
        struct mm_order *order; /* one at a time */
};

struct backend {
        struct bridge *bridge;
        sd_bus *bus;
        char *owner;
        sd_bus_slot *matches[6];
        sd_bus_slot *list;           /* GetManagedObjects */
        sd_event_source *list_again; /* where that failed */
        uint64_t wait_usec;          /* see order.c, until_known() */
        unsigned loading;            /* calls that bridge_listed() waits for */
        bool listed;
        struct mm_modem *modems;
};

/* backend.c: listing and signals. */
uint64_t mm_now_usec(void);
/* One thing less to wait for before bridge_listed(). */
void mm_settle(struct backend *backend);

/* modem.c */
struct mm_modem *mm_modem_find(struct backend *backend, const char *path);
struct mm_modem *mm_modem_find_id(struct backend *backend, const char *id);
/* -ENOMEM */
int mm_modem_new(struct backend *backend, const char *path, struct mm_modem **ret_modem);
/* Frees it and its calls, and tells nothing. */
void mm_modem_free(struct mm_modem *modem);
/* What it is like now; its SIM is asked if it is new. */
void mm_modem_changed(struct mm_modem *modem);
/* Takes in the calls that it names. Later ones come by signal. */
void mm_modem_list_calls(struct mm_modem *modem);
/* Its SIM is another one. */
void mm_modem_sim_changed(struct mm_modem *modem);
/* It is gone, or cannot call any more. */
void mm_modem_gone(struct mm_modem *modem);
void mm_modem_voice_gone(struct mm_modem *modem);

/* call.c */
struct mm_call *mm_call_find(struct backend *backend, const char *path);
/* The one of that path; made, and asked how it is, if it is new. NULL: out of memory. */
struct mm_call *mm_call_get(struct mm_modem *modem, const char *path);
/* Of this modem, in this state; NULL: none. */
struct mm_call *mm_call_in_state(struct mm_modem *modem, enum mm_call_state state);
/* Whether there is another call beside it. */
bool mm_call_has_company(const struct mm_call *call);
/* Its facts are new. */
void mm_call_changed(struct mm_call *call);
/* It is over. `reason`: enum mm_call_reason. Told once. */
void mm_call_over(struct mm_call *call, int reason);
/* The same, with what is known better. */
void mm_call_over_with(struct mm_call *call, struct mm_end end);
/* Its object is gone. */
void mm_call_deleted(struct mm_call *call);
void mm_call_free(struct mm_call *call);
/* ModemManager keeps calls that are over until somebody deletes them: those of ours, and incoming
 * ones, which nobody else is sure to delete. */
void mm_call_delete(struct mm_call *call);

/* order.c */
int mm_ask(struct backend *backend, const struct modem_order *order, struct request *request);
/* A state of a call is new; something may have waited for it. */
void mm_order_call_changed(struct mm_call *call);
/* The call will be freed. */
void mm_order_call_gone(struct mm_call *call);
/* The modem will be freed. Completes what was asked of it. */
void mm_order_modem_gone(struct mm_modem *modem);
/* The bridge has forgotten the request: frees without a word. */
void mm_order_free(struct mm_order *order);

/* backend.c */
extern const struct backend_type modemmanager;

#endif
