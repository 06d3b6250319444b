/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two engines that are to be one: every byte of every struct, but for pointers and links.
 *
 * So a field that the record forgets is noticed without anybody having to think of it. Strings and
 * lists are what the record itself compares: it writes the second engine as it wrote the first.
 */
#include "support/sim-internal.h"

#include <check.h>
#include <stdio.h>

#include "model/engine-internal.h"

/* Clears what is no value: a pointer, or what belongs to a list or a table. */
#define CLEAR(copy, field) memset(&(copy)->field, 0, sizeof((copy)->field))

static void compare(struct sim *sim, const char *what, const void *a, const void *b, size_t size)
{
        const unsigned char *x = a, *y = b;

        for (size_t i = 0; i < size; i++)
                if (x[i] != y[i])
                        sim_die(sim, "%s: byte %zu of %zu is not recorded", what, i, size);
}

static void clear_deadline(struct deadline *deadline)
{
        if (deadline->index == 0)
                deadline->at = deadline->order = 0; /* they say nothing */
        deadline->index = deadline->index != 0;
}

void sim_clear_call(struct call *copy)
{
        CLEAR(copy, provider);
        CLEAR(copy, handle);
        CLEAR(copy, name);
        CLEAR(copy, account);
        CLEAR(copy, contact);
        CLEAR(copy, post_dial);
        CLEAR(copy, members);
        CLEAR(copy, ended_text);
        CLEAR(copy, group_prev);
        CLEAR(copy, group_next);
        CLEAR(copy, interrupter);
        CLEAR(copy, interrupted_prev);
        CLEAR(copy, interrupted_next);
        CLEAR(copy, actions);
        CLEAR(copy, provider_prev);
        CLEAR(copy, provider_next);
        CLEAR(copy, claiming_prev);
        CLEAR(copy, claiming_next);
        CLEAR(copy, ringing_prev);
        CLEAR(copy, ringing_next);
        CLEAR(copy, hh);
        clear_deadline(&copy->ring_deadline);
        clear_deadline(&copy->removal);
        clear_deadline(&copy->post_dial_deadline);
}

void sim_clear_provider(struct provider *copy)
{
        CLEAR(copy, config.identifier);
        CLEAR(copy, config.ringtone);
        CLEAR(copy, config.localized_name);
        CLEAR(copy, config.icon);
        CLEAR(copy, config.uri_schemes);
        CLEAR(copy, config.accounts);
        CLEAR(copy, peer);
        CLEAR(copy, identity);
        CLEAR(copy, emergency_numbers);
        CLEAR(copy, manifest_schemes);
        CLEAR(copy, calls);
        CLEAR(copy, pushes);
        CLEAR(copy, hh_number);
        CLEAR(copy, hh_identifier);
        clear_deadline(&copy->reclaim);
}

void sim_clear_push(struct push *copy)
{
        CLEAR(copy, provider);
        CLEAR(copy, data);
        CLEAR(copy, reason);
        CLEAR(copy, prev);
        CLEAR(copy, next);
        clear_deadline(&copy->deadline);
}

void sim_clear_transaction(struct transaction *copy)
{
        CLEAR(copy, requester);
        CLEAR(copy, actions);
        CLEAR(copy, admitted_prev);
        CLEAR(copy, admitted_next);
        CLEAR(copy, prev);
        CLEAR(copy, next);
        CLEAR(copy, work_next);
        CLEAR(copy, hh);
        clear_deadline(&copy->reply_deadline);
}

void sim_clear_action(struct action *copy)
{
        CLEAR(copy, transaction);
        CLEAR(copy, call);
        CLEAR(copy, text);
        CLEAR(copy, text2);
        CLEAR(copy, reason);
        CLEAR(copy, why);
        CLEAR(copy, joined_to);
        CLEAR(copy, joiners);
        CLEAR(copy, joiner_prev);
        CLEAR(copy, joiner_next);
        CLEAR(copy, prev);
        CLEAR(copy, next);
        CLEAR(copy, call_prev);
        CLEAR(copy, call_next);
        CLEAR(copy, hh);
        clear_deadline(&copy->deadline);
}

