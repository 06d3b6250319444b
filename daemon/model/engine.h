/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only door of the call model.
 *
 * A function over state: every input checks the rules, changes state, and appends effects
 * (effect.h). It has no clock, no timer, no I/O and no randomness of its own: time is an argument,
 * ids come from the host, and engine_next_deadline() says when engine_tick() wants to be called.
 *
 * Every input returns 0, -ENOMEM (nothing was changed), or a positive enum refusal (nothing was
 * changed, but that a refused report of a call is a report: push.h); engine_explain() then says in
 * words what was wrong, with the value, and what would be right. Strings are borrowed for the
 * length of the call. UUID arguments are lower-case text.
 */
#ifndef CALLSD_MODEL_ENGINE_H
#define CALLSD_MODEL_ENGINE_H

#include "model/action.h"
#include "model/call.h"
#include "model/effect.h"
#include "model/provider.h"
#include "model/refusal.h"
#include "model/transaction.h"
#include "model/types.h"

struct engine;

/* What the engine asks of its surroundings; answered at once, without side effects. */
struct engine_host {
        /* A fresh UUID. Never NULL. */
        void (*make_uuid)(struct uuid *ret_uuid, void *userdata);
        /*
         * REFUSAL_NONE, or the INCOMING_* code that filters this caller. NULL: nobody is filtered.
         * `ret_allowed`: the caller passes do-not-disturb.
         */
        enum refusal (*judge_caller)(enum handle_type type, const char *handle, bool *ret_allowed,
                                     void *userdata);
        /* May this identifier take and place calls? NULL: every one may. */
        bool (*provider_entitled)(const char *identifier, void *userdata);
        void *userdata;
};

int engine_new(const struct engine_host *host, const struct limits *limits,
               struct engine **ret_engine);
struct engine *engine_free(struct engine *engine);

/* New limits apply to what comes next; nothing ends for them. */
void engine_set_limits(struct engine *engine, const struct limits *limits);
const struct limits *engine_get_limits(const struct engine *engine);

/* In words, why the last input was refused; "" after success. Valid until the next input. */
const char *engine_explain(const struct engine *engine);

/* ---- time ---- */

/* USEC_INFINITY when nothing is due ever. */
usec_t engine_next_deadline(const struct engine *engine);
int engine_tick(struct engine *engine, struct instant now);

/* ---- effects ---- */

/* False when the queue is empty. */
bool engine_next_effect(struct engine *engine, struct effect *ret_effect);
/* After the queue was drained: frees what was removed. No pointer into the model survives it. */
void engine_settle(struct engine *engine);

/* ---- providers ---- */

/*
 * A manifest says that there is this provider, or says something new of it. It is known from now
 * on whether it runs or not. LIMIT_REACHED, INVALID_ARGS.
 */
int engine_declare_provider(struct engine *engine, struct instant now,
                            const struct provider_manifest *manifest);
/* There is no manifest any more. If the provider runs, or is being started, it stays until it
 * goes. Nothing happens for one that was not declared. */
int engine_undeclare_provider(struct engine *engine, struct instant now, const char *identifier);

/*
 * Registers, registers again (same peer: replaces the configuration) or reclaims (same identity
 * and identifier, while its calls wait). `config` is moved from on success.
 * LIMIT_REACHED, IDENTIFIER_TAKEN, INVALID_ARGS.
 */
int engine_register_provider(struct engine *engine, struct instant now,
                             const struct provider_peer *peer, struct provider_config *config,
                             unsigned *ret_number);
int engine_configure_provider(struct engine *engine, struct instant now, unsigned provider,
                              struct provider_config *config);
