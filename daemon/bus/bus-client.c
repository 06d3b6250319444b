/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The peers of the bus: who they are, learnt once for each.
 *
 * A bus that is asked for the sender of every message would be a blocking round trip for each; so
 * it is asked once for each unique name, without waiting, and the answer is kept until the name is
 * gone (unique names are never used twice on one bus). Until it has come, the peer's messages wait
 * here. They are then put back into sd-bus's queue, behind what that has read already; a message
 * of the same peer that stood there in front goes behind them, so the peer's order is kept.
 */
#include "bus/bus-client.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>

#include "bus/bus-access.h"
#include "bus/bus-identity.h"
#include "bus/bus-pending.h"
#include "bus/bus-restore.h"
#include "util/log.h"

#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

static void client_drop_waiting(struct client *client)
{
        while (client->first_waiting < client->n_waiting)
                sd_bus_message_unref(client->waiting[client->first_waiting++]);
        free(client->waiting);
        client->waiting = NULL;
        client->first_waiting = client->n_waiting = client->allocated_waiting = 0;
}

static struct client *client_free(struct client *client)
{
        if (!client)
                return NULL;
        if (client->bus)
                HASH_DEL(client->bus->clients, client);
        client_drop_waiting(client);
        sd_bus_slot_unref(client->asked);
        free(client->name);
        free(client->key);
        free(client->app_id);
        free(client->identity);
        free(client);
        return NULL;
}

DEFINE_CLEANUP(struct client *, client_free);

static struct client *client_new(struct bus *bus, const char *name, usec_t appeared)
{
        cleanup_(client_freep) struct client *client = calloc(1, sizeof(*client));

        if (!client)
                return NULL;
        client->name = strdup(name);
        client->app_id = strdup("");
        client->identity = strdup("");
        if (!client->name || !client->app_id || !client->identity ||
            asprintf(&client->key, "%s/%s", bus->guid, name) < 0) {
                client->key = NULL;
                return NULL;
        }
        client->appeared = appeared;
        HASH_ADD_KEYPTR(hh, bus->clients, client->name, strlen(client->name), client);
        if (!client->hh.tbl)
                return NULL;
        client->bus = bus;
        return take_ptr(client);
}

struct client *client_find(struct bus *bus, const char *name)
{
        struct client *client;

        HASH_FIND(hh, bus->clients, name, strlen(name), client);
        return client;
}

struct client *client_find_key(struct bus *bus, const char *key)
{
        const char *name = strchr(key, '/');
        struct client *client = name ? client_find(bus, name + 1) : NULL;

        return client && streq(client->key, key) ? client : NULL;
}

struct client *client_of(struct bus *bus, sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);

        return sender ? client_find(bus, sender) : NULL;
}

const char *client_key(const struct client *client)
{
        return client ? client->key : "";
}

bool client_is_controller(const struct client *client)
{
        return client && client->state == CLIENT_KNOWN && client->controller;
}

void client_warn_key(struct client *client, const char *where, const char *key)
{
        unsigned hash = 5381;

        if (!client)
                return;
        for (const char *at = key; *at; at++)
                hash = hash * 33 + (unsigned char)*at;
        for (const char *at = where; *at; at++)
                hash = hash * 33 + (unsigned char)*at;
        for (size_t i = 0; i < client->n_warnings; i++)
                if (client->warnings[i] == hash)
                        return;
        if (client->n_warnings == CLIENT_WARNINGS_MAX)
                return;
        client->warnings[client->n_warnings++] = hash;
        log_notice("%s sent the unknown key \"%.64s\" in %s; it is ignored", client->name, key,
                   where);
}

/* Puts the message at the end of those that wait. */
static int client_keep_message(struct client *client, sd_bus_message *message)
{
        if (client->n_waiting == client->allocated_waiting) {
                size_t allocated = client->allocated_waiting ? client->allocated_waiting * 2 : 8;
                sd_bus_message **waiting =
                        reallocarray(client->waiting, allocated, sizeof(*waiting));

                if (!waiting)
                        return -ENOMEM;
                client->waiting = waiting;
                client->allocated_waiting = allocated;
        }
        client->waiting[client->n_waiting++] = sd_bus_message_ref(message);
        return 0;
}

/* Whether callsd's administrators' group is among the peer's. */
static bool in_group(sd_bus_message *reply, gid_t group)
{
        bool found = false;
        uint32_t gid;

        if (sd_bus_message_enter_container(reply, 'a', "u") < 0)
                return false;
        while (sd_bus_message_read_basic(reply, 'u', &gid) > 0)
                found = found || (group != (gid_t)-1 && gid == group);
        sd_bus_message_exit_container(reply);
        return found;
}

