/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The simulator's world: its life, the input loop, time and the reactions of the scripted. */
#include "support/sim-internal.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* To one input, at one moment. */
#define MAX_REACTIONS 1000

/* CALLSD_SIM_LINES asks for more. */
#define LAST_LINES 30

void sim_grow(void **items, size_t *max, size_t n, size_t item_size)
{
        if (n == *max) {
                *max = *max ? *max * 2 : 16;
                *items = realloc(*items, *max * item_size);
                sim_must(*items != NULL);
        }
        memset((char *)*items + n * item_size, 0, item_size);
}

void sim_remove_at(void *items, size_t *n, size_t index, size_t item_size)
{
        char *at = (char *)items + index * item_size;

        memmove(at, at + item_size, (*n - index - 1) * item_size);
        *n -= 1;
}

/* But for ids that the engine made: a reserve of them more or less is nobody's business. */
static void add_to_hash(struct sim *sim, const char *line)
{
        while (*line) {
                if (strncmp(line, SIM_ENGINE_PREFIX, strlen(SIM_ENGINE_PREFIX)) == 0 &&
                    strlen(line) >= UUID_TEXT_SIZE - 1)
                        line += UUID_TEXT_SIZE - 1;
                else
                        sim->trace_hash =
                                (sim->trace_hash ^ (unsigned char)*line++) * 1099511628211ULL;
        }
}

static char *make_line(const char *format, va_list arguments)
{
        char *line = NULL;

        sim_must(vasprintf(&line, format, arguments) >= 0);
        return line;
}

void sim_line(struct sim *sim, const char *format, ...)
{
        va_list arguments;
        char *line;

        if (sim->blind)
                return;
        /* A long walk keeps the end only. */
        if (sim->quick && sim->trace.n >= 4096) {
                for (size_t i = 0; i < 2048; i++)
                        free(sim->trace.items[i]);
                memmove(sim->trace.items, sim->trace.items + 2048,
                        (sim->trace.n - 2048) * sizeof(*sim->trace.items));
                sim->trace.n -= 2048;
                sim->mark = sim->mark > 2048 ? sim->mark - 2048 : 0;
        }
        va_start(arguments, format);
        line = make_line(format, arguments);
        va_end(arguments);
        *sim_push(&sim->trace) = line;
        add_to_hash(sim, line);
}

uint64_t sim_trace_hash(const struct sim *sim)
{
        return sim->trace_hash;
}

void sim_die(struct sim *sim, const char *format, ...)
{
        const char *wanted = getenv("CALLSD_SIM_LINES");
        const size_t lines = wanted ? strtoul(wanted, NULL, 10) : LAST_LINES;
        size_t first = sim->trace.n > lines ? sim->trace.n - lines : 0;
        char text[1024];
        va_list arguments;

        if (sim->on_die)
                sim->on_die();
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        fprintf(stderr, "---- %s %s\n", sim->label, text);
        for (size_t i = first; i < sim->trace.n; i++)
                fprintf(stderr, "%s %s\n", i == sim->mark ? "=>" : "  ", sim->trace.items[i]);
        ck_abort_msg("%s %s", sim->label, text);
}

static void sim_make_uuid(struct uuid *ret_uuid, void *userdata)
{
        struct sim *sim = userdata;

        snprintf(ret_uuid->text, sizeof(ret_uuid->text), SIM_ENGINE_PREFIX "%012llx",
                 (unsigned long long)(++sim->last_uuid & 0xffffffffffffULL));
}

static enum refusal sim_judge_caller(enum handle_type type, const char *handle, bool *ret_allowed,
                                     void *userdata)
{
        struct sim *sim = userdata;

        (void)type;
        *ret_allowed = false;
        if (sim->judged_handle[0] && !streq(sim->judged_handle, handle))
                return REFUSAL_NONE;
        *ret_allowed = sim->judge_allowed;
        return sim->judge;
}

static bool sim_provider_entitled(const char *identifier, void *userdata)
{
        struct sim *sim = userdata;

        (void)identifier;
        return sim->entitled;
}

struct sim *sim_new(void)
{
        return sim_new_with_limits(&LIMITS_DEFAULT);
}

struct engine_host sim_host(struct sim *sim)
{
        return (struct engine_host){
                .make_uuid = sim_make_uuid,
                .judge_caller = sim_judge_caller,
                .provider_entitled = sim_provider_entitled,
                .userdata = sim,
        };
}

struct sim *sim_new_with_limits(const struct limits *limits)
{
        struct sim *sim = calloc(1, sizeof(*sim));
        const char *record = getenv("CALLSD_SIM_RECORD");
        struct engine_host host;

