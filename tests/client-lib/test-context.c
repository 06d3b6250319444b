/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways to run a context, its thread, its manners after a fork. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "client-lib/world.h"

static struct world *world;

static void setup(void)
{
        world = world_new();
        world_daemon(world);
}

static void teardown(void)
{
        world_free(world);
}

/* Serves the fake daemon from an sd_event loop. */
static int on_fake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        (void)source;
        (void)fd;
        (void)revents;
        (void)userdata;
        while (fake_process(world->fake))
                ;
        return 0;
}

static void run_event_until_begin(sd_event *event)
{
        sd_event_source *source = NULL;
        uint64_t end = world_deadline(), now;

        while (fake_process(world->fake))
                ;
        ck_assert_int_ge(
                sd_event_add_io(event, &source, fake_get_fd(world->fake), POLLIN, on_fake, NULL),
                0);
        while (!world_told(world, "begin")) {
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
                sd_event_now(event, CLOCK_MONOTONIC, &now);
                ck_assert_uint_lt(now, end);
        }
        sd_event_source_disable_unref(source);
}

START_TEST(in_an_event_loop)
{
        sd_event *event = NULL;

        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(cx_context_attach_event(world->context, event, 0), 0);
        ck_assert_int_eq(cx_context_attach_event(world->context, event, 0), -EBUSY);
        ck_assert_int_eq(cx_context_start_thread(world->context), -EBUSY);
        ck_assert_int_eq(cx_context_run_until(world->context, NULL, NULL, 0), -EBUSY);
        world_provider(world);
        run_event_until_begin(event);
        ck_assert_int_eq(cx_context_detach_event(world->context), 0);
        ck_assert_int_eq(cx_context_detach_event(world->context), -ENOTCONN);
        sd_event_unref(event);
}
END_TEST

/* A time-out that only the timer of the loop can notice. */
START_TEST(an_event_loop_serves_timers)
{
        sd_event *event = NULL;
        uint64_t end = world_deadline(), now;

        world_free(world);
        world = world_new();
        world_daemon(world);
        fake_hang(world->fake, true);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(cx_context_attach_event(world->context, event, 0), 0);
        world_provider(world);
        while (!world_told(world, "fail-to-begin")) {
                ck_assert_int_ge(sd_event_run(event, UINT64_MAX), 0);
                sd_event_now(event, CLOCK_MONOTONIC, &now);
                ck_assert_uint_lt(now, end);
        }
        sd_event_unref(event);
}
END_TEST

START_TEST(on_the_apps_own_connection)
{
        sd_event *event = NULL;
        sd_bus *bus = NULL;

        cx_context_unref(world->context);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_ge(sd_bus_open_user(&bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(bus, event, 0), 0);
        ck_assert_int_eq(cx_context_new_from_bus(bus, &world->context), 0);
        ck_assert_ptr_eq(cx_context_get_bus(world->context), bus);
        world_provider(world);
        run_event_until_begin(event);
        world->provider = cx_provider_unref(world->provider);
        world->context = cx_context_unref(world->context);
        sd_bus_flush_close_unref(bus);
        sd_event_unref(event);
}
END_TEST

/* A daemon of its own thread, for tests that block. */
static pthread_t daemon_thread;
static atomic_bool daemon_ends;

static void *daemon_main(void *unused)
{
        struct pollfd pollfd = {.fd = fake_get_fd(world->fake), .events = POLLIN};

        (void)unused;
        while (!daemon_ends) {
                while (fake_process(world->fake))
                        ;
                poll(&pollfd, 1, 10);
        }
        return NULL;
}

static void daemon_start(void)
{
        daemon_ends = false;
        ck_assert_int_eq(pthread_create(&daemon_thread, NULL, daemon_main, NULL), 0);
}

static void daemon_stop(void)
{
        daemon_ends = true;
        pthread_join(daemon_thread, NULL);
}

static int has_begun(struct cx_context *context, void *userdata)
{
        (void)context;
        return world_told(userdata, "begin");
}

START_TEST(until_a_condition_holds)
{
        world_provider(world);
        daemon_start();
        ck_assert_int_eq(cx_context_run_until(world->context, has_begun, world, 5000000), 0);
        ck_assert_int_eq(cx_context_run_until(world->context, NULL, NULL, 1000), -ETIMEDOUT);
        daemon_stop();
}
END_TEST

START_TEST(blocking_functions)
{
        struct cx_call_controller *controller;
        struct cx_call_observer *observer;
        struct cx_transaction *transaction;
        struct cx_action *action;
        const struct cx_error *error = NULL;
        struct cx_call **calls;

        fake_keep(world->fake, "a:active");
        fake_refuse(world->fake, "RequestTransaction", "org.callsd.Error.WouldEndCall");
        daemon_start();
        ck_assert_int_eq(cx_context_ping_sync(world->context, 5000000), 0);
        ck_assert(cx_context_is_available(world->context));

        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        ck_assert_int_eq(cx_call_observer_refresh_sync(observer, 5000000), 0);
        ck_assert_int_eq(cx_call_observer_get_calls(observer, &calls), 1);
        cx_call_list_free(calls);
        cx_call_observer_unref(observer);

        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        ck_assert_int_eq(cx_transaction_new(&transaction), 0);
        ck_assert_int_eq(cx_end_call_action_new(UUID("a"), &action), 0);
        cx_transaction_add_action(transaction, action);
        ck_assert_int_eq(cx_call_controller_request_sync(controller, transaction, 5000000, &error),
                         -EREMOTEIO);
        ck_assert_int_eq(cx_error_get_code(error), CX_ERROR_WOULD_END_CALL);
        ck_assert_str_eq(cx_error_get_message(error), "because the test says so");
        cx_error_unref(error);
        cx_action_unref(action);
        cx_transaction_unref(transaction);
        cx_call_controller_unref(controller);
        daemon_stop();
}
END_TEST

/* The library's own thread. */

struct meeting {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        pthread_t thread;
        struct cx_action *action;
        bool begun;
        bool made;
};

static struct meeting meeting = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                 .changed = PTHREAD_COND_INITIALIZER};

