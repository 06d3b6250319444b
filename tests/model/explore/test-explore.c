/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every sequence of inputs, breadth first, from several small worlds, with every check of the
 * simulator after each input. So the first broken rule comes with a shortest way to it.
 *
 * A world is never copied: it is made again, by going the way to it once more. What is refused
 * must have changed nothing, and so needs no new world.
 *
 * CALLSD_EXPLORE_DEPTH: how many inputs in a row; CALLSD_EXPLORE_SECONDS: or how long.
 * `./dev explore` sets them. Without forks (CK_FORK=no), for the trace of a crash is its own.
 */
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "explore-behaviour.h"
#include "explore.h"
#include "support/sim-internal.h"
#include "support/suite.h"

/* One input in so many is tried a second time, after a restart of the daemon. */
#define RESTART_ONE_IN 4
#define NO_PARENT UINT32_MAX
#define MAX_DEPTH 63

struct node {
        uint32_t parent;
        uint16_t input; /* of a root: its world */
};

static struct exploration {
        SIM_ARRAY(struct node, nodes);
        uint64_t *known; /* open addressing, 0 = free */
        size_t n_known, known_size;
        uint64_t behaviour; /* a number for all that was seen */
        uint64_t n_inputs, n_refused, n_restarts;
        bool odd;
        unsigned max_depth;
        time_t start;
        unsigned seconds; /* 0: as long as it takes */
        struct sim *sim;
        enum { RESTART_NEVER, RESTART_BEFORE, RESTART_WITHIN } restart;
        size_t way[MAX_DEPTH + 1], n_way, world; /* that `sim` came */
} x;

/* ---- what is known ---- */

static bool insert(uint64_t *table, size_t size, uint64_t state)
{
        size_t at = (size_t)(state & (size - 1));

        while (table[at] != 0 && table[at] != state)
                at = (at + 1) & (size - 1);
        if (table[at] == state)
                return false;
        table[at] = state;
        return true;
}

static void grow_known(void)
{
        const size_t size = x.known_size ? x.known_size * 2 : 1 << 16;
        uint64_t *table = calloc(size, sizeof(*table));

        ck_assert_ptr_nonnull(table);
        for (size_t i = 0; i < x.known_size; i++)
                if (x.known[i] != 0)
                        insert(table, size, x.known[i]);
        free(x.known);
        x.known = table;
        x.known_size = size;
}

/* True if it is new. */
static bool learn(uint64_t state)
{
        if (2 * x.n_known >= x.known_size)
                grow_known();
        if (!insert(x.known, x.known_size, state ? state : 1))
                return false;
        x.n_known++;
        return true;
}

static void add_node(uint32_t parent, size_t input)
{
        struct node *node = sim_push(&x.nodes);

        ck_assert_uint_lt(x.nodes.n, NO_PARENT);
        node->parent = parent;
        node->input = (uint16_t)input;
}

/* ---- going there ---- */

static void leave(void)
{
        x.sim = sim_free(x.sim);
}

/*
 * The daemon dies and comes back with its record, in front of the last input or between that and
 * its effects. Nobody may ever notice.
 */
static void restart(void)
{
        if (x.restart == RESTART_BEFORE) {
                sim_begin(x.sim, "callsd is restarted");
                sim_replace(x.sim);
                sim_end(x.sim, 0);
        }
        sim_set_record(x.sim, x.restart == RESTART_WITHIN, 1);
}

/* Along the way; unless `see`, with closed eyes, for it was looked at before. */
static void go(bool see)
{
        x.sim = explore_world_new(x.world, x.odd, !see);
        sim_set_label(x.sim, explore_world_name(x.world));
        for (size_t i = 0; i < x.n_way; i++) {
                if (see && i + 1 == x.n_way)
                        restart();
                if (explore_apply(x.sim, x.way[i]) == EXPLORE_NO_SENSE)
                        sim_die(x.sim, "the same way does not lead to the same place");
        }
        x.sim->blind = false;
}

/* The way there was not looked at; once more, for the trace. It dies at the same place. */
static void go_again(void)
{
        static bool again;

        if (again)
                return;
        again = true;
        x.sim = NULL; /* as it is, in the middle of an input */
        go(true);
}

