/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may do what: one row for each member of each interface.
 *
 * The rows are looked up in one place, before a message reaches its handler, so no handler can
 * forget. A member without a row is for controllers; a test walks the XML and fails on one.
 */
#include "bus/bus-access.h"

#include <assert.h>

#include "bus/bus-object.h"

#define METHOD(interface, member, right)                          \
        {                                                         \
                INTERFACE_##interface, member, ACCESS_CALL, right \
        }
#define READ(interface, member, right)                            \
        {                                                         \
                INTERFACE_##interface, member, ACCESS_READ, right \
        }
#define WRITE(interface, member, right)                            \
        {                                                          \
                INTERFACE_##interface, member, ACCESS_WRITE, right \
        }
#define SIGNAL(interface, member, right)                             \
        {                                                            \
                INTERFACE_##interface, member, ACCESS_RECEIVE, right \
        }

static const struct access_row rows[] = {
        METHOD(MANAGER, "RegisterProvider", RIGHT_ANYONE),
        METHOD(MANAGER, "RequestTransaction", RIGHT_REQUESTER),
        METHOD(MANAGER, "StartCall", RIGHT_REQUESTER),
        METHOD(MANAGER, "ListPendingActions", RIGHT_CONTROLLER),
        METHOD(MANAGER, "SilenceRinger", RIGHT_CONTROLLER),
        METHOD(MANAGER, "SetDefaultProvider", RIGHT_CONTROLLER),
        METHOD(MANAGER, "ReportNewIncomingVoIPPushPayload", RIGHT_PUSH_HELPER),
        SIGNAL(MANAGER, "TransactionCompleted", RIGHT_ASKER),
        READ(MANAGER, "Version", RIGHT_ANYONE),
        READ(MANAGER, "InCall", RIGHT_ANYONE),
        READ(MANAGER, "DoNotDisturb", RIGHT_ANYONE),
        WRITE(MANAGER, "DoNotDisturb", RIGHT_CONTROLLER),
        READ(MANAGER, "DefaultProviders", RIGHT_CONTROLLER),
        READ(MANAGER, "ActiveCalls", RIGHT_ANYONE),
        READ(MANAGER, "ResumableCall", RIGHT_ANYONE),
        READ(MANAGER, "RingingCalls", RIGHT_ANYONE),
        READ(MANAGER, "Features", RIGHT_ANYONE),

        METHOD(PROVIDER, "ReportNewIncomingCall", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportOutgoingCallStartedConnecting", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportOutgoingCallConnected", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportCallUpdated", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportCallEnded", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportCall", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportCallState", RIGHT_OWNER),
        METHOD(PROVIDER, "ReportCallMuted", RIGHT_OWNER),
        METHOD(PROVIDER, "FulfillAction", RIGHT_OWNER),
        METHOD(PROVIDER, "FailAction", RIGHT_OWNER),
        METHOD(PROVIDER, "GetPendingTransactions", RIGHT_OWNER),
        METHOD(PROVIDER, "GetPendingCallActions", RIGHT_OWNER),
        METHOD(PROVIDER, "GetCalls", RIGHT_OWNER),
        METHOD(PROVIDER, "GetStreamProperties", RIGHT_OWNER),
        METHOD(PROVIDER, "SetConfiguration", RIGHT_OWNER),
        METHOD(PROVIDER, "GetConfiguration", RIGHT_OWNER),
        METHOD(PROVIDER, "SetRingtone", RIGHT_OWNER),
        METHOD(PROVIDER, "Invalidate", RIGHT_OWNER),
        SIGNAL(PROVIDER, "Began", RIGHT_OWNER),
        SIGNAL(PROVIDER, "Reset", RIGHT_OWNER),
        SIGNAL(PROVIDER, "PerformTransaction", RIGHT_OWNER),
        SIGNAL(PROVIDER, "ActionTimedOut", RIGHT_OWNER),
        SIGNAL(PROVIDER, "ActionCancelled", RIGHT_OWNER),
        SIGNAL(PROVIDER, "AudioSessionActivated", RIGHT_OWNER),
        SIGNAL(PROVIDER, "AudioSessionDeactivated", RIGHT_OWNER),
        SIGNAL(PROVIDER, "PushPayloadReceived", RIGHT_OWNER),

        READ(PROVIDER_INFO, "Identifier", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "DisplayName", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "Icon", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "Running", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "MaximumCallGroups", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "MaximumCallsPerCallGroup", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "SupportsVideo", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "SupportedHandleTypes", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "SupportedURISchemes", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "Accounts", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "Emergency", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "PushMisses", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "PushBlockedUntil", RIGHT_OWN_INFO),
        READ(PROVIDER_INFO, "Testing", RIGHT_OWN_INFO),

        METHOD(CALL, "Answer", RIGHT_OWN_CALL),
        METHOD(CALL, "EndAndAnswer", RIGHT_OWN_CALL),
        METHOD(CALL, "End", RIGHT_OWN_CALL),
        METHOD(CALL, "Decline", RIGHT_OWN_CALL),
        METHOD(CALL, "SetHeld", RIGHT_OWN_CALL),
        METHOD(CALL, "Swap", RIGHT_OWN_CALL),
        METHOD(CALL, "SetMuted", RIGHT_OWN_CALL),
        METHOD(CALL, "PlayDTMF", RIGHT_OWN_CALL),
        METHOD(CALL, "Join", RIGHT_OWN_CALL),
        METHOD(CALL, "Leave", RIGHT_OWN_CALL),
        METHOD(CALL, "ContinuePostDial", RIGHT_OWN_CALL),
        METHOD(CALL, "CancelPostDial", RIGHT_OWN_CALL),
        METHOD(CALL, "GetPicture", RIGHT_OWN_CALL),
        METHOD(CALL, "GetDetails", RIGHT_OWN_CALL),
        READ(CALL, "UUID", RIGHT_ANYONE),
        READ(CALL, "State", RIGHT_ANYONE),
        READ(CALL, "Outgoing", RIGHT_ANYONE),
        READ(CALL, "OnHold", RIGHT_ANYONE),
        READ(CALL, "HasConnected", RIGHT_ANYONE),
        READ(CALL, "HasEnded", RIGHT_ANYONE),
        READ(CALL, "Provider", RIGHT_OWN_CALL),
        READ(CALL, "Account", RIGHT_OWN_CALL),
        READ(CALL, "RemoteHandleType", RIGHT_OWN_CALL),
        READ(CALL, "RemoteHandle", RIGHT_OWN_CALL),
        READ(CALL, "LocalizedCallerName", RIGHT_OWN_CALL),
        READ(CALL, "DisplayName", RIGHT_OWN_CALL),
        READ(CALL, "Muted", RIGHT_OWN_CALL),
        READ(CALL, "MuteEnforced", RIGHT_OWN_CALL),
        READ(CALL, "Group", RIGHT_OWN_CALL),
        READ(CALL, "HoldReason", RIGHT_OWN_CALL),
        READ(CALL, "RemoteHeld", RIGHT_OWN_CALL),
        READ(CALL, "Alerting", RIGHT_OWN_CALL),
        READ(CALL, "EarlyMedia", RIGHT_OWN_CALL),
        READ(CALL, "HasVideo", RIGHT_OWN_CALL),
        READ(CALL, "Waiting", RIGHT_OWN_CALL),
        READ(CALL, "AnswerPending", RIGHT_OWN_CALL),
        READ(CALL, "Emergency", RIGHT_OWN_CALL),
        READ(CALL, "Translating", RIGHT_OWN_CALL),
        READ(CALL, "Reconnecting", RIGHT_OWN_CALL),
        READ(CALL, "SupportsHolding", RIGHT_OWN_CALL),
        READ(CALL, "SupportsGrouping", RIGHT_OWN_CALL),
        READ(CALL, "SupportsUngrouping", RIGHT_OWN_CALL),
        READ(CALL, "SupportsDTMF", RIGHT_OWN_CALL),
        READ(CALL, "SupportsMuting", RIGHT_OWN_CALL),
        READ(CALL, "Allowed", RIGHT_OWN_CALL),
        READ(CALL, "PostDial", RIGHT_OWN_CALL),
        READ(CALL, "StartedAt", RIGHT_OWN_CALL),
        READ(CALL, "StartedAtBoottime", RIGHT_OWN_CALL),
        READ(CALL, "ConnectedAt", RIGHT_OWN_CALL),
        READ(CALL, "ConnectedAtBoottime", RIGHT_OWN_CALL),
        READ(CALL, "EndedAt", RIGHT_OWN_CALL),
        READ(CALL, "EndedAtBoottime", RIGHT_OWN_CALL),
        READ(CALL, "EndedReason", RIGHT_OWN_CALL),
        READ(CALL, "EndedCause", RIGHT_OWN_CALL),
        READ(CALL, "EndedText", RIGHT_OWN_CALL),
        READ(CALL, "StateOrigin", RIGHT_OWN_CALL),
        READ(CALL, "Members", RIGHT_OWN_CALL),

        METHOD(AUDIO, "SetRoute", RIGHT_ROUTE),
        READ(AUDIO, "Available", RIGHT_ANYONE),
        READ(AUDIO, "Calls", RIGHT_ANYONE),
        READ(AUDIO, "Route", RIGHT_ANYONE),
        READ(AUDIO, "Routes", RIGHT_ROUTE),
        READ(AUDIO, "Ringing", RIGHT_ANYONE),
};

