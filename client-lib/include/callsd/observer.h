/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Watching all calls of all apps (CXCallObserver).
 */
#ifndef CALLSD_OBSERVER_H
#define CALLSD_OBSERVER_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** A call is new or has changed. An ended one comes once with cx_call_has_ended(). */
typedef void (*cx_call_changed_fn)(struct cx_call_observer *observer, struct cx_call *call,
                                   void *userdata);

/**
 * An observer, which begins to fetch as soon as the context runs.
 * @return 0, -ENOMEM
 */
int cx_call_observer_new(struct cx_context *context, struct cx_call_observer **ret_observer);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_call_observer *cx_call_observer_ref(struct cx_call_observer *observer);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_call_observer *cx_call_observer_unref(struct cx_call_observer *observer);

/** Be told of changes, and of each call that exists when the observer begins. NULL ends it. */
int cx_call_observer_set_callback(struct cx_call_observer *observer, cx_call_changed_fn callback,
                                  void *userdata);

/** 1: the first picture is complete. */
int cx_call_observer_is_ready(const struct cx_call_observer *observer);

/**
 * The calls now, without the ended ones: an array with NULL at its end, of references, oldest
 * first. Free it with cx_call_list_free().
 * @return how many, or -ENOMEM
 */
int cx_call_observer_get_calls(struct cx_call_observer *observer, struct cx_call ***ret_calls);
/** Frees such an array with its references. Returns NULL, takes NULL. */
struct cx_call **cx_call_list_free(struct cx_call **calls);
/** One call, or NULL; a reference. Ended ones are found while callsd lists them. */
struct cx_call *cx_call_observer_find_call(struct cx_call_observer *observer, const char *uuid);

/**
 * Fetches the calls anew and waits for them. Blocks; changes are announced later.
 * @return 0, -ETIMEDOUT, -EHOSTUNREACH (no callsd), -EDEADLK (inside a callback)
 */
int cx_call_observer_refresh_sync(struct cx_call_observer *observer, uint64_t timeout_usec);

CX_END_DECLS

#endif
