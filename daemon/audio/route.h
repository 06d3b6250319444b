/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices that calls are linked to. So far these are the user's default ones, which belong to
 * him and are only read here.
 */
#ifndef CALLSD_AUDIO_ROUTE_H
#define CALLSD_AUDIO_ROUTE_H

#include "audio/audio.h"
#include "audio/graph.h"

/* The node to link to; NULL if there is none that has ports. `ret_wait`: one may come at any
 * moment, it is named already or the session manager has just begun. */
struct graph_node *route_speaker(struct audio *audio, bool *ret_wait);
struct graph_node *route_microphone(struct audio *audio, bool *ret_wait);

/* Whether a link could use this node as one of the two. */
bool route_uses(struct audio *audio, const struct graph_node *node);

/* What a sink is, as far as its name tells. */
const char *route_guess_kind(const char *name, const char *description);

#endif
