/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What providers report without being asked: imports, and changes that the network made. */
#include "model/story.h"

/* `answering` and `starting` are states of callsd's own actions, no call is in them without. */
static const enum call_state IMPORTED[] = {
        CALL_STATE_RINGING, CALL_STATE_STARTED, CALL_STATE_CONNECTING,
        CALL_STATE_ACTIVE,  CALL_STATE_HELD,
};

/* A call that exists already, in any live state; past `ringing` it never rings. Rows: R14 */
START_TEST(import_in_any_state)
{
        const enum call_state state = IMPORTED[_i];

        sim_import(s, "sip", "c1", state);
        sim_expect_state(s, "c1", state);
        sim_expect(s, "c1 added");
        sim_expect_none(s, "sip perform *");
        sim_expect_ring(s, state == CALL_STATE_RINGING ? "tone c1" : "none");
        if (state == CALL_STATE_ACTIVE || state == CALL_STATE_STARTED ||
            state == CALL_STATE_CONNECTING)
                ck_assert(sim_is_activated(s, "c1"));
        else
                ck_assert(!sim_is_activated(s, "c1"));
        if (state == CALL_STATE_ACTIVE || state == CALL_STATE_HELD)
                ck_assert_uint_ne(sim_call(s, "c1")->connected_at.realtime, 0);
        sim_ask(s, "ui", "end c1");
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
}
END_TEST

