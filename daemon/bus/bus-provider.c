/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.callsd.Provider1: what a provider reports, completes and asks.
 *
 * Only the owner gets here (bus-access.c). Every handler reads its arguments, gives the engine one
 * input, answers, and settles.
 */
#include <errno.h>

#include "bus/bus-details.h"
#include "bus/bus-keepsake.h"
#include "bus/bus-object.h"
#include "bus/bus-pending.h"
#include "bus/bus-request.h"
#include "bus/bus-stream.h"
#include "bus/bus-update.h"

/* What every handler starts from. */
struct context {
        struct bus *bus;
        const struct provider *provider;
        struct uuid call; /* or action */
        struct reader reader;
};

/* Finds the provider, and reads the UUID that most methods begin with (`what` names it). */
static int context_init(struct context *context, struct bus *bus, sd_bus_message *message,
                        const char *what, sd_bus_error *error)
{
        const char *text;
        int r;

        *context = (struct context){
                .bus = bus,
                .provider = bus_get_provider(bus, sd_bus_message_get_path(message)),
                .reader = {.bus = bus,
                           .client = client_of(bus, message),
                           .where = "details",
                           .error = error},
        };
        context->reader.call = &context->call;
        if (!what)
                return 0;
        r = sd_bus_message_read_basic(message, 's', &text);
        return r < 0 ? r : parse_uuid(text, what, &context->call, error);
}

/* ---- reports ---- */

static int method_report_new_incoming_call(sd_bus_message *message, void *userdata,
                                           sd_bus_error *error)
{
        cleanup_(read_update_done) struct read_update update = {0};
        struct context context;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        context.reader.where = "update";
        r = read_update(&context.reader, message, &update);
        if (r < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_report_incoming(context.bus->engine, bus_now(),
                                                 context.provider->number, context.call.text,
                                                 &update.update));
}

struct date_values {
        usec_t date;
};

static const struct read_field date_fields[] = {
        {"Date", "t", offsetof(struct date_values, date), 0, read_usec, false},
};

/* Both outgoing reports have a date only. */
static int report_outgoing(sd_bus_message *message, void *userdata, sd_bus_error *error,
                           int (*report)(struct engine *engine, struct instant now,
                                         unsigned provider, const char *call, usec_t date))
{
        struct date_values values = {0};
        struct context context;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        r = read_dictionary(&context.reader, message, date_fields, ARRAY_SIZE(date_fields), &values,
                            NULL);
        if (r < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          report(context.bus->engine, bus_now(), context.provider->number,
                                 context.call.text, values.date));
}

static int method_report_started_connecting(sd_bus_message *message, void *userdata,
                                            sd_bus_error *error)
{
        return report_outgoing(message, userdata, error, engine_report_connecting);
}

static int method_report_connected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return report_outgoing(message, userdata, error, engine_report_connected);
}

static int method_report_call_updated(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        cleanup_(read_update_done) struct read_update update = {0};
        struct context context;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        context.reader.where = "update";
        r = read_update(&context.reader, message, &update);
        if (r < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_report_updated(context.bus->engine, bus_now(),
                                                context.provider->number, context.call.text,
                                                &update.update));
}

static const struct read_field ending_fields[] = {
        {"Date", "t", offsetof(struct call_ending, date), 0, read_usec, false},
        {"Cause", "s", offsetof(struct call_ending, cause), 0, read_ended_cause, false},
        {"Text", "s", offsetof(struct call_ending, text), 0, read_text, false},
};

static int method_report_call_ended(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct call_ending ending = {0};
        struct context context;
        const char *reason;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_read_basic(message, 's', &reason)) < 0 ||
            (r = parse_ended_reason(reason, &ending.reason, error)) < 0 ||
            (r = read_dictionary(&context.reader, message, ending_fields, ARRAY_SIZE(ending_fields),
                                 &ending, NULL)) < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_report_ended(context.bus->engine, bus_now(),
                                              context.provider->number, context.call.text,
                                              &ending));
}

static int method_report_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        cleanup_(read_import_done) struct read_import import = {0};
        struct context context;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        context.reader.where = "state";
        r = read_import(&context.reader, message, &import);
        if (r < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_report_call(context.bus->engine, bus_now(),
                                             context.provider->number, context.call.text,
                                             &import.import));
}

