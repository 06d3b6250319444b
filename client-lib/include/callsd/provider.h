/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The provider: an app that has calls (CXProvider, CXProviderDelegate).
 *
 * The provider registers by itself and stays registered, also over a restart of callsd: it then
 * compares the calls it knows of with those that callsd kept and imports the others, so that the
 * app notices nothing. It knows of a call from a report or a start order on, until a report or an
 * end order ends it; so report what happens also while callsd is away (CX_ERROR_NOT_RUNNING): that
 * is what a callsd that comes back is told.
 *
 * Reports may be made at once; they wait for the registration. Each completes with success, with
 * the reason callsd gave, or after 2 seconds without an answer with CX_ERROR_NOT_RUNNING. From then
 * on each fails at once, until callsd answers again. An app whose incoming call fails like this may
 * ring and answer by itself; when it says so with cx_provider_report_call_state(), the call goes to
 * callsd as soon as that is back.
 */
#ifndef CALLSD_PROVIDER_H
#define CALLSD_PROVIDER_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/**
 * What a provider is told. Fill in what the app can do and leave the rest NULL; an order without
 * its callback is failed at once with that as the reason. Only did_reset is required.
 *
 * All arguments are lent; take a reference to keep one.
 */
struct cx_provider_delegate {
        /** sizeof(struct cx_provider_delegate), so that the struct can grow. */
        size_t size;

        /** Registered. Comes once, and once more after each did_reset. */
        void (*did_begin)(struct cx_provider *provider, void *userdata);
        /**
         * These calls are lost for callsd: end them. Nothing needs to be reported.
         * `lost_calls` has NULL at its end.
         */
        void (*did_reset)(struct cx_provider *provider, const char *const *lost_calls,
                          void *userdata);
        /**
         * A transaction (or part of one) arrives. Return 0 to get its actions one at a time through
         * the callbacks below; return 1 to take it whole: then complete each of its actions.
         */
        int (*execute_transaction)(struct cx_provider *provider, struct cx_transaction *transaction,
                                   void *userdata);

        /*
         * The orders, one at a time: the next of a transaction after the previous is complete (an
         * end does not hold up the next).
         */
        /** Place a call. */
        void (*perform_start_call)(struct cx_provider *provider, struct cx_action *action,
                                   void *userdata);
        /** Answer a call that rings. */
        void (*perform_answer_call)(struct cx_provider *provider, struct cx_action *action,
                                    void *userdata);
        /** End a call, or decline one that rings. */
        void (*perform_end_call)(struct cx_provider *provider, struct cx_action *action,
                                 void *userdata);
        /** Hold or resume. */
        void (*perform_set_held_call)(struct cx_provider *provider, struct cx_action *action,
                                      void *userdata);
        /** Mute or unmute this side. */
        void (*perform_set_muted_call)(struct cx_provider *provider, struct cx_action *action,
                                       void *userdata);
        /** Join a group, or leave it. */
        void (*perform_set_group_call)(struct cx_provider *provider, struct cx_action *action,
                                       void *userdata);
        /** Send keys. */
        void (*perform_play_dtmf_call)(struct cx_provider *provider, struct cx_action *action,
                                       void *userdata);
        /** Begin or stop to translate. */
        void (*perform_set_translating_call)(struct cx_provider *provider, struct cx_action *action,
                                             void *userdata);

        /**
         * The deadline passed; the action counts as failed and is complete. A call that was not
         * answered or started in time has ended: drop it. If the app completes the action in that
         * very moment, did_reset says instead that the call is lost.
         */
        void (*timed_out_performing_action)(struct cx_provider *provider, struct cx_action *action,
                                            void *userdata);

        /** The call has microphone and speaker: start its streams, see cx_audio_session_*(). */
        void (*did_activate_audio_session)(struct cx_provider *provider,
                                           const struct cx_audio_session *session, void *userdata);
        /** The call is silent now, in both directions. */
        void (*did_deactivate_audio_session)(struct cx_provider *provider, const char *call,
                                             void *userdata);

        /* Beyond CallKit. */

