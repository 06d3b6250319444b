/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small world: two providers and three calls, 1 and 3 of "sip", 2 of "web", and everything
 * that apps, people, the network and the system can do to them.
 *
 * Providers answer nothing by themselves, so that completions come in every order, as failures,
 * late or never. An app that went leaves nothing ("sip") or may claim its calls for 20 s ("web").
 * Call 3 comes into the world only beside call 1, for it is the same story the other way round.
 */
#include "explore.h"

#include <string.h>

#include "support/sim-internal.h"

#define OPEN_MAX 4

enum explore_result explore_result(int r)
{
        return r == 0 ? EXPLORE_DONE : EXPLORE_REFUSED;
}

const char *explore_owner(const char *call)
{
        return streq(call, "2") ? "web" : "sip";
}

bool explore_runs(struct sim *sim, const char *provider)
{
        return sim_find_provider(sim, provider)->running;
}

bool explore_lives(struct sim *sim, const char *name)
{
        const struct call *call = sim_call(sim, name);

        return call && call->state != CALL_STATE_ENDED;
}

static bool can_come(struct sim *sim, const char *name)
{
        return !sim_call(sim, name) && explore_runs(sim, explore_owner(name)) &&
               (!streq(name, "3") || explore_lives(sim, "1"));
}

/* ---- reports ---- */

static enum explore_result come_in(struct sim *sim, const struct input *input)
{
        if (!can_come(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_incoming(sim, explore_owner(input->call), input->call, NULL));
}

static enum explore_result import(struct sim *sim, const struct input *input)
{
        const struct call_import as = {.state = (enum call_state)input->number};

        if (!can_come(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_import(sim, explore_owner(input->call), input->call, &as));
}

static enum explore_result fact(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_fact(sim, explore_owner(input->call), input->call,
                                           (enum call_state)input->number, FACT_SELF));
}

static enum explore_result connected(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_connected(sim, explore_owner(input->call), input->call, 0));
}

static enum explore_result fact_muted(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_fact_muted(sim, explore_owner(input->call), input->call,
                                                 input->number != 0, FACT_SELF));
}

static enum explore_result ends(struct sim *sim, const struct input *input)
{
        const struct call_ending ending = {.reason = ENDED_REASON_REMOTE_ENDED};

        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ended(sim, explore_owner(input->call), input->call, &ending));
}

static enum explore_result cannot_hold(struct sim *sim, const struct input *input)
{
        const struct call_update update = {.set = UPDATE_HOLDING};
        const struct call *call = sim_call(sim, input->call);

        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)) ||
            !(call->capabilities & CALL_SUPPORTS_HOLDING))
                return EXPLORE_NO_SENSE;
        return explore_result(
                sim_try_updated(sim, explore_owner(input->call), input->call, &update));
}

/* ---- requests ---- */

static enum explore_result ask(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ask(sim, input->number ? "ui may-end" : "ui", input->text));
}

/* EndAndAnswer is a method that waits for its result. */
static enum explore_result end_and_answer(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ask(sim, "ui end-and-answer waits", input->text));
}

/* As the app asks that has the call, which is no controller. */
static enum explore_result ask_self(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ask(sim, explore_owner(input->call), input->text));
}

static enum explore_result start(struct sim *sim, const struct input *input)
{
        if (!can_come(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ask(sim, input->number ? "ui may-end" : "ui", input->text));
}

static enum explore_result swap(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_swap(sim, "ui", input->call));
}

/* ---- completions ---- */

static enum explore_result complete(struct sim *sim, const struct input *input)
{
        const struct action_outcome outcome = {.date = 0};
        unsigned nth = input->number;

        for (size_t i = 0; i < sim->deliveries.n; i++) {
                struct sim_delivery *delivery = &sim->deliveries.items[i];

                if (delivery->end != SIM_OPEN || nth-- > 0)
                        continue;
                return explore_result(sim_complete(sim, delivery, input->text != NULL, &outcome));
        }
        return EXPLORE_NO_SENSE;
}

/* ---- surroundings ---- */

static enum explore_result wait(struct sim *sim, const struct input *input)
{
        (void)input;
        if (engine_next_deadline(sim->engine) == USEC_INFINITY)
                return EXPLORE_NO_SENSE;
        sim_next(sim);
        return EXPLORE_DONE;
}

static int join_world(struct sim *sim, const char *name)
{
        struct provider_config config = sim_config(name);

        if (streq(name, "web"))
                config.reclaim_grace = 20 * USEC_PER_SEC;
        sim_behave(sim, name, SIM_SILENT);
        return sim_register(sim, name, &config);
}

