/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GetStreamProperties: what an app's streams need to join the nodes of a call.
 *
 * A stream that names a node too early lands on the default device for good; so nothing is said
 * before the nodes exist.
 */
#include "bus/bus-stream.h"

#include <errno.h>

static const char *const group_names[] = {
        [BUS_STREAM_PLAYBACK] = "PlaybackProperties",
        [BUS_STREAM_CAPTURE] = "CaptureProperties",
        [BUS_STREAM_ENVIRONMENT] = "Environment",
};

struct group_writer {
        sd_bus_message *message;
        enum bus_stream_group group;
        int r;
};

static void append_property(enum bus_stream_group group, const char *key, const char *value,
                            void *userdata)
{
        struct group_writer *writer = userdata;

        if (group == writer->group && writer->r >= 0)
                writer->r = sd_bus_message_append(writer->message, "{ss}", key, value);
}

static int append_group(struct bus *bus, sd_bus_message *reply, const char *call,
                        enum bus_stream_group group)
{
        struct group_writer writer = {.message = reply, .group = group};
        int r;

        if ((r = sd_bus_message_open_container(reply, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(reply, "s", group_names[group])) < 0 ||
            (r = sd_bus_message_open_container(reply, 'v', "a{ss}")) < 0 ||
            (r = sd_bus_message_open_container(reply, 'a', "{ss}")) < 0)
                return r;
        if (bus->hooks.audio_streams)
                r = bus->hooks.audio_streams(call, append_property, &writer, bus->userdata);
        if (r < 0 || (r = writer.r) < 0)
                return r;
        /* the array, the variant, the entry */
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int reply_with_nodes(struct bus *bus, sd_bus_message *message, const char *call,
                            const char *sink, const char *source)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}{sv}", "Sink", "s", sink, "Source", "s",
                                          source);
        for (size_t i = 0; i < ARRAY_SIZE(group_names) && r >= 0; i++)
                r = append_group(bus, reply, call, (enum bus_stream_group)i);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(bus->connection, reply, NULL);
}

static bool handles_sound(struct bus *bus, const struct call *call)
{
        return call->audio == CALL_AUDIO_STREAMS && bus->hooks.audio_nodes &&
               bus->hooks.audio_available && bus->hooks.audio_available(bus->userdata);
}

static int reply_for_call(struct bus *bus, const struct call *call, sd_bus_message *message)
{
        const char *sink, *source;
        int r;

        if (!call_is_live(call) || call->state == CALL_STATE_RINGING)
                return sd_bus_reply_method_errorf(
                        message, bus_error_name(REFUSAL_WRONG_STATE),
                        "Call %s is %s; its streams can join from answering or starting on, until "
                        "it ends",
                        call->id.text, call_state_to_string(call->state));
        if (!handles_sound(bus, call))
                return sd_bus_reply_method_return(message, "a{sv}", 0);
        r = bus->hooks.audio_nodes(call->id.text, &sink, &source, bus->userdata);
        if (r < 0)
                return -EAGAIN;
        return reply_with_nodes(bus, message, call->id.text, sink, source);
}

int stream_reply(struct bus *bus, const char *uuid, sd_bus_message *message)
{
        const struct call *call = engine_find_call(bus->engine, uuid);
        int r;

        if (!call)
                return sd_bus_reply_method_errorf(message,
                                                  bus_error_name(REFUSAL_REQUEST_UNKNOWN_CALL),
                                                  "There is no call %s, or it is over", uuid);
        r = reply_for_call(bus, call, message);
        if (r < 0 && r != -EAGAIN)
                return sd_bus_reply_method_errno(message, r, NULL);
        return r;
}