        /** Could not be registered. CX_ERROR_NOT_RUNNING: did_begin comes when callsd does. */
        void (*did_fail_to_begin)(struct cx_provider *provider, const struct cx_error *error,
                                  void *userdata);
        /** An order that the app was given is not wanted any more, and is complete. */
        void (*action_cancelled)(struct cx_provider *provider, struct cx_action *action,
                                 const char *why, void *userdata);
        /** A push payload for this app, see push.h. */
        void (*did_receive_push_payload)(struct cx_provider *provider,
                                         const struct cx_push_payload *payload, void *userdata);
};

/** What is known of a call that exists already, beside its update. */
struct cx_call_facts {
        size_t size;                /**< sizeof(struct cx_call_facts) */
        enum cx_call_state state;   /**< ringing, started, connecting, active or held */
        int outgoing;               /**< 1: this side called */
        int muted;                  /**< 1: this side is muted */
        const char *group_with;     /**< UUID of a call in the same group; NULL for none */
        uint64_t started_at_usec;   /**< date; 0: now */
        uint64_t connected_at_usec; /**< date, of an active or held call; 0: now */
};

/**
 * A provider, which registers as soon as the context runs. Have one per app.
 * @param configuration is copied
 * @return 0, -ENOMEM, -EINVAL
 */
int cx_provider_new(struct cx_context *context,
                    const struct cx_provider_configuration *configuration,
                    struct cx_provider **ret_provider);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_provider *cx_provider_ref(struct cx_provider *provider);
/** With the last reference the provider is invalidated, without did_reset. */
struct cx_provider *cx_provider_unref(struct cx_provider *provider);
/** The context it was made with. No reference. */
struct cx_context *cx_provider_get_context(const struct cx_provider *provider);

/**
 * Sets who is told. A registration that is complete already is told then.
 * @param delegate is copied; NULL: nobody, orders are failed
 * @return 0, -EINVAL (no did_reset, or a size that is too small)
 */
int cx_provider_set_delegate(struct cx_provider *provider,
                             const struct cx_provider_delegate *delegate, void *userdata);

/**
 * Replaces the configuration, at any time. The identifier cannot change.
 * @return 0, -EINVAL (another identifier), -ESHUTDOWN (invalidated)
 */
int cx_provider_set_configuration(struct cx_provider *provider,
                                  const struct cx_provider_configuration *configuration,
                                  cx_completion_fn completion, void *userdata);
/**
 * The calls that callsd held for this app while it was restarted, as they were when it had
 * registered again: an array with NULL at its end, of references. Free it with
 * cx_call_list_free(). They go on with the same UUIDs; what the app cannot take up it has to report
 * as ended. One in state ending was ended meanwhile; its order comes, or came. Empty before
 * did_begin, and for an app that has set no reclaim grace
 * (cx_provider_configuration_set_reclaim_grace_usec()).
 * @return how many; -ENOMEM, -EINVAL, -ESHUTDOWN (invalidated)
 */
int cx_provider_get_reclaimed_calls(const struct cx_provider *provider,
                                    struct cx_call ***ret_calls);
/** The configuration as last set; lent, read only. */
const struct cx_provider_configuration *cx_provider_get_configuration(
        const struct cx_provider *provider);
/**
 * A ringtone for apps whose files callsd cannot see: a sound file open for reading, duplicated.
 * @return 0, -EBADF, -ESHUTDOWN (invalidated)
 */
int cx_provider_set_ringtone_fd(struct cx_provider *provider, int fd, cx_completion_fn completion,
                                void *userdata);

/**
 * Ends the provider: its calls end as failed. Calls did_reset before it returns, and nothing after.
 * Completions of reports are not called any more.
 * @return 0, -EALREADY
 */
int cx_provider_invalidate(struct cx_provider *provider);

/*
 * Reports. They return 0, -EINVAL (malformed UUID), -ESHUTDOWN (invalidated) or -ENOMEM; further
 * errors arrive in the completion: general INVALID_ARGUMENT, NOT_RUNNING, NOT_REGISTERED, and
 * UNKNOWN_CALL_UUID of a call that is not this provider's.
 */

/**
 * Somebody calls. If it completes with an error other than NOT_RUNNING, drop the call.
 * Errors: those of enum cx_error_incoming_call, LIMIT_REACHED.
 * @param call a new UUID; @param update may be NULL
 */
