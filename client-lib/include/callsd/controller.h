/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Asking for actions (CXCallController): an app's own buttons, and call UIs.
 */
#ifndef CALLSD_CONTROLLER_H
#define CALLSD_CONTROLLER_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/**
 * Every action of an accepted transaction is complete.
 * @param results one for each action, in the order of the request; lent
 */
typedef void (*cx_transaction_completed_fn)(struct cx_transaction *transaction,
                                            const struct cx_transaction_result *const *results,
                                            size_t n_results, void *userdata);

/** @return 0, -ENOMEM */
int cx_call_controller_new(struct cx_context *context, struct cx_call_controller **ret_controller);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_call_controller *cx_call_controller_ref(struct cx_call_controller *controller);
/** With the last reference callbacks of open requests are not called any more. */
struct cx_call_controller *cx_call_controller_unref(struct cx_call_controller *controller);

/**
 * Requests a transaction. It is checked as a whole; a refused one changes nothing.
 *
 * Errors of `accepted`: those of enum cx_error_request_transaction; WOULD_END_CALL, NOT_AUTHORIZED,
 * LIMIT_REACHED, NOT_RUNNING, general INVALID_ARGUMENT.
 *
 * @param accepted with NULL: accepted, will be carried out; may be NULL
 * @param completed comes once after `accepted`, and not after an error; may be NULL. If callsd goes
 *        away meanwhile, every result is NOT_RUNNING: what became of it is not known.
 * @return 0, -EROFS (it was requested before, or came from callsd), -ENOMEM
 */
int cx_call_controller_request(struct cx_call_controller *controller,
                               struct cx_transaction *transaction, cx_completion_fn accepted,
                               cx_transaction_completed_fn completed, void *userdata);
/** As cx_call_controller_request() with one action. */
int cx_call_controller_request_action(struct cx_call_controller *controller,
                                      struct cx_action *action, cx_completion_fn accepted,
                                      cx_transaction_completed_fn completed, void *userdata);
/**
 * Requests a transaction and waits until it is complete. Blocks.
 *
 * @param timeout_usec how long to wait at most; UINT64_MAX: for ever. What was accepted goes on.
 * @param ret_error NULL, or for -EREMOTEIO why it was refused or the first action that failed did;
 *        release it with cx_error_unref(). It is untouched otherwise.
 * @return 0 (all fulfilled), -EREMOTEIO (see `ret_error`), -ETIMEDOUT, -EHOSTUNREACH (no callsd),
 *         -EDEADLK (inside a callback, or about a call of this context's own provider, which could
 *         not do it while this waits), -EROFS, -ENOMEM
 */
int cx_call_controller_request_sync(struct cx_call_controller *controller,
                                    struct cx_transaction *transaction, uint64_t timeout_usec,
                                    const struct cx_error **ret_error);

/** The id of the action. */
const char *cx_transaction_result_get_action_uuid(const struct cx_transaction_result *result);
/** The type of the action. */
enum cx_action_type cx_transaction_result_get_action_type(
        const struct cx_transaction_result *result);
/** The call that the action was about. */
const char *cx_transaction_result_get_call_uuid(const struct cx_transaction_result *result);
/** NULL: fulfilled. Else ACTION_FAILED, ACTION_TIMED_OUT and so on, with the provider's reason. */
const struct cx_error *cx_transaction_result_get_error(const struct cx_transaction_result *result);

CX_END_DECLS

#endif
