/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The peers of the bus: who they are, learnt once for each.
 *
 * A bus that is asked for the sender of every message would be a blocking round trip for each; so
 * it is asked once for each unique name, without waiting, and the answer is kept until the name is
 * gone (unique names are never used twice on one bus). Until it has come, the peer's messages wait
 * in its mailbox.
 */
#include "bus/bus-client.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>

#include "bus/bus-access.h"
#include "bus/bus-credit.h"
#include "bus/bus-identity.h"
#include "bus/bus-mailbox.h"
#include "bus/bus-pending.h"
#include "bus/bus-push.h"
#include "bus/bus-restore.h"
#include "bus/bus-start.h"
#include "util/log.h"

#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

static struct client *client_free(struct client *client)
{
        if (!client)
                return NULL;
        if (client->bus)
                HASH_DEL(client->bus->clients, client);
        mailbox_done(client);
        credit_done(client);
        sd_bus_slot_unref(client->asked);
        free(client->name);
        free(client->key);
        free(client->app_id);
        free(client->identity);
        free(client);
        return NULL;
}

DEFINE_CLEANUP(struct client *, client_free);

/*
 * dbus-broker numbers connections when they are made, but tells of them when they have said hello.
 * A peer with a lower number than one that was seen before is older than that one: so nobody can
 * connect, let somebody else get the number of his process, and only then come forward.
 * (dbus-daemon numbers them when they say hello, and waits a few minutes for it at most.)
 */
static usec_t date_connection(struct bus *bus, const char *name, usec_t seen)
{
        const char *dot = strrchr(name, '.');
        unsigned long number = dot ? strtoul(dot + 1, NULL, 10) : 0;
        struct client *client, *next;

        if (number >= bus->last_number) {
                bus->last_number = number;
                bus->last_appeared = seen;
                return seen;
        }
        if (bus->last_appeared < seen)
                seen = bus->last_appeared;
        HASH_ITER (hh, bus->clients, client, next) {
                dot = strrchr(client->name, '.');
                if (dot && strtoul(dot + 1, NULL, 10) > number && client->appeared < seen)
                        seen = client->appeared;
        }
        return seen;
}

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
        client->appeared = date_connection(bus, name, appeared);
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
        int pidfd; /* of newer buses; -1 */
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
        } else if (streq(key, "ProcessFD") && streq(type, "h")) {
                /* The message's own, and closed with it. */
                r = sd_bus_message_read(reply, "v", "h", &credentials->pidfd);
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
        struct credentials credentials = {.uid = (uint32_t)-1, .pidfd = -1};
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
                identity_look_up(client->pid, credentials->pidfd, client->appeared, &sandbox);
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

static void client_gone(struct bus *bus, const char *name);

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct client *client = userdata;
        struct credentials credentials = {.uid = (uint32_t)-1, .pidfd = -1};

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
        mailbox_resume(client);
        if (client->restoring)
                restore_judge(client->bus, client);
        return 0;
}

int client_ask(struct client *client)
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

static struct client *client_get(struct bus *bus, const char *name)
{
        struct client *client = client_find(bus, name);
        usec_t since = bus->watching_since;

        return client ? client : client_new(bus, name, since ? since : bus_now().boottime);
}

/*
 * A Ping asks whether we are there, and is owed to everybody at once, but for those who don't read
 * the answers.
 */
static bool answers_ping(struct bus *bus, const char *sender)
{
        struct client *client = sender ? client_find(bus, sender) : NULL;

        if (client && client->credit.cut_off)
                return false;
        if (client)
                credit_charge(client, CREDIT_MESSAGE);
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
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Peer", NULL))
                return answers_ping(bus, sender) ? 0 : 1;
        if (sender) {
                client = client_get(bus, sender);
                if (!client)
                        return -ENOMEM;
                r = mailbox_take(client, message);
                if (r != 0)
                        return r;
        }
        /* A negative answer is sent to the caller by sd-bus. */
        return access_check(bus, client, message, error);
}

void client_lose(struct client *client)
{
        struct bus *bus = client->bus;

        pending_forget_client(bus, client->key);
        pushes_forget_client(bus, client->name);
        engine_peer_gone(bus->engine, bus_now(), client->key);
        bus_settle(bus);
}

static void client_gone(struct bus *bus, const char *name)
{
        cleanup_(client_freep) struct client *client = client_find(bus, name);

        if (!client)
                return;
        client_lose(client);
        if (client->restoring)
                restore_answered(bus);
}

static int on_name_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *name, *before, *after;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
                return 0;
        if (name[0] != ':') {
                if (!*after)
                        starts_name_lost(bus, name);
                return 0;
        }
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
        bus->last_number = 0;
}
