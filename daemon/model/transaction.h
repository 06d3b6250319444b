/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ordered list of actions that was admitted as a whole; it outlives its requester. */
#ifndef CALLSD_MODEL_TRANSACTION_H
#define CALLSD_MODEL_TRANSACTION_H

#include <uthash.h>

#include "model/action.h"

/* Owned by the engine until complete and settled. */
struct transaction {
        struct uuid id;
        char *requester; /* owned; the peer that asked, NULL for callsd itself */
        bool controller; /* that peer's right */
        bool may_end;
        bool end_obstacles; /* EndAndAnswer: obstacles are ended rather than held */
        bool emergency;     /* does not wait for the floor */
        bool spare;         /* reserved ahead, not in use */
        bool in_floor;      /* waits for the floor, or holds it */
        bool complete;
        usec_t timeout;                  /* for requested actions; 0: defaults */
        struct deadline reply_deadline;  /* Call1 methods: answer by then */
        struct action *actions;          /* in order, via prev/next */
        struct transaction *prev, *next; /* in the floor queue */
        struct transaction *admitted_prev, *admitted_next;
        struct transaction *work_next; /* among those to look at, the spare, or the finished */
        bool in_work;
        UT_hash_handle hh;
};

#endif