/* CXProvider.invalidate: its calls end as failed, its delegate is reset. */
int engine_invalidate_provider(struct engine *engine, struct instant now, unsigned provider);
/* The connection `peer` is gone: all its providers are. */
int engine_peer_gone(struct engine *engine, struct instant now, const char *peer);
/* The bus itself is gone: everybody is away and may reclaim. */
int engine_bus_lost(struct engine *engine, struct instant now);
/* A provider that was asked to start cannot be; `reason` is for people, and may be NULL. */
int engine_provider_start_failed(struct engine *engine, struct instant now, unsigned provider,
                                 const char *reason);

/* ---- what providers report ---- */

int engine_report_incoming(struct engine *engine, struct instant now, unsigned provider,
                           const char *call, const struct call_update *update);
/* `date`: CLOCK_REALTIME, 0 = now; clamped to the life of the call. */
int engine_report_connecting(struct engine *engine, struct instant now, unsigned provider,
                             const char *call, usec_t date);
int engine_report_connected(struct engine *engine, struct instant now, unsigned provider,
                            const char *call, usec_t date);
int engine_report_updated(struct engine *engine, struct instant now, unsigned provider,
                          const char *call, const struct call_update *update);

struct call_ending {
        enum ended_reason reason;
        enum ended_cause cause;
        const char *text; /* NULL: none */
        usec_t date;      /* CLOCK_REALTIME, 0 = now */
};

int engine_report_ended(struct engine *engine, struct instant now, unsigned provider,
                        const char *call, const struct call_ending *ending);

/* A call that exists already, in any live state (ReportCall). */
struct call_import {
        enum call_state state;
        bool outgoing;
        bool muted;
        const char *group_with;          /* UUID, NULL or "": lone */
        usec_t started_at, connected_at; /* CLOCK_REALTIME, 0: now resp. not yet */
        struct call_update update;
};

int engine_report_call(struct engine *engine, struct instant now, unsigned provider,
                       const char *call, const struct call_import *import);
/* `state`: active, held or connecting; `date`: of the connection, as above. */
int engine_report_state(struct engine *engine, struct instant now, unsigned provider,
                        const char *call, enum call_state state, enum fact_source by, usec_t date);
int engine_report_muted(struct engine *engine, struct instant now, unsigned provider,
                        const char *call, bool muted, enum fact_source by);

/* ---- what a push service has for a provider (push.h) ---- */

/*
 * Starts the provider if need be. Whether it got there comes as EFFECT_PUSH or EFFECT_PUSH_FAILED,
 * the payload being found by the id until the settle. `data` is not NULL.
 * REQUEST_UNKNOWN_PROVIDER, INCOMING_UNENTITLED, PROVIDER_AWAY, LIMIT_REACHED.
 */
int engine_report_push(struct engine *engine, struct instant now, const char *identifier,
                       const void *data, size_t size, struct uuid *ret_push);
/* NULL once it was delivered and the report was made, or missed. */
const struct push *engine_find_push(const struct engine *engine, const char *id);
/* A payload waits for it to be there. */
bool engine_push_waits(const struct provider *provider);

/* ---- completion ---- */

struct action_outcome {
        usec_t date;        /* CLOCK_REALTIME, 0 = now */
        const char *reason; /* NULL: none */
        enum ended_cause cause;
        bool custom_engine; /* translating */
};

int engine_fulfill_action(struct engine *engine, struct instant now, unsigned provider,
                          const char *action, const struct action_outcome *outcome);
int engine_fail_action(struct engine *engine, struct instant now, unsigned provider,
                       const char *action, const struct action_outcome *outcome);

/* ---- requests ---- */

struct request {
        const char *peer;   /* who asks */
        bool controller;    /* may act on everybody's calls */
        enum origin origin; /* what a controller says; the engine writes `self` for own calls */
        usec_t timeout;     /* for the requested actions, 0: the defaults */
        bool may_end;
        bool end_and_answer; /* Call1.EndAndAnswer */
        bool waits;          /* a method of Call1 waits: reply_timeout applies */
        const struct action_args *actions;
        size_t n_actions;
};

