/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes that peers ask for; see bus-route.h. */
#include "bus/bus-route.h"

#include <errno.h>
#include <stdio.h>

#include "bus/bus-access.h"
#include "bus/bus-object.h"
#include "util/log.h"

struct search {
        const char *id;
        bool found;
        FILE *others; /* NULL: not wanted */
        unsigned n_others;
};

static void compare(const struct bus_route *route, void *userdata)
{
        struct search *search = userdata;

        if (!route->available)
                return;
        search->found = search->found || streq(route->id, search->id);
        if (search->others)
                fprintf(search->others, "%s%.128s", search->n_others++ == 0 ? "" : ", ", route->id);
}

static void search_routes(struct bus *bus, struct search *search)
{
        if (bus->hooks.audio_list_routes)
                bus->hooks.audio_list_routes(compare, search, bus->userdata);
}

/* Ids name the user's devices: they are for those who may read Routes. */
static int refuse(struct bus *bus, const struct client *client, const char *what, const char *id,
                  sd_bus_error *error)
{
        cleanup_(freep) char *others = NULL;
        struct search search = {.id = id};
        size_t size;

        if (access_may_route(bus, client))
                search.others = open_memstream(&others, &size);
        if (search.others) {
                search_routes(bus, &search);
                fclose(search.others);
        }
        if (search.n_others == 0)
                return bus_error_invalid(error,
                                         "%s is \"%.128s\"; it must be the Id of one of "
                                         "Audio1.Routes that is available",
                                         what, id);
        return bus_error_invalid(error,
                                 "%s is \"%.128s\"; it must be the Id of a route that is "
                                 "available: %.1024s",
                                 what, id, others);
}

int route_check(struct bus *bus, const struct client *client, const char *what, const char *id,
                sd_bus_error *error)
{
        struct search search = {.id = id};

        if (!*id)
                return 0;
        search_routes(bus, &search);
        return search.found ? 0 : refuse(bus, client, what, id, error);
}

void bus_route_choose(struct bus *bus, const char *call, const char *id)
{
        const struct log_context context = {.call = call};
        int r = -EOPNOTSUPP;

        if (bus->hooks.audio_set_route)
                r = bus->hooks.audio_set_route(call, id, bus->userdata);
        if (r < 0)
                log_write(LOG_NOTICE, &context, "The route %.128s stays unused: %s", id,
                          strerror(-r));
}

int method_set_route(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = NULL;
        unsigned n = 0;
        const char *id;
        int r = sd_bus_message_read_basic(message, 's', &id);

        if (r < 0)
                return r;
        if (!engine_active_call(bus->engine))
                return bus_error_refuse(error, REFUSAL_WRONG_STATE,
                                        "No call is active; a route is chosen for active calls");
        r = route_check(bus, client_of(bus, message), "id", id, error);
        if (r < 0)
                return r;
        while ((call = engine_next_call(bus->engine, call))) {
                if (call->state != CALL_STATE_ACTIVE || call->audio != CALL_AUDIO_STREAMS)
                        continue;
                n++;
                bus_route_choose(bus, call->id.text, id);
        }
        if (n == 0)
                return bus_error_refuse(error, REFUSAL_WRONG_STATE,
                                        "The sound of the active call does not pass through "
                                        "callsd; its app chooses where it is heard");
        return sd_bus_reply_method_return(message, NULL);
}
