/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many callsd in a row have crashed.
 *
 * The record lets calls outlive a crash. If it is the record itself that callsd stumbles over, the
 * next one would stumble, too, and callsd would be down for good. So whoever dies of his own fault
 * (a fault's signal, or the watchdog's) leaves a byte in a file beside the record, and whoever
 * lives for a while or ends in order removes them all. SIGKILL leaves none: it is nobody's fault.
 */
#ifndef CALLSD_APP_CRASH_H
#define CALLSD_APP_CRASH_H

#include <systemd/sd-event.h>

/* After as many the record is believed no more. */
#define CRASHES_MAX 3

struct crash {
        sd_event_source *timer; /* until it has lived for a while */
        unsigned n;             /* crashes before us */
};

/* Once in a process. On failure nothing is counted, which is no reason not to serve. */
int crash_watch(struct crash *crash, sd_event *event, const char *directory);
/* As if there had been none. */
void crash_forgive(struct crash *crash);
/* In order. Harmless if nothing was watched. */
void crash_done(struct crash *crash);

#endif
