/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A call as others see it (CXCall): a picture of one moment, immutable.
 *
 * The first five are what CallKit has, and public; the state is public too. What follows is known
 * only to those who may read it: controllers, and for its own calls a provider. Others get NULL, 0
 * or ..._UNKNOWN, and cx_call_has_details() tells.
 */
#ifndef CALLSD_CALL_H
#define CALLSD_CALL_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** Takes a reference. Returns it; NULL for NULL. */
struct cx_call *cx_call_ref(struct cx_call *call);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_call *cx_call_unref(struct cx_call *call);

/** Its UUID, in lower case. */
const char *cx_call_get_uuid(const struct cx_call *call);
/** Whether this side called. */
int cx_call_is_outgoing(const struct cx_call *call);
/** Whether this side holds it. */
int cx_call_is_on_hold(const struct cx_call *call);
/** Whether both ends could talk at some time. */
int cx_call_has_connected(const struct cx_call *call);
/** Whether it is over. */
int cx_call_has_ended(const struct cx_call *call);
/** Where it is in its life. */
enum cx_call_state cx_call_get_state(const struct cx_call *call);
/** Whether UUID and state agree, and everything else too. */
int cx_call_equal(const struct cx_call *a, const struct cx_call *b);

/** Whether the following are known. */
int cx_call_has_details(const struct cx_call *call);
/** The D-Bus path of the provider's object. */
const char *cx_call_get_provider_path(const struct cx_call *call);
/** Lent; NULL if the far end is not known. */
struct cx_handle *cx_call_get_remote_handle(const struct cx_call *call);
/** The name that the provider gave; NULL or "" for none. */
const char *cx_call_get_localized_caller_name(const struct cx_call *call);
/** What to show: the provider's name for the caller, else a directory's, else the handle. */
const char *cx_call_get_display_name(const struct cx_call *call);
/** Id of the account it runs over; NULL or "" for none. */
const char *cx_call_get_account(const struct cx_call *call);
/** Whether this side is muted. */
int cx_call_is_muted(const struct cx_call *call);
/** Opaque id of its group; "" for a lone call. */
const char *cx_call_get_group(const struct cx_call *call);
/** Why it is held. */
enum cx_hold_reason cx_call_get_hold_reason(const struct cx_call *call);
/** Whether the far end holds it. */
int cx_call_is_remote_held(const struct cx_call *call);
/** Whether it has video. */
int cx_call_has_video(const struct cx_call *call);
/** It rings during another call. */
int cx_call_is_waiting(const struct cx_call *call);
/** Whether it is an emergency call. */
int cx_call_is_emergency(const struct cx_call *call);
/** When it was placed or began to ring: a date; 0 if not known. */
uint64_t cx_call_get_started_at_usec(const struct cx_call *call);
/** When it was answered: a date; 0 for not yet. */
uint64_t cx_call_get_connected_at_usec(const struct cx_call *call);
/** When it ended: a date; 0 for not yet. */
uint64_t cx_call_get_ended_at_usec(const struct cx_call *call);
/** Why it is over; ..._UNKNOWN while it is not. */
enum cx_call_ended_reason cx_call_get_ended_reason(const struct cx_call *call);
/**
 * Whether this can be done now: one of "answer", "hold-and-answer", "end-and-answer", "decline",
 * "hold", "resume", "swap", "mute", "dtmf", "merge", "leave", "end".
 */
int cx_call_allows(const struct cx_call *call, const char *what);

CX_END_DECLS

#endif
