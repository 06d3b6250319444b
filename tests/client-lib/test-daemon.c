/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library and the real callsd (the program in $CALLSD): that both mean the same by the
 * contract.
 *
 * The provider runs in the library's own thread and fulfils every order; the test is a call UI that
 * uses the blocking functions.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "client-lib/fake-daemon.h"
#include "suite.h"

#define PATIENCE 5000000

static pid_t daemon_pid;
static struct cx_context *app, *ui;
static struct cx_provider *provider;
static struct cx_call_controller *controller;
static struct cx_call_observer *observer;

/* What the provider was told, counted under a lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int begun, resets, reports, orders, pushes;

static void count(int *counter)
{
        pthread_mutex_lock(&lock);
        (*counter)++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
}

static void await_count(const int *counter, int wanted)
{
        struct timespec end;

        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 5;
        pthread_mutex_lock(&lock);
        while (*counter < wanted)
                ck_assert_int_eq(pthread_cond_timedwait(&changed, &lock, &end), 0);
        pthread_mutex_unlock(&lock);
}

static void did_begin(struct cx_provider *of, void *userdata)
{
        (void)of;
        (void)userdata;
        count(&begun);
}

static void did_reset(struct cx_provider *of, const char *const *lost, void *userdata)
{
        (void)of;
        (void)lost;
        (void)userdata;
        count(&resets);
}

static void fulfill(struct cx_provider *of, struct cx_action *action, void *userdata)
{
        (void)of;
        (void)userdata;
        ck_assert_int_eq(cx_action_fulfill(action), 0);
        count(&orders);
}

static void report_incoming(struct cx_context *context, void *userdata);

/* An app that is woken up for a call has one. */
static void did_receive_push(struct cx_provider *of, const struct cx_push_payload *payload,
                             void *userdata)
{
        static char uuid[] = UUID("d");
        size_t size = 0;

        (void)of, (void)userdata;
        ck_assert_ptr_nonnull(cx_push_payload_get_id(payload));
        ck_assert(cx_push_payload_is_report_required(payload));
        ck_assert_uint_ne(cx_push_payload_get_deadline_usec(payload), UINT64_MAX);
        ck_assert_str_eq(cx_push_payload_get_string(payload, "from"), "ada");
        ck_assert_mem_eq(cx_push_payload_get_bytes(payload, "body", &size), "a\0b", 3);
        ck_assert_uint_eq(size, 3);
        report_incoming(app, uuid);
        count(&pushes);
}

static void make_provider(struct cx_context *context, void *userdata)
{
        const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = did_begin,
                .did_reset = did_reset,
                .perform_start_call = fulfill,
                .perform_answer_call = fulfill,
                .perform_end_call = fulfill,
                .perform_set_held_call = fulfill,
                .perform_set_muted_call = fulfill,
                .did_receive_push_payload = did_receive_push,
        };
        struct cx_provider_configuration *configuration;

        (void)userdata;
        ck_assert_int_eq(cx_provider_configuration_new("org.example.Phone", &configuration), 0);
        ck_assert_int_eq(cx_provider_new(context, configuration, &provider), 0);
        ck_assert_int_eq(cx_provider_set_delegate(provider, &delegate, NULL), 0);
        cx_provider_configuration_unref(configuration);
}

static void reported(const struct cx_error *error, void *userdata)
{
        (void)userdata;
        ck_assert_msg(!error, "%s", cx_error_get_message(error));
        count(&reports);
}

static void report_incoming(struct cx_context *context, void *userdata)
{
        struct cx_call_update *update;
        struct cx_handle *handle;

        (void)context;
        ck_assert_int_eq(cx_call_update_new(&update), 0);
        ck_assert_int_eq(cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, "+4311", &handle), 0);
        cx_call_update_set_remote_handle(update, handle);
        cx_call_update_set_localized_caller_name(update, "Ada");
        cx_call_update_add_member(update, handle, "Ada");
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(provider, userdata, update, reported, NULL),
                0);
        cx_handle_unref(handle);
        cx_call_update_unref(update);
}

static void start_daemon(void)
{
        daemon_pid = fork();
        if (daemon_pid == 0) {
                execl(getenv("CALLSD"), "callsd", "--no-audio", (char *)NULL);
                _exit(127);
        }
}

static void kill_daemon(void)
{
        kill(daemon_pid, SIGKILL);
        waitpid(daemon_pid, NULL, 0);
}

/* Each test begins without the calls of the one before. */
static void forget_state(void)
{
        char path[512];

        snprintf(path, sizeof(path), "%s/callsd/state", getenv("XDG_RUNTIME_DIR"));
        unlink(path);
}

/* Where a manifest would be; there is none yet. */
static void set_folder(void)
{
        char path[512];

        snprintf(path, sizeof(path), "%s/data", getenv("XDG_RUNTIME_DIR"));
        setenv("CALLSD_SYSTEM_DATA_DIRS", path, 1);
        mkdir(path, 0700);
        strcat(path, "/callsd");
        mkdir(path, 0700);
        strcat(path, "/providers");
        mkdir(path, 0700);
}

