/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts from the network (call-model.md 6): never refused by arbitration. A fact that agrees with
 * a pending action fulfils it, one that contradicts it cancels it.
 */
#include "model/engine-internal.h"

#include <errno.h>
#include <utlist.h>

static const struct action_outcome plain_outcome;

static enum origin fact_origin(enum fact_source by)
{
        switch (by) {
        case FACT_REMOTE:
                return ORIGIN_REMOTE;
        case FACT_NETWORK:
                return ORIGIN_NETWORK;
        case FACT_OTHER_CLIENT:
                return ORIGIN_OTHER_CLIENT;
        case FACT_SELF:
                break;
        }
        return ORIGIN_SELF;
}

static void agree(struct engine *engine, struct action *action)
{
        if (action && action->state == ACTION_DELIVERED)
                action_fulfilled(engine, action, &plain_outcome);
}

static void contradict(struct engine *engine, struct action *action)
{
        if (!action || action->state != ACTION_DELIVERED)
                return;
        action_cancel_with_rest(engine, action, REFUSAL_ACTION_CANCELLED,
                                "the app reported the opposite");
        if (action->type == ACTION_SET_HELD && action->on && action->fan_out != 0)
                action_undo_group_hold(engine, action);
}

static void settle_call_holds(struct engine *engine, struct call *call, bool held)
{
        struct action *action, *next;

        DL_FOREACH_SAFE2 (call->actions, action, next, call_next) {
                if (action->type != ACTION_SET_HELD || action->state != ACTION_DELIVERED)
                        continue;
                if (action->on == held)
                        agree(engine, action);
                else
                        contradict(engine, action);
        }
}

/* Every pending set-held of the group: what is a fact of one is a fact of all. */
static void settle_holds(struct engine *engine, struct call *call, bool held)
{
        uint64_t group = call->group;
        struct call *m;

        settle_call_holds(engine, call, held);
        DL_FOREACH2 (call->provider->calls, m, provider_next) {
                if (m != call && group != 0 && m->group == group)
                        settle_call_holds(engine, m, held);
        }
}

static void connect_if_new(struct engine *engine, struct call *call, usec_t date)
{
        struct action *answer = call_find_pending(call, ACTION_ANSWER);

        /* delivered or not: somebody answered */
        if (answer)
                action_fulfilled(engine, answer, &(struct action_outcome){.date = date});
        if (call->outgoing)
                report_agree_start(engine, call);
        if (call->connected_at.realtime == 0)
                call_set_date(engine, call, &call->connected_at, date, CALL_CHANGED_CONNECTED_AT);
}

static void fact_active(struct engine *engine, struct call *call, enum fact_source by, usec_t date)
{
        connect_if_new(engine, call, date);
        settle_holds(engine, call, false);
        if (call->state != CALL_STATE_ACTIVE)
                group_make_active(engine, call, fact_origin(by));
}

static void fact_held(struct engine *engine, struct call *call, enum fact_source by, usec_t date)
{
        connect_if_new(engine, call, date);
        settle_holds(engine, call, true);
        if (call->state == CALL_STATE_HELD)
                return;
        group_make_held(engine, call, HOLD_REASON_PROVIDER, fact_origin(by));
        if (by == FACT_SELF)
                interruption_clear(engine, call);
}

static int check_can_connect(struct engine *engine, const struct call *call)
{
        if (call->outgoing)
                return 0;
        return engine_refuse(engine, REFUSAL_WRONG_STATE,
                             "Call %s is incoming; only outgoing calls connect.", call->id.text);
}

static void fact_connecting(struct engine *engine, struct call *call)
{
        if (call->state != CALL_STATE_STARTING && call->state != CALL_STATE_STARTED)
                return;
        report_agree_start(engine, call);
        call_set_state(engine, call, CALL_STATE_CONNECTING, ORIGIN_SELF);
}

