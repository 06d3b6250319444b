/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See record-worlds.h. */
#include "model/record-worlds.h"

#include <stdio.h>

#include "support/sim-internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct sim *s;

static char *copy(const char *text)
{
        char *copied = strdup(text);

        sim_must(copied != NULL);
        return copied;
}

static char **copy_list(const char *first, const char *second)
{
        char **list = calloc(3, sizeof(*list));

        sim_must(list != NULL);
        list[0] = copy(first);
        list[1] = copy(second);
        return list;
}

/* ---- providers ---- */

static struct provider_config full_config(const char *name)
{
        struct provider_config config = sim_config(name);

        config.ringtone = copy("/usr/share/sounds/ring.oga");
        config.localized_name = copy("Fernsprecher \xc3\xa4\xf0\x9f\x93\x9e");
        config.icon = copy("call-start");
        config.uri_schemes = copy_list("sip", "tel");
        config.accounts = calloc(2, sizeof(*config.accounts));
        sim_must(config.accounts != NULL);
        config.n_accounts = 2;
        for (size_t i = 0; i < 2; i++)
                config.accounts[i] =
                        (struct account){.id = copy(i ? "line-2" : "line-1"),
                                         .label = copy("Line"),
                                         .state = copy(i ? "" : "registered"),
                                         .handle_types = 2u << i,
                                         .uri_schemes = i ? NULL : copy_list("sip", "sips"),
                                         .emergency = i};
        config.handle_types = 1u << HANDLE_TYPE_PHONE_NUMBER | 1u << HANDLE_TYPE_GENERIC;
        config.maximum_call_groups = 6;
        config.maximum_calls_per_call_group = 4;
        config.supports_video = config.supports_audio_translation = config.own_echo_cancel = true;
        config.mix_groups = true;
        config.testing = true;
        config.includes_calls_in_recents = false;
        config.audio = CALL_AUDIO_EXTERNAL;
        config.reclaim_grace = 17 * USEC_PER_SEC;
        return config;
}

static void configure(const char *name, usec_t grace)
{
        struct provider_config config = full_config(name);

        config.audio = CALL_AUDIO_STREAMS;
        config.reclaim_grace = grace;
        sim_must(sim_configure(s, name, &config) == 0);
}

static void declare_gsm(bool can_start)
{
        static const char *const numbers[] = {"112", "911", NULL};
        const struct provider_manifest manifest = {
                .identifier = "org.example.gsm",
                .emergency_numbers = numbers,
                .reclaim_grace = 3 * USEC_PER_SEC,
                .can_start = can_start,
        };

        sim_declare(s, "gsm", &manifest);
}

static void empty(void)
{
        sim_invalidate(s, "sip");
        sim_invalidate(s, "web");
}

static void providers(void)
{
        struct provider_config config = full_config("box");

        declare_gsm(false);
        configure("sip", 17 * USEC_PER_SEC);
        sim_must(sim_register_as(s, "box", &config, ":1.7", "1000/box", true) == 0);
        sim_set_default(s, "tel", "org.example.sip");
        sim_set_default(s, "generic", "org.example.gsm");
        sim_set_do_not_disturb(s, true);
        sim_audio_available(s, true);
}

/* ---- ringing ---- */

