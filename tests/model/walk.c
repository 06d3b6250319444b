/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See walk.h. */
#include "model/walk.h"

#include <check.h>
#include <stdio.h>

#define N_CALLS 9
#define N_PROVIDERS 3

static const char *const PROVIDERS[N_PROVIDERS] = {"sip", "web", "gsm"};

static struct walk {
        struct sim *sim;
        uint64_t random;
        char calls[N_CALLS][16]; /* names in use, "" = free */
        unsigned last_call, last_payload;
        unsigned incarnation;
        bool running[N_PROVIDERS];
        bool audio;
} w;

/* xorshift64*, so that a seed means the same everywhere. */
static uint64_t next_random(void)
{
        w.random ^= w.random >> 12;
        w.random ^= w.random << 25;
        w.random ^= w.random >> 27;
        return w.random * 0x2545f4914f6cdd1dULL;
}

static unsigned below(unsigned n)
{
        return (unsigned)((next_random() >> 33) % n);
}

static bool chance(unsigned percent)
{
        return below(100) < percent;
}

/* ---- names ---- */

static const char *a_provider(void)
{
        return PROVIDERS[below(N_PROVIDERS)];
}

/* Mostly one that lives; "" before there is any. */
static const char *a_call(void)
{
        for (unsigned tries = 0; tries < 6; tries++) {
                const char *name = w.calls[below(N_CALLS)];
                const struct call *call = name[0] ? sim_call(w.sim, name) : NULL;

                if (call && call->state != CALL_STATE_ENDED)
                        return name;
        }
        return w.calls[below(N_CALLS)];
}

/* A name that no call has yet, and now has; NULL if all are in use. */
static const char *a_fresh_call(void)
{
        for (unsigned i = 0; i < N_CALLS; i++) {
                if (w.calls[i][0] && sim_call(w.sim, w.calls[i]))
                        continue;
                snprintf(w.calls[i], sizeof(w.calls[i]), "%x", ++w.last_call);
                return w.calls[i];
        }
        return NULL;
}

static const char *a_requester(void)
{
        static const char *const requesters[] = {
                "ui",
                "ui",
                "ui waits",
                "ui may-end",
                "ui end-and-answer",
                "car",
                "car waits",
                "ui timeout=3",
                "sip",
                "web may-end",
                "gsm",
                "gsm end-and-answer",
                "nobody",
        };

        return requesters[below(ARRAY_SIZE(requesters))];
}

static enum call_state call_state(const char *name)
{
        const struct call *call = name[0] ? sim_call(w.sim, name) : NULL;

        return call ? call->state : CALL_STATE_ENDED;
}

static const char *owner(const char *name)
{
        const struct call *call = name[0] ? sim_call(w.sim, name) : NULL;

        for (unsigned i = 0; call && i < N_PROVIDERS; i++)
                if (call->provider->number == sim_number(w.sim, PROVIDERS[i]))
                        return PROVIDERS[i];
        return NULL;
}

/* ---- providers ---- */

static void register_provider(unsigned i)
{
        struct provider_config config = sim_config(PROVIDERS[i]);
        char peer[32], identity[32];

        config.maximum_call_groups = 1 + below(4);
        config.maximum_calls_per_call_group = 1 + below(5);
        config.supports_audio_translation = chance(50);
        config.supports_video = chance(50);
        config.reclaim_grace = chance(50) ? below(20) * USEC_PER_SEC : 0;
        config.audio = chance(80) ? CALL_AUDIO_STREAMS : (enum call_audio)below(3);
        if (!w.running[i])
                w.incarnation++;
        snprintf(peer, sizeof(peer), ":%s%u", PROVIDERS[i], w.incarnation);
        snprintf(identity, sizeof(identity), "1000/%s%s", PROVIDERS[i], chance(3) ? "!" : "");
        if (w.running[i]) {
                sim_configure(w.sim, PROVIDERS[i], &config);
                return;
        }
        w.running[i] =
                sim_register_as(w.sim, PROVIDERS[i], &config, peer, identity, chance(10)) == 0;
}

static void lose_provider(unsigned i)
{
        if (!w.running[i])
                return;
        w.running[i] = false;
        if (chance(30))
                sim_invalidate(w.sim, PROVIDERS[i]);
        else
                sim_vanish(w.sim, PROVIDERS[i]);
}

/* A scripted one may have vanished by itself. */
static void look_at_providers(void)
{
        for (unsigned i = 0; i < N_PROVIDERS; i++) {
                const struct provider *provider = sim_provider_of(w.sim, PROVIDERS[i]);

                w.running[i] = provider && provider->state == PROVIDER_RUNNING;
        }
}

