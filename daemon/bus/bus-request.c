/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions that peers ask for: RequestTransaction, StartCall, and the methods of Call1. */
#include "bus/bus-request.h"

#include <errno.h>

#include "bus/bus-object.h"
#include "bus/bus-pending.h"
#include "bus/bus-route.h"
#include "util/log.h"

/* What the dictionary of an action can hold; strings are the message's. */
struct action_values {
        enum action_type type;
        const char *provider, *handle, *contact, *account, *message, *digits;
        const char *local_language, *remote_language;
        struct uuid call, other;
        enum handle_type handle_type;
        enum decline_reason decline_reason;
        enum dtmf_type dtmf_type;
        bool video, on;
};

#define AT(member) offsetof(struct action_values, member)
#define CALL_FIELD                                        \
        {                                                 \
                "Call", "s", AT(call), 0, read_uuid, true \
        }

static const struct read_field start_fields[] = {
        {"Provider", "s", AT(provider), 0, read_text, false},
        {"Call", "s", AT(call), 0, read_uuid, false},
        {"HandleType", "s", AT(handle_type), 0, read_handle_type, true},
        {"Handle", "s", AT(handle), 0, read_text, true},
        {"ContactIdentifier", "s", AT(contact), 0, read_text, false},
        {"Video", "b", AT(video), 0, read_bool, false},
        {"Account", "s", AT(account), 0, read_text, false},
};
static const struct read_field answer_fields[] = {
        CALL_FIELD,
        {"Video", "b", AT(video), 0, read_bool, false},
};
static const struct read_field end_fields[] = {
        CALL_FIELD,
        {"Message", "s", AT(message), 0, read_text, false},
        {"Reason", "s", AT(decline_reason), 0, read_decline_reason, false},
};
static const struct read_field held_fields[] = {
        CALL_FIELD,
        {"OnHold", "b", AT(on), 0, read_bool, true},
};
static const struct read_field muted_fields[] = {
        CALL_FIELD,
        {"Muted", "b", AT(on), 0, read_bool, true},
};
static const struct read_field group_fields[] = {
        CALL_FIELD,
        {"CallToGroupWith", "s", AT(other), 0, read_uuid_or_empty, true},
};
static const struct read_field dtmf_fields[] = {
        CALL_FIELD,
        {"Digits", "s", AT(digits), 0, read_text, true},
        {"Type", "s", AT(dtmf_type), 0, read_dtmf_type, false},
};
static const struct read_field translating_fields[] = {
        CALL_FIELD,
        {"Translating", "b", AT(on), 0, read_bool, true},
        {"LocalLanguage", "s", AT(local_language), 0, read_text, false},
        {"RemoteLanguage", "s", AT(remote_language), 0, read_text, false},
};

#define FIELDS(name)                                     \
        {                                                \
                name##_fields, ARRAY_SIZE(name##_fields) \
        }

static const struct {
        const struct read_field *fields;
        size_t n_fields;
} action_fields[ACTION_TYPE_MAX_] = {
        [ACTION_START] = FIELDS(start),     [ACTION_ANSWER] = FIELDS(answer),
        [ACTION_END] = FIELDS(end),         [ACTION_SET_HELD] = FIELDS(held),
        [ACTION_SET_MUTED] = FIELDS(muted), [ACTION_SET_GROUP] = FIELDS(group),
        [ACTION_PLAY_DTMF] = FIELDS(dtmf),  [ACTION_SET_TRANSLATING] = FIELDS(translating),
};

/* A list of actions while it is being read, and as the engine wants it. */
struct action_list {
        struct action_values *values;
        struct action_args *args;
        size_t n;
};

static void action_list_done(struct action_list *list)
{
        free(list->values);
        free(list->args);
}

static int read_action(const struct reader *reader, sd_bus_message *message,
                       struct action_values *ret_values)
{
        struct action_values values = {.dtmf_type = DTMF_SINGLE_TONE};
        struct reader inner = *reader;
        const char *type;
        int r;

        if ((r = sd_bus_message_enter_container(message, 'r', "sa{sv}")) < 0 ||
            (r = sd_bus_message_read_basic(message, 's', &type)) < 0 ||
            (r = parse_action_type(type, &values.type, reader->error)) < 0)
                return r;
        inner.where = type;
        r = read_dictionary(&inner, message, action_fields[values.type].fields,
                            action_fields[values.type].n_fields, &values, NULL);
        if (r < 0)
                return r;
        if (values.type == ACTION_START && values.handle_type == HANDLE_TYPE_NONE)
                return bus_error_invalid(reader->error,
                                         "HandleType is empty; it must be generic, phone-number or "
                                         "email-address");
        if (!values.call.text[0])
                uuid_make(&values.call);
        *ret_values = values;
        return sd_bus_message_exit_container(message);
}

