/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A world around the call model: scripted providers, an audio adapter, virtual time, a trace.
 *
 * A test tells a story in verbs (`sim_incoming(s, "sip", "c1"); sim_ask(s, "ui", "answer c1");`)
 * and looks at the trace, which has one line per effect. After every input the queue is drained,
 * the engine is settled and checked, scripted providers react, and the rules that hold between
 * the model and its surroundings are checked: pairing of audio sessions, one end per delivered
 * action, one active group at every effect, nothing sent to who is gone. A broken rule ends the
 * test with the last lines of the trace.
 *
 * Words. A call is named by hex digits: "c1" is 00000000-0000-4000-8000-0000000000c1. A provider
 * is named by one word: "sip" is org.example.sip on connection ":sip". An action is
 *     start c1 sip [video] | answer c1 | end c1 | hold c1 | unhold c1 | mute c1 | unmute c1 |
 *     join c1 c2 | leave c1 | dtmf c1 5 | soft c1 12 | hard c1 12 | translate c1 | untranslate c1
 * and a list of them is separated by commas. Who asks is a provider, or "ui" (a controller), "car"
 * (a controller that acts for a key), or any other word (nobody in particular), followed by
 * options: may-end, end-and-answer, waits, timeout=<seconds>.
 */
#ifndef CALLSD_TESTS_SIM_H
#define CALLSD_TESTS_SIM_H

#include "model/engine.h"
#include "util/cleanup.h"

struct sim;

enum sim_behaviour {
        SIM_FULFIL,     /* at once */
        SIM_FAIL,       /* at once */
        SIM_SILENT,     /* never; the test completes by hand */
        SIM_LATE,       /* right after the time-out */
        SIM_VANISH,     /* its connection goes when the action comes */
        SIM_TAKE_WHOLE, /* completes from the back, then in order */
};

enum sim_audio {
        SIM_AUDIO_AT_ONCE,
        SIM_AUDIO_NEVER,
        SIM_AUDIO_MANUAL, /* sim_audio_ready() */
};

/* ---- the world ---- */

struct sim *sim_new(void);
struct sim *sim_new_with_limits(const struct limits *limits);
struct sim *sim_free(struct sim *sim);
DEFINE_CLEANUP(struct sim *, sim_free);

struct engine *sim_engine(struct sim *sim);
struct instant sim_now(const struct sim *sim);
/* A number for all lines of the trace so far. */
uint64_t sim_trace_hash(const struct sim *sim);
/* The same text for the same public state; free it. */
char *sim_dump(struct sim *sim);
/* Printed in front of a failure: a seed, a loop index. */
void sim_set_label(struct sim *sim, const char *label);
/* One time in so many, at random moments, the engine is replaced by what its record says, and
 * nobody may notice; 0: never. CALLSD_SIM_RECORD is the `one_in` of all stories. */
void sim_set_record(struct sim *sim, unsigned one_in, uint64_t seed);
/* The daemon dies, with all that was acknowledged on record, and is back after a while. Meanwhile
 * these connections went ("sip web"), or "bus": that is another one now. What PipeWire does is
 * not said yet. */
void sim_restart(struct sim *sim, usec_t away, const char *gone);
/* Skips the comparison of dumps around refusals, for long walks. */
void sim_set_quick(struct sim *sim, bool quick);
void sim_die(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3) __attribute__((noreturn));

/* What judge_caller and provider_entitled say from now on; judge: by handle, "" = everybody. */
void sim_judge(struct sim *sim, const char *handle, enum refusal refusal, bool allowed);
void sim_set_entitled(struct sim *sim, bool entitled);

