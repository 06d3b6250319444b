/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context, a provider that writes down what it is told, and a fake daemon. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client-lib/world.h"

/* Of the static library only. */
void cx_context_set_answer_timeout_(struct cx_context *context, uint64_t timeout);

void world_note(struct world *world, const char *format, ...)
{
        size_t length = strlen(world->trace);
        va_list arguments;

        if (length > 0) {
                strcat(world->trace, "; ");
                length += 2;
        }
        va_start(arguments, format);
        vsnprintf(world->trace + length, sizeof(world->trace) - length, format, arguments);
        va_end(arguments);
}

static void did_begin(struct cx_provider *provider, void *userdata)
{
        (void)provider;
        world_note(userdata, "begin");
}

static void did_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        (void)provider;
        world_note(userdata, "reset");
        for (; *lost; lost++)
                world_note(userdata, "lost %.1s", *lost);
}

static void did_fail_to_begin(struct cx_provider *provider, const struct cx_error *error,
                              void *userdata)
{
        (void)provider;
        world_note(userdata, "fail-to-begin %d", cx_error_get_code(error));
}

static int execute_transaction(struct cx_provider *provider, struct cx_transaction *transaction,
                               void *userdata)
{
        struct world *world = userdata;

        (void)provider;
        world_note(world, "execute %zu", cx_transaction_get_n_actions(transaction));
        cx_transaction_unref(world->whole);
        world->whole = world->drop ? NULL : cx_transaction_ref(transaction);
        return world->take_whole;
}

/* A failed check, and Check itself, need memory, which the library may be short of. */
static void must_be(const struct world *world, bool condition)
{
        if (world->library_runs)
                world->library_runs(false);
        ck_assert(condition);
        if (world->library_runs)
                world->library_runs(true);
}

static void perform(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct world *world = userdata;
        int number = cx_action_get_uuid(action)[0] - '0';

        (void)provider;
        world_note(world, "%s %.1s", cx_action_type_to_string(cx_action_get_type(action)),
                   cx_action_get_call_uuid(action));
        if (world->fulfill)
                must_be(world, cx_action_fulfill(action) == 0);
        if (world->drop || number < 0 || number >= WORLD_ORDERS)
                return;
        cx_action_unref(world->orders[number]);
        world->orders[number] = cx_action_ref(action);
}

static void timed_out(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider;
        must_be(userdata, cx_action_is_complete(action));
        world_note(userdata, "timed-out %.1s", cx_action_get_uuid(action));
}

static void cancelled(struct cx_provider *provider, struct cx_action *action, const char *why,
                      void *userdata)
{
        (void)provider;
        must_be(userdata, why);
        must_be(userdata, cx_action_is_complete(action));
        world_note(userdata, "cancelled %.1s", cx_action_get_uuid(action));
}

static void activated(struct cx_provider *provider, const struct cx_audio_session *session,
                      void *userdata)
{
        struct world *world = userdata;

        (void)provider;
        world_note(world, "audio-on %.1s", cx_audio_session_get_call_uuid(session));
        snprintf(world->audio, sizeof(world->audio), "%s %s %s", cx_audio_session_get_sink(session),
                 cx_audio_session_get_source(session), cx_audio_session_get_route(session));
}

static void deactivated(struct cx_provider *provider, const char *call, void *userdata)
{
        (void)provider;
        world_note(userdata, "audio-off %.1s", call);
}

static void pushed(struct cx_provider *provider, const struct cx_push_payload *payload,
                   void *userdata)
{
        struct world *world = userdata;

        (void)provider;
        world_note(world, "push %s", cx_push_payload_get_id(payload));
        cx_push_payload_unref(world->push);
        world->push = cx_push_payload_ref((struct cx_push_payload *)payload);
}

struct world *world_new(void)
{
        struct world *world = calloc(1, sizeof(*world));

        ck_assert_int_eq(cx_context_new(&world->context), 0);
        cx_context_set_answer_timeout_(world->context, 150000);
        return world;
}

void world_daemon(struct world *world)
{
        world->fake = fake_new();
}

