/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals of Provider1: what a provider is told and asked to do.
 *
 * Each is addressed to the one connection that registered. A broadcast would tell everybody on the
 * bus who calls whom.
 */
#include <errno.h>

#include "bus/bus-credit.h"
#include "bus/bus-object.h"
#include "bus/bus-push.h"
#include "bus/bus-request.h"
#include "util/log.h"

/* NULL where the provider is not reachable: it is away, or was on an earlier connection. */
static struct client *client_behind(struct bus *bus, const struct provider *provider)
{
        return bus->connection && provider ? client_find_key(bus, provider->peer) : NULL;
}

static int new_signal(struct bus *bus, const struct provider *provider, const char *member,
                      sd_bus_message **ret_signal)
{
        const struct client *client = client_behind(bus, provider);
        cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        char path[PATH_SIZE];
        int r;

        if (!client)
                return -ENOTCONN;
        r = sd_bus_message_new_signal(bus->connection, &signal,
                                      provider_path(provider->number, path), INTERFACE_PROVIDER,
                                      member);
        if (r >= 0)
                r = sd_bus_message_set_destination(signal, client->name);
        if (r >= 0)
                *ret_signal = take_ptr(signal);
        return r;
}

static int tell_began(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        (void)bus, (void)effect;
        return sd_bus_message_append(signal, "a{sv}", 0);
}

/* The calls ended before: those of this provider that are over for no other reason. */
static int tell_reset(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        const struct provider *provider = engine_find_provider(bus->engine, effect->provider);
        const struct call *call = provider->calls;
        int r = sd_bus_message_open_container(signal, 'a', "s");

        for (; call && r >= 0; call = call->provider_next)
                if (call->state == CALL_STATE_ENDED &&
                    (call->ended_reason == ENDED_REASON_FAILED ||
                     call->ended_reason == ENDED_REASON_PROVIDER_LOST))
                        r = sd_bus_message_append_basic(signal, 's', call->id.text);
        if (r >= 0)
                r = sd_bus_message_close_container(signal);
        return r < 0 ? r : sd_bus_message_append(signal, "a{sv}", 0);
}

static int tell_perform(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        const struct transaction *transaction =
                engine_find_transaction(bus->engine, effect->transaction.text);
        const struct action *action = transaction ? transaction->actions : NULL;
        int r;

        if ((r = sd_bus_message_append_basic(signal, 's', effect->transaction.text)) < 0 ||
            (r = sd_bus_message_open_container(signal, 'a', "(ssa{sv})")) < 0)
                return r;
        for (; action && r >= 0; action = action->next)
                if (action->delivery == effect->serial)
                        r = append_action(signal, action);
        if (r >= 0)
                r = sd_bus_message_close_container(signal);
        sd_bus_message_sensitive(signal);
        return r < 0 ? r : sd_bus_message_append(signal, "a{sv}", 0);
}

static int tell_timed_out(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        (void)bus;
        return sd_bus_message_append(signal, "ssa{sv}", effect->action.text, effect->call.text, 0);
}

static int tell_cancelled(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        const struct action *action = engine_find_action(bus->engine, effect->action.text);
        const char *why = action ? str_or_empty(action->reason) : "";

        return sd_bus_message_append(signal, "ssa{sv}", effect->action.text, effect->call.text, 1,
                                     "Why", "s", why);
}

static int append_session(struct bus *bus, sd_bus_message *signal, const char *call)
{
        const char *sink, *source, *route = NULL;
        int r;

        if (!bus->hooks.audio_nodes ||
            bus->hooks.audio_nodes(call, &sink, &source, bus->userdata) < 0)
                return 0;
        r = sd_bus_message_append(signal, "{sv}{sv}", "Sink", "s", sink, "Source", "s", source);
        if (bus->hooks.audio_route)
                route = bus->hooks.audio_route(bus->userdata);
        if (r < 0 || !route || !*route)
                return r;
        return sd_bus_message_append(signal, "{sv}", "Route", "s", route);
}

static int tell_activated(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        int r;

        if ((r = sd_bus_message_append_basic(signal, 's', effect->call.text)) < 0 ||
            (r = sd_bus_message_open_container(signal, 'a', "{sv}")) < 0 ||
            (r = append_session(bus, signal, effect->call.text)) < 0)
                return r;
        return sd_bus_message_close_container(signal);
}

static int tell_deactivated(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        (void)bus;
        return sd_bus_message_append(signal, "sa{sv}", effect->call.text, 0);
}

static int tell_push(struct bus *bus, sd_bus_message *signal, const struct effect *effect)
{
        const struct push *push = engine_find_push(bus->engine, effect->action.text);

        return push ? push_append(signal, push) : -ENOENT;
}

static const struct {
        const char *member;
        int (*tell)(struct bus *bus, sd_bus_message *signal, const struct effect *effect);
} signals[EFFECT_TYPE_MAX_] = {
        [EFFECT_BEGAN] = {"Began", tell_began},
        [EFFECT_RESET] = {"Reset", tell_reset},
        [EFFECT_PERFORM] = {"PerformTransaction", tell_perform},
        [EFFECT_ACTION_TIMED_OUT] = {"ActionTimedOut", tell_timed_out},
        [EFFECT_ACTION_CANCELLED] = {"ActionCancelled", tell_cancelled},
        [EFFECT_PUSH] = {"PushPayloadReceived", tell_push},
        [EFFECT_AUDIO_ACTIVATED] = {"AudioSessionActivated", tell_activated},
        [EFFECT_AUDIO_DEACTIVATED] = {"AudioSessionDeactivated", tell_deactivated},
};

/* A provider that cannot be reached learns nothing: its name is gone or the bus is. */
void bus_apply_delegate(struct bus *bus, const struct effect *effect)
{
        const struct provider *provider = engine_find_provider(bus->engine, effect->provider);
        const struct log_context context = {
                .call = effect->call.text[0] ? effect->call.text : NULL,
                .transaction = effect->transaction.text[0] ? effect->transaction.text : NULL,
                .provider = provider ? provider->config.identifier : NULL,
        };
        cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        int r;

        /* An app that invalidates itself has reset itself, and is told nothing any more. */
        if (!signals[effect->type].member ||
            (effect->type == EFFECT_RESET && provider && provider->state == PROVIDER_GONE))
                return;
        r = new_signal(bus, provider, signals[effect->type].member, &signal);
        if (r >= 0)
                r = signals[effect->type].tell(bus, signal, effect);
        if (r >= 0)
                r = sd_bus_send(bus->connection, signal, NULL);
        if (r >= 0)
                credit_charge(client_behind(bus, provider),
                              CREDIT_MESSAGE + effect->n_actions * CREDIT_OBJECT);
        if (r < 0)
                log_write(r == -ENOTCONN ? LOG_DEBUG : LOG_WARNING, &context,
                          "%s did not leave: %s", signals[effect->type].member, strerror(-r));
}
