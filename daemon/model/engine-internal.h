/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the model share; adapters include engine.h.
 *
 * Memory: an input first reserves everything that its consequences may need (engine_begin), so
 * that nothing can fail half-way. Spare actions and transactions are already in their hash tables,
 * with their ids.
 */
#ifndef CALLSD_MODEL_ENGINE_INTERNAL_H
#define CALLSD_MODEL_ENGINE_INTERNAL_H

#include "model/engine.h"

struct default_provider {
        char *key;
        char *identifier;
        struct default_provider *prev, *next;
};

struct engine {
        struct engine_host host;
        struct limits limits;
        struct instant now; /* of the input that is being worked on */
        char explanation[512];

        struct effect_queue effects;
        struct deadline_heap deadlines;

        struct call *calls;               /* hash by id, ended ones included */
        struct provider *providers;       /* hash by number, gone ones included */
        struct provider *identifiers;     /* hash by identifier */
        struct transaction *transactions; /* hash by id */
        struct action *actions;           /* hash by id */
        struct action *spare_actions;
        struct transaction *spare_transactions;
        size_t n_spare_actions, n_spare_transactions;

        struct transaction *admitted; /* all but the spare, in the order of their admission */
        struct transaction *floor;    /* queue; its head holds the floor */
        struct transaction *work;     /* to be advanced */
        struct transaction *finished; /* complete, freed at the settle */
        struct call *removed;         /* freed at the settle, through dirty_next */

        struct call *claiming;    /* list */
        struct call *ringing;     /* list, oldest first */
        struct call *interrupted; /* list, latest first */
        struct call *dirty;       /* list */
        size_t n_calls;           /* not ended */
        size_t n_in_call;         /* not ended and not ringing */
        size_t n_emergency;       /* live emergency calls */
        size_t n_pushes, n_pushes_done;

        uint64_t next_group, next_delivery, next_interruption, next_audio_serial, next_fan_out;
        unsigned next_provider;
        uint64_t revision;
        uint64_t audio_resumed; /* the last wish before a restart; 0: the adapter said since what is
                                 */

        struct default_provider *defaults;
        bool do_not_disturb;
        bool audio_available;
        bool in_call;
        bool allowed_stale; /* somebody's Allowed or Waiting may have changed */
        unsigned system_changed;
        enum ring_mode ring_mode;
        struct uuid ring_call;
        struct uuid resumable;
};

/* ---- engine.c ---- */

/* Sets the time and reserves for an input that adds `n_actions`; 0 or -ENOMEM. */
int engine_begin(struct engine *engine, struct instant now, size_t n_actions);
/* Works off all consequences and queues the announcements. Returns 0. */
int engine_finish(struct engine *engine);
/* What has changed so far, ahead of the end of the turn. */
void engine_announce_changes(struct engine *engine);
/* Notes why, and returns `refusal`. */
int engine_refuse(struct engine *engine, enum refusal refusal, const char *format, ...)
        PRINTF_LIKE(3, 4);
/* An effect about `call` for its provider. */
struct effect *engine_push_call(struct engine *engine, enum effect_type type,
                                const struct call *call);
struct effect *engine_push_provider(struct engine *engine, enum effect_type type,
                                    const struct provider *provider);
/* The provider of that number if it is registered now, else NULL and a refusal is noted. */
struct provider *engine_get_running(struct engine *engine, unsigned number);
struct call *engine_get_call(const struct engine *engine, const char *uuid);

/* ---- call.c ---- */

int call_new(struct provider *provider, const char *uuid, struct instant now,
             struct call **ret_call);
struct call *call_free(struct call *call);
/* The strings and arrays of an update, copied ahead so that applying it cannot fail. */
struct update_copy {
        struct call_update update;
        char *handle, *name, *account;
        struct call_member *members;
};
int update_copy_init(struct update_copy *copy, const struct call_update *update);
void update_copy_done(struct update_copy *copy);
void call_members_free(struct call_member *members, size_t n_members);
/* Why an update cannot be: LIMIT_REACHED or INVALID_ARGS, else 0. */
int call_check_update(struct engine *engine, const struct provider *provider,
                      const struct call_update *update);

/* ---- call-state.c ---- */

bool call_state_claims(enum call_state state);
/* The table of call-model.md section 2; says nothing of what is already so. */
bool action_legal_in(enum action_type type, enum call_state state);

/* ---- call-set.c ---- */

int call_set_add(struct engine *engine, struct call *call);
void call_set_withdraw(struct engine *engine, struct call *call);
void call_set_remove(struct engine *engine, struct call *call);
void call_mark_changed(struct engine *engine, struct call *call, unsigned change);
/* Compare-and-set; keeps every list and counter true. */
void call_set_state(struct engine *engine, struct call *call, enum call_state state,
                    enum origin origin);
