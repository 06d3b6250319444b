/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The echo canceller between the calls' nodes and the devices.
 *
 * It is PipeWire's own module with WebRTC's algorithm, and it runs in this process. So it is the
 * one part of a call's path that dies with callsd, and everything here is so that a call needs it
 * for nothing: a call is linked with the devices directly until the canceller is there with all its
 * links, and again as soon as it is not.
 */
#ifndef CALLSD_AUDIO_ECHO_CANCEL_H
#define CALLSD_AUDIO_ECHO_CANCEL_H

#include "audio/route.h"

struct pw_impl_module;

struct canceller {
        struct pw_impl_module *module; /* NULL: not loaded */
        struct spa_hook listener;
        uint64_t speaker; /* serials of the devices that it was loaded for */
        uint64_t microphone;
        bool failed;    /* said once; not tried again by this process */
        bool retiring;  /* in nobody's path any more; goes as soon as it stands still */
        usec_t look_at; /* whether it does; 0 = never */
};

/* Puts the canceller in the place of the devices, for a session that wants it, if it is ready. */
void echo_cancel_insert(struct session *session, struct route_ends *ends);

/* After sessions were compared with the graph: loads, unloads, or loads for other devices. */
void echo_cancel_settle(struct audio *audio);

/* The session manager is gone, and its links with the devices too. */
void echo_cancel_retire(struct audio *audio);
/* The server is gone: nothing runs any more. */
void echo_cancel_disconnected(struct audio *audio);
/* At the end of this process: calls are linked directly, since they go on without it. */
void echo_cancel_done(struct audio *audio);

/* Whether it is one of ours: sessions wait for its links. */
bool echo_cancel_uses(const struct graph_node *node);

#endif