/* An assertion of the model has no trace of its own. */
static void on_crash(int number)
{
        go_again();
        signal(number, SIG_DFL);
        for (size_t i = 0; x.sim && i < x.sim->trace.n; i++)
                fprintf(stderr, "   %s\n", x.sim->trace.items[i]);
        raise(number);
}

static void go_to(uint32_t number)
{
        const struct node *node = &x.nodes.items[number];

        x.n_way = 0;
        for (; node->parent != NO_PARENT; node = &x.nodes.items[node->parent])
                x.n_way++;
        x.world = node->input;
        node = &x.nodes.items[number];
        for (size_t i = x.n_way; i > 0; i--, node = &x.nodes.items[node->parent])
                x.way[i - 1] = node->input;
        go(false);
        x.sim->on_die = go_again;
}

static enum explore_result take(size_t input)
{
        enum explore_result result;

        x.way[x.n_way++] = input;
        restart();
        result = explore_apply(x.sim, input);
        x.n_way--;
        return result;
}

/* What an input did: its effects, and where it leads. */
static void note_behaviour(size_t first_line, uint64_t state)
{
        uint64_t hash = 14695981039346656037ULL ^ state;

        for (size_t i = first_line; i < x.sim->trace.n; i++)
                for (const char *c = x.sim->trace.items[i]; *c; c++)
                        hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
        x.behaviour += hash;
}

static void forget_lines(size_t from)
{
        while (x.sim->trace.n > from)
                free(x.sim->trace.items[--x.sim->trace.n]);
}

/* Both places in words, for a human to see the difference, and the way. */
static void die_of_restart(uint32_t number, size_t input)
{
        fprintf(stderr, "---- after a restart:");
        explore_state(x.sim, stderr);
        leave();
        x.restart = RESTART_NEVER;
        go_to(number);
        x.way[x.n_way++] = input;
        leave();
        go(true);
        fprintf(stderr, "---- without a restart:");
        explore_state(x.sim, stderr);
        sim_die(x.sim, "after a restart, the last input leads somewhere else");
}

static void expand_restarted(uint32_t number, size_t input, uint64_t expected)
{
        go_to(number);
        x.restart = x.n_restarts++ % 2 ? RESTART_WITHIN : RESTART_BEFORE;
        if (take(input) != EXPLORE_DONE || explore_state(x.sim, NULL) != expected)
                die_of_restart(number, input);
        x.restart = RESTART_NEVER;
        leave();
}

/* A refused report is a report all the same (push.h). */
static bool kept_a_duty(const struct sim *sim)
{
        const struct provider *provider = NULL;

        while ((provider = engine_next_provider(sim->engine, provider)))
                for (const struct push *push = provider->pushes; push; push = push->next)
                        if (push->reported)
                                return true;
        return false;
}

/* Whatever can come next; one step further. */
static void expand(uint32_t number)
{
        uint64_t here = 0;

        for (size_t input = 0; input < explore_n_inputs(x.odd); input++) {
                enum explore_result result;
                uint64_t there;
                size_t lines;

                if (!x.sim) {
                        go_to(number);
                        here = explore_state(x.sim, NULL);
                }
                lines = x.sim->trace.n;
                result = take(input);
                if (result == EXPLORE_NO_SENSE)
                        continue;
                x.n_inputs++;
                there = explore_state(x.sim, NULL);
                note_behaviour(lines, there);
                if (result == EXPLORE_REFUSED) {
                        x.n_refused++;
                        if (there != here && !kept_a_duty(x.sim))
                                sim_die(x.sim, "the refusal has changed the state");
                        forget_lines(lines);
                        continue;
                }
                if (learn(there))
                        add_node(number, input);
                leave();
                if (x.n_inputs % RESTART_ONE_IN == 0)
                        expand_restarted(number, input, there);
        }
        leave();
}

/* ---- all of it ---- */

static bool time_is_over(void)
{
        return x.seconds != 0 && time(NULL) - x.start >= x.seconds;
}

