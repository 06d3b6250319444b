/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests, ready-made situations, and what a test expects to see. */
#include "support/sim-internal.h"

#include <check.h>
#include <fnmatch.h>
#include <stdio.h>

/* ---- requests ---- */

static void add_pending(struct sim *sim, const struct request *request, const struct uuid *id)
{
        struct sim_pending *pending = sim_push(&sim->pending);
        const char *name = request->peer[0] == ':' ? request->peer + 1 : request->peer;

        if (!id->text[0])
                sim_die(sim, "the admitted request has no id");
        pending->id = *id;
        pending->waits = request->waits;
        sim->results[0] = '\0';
        snprintf(pending->who, sizeof(pending->who), "%s", name);
}

int sim_try_ask_raw(struct sim *sim, const char *who, const struct action_args *args, size_t n)
{
        struct uuid transaction = {.text = ""};
        struct request request;
        char peer[64];
        int r;

        sim_parse_who(sim, who, &request, peer, sizeof(peer));
        request.actions = args;
        request.n_actions = n;
        sim_begin(sim, "%s asks", who);
        r = engine_request(sim->engine, sim->now, &request, &transaction);
        if (r == 0)
                add_pending(sim, &request, &transaction);
        return sim_end(sim, r);
}

int sim_try_ask(struct sim *sim, const char *who, const char *actions)
{
        cleanup_(freep) struct sim_parsed *parsed = calloc(1, sizeof(*parsed));
        struct uuid transaction = {.text = ""};
        struct request request;
        char peer[64];
        int r;

        sim_must(parsed != NULL);
        sim_parse(sim, actions, parsed);
        sim_parse_who(sim, who, &request, peer, sizeof(peer));
        request.actions = parsed->args;
        request.n_actions = parsed->n;
        sim_begin(sim, "%s asks: %s", who, actions);
        r = engine_request(sim->engine, sim->now, &request, &transaction);
        if (r == 0)
                add_pending(sim, &request, &transaction);
        return sim_end(sim, r);
}

void sim_ask(struct sim *sim, const char *who, const char *actions)
{
        const int r = sim_try_ask(sim, who, actions);

        if (r != 0)
                sim_die(sim, "'%s' is refused: %s: %s", actions, refusal_to_string((enum refusal)r),
                        engine_explain(sim->engine));
}

void sim_refused(struct sim *sim, const char *who, const char *actions, enum refusal refusal)
{
        const int r = sim_try_ask(sim, who, actions);

        if (r != (int)refusal)
                sim_die(sim, "'%s' gives %s instead of %s: %s", actions,
                        r ? refusal_to_string((enum refusal)r) : "admission",
                        refusal_to_string(refusal), engine_explain(sim->engine));
}

typedef int (*call_request_fn)(struct engine *engine, struct instant now,
                               const struct request *request, const char *call,
                               struct uuid *ret_transaction);

static int ask_about_call(struct sim *sim, const char *who, const char *what, const char *call,
                          call_request_fn function)
{
        struct uuid transaction = {.text = ""};
        struct request request;
        char peer[64];
        int r;

        sim_parse_who(sim, who, &request, peer, sizeof(peer));
        sim_begin(sim, "%s asks: %s %s", who, what, call);
        r = function(sim->engine, sim->now, &request, sim_uuid(call).text, &transaction);
        if (r == 0)
                add_pending(sim, &request, &transaction);
        return sim_end(sim, r);
}

int sim_try_swap(struct sim *sim, const char *who, const char *call)
{
        return ask_about_call(sim, who, "swap", call, engine_request_swap);
}

int sim_try_post_dial(struct sim *sim, const char *who, const char *call)
{
        return ask_about_call(sim, who, "continue post-dial", call, engine_request_post_dial);
}

int sim_try_cancel_post_dial(struct sim *sim, const char *who, const char *call)
{
        struct request request;
        char peer[64];

        sim_parse_who(sim, who, &request, peer, sizeof(peer));
        sim_begin(sim, "%s asks: cancel post-dial %s", who, call);
        return sim_end(
                sim, engine_cancel_post_dial(sim->engine, sim->now, &request, sim_uuid(call).text));
}

