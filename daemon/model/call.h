/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One conversation with one remote handle.
 *
 * Written by the model alone; adapters read it between an input and the end of the settle that
 * follows, and keep its UUID, never the pointer.
 */
#ifndef CALLSD_MODEL_CALL_H
#define CALLSD_MODEL_CALL_H

#include <uthash.h>

#include "model/deadline.h"
#include "model/provider.h"
#include "model/types.h"

struct action;

/* What changed since the last announcement; one coalesced signal per call and turn. */
enum call_change {
        CALL_CHANGED_STATE = 1 << 0,
        CALL_CHANGED_MUTED = 1 << 1,
        CALL_CHANGED_GROUP = 1 << 2,
        CALL_CHANGED_HOLD_REASON = 1 << 3,
        CALL_CHANGED_REMOTE_HELD = 1 << 4,
        CALL_CHANGED_ALERTING = 1 << 5,
        CALL_CHANGED_EARLY_MEDIA = 1 << 6,
        CALL_CHANGED_VIDEO = 1 << 7,
        CALL_CHANGED_TRANSLATING = 1 << 8,
        CALL_CHANGED_RECONNECTING = 1 << 9,
        CALL_CHANGED_MEMBERS = 1 << 10,
        CALL_CHANGED_CAPABILITIES = 1 << 11,
        CALL_CHANGED_HANDLE = 1 << 12,
        CALL_CHANGED_NAME = 1 << 13,
        CALL_CHANGED_PICTURE = 1 << 14,
        CALL_CHANGED_ACCOUNT = 1 << 15,
        CALL_CHANGED_STARTED_AT = 1 << 16,
        CALL_CHANGED_CONNECTED_AT = 1 << 17,
        CALL_CHANGED_ENDED = 1 << 18, /* EndedAt, EndedReason, EndedCause, EndedText */
        CALL_CHANGED_WAITING = 1 << 19,
        CALL_CHANGED_ANSWER_PENDING = 1 << 20,
        CALL_CHANGED_ALLOWED = 1 << 21,
        CALL_CHANGED_POST_DIAL = 1 << 22,
        CALL_CHANGED_STATE_ORIGIN = 1 << 23,
        CALL_CHANGED_AUDIO = 1 << 24, /* MuteEnforced */
        CALL_CHANGED_EMERGENCY = 1 << 25,
};

enum call_capability {
        CALL_SUPPORTS_HOLDING = 1 << 0,
        CALL_SUPPORTS_GROUPING = 1 << 1,
        CALL_SUPPORTS_UNGROUPING = 1 << 2,
        CALL_SUPPORTS_DTMF = 1 << 3,
        CALL_SUPPORTS_MUTING = 1 << 4,
        CALL_SUPPORTS_ALL = (1 << 5) - 1,
};

/* What a user may be offered for a call right now. */
enum call_allowed {
        CALL_ALLOWED_ANSWER = 1 << 0,
        CALL_ALLOWED_HOLD_AND_ANSWER = 1 << 1,
        CALL_ALLOWED_END_AND_ANSWER = 1 << 2,
        CALL_ALLOWED_DECLINE = 1 << 3,
        CALL_ALLOWED_HOLD = 1 << 4,
        CALL_ALLOWED_RESUME = 1 << 5,
        CALL_ALLOWED_SWAP = 1 << 6,
        CALL_ALLOWED_MUTE = 1 << 7,
        CALL_ALLOWED_DTMF = 1 << 8,
        CALL_ALLOWED_MERGE = 1 << 9,
        CALL_ALLOWED_LEAVE = 1 << 10,
        CALL_ALLOWED_END = 1 << 11,
        CALL_ALLOWED_MAX_ = 1 << 12,
};

/* `which` is one bit; its spelling in the Allowed property. */
const char *call_allowed_to_string(enum call_allowed which);

struct call_date {
        usec_t realtime, boottime; /* 0: has not happened */
};

/* Somebody in a conference that the provider hosts. */
struct call_member {
        char *handle;
        char *name;
        bool active;
};

