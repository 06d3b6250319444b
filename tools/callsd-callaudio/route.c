/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd's routes: a loudspeaker that is on or off.
 *
 * callsd has a list of devices and no switch. On is a route of the kind "speaker"; off is the one
 * that was in use before, else the best of the others. As with the mute, callsd forgets the choice
 * with the call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facade.h"

#define CALLSD_NAME "org.callsd"
#define AUDIO_PATH "/org/callsd/audio"
#define AUDIO_INTERFACE "org.callsd.Audio1"
#define SPEAKER "speaker"

struct speaker_request {
        struct facade *facade;
        sd_bus_message *message;
        int enable;
};

static const struct route *find(const struct facade *facade, const char *id)
{
        for (size_t i = 0; id && i < facade->n_routes; i++)
                if (strcmp(facade->routes[i].id, id) == 0)
                        return &facade->routes[i];
        return NULL;
}

static const struct route *find_kind(const struct facade *facade, const char *kind)
{
        for (size_t i = 0; i < facade->n_routes; i++)
                if (facade->routes[i].available && strcmp(facade->routes[i].kind, kind) == 0)
                        return &facade->routes[i];
        return NULL;
}

bool route_is_speaker(const struct facade *facade)
{
        const struct route *route = find(facade, facade->route);

        return route && strcmp(route->kind, SPEAKER) == 0;
}

/* What would be heard without the loudspeaker; a screen is one as well, so never that. */
static const struct route *find_quiet(const struct facade *facade)
{
        static const char *const kinds[] = {"bluetooth", "headset", "earpiece", "car", "other"};
        const struct route *route = find(facade, facade->last_quiet);

        if (route && route->available && strcmp(route->kind, SPEAKER) != 0)
                return route;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
                route = find_kind(facade, kinds[i]);
                if (route)
                        return route;
        }
        return NULL;
}

static void clear(struct facade *facade)
{
        for (size_t i = 0; i < facade->n_routes; i++) {
                free(facade->routes[i].id);
                free(facade->routes[i].kind);
        }
        free(facade->routes);
        free(facade->route);
        facade->routes = NULL;
        facade->n_routes = 0;
        facade->route = NULL;
        facade->routes_known = false;
}

static int read_text(sd_bus_message *message, char **text)
{
        const char *value;
        int r = sd_bus_message_read(message, "v", "s", &value);

        if (r < 0)
                return r;
        free(*text);
        *text = strdup(value);
        return *text ? 0 : -ENOMEM;
}

static int read_field(sd_bus_message *message, struct route *route)
{
        const char *key;
        int available, r = sd_bus_message_read_basic(message, 's', &key);

        if (r < 0)
                return r;
        if (strcmp(key, "Id") == 0)
                return read_text(message, &route->id);
        if (strcmp(key, "Kind") == 0)
                return read_text(message, &route->kind);
        if (strcmp(key, "Available") != 0)
                return sd_bus_message_skip(message, "v");
        r = sd_bus_message_read(message, "v", "b", &available);
        if (r >= 0)
                route->available = available;
        return r;
}

static int read_fields(sd_bus_message *message, struct route *route)
{
        int r;

        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_field(message, route);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        return r >= 0 && (!route->id || !route->kind) ? -EBADMSG : r;
}

static int read_routes(struct facade *facade, sd_bus_message *reply)
{
        int r = sd_bus_message_enter_container(reply, 'v', "aa{sv}");

        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'a', "{sv}")) > 0) {
                struct route *grown =
                        reallocarray(facade->routes, facade->n_routes + 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                facade->routes = grown;
                grown[facade->n_routes] = (struct route){0};
                r = read_fields(reply, &grown[facade->n_routes++]);
        }
        return r;
}

static int on_routes(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct facade *facade = userdata;
        char *route = facade->route;

        (void)error;
        facade->route = NULL;
        clear(facade);
        facade->route = route;
        facade->routes_known =
                !sd_bus_message_is_method_error(reply, NULL) && read_routes(facade, reply) >= 0;
        if (!facade->routes_known)
                clear(facade);
        service_update(facade);
        return 0;
}

static int on_route(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct facade *facade = userdata;
        const char *route;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "v", "s", &route) < 0)
                return 0;
        free(facade->route);
        facade->route = strdup(route);
        service_update(facade);
        return 0;
}

/* Looking starts no callsd. */
static void get(struct facade *facade, const char *property, sd_bus_message_handler_t handler)
{
        CLEANUP_MESSAGE sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(facade->bus, &message, CALLSD_NAME, AUDIO_PATH,
                                               "org.freedesktop.DBus.Properties", "Get");

        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, false);
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", AUDIO_INTERFACE, property);
        if (r >= 0)
                r = sd_bus_call_async(facade->bus, NULL, message, handler, facade, 0);
        if (r < 0)
                say("callsd was not asked for %s: %s", property, strerror(-r));
}

/* The route in use first, so that both are known when the list comes. */
void route_refresh(struct facade *facade)
{
        get(facade, "Route", on_route);
        get(facade, "Routes", on_routes);
}

/* What is announced is newer than what was asked for. */
static int on_announced(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct facade *facade = userdata;

        (void)message, (void)error;
        facade->speaker_wish = NO_WISH;
        route_refresh(facade);
        return 0;
}

static int on_set(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct speaker_request *request = userdata;
        struct facade *facade = request->facade;
        const sd_bus_error *failure = sd_bus_message_get_error(reply);

        (void)error;
        if (failure)
                say("callsd did not change the route: %s", failure->message);
        else
                facade->speaker_wish = request->enable;
        (void)service_reply(facade, request->message, !failure);
        sd_bus_message_unref(request->message);
        free(request);
        return 0;
}

static int set(struct facade *facade, const struct route *route, sd_bus_message *message,
               bool enable)
{
        struct speaker_request *request = calloc(1, sizeof(*request));
        int r;

        if (!request)
                return -ENOMEM;
        *request = (struct speaker_request){facade, sd_bus_message_ref(message), enable};
        r = sd_bus_call_method_async(facade->bus, NULL, CALLSD_NAME, AUDIO_PATH, AUDIO_INTERFACE,
                                     "SetRoute", on_set, request, "s", route->id);
        if (r < 0) {
                sd_bus_message_unref(request->message);
                free(request);
                return r;
        }
        return 1;
}

static void remember_quiet(struct facade *facade)
{
        free(facade->last_quiet);
        facade->last_quiet = facade->route ? strdup(facade->route) : NULL;
}

int route_enable_speaker(struct facade *facade, sd_bus_message *message, bool enable)
{
        const struct route *route;

        if (!facade->routes_known || !calls_any_current(facade)) {
                if (enable)
                        say("the loudspeaker is not turned on: %s",
                            facade->routes_known ? "no call of callsd's is going on"
                                                 : "callsd is not running");
                return service_reply(facade, message, !enable && facade->routes_known);
        }
        if (route_is_speaker(facade) == enable)
                return service_reply(facade, message, true);
        route = enable ? find_kind(facade, SPEAKER) : find_quiet(facade);
        if (!route) {
                say(enable ? "callsd knows no loudspeaker"
                           : "callsd knows nothing but loudspeakers");
                return service_reply(facade, message, false);
        }
        if (enable)
                remember_quiet(facade);
        return set(facade, route, message, enable);
}

int route_init(struct facade *facade)
{
        facade->speaker_wish = NO_WISH;
        return sd_bus_match_signal_async(facade->bus, NULL, CALLSD_NAME, AUDIO_PATH,
                                         "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                         on_announced, NULL, facade);
}

void route_done(struct facade *facade)
{
        clear(facade);
        free(facade->last_quiet);
}