void sim_silence(struct sim *sim)
{
        sim_begin(sim, "silence");
        ck_assert_int_eq(sim_end(sim, engine_silence_ringer(sim->engine, sim->now)), 0);
}

void sim_set_do_not_disturb(struct sim *sim, bool on)
{
        sim_begin(sim, "do-not-disturb %d", on);
        ck_assert_int_eq(sim_end(sim, engine_set_do_not_disturb(sim->engine, sim->now, on)), 0);
}

int sim_set_default(struct sim *sim, const char *key, const char *identifier)
{
        sim_begin(sim, "default for %s is %s", key, identifier);
        return sim_end(sim, engine_set_default_provider(sim->engine, sim->now, key, identifier));
}

int sim_restore_default(struct sim *sim, const char *key, const char *identifier)
{
        sim_begin(sim, "default for %s is %s", key, identifier);
        return sim_end(sim,
                       engine_restore_default_provider(sim->engine, sim->now, key, identifier));
}

void sim_set_limits(struct sim *sim, const struct limits *limits)
{
        sim_begin(sim, "limits change");
        engine_set_limits(sim->engine, limits);
        sim_end(sim, 0);
}

size_t sim_n_pending(const struct sim *sim)
{
        return sim->pending.n;
}

/* ---- ready-made situations ---- */

static void make_outgoing(struct sim *sim, const char *provider, const char *call,
                          enum call_state state)
{
        char words[64];

        if (state == CALL_STATE_STARTING)
                sim_behave(sim, provider, SIM_SILENT);
        snprintf(words, sizeof(words), "start %s %s", call, provider);
        sim_ask(sim, "ui", words);
        if (state == CALL_STATE_CONNECTING)
                sim_connecting(sim, call);
}

static void make_incoming(struct sim *sim, const char *provider, const char *call,
                          enum call_state state)
{
        char words[64];

        sim_incoming(sim, provider, call);
        if (state == CALL_STATE_RINGING)
                return;
        if (state == CALL_STATE_ANSWERING)
                sim_behave(sim, provider, SIM_SILENT);
        snprintf(words, sizeof(words), "answer %s", call);
        sim_ask(sim, "ui", words);
        if (state == CALL_STATE_HELD || state == CALL_STATE_ENDING || state == CALL_STATE_ENDED) {
                if (state == CALL_STATE_ENDING)
                        sim_behave(sim, provider, SIM_SILENT);
                snprintf(words, sizeof(words), "%s %s", state == CALL_STATE_HELD ? "hold" : "end",
                         call);
                sim_ask(sim, "ui", words);
        }
}

void sim_make(struct sim *sim, const char *provider, const char *call, enum call_state state)
{
        enum sim_behaviour saved[SIM_MAX_PROVIDERS][ACTION_TYPE_MAX_];

        for (size_t i = 0; i < sim->providers.n; i++) {
                memcpy(saved[i], sim->providers.items[i].behaviour, sizeof(saved[i]));
                sim_behave(sim, sim->providers.items[i].name, SIM_FULFIL);
        }
        if (state == CALL_STATE_STARTING || state == CALL_STATE_STARTED ||
            state == CALL_STATE_CONNECTING)
                make_outgoing(sim, provider, call, state);
        else
                make_incoming(sim, provider, call, state);
        for (size_t i = 0; i < sim->providers.n; i++)
                memcpy(sim->providers.items[i].behaviour, saved[i], sizeof(saved[i]));
        sim_expect_state(sim, call, state);
}

