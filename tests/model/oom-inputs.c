/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See oom-inputs.h. Straight to the engine: the simulator's verbs would allocate too. */
#include "model/oom-inputs.h"
#include "model/story.h"

#define E sim_engine(s), sim_now(s)

static struct uuid c1, c2, c9;
static struct provider_config gsm_config, sip_config;
static uint64_t serial;

void oom_use(struct sim *sim)
{
        s = sim;
        c1 = sim_uuid("c1");
        c2 = sim_uuid("c2");
        c9 = sim_uuid("c9");
}

void oom_prepare(void)
{
        gsm_config = sim_config("gsm");
        sip_config = sim_config("sip");
        serial = sim_call(s, "c1") ? sim_audio_serial(s, "c1") : 0;
}

void oom_done(void)
{
        provider_config_done(&gsm_config);
        provider_config_done(&sip_config);
}

/* ---- situations ---- */

static void nothing(void)
{
}

static void ringing(void)
{
        sim_incoming(s, "sip", "c1");
}

static void absent(void)
{
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .can_start = true};

        sim_declare(s, "gsm", &manifest);
}

static void owed(void)
{
        sim_push_payload(s, "sip", "owed");
}

static void active(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
}

static void held(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
}

static void answer_pending(void)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui", "answer c1");
}

static void starting(void)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "start c1 sip");
}

static void started(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_STARTED);
}

/* c1 active and silent, c2 of the other provider rings. */
static void call_waiting(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_incoming(s, "web", "c2");
        sim_behave(s, "sip", SIM_SILENT);
}

/* And c2 is being answered: the hold of c1 is delivered. */
static void hold_delivered(void)
{
        call_waiting();
        sim_ask(s, "ui", "answer c2");
}

static void answering(void)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_incoming(s, "sip", "c1");
        sim_ask(s, "ui waits", "answer c1, mute c1, dtmf c1 1, hold c1");
}

static void conference(void)
{
        story_set_groups("sip", 4, 5);
        sim_make_group(s, "sip", "c1 c2 c3");
        sim_behave(s, "sip", SIM_SILENT);
}

static void interrupted(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
}

static void half_merged(void)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "join c1 c2");
}

static void half_held(void)
{
        char words[64];

        conference();
        sim_ask(s, "ui", "hold c1");
        snprintf(words, sizeof(words), "%s", sim_open_action(s, "sip", 0));
        sim_fulfil(s, words);
}

static void dialled(void)
{
        const struct action_args args = {.type = ACTION_START,
                                         .call = c1.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = "123,45;67"};

        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        sim_connected(s, "c1");
}

static void dialled_to_the_end(void)
{
        dialled();
        sim_advance(s, 2 * USEC_PER_SEC);
}

/* ---- inputs ---- */

static int report_incoming(void)
{
        return engine_report_incoming(E, sim_number(s, "sip"), c9.text,
                                      &(struct call_update){.set = UPDATE_HANDLE | UPDATE_NAME,
                                                            .handle_type = HANDLE_TYPE_GENERIC,
                                                            .handle = "sip:ada@example.org",
                                                            .name = "Ada"});
}

static int report_call(void)
{
        return engine_report_call(
                E, sim_number(s, "web"), c9.text,
                &(struct call_import){.state = CALL_STATE_ACTIVE,
                                      .update = {.set = UPDATE_NAME, .name = "Ada"}});
}

static int report_updated(void)
{
        static struct call_member member = {.handle = (char *)"a", .name = (char *)"b"};

        return engine_report_updated(
                E, sim_number(s, "sip"), c1.text,
                &(struct call_update){.set = UPDATE_NAME | UPDATE_HANDLE | UPDATE_MEMBERS,
                                      .handle_type = HANDLE_TYPE_GENERIC,
                                      .handle = "sip:bob@example.org",
                                      .name = "Bob",
                                      .members = &member,
                                      .n_members = 1});
}

static int report_ended(void)
{
        return engine_report_ended(
                E, sim_number(s, "sip"), c1.text,
                &(struct call_ending){.reason = ENDED_REASON_REMOTE_ENDED, .text = "gone"});
}

static int report_ended_c2(void)
{
        return engine_report_ended(E, sim_number(s, "web"), c2.text,
                                   &(struct call_ending){.reason = ENDED_REASON_REMOTE_ENDED});
}

static int report_active(void)
{
        return engine_report_state(E, sim_number(s, "sip"), c1.text, CALL_STATE_ACTIVE, FACT_SELF,
                                   0);
}

static int report_held(void)
{
        return engine_report_state(E, sim_number(s, "sip"), c1.text, CALL_STATE_HELD, FACT_NETWORK,
                                   0);
}

static int report_muted(void)
{
        return engine_report_muted(E, sim_number(s, "sip"), c1.text, true, FACT_SELF);
}

static int report_connecting(void)
{
        return engine_report_connecting(E, sim_number(s, "sip"), c1.text, 0);
}

static int report_connected(void)
{
        return engine_report_connected(E, sim_number(s, "sip"), c1.text, 0);
}