/* A fresh call, whose state was written directly, enters the lists and is announced. */
void call_set_enter(struct engine *engine, struct call *call);
void call_set_turn_taken(struct engine *engine, struct call *call);
void call_set_muted(struct engine *engine, struct call *call, bool muted);
void call_set_hold_reason(struct engine *engine, struct call *call, enum hold_reason reason);
void call_set_reconnecting(struct engine *engine, struct call *call, bool reconnecting);
void call_set_translating(struct engine *engine, struct call *call, bool translating);
void call_apply_update(struct engine *engine, struct call *call, struct update_copy *copy);
void call_set_date(struct engine *engine, struct call *call, struct call_date *date,
                   usec_t realtime, unsigned change);
/* Ringing goes on or stands still with whether an answer is pending. */
void call_update_answer_pending(struct engine *engine, struct call *call);
/* Ends it for good: its actions die, its group and marks are resolved. */
struct call_finish {
        enum ended_reason reason;
        enum ended_cause cause;
        char *text; /* moved from, or NULL */
        usec_t date;
        enum origin origin;
};
void call_finish(struct engine *engine, struct call *call, struct call_finish *how);
struct action *call_find_pending(const struct call *call, enum action_type type);
/* The state that this action leaves behind. */
enum call_state action_projected_state(enum action_type type, bool on, enum call_state state);
/* The state that everything pending will leave. */
enum call_state call_projected_state(const struct call *call);
unsigned provider_count_groups(const struct provider *provider);

/* ---- group.c ---- */

void group_join(struct engine *engine, struct call *call, struct call *with);
void group_leave(struct engine *engine, struct call *call);
bool group_supports_holding(const struct call *call);
/* The whole group becomes active resp. held, as a fact or a completed action makes it. */
void group_make_active(struct engine *engine, struct call *call, enum origin origin);
void group_make_held(struct engine *engine, struct call *call, enum hold_reason reason,
                     enum origin origin);
/* `call` is about to be active: every other active group is held. */
void group_displace_others(struct engine *engine, struct call *call);
void group_displace_by_start(struct engine *engine, struct call *call);
/* One call alone, while a transaction works through its group. */
void call_make_active(struct engine *engine, struct call *call, enum origin origin);
void call_make_held(struct engine *engine, struct call *call, enum hold_reason reason,
                    enum origin origin);
/* Tells the provider of a group that callsd has it held. */
void group_enforce_hold(struct engine *engine, struct call *call);
/* A member is held, by a hold of the user's: so are those that nobody has been asked to hold. */
void group_hold_rest(struct engine *engine, struct call *call, enum origin origin);

/* ---- action.c ---- */

int action_reserve(struct engine *engine, size_t n);
/* From the reserve, queued, at the end of the transaction or in front of `before`. */
struct action *action_add(struct engine *engine, struct transaction *transaction,
                          struct action *before, enum action_type type, struct call *call,
                          enum origin origin);
struct action *action_insert_after(struct engine *engine, struct action *after,
                                   enum action_type type, struct call *call, enum origin origin);
void action_destroy(struct engine *engine, struct action *action);
bool action_is_pending(const struct action *action);
bool action_activates(const struct action *action);
usec_t action_duration(const struct engine *engine, const struct action *action);
void action_join(struct action *action, struct action *target);

/* ---- completion.c ---- */

/* The state of the call is not touched: already so, joined, dropped. */
void action_done(struct engine *engine, struct action *action, enum refusal result,
                 const char *why);
void action_fulfilled(struct engine *engine, struct action *action,
                      const struct action_outcome *outcome);
/* Texts are copied ahead, moved from, and freed if there is no use for them. */
struct action_failure {
        enum refusal result;
        enum ended_cause cause;
        char *reason; /* for the requester, or NULL */
        char *text;   /* for the record of the call, or NULL */
};
/* By its provider, or at its deadline. Cancels what follows. */
void action_failed(struct engine *engine, struct action *action, struct action_failure *failure);
/* A group hold that failed half-way: those already held are un-held. */
void action_undo_group_hold(struct engine *engine, struct action *failed);
/* callsd gives it up; withdraws it if it was delivered. What follows is the caller's affair. */
void action_cancel(struct engine *engine, struct action *action, enum refusal result,
                   const char *why);
void action_cancel_with_rest(struct engine *engine, struct action *action, enum refusal result,
                             const char *why);
/* What is pending about a call that is ending or ended. */
void call_cancel_actions(struct engine *engine, struct call *call, const struct action *except);

/* ---- transaction.c ---- */

int transaction_reserve(struct engine *engine, size_t n);
struct transaction *transaction_add(struct engine *engine);
void transaction_destroy(struct engine *engine, struct transaction *transaction);
void transaction_enqueue(struct engine *engine, struct transaction *transaction);
void transaction_queue_work(struct engine *engine, struct transaction *transaction);
void transaction_advance(struct engine *engine, struct transaction *transaction);
/* Ends go first: every end not yet delivered is. */
void transaction_deliver_ends(struct engine *engine, struct transaction *transaction);
/* The provider is back or there: what waited for it goes out. */
void transaction_wake_provider(struct engine *engine, struct provider *provider);