static void change_behaviour(void)
{
        static const enum sim_behaviour behaviours[] = {
                SIM_FULFIL, SIM_FULFIL, SIM_FULFIL, SIM_SILENT,     SIM_SILENT,
                SIM_SILENT, SIM_FAIL,   SIM_LATE,   SIM_TAKE_WHOLE,
        };
        const char *provider = a_provider();
        const enum sim_behaviour behaviour =
                chance(2) ? SIM_VANISH : behaviours[below(ARRAY_SIZE(behaviours))];

        if (chance(30))
                sim_behave(w.sim, provider, behaviour);
        else
                sim_behave_for(w.sim, provider, (enum action_type)below(ACTION_TYPE_MAX_),
                               behaviour);
}

/* ---- requests ---- */

static void one_action(char *text, size_t size, unsigned *starts)
{
        static const char *const verbs[] = {
                "answer %s", "answer %s", "end %s",    "hold %s",  "hold %s",      "unhold %s",
                "unhold %s", "mute %s",   "unmute %s", "leave %s", "translate %s", "untranslate %s",
        };
        const char *fresh;

        if (chance(10)) {
                snprintf(text, size, "join %s %s", a_call(), a_call());
        } else if (chance(8)) {
                snprintf(text, size, "%s %s %u",
                         chance(60)   ? "dtmf"
                         : chance(50) ? "soft"
                                      : "hard",
                         a_call(), below(10));
        } else if (chance(12) && *starts == 0 && (fresh = a_fresh_call())) {
                (*starts)++;
                snprintf(text, size, "start %s %s%s", fresh, chance(10) ? "-" : a_provider(),
                         chance(10) ? " video" : "");
        } else {
                snprintf(text, size, verbs[below(ARRAY_SIZE(verbs))], a_call());
        }
}

static void ask(void)
{
        const unsigned n = chance(65) ? 1 : 1 + below(5);
        char text[512] = "", action[64];
        size_t used = 0;
        unsigned starts = 0;

        for (unsigned i = 0; i < n; i++) {
                one_action(action, sizeof(action), &starts);
                /* A word for a call that there is none. */
                if (strstr(action, "  ") || action[strlen(action) - 1] == ' ')
                        return;
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "," : "",
                                         action);
        }
        sim_try_ask(w.sim, a_requester(), text);
}

/* A request that has a chance: what a person would do next. */
static void ask_sensibly(void)
{
        const char *call = a_call();
        char text[64];

        switch (call_state(call)) {
        case CALL_STATE_RINGING:
                snprintf(text, sizeof(text), "%s %s", chance(80) ? "answer" : "end", call);
                break;
        case CALL_STATE_ACTIVE:
                snprintf(text, sizeof(text), "%s %s", chance(70) ? "hold" : "end", call);
                break;
        case CALL_STATE_HELD:
                if (chance(30)) {
                        sim_try_swap(w.sim, a_requester(), call);
                        return;
                }
                snprintf(text, sizeof(text), "unhold %s", call);
                break;
        default:
                return;
        }
        sim_try_ask(w.sim, chance(80) ? "ui" : "ui may-end", text);
}

static void dial_number(void)
{
        static const char *const numbers[] = {"112", "0123,45;67,89", "0123;4", "0123"};
        const char *call = a_fresh_call();
        const struct uuid id = sim_uuid(call ? call : "0");
        const struct action_args args = {.type = ACTION_START,
                                         .call = id.text,
                                         .provider = "org.example.gsm",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = numbers[below(ARRAY_SIZE(numbers))]};

        if (call)
                sim_try_ask_raw(w.sim, "ui", &args, 1);
}

static void post_dial(void)
{
        const char *call = a_call();

        if (!call[0])
                return;
        if (chance(70))
                sim_try_post_dial(w.sim, a_requester(), call);
        else
                sim_try_cancel_post_dial(w.sim, a_requester(), call);
}

/* ---- reports ---- */

static void complete(void)
{
        const char *words = sim_open_action(w.sim, NULL, below(4));
        char copy[160];

        if (!words)
                words = sim_open_action(w.sim, NULL, 0);
        if (!words)
                return;
        snprintf(copy, sizeof(copy), "%s", words);
        if (chance(75))
                sim_try_fulfil(w.sim, copy, NULL);
        else
                sim_try_fail(w.sim, copy, NULL);
}

