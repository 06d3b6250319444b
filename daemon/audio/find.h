/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which streams are whose, and keeping them there.
 *
 * A stream has *joined* when it names its call's node itself; what we promise then is exact. Others
 * are *found*, by call id or by process, and moved with the session manager's metadata: their first
 * moments may be heard.
 */
#ifndef CALLSD_AUDIO_FIND_H
#define CALLSD_AUDIO_FIND_H

#include "audio/session.h"

/* A stream is there, or says more about itself. */
void find_stream_changed(struct audio *audio, struct graph_node *stream);
/* Calls or nodes came or went: look at every stream again. */
void find_rescan(struct audio *audio);
/* Somebody wrote the target of a stream. */
void find_target_changed(struct audio *audio, struct graph_node *stream);
/* A link of a stream: removed at once if it leads around the stream's session. */
void find_link_added(struct audio *audio, struct graph_link *link);

/* The session is over: what was there before it, and playback that only belongs to its app, goes
 * back to where the session manager wants it. A microphone stream that came with the call stays
 * silent. */
void find_give_back(struct session *session);

/* Whether all streams of the session that could be linked are; links what nobody else links. */
bool find_streams_linked(struct session *session);

#endif
