/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request on its way in: what it would do, played through on a projection, before any of it is
 * done (call-model.md 3).
 */
#ifndef CALLSD_MODEL_ADMISSION_H
#define CALLSD_MODEL_ADMISSION_H

#include "model/engine-internal.h"

/* What a call will be like once everything pending, and the request so far, is done. */
struct projected {
        const struct call *call;
        enum call_state state;
        uint64_t key; /* equal for members of one group */
};

struct planned {
        const struct action_args *args;
        struct call *call;  /* for start: the new call, not in the set yet, owned by the plan */
        struct call *other; /* set-group join */
        struct provider *provider;
        bool activates;                          /* worked out while playing through */
        char *text, *text2, *handle, *post_dial; /* copies, moved out at the commit */
};

struct plan {
        struct engine *engine;
        const struct request *request;
        struct planned *items;
        size_t n_items;
        struct projected *projected;
        size_t n_projected, allocated;
        uint64_t next_key;
        bool emergency;
};

int plan_init(struct plan *plan, struct engine *engine, const struct request *request);
void plan_done(struct plan *plan);

/* Every rule, in the order of call-model.md 3; 0 or a refusal. */
int plan_check(struct plan *plan);

/* plan-projection.c */
void plan_reset(struct plan *plan);
struct projected *plan_project(struct plan *plan, const struct call *call);
void plan_play(struct plan *plan, struct planned *item);
unsigned plan_group_size(struct plan *plan, uint64_t key, const struct provider *provider);
unsigned plan_count_groups(struct plan *plan, const struct provider *provider);
bool plan_same_key(struct plan *plan, const struct call *a, const struct call *b);

/* plan-obstacles.c: WouldEndCall and CallIsProtected, on the projection. */
int plan_check_obstacles(struct plan *plan);

#endif
