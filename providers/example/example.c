/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A provider on libcallsd, complete but for a network: the remote party is a tone.
 *
 * It shows what a call app does: report an incoming call, follow orders, give its streams the
 * properties that make them part of the call, and go on by itself where there is no callsd.
 */
#include "example.h"

#include <stdlib.h>
#include <string.h>

#define RINGTONE_HZ 1200.0

static struct example_call *find_call(struct example *example, const char *uuid)
{
        struct example_call *call = example->calls;

        while (call && strcmp(call->uuid, uuid) != 0)
                call = call->next;
        return call;
}

static struct example_call *add_call(struct example *example, const char *uuid)
{
        struct example_call *call = find_call(example, uuid);

        if (call || !(call = calloc(1, sizeof(*call))))
                return call;
        call->example = example;
        if (uuid[0] != '\0')
                strncpy(call->uuid, uuid, sizeof(call->uuid) - 1);
        else
                cx_uuid_generate(call->uuid);
        call->next = example->calls;
        example->calls = call;
        return call;
}

static void stop_ringing(struct example_call *call)
{
        tone_line_free(call->ringtone);
        call->ringtone = NULL;
        call->timer = sd_event_source_disable_unref(call->timer);
}

static void end_call(struct example_call *call)
{
        stop_ringing(call);
        tone_line_free(call->line);
        call->line = NULL;
        call->ended = true;
}

/* The call's sound, with the properties that make it part of the call, or (NULL) without callsd. */
static void open_line(struct example_call *call, const struct cx_stream_properties *properties)
{
        struct tone_line_options options = {
                .name = "callsd-example",
                .frequency = call->example->frequency,
                .amplitude = call->example->amplitude,
                .listen = true,
        };

        if (call->line || call->ended)
                return;
        if (properties) {
                options.playback =
                        cx_stream_properties_list(properties, CX_STREAM_DIRECTION_PLAYBACK);
                options.capture =
                        cx_stream_properties_list(properties, CX_STREAM_DIRECTION_CAPTURE);
        }
        call->line = tone_line_new(call->example->party, &options);
        log_event("streams", call->uuid, "open=%d joined=%d", call->line != NULL,
                  properties && cx_stream_properties_get_sink(properties));
}

static void on_stream_properties(const struct cx_stream_properties *properties,
                                 const struct cx_error *error, void *userdata)
{
        if (error)
                log_event("no-stream-properties", ((struct example_call *)userdata)->uuid,
                          "error=%s", cx_error_get_name(error));
        open_line(userdata, properties);
}

static void join_call(struct example_call *call)
{
        (void)cx_provider_get_stream_properties(call->example->provider, call->uuid,
                                                on_stream_properties, call);
}

/* Without callsd: ring, and after a while pick up, as an app does that nobody helps. */
static int on_answer_alone(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct example_call *call = userdata;

        (void)source, (void)usec;
        stop_ringing(call);
        open_line(call, NULL);
        log_event("answered-alone", call->uuid, NULL);
        (void)cx_provider_report_call_state(call->example->provider, call->uuid,
                                            CX_CALL_STATE_ACTIVE, CX_FACT_SOURCE_SELF, NULL, NULL);
        return 0;
}

static void ring_alone(struct example_call *call)
{
        const struct tone_line_options ringtone = {
                .name = "callsd-example-ringtone",
                .frequency = RINGTONE_HZ,
                .amplitude = call->example->amplitude,
        };

        if (call->ended)
                return;
        call->ringtone = tone_line_new(call->example->party, &ringtone);
        log_event("ringing-alone", call->uuid, "sound=%d", call->ringtone != NULL);
        (void)sd_event_add_time_relative(call->example->event, &call->timer, CLOCK_MONOTONIC,
                                         call->example->answer_after_usec, 0, on_answer_alone,
                                         call);
}

static void on_reported(const struct cx_error *error, void *userdata)
{
        struct example_call *call = userdata;

        if (!error) {
                log_event("reported", call->uuid, NULL);
        } else if (cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING)) {
                ring_alone(call);
        } else {
                log_event("refused", call->uuid, "error=%s", cx_error_get_name(error));
                end_call(call);
        }
}