static void setup(void)
{
        forget_state();
        set_folder();
        start_daemon();
        begun = resets = reports = orders = pushes = 0;
        ck_assert_int_eq(cx_context_new(&app), 0);
        ck_assert_int_eq(cx_context_start_thread(app), 0);
        cx_context_call(app, make_provider, NULL);
        await_count(&begun, 1);
        ck_assert_int_eq(cx_context_new(&ui), 0);
        ck_assert_int_eq(cx_call_controller_new(ui, &controller), 0);
        ck_assert_int_eq(cx_call_observer_new(ui, &observer), 0);
}

static void teardown(void)
{
        cx_call_observer_unref(observer);
        cx_call_controller_unref(controller);
        cx_context_unref(ui);
        cx_context_stop_thread(app);
        cx_provider_unref(provider);
        cx_context_unref(app);
        kill_daemon();
}

static int request(struct cx_action *action)
{
        struct cx_transaction *transaction;
        const struct cx_error *error = NULL;
        int r;

        ck_assert_int_eq(cx_transaction_new(&transaction), 0);
        cx_transaction_add_action(transaction, action);
        r = cx_call_controller_request_sync(controller, transaction, PATIENCE, &error);
        if (r == -EREMOTEIO)
                r = cx_error_get_code(error);
        cx_error_unref(error);
        cx_transaction_unref(transaction);
        cx_action_unref(action);
        return r;
}

static int answer(const char *call)
{
        struct cx_action *action;

        ck_assert_int_eq(cx_answer_call_action_new(call, &action), 0);
        return request(action);
}

static int set_held(const char *call, int held)
{
        struct cx_action *action;

        ck_assert_int_eq(cx_set_held_call_action_new(call, held, &action), 0);
        return request(action);
}

static enum cx_call_state state_of(const char *uuid)
{
        struct cx_call *call;
        enum cx_call_state state;

        ck_assert_int_eq(cx_call_observer_refresh_sync(observer, PATIENCE), 0);
        call = cx_call_observer_find_call(observer, uuid);
        state = cx_call_get_state(call);
        cx_call_unref(call);
        return state;
}

static void ring(char *uuid, int n)
{
        cx_context_call(app, report_incoming, uuid);
        await_count(&reports, n);
}

static char call_a[] = UUID("a"), call_b[] = UUID("b");

START_TEST(a_call_from_ringing_to_its_end)
{
        struct cx_action *action;
        struct cx_call *call;

        ring(call_a, 1);
        ck_assert_int_eq(state_of(call_a), CX_CALL_STATE_RINGING);
        call = cx_call_observer_find_call(observer, call_a);
        ck_assert(cx_call_has_details(call));
        ck_assert_str_eq(cx_call_get_display_name(call), "Ada");
        ck_assert_str_eq(cx_handle_get_value(cx_call_get_remote_handle(call)), "+4311");
        ck_assert(cx_call_allows(call, "answer"));
        cx_call_unref(call);
        ck_assert_int_eq(set_held(call_a, 1), CX_ERROR_REQUEST_TRANSACTION_INVALID_ACTION);
        ck_assert_int_eq(answer(call_a), 0);
        ck_assert_int_eq(state_of(call_a), CX_CALL_STATE_ACTIVE);
        ck_assert_int_eq(set_held(call_a, 1), 0);
        ck_assert_int_eq(state_of(call_a), CX_CALL_STATE_HELD);
        ck_assert_int_eq(cx_set_muted_call_action_new(call_a, 1, &action), 0);
        ck_assert_int_eq(request(action), 0);
        ck_assert_int_eq(cx_end_call_action_new(call_a, &action), 0);
        ck_assert_int_eq(request(action), 0);
        ck_assert_int_eq(state_of(call_a), CX_CALL_STATE_ENDED);
        ck_assert_int_eq(answer(call_b), CX_ERROR_REQUEST_TRANSACTION_UNKNOWN_CALL_UUID);
}
END_TEST

START_TEST(an_unknown_keypad_is_failed_by_the_library)
{
        struct cx_action *action;

        ring(call_a, 1);
        ck_assert_int_eq(answer(call_a), 0);
        ck_assert_int_eq(cx_play_dtmf_call_action_new(
                                 call_a, "5", CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, &action),
                         0);
        ck_assert_int_eq(request(action), CX_ERROR_ACTION_FAILED);
}
END_TEST

START_TEST(a_second_call_holds_the_first)
{
        ring(call_a, 1);
        ck_assert_int_eq(answer(call_a), 0);
        ring(call_b, 2);
        ck_assert_int_eq(answer(call_b), 0);
        ck_assert_int_eq(state_of(call_a), CX_CALL_STATE_HELD);
        ck_assert_int_eq(state_of(call_b), CX_CALL_STATE_ACTIVE);
}
END_TEST

