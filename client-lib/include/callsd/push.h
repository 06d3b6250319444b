/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Push payloads: what a helper of the system hands to an app that has to report a call then.
 */
#ifndef CALLSD_PUSH_H
#define CALLSD_PUSH_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** An empty payload: a dictionary of strings, numbers and yes-or-no. @return 0, -ENOMEM */
int cx_push_payload_new(struct cx_push_payload **ret_payload);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_push_payload *cx_push_payload_ref(struct cx_push_payload *payload);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_push_payload *cx_push_payload_unref(struct cx_push_payload *payload);
/** Sets a text, replacing what has the same key. @return 0, -EINVAL, -ENOMEM */
int cx_push_payload_set_string(struct cx_push_payload *payload, const char *key, const char *value);
/** Sets a number, replacing what has the same key. @return 0, -EINVAL, -ENOMEM */
int cx_push_payload_set_int64(struct cx_push_payload *payload, const char *key, int64_t value);
/** Sets yes (1) or no (0), replacing what has the same key. @return 0, -EINVAL, -ENOMEM */
int cx_push_payload_set_boolean(struct cx_push_payload *payload, const char *key, int value);
/** NULL if there is no string of this key. */
const char *cx_push_payload_get_string(const struct cx_push_payload *payload, const char *key);
/** @return 0, -ENOENT (no number of this key) */
int cx_push_payload_get_int64(const struct cx_push_payload *payload, const char *key,
                              int64_t *ret_value);
/** @return 0, -ENOENT (no yes-or-no of this key) */
int cx_push_payload_get_boolean(const struct cx_push_payload *payload, const char *key,
                                int *ret_value);

/* Of a payload that did_receive_push_payload gets. */
/** Its id; NULL of one that the app made. */
const char *cx_push_payload_get_id(const struct cx_push_payload *payload);
/** Whether the app must report a call. */
int cx_push_payload_is_report_required(const struct cx_push_payload *payload);
/** Until when: microseconds of CLOCK_BOOTTIME; UINT64_MAX for never. */
uint64_t cx_push_payload_get_deadline_usec(const struct cx_push_payload *payload);

/**
 * Hands a payload to a provider; callsd starts it if need be (CXProvider's class method). For push
 * helpers that a manifest of the system names.
 * Errors: those of enum cx_error_notification_service_extension, NOT_RUNNING.
 * @param identifier of the provider
 * @return 0, -ENOMEM
 */
int cx_report_new_incoming_voip_push_payload(struct cx_context *context, const char *identifier,
                                             const struct cx_push_payload *payload,
                                             cx_completion_fn completion, void *userdata);

CX_END_DECLS

#endif
