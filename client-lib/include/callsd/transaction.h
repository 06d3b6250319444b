/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Actions in order, admitted or refused as a whole (CXTransaction).
 *
 * One is made by the app and requested with a cx_call_controller, or comes from callsd, with what
 * one delegate signal carried. There is no rollback: each action completes by itself.
 */
#ifndef CALLSD_TRANSACTION_H
#define CALLSD_TRANSACTION_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** An empty transaction. @return 0, -ENOMEM */
int cx_transaction_new(struct cx_transaction **ret_transaction);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_transaction *cx_transaction_ref(struct cx_transaction *transaction);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_transaction *cx_transaction_unref(struct cx_transaction *transaction);

/**
 * Appends an action, takes a reference.
 * @return 0, -EROFS (it came from callsd or was requested already, or the action did), -ENOMEM
 */
int cx_transaction_add_action(struct cx_transaction *transaction, struct cx_action *action);

/** Its id; before it was accepted, an id that callsd does not know. */
const char *cx_transaction_get_uuid(const struct cx_transaction *transaction);
/** How many actions it has. */
size_t cx_transaction_get_n_actions(const struct cx_transaction *transaction);
/** The action at this place, from 0; NULL beyond the end. No reference. */
struct cx_action *cx_transaction_get_action(const struct cx_transaction *transaction, size_t index);
/** Whether every action of an order is complete. */
int cx_transaction_is_complete(const struct cx_transaction *transaction);

/* Beyond CallKit: options of a request. They return 0, -EINVAL, -EROFS or -ENOMEM. */

/** How long each action may take: 1 to 120 seconds, in microseconds. */
int cx_transaction_set_timeout_usec(struct cx_transaction *transaction, uint64_t timeout_usec);
/** Calls that are in the way and cannot be held may be ended. */
int cx_transaction_set_may_end(struct cx_transaction *transaction, int may_end);
/** CX_ORIGIN_USER or CX_ORIGIN_ACCESSORY; for controllers. */
int cx_transaction_set_origin(struct cx_transaction *transaction, enum cx_origin origin);
/** The audio route for the call that becomes active: an id from org.callsd.Audio1. */
int cx_transaction_set_route(struct cx_transaction *transaction, const char *route);

CX_END_DECLS

#endif
