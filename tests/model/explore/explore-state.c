/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When are two worlds the same? When everything is equal that a later input, check or effect can
 * depend on. What only tells how a world came about is taken out:
 *
 *   - ids, numbers and serials that were given away in the order of events become places in the
 *     order of their lists;
 *   - times become distances from now;
 *   - dates of the past (StartedAt and the like) are left out but for whether there is one: the
 *     model hands them on and decides nothing by them.
 *
 * Orders of lists and of hash tables are kept as they are, for the model walks through them; but
 * for transactions, see below.
 */
#include "explore.h"

#include <utlist.h>

#include "model/engine-internal.h"
#include "support/sim-internal.h"

#define MAX_ACTIONS 512
#define MAX_RANKS 64

struct ranks {
        uint64_t values[MAX_RANKS];
        size_t n;
};

struct state {
        struct sim *sim;
        FILE *out;
        uint64_t hash;
        const struct action *actions[MAX_ACTIONS];
        size_t n_actions;
        struct ranks groups, deliveries, fan_outs;
};

static void put(struct state *state, const char *name, uint64_t value)
{
        state->hash = (state->hash ^ value) * 0x9e3779b97f4a7c15ULL;
        state->hash ^= state->hash >> 29;
        if (state->out && value != 0)
                fprintf(state->out, " %s=%lld", name, (long long)value);
}

static void put_text(struct state *state, const char *name, const char *text)
{
        uint64_t hash = 14695981039346656037ULL;

        for (const char *c = text; c && *c; c++)
                hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
        state->hash = (state->hash ^ hash) * 0x9e3779b97f4a7c15ULL;
        state->hash ^= state->hash >> 29;
        if (state->out && text && *text)
                fprintf(state->out, " %s='%s'", name, text);
}

static void begin(struct state *state, const char *what)
{
        state->hash = state->hash * 31 + 7;
        if (state->out)
                fprintf(state->out, "\n%s", what);
}

/* 0 stays 0; what comes first is 1. */
static uint64_t rank(struct ranks *ranks, uint64_t value)
{
        for (size_t i = 0; i < ranks->n; i++)
                if (ranks->values[i] == value)
                        return i + 1;
        if (value == 0)
                return 0;
        if (ranks->n == MAX_RANKS)
                abort();
        ranks->values[ranks->n++] = value;
        return ranks->n;
}

static uint64_t place(const struct state *state, const struct action *action)
{
        for (size_t i = 0; i < state->n_actions; i++)
                if (state->actions[i] == action)
                        return i + 1;
        return action ? MAX_ACTIONS : 0;
}

static uint64_t until(const struct state *state, usec_t at)
{
        return at - state->sim->now.boottime;
}

static void put_deadline(struct state *state, const char *name, const struct deadline *deadline)
{
        put(state, name, deadline_is_armed(deadline) ? until(state, deadline->at) + 1 : 0);
}

/* ---- the model ---- */

static void number_action(struct state *state, const struct action *action)
{
        if (state->n_actions == MAX_ACTIONS)
                abort();
        if (place(state, action) == MAX_ACTIONS)
                state->actions[state->n_actions++] = action;
}

/* In the order of the calls and what is asked of them; what belongs to no call (any more) is last.
 */
static void number_actions(struct state *state)
{
        const struct engine *engine = state->sim->engine;
        struct transaction *transaction, *next;
        struct call *call, *next_call;
        const struct action *action;

        HASH_ITER (hh, engine->calls, call, next_call) {
                DL_FOREACH2 (call->actions, action, call_next) {
                        number_action(state, action);
                }
        }
        HASH_ITER (hh, engine->transactions, transaction, next) {
                if (transaction->spare)
                        continue;
                DL_FOREACH (transaction->actions, action) {
                        number_action(state, action);
                }
        }
}

static void put_push(struct state *state, const struct push *push)
{
        begin(state, " push");
        put(state, "state", push->state);
        put(state, "required", push->report_required);
        put(state, "reported", push->reported);
        put(state, "deliveries", push->n_deliveries);
        put_deadline(state, "deadline", &push->deadline);
}