static void report_incoming(void)
{
        const char *call = chance(95) ? a_fresh_call() : a_call();

        if (call && call[0])
                sim_try_incoming(w.sim, a_provider(), call, NULL);
}

static void import_call(void)
{
        const char *call = a_fresh_call(), *other = a_call();
        struct uuid with = sim_uuid(other[0] ? other : "0");
        const struct call_import import = {
                .state = (enum call_state)below(CALL_STATE_MAX_),
                .outgoing = chance(50),
                .muted = chance(30),
                .group_with = other[0] && chance(20) ? with.text : NULL,
        };

        if (call)
                sim_try_import(w.sim, a_provider(), call, &import);
}

static void report_update(const char *provider, const char *call)
{
        struct call_update update = {.set = 1u << below(15),
                                     .name = "Ada",
                                     .account = "",
                                     .handle_type = HANDLE_TYPE_GENERIC,
                                     .handle = "sip:x@y"};

        update.holding = update.grouping = update.ungrouping = update.dtmf = update.muting =
                chance(70);
        update.video = update.remote_held = update.alerting = update.early_media = chance(50);
        update.audio = (enum call_audio)below(3);
        sim_try_updated(w.sim, provider, call, &update);
}

static void report_fact(void)
{
        static const enum call_state states[] = {CALL_STATE_ACTIVE, CALL_STATE_HELD,
                                                 CALL_STATE_CONNECTING};
        const char *call = a_call();
        const char *provider = chance(97) ? owner(call) : a_provider();
        const struct call_ending ending = {.reason = (enum ended_reason)(1 + below(6))};
        const enum fact_source by = (enum fact_source)below(4);

        if (!provider || !call[0])
                return;
        switch (below(7)) {
        case 0:
                sim_try_connecting(w.sim, provider, call, 0);
                break;
        case 1:
                sim_try_connected(w.sim, provider, call, 0);
                break;
        case 2:
                sim_try_ended(w.sim, provider, call, &ending);
                break;
        case 3:
                sim_try_fact_muted(w.sim, provider, call, chance(50), by);
                break;
        case 4:
                report_update(provider, call);
                break;
        default:
                sim_try_fact(w.sim, provider, call, states[below(3)], by);
        }
}

/* ---- surroundings ---- */

static void pass_time(void)
{
        const usec_t now = sim_now(w.sim).boottime;
        const usec_t next = engine_next_deadline(sim_engine(w.sim));

        if (chance(50) && next != USEC_INFINITY && next > now)
                sim_advance(w.sim, next - now);
        else
                sim_advance(w.sim, below(8000) * USEC_PER_MSEC);
}

static void change_limits(void)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.auto_resume = (enum auto_resume)below(3);
        limits.ring_limit = (5 + below(90)) * USEC_PER_SEC;
        limits.transactions_per_provider = chance(20) ? 1 + below(3) : 64;
        limits.ringing_per_provider = 1 + below(16);
        limits.calls_per_provider = 1 + below(16);
        limits.hold_in_front_timeout = (1 + below(9)) * USEC_PER_SEC;
        sim_set_limits(w.sim, &limits);
}

static void change_audio(void)
{
        if (chance(30)) {
                w.audio = !w.audio;
                sim_audio_available(w.sim, w.audio);
        } else {
                sim_set_audio(w.sim, chance(80) ? SIM_AUDIO_AT_ONCE : (enum sim_audio)below(3));
        }
}

static const char *const EMERGENCY_NUMBERS[] = {"112", NULL};

static void declare_gsm(bool can_start)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .emergency_numbers = EMERGENCY_NUMBERS,
                                                   .can_start = can_start};

        sim_declare(w.sim, "gsm", &manifest);
}

/* A package is removed, and installed again. */
static void change_manifests(void)
{
        if (chance(30))
                sim_undeclare(w.sim, "gsm");
        else
                declare_gsm(chance(80));
}

static void change_providers(void)
{
        look_at_providers();
        if (chance(20)) {
                change_manifests();
                return;
        }
        if (chance(5)) {
                sim_bus_lost(w.sim);
                memset(w.running, 0, sizeof(w.running));
                if (chance(50))
                        return;
                for (unsigned i = 0; i < N_PROVIDERS; i++)
                        register_provider(i);
        } else if (chance(40)) {
                lose_provider(below(N_PROVIDERS));
        } else {
                register_provider(below(N_PROVIDERS));
        }
}

