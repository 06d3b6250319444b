/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.callsd.Manager1 at /org/callsd: registration, requests, the state of the whole. */
#include <errno.h>

#include "bus/bus-object.h"
#include "bus/bus-push.h"
#include "bus/bus-request.h"
#include "bus/bus-update.h"

/* ---- registration ---- */

static int reply_registered(struct bus *bus, sd_bus_message *message, unsigned number)
{
        const struct provider *provider = engine_find_provider(bus->engine, number);
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const struct call *call;
        char path[PATH_SIZE];
        int r;

        if ((r = sd_bus_message_new_method_return(message, &reply)) < 0 ||
            (r = sd_bus_message_append(reply, "o", provider_path(number, path))) < 0 ||
            (r = sd_bus_message_open_container(reply, 'a', "s")) < 0)
                return r;
        for (call = provider->calls; call && r >= 0; call = call->provider_next)
                if (call->state != CALL_STATE_ENDED)
                        r = sd_bus_message_append_basic(reply, 's', call->id.text);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(bus->connection, reply, NULL);
}

/* The name of a sandboxed app is what the sandbox says, not what the app says. */
static int check_identifier(const struct client *client, const char *identifier,
                            sd_bus_error *error)
{
        if (!client)
                return bus_error_refuse(error, REFUSAL_INCOMING_UNENTITLED,
                                        "A provider needs a name on the bus");
        if (!client->sandboxed || streq(client->app_id, identifier))
                return 0;
        if (!*client->app_id)
                return bus_error_refuse(error, REFUSAL_INCOMING_UNENTITLED,
                                        "callsd cannot learn which app %s is; it can't be a "
                                        "provider",
                                        client->name);
        return bus_error_refuse(error, REFUSAL_INCOMING_UNENTITLED,
                                "Identifier is \"%.255s\"; the sandboxed app %s can be a provider "
                                "under its own name only",
                                identifier, client->app_id);
}

static int register_provider(struct bus *bus, sd_bus_message *message, const struct client *client,
                             struct provider_config *config, sd_bus_error *error)
{
        struct provider_peer peer;
        unsigned number;
        int r;

        r = check_identifier(client, config->identifier, error);
        if (r < 0)
                return r;
        peer = (struct provider_peer){
                .name = client->key,
                .identity = client->identity,
                .sandboxed = client->sandboxed,
        };
        r = engine_register_provider(bus->engine, bus_now(), &peer, config, &number);
        if (r != 0)
                return bus_error_set(error, r, engine_explain(bus->engine));
        bus_commit(bus);
        return reply_registered(bus, message, number);
}

static int method_register_provider(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        struct client *client = client_of(bus, message);
        const struct reader reader = {
                .bus = bus, .client = client, .where = "configuration", .error = error};
        cleanup_(provider_config_done) struct provider_config config = {0};
        int r;

        r = read_config(&reader, message, true, &config);
        if (r < 0)
                return r;
        r = register_provider(bus, message, client, &config, error);
        bus_settle(bus);
        return r < 0 ? r : 1;
}

/* ---- for controllers ---- */

static int method_list_pending_actions(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const struct transaction *transaction = NULL;
        const struct action *action;
        int r;

        (void)error;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        while (r >= 0 && (transaction = engine_next_transaction(bus->engine, transaction)))
                for (action = transaction->actions; action && r >= 0; action = action->next)
                        if (action->state != ACTION_DONE)
                                r = append_pending_action(reply, action);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(bus->connection, reply, NULL);
}

static int method_silence_ringer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        return bus_finish(bus, message, error, engine_silence_ringer(bus->engine, bus_now()));
}

static int method_set_default_provider(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *key, *identifier;
        int r = sd_bus_message_read(message, "ss", &key, &identifier);

        if (r < 0)
                return r;
        return bus_finish(bus, message, error,
                          engine_set_default_provider(bus->engine, bus_now(), key, identifier));
}

/* ---- properties ---- */

static int get_version(sd_bus *connection, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error)
{
        (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "s", CALLSD_VERSION);
}

static int get_features(sd_bus *connection, const char *path, const char *interface,
                        const char *property, sd_bus_message *reply, void *userdata,
                        sd_bus_error *error)
{
        (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "as", 0);
}

static int get_in_call(sd_bus *connection, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "b", (int)engine_in_call(bus->engine));
}

