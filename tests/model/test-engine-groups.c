/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups: merge, private talk, holding a conference, and what fails in the middle of it. */
#include "model/story.h"

static void groups_setup(void)
{
        story_setup();
        story_set_groups("sip", 4, 5);
}

/* Rows: T18, T20. Join first, then the held member is resumed (policy). */
START_TEST(merge_unholds_the_held_member)
{
        const char *words = _i ? "join c1 c2" : "join c2 c1";

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_ask(s, _i ? "ui" : "sip", words);
        sim_expect(s, "sip perform *join*");
        sim_expect(s, "sip perform *unhold c1 (policy)");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_group(s, "c1", "c2", true);
        ck_assert(sim_is_activated(s, "c1") && sim_is_activated(s, "c2"));
        ck_assert_uint_ne(sim_call(s, "c1")->group, 0);
        ck_assert_uint_eq(call_group_size(sim_call(s, "c1")), 2);
        sim_expect_none(s, "sip perform*hold c2*");
        sim_expect_results(s, _i ? "join c1 c2 fulfilled" : "join c2 c1 fulfilled");
}
END_TEST

/* Where callsd mixes, the sound of a member that was active all along is linked anew (MixGroups).
 */
START_TEST(mixed_sound_follows_the_group)
{
        struct provider_config config = sim_config("sip");

        config.mix_groups = _i;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "join c1 c2");
        sim_expect(s, "audio c1 linked");
        if (_i)
                sim_expect(s, "audio c2 linked");
        else
                sim_expect_none(s, "audio c2 *");
        sim_ask(s, "ui", "end c1");
        if (_i)
                sim_expect(s, "audio c2 linked");
        else
                sim_expect_none(s, "audio c2 *");
}
END_TEST

/* What a join has to do depends on how a hold before it in the request turns out. Rows: T20 */
START_TEST(join_waits_for_a_hold_before_it)
{
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1, join c1 c2");
        sim_expect(s, "sip perform hold c1");
        sim_expect_none_at_all(s, "sip perform*join*");
        sim_fulfil(s, "hold c1");
        sim_expect(s, "sip perform*join c1 c2*");
}
END_TEST

/* A merge is an activation: arbitration comes first (5). */
START_TEST(merge_of_held_calls_holds_the_active_one_first)
{
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_make(s, "web", "c3", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", "join c1 c2");
        sim_expect(s, "web perform hold c3 (policy)", "sip perform *join c1 c2*");
        sim_expect(s, "c3 held", "c? active");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
}
END_TEST

/* If the resume fails, this member leaves the group and stays held (5). */
START_TEST(merge_whose_resume_fails)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave_for(s, "sip", ACTION_SET_HELD, SIM_FAIL);
        sim_ask(s, "ui", "join c1 c2");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_group(s, "c1", "c2", false);
        ck_assert_uint_eq(sim_call(s, "c1")->group, 0);
        ck_assert_uint_eq(sim_call(s, "c2")->group, 0);
}
END_TEST

/* Rows: X10, T18 */
START_TEST(merge_that_fails_changes_nothing)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_behave_for(s, "sip", ACTION_SET_GROUP, _i ? SIM_LATE : SIM_FAIL);
        sim_ask(s, "ui", "join c1 c2");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect_group(s, "c1", "c2", false);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_results(s, _i ? "join c1 c2 timed-out" : "join c1 c2 failed");
}
END_TEST