struct credentials {
        uint32_t uid;
        uint32_t pid;
        bool has_uid, in_group;
        char label[256];
};

/* The label of a security module comes as bytes, with or without a NUL. */
static void read_label(sd_bus_message *reply, struct credentials *credentials)
{
        const void *bytes;
        size_t size;

        if (sd_bus_message_read_array(reply, 'y', &bytes, &size) < 0)
                return;
        if (size >= sizeof(credentials->label))
                size = sizeof(credentials->label) - 1;
        memcpy(credentials->label, bytes, size);
        credentials->label[size] = '\0';
}

static int read_credential(sd_bus_message *reply, const char *key, const char *type, gid_t group,
                           struct credentials *credentials)
{
        int r = 0;

        if (streq(key, "UnixUserID") && streq(type, "u")) {
                r = sd_bus_message_read(reply, "v", "u", &credentials->uid);
                credentials->has_uid = r > 0;
        } else if (streq(key, "ProcessID") && streq(type, "u")) {
                r = sd_bus_message_read(reply, "v", "u", &credentials->pid);
        } else if (streq(key, "UnixGroupIDs") && streq(type, "au")) {
                sd_bus_message_enter_container(reply, 'v', "au");
                credentials->in_group = in_group(reply, group);
                r = sd_bus_message_exit_container(reply);
        } else if (streq(key, "LinuxSecurityLabel") && streq(type, "ay")) {
                sd_bus_message_enter_container(reply, 'v', "ay");
                read_label(reply, credentials);
                r = sd_bus_message_exit_container(reply);
        } else {
                r = sd_bus_message_skip(reply, "v");
        }
        return r;
}

static int read_credentials(sd_bus_message *reply, gid_t group, struct credentials *ret)
{
        struct credentials credentials = {.uid = (uint32_t)-1};
        const char *key, *type;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(reply, 's', &key);
                if (r >= 0)
                        r = sd_bus_message_peek_type(reply, NULL, &type);
                if (r >= 0)
                        r = read_credential(reply, key, type, group, &credentials);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret = credentials;
        return 0;
}

static int set_text(char **text, const char *value)
{
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*text);
        *text = copy;
        return 0;
}

/* What a peer says about itself never counts: only the bus and the kernel are asked. */
static void client_judge(struct client *client, const struct credentials *credentials)
{
        struct sandbox sandbox;
        cleanup_(freep) char *identity = NULL;

        client->uid = credentials->uid;
        client->pid = (pid_t)credentials->pid;
        if (!identity_from_label(credentials->label, &sandbox))
                identity_look_up(client->pid, client->appeared, &sandbox);
        /* Other users' processes can't be looked at; on the system bus the uid has to do. */
        if (client->bus->system && !sandbox.certain)
                sandbox.sandboxed = false;
        client->sandboxed = sandbox.sandboxed;
        if (set_text(&client->app_id, sandbox.app_id) < 0 ||
            asprintf(&identity, "%u/%s", credentials->uid,
                     sandbox.sandboxed ? sandbox.app_id : "unsandboxed") < 0) {
                identity = NULL;
                client->sandboxed = true;
                return;
        }
        free(client->identity);
        client->identity = take_ptr(identity);
        if (!credentials->has_uid || sandbox.sandboxed)
                return;
        client->controller = client->bus->system ? credentials->uid == 0 || credentials->in_group
                                                 : credentials->uid == geteuid();
}

/* Lets go of what has waited, in order. */
static void client_release(struct client *client)
{
        for (size_t i = client->first_waiting; i < client->n_waiting; i++) {
                int r = sd_bus_enqueue_for_read(client->bus->connection, client->waiting[i]);

                if (r < 0) {
                        log_warning("Messages of %s are lost: %s", client->name, strerror(-r));
                        client_drop_waiting(client);
                        return;
                }
        }
}

static void client_gone(struct bus *bus, const char *name);

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct client *client = userdata;
        struct credentials credentials = {.uid = (uint32_t)-1};

        (void)error;
        client->asked = sd_bus_slot_unref(client->asked);
        if (client->bus->lost)
                return 0;
        /* A message can be served after its sender has gone: nobody is there to be known. */
        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                client_gone(client->bus, client->name);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL) ||
            read_credentials(reply, client->bus->controller_group, &credentials) < 0)
                log_debug("The bus does not know who %s is; it counts as a stranger", client->name);
        client_judge(client, &credentials);
        client->state = CLIENT_KNOWN;
        client_release(client);
        if (client->restoring)
                restore_judge(client->bus, client);
        return 0;
}

