/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits: each one is reached, named with its value, and never ends or silences anything. */
#include "model/story.h"

static struct limits limits;

static void set_limits(void)
{
        sim_set_limits(s, &limits);
}

static void limits_setup(void)
{
        story_setup();
        limits = LIMITS_DEFAULT;
}

static void expect_number(unsigned value)
{
        char text[16];

        snprintf(text, sizeof(text), "%u", value);
        ck_assert_msg(strstr(engine_explain(sim_engine(s)), text) != NULL,
                      "'%s' does not name the value %s", engine_explain(sim_engine(s)), text);
}

/* The numbers of section 10. */
START_TEST(defaults)
{
        ck_assert_uint_eq(limits.calls_per_provider, 64);
        ck_assert_uint_eq(limits.ringing_per_provider, 16);
        ck_assert_uint_eq(limits.transactions_per_provider, 64);
        ck_assert_uint_eq(limits.actions_per_transaction, 32);
        ck_assert_uint_eq(limits.handle_length, 512);
        ck_assert_uint_eq(limits.name_length, 256);
        ck_assert_uint_eq(limits.identifier_length, 255);
        ck_assert_uint_eq(limits.dtmf_length, 64);
        ck_assert_uint_eq(limits.providers_per_peer, 8);
        ck_assert_uint_eq(limits.ringing_sandboxed, 4);
        ck_assert_uint_eq(limits.ringing_total, 32);
        ck_assert_uint_eq(limits.calls_total, 10000);
        ck_assert_uint_eq(limits.ring_limit, 90 * USEC_PER_SEC);
        ck_assert_uint_eq(limits.ended_linger, 3 * USEC_PER_SEC);
        ck_assert_uint_eq(limits.bus_reclaim_grace, 30 * USEC_PER_SEC);
        ck_assert_uint_eq(limits.reply_timeout, 20 * USEC_PER_SEC);
        ck_assert_int_eq(limits.auto_resume, AUTO_RESUME_LOCAL_END);
}
END_TEST

static void ring_calls(const char *provider, unsigned first, unsigned n)
{
        char name[16];

        for (unsigned i = 0; i < n; i++) {
                snprintf(name, sizeof(name), "%x", first + i);
                sim_incoming(s, provider, name);
        }
}

/* Rows: I9 */
START_TEST(ringing_per_provider)
{
        ring_calls("sip", 0x100, 16);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", NULL), REFUSAL_LIMIT_REACHED);
        expect_number(16);
        sim_incoming(s, "web", "c1");
        sim_ask(s, "ui", "end 100");
        sim_incoming(s, "sip", "c2");
}
END_TEST

START_TEST(ringing_in_all)
{
        ring_calls("sip", 0x100, 16);
        ring_calls("web", 0x200, 16);
        sim_provider(s, "gsm");
        ck_assert_int_eq(sim_try_incoming(s, "gsm", "c1", NULL), REFUSAL_LIMIT_REACHED);
        expect_number(32);
        sim_ask(s, "ui", "start c2 gsm");
}
END_TEST

START_TEST(ringing_of_a_sandboxed_app)
{
        struct provider_config config = sim_config("box");

        ck_assert_int_eq(sim_register_as(s, "box", &config, ":box", "flatpak/box", true), 0);
        ring_calls("box", 0x100, 4);
        ck_assert_int_eq(sim_try_incoming(s, "box", "c1", NULL), REFUSAL_LIMIT_REACHED);
        expect_number(4);
        sim_incoming(s, "sip", "c1");
}
END_TEST

START_TEST(calls_per_provider)
{
        limits.calls_per_provider = 2;
        set_limits();
        story_set_groups("sip", 9, 5);
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c3", NULL), REFUSAL_LIMIT_REACHED);
        expect_number(2);
        sim_refused(s, "ui", "start c3 sip", REFUSAL_LIMIT_REACHED);
        sim_ask(s, "ui", "end c2");
        sim_incoming(s, "sip", "c3");
}
END_TEST

START_TEST(calls_in_all)
{
        limits.calls_total = 2;
        set_limits();
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c3", NULL), REFUSAL_LIMIT_REACHED);
        sim_refused(s, "ui", "start c3 sip", REFUSAL_LIMIT_REACHED);
        expect_number(2);
}
END_TEST

START_TEST(actions_per_transaction)
{
        limits.actions_per_transaction = 3;
        set_limits();
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_refused(s, "ui", "dtmf c1 1, dtmf c1 2, dtmf c1 3, dtmf c1 4", REFUSAL_LIMIT_REACHED);
        expect_number(3);
        sim_ask(s, "ui", "dtmf c1 1, dtmf c1 2, dtmf c1 3");
}
END_TEST

/* `end` and `set-muted` of a live call are refused for no limit. Rows: T11 */
START_TEST(transactions_per_provider)
{
        limits.transactions_per_provider = 2;
        set_limits();
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "dtmf c1 1");
        sim_ask(s, "ui", "dtmf c1 2");
        sim_refused(s, "ui", "dtmf c1 3", REFUSAL_LIMIT_REACHED);
        expect_number(2);
        sim_ask(s, "ui", "mute c1");
        sim_expect(s, "sip perform mute c1");
        sim_ask(s, "ui", "mute c1");
        sim_ask(s, "ui", "unmute c1");
        sim_ask(s, "ui", "end c1");
        sim_expect(s, "sip perform end c1");
        sim_ask(s, "ui", "end c1");
        sim_ask(s, "ui", "end c1");
}
END_TEST

