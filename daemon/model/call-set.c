/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All calls, and the setters: each compares first, notes what changed, and keeps the lists and
 * counters true that make an event cost the same however many calls there are.
 */
#include "model/engine-internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

int call_set_add(struct engine *engine, struct call *call)
{
        struct provider *provider = call->provider;

        HASH_ADD_STR(engine->calls, id.text, call);
        if (!call->hh.tbl)
                return -ENOMEM;
        DL_APPEND2(provider->calls, call, provider_prev, provider_next);
        provider->n_calls++;
        engine->n_calls++;
        engine->allowed_stale = true;
        return 0;
}

/* Undoes call_set_add() of a call that was never announced; the caller owns it again. */
void call_set_withdraw(struct engine *engine, struct call *call)
{
        HASH_DEL(engine->calls, call);
        DL_DELETE2(call->provider->calls, call, provider_prev, provider_next);
        call->provider->n_calls--;
        engine->n_calls--;
}

/* Forgets an ended call; freed at the settle. */
void call_set_remove(struct engine *engine, struct call *call)
{
        struct provider *provider = call->provider;
        struct action *action, *next;

        assert(call->state == CALL_STATE_ENDED);
        DL_FOREACH_SAFE2 (call->actions, action, next, call_next) {
                DL_DELETE2(call->actions, action, call_prev, call_next);
                action->call = NULL;
        }
        engine_push_call(engine, EFFECT_CALL_REMOVED, call);
        deadline_disarm(&engine->deadlines, &call->removal);
        HASH_DEL(engine->calls, call);
        DL_DELETE2(provider->calls, call, provider_prev, provider_next);
        if (call->dirty)
                LL_DELETE2(engine->dirty, call, dirty_next);
        LL_PREPEND2(engine->removed, call, dirty_next);
        if (provider->state == PROVIDER_GONE && !provider->calls)
                deadline_arm(&engine->deadlines, &provider->reclaim, 0);
}

void call_mark_changed(struct engine *engine, struct call *call, unsigned change)
{
        call->changed |= change;
        if (!call->dirty) {
                call->dirty = true;
                LL_PREPEND2(engine->dirty, call, dirty_next);
        }
}

static void update_lists(struct engine *engine, struct call *call)
{
        bool claims = call_state_claims(call->state) ||
                      (call->state == CALL_STATE_STARTING && call->turn_taken);
        bool rings = call->state == CALL_STATE_RINGING;

        if (claims && !call->is_claiming)
                DL_APPEND2(engine->claiming, call, claiming_prev, claiming_next);
        if (!claims && call->is_claiming)
                DL_DELETE2(engine->claiming, call, claiming_prev, claiming_next);
        if (claims != call->is_claiming)
                engine->allowed_stale = true;
        call->is_claiming = claims;

        if (rings && !call->is_ringing)
                DL_APPEND2(engine->ringing, call, ringing_prev, ringing_next);
        if (!rings && call->is_ringing)
                DL_DELETE2(engine->ringing, call, ringing_prev, ringing_next);
        if (rings != call->is_ringing) {
                call->provider->n_ringing += rings ? 1u : -1u;
                engine->system_changed |= SYSTEM_CHANGED_RINGING_CALLS;
        }
        call->is_ringing = rings;
}

/* The ring clock runs while the call rings and no answer is pending. */
static void update_ring_clock(struct engine *engine, struct call *call)
{
        bool runs = call->state == CALL_STATE_RINGING && !call->answer_pending;

        if (runs && !deadline_is_armed(&call->ring_deadline)) {
                call->ring_resumed_at = engine->now.boottime;
                deadline_arm(&engine->deadlines, &call->ring_deadline,
                             engine->now.boottime + call->ring_left);
        } else if (!runs && deadline_is_armed(&call->ring_deadline)) {
                usec_t rung = engine->now.boottime - call->ring_resumed_at;

                call->ring_left -= rung < call->ring_left ? rung : call->ring_left;
                deadline_disarm(&engine->deadlines, &call->ring_deadline);
        }
}

static bool counts_as_in_call(enum call_state state)
{
        return state != CALL_STATE_RINGING && state != CALL_STATE_ENDING &&
               state != CALL_STATE_ENDED;
}

void call_set_state(struct engine *engine, struct call *call, enum call_state state,
                    enum origin origin)
{
        enum call_state before = call->state;