int engine_report_state(struct engine *engine, struct instant now, unsigned number,
                        const char *uuid, enum call_state state, enum fact_source by, usec_t date)
{
        int r;
        struct call *call = report_begin(engine, now, number, uuid, &r);

        if (!call)
                return r;
        if (state != CALL_STATE_ACTIVE && state != CALL_STATE_HELD &&
            state != CALL_STATE_CONNECTING)
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "\"%s\" cannot be reported; active, held and connecting can.",
                                     call_state_to_string(state));
        if (state == CALL_STATE_CONNECTING && (r = check_can_connect(engine, call)) != 0)
                return r;
        if (call_is_live(call)) {
                if (state == CALL_STATE_ACTIVE)
                        fact_active(engine, call, by, date);
                else if (state == CALL_STATE_HELD)
                        fact_held(engine, call, by, date);
                else
                        fact_connecting(engine, call);
        }
        return engine_finish(engine);
}

static void fact_muted(struct engine *engine, struct call *call, bool muted)
{
        struct action *pending = call_find_pending(call, ACTION_SET_MUTED);

        if (pending && pending->on && !muted)
                return; /* the user's mute stands */
        if (pending && pending->on == muted)
                agree(engine, pending);
        else
                contradict(engine, pending);
        call_set_muted(engine, call, muted);
}

int engine_report_muted(struct engine *engine, struct instant now, unsigned number,
                        const char *uuid, bool muted, enum fact_source by)
{
        int r;
        struct call *call = report_begin(engine, now, number, uuid, &r);

        (void)by;
        if (!call)
                return r;
        if (call_is_live(call))
                fact_muted(engine, call, muted);
        return engine_finish(engine);
}

/* ---- import ---- */

/* The call that it is to be grouped with; NULL if with none. */
static int check_group_with(struct engine *engine, const struct provider *provider,
                            const struct call_import *import, struct call **ret_with)
{
        struct call *with = NULL;

        if (str_or_empty(import->group_with)[0] != '\0') {
                with = engine_get_call(engine, import->group_with);
                if (!with || with->provider != provider || !call_is_connected(with) ||
                    !call_is_connected(&(struct call){.state = import->state}))
                        return engine_refuse(engine, REFUSAL_REQUEST_UNKNOWN_CALL,
                                             "GroupWith names %s, which is no active or held call "
                                             "of this app to group an active or held call with.",
                                             import->group_with);
        }
        *ret_with = with;
        return 0;
}

static int check_import(struct engine *engine, const struct provider *provider, const char *uuid,
                        const struct call_import *import, struct call **ret_with)
{
        int r;

        if (import->state == CALL_STATE_RINGING && !import->outgoing)
                return report_admit_incoming(engine, provider, uuid, &import->update);
        if (engine_get_call(engine, uuid))
                return engine_refuse(engine, REFUSAL_INCOMING_UUID_EXISTS,
                                     "A call with the UUID %s exists already.", uuid);
        if (!call_is_connected(&(struct call){.state = import->state}) &&
            !(import->outgoing &&
              (import->state == CALL_STATE_STARTED || import->state == CALL_STATE_CONNECTING)))
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "An %s call cannot be imported as \"%s\"; ringing (incoming), "
                                     "started, connecting (outgoing), active and held can.",
                                     import->outgoing ? "outgoing" : "incoming",
                                     call_state_to_string(import->state));
        r = call_check_update(engine, provider, &import->update);
        if (r != 0)
                return r;
        return check_group_with(engine, provider, import, ret_with);
}

static void import_dates(struct engine *engine, struct call *call, const struct call_import *import)
{
        usec_t began = import->started_at != 0 ? import->started_at : import->connected_at;
        usec_t ago;

        /* it began before callsd heard of it */
        if (began != 0 && began < engine->now.realtime) {
                ago = engine->now.realtime - began;
                call->reported_at.realtime = began;
                call->reported_at.boottime =
                        engine->now.boottime > ago ? engine->now.boottime - ago : 1;
        }
        if (import->outgoing)
                call_set_date(engine, call, &call->started_at, import->started_at,
                              CALL_CHANGED_STARTED_AT);
        if (call_is_connected(&(struct call){.state = import->state}))
                call_set_date(engine, call, &call->connected_at, import->connected_at,
                              CALL_CHANGED_CONNECTED_AT);
}

