/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests while there is no memory: each allocation and each call of sd-bus that a request leads
 * to fails once. Whoever asked has an answer each time; a request that failed has either changed
 * nothing, and works the next time, or is done and only its answer is lost.
 */
#include "bus/request-cases.h"

#include <stdio.h>

#include "bus/bus-object.h"
#include "bus/failing-bus.h"
#include "support/suite.h"

#define FAULTS_MAX 2000
#define NO_MEMORY SD_BUS_ERROR_NO_MEMORY

/* ---- what is the case ---- */

/* Everything that is going on, without what differs from one try to the next. */
static char *summary(void)
{
        const struct engine *engine = scene.world.daemon.engine;
        const struct transaction *transaction = NULL;
        const struct provider *provider = NULL;
        const struct call *at = NULL;
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(file);
        while ((provider = engine_next_provider(engine, provider)))
                fprintf(file, "provider %d accounts %zu video %d payload %d; ",
                        (int)provider->state, provider->config.n_accounts,
                        provider->config.supports_video, provider->pushes != NULL);
        while ((at = engine_next_call(engine, at)))
                if (at->state != CALL_STATE_ENDED)
                        fprintf(file, "call %d muted %d name %s members %zu; ", (int)at->state,
                                at->muted, at->name, at->n_members);
        while ((transaction = engine_next_transaction(engine, transaction)))
                for (const struct action *action = transaction->actions; action;
                     action = action->next)
                        fprintf(file, "action %d %d; ", (int)action->type, (int)action->state);
        fclose(file);
        return text;
}

static void assert_sound(void)
{
        const char *problem = engine_check(scene.world.daemon.engine);

        ck_assert_msg(!problem, "%s", problem);
}

struct asked {
        const char *member;
        bool waits;
        const struct peer *peer;
        size_t n_transactions;
};

static size_t count_transactions(void)
{
        const struct transaction *transaction = NULL;
        size_t n = 0;

        while ((transaction = engine_next_transaction(scene.world.daemon.engine, transaction)))
                n++;
        return n;
}

static const char *find_answer(const struct peer *peer, const char *member)
{
        char reply[64], error[64];

        snprintf(reply, sizeof(reply), "reply %s", member);
        snprintf(error, sizeof(error), "error %s ", member);
        for (size_t i = 0; i < peer->n_lines; i++)
                if (streq(peer->lines[i], reply) ||
                    strncmp(peer->lines[i], error, strlen(error)) == 0)
                        return peer->lines[i];
        return NULL;
}

static bool is_served(void *userdata)
{
        const struct asked *asked = userdata;

        if (find_answer(asked->peer, asked->member))
                return true;
        return asked->waits && count_transactions() > asked->n_transactions;
}

/* ---- one try ---- */

static void begin(const struct request_case *request)
{
        static unsigned number;

        number++;
        snprintf(scene.call, sizeof(scene.call), "aaaaaaaa-0000-4000-8000-%012u", number);
        snprintf(scene.other, sizeof(scene.other), "bbbbbbbb-0000-4000-8000-%012u", number);
        scene.app->n_actions = 0;
        request->set_up();
        peer_forget(scene.app);
        peer_forget(scene.user);
}

/* Whoever still waits for something has an answer at the latest when the app has gone. */
static void end(const struct request_case *request, const struct peer *peer)
{
        const struct provider *provider = NULL;
        struct asked asked = {.member = request->name, .peer = peer};
        char path[PATH_SIZE];

        while ((provider = engine_next_provider(scene.world.daemon.engine, provider)))
                if (provider->state == PROVIDER_RUNNING)
                        break;
        if (provider)
                ck_assert_msg(peer_call(scene.app, provider_path(provider->number, path),
                                        INTERFACE_PROVIDER, "Invalidate", NULL),
                              "%s", scene.app->text);
        world_run_until(&scene.world, is_served, &asked, "answer");
        asked = (struct asked){.member = request->asked, .peer = scene.user};
        if (request->asked)
                world_run_until(&scene.world, is_served, &asked, request->asked);
        assert_sound();
}

static char *ask(const struct request_case *request, const struct peer *peer, size_t n,
                 bool *ret_reached)
{
        struct asked asked = {request->name, request->waits, peer, count_transactions()};

        request->ask();
        failing_bus_arm(scene.world.daemon.bus->connection, n);
        world_run_until(&scene.world, is_served, &asked, request->name);
        *ret_reached = failing_bus_disarm();
        assert_sound();
        return strdup(str_or_empty(find_answer(peer, request->name)));
}

/* False when no call of that number was made any more. */
static bool try(const struct request_case *request, size_t n, const char *wanted)
{
        struct peer *peer = request->by_app ? scene.app : scene.user;
        cleanup_(freep) char *before = NULL;
        cleanup_(freep) char *after = NULL;
        cleanup_(freep) char *answer = NULL;
        cleanup_(freep) char *again = NULL;
        bool reached, ignored;

        begin(request);
        before = summary();
        answer = ask(request, peer, n, &reached);
        after = summary();
        if (strncmp(answer, "error", 5) == 0) {
                ck_assert_msg(strstr(answer, NO_MEMORY), "%s, fault %zu: %s", request->name, n,
                              answer);
                if (streq(after, before)) {
                        peer_forget(peer);
                        again = ask(request, peer, SIZE_MAX, &ignored);
                        ck_assert_msg(strncmp(again, "error", 5) != 0, "%s, after fault %zu: %s",
                                      request->name, n, again);
                        free(after);
                        after = summary();
                }
        }
        ck_assert_msg(streq(after, wanted), "%s, fault %zu (%s): \"%s\" instead of \"%s\"",
                      request->name, n, answer, after, wanted);
        end(request, peer);
        return reached;
}

/* Rows: X6 */
START_TEST(request_without_memory)
{
        const struct request_case *request = &REQUEST_CASES[_i];
        struct peer *peer = request->by_app ? scene.app : scene.user;
        cleanup_(freep) char *answer = NULL;
        cleanup_(freep) char *wanted = NULL;
        bool ignored;
        size_t n = 0;

        begin(request);
        answer = ask(request, peer, SIZE_MAX, &ignored);
        ck_assert_msg(strncmp(answer, "error", 5) != 0, "%s", answer);
        wanted = summary();
        end(request, peer);
        while (try(request, n, wanted))
                ck_assert_uint_lt(n++, FAULTS_MAX);
        ck_assert_uint_gt(n, 0);
}
END_TEST

static TCase *memory_case(void)
{
        TCase *memory = tcase_create("no memory");

        tcase_add_checked_fixture(memory, scene_start, scene_stop);
        tcase_set_timeout(memory, 60);
        tcase_add_loop_test(memory, request_without_memory, 0, (int)N_REQUEST_CASES);
        return memory;
}

SUITE_MAIN("requests without memory", memory_case());
