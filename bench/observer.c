/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection of the benchmark's own: how fast the server answers, and which streams are ducked.
 */
#include "bench.h"

#include <pipewire/pipewire.h>
#include <spa/param/audio/raw.h>
#include <spa/param/props.h>
#include <spa/pod/iter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define OTHERS_MAX 256
#define DUCKED_BELOW 0.9f

struct other {
        struct pw_proxy *proxy;
        struct spa_hook listener;
        float soft;   /* the last soft volume; it stays listed when it is no longer in force */
        bool ducked;  /* another one than before came, below DUCKED_BELOW */
        bool written; /* somebody wrote to it */
};

struct observer {
        struct pw_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        struct pw_registry *registry;
        struct spa_hook core_listener;
        struct spa_hook registry_listener;
        sd_event_source *io;
        unsigned synced;
        struct other others[OTHERS_MAX];
        unsigned n_others;
};

static void on_done(void *userdata, uint32_t id, int seq)
{
        struct observer *observer = userdata;

        (void)id, (void)seq;
        observer->synced++;
}

static void take(struct other *other, float soft)
{
        if (soft < DUCKED_BELOW && soft != other->soft)
                other->ducked = true;
        other->soft = soft;
}

static void on_param(void *userdata, int seq, uint32_t id, uint32_t index, uint32_t next,
                     const struct spa_pod *param)
{
        struct other *other = userdata;
        const struct spa_pod_prop *soft;
        float volumes[SPA_AUDIO_MAX_CHANNELS];

        (void)seq, (void)index, (void)next;
        if (id != SPA_PARAM_Props || !param)
                return;
        soft = spa_pod_find_prop(param, NULL, SPA_PROP_softVolumes);
        if (soft &&
            spa_pod_copy_array(&soft->value, SPA_TYPE_Float, volumes, SPA_AUDIO_MAX_CHANNELS) > 0)
                take(other, volumes[0]);
        other->written = true;
}

static const struct pw_node_events node_events = {PW_VERSION_NODE_EVENTS, .param = on_param};

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *properties)
{
        struct observer *observer = userdata;
        const char *name = properties ? spa_dict_lookup(properties, PW_KEY_NODE_NAME) : NULL;
        uint32_t params[] = {SPA_PARAM_Props};
        struct other *other;

        (void)permissions, (void)version;
        if (strcmp(type, PW_TYPE_INTERFACE_Node) != 0 || !name || strcmp(name, BENCH_OTHER) != 0 ||
            observer->n_others == OTHERS_MAX)
                return;
        other = &observer->others[observer->n_others++];
        other->proxy = pw_registry_bind(observer->registry, id, type, PW_VERSION_NODE, 0);
        pw_node_add_listener((struct pw_node *)other->proxy, &other->listener, &node_events, other);
        pw_node_subscribe_params((struct pw_node *)other->proxy, params, 1);
}

static const struct pw_core_events core_events = {PW_VERSION_CORE_EVENTS, .done = on_done};
static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
};

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct observer *observer = userdata;

        (void)source, (void)fd, (void)events;
        return pw_loop_iterate(observer->loop, 0) < 0 ? -1 : 0;
}

struct observer *observer_new(sd_event *event)
{
        struct observer *observer = calloc(1, sizeof(*observer));

        if (!observer)
                return NULL;
        observer->loop = pw_loop_new(NULL);
        observer->context = pw_context_new(observer->loop, NULL, 0);
        observer->core = observer->context ? pw_context_connect(observer->context, NULL, 0) : NULL;
        if (!observer->core) {
                observer_free(observer);
                return NULL;
        }
        pw_core_add_listener(observer->core, &observer->core_listener, &core_events, observer);
        observer->registry = pw_core_get_registry(observer->core, PW_VERSION_REGISTRY, 0);
        pw_registry_add_listener(observer->registry, &observer->registry_listener, &registry_events,
                                 observer);
        pw_loop_enter(observer->loop);
        sd_event_add_io(event, &observer->io, pw_loop_get_fd(observer->loop), EPOLLIN, on_io,
                        observer);
        return observer;
}

void observer_free(struct observer *observer)
{
        if (!observer)
                return;
        sd_event_source_disable_unref(observer->io);
        if (observer->io)
                pw_loop_leave(observer->loop);
        for (unsigned i = 0; i < observer->n_others; i++)
                pw_proxy_destroy(observer->others[i].proxy);
        if (observer->registry)
                pw_proxy_destroy((struct pw_proxy *)observer->registry);
        if (observer->core)
                pw_core_disconnect(observer->core);
        if (observer->context)
                pw_context_destroy(observer->context);
        pw_loop_destroy(observer->loop);
        free(observer);
}

void observer_sync(struct observer *observer)
{
        (void)pw_core_sync(observer->core, PW_ID_CORE, 0);
        /* Sent from the loop. */
        (void)pw_loop_iterate(observer->loop, 0);
}

unsigned observer_synced(const struct observer *observer)
{
        return observer->synced;
}

unsigned observer_ducked(const struct observer *observer)
{
        unsigned n = 0;

        for (unsigned i = 0; i < observer->n_others; i++)
                n += observer->others[i].ducked;
        return n;
}

unsigned observer_written(const struct observer *observer)
{
        unsigned n = 0;

        for (unsigned i = 0; i < observer->n_others; i++)
                n += observer->others[i].written;
        return n;
}

void observer_forget(struct observer *observer)
{
        for (unsigned i = 0; i < observer->n_others; i++)
                observer->others[i].ducked = observer->others[i].written = false;
}

unsigned observer_others(const struct observer *observer)
{
        return observer->n_others;
}
