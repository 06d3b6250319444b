/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The deadline heap and the effect queue: both reserved ahead, both in order. */
#include "model/deadline.h"
#include "model/effect.h"
#include "util/cleanup.h"

#include <stdlib.h>

#include "support/suite.h"

#define N 500

static struct deadline_heap heap;
static struct deadline deadlines[N];

static void setup(void)
{
        memset(&heap, 0, sizeof(heap));
        memset(deadlines, 0, sizeof(deadlines));
        ck_assert_int_eq(deadline_heap_reserve(&heap, N), 0);
}

static void teardown(void)
{
        deadline_heap_done(&heap);
}

START_TEST(empty_heap)
{
        struct deadline_heap none = {0};

        ck_assert_ptr_null(deadline_heap_first(&heap));
        ck_assert(!deadline_is_armed(&deadlines[0]));
        deadline_disarm(&heap, &deadlines[0]);
        deadline_heap_done(&none);
}
END_TEST

START_TEST(earliest_comes_first)
{
        deadline_arm(&heap, &deadlines[0], 30);
        deadline_arm(&heap, &deadlines[1], 10);
        deadline_arm(&heap, &deadlines[2], 20);
        ck_assert_ptr_eq(deadline_heap_first(&heap), &deadlines[1]);
        ck_assert(deadline_is_armed(&deadlines[1]));
        deadline_disarm(&heap, &deadlines[1]);
        ck_assert(!deadline_is_armed(&deadlines[1]));
        ck_assert_ptr_eq(deadline_heap_first(&heap), &deadlines[2]);
        deadline_arm(&heap, &deadlines[2], 40);
        ck_assert_ptr_eq(deadline_heap_first(&heap), &deadlines[0]);
        deadline_arm(&heap, &deadlines[2], 5);
        ck_assert_ptr_eq(deadline_heap_first(&heap), &deadlines[2]);
        ck_assert_uint_eq(deadlines[2].at, 5);
}
END_TEST

static usec_t earliest(void)
{
        usec_t at = USEC_INFINITY;

        for (size_t i = 0; i < N; i++)
                if (deadline_is_armed(&deadlines[i]) && deadlines[i].at < at)
                        at = deadlines[i].at;
        return at;
}

/* Against a plain search, over many random moves. */
START_TEST(random_moves)
{
        unsigned seed = 1 + (unsigned)_i;

        for (unsigned step = 0; step < 3000; step++) {
                struct deadline *one = &deadlines[(unsigned)rand_r(&seed) % N];
                const struct deadline *first;

                if (rand_r(&seed) % 3 == 0)
                        deadline_disarm(&heap, one);
                else
                        deadline_arm(&heap, one, 1 + (usec_t)(rand_r(&seed) % 1000));
                first = deadline_heap_first(&heap);
                ck_assert_uint_eq(first ? first->at : USEC_INFINITY, earliest());
        }
        while (deadline_heap_first(&heap)) {
                struct deadline *first = deadline_heap_first(&heap);

                ck_assert_uint_eq(first->at, earliest());
                deadline_disarm(&heap, first);
        }
        ck_assert_uint_eq(earliest(), USEC_INFINITY);
}
END_TEST

/* First in, first out, also when it wraps or grows between pushes. */
START_TEST(effects_are_a_queue)
{
        struct effect_queue queue = {0};
        struct effect effect;
        unsigned pushed = 0, popped = 0;
        unsigned seed = 7;

        ck_assert(!effect_queue_pop(&queue, &effect));
        for (unsigned round = 0; round < 300; round++) {
                const unsigned n = (unsigned)rand_r(&seed) % 9;

                ck_assert_int_eq(effect_queue_reserve(&queue, n), 0);
                for (unsigned i = 0; i < n; i++)
                        effect_queue_push(&queue, EFFECT_AUDIO)->serial = pushed++;
                for (unsigned i = (unsigned)rand_r(&seed) % 9; i > 0 && popped < pushed; i--) {
                        ck_assert(effect_queue_pop(&queue, &effect));
                        ck_assert_int_eq(effect.type, EFFECT_AUDIO);
                        ck_assert_uint_eq(effect.serial, popped++);
                }
        }
        while (popped < pushed) {
                ck_assert(effect_queue_pop(&queue, &effect));
                ck_assert_uint_eq(effect.serial, popped++);
        }
        ck_assert(!effect_queue_pop(&queue, &effect));
        effect_queue_done(&queue);
}
END_TEST

/* A pushed effect is all zero but for its type. */
START_TEST(effects_start_empty)
{
        struct effect_queue queue = {0};
        struct effect effect, *pushed;

        for (int i = 0; i < 100; i++) {
                ck_assert_int_eq(effect_queue_reserve(&queue, 1), 0);
                pushed = effect_queue_push(&queue, EFFECT_RING);
                ck_assert_str_eq(pushed->call.text, "");
                ck_assert_uint_eq(pushed->provider, 0);
                ck_assert_uint_eq(pushed->mask, 0);
                memset(pushed, 0x5a, sizeof(*pushed));
                pushed->type = EFFECT_RING;
                ck_assert(effect_queue_pop(&queue, &effect));
        }
        effect_queue_done(&queue);
}
END_TEST

static TCase *deadlines_case(void)
{
        TCase *order = tcase_create("heap");

        tcase_add_checked_fixture(order, setup, teardown);
        tcase_add_test(order, empty_heap);
        tcase_add_test(order, earliest_comes_first);
        tcase_add_loop_test(order, random_moves, 0, 5);
        return order;
}

static TCase *queue_case(void)
{
        TCase *queue = tcase_create("queue");

        tcase_add_test(queue, effects_are_a_queue);
        tcase_add_test(queue, effects_start_empty);
        return queue;
}

SUITE_MAIN("deadline and effect", deadlines_case(), queue_case());
