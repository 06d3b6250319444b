/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The status in words is for people, and counting is not free with thousands of calls: it is
 * written a moment after something has changed, never in the path of a call, and so ten times a
 * second at the most, whatever the apps do.
 */
#include "app/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "model/engine.h"
#include "util/log.h"

#define STATUS_DELAY (100 * USEC_PER_MSEC)
/* As often as this in the time after which systemd would lose patience. */
#define FEEDINGS 3

static void append_count(char *buffer, size_t size, size_t n, const char *one, const char *many)
{
        size_t used = strlen(buffer);
        const char *separator = used > 0 ? ", " : "";

        if (n == 0)
                snprintf(buffer + used, size - used, "%sno %s", separator, many);
        else
                snprintf(buffer + used, size - used, "%s%zu %s", separator, n, n == 1 ? one : many);
}

void notify_describe(const struct engine *engine, char *buffer, size_t size)
{
        size_t n_calls = 0, n_active = 0, n_providers = 0;
        const struct provider *provider = NULL;
        const struct call *call = NULL;

        while ((call = engine_next_call(engine, call))) {
                n_calls += call->state != CALL_STATE_ENDED;
                n_active += call->state == CALL_STATE_ACTIVE;
        }
        while ((provider = engine_next_provider(engine, provider)))
                n_providers += provider->state == PROVIDER_RUNNING;
        buffer[0] = '\0';
        append_count(buffer, size, n_calls, "call", "calls");
        if (n_active > 0)
                append_count(buffer, size, n_active, "active", "active");
        append_count(buffer, size, n_providers, "provider", "providers");
}

static bool describe_anew(struct notify *notify)
{
        char status[sizeof(notify->status)];

        notify_describe(notify->engine, status, sizeof(status));
        if (streq(status, notify->status))
                return false;
        memcpy(notify->status, status, sizeof(status));
        return true;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct notify *notify = userdata;

        (void)source, (void)usec;
        if (notify->engine && describe_anew(notify))
                sd_notifyf(false, "STATUS=%s", notify->status);
        return 0;
}

/* ---- the watchdog ---- */

static int on_feeding(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct notify *notify = userdata;

        (void)usec;
        sd_notify(false, "WATCHDOG=1");
        sd_event_source_set_time_relative(source, notify->feed_every);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/*
 * The loop has a watchdog of its own, which is fed in each of its turns, whatever it does in them:
 * also when something of a higher priority than the bus is ready again and again, and nobody is
 * answered any more. Ours waits in line with the bus.
 */
static int init_watchdog(struct notify *notify, sd_event *event)
{
        uint64_t patience;
        int r = sd_watchdog_enabled(false, &patience);

        if (r <= 0)
                return r;
        notify->feed_every = patience / FEEDINGS;
        return sd_event_add_time_relative(event, &notify->feeding, CLOCK_MONOTONIC, 0,
                                          notify->feed_every / 10 + 1, on_feeding, notify);
}

int notify_init(struct notify *notify, sd_event *event)
{
        int r;

        if ((r = init_watchdog(notify, event)) < 0 ||
            (r = sd_event_add_time(event, &notify->timer, CLOCK_MONOTONIC, 0, STATUS_DELAY / 2,
                                   on_timer, notify)) < 0)
                return r;
        return sd_event_source_set_enabled(notify->timer, SD_EVENT_OFF);
}

void notify_done(struct notify *notify)
{
        notify->timer = sd_event_source_disable_unref(notify->timer);
        notify->feeding = sd_event_source_disable_unref(notify->feeding);
}

void notify_ready(struct notify *notify, const struct engine *engine)
{
        notify->engine = engine;
        describe_anew(notify);
        sd_notifyf(false, "READY=1\nSTATUS=%s", notify->status);
}

void notify_changed(struct notify *notify)
{
        int enabled = SD_EVENT_OFF;

        sd_event_source_get_enabled(notify->timer, &enabled);
        if (enabled != SD_EVENT_OFF)
                return;
        sd_event_source_set_time_relative(notify->timer, STATUS_DELAY);
        sd_event_source_set_enabled(notify->timer, SD_EVENT_ONESHOT);
}

void notify_reloading(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000);
}

void notify_reloaded(void)
{
        sd_notify(false, "READY=1");
}

void notify_stopping(void)
{
        sd_notify(false, "STOPPING=1");
}

void notify_refused(const char *why)
{
        sd_notifyf(false, "STATUS=%s", why);
}