static void put_provider(struct state *state, const struct provider *provider)
{
        const struct push *push;

        begin(state, "provider");
        put_text(state, "identifier", provider->config.identifier);
        put_text(state, "peer", provider->peer);
        put_text(state, "identity", provider->identity);
        put(state, "state", provider->state);
        put(state, "entitled", provider->entitled);
        put(state, "groups", provider->config.maximum_call_groups);
        put(state, "video", provider->config.supports_video);
        put(state, "sandboxed", provider->sandboxed);
        put(state, "declared", provider->declared);
        put(state, "bus-lost", provider->bus_lost);
        put(state, "calls", provider->n_calls);
        put(state, "ringing", provider->n_ringing);
        put(state, "pending", provider->n_transactions);
        put(state, "emergency",
            provider->emergency_until > state->sim->now.boottime
                    ? until(state, provider->emergency_until)
                    : 0);
        put(state, "misses", provider->push_misses);
        put(state, "throttled",
            provider->push_throttled_until > state->sim->now.boottime
                    ? until(state, provider->push_throttled_until)
                    : 0);
        put_deadline(state, "reclaim", &provider->reclaim);
        for (push = provider->pushes; push; push = push->next)
                put_push(state, push);
}

static void put_action(struct state *state, const struct action *action)
{
        begin(state, " action");
        put_text(state, "call", action->call_id.text);
        put(state, "gone", action->call == NULL);
        put(state, "type", action->type);
        put(state, "on", action->on);
        put(state, "state", action->state);
        put(state, "origin", action->origin);
        put(state, "video", action->video);
        put_text(state, "other", action->other.text);
        put(state, "dtmf", action->dtmf_type);
        put_text(state, "text", action->text);
        put(state, "timeout", action->timeout);
        put(state, "result", action->result);
        put(state, "delivery", rank(&state->deliveries, action->delivery));
        put(state, "requested", action->requested);
        put(state, "counted", action->counted);
        put(state, "policy-added", action->policy_added);
        put(state, "enforced", action->enforced);
        put(state, "wanted", action->wanted);
        put(state, "turn", action->turn_taken);
        put(state, "purpose-over", action->purpose_over);
        put(state, "waits", action->waits_for_provider);
        put_text(state, "clears-for", action->clears_for.text);
        put(state, "marks", action->marks);
        put(state, "fan-out", rank(&state->fan_outs, action->fan_out));
        put(state, "joined-to", place(state, action->joined_to));
        put_deadline(state, "deadline", &action->deadline);
}

static void put_transaction(struct state *state, const struct transaction *transaction)
{
        const struct action *action;

        begin(state, "transaction");
        put_text(state, "requester", transaction->requester);
        put(state, "controller", transaction->controller);
        put(state, "may-end", transaction->may_end);
        put(state, "end-obstacles", transaction->end_obstacles);
        put(state, "emergency", transaction->emergency);
        put(state, "in-floor", transaction->in_floor);
        put(state, "complete", transaction->complete);
        put(state, "timeout", transaction->timeout);
        put_deadline(state, "reply", &transaction->reply_deadline);
        DL_FOREACH (transaction->actions, action) {
                put_action(state, action);
        }
}

/*
 * By their first numbered action. Their order in the hash table is that of the reserve they were
 * taken from; the model walks through it only to ask whether there is any.
 */
static void put_transactions(struct state *state)
{
        for (size_t i = 0; i < state->n_actions; i++) {
                const struct transaction *transaction = state->actions[i]->transaction;
                bool seen = false;

                for (size_t j = 0; j < i; j++)
                        seen = seen || state->actions[j]->transaction == transaction;
                if (!seen)
                        put_transaction(state, transaction);
        }
}

static void put_call_flags(struct state *state, const struct call *call)
{
        put(state, "outgoing", call->outgoing);
        put(state, "muted", call->muted);
        put(state, "video", call->video);
        put(state, "remote-held", call->remote_held);
        put(state, "emergency", call->emergency);
        put(state, "translating", call->translating);
        put(state, "reconnecting", call->reconnecting);
        put(state, "imported", call->imported);
        put(state, "waiting", call->waiting);
        put(state, "answer-pending", call->answer_pending);
        put(state, "silenced", call->silenced);
        put(state, "turn", call->turn_taken);
        put(state, "was-active", call->was_active);
        put(state, "hold-untold", call->hold_untold);
        put(state, "capabilities", call->capabilities);
        put(state, "allowed", call->allowed);
        put(state, "hold-reason", call->hold_reason);
        put(state, "state-origin", call->state_origin);
        put(state, "connected", call->connected_at.realtime != 0);
        put(state, "reason", call->ended_reason);
        put(state, "reason-wanted", call->end_reason_wanted);
        put(state, "post-dial-waits", call->post_dial_waits);
        put_text(state, "post-dial", call->post_dial);
}

static void put_call_audio(struct state *state, const struct call *call)
{
        put(state, "audio", call->audio);
        put(state, "level", call->audio_level);
        put(state, "audio-muted", call->audio_muted);
        put(state, "ready", call->audio_ready);
        put(state, "announced", call->audio_announced);
        put(state, "closing", call->audio_closing);
        put(state, "lost", call->audio_lost);
}

