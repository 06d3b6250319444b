/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Enumerations and forward declarations that several headers share.
 *
 * Where CallKit has an enumeration its numeric values are kept; values of callsd's own start at
 * 1000 there.
 */
#ifndef CALLSD_TYPES_H
#define CALLSD_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Around the declarations of a header, for C++. */
#ifdef __cplusplus
#define CX_BEGIN_DECLS extern "C" {
#define CX_END_DECLS }
#else
#define CX_BEGIN_DECLS
#define CX_END_DECLS
#endif

CX_BEGIN_DECLS

struct cx_account;
struct cx_action;
struct cx_audio_session;
struct cx_call;
struct cx_call_controller;
struct cx_call_observer;
struct cx_call_update;
struct cx_context;
struct cx_error;
struct cx_handle;
struct cx_provider;
struct cx_provider_configuration;
struct cx_push_payload;
struct cx_stream_properties;
struct cx_transaction;
struct cx_transaction_result;

/** Bytes of a UUID as text, with the NUL at its end. */
#define CX_UUID_TEXT_SIZE 37

/** What a handle is (CXHandle.HandleType). */
enum cx_handle_type {
        CX_HANDLE_TYPE_UNKNOWN = 0,
        CX_HANDLE_TYPE_GENERIC = 1,
        CX_HANDLE_TYPE_PHONE_NUMBER = 2,
        CX_HANDLE_TYPE_EMAIL_ADDRESS = 3,
};

/** Why a call is over (CXCallEndedReason, and what callsd knows beyond it). */
enum cx_call_ended_reason {
        CX_CALL_ENDED_REASON_UNKNOWN = 0,
        CX_CALL_ENDED_REASON_FAILED = 1,             /**< an error in the call */
        CX_CALL_ENDED_REASON_REMOTE_ENDED = 2,       /**< the far end hung up, or gave up */
        CX_CALL_ENDED_REASON_UNANSWERED = 3,         /**< never connected, nobody ended it */
        CX_CALL_ENDED_REASON_ANSWERED_ELSEWHERE = 4, /**< on another device of the user */
        CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE = 5, /**< on another device of the user */
        CX_CALL_ENDED_REASON_LOCAL_ENDED = 1001,     /**< by this side */
        CX_CALL_ENDED_REASON_DECLINED = 1002,        /**< by this side, while it rang; read only */
        CX_CALL_ENDED_REASON_PROVIDER_LOST = 1003,   /**< its app went away; read only */
};

/** What the network said about an end or a failure. */
enum cx_call_ended_cause {
        CX_CALL_ENDED_CAUSE_UNKNOWN = 0, /**< none given */
        CX_CALL_ENDED_CAUSE_BUSY,
        CX_CALL_ENDED_CAUSE_REJECTED,
        CX_CALL_ENDED_CAUSE_NO_ANSWER,
        CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER,
        CX_CALL_ENDED_CAUSE_CONGESTION,
        CX_CALL_ENDED_CAUSE_NETWORK,
        CX_CALL_ENDED_CAUSE_MEDIA,
        CX_CALL_ENDED_CAUSE_FORWARDED,
        CX_CALL_ENDED_CAUSE_OTHER,
};

/** Where a call is in its life. */
enum cx_call_state {
        CX_CALL_STATE_UNKNOWN = 0,
        CX_CALL_STATE_RINGING,    /**< incoming, nobody has answered */
        CX_CALL_STATE_ANSWERING,  /**< the app was told to answer */
        CX_CALL_STATE_STARTING,   /**< outgoing, the app was told to start */
        CX_CALL_STATE_STARTED,    /**< the app has sent the invitation */
        CX_CALL_STATE_CONNECTING, /**< outgoing, the network is at work */
        CX_CALL_STATE_ACTIVE,     /**< both ends can talk */
        CX_CALL_STATE_HELD,       /**< held on this side */
        CX_CALL_STATE_ENDING,     /**< the app was told to end it */
        CX_CALL_STATE_ENDED,      /**< over; the object goes soon */
};

/** Why a held call is held. */
enum cx_hold_reason {
        CX_HOLD_REASON_UNKNOWN = 0, /**< it is not held */
        CX_HOLD_REASON_USER,
        CX_HOLD_REASON_INTERRUPTED, /**< another call became active */
        CX_HOLD_REASON_PROVIDER,    /**< its app reported so */
};

