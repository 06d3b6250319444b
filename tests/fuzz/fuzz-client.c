/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What callsd (or whoever has its name) sends to libcallsd, in an app that has a provider, an
 * observer and a controller, does what it is told and looks at everything. One line each:
 *
 *     reply sas e0000000-0000-4000-8000-000000000000 [ ]         the answer to the app's next call
 *     /org/callsd/provider/p1 Provider1.Began a{sv} [ ]          a signal
 *     gone                                                      callsd loses its name
 */
#include <callsd/callsd.h>
#include <string.h>

#include "fuzz/fake-bus.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "util/cleanup.h"

#define LINES_MAX 100
#define REPLIES_MAX 16
#define CALL "aaaaaaaa-0000-4000-8000-000000000001"

struct fuzz {
        sd_event *event;
        struct fake_bus *bus;
        struct cx_context *context;
        struct cx_provider *provider;
        struct cx_call_observer *observer;
        struct cx_call_controller *controller;
        struct script replies[REPLIES_MAX];
        size_t n_replies, next_reply;
        size_t seen; /* so that no getter is optimised away */
};

/* ---- the app ---- */

static void look(struct fuzz *fuzz, const char *text)
{
        fuzz->seen += text ? strlen(text) : 0;
}

static void look_at_handle(struct fuzz *fuzz, struct cx_handle *handle)
{
        if (handle)
                look(fuzz, cx_handle_get_value(handle));
}

static void look_at_call(struct fuzz *fuzz, struct cx_call *call)
{
        look(fuzz, cx_call_get_uuid(call));
        look(fuzz, cx_call_get_provider_path(call));
        look_at_handle(fuzz, cx_call_get_remote_handle(call));
        look(fuzz, cx_call_get_localized_caller_name(call));
        look(fuzz, cx_call_get_display_name(call));
        look(fuzz, cx_call_get_account(call));
        look(fuzz, cx_call_get_group(call));
        fuzz->seen += (size_t)cx_call_get_state(call) + (size_t)cx_call_get_hold_reason(call) +
                      (size_t)cx_call_get_ended_reason(call) +
                      (size_t)cx_call_get_started_at_usec(call) +
                      (size_t)cx_call_get_connected_at_usec(call) +
                      (size_t)cx_call_get_ended_at_usec(call) +
                      (size_t)cx_call_allows(call, "answer") + (size_t)cx_call_is_muted(call);
}

static void call_changed(struct cx_call_observer *observer, struct cx_call *call, void *userdata)
{
        (void)observer;
        look_at_call(userdata, call);
}

static void look_at_action(struct fuzz *fuzz, struct cx_action *action)
{
        look(fuzz, cx_action_get_uuid(action));
        look(fuzz, cx_action_get_call_uuid(action));
        fuzz->seen += (size_t)cx_action_get_deadline_usec(action) +
                      (size_t)cx_action_get_origin(action) + (size_t)cx_action_get_type(action);
        switch (cx_action_get_type(action)) {
        case CX_ACTION_TYPE_START_CALL:
                look_at_handle(fuzz, cx_start_call_action_get_handle(action));
                look(fuzz, cx_start_call_action_get_contact_identifier(action));
                look(fuzz, cx_start_call_action_get_account(action));
                break;
        case CX_ACTION_TYPE_END_CALL:
                look(fuzz, cx_end_call_action_get_message(action));
                break;
        case CX_ACTION_TYPE_SET_GROUP_CALL:
                look(fuzz, cx_set_group_call_action_get_call_uuid_to_group_with(action));
                break;
        case CX_ACTION_TYPE_PLAY_DTMF_CALL:
                look(fuzz, cx_play_dtmf_call_action_get_digits(action));
                break;
        case CX_ACTION_TYPE_SET_TRANSLATING_CALL:
                look(fuzz, cx_set_translating_call_action_get_local_language(action));
                look(fuzz, cx_set_translating_call_action_get_remote_language(action));
                break;
        default:
                break;
        }
}

static void perform(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct fuzz *fuzz = userdata;

        (void)provider;
        look_at_action(fuzz, action);
        if (fuzz->seen % 4 == 0)
                cx_action_fail(action, "no");
        else
                cx_action_fulfill(action);
}

static void over(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider;
        look_at_action(userdata, action);
}

static void cancelled(struct cx_provider *provider, struct cx_action *action, const char *why,
                      void *userdata)
{
        over(provider, action, userdata);
        look(userdata, why);
}

static void began(struct cx_provider *provider, void *userdata)
{
        (void)userdata;
        cx_provider_report_new_incoming_call(provider, CALL, NULL, NULL, NULL);
}

static void was_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        (void)provider;
        for (; *lost; lost++)
                look(userdata, *lost);
}

static void activated(struct cx_provider *provider, const struct cx_audio_session *session,
                      void *userdata)
{
        (void)provider;
        look(userdata, cx_audio_session_get_call_uuid(session));
}

static void deactivated(struct cx_provider *provider, const char *call, void *userdata)
{
        (void)provider;
        look(userdata, call);
}

static void completed(struct cx_transaction *transaction,
                      const struct cx_transaction_result *const *results, size_t n_results,
                      void *userdata)
{
        look(userdata, cx_transaction_get_uuid(transaction));
        for (size_t i = 0; i < n_results; i++) {
                const struct cx_error *error = cx_transaction_result_get_error(results[i]);

                look(userdata, cx_transaction_result_get_action_uuid(results[i]));
                look(userdata, cx_transaction_result_get_call_uuid(results[i]));
                look(userdata, error ? cx_error_get_message(error) : NULL);
        }
}

