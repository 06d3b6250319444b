/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that may be lost without harm; see poke.h. */
#include "audio/poke.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>

#include "util/log.h"

#define RETRY_MIN (500 * USEC_PER_MSEC)
#define RETRY_MAX (8 * USEC_PER_SEC)

struct poke {
        struct poke *prev;
        struct poke *next;
        struct pokes *pokes;
        pid_t pid;
        struct poke_watch *watches;
        struct pw_core *core; /* NULL while the process hangs */
        struct spa_hook core_listener;
        struct pw_registry *registry; /* only until the streams are bound */
        sd_event_source *timer;       /* with a core: no answer; without: the next attempt */
        usec_t retry_after;
        int seq; /* of the last sync */
        bool waiting;
        bool broken;
};

static void sweep_soon(struct poke *poke)
{
        sd_event_source_set_enabled(poke->pokes->sweep, SD_EVENT_ONESHOT);
}

static void arm_timer(struct poke *poke, usec_t delay)
{
        sd_event_source_set_time_relative(poke->timer, delay);
        sd_event_source_set_enabled(poke->timer, SD_EVENT_ONESHOT);
}

/* What a stream says */

static unsigned copy_volumes(const struct spa_pod_object *object, uint32_t key, float *volumes)
{
        const struct spa_pod_prop *prop = spa_pod_object_find_prop(object, NULL, key);

        return prop ? spa_pod_copy_array(&prop->value, SPA_TYPE_Float, volumes,
                                         SPA_AUDIO_MAX_CHANNELS)
                    : 0;
}

static void on_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
                     const struct spa_pod *param)
{
        struct poke_watch *watch = data;
        const struct spa_pod_object *object = (const struct spa_pod_object *)param;
        const struct spa_pod_prop *mute;
        struct poke_props props = {.mute = false};

        (void)seq, (void)index, (void)next;
        if (id != SPA_PARAM_Props || !param || !spa_pod_is_object(param))
                return;
        mute = spa_pod_object_find_prop(object, NULL, SPA_PROP_mute);
        /* A node may have further, private, objects of this kind. */
        if (!mute || spa_pod_get_bool(&mute->value, &props.mute) < 0)
                return;
        props.n_volumes = copy_volumes(object, SPA_PROP_channelVolumes, props.volumes);
        props.n_soft = copy_volumes(object, SPA_PROP_softVolumes, props.soft);
        watch->props = props;
        watch->has_props = true;
        watch->events->props_fn(watch);
}

static const struct pw_node_events node_events = {
        PW_VERSION_NODE_EVENTS,
        .param = on_param,
};

static void on_proxy_removed(void *data)
{
        struct poke_watch *watch = data;

        pw_proxy_destroy(watch->proxy);
}

static void on_proxy_destroy(void *data)
{
        struct poke_watch *watch = data;

        spa_hook_remove(&watch->listener);
        spa_hook_remove(&watch->proxy_listener);
        watch->proxy = NULL;
        watch->has_props = false;
        watch->unacked = false;
}

static const struct pw_proxy_events proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .removed = on_proxy_removed,
        .destroy = on_proxy_destroy,
};

/* The registry tells every connection of every object; so it is kept for one turn only. */
static void bind_watch(struct poke *poke, struct poke_watch *watch)
{
        uint32_t params[] = {SPA_PARAM_Props};

        if (!poke->registry)
                poke->registry = pw_core_get_registry(poke->core, PW_VERSION_REGISTRY, 0);
        if (!poke->registry)
                return;
        sweep_soon(poke);
        watch->proxy = pw_registry_bind(poke->registry, watch->node, PW_TYPE_INTERFACE_Node,
                                        PW_VERSION_NODE, 0);
        if (!watch->proxy)
                return;
        pw_proxy_add_listener(watch->proxy, &watch->proxy_listener, &proxy_events, watch);
        pw_proxy_add_object_listener(watch->proxy, &watch->listener, &node_events, watch);
        pw_node_subscribe_params((struct pw_node *)watch->proxy, params, 1);
}

/* The connection */

static void on_core_done(void *data, uint32_t id, int seq)
{
        struct poke *poke = data;
        struct poke_watch *watch;
        struct poke_watch *next;

        if (id != PW_ID_CORE || !poke->waiting)
                return;
        if (seq != poke->seq) {
                arm_timer(poke, POKE_PATIENCE); /* slow, but alive */
                return;
        }
        poke->waiting = false;
        poke->retry_after = RETRY_MIN;
        sd_event_source_set_enabled(poke->timer, SD_EVENT_OFF);
        DL_FOREACH_SAFE (poke->watches, watch, next) {
                if (!watch->unacked)
                        continue;
                watch->unacked = false;
                watch->events->acked_fn(watch);
        }
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        struct poke *poke = data;

        (void)seq, (void)message;
        if (id != PW_ID_CORE || res != -EPIPE)
                return;
        poke->broken = true;
        sweep_soon(poke);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_core_done,
        .error = on_core_error,
};

static void drop_registry(struct poke *poke)
{
        if (poke->registry)
                pw_proxy_destroy((struct pw_proxy *)poke->registry);
        poke->registry = NULL;
}

static void drop_core(struct poke *poke)
{
        struct poke_watch *watch;

        if (!poke->core)
                return;
        DL_FOREACH (poke->watches, watch) {
                if (watch->proxy)
                        pw_proxy_destroy(watch->proxy);
        }
        drop_registry(poke);
        spa_hook_remove(&poke->core_listener);
        pw_core_disconnect(poke->core);
        poke->core = NULL;
        poke->waiting = poke->broken = false;
        sd_event_source_set_enabled(poke->timer, SD_EVENT_OFF);
}