/* ---- arbitration.c ---- */

/* Of the part that `head` begins: puts in front what must come first, gives up what cannot be.
 * True if anything changed. */
bool arbitration_run(struct engine *engine, struct action *head);
void arbitration_adopt_holds(struct action *activation);
/* It has to wait for those to be complete: it heads a part of its own. */
bool arbitration_depends_on_earlier(const struct engine *engine, const struct action *action);
bool arbitration_is_already_so(const struct engine *engine, const struct action *action);

/* ---- interruption.c ---- */

void interruption_mark(struct engine *engine, struct call *call, struct call *interrupter);
/* Marks it as interrupted by somebody who is out of the way already. */
void interruption_mark_over(struct engine *engine, struct call *call, enum interruption_end how);
void interruption_clear(struct engine *engine, struct call *call);
/* `by` ended, or its activation will not come. */
void interruption_over(struct engine *engine, struct call *by, enum interruption_end how);
/* With nothing in the way: resumes one group, or offers one. */
void interruption_settle(struct engine *engine);
struct call *interruption_resumable(const struct engine *engine);

/* ---- audio-policy.c, ring-policy.c, allowed.c, post-dial.c, emergency.c, loss.c ---- */

void audio_policy_apply(struct engine *engine, struct call *call, bool opening);
void ring_policy_apply(struct engine *engine);
unsigned call_work_out_allowed(const struct engine *engine, const struct call *call);
/* Where a phone number ends: at its first pause. */
size_t post_dial_split(const char *handle);
/* How many keys and pauses follow it; false where something else does. Separators don't count. */
bool post_dial_count(const char *handle, size_t *ret_n_keys);
/* These keys and pauses, NULL for none. 0 or -ENOMEM. */
int post_dial_copy(const char *handle, char **ret_keys);
void post_dial_advance(struct engine *engine, struct call *call);
int post_dial_due(struct engine *engine, struct call *call);
void post_dial_completed(struct engine *engine, struct action *action);
bool emergency_is_number(const struct engine *engine, enum handle_type type, const char *handle);
/* A live emergency call outside this call's group, or NULL. */
struct call *emergency_other(const struct engine *engine, const struct call *call);
/* Clears the floor for an emergency start. */
void emergency_take_over(struct engine *engine);
struct provider *provider_free(struct provider *provider);
/* In both tables, declared; takes the identifier over on success. */
int provider_new(struct engine *engine, char **identifier, struct provider **ret_provider);
int provider_check_config(struct engine *engine, const struct provider_config *config);
void provider_lost(struct engine *engine, struct provider *provider);

/* ---- declared.c ---- */

/* An action or a payload waits for it to register. */
bool provider_is_awaited(const struct provider *provider);
/* Somebody gave up waiting for it to be started; after the last one it may be started anew. */
void provider_wait_over(struct engine *engine, struct provider *provider);
/* An action that waited for it, and waited in vain; `reason` may be NULL. */
void provider_failed_action(struct engine *engine, struct action *action, const char *reason);
void provider_destroy(struct engine *engine, struct provider *provider);

/* ---- push.c ---- */

struct push *push_free(struct push *push);
void push_destroy(struct engine *engine, struct push *push);
void push_settle(struct engine *engine);
void push_due(struct engine *engine, struct push *push);
/* Asks the bus to start it, if it can be started and does not run. */
void provider_start(struct engine *engine, struct provider *provider);
/* It is registered: payloads that waited go out. */
void push_provider_here(struct engine *engine, struct provider *provider);
/* It went before it reported; `start`: and is started again for that. */
void push_provider_left(struct engine *engine, struct provider *provider, bool start);
void push_provider_forgotten(struct engine *engine, struct provider *provider);
void push_start_failed(struct engine *engine, struct provider *provider, const char *reason);
/* It reported a call, whether or not that was admitted. */
void push_reported(struct engine *engine, struct provider *provider);
const char *push_check(const struct engine *engine);

/* ---- report.c ---- */

int report_admit_incoming(struct engine *engine, const struct provider *provider, const char *uuid,
                          const struct call_update *update);
int report_new_call(struct engine *engine, struct provider *provider, const char *uuid,
                    const struct call_update *update, struct call **ret_call);
/* Begins a report about a call; NULL: refused, or out of memory, as *ret_r says. */
struct call *report_begin(struct engine *engine, struct instant now, unsigned number,
                          const char *uuid, int *ret_r);
void report_agree_start(struct engine *engine, struct call *call);

/* ---- the end of a call on its way: ending.c ---- */

/* The end's admission: audio and ringing stop, other actions die. True: an end has to be sent. */
bool call_begin_ending(struct engine *engine, struct action *end);
/* callsd ends it by itself, and tells the provider (ring limit). */
void call_end_by_policy(struct engine *engine, struct call *call, enum ended_reason reason);

#endif