struct fact_values {
        enum fact_source by;
        usec_t date;
};

static const struct read_field fact_fields[] = {
        {"By", "s", offsetof(struct fact_values, by), 0, read_fact_source, false},
        {"Date", "t", offsetof(struct fact_values, date), 0, read_usec, false},
};

static int method_report_call_state(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct fact_values values = {.by = FACT_NETWORK};
        struct context context;
        enum call_state state;
        const char *word;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_read_basic(message, 's', &word)) < 0 ||
            (r = parse_reported_state(word, &state, error)) < 0 ||
            (r = read_dictionary(&context.reader, message, fact_fields, ARRAY_SIZE(fact_fields),
                                 &values, NULL)) < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_report_state(context.bus->engine, bus_now(),
                                              context.provider->number, context.call.text, state,
                                              values.by, values.date));
}

static int method_report_call_muted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct fact_values values = {.by = FACT_NETWORK};
        struct context context;
        int muted, r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_read_basic(message, 'b', &muted)) < 0 ||
            (r = read_dictionary(&context.reader, message, fact_fields, 1, &values, NULL)) < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_report_muted(context.bus->engine, bus_now(),
                                              context.provider->number, context.call.text, muted,
                                              values.by));
}

/* ---- completion ---- */

struct outcome_values {
        struct action_outcome outcome;
        const char *engine;
};

#define OUTCOME_AT(member) offsetof(struct outcome_values, member)

static const struct read_field fulfill_fields[] = {
        {"Date", "t", OUTCOME_AT(outcome.date), 0, read_usec, false},
        {"Engine", "s", OUTCOME_AT(engine), 0, read_text, false},
};

static const struct read_field fail_fields[] = {
        {"Reason", "s", OUTCOME_AT(outcome.reason), 0, read_text, false},
        {"Cause", "s", OUTCOME_AT(outcome.cause), 0, read_ended_cause, false},
};

static int check_translation_engine(struct outcome_values *values, sd_bus_error *error)
{
        if (!values->engine || streq(values->engine, "default"))
                return 0;
        if (!streq(values->engine, "custom"))
                return bus_error_invalid(error, "Engine is \"%.64s\"; it must be default or custom",
                                         values->engine);
        values->outcome.custom_engine = true;
        return 0;
}

static int method_fulfill_action(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct outcome_values values = {0};
        struct context context;
        int r;

        r = context_init(&context, userdata, message, "action", error);
        if (r < 0)
                return r;
        if ((r = read_dictionary(&context.reader, message, fulfill_fields,
                                 ARRAY_SIZE(fulfill_fields), &values, NULL)) < 0 ||
            (r = check_translation_engine(&values, error)) < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_fulfill_action(context.bus->engine, bus_now(),
                                                context.provider->number, context.call.text,
                                                &values.outcome));
}

static int method_fail_action(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct outcome_values values = {0};
        struct context context;
        int r;

        r = context_init(&context, userdata, message, "action", error);
        if (r < 0)
                return r;
        r = read_dictionary(&context.reader, message, fail_fields, ARRAY_SIZE(fail_fields), &values,
                            NULL);
        if (r < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_fail_action(context.bus->engine, bus_now(),
                                             context.provider->number, context.call.text,
                                             &values.outcome));
}

/* ---- what is pending ---- */

static bool is_pending_for(const struct action *action, const struct provider *provider)
{
        return action->state == ACTION_DELIVERED && action->call &&
               action->call->provider == provider;
}

static bool has_pending(const struct transaction *transaction, const struct provider *provider)
{
        const struct action *action;

        for (action = transaction->actions; action; action = action->next)
                if (is_pending_for(action, provider))
                        return true;
        return false;
}

