/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * route: where calls can be heard, and choosing one of these places.
 *
 * A place is named by its id, the beginning of one, or its kind, as far as only one fits. So
 * `callsctl route bluetooth` does what it says wherever there is one headset.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

#define AUDIO_PATH "/org/callsd/audio"
#define AUDIO_INTERFACE "org.callsd.Audio1"
#define DEFAULT_ROUTE "default"

static int append_routes(sd_bus_message *message, const void *userdata)
{
        (void)userdata;
        return sd_bus_message_append(message, "ss", AUDIO_INTERFACE, "Routes");
}

/* Each with Current added. */
int routes_load(struct ctl *ctl, json_t **ret_routes)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL, *current = NULL;
        const json_t *routes;
        int r;

        r = bus_call(ctl, AUDIO_PATH, "org.freedesktop.DBus.Properties", "Get", append_routes, NULL,
                     &error, &arguments);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        current = bus_get_property(ctl, AUDIO_PATH, AUDIO_INTERFACE, "Route");
        routes = json_array_get(arguments, 0);
        for (size_t i = 0; i < json_array_size(routes); i++) {
                json_t *route = json_array_get(routes, i);
                bool is_current =
                        current && strcmp(text_of(route, "Id"), json_string_value(current)) == 0;

                json_object_set_new(route, "Current", json_boolean(is_current));
        }
        *ret_routes = json_incref(json_array_get(arguments, 0));
        return STATUS_OK;
}

static void add_route(struct table *table, const json_t *route)
{
        bool current = flag_of(route, "Current"), available = flag_of(route, "Available");

        table_add(table,
                  (const char *const[]){
                          current ? "*" : "",
                          text_of(route, "Kind"),
                          text_of(route, "Id"),
                          available ? "" : "not there",
                          text_of(route, "Description"),
                  },
                  current ? state_colour("active") : NULL);
}

static void print_routes(const struct ctl *ctl, const json_t *routes)
{
        static const char *const titles[] = {"", "KIND", "ROUTE", "", "DESCRIPTION"};
        _cleanup_table_ struct table *table = NULL;

        if (ctl->json) {
                print_json(routes);
                return;
        }
        if (json_array_size(routes) == 0) {
                puts("No routes.");
                return;
        }
        table = table_new(titles, sizeof(titles) / sizeof(*titles));
        for (size_t i = 0; table && i < json_array_size(routes); i++)
                add_route(table, json_array_get(routes, i));
        if (table)
                table_print(table, ctl->colour);
}

enum match {
        MATCH_ID,
        MATCH_KIND,
        MATCH_BEGINNING,
        MATCH_MAX_,
};

static bool matches(const json_t *route, const char *name, enum match how)
{
        switch (how) {
        case MATCH_ID:
                return strcmp(text_of(route, "Id"), name) == 0;
        case MATCH_KIND:
                return flag_of(route, "Available") && strcmp(text_of(route, "Kind"), name) == 0;
        case MATCH_BEGINNING:
                return strncmp(text_of(route, "Id"), name, strlen(name)) == 0;
        case MATCH_MAX_:
                return false;
        }
        return false;
}

/* How many match; the last of them in `ret_route`. */
static unsigned count_matches(const json_t *routes, const char *name, enum match how,
                              const json_t **ret_route)
{
        unsigned n = 0;

        for (size_t i = 0; i < json_array_size(routes); i++) {
                const json_t *route = json_array_get(routes, i);

                if (!matches(route, name, how))
                        continue;
                *ret_route = route;
                n++;
        }
        return n;
}

static int find_route(const struct ctl *ctl, const json_t *routes, const char *name,
                      const json_t **ret_route)
{
        for (enum match how = MATCH_ID; how < MATCH_MAX_; how++) {
                unsigned n = count_matches(routes, name, how, ret_route);

                if (n == 1)
                        return STATUS_OK;
                if (n > 1)
                        return ctl_fail(ctl, STATUS_FAILED,
                                        "'%s' could be %u routes; 'callsctl route' lists them",
                                        name, n);
        }
        return ctl_fail(ctl, STATUS_FAILED,
                        "there is no route '%s'; 'callsctl route' lists those there are", name);
}

static int append_id(sd_bus_message *message, const void *userdata)
{
        return sd_bus_message_append_basic(message, 's', userdata);
}

static int set_route(struct ctl *ctl, const char *id)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = bus_call(ctl, AUDIO_PATH, AUDIO_INTERFACE, "SetRoute", append_id, id, &error, NULL);

        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        if (ctl->json) {
                _cleanup_json_ json_t *object = json_pack("{s:s, s:s, s:s}", "Result", "fulfilled",
                                                          "Verb", "route", "Route", id);

                print_json(object);
        }
        return STATUS_OK;
}

int verb_route(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_json_ json_t *routes = NULL;
        const json_t *route = NULL;
        int status;

        (void)verb;
        if (argc > 0 && strcmp(argv[0], DEFAULT_ROUTE) == 0)
                return set_route(ctl, "");
        if (argc > 0 && *argv[0] == '\0')
                return ctl_fail(ctl, STATUS_USAGE,
                                "a route is an id, the beginning of one, a kind, "
                                "or " DEFAULT_ROUTE);
        status = routes_load(ctl, &routes);
        if (status != STATUS_OK)
                return status;
        if (argc == 0) {
                print_routes(ctl, routes);
                return STATUS_OK;
        }
        status = find_route(ctl, routes, argv[0], &route);
        return status == STATUS_OK ? set_route(ctl, text_of(route, "Id")) : status;
}
