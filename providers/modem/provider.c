/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Being a provider of callsd's: modems are its accounts. */
#include <callsd/cleanup.h>
#include <utlist.h>

#include "bridge.h"

/*
 * One call or conference active and one held at each modem; six phones in a conference, of which
 * one is ours (3GPP 22.084).
 */
#define GROUPS_PER_MODEM 2
#define CALLS_PER_GROUP 5
/* A crash and a start by systemd, with room for a slow machine. */
#define RECLAIM_GRACE_USEC (30 * SEC_USEC)

static const char *const schemes[] = {"tel", NULL};
static const enum cx_handle_type handle_types[] = {CX_HANDLE_TYPE_PHONE_NUMBER};

static int add_account(struct cx_provider_configuration *configuration, const struct modem *modem)
{
        CX_CLEANUP(cx_account) struct cx_account *account = NULL;
        bool emergency = (modem->abilities & MODEM_CAN_CALL) && modem->emergency_numbers &&
                         modem->emergency_numbers[0];
        int r = cx_account_new(modem->id, modem->label ? modem->label : modem->id, &account);

        if (r >= 0 && modem->state)
                r = cx_account_set_state(account, modem->state);
        if (r >= 0)
                r = cx_account_set_handle_types(account, handle_types, ARRAY_SIZE(handle_types));
        if (r >= 0)
                r = cx_account_set_uri_schemes(account, schemes);
        if (r >= 0)
                r = cx_account_set_emergency(account, emergency);
        if (r >= 0)
                r = cx_provider_configuration_add_account(configuration, account);
        return r;
}

static unsigned count_modems(const struct bridge *bridge)
{
        const struct modem *modem;
        unsigned n = 0;

        DL_FOREACH (bridge->modems, modem)
                n++;
        return n ? n : 1;
}

static int make_configuration(struct bridge *bridge, struct cx_provider_configuration **ret)
{
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;
        const struct modem *modem;
        int r;

        r = cx_provider_configuration_new(bridge->identifier, &configuration);
        if (r >= 0)
                r = cx_provider_configuration_set_localized_name(configuration, bridge->type->name);
        if (r >= 0)
                r = cx_provider_configuration_set_icon(configuration, "phone");
        if (r >= 0)
                r = cx_provider_configuration_set_audio(configuration, CX_CALL_AUDIO_EXTERNAL);
        if (r >= 0)
                r = cx_provider_configuration_set_reclaim_grace_usec(configuration,
                                                                     RECLAIM_GRACE_USEC);
        if (r >= 0)
                r = cx_provider_configuration_set_maximum_call_groups(
                        configuration, GROUPS_PER_MODEM * count_modems(bridge));
        if (r >= 0)
                r = cx_provider_configuration_set_maximum_calls_per_call_group(configuration,
                                                                               CALLS_PER_GROUP);
        if (r >= 0)
                r = cx_provider_configuration_set_supported_handle_types(
                        configuration, handle_types, ARRAY_SIZE(handle_types));
        if (r >= 0)
                r = cx_provider_configuration_set_supported_uri_schemes(configuration, schemes);
        if (r >= 0)
                r = cx_provider_configuration_set_testing(configuration, bridge->testing);
        DL_FOREACH (bridge->modems, modem)
                if (r >= 0)
                        r = add_account(configuration, modem);
        if (r < 0)
                return r;
        *ret = configuration;
        configuration = NULL;
        return 0;
}

void provider_tell_accounts(struct bridge *bridge)
{
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;

        bridge->accounts_changed = false;
        if (bridge->provider && make_configuration(bridge, &configuration) >= 0)
                (void)cx_provider_set_configuration(bridge->provider, configuration, NULL, NULL);
}

/* Calls that began while callsd was away are reported when it is back. */
void provider_available(struct bridge *bridge, bool available)
{
        if (bridge->begun && bridge->available != available)
                log_info(available ? "callsd is there" : "callsd is away; calls go on");
        bridge->available = available;
        if (available)
                bridge_changed(bridge);
}

static void on_available(struct cx_context *context, int available, void *userdata)
{
        (void)context;
        provider_available(userdata, available);
}

static int open_context(struct bridge *bridge, const char *bus_address, bool system)
{
        if (bus_address)
                return cx_context_new_address(bus_address, &bridge->context);
        return system ? cx_context_new_system(&bridge->context) : cx_context_new(&bridge->context);
}

int provider_start(struct bridge *bridge, const char *bus_address, bool system)
{
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;
        int r = open_context(bridge, bus_address, system);

        if (r >= 0)
                r = cx_context_attach_event(bridge->context, bridge->event, 0);
        if (r >= 0)
                r = cx_context_set_availability_callback(bridge->context, on_available, bridge);
        if (r >= 0)
                r = make_configuration(bridge, &configuration);
        if (r >= 0)
                r = cx_provider_new(bridge->context, configuration, &bridge->provider);
        if (r >= 0)
                r = cx_provider_set_delegate(bridge->provider, &order_delegate, bridge);
        if (r < 0)
                log_error("cannot become a provider: %s", strerror(-r));
        return r;
}

static bool has_calls(const struct bridge *bridge)
{
        const struct modem *modem;

        DL_FOREACH (bridge->modems, modem)
                if (modem->calls)
                        return true;
        return false;
}

/*
 * A bridge that stops ends no call: it goes without a word, as if it had crashed, and callsd keeps
 * the calls for the next one.
 */
void provider_stop(struct bridge *bridge)
{
        sd_bus *bus = bridge->context ? cx_context_get_bus(bridge->context) : NULL;
        struct reply *reply, *next;

        if (bus && has_calls(bridge)) {
                (void)sd_bus_flush(bus);
                sd_bus_close(bus);
        }
        if (bridge->provider && !has_calls(bridge))
                (void)cx_provider_invalidate(bridge->provider);
        orders_forget_early(bridge);
        bridge->provider = cx_provider_unref(bridge->provider);
        bridge->context = cx_context_unref(bridge->context);
        DL_FOREACH_SAFE (bridge->replies, reply, next)
                free(reply);
        bridge->replies = NULL;
}