void sim_clear_engine(struct engine *copy)
{
        CLEAR(copy, host);
        CLEAR(copy, limits);
        CLEAR(copy, now);
        CLEAR(copy, explanation);
        CLEAR(copy, effects);
        CLEAR(copy, deadlines.items);
        CLEAR(copy, deadlines.allocated);
        CLEAR(copy, calls);
        CLEAR(copy, providers);
        CLEAR(copy, identifiers);
        CLEAR(copy, transactions);
        CLEAR(copy, actions);
        CLEAR(copy, spare_actions);
        CLEAR(copy, spare_transactions);
        CLEAR(copy, n_spare_actions);
        CLEAR(copy, n_spare_transactions);
        CLEAR(copy, admitted);
        CLEAR(copy, floor);
        CLEAR(copy, work);
        CLEAR(copy, finished);
        CLEAR(copy, removed);
        CLEAR(copy, claiming);
        CLEAR(copy, ringing);
        CLEAR(copy, interrupted);
        CLEAR(copy, dirty);
        CLEAR(copy, revision);
        CLEAR(copy, defaults);
}

/* Copied with what lies between the fields. */
#define COMPARE(sim, type, a, b)                           \
        do {                                               \
                struct type a_, b_;                        \
                                                           \
                memcpy(&a_, a, sizeof(a_));                \
                memcpy(&b_, b, sizeof(b_));                \
                sim_clear_##type(&a_);                     \
                sim_clear_##type(&b_);                     \
                compare(sim, #type, &a_, &b_, sizeof(a_)); \
        } while (0)

static void compare_transactions(struct sim *sim, const struct engine *a, const struct engine *b)
{
        const struct transaction *x = a->admitted, *y = b->admitted;

        for (; x && y; x = x->admitted_next, y = y->admitted_next) {
                const struct action *action = x->actions, *other = y->actions;

                COMPARE(sim, transaction, x, y);
                for (; action && other; action = action->next, other = other->next)
                        COMPARE(sim, action, action, other);
                if (action != other)
                        sim_die(sim, "an action more or less");
        }
        if (x != y)
                sim_die(sim, "a transaction more or less");
}

static void compare_pushes(struct sim *sim, const struct provider *a, const struct provider *b)
{
        const struct push *x = a->pushes, *y = b->pushes;

        for (; x && y; x = x->next, y = y->next)
                COMPARE(sim, push, x, y);
        if (x != y)
                sim_die(sim, "a payload more or less");
}

static void compare_effects(struct sim *sim, const struct effect_queue *a,
                            const struct effect_queue *b)
{
        if (a->n_items - a->head != b->n_items - b->head)
                sim_die(sim, "%zu effects are %zu after reading", a->n_items - a->head,
                        b->n_items - b->head);
        for (size_t i = 0; i < b->n_items - b->head; i++)
                compare(sim, "effect", &a->items[a->head + i], &b->items[b->head + i],
                        sizeof(*a->items));
}

void sim_compare(struct sim *sim, const struct engine *a, const struct engine *b)
{
        const struct provider *provider = a->providers, *other = b->providers;
        const struct call *x = a->calls, *y = b->calls;

        COMPARE(sim, engine, a, b);
        for (; provider && other;
             provider = provider->hh_number.next, other = other->hh_number.next) {
                COMPARE(sim, provider, provider, other);
                compare_pushes(sim, provider, other);
        }
        if (provider != other)
                sim_die(sim, "a provider more or less");
        for (; x && y; x = x->hh.next, y = y->hh.next)
                COMPARE(sim, call, x, y);
        if (x != y)
                sim_die(sim, "a call more or less");
        compare_transactions(sim, a, b);
        compare_effects(sim, &a->effects, &b->effects);
}