static void put_call(struct state *state, const struct call *call)
{
        const struct action *action;

        begin(state, "call");
        put_text(state, "id", call->id.text);
        put_text(state, "provider", call->provider->config.identifier);
        put(state, "state", call->state);
        put_call_flags(state, call);
        put_call_audio(state, call);
        put(state, "group", rank(&state->groups, call->group));
        put_text(state, "next", call->group_next->id.text);
        put_text(state, "interrupter", call->interrupter ? call->interrupter->id.text : "");
        put(state, "interrupted", call->interrupted_seq != 0);
        put(state, "interruption-end", call->interruption_end);
        put(state, "ring-left", call->ring_left);
        put(state, "rang",
            deadline_is_armed(&call->ring_deadline)
                    ? state->sim->now.boottime - call->ring_resumed_at
                    : 0);
        put_deadline(state, "ring", &call->ring_deadline);
        put_deadline(state, "removal", &call->removal);
        put_deadline(state, "post-dial-deadline", &call->post_dial_deadline);
        DL_FOREACH2 (call->actions, action, call_next) {
                put(state, "action", place(state, action));
        }
}

static void put_lists(struct state *state)
{
        const struct engine *engine = state->sim->engine;
        const struct call *call;
        const struct transaction *transaction;

        begin(state, "lists");
        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                put_text(state, "claiming", call->id.text);
        }
        put(state, "", 1);
        DL_FOREACH2 (engine->ringing, call, ringing_next) {
                put_text(state, "ringing", call->id.text);
        }
        put(state, "", 2);
        DL_FOREACH2 (engine->interrupted, call, interrupted_next) {
                put_text(state, "interrupted", call->id.text);
        }
        put(state, "", 3);
        DL_FOREACH (engine->floor, transaction) {
                put(state, "floor", place(state, transaction->actions));
        }
}

static void put_system(struct state *state)
{
        const struct engine *engine = state->sim->engine;
        const struct default_provider *preset;

        begin(state, "system");
        put(state, "calls", engine->n_calls);
        put(state, "in-call", engine->n_in_call);
        put(state, "emergencies", engine->n_emergency);
        put(state, "dnd", engine->do_not_disturb);
        put(state, "audio", engine->audio_available);
        put(state, "calls-per-provider", engine->limits.calls_per_provider);
        put(state, "auto-resume", engine->limits.auto_resume);
        put(state, "announced-in-call", engine->in_call);
        put(state, "ring", engine->ring_mode);
        put_text(state, "ring-call", engine->ring_call.text);
        put_text(state, "resumable", engine->resumable.text);
        DL_FOREACH (engine->defaults, preset) {
                put_text(state, "default", preset->key);
                put_text(state, "is", preset->identifier);
        }
}

/* ---- and what the surroundings know of it, which later checks depend on ---- */

static void put_surroundings(struct state *state)
{
        const struct sim *sim = state->sim;

        begin(state, "surroundings");
        for (size_t i = 0; i < sim->calls.n; i++) {
                const struct sim_call_view *view = &sim->calls.items[i];

                put_text(state, "view", view->id.text);
                put(state, "activated", view->activated);
                put(state, "level", view->level);
                put(state, "muted", view->muted);
                put(state, "ready", view->ready == view->serial);
                put(state, "reset", view->reset);
                put(state, "recorded", view->recorded);
        }
        for (size_t i = 0; i < sim->deliveries.n; i++)
                if (sim->deliveries.items[i].end == SIM_OPEN)
                        put(state, "open",
                            place(state, engine_find_action(sim->engine,
                                                            sim->deliveries.items[i].action.text)));
        for (size_t i = 0; i < sim->pending.n; i++) {
                put_text(state, "asker", sim->pending.items[i].who);
                put(state, "overdue", sim->pending.items[i].overdue);
        }
        for (size_t i = 0; i < sim->providers.n; i++)
                put(state, "runs", sim->providers.items[i].running);
        put_text(state, "tone", sim->ring);
}

uint64_t explore_state(struct sim *sim, FILE *out)
{
        struct state state = {.sim = sim, .out = out, .hash = 0x2545f4914f6cdd1dULL};
        const struct engine *engine = sim->engine;
        struct provider *provider, *next_provider;
        struct call *call, *next_call;

        number_actions(&state);
        HASH_ITER (hh_number, engine->providers, provider, next_provider) {
                put_provider(&state, provider);
        }
        HASH_ITER (hh, engine->calls, call, next_call) {
                put_call(&state, call);
        }
        put_transactions(&state);
        put_lists(&state);
        put_system(&state);
        put_surroundings(&state);
        if (out)
                fprintf(out, "\n");
        return state.hash;
}