        sim_must(sim != NULL);
        host = sim_host(sim);
        sim_set_record(sim, record ? (unsigned)strtoul(record, NULL, 10) : 0, 1);
        sim->now.boottime = 1000 * USEC_PER_SEC;
        sim->now.realtime = 1700000000 * USEC_PER_SEC;
        sim->entitled = true;
        snprintf(sim->ring, sizeof(sim->ring), "none");
        sim_must(engine_new(&host, limits, &sim->engine) == 0);
        return sim;
}

struct sim *sim_free(struct sim *sim)
{
        if (!sim)
                return NULL;
        engine_free(sim->engine);
        for (size_t i = 0; i < sim->trace.n; i++)
                free(sim->trace.items[i]);
        free(sim->trace.items);
        free(sim->providers.items);
        free(sim->calls.items);
        free(sim->deliveries.items);
        free(sim->pending.items);
        free(sim->reactions.items);
        free(sim->payloads.items);
        free(sim->before);
        free(sim);
        return NULL;
}

struct engine *sim_engine(struct sim *sim)
{
        return sim->engine;
}

struct instant sim_now(const struct sim *sim)
{
        return sim->now;
}

void sim_set_label(struct sim *sim, const char *label)
{
        snprintf(sim->label, sizeof(sim->label), "%s:", label);
}

void sim_set_quick(struct sim *sim, bool quick)
{
        sim->quick = quick;
}

void sim_judge(struct sim *sim, const char *handle, enum refusal refusal, bool allowed)
{
        snprintf(sim->judged_handle, sizeof(sim->judged_handle), "%s", handle);
        sim->judge = refusal;
        sim->judge_allowed = allowed;
}

void sim_set_entitled(struct sim *sim, bool entitled)
{
        sim->entitled = entitled;
}

void sim_mark(struct sim *sim)
{
        sim->mark = sim->trace.n;
        sim->held_mark = true;
}

void sim_unmark(struct sim *sim)
{
        sim->held_mark = false;
}

void sim_begin(struct sim *sim, const char *format, ...)
{
        char text[512];
        va_list arguments;

        if (sim->blind)
                return;
        if (sim->depth == 0 && !sim->held_mark)
                sim->mark = sim->trace.n;
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        sim_line(sim, "> %s", text);
        free(sim->before);
        sim->before = sim->quick ? NULL : sim_dump(sim);
}

/* A refusal has no effects, changes nothing, and has its reason in words. */
static void sim_check_refused(struct sim *sim, int result)
{
        cleanup_(freep) char *after = NULL;
        struct effect effect;

        sim_line(sim, "! %s: %s", refusal_to_string((enum refusal)result),
                 engine_explain(sim->engine));
        if (engine_next_effect(sim->engine, &effect))
                sim_die(sim, "the refusal has an effect: %s", effect_type_to_string(effect.type));
        if (result >= REFUSAL_MAX_)
                sim_die(sim, "%d is no refusal", result);
        if (!engine_explain(sim->engine)[0])
                sim_die(sim, "the refusal is not explained");
        if (!sim->before)
                return;
        after = sim_dump(sim);
        if (!streq(sim->before, after)) {
                fprintf(stderr, "before:\n%s\nafter:\n%s\n", sim->before, after);
                sim_die(sim, "the refusal has changed the state");
        }
}

static void sim_run_reaction(struct sim *sim, const struct sim_reaction *reaction)
{
        struct sim_delivery *delivery = sim_find_delivery(sim, &reaction->id);
        struct sim_provider *provider = sim_find_number(sim, reaction->provider);
        const struct action_outcome outcome = {.date = 0};
        char words[SIM_WORDS_SIZE];
        int expected = 0, r;

        if (reaction->kind == SIM_REACT_AUDIO) {
                sim_begin(sim, "audio ready %s", sim_name(&reaction->id));
                sim_end(sim, engine_audio_ready(sim->engine, sim->now, reaction->id.text,
                                                reaction->serial));
                return;
        }
        if (!provider || !provider->running)
                return;
        if (reaction->kind == SIM_REACT_VANISH) {
                sim_vanish(sim, provider->name);
                return;
        }
        if (!delivery)
                return;
        if (reaction->kind == SIM_REACT_LATE)
                expected = REFUSAL_UNKNOWN_ACTION;
        else if (delivery->end != SIM_OPEN)
                return;
        if (reaction->kind == SIM_REACT_EARLY)
                expected = REFUSAL_WRONG_STATE;
        snprintf(words, sizeof(words), "%s", delivery->words);
        r = sim_complete(sim, delivery, reaction->kind != SIM_REACT_FAIL, &outcome);
        if (r != expected)
                sim_die(sim, "completing %s gives %s instead of %s", words,
                        refusal_to_string((enum refusal)r),
                        refusal_to_string((enum refusal)expected));
}