/* The network has a call for us. */
void example_incoming(struct example *example, const char *handle, const char *name)
{
        struct example_call *call = add_call(example, "");
        struct cx_call_update *update = NULL;
        struct cx_handle *number = NULL;

        if (!call || cx_call_update_new(&update) < 0 ||
            cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, handle, &number) < 0) {
                log_event("bad-incoming", NULL, NULL);
        } else {
                cx_call_update_set_remote_handle(update, number);
                cx_call_update_set_localized_caller_name(update, name);
                log_event("incoming", call->uuid, NULL);
                cx_provider_report_new_incoming_call(example->provider, call->uuid, update,
                                                     on_reported, call);
        }
        cx_handle_unref(number);
        cx_call_update_unref(update);
}

/* The far end hangs up. */
void example_remote_end(struct example_call *call)
{
        end_call(call);
        log_event("remote-ended", call->uuid, NULL);
        (void)cx_provider_report_call_ended(call->example->provider, call->uuid, 0,
                                            CX_CALL_ENDED_REASON_REMOTE_ENDED, NULL, NULL);
}

/* The far end puts us on hold. */
void example_remote_hold(struct example_call *call)
{
        struct cx_call_update *update = NULL;

        if (cx_call_update_new(&update) < 0)
                return;
        log_event("remote-held", call->uuid, NULL);
        cx_call_update_set_remote_held(update, 1);
        (void)cx_provider_report_call_updated(call->example->provider, call->uuid, update, NULL,
                                              NULL);
        cx_call_update_unref(update);
}

static bool is_busy(const struct example *example, const struct cx_action *action)
{
        const struct cx_handle *handle = cx_start_call_action_get_handle(action);
        const char *value = handle ? cx_handle_get_value(handle) : NULL;

        return example->busy && value && strcmp(example->busy, value) == 0;
}

static int on_far_end_answers(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct example_call *call = userdata;

        (void)source, (void)usec;
        call->timer = sd_event_source_disable_unref(call->timer);
        log_event("connected", call->uuid, NULL);
        (void)cx_provider_report_outgoing_call_connected(call->example->provider, call->uuid, 0,
                                                         NULL, NULL);
        return 0;
}

static void perform_start(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct example *example = userdata;
        struct example_call *call;

        if (is_busy(example, action)) {
                cx_action_fail_with_cause(action, CX_CALL_ENDED_CAUSE_BUSY, "busy");
                return;
        }
        call = add_call(example, cx_action_get_call_uuid(action));
        if (!call) {
                cx_action_fail(action, "out of memory");
                return;
        }
        log_event("perform-start", call->uuid, NULL);
        cx_action_fulfill(action);
        join_call(call);
        (void)cx_provider_report_outgoing_call_started_connecting(provider, call->uuid, 0, NULL,
                                                                  NULL);
        (void)sd_event_add_time_relative(example->event, &call->timer, CLOCK_MONOTONIC,
                                         example->connect_after_usec, 0, on_far_end_answers, call);
}

/* All other orders: the tone agrees to everything. */
static void perform(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct example_call *call = find_call(userdata, cx_action_get_call_uuid(action));
        enum cx_action_type type = cx_action_get_type(action);

        (void)provider;
        if (!call || call->ended) {
                cx_action_fail(action, "there is no such call");
                return;
        }
        log_event("perform", call->uuid, "type=%s origin=%s on-hold=%d muted=%d",
                  cx_action_type_to_string(type), cx_origin_to_string(cx_action_get_origin(action)),
                  cx_set_held_call_action_is_on_hold(action),
                  cx_set_muted_call_action_is_muted(action));
        cx_action_fulfill(action);
        if (type == CX_ACTION_TYPE_ANSWER_CALL)
                join_call(call);
        else if (type == CX_ACTION_TYPE_END_CALL)
                end_call(call);
}

static void did_begin(struct cx_provider *provider, void *userdata)
{
        (void)provider, (void)userdata;
        log_event("began", NULL, NULL);
}

static void did_fail_to_begin(struct cx_provider *provider, const struct cx_error *error,
                              void *userdata)
{
        (void)provider, (void)userdata;
        log_event("failed-to-begin", NULL, "error=%s", cx_error_get_name(error));
}

