/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.callsd.Audio1 at /org/callsd/audio: what the app tells about the sound, through its hooks. */
#include "bus/bus-object.h"
#include "bus/bus-route.h"

static int get_available(sd_bus *connection, const char *path, const char *interface,
                         const char *property, sd_bus_message *reply, void *userdata,
                         sd_bus_error *error)
{
        struct bus *bus = userdata;
        bool available = bus->hooks.audio_available && bus->hooks.audio_available(bus->userdata);

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "b", (int)available);
}

static int get_ringing(sd_bus *connection, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error)
{
        struct bus *bus = userdata;
        bool ringing = bus->hooks.audio_ringing && bus->hooks.audio_ringing(bus->userdata);

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "b", (int)ringing);
}

static int get_route(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *route = bus->hooks.audio_route ? bus->hooks.audio_route(bus->userdata) : NULL;

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "s", str_or_empty(route));
}

static int get_calls(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = NULL;
        char call_at[PATH_SIZE];
        int r = sd_bus_message_open_container(reply, 'a', "o");

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        while (r >= 0 && (call = engine_next_call(bus->engine, call)))
                if (bus->hooks.audio_linked &&
                    bus->hooks.audio_linked(call->id.text, bus->userdata))
                        r = sd_bus_message_append_basic(reply, 'o',
                                                        call_path(call->id.text, call_at));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

struct route_writer {
        sd_bus_message *message;
        int r;
};

static void append_route(const struct bus_route *route, void *userdata)
{
        struct route_writer *writer = userdata;

        if (writer->r >= 0)
                writer->r = sd_bus_message_append(writer->message, "a{sv}", 4, "Id", "s", route->id,
                                                  "Kind", "s", route->kind, "Description", "s",
                                                  route->description, "Available", "b",
                                                  (int)route->available);
}

static int get_routes(sd_bus *connection, const char *path, const char *interface,
                      const char *property, sd_bus_message *reply, void *userdata,
                      sd_bus_error *error)
{
        struct bus *bus = userdata;
        struct route_writer writer = {.message = reply};

        (void)connection, (void)path, (void)interface, (void)property, (void)error;
        writer.r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        if (bus->hooks.audio_list_routes)
                bus->hooks.audio_list_routes(append_route, &writer, bus->userdata);
        return writer.r < 0 ? writer.r : sd_bus_message_close_container(reply);
}

#define PUBLIC(name, type, get) \
        SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable audio_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("SetRoute", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
                                method_set_route, CHECKED_BY_US),
        PUBLIC("Available", "b", get_available),
        PUBLIC("Calls", "ao", get_calls),
        PUBLIC("Route", "s", get_route),
        SD_BUS_PROPERTY("Routes", "aa{sv}", get_routes, 0,
                        SD_BUS_VTABLE_PROPERTY_EXPLICIT |
                                SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
        PUBLIC("Ringing", "b", get_ringing),
        SD_BUS_VTABLE_END,
};