int sim_end(struct sim *sim, int result)
{
        if (result < 0)
                sim_die(sim, "failed: %s", strerror(-result));
        if (result > 0)
                sim_check_refused(sim, result);
        else
                sim_maybe_replace(sim);
        sim_drain(sim);
        sim_check(sim);
        if (sim->depth > 0)
                return result;
        sim->depth++;
        for (unsigned n = 0;; n++) {
                struct sim_reaction reaction;

                if (n > MAX_REACTIONS)
                        sim_die(sim, "the model and its providers go round in circles");
                if (sim->reactions.n > 0) {
                        reaction = sim->reactions.items[0];
                        sim_remove_at(sim->reactions.items, &sim->reactions.n, 0, sizeof(reaction));
                } else if (!sim_next_scripted(sim, &reaction)) {
                        break;
                }
                sim_run_reaction(sim, &reaction);
        }
        sim->depth--;
        return result;
}

void sim_react(struct sim *sim, enum sim_reaction_kind kind, const struct uuid *id,
               unsigned provider, uint64_t serial)
{
        *sim_push(&sim->reactions) = (struct sim_reaction){
                .kind = kind, .id = *id, .provider = provider, .serial = serial};
}

int sim_complete(struct sim *sim, struct sim_delivery *delivery, bool fulfil,
                 const struct action_outcome *outcome)
{
        const struct uuid id = delivery->action;
        const unsigned number = delivery->provider;
        int r;

        sim_begin(sim, "%s %s", fulfil ? "fulfil" : "fail", delivery->words);
        sim->reporter = number;
        sim->completing = id;
        if (fulfil)
                r = engine_fulfill_action(sim->engine, sim->now, number, id.text, outcome);
        else
                r = engine_fail_action(sim->engine, sim->now, number, id.text, outcome);
        if (r == 0) {
                if (delivery->end != SIM_OPEN)
                        sim_die(sim, "%s was completed twice", delivery->words);
                delivery->end = SIM_COMPLETED;
        }
        r = sim_end(sim, r);
        sim->reporter = 0;
        sim->completing.text[0] = '\0';
        return r;
}

/* ---- time ---- */

static void sim_tick(struct sim *sim, usec_t at)
{
        usec_t step = at > sim->now.boottime ? at - sim->now.boottime : 0;

        sim->now.boottime += step;
        sim->now.realtime += step;
        sim_begin(sim, "%.1f s", (double)sim->now.boottime / (double)USEC_PER_SEC - 1000.0);
        sim_end(sim, engine_tick(sim->engine, sim->now));
}

void sim_advance(struct sim *sim, usec_t duration)
{
        const usec_t target = sim->now.boottime + duration;
        const bool held = sim->held_mark;
        unsigned stuck = 0;

        if (!held)
                sim_mark(sim);
        for (;;) {
                const usec_t next = engine_next_deadline(sim->engine);

                if (next > target)
                        break;
                stuck = next <= sim->now.boottime ? stuck + 1 : 0;
                if (stuck > 100)
                        sim_die(sim, "the deadline at %.1f s is still there after its tick",
                                (double)next / (double)USEC_PER_SEC - 1000.0);
                sim_tick(sim, next);
        }
        sim_tick(sim, target);
        sim->held_mark = held;
}

usec_t sim_next(struct sim *sim)
{
        const usec_t next = engine_next_deadline(sim->engine);
        const usec_t then = sim->now.boottime;

        if (next == USEC_INFINITY)
                sim_die(sim, "nothing is due ever");
        sim_advance(sim, next > then ? next - then : 0);
        return sim->now.boottime - then;
}

void sim_set_clock(struct sim *sim, usec_t realtime)
{
        sim->now.realtime = realtime;
}

void sim_suspend(struct sim *sim, usec_t duration)
{
        sim_tick(sim, sim->now.boottime + duration);
}

/* ---- checks at rest ---- */

void sim_check(struct sim *sim)
{
        const char *broken;

        if (sim->blind)
                return;
        broken = engine_check(sim->engine);
        if (broken)
                sim_die(sim, "engine_check: %s", broken);
        sim_check_deliveries(sim);
        sim_check_views(sim);
}