        if (call->state_origin != origin) {
                call->state_origin = origin;
                call_mark_changed(engine, call, CALL_CHANGED_STATE_ORIGIN);
        }
        if (before == state)
                return;
        assert(before != CALL_STATE_ENDED);
        call->state = state;
        call_mark_changed(engine, call, CALL_CHANGED_STATE);
        if (counts_as_in_call(before) != counts_as_in_call(state))
                engine->n_in_call += counts_as_in_call(state) ? 1u : (size_t)-1;
        if (before == CALL_STATE_ACTIVE || state == CALL_STATE_ACTIVE)
                engine->system_changed |= SYSTEM_CHANGED_ACTIVE_CALLS;
        engine->allowed_stale = true;
        if (state == CALL_STATE_ACTIVE) {
                call->was_active = true;
                call->hold_untold = false;
                interruption_clear(engine, call);
        }
        if (state != CALL_STATE_HELD)
                call_set_hold_reason(engine, call, HOLD_REASON_NONE);
        if (state != CALL_STATE_ACTIVE)
                call->audio_closing = false;
        update_lists(engine, call);
        update_ring_clock(engine, call);
}

/* Puts a fresh call, whose state was written directly, into the lists. */
void call_set_enter(struct engine *engine, struct call *call)
{
        call->ring_left = engine->limits.ring_limit;
        if (!call->outgoing && call->started_at.realtime == 0)
                call->started_at = call->reported_at;
        if (counts_as_in_call(call->state))
                engine->n_in_call++;
        engine_push_call(engine, EFFECT_CALL_ADDED, call);
        call->changed = 0; /* it is announced as it is */
        call_mark_changed(engine, call, 0);
        update_lists(engine, call);
        update_ring_clock(engine, call);
}

void call_set_turn_taken(struct engine *engine, struct call *call)
{
        call->turn_taken = true;
        call_mark_changed(engine, call, 0);
        update_lists(engine, call);
}

void call_set_muted(struct engine *engine, struct call *call, bool muted)
{
        if (call->muted == muted)
                return;
        call->muted = muted;
        call_mark_changed(engine, call, CALL_CHANGED_MUTED);
}

void call_set_hold_reason(struct engine *engine, struct call *call, enum hold_reason reason)
{
        if (call->hold_reason == reason)
                return;
        call->hold_reason = reason;
        call_mark_changed(engine, call, CALL_CHANGED_HOLD_REASON);
}

void call_set_reconnecting(struct engine *engine, struct call *call, bool reconnecting)
{
        if (call->reconnecting == reconnecting)
                return;
        call->reconnecting = reconnecting;
        call_mark_changed(engine, call, CALL_CHANGED_RECONNECTING);
        engine->allowed_stale = true;
}

void call_set_translating(struct engine *engine, struct call *call, bool translating)
{
        if (call->translating == translating)
                return;
        call->translating = translating;
        call_mark_changed(engine, call, CALL_CHANGED_TRANSLATING);
}

static void set_bool(struct engine *engine, struct call *call, bool *field, bool value,
                     unsigned change)
{
        if (*field == value)
                return;
        *field = value;
        call_mark_changed(engine, call, change);
}

static void set_text(struct engine *engine, struct call *call, char **field, char **text,
                     unsigned change)
{
        if (streq(*field, *text))
                return;
        free(*field);
        *field = take_ptr(*text);
        call_mark_changed(engine, call, change);
}

static void set_capability(struct engine *engine, struct call *call, unsigned capability, bool on)
{
        unsigned wanted = on ? call->capabilities | capability : call->capabilities & ~capability;

        if (call->capabilities == wanted)
                return;
        call->capabilities = wanted;
        call_mark_changed(engine, call, CALL_CHANGED_CAPABILITIES);
        engine->allowed_stale = true;
}

static void apply_flags(struct engine *engine, struct call *call, const struct call_update *update)
{
        const struct {
                unsigned field, capability;
                bool value;
        } capabilities[] = {
                {UPDATE_HOLDING, CALL_SUPPORTS_HOLDING, update->holding},
                {UPDATE_GROUPING, CALL_SUPPORTS_GROUPING, update->grouping},
                {UPDATE_UNGROUPING, CALL_SUPPORTS_UNGROUPING, update->ungrouping},
                {UPDATE_DTMF, CALL_SUPPORTS_DTMF, update->dtmf},
                {UPDATE_MUTING, CALL_SUPPORTS_MUTING, update->muting},
        };

        for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
                if (update->set & capabilities[i].field)
                        set_capability(engine, call, capabilities[i].capability,
                                       capabilities[i].value);
        if (update->set & UPDATE_VIDEO)
                set_bool(engine, call, &call->video, update->video, CALL_CHANGED_VIDEO);
        if (update->set & UPDATE_REMOTE_HELD)
                set_bool(engine, call, &call->remote_held, update->remote_held,
                         CALL_CHANGED_REMOTE_HELD);
        if (update->set & UPDATE_ALERTING)
                set_bool(engine, call, &call->alerting, update->alerting, CALL_CHANGED_ALERTING);
        if (update->set & UPDATE_EARLY_MEDIA)
                set_bool(engine, call, &call->early_media, update->early_media,
                         CALL_CHANGED_EARLY_MEDIA);
}