static void ringing(void)
{
        sim_behave(s, "web", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_silence(s);
        sim_advance(s, USEC_PER_SEC);
        sim_incoming(s, "web", "c2");
        sim_incoming(s, "sip", "c3");
        sim_advance(s, USEC_PER_SEC);
        sim_ask(s, "ui waits", "answer c2");
        sim_ask(s, "car waits timeout=7", "answer c2, mute c2, mute c3");
        /* the second one is queued behind the first, and has its deadline for the reply */
        sim_ask(s, "ui waits", "answer c3");
        sim_incoming(s, "web", "c4");
}

/* ---- talking ---- */

static void update_all(const char *call)
{
        static const struct call_member members[] = {
                {(char *)(uintptr_t) "sip:ada@example.org", (char *)(uintptr_t) "Ada", true},
                {(char *)(uintptr_t) "sip:bob@example.org", (char *)(uintptr_t) "", false},
        };
        const struct call_update update = {
                .set = UPDATE_HANDLE | UPDATE_NAME | UPDATE_GROUPING | UPDATE_VIDEO |
                       UPDATE_REMOTE_HELD | UPDATE_ALERTING | UPDATE_EARLY_MEDIA | UPDATE_ACCOUNT |
                       UPDATE_AUDIO | UPDATE_PICTURE | UPDATE_MEMBERS,
                .handle_type = HANDLE_TYPE_EMAIL_ADDRESS,
                .handle = "ada@example.org",
                .name = "Ada \xe2\x82\xac",
                .account = "line-2",
                .video = true,
                .remote_held = true,
                .alerting = true,
                .early_media = true,
                .audio = CALL_AUDIO_EXTERNAL,
                .picture = 0x123456789abcULL,
                .members = members,
                .n_members = COUNT(members),
        };

        sim_updated(s, call, &update);
}

/* A conference is interrupted by a call that is on its way; everything is wanted at once. */
static void conference(void)
{
        configure("sip", 0);
        configure("web", 0);
        sim_make_group(s, "sip", "c1 c2 c3");
        sim_make(s, "web", "c4", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c5", CALL_STATE_RINGING);
        update_all("c1");
        sim_set_audio(s, SIM_AUDIO_MANUAL);
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui may-end", "translate c4, dtmf c4 1, dtmf c4 2, unmute c4, mute c4");
        sim_ask(s, "car waits", "answer c5, hold c5");
        sim_ask(s, "ui end-and-answer", "unhold c1, leave c2");
        sim_ask(s, "ui", "end c3");
        sim_ask(s, "ui", "end c3, mute c1");
        sim_ask(s, "sip", "unhold c1");
}

/* Half of a group is held, and somebody joins in. */
static void half_held(void)
{
        char words[64];

        configure("sip", 0);
        sim_make_group(s, "sip", "c1 c2 c3");
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "web", "c4");
        sim_ask(s, "ui", "answer c4");
        snprintf(words, sizeof(words), "%s", sim_open_action(s, "sip", 0));
        sim_fulfil(s, words);
        sim_ask(s, "ui", "hold c2");
        sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
}

/* ---- calling ---- */

static void dial(const char *who, const char *call, const char *provider, const char *number)
{
        const struct uuid id = sim_uuid(call);
        const struct action_args args = {
                .type = ACTION_START,
                .call = id.text,
                .provider = provider,
                .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                .handle = number,
                .contact = "contact-17",
        };

        sim_must(sim_try_ask_raw(s, who, &args, 1) == 0);
}

static void dialled(void)
{
        declare_gsm(true);
        dial("ui", "c1", "org.example.sip", "0123,45;67,89");
        sim_connecting(s, "c1");
        sim_connected(s, "c1");
        sim_advance(s, USEC_PER_SEC);
        sim_behave(s, "sip", SIM_SILENT);
        dial("ui waits", "c2", "org.example.gsm", "0124,1");
        dial("ui may-end timeout=9", "c3", "org.example.web", "0125");
}

static void post_dial(void)
{
        configure("sip", 0);
        dial("ui", "c1", "org.example.sip", "0123;67,89");
        sim_connected(s, "c1");
        dial("ui", "c2", "org.example.sip", "0123,,4;5");
        sim_connected(s, "c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_advance(s, 5 * USEC_PER_SEC);
        sim_ask(s, "ui", "soft c2 9, hard c2 8, untranslate c2");
}

static void emergency(void)
{
        declare_gsm(true);
        sim_make(s, "web", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "web", SIM_SILENT);
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c2");
        sim_ask(s, "ui", "answer c2");
        dial("ui", "c3", "org.example.sip", "112");
}

/* ---- gone, going, and over ---- */

static void away(void)
{
        configure("sip", 17 * USEC_PER_SEC);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_vanish(s, "sip");
        sim_make(s, "web", "c3", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "hold c3");
}

static void bus_lost(void)
{
        configure("sip", 0);
        sim_audio_available(s, true);
        sim_make(s, "web", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "mute c2");
        sim_bus_lost(s);
        sim_ask(s, "ui", "end c1, unmute c2");
        sim_advance(s, USEC_PER_SEC);
        sim_audio_available(s, false);
}

static void ended(void)
{
        const struct call_ending ending = {.reason = ENDED_REASON_FAILED,
                                           .cause = ENDED_CAUSE_CONGESTION,
                                           .text = "486 Busy Here"};

        declare_gsm(true);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        dial("ui", "c4", "org.example.sip", "112");
        sim_ended(s, "c4", ENDED_REASON_REMOTE_ENDED);
        sim_must(sim_try_ended(s, "sip", "c1", &ending) == 0);
        sim_behave(s, "web", SIM_SILENT);
        sim_incoming(s, "web", "c3");
        sim_ask(s, "ui", "end c3");
        sim_invalidate(s, "sip");
        sim_advance(s, USEC_PER_SEC);
}

/* The call of a finished action is removed while others of its transaction go on. */
static void outlived(void)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_ask(s, "ui timeout=100", "mute c2, answer c2, hold c2, unhold c1");
        sim_ended(s, "c2", ENDED_REASON_UNANSWERED);
        sim_incoming(s, "web", "c3");
        sim_ask(s, "ui timeout=100", "mute c3, unmute c1");
        sim_behave(s, "web", SIM_SILENT);
        sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
        sim_advance(s, 4 * USEC_PER_SEC);
}

/* ---- in the middle of things: nobody has taken the effects ---- */

static void not_taken(void)
{
        configure("sip", 0);
        sim_make_group(s, "sip", "c1 c2");
        sim_incoming(s, "web", "c3");
        sim_incoming(s, "web", "c4");
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui waits timeout=120", "dtmf c1 1, dtmf c1 2");
        sim_ask(s, "ui timeout=120", "answer c3");
        sim_ask(s, "car", "end c2, mute c1, unmute c1");
        s->now.boottime += 100 * USEC_PER_SEC;
        s->now.realtime += 100 * USEC_PER_SEC;
        sim_must(engine_tick(s->engine, s->now) == 0);
}

/* One that waits, one that was told of, one that is owed, one that was reported; and effects. */
static void payloads(void)
{
        const char *words = "not-taken";
        struct sim_payload *payload;

        declare_gsm(true);
        sim_push_payload(s, "web", "missed");
        sim_advance(s, 8 * USEC_PER_SEC);
        sim_push_payload(s, "gsm", "no-such-program");
        sim_set_do_not_disturb(s, true);
        sim_push_payload(s, "sip", "reported");
        sim_must(sim_try_incoming(s, "sip", "c1", NULL) > 0);
        sim_push_payload(s, "sip", "owed");
        payload = sim_push(&s->payloads);
        snprintf(payload->words, sizeof(payload->words), "%s", words);
        sim_must(engine_provider_start_failed(s->engine, s->now, sim_number(s, "gsm"),
                                              "no such file") == 0);
        sim_must(engine_report_push(s->engine, s->now, "org.example.gsm", words, strlen(words),
                                    &payload->id) == 0);
        payload = sim_push(&s->payloads);
        snprintf(payload->words, sizeof(payload->words), "%s", words);
        sim_must(engine_report_push(s->engine, s->now, "org.example.web", words, strlen(words),
                                    &payload->id) == 0);
}

/* The third time in a row. */
static void shut_out(void)
{
        for (unsigned i = 0; i < PUSH_MISSES_MAX; i++) {
                sim_push_payload(s, "sip", "missed");
                sim_advance(s, 8 * USEC_PER_SEC);
        }
}

#define WORLD(name)                              \
        static void make_##name(struct sim *sim) \
        {                                        \
                s = sim;                         \
                name();                          \
        }                                        \
        extern int worlds_semicolon_

WORLD(empty);
WORLD(providers);
WORLD(ringing);
WORLD(conference);
WORLD(half_held);
WORLD(dialled);
WORLD(post_dial);
WORLD(emergency);
WORLD(away);
WORLD(bus_lost);
WORLD(ended);
WORLD(outlived);
WORLD(not_taken);
WORLD(payloads);
WORLD(shut_out);

const struct record_world RECORD_WORLDS[] = {
        {"empty", make_empty},           {"providers", make_providers}, {"ringing", make_ringing},
        {"conference", make_conference}, {"half held", make_half_held}, {"dialled", make_dialled},
        {"post-dial", make_post_dial},   {"emergency", make_emergency}, {"away", make_away},
        {"bus lost", make_bus_lost},     {"ended", make_ended},         {"outlived", make_outlived},
        {"not taken", make_not_taken},   {"payloads", make_payloads},   {"shut out", make_shut_out},
};
const size_t RECORD_N_WORLDS = COUNT(RECORD_WORLDS);