/* Rows: R14 */
START_TEST(import_carries_everything)
{
        const usec_t now = sim_now(s).realtime;
        const struct uuid c1 = sim_uuid("c1");
        const struct call_import first = {.state = CALL_STATE_ACTIVE,
                                          .outgoing = true,
                                          .muted = true,
                                          .started_at = now - 100 * USEC_PER_SEC,
                                          .connected_at = now - 90 * USEC_PER_SEC,
                                          .update = {.set = UPDATE_NAME | UPDATE_HANDLE,
                                                     .name = "Ada",
                                                     .handle_type = HANDLE_TYPE_GENERIC,
                                                     .handle = "sip:ada@example.org"}};
        const struct call_import second = {.state = CALL_STATE_ACTIVE, .group_with = c1.text};

        ck_assert_int_eq(sim_try_import(s, "sip", "c1", &first), 0);
        ck_assert(sim_call(s, "c1")->outgoing && sim_call(s, "c1")->muted);
        ck_assert(sim_audio_muted(s, "c1"));
        ck_assert_str_eq(sim_call(s, "c1")->name, "Ada");
        ck_assert_uint_eq(sim_call(s, "c1")->started_at.realtime, first.started_at);
        ck_assert_uint_eq(sim_call(s, "c1")->connected_at.realtime, first.connected_at);
        ck_assert_int_eq(sim_try_import(s, "sip", "c2", &second), 0);
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Past ringing an import is refused neither for limits nor for filters (6). */
START_TEST(import_is_not_filtered)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.ringing_per_provider = 1;
        limits.calls_per_provider = 1;
        sim_set_limits(s, &limits);
        story_set_groups("sip", 1, 1);
        sim_set_do_not_disturb(s, true);
        sim_judge(s, "", REFUSAL_INCOMING_BLOCK_LIST, false);
        sim_import(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_import(s, "sip", "c2", CALL_STATE_HELD);
        sim_import(s, "sip", "c3", CALL_STATE_HELD);
        ck_assert_int_gt(
                sim_try_import(s, "sip", "c4", &(struct call_import){.state = CALL_STATE_RINGING}),
                0);
        ck_assert_ptr_null(sim_call(s, "c4"));
}
END_TEST

/* Rows: I3 */
START_TEST(import_of_a_live_call_is_refused_or_the_same)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_gt(
                sim_try_import(s, "web", "c1", &(struct call_import){.state = CALL_STATE_ACTIVE}),
                0);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* One that callsd has already is brought to what the app says, and no further. Rows: R14 */
START_TEST(import_of_a_known_call_says_its_state)
{
        static const enum call_state later[] = {CALL_STATE_STARTED, CALL_STATE_CONNECTING,
                                                CALL_STATE_ACTIVE, CALL_STATE_HELD};
        const struct call_import import = {.state = later[_i], .outgoing = true};

        sim_make(s, "sip", "c1", CALL_STATE_STARTED);
        ck_assert_int_eq(sim_try_import(s, "sip", "c1", &import), 0);
        sim_expect_state(s, "c1", later[_i]);
}
END_TEST

/* Rows: X15. A second active group: the first loses its audio at once and is held (6). */
START_TEST(fact_interrupts_the_active_group)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_import(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_expect(s, "c1 held", "c2 added");
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_expect(s, "sip perform hold c1 (policy)");
        sim_expect(s, "sip deactivated c1", "web activated c2");
        ck_assert_int_ne(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        if (_i == 0)
                sim_fulfil(s, "hold c1");
        else if (_i == 1)
                sim_fail(s, "hold c1");
        else
                sim_advance(s, 30 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_count_all(s, "sip deactivated c1", 1);
}
END_TEST

/* The obstacle that cannot be held is not ended either: a fact is never refused (6). */
START_TEST(fact_ends_nobody)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_cannot(s, "c1", CALL_SUPPORTS_HOLDING);
        sim_import(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_none_at_all(s, "sip perform end *");
}
END_TEST

/* A conference is interrupted as a whole (6). */
START_TEST(fact_interrupts_a_conference)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_import(s, "web", "c3", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
}
END_TEST

/* The active import joins a held call of its app: all of that group is active now (6, 5). */
START_TEST(fact_activates_the_group_it_joins)
{
        const struct uuid c2 = sim_uuid("c2");
        const struct call_import import = {.state = CALL_STATE_ACTIVE, .group_with = c2.text};

        sim_make(s, "web", "c2", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_try_import(s, "web", "c3", &import), 0);
        sim_expect_group(s, "c2", "c3", true);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Two calls that callsd knows are joined by somebody else: nobody is asked to hold (6). */
START_TEST(fact_joins_known_calls)
{
        const struct uuid c1 = sim_uuid("c1"), c2 = sim_uuid("c2"), no = sim_uuid("c9");
        struct call_import import = {.state = CALL_STATE_ACTIVE, .group_with = c2.text};

        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_try_import(s, "sip", "c1", &import), 0);
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_none(s, "perform sip *");
        /* as a whole, and no matter which of them says so */
        import = (struct call_import){.state = CALL_STATE_HELD, .group_with = c1.text};
        ck_assert_int_eq(sim_try_import(s, "sip", "c2", &import), 0);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        import.group_with = no.text;
        ck_assert_int_gt(sim_try_import(s, "sip", "c2", &import), 0);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
}
END_TEST

/* The same of a call that rings here, and of another app's active call. */
START_TEST(fact_joins_a_ringing_call)
{
        const struct uuid c2 = sim_uuid("c2");
        const struct call_import import = {.state = CALL_STATE_ACTIVE, .group_with = c2.text};

        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_make(s, "web", "c3", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        ck_assert_int_eq(sim_try_import(s, "sip", "c1", &import), 0);
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
}
END_TEST

/* Held on this side: reason provider. Rows: T13 */
START_TEST(fact_holds_and_resumes)
{
        static const enum fact_source sources[] = {FACT_NETWORK, FACT_OTHER_CLIENT, FACT_SELF};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_fact(s, "c1", CALL_STATE_HELD, sources[_i]);
        sim_expect(s, "c1 held");
        sim_expect(s, "sip deactivated c1");
        sim_expect_none(s, "sip perform *");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_PROVIDER);
        sim_fact(s, "c1", CALL_STATE_HELD, sources[_i]);
        sim_expect_none(s, "c1 *");
        sim_fact(s, "c1", CALL_STATE_ACTIVE, sources[_i]);
        sim_expect(s, "c1 active", "sip activated c1");
        sim_expect_hold_reason(s, "c1", HOLD_REASON_NONE);
        sim_expect_none_at_all(s, "sip perform *hold*");
}
END_TEST

/* Hold by the far end is only RemoteHeld (6). */
START_TEST(remote_hold_is_only_a_flag)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_updated(s, "c1", &(struct call_update){.set = UPDATE_REMOTE_HELD, .remote_held = true});
        sim_expect(s, "c1 changed*remote-held*");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
}
END_TEST

/* A fact that agrees with a pending action fulfils it (6). Rows: T8 */
START_TEST(fact_answers_a_pending_answer)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c1, dtmf c1 1");
        sim_fact(s, "c1", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
        sim_fulfil(s, "dtmf c1 1");
        sim_expect_results(s, "answer c1 fulfilled, dtmf c1 1 fulfilled");
}
END_TEST

START_TEST(fact_fulfils_a_pending_hold)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_fact(s, "c1", CALL_STATE_HELD, FACT_SELF);
        sim_expect_results(s, "hold c1 fulfilled");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ask(s, "ui", "unhold c1");
        sim_fact(s, "c1", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect_results(s, "unhold c1 fulfilled");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
}
END_TEST

/* One that contradicts it cancels it (6). */
START_TEST(fact_cancels_a_pending_unhold)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "unhold c1");
        sim_fact(s, "c1", CALL_STATE_HELD, FACT_NETWORK);
        sim_expect(s, "sip cancelled unhold c1");
        sim_expect_results(s, "unhold c1 cancelled");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
}
END_TEST