static int ask(bool may_end, const struct action_args *args, size_t n)
{
        struct uuid transaction;

        return engine_request(E,
                              &(struct request){.peer = ":ui",
                                                .controller = true,
                                                .origin = ORIGIN_USER,
                                                .may_end = may_end,
                                                .waits = true,
                                                .actions = args,
                                                .n_actions = n},
                              &transaction);
}

static int ask_one(enum action_type type, const struct uuid *call, bool on, const char *other)
{
        const struct action_args args = {.type = type,
                                         .call = call->text,
                                         .on = on,
                                         .other = other,
                                         .provider = "org.example.sip",
                                         .digits = "1",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = "12345,6",
                                         .contact = "contact",
                                         .message = "bye"};

        return ask(false, &args, 1);
}

static int start(void)
{
        return ask_one(ACTION_START, &c9, false, NULL);
}

static int answer_c1(void)
{
        return ask_one(ACTION_ANSWER, &c1, false, NULL);
}

static int answer_c2(void)
{
        return ask_one(ACTION_ANSWER, &c2, false, NULL);
}

static int end_c1(void)
{
        return ask_one(ACTION_END, &c1, false, NULL);
}

static int end_c2(void)
{
        return ask_one(ACTION_END, &c2, false, NULL);
}

static int hold_c1(void)
{
        return ask_one(ACTION_SET_HELD, &c1, true, NULL);
}

static int unhold_c1(void)
{
        return ask_one(ACTION_SET_HELD, &c1, false, NULL);
}

static int mute_c1(void)
{
        return ask_one(ACTION_SET_MUTED, &c1, true, NULL);
}

static int key_c1(void)
{
        return ask_one(ACTION_PLAY_DTMF, &c1, false, NULL);
}

static int leave_c1(void)
{
        return ask_one(ACTION_SET_GROUP, &c1, false, NULL);
}

static int hold_and_answer(void)
{
        const struct action_args args[] = {
                {.type = ACTION_SET_MUTED, .call = c1.text, .on = true},
                {.type = ACTION_SET_HELD, .call = c1.text, .on = true},
                {.type = ACTION_ANSWER, .call = c2.text},
                {.type = ACTION_SET_MUTED, .call = c2.text, .on = true},
        };

        return ask(true, args, ARRAY_SIZE(args));
}

static int end_and_answer(void)
{
        const struct action_args args[] = {{.type = ACTION_END, .call = c1.text},
                                           {.type = ACTION_ANSWER, .call = c2.text}};

        return ask(false, args, ARRAY_SIZE(args));
}

static const struct request UI = {
        .peer = ":ui", .controller = true, .origin = ORIGIN_USER, .waits = true};

static int swap_c1(void)
{
        struct uuid transaction;

        return engine_request_swap(E, &UI, c1.text, &transaction);
}

static int continue_post_dial(void)
{
        struct uuid transaction;

        return engine_request_post_dial(E, &UI, c1.text, &transaction);
}

static int complete(const char *provider, const char *words, bool fulfil)
{
        const struct action *action = sim_action(s, words);
        const struct action_outcome outcome = {.reason = "because", .cause = ENDED_CAUSE_OTHER};
        int r;

        if (!action)
                sim_die(s, "there is no '%s'", words);
        if (fulfil)
                r = engine_fulfill_action(E, sim_number(s, provider), action->id.text, &outcome);
        else
                r = engine_fail_action(E, sim_number(s, provider), action->id.text, &outcome);
        return r;
}

static int fulfil_hold(void)
{
        return complete("sip", "hold c1", true);
}

static int fail_hold(void)
{
        return complete("sip", "hold c1", false);
}

static int fulfil_answer(void)
{
        return complete("sip", "answer c1", true);
}

static int fail_answer(void)
{
        return complete("sip", "answer c1", false);
}

static int fail_start(void)
{
        return complete("sip", "start c1", false);
}

static int fulfil_join(void)
{
        return complete("sip", "join c1 c2", true);
}

static int fail_what_is_open(void)
{
        char words[64];

        snprintf(words, sizeof(words), "%s", sim_open_action(s, "sip", 0));
        return complete("sip", words, false);
}

static int tick_at(usec_t after)
{
        struct instant then = sim_now(s);

        then.boottime += after;
        then.realtime += after;
        return engine_tick(sim_engine(s), then);
}

static int next_tick(void)
{
        return tick_at(engine_next_deadline(sim_engine(s)) - sim_now(s).boottime);
}

static int late_tick(void)
{
        return tick_at(1000 * USEC_PER_SEC);
}

static int register_provider(void)
{
        const struct provider_peer peer = {.name = ":gsm", .identity = "1000/gsm"};
        unsigned number = 0;

        return engine_register_provider(E, &peer, &gsm_config, &number);
}

static int declare_provider(void)
{
        static const char *const numbers[] = {"112", NULL};

        return engine_declare_provider(E,
                                       &(struct provider_manifest){.identifier = "org.example.gsm",
                                                                   .emergency_numbers = numbers});
}

static int undeclare_provider(void)
{
        return engine_undeclare_provider(E, "org.example.gsm");
}

