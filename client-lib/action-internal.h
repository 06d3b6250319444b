/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Actions and transactions from the inside.
 *
 * An order (an action from callsd) may be completed and released on any thread. Two atomics decide:
 * `n_ref`, and `progress`, which only one completion can move away from OPEN. All else happens on
 * the thread of the context: directly if the caller is on it, else by mail. `pending` is the
 * provider's record of the order and belongs to that thread.
 */
#ifndef CALLSD_CLIENT_ACTION_INTERNAL_H
#define CALLSD_CLIENT_ACTION_INTERNAL_H

#include <stdatomic.h>

#include "context-internal.h"
#include "wire.h"

enum action_progress {
        ACTION_OPEN,
        ACTION_COMPLETING, /* somebody is writing down how */
        ACTION_FULFILLED,
        ACTION_FAILED,
        ACTION_CLOSED, /* timed out, or cancelled */
};

struct cx_action {
        atomic_uint n_ref;
        enum cx_action_type type;
        char uuid[CX_UUID_TEXT_SIZE];
        char call[CX_UUID_TEXT_SIZE];
        bool requested; /* by this app, so that it can't be changed any more */

        bool is_order;
        enum cx_origin origin;
        usec_t deadline;
        struct mailbox *mailbox;
        struct mail mail;        /* under way at most once: a completion has a reference */
        struct pending *pending; /* NULL: nobody waits for it */

        atomic_int progress;
        /* How it was completed; written while COMPLETING. */
        bool has_engine;
        enum cx_translation_engine engine;
        uint64_t date;
        enum cx_call_ended_cause cause;
        char *reason;

        struct cx_handle *handle;
        char *contact, *account, *provider, *message, *digits, *local_language, *remote_language;
        char with[CX_UUID_TEXT_SIZE]; /* "": leaves its group */
        bool video, flag;             /* flag: on hold, muted, translating */
        enum cx_decline_reason decline;
        enum cx_play_dtmf_call_action_type dtmf_type;
};

struct cx_transaction {
        unsigned n_ref;
        char uuid[CX_UUID_TEXT_SIZE];
        bool is_order, requested;
        struct cx_action **actions;
        size_t n_actions;
        usec_t timeout;
        bool may_end;
        enum cx_origin origin;
        char *route;
};

/* Reads one (ssa{sv}); 1, 0 at the end of the array, or a negative errno. */
int action_read_order(sd_bus_message *message, struct mailbox *mailbox,
                      struct cx_action **ret_action);
/* Writes type and arguments: sa{sv} inside an open structure. */
int action_write(const struct cx_action *action, sd_bus_message *message);
/* One more reference, unless the last one has gone. */
struct cx_action *action_ref_if_alive(struct cx_action *action);
/* Times out or is cancelled: whether that was still open. */
bool action_close(struct cx_action *action);

/* An order's transaction. */
int transaction_new_order(const char *uuid, struct cx_transaction **ret_transaction);
/* Appends without asking whether it may. */
int transaction_append(struct cx_transaction *transaction, struct cx_action *action);
/* Marks it and its actions as requested. */
void transaction_freeze(struct cx_transaction *transaction);

/* provider-actions.c: an order is completed; how, is in its action. */
void pending_completed(struct pending *pending);

#endif