/* One more than the limit is enough for the engine to refuse. */
static int read_action_values(const struct reader *reader, sd_bus_message *message,
                              struct action_list *list)
{
        size_t limit = engine_get_limits(reader->bus->engine)->actions_per_transaction;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "(sa{sv})");
        while (r >= 0 && (r = sd_bus_message_at_end(message, false)) == 0) {
                struct action_values *values;

                if (list->n > limit)
                        return bus_error_refuse(reader->error, REFUSAL_LIMIT_REACHED,
                                                "A transaction can have %zu actions, this one has "
                                                "more",
                                                limit);
                values = reallocarray(list->values, list->n + 1, sizeof(*values));
                if (!values)
                        return -ENOMEM;
                list->values = values;
                r = read_action(reader, message, &values[list->n]);
                list->n += r >= 0;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static struct action_args to_args(const struct action_values *values)
{
        return (struct action_args){
                .type = values->type,
                .call = values->call.text,
                .provider = values->provider,
                .handle_type = values->handle_type,
                .handle = values->handle,
                .contact = values->contact,
                .account = values->account,
                .video = values->video,
                .message = values->message,
                .decline_reason = values->decline_reason,
                .on = values->on,
                .other = values->other.text,
                .digits = values->digits,
                .dtmf_type = values->dtmf_type,
                .local_language = values->local_language,
                .remote_language = values->remote_language,
        };
}

static int read_actions(const struct reader *reader, sd_bus_message *message,
                        struct action_list *list)
{
        int r = read_action_values(reader, message, list);

        if (r < 0 || list->n == 0)
                return r;
        list->args = calloc(list->n, sizeof(*list->args));
        if (!list->args)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++)
                list->args[i] = to_args(&list->values[i]);
        return 0;
}

/* ---- options ---- */

struct option_values {
        usec_t timeout;
        bool may_end;
        enum origin origin;
        const char *route;
        /* StartCall only */
        struct uuid call;
        bool video;
        const char *account, *contact;
};

#define OPTION_AT(member) offsetof(struct option_values, member)

enum {
        OPTION_TIMEOUT = 1 << 0,
};

static const struct read_field option_fields[] = {
        {"TimeoutUSec", "t", OPTION_AT(timeout), OPTION_TIMEOUT, read_usec, false},
        {"MayEnd", "b", OPTION_AT(may_end), 0, read_bool, false},
        {"Origin", "s", OPTION_AT(origin), 0, read_origin, false},
        {"Route", "s", OPTION_AT(route), 0, read_text, false},
        {"Call", "s", OPTION_AT(call), 0, read_uuid, false},
        {"Video", "b", OPTION_AT(video), 0, read_bool, false},
        {"Account", "s", OPTION_AT(account), 0, read_text, false},
        {"ContactIdentifier", "s", OPTION_AT(contact), 0, read_text, false},
};

#define N_REQUEST_OPTIONS 4

static int check_timeout(struct bus *bus, usec_t timeout, sd_bus_error *error)
{
        const struct limits *limits = engine_get_limits(bus->engine);

        if (timeout >= limits->timeout_min && timeout <= limits->timeout_max)
                return 0;
        return bus_error_invalid(error, "TimeoutUSec is %llu; it must be %llu to %llu microseconds",
                                 (unsigned long long)timeout,
                                 (unsigned long long)limits->timeout_min,
                                 (unsigned long long)limits->timeout_max);
}

static int read_options(const struct reader *reader, sd_bus_message *message, size_t n_fields,
                        struct option_values *ret_values)
{
        struct option_values values = {.origin = ORIGIN_USER};
        unsigned mask;
        int r;

        r = read_dictionary(reader, message, option_fields, n_fields, &values, &mask);
        if (r >= 0 && mask & OPTION_TIMEOUT)
                r = check_timeout(reader->bus, values.timeout, reader->error);
        if (r >= 0 && values.origin != ORIGIN_USER && values.origin != ORIGIN_ACCESSORY)
                r = bus_error_invalid(reader->error,
                                      "Origin is \"%s\"; it must be user or accessory",
                                      origin_to_string(values.origin));
        if (r >= 0)
                r = route_check(reader->bus, reader->client, "Route", str_or_empty(values.route),
                                reader->error);
        if (r >= 0)
                *ret_values = values;
        return r;
}

static bool is_to_be_heard(const struct action_args *action)
{
        return action->type == ACTION_START || action->type == ACTION_ANSWER ||
               (action->type == ACTION_SET_HELD && !action->on);
}

/* For the calls that the request makes active. */
static void apply_route(struct bus *bus, const struct request *request, const char *id)
{
        for (size_t i = 0; id && *id && i < request->n_actions; i++)
                if (is_to_be_heard(&request->actions[i]) && *request->actions[i].call)
                        bus_route_choose(bus, request->actions[i].call, id);
}

/* ---- requests ---- */

void request_init(struct bus *bus, sd_bus_message *message, struct request *ret_request)
{
        const struct client *client = client_of(bus, message);

        *ret_request = (struct request){
                .peer = client_key(client),
                .controller = client_is_controller(client),
                .origin = ORIGIN_USER,
        };
}

static void use_options(struct request *request, const struct option_values *options)
{
        request->origin = options->origin;
        request->timeout = options->timeout;
        request->may_end = options->may_end;
}