static enum explore_result come_back(struct sim *sim, const struct input *input)
{
        if (explore_runs(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(join_world(sim, input->call));
}

static enum explore_result vanish(struct sim *sim, const struct input *input)
{
        if (!explore_runs(sim, input->call))
                return EXPLORE_NO_SENSE;
        sim_vanish(sim, input->call);
        return EXPLORE_DONE;
}

static enum explore_result invalidate(struct sim *sim, const struct input *input)
{
        if (!explore_runs(sim, input->call))
                return EXPLORE_NO_SENSE;
        sim_invalidate(sim, input->call);
        return EXPLORE_DONE;
}

static enum explore_result lose_bus(struct sim *sim, const struct input *input)
{
        (void)input;
        if (!explore_runs(sim, "sip") && !explore_runs(sim, "web"))
                return EXPLORE_NO_SENSE;
        sim_bus_lost(sim);
        return EXPLORE_DONE;
}

static enum explore_result turn_audio(struct sim *sim, const struct input *input)
{
        (void)input;
        sim_audio_available(sim, !engine_audio_is_available(sim->engine));
        return EXPLORE_DONE;
}

/* ---- all of them ---- */

#define CALL_INPUTS(c)                                                                         \
        {come_in, c, NULL, 0}, {import, c, NULL, CALL_STATE_ACTIVE},                           \
                {import, c, NULL, CALL_STATE_HELD}, {fact, c, NULL, CALL_STATE_ACTIVE},        \
                {fact, c, NULL, CALL_STATE_HELD}, {connected, c, NULL, 0}, {ends, c, NULL, 0}, \
                {ask, c, "answer " c, 0}, {ask, c, "end " c, 0}, {ask, c, "hold " c, 0},       \
                {ask, c, "unhold " c, 0}, {ask, c, "answer " c, 1}, {swap, c, NULL, 0},        \
        {                                                                                      \
                end_and_answer, c, "answer " c, 0                                              \
        }

/* Of two providers' calls: what is told from the other side as well. */
#define PAIR_INPUTS(a, b)                                                        \
        {ask, b, "end " a ",answer " b, 0}, {ask, b, "hold " a ",unhold " b, 0}, \
        {                                                                        \
                ask, b, "hold " a ",answer " b, 0                                \
        }

static const struct input INPUTS[] = {
        {complete, "", "fulfil", 0},
        {complete, "", NULL, 0},
        {complete, "", "fulfil", 1},
        {complete, "", NULL, 1},
        {complete, "", "fulfil", 2},
        {complete, "", NULL, 2},
        {complete, "", "fulfil", OPEN_MAX - 1},
        {wait, "", NULL, 0},
        CALL_INPUTS("1"),
        CALL_INPUTS("2"),
        CALL_INPUTS("3"),
        {start, "1", "start 1 sip", 0},
        {start, "2", "start 2 web", 0},
        {start, "3", "start 3 sip", 0},
        {start, "2", "start 2 web", 1},
        PAIR_INPUTS("1", "2"),
        PAIR_INPUTS("2", "1"),
        {ask, "3", "join 3 1", 0},
        {ask, "1", "join 1 3", 0},
        {ask, "1", "leave 1", 0},
        {ask_self, "1", "unhold 1", 0},
        {ask_self, "2", "hold 2", 0},
        {ask, "1", "mute 1", 0},
        {ask, "1", "unmute 1", 0},
        {fact_muted, "1", NULL, 0},
        {ask, "2", "dtmf 2 5", 0},
        {cannot_hold, "1", NULL, 0},
        {cannot_hold, "2", NULL, 0},
        {vanish, "sip", NULL, 0},
        {vanish, "web", NULL, 0},
        {come_back, "sip", NULL, 0},
        {come_back, "web", NULL, 0},
        {invalidate, "sip", NULL, 0},
        {lose_bus, "", NULL, 0},
        {turn_audio, "", NULL, 0},
};

size_t explore_n_inputs(bool odd)
{
        return ARRAY_SIZE(INPUTS) + (odd ? explore_n_odd_inputs : 0);
}

enum explore_result explore_apply(struct sim *sim, size_t number)
{
        const struct input *input = number < ARRAY_SIZE(INPUTS)
                                            ? &INPUTS[number]
                                            : &explore_odd_inputs[number - ARRAY_SIZE(INPUTS)];

        return input->apply(sim, input);
}

/* ---- where it begins ---- */

static void nothing(struct sim *sim)
{
        (void)sim;
}

static void one_active(struct sim *sim)
{
        sim_make(sim, "sip", "1", CALL_STATE_ACTIVE);
}

static void second_rings(struct sim *sim)
{
        one_active(sim);
        sim_make(sim, "web", "2", CALL_STATE_RINGING);
}

static void second_interrupts(struct sim *sim)
{
        one_active(sim);
        sim_make(sim, "web", "2", CALL_STATE_ACTIVE);
}

static void group_and_ringing(struct sim *sim)
{
        sim_make_group(sim, "sip", "1 3");
        sim_make(sim, "web", "2", CALL_STATE_RINGING);
}

static void group_interrupted(struct sim *sim)
{
        sim_make_group(sim, "sip", "1 3");
        sim_make(sim, "web", "2", CALL_STATE_ACTIVE);
}

static const struct world {
        const char *name;
        void (*make)(struct sim *sim);
} WORLDS[] = {
        {"no call", nothing},
        {"1 active, 2 rings", second_rings},
        {"1 interrupted by 2", second_interrupts},
        {"group of 1 and 3 active, 2 rings", group_and_ringing},
        {"group of 1 and 3 interrupted by 2", group_interrupted},
};

size_t explore_n_worlds(void)
{
        return ARRAY_SIZE(WORLDS);
}

const char *explore_world_name(size_t world)
{
        return WORLDS[world].name;
}

struct sim *explore_world_new(size_t world, bool odd, bool blind)
{
        static const char *const numbers[] = {"112", NULL};
        const struct provider_manifest manifest = {
                .identifier = "org.example.gsm", .emergency_numbers = numbers, .can_start = true};
        struct sim *sim = sim_new();

        sim_set_quick(sim, true);
        sim->blind = blind;
        if (odd)
                sim_declare(sim, "gsm", &manifest);
        if (join_world(sim, "sip") != 0 || join_world(sim, "web") != 0)
                sim_die(sim, "the world does not begin");
        WORLDS[world].make(sim);
        return sim;
}
