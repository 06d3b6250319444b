/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deadlines in a binary heap; embedded in what they belong to, so arming one never allocates
 * beyond the heap's array, which is reserved ahead.
 */
#ifndef CALLSD_MODEL_DEADLINE_H
#define CALLSD_MODEL_DEADLINE_H

#include "util/macro.h"

enum deadline_kind {
        DEADLINE_NONE_,
        DEADLINE_ACTION,
        DEADLINE_REPLY,
        DEADLINE_RING,
        DEADLINE_REMOVAL,
        DEADLINE_POST_DIAL,
        DEADLINE_RECLAIM,
        DEADLINE_PUSH,
};

struct deadline {
        enum deadline_kind kind;
        usec_t at;      /* CLOCK_BOOTTIME */
        uint64_t order; /* of those at one moment the one that was armed first comes first */
        size_t index;   /* in the heap plus 1; 0: not armed */
};

struct deadline_heap {
        struct deadline **items;
        size_t n_items, allocated;
        uint64_t next_order;
};

void deadline_heap_done(struct deadline_heap *heap);

/* Room for `n` deadlines in all. 0 or -ENOMEM. */
int deadline_heap_reserve(struct deadline_heap *heap, size_t n);

/* (Re-)arms; there must be room. */
void deadline_arm(struct deadline_heap *heap, struct deadline *deadline, usec_t at);
/* As it was in another heap: `order` is not a new one. */
void deadline_arm_again(struct deadline_heap *heap, struct deadline *deadline, usec_t at,
                        uint64_t order);
void deadline_disarm(struct deadline_heap *heap, struct deadline *deadline);
static inline bool deadline_is_armed(const struct deadline *deadline)
{
        return deadline->index != 0;
}

/* The earliest, or NULL. */
struct deadline *deadline_heap_first(const struct deadline_heap *heap);

#endif
