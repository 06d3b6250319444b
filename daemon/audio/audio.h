/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audio session: what PipeWire is to do for the calls.
 *
 * The caller says per call what it wants (struct audio_wish); audio compares that with the server's
 * graph and makes the difference, again whenever either of the two changes. So there is one
 * question, "what should be there", and no list of steps that a crash could leave half done.
 *
 * Every callback comes from the event loop, never from inside a function of this header. All names
 * and strings that are handed out are valid until the callback returns, or, for getters, until the
 * loop runs again.
 */
#ifndef CALLSD_AUDIO_AUDIO_H
#define CALLSD_AUDIO_AUDIO_H

#include <sys/types.h>

#include "audio/audio-config.h"
#include "model/types.h"

struct audio;
struct sd_event;

/* What one call wants. Strings are copied. */
struct audio_wish {
        const char *call;       /* UUID text, lower case */
        enum audio_level level; /* NONE: the call is over, or has not come so far */
        bool muted;             /* its microphone is closed in the server */
        uint64_t serial;        /* comes back with ready_fn; a higher one replaces a lower one */
        enum call_audio kind;   /* EXTERNAL and NONE have no nodes, and are ready at once */
        const char *provider;   /* identifier */
        pid_t pid;              /* of the provider, 0 = not known */
        const char *app_id;     /* of a sandboxed provider, "" = none */
        bool mix;               /* the provider asked for MixGroups */
        bool own_echo_cancel;   /* and this is its own business */
        const char *route;      /* id of the one to use from now on; "" or NULL: no other */
        const char *group;      /* "" = a lone call */
};

struct audio_events {
        /* The call's nodes exist: from now on join properties may be handed out. Called again when
         * they had to be made anew; the names of a call never change. */
        void (*nodes_fn)(const char *call, const char *sink, const char *source, void *userdata);
        /* The wish with this serial is fulfilled in the server; exactly once per serial unless a
         * later wish replaced it. `sink`, `source` and `route` are NULL for a call without nodes:
         * external or none, level NONE, or no PipeWire. */
        void (*ready_fn)(const char *call, uint64_t serial, const char *sink, const char *source,
                         const char *route, void *userdata);
        /* PipeWire and its session manager came or went. When they went, all sessions count as
         * closed; when they came, the nodes of all wishes are built (again) after this call. */
        void (*available_fn)(bool available, void *userdata);
        /* A property of Audio1 may have changed: route, routes, ringing, calls. */
        void (*changed_fn)(void *userdata);
};

/* A place where a call can be heard. */
struct audio_route {
        const char *id;          /* of a sink, of a port of a card, or of a headset */
        const char *kind;        /* earpiece, speaker, headset, bluetooth, car, hdmi, other */
        const char *description; /* for people */
        bool available;
};

enum audio_property_group {
        AUDIO_PROPERTY_PLAYBACK,    /* properties of a playback stream */
        AUDIO_PROPERTY_CAPTURE,     /* properties of a capture stream */
        AUDIO_PROPERTY_ENVIRONMENT, /* environment of a process that does both */
};

typedef void (*audio_property_fn)(enum audio_property_group group, const char *key,
                                  const char *value, void *userdata);
typedef void (*audio_route_fn)(const struct audio_route *route, void *userdata);

/*
 * Fails for want of memory or file descriptors alone. Without PipeWire the object waits for it, and
 * calls are ready without nodes. `events` is copied; any of its members may be NULL.
 */
int audio_new(struct sd_event *event, const struct audio_events *events, void *userdata,
              struct audio **ret_audio);

/* Settings, from the next turn of the loop on; copied. Until the first call the defaults stand.
 * -ENOMEM, and then everything is as before. */
int audio_configure(struct audio *audio, const struct audio_config *config);

/* Leaves nodes and links in the server: calls go on, and the next daemon finds them. Not from
 * inside a callback. */
void audio_free(struct audio *audio);

/*
 * Replaces the wish of its call. What closes something (a lower level, muted) is sent to the server
 * before this returns. -EINVAL for a call that is no lower-case UUID; -ENOMEM.
 */
int audio_set(struct audio *audio, const struct audio_wish *wish);

/*
 * What the nodes of an earlier daemon say about a call: -ENOENT if it has none, -EAGAIN while the
 * server has not told yet, or was not asked (available_fn(true) comes after that). Only nodes that
 * no wish of ours has touched so far count.
 */
int audio_get_found(struct audio *audio, const char *call, bool *ret_muted, bool *ret_linked);

/* Nodes of earlier daemons that no wish has taken over by now are closed, and removed when no
 * stream is on them any more. */
void audio_settle_orphans(struct audio *audio);

/* -ENOENT while the call's nodes do not exist. */
int audio_get_nodes(struct audio *audio, const char *call, const char **ret_sink,
                    const char **ret_source);

/* What an app's streams need to join the call's nodes, one callback per key; -ENOENT while the
 * nodes do not exist (a stream that names a node too early lands on the default device). */
int audio_stream_properties(struct audio *audio, const char *call, audio_property_fn property_fn,
                            void *userdata);

/* The calls that are linked in the server, for Audio1.Calls. */
bool audio_is_linked(struct audio *audio, const char *call);

/* What rings. */
struct audio_ring {
        enum ring_mode mode;
        const char *sound;    /* absolute file, or a name in the sound theme; NULL or "": default */
        int fd;               /* comes before `sound`; -1: none */
        const char *provider; /* whose sound it is, for the log; may be NULL */
};

/* The default ringtone, the beep, or silence. */
#define AUDIO_RING(mode_) ((struct audio_ring){.mode = (mode_), .fd = -1})

/* Strings and descriptor are copied. The same wish again changes nothing. A sound that cannot be
 * played is replaced by another one, so this cannot fail. */
void audio_set_ring(struct audio *audio, const struct audio_ring *ring);
/* What was wished for last. */
enum ring_mode audio_get_ring(const struct audio *audio);
/* Whether a sound is wanted, and PipeWire has a stream of ours for it or will have at once. */
bool audio_is_ringing(const struct audio *audio);

/* Feedback tones, where `play_feedback_tones` is set. It rings at the other end: */
void audio_set_ringback(struct audio *audio, bool on);
/* These DTMF keys are sent. */
void audio_play_keys(struct audio *audio, const char *keys);

bool audio_is_available(const struct audio *audio);
/* The id of the route in use, or of the one that a call would take now; "" without one. */
const char *audio_get_route(struct audio *audio);
/* All that can be chosen, also what is not there now, or needs another profile of its device. */
void audio_list_routes(struct audio *audio, audio_route_fn route_fn, void *userdata);
/*
 * Moves the call to a route, until it is over; "" gives the decision back to the preference and the
 * default device. -ENOENT for a call without nodes, -EINVAL for a route that is not available.
 */
int audio_set_route(struct audio *audio, const char *call, const char *id);

#endif