/* Rows: R5 */
START_TEST(merge_beyond_the_limit_is_refused)
{
        story_set_groups("sip", 4, _i ? 2 : 1);
        if (_i) {
                sim_make_group(s, "sip", "c1 c2");
        } else {
                sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
                ck_assert_uint_eq(sim_call(s, "c1")->allowed & CALL_ALLOWED_MERGE, 0);
        }
        sim_make(s, "sip", "c3", CALL_STATE_ACTIVE);
        ck_assert_uint_eq(sim_call(s, "c3")->allowed & CALL_ALLOWED_MERGE, 0);
        sim_refused(s, "ui", "join c3 c1", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        if (_i == 0)
                sim_refused(s, "ui", "join c1 c3", REFUSAL_REQUEST_MAXIMUM_GROUPS);
}
END_TEST

/* Rows: T18, U6. A member of another group leaves that first, for which it must be able to. */
START_TEST(member_of_another_group_leaves_that_first)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_make_group(s, "sip", "c3 c4");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_cannot(s, "c3", CALL_SUPPORTS_UNGROUPING);
        sim_refused(s, "ui", "join c3 c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_updated(s, "c3", &(struct call_update){.set = UPDATE_UNGROUPING, .ungrouping = true});
        sim_ask(s, "ui", "join c3 c1");
        sim_expect_group(s, "c3", "c1", true);
        sim_expect_group(s, "c3", "c2", true);
        sim_expect_group(s, "c3", "c4", false);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c4", CALL_STATE_HELD);
        ck_assert_uint_eq(sim_call(s, "c4")->group, 0);
}
END_TEST

/* Rows: T18, X5 */
START_TEST(calls_that_cannot_be_merged)
{
        sim_make(s, "web", "c2", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c3", CALL_STATE_RINGING);
        sim_refused(s, "ui", "join c1 c2", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "join c1 c3", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "join c3 c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "join c1 c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_refused(s, "ui", "join c1 c9", REFUSAL_REQUEST_UNKNOWN_CALL);
        sim_refused(s, "ui", "leave c1", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: T18. Already so: done at once. */
START_TEST(join_of_ones_own_group_is_done_at_once)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_ask(s, "ui", "join c1 c2");
        sim_expect_none(s, "sip *");
        sim_expect_results(s, "join c1 c2 fulfilled");
}
END_TEST

/* Rows: T13. Holding a member holds the group, one action each. */
START_TEST(hold_of_a_member_holds_the_group)
{
        sim_make_group(s, "sip", "c1 c2 c3");
        sim_ask(s, "ui", "hold c2");
        sim_expect(s, "c? held", "c? held", "c? held");
        sim_expect(s, "sip deactivated c?", "sip deactivated c?", "sip deactivated c?");
        sim_expect_results(s, "hold c2 fulfilled");
        sim_ask(s, "ui", "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_group(s, "c1", "c3", true);
}
END_TEST

/* The open hold whose turn it is: the order of members is callsd's choice. */
static void complete_next(bool fulfil)
{
        char words[64];
        const char *open = sim_open_action(s, "sip", 0);

        ck_assert_ptr_nonnull(open);
        snprintf(words, sizeof(words), "%s", open);
        if (fulfil)
                sim_fulfil(s, words);
        else
                sim_fail(s, words);
}

/* Arbitration holds each member of the obstacle (4.2). */
START_TEST(conference_is_held_for_another_provider)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_incoming(s, "web", "c3");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c3");
        sim_expect(s, "sip perform hold c? (policy), hold c? (policy)");
        complete_next(true);
        sim_expect_none(s, "web perform *");
        complete_next(true);
        sim_expect(s, "web perform answer c3");
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_expect_hold_reason(s, "c2", HOLD_REASON_INTERRUPTED);
}
END_TEST

static const struct call *the_held_one(void)
{
        const struct call *c1 = sim_call(s, "c1");

        return c1->state == CALL_STATE_HELD ? c1 : sim_call(s, "c2");
}

/* Rows: T13. One fails: those already held are un-held (5). */
START_TEST(half_held_group_is_resumed)
{
        char words[64];

        sim_make_group(s, "sip", "c1 c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        complete_next(true);
        complete_next(false);
        snprintf(words, sizeof(words), "unhold %s", sim_name(&the_held_one()->id));
        ck_assert(sim_is_open(s, words));
        sim_fulfil(s, words);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_group(s, "c1", "c2", true);
        ck_assert_int_eq(sim_audio_level(s, "c1"), AUDIO_LEVEL_LINKED);
        ck_assert_int_eq(sim_audio_level(s, "c2"), AUDIO_LEVEL_LINKED);
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_expect_none(s, "ui result hold c1 fulfilled");
}
END_TEST

/* And one whose un-hold fails leaves the group and stays held (5). */
START_TEST(half_held_group_that_cannot_be_resumed)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        complete_next(true);
        complete_next(false);
        complete_next(false);
        sim_expect_group(s, "c1", "c2", false);
        ck_assert_int_eq(the_held_one()->state, CALL_STATE_HELD);
        ck_assert_int_eq(sim_call(s, "c1")->state + sim_call(s, "c2")->state,
                         CALL_STATE_HELD + CALL_STATE_ACTIVE);
}
END_TEST

/* A fact against the second hold is as good as its failure: the group is one again (5, 6). */
START_TEST(fact_against_a_half_held_group)
{
        const char *active;
        char words[64];

        sim_make_group(s, "sip", "c1 c2");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        complete_next(true);
        active = the_held_one() == sim_call(s, "c1") ? "c2" : "c1";
        sim_fact(s, active, CALL_STATE_ACTIVE, FACT_SELF);
        snprintf(words, sizeof(words), "unhold %s", streq(active, "c1") ? "c2" : "c1");
        if (sim_is_open(s, words))
                sim_fulfil(s, words);
        ck_assert_int_eq(sim_call(s, "c1")->state, sim_call(s, "c2")->state);
        ck_assert_uint_eq(sim_n_pending(s), 0);
        sim_expect_none_at_all(s, "ui result hold c1 fulfilled");
}
END_TEST

/* A failing group hold in front of an answer costs no call either (X16). Rows: X16 */
START_TEST(half_held_obstacle_is_resumed)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_incoming(s, "web", "c3");
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "answer c3");
        complete_next(true);
        complete_next(false);
        complete_next(true);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_RINGING);
        sim_expect_results(s, "answer c3 hold-failed");
}
END_TEST

/* Rows: T19. Leave = private talk: the rest is held first, interrupted by the leaver. */
START_TEST(leaver_talks_alone)
{
        sim_make_group(s, "sip", "c1 c2 c3");
        sim_ask(s, "ui", "leave c3");
        sim_expect(s, "sip perform hold c? (policy)*hold c? (policy)*leave c3");
        sim_expect_state(s, "c3", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_group(s, "c1", "c2", true);
        sim_expect_group(s, "c1", "c3", false);
        ck_assert_uint_eq(sim_call(s, "c3")->group, 0);
        sim_expect_hold_reason(s, "c1", HOLD_REASON_INTERRUPTED);
        sim_expect_results(s, "leave c3 fulfilled");
        sim_expect_count(s, "sip *activated c3", 0);
        sim_ask(s, "ui", "end c3");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: T19 */
START_TEST(leaver_of_a_pair_leaves_two_lone_calls)
{
        sim_make_group(s, "sip", "c1 c2");
        sim_ask(s, "ui", "leave c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        ck_assert_uint_eq(sim_call(s, "c1")->group, 0);
        ck_assert_uint_eq(sim_call(s, "c2")->group, 0);
        sim_refused(s, "ui", "leave c1", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: T19 */
START_TEST(leaver_of_a_held_group_stays_held)
{
        sim_make_group(s, "sip", "c1 c2 c3");
        sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "leave c1");
        sim_expect(s, "sip perform leave c1");
        sim_expect_none(s, "sip perform *hold*");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_group(s, "c1", "c2", false);
        sim_expect_group(s, "c3", "c2", true);
}
END_TEST

/* Rows: R4, T19. It takes a slot (3). */
START_TEST(leave_beyond_the_slots_is_refused)
{
        story_set_groups("sip", 2, 5);
        sim_make_group(s, "sip", "c1 c2");
        story_set_groups("sip", 1, 5);
        ck_assert_uint_eq(sim_call(s, "c1")->allowed & CALL_ALLOWED_LEAVE, 0);
        sim_refused(s, "ui", "leave c1", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        sim_expect_group(s, "c1", "c2", true);
}
END_TEST

/* When a member ends, the others stay as they are (5). */
START_TEST(rest_of_a_group_stays)
{
        sim_make_group(s, "sip", "c1 c2 c3");
        if (_i)
                sim_ask(s, "ui", "hold c1");
        sim_ask(s, "ui", "end c2");
        sim_expect_none(s, "sip perform *hold*");
        sim_expect_none(s, "sip *activated c1");
        sim_expect_state(s, "c1", _i ? CALL_STATE_HELD : CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", _i ? CALL_STATE_HELD : CALL_STATE_ACTIVE);
        sim_expect_group(s, "c1", "c3", true);
        sim_ended(s, "c3", ENDED_REASON_REMOTE_ENDED);
        sim_expect_state(s, "c1", _i ? CALL_STATE_HELD : CALL_STATE_ACTIVE);
        ck_assert_uint_eq(sim_call(s, "c1")->group, 0);
}
END_TEST

/* A group's id is never used twice (1). */
START_TEST(group_ids_are_fresh)
{
        uint64_t first;

        sim_make_group(s, "sip", "c1 c2");
        first = sim_call(s, "c1")->group;
        ck_assert_uint_eq(sim_call(s, "c2")->group, first);
        sim_ask(s, "ui", "leave c1");
        sim_ask(s, "ui", "join c1 c2");
        ck_assert_uint_ne(sim_call(s, "c1")->group, 0);
        ck_assert_uint_ne(sim_call(s, "c1")->group, first);
}
END_TEST

/* A group needs one slot, however many members it has. Rows: R4 */
START_TEST(group_uses_one_slot)
{
        story_set_groups("sip", 2, 5);
        sim_make_group(s, "sip", "c1 c2");
        sim_ask(s, "ui", "start c3 sip");
        sim_expect_state(s, "c3", CALL_STATE_STARTED);
        sim_refused(s, "ui", "start c4 sip", REFUSAL_REQUEST_MAXIMUM_GROUPS);
}
END_TEST

/* While a held call is being joined its app makes it active, in a group with another. */
START_TEST(joined_call_leaves_an_active_group)
{
        const struct uuid with = sim_uuid("c2");
        const struct call_import import = {.state = CALL_STATE_ACTIVE, .group_with = with.text};

        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui waits", "join c2 c1");
        ck_assert_int_eq(sim_try_import(s, "sip", "c3", &import), 0);
        sim_expect_group(s, "c2", "c3", true);
        sim_behave(s, "sip", SIM_FULFIL);
        sim_fulfil(s, "join c2 c1");
        sim_expect(s, "sip perform hold c3 (policy)");
        sim_expect_group(s, "c2", "c1", true);
        sim_expect_group(s, "c2", "c3", false);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

static TCase *merge_case(void)
{
        TCase *merge = tcase_create("merge");

        tcase_add_checked_fixture(merge, groups_setup, story_teardown);
        tcase_add_loop_test(merge, merge_unholds_the_held_member, 0, 2);
        tcase_add_loop_test(merge, mixed_sound_follows_the_group, 0, 2);
        tcase_add_test(merge, merge_of_held_calls_holds_the_active_one_first);
        tcase_add_test(merge, join_waits_for_a_hold_before_it);
        tcase_add_test(merge, merge_whose_resume_fails);
        tcase_add_loop_test(merge, merge_that_fails_changes_nothing, 0, 2);
        tcase_add_loop_test(merge, merge_beyond_the_limit_is_refused, 0, 2);
        tcase_add_test(merge, member_of_another_group_leaves_that_first);
        tcase_add_test(merge, calls_that_cannot_be_merged);
        tcase_add_test(merge, join_of_ones_own_group_is_done_at_once);
        tcase_add_test(merge, group_ids_are_fresh);
        tcase_add_test(merge, joined_call_leaves_an_active_group);
        tcase_add_test(merge, group_uses_one_slot);
        return merge;
}

static TCase *hold_case(void)
{
        TCase *hold = tcase_create("hold");

        tcase_add_checked_fixture(hold, groups_setup, story_teardown);
        tcase_add_test(hold, hold_of_a_member_holds_the_group);
        tcase_add_test(hold, conference_is_held_for_another_provider);
        tcase_add_test(hold, half_held_group_is_resumed);
        tcase_add_test(hold, half_held_group_that_cannot_be_resumed);
        tcase_add_test(hold, fact_against_a_half_held_group);
        tcase_add_test(hold, half_held_obstacle_is_resumed);
        return hold;
}

static TCase *leave_case(void)
{
        TCase *leave = tcase_create("leave");

        tcase_add_checked_fixture(leave, groups_setup, story_teardown);
        tcase_add_test(leave, leaver_talks_alone);
        tcase_add_test(leave, leaver_of_a_pair_leaves_two_lone_calls);
        tcase_add_test(leave, leaver_of_a_held_group_stays_held);
        tcase_add_test(leave, leave_beyond_the_slots_is_refused);
        tcase_add_loop_test(leave, rest_of_a_group_stays, 0, 2);
        return leave;
}

SUITE_MAIN("groups", merge_case(), hold_case(), leave_case());
