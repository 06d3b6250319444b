/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sound cards for liblinphone that are a call's own streams in PipeWire.
 *
 * liblinphone chooses a sound card for each call and knows nothing of PipeWire. Here is a card for
 * each call: what is played on it goes into the sink of that call, what is recorded from it comes
 * from its source.
 */
#ifndef CALLSD_SIP_SOUND_H
#define CALLSD_SIP_SOUND_H

#include <linphone/core.h>

#include "base.h"

struct cx_stream_properties;
struct sound;
struct sound_line;

/* Before the core is started: it is not to open the machine's devices. */
void sound_prepare(void);
/* After that: makes the cards, `n_lines` of them, and gives them to the core. NULL: out of memory.
 */
struct sound *sound_new(LinphoneCore *core, unsigned n_lines);
/* After the core. */
void sound_free(struct sound *sound);
/* PipeWire is there again, perhaps another one: streams that have died are made anew. */
void sound_recover(struct sound *sound);

/* A card that no call has; NULL if all are taken. It gives silence until it is opened. */
struct sound_line *sound_take_line(struct sound *sound);
/* When the call's streams are gone. Takes NULL. */
void sound_give_line(struct sound_line *line);
/* From now on its streams are made with these properties; with NULL, on the default devices. */
void sound_line_open(struct sound_line *line, const struct cx_stream_properties *properties);
/* The call uses this card, now and later. */
void sound_line_connect(struct sound_line *line, LinphoneCall *leg);
/* Lets the user hear that it rings at the far end. */
void sound_line_ring_back(struct sound_line *line, bool on);

#endif