static int append_transaction(sd_bus_message *message, const struct transaction *transaction,
                              const struct provider *provider)
{
        const struct action *action;
        int r;

        if ((r = sd_bus_message_open_container(message, 'r', "sa(ssa{sv})")) < 0 ||
            (r = sd_bus_message_append_basic(message, 's', transaction->id.text)) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "(ssa{sv})")) < 0)
                return r;
        for (action = transaction->actions; action && r >= 0; action = action->next)
                if (is_pending_for(action, provider))
                        r = append_action(message, action);
        if (r < 0 || (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

static int method_get_pending_transactions(sd_bus_message *message, void *userdata,
                                           sd_bus_error *error)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const struct transaction *transaction = NULL;
        struct context context;
        int r;

        r = context_init(&context, userdata, message, NULL, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sa(ssa{sv}))");
        while (r >= 0 && (transaction = engine_next_transaction(context.bus->engine, transaction)))
                if (has_pending(transaction, context.provider))
                        r = append_transaction(reply, transaction, context.provider);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(context.bus->connection, reply, NULL);
}

static int append_call_actions(sd_bus_message *message, struct context *context,
                               enum action_type type)
{
        const struct call *call = engine_find_call(context->bus->engine, context->call.text);
        const struct action *action = call ? call->actions : NULL;
        int r = sd_bus_message_open_container(message, 'a', "(ssa{sv})");

        for (; action && r >= 0; action = action->call_next)
                if (action->type == type && is_pending_for(action, context->provider))
                        r = append_action(message, action);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int method_get_pending_call_actions(sd_bus_message *message, void *userdata,
                                           sd_bus_error *error)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct context context;
        enum action_type type;
        const char *word, *text;
        int r;

        r = context_init(&context, userdata, message, NULL, error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_read(message, "ss", &word, &text)) < 0 ||
            (r = parse_action_type(word, &type, error)) < 0 ||
            (r = parse_uuid(text, "call", &context.call, error)) < 0 ||
            (r = sd_bus_message_new_method_return(message, &reply)) < 0 ||
            (r = append_call_actions(reply, &context, type)) < 0)
                return r;
        return sd_bus_send(context.bus->connection, reply, NULL);
}

static int method_get_calls(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const struct call *call;
        struct context context;
        int r;

        r = context_init(&context, userdata, message, NULL, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (call = context.provider->calls; call && r >= 0; call = call->provider_next)
                if (call->state != CALL_STATE_ENDED)
                        r = append_details(reply, context.bus, call);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(context.bus->connection, reply, NULL);
}

static int method_get_stream_properties(sd_bus_message *message, void *userdata,
                                        sd_bus_error *error)
{
        struct context context;
        const struct call *call;
        int r;

        r = context_init(&context, userdata, message, "call", error);
        if (r < 0)
                return r;
        call = engine_find_call(context.bus->engine, context.call.text);
        if (!call || call->provider != context.provider)
                return bus_error_refuse(error, REFUSAL_REQUEST_UNKNOWN_CALL,
                                        "%s is no call of this provider", context.call.text);
        r = stream_reply(context.bus, context.call.text, message);
        if (r == -EAGAIN)
                r = pending_add_streams(context.bus, &context.call, message);
        return r < 0 ? r : 1;
}

/* ---- the provider itself ---- */

static int method_set_configuration(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        cleanup_(provider_config_done) struct provider_config config = {0};
        struct context context;
        const char *identifier;
        int r;

        r = context_init(&context, userdata, message, NULL, error);
        if (r < 0)
                return r;
        context.reader.where = "configuration";
        r = read_config(&context.reader, message, false, &config);
        if (r < 0)
                return r;
        identifier = context.provider->config.identifier;
        if (config.identifier && !streq(config.identifier, identifier))
                return bus_error_invalid(error,
                                         "Identifier is \"%.255s\"; that of a provider can't "
                                         "change, it is \"%s\"",
                                         config.identifier, identifier);
        if (!config.identifier && !(config.identifier = strdup(identifier)))
                return -ENOMEM;
        return bus_finish(context.bus, message, error,
                          engine_configure_provider(context.bus->engine, bus_now(),
                                                    context.provider->number, &config));
}

static int method_get_configuration(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct context context;
        int r;

        if ((r = context_init(&context, userdata, message, NULL, error)) < 0 ||
            (r = sd_bus_message_new_method_return(message, &reply)) < 0 ||
            (r = append_config(reply, &context.provider->config)) < 0)
                return r;
        return sd_bus_send(context.bus->connection, reply, NULL);
}

static int method_set_ringtone(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct context context;
        int fd, r;

        r = context_init(&context, userdata, message, NULL, error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_read_basic(message, 'h', &fd)) < 0 ||
            (r = keepsake_set_ringtone(context.bus, context.provider->number, fd, "The sound",
                                       error)) < 0)
                return r;
        return sd_bus_reply_method_return(message, NULL);
}

