/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole state of the model as bytes, and back: what lets a call outlive its daemon.
 *
 * The bytes hold everything that engine_check() knows of, and the effects that nobody has taken
 * yet. So whoever writes them down before the effects of an input leave, and again after that,
 * loses nothing: what was acknowledged is on record, and an effect leaves twice at the worst
 * (providers know actions by their ids). Deadlines are points of CLOCK_BOOTTIME, so bytes belong
 * to one boot; whoever stores them says which. Limits and host are not recorded, they come from
 * the configuration.
 *
 * Equal states give equal bytes, and bytes that are read and written again are the same.
 *
 * A restart goes like this:
 *
 *     engine_load()                    nobody notices: what the engine does next is what it would
 *                                      have done without a restart, effect by effect
 *     engine_resume()                  the new adapters are told what the old ones knew
 *     engine_peer_gone() for those that left meanwhile, or engine_bus_lost() for another bus
 *     engine_audio_available()         as soon as it is known what PipeWire does, see below
 *     engine_tick()                    deadlines that passed meanwhile; the rest has what is left
 *     then the effects are drained, those from before the restart first
 *
 * Nothing is delivered again but what is still in the queue: a provider that goes on has its
 * actions, and completes them.
 *
 * Audio. The server's nodes and links outlive the daemon, and so do the sessions that apps were
 * told of. Until the first engine_audio_available() after a resume the engine goes on as if it
 * had been said already; the wishes go to the new adapter with the serials that they had, which
 * finds their nodes and says that they are ready, and that changes nothing. Then
 *     true         nothing happens to those sessions
 *     false        PipeWire is not there: all sessions are deactivated, if it was there before
 *     false, true  for a server that is another one than before: deactivated, then activated anew
 * so whoever finds no server has to say so once.
 */
#ifndef CALLSD_MODEL_RECORD_H
#define CALLSD_MODEL_RECORD_H

#include <stdint.h>

#include "model/engine.h"

/* Raised when bytes of before can no longer be read. */
#define RECORD_FORMAT 2

/* Grows; reused from one save to the next, so that saving soon allocates nothing. */
struct record_bytes {
        uint8_t *data;
        size_t size, allocated;
};

void record_bytes_done(struct record_bytes *bytes);

/* Replaces what `bytes` held. Between inputs only, but whether or not the effects were taken and
 * the engine settled. 0 or -ENOMEM; -EINVAL if an id that came from outside is no UUID. */
int engine_save(const struct engine *engine, struct record_bytes *bytes);

/*
 * Bytes may come from anywhere: they are checked, each value and all invariants, before anything
 * is believed. -EBADMSG with `ret_problem` in words (static text; "it ..." or a sentence without
 * its full stop) where they are torn or make no sense, -EPROTONOSUPPORT for another format,
 * -ENOMEM.
 */
int engine_load(const struct engine_host *host, const struct limits *limits, const void *data,
                size_t size, struct engine **ret_engine, const char **ret_problem);

/* An input; right after engine_load(), in another process than that which saved. */
int engine_resume(struct engine *engine, struct instant now);

/*
 * Counts what changes the bytes: accepted inputs, effects taken, and what was settled. Equal
 * numbers of one engine mean that nothing needs saving. 0 after engine_new() and engine_load().
 */
uint64_t engine_get_revision(const struct engine *engine);

#endif