void world_provider(struct world *world)
{
        struct cx_provider_configuration *configuration;
        struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = did_begin,
                .did_reset = did_reset,
                .execute_transaction = world->has_execute ? execute_transaction : NULL,
                .perform_start_call = perform,
                .perform_answer_call = perform,
                .perform_end_call = perform,
                .perform_set_held_call = perform,
                .perform_set_muted_call = world->mute_is_missing ? NULL : perform,
                .perform_set_group_call = perform,
                .perform_play_dtmf_call = perform,
                .perform_set_translating_call = perform,
                .did_receive_push_payload = pushed,
                .timed_out_performing_action = timed_out,
                .did_activate_audio_session = activated,
                .did_deactivate_audio_session = deactivated,
                .did_fail_to_begin = did_fail_to_begin,
                .action_cancelled = cancelled,
        };

        ck_assert_int_eq(cx_provider_configuration_new("org.example.Phone", &configuration), 0);
        ck_assert_int_eq(cx_provider_new(world->context, configuration, &world->provider), 0);
        cx_provider_configuration_unref(configuration);
        ck_assert_int_eq(cx_provider_set_delegate(world->provider, &delegate, world), 0);
}

struct world *world_ready(void)
{
        struct world *world = world_new();

        world_daemon(world);
        world_provider(world);
        world_until(world, world_told(world, "begin"));
        world_expect(world, "begin", "RegisterProvider");
        return world;
}

void world_free(struct world *world)
{
        for (size_t i = 0; i < WORLD_ORDERS; i++)
                cx_action_unref(world->orders[i]);
        cx_transaction_unref(world->whole);
        cx_push_payload_unref(world->push);
        cx_provider_unref(world->provider);
        cx_context_unref(world->context);
        fake_kill(world->fake);
        free(world);
}

static uint64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t world_deadline(void)
{
        return now_usec() + 5000000;
}

/* Waits for the context's timer, for anybody's input, or for `end`. */
static void wait_for_input(struct world *world, uint64_t end)
{
        struct pollfd fds[2] = {
                {.fd = cx_context_get_fd(world->context),
                 .events = (short)cx_context_get_events(world->context)},
                {.fd = -1, .events = POLLIN},
        };
        uint64_t timeout, now = now_usec();

        if (world->fake)
                fds[1].fd = fake_get_fd(world->fake);
        ck_assert_int_eq(cx_context_get_timeout(world->context, &timeout), 0);
        if (timeout > end)
                timeout = end;
        poll(fds, 2, timeout > now ? (int)((timeout - now) / 1000) + 1 : 0);
}

static bool process(struct world *world)
{
        bool any = world->fake && fake_process(world->fake);

        if (world->library_runs)
                world->library_runs(true);
        any = cx_context_dispatch(world->context) > 0 || any;
        if (world->library_runs)
                world->library_runs(false);
        return any;
}

bool world_step(struct world *world, uint64_t end)
{
        if (!process(world))
                wait_for_input(world, end);
        return now_usec() < end;
}

/* Nothing is under way any more when nothing came for three times 10 ms. */
void world_settle(struct world *world)
{
        uint64_t end = world_deadline();
        struct pollfd fds[2];
        int quiet = 0;

        while (quiet < 3) {
                ck_assert_msg(now_usec() < end, "it never settles\n  app: %s", world->trace);
                if (process(world)) {
                        quiet = 0;
                        continue;
                }
                cx_context_get_events(world->context);
                fds[0] = (struct pollfd){.fd = cx_context_get_fd(world->context), .events = POLLIN};
                fds[1] = (struct pollfd){.fd = world->fake ? fake_get_fd(world->fake) : -1,
                                         .events = POLLIN};
                if (poll(fds, 2, 10) == 0)
                        quiet++;
        }
}

void world_expect(struct world *world, const char *app, const char *daemon)
{
        world_settle(world);
        if (app)
                ck_assert_str_eq(world->trace, app);
        if (daemon && world->fake)
                ck_assert_str_eq(fake_trace(world->fake), daemon);
        world->trace[0] = '\0';
        if (world->fake)
                fake_forget(world->fake);
}

bool world_told(const struct world *world, const char *what)
{
        return strstr(world->trace, what);
}

void world_completed(const struct cx_error *error, void *userdata)
{
        struct noted *noted = userdata;

        if (error)
                world_note(noted->world, "%s failed %d", noted->what, cx_error_get_code(error));
        else
                world_note(noted->world, "%s done", noted->what);
}