static int client_ask(struct client *client)
{
        int r;

        if (client->state != CLIENT_SEEN)
                return 0;
        r = sd_bus_call_method_async(client->bus->connection, &client->asked, DBUS_NAME, DBUS_PATH,
                                     DBUS_NAME, "GetConnectionCredentials", on_credentials, client,
                                     "s", client->name);
        if (r >= 0)
                client->state = CLIENT_ASKED;
        return r;
}

int client_look_up(struct bus *bus, const char *name, struct client **ret_client)
{
        struct client *client = client_find(bus, name);
        int r;

        if (!client)
                client = client_new(bus, name, bus_now().boottime);
        if (!client)
                return -ENOMEM;
        r = client_ask(client);
        if (r < 0)
                return r;
        *ret_client = client;
        return 0;
}

/* A message of somebody who is not known yet, or of whom others still wait. */
static int client_hold_back(struct client *client, sd_bus_message *message)
{
        int r;

        if (client->state == CLIENT_KNOWN) {
                r = client_keep_message(client, message);
                return r < 0 ? r : sd_bus_enqueue_for_read(client->bus->connection, message);
        }
        if (client->n_waiting >= CLIENT_WAITING_MAX) {
                sd_bus_reply_method_errorf(message, bus_error_name(REFUSAL_LIMIT_REACHED),
                                           "%d messages of %s wait already until callsd knows who "
                                           "it is; wait for an answer first",
                                           CLIENT_WAITING_MAX, client->name);
                return 0;
        }
        r = client_ask(client);
        return r < 0 ? r : client_keep_message(client, message);
}

/* Whether this message, which waited, is the next in order. */
static bool client_is_next(struct client *client, sd_bus_message *message)
{
        if (client->first_waiting == client->n_waiting)
                return true;
        if (client->waiting[client->first_waiting] != message)
                return false;
        sd_bus_message_unref(client->waiting[client->first_waiting++]);
        if (client->first_waiting == client->n_waiting)
                client_drop_waiting(client);
        return true;
}

/* 1: dealt with here. 0: may go on to its handler. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *sender = sd_bus_message_get_sender(message);
        struct client *client = NULL;
        uint8_t type;
        int r;

        if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL)
                return 0;
        /* A Ping asks whether we are there, and is owed to everybody at once. */
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Peer", NULL))
                return 0;
        if (sender) {
                client = client_find(bus, sender);
                if (!client)
                        client = client_new(bus, sender,
                                            bus->watching_since ? bus->watching_since
                                                                : bus_now().boottime);
                if (!client)
                        return -ENOMEM;
                if (client->state != CLIENT_KNOWN || !client_is_next(client, message)) {
                        r = client_hold_back(client, message);
                        return r < 0 ? r : 1;
                }
        }
        /* A negative answer is sent to the caller by sd-bus. */
        return access_check(bus, client, message, error);
}

static void client_gone(struct bus *bus, const char *name)
{
        cleanup_(client_freep) struct client *client = client_find(bus, name);

        if (!client)
                return;
        pending_forget_client(bus, client->key);
        engine_peer_gone(bus->engine, bus_now(), client->key);
        bus_settle(bus);
        if (client->restoring)
                restore_answered(bus);
}

static int on_name_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *name, *before, *after;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0 || name[0] != ':')
                return 0;
        if (!*after)
                client_gone(bus, name);
        else if (!client_find(bus, name) && !client_new(bus, name, bus_now().boottime))
                log_warning("Out of memory: %s is not noticed yet", name);
        return 0;
}

static int on_watching(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)error;
        if (bus->lost)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("The bus refuses to tell when peers go: %s",
                            sd_bus_message_get_error(reply)->message);
        bus->watching_since = bus_now().boottime;
        return 0;
}

int clients_watch(struct bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_add_filter(bus->connection, &slot, on_message, bus);
        if (r < 0)
                return r;
        bus_keep_slot(bus, slot);
        r = sd_bus_match_signal_async(bus->connection, &slot, DBUS_NAME, DBUS_PATH, DBUS_NAME,
                                      "NameOwnerChanged", on_name_owner_changed, on_watching, bus);
        if (r < 0)
                return r;
        bus_keep_slot(bus, slot);
        return 0;
}

void clients_forget(struct bus *bus)
{
        struct client *client, *next;

        HASH_ITER (hh, bus->clients, client, next)
                client_free(client);
        bus->watching_since = 0;
}
