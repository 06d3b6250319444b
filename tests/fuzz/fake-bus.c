/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message bus with one client, in the same process and loop. */
#include "fuzz/fake-bus.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "util/cleanup.h"

#define DRIVER "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"
#define NAME_OWNER ":1.100"
#define GUID "0123456789abcdef0123456789abcdef"

/* Turns of the loop that one message may take. */
#define TURNS_MAX 100000

struct fake_bus {
        sd_bus *connection;
        fake_bus_fn message_fn;
        void *userdata;
        bool closed;
};

static int listener = -1;

const char *fake_bus_address(void)
{
        static char address[128];
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        int length;

        if (listener >= 0)
                return address;
        /* nothing is read that is installed on this machine */
        setenv("CALLSD_SYSTEM_DATA_DIRS", "/nowhere", 1);
        setenv("XDG_DATA_DIRS", "/nowhere", 1);
        setenv("XDG_DATA_HOME", "/nowhere", 1);
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "callsd-fuzz-%d", getpid());
        fuzz_must(listener >= 0 && length > 0);
        fuzz_must(bind(listener, (struct sockaddr *)&name,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
                               (socklen_t)length) == 0);
        fuzz_must(listen(listener, 16) == 0);
        snprintf(address, sizeof(address), "unix:abstract=%s", name.sun_path + 1);
        return address;
}

static void send_reply(sd_bus_message *reply, const char *sender)
{
        fuzz_must(sd_bus_message_set_sender(reply, sender) >= 0);
        sd_bus_send(sd_bus_message_get_bus(reply), reply, NULL);
        sd_bus_message_unref(reply);
}

/* ":1.100" is the user's own, ":1.101" somebody else's, ":1.102" a sandboxed app of the user. */
static void append_credentials(sd_bus_message *reply, const char *name)
{
        const char *label = "snap.fuzz.app (enforce)";
        const uint32_t uid = strcmp(name, ":1.101") == 0 ? 12345 : (uint32_t)geteuid();

        sd_bus_message_open_container(reply, 'a', "{sv}");
        sd_bus_message_append(reply, "{sv}", "UnixUserID", "u", uid);
        sd_bus_message_append(reply, "{sv}", "ProcessID", "u", (uint32_t)getpid());
        if (strcmp(name, ":1.102") == 0) {
                sd_bus_message_open_container(reply, 'e', "sv");
                sd_bus_message_append_basic(reply, 's', "LinuxSecurityLabel");
                sd_bus_message_open_container(reply, 'v', "ay");
                sd_bus_message_append_array(reply, 'y', label, strlen(label) + 1);
                sd_bus_message_close_container(reply);
                sd_bus_message_close_container(reply);
        }
        sd_bus_message_close_container(reply);
}

static void serve_driver(sd_bus_message *call)
{
        const char *member = sd_bus_message_get_member(call), *name = "";
        sd_bus_message *reply;

        fuzz_must(sd_bus_message_new_method_return(call, &reply) >= 0);
        if (strcmp(member, "Hello") == 0) {
                sd_bus_message_append(reply, "s", ":1.1");
        } else if (strcmp(member, "RequestName") == 0 || strcmp(member, "ReleaseName") == 0) {
                sd_bus_message_append(reply, "u", 1);
        } else if (strcmp(member, "GetId") == 0) {
                sd_bus_message_append(reply, "s", GUID);
        } else if (strcmp(member, "NameHasOwner") == 0) {
                sd_bus_message_append(reply, "b", true);
        } else if (strcmp(member, "GetNameOwner") == 0) {
                sd_bus_message_append(reply, "s", NAME_OWNER);
        } else if (strcmp(member, "GetConnectionCredentials") == 0) {
                sd_bus_message_read(call, "s", &name);
                append_credentials(reply, name);
        } else if (strcmp(member, "StartServiceByName") == 0) {
                sd_bus_message_append(reply, "u", 2);
        }
        send_reply(reply, DRIVER);
}

/* Peers are alive; who has a name is always the same. */
static void serve_ping(sd_bus_message *call, const char *destination)
{
        sd_bus_message *reply;

        if (sd_bus_message_new_method_return(call, &reply) >= 0)
                send_reply(reply, destination && destination[0] == ':' ? destination : NAME_OWNER);
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *destination = sd_bus_message_get_destination(message);
        struct fake_bus *bus = userdata;
        uint8_t type;

        (void)error;
        sd_bus_message_get_type(message, &type);
        if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", "Disconnected")) {
                bus->closed = true;
        } else if (type == SD_BUS_MESSAGE_METHOD_CALL && destination &&
                   strcmp(destination, DRIVER) == 0) {
                serve_driver(message);
        } else if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Peer", NULL)) {
                serve_ping(message, destination);
        } else {
                bus->message_fn(bus, message, bus->userdata);
        }
        return 1;
}

struct fake_bus *fake_bus_accept(sd_event *event, fake_bus_fn message_fn, void *userdata)
{
        struct fake_bus *bus = calloc(1, sizeof(*bus));
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        sd_id128_t id;

        fuzz_must(bus && fd >= 0 && sd_id128_from_string(GUID, &id) >= 0);
        bus->message_fn = message_fn;
        bus->userdata = userdata;
        fuzz_must(sd_bus_new(&bus->connection) >= 0);
        fuzz_must(sd_bus_set_fd(bus->connection, fd, fd) >= 0);
        fuzz_must(sd_bus_set_server(bus->connection, true, id) >= 0);
        fuzz_must(sd_bus_negotiate_fds(bus->connection, true) >= 0);
        fuzz_must(sd_bus_start(bus->connection) >= 0);
        fuzz_must(sd_bus_add_filter(bus->connection, NULL, on_message, bus) >= 0);
        fuzz_must(sd_bus_attach_event(bus->connection, event, 0) >= 0);
        return bus;
}

struct fake_bus *fake_bus_free(struct fake_bus *bus)
{
        if (!bus)
                return NULL;
        sd_bus_detach_event(bus->connection);
        sd_bus_close_unref(bus->connection);
        free(bus);
        return NULL;
}

bool fake_bus_is_closed(const struct fake_bus *bus)
{
        return bus->closed;
}

sd_bus *fake_bus_connection(struct fake_bus *bus)
{
        return bus->connection;
}

void fake_bus_send(struct fake_bus *bus, sd_bus_message *message, const char *sender)
{
        uint64_t cookie;

        /* without a cookie, no reply would be expected */
        if (sd_bus_message_set_sender(message, sender) >= 0)
                sd_bus_send(bus->connection, message, &cookie);
}

void fake_bus_name_lost(struct fake_bus *bus, const char *name)
{
        sd_bus_message *message;

        fuzz_must(sd_bus_message_new_signal(bus->connection, &message, DRIVER_PATH, DRIVER,
                                            "NameOwnerChanged") >= 0);
        fuzz_must(sd_bus_message_append(message, "sss", name, name, "") >= 0);
        fake_bus_send(bus, message, DRIVER);
        sd_bus_message_unref(message);
}

void fake_bus_run(sd_event *event)
{
        unsigned turns = 0, idle = 0;

        while (idle < 2) {
                idle = sd_event_run(event, 0) > 0 ? 0 : idle + 1;
                fuzz_must(turns++ < TURNS_MAX);
        }
}