void sim_make_group(struct sim *sim, const char *provider, const char *calls)
{
        char text[128], words[64], *save = NULL, first[16] = "";

        snprintf(text, sizeof(text), "%s", calls);
        for (char *call = strtok_r(text, " ", &save); call; call = strtok_r(NULL, " ", &save)) {
                enum sim_behaviour saved[ACTION_TYPE_MAX_];

                sim_make(sim, provider, call, CALL_STATE_ACTIVE);
                if (!first[0]) {
                        snprintf(first, sizeof(first), "%s", call);
                        continue;
                }
                memcpy(saved, sim_find_provider(sim, provider)->behaviour, sizeof(saved));
                sim_behave(sim, provider, SIM_FULFIL);
                snprintf(words, sizeof(words), "join %s %s", call, first);
                sim_ask(sim, "ui", words);
                memcpy(sim_find_provider(sim, provider)->behaviour, saved, sizeof(saved));
                sim_expect_group(sim, call, first, true);
                sim_expect_state(sim, first, CALL_STATE_ACTIVE);
                sim_expect_state(sim, call, CALL_STATE_ACTIVE);
        }
}

/* ---- expectations ---- */

static const struct call *get_call(struct sim *sim, const char *name)
{
        const struct call *call = sim_call(sim, name);

        if (!call)
                sim_die(sim, "there is no call %s", name);
        return call;
}

void sim_expect_state(struct sim *sim, const char *call, enum call_state state)
{
        const enum call_state is = get_call(sim, call)->state;

        if (is != state)
                sim_die(sim, "%s is %s, not %s", call, call_state_to_string(is),
                        call_state_to_string(state));
}

void sim_expect_ended(struct sim *sim, const char *call, enum ended_reason reason)
{
        const enum ended_reason is = get_call(sim, call)->ended_reason;

        sim_expect_state(sim, call, CALL_STATE_ENDED);
        if (is != reason)
                sim_die(sim, "%s ended as %s, not as %s", call, ended_reason_to_string(is),
                        ended_reason_to_string(reason));
}

void sim_expect_hold_reason(struct sim *sim, const char *call, enum hold_reason reason)
{
        const enum hold_reason is = get_call(sim, call)->hold_reason;

        if (is != reason)
                sim_die(sim, "the hold reason of %s is '%s', not '%s'", call,
                        hold_reason_to_string(is), hold_reason_to_string(reason));
}

void sim_expect_resumable(struct sim *sim, const char *call)
{
        const struct call *resumable = engine_resumable_call(sim->engine);
        const char *is = resumable ? sim_name(&resumable->id) : "";

        if (!streq(is, call))
                sim_die(sim, "the resumable call is '%s', not '%s'", is, call);
}

void sim_expect_ring(struct sim *sim, const char *ring)
{
        if (!streq(sim->ring, ring))
                sim_die(sim, "the ring is '%s', not '%s'", sim->ring, ring);
}

void sim_expect_group(struct sim *sim, const char *a, const char *b, bool together)
{
        if (call_same_group(get_call(sim, a), get_call(sim, b)) != together)
                sim_die(sim, "%s and %s are%s in one group", a, b, together ? " not" : "");
}

void sim_expect_lines(struct sim *sim, bool all, const char *const *patterns)
{
        size_t at = all ? 0 : sim->mark;

        for (; *patterns; patterns++) {
                while (at < sim->trace.n && fnmatch(*patterns, sim->trace.items[at], 0) != 0)
                        at++;
                if (at == sim->trace.n)
                        sim_die(sim, "not seen, or not in this order: '%s'", *patterns);
                at++;
        }
}

void sim_expect_n_lines(struct sim *sim, bool all, const char *pattern, size_t n)
{
        size_t found = 0;

        for (size_t i = all ? 0 : sim->mark; i < sim->trace.n; i++)
                if (fnmatch(pattern, sim->trace.items[i], 0) == 0)
                        found++;
        if (found != n)
                sim_die(sim, "'%s' is there %zu times, not %zu", pattern, found, n);
}

void sim_expect_no_line(struct sim *sim, bool all, const char *pattern)
{
        sim_expect_n_lines(sim, all, pattern, 0);
}

void sim_expect_results(struct sim *sim, const char *results)
{
        if (!streq(sim->results, results))
                sim_die(sim, "the results are '%s', not '%s'", sim->results, results);
}

const char *sim_last_reason(struct sim *sim, size_t nth)
{
        if (nth >= sim->n_reasons)
                sim_die(sim, "the last transaction has %zu results", sim->n_reasons);
        return sim->reasons[nth];
}