static void report(unsigned depth, size_t done, size_t of)
{
        fprintf(stderr, "%s%u inputs in a row", done < of ? "not all of " : "", depth);
        if (done < of)
                fprintf(stderr, " (%.1f %%)", 100 * (double)done / (double)of);
        fprintf(stderr,
                ": %zu states, %" PRIu64 " inputs tried, %" PRIu64 " refused, %" PRIu64
                " restarts, %ld s\n",
                x.nodes.n, x.n_inputs, x.n_refused, x.n_restarts, (long)(time(NULL) - x.start));
}

static void add_worlds(void)
{
        for (size_t i = 0; i < explore_n_worlds(); i++) {
                x.sim = explore_world_new(i, x.odd, false);
                if (learn(explore_state(x.sim, NULL)))
                        add_node(NO_PARENT, i);
                leave();
        }
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
        const char *text = getenv(name);

        return text && text[0] ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void explore(void)
{
        size_t first = 0;

        mallopt(M_TRIM_THRESHOLD, 256 << 20); /* worlds come and go */
        mallopt(M_MMAP_THRESHOLD, 256 << 20);
        x.start = time(NULL);
        add_worlds();
        for (unsigned depth = 1; depth <= x.max_depth && first < x.nodes.n; depth++) {
                const size_t end = x.nodes.n, begin = first;

                for (; first < end && !time_is_over(); first++)
                        expand((uint32_t)first);
                report(depth, first - begin, end - begin);
                if (first < end)
                        break;
        }
}

/* Rows: X6, X8, X10, X14, X15, X17, A6, R13, E6, E7 */
START_TEST(every_sequence)
{
        x.seconds = from_environment("CALLSD_EXPLORE_SECONDS", 0);
        x.max_depth = from_environment("CALLSD_EXPLORE_DEPTH", x.seconds ? MAX_DEPTH : 3);
        explore();
}
END_TEST

/*
 * With everything that is odd, two inputs in a row do what they did when somebody last looked.
 * Rows: X6
 */
START_TEST(behaves_as_before)
{
        x.odd = true;
        x.max_depth = 2;
        explore();
        ck_assert_msg(x.behaviour == EXPLORE_BEHAVIOUR,
                      "the model does something else than before in some sequence of two inputs; "
                      "if that is meant, EXPLORE_BEHAVIOUR is 0x%016" PRIx64 " from now on",
                      x.behaviour);
}
END_TEST

/* What a state is taken for must not depend on how it came about. */
START_TEST(same_by_other_ways)
{
        uint64_t states[2];

        for (unsigned i = 0; i < 2; i++) {
                struct sim *sim = explore_world_new(0, false, false);

                for (unsigned round = 0; round <= 2 * i; round++) {
                        sim_make(sim, "sip", "1", CALL_STATE_ACTIVE);
                        sim_make(sim, "web", "2", CALL_STATE_ACTIVE);
                        sim_behave(sim, "sip", SIM_FULFIL);
                        sim_behave(sim, "web", SIM_FULFIL);
                        sim_ask(sim, "ui", "end 2");
                        sim_ask(sim, "ui", "end 1");
                        sim_advance(sim, 7 * USEC_PER_SEC);
                }
                sim_make(sim, "sip", "1", CALL_STATE_ACTIVE);
                states[i] = explore_state(sim, NULL);
                sim_free(sim);
        }
        ck_assert_uint_eq(states[0], states[1]);
}
END_TEST

static void setup(void)
{
        const struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_NODEFER};

        setenv("CALLSD_SIM_LINES", "1000", 0);
        sigaction(SIGABRT, &action, NULL);
        sigaction(SIGSEGV, &action, NULL);
}

static void teardown(void)
{
        leave();
        free(x.nodes.items);
        free(x.known);
        memset(&x, 0, sizeof(x));
}

static TCase *explore_case(void)
{
        TCase *explore = tcase_create("explore");

        tcase_add_checked_fixture(explore, setup, teardown);
        tcase_add_test(explore, same_by_other_ways);
        tcase_add_test(explore, every_sequence);
        /* not for ./dev explore, which goes further */
        if (!getenv("CALLSD_EXPLORE_SECONDS"))
                tcase_add_test(explore, behaves_as_before);
        return explore;
}

SUITE_MAIN("explore", explore_case());
