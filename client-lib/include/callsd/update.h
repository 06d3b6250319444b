/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What is new about a call (CXCallUpdate).
 *
 * An update remembers which fields were set: only these are sent, the others stay as they are. In a
 * fresh call everything is supported, and it has no video.
 */
#ifndef CALLSD_UPDATE_H
#define CALLSD_UPDATE_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** An update with no field set. @return 0, -ENOMEM */
int cx_call_update_new(struct cx_call_update **ret_update);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_call_update *cx_call_update_ref(struct cx_call_update *update);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_call_update *cx_call_update_unref(struct cx_call_update *update);

/* The setters set one field each, and return 0, -EINVAL or -ENOMEM. */

/** Who is at the far end; NULL clears. */
int cx_call_update_set_remote_handle(struct cx_call_update *update, struct cx_handle *handle);
/** The caller's name, up to 256 bytes; overrides what callsd finds itself. "" clears. */
int cx_call_update_set_localized_caller_name(struct cx_call_update *update, const char *name);
/** The call can be held. */
int cx_call_update_set_supports_holding(struct cx_call_update *update, int supports);
/** The call can join others. */
int cx_call_update_set_supports_grouping(struct cx_call_update *update, int supports);
/** The call can leave its group. */
int cx_call_update_set_supports_ungrouping(struct cx_call_update *update, int supports);
/** Keys can be sent. */
int cx_call_update_set_supports_dtmf(struct cx_call_update *update, int supports);
/** This side can be muted. Beyond CallKit. */
int cx_call_update_set_supports_muting(struct cx_call_update *update, int supports);
/** The call has video. */
int cx_call_update_set_has_video(struct cx_call_update *update, int has_video);
/** The far end holds the call. Beyond CallKit, as are all that follow. */
int cx_call_update_set_remote_held(struct cx_call_update *update, int held);
/** It rings at the far end. */
int cx_call_update_set_alerting(struct cx_call_update *update, int alerting);
/** Sound comes from the far end before it has answered. */
int cx_call_update_set_early_media(struct cx_call_update *update, int early_media);
/** Id of one of the configuration's accounts; "" clears. */
int cx_call_update_set_account(struct cx_call_update *update, const char *account);
/** How this call's sound travels, where it differs from the configuration. */
int cx_call_update_set_audio(struct cx_call_update *update, enum cx_call_audio audio);
/** A picture of the caller: a file open for reading, which is duplicated. -EBADF: no file. */
int cx_call_update_set_picture_fd(struct cx_call_update *update, int fd);
/** Adds one person to the list of those in a conference behind this call. `name` may be NULL. */
int cx_call_update_add_member(struct cx_call_update *update, struct cx_handle *handle,
                              const char *name);

/** The handle, lent; NULL where it was not set. */
struct cx_handle *cx_call_update_get_remote_handle(const struct cx_call_update *update);
/** The name; NULL where it was not set. */
const char *cx_call_update_get_localized_caller_name(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_supports_holding(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_supports_grouping(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_supports_ungrouping(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_supports_dtmf(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_supports_muting(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_has_video(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_remote_held(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_alerting(const struct cx_call_update *update);
/** 1, 0, or -1 where it was not set. */
int cx_call_update_get_early_media(const struct cx_call_update *update);
/** The account's id; NULL where it was not set. */
const char *cx_call_update_get_account(const struct cx_call_update *update);
/** ..._UNKNOWN where it was not set. */
enum cx_call_audio cx_call_update_get_audio(const struct cx_call_update *update);

CX_END_DECLS

#endif
