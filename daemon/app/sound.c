/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the audio session, the engine and the bus.
 *
 * Adapters never call each other: what the bus shows of the sound it asks here, and what the sound
 * has to tell goes from here to the engine or to the bus. Without sound every question has the
 * answer "none".
 */
#include <errno.h>

#include "app/daemon.h"
#include "util/log.h"

/* ---- what the audio session tells ---- */

static void on_nodes(const char *call, const char *sink, const char *source, void *userdata)
{
        struct daemon *daemon = userdata;

        (void)sink, (void)source;
        bus_nodes_exist(daemon->bus, call);
}

static void on_ready(const char *call, uint64_t serial, const char *sink, const char *source,
                     const char *route, void *userdata)
{
        struct daemon *daemon = userdata;

        (void)sink, (void)source, (void)route;
        engine_audio_ready(daemon->engine, bus_now(), call, serial);
        daemon_settle(daemon);
        bus_audio_changed(daemon->bus);
}

static void on_available(bool available, void *userdata)
{
        struct daemon *daemon = userdata;

        if (!daemon->named)
                return; /* told by on_named() */
        engine_audio_available(daemon->engine, bus_now(), available);
        daemon_settle(daemon);
        bus_audio_changed(daemon->bus);
}

static void on_changed(void *userdata)
{
        struct daemon *daemon = userdata;

        bus_audio_changed(daemon->bus);
}

const struct audio_events daemon_audio_events = {
        .nodes_fn = on_nodes,
        .ready_fn = on_ready,
        .available_fn = on_available,
        .changed_fn = on_changed,
};

/* ---- what the administrator says ---- */

void daemon_configure_audio(struct daemon *daemon)
{
        const struct config_audio *config = &daemon->config.audio;
        const struct audio_config audio = {
                .other_media = config->other_media,
                .duck_volume = config->duck_volume,
                .ring_devices = config->ring_devices,
                .ring_volume = config->ring_volume,
                .ring_fade_in = config->ring_fade_in,
                .play_feedback_tones = config->play_feedback_tones,
                .echo_cancel = config->echo_cancel,
                .route_preference = config->route_preference,
                .provider_routes = config->provider_routes,
        };

        if (daemon->audio && audio_configure(daemon->audio, &audio) < 0)
                log_error("There is no memory for the settings of [Audio]; they stay as they were");
}

/* ---- what the bus asks ---- */

static bool hook_available(void *userdata)
{
        struct daemon *daemon = userdata;

        return daemon->audio && audio_is_available(daemon->audio);
}

static bool hook_ringing(void *userdata)
{
        struct daemon *daemon = userdata;

        return daemon->audio && audio_is_ringing(daemon->audio);
}

static bool hook_linked(const char *call, void *userdata)
{
        struct daemon *daemon = userdata;

        return daemon->audio && audio_is_linked(daemon->audio, call);
}

static const char *hook_route(void *userdata)
{
        struct daemon *daemon = userdata;

        return daemon->audio ? audio_get_route(daemon->audio) : "";
}

struct route_bridge {
        bus_route_fn route_fn;
        void *userdata;
};

static void pass_route(const struct audio_route *route, void *userdata)
{
        const struct route_bridge *bridge = userdata;
        const struct bus_route shown = {
                .id = route->id,
                .kind = route->kind,
                .description = route->description,
                .available = route->available,
        };

        bridge->route_fn(&shown, bridge->userdata);
}

static void hook_list_routes(bus_route_fn route_fn, void *fn_userdata, void *userdata)
{
        struct route_bridge bridge = {route_fn, fn_userdata};
        struct daemon *daemon = userdata;

        if (daemon->audio)
                audio_list_routes(daemon->audio, pass_route, &bridge);
}

/* Before the call has nodes the choice waits for its first wish. */
static int hook_set_route(const char *call, const char *id, void *userdata)
{
        struct daemon *daemon = userdata;
        int r;

        if (!daemon->audio)
                return -EOPNOTSUPP;
        r = audio_set_route(daemon->audio, call, id);
        return r == -ENOENT ? route_choice_set(&daemon->route_choices, call, id) : r;
}

static int hook_nodes(const char *call, const char **ret_sink, const char **ret_source,
                      void *userdata)
{
        struct daemon *daemon = userdata;

        return daemon->audio ? audio_get_nodes(daemon->audio, call, ret_sink, ret_source) : -ENOENT;
}

struct stream_bridge {
        bus_stream_fn stream_fn;
        void *userdata;
};

static void pass_stream(enum audio_property_group group, const char *key, const char *value,
                        void *userdata)
{
        const struct stream_bridge *bridge = userdata;

        switch (group) {
        case AUDIO_PROPERTY_PLAYBACK:
                bridge->stream_fn(BUS_STREAM_PLAYBACK, key, value, bridge->userdata);
                return;
        case AUDIO_PROPERTY_CAPTURE:
                bridge->stream_fn(BUS_STREAM_CAPTURE, key, value, bridge->userdata);
                return;
        case AUDIO_PROPERTY_ENVIRONMENT:
                bridge->stream_fn(BUS_STREAM_ENVIRONMENT, key, value, bridge->userdata);
                return;
        }
}

static int hook_streams(const char *call, bus_stream_fn stream_fn, void *fn_userdata,
                        void *userdata)
{
        struct stream_bridge bridge = {stream_fn, fn_userdata};
        struct daemon *daemon = userdata;

        return daemon->audio ? audio_stream_properties(daemon->audio, call, pass_stream, &bridge)
                             : -ENOENT;
}

void daemon_set_audio_hooks(struct bus_hooks *hooks)
{
        hooks->audio_available = hook_available;
        hooks->audio_ringing = hook_ringing;
        hooks->audio_linked = hook_linked;
        hooks->audio_route = hook_route;
        hooks->audio_list_routes = hook_list_routes;
        hooks->audio_set_route = hook_set_route;
        hooks->audio_nodes = hook_nodes;
        hooks->audio_streams = hook_streams;
}
