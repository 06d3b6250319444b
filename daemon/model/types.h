/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the call model: ids, enumerations, limits.
 *
 * Every enumeration has a `_to_string` that gives its spelling on the bus, and where the outside
 * may name a value a `_from_string` that answers -EINVAL for an unknown word.
 */
#ifndef CALLSD_MODEL_TYPES_H
#define CALLSD_MODEL_TYPES_H

#include "util/macro.h"

/* A UUID as lower-case text with its NUL. */
#define UUID_TEXT_SIZE 37

struct uuid {
        char text[UUID_TEXT_SIZE];
};

/* Both clocks at one moment; the engine never asks for the time itself. */
struct instant {
        usec_t boottime; /* CLOCK_BOOTTIME: deadlines and durations */
        usec_t realtime; /* CLOCK_REALTIME: dates that people see */
};

enum call_state {
        CALL_STATE_RINGING,
        CALL_STATE_ANSWERING,
        CALL_STATE_STARTING,
        CALL_STATE_STARTED,
        CALL_STATE_CONNECTING,
        CALL_STATE_ACTIVE,
        CALL_STATE_HELD,
        CALL_STATE_ENDING,
        CALL_STATE_ENDED,
        CALL_STATE_MAX_,
};

enum hold_reason {
        HOLD_REASON_NONE,
        HOLD_REASON_USER,
        HOLD_REASON_INTERRUPTED,
        HOLD_REASON_PROVIDER,
};

enum ended_reason {
        ENDED_REASON_NONE,
        ENDED_REASON_FAILED,
        ENDED_REASON_REMOTE_ENDED,
        ENDED_REASON_UNANSWERED,
        ENDED_REASON_ANSWERED_ELSEWHERE,
        ENDED_REASON_DECLINED_ELSEWHERE,
        ENDED_REASON_LOCAL_ENDED,
        ENDED_REASON_DECLINED,
        ENDED_REASON_PROVIDER_LOST,
};

enum ended_cause {
        ENDED_CAUSE_NONE,
        ENDED_CAUSE_BUSY,
        ENDED_CAUSE_REJECTED,
        ENDED_CAUSE_NO_ANSWER,
        ENDED_CAUSE_NO_SUCH_NUMBER,
        ENDED_CAUSE_CONGESTION,
        ENDED_CAUSE_NETWORK,
        ENDED_CAUSE_MEDIA,
        ENDED_CAUSE_FORWARDED,
        ENDED_CAUSE_OTHER,
};

enum handle_type {
        HANDLE_TYPE_NONE,
        HANDLE_TYPE_GENERIC,
        HANDLE_TYPE_PHONE_NUMBER,
        HANDLE_TYPE_EMAIL_ADDRESS,
        HANDLE_TYPE_MAX_,
};

enum action_type {
        ACTION_START,
        ACTION_ANSWER,
        ACTION_END,
        ACTION_SET_HELD,
        ACTION_SET_MUTED,
        ACTION_SET_GROUP,
        ACTION_PLAY_DTMF,
        ACTION_SET_TRANSLATING,
        ACTION_TYPE_MAX_,
};

enum dtmf_type {
        DTMF_SINGLE_TONE,
        DTMF_SOFT_PAUSE,
        DTMF_HARD_PAUSE,
};

enum decline_reason {
        DECLINE_REASON_DECLINED,
        DECLINE_REASON_BUSY,
};

/* Of an action the first four; of a state whoever caused it. */
enum origin {
        ORIGIN_SELF,
        ORIGIN_USER,
        ORIGIN_ACCESSORY,
        ORIGIN_POLICY,
        ORIGIN_REMOTE,
        ORIGIN_NETWORK,
        ORIGIN_OTHER_CLIENT,
};

/* Who caused a fact from the network. */
enum fact_source {
        FACT_REMOTE,
        FACT_NETWORK,
        FACT_OTHER_CLIENT,
        FACT_SELF,
};

/* What happens to other sound while a call is heard. */
enum other_media {
        OTHER_MEDIA_PAUSE_THEN_DUCK, /* media players pause, everything else gets quieter */
        OTHER_MEDIA_DUCK,
        OTHER_MEDIA_PAUSE,
        OTHER_MEDIA_LEAVE,
};

enum echo_cancel {
        ECHO_CANCEL_AUTO,
        ECHO_CANCEL_ON,
        ECHO_CANCEL_OFF,
};

enum auto_resume {
        AUTO_RESUME_NEVER,
        AUTO_RESUME_LOCAL_END,
        AUTO_RESUME_ALWAYS,
};

