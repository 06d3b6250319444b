/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the benchmark measures with: streams of other processes, a second connection that sees what
 * the server has, and a count of how often the audio session waited for the server.
 */
#ifndef CALLSD_BENCH_BENCH_H
#define CALLSD_BENCH_BENCH_H

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "util/macro.h"

usec_t bench_now(void);

/* streams.c: `n` silent playback streams in a process of their own, which have joined `call`; NULL:
 * other sound, with the node name BENCH_OTHER. When all of them run there is a byte to be read; our
 * loop goes on until then, since streams are not linked as long as one of ours does not answer.
 */
#define BENCH_OTHER "callsd-bench-other"
pid_t streams_start(unsigned n, const char *call, int *ret_ready);
void streams_stop(pid_t pid);

/* observer.c: a connection of the benchmark's own, in an sd-event loop. */
struct observer;
struct observer *observer_new(sd_event *event);
void observer_free(struct observer *observer);
/* Asks the server for a reply; done when observer_synced() has grown. */
void observer_sync(struct observer *observer);
unsigned observer_synced(const struct observer *observer);
/* How many streams named BENCH_OTHER got new, softer volumes since observer_forget(). */
unsigned observer_ducked(const struct observer *observer);
/* How many of them were written to since then, in whatever way. */
unsigned observer_written(const struct observer *observer);
void observer_forget(struct observer *observer);
/* How many of them are known. */
unsigned observer_others(const struct observer *observer);

/* count.c: acknowledgements that the audio session asked the server for, since the start. */
unsigned count_syncs(void);

#endif