size_t access_count(void)
{
        return ARRAY_SIZE(rows);
}

const struct access_row *access_row(size_t index)
{
        assert(index < ARRAY_SIZE(rows));
        return &rows[index];
}

const struct access_row *access_find(enum access_kind kind, const char *interface,
                                     const char *member)
{
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].kind == kind && streq(rows[i].member, member) &&
                    streq(rows[i].interface, interface))
                        return &rows[i];
        return NULL;
}

static bool is_provider(const struct client *client, const struct provider *provider)
{
        return client && provider && provider->state == PROVIDER_RUNNING &&
               streq(provider->peer, client->key);
}

static bool owns_call(struct bus *bus, const struct client *client, const char *path)
{
        const struct call *call = NULL;
        struct uuid uuid;

        if (call_path_decode(path, &uuid))
                call = engine_find_call(bus->engine, uuid.text);
        return call && is_provider(client, call->provider);
}

static bool owns_object(struct bus *bus, const struct client *client, const char *path)
{
        unsigned number;

        return provider_path_decode(path, &number) &&
               is_provider(client, engine_find_provider(bus->engine, number));
}

static bool is_registered(struct bus *bus, const struct client *client)
{
        const struct provider *provider = NULL;

        while ((provider = engine_next_provider(bus->engine, provider)))
                if (is_provider(client, provider))
                        return true;
        return false;
}