/*
 * Admits the whole or nothing. The id names the transaction; its requested actions, in order, are
 * those with `requested` set. Completion comes as EFFECT_TRANSACTION_COMPLETED.
 */
int engine_request(struct engine *engine, struct instant now, const struct request *request,
                   struct uuid *ret_transaction);

/* Call1.Swap: holds the active group and resumes this one; a plain resume with nothing active. */
int engine_request_swap(struct engine *engine, struct instant now, const struct request *request,
                        const char *call, struct uuid *ret_transaction);
/* A hard pause goes on: the rest is sent as one action. `request->actions` is not read. */
int engine_request_post_dial(struct engine *engine, struct instant now,
                             const struct request *request, const char *call,
                             struct uuid *ret_transaction);
int engine_cancel_post_dial(struct engine *engine, struct instant now,
                            const struct request *request, const char *call);

int engine_silence_ringer(struct engine *engine, struct instant now);
int engine_set_do_not_disturb(struct engine *engine, struct instant now, bool on);
/* `key`: a URI scheme or a handle type, in any case; identifier "" clears. */
int engine_set_default_provider(struct engine *engine, struct instant now, const char *key,
                                const char *identifier);
/* A choice of an earlier boot: its app may not be known so far. */
int engine_restore_default_provider(struct engine *engine, struct instant now, const char *key,
                                    const char *identifier);

/* ---- what the audio adapter reports ---- */

/* The wish with this serial is fulfilled. A stale serial is ignored. */
int engine_audio_ready(struct engine *engine, struct instant now, const char *call,
                       uint64_t serial);
/* PipeWire went or came: sessions are deactivated, then wished for again. */
int engine_audio_available(struct engine *engine, struct instant now, bool available);
/* An imported call's nodes were found muted (audio.md 2). */
int engine_audio_found_muted(struct engine *engine, struct instant now, const char *call);

/* ---- getters; NULL where nothing is found ---- */

const struct call *engine_find_call(const struct engine *engine, const char *uuid);
const struct provider *engine_find_provider(const struct engine *engine, unsigned number);
const struct provider *engine_find_identifier(const struct engine *engine, const char *identifier);
const struct action *engine_find_action(const struct engine *engine, const char *id);
const struct transaction *engine_find_transaction(const struct engine *engine, const char *id);

/* NULL starts; NULL ends. Ended calls that linger are included. */
const struct call *engine_next_call(const struct engine *engine, const struct call *after);
const struct provider *engine_next_provider(const struct engine *engine,
                                            const struct provider *after);
/* Every transaction that is not complete. */
const struct transaction *engine_next_transaction(const struct engine *engine,
                                                  const struct transaction *after);

/* Ringing calls, oldest first, through ringing_next. */
const struct call *engine_first_ringing(const struct engine *engine);
/* Any member of the active group. */
const struct call *engine_active_call(const struct engine *engine);
const struct call *engine_resumable_call(const struct engine *engine);
bool engine_in_call(const struct engine *engine);
bool engine_do_not_disturb(const struct engine *engine);
bool engine_audio_is_available(const struct engine *engine);
/* What rings now, as the last EFFECT_RING said, and the call whose tone plays, or NULL. */
enum ring_mode engine_ring_mode(const struct engine *engine);
const struct call *engine_ring_call(const struct engine *engine);
/* Whether it rings at the other end, and nobody but callsd could let the user hear it. */
bool engine_wants_ringback(const struct engine *engine);
/* 0-based; false past the end. */
bool engine_default_provider(const struct engine *engine, size_t index, const char **ret_key,
                             const char **ret_identifier);

/* What a reply or TransactionCompleted reports for a requested action (call-model.md 3, 4.7). */
enum refusal engine_action_result(const struct engine *engine, const struct action *action,
                                  const char **ret_reason);

/* ---- tests ---- */

/* Every invariant of call-model.md; NULL, or the first that does not hold, in words. */
const char *engine_check(const struct engine *engine);

#endif
