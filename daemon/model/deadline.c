/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A binary heap of deadlines that know their own place in it. */
#include "model/deadline.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void deadline_heap_done(struct deadline_heap *heap)
{
        free(heap->items);
        *heap = (struct deadline_heap){0};
}

int deadline_heap_reserve(struct deadline_heap *heap, size_t n)
{
        struct deadline **items;

        if (n <= heap->allocated)
                return 0;
        items = realloc(heap->items, 2 * n * sizeof(*items));
        if (!items)
                return -ENOMEM;
        heap->items = items;
        heap->allocated = 2 * n;
        return 0;
}

static void heap_put(struct deadline_heap *heap, size_t at, struct deadline *deadline)
{
        heap->items[at] = deadline;
        deadline->index = at + 1;
}

static bool comes_before(const struct deadline *a, const struct deadline *b)
{
        return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void heap_sift(struct deadline_heap *heap, size_t at)
{
        struct deadline *deadline = heap->items[at];

        while (at > 0 && comes_before(deadline, heap->items[(at - 1) / 2])) {
                heap_put(heap, at, heap->items[(at - 1) / 2]);
                at = (at - 1) / 2;
        }
        for (;;) {
                size_t child = 2 * at + 1;

                if (child + 1 < heap->n_items &&
                    comes_before(heap->items[child + 1], heap->items[child]))
                        child++;
                if (child >= heap->n_items || comes_before(deadline, heap->items[child]))
                        break;
                heap_put(heap, at, heap->items[child]);
                at = child;
        }
        heap_put(heap, at, deadline);
}

void deadline_arm_again(struct deadline_heap *heap, struct deadline *deadline, usec_t at,
                        uint64_t order)
{
        deadline->at = at;
        deadline->order = order;
        if (!deadline_is_armed(deadline)) {
                assert(heap->n_items < heap->allocated);
                heap_put(heap, heap->n_items++, deadline);
        }
        heap_sift(heap, deadline->index - 1);
}

void deadline_arm(struct deadline_heap *heap, struct deadline *deadline, usec_t at)
{
        deadline_arm_again(heap, deadline, at, ++heap->next_order);
}

void deadline_disarm(struct deadline_heap *heap, struct deadline *deadline)
{
        struct deadline *last;

        if (!deadline_is_armed(deadline))
                return;
        last = heap->items[--heap->n_items];
        if (last != deadline) {
                heap_put(heap, deadline->index - 1, last);
                heap_sift(heap, last->index - 1);
        }
        deadline->index = 0;
}

struct deadline *deadline_heap_first(const struct deadline_heap *heap)
{
        return heap->n_items > 0 ? heap->items[0] : NULL;
}