static bool has_active_call(struct bus *bus, const struct client *client)
{
        const struct call *call = engine_active_call(bus->engine);

        return call && is_provider(client, call->provider);
}

bool access_may_route(struct bus *bus, const struct client *client)
{
        return client_is_controller(client) || has_active_call(bus, client);
}

/* What `right` asks for, in words, or NULL where the client has it. */
static const char *missing_right(struct bus *bus, const struct client *client,
                                 enum access_right right, const char *path)
{
        bool controller = client_is_controller(client);

        switch (right) {
        case RIGHT_ANYONE:
        case RIGHT_ASKER:
        case RIGHT_PUSH_HELPER:
                return NULL;
        case RIGHT_CONTROLLER:
                return controller ? NULL : "controllers";
        case RIGHT_REQUESTER:
                return controller || is_registered(bus, client)
                               ? NULL
                               : "controllers and registered providers";
        case RIGHT_OWN_CALL:
                return controller || owns_call(bus, client, path)
                               ? NULL
                               : "controllers and the provider of this call";
        case RIGHT_OWN_INFO:
                return controller || owns_object(bus, client, path)
                               ? NULL
                               : "controllers and this provider";
        case RIGHT_ROUTE:
                return access_may_route(bus, client)
                               ? NULL
                               : "controllers and providers with an active call";
        case RIGHT_OWNER:
                return owns_object(bus, client, path)
                               ? NULL
                               : "the connection that registered this provider";
        }
        return "nobody";
}

static int check(struct bus *bus, const struct client *client, enum access_kind kind,
                 const char *interface, const char *member, const char *path, sd_bus_error *error)
{
        const struct access_row *row = access_find(kind, interface, member);
        enum access_right right = row ? row->right : RIGHT_CONTROLLER;
        const char *missing = missing_right(bus, client, right, path);

        if (!missing)
                return 0;
        return bus_error_refuse(error, REFUSAL_NOT_AUTHORIZED, "%s.%s is for %s, not for %s",
                                interface, member, missing, client ? client->name : "you");
}

/* Get and Set name the member in their arguments; GetAll gives out what is public only. */
static int check_property(struct bus *bus, const struct client *client, sd_bus_message *message,
                          sd_bus_error *error)
{
        const char *method = sd_bus_message_get_member(message);
        const char *interface, *property;
        enum access_kind kind;
        int r;

        if (streq(method, "Get"))
                kind = ACCESS_READ;
        else if (streq(method, "Set"))
                kind = ACCESS_WRITE;
        else
                return 0;
        r = sd_bus_message_read(message, "ss", &interface, &property);
        sd_bus_message_rewind(message, true);
        /* Malformed, or no property of ours: sd-bus says so. */
        if (r < 0 || !access_find(ACCESS_READ, interface, property))
                return 0;
        return check(bus, client, kind, interface, property, sd_bus_message_get_path(message),
                     error);
}

int access_check(struct bus *bus, const struct client *client, sd_bus_message *message,
                 sd_bus_error *error)
{
        const char *interface = sd_bus_message_get_interface(message);
        const char *member = sd_bus_message_get_member(message);
        const char *path = sd_bus_message_get_path(message);

        /* sd-bus serves no method without its interface. */
        if (!interface || !member)
                return 0;
        if (streq(interface, INTERFACE_PROPERTIES))
                return check_property(bus, client, message, error);
        if (strncmp(interface, "org.callsd.", 11) != 0)
                return 0;
        return check(bus, client, ACCESS_CALL, interface, member, path, error);
}