/* The phone was answered by the app itself. Rows: T8 */
START_TEST(fact_answers_a_ringing_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_RINGING);
        sim_fact(s, "c1", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect(s, "c1 active");
        sim_expect_ring(s, "none");
        ck_assert_uint_ne(sim_call(s, "c1")->connected_at.realtime, 0);
        ck_assert(sim_is_activated(s, "c1"));
        sim_expect_none(s, "sip perform *");
        sim_advance(s, 120 * USEC_PER_SEC);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* A started or connecting call in the way is deactivated, and activated again later (6). */
START_TEST(call_under_way_gives_its_audio_away)
{
        static const enum call_state states[] = {CALL_STATE_STARTED, CALL_STATE_CONNECTING};

        sim_make(s, "sip", "c1", states[_i]);
        ck_assert(sim_is_activated(s, "c1"));
        sim_import(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_expect(s, "sip deactivated c1", "web activated c2");
        sim_expect_state(s, "c1", states[_i]);
        sim_ended(s, "c2", ENDED_REASON_REMOTE_ENDED);
        sim_expect(s, "web deactivated c2", "sip activated c1");
        sim_expect_state(s, "c1", states[_i]);
        sim_connected(s, "c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: G2. An outgoing call that connects while another is active is a fact too. */
START_TEST(connected_interrupts)
{
        sim_make(s, "sip", "c1", CALL_STATE_STARTED);
        sim_import(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_connected(s, "c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_hold_reason(s, "c2", HOLD_REASON_INTERRUPTED);
        sim_expect(s, "web perform hold c2 (policy)");
}
END_TEST

/* Facts of one member in a conference; and facts do not wait for the floor (4.2). */
START_TEST(facts_do_not_wait)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c2");
        sim_fact(s, "c1", CALL_STATE_HELD, FACT_NETWORK);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, "answer c2 fulfilled");
}
END_TEST

/* Rows: U9 */
START_TEST(impossible_facts_are_refused)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_gt(sim_try_fact(s, "sip", "c1", CALL_STATE_RINGING, FACT_SELF), 0);
        ck_assert_int_gt(sim_try_fact(s, "sip", "c1", CALL_STATE_ENDED, FACT_SELF), 0);
        ck_assert_int_gt(
                sim_try_import(s, "sip", "c2", &(struct call_import){.state = CALL_STATE_ENDED}),
                0);
        ck_assert_int_gt(
                sim_try_import(s, "sip", "c2", &(struct call_import){.state = CALL_STATE_STARTED}),
                0);
        sim_make(s, "sip", "c3", CALL_STATE_ENDING);
        sim_try_fact(s, "sip", "c3", CALL_STATE_ACTIVE, FACT_SELF);
        sim_expect_state(s, "c3", CALL_STATE_ENDING);
}
END_TEST

static TCase *import_case(void)
{
        TCase *import = story_case("import");

        tcase_add_loop_test(import, import_in_any_state, 0, (int)ARRAY_SIZE(IMPORTED));
        tcase_add_test(import, import_carries_everything);
        tcase_add_test(import, import_is_not_filtered);
        tcase_add_test(import, import_of_a_live_call_is_refused_or_the_same);
        tcase_add_loop_test(import, import_of_a_known_call_says_its_state, 0, 4);
        return import;
}

static TCase *fact_case(void)
{
        TCase *fact = story_case("fact");

        tcase_add_loop_test(fact, fact_interrupts_the_active_group, 0, 3);
        tcase_add_test(fact, fact_ends_nobody);
        tcase_add_test(fact, fact_interrupts_a_conference);
        tcase_add_test(fact, fact_activates_the_group_it_joins);
        tcase_add_test(fact, fact_joins_known_calls);
        tcase_add_test(fact, fact_joins_a_ringing_call);
        tcase_add_loop_test(fact, fact_holds_and_resumes, 0, 3);
        tcase_add_test(fact, remote_hold_is_only_a_flag);
        tcase_add_test(fact, fact_answers_a_pending_answer);
        tcase_add_test(fact, fact_fulfils_a_pending_hold);
        tcase_add_test(fact, fact_cancels_a_pending_unhold);
        tcase_add_test(fact, fact_answers_a_ringing_call);
        tcase_add_loop_test(fact, call_under_way_gives_its_audio_away, 0, 2);
        tcase_add_test(fact, connected_interrupts);
        tcase_add_test(fact, facts_do_not_wait);
        tcase_add_test(fact, impossible_facts_are_refused);
        return fact;
}

SUITE_MAIN("facts", import_case(), fact_case());