static void did_reset(struct cx_provider *provider, const char *const *lost_calls, void *userdata)
{
        struct example_call *call;

        (void)provider;
        for (; *lost_calls; lost_calls++) {
                log_event("reset", *lost_calls, NULL);
                call = find_call(userdata, *lost_calls);
                if (call)
                        end_call(call);
        }
}

static void timed_out(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider, (void)userdata;
        log_event("timed-out", cx_action_get_call_uuid(action), NULL);
}

static void cancelled(struct cx_provider *provider, struct cx_action *action, const char *why,
                      void *userdata)
{
        (void)provider, (void)userdata, (void)why;
        log_event("cancelled", cx_action_get_call_uuid(action), NULL);
}

static void did_activate(struct cx_provider *provider, const struct cx_audio_session *session,
                         void *userdata)
{
        const char *sink = cx_audio_session_get_sink(session);

        (void)provider, (void)userdata;
        log_event("did-activate", cx_audio_session_get_call_uuid(session), "sink=%s",
                  sink ? sink : "");
}

static void did_deactivate(struct cx_provider *provider, const char *call, void *userdata)
{
        (void)provider, (void)userdata;
        log_event("did-deactivate", call, NULL);
}

/* A push service has something for us, and may have had us started: who calls is in it. */
static void did_receive_push(struct cx_provider *provider, const struct cx_push_payload *payload,
                             void *userdata)
{
        const char *handle = cx_push_payload_get_string(payload, "Handle");
        const char *name = cx_push_payload_get_string(payload, "Name");

        (void)provider;
        log_event("push", NULL, "id=%s required=%d", cx_push_payload_get_id(payload),
                  cx_push_payload_is_report_required(payload));
        if (handle)
                example_incoming(userdata, handle, name ? name : "");
}

static const struct cx_provider_delegate delegate = {
        .size = sizeof(delegate),
        .did_begin = did_begin,
        .did_reset = did_reset,
        .perform_start_call = perform_start,
        .perform_answer_call = perform,
        .perform_end_call = perform,
        .perform_set_held_call = perform,
        .perform_set_muted_call = perform,
        .perform_set_group_call = perform,
        .perform_play_dtmf_call = perform,
        .timed_out_performing_action = timed_out,
        .did_activate_audio_session = did_activate,
        .did_deactivate_audio_session = did_deactivate,
        .did_fail_to_begin = did_fail_to_begin,
        .action_cancelled = cancelled,
        .did_receive_push_payload = did_receive_push,
};

/* The name in BusName= of a manifest. Nothing is to be asked there. */
static int claim_name(struct example *example)
{
        int r;

        if (!example->own_name)
                return 0;
        r = example->system ? sd_bus_open_system(&example->bus) : sd_bus_open_user(&example->bus);
        if (r >= 0)
                r = sd_bus_attach_event(example->bus, example->event, 0);
        return r < 0 ? r : sd_bus_request_name(example->bus, example->identifier, 0);
}

int example_start(struct example *example)
{
        struct cx_provider_configuration *configuration = NULL;
        int r;

        example->party = tone_party_new();
        r = example->system ? cx_context_new_system(&example->context)
                            : cx_context_new(&example->context);
        if (r >= 0)
                r = cx_context_attach_event(example->context, example->event, 0);
        if (r >= 0)
                r = cx_provider_configuration_new(example->identifier, &configuration);
        if (r >= 0)
                r = cx_provider_configuration_set_localized_name(configuration, example->name);
        if (r >= 0)
                r = cx_provider_configuration_set_testing(configuration, example->testing);
        if (r >= 0)
                r = cx_provider_new(example->context, configuration, &example->provider);
        if (r >= 0)
                r = cx_provider_set_delegate(example->provider, &delegate, example);
        if (r >= 0)
                r = claim_name(example);
        cx_provider_configuration_unref(configuration);
        return r;
}

void example_stop(struct example *example)
{
        struct example_call *call;

        if (example->provider)
                (void)cx_provider_invalidate(example->provider);
        while ((call = example->calls)) {
                example->calls = call->next;
                end_call(call);
                free(call);
        }
        cx_provider_unref(example->provider);
        cx_context_unref(example->context);
        sd_bus_flush_close_unref(example->bus);
        tone_party_free(example->party);
}