/* An input made by hand: sim_begin(), one engine_ function, `return sim_end(s, result)`. */
void sim_begin(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
int sim_end(struct sim *sim, int result);

/* ---- names ---- */

struct uuid sim_uuid(const char *name);
/* "c1" for its UUID, valid for the next dozen of calls. */
const char *sim_name(const struct uuid *uuid);
/* "hold c1" */
void sim_action_words(const struct action *action, char *buffer, size_t size);
const struct call *sim_call(struct sim *sim, const char *name);
unsigned sim_number(struct sim *sim, const char *provider);
const struct provider *sim_provider_of(struct sim *sim, const char *provider);
const char *sim_peer(struct sim *sim, const char *provider);
/* The newest pending or lingering action of these words, in delivery and before it. */
const struct action *sim_action(struct sim *sim, const char *words);

/* ---- time ---- */

/* Passes every deadline on the way. */
void sim_advance(struct sim *sim, usec_t duration);
/* Jumps to the next deadline; returns how long that was. */
usec_t sim_next(struct sim *sim);
/* Somebody sets CLOCK_REALTIME. */
void sim_set_clock(struct sim *sim, usec_t realtime);
/* The machine sleeps: every deadline on the way is late. */
void sim_suspend(struct sim *sim, usec_t duration);

/* ---- providers ---- */

/* Declares the words only; takes a configuration with CallKit's defaults. */
void sim_provider(struct sim *sim, const char *name);
/* A fresh configuration to change before sim_register(), which takes it. */
struct provider_config sim_config(const char *name);
int sim_register(struct sim *sim, const char *name, struct provider_config *config);
int sim_register_as(struct sim *sim, const char *name, struct provider_config *config,
                    const char *peer, const char *identity, bool sandboxed);
int sim_configure(struct sim *sim, const char *name, struct provider_config *config);
void sim_declare(struct sim *sim, const char *name, const struct provider_manifest *manifest);
void sim_undeclare(struct sim *sim, const char *name);
void sim_behave(struct sim *sim, const char *name, enum sim_behaviour behaviour);
void sim_behave_for(struct sim *sim, const char *name, enum action_type type,
                    enum sim_behaviour behaviour);
void sim_invalidate(struct sim *sim, const char *name);
void sim_vanish(struct sim *sim, const char *name);
void sim_bus_lost(struct sim *sim);
int sim_start_failed(struct sim *sim, const char *name);

/* ---- payloads: what a helper has for a provider; its bytes are these words ---- */

int sim_try_push(struct sim *sim, const char *provider, const char *words);
void sim_push_payload(struct sim *sim, const char *provider, const char *words);
/* The payload of these words that was handed over last; NULL: it is done with. */
const struct push *sim_find_push(struct sim *sim, const char *words);

/* ---- reports ---- */

int sim_try_incoming(struct sim *sim, const char *provider, const char *call,
                     const struct call_update *update);
void sim_incoming(struct sim *sim, const char *provider, const char *call);
int sim_try_connecting(struct sim *sim, const char *provider, const char *call, usec_t date);
void sim_connecting(struct sim *sim, const char *call);
int sim_try_connected(struct sim *sim, const char *provider, const char *call, usec_t date);
void sim_connected(struct sim *sim, const char *call);
int sim_try_updated(struct sim *sim, const char *provider, const char *call,
                    const struct call_update *update);
void sim_updated(struct sim *sim, const char *call, const struct call_update *update);
/* Clears the given capabilities (enum call_capability). */
void sim_cannot(struct sim *sim, const char *call, unsigned capabilities);
int sim_try_ended(struct sim *sim, const char *provider, const char *call,
                  const struct call_ending *ending);
void sim_ended(struct sim *sim, const char *call, enum ended_reason reason);
int sim_try_import(struct sim *sim, const char *provider, const char *call,
                   const struct call_import *import);
void sim_import(struct sim *sim, const char *provider, const char *call, enum call_state state);
int sim_try_fact(struct sim *sim, const char *provider, const char *call, enum call_state state,
                 enum fact_source by);
void sim_fact(struct sim *sim, const char *call, enum call_state state, enum fact_source by);
int sim_try_fact_muted(struct sim *sim, const char *provider, const char *call, bool muted,
                       enum fact_source by);
void sim_fact_muted(struct sim *sim, const char *call, bool muted);

/* ---- completion, by words of a delivered action ---- */

int sim_try_fulfil(struct sim *sim, const char *words, const struct action_outcome *outcome);
int sim_try_fail(struct sim *sim, const char *words, const struct action_outcome *outcome);
void sim_fulfil(struct sim *sim, const char *words);
void sim_fail(struct sim *sim, const char *words);
/* Delivered and not yet finished. */
bool sim_is_open(struct sim *sim, const char *words);
/* The nth (0-based) open delivery of a provider or of all (NULL); NULL past the end. */
const char *sim_open_action(struct sim *sim, const char *provider, size_t nth);

/* ---- requests ---- */

/* 0 or the refusal. */
int sim_try_ask(struct sim *sim, const char *who, const char *actions);
/* Must be admitted. */
void sim_ask(struct sim *sim, const char *who, const char *actions);
/* Must be refused with exactly that, change nothing and be explained. */
void sim_refused(struct sim *sim, const char *who, const char *actions, enum refusal refusal);
int sim_try_ask_raw(struct sim *sim, const char *who, const struct action_args *args, size_t n);
int sim_try_swap(struct sim *sim, const char *who, const char *call);
int sim_try_post_dial(struct sim *sim, const char *who, const char *call);
int sim_try_cancel_post_dial(struct sim *sim, const char *who, const char *call);
void sim_silence(struct sim *sim);
void sim_set_do_not_disturb(struct sim *sim, bool on);
int sim_set_default(struct sim *sim, const char *key, const char *identifier);
int sim_restore_default(struct sim *sim, const char *key, const char *identifier);
void sim_set_limits(struct sim *sim, const struct limits *limits);

/* ---- the audio adapter ---- */

void sim_set_audio(struct sim *sim, enum sim_audio audio);
void sim_audio_ready(struct sim *sim, const char *call);
int sim_audio_ready_serial(struct sim *sim, const char *call, uint64_t serial);
uint64_t sim_audio_serial(struct sim *sim, const char *call);
void sim_audio_available(struct sim *sim, bool available);
enum audio_level sim_audio_level(struct sim *sim, const char *call);
bool sim_audio_muted(struct sim *sim, const char *call);
/* Activated and not deactivated since. */
bool sim_is_activated(struct sim *sim, const char *call);

/* ---- a call in a given state, reached as apps reach it; the provider answers meanwhile ---- */

void sim_make(struct sim *sim, const char *provider, const char *call, enum call_state state);
/* Two or more active calls ("c1 c2 c3") in one group. */
void sim_make_group(struct sim *sim, const char *provider, const char *calls);

/* ---- what is to be seen ---- */

void sim_expect_state(struct sim *sim, const char *call, enum call_state state);
void sim_expect_ended(struct sim *sim, const char *call, enum ended_reason reason);
void sim_expect_hold_reason(struct sim *sim, const char *call, enum hold_reason reason);
/* "" for none */
void sim_expect_resumable(struct sim *sim, const char *call);
/* "none", "tone c1", "waiting c2": the ring wish that stands */
void sim_expect_ring(struct sim *sim, const char *ring);
void sim_expect_group(struct sim *sim, const char *a, const char *b, bool together);

/*
 * Lines of the trace. Patterns are those of fnmatch(3). `sim_expect` wants them in this order
 * (other lines may lie between) among what the last verb caused; `_all` since the beginning.
 *
 *     sip perform hold c1 (policy), answer c2      one delegate signal; (user) is left out
 *     sip timed-out hold c1 / sip cancelled answer c2
 *     sip activated c1 / sip deactivated c1 / sip began / sip reset / sip start
 *     c1 ringing / c1 ended declined               the state as announced
 *     c1 added / c1 removed / c1 record
 *     c1 changed muted hold-reason                 other properties
 *     sip push a (owed) / sip push a / sip push-failed a / sip push-missed a
 *     ring tone c1 / ring waiting c2 / ring none
 *     audio c1 linked / audio c1 linked muted / audio c1 none
 *     ui result answer c1 fulfilled, hold c2 hold-failed / ui overdue
 *     resumable c1 / resumable none / system in-call ringing-calls
 */
void sim_expect_lines(struct sim *sim, bool all, const char *const *patterns);
void sim_expect_no_line(struct sim *sim, bool all, const char *pattern);
void sim_expect_n_lines(struct sim *sim, bool all, const char *pattern, size_t n);
#define sim_expect(sim, ...) sim_expect_lines(sim, false, (const char *const[]){__VA_ARGS__, NULL})
#define sim_expect_all(sim, ...) \
        sim_expect_lines(sim, true, (const char *const[]){__VA_ARGS__, NULL})
#define sim_expect_none(sim, pattern) sim_expect_no_line(sim, false, pattern)
#define sim_expect_none_at_all(sim, pattern) sim_expect_no_line(sim, true, pattern)
#define sim_expect_count(sim, pattern, n) sim_expect_n_lines(sim, false, pattern, n)
#define sim_expect_count_all(sim, pattern, n) sim_expect_n_lines(sim, true, pattern, n)
/* The results of the transaction that was completed last: "hold c1 fulfilled, answer c2 ..." */
void sim_expect_results(struct sim *sim, const char *results);
/* And the reason given for the nth (0-based) of them. */
const char *sim_last_reason(struct sim *sim, size_t nth);
/* Requests that were admitted and are not complete. */
size_t sim_n_pending(const struct sim *sim);
/* Marks here: sim_expect() looks at what comes from now on, over several verbs. */
void sim_mark(struct sim *sim);
void sim_unmark(struct sim *sim);

#endif