/* Enters in a state that claims nothing, and gets to its own by the way of every fact. */
static void import_state(struct engine *engine, struct call *call, const struct call_import *import,
                         struct call *with)
{
        bool connected = call_is_connected(&(struct call){.state = import->state});

        call->state = connected ? CALL_STATE_HELD : import->state;
        if (connected)
                call->hold_reason = HOLD_REASON_PROVIDER;
        if (import->state == CALL_STATE_ACTIVE && !emergency_other(engine, with ? with : call)) {
                /* whoever is active leaves that state before anybody hears of this call */
                group_displace_others(engine, with ? with : call);
                call->changed = 0;
                engine_announce_changes(engine);
        }
        call_set_enter(engine, call);
        if (with) {
                group_join(engine, call, with);
                settle_holds(engine, call, import->state == CALL_STATE_HELD);
        }
        if (import->state == CALL_STATE_ACTIVE)
                group_make_active(engine, call, ORIGIN_SELF);
        else if (connected && with)
                group_make_held(engine, call, HOLD_REASON_PROVIDER, ORIGIN_SELF);
}

/* Somebody else has joined them. Held in between, whatever it was: that displaces nobody. */
static void fact_joined(struct engine *engine, struct call *call, struct call *with,
                        const struct call_import *import)
{
        bool held = import->state == CALL_STATE_HELD;

        if (call_same_group(call, with))
                return;
        fact_held(engine, call, FACT_SELF, import->connected_at);
        group_join(engine, call, with);
        settle_holds(engine, call, held);
        if (held)
                group_make_held(engine, call, HOLD_REASON_PROVIDER, ORIGIN_SELF);
        else
                group_make_active(engine, call, ORIGIN_SELF);
}

/* A call that callsd has already is brought to what the app says of it. */
static int import_known(struct engine *engine, struct call *call, const struct call_import *import)
{
        struct update_copy copy;
        struct call *with = NULL;
        int r = call_check_update(engine, call->provider, &import->update);

        if (r == 0 && import->state == CALL_STATE_CONNECTING)
                r = check_can_connect(engine, call);
        if (r == 0)
                r = check_group_with(engine, call->provider, import, &with);
        if (r != 0)
                return r;
        r = update_copy_init(&copy, &import->update);
        if (r < 0)
                return r;
        call_apply_update(engine, call, &copy);
        update_copy_done(&copy);
        if (!call_is_live(call))
                return engine_finish(engine);
        if (with)
                fact_joined(engine, call, with, import);
        if (import->state == CALL_STATE_ACTIVE)
                fact_active(engine, call, FACT_SELF, import->connected_at);
        else if (import->state == CALL_STATE_HELD)
                fact_held(engine, call, FACT_SELF, import->connected_at);
        else if (import->state == CALL_STATE_STARTED && call->outgoing)
                report_agree_start(engine, call);
        else if (import->state == CALL_STATE_CONNECTING)
                fact_connecting(engine, call);
        fact_muted(engine, call, import->muted);
        return engine_finish(engine);
}

int engine_report_call(struct engine *engine, struct instant now, unsigned number, const char *uuid,
                       const struct call_import *import)
{
        struct provider *provider;
        struct call *call, *with = NULL;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        provider = engine_get_running(engine, number);
        if (!provider)
                return REFUSAL_NOT_REGISTERED;
        call = engine_get_call(engine, uuid);
        if (call && call->provider == provider && call->state != CALL_STATE_ENDED)
                return import_known(engine, call, import);
        r = check_import(engine, provider, uuid, import, &with);
        if (r == 0)
                r = report_new_call(engine, provider, uuid, &import->update, &call);
        if (r >= 0)
                push_reported(engine, provider);
        if (r != 0)
                return r;
        call->outgoing = import->outgoing;
        call->imported = true;
        call->muted = import->muted;
        import_dates(engine, call, import);
        import_state(engine, call, import, with);
        return engine_finish(engine);
}
