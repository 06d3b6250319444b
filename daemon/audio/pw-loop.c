/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to PipeWire; see pw-loop.h. */
#include "audio/pw-loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <utlist.h>

#include <spa/utils/result.h>

#include "util/log.h"

#define BACKOFF_MIN (20 * USEC_PER_MSEC)
#define BACKOFF_MAX (2 * USEC_PER_SEC)

struct server_sync {
        struct server_sync *next;
        int seq;
        uint64_t ticket;
};

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct server *server = userdata;
        int r;

        (void)source;
        (void)fd;
        (void)revents;
        r = pw_loop_iterate(server->loop, 0);
        if (r < 0 && r != -EINTR)
                log_warning("PipeWire's loop says: %s", spa_strerror(r));
        return 0;
}

static void arm_retry(struct server *server, usec_t delay)
{
        sd_event_source_set_time_relative(server->retry, delay);
        sd_event_source_set_enabled(server->retry, SD_EVENT_ONESHOT);
}

static void on_core_info(void *data, const struct pw_core_info *info)
{
        struct server *server = data;

        server->cookie = info->cookie;
}

static void on_core_done(void *data, uint32_t id, int seq)
{
        struct server *server = data;
        struct server_sync *sync;

        if (id != PW_ID_CORE)
                return;
        /* The library syncs on this core too; a number that is not ours is not for us. */
        LL_FOREACH (server->syncs, sync) {
                if (sync->seq == seq)
                        break;
        }
        if (!sync)
                return;
        server->acked = sync->ticket;
        while (server->syncs && server->syncs->ticket <= server->acked) {
                struct server_sync *first = server->syncs;

                LL_DELETE(server->syncs, first);
                free(first);
        }
        server->events->acked_fn(server->userdata);
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        struct server *server = data;

        (void)seq;
        if (id == PW_ID_CORE && res == -EPIPE) {
                sd_event_source_set_enabled(server->broken, SD_EVENT_ONESHOT);
                return;
        }
        /* Mostly -ENOENT: what we asked to remove was gone already. */
        log_debug("PipeWire refused a request (object %u, %s): %s", id, spa_strerror(res),
                  message ? message : "");
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .info = on_core_info,
        .done = on_core_done,
        .error = on_core_error,
};

static void drop_core(struct server *server)
{
        struct server_sync *sync;
        struct server_sync *next;

        if (!server->core)
                return;
        LL_FOREACH_SAFE(server->syncs, sync, next)
        {
                free(sync);
        }
        server->syncs = NULL;
        spa_hook_remove(&server->core_listener);
        pw_core_disconnect(server->core);
        server->core = NULL;
}

static int on_broken(sd_event_source *source, void *userdata)
{
        struct server *server = userdata;

        (void)source;
        if (!server->core)
                return 0;
        log_notice("PipeWire is gone; calls go on without audio handling until it is back");
        server->events->lost_fn(server->userdata);
        drop_core(server);
        server->backoff = BACKOFF_MIN;
        arm_retry(server, server->backoff);
        return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct server *server = userdata;
        struct pw_properties *properties;

        (void)source;
        (void)usec;
        server->tried = true;
        properties = pw_properties_new(PW_KEY_MEDIA_CATEGORY, "Manager", NULL);
        server->core = pw_context_connect(server->context, properties, 0);
        if (!server->core) {
                if (server->backoff == 0)
                        log_notice(
                                "PipeWire is not running (%s); calls work without audio handling",
                                strerror(errno));
                server->backoff = server->backoff == 0 ? BACKOFF_MIN : server->backoff * 2;
                if (server->backoff > BACKOFF_MAX)
                        server->backoff = BACKOFF_MAX;
                arm_retry(server, server->backoff);
                return 0;
        }
        server->backoff = BACKOFF_MIN;
        pw_core_add_listener(server->core, &server->core_listener, &core_events, server);
        server->events->connected_fn(server->userdata);
        return 0;
}

uint64_t server_sync(struct server *server)
{
        struct server_sync *sync;

        if (!server->core)
                return 0;
        sync = calloc(1, sizeof(*sync));
        if (!sync)
                return 0;
        sync->seq = pw_core_sync(server->core, PW_ID_CORE, 0);
        sync->ticket = ++server->sent;
        LL_APPEND(server->syncs, sync);
        return sync->ticket;
}

static int add_sources(struct server *server)
{
        int r;

        r = sd_event_add_io(server->event, &server->io, pw_loop_get_fd(server->loop), EPOLLIN,
                            on_io, server);
        if (r < 0)
                return r;
        sd_event_source_set_priority(server->io, SERVER_PRIORITY);
        r = sd_event_add_defer(server->event, &server->broken, on_broken, server);
        if (r < 0)
                return r;
        sd_event_source_set_enabled(server->broken, SD_EVENT_OFF);
        /* The accuracy must be said: 0 would mean a quarter of a second. */
        return sd_event_add_time_relative(server->event, &server->retry, CLOCK_MONOTONIC, 0, 1,
                                          on_retry, server);
}

/* The data thread carries the ringtone and the echo canceller: it has the priority of a voice where
 * the system allows it. */
static struct pw_context *new_context(struct pw_loop *loop, const char *config)
{
        struct pw_properties *properties = pw_properties_new(PW_KEY_APP_NAME, "callsd", NULL);

        if (properties && config)
                pw_properties_set(properties, PW_KEY_CONFIG_NAME, config);
        return pw_context_new(loop, properties, 0);
}

int server_init(struct server *server, sd_event *event, const struct server_events *events,
                void *userdata)
{
        int r;

        *server = (struct server){.events = events, .userdata = userdata};
        server->event = sd_event_ref(event);
        pw_init(NULL, NULL);
        server->loop = pw_loop_new(NULL);
        if (!server->loop) {
                server_done(server);
                return -ENOMEM;
        }
        pw_loop_enter(server->loop);
        server->context = new_context(server->loop, "client-rt.conf");
        if (!server->context)
                server->context = new_context(server->loop, NULL);
        if (!server->context)
                log_warning("PipeWire's client library does not start (%s): is its configuration "
                            "installed? Calls work without audio handling",
                            strerror(errno));
        r = add_sources(server);
        if (r < 0) {
                server_done(server);
                return r;
        }
        if (!server->context) {
                sd_event_source_set_enabled(server->retry, SD_EVENT_OFF);
                server->tried = true;
        }
        return 0;
}

void server_done(struct server *server)
{
        if (server->core) {
                server->events->lost_fn(server->userdata);
                drop_core(server);
        }
        sd_event_source_disable_unref(server->io);
        sd_event_source_disable_unref(server->retry);
        sd_event_source_disable_unref(server->broken);
        if (server->context)
                pw_context_destroy(server->context);
        if (server->loop) {
                pw_loop_leave(server->loop);
                pw_loop_destroy(server->loop);
        }
        sd_event_unref(server->event);
        pw_deinit();
}
