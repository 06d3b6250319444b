/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where recordings of PulseAudio clients wait for their answer.
 *
 * pipewire-pulse tells a client that its recording has begun once that is linked to something it
 * lists, and a call's source is not listed: the client would wait for ever. What counts is the link
 * alone, and streams are listed as well as devices. So there is a stream of ours that never plays
 * anything, and such recordings are on it until they are answered; no microphone has to be open.
 * No sound may reach them before: what pipewire-pulse gets then it never takes out of its queue,
 * which fills up for good.
 */
#ifndef CALLSD_AUDIO_INTRODUCE_H
#define CALLSD_AUDIO_INTRODUCE_H

#include <pipewire/pipewire.h>

#include "audio/graph.h"

struct audio;

struct introducer {
        struct pw_stream *stream; /* NULL while there is no call */
        struct spa_hook listener;
        struct pw_proxy *link; /* to a sink, which pipewire-pulse wants to name to clients */
        struct spa_hook link_listener;
        uint64_t sink;  /* serial of that */
        bool failed;    /* told by the stream, from its own event */
        bool ready;     /* recordings may come */
        usec_t look_at; /* 0, or when to try again */
};

/* Follows calls and devices. Once per turn. */
void introduce_settle(struct audio *audio);
void introduce_disconnected(struct audio *audio);

/* Our silent stream, when recordings may come, or NULL. */
struct graph_node *introduce_get_node(struct audio *audio);
/* Whether a node is that stream, ready or not. */
bool introduce_is_ours(const struct introducer *introducer, const struct graph_node *node);

#endif
