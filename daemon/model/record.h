/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole state of the model as bytes, and back: what lets a call outlive its daemon.
 *
 * The bytes hold everything that engine_check() knows of, and the effects that nobody has taken
 * yet; so whoever writes them down before the effects leave loses nothing, and delivers an effect
 * twice at the worst (providers know actions by their ids). Deadlines are points of
 * CLOCK_BOOTTIME, so bytes belong to one boot; whoever stores them says which.
 *
 * Equal states give equal bytes.
 */
#ifndef CALLSD_MODEL_RECORD_H
#define CALLSD_MODEL_RECORD_H

#include <stdint.h>

#include "model/engine.h"

/* Raised when bytes of before can no longer be read. */
#define RECORD_FORMAT 1

/* Grows; reused from one save to the next, so that saving soon allocates nothing. */
struct record_bytes {
        uint8_t *data;
        size_t size, allocated;
};

void record_bytes_done(struct record_bytes *bytes);

/* Replaces what `bytes` held. Between inputs only. 0 or -ENOMEM. */
int engine_save(const struct engine *engine, struct record_bytes *bytes);

/*
 * Bytes may come from anywhere: they are checked, each value and all invariants, before anything
 * is believed. -EBADMSG with `ret_problem` in words (static text) where they are torn or make no
 * sense, -EPROTONOSUPPORT for another format, -ENOMEM.
 */
int engine_load(const struct engine_host *host, const struct limits *limits, const void *data,
                size_t size, struct engine **ret_engine, const char **ret_problem);

/* Counts accepted inputs: equal numbers mean that nothing needs saving. */
uint64_t engine_get_revision(const struct engine *engine);

#endif