static int method_invalidate(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct context context;
        int r;

        r = context_init(&context, userdata, message, NULL, error);
        if (r < 0)
                return r;
        return bus_finish(context.bus, message, error,
                          engine_invalidate_provider(context.bus->engine, bus_now(),
                                                     context.provider->number));
}

const sd_bus_vtable provider_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("ReportNewIncomingCall", SD_BUS_ARGS("s", call, "a{sv}", update),
                                SD_BUS_NO_RESULT, method_report_new_incoming_call, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportOutgoingCallStartedConnecting",
                                SD_BUS_ARGS("s", call, "a{sv}", details), SD_BUS_NO_RESULT,
                                method_report_started_connecting, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportOutgoingCallConnected",
                                SD_BUS_ARGS("s", call, "a{sv}", details), SD_BUS_NO_RESULT,
                                method_report_connected, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportCallUpdated", SD_BUS_ARGS("s", call, "a{sv}", update),
                                SD_BUS_NO_RESULT, method_report_call_updated, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportCallEnded",
                                SD_BUS_ARGS("s", call, "s", reason, "a{sv}", details),
                                SD_BUS_NO_RESULT, method_report_call_ended, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportCall", SD_BUS_ARGS("s", call, "a{sv}", state),
                                SD_BUS_NO_RESULT, method_report_call, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportCallState",
                                SD_BUS_ARGS("s", call, "s", state, "a{sv}", details),
                                SD_BUS_NO_RESULT, method_report_call_state, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportCallMuted",
                                SD_BUS_ARGS("s", call, "b", muted, "a{sv}", details),
                                SD_BUS_NO_RESULT, method_report_call_muted, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("FulfillAction", SD_BUS_ARGS("s", action, "a{sv}", details),
                                SD_BUS_NO_RESULT, method_fulfill_action, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("FailAction", SD_BUS_ARGS("s", action, "a{sv}", details),
                                SD_BUS_NO_RESULT, method_fail_action, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetPendingTransactions", SD_BUS_NO_ARGS,
                                SD_BUS_RESULT("a(sa(ssa{sv}))", transactions),
                                method_get_pending_transactions, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetPendingCallActions", SD_BUS_ARGS("s", type, "s", call),
                                SD_BUS_RESULT("a(ssa{sv})", actions),
                                method_get_pending_call_actions, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetCalls", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", calls),
                                method_get_calls, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetStreamProperties", SD_BUS_ARGS("s", call),
                                SD_BUS_RESULT("a{sv}", properties), method_get_stream_properties,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("SetConfiguration", SD_BUS_ARGS("a{sv}", configuration),
                                SD_BUS_NO_RESULT, method_set_configuration, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetConfiguration", SD_BUS_NO_ARGS,
                                SD_BUS_RESULT("a{sv}", configuration), method_get_configuration,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("SetRingtone", SD_BUS_ARGS("h", sound), SD_BUS_NO_RESULT,
                                method_set_ringtone, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("Invalidate", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_invalidate,
                                CHECKED_BY_US),
        SD_BUS_SIGNAL_WITH_ARGS("Began", SD_BUS_ARGS("a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Reset", SD_BUS_ARGS("as", lost_calls, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS(
                "PerformTransaction",
                SD_BUS_ARGS("s", transaction, "a(ssa{sv})", actions, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ActionTimedOut",
                                SD_BUS_ARGS("s", action, "s", call, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ActionCancelled",
                                SD_BUS_ARGS("s", action, "s", call, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("AudioSessionActivated", SD_BUS_ARGS("s", call, "a{sv}", session),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("AudioSessionDeactivated", SD_BUS_ARGS("s", call, "a{sv}", details),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("PushPayloadReceived",
                                SD_BUS_ARGS("s", id, "a{sv}", payload, "a{sv}", info), 0),
        SD_BUS_VTABLE_END,
};
