/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The projection of a request: copies of what it touches, played forward action by action. */
#include "model/admission.h"

#include <assert.h>
#include <utlist.h>

/* Keys of lone calls; those of real groups are smaller. */
#define LONE_KEY ((uint64_t)1 << 63)

void plan_reset(struct plan *plan)
{
        plan->n_projected = 0;
        plan->next_key = LONE_KEY;
}

/* The group that a pending merge or leave will put the call into; NULL: none is pending. */
static const struct action *pending_regroup(const struct call *call)
{
        return call_find_pending(call, ACTION_SET_GROUP);
}

static struct projected *find_projected(struct plan *plan, const struct call *call)
{
        for (size_t i = 0; i < plan->n_projected; i++)
                if (plan->projected[i].call == call)
                        return &plan->projected[i];
        return NULL;
}

static struct projected *add_projected(struct plan *plan, const struct call *call, uint64_t key)
{
        struct projected *projected;

        assert(plan->n_projected < plan->allocated);
        projected = &plan->projected[plan->n_projected++];
        *projected =
                (struct projected){.call = call, .state = call_projected_state(call), .key = key};
        return projected;
}

struct projected *plan_project(struct plan *plan, const struct call *call)
{
        struct projected *projected = find_projected(plan, call);
        const struct action *regroup;
        const struct call *with;
        uint64_t key;

        if (projected)
                return projected;
        key = call->group != 0 ? call->group : plan->next_key++;
        regroup = pending_regroup(call);
        if (regroup && regroup->other.text[0] == '\0') {
                key = plan->next_key++;
        } else if (regroup && (with = engine_get_call(plan->engine, regroup->other.text))) {
                struct projected *target = find_projected(plan, with);

                /* one level is enough: the target of a pending merge is not itself moving */
                if (!target)
                        target = add_projected(plan, with,
                                               with->group != 0 ? with->group : plan->next_key++);
                key = target->key;
        }
        return add_projected(plan, call, key);
}

bool plan_same_key(struct plan *plan, const struct call *a, const struct call *b)
{
        uint64_t key = plan_project(plan, a)->key;

        return a == b || key == plan_project(plan, b)->key;
}

unsigned plan_group_size(struct plan *plan, uint64_t key, const struct provider *provider)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH2 (provider->calls, call, provider_next) {
                const struct projected *projected = plan_project(plan, call);

                n += projected->key == key && projected->state != CALL_STATE_ENDED &&
                     projected->state != CALL_STATE_ENDING;
        }
        return n;
}

static bool uses_slot(const struct projected *projected)
{
        return projected->state != CALL_STATE_RINGING && projected->state != CALL_STATE_ENDING &&
               projected->state != CALL_STATE_ENDED;
}

/* Groups with a member that uses a slot, each counted by the first such member. */
unsigned plan_count_groups(struct plan *plan, const struct provider *provider)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH2 (provider->calls, call, provider_next) {
                (void)plan_project(plan, call);
        }
        for (size_t i = 0; i < plan->n_projected; i++) {
                const struct projected *p = &plan->projected[i];
                bool first = uses_slot(p) && p->call->provider == provider;

                for (size_t k = 0; first && k < i; k++)
                        if (uses_slot(&plan->projected[k]) && plan->projected[k].key == p->key)
                                first = false;
                n += first;
        }
        return n;
}

static void set_group_state(struct plan *plan, const struct call *call, enum call_state state)
{
        uint64_t key = plan_project(plan, call)->key;
        const struct call *m;

        DL_FOREACH2 (call->provider->calls, m, provider_next) {
                struct projected *projected = plan_project(plan, m);

                if (projected->key == key &&
                    (projected->state == CALL_STATE_ACTIVE || projected->state == CALL_STATE_HELD))
                        projected->state = state;
        }
}

static void play_set_held(struct plan *plan, struct planned *item)
{
        enum call_state wanted = item->args->on ? CALL_STATE_HELD : CALL_STATE_ACTIVE;
        enum call_state state = plan_project(plan, item->call)->state;

        if (state != CALL_STATE_ACTIVE && state != CALL_STATE_HELD)
                return;
        item->activates = !item->args->on && state == CALL_STATE_HELD;
        set_group_state(plan, item->call, wanted);
}

static void play_set_group(struct plan *plan, struct planned *item)
{
        if (!item->other) {
                plan_project(plan, item->call)->key = plan->next_key++;
                return;
        }
        item->activates = !plan_same_key(plan, item->call, item->other);
        plan_project(plan, item->call)->key = plan_project(plan, item->other)->key;
        set_group_state(plan, item->call, CALL_STATE_ACTIVE);
}

void plan_play(struct plan *plan, struct planned *item)
{
        struct projected *projected = plan_project(plan, item->call);

        item->activates = false;
        switch (item->args->type) {
        case ACTION_START:
                item->activates = true;
                projected->state = CALL_STATE_STARTED;
                break;
        case ACTION_ANSWER:
                item->activates = projected->state == CALL_STATE_RINGING;
                if (item->activates)
                        projected->state = CALL_STATE_ACTIVE;
                break;
        case ACTION_END:
                projected->state = CALL_STATE_ENDING;
                break;
        case ACTION_SET_HELD:
                play_set_held(plan, item);
                break;
        case ACTION_SET_GROUP:
                play_set_group(plan, item);
                break;
        case ACTION_SET_MUTED:
        case ACTION_PLAY_DTMF:
        case ACTION_SET_TRANSLATING:
        case ACTION_TYPE_MAX_:
                break;
        }
}
