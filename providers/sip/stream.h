/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One PipeWire stream of 16 bit mono sound, and a ring between its data thread and ours.
 *
 * Nothing here knows of SIP or liblinphone.
 */
#ifndef CALLSD_SIP_STREAM_H
#define CALLSD_SIP_STREAM_H

#include <stdint.h>

#include "base.h"

struct stream_engine;
struct stream;

/* The connection to PipeWire and its thread. NULL where there is none. */
struct stream_engine *stream_engine_new(void);
void stream_engine_free(struct stream_engine *engine);
/* PipeWire has gone: its streams are silent for good, and a new engine is wanted. */
bool stream_engine_is_lost(struct stream_engine *engine);

struct stream_options {
        bool capture;
        unsigned rate;                 /* in Hz */
        const char *const *properties; /* key, value, key, value..., NULL; NULL for none */
        bool ringback;                 /* plays the ringing tone by itself */
};

/* NULL if `engine` is, or if it fails. */
struct stream *stream_new(struct stream_engine *engine, const struct stream_options *options);
void stream_free(struct stream *stream);

/* What is too much for the ring is dropped, oldest first, so that nobody is heard late. */
void stream_write(struct stream *stream, const int16_t *samples, uint32_t n);
/* Always gives `n` samples; what is missing is silence. */
void stream_read(struct stream *stream, int16_t *samples, uint32_t n);

#endif