static void retry_later(struct poke *poke)
{
        arm_timer(poke, poke->retry_after);
        poke->retry_after *= 2;
        if (poke->retry_after > RETRY_MAX)
                poke->retry_after = RETRY_MAX;
}

static void open_core(struct poke *poke)
{
        struct pw_properties *properties =
                pw_properties_new(PW_KEY_MEDIA_CATEGORY, "Manager", NULL);
        struct poke_watch *watch;

        sd_event_source_set_enabled(poke->timer, SD_EVENT_OFF);
        poke->core = pw_context_connect(poke->pokes->server->context, properties, 0);
        if (!poke->core) {
                retry_later(poke);
                return;
        }
        pw_core_add_listener(poke->core, &poke->core_listener, &core_events, poke);
        DL_FOREACH (poke->watches, watch) {
                bind_watch(poke, watch);
        }
}

static void lose_core(struct poke *poke)
{
        struct poke_watch *watch;

        drop_core(poke);
        retry_later(poke);
        DL_FOREACH (poke->watches, watch) {
                watch->events->lost_fn(watch);
        }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct poke *poke = userdata;

        (void)source, (void)usec;
        if (!poke->core) {
                open_core(poke);
                return 0;
        }
        log_debug("Process %d does not answer; its streams are looked after again later",
                  (int)poke->pid);
        lose_core(poke);
        return 0;
}

static void poke_free(struct poke *poke)
{
        drop_core(poke);
        DL_DELETE(poke->pokes->first, poke);
        sd_event_source_disable_unref(poke->timer);
        free(poke);
}

static int poke_new(struct pokes *pokes, pid_t pid, struct poke **ret_poke)
{
        struct poke *poke = calloc(1, sizeof(*poke));
        int r;

        if (!poke)
                return -ENOMEM;
        r = sd_event_add_time(pokes->server->event, &poke->timer, CLOCK_MONOTONIC, 0, 1, on_timer,
                              poke);
        if (r < 0) {
                free(poke);
                return r;
        }
        sd_event_source_set_enabled(poke->timer, SD_EVENT_OFF);
        poke->pokes = pokes;
        poke->pid = pid;
        poke->retry_after = RETRY_MIN;
        DL_APPEND(pokes->first, poke);
        open_core(poke);
        *ret_poke = poke;
        return 0;
}

static int on_sweep(sd_event_source *source, void *userdata)
{
        struct pokes *pokes = userdata;
        struct poke *poke;
        struct poke *next;

        (void)source;
        DL_FOREACH_SAFE (pokes->first, poke, next) {
                drop_registry(poke);
                if (!poke->watches)
                        poke_free(poke);
                else if (poke->broken)
                        lose_core(poke);
        }
        return 0;
}

/* Watches */

int poke_watch(struct pokes *pokes, pid_t pid, uint32_t node, const struct poke_events *events,
               void *userdata, struct poke_watch *watch)
{
        struct poke *poke;
        int r;

        DL_FOREACH (pokes->first, poke) {
                if (poke->pid == pid)
                        break;
        }
        if (!poke) {
                r = poke_new(pokes, pid, &poke);
                if (r < 0)
                        return r;
        }
        *watch = (struct poke_watch){
                .poke = poke, .node = node, .events = events, .userdata = userdata};
        DL_APPEND(poke->watches, watch);
        if (poke->core)
                bind_watch(poke, watch);
        return 0;
}

void poke_unwatch(struct poke_watch *watch)
{
        if (watch->proxy)
                pw_proxy_destroy(watch->proxy);
        DL_DELETE(watch->poke->watches, watch);
        if (!watch->poke->watches)
                sweep_soon(watch->poke);
}

void poke_kick(struct poke_watch *watch)
{
        if (!watch->poke->core)
                open_core(watch->poke);
}

/* Writing */

static void write_props(struct poke_watch *watch, uint32_t mute_key, uint32_t volumes_key,
                        bool mute, const float *volumes, unsigned n)
{
        uint8_t buffer[1024];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        struct poke *poke = watch->poke;
        const struct spa_pod *param;

        if (!watch->proxy)
                return;
        param = spa_pod_builder_add_object(
                &builder, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props, mute_key, SPA_POD_Bool(mute),
                volumes_key, SPA_POD_Array(sizeof(float), SPA_TYPE_Float, n, volumes));
        pw_node_set_param((struct pw_node *)watch->proxy, SPA_PARAM_Props, 0, param);
        poke->seq = pw_core_sync(poke->core, PW_ID_CORE, 0);
        if (!poke->waiting)
                arm_timer(poke, POKE_PATIENCE);
        poke->waiting = true;
        watch->unacked = true;
}

void poke_write_soft(struct poke_watch *watch, bool mute, const float *volumes, unsigned n)
{
        write_props(watch, SPA_PROP_softMute, SPA_PROP_softVolumes, mute, volumes, n);
}

void poke_write_back(struct poke_watch *watch)
{
        write_props(watch, SPA_PROP_mute, SPA_PROP_channelVolumes, watch->props.mute,
                    watch->props.volumes, watch->props.n_volumes);
}

/* Life */

int pokes_init(struct pokes *pokes, struct server *server)
{
        int r;

        *pokes = (struct pokes){.server = server};
        r = sd_event_add_defer(server->event, &pokes->sweep, on_sweep, pokes);
        if (r < 0)
                return r;
        sd_event_source_set_priority(pokes->sweep, SERVER_PRIORITY);
        return sd_event_source_set_enabled(pokes->sweep, SD_EVENT_OFF);
}

void pokes_disconnect(struct pokes *pokes)
{
        while (pokes->first)
                poke_free(pokes->first);
}

void pokes_done(struct pokes *pokes)
{
        pokes_disconnect(pokes);
        pokes->sweep = sd_event_source_disable_unref(pokes->sweep);
}