static void meet(void)
{
        pthread_cond_broadcast(&meeting.changed);
        pthread_mutex_unlock(&meeting.lock);
}

static void threaded_begin(struct cx_provider *provider, void *userdata)
{
        (void)provider;
        (void)userdata;
        pthread_mutex_lock(&meeting.lock);
        meeting.begun = true;
        meeting.thread = pthread_self();
        meet();
}

static void threaded_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        (void)provider;
        (void)lost;
        (void)userdata;
}

static void threaded_answer(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider;
        (void)userdata;
        pthread_mutex_lock(&meeting.lock);
        ck_assert(pthread_equal(meeting.thread, pthread_self()));
        meeting.action = cx_action_ref(action);
        meet();
}

static void make_provider(struct cx_context *context, void *userdata)
{
        const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = threaded_begin,
                .did_reset = threaded_reset,
                .perform_answer_call = threaded_answer,
        };
        struct cx_provider_configuration *configuration;

        (void)userdata;
        ck_assert_int_eq(cx_provider_configuration_new("org.example.Thread", &configuration), 0);
        ck_assert_int_eq(cx_provider_new(context, configuration, &world->provider), 0);
        ck_assert_int_eq(cx_provider_set_delegate(world->provider, &delegate, NULL), 0);
        cx_provider_configuration_unref(configuration);
        pthread_mutex_lock(&meeting.lock);
        meeting.made = true;
        meet();
}

static void threaded_until(bool *flag)
{
        struct timespec end;

        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 5;
        pthread_mutex_lock(&meeting.lock);
        while (!*flag)
                ck_assert_int_eq(pthread_cond_timedwait(&meeting.changed, &meeting.lock, &end), 0);
        pthread_mutex_unlock(&meeting.lock);
}

static void fake_until(const char *what)
{
        struct pollfd pollfd = {.fd = fake_get_fd(world->fake), .events = POLLIN};
        uint64_t end = world_deadline();

        while (!fake_was_asked(world->fake, what)) {
                if (!fake_process(world->fake))
                        poll(&pollfd, 1, 100);
                ck_assert_uint_lt(world_deadline(), end + 5000000);
        }
}

/* Every callback comes on the one thread that the app chose, and not on ours. Rows: R16 */
START_TEST(in_a_thread_of_the_library)
{
        struct cx_call_observer *observer;

        ck_assert_int_eq(cx_context_start_thread(world->context), 0);
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), -EPERM);
        ck_assert_int_eq(cx_context_call(world->context, make_provider, NULL), 0);
        threaded_until(&meeting.made);
        fake_until("RegisterProvider");
        threaded_until(&meeting.begun);
        ck_assert(!pthread_equal(meeting.thread, pthread_self()));
        fake_perform(world->fake, "1:answer-call:a");
        pthread_mutex_lock(&meeting.lock);
        while (!meeting.action)
                pthread_cond_wait(&meeting.changed, &meeting.lock);
        pthread_mutex_unlock(&meeting.lock);
        /* Completed and released here, on another thread. */
        ck_assert_int_eq(cx_action_fulfill(meeting.action), 0);
        ck_assert_int_eq(cx_action_fulfill(meeting.action), -EALREADY);
        cx_action_unref(meeting.action);
        fake_until("FulfillAction 1");
        ck_assert_int_eq(cx_context_stop_thread(world->context), 0);
        ck_assert_int_eq(cx_context_stop_thread(world->context), -ENOTCONN);
        meeting = (struct meeting){.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .changed = PTHREAD_COND_INITIALIZER};
}
END_TEST

