/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Before the name is taken: which providers of an earlier callsd are still there?
 *
 * State outlives the daemon, and so its providers have to be looked for. A provider goes on when
 * the bus is the same instance (its GUID), its unique name has an owner, and that is still the same
 * user and app. Then it keeps its object, and does not even have to notice. Who watches for our
 * name finds everything settled when it comes.
 */
#include "bus/bus-restore.h"

#include <errno.h>
#include <uuid/uuid.h>

#include "bus/bus-client.h"
#include "util/log.h"

#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

/* Same uid and app, or nobody whom we know. */
void restore_judge(struct bus *bus, struct client *client)
{
        const struct provider *provider = NULL;
        bool same = true;

        client->restoring = false;
        while ((provider = engine_next_provider(bus->engine, provider)))
                if (provider->state == PROVIDER_RUNNING && streq(provider->peer, client->key))
                        same = same && streq(provider->identity, client->identity);
        if (!same) {
                log_warning("%s is another app than the one whose calls it had", client->name);
                engine_peer_gone(bus->engine, bus_now(), client->key);
                bus_settle(bus);
        }
        restore_answered(bus);
}

void restore_answered(struct bus *bus)
{
        if (bus->n_restoring > 0 && --bus->n_restoring == 0)
                bus_take_name(bus);
}

/* "<GUID>/:1.5" on this bus to ":1.5"; else NULL. */
static const char *name_of_key(const struct bus *bus, const char *key)
{
        size_t length = strlen(bus->guid);

        return strncmp(key, bus->guid, length) == 0 && key[length] == '/' ? key + length + 1 : NULL;
}

static int look_up_provider(struct bus *bus, const struct provider *provider)
{
        const char *name = name_of_key(bus, provider->peer);
        struct client *client;
        int r;

        if (!name)
                return -ENOENT;
        r = client_look_up(bus, name, &client);
        if (r < 0 || client->restoring)
                return r;
        if (client->state == CLIENT_KNOWN)
                return streq(client->identity, provider->identity) ? 0 : -ENOENT;
        client->restoring = true;
        bus->n_restoring++;
        return 0;
}

/* What is no more is told to the engine only after the walk through its list. */
static const struct provider *look_up_providers(struct bus *bus)
{
        const struct provider *provider = NULL;

        while ((provider = engine_next_provider(bus->engine, provider)))
                if (provider->state == PROVIDER_RUNNING && look_up_provider(bus, provider) < 0)
                        return provider;
        return NULL;
}

static int set_guid(struct bus *bus, const char *guid)
{
        char *copy = strdup(guid);

        if (!copy)
                return -ENOMEM;
        free(bus->guid);
        bus->guid = copy;
        return 0;
}

/* A bus that does not say who it is counts as one that was never seen before. */
static const char *read_guid(sd_bus_message *reply, char *unknown)
{
        const char *guid;
        uuid_t uuid;

        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_read_basic(reply, 's', &guid) > 0 && *guid && !strchr(guid, '/') &&
            strlen(guid) < UUID_TEXT_SIZE)
                return guid;
        uuid_generate_random(uuid);
        uuid_unparse_lower(uuid, unknown);
        return unknown;
}

static int on_guid(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        char unknown[UUID_TEXT_SIZE];
        const struct provider *lost;
        struct bus *bus = userdata;

        (void)error;
        if (bus->lost)
                return 0;
        if (set_guid(bus, read_guid(reply, unknown)) < 0) {
                log_error("There is no memory to talk to the bus; callsd connects anew");
                bus->lost = true;
                return sd_event_source_set_enabled(bus->lost_source, SD_EVENT_ONESHOT);
        }
        if (bus->hooks.identified)
                bus->hooks.identified(bus->guid, bus->userdata);
        bus->n_restoring = 1; /* this function itself */
        while ((lost = look_up_providers(bus))) {
                cleanup_(freep) char *key = strdup(lost->peer);

                if (!key || engine_peer_gone(bus->engine, bus_now(), key) < 0)
                        break;
                bus_settle(bus);
        }
        restore_answered(bus);
        return 0;
}

int restore_begin(struct bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r = sd_bus_call_method_async(bus->connection, &slot, DBUS_NAME, DBUS_PATH, DBUS_NAME,
                                         "GetId", on_guid, bus, NULL);

        if (r >= 0)
                bus_keep_slot(bus, slot);
        return r;
}
