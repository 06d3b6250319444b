/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What outlives the daemon: the record of the model, in the state file.
 *
 * The record is written before anything leaves that says an input was accepted: a reply, a signal,
 * a wish for the sound. So what was acknowledged is on record, whenever we are killed. Once its
 * effects have left it is written again as soon as nothing else is to be done; killed before that,
 * the next callsd repeats them, and those who get them know them by their ids.
 */
#ifndef CALLSD_APP_STATE_H
#define CALLSD_APP_STATE_H

#include <systemd/sd-event.h>

#include "app/crash.h"
#include "model/record.h"
#include "store/snapshot.h"

struct state {
        struct engine *engine;
        char *directory;           /* NULL: no record is kept */
        struct snapshot *snapshot; /* NULL: it cannot be opened now */
        struct snapshot_label label;
        struct record_bytes bytes;
        struct crash crash;
        uint64_t revision;       /* that is on record */
        bool failing;            /* as was said in the log */
        bool restored;           /* the engine was on record */
        uint64_t retry_at;       /* CLOCK_MONOTONIC: when it may be opened again */
        sd_event_source *source; /* when nothing else is to be done */
};

/*
 * Finds the state file and makes the engine: as it was on record, or an empty one. What is wrong
 * with the file is said in the log and ends nothing. -ENOMEM and the like.
 */
int state_init(struct state *state, sd_event *event, struct instant now, const char *directory,
               bool system, const struct engine_host *host, const struct limits *limits,
               struct engine **ret_engine);
/* Without a file; the engine is empty. */
int state_init_none(struct state *state, sd_event *event, const struct engine_host *host,
                    const struct limits *limits, struct engine **ret_engine);
void state_done(struct state *state);

/* Now, if anything has changed. */
void state_commit(struct state *state);
/* Likewise, as soon as nothing else is to be done. */
void state_commit_later(struct state *state);

/* The bus instance that the providers of the record were on; "" for none. */
const char *state_get_bus(const struct state *state);
void state_set_bus(struct state *state, const char *guid);

#endif
