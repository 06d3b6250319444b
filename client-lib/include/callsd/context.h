/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A context: one bus connection and the loop that serves it.
 *
 * A context runs in exactly one of four ways:
 *
 * 1. cx_context_attach_event(): in an sd_event loop;
 * 2. cx_context_get_fd() and its three companions: in any loop that can poll a file descriptor.
 *    Before every poll, ask for the events and the timeout; after it, call cx_context_dispatch();
 * 3. cx_context_start_thread(): in a thread of the library's own, on which all callbacks run;
 * 4. cx_context_run_until(): until a condition holds, for tests and small tools.
 *
 * The thread that does this is the thread of the context; every object of the context belongs to
 * it.
 */
#ifndef CALLSD_CONTEXT_H
#define CALLSD_CONTEXT_H

#include <callsd/types.h>

CX_BEGIN_DECLS

struct sd_bus;
struct sd_event;

/** Something to be run on the thread of a context. */
typedef void (*cx_context_call_fn)(struct cx_context *context, void *userdata);
/** Whether the wait is over: non-zero ends cx_context_run_until(). */
typedef int (*cx_context_until_fn)(struct cx_context *context, void *userdata);
/** callsd can be reached (1), or cannot (0). */
typedef void (*cx_availability_fn)(struct cx_context *context, int available, void *userdata);

/**
 * A context with a connection of its own to the session bus. A bus that cannot be reached is no
 * error: callsd is then unavailable, and the context goes on trying with growing pauses.
 *
 * @return 0, -ENOMEM, -EMFILE, -ENFILE
 */
int cx_context_new(struct cx_context **ret_context);
/** As cx_context_new(), on the system bus (`callsd --system`). */
int cx_context_new_system(struct cx_context **ret_context);
/** As cx_context_new(), on the bus at a D-Bus address. -EINVAL: not an address. */
int cx_context_new_address(const char *address, struct cx_context **ret_context);
/**
 * A context on a connection that the app has already; a reference is taken. If the connection is
 * attached to an sd_event, so is the context, by itself. If not, the context processes it. A
 * connection that is lost is not made again. Do not detach it from its loop while the context
 * lives.
 *
 * @return 0, -ENOTCONN (closed, or never started), -ENOMEM, -EMFILE
 */
int cx_context_new_from_bus(struct sd_bus *bus, struct cx_context **ret_context);

/** Takes a reference. Returns it; NULL for NULL. */
struct cx_context *cx_context_ref(struct cx_context *context);
/**
 * Objects of a context keep it alive. With the last reference its thread, if any, ends first;
 * inside a callback on that thread, right after it.
 */
struct cx_context *cx_context_unref(struct cx_context *context);

/**
 * Runs the context in an sd_event loop until cx_context_detach_event().
 * @param priority of its sources; 0 is normal
 * @return 0, -EBUSY (it runs in a loop or a thread already)
 */
int cx_context_attach_event(struct cx_context *context, struct sd_event *event, int64_t priority);
/** Takes the context out of its sd_event loop. @return 0, -ENOTCONN (it is in none) */
int cx_context_detach_event(struct cx_context *context);

/** The descriptor to poll: one and the same as long as the context lives. Or a negative errno. */
int cx_context_get_fd(struct cx_context *context);
/** The events (POLLIN...) to poll it for. Ask again before every poll. Or a negative errno. */
int cx_context_get_events(struct cx_context *context);
/**
 * When cx_context_dispatch() must run even if nothing comes in: CLOCK_MONOTONIC in microseconds, 0
 * for at once, UINT64_MAX for never. Ask again before every poll.
 */
int cx_context_get_timeout(struct cx_context *context, uint64_t *ret_usec);
/**
 * Does what there is to do, without blocking, and runs callbacks.
 * @return 1 if anything was done, 0 if not; -EBUSY (called inside a callback)
 */
int cx_context_dispatch(struct cx_context *context);

/**
 * Starts a thread that runs the context. From now on all other functions (but the thread-safe ones)
 * are for that thread: for callbacks, and for functions given to cx_context_call().
 * @return 0, -EBUSY (it runs in a loop or a thread already), -EAGAIN
 */
int cx_context_start_thread(struct cx_context *context);
/**
 * Ends the thread after what it is doing, and waits for that. The context then belongs to the
 * caller. Not for the context's own callbacks.
 * @return 0, -EDEADLK (called on that thread), -ENOTCONN (there is none)
 */
int cx_context_stop_thread(struct cx_context *context);
/**
 * Runs `fn` on the thread of the context, soon, in the order of the calls. Thread-safe.
 * @return 0, -ENOMEM
 */
int cx_context_call(struct cx_context *context, cx_context_call_fn fn, void *userdata);

/**
 * Runs the context until `until` returns non-zero; it is asked before each step.
 * @param until NULL: never, so the timeout alone ends it
 * @param timeout_usec how long at most; UINT64_MAX: for ever
 * @return 0, -ETIMEDOUT, -EBUSY (it runs in a loop or a thread), -EDEADLK (called inside a
 * callback)
 */
int cx_context_run_until(struct cx_context *context, cx_context_until_fn until, void *userdata,
                         uint64_t timeout_usec);

/**
 * Be told whether callsd can be reached: once as soon as that is known, then on every change. NULL
 * ends it. callsd is unavailable when nobody owns its name and it could not be started, and when it
 * has not answered for 2 seconds; it is available again when it answers a Ping.
 * @return 0
 */
int cx_context_set_availability_callback(struct cx_context *context, cx_availability_fn callback,
                                         void *userdata);
/** 1: callsd can be reached. 0: it cannot, or that is not known yet. */
int cx_context_is_available(const struct cx_context *context);
/**
 * Asks callsd for a sign of life and waits for it.
 * @param timeout_usec how long at most
 * @return 0, -EHOSTUNREACH (there is none), -ETIMEDOUT, -EDEADLK (inside a callback)
 */
int cx_context_ping_sync(struct cx_context *context, uint64_t timeout_usec);

/** The connection, owned by the context; NULL while there is none. It changes on a reconnect. */
struct sd_bus *cx_context_get_bus(struct cx_context *context);

CX_END_DECLS

#endif
