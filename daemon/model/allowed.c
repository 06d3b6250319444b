/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user may be offered for a call: what a request for it would not be refused for. */
#include "model/engine-internal.h"

#include <utlist.h>

/* How the groups in the way could be got out of it. */
struct obstacles {
        bool any;
        bool all_holdable;
        bool protected;
        bool active; /* one of them is active */
};

static struct obstacles find_obstacles(const struct engine *engine, const struct call *call)
{
        struct obstacles obstacles = {.all_holdable = true};
        const struct call *other;

        DL_FOREACH2 (engine->claiming, other, claiming_next) {
                if (call_same_group(other, call))
                        continue;
                obstacles.any = true;
                if (other->emergency)
                        obstacles.protected = true;
                if (other->state == CALL_STATE_ACTIVE)
                        obstacles.active = true;
                if (other->state != CALL_STATE_ACTIVE || !group_supports_holding(other))
                        obstacles.all_holdable = false;
        }
        return obstacles;
}

static unsigned allowed_ringing(const struct engine *engine, const struct call *call)
{
        struct obstacles obstacles = find_obstacles(engine, call);
        bool slot =
                provider_count_groups(call->provider) < call->provider->config.maximum_call_groups;
        unsigned allowed = CALL_ALLOWED_DECLINE;

        if (obstacles.protected)
                return allowed;
        if (!obstacles.any && slot)
                return allowed | CALL_ALLOWED_ANSWER;
        if (obstacles.any && obstacles.all_holdable && slot)
                allowed |= CALL_ALLOWED_ANSWER | CALL_ALLOWED_HOLD_AND_ANSWER;
        return allowed | CALL_ALLOWED_END_AND_ANSWER;
}

static bool can_merge(const struct call *call)
{
        const struct call *other;

        if (!(call->capabilities & CALL_SUPPORTS_GROUPING) ||
            (call->group != 0 && !(call->capabilities & CALL_SUPPORTS_UNGROUPING)))
                return false;
        DL_FOREACH2 (call->provider->calls, other, provider_next) {
                if (call_is_connected(other) && !call_same_group(other, call) &&
                    (other->capabilities & CALL_SUPPORTS_GROUPING) &&
                    call_group_size(other) < call->provider->config.maximum_calls_per_call_group)
                        return true;
        }
        return false;
}

static unsigned allowed_connected(const struct engine *engine, const struct call *call)
{
        struct obstacles obstacles = find_obstacles(engine, call);
        unsigned allowed = 0;

        if (call->state == CALL_STATE_ACTIVE && group_supports_holding(call))
                allowed |= CALL_ALLOWED_HOLD;
        if (call->state == CALL_STATE_HELD && group_supports_holding(call) &&
            !obstacles.protected) {
                if (!obstacles.any)
                        allowed |= CALL_ALLOWED_RESUME;
                else if (obstacles.active && obstacles.all_holdable)
                        allowed |= CALL_ALLOWED_RESUME | CALL_ALLOWED_SWAP;
        }
        if (can_merge(call))
                allowed |= CALL_ALLOWED_MERGE;
        if (call->group != 0 && (call->capabilities & CALL_SUPPORTS_UNGROUPING) &&
            provider_count_groups(call->provider) < call->provider->config.maximum_call_groups)
                allowed |= CALL_ALLOWED_LEAVE;
        return allowed;
}

unsigned call_work_out_allowed(const struct engine *engine, const struct call *call)
{
        unsigned allowed = CALL_ALLOWED_END;

        if (!call_is_live(call))
                return 0;
        if (call->reconnecting)
                return allowed;
        if (call->capabilities & CALL_SUPPORTS_MUTING)
                allowed |= CALL_ALLOWED_MUTE;
        if ((call->capabilities & CALL_SUPPORTS_DTMF) &&
            action_legal_in(ACTION_PLAY_DTMF, call->state))
                allowed |= CALL_ALLOWED_DTMF;
        if (call->state == CALL_STATE_RINGING)
                allowed |= allowed_ringing(engine, call);
        if (call_is_connected(call))
                allowed |= allowed_connected(engine, call);
        return allowed;
}