/* Why the interrupter of a held call is no longer in the way. */
enum interruption_end {
        INTERRUPTION_GOES_ON,
        INTERRUPTION_NEVER_ACTIVE, /* resume whatever AutoResume says */
        INTERRUPTION_LOCAL_END,    /* resume with local-end and always */
        INTERRUPTION_REMOTE_END,   /* resume with always, else offer in ResumableCall */
        INTERRUPTION_OFFERED,      /* decided: only in ResumableCall */
};

/* How a provider's sound reaches the user. */
enum call_audio {
        CALL_AUDIO_STREAMS,  /* through PipeWire streams of the app */
        CALL_AUDIO_EXTERNAL, /* not through PipeWire streams of the app */
        CALL_AUDIO_NONE,     /* no nodes, no ducking, no media pause */
};

/* How far a call's audio path is to be built. */
enum audio_level {
        AUDIO_LEVEL_NONE,   /* no nodes of its own (any more) */
        AUDIO_LEVEL_GATED,  /* none that anybody needs, and streams of its app are kept silent */
        AUDIO_LEVEL_NODES,  /* its sink and source exist and are silent */
        AUDIO_LEVEL_LINKED, /* and are linked to speaker and microphone */
};

enum ring_mode {
        RING_NONE,
        RING_TONE,    /* the ringtone of the call's provider */
        RING_WAITING, /* a soft beep: somebody calls during a call */
};

const char *call_state_to_string(enum call_state state);
const char *hold_reason_to_string(enum hold_reason reason);
const char *ended_reason_to_string(enum ended_reason reason);
const char *ended_cause_to_string(enum ended_cause cause);
const char *handle_type_to_string(enum handle_type type);
const char *action_type_to_string(enum action_type type);
const char *dtmf_type_to_string(enum dtmf_type type);
const char *decline_reason_to_string(enum decline_reason reason);
const char *origin_to_string(enum origin origin);
const char *fact_source_to_string(enum fact_source source);
const char *auto_resume_to_string(enum auto_resume resume);
const char *call_audio_to_string(enum call_audio audio);
const char *audio_level_to_string(enum audio_level level);
const char *ring_mode_to_string(enum ring_mode mode);

int call_state_from_string(const char *text, enum call_state *ret_state);
int ended_reason_from_string(const char *text, enum ended_reason *ret_reason);
int ended_cause_from_string(const char *text, enum ended_cause *ret_cause);
int handle_type_from_string(const char *text, enum handle_type *ret_type);
int action_type_from_string(const char *text, enum action_type *ret_type);
int dtmf_type_from_string(const char *text, enum dtmf_type *ret_type);
int decline_reason_from_string(const char *text, enum decline_reason *ret_reason);
int origin_from_string(const char *text, enum origin *ret_origin);
int fact_source_from_string(const char *text, enum fact_source *ret_source);
int auto_resume_from_string(const char *text, enum auto_resume *ret_resume);
int call_audio_from_string(const char *text, enum call_audio *ret_audio);

/* Every limit and every deadline of the model; callsd.conf sets them, LIMITS_DEFAULT has the rest.
 */
struct limits {
        /* call-model.md 10: how many */
        unsigned calls_per_provider;
        unsigned ringing_per_provider;
        unsigned transactions_per_provider;
        unsigned actions_per_transaction;
        unsigned providers_per_peer;
        unsigned ringing_sandboxed;
        unsigned ringing_total;
        unsigned calls_total;
        unsigned pushes_per_provider;
        /* how long a text, in bytes without the NUL */
        unsigned handle_length;
        unsigned name_length;
        unsigned identifier_length;
        unsigned dtmf_length;
        unsigned push_size; /* of a payload, as daemon/bus writes it */
        /* call-model.md 4.8: how much time a provider has */
        usec_t start_timeout;
        usec_t answer_timeout;
        usec_t end_timeout;
        usec_t hold_in_front_timeout;
        usec_t other_timeout;
        usec_t timeout_min;
        usec_t timeout_max;
        usec_t reply_timeout;
        /* and how long things last */
        usec_t ring_limit;
        usec_t ended_linger;
        usec_t soft_pause;
        usec_t emergency_callback;
        usec_t bus_reclaim_grace;
        usec_t reclaim_grace_max;
        usec_t push_report_timeout;
        usec_t push_throttle;
        enum auto_resume auto_resume;
};

extern const struct limits LIMITS_DEFAULT;

#endif