static int are_back(struct cx_context *context, void *userdata)
{
        struct cx_call *a = cx_call_observer_find_call(observer, call_a);
        struct cx_call *b = cx_call_observer_find_call(observer, call_b);
        int back = cx_context_is_available(context) && cx_call_observer_is_ready(observer) &&
                   cx_call_get_state(a) == CX_CALL_STATE_HELD &&
                   cx_call_get_state(b) == CX_CALL_STATE_ACTIVE;

        (void)userdata;
        cx_call_unref(a);
        cx_call_unref(b);
        return back;
}

START_TEST(a_killed_daemon_is_told_everything_again)
{
        char *uuids[] = {call_a, call_b};
        int before;

        ring(call_a, 1);
        ck_assert_int_eq(answer(call_a), 0);
        ring(call_b, 2);
        ck_assert_int_eq(answer(call_b), 0);
        before = orders;
        kill_daemon();
        start_daemon();
        ck_assert_int_eq(cx_context_run_until(ui, are_back, uuids, PATIENCE), 0);
        /* Once more from the daemon itself, and it can be used. */
        cx_call_observer_unref(observer);
        ck_assert_int_eq(cx_call_observer_new(ui, &observer), 0);
        ck_assert_int_eq(cx_context_run_until(ui, are_back, uuids, PATIENCE), 0);
        ck_assert_int_eq(orders, before);
        ck_assert_int_eq(resets, 0);
        ck_assert_int_eq(begun, 1);
        ck_assert_int_eq(set_held(call_a, 0), 0);
        ck_assert_int_eq(state_of(call_a), CX_CALL_STATE_ACTIVE);
        ck_assert_int_eq(state_of(call_b), CX_CALL_STATE_HELD);
}
END_TEST

/* ---- push ---- */

static void write_manifest(void)
{
        char path[512];
        FILE *file;

        snprintf(path, sizeof(path), "%s/callsd/providers/org.example.Phone.provider",
                 getenv("CALLSD_SYSTEM_DATA_DIRS"));
        file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        fputs("[Provider]\nPushHelpers=org.example.Helper\n", file);
        fclose(file);
}

struct handed_over {
        bool done;
        enum cx_error_domain domain;
        int code;
};

static void on_handed_over(const struct cx_error *error, void *userdata)
{
        *(struct handed_over *)userdata = (struct handed_over){
                .done = true,
                .domain = error ? cx_error_get_domain(error) : 0,
                .code = error ? cx_error_get_code(error) : -1,
        };
}

static int is_handed_over(struct cx_context *context, void *userdata)
{
        (void)context;
        return ((struct handed_over *)userdata)->done;
}

/* The code of the refusal, -1 for none. */
static int hand_over(const char *identifier)
{
        struct handed_over result = {0};
        struct cx_push_payload *payload;

        ck_assert_int_eq(cx_push_payload_new(&payload), 0);
        cx_push_payload_set_string(payload, "from", "ada");
        cx_push_payload_set_bytes(payload, "body", "a\0b", 3);
        ck_assert_int_eq(cx_report_new_incoming_voip_push_payload(ui, identifier, payload,
                                                                  on_handed_over, &result),
                         0);
        cx_push_payload_unref(payload);
        ck_assert_int_eq(cx_context_run_until(ui, is_handed_over, &result, PATIENCE), 0);
        if (result.code >= 0)
                ck_assert_int_eq(result.domain, CX_ERROR_DOMAIN_NOTIFICATION_SERVICE_EXTENSION);
        return result.code;
}

/* Rows: I12. From the helper's library to the app's, with the real callsd in between. */
START_TEST(a_push_payload_becomes_a_call)
{
        const int missing =
                CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_MISSING_NOTIFICATION_FILTERING_ENTITLEMENT;
        int code;

        ck_assert_int_eq(hand_over("org.example.Phone"), missing);
        write_manifest();
        while ((code = hand_over("org.example.Phone")) == missing)
                ck_assert_int_eq(cx_call_observer_refresh_sync(observer, PATIENCE), 0);
        ck_assert_int_eq(code, CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_INVALID_CLIENT_PROCESS);
        ck_assert_int_ge(sd_bus_request_name(cx_context_get_bus(ui), "org.example.Helper", 0), 0);
        ck_assert_int_eq(hand_over("org.example.Phone"), -1);
        await_count(&pushes, 1);
        await_count(&reports, 1);
        ck_assert_int_eq(state_of(UUID("d")), CX_CALL_STATE_RINGING);
}
END_TEST

static TCase *real(void)
{
        TCase *tcase = tcase_create("daemon");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 20);
        tcase_add_test(tcase, a_call_from_ringing_to_its_end);
        tcase_add_test(tcase, an_unknown_keypad_is_failed_by_the_library);
        tcase_add_test(tcase, a_second_call_holds_the_first);
        tcase_add_test(tcase, a_killed_daemon_is_told_everything_again);
        tcase_add_test(tcase, a_push_payload_becomes_a_call);
        return tcase;
}

SUITE_MAIN("daemon", real());