static int configure_provider(void)
{
        return engine_configure_provider(E, sim_number(s, "sip"), &sip_config);
}

static int invalidate(void)
{
        return engine_invalidate_provider(E, sim_number(s, "sip"));
}

static int peer_gone(void)
{
        return engine_peer_gone(E, ":sip");
}

static int bus_lost(void)
{
        return engine_bus_lost(E);
}

static int do_not_disturb(void)
{
        return engine_set_do_not_disturb(E, true);
}

static int silence(void)
{
        return engine_silence_ringer(E);
}

static int restored_default(void)
{
        return engine_restore_default_provider(E, "sip", "org.example.gone");
}

static int default_provider(void)
{
        return engine_set_default_provider(E, "tel", "org.example.sip");
}

static int audio_gone(void)
{
        return engine_audio_available(E, false);
}

static int audio_ready(void)
{
        return engine_audio_ready(E, c1.text, serial);
}

static int push_to_running(void)
{
        struct uuid id;

        return engine_report_push(E, "org.example.sip", "x", 1, &id);
}

static int push_to_absent(void)
{
        struct uuid id;

        return engine_report_push(E, "org.example.gsm", "x", 1, &id);
}

const struct oom_input OOM_INPUTS[] = {
        {"report incoming", nothing, report_incoming},
        {"report a second incoming", active, report_incoming},
        {"report call", nothing, report_call},
        {"report call that interrupts", active, report_call},
        {"report call that interrupts a conference", conference, report_call},
        {"report updated", active, report_updated},
        {"report ended", active, report_ended},
        {"report ended with actions", answering, report_ended},
        {"report ended, others go on", hold_delivered, report_ended},
        {"report ended, others are resumed", interrupted, report_ended_c2},
        {"report ended, a hold is undone", hold_delivered, report_ended_c2},
        {"report ended of a member", conference, report_ended},
        {"report active", held, report_active},
        {"report active instead of an answer", answering, report_active},
        {"report held", active, report_held},
        {"report held instead of a hold", hold_delivered, report_held},
        {"report muted", active, report_muted},
        {"report connecting", started, report_connecting},
        {"report connected", started, report_connected},
        {"report connected instead of a start", starting, report_connected},
        {"start", nothing, start},
        {"end while answering", answering, end_c1},
        {"start that holds", active, start},
        {"answer", ringing, answer_c1},
        {"key that waits", answer_pending, key_c1},
        {"answer that joins", answer_pending, answer_c1},
        {"start that waits", answer_pending, start},
        {"answer that holds", call_waiting, answer_c2},
        {"end", active, end_c1},
        {"end of a ringing call", ringing, end_c1},
        {"end while held for another", hold_delivered, end_c1},
        {"end of the interrupter", interrupted, end_c2},
        {"hold", active, hold_c1},
        {"hold of a conference", conference, hold_c1},
        {"unhold", held, unhold_c1},
        {"unhold that holds", interrupted, unhold_c1},
        {"mute", active, mute_c1},
        {"mute, replaced", answering, mute_c1},
        {"key", active, key_c1},
        {"leave", conference, leave_c1},
        {"hold and answer", call_waiting, hold_and_answer},
        {"end and answer", call_waiting, end_and_answer},
        {"swap", interrupted, swap_c1},
        {"continue post-dial", dialled_to_the_end, continue_post_dial},
        {"fulfil hold", hold_delivered, fulfil_hold},
        {"fail hold", hold_delivered, fail_hold},
        {"fail hold of a conference", half_held, fail_what_is_open},
        {"fulfil answer", answering, fulfil_answer},
        {"fail answer", answering, fail_answer},
        {"fail start", starting, fail_start},
        {"fulfil join", half_merged, fulfil_join},
        {"tick: ring limit", ringing, next_tick},
        {"tick: time-out of a hold", hold_delivered, next_tick},
        {"tick: reply", answering, next_tick},
        {"tick: time-outs of a part", answering, late_tick},
        {"tick: post-dial", dialled, next_tick},
        {"tick: time-out of a start", starting, late_tick},
        {"register", nothing, register_provider},
        {"declare", nothing, declare_provider},
        {"declare anew", absent, declare_provider},
        {"undeclare", absent, undeclare_provider},
        {"configure", active, configure_provider},
        {"invalidate", answering, invalidate},
        {"invalidate in a conference", conference, invalidate},
        {"peer gone", hold_delivered, peer_gone},
        {"bus lost", hold_delivered, bus_lost},
        {"payload", nothing, push_to_running},
        {"payload that starts", absent, push_to_absent},
        {"payload, and its app goes", owed, peer_gone},
        {"tick: a report is overdue", owed, next_tick},
        {"do not disturb", ringing, do_not_disturb},
        {"silence", ringing, silence},
        {"default provider", nothing, default_provider},
        {"restored default", nothing, restored_default},
        {"PipeWire gone", active, audio_gone},
        {"audio ready", active, audio_ready},
};

const size_t OOM_N_INPUTS = ARRAY_SIZE(OOM_INPUTS);