int cx_provider_report_new_incoming_call(struct cx_provider *provider, const char *call,
                                         const struct cx_call_update *update,
                                         cx_completion_fn completion, void *userdata);
/** Something about a call is new. Only the fields that were set are sent. */
int cx_provider_report_call_updated(struct cx_provider *provider, const char *call,
                                    const struct cx_call_update *update,
                                    cx_completion_fn completion, void *userdata);
/** The outgoing call begins to connect. Errors: WRONG_STATE (an incoming call). */
int cx_provider_report_outgoing_call_started_connecting(struct cx_provider *provider,
                                                        const char *call, uint64_t date_usec,
                                                        cx_completion_fn completion,
                                                        void *userdata);
/** The far end of an outgoing call has answered. Errors: WRONG_STATE (an incoming call). */
int cx_provider_report_outgoing_call_connected(struct cx_provider *provider, const char *call,
                                               uint64_t date_usec, cx_completion_fn completion,
                                               void *userdata);
/**
 * A call is over, and not because of an end order.
 * @param reason CallKit's five, or LOCAL_ENDED (the app ended it while callsd was away)
 */
int cx_provider_report_call_ended(struct cx_provider *provider, const char *call,
                                  uint64_t date_usec, enum cx_call_ended_reason reason,
                                  cx_completion_fn completion, void *userdata);
/** As above, with what the network said; `cause` may be ..._UNKNOWN, `text` NULL. */
int cx_provider_report_call_ended_with_cause(struct cx_provider *provider, const char *call,
                                             uint64_t date_usec, enum cx_call_ended_reason reason,
                                             enum cx_call_ended_cause cause, const char *text,
                                             cx_completion_fn completion, void *userdata);

/* Beyond CallKit: facts that nobody asked for. */

/** A call exists already, or a known one is like this now. `update` may be NULL. */
int cx_provider_report_call(struct cx_provider *provider, const char *call,
                            const struct cx_call_facts *facts, const struct cx_call_update *update,
                            cx_completion_fn completion, void *userdata);
/** The state changed without an order: to active, held or connecting. Errors: WRONG_STATE. */
int cx_provider_report_call_state(struct cx_provider *provider, const char *call,
                                  enum cx_call_state state, enum cx_fact_source by,
                                  cx_completion_fn completion, void *userdata);
/** This side was muted (1) or unmuted (0) without an order. Errors: WRONG_STATE. */
int cx_provider_report_call_muted(struct cx_provider *provider, const char *call, int muted,
                                  enum cx_fact_source by, cx_completion_fn completion,
                                  void *userdata);

/**
 * What was given to this provider and is not complete: an array with NULL at its end, of
 * references. Free it with cx_transaction_list_free().
 * @return how many, or -ENOMEM
 */
int cx_provider_get_pending_transactions(struct cx_provider *provider,
                                         struct cx_transaction ***ret_transactions);
/** Frees such an array with its references. Returns NULL, takes NULL. */
struct cx_transaction **cx_transaction_list_free(struct cx_transaction **transactions);
/**
 * Of these, the actions of one type about one call: an array as above.
 * @param call NULL: of any call; @param type ..._UNKNOWN: of any type
 * @return how many, -ENOMEM, -EINVAL
 */
int cx_provider_get_pending_call_actions(struct cx_provider *provider, enum cx_action_type type,
                                         const char *call, struct cx_action ***ret_actions);
/** Frees such an array with its references. Returns NULL, takes NULL. */
struct cx_action **cx_action_list_free(struct cx_action **actions);

/** What did_activate_audio_session gets: the call's UUID. */
const char *cx_audio_session_get_call_uuid(const struct cx_audio_session *session);
/** node.name of the call's own sink; NULL where callsd made none. */
const char *cx_audio_session_get_sink(const struct cx_audio_session *session);
/** node.name of the call's own source; NULL where callsd made none. */
const char *cx_audio_session_get_source(const struct cx_audio_session *session);
/** Where it is heard; NULL where that is not known. */
const char *cx_audio_session_get_route(const struct cx_audio_session *session);

CX_END_DECLS

#endif
