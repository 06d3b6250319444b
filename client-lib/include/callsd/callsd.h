/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libcallsd: calls on Linux, as CallKit has them. This header brings in all others but cleanup.h.
 *
 * An app that has calls (a *provider*) tells callsd of them and gets orders: answer this, hold
 * that. callsd rings, shows the call to call UIs, gives microphone and speaker to one call at a
 * time. An app acts on its own buttons by asking, too: a `cx_call_controller` requests a
 * transaction, and the order comes back through the provider's delegate.
 *
 * Conventions that hold for every function:
 *
 * - **Objects** are opaque and counted: `cx_TYPE_new` gives the first reference, `_ref` takes one
 *   more, `_unref` gives one back, takes NULL and returns NULL. Strings handed in are copied;
 * strings and objects handed out without a reference belong to the object they came from.
 * - **Errors.** What can fail at once returns 0 or a negative errno and then has no effect. What
 *   takes a completion calls it exactly once if, and only if, it returned 0; the completion gets
 *   NULL for success or a `const struct cx_error *` that is valid during the callback. It never
 *   runs inside the function that it was given to. A completion may be NULL.
 * - **Every** function that returns an errno can also return -ENOMEM, -EINVAL (NULL where an object
 *   is needed, a value outside its list, a malformed UUID), -ECHILD (the context was made before a
 *   fork, in the parent) and -EPERM (called on a foreign thread while the context runs its own).
 * - **Nothing blocks** except functions whose name ends in `_sync`. These run no callbacks of the
 *   library; they return -EDEADLK inside a callback.
 * - **Threads.** All functions belong to the thread of their context, see context.h. Thread-safe
 *   are cx_context_call(), cx_action_ref(), cx_action_unref(), cx_action_fulfill*() and
 *   cx_action_fail*(). All callbacks of one context are serial, and an object may be released
 *   inside its own callback.
 * - **UUIDs** are text in any case; they come back in lower case.
 * - **Times** are uint64_t microseconds. A date counts from 1970 (CLOCK_REALTIME), 0 means now.
 * - **Enumerations** have a value `..._UNKNOWN` for what a newer callsd may say; give it to no
 * setter.
 */
#ifndef CALLSD_CALLSD_H
#define CALLSD_CALLSD_H

#include <callsd/action.h>
#include <callsd/call.h>
#include <callsd/configuration.h>
#include <callsd/context.h>
#include <callsd/controller.h>
#include <callsd/error.h>
#include <callsd/handle.h>
#include <callsd/observer.h>
#include <callsd/provider.h>
#include <callsd/push.h>
#include <callsd/stream.h>
#include <callsd/transaction.h>
#include <callsd/types.h>
#include <callsd/update.h>

#endif
