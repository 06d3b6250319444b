/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Push payloads: what a helper of the system hands to an app that has to report a call then.
 */
#ifndef CALLSD_PUSH_H
#define CALLSD_PUSH_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/**
 * An empty payload: a dictionary of strings, bytes, numbers and yes-or-no. Helpers in other
 * languages may put any value into one; of those that arrive here whole numbers of every kind are
 * read as int64, and what is none of the four is left out.
 * @return 0, -ENOMEM
 */
int cx_push_payload_new(struct cx_push_payload **ret_payload);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_push_payload *cx_push_payload_ref(struct cx_push_payload *payload);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_push_payload *cx_push_payload_unref(struct cx_push_payload *payload);
/** Sets a text, replacing what has the same key. @return 0, -EINVAL, -ENOMEM */
int cx_push_payload_set_string(struct cx_push_payload *payload, const char *key, const char *value);
/** Sets bytes, such as an encrypted message; @p data may be NULL for none. @return 0, -EINVAL,
 * -ENOMEM
 */
int cx_push_payload_set_bytes(struct cx_push_payload *payload, const char *key, const void *data,
                              size_t size);
/** Sets a number, replacing what has the same key. @return 0, -EINVAL, -ENOMEM */
int cx_push_payload_set_int64(struct cx_push_payload *payload, const char *key, int64_t value);
/** Sets yes (1) or no (0), replacing what has the same key. @return 0, -EINVAL, -ENOMEM */
int cx_push_payload_set_boolean(struct cx_push_payload *payload, const char *key, int value);
/** NULL if there is no string of this key. */
const char *cx_push_payload_get_string(const struct cx_push_payload *payload, const char *key);
/** NULL if there are no bytes of this key, which is not the same as an empty array of them. */
const void *cx_push_payload_get_bytes(const struct cx_push_payload *payload, const char *key,
                                      size_t *ret_size);
/** @return 0, -ENOENT (no number of this key) */
int cx_push_payload_get_int64(const struct cx_push_payload *payload, const char *key,
                              int64_t *ret_value);
/** @return 0, -ENOENT (no yes-or-no of this key) */
int cx_push_payload_get_boolean(const struct cx_push_payload *payload, const char *key,
                                int *ret_value);

/* Of a payload that did_receive_push_payload gets. */
/** Its id; NULL of one that the app made. */
const char *cx_push_payload_get_id(const struct cx_push_payload *payload);
/**
 * Whether the app must report a call: cx_provider_report_new_incoming_call() within 7 s of the
 * delivery, for each such payload one. A refused report counts. Three in a row that were not made,
 * and callsd gives the app one payload an hour.
 */
int cx_push_payload_is_report_required(const struct cx_push_payload *payload);
/** Until when: microseconds of CLOCK_BOOTTIME; UINT64_MAX for never. */
uint64_t cx_push_payload_get_deadline_usec(const struct cx_push_payload *payload);

/**
 * Hands a payload to a provider; callsd starts it if need be (CXProvider's class method). For push
 * helpers that a manifest of the system names. It completes when the payload has left for the
 * provider, which may take 20 s where that has to be started.
 * Errors: those of enum cx_error_notification_service_extension; UNKNOWN_CALL_PROVIDER of requests;
 * callsd's PROVIDER_AWAY (it cannot be started, or did not come), LIMIT_REACHED (too large, too
 * many, or the app has not reported calls), NOT_RUNNING (also if callsd goes meanwhile: it keeps
 * what it has admitted, and delivers it when it is back).
 * @param identifier of the provider
 * @return 0, -ENOMEM
 */
int cx_report_new_incoming_voip_push_payload(struct cx_context *context, const char *identifier,
                                             const struct cx_push_payload *payload,
                                             cx_completion_fn completion, void *userdata);

CX_END_DECLS

#endif