static bool members_equal(const struct call *call, const struct call_member *members,
                          size_t n_members)
{
        if (call->n_members != n_members)
                return false;
        for (size_t i = 0; i < n_members; i++)
                if (!streq(call->members[i].handle, members[i].handle) ||
                    !streq(call->members[i].name, members[i].name) ||
                    call->members[i].active != members[i].active)
                        return false;
        return true;
}

void call_apply_update(struct engine *engine, struct call *call, struct update_copy *copy)
{
        const struct call_update *update = &copy->update;

        apply_flags(engine, call, update);
        if (update->set & UPDATE_HANDLE) {
                set_text(engine, call, &call->handle, &copy->handle, CALL_CHANGED_HANDLE);
                if (call->handle_type != update->handle_type) {
                        call->handle_type = update->handle_type;
                        call_mark_changed(engine, call, CALL_CHANGED_HANDLE);
                }
        }
        if (update->set & UPDATE_NAME)
                set_text(engine, call, &call->name, &copy->name, CALL_CHANGED_NAME);
        if (update->set & UPDATE_ACCOUNT)
                set_text(engine, call, &call->account, &copy->account, CALL_CHANGED_ACCOUNT);
        if ((update->set & UPDATE_AUDIO) && call->audio != update->audio) {
                call->audio = update->audio;
                call_mark_changed(engine, call, CALL_CHANGED_AUDIO);
        }
        if ((update->set & UPDATE_PICTURE) && call->picture != update->picture) {
                call->picture = update->picture;
                call_mark_changed(engine, call, CALL_CHANGED_PICTURE);
        }
        if ((update->set & UPDATE_MEMBERS) &&
            !members_equal(call, copy->members, update->n_members)) {
                call_members_free(call->members, call->n_members);
                call->members = take_ptr(copy->members);
                call->n_members = update->n_members;
                copy->update.n_members = 0;
                call_mark_changed(engine, call, CALL_CHANGED_MEMBERS);
        }
}

/* How long ago something was, in the life of the call. The call's age is by the clock that nobody
 * sets: a date may be by another setting of the other one than the call's own. */
void call_set_date(struct engine *engine, struct call *call, struct call_date *date,
                   usec_t realtime, unsigned change)
{
        const struct instant *now = &engine->now;
        usec_t ago = realtime == 0 || realtime > now->realtime ? 0 : now->realtime - realtime;

        if (ago > now->boottime - call->reported_at.boottime)
                *date = call->reported_at;
        else
                *date = (struct call_date){now->realtime - ago, now->boottime - ago};
        call_mark_changed(engine, call, change);
}

struct action *call_find_pending(const struct call *call, enum action_type type)
{
        struct action *action, *found = NULL;

        DL_FOREACH2 (call->actions, action, call_next) {
                if (action->type == type && action_is_pending(action) && !action->joined_to)
                        found = action;
        }
        return found;
}

void call_update_answer_pending(struct engine *engine, struct call *call)
{
        bool pending = call_find_pending(call, ACTION_ANSWER) != NULL;

        if (call->answer_pending == pending)
                return;
        call->answer_pending = pending;
        call_mark_changed(engine, call, CALL_CHANGED_ANSWER_PENDING);
        engine->allowed_stale = true;
        update_ring_clock(engine, call);
}

enum call_state call_projected_state(const struct call *call)
{
        enum call_state state = call->state;
        const struct action *action;

        DL_FOREACH2 (call->actions, action, call_next) {
                if (!action_is_pending(action))
                        continue;
                state = action_projected_state(action->type, action->on, state);
        }
        return state;
}

enum call_state action_projected_state(enum action_type type, bool on, enum call_state state)
{
        switch (type) {
        case ACTION_START:
                return state == CALL_STATE_STARTING ? CALL_STATE_STARTED : state;
        case ACTION_ANSWER:
                return state == CALL_STATE_RINGING || state == CALL_STATE_ANSWERING
                               ? CALL_STATE_ACTIVE
                               : state;
        case ACTION_END:
                return state == CALL_STATE_ENDED ? state : CALL_STATE_ENDING;
        case ACTION_SET_HELD:
                if (state == CALL_STATE_ACTIVE && on)
                        return CALL_STATE_HELD;
                return state == CALL_STATE_HELD && !on ? CALL_STATE_ACTIVE : state;
        case ACTION_SET_MUTED:
        case ACTION_SET_GROUP:
        case ACTION_PLAY_DTMF:
        case ACTION_SET_TRANSLATING:
        case ACTION_TYPE_MAX_:
                break;
        }
        return state;
}

/* A group counts once: by the member with the smallest id of those that use a slot. */
static bool stands_for_its_group(const struct call *call)
{
        for (const struct call *m = call_group_walk(call, call); m; m = call_group_walk(call, m))
                if (call_uses_slot(m) && strcmp(m->id.text, call->id.text) < 0)
                        return false;
        return call_uses_slot(call);
}

unsigned provider_count_groups(const struct provider *provider)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH2 (provider->calls, call, provider_next) {
                n += stands_for_its_group(call);
        }
        return n;
}
