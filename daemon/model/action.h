/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One order about one call, with its own id, origin, deadline and result. */
#ifndef CALLSD_MODEL_ACTION_H
#define CALLSD_MODEL_ACTION_H

#include <uthash.h>

#include "model/deadline.h"
#include "model/refusal.h"
#include "model/types.h"

struct call;
struct transaction;

enum action_state {
        ACTION_SPARE, /* reserved ahead, not in use */
        ACTION_QUEUED,
        ACTION_DELIVERED,
        ACTION_DONE, /* its result stands */
};

/* What a requester asks for; borrowed strings, NULL where not given. */
struct action_args {
        enum action_type type;
        const char *call; /* UUID; for start: of the new call */
        /* start */
        const char *provider; /* identifier; NULL or "": the requester's own, else the default */
        enum handle_type handle_type;
        const char *handle;
        const char *contact;
        const char *account;
        bool video; /* start, answer */
        /* end */
        const char *message;
        enum decline_reason decline_reason;
        /* set-held, set-muted, set-translating */
        bool on;
        /* set-group: UUID of a member, "" or NULL = leave */
        const char *other;
        /* play-dtmf */
        const char *digits;
        enum dtmf_type dtmf_type;
        /* set-translating: BCP 47 */
        const char *local_language;
        const char *remote_language;
};

/* Owned by its transaction. */
struct action {
        struct uuid id;
        enum action_type type;
        enum action_state state;
        enum origin origin;
        struct transaction *transaction; /* never NULL */
        struct call *call;               /* NULL once the call was removed */
        struct uuid call_id;
        unsigned provider; /* number */
        bool on;
        bool video;
        struct uuid other; /* set-group; empty text: leave */
        enum decline_reason decline_reason;
        enum dtmf_type dtmf_type;
        char *text;     /* owned or NULL: message, digits, local language */
        char *text2;    /* owned or NULL: remote language */
        usec_t timeout; /* how long the provider has; 0: the default of its type */
        enum refusal result;
        char *reason;      /* owned or NULL: the provider's words */
        const char *why;   /* or callsd's own, static */
        uint64_t delivery; /* equal for the actions of one PerformTransaction; 0: not delivered */

        bool requested;    /* by the requester: its result is reported */
        bool counted;      /* stands for its transaction in its provider's n_transactions */
        bool policy_added; /* by arbitration, for `clears_for` */
        bool enforced;     /* tells a provider of what already is; failure changes nothing */
        bool wanted;       /* a requester joined this hold: it stays for the user's sake */
        bool turn_taken;
        /* hold: the activation that it clears for will not come, or is over; GOES_ON: it may come
         */
        enum interruption_end purpose_over;
        bool waits_for_provider;
        struct uuid clears_for; /* hold: the call whose activation follows it; empty: none */
        bool marks;             /* and that activation interrupts (answer, start, leave) */
        uint64_t fan_out;       /* set-held of a group: equal for siblings; 0: not yet worked out */

        struct action *joined_to; /* completes with that one */
        struct action *joiners;   /* list through joiner_prev/next */
        struct action *joiner_prev, *joiner_next;

        struct deadline deadline;
        struct action *prev, *next;           /* in the transaction, or among the spare */
        struct action *call_prev, *call_next; /* in the call */
        UT_hash_handle hh;
};

#endif
