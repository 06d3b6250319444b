/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Push payloads: from a helper to the provider that they are for.
 *
 * The manifest names helpers by names on the bus, or by ids of sandboxed apps. Who has such a name
 * now only the bus knows, so it is asked, one name after the other, and the call waits. What a
 * helper is told is the truth about its payload: the reply is sent when that leaves for the
 * provider, or when the provider cannot be started. A helper that does not wait for it loses
 * nothing, for what was admitted is on record.
 */
#include "bus/bus-push.h"

#include <errno.h>
#include <utlist.h>

#include "bus/bus-client.h"
#include "bus/bus-credit.h"
#include "bus/bus-mailbox.h"
#include "bus/bus-payload.h"
#include "util/log.h"

struct push_call {
        struct bus *bus;
        sd_bus_message *message;
        char *sender, *identifier;
        size_t asked;      /* which of the helpers the bus was asked about */
        sd_bus_slot *slot; /* while it is */
        struct uuid push;  /* then: the payload that the reply waits for */
        struct push_call *prev, *next;
};

static void call_free(struct push_call *call)
{
        DL_DELETE(call->bus->push_calls, call);
        mailbox_reply_left(client_of(call->bus, call->message));
        sd_bus_slot_unref(call->slot);
        sd_bus_message_unref(call->message);
        free(call->sender);
        free(call->identifier);
        free(call);
}

static struct push_call *call_new(struct bus *bus, sd_bus_message *message, const char *identifier)
{
        struct push_call *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;
        call->sender = strdup(str_or_empty(sd_bus_message_get_sender(message)));
        call->identifier = strdup(identifier);
        if (!call->sender || !call->identifier) {
                free(call->sender);
                free(call->identifier);
                free(call);
                return NULL;
        }
        call->bus = bus;
        call->message = sd_bus_message_ref(message);
        mailbox_reply_waits(client_of(bus, message));
        DL_APPEND(bus->push_calls, call);
        return call;
}

void pushes_forget_client(struct bus *bus, const char *name)
{
        struct push_call *call, *next;

        DL_FOREACH_SAFE (bus->push_calls, call, next) {
                if (streq(call->sender, name))
                        call_free(call);
        }
}

void pushes_forget_all(struct bus *bus)
{
        struct push_call *call, *next;

        DL_FOREACH_SAFE (bus->push_calls, call, next) {
                call_free(call);
        }
}

/* ---- what becomes of it ---- */

static int reply_failed(struct bus *bus, sd_bus_message *message, const struct push *push)
{
        const char *identifier = push->provider->config.identifier;

        if (push->reason)
                return sd_bus_reply_method_errorf(message, bus_error_name(REFUSAL_PROVIDER_AWAY),
                                                  "The payload did not get to %s. %s", identifier,
                                                  push->reason);
        return sd_bus_reply_method_errorf(
                message, bus_error_name(REFUSAL_PROVIDER_AWAY), "%s did not register within %u s",
                identifier,
                (unsigned)(engine_get_limits(bus->engine)->reply_timeout / USEC_PER_SEC));
}

static void answer(struct bus *bus, const struct push *push, bool failed)
{
        struct push_call *call, *next;
        int r;

        DL_FOREACH_SAFE (bus->push_calls, call, next) {
                if (call->slot || !streq(call->push.text, push->id.text))
                        continue;
                r = failed ? reply_failed(bus, call->message, push)
                           : sd_bus_reply_method_return(call->message, NULL);
                if (r < 0) {
                        log_warning("A push helper could not be answered: %s", strerror(-r));
                        sd_bus_reply_method_errno(call->message, r, NULL);
                }
                call_free(call);
        }
}

void bus_apply_push(struct bus *bus, const struct effect *effect)
{
        const struct push *push = engine_find_push(bus->engine, effect->action.text);
        struct client *client;

        if (!push)
                return;
        if (effect->type == EFFECT_PUSH_FAILED) {
                answer(bus, push, true);
        } else if (effect->type == EFFECT_PUSH && push->state != PUSH_WAITING) {
                /* it waits again where its provider went before this left */
                answer(bus, push, false);
                bus_apply_delegate(bus, effect);
                client = client_find_key(bus, push->provider->peer);
                if (client)
                        credit_charge(client, push->size);
        }
}

int push_append(sd_bus_message *signal, const struct push *push)
{
        usec_t deadline = push->report_required ? push->deadline.at : USEC_INFINITY;
        int r;

        r = sd_bus_message_append_basic(signal, 's', push->id.text);
        if (r >= 0)
                r = payload_append(push->data, push->size, signal);
        if (r >= 0)
                r = sd_bus_message_append(signal, "a{sv}", 2, "ReportRequired", "b",
                                          (int)push->report_required, "DeadlineUSec", "t",
                                          deadline);
        sd_bus_message_sensitive(signal);
        return r;
}

/* ---- whose it is ---- */

static void refuse(struct push_call *call, sd_bus_error *error)
{
        int r = sd_bus_reply_method_error(call->message, error);

        if (r < 0)
                sd_bus_reply_method_errno(call->message, r, NULL);
        call_free(call);
}

