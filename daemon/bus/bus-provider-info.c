/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.callsd.ProviderInfo1: what controllers, and the provider itself, may read about it. */
#include <errno.h>

#include "bus/bus-object.h"
#include "bus/bus-update.h"

static int append_string(sd_bus_message *reply, const char *text)
{
        return sd_bus_message_append_basic(reply, 's', str_or_empty(text));
}

static int append_bool(sd_bus_message *reply, bool value)
{
        return sd_bus_message_append(reply, "b", (int)value);
}

static int append_u32(sd_bus_message *reply, unsigned value)
{
        return sd_bus_message_append(reply, "u", value);
}

/* An app's own word counts where nobody else has said anything: it may call itself anything. */
static void find_label(struct bus *bus, const struct provider_config *config, const char **ret_name,
                       const char **ret_icon)
{
        const char *name = NULL, *icon = NULL;

        if (bus->hooks.provider_label)
                bus->hooks.provider_label(config->identifier, &name, &icon, bus->userdata);
        if (!name)
                name = str_or_empty(config->localized_name);
        *ret_name = *name ? name : config->identifier;
        *ret_icon = icon ? icon : str_or_empty(config->icon);
}

static int append_label(struct bus *bus, sd_bus_message *reply,
                        const struct provider_config *config, bool icon_wanted)
{
        const char *name, *icon;

        find_label(bus, config, &name, &icon);
        return append_string(reply, icon_wanted ? icon : name);
}

static bool has_emergency(const struct provider *provider)
{
        for (size_t i = 0; i < provider->config.n_accounts; i++)
                if (provider->config.accounts[i].emergency)
                        return true;
        return provider->emergency_numbers && provider->emergency_numbers[0];
}

static int get_property(sd_bus *connection, const char *path, const char *interface,
                        const char *property, sd_bus_message *reply, void *userdata,
                        sd_bus_error *error)
{
        const struct provider *provider = bus_get_provider(userdata, path);
        const struct provider_config *config = &provider->config;

        (void)connection, (void)interface, (void)error;
        if (streq(property, "Identifier"))
                return append_string(reply, config->identifier);
        if (streq(property, "DisplayName"))
                return append_label(userdata, reply, config, false);
        if (streq(property, "Icon"))
                return append_label(userdata, reply, config, true);
        if (streq(property, "Running"))
                return append_bool(reply, provider->state == PROVIDER_RUNNING);
        if (streq(property, "MaximumCallGroups"))
                return append_u32(reply, config->maximum_call_groups);
        if (streq(property, "MaximumCallsPerCallGroup"))
                return append_u32(reply, config->maximum_calls_per_call_group);
        if (streq(property, "SupportsVideo"))
                return append_bool(reply, config->supports_video);
        if (streq(property, "SupportedHandleTypes"))
                return append_handle_types(reply, provider_handle_types(provider));
        if (streq(property, "SupportedURISchemes"))
                return append_texts(reply, provider_uri_schemes(provider));
        if (streq(property, "Accounts"))
                return append_accounts(reply, config);
        if (streq(property, "Emergency"))
                return append_bool(reply, has_emergency(provider));
        if (streq(property, "Testing"))
                return append_bool(reply, config->testing);
        if (streq(property, "PushMisses"))
                return append_u32(reply, provider->push_misses);
        if (streq(property, "PushBlockedUntil"))
                return sd_bus_message_append(reply, "t", provider->push_throttled_until);
        return -EINVAL;
}

#define PRIVATE(name, type)                               \
        SD_BUS_PROPERTY(name, type, get_property, 0,      \
                        SD_BUS_VTABLE_PROPERTY_EXPLICIT | \
                                SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION)

const sd_bus_vtable provider_info_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PRIVATE("Identifier", "s"),
        PRIVATE("DisplayName", "s"),
        PRIVATE("Icon", "s"),
        PRIVATE("Running", "b"),
        PRIVATE("MaximumCallGroups", "u"),
        PRIVATE("MaximumCallsPerCallGroup", "u"),
        PRIVATE("SupportsVideo", "b"),
        PRIVATE("SupportedHandleTypes", "as"),
        PRIVATE("SupportedURISchemes", "as"),
        PRIVATE("Accounts", "aa{sv}"),
        PRIVATE("Emergency", "b"),
        PRIVATE("PushMisses", "u"),
        PRIVATE("PushBlockedUntil", "t"),
        PRIVATE("Testing", "b"),
        SD_BUS_VTABLE_END,
};