/** Whom a fact that a provider reports comes from. */
enum cx_fact_source {
        CX_FACT_SOURCE_UNKNOWN = 0,
        CX_FACT_SOURCE_REMOTE,       /**< the far end */
        CX_FACT_SOURCE_NETWORK,      /**< an exchange or server */
        CX_FACT_SOURCE_OTHER_CLIENT, /**< another client of the same account */
        CX_FACT_SOURCE_SELF,         /**< the app, without having asked */
};

/** How a provider's sound reaches the user. */
enum cx_call_audio {
        CX_CALL_AUDIO_UNKNOWN = 0,
        CX_CALL_AUDIO_STREAMS,  /**< through PipeWire streams of the app; the default */
        CX_CALL_AUDIO_EXTERNAL, /**< not through streams of the app, such as modem to codec */
        CX_CALL_AUDIO_NONE,     /**< no sound of callsd's concern */
};

/** The kinds of action: CXAction's eight subclasses. */
enum cx_action_type {
        CX_ACTION_TYPE_UNKNOWN = 0,
        CX_ACTION_TYPE_START_CALL,
        CX_ACTION_TYPE_ANSWER_CALL,
        CX_ACTION_TYPE_END_CALL,
        CX_ACTION_TYPE_SET_HELD_CALL,
        CX_ACTION_TYPE_SET_MUTED_CALL,
        CX_ACTION_TYPE_SET_GROUP_CALL,
        CX_ACTION_TYPE_PLAY_DTMF_CALL,
        CX_ACTION_TYPE_SET_TRANSLATING_CALL,
};

/** Who wants an action done. */
enum cx_origin {
        CX_ORIGIN_UNKNOWN = 0,
        CX_ORIGIN_SELF,      /**< the provider of the call itself */
        CX_ORIGIN_USER,      /**< a person, through a call UI */
        CX_ORIGIN_ACCESSORY, /**< a headset, a key, a car */
        CX_ORIGIN_POLICY,    /**< callsd, to make room for another call */
};

/** Where DTMF digits come from (CXPlayDTMFCallActionType). */
enum cx_play_dtmf_call_action_type {
        CX_PLAY_DTMF_CALL_ACTION_TYPE_UNKNOWN = 0,
        CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE = 1, /**< one key that was pressed */
        CX_PLAY_DTMF_CALL_ACTION_TYPE_SOFT_PAUSE = 2,  /**< the digits after a `,` */
        CX_PLAY_DTMF_CALL_ACTION_TYPE_HARD_PAUSE = 3,  /**< the digits after a `;` */
};

/** How a call that rings is to be declined. */
enum cx_decline_reason {
        CX_DECLINE_REASON_UNKNOWN = 0,
        CX_DECLINE_REASON_DECLINED, /**< the default */
        CX_DECLINE_REASON_BUSY,     /**< let the far end hear the busy tone */
};

/** What translates (CXTranslationEngine). */
enum cx_translation_engine {
        CX_TRANSLATION_ENGINE_DEFAULT = 0,
        CX_TRANSLATION_ENGINE_CUSTOM = 1, /**< the app's own */
};

/**
 * The spelling of a value as on the bus, such as "remote-ended", for logs. "unknown" for
 * `..._UNKNOWN` and for what is outside the list. Never NULL, static.
 */
const char *cx_handle_type_to_string(enum cx_handle_type type);
/** @copydoc cx_handle_type_to_string */
const char *cx_call_state_to_string(enum cx_call_state state);
/** @copydoc cx_handle_type_to_string */
const char *cx_call_ended_reason_to_string(enum cx_call_ended_reason reason);
/** @copydoc cx_handle_type_to_string */
const char *cx_call_ended_cause_to_string(enum cx_call_ended_cause cause);
/** @copydoc cx_handle_type_to_string */
const char *cx_action_type_to_string(enum cx_action_type type);
/** @copydoc cx_handle_type_to_string */
const char *cx_origin_to_string(enum cx_origin origin);

/** Writes a new random UUID, in lower case with its NUL, for a new call. Cannot fail. */
void cx_uuid_generate(char uuid[CX_UUID_TEXT_SIZE]);

/**
 * A request is done.
 * @param error NULL for success, else why it failed; valid during the callback
 * @param userdata as handed in
 */
typedef void (*cx_completion_fn)(const struct cx_error *error, void *userdata);

CX_END_DECLS

#endif
