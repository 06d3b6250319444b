/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A daemon and its peers in one process and one loop. */
#include "bus/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "bus/text.h"
#include "util/log.h"

#define DEADLINE (10 * USEC_PER_SEC)

/* ---- the loop ---- */

static usec_t monotonic(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

static void print_lines(struct world *world)
{
        for (size_t i = 0; i < world->n_peers; i++)
                for (size_t line = 0; line < world->peers[i]->n_lines; line++)
                        fprintf(stderr, "peer %zu: %s\n", i, world->peers[i]->lines[line]);
}

void world_run_until(struct world *world, condition_fn condition, void *userdata, const char *what)
{
        usec_t deadline = monotonic() + DEADLINE;

        while (!condition(userdata)) {
                if (monotonic() > deadline) {
                        print_lines(world);
                        ck_abort_msg("no %s in time", what);
                }
                ck_assert_int_ge(sd_event_run(world->daemon.event, 100 * USEC_PER_MSEC), 0);
        }
}

static bool is_named(void *userdata)
{
        const struct world *world = userdata;

        return world->daemon.named;
}

static void start_daemon(struct world *world)
{
        const struct daemon_options options = {
                .bus_address = getenv("DBUS_SESSION_BUS_ADDRESS"),
                .log_level = LOG_ERR,
                .no_audio = true,
                .state_directory = world->state_directory,
                .no_state = !world->state_directory,
        };

        ck_assert_ptr_nonnull(options.bus_address);
        /* what is installed on this machine is none of the tests' business */
        setenv("XDG_DATA_DIRS", "/nowhere", 0);
        ck_assert_int_ge(daemon_init(&world->daemon, &options), 0);
        for (size_t i = 0; i < world->n_peers; i++)
                ck_assert_int_ge(sd_bus_attach_event(world->peers[i]->bus, world->daemon.event,
                                                     SD_EVENT_PRIORITY_NORMAL),
                                 0);
        world_run_until(world, is_named, world, "name");
}

void world_start_in(struct world *world, const char *state_directory)
{
        *world = (struct world){.state_directory = state_directory};
        start_daemon(world);
}

void world_start(struct world *world)
{
        world_start_in(world, NULL);
}

void world_crash(struct world *world)
{
        for (size_t i = 0; i < world->n_peers; i++)
                sd_bus_detach_event(world->peers[i]->bus);
        daemon_done(&world->daemon);
}

void world_return(struct world *world)
{
        start_daemon(world);
}

void world_stop(struct world *world)
{
        while (world->n_peers > 0)
                peer_close(world->peers[world->n_peers - 1]);
        daemon_done(&world->daemon);
}

/* ---- peers ---- */

static void add_line(struct peer *peer, char *line)
{
        peer->lines = reallocarray(peer->lines, peer->n_lines + 1, sizeof(*peer->lines));
        ck_assert_ptr_nonnull(peer->lines);
        peer->lines[peer->n_lines++] = line;
}

static void complete(struct peer *peer, const char *id)
{
        peer_send(peer, peer->provider, "org.callsd.Provider1",
                  peer->behaviour == BEHAVIOUR_FAIL ? "FailAction" : "FulfillAction", "sa{sv}", id,
                  0);
}

static void read_action(struct peer *peer, sd_bus_message *message, const char *transaction)
{
        struct seen_action *action = &peer->actions[peer->n_actions++];
        const char *id, *type, *key, *value;

        ck_assert_uint_lt(peer->n_actions, ACTIONS_MAX);
        ck_assert_int_gt(sd_bus_message_read(message, "ss", &id, &type), 0);
        snprintf(action->transaction, sizeof(action->transaction), "%s", transaction);
        snprintf(action->id, sizeof(action->id), "%s", id);
        snprintf(action->type, sizeof(action->type), "%s", type);
        ck_assert_int_gt(sd_bus_message_enter_container(message, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                ck_assert_int_gt(sd_bus_message_read(message, "s", &key), 0);
                if (streq(key, "Call")) {
                        ck_assert_int_gt(sd_bus_message_read(message, "v", "s", &value), 0);
                        snprintf(action->call, sizeof(action->call), "%s", value);
                } else {
                        sd_bus_message_skip(message, "v");
                }
                sd_bus_message_exit_container(message);
        }
        sd_bus_message_exit_container(message);
        if (peer->behaviour != BEHAVIOUR_SILENT)
                complete(peer, id);
}

static void read_perform(struct peer *peer, sd_bus_message *message)
{
        const char *transaction;

        ck_assert_int_gt(sd_bus_message_read(message, "s", &transaction), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(message, 'a', "(ssa{sv})"), 0);
        while (sd_bus_message_enter_container(message, 'r', "ssa{sv}") > 0) {
                read_action(peer, message, transaction);
                sd_bus_message_exit_container(message);
        }
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct peer *peer = userdata;
        char *body, *line;
        uint8_t type;

        (void)error;
        sd_bus_message_get_type(message, &type);
        if (type != SD_BUS_MESSAGE_SIGNAL ||
            strncmp(str_or_empty(sd_bus_message_get_path(message)), "/org/callsd", 11) != 0)
                return 0;
        body = message_to_text(message);
        ck_assert_int_gt(asprintf(&line, "%s %s %s", sd_bus_message_get_member(message),
                                  sd_bus_message_get_path(message), body),
                         0);
        free(body);
        add_line(peer, line);
        if (sd_bus_message_is_signal(message, "org.callsd.Provider1", "PerformTransaction"))
                read_perform(peer, message);
        return 0;
}

struct peer *world_add_peer(struct world *world)
{
        struct peer *peer = calloc(1, sizeof(*peer));

        ck_assert_ptr_nonnull(peer);
        peer->world = world;
        ck_assert_int_ge(sd_bus_new(&peer->bus), 0);
        ck_assert_int_ge(sd_bus_set_address(peer->bus, getenv("DBUS_SESSION_BUS_ADDRESS")), 0);
        ck_assert_int_ge(sd_bus_set_bus_client(peer->bus, true), 0);
        ck_assert_int_ge(sd_bus_set_close_on_exit(peer->bus, false), 0);
        ck_assert_int_ge(sd_bus_start(peer->bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(peer->bus, world->daemon.event, 0), 0);
        ck_assert_int_ge(sd_bus_add_filter(peer->bus, NULL, on_signal, peer), 0);
        ck_assert_uint_lt(world->n_peers, PEERS_MAX);
        world->peers[world->n_peers++] = peer;
        return peer;
}

void peer_close(struct peer *peer)
{
        struct world *world = peer->world;
        size_t i = 0;

        peer_forget(peer);
        free(peer->lines);
        sd_bus_message_unref(peer->reply);
        sd_bus_detach_event(peer->bus);
        sd_bus_close_unref(peer->bus);
        while (world->peers[i] != peer)
                i++;
        world->peers[i] = world->peers[--world->n_peers];
        free(peer);
}

void peer_sandbox(struct peer *peer, const char *app_id)
{
        struct client *client;
        const char *name;

        peer_call(peer, PATH_ROOT, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        ck_assert_int_ge(sd_bus_get_unique_name(peer->bus, &name), 0);
        client = client_find(peer->world->daemon.bus, name);
        ck_assert_ptr_nonnull(client);
        client->controller = false;
        client->sandboxed = true;
        free(client->app_id);
        client->app_id = strdup(app_id);
}

void peer_watch(struct peer *peer)
{
        const char *rules[] = {"eavesdrop='true',type='signal'", "type='signal'"};
        bool done = false;

        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                sd_bus_message *message;

                ck_assert_int_ge(sd_bus_message_new_method_call(peer->bus, &message,
                                                                "org.freedesktop.DBus",
                                                                "/org/freedesktop/DBus",
                                                                "org.freedesktop.DBus", "AddMatch"),
                                 0);
                ck_assert_int_ge(sd_bus_message_append(message, "s", rules[i]), 0);
                done = sd_bus_call(peer->bus, message, 0, NULL, NULL) >= 0 || done;
                sd_bus_message_unref(message);
        }
        ck_assert(done);
}

bool peer_saw(const struct peer *peer, const char *part)
{
        for (size_t i = 0; i < peer->n_lines; i++)
                if (strstr(peer->lines[i], part))
                        return true;
        return false;
}

size_t peer_line(const struct peer *peer, size_t from, const char *part, const char *other)
{
        for (size_t i = from; i < peer->n_lines; i++)
                if (strstr(peer->lines[i], part) && strstr(peer->lines[i], other))
                        return i;
        print_lines(peer->world);
        ck_abort_msg("no line from %zu on with \"%s\" and \"%s\"", from, part, other);
        return 0;
}

void peer_forget(struct peer *peer)
{
        while (peer->n_lines > 0)
                free(peer->lines[--peer->n_lines]);
}

/* ---- calls ---- */

static sd_bus_message *new_call(struct peer *peer, const char *path, const char *interface,
                                const char *member, const char *types, va_list arguments)
{
        sd_bus_message *message;

        ck_assert_int_ge(sd_bus_message_new_method_call(peer->bus, &message, BUS_NAME, path,
                                                        interface, member),
                         0);
        if (types)
                ck_assert_int_ge(sd_bus_message_appendv(message, types, arguments), 0);
        return message;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct peer *peer = userdata;
        const sd_bus_error *refusal = sd_bus_message_get_error(reply);

        (void)error;
        peer->reply = sd_bus_message_ref(reply);
        snprintf(peer->error, sizeof(peer->error), "%s", refusal ? refusal->name : "");
        snprintf(peer->text, sizeof(peer->text), "%s",
                 refusal ? str_or_empty(refusal->message) : "");
        return 0;
}

static bool has_reply(void *userdata)
{
        const struct peer *peer = userdata;

        return peer->reply;
}

static bool callv(struct peer *peer, const char *path, const char *interface, const char *member,
                  const char *types, va_list arguments)
{
        sd_bus_message *message = new_call(peer, path, interface, member, types, arguments);
        sd_bus_slot *slot;

        peer->reply = sd_bus_message_unref(peer->reply);
        ck_assert_int_ge(sd_bus_call_async(peer->bus, &slot, message, on_reply, peer, 0), 0);
        sd_bus_message_unref(message);
        world_run_until(peer->world, has_reply, peer, member);
        sd_bus_slot_unref(slot);
        return !*peer->error;
}

bool peer_call(struct peer *peer, const char *path, const char *interface, const char *member,
               const char *types, ...)
{
        va_list arguments;
        bool done;

        va_start(arguments, types);
        done = callv(peer, path, interface, member, types, arguments);
        va_end(arguments);
        return done;
}

struct sent {
        struct peer *peer;
        char member[64];
};

static int on_sent(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct sent *sent = userdata;
        const sd_bus_error *refusal = sd_bus_message_get_error(reply);
        char *line;

        (void)error;
        if (refusal)
                ck_assert_int_gt(asprintf(&line, "error %s %s %s", sent->member, refusal->name,
                                          str_or_empty(refusal->message)),
                                 0);
        else
                ck_assert_int_gt(asprintf(&line, "reply %s", sent->member), 0);
        add_line(sent->peer, line);
        return 0;
}

void peer_send_message(struct peer *peer, sd_bus_message *message)
{
        struct sent *sent = calloc(1, sizeof(*sent));
        sd_bus_slot *slot;

        ck_assert_ptr_nonnull(sent);
        sent->peer = peer;
        snprintf(sent->member, sizeof(sent->member), "%s", sd_bus_message_get_member(message));
        ck_assert_int_ge(sd_bus_call_async(peer->bus, &slot, message, on_sent, sent, 0), 0);
        ck_assert_int_ge(sd_bus_slot_set_destroy_callback(slot, free), 0);
        ck_assert_int_ge(sd_bus_slot_set_floating(slot, true), 0);
        sd_bus_slot_unref(slot);
        sd_bus_message_unref(message);
}

void peer_send(struct peer *peer, const char *path, const char *interface, const char *member,
               const char *types, ...)
{
        va_list arguments;

        va_start(arguments, types);
        peer_send_message(peer, new_call(peer, path, interface, member, types, arguments));
        va_end(arguments);
}

struct line_wait {
        const struct peer *peer;
        const char *part;
        size_t n_looked_at;
};

static bool has_line(void *userdata)
{
        struct line_wait *wait = userdata;

        while (wait->n_looked_at < wait->peer->n_lines)
                if (strstr(wait->peer->lines[wait->n_looked_at++], wait->part))
                        return true;
        return false;
}

void peer_wait_line(struct peer *peer, const char *part)
{
        struct line_wait wait = {.peer = peer, .part = part};

        world_run_until(peer->world, has_line, &wait, part);
}

/* A reply comes behind what was sent before it, on every connection. */
void world_settle(struct world *world)
{
        for (int round = 0; round < 3; round++)
                for (size_t i = 0; i < world->n_peers; i++)
                        peer_call(world->peers[i], PATH_ROOT, "org.freedesktop.DBus.Peer", "Ping",
                                  NULL);
}

/* ---- shorthands ---- */

void peer_register(struct peer *peer, const char *identifier)
{
        const char *path;

        ck_assert_msg(peer_call(peer, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1,
                                "Identifier", "s", identifier),
                      "%s", peer->text);
        ck_assert_int_gt(sd_bus_message_read(peer->reply, "o", &path), 0);
        snprintf(peer->provider, sizeof(peer->provider), "%s", path);
}

void peer_incoming(struct peer *peer, const char *uuid, const char *handle)
{
        ck_assert_msg(peer_call(peer, peer->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                "sa{sv}", uuid, 2, "RemoteHandleType", "s", "generic",
                                "RemoteHandle", "s", handle),
                      "%s", peer->text);
}

void peer_active_call(struct peer *peer, struct peer *controller, const char *uuid)
{
        enum behaviour before = peer->behaviour;

        peer->behaviour = BEHAVIOUR_FULFIL;
        peer_incoming(peer, uuid, "sip:somebody@example.org");
        ck_assert_msg(call_method(controller, uuid, "Answer", NULL), "%s", controller->text);
        world_settle(peer->world);
        peer->behaviour = before;
}

struct action_wait {
        const struct peer *peer;
        size_t n;
};

static bool has_actions(void *userdata)
{
        const struct action_wait *wait = userdata;

        return wait->peer->n_actions >= wait->n;
}

void peer_wait_actions(struct peer *peer, size_t n)
{
        struct action_wait wait = {peer, n};

        world_run_until(peer->world, has_actions, &wait, "PerformTransaction");
}

void peer_fulfil(struct peer *peer, size_t action)
{
        ck_assert_msg(peer_call(peer, peer->provider, INTERFACE_PROVIDER, "FulfillAction", "sa{sv}",
                                peer->actions[action].id, 0),
                      "%s", peer->text);
}

const char *call_object(const char *uuid)
{
        static char path[PATH_SIZE];

        snprintf(path, sizeof(path), PATH_CALLS "/%s", uuid);
        for (char *at = path; *at; at++)
                if (*at == '-')
                        *at = '_';
        return path;
}

bool call_method(struct peer *peer, const char *uuid, const char *member, const char *types, ...)
{
        va_list arguments;
        bool done;

        va_start(arguments, types);
        done = callv(peer, call_object(uuid), INTERFACE_CALL, member, types, arguments);
        va_end(arguments);
        return done;
}

bool call_get(struct peer *peer, const char *uuid, const char *property)
{
        return peer_call(peer, call_object(uuid), INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_CALL,
                         property);
}

const char *peer_answer(struct peer *peer)
{
        static char text[65536];
        char *body;

        if (*peer->error)
                return peer->error;
        body = message_to_text(peer->reply);
        snprintf(text, sizeof(text), "%s", body);
        free(body);
        return text;
}
