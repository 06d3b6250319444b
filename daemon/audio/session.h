/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One session: a sink and a source of our own in the server, and what is to be done with them.
 *
 * Most sessions belong to one call. A *shared* session belongs to a provider, for streams that
 * serve several of its calls; its wish is worked out from theirs. An *orphan* was found in the
 * server and belongs to nobody we know (yet); it is left as it is.
 */
#ifndef CALLSD_AUDIO_SESSION_H
#define CALLSD_AUDIO_SESSION_H

#include "audio/audio.h"
#include "audio/graph.h"
#include "audio/names.h"

/* How long a session that is over, and has no stream, waits for one that may still come: a stream
 * whose node is gone ends up on the real microphone. */
#define SESSION_EMPTY_FOR (2 * USEC_PER_SEC)

/* And if its nodes do not suspend, whatever the reason, it goes all the same. */
#define SESSION_EMPTY_MAX (10 * USEC_PER_SEC)

/* One of the two nodes. */
struct session_node {
        char name[NAMES_SIZE];
        struct graph_node *node;  /* NULL while the server does not list it */
        struct pw_proxy *request; /* from our request until the node is listed */
        struct spa_hook listener;
        struct session *session;
        bool wanted_mute; /* what we sent last, if `sent_mute` */
        bool sent_mute;
};

/* A link that we asked for and that the server does not list yet. */
struct session_request {
        struct session_request *prev;
        struct session_request *next;
        struct session *session;
        uint32_t output_port;
        uint32_t input_port;
        bool stream;    /* between an app's stream and a node of ours */
        bool cancelled; /* to be removed as soon as it is listed: only then it has an id */
        bool failed;    /* tried again at retry_at */
        struct pw_proxy *proxy;
        struct spa_hook listener;
};

struct session {
        UT_hash_handle hh;
        struct audio *audio;
        char key[NAMES_KEY_SIZE]; /* the call's UUID, or "shared.<provider>" */
        bool shared;
        bool orphan;

        /* The wish; strings are ours. */
        enum audio_level level;
        bool muted;
        uint64_t serial;
        enum call_audio kind;
        char *provider;
        char *app_id;
        char *group;
        pid_t pid;
        bool mix;
        bool own_echo_cancel;
        bool gate_used;      /* at level GATED a stream came: it needs nodes to be silent on */
        uint64_t born;       /* streams with serials up to this were there before the call */
        usec_t over_at;      /* when the call was over; 0 = is not */
        usec_t give_back_at; /* over, with streams that somebody else may want; 0 = none */
        char *route;  /* id of the one that was chosen; NULL: the preference, or the default */
        bool adopted; /* from an earlier daemon, and the route it is on is not known yet */

        uint64_t on_device; /* serial of the headset that the call is on; 0 = none */
        uint64_t on_node;   /* and of the sink */
        usec_t hold_until;  /* it is without a sink, and may get another one until then */

        struct session_node sink;
        struct session_node source;
        struct session_request *requests;

        bool gated;           /* both nodes muted until the links on their way are gone */
        bool mic_barred;      /* somebody opens the source against our will: no microphone at all */
        unsigned mute_fights; /* how often somebody changed a mute of ours since the last wish */

        bool nodes_told;   /* nodes_fn was called for the nodes that are there */
        bool complete;     /* the server has all that the wish asks for */
        uint64_t ticket;   /* of the sync sent when it became so; 0 = none yet */
        bool ready_due;    /* a wish whose ready_fn is still to come */
        usec_t patience;   /* until when ready_fn waits for links; 0 = not running */
        usec_t retry_at;   /* when links that the server refused are asked for again; 0 = none */
        usec_t unblock_at; /* when nodes that an earlier daemon left are made anew; 0 = never */
        usec_t relink_at; /* when to link streams that the session manager leaves alone; 0 = none */
        usec_t empty_since; /* over, and without a stream since then; 0 = not so */
        usec_t look_again;  /* when an empty session may have become removable */
        bool dirty;         /* to be looked at in this turn */
};

static inline bool session_has_nodes_wish(const struct session *session)
{
        return !session->orphan && session->kind == CALL_AUDIO_STREAMS &&
               (session->level >= AUDIO_LEVEL_NODES ||
                (session->level == AUDIO_LEVEL_GATED && session->gate_used));
}

struct session *session_find(struct audio *audio, const char *key);
int session_new(struct audio *audio, const char *key, struct session **ret_session);
void session_free(struct session *session);

/* To be looked at when the loop's turn comes to it. */
void session_touch(struct session *session);
void session_touch_all(struct audio *audio);

/* Closes at once what the wish says is to be closed. */
void session_close(struct session *session);
/* Makes the difference between wish and graph. */
void session_reconcile(struct session *session);

/* The server lists, or no longer lists, a node of ours. */
void session_node_added(struct audio *audio, struct graph_node *node);
void session_node_removed(struct audio *audio, struct graph_node *node);
/* Somebody, perhaps we, set a mute on a node of ours. */
void session_mute_seen(struct audio *audio, struct graph_node *node);
/* The session manager is gone: its device nodes and ours have to be made anew. */
void session_recreate(struct session *session);
/* The same, a moment later, if that was before we came. */
void session_found(struct session *session);
void session_unblock(struct session *session);
/* The server is gone, and everything in it. */
void session_disconnected(struct session *session);

/* Whether both nodes are there with their ports. */
bool session_has_ports(const struct session *session);
bool session_has_streams(struct session *session);
/* Whether microphone or speaker is linked, according to the server. */
bool session_is_linked(struct session *session);

/* The session whose node this is, or NULL. */
struct session *session_find_by_node(struct audio *audio, const struct graph_node *node);

/* session-link.c: the links behind our nodes. */

/* Removes what must not be, without asking for anything new. */
void session_links_cut(struct session *session);
/* Asks for what is missing as well. True if all that is wanted is there. */
bool session_links_reconcile(struct session *session);
bool session_links_pending(const struct session *session);
void session_links_forget(struct session *session);
/* Links a stream that the session manager left alone with its node, port by port. */
void session_links_stream(struct session *session, struct graph_node *stream,
                          struct graph_node *node);
/* Our request for this link, if it was one, is done. */
void session_links_added(struct session *session, struct graph_link *link);

#endif