/* A transaction that touches another provider only is not refused for it. */
START_TEST(one_flood_stops_nobody_else)
{
        limits.transactions_per_provider = 1;
        set_limits();
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "unhold c1");
        sim_refused(s, "ui", "dtmf c1 1", REFUSAL_LIMIT_REACHED);
        sim_ask(s, "ui", "mute c2, answer c2");
}
END_TEST

START_TEST(length_of_texts)
{
        char text[600];
        struct call_update update = {
                .set = UPDATE_HANDLE, .handle_type = HANDLE_TYPE_GENERIC, .handle = text};

        memset(text, 'x', sizeof(text));
        text[513] = '\0';
        ck_assert_int_gt(sim_try_incoming(s, "sip", "c1", &update), 0);
        text[512] = '\0';
        ck_assert_int_eq(sim_try_incoming(s, "sip", "c1", &update), 0);
        memset(text, 'x', sizeof(text));
        text[257] = '\0';
        update = (struct call_update){.set = UPDATE_NAME, .name = text};
        ck_assert_int_gt(sim_try_updated(s, "sip", "c1", &update), 0);
        ck_assert_str_eq(sim_call(s, "c1")->name, "");
        text[256] = '\0';
        sim_updated(s, "c1", &update);
        ck_assert_uint_eq(strlen(sim_call(s, "c1")->name), 256);
}
END_TEST

START_TEST(length_of_an_outgoing_handle)
{
        char text[514];
        const struct uuid c1 = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = c1.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_GENERIC,
                                         .handle = text};

        memset(text, 'x', sizeof(text));
        text[513] = '\0';
        ck_assert_int_gt(sim_try_ask_raw(s, "ui", &args, 1), 0);
        text[512] = '\0';
        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
}
END_TEST

START_TEST(providers_per_peer)
{
        struct provider_config config;
        char name[16];

        for (unsigned i = 0; i < 8; i++) {
                snprintf(name, sizeof(name), "many%u", i);
                config = sim_config(name);
                ck_assert_int_eq(sim_register_as(s, name, &config, ":many", "1000/many", false), 0);
        }
        config = sim_config("more");
        ck_assert_int_eq(sim_register_as(s, "more", &config, ":many", "1000/many", false),
                         REFUSAL_LIMIT_REACHED);
        expect_number(8);
        config = sim_config("more");
        ck_assert_int_eq(sim_register_as(s, "more", &config, ":many2", "1000/many", false),
                         REFUSAL_LIMIT_REACHED);
        config = sim_config("more");
        ck_assert_int_eq(sim_register_as(s, "more", &config, ":other", "1000/other", false), 0);
}
END_TEST

/* Limits that are lowered end nothing. Rows: R3 */
START_TEST(lowered_limits_end_nothing)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_make(s, "sip", "c3", CALL_STATE_ACTIVE);
        limits.ringing_per_provider = 1;
        limits.calls_per_provider = 1;
        limits.calls_total = 1;
        set_limits();
        sim_expect_state(s, "c1", CALL_STATE_RINGING);
        sim_expect_state(s, "c2", CALL_STATE_RINGING);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "answer c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Ended calls count for nothing (2). */
START_TEST(ended_calls_count_for_nothing)
{
        limits.calls_per_provider = 1;
        limits.calls_total = 1;
        set_limits();
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_incoming(s, "sip", "c2");
        ck_assert_ptr_nonnull(sim_call(s, "c1"));
        ck_assert(!engine_in_call(sim_engine(s)));
}
END_TEST

/* A call that came and went in one turn is still announced (2). Rows: V2 */
START_TEST(short_call_is_announced)
{
        sim_begin(s, "a call comes and goes");
        ck_assert_int_eq(engine_report_incoming(sim_engine(s), sim_now(s), sim_number(s, "sip"),
                                                sim_uuid("c1").text,
                                                &(struct call_update){.set = 0}),
                         0);
        ck_assert_int_eq(
                engine_report_ended(sim_engine(s), sim_now(s), sim_number(s, "sip"),
                                    sim_uuid("c1").text,
                                    &(struct call_ending){.reason = ENDED_REASON_REMOTE_ENDED}),
                0);
        sim_end(s, 0);
        sim_expect(s, "c1 added", "c1 ended remote-ended");
        sim_expect(s, "c1 record");
        sim_expect_ring(s, "none");
}
END_TEST

static TCase *limits_case(void)
{
        TCase *some = tcase_create("limits");

        tcase_add_checked_fixture(some, limits_setup, story_teardown);
        tcase_add_test(some, defaults);
        tcase_add_test(some, ringing_per_provider);
        tcase_add_test(some, ringing_in_all);
        tcase_add_test(some, ringing_of_a_sandboxed_app);
        tcase_add_test(some, calls_per_provider);
        tcase_add_test(some, calls_in_all);
        tcase_add_test(some, actions_per_transaction);
        tcase_add_test(some, transactions_per_provider);
        tcase_add_test(some, one_flood_stops_nobody_else);
        tcase_add_test(some, length_of_texts);
        tcase_add_test(some, length_of_an_outgoing_handle);
        tcase_add_test(some, providers_per_peer);
        tcase_add_test(some, lowered_limits_end_nothing);
        tcase_add_test(some, ended_calls_count_for_nothing);
        tcase_add_test(some, short_call_is_announced);
        return some;
}

SUITE_MAIN("limits", limits_case());
