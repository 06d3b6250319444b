/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mirror of the server's sound devices; see device.h. */
#include "audio/device.h"

#include <stdlib.h>

#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>

#include "audio/audio-private.h"
#include "audio/device-parse.h"
#include "audio/graph-parse.h"
#include "util/log.h"

/* Calls do not wait longer for a session manager that does not say what its devices are. */
#define PATIENCE (USEC_PER_SEC / 2)

void devices_init(struct devices *devices, struct pw_context *context,
                  void (*changed_fn)(struct device *device, bool gone, void *userdata),
                  void *userdata)
{
        *devices = (struct devices){
                .context = context, .changed_fn = changed_fn, .userdata = userdata};
}

/* Reading params: all four lists at once, and then what has become of them in one go. */

static void read_params(struct device *device)
{
        static const uint32_t ids[] = {SPA_PARAM_EnumProfile, SPA_PARAM_Profile,
                                       SPA_PARAM_EnumRoute, SPA_PARAM_Route};

        if (!device->proxy)
                return;
        if (device->reading_seq != 0) {
                device->read_again = true;
                return;
        }
        device->read_again = false;
        device_params_done(&device->reading);
        for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
                pw_device_enum_params((struct pw_device *)device->proxy, 0, ids[i], 0, UINT32_MAX,
                                      NULL);
        device->reading_seq = pw_core_sync(device->devices->core, PW_ID_CORE, 0);
}

static void finish_reading(struct device *device)
{
        device->reading_seq = 0;
        if (device->read_again) {
                read_params(device);
                return;
        }
        device_params_done(&device->params);
        device->params = device->reading;
        device->reading = (struct device_params){.profile = -1};
        if (!device->known)
                device->known_since = audio_now();
        device->known = true;
        device->devices->changed_fn(device, false, device->devices->userdata);
}

static void on_info(void *data, const struct pw_device_info *info)
{
        struct device *device = data;

        if ((info->change_mask & PW_DEVICE_CHANGE_MASK_PROPS) && info->props) {
                parse_replace(&device->description,
                              spa_dict_lookup(info->props, PW_KEY_DEVICE_DESCRIPTION));
                parse_replace(&device->api, spa_dict_lookup(info->props, PW_KEY_DEVICE_API));
                parse_replace(&device->form_factor,
                              spa_dict_lookup(info->props, PW_KEY_DEVICE_FORM_FACTOR));
        }
        if (!device->has_info || (info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
                read_params(device);
        device->has_info = true;
}

static void on_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
                     const struct spa_pod *param)
{
        struct device *device = data;

        (void)seq;
        (void)index;
        (void)next;
        if (device->reading_seq != 0 && param)
                device_parse_param(&device->reading, id, param);
}

static const struct pw_device_events device_events = {
        PW_VERSION_DEVICE_EVENTS,
        .info = on_info,
        .param = on_param,
};

static void on_proxy_removed(void *data)
{
        struct device *device = data;

        pw_proxy_destroy(device->proxy);
}

static void on_proxy_destroy(void *data)
{
        struct device *device = data;

        spa_hook_remove(&device->listener);
        spa_hook_remove(&device->proxy_listener);
        device->proxy = NULL;
}

static const struct pw_proxy_events proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .removed = on_proxy_removed,
        .destroy = on_proxy_destroy,
};

/* The registry */

static void device_free(struct device *device)
{
        HASH_DEL(device->devices->list, device);
        if (device->proxy)
                pw_proxy_destroy(device->proxy);
        device_params_done(&device->params);
        device_params_done(&device->reading);
        free(device->name);
        free(device->description);
        free(device->api);
        free(device->form_factor);
        free(device);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *props)
{
        struct devices *devices = data;
        struct device *device;
        const char *serial;

        (void)permissions;
        (void)version;
        if (!props || !streq(type, PW_TYPE_INTERFACE_Device))
                return;
        device = calloc(1, sizeof(*device));
        if (!device)
                return;
        serial = spa_dict_lookup(props, PW_KEY_OBJECT_SERIAL);
        device->devices = devices;
        device->id = id;
        device->serial = serial ? strtoull(serial, NULL, 10) : 0;
        device->params.profile = device->reading.profile = -1;
        parse_replace(&device->name, spa_dict_lookup(props, PW_KEY_DEVICE_NAME));
        HASH_ADD(hh, devices->list, id, sizeof(device->id), device);
        device->proxy = pw_registry_bind(devices->registry, id, type, PW_VERSION_DEVICE, 0);
        if (!device->proxy || !device->name) {
                device_free(device);
                return;
        }
        pw_proxy_add_listener(device->proxy, &device->proxy_listener, &proxy_events, device);
        pw_proxy_add_object_listener(device->proxy, &device->listener, &device_events, device);
}