static int get_do_not_disturb(sd_bus *connection, const char *path, const char *interface,
                              const char *property, sd_bus_message *reply, void *userdata,
                              sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "b", (int)engine_do_not_disturb(bus->engine));
}

/* The reply to Set is sd-bus's, after this; the signals follow it at the end of this turn. */
static int set_do_not_disturb(sd_bus *connection, const char *path, const char *interface,
                              const char *property, sd_bus_message *value, void *userdata,
                              sd_bus_error *error)
{
        struct bus *bus = userdata;
        int on, r = sd_bus_message_read(value, "b", &on);

        (void)connection, (void)path, (void)interface, (void)property;
        if (r < 0)
                return r;
        r = engine_set_do_not_disturb(bus->engine, bus_now(), on);
        if (r != 0)
                return bus_error_set(error, r, engine_explain(bus->engine));
        bus_commit(bus);
        return bus_settle_later(bus);
}

static int get_default_providers(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *key, *identifier;
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        for (size_t i = 0; r >= 0 && engine_default_provider(bus->engine, i, &key, &identifier);
             i++)
                r = sd_bus_message_append(reply, "{ss}", key, identifier);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_path(sd_bus_message *message, const struct call *call)
{
        char path[PATH_SIZE];

        return sd_bus_message_append_basic(message, 'o', call_path(call->id.text, path));
}

static int get_active_calls(sd_bus *connection, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *first = engine_active_call(bus->engine), *call;
        int r = sd_bus_message_open_container(reply, 'a', "o");

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        for (call = first; call && r >= 0; call = call_group_walk(first, call))
                if (call->state == CALL_STATE_ACTIVE)
                        r = append_path(reply, call);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_ringing_calls(sd_bus *connection, const char *path, const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = engine_first_ringing(bus->engine);
        int r = sd_bus_message_open_container(reply, 'a', "o");

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        for (; call && r >= 0; call = call->ringing_next)
                r = append_path(reply, call);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_resumable_call(sd_bus *connection, const char *path, const char *interface,
                              const char *property, sd_bus_message *reply, void *userdata,
                              sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = engine_resumable_call(bus->engine);

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        return call ? append_path(reply, call) : sd_bus_message_append(reply, "o", "/");
}

#define CHANGING SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("RegisterProvider", SD_BUS_ARGS("a{sv}", configuration),
                                SD_BUS_RESULT("o", provider, "as", calls), method_register_provider,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("RequestTransaction",
                                SD_BUS_ARGS("a(sa{sv})", actions, "a{sv}", options),
                                SD_BUS_RESULT("s", transaction, "as", action_ids),
                                method_request_transaction, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS(
                "StartCall",
                SD_BUS_ARGS("s", provider, "s", handle_type, "s", handle, "a{sv}", options),
                SD_BUS_RESULT("o", call), method_start_call, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ListPendingActions", SD_BUS_NO_ARGS,
                                SD_BUS_RESULT("aa{sv}", actions), method_list_pending_actions,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("SilenceRinger", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_silence_ringer, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("SetDefaultProvider",
                                SD_BUS_ARGS("s", scheme_or_handle_type, "s", identifier),
                                SD_BUS_NO_RESULT, method_set_default_provider, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ReportNewIncomingVoIPPushPayload",
                                SD_BUS_ARGS("s", identifier, "a{sv}", payload), SD_BUS_NO_RESULT,
                                method_report_push, CHECKED_BY_US),
        SD_BUS_SIGNAL_WITH_ARGS("TransactionCompleted",
                                SD_BUS_ARGS("s", transaction, "aa{sv}", results), 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("InCall", "b", get_in_call, 0, CHANGING),
        SD_BUS_WRITABLE_PROPERTY("DoNotDisturb", "b", get_do_not_disturb, set_do_not_disturb, 0,
                                 CHANGING | SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("DefaultProviders", "a{ss}", get_default_providers, 0,
                        SD_BUS_VTABLE_PROPERTY_EXPLICIT |
                                SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
        SD_BUS_PROPERTY("ActiveCalls", "ao", get_active_calls, 0, CHANGING),
        SD_BUS_PROPERTY("ResumableCall", "o", get_resumable_call, 0, CHANGING),
        SD_BUS_PROPERTY("RingingCalls", "ao", get_ringing_calls, 0, CHANGING),
        SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};
