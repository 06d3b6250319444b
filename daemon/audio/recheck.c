/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the session manager's metadata once more; see recheck.h. */
#include "audio/recheck.h"

#include <errno.h>

#include <pipewire/extensions/metadata.h>

#include "util/log.h"

/* A change and what others make of it is over by then: reading, too, makes somebody new. */
#define RECHECK_AFTER (200 * USEC_PER_MSEC)
#define PATIENCE (300 * USEC_PER_MSEC)
#define RETRY_AFTER (2 * USEC_PER_SEC)

static void arm_timer(struct recheck *recheck, usec_t delay)
{
        sd_event_source_set_time_relative(recheck->timer, delay);
        sd_event_source_set_enabled(recheck->timer, SD_EVENT_ONESHOT);
}

static void end_soon(struct recheck *recheck)
{
        sd_event_source_set_enabled(recheck->end, SD_EVENT_ONESHOT);
}

/* What it says */

static int on_property(void *data, uint32_t subject, const char *key, const char *type,
                       const char *value)
{
        struct recheck *recheck = data;

        (void)type;
        if (!key)
                return 0;
        if (subject == PW_ID_CORE && value) {
                recheck->has_sink |= streq(key, GRAPH_DEFAULT_SINK);
                recheck->has_source |= streq(key, GRAPH_DEFAULT_SOURCE);
        }
        if (recheck->id == recheck->graph->metadata_id)
                graph_take_metadata(recheck->graph, subject, key, value);
        return 0;
}

static const struct pw_metadata_events metadata_events = {
        PW_VERSION_METADATA_EVENTS,
        .property = on_property,
};

static void on_proxy_removed(void *data)
{
        struct recheck *recheck = data;

        pw_proxy_destroy(recheck->metadata);
}

static void on_proxy_destroy(void *data)
{
        struct recheck *recheck = data;

        spa_hook_remove(&recheck->listener);
        spa_hook_remove(&recheck->proxy_listener);
        recheck->metadata = NULL;
}

static void on_proxy_error(void *data, int seq, int res, const char *message)
{
        struct recheck *recheck = data;

        (void)seq, (void)res, (void)message;
        pw_proxy_destroy(recheck->metadata);
}

static const struct pw_proxy_events proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .removed = on_proxy_removed,
        .destroy = on_proxy_destroy,
        .error = on_proxy_error,
};

/* The connection */

static void on_core_done(void *data, uint32_t id, int seq)
{
        struct recheck *recheck = data;

        if (id != PW_ID_CORE || seq != recheck->seq)
                return;
        recheck->complete = recheck->metadata != NULL;
        end_soon(recheck);
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        (void)seq, (void)message;
        if (id == PW_ID_CORE && res == -EPIPE)
                end_soon(data);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_core_done,
        .error = on_core_error,
};

static void drop_core(struct recheck *recheck)
{
        if (!recheck->core)
                return;
        if (recheck->metadata)
                pw_proxy_destroy(recheck->metadata);
        pw_proxy_destroy((struct pw_proxy *)recheck->registry);
        spa_hook_remove(&recheck->core_listener);
        pw_core_disconnect(recheck->core);
        recheck->core = NULL;
        sd_event_source_set_enabled(recheck->timer, SD_EVENT_OFF);
        sd_event_source_set_enabled(recheck->end, SD_EVENT_OFF);
}

static void bind_metadata(struct recheck *recheck)
{
        recheck->id = recheck->graph->metadata_id;
        recheck->metadata = pw_registry_bind(recheck->registry, recheck->id,
                                             PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, 0);
        if (!recheck->metadata)
                return;
        pw_proxy_add_listener(recheck->metadata, &recheck->proxy_listener, &proxy_events, recheck);
        pw_proxy_add_object_listener(recheck->metadata, &recheck->listener, &metadata_events,
                                     recheck);
}

static void open_core(struct recheck *recheck)
{
        struct pw_properties *properties =
                pw_properties_new(PW_KEY_MEDIA_CATEGORY, "Manager", NULL);

        recheck->has_sink = recheck->has_source = recheck->complete = false;
        recheck->core = pw_context_connect(recheck->graph->server->context, properties, 0);
        if (!recheck->core)
                return;
        pw_core_add_listener(recheck->core, &recheck->core_listener, &core_events, recheck);
        recheck->registry = pw_core_get_registry(recheck->core, PW_VERSION_REGISTRY, 0);
        if (!recheck->registry) {
                spa_hook_remove(&recheck->core_listener);
                pw_core_disconnect(recheck->core);
                recheck->core = NULL;
                return;
        }
        bind_metadata(recheck);
        recheck->seq = pw_core_sync(recheck->core, PW_ID_CORE, 0);
        arm_timer(recheck, PATIENCE);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct recheck *recheck = userdata;

        (void)source, (void)usec;
        if (!recheck->graph->metadata) {
                recheck->again = false;
                return 0;
        }
        if (!recheck->core) {
                open_core(recheck);
                return 0;
        }
        log_debug("The session manager does not answer; it is asked again later");
        drop_core(recheck);
        arm_timer(recheck, RETRY_AFTER);
        return 0;
}

static int on_end(sd_event_source *source, void *userdata)
{
        struct recheck *recheck = userdata;
        bool whole = recheck->complete && recheck->id == recheck->graph->metadata_id;

        (void)source;
        drop_core(recheck);
        if (whole && !recheck->has_sink)
                graph_take_metadata(recheck->graph, PW_ID_CORE, GRAPH_DEFAULT_SINK, NULL);
        if (whole && !recheck->has_source)
                graph_take_metadata(recheck->graph, PW_ID_CORE, GRAPH_DEFAULT_SOURCE, NULL);
        if (recheck->again)
                arm_timer(recheck, RECHECK_AFTER);
        recheck->again = false;
        return 0;
}

/* Life */

int recheck_init(struct recheck *recheck, struct graph *graph)
{
        sd_event *event = graph->server->event;
        int r;

        *recheck = (struct recheck){.graph = graph};
        r = sd_event_add_time(event, &recheck->timer, CLOCK_MONOTONIC, 0, 1, on_timer, recheck);
        if (r >= 0)
                r = sd_event_add_defer(event, &recheck->end, on_end, recheck);
        if (r < 0)
                return r;
        sd_event_source_set_enabled(recheck->timer, SD_EVENT_OFF);
        return sd_event_source_set_enabled(recheck->end, SD_EVENT_OFF);
}

void recheck_done(struct recheck *recheck)
{
        drop_core(recheck);
        recheck->timer = sd_event_source_disable_unref(recheck->timer);
        recheck->end = sd_event_source_disable_unref(recheck->end);
}

void recheck_soon(struct recheck *recheck)
{
        int waiting = sd_event_source_get_enabled(recheck->timer, NULL);

        if (recheck->core || waiting > 0)
                recheck->again = true;
        else
                arm_timer(recheck, RECHECK_AFTER);
}

void recheck_disconnected(struct recheck *recheck)
{
        drop_core(recheck);
        sd_event_source_set_enabled(recheck->timer, SD_EVENT_OFF);
}