/* The identifier comes before it. */
static int read_payload(struct push_call *call, struct payload *payload, sd_bus_error *error)
{
        size_t size_max = engine_get_limits(call->bus->engine)->push_size;
        int r = sd_bus_message_rewind(call->message, true);

        if (r >= 0)
                r = sd_bus_message_skip(call->message, "s");
        if (r >= 0)
                r = payload_read(payload, call->message, size_max);
        if (r == -EBADMSG)
                return bus_error_invalid(error, "A payload cannot hold file descriptors (type h)");
        if (r == -ELOOP)
                return bus_error_invalid(error,
                                         "The payload has values inside of each other that are "
                                         "deeper than %u",
                                         PAYLOAD_DEPTH_MAX);
        return r < 0 ? sd_bus_error_set_errno(error, r) : 0;
}

static int report(struct push_call *call, sd_bus_error *error)
{
        struct bus *bus = call->bus;
        cleanup_(payload_done) struct payload payload = {0};
        int r = read_payload(call, &payload, error);

        if (r < 0)
                return r;
        r = engine_report_push(bus->engine, bus_now(), call->identifier, payload.data, payload.size,
                               &call->push);
        return r == 0 ? 0 : bus_error_set(error, r, engine_explain(bus->engine));
}

/* The caller may: the payload is the engine's from here on. */
static void admit(struct push_call *call)
{
        cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        struct bus *bus = call->bus;
        const struct push *push;

        if (report(call, &error) < 0) {
                refuse(call, &error);
                return;
        }
        bus_commit(bus);
        push = engine_find_push(bus->engine, call->push.text);
        if (push && push->state != PUSH_WAITING)
                answer(bus, push, false);
        bus_settle(bus);
}

static void ask_next(struct push_call *call);

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        cleanup_(sd_bus_error_free) sd_bus_error problem = SD_BUS_ERROR_NULL;
        struct push_call *call = userdata;
        const char *owner = "";
        int r = 0;

        (void)error;
        call->slot = sd_bus_slot_unref(call->slot);
        /* an error: nobody has the name */
        if (!sd_bus_message_is_method_error(reply, NULL))
                r = sd_bus_message_read_basic(reply, 's', &owner);
        if (r < 0) {
                sd_bus_error_set_errno(&problem, r);
                refuse(call, &problem);
        } else if (*owner && streq(owner, call->sender)) {
                admit(call);
        } else {
                call->asked++;
                ask_next(call);
        }
        return 0;
}

static const char *const *find_helpers(struct bus *bus, const char *identifier)
{
        return bus->hooks.push_helpers ? bus->hooks.push_helpers(identifier, bus->userdata) : NULL;
}

static const char *nth(const char *const *names, size_t n)
{
        for (; names && *names && n > 0; n--)
                names++;
        return names ? *names : NULL;
}

/* Manifests may have changed since, so the helpers are looked up each time. */
static void ask_next(struct push_call *call)
{
        cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *helper = nth(find_helpers(call->bus, call->identifier), call->asked);
        int r = 0;

        if (helper)
                r = sd_bus_call_method_async(call->bus->connection, &call->slot,
                                             "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                             "org.freedesktop.DBus", "GetNameOwner", on_owner, call,
                                             "s", helper);
        else
                sd_bus_error_setf(&error, ERROR_INVALID_CLIENT,
                                  "The manifest of %.255s has its payloads come from somebody else "
                                  "(PushHelpers=); you have none of the names that are there",
                                  call->identifier);
        if (r < 0)
                sd_bus_error_set_errno(&error, r);
        if (sd_bus_error_is_set(&error))
                refuse(call, &error);
}

/* What a sandbox says of its app is as good as a name. */
static bool is_sandboxed_helper(const struct client *client, const char *const *helpers)
{
        if (!client || !client->sandboxed || !*client->app_id)
                return false;
        for (; *helpers; helpers++)
                if (streq(*helpers, client->app_id))
                        return true;
        return false;
}

int method_report_push(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *const *helpers;
        const char *identifier;
        struct push_call *call;
        int r = sd_bus_message_read_basic(message, 's', &identifier);

        if (r < 0)
                return r;
        if (!*identifier)
                return bus_error_invalid(error, "The identifier is empty; name the provider that "
                                                "the payload is for");
        if (!engine_find_identifier(bus->engine, identifier))
                return bus_error_refuse(error, REFUSAL_REQUEST_UNKNOWN_PROVIDER,
                                        "There is no provider \"%.255s\"", identifier);
        helpers = find_helpers(bus, identifier);
        if (!helpers || !*helpers)
                return sd_bus_error_setf(error, ERROR_MISSING_ENTITLEMENT,
                                         "No manifest of the system lets anybody hand over "
                                         "payloads for %.255s (PushHelpers=)",
                                         identifier);
        call = call_new(bus, message, identifier);
        if (!call)
                return -ENOMEM;
        if (is_sandboxed_helper(client_of(bus, message), helpers))
                admit(call);
        else
                ask_next(call);
        return 1;
}