static void request(struct fuzz *fuzz)
{
        struct cx_transaction *transaction;
        struct cx_action *action;

        fuzz_must(cx_transaction_new(&transaction) == 0);
        fuzz_must(cx_answer_call_action_new(CALL, &action) == 0);
        fuzz_must(cx_transaction_add_action(transaction, action) == 0);
        cx_call_controller_request(fuzz->controller, transaction, NULL, completed, fuzz);
        cx_action_unref(action);
        cx_transaction_unref(transaction);
}

static void make_app(struct fuzz *fuzz)
{
        const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = began,
                .did_reset = was_reset,
                .perform_start_call = perform,
                .perform_answer_call = perform,
                .perform_end_call = perform,
                .perform_set_held_call = perform,
                .perform_set_muted_call = perform,
                .perform_set_group_call = perform,
                .perform_play_dtmf_call = perform,
                .perform_set_translating_call = perform,
                .timed_out_performing_action = over,
                .did_activate_audio_session = activated,
                .did_deactivate_audio_session = deactivated,
                .action_cancelled = cancelled,
        };
        struct cx_provider_configuration *configuration;

        fuzz_must(cx_context_new_address(fake_bus_address(), &fuzz->context) == 0);
        fuzz_must(cx_context_attach_event(fuzz->context, fuzz->event, 0) == 0);
        fuzz_must(cx_provider_configuration_new("org.example.Phone", &configuration) == 0);
        fuzz_must(cx_provider_new(fuzz->context, configuration, &fuzz->provider) == 0);
        cx_provider_configuration_unref(configuration);
        fuzz_must(cx_provider_set_delegate(fuzz->provider, &delegate, fuzz) == 0);
        fuzz_must(cx_call_observer_new(fuzz->context, &fuzz->observer) == 0);
        fuzz_must(cx_call_observer_set_callback(fuzz->observer, call_changed, fuzz) == 0);
        fuzz_must(cx_call_controller_new(fuzz->context, &fuzz->controller) == 0);
}

/* ---- callsd ---- */

static int append_usual(sd_bus_message *reply, const char *member)
{
        if (strcmp(member, "RegisterProvider") == 0)
                return sd_bus_message_append(reply, "oas", "/org/callsd/provider/p1", 0);
        if (strcmp(member, "GetManagedObjects") == 0)
                return sd_bus_message_append(reply, "a{oa{sa{sv}}}", 0);
        if (strcmp(member, "RequestTransaction") == 0)
                return sd_bus_message_append(reply, "sas", "e0000000-0000-4000-8000-000000000000",
                                             0);
        return 0;
}

static void on_message(struct fake_bus *bus, sd_bus_message *message, void *userdata)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct fuzz *fuzz = userdata;
        uint8_t type;
        int r;

        if (getenv("CALLSD_FUZZ_TRACE"))
                sd_bus_message_dump(message, stderr, SD_BUS_MESSAGE_DUMP_WITH_HEADER);
        sd_bus_message_get_type(message, &type);
        if (type != SD_BUS_MESSAGE_METHOD_CALL ||
            sd_bus_message_new_method_return(message, &reply) < 0)
                return;
        if (fuzz->next_reply < fuzz->n_replies) {
                struct script line = fuzz->replies[fuzz->next_reply++];
                char signature[256];

                snprintf(signature, sizeof(signature), "%s", script_word(&line));
                r = script_append(&line, reply, signature);
        } else {
                r = append_usual(reply, sd_bus_message_get_member(message));
        }
        if (r >= 0)
                fake_bus_send(bus, reply, ":1.100");
}

static void send_signal(struct fuzz *fuzz, const char *path, struct script *line)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        char interface[256], member[256], signature[256];

        script_member(script_word(line), interface, member, sizeof(member));
        snprintf(signature, sizeof(signature), "%s", script_word(line));
        if (sd_bus_message_new_signal(fake_bus_connection(fuzz->bus), &message, path, interface,
                                      member) < 0 ||
            script_append(line, message, signature) < 0)
                return;
        fake_bus_send(fuzz->bus, message, ":1.100");
}

static void collect_replies(struct fuzz *fuzz, struct script script)
{
        struct script line;

        while (fuzz->n_replies < REPLIES_MAX && script_next_line(&script, &line))
                if (strcmp(script_word(&line), "reply") == 0)
                        fuzz->replies[fuzz->n_replies++] = line;
}

static void play(struct fuzz *fuzz, struct script script)
{
        struct script line;
        char word[256];

        for (unsigned n = 0;
             n < LINES_MAX && !fake_bus_is_closed(fuzz->bus) && script_next_line(&script, &line);
             n++) {
                snprintf(word, sizeof(word), "%s", script_word(&line));
                if (strcmp(word, "gone") == 0)
                        fake_bus_name_lost(fuzz->bus, "org.callsd");
                else if (strcmp(word, "reply") != 0)
                        send_signal(fuzz, word, &line);
                fake_bus_run(fuzz->event);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct script script = {.at = (const char *)data, .end = (const char *)data + size};
        struct fuzz fuzz = {.seen = 0};

        fake_bus_address();
        collect_replies(&fuzz, script);
        fuzz_must(sd_event_new(&fuzz.event) >= 0);
        make_app(&fuzz);
        fuzz.bus = fake_bus_accept(fuzz.event, on_message, &fuzz);
        fake_bus_run(fuzz.event);
        request(&fuzz);
        fake_bus_run(fuzz.event);
        play(&fuzz, script);
        cx_call_controller_unref(fuzz.controller);
        cx_call_observer_unref(fuzz.observer);
        cx_provider_unref(fuzz.provider);
        cx_context_unref(fuzz.context);
        fake_bus_free(fuzz.bus);
        sd_event_unref(fuzz.event);
        return 0;
}
