/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The params of devices, from pods to fields; see device-parse.h. */
#include "audio/device-parse.h"

#include <stdlib.h>

#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/route.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>

/* One more in an array that grows; NULL without memory. */
static void *append(void *array, unsigned *n, size_t size)
{
        char *larger = reallocarray(*(void **)array, *n + 1, size);

        if (!larger)
                return NULL;
        *(void **)array = larger;
        memset(larger + *n * size, 0, size);
        return larger + (*n)++ * size;
}

static void parse_list(const struct spa_pod *pod, struct device_list *ret_list)
{
        uint32_t n = 0;
        const int32_t *items;

        /* Numbers of another size are none of ours, and would be read beyond their end. */
        if (!pod || !spa_pod_is_array(pod) || SPA_POD_ARRAY_VALUE_TYPE(pod) != SPA_TYPE_Int ||
            SPA_POD_ARRAY_VALUE_SIZE(pod) != sizeof(*items))
                return;
        items = spa_pod_get_array(pod, &n);
        for (uint32_t i = 0; i < n && ret_list->n < DEVICE_LIST_MAX; i++)
                ret_list->items[ret_list->n++] = items[i];
}

/* Struct(Int n, Struct("Audio/Sink", Int count, ...)...) */
static void parse_classes(const struct spa_pod *pod, struct device_profile *profile)
{
        const struct spa_pod *entry;

        if (!pod || !spa_pod_is_struct(pod))
                return;
        SPA_POD_STRUCT_FOREACH(pod, entry)
        {
                struct spa_pod_parser parser;
                struct spa_pod_frame frame;
                const char *name = NULL;
                int32_t n = 0;

                if (!spa_pod_is_struct(entry))
                        continue;
                spa_pod_parser_pod(&parser, entry);
                if (spa_pod_parser_push_struct(&parser, &frame) < 0 ||
                    spa_pod_parser_get_string(&parser, &name) < 0 ||
                    spa_pod_parser_get_int(&parser, &n) < 0 || n == 0)
                        continue;
                profile->output = profile->output || streq(name, "Audio/Sink");
                profile->input = profile->input || streq(name, "Audio/Source");
        }
}

static void parse_profile(struct device_params *params, const struct spa_pod *param)
{
        uint32_t available = SPA_PARAM_AVAILABILITY_unknown;
        const struct spa_pod *classes = NULL;
        struct device_profile *profile;
        int32_t priority = 0;
        int32_t index;

        if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL, SPA_PARAM_PROFILE_index,
                                 SPA_POD_Int(&index), SPA_PARAM_PROFILE_priority,
                                 SPA_POD_OPT_Int(&priority), SPA_PARAM_PROFILE_available,
                                 SPA_POD_OPT_Id(&available), SPA_PARAM_PROFILE_classes,
                                 SPA_POD_OPT_Pod(&classes)) < 0)
                return;
        profile = append(&params->profiles, &params->n_profiles, sizeof(*profile));
        if (!profile)
                return;
        profile->index = index;
        profile->priority = priority;
        profile->available = available != SPA_PARAM_AVAILABILITY_no;
        parse_classes(classes, profile);
}

/* Struct(Int n, key, value...) */
static const char *find_info(const struct spa_pod *info, const char *key)
{
        struct spa_pod_parser parser;
        struct spa_pod_frame frame;
        int32_t n = 0;

        if (!info)
                return NULL;
        spa_pod_parser_pod(&parser, info);
        if (spa_pod_parser_push_struct(&parser, &frame) < 0 ||
            spa_pod_parser_get_int(&parser, &n) < 0)
                return NULL;
        while (n-- > 0) {
                const char *name = NULL;
                const char *value = NULL;

                if (spa_pod_parser_get_string(&parser, &name) < 0 ||
                    spa_pod_parser_get_string(&parser, &value) < 0)
                        return NULL;
                if (streq(name, key))
                        return value;
        }
        return NULL;
}

static void port_done(struct device_port *port)
{
        free(port->name);
        free(port->description);
        free(port->type);
}

static void parse_port(struct device_params *params, const struct spa_pod *param)
{
        uint32_t available = SPA_PARAM_AVAILABILITY_unknown;
        const struct spa_pod *profiles = NULL;
        const struct spa_pod *cards = NULL;
        const struct spa_pod *info = NULL;
        const char *description = NULL;
        struct device_port *port;
        const char *name = NULL;
        int32_t priority = 0;
        uint32_t direction;
        int32_t index;

        if (spa_pod_parse_object(
                    param, SPA_TYPE_OBJECT_ParamRoute, NULL, SPA_PARAM_ROUTE_index,
                    SPA_POD_Int(&index), SPA_PARAM_ROUTE_direction, SPA_POD_Id(&direction),
                    SPA_PARAM_ROUTE_name, SPA_POD_String(&name), SPA_PARAM_ROUTE_description,
                    SPA_POD_OPT_String(&description), SPA_PARAM_ROUTE_priority,
                    SPA_POD_OPT_Int(&priority), SPA_PARAM_ROUTE_available,
                    SPA_POD_OPT_Id(&available), SPA_PARAM_ROUTE_info, SPA_POD_OPT_Pod(&info),
                    SPA_PARAM_ROUTE_profiles, SPA_POD_OPT_Pod(&profiles), SPA_PARAM_ROUTE_devices,
                    SPA_POD_OPT_Pod(&cards)) < 0)
                return;
        port = append(&params->ports, &params->n_ports, sizeof(*port));
        if (!port)
                return;
        port->index = index;
        port->priority = priority;
        port->output = direction == SPA_DIRECTION_OUTPUT;
        port->available = available != SPA_PARAM_AVAILABILITY_no;
        port->name = strdup(name);
        port->description = strdup(description ? description : name);
        port->type = strdup(str_or_empty(find_info(info, "port.type")));
        parse_list(profiles, &port->profiles);
        parse_list(cards, &port->cards);
        if (port->name && port->description && port->type)
                return;
        port_done(port);
        params->n_ports--;
}

static void parse_active(struct device_params *params, const struct spa_pod *param)
{
        struct device_active *active;
        int32_t index;
        int32_t card;

        if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL, SPA_PARAM_ROUTE_index,
                                 SPA_POD_Int(&index), SPA_PARAM_ROUTE_device,
                                 SPA_POD_Int(&card)) < 0)
                return;
        active = append(&params->active, &params->n_active, sizeof(*active));
        if (active)
                *active = (struct device_active){.card = card, .port = index};
}

void device_parse_param(struct device_params *params, uint32_t id, const struct spa_pod *param)
{
        int32_t index;

        switch (id) {
        case SPA_PARAM_EnumProfile:
                parse_profile(params, param);
                return;
        case SPA_PARAM_EnumRoute:
                parse_port(params, param);
                return;
        case SPA_PARAM_Route:
                parse_active(params, param);
                return;
        case SPA_PARAM_Profile:
                if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL,
                                         SPA_PARAM_PROFILE_index, SPA_POD_Int(&index)) >= 0)
                        params->profile = index;
                return;
        }
}

void device_params_done(struct device_params *params)
{
        for (unsigned i = 0; i < params->n_ports; i++)
                port_done(&params->ports[i]);
        free(params->ports);
        free(params->profiles);
        free(params->active);
        *params = (struct device_params){.profile = -1};
}
