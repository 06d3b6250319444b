/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Orders about calls: CXAction and its eight subclasses.
 *
 * There are two kinds. An action that the app makes goes into a transaction and is requested with a
 * cx_call_controller. An action that a delegate gets is an order; it is complete when the app has
 * fulfilled or failed it. The first completion wins. An order is lent to the callback: take a
 * reference to complete it later. When the last reference goes and it was not completed, the
 * library fails it. These functions are thread-safe: cx_action_ref(), cx_action_unref(),
 * cx_action_fulfill(), cx_action_fulfill_with_date(), cx_action_fulfill_using_engine(),
 * cx_action_fail(), cx_action_fail_with_cause().
 *
 * A getter of the wrong type gives NULL, 0 or ..._UNKNOWN; a setter -EINVAL. Setters return -EROFS
 * for an order and for an action that was requested already.
 */
#ifndef CALLSD_ACTION_H
#define CALLSD_ACTION_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/**
 * The eight kinds. `call` is the UUID of the call; for a start, a new one (cx_uuid_generate()).
 * @return 0, -EINVAL, -ENOMEM
 */
int cx_start_call_action_new(const char *call, struct cx_handle *handle,
                             struct cx_action **ret_action);
/** Answers a call that rings. */
int cx_answer_call_action_new(const char *call, struct cx_action **ret_action);
/** Ends a call, declines one that rings. */
int cx_end_call_action_new(const char *call, struct cx_action **ret_action);
/** Holds a call (`on_hold` 1) or resumes it (0). */
int cx_set_held_call_action_new(const char *call, int on_hold, struct cx_action **ret_action);
/** Mutes this side (`muted` 1) or unmutes it (0). */
int cx_set_muted_call_action_new(const char *call, int muted, struct cx_action **ret_action);
/** Joins the group of `with`, leaving the present one first; NULL: only leaves. */
int cx_set_group_call_action_new(const char *call, const char *with, struct cx_action **ret_action);
/** @param digits of 0-9 * # A-D: one for a single tone, 1 to 64 (also , and ;) for pauses */
int cx_play_dtmf_call_action_new(const char *call, const char *digits,
                                 enum cx_play_dtmf_call_action_type type,
                                 struct cx_action **ret_action);
/**
 * Languages are BCP 47 tags such as "de-AT"; NULL or "" for none.
 */
int cx_set_translating_call_action_new(const char *call, int translating,
                                       const char *local_language, const char *remote_language,
                                       struct cx_action **ret_action);

/** Takes a reference. Thread-safe. Returns it; NULL for NULL. */
struct cx_action *cx_action_ref(struct cx_action *action);
/** Gives a reference back. Thread-safe. The last one of an order that is not complete fails it. */
struct cx_action *cx_action_unref(struct cx_action *action);

/** Which of the eight kinds it is. */
enum cx_action_type cx_action_get_type(const struct cx_action *action);
/** The id of the action itself. Of a requested one, known only to the library. */
const char *cx_action_get_uuid(const struct cx_action *action);
/** The UUID of the call that it is about. */
const char *cx_action_get_call_uuid(const struct cx_action *action);
/** Whether it was fulfilled or failed, timed out or was cancelled. */
int cx_action_is_complete(const struct cx_action *action);
/** When an order times out: microseconds of CLOCK_BOOTTIME; UINT64_MAX for an action of one's own
 */
uint64_t cx_action_get_deadline_usec(const struct cx_action *action);
/** Who wants it; ..._UNKNOWN for an action of one's own. */
enum cx_origin cx_action_get_origin(const struct cx_action *action);