START_TEST(a_drop_on_another_thread_fails_the_order)
{
        ck_assert_int_eq(cx_context_start_thread(world->context), 0);
        ck_assert_int_eq(cx_context_call(world->context, make_provider, NULL), 0);
        fake_until("RegisterProvider");
        threaded_until(&meeting.begun);
        fake_perform(world->fake, "2:answer-call:a");
        pthread_mutex_lock(&meeting.lock);
        while (!meeting.action)
                pthread_cond_wait(&meeting.changed, &meeting.lock);
        pthread_mutex_unlock(&meeting.lock);
        cx_action_unref(meeting.action);
        fake_until("FailAction 2");
        ck_assert_int_eq(cx_context_stop_thread(world->context), 0);
        meeting = (struct meeting){.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .changed = PTHREAD_COND_INITIALIZER};
}
END_TEST

START_TEST(an_order_outlives_its_context)
{
        world_provider(world);
        world_until(world, world_told(world, "begin"));
        fake_perform(world->fake, "1:answer-call:a");
        world_until(world, world->orders[1]);
        world->provider = cx_provider_unref(world->provider);
        world->context = cx_context_unref(world->context);
        ck_assert_int_eq(cx_action_fulfill(world->orders[1]), -EALREADY);
        world->orders[1] = cx_action_unref(world->orders[1]);
}
END_TEST

static void release_provider(struct cx_provider *provider, void *userdata)
{
        struct world *of = userdata;

        ck_assert_ptr_eq(provider, of->provider);
        of->provider = cx_provider_unref(of->provider);
        of->context = cx_context_unref(of->context);
}

START_TEST(everything_may_be_released_in_a_callback)
{
        const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = release_provider,
                .did_reset = threaded_reset,
        };
        uint64_t end = world_deadline();

        world_provider(world);
        cx_provider_set_delegate(world->provider, &delegate, world);
        while (world->context)
                ck_assert(world_step(world, end));
}
END_TEST

START_TEST(after_a_fork)
{
        pid_t child;
        int status;

        world_provider(world);
        child = fork();
        if (child == 0)
                _exit(cx_provider_report_call_muted(world->provider, UUID("a"), 1,
                                                    CX_FACT_SOURCE_SELF, NULL, NULL) == -ECHILD &&
                                      cx_context_dispatch(world->context) == -ECHILD &&
                                      cx_context_call(world->context, make_provider, NULL) ==
                                              -ECHILD
                              ? 0
                              : 1);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(without_a_bus)
{
        struct cx_context *context;

        ck_assert_int_eq(cx_context_new_address("nonsense", &context), -EINVAL);
        ck_assert_int_eq(cx_context_new_address("unix:path=/nonexistent/bus", &context), 0);
        cx_context_unref(world->context);
        world->context = context;
        world_provider(world);
        world_until(world, world_told(world, "fail-to-begin 1000"));
        ck_assert_ptr_null(cx_context_get_bus(context));
}
END_TEST

static TCase *loops(void)
{
        TCase *tcase = tcase_create("loops");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, in_an_event_loop);
        tcase_add_test(tcase, an_event_loop_serves_timers);
        tcase_add_test(tcase, on_the_apps_own_connection);
        tcase_add_test(tcase, until_a_condition_holds);
        tcase_add_test(tcase, blocking_functions);
        tcase_add_test(tcase, in_a_thread_of_the_library);
        tcase_add_test(tcase, a_drop_on_another_thread_fails_the_order);
        return tcase;
}

static TCase *manners(void)
{
        TCase *tcase = tcase_create("manners");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, an_order_outlives_its_context);
        tcase_add_test(tcase, everything_may_be_released_in_a_callback);
        tcase_add_test(tcase, after_a_fork);
        tcase_add_test(tcase, without_a_bus);
        return tcase;
}

SUITE_MAIN("context", loops(), manners());