/* The ids of the requested actions follow the transaction's. */
static int reply_admitted(struct bus *bus, sd_bus_message *message, const struct uuid *id)
{
        const struct transaction *transaction = engine_find_transaction(bus->engine, id->text);
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const struct action *action = transaction ? transaction->actions : NULL;
        int r;

        if ((r = sd_bus_message_new_method_return(message, &reply)) < 0 ||
            (r = sd_bus_message_append_basic(reply, 's', id->text)) < 0 ||
            (r = sd_bus_message_open_container(reply, 'a', "s")) < 0)
                return r;
        for (; action && r >= 0; action = action->next)
                if (action->requested)
                        r = sd_bus_message_append_basic(reply, 's', action->id.text);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(bus->connection, reply, NULL);
}

static int admit_transaction(struct bus *bus, sd_bus_message *message,
                             const struct request *request, sd_bus_error *error)
{
        struct uuid id;
        int r;

        r = engine_request(bus->engine, bus_now(), request, &id);
        if (r != 0)
                return bus_error_set(error, r, engine_explain(bus->engine));
        bus_commit(bus);
        if (pending_add_signal(bus, &id, message) < 0)
                log_warning("Out of memory: the end of transaction %s will not be told", id.text);
        return reply_admitted(bus, message, &id);
}

int method_request_transaction(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        struct reader reader = {
                .bus = bus, .client = client_of(bus, message), .where = "actions", .error = error};
        cleanup_(action_list_done) struct action_list list = {0};
        struct option_values options;
        struct request request;
        int r;

        r = read_actions(&reader, message, &list);
        if (r < 0)
                return r;
        reader.where = "options";
        r = read_options(&reader, message, N_REQUEST_OPTIONS, &options);
        if (r < 0)
                return r;
        request_init(bus, message, &request);
        use_options(&request, &options);
        request.actions = list.args;
        request.n_actions = list.n;
        r = admit_transaction(bus, message, &request, error);
        if (r >= 0)
                apply_route(bus, &request, options.route);
        bus_settle(bus);
        return r < 0 ? r : 1;
}

static int reply_started(struct bus *bus, sd_bus_message *message, const struct request *request,
                         sd_bus_error *error)
{
        char path[PATH_SIZE];
        struct uuid id;
        int r;

        r = engine_request(bus->engine, bus_now(), request, &id);
        if (r != 0)
                return bus_error_set(error, r, engine_explain(bus->engine));
        bus_commit(bus);
        return sd_bus_reply_method_return(message, "o", call_path(request->actions[0].call, path));
}

static int read_start(const struct reader *reader, sd_bus_message *message,
                      struct action_args *args, struct option_values *options)
{
        const char *type;
        int r;

        r = sd_bus_message_read(message, "sss", &args->provider, &type, &args->handle);
        if (r < 0)
                return r;
        r = parse_handle_type(type, "The handle type", &args->handle_type, reader->error);
        if (r < 0)
                return r;
        return read_options(reader, message, ARRAY_SIZE(option_fields), options);
}

int method_start_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct reader reader = {
                .bus = bus, .client = client_of(bus, message), .where = "options", .error = error};
        struct action_args args = {.type = ACTION_START};
        struct option_values options;
        struct request request;
        int r;

        r = read_start(&reader, message, &args, &options);
        if (r < 0)
                return r;
        if (!options.call.text[0])
                uuid_make(&options.call);
        args.call = options.call.text;
        args.contact = options.contact;
        args.account = options.account;
        args.video = options.video;
        request_init(bus, message, &request);
        use_options(&request, &options);
        request.actions = &args;
        request.n_actions = 1;
        r = reply_started(bus, message, &request, error);
        if (r >= 0)
                apply_route(bus, &request, options.route);
        bus_settle(bus);
        return r < 0 ? r : 1;
}

/* ---- methods of Call1 ---- */

static int request_as(struct bus *bus, const struct call *call, enum request_how how,
                      const struct request *request, struct uuid *ret_id)
{
        struct instant now = bus_now();

        switch (how) {
        case REQUEST_PLAIN:
                return engine_request(bus->engine, now, request, ret_id);
        case REQUEST_SWAP:
                return engine_request_swap(bus->engine, now, request, call->id.text, ret_id);
        case REQUEST_POST_DIAL:
                return engine_request_post_dial(bus->engine, now, request, call->id.text, ret_id);
        }
        return -EINVAL;
}

int request_for_call(struct bus *bus, sd_bus_message *message, const struct call *call,
                     enum request_how how, struct request *request, sd_bus_error *error)
{
        bool own = *request->peer && streq(call->provider->peer, request->peer);
        struct uuid id;
        int r;

        request->waits = !own;
        r = request_as(bus, call, how, request, &id);
        if (r == 0)
                bus_commit(bus);
        if (r != 0)
                r = bus_error_set(error, r, engine_explain(bus->engine));
        else if (own)
                r = sd_bus_reply_method_return(message, NULL);
        else
                r = pending_add_reply(bus, &id, message);
        bus_settle(bus);
        return r < 0 ? r : 1;
}
