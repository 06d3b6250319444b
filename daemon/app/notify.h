/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd is told: that callsd is ready, reads its configuration again or ends, that its loop
 * turns, and in words how many calls there are. Without systemd nothing of it is sent.
 */
#ifndef CALLSD_APP_NOTIFY_H
#define CALLSD_APP_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct sd_event;
struct sd_event_source;

struct notify {
        struct sd_event_source *timer, *feeding;
        uint64_t feed_every;         /* microseconds */
        const struct engine *engine; /* NULL: not ready yet */
        char status[96];             /* as it was sent last */
};

/* The watchdog is fed while the loop turns and the bus has its turn in it. */
int notify_init(struct notify *notify, struct sd_event *event);
void notify_done(struct notify *notify);

/* The name, the state and the sound are settled. */
void notify_ready(struct notify *notify, const struct engine *engine);
/* Calls or providers may have changed; the words follow soon. */
void notify_changed(struct notify *notify);
void notify_reloading(void);
void notify_reloaded(void);
void notify_stopping(void);
/* callsd does not serve; `why` stands in `systemctl status`. */
void notify_refused(const char *why);

/* "2 calls, 1 active, 3 providers" */
void notify_describe(const struct engine *engine, char *buffer, size_t size);

#endif
