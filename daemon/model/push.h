/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Payloads that a push service has for a provider, and what the provider owes for them.
 *
 * A payload starts its provider if need be, waits for it on record, and is delivered when it is
 * registered. For that the provider owes a report of a call within 7 s: an app is woken up for
 * calls and for nothing else. A refused report counts, too. Whoever has a call already owes
 * nothing, since the payload may well be about that one.
 *
 * Each report keeps the oldest duty. The third duty in a row that was not kept shuts the provider
 * out: from then on one payload an hour gets through, as a second chance, and a duty that is kept
 * opens the door again.
 *
 * An app may be about to leave when a payload comes: one that goes without having reported is
 * given it once more, under the same id.
 */
#ifndef CALLSD_MODEL_PUSH_H
#define CALLSD_MODEL_PUSH_H

#include <stdint.h>

#include "model/deadline.h"
#include "model/types.h"

struct provider;

/* So many duties in a row that were not kept, and payloads are refused. */
#define PUSH_MISSES_MAX 3

enum push_state {
        PUSH_WAITING,   /* for its provider */
        PUSH_DELIVERED, /* a report is owed for it */
        PUSH_DONE,      /* freed at the settle */
};

/* Owned by the engine, found by id. The bytes mean something to the bus layer alone. */
struct push {
        struct uuid id;
        struct provider *provider;
        uint8_t *data;
        size_t size;
        enum push_state state;
        bool report_required;
        bool reported; /* the duty is kept, which is noted at the next tick */
        unsigned n_deliveries;
        char *reason;             /* why it was dropped, in words; NULL: no one said */
        struct deadline deadline; /* for coming, or for reporting */
        struct push *prev, *next; /* of its provider, oldest first */
};

#endif