void walk_restart(void)
{
        static const char *const gone[] = {"", "", "sip", "web", "gsm", "sip web gsm", "bus"};
        const usec_t away = below(chance(80) ? 2000 : 60000) * USEC_PER_MSEC;

        sim_restart(w.sim, away, gone[below(ARRAY_SIZE(gone))]);
        look_at_providers();
        if (chance(10))
                return; /* nobody knows yet what PipeWire does */
        if (!w.audio || chance(10))
                sim_audio_available(w.sim, false);
        w.audio = w.audio || chance(50);
        if (w.audio)
                sim_audio_available(w.sim, true);
}

/* Who is away comes back before long. */
static void let_one_come_back(void)
{
        const unsigned i = below(N_PROVIDERS);

        look_at_providers();
        if (!w.running[i])
                register_provider(i);
}

/* The duty is kept by whatever is reported next. */
static void push_payload(void)
{
        char words[32];

        snprintf(words, sizeof(words), "payload-%u", ++w.last_payload % 10000);
        sim_try_push(w.sim, chance(2) ? "nobody" : a_provider(), words);
        if (chance(20))
                sim_start_failed(w.sim, a_provider());
        else if (chance(50))
                let_one_come_back();
}

static void change_surroundings(void)
{
        switch (below(8)) {
        case 0:
                sim_silence(w.sim);
                break;
        case 1:
                sim_set_do_not_disturb(w.sim, chance(5));
                break;
        case 2:
                change_limits();
                break;
        case 3:
                change_audio();
                break;
        case 4:
                sim_set_default(w.sim, chance(50) ? "generic" : "tel",
                                chance(50) ? "org.example.sip" : "");
                break;
        default:
                change_behaviour();
        }
}

void walk_step(void)
{
        const unsigned dice = below(100);

        if (dice < 14)
                report_incoming();
        else if (dice < 32)
                ask();
        else if (dice < 48)
                ask_sensibly();
        else if (dice < 66)
                complete();
        else if (dice < 77)
                report_fact();
        else if (dice < 79)
                push_payload();
        else if (dice < 87)
                pass_time();
        else if (dice < 94)
                change_surroundings();
        else if (dice < 96)
                import_call();
        else if (dice < 97)
                dial_number();
        else if (dice < 98)
                post_dial();
        else if (dice < 99)
                let_one_come_back();
        else
                change_providers();
}

void walk_come_to_rest(void)
{
        const struct provider *provider = NULL;
        const struct call *call = NULL;

        sim_advance(w.sim, 3600 * USEC_PER_SEC);
        if (sim_n_pending(w.sim) > 0)
                sim_die(w.sim, "%zu requests are pending after an hour of silence",
                        sim_n_pending(w.sim));
        while ((call = engine_next_call(sim_engine(w.sim), call)))
                if (call->state != CALL_STATE_ACTIVE && call->state != CALL_STATE_HELD &&
                    call->state != CALL_STATE_STARTED && call->state != CALL_STATE_CONNECTING)
                        sim_die(w.sim, "%s is %s after an hour of silence", sim_name(&call->id),
                                call_state_to_string(call->state));
        while ((provider = engine_next_provider(sim_engine(w.sim), provider)))
                if (provider->pushes)
                        sim_die(w.sim, "a payload is there after an hour of silence");
        sim_expect_ring(w.sim, "none");
}

void walk_leave_nothing_behind(void)
{
        look_at_providers();
        for (unsigned i = 0; i < N_PROVIDERS; i++)
                if (w.running[i])
                        sim_invalidate(w.sim, PROVIDERS[i]);
        sim_advance(w.sim, 3600 * USEC_PER_SEC);
        ck_assert_ptr_null(engine_next_call(sim_engine(w.sim), NULL));
        ck_assert_ptr_null(engine_next_transaction(sim_engine(w.sim), NULL));
        ck_assert_ptr_null(engine_first_ringing(sim_engine(w.sim)));
        ck_assert_uint_eq(engine_next_deadline(sim_engine(w.sim)), USEC_INFINITY);
}

struct sim *walk_begin(uint64_t seed)
{
        memset(&w, 0, sizeof(w));
        w.random = seed * 0x9e3779b97f4a7c15ULL | 1;
        w.audio = true;
        w.sim = sim_new();
        sim_set_quick(w.sim, true);
        declare_gsm(true);
        for (unsigned i = 0; i < N_PROVIDERS; i++)
                register_provider(i);
        return w.sim;
}

void walk_end(void)
{
        w.sim = sim_free(w.sim);
}

uint64_t walk_setting(const char *name, uint64_t otherwise)
{
        const char *text = getenv(name);

        return text && text[0] ? strtoull(text, NULL, 0) : otherwise;
}