static void on_global_remove(void *data, uint32_t id)
{
        struct devices *devices = data;
        struct device *device = device_find(devices, id);

        if (!device)
                return;
        devices->changed_fn(device, true, devices->userdata);
        device_free(device);
}

static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
        .global_remove = on_global_remove,
};

/* The connection */

static void on_done(void *data, uint32_t id, int seq)
{
        struct devices *devices = data;
        struct device *device;
        struct device *next;

        if (id != PW_ID_CORE)
                return;
        if (seq == devices->listed_seq && !devices->listed) {
                devices->listed = true;
                devices->changed_fn(NULL, false, devices->userdata);
        }
        HASH_ITER (hh, devices->list, device, next) {
                if (device->reading_seq == seq)
                        finish_reading(device);
        }
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_done,
};

void devices_connect(struct devices *devices)
{
        devices->core = pw_context_connect(devices->context, NULL, 0);
        if (!devices->core)
                return;
        pw_core_add_listener(devices->core, &devices->core_listener, &core_events, devices);
        devices->patience = audio_now() + PATIENCE;
        devices->registry = pw_core_get_registry(devices->core, PW_VERSION_REGISTRY, 0);
        if (!devices->registry) {
                devices_disconnect(devices);
                return;
        }
        pw_registry_add_listener(devices->registry, &devices->registry_listener, &registry_events,
                                 devices);
        devices->listed_seq = pw_core_sync(devices->core, PW_ID_CORE, 0);
}

void devices_disconnect(struct devices *devices)
{
        struct device *device;
        struct device *next;

        if (!devices->core)
                return;
        HASH_ITER (hh, devices->list, device, next) {
                devices->changed_fn(device, true, devices->userdata);
                device_free(device);
        }
        if (devices->registry) {
                spa_hook_remove(&devices->registry_listener);
                pw_proxy_destroy((struct pw_proxy *)devices->registry);
                devices->registry = NULL;
        }
        spa_hook_remove(&devices->core_listener);
        pw_core_disconnect(devices->core);
        devices->core = NULL;
        devices->listed = false;
}

/* Looking things up */

bool devices_are_known(const struct devices *devices)
{
        const struct device *device;

        if (!devices->core || audio_now() >= devices->patience)
                return true;
        for (device = devices->list; device; device = device->hh.next) {
                if (!device->known)
                        return false;
        }
        return devices->listed;
}

struct device *device_find(struct devices *devices, uint32_t id)
{
        struct device *device;

        HASH_FIND(hh, devices->list, &id, sizeof(id), device);
        return device;
}

struct device *device_find_by_serial(struct devices *devices, uint64_t serial)
{
        struct device *device;

        for (device = devices->list; device; device = device->hh.next) {
                if (device->serial == serial)
                        return device;
        }
        return NULL;
}

const struct device_profile *device_find_profile(const struct device *device, int index)
{
        for (unsigned i = 0; i < device->params.n_profiles; i++) {
                if (device->params.profiles[i].index == index)
                        return &device->params.profiles[i];
        }
        return NULL;
}

const struct device_port *device_find_port(const struct device *device, int index)
{
        for (unsigned i = 0; i < device->params.n_ports; i++) {
                if (device->params.ports[i].index == index)
                        return &device->params.ports[i];
        }
        return NULL;
}

int device_get_active(const struct device *device, int card)
{
        for (unsigned i = 0; i < device->params.n_active; i++) {
                if (device->params.active[i].card == card)
                        return device->params.active[i].port;
        }
        return -1;
}

bool device_list_has(const struct device_list *list, int item)
{
        for (unsigned i = 0; i < list->n; i++) {
                if (list->items[i] == item)
                        return true;
        }
        return false;
}

/* Requests */

void device_set_profile(struct device *device, int index)
{
        uint8_t buffer[256];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        const struct spa_pod *param;

        param = spa_pod_builder_add_object(
                &builder, SPA_TYPE_OBJECT_ParamProfile, SPA_PARAM_Profile, SPA_PARAM_PROFILE_index,
                SPA_POD_Int(index), SPA_PARAM_PROFILE_save, SPA_POD_Bool(false));
        pw_device_set_param((struct pw_device *)device->proxy, SPA_PARAM_Profile, 0, param);
}

void device_set_port(struct device *device, int card, int index)
{
        uint8_t buffer[256];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        const struct spa_pod *param;

        param = spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route,
                                           SPA_PARAM_ROUTE_index, SPA_POD_Int(index),
                                           SPA_PARAM_ROUTE_device, SPA_POD_Int(card),
                                           SPA_PARAM_ROUTE_save, SPA_POD_Bool(false));
        pw_device_set_param((struct pw_device *)device->proxy, SPA_PARAM_Route, 0, param);
}