/* Start: whom to call, and how. */
/** Whom to call; lent. */
struct cx_handle *cx_start_call_action_get_handle(const struct cx_action *action);
/** The contact that it was chosen from, in the requester's own terms; NULL for none. */
const char *cx_start_call_action_get_contact_identifier(const struct cx_action *action);
/** Names the contact that it was chosen from; NULL for none. */
int cx_start_call_action_set_contact_identifier(struct cx_action *action, const char *contact);
/** Whether with video. */
int cx_start_call_action_is_video(const struct cx_action *action);
/** With video (1) or without (0, the default). */
int cx_start_call_action_set_video(struct cx_action *action, int video);
/** Beyond CallKit: id of the account to use; NULL for any. */
const char *cx_start_call_action_get_account(const struct cx_action *action);
/** Chooses the account; NULL for any. */
int cx_start_call_action_set_account(struct cx_action *action, const char *account);
/**
 * Beyond CallKit: the identifier of the provider that is to place the call. Without it: the one of
 * the requesting app, else the default one for the handle.
 */
int cx_start_call_action_set_provider(struct cx_action *action, const char *identifier);

/* Answer. Beyond CallKit: whether with video. */
/** Beyond CallKit: whether to answer with video. */
int cx_answer_call_action_is_video(const struct cx_action *action);
/** With video (1) or without (0, the default). */
int cx_answer_call_action_set_video(struct cx_action *action, int video);

/* End. Beyond CallKit: how to decline, and what to tell the caller (NULL: nothing). */
/** Beyond CallKit: how to decline; ..._UNKNOWN where it was not said. */
enum cx_decline_reason cx_end_call_action_get_reason(const struct cx_action *action);
/** How to decline. */
int cx_end_call_action_set_reason(struct cx_action *action, enum cx_decline_reason reason);
/** Beyond CallKit: what to tell the caller; NULL: nothing. */
const char *cx_end_call_action_get_message(const struct cx_action *action);
/** What to tell the caller; NULL: nothing. */
int cx_end_call_action_set_message(struct cx_action *action, const char *message);

/** Hold: 1 hold, 0 resume. */
int cx_set_held_call_action_is_on_hold(const struct cx_action *action);

/** Mute: 1 mute, 0 unmute. */
int cx_set_muted_call_action_is_muted(const struct cx_action *action);

/** Group: the call whose group is joined; NULL: leave the present group. */
const char *cx_set_group_call_action_get_call_uuid_to_group_with(const struct cx_action *action);

/* DTMF. The digits are private: do not log them. */
/** The keys to play. They are private: do not log them. */
const char *cx_play_dtmf_call_action_get_digits(const struct cx_action *action);
/** Whether a key was pressed, or a pause is over. */
enum cx_play_dtmf_call_action_type cx_play_dtmf_call_action_get_type(
        const struct cx_action *action);

/* Translating. */
/** Translating: 1 on, 0 off. */
int cx_set_translating_call_action_is_translating(const struct cx_action *action);
/** What this side speaks: a BCP 47 tag; NULL if not said. */
const char *cx_set_translating_call_action_get_local_language(const struct cx_action *action);
/** What the far end speaks: a BCP 47 tag; NULL if not said. */
const char *cx_set_translating_call_action_get_remote_language(const struct cx_action *action);

/**
 * The order is done, now. Thread-safe. Of a transaction that the app took whole
 * (execute_transaction), a completion that comes before its turn is held back until then.
 * @return 0, -EALREADY (complete already, harmless), -EINVAL (not an order)
 */
int cx_action_fulfill(struct cx_action *action);
/** As cx_action_fulfill(), of a start, an answer or an end, at this date (0: now). */
int cx_action_fulfill_with_date(struct cx_action *action, uint64_t date_usec);
/** As cx_action_fulfill(), of a translation, with the engine that translates. */
int cx_action_fulfill_using_engine(struct cx_action *action, enum cx_translation_engine engine);
/**
 * The order cannot be done. Thread-safe. What follows in its transaction will be cancelled.
 * @param reason for people; NULL for none
 * @return 0, -EALREADY (complete already, harmless), -EINVAL (not an order), -ENOMEM
 */
int cx_action_fail(struct cx_action *action, const char *reason);
/** As cx_action_fail(), with what the network said. */
int cx_action_fail_with_cause(struct cx_action *action, enum cx_call_ended_cause cause,
                              const char *reason);

CX_END_DECLS

#endif