/* Which fields of an update are set. */
enum update_field {
        UPDATE_HANDLE = 1 << 0, /* type and text together */
        UPDATE_NAME = 1 << 1,
        UPDATE_HOLDING = 1 << 2,
        UPDATE_GROUPING = 1 << 3,
        UPDATE_UNGROUPING = 1 << 4,
        UPDATE_DTMF = 1 << 5,
        UPDATE_MUTING = 1 << 6,
        UPDATE_VIDEO = 1 << 7,
        UPDATE_REMOTE_HELD = 1 << 8,
        UPDATE_ALERTING = 1 << 9,
        UPDATE_EARLY_MEDIA = 1 << 10,
        UPDATE_ACCOUNT = 1 << 11,
        UPDATE_AUDIO = 1 << 12,
        UPDATE_PICTURE = 1 << 13,
        UPDATE_MEMBERS = 1 << 14,
};

/* A CXCallUpdate: fields whose bit is not in `set` stay as they are; "" clears. Borrowed strings.
 */
struct call_update {
        unsigned set; /* enum update_field */
        enum handle_type handle_type;
        const char *handle, *name, *account;
        bool holding, grouping, ungrouping, dtmf, muting, video, remote_held, alerting, early_media;
        enum call_audio audio;
        uint64_t picture; /* a number by which the bus layer knows the picture; 0: none */
        const struct call_member *members;
        size_t n_members;
};

/* Owned by the engine. */
struct call {
        struct uuid id;
        struct provider *provider; /* never NULL; outlives the call */
        enum call_state state;
        bool outgoing;
        bool muted;
        bool video;
        bool remote_held, alerting, early_media;
        bool emergency;
        bool translating;
        bool reconnecting;
        bool imported; /* by ReportCall */
        bool waiting;  /* ringing while another group is active */
        bool answer_pending;
        bool silenced;
        bool turn_taken;       /* starting: its action's turn has come, so it claims */
        bool was_active;       /* ever */
        bool hold_untold;      /* held while its provider was away; it is told when it is back */
        unsigned capabilities; /* enum call_capability */
        unsigned allowed;      /* enum call_allowed */
        enum hold_reason hold_reason;
        enum origin state_origin;
        enum handle_type handle_type;
        enum call_audio audio;
        char *handle, *name, *account, *contact; /* owned, never NULL */
        char *post_dial;      /* owned or NULL: what is left of a post-dial string */
        bool post_dial_waits; /* at a `;`, for ContinuePostDial */
        uint64_t picture;
        struct call_member *members;
        size_t n_members;
        struct call_date started_at, connected_at, ended_at, reported_at;
        enum ended_reason ended_reason;
        enum ended_reason end_reason_wanted; /* what an end under way will count as */
        enum ended_cause ended_cause;
        char *ended_text; /* owned or NULL */

        /* group: a ring through all members; a lone call is its own ring, group 0 */
        uint64_t group;
        struct call *group_prev, *group_next;

        /* interruption (call-model.md 7) */
        struct call *interrupter;
        uint64_t interrupted_seq; /* 0: not interrupted */
        enum interruption_end interruption_end;
        struct call *interrupted_prev, *interrupted_next;

        /* audio */
        enum audio_level audio_level; /* last wish sent */
        bool audio_muted;             /* likewise */
        uint64_t audio_group;         /* likewise; 0 where the provider mixes by itself */
        uint64_t audio_serial;        /* of the last wish that asked for something new */
        bool audio_ready;             /* the adapter fulfilled that serial */
        bool audio_announced;         /* the provider knows its session as activated */
        bool audio_closing;           /* a hold's turn: closed before it is announced */
        bool audio_lost;              /* PipeWire went; nothing is wished for until it is back */

        /* ringing clock: stands still while an answer is pending */
        usec_t ring_left;
        usec_t ring_resumed_at;
        struct deadline ring_deadline;
        struct deadline removal;
        struct deadline post_dial_deadline;

        struct action *actions; /* every action object about it, oldest first, via call_prev/next */
        unsigned changed;       /* enum call_change, not yet announced */
        bool dirty;
        struct call *dirty_next;
        struct call *provider_prev, *provider_next;
        struct call *claiming_prev, *claiming_next;
        struct call *ringing_prev, *ringing_next;
        bool is_claiming, is_ringing;
        UT_hash_handle hh;
};

bool call_is_live(const struct call *call);      /* neither ending nor ended */
bool call_uses_slot(const struct call *call);    /* neither ringing nor ending nor ended */
bool call_is_connected(const struct call *call); /* active or held */
bool call_same_group(const struct call *a, const struct call *b);
unsigned call_group_size(const struct call *call); /* 1 for a lone call */

/* Every member of the group, `call` included: for (m = call; m; m = call_group_walk(call, m)) */
struct call *call_group_walk(const struct call *start, const struct call *at);

#endif
