/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys, pauses, post-dial strings, and translating. */
#include "model/story.h"

static const enum call_state WITH_KEYS[] = {CALL_STATE_STARTED, CALL_STATE_CONNECTING,
                                            CALL_STATE_ACTIVE};
static const enum call_state WITHOUT_KEYS[] = {CALL_STATE_RINGING, CALL_STATE_HELD,
                                               CALL_STATE_ENDING};

/* Rows: T21, T24 */
START_TEST(key_is_played)
{
        sim_make(s, "sip", "c1", WITH_KEYS[_i]);
        sim_ask(s, "ui", "dtmf c1 5");
        sim_expect(s, "sip perform dtmf c1 5");
        sim_expect_results(s, "dtmf c1 5 fulfilled");
}
END_TEST

/* Rows: T24, X5 */
START_TEST(key_is_refused_in_other_states)
{
        sim_make(s, "sip", "c1", WITHOUT_KEYS[_i]);
        sim_refused(s, "ui", "dtmf c1 5", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: T21. The next key waits for the completion of the one before. */
START_TEST(keys_go_one_by_one)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "dtmf c1 1");
        sim_ask(s, "ui", "dtmf c1 2");
        sim_expect_none(s, "sip perform *");
        sim_fulfil(s, "dtmf c1 1");
        sim_expect(s, "sip perform dtmf c1 2");
        sim_fail(s, "dtmf c1 2");
        sim_expect_results(s, "dtmf c1 2 failed");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: T21, X10. A key that times out leaves the call alive; the next may go. */
START_TEST(key_times_out)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_LATE);
        sim_ask(s, "ui", "dtmf c1 1");
        sim_ask(s, "ui", "dtmf c1 2");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect(s, "sip timed-out dtmf c1 1", "sip perform dtmf c1 2");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

/* Rows: T24 */
START_TEST(valid_keys)
{
        static const char *const good[] = {"dtmf c1 0",
                                           "dtmf c1 9",
                                           "dtmf c1 *",
                                           "dtmf c1 #",
                                           "dtmf c1 A",
                                           "dtmf c1 D",
                                           "soft c1 0123456789*#ABCD;",
                                           "hard c1 7",
                                           "soft c1 1"};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_ask(s, "ui", good[_i]);
}
END_TEST

/* Rows: T24 */
START_TEST(invalid_keys)
{
        static const char *const bad[] = {"dtmf c1 12", "dtmf c1 E", "dtmf c1 a",  "dtmf c1 ;",
                                          "dtmf c1",    "soft c1",   "hard c1 1x", "soft c1 +49",
                                          "hard c1",    "dtmf c1 d"};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_refused(s, "ui", bad[_i], REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* Rows: T24. Pauses carry 1 to 64 keys; the comma is one (the words of sim cannot say it). */
START_TEST(pause_has_at_most_64_keys)
{
        const struct uuid c1 = sim_uuid("c1");
        struct action_args args = {.type = ACTION_PLAY_DTMF,
                                   .call = c1.text,
                                   .dtmf_type = DTMF_SOFT_PAUSE,
                                   .digits = "1,2;3"};
        char digits[66];

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        memset(digits, '1', sizeof(digits));
        digits[64] = '\0';
        args.digits = digits;
        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        digits[64] = '1';
        digits[65] = '\0';
        ck_assert_int_gt(sim_try_ask_raw(s, "ui", &args, 1), 0);
        args.dtmf_type = DTMF_SINGLE_TONE;
        args.digits = ",";
        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

/* DTMF waits only for earlier ones of the same call, not for the floor (4.1). */
START_TEST(keys_do_not_wait_for_the_floor)
{
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "join c2 c1");
        sim_expect(s, "sip perform join c2 c1*");
        sim_ask(s, "ui", "dtmf c1 1");
        sim_expect(s, "sip perform dtmf c1 1");
        sim_fulfil(s, "dtmf c1 1");
        sim_expect_results(s, "dtmf c1 1 fulfilled");
}
END_TEST

/* A key for a call that is still being answered is legal then, and waits for that (3, 4.1). */
START_TEST(key_waits_for_the_answer)
{
        sim_make(s, "sip", "c1", _i ? CALL_STATE_ANSWERING : CALL_STATE_STARTING);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "dtmf c1 1");
        sim_expect_none(s, "sip perform *");
        sim_fulfil(s, _i ? "answer c1" : "start c1");
        sim_expect(s, "sip perform dtmf c1 1");
}
END_TEST

static void dial(const char *handle)
{
        const struct uuid c1 = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = c1.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = handle};

        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
}

/* Rows: T22. After active, a comma is a pause of 2 s; the digits go as one action. */
START_TEST(soft_pause_sends_by_itself)
{
        dial("+49301234,56#");
        ck_assert_str_eq(sim_call(s, "c1")->handle, "+49301234");
        sim_expect_none_at_all(s, "sip perform *soft*");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_connected(s, "c1");
        sim_advance(s, 2 * USEC_PER_SEC - 1);
        sim_expect_none(s, "sip perform *");
        sim_advance(s, 1);
        sim_expect(s, "sip perform soft c1 56#*");
        ck_assert(!sim_call(s, "c1")->post_dial_waits);
}
END_TEST

/* Rows: T23 */
START_TEST(hard_pause_waits_for_the_user)
{
        dial("+49301234;56#");
        sim_connected(s, "c1");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip perform hard*");
        sim_expect_all(s, "c1 changed*post-dial*");
        ck_assert(sim_call(s, "c1")->post_dial_waits);
        ck_assert_str_eq(sim_call(s, "c1")->post_dial, "56#");
        ck_assert_int_eq(sim_try_post_dial(s, "ui", "c1"), 0);
        sim_expect(s, "sip perform hard c1 56#");
        ck_assert(!sim_call(s, "c1")->post_dial_waits);
        ck_assert_int_eq(sim_try_post_dial(s, "ui", "c1"), REFUSAL_WRONG_STATE);
}
END_TEST

/* A pause in front of a stop has nothing to send. Rows: T22, T23 */
START_TEST(soft_pause_before_a_hard_pause)
{
        dial("0123,,;67");
        sim_connected(s, "c1");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip perform soft*");
        ck_assert(sim_call(s, "c1")->post_dial_waits);
        ck_assert_int_eq(sim_try_post_dial(s, "ui", "c1"), 0);
        sim_expect(s, "sip perform hard c1 67");
}
END_TEST

/* Rows: T22, T23 */
START_TEST(soft_pause_then_hard_pause)
{
        dial("0123,45;67");
        sim_connected(s, "c1");
        sim_advance(s, 2 * USEC_PER_SEC);
        sim_expect(s, "sip perform soft c1 45*");
        sim_advance(s, 60 * USEC_PER_SEC);
        sim_expect_none(s, "sip perform hard*");
        ck_assert(sim_call(s, "c1")->post_dial_waits);
        ck_assert_str_eq(sim_call(s, "c1")->post_dial, "67");
        ck_assert_int_eq(sim_try_post_dial(s, "ui", "c1"), 0);
        sim_expect(s, "sip perform hard c1 67");
}
END_TEST

/* Rows: T23 */
START_TEST(post_dial_is_cancelled)
{
        dial("0123;67");
        sim_connected(s, "c1");
        ck_assert(sim_call(s, "c1")->post_dial_waits);
        ck_assert_int_eq(sim_try_cancel_post_dial(s, "ui", "c1"), 0);
        ck_assert(!sim_call(s, "c1")->post_dial_waits);
        ck_assert_int_eq(sim_try_post_dial(s, "ui", "c1"), REFUSAL_WRONG_STATE);
        ck_assert_int_eq(sim_try_cancel_post_dial(s, "ui", "c1"), 0);
}
END_TEST

/* Rows: T22. Only phone numbers are split. */
START_TEST(other_handles_are_not_split)
{
        const struct uuid c1 = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = c1.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_GENERIC,
                                         .handle = "sip:a@example.org;transport=tcp"};

        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        ck_assert_str_eq(sim_call(s, "c1")->handle, "sip:a@example.org;transport=tcp");
        sim_connected(s, "c1");
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip perform *hard*");
        ck_assert(!sim_call(s, "c1")->post_dial_waits);
}
END_TEST

static int try_dial(const char *number)
{
        const struct uuid id = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = id.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = number};

        return sim_try_ask_raw(s, "ui", &args, 1);
}

/* Rows: T24. What cannot be sent is said before it is dialled, not when the user waits for it. */
START_TEST(post_dial_has_keys_only)
{
        char number[128] = "0123;";

        ck_assert_int_eq(try_dial("0123,4x"), REFUSAL_REQUEST_INVALID_ACTION);
        ck_assert_int_eq(try_dial("0123;\xc3\xa4"), REFUSAL_REQUEST_INVALID_ACTION);
        ck_assert_int_eq(try_dial(",5"), REFUSAL_INVALID_ARGS);
        memset(number + 5, '1', 64);
        ck_assert_int_eq(try_dial(number), REFUSAL_LIMIT_REACHED);
        number[4 + 64] = '\0';
        ck_assert_int_eq(try_dial(number), 0);
}
END_TEST

/* Rows: T22. Numbers come from address books. */
START_TEST(post_dial_has_no_separators)
{
        dial("+49 (30) 1234, (5-6) / 7.#;8 9");
        ck_assert_str_eq(sim_call(s, "c1")->handle, "+49 (30) 1234");
        sim_connected(s, "c1");
        sim_advance(s, 2 * USEC_PER_SEC);
        sim_expect(s, "sip perform soft c1 567#*");
        ck_assert_str_eq(sim_call(s, "c1")->post_dial, "89");
}
END_TEST

/* Rows: T23. Nothing is waited for behind the last pause. */
START_TEST(post_dial_ends_with_a_pause)
{
        dial("0123;");
        sim_connected(s, "c1");
        ck_assert(!sim_call(s, "c1")->post_dial_waits);
        ck_assert_ptr_null(sim_call(s, "c1")->post_dial);
}
END_TEST

/* Rows: T22, E7. A call that ends takes its post-dial string along. */
START_TEST(ended_call_dials_nothing)
{
        dial("0123,45");
        sim_connected(s, "c1");
        sim_ended(s, "c1", ENDED_REASON_REMOTE_ENDED);
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip perform soft*");
}
END_TEST

/* Rows: R11, T25 */
START_TEST(translating_needs_a_provider_that_can)
{
        struct provider_config config = sim_config("sip");

        ck_assert(!sim_provider_of(s, "sip")->config.supports_audio_translation);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_refused(s, "ui", "translate c1", REFUSAL_REQUEST_INVALID_ACTION);
        config.supports_audio_translation = true;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        ck_assert(sim_provider_of(s, "sip")->config.supports_audio_translation);
        sim_behave(s, "sip", SIM_SILENT);
        sim_ask(s, "ui", "translate c1");
        sim_expect(s, "sip perform translate c1");
        ck_assert_str_eq(sim_action(s, "translate c1")->text, "de-DE");
        ck_assert_str_eq(sim_action(s, "translate c1")->text2, "en-GB");
        ck_assert(!sim_call(s, "c1")->translating);
        ck_assert_int_eq(
                sim_try_fulfil(s, "translate c1", &(struct action_outcome){.custom_engine = true}),
                0);
        ck_assert(sim_call(s, "c1")->translating);
        sim_expect_results(s, "translate c1 fulfilled");
        sim_ask(s, "ui", "translate c1");
        sim_expect_none(s, "sip *");
        sim_expect_results(s, "translate c1 fulfilled");
        sim_ask(s, "ui", "untranslate c1");
        sim_fail(s, "untranslate c1");
        ck_assert(sim_call(s, "c1")->translating);
        sim_ask(s, "ui", "untranslate c1");
        sim_fulfil(s, "untranslate c1");
        ck_assert(!sim_call(s, "c1")->translating);
}
END_TEST

/* Rows: T25, X5 */
START_TEST(translating_needs_an_active_call)
{
        struct provider_config config = sim_config("sip");

        config.supports_audio_translation = true;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_HELD);
        sim_refused(s, "ui", "translate c1", REFUSAL_REQUEST_INVALID_ACTION);
        sim_make(s, "sip", "c2", CALL_STATE_RINGING);
        sim_refused(s, "ui", "translate c2", REFUSAL_REQUEST_INVALID_ACTION);
}
END_TEST

static TCase *keys_case(void)
{
        TCase *keys = story_case("keys");

        tcase_add_loop_test(keys, key_is_played, 0, (int)ARRAY_SIZE(WITH_KEYS));
        tcase_add_loop_test(keys, key_is_refused_in_other_states, 0, (int)ARRAY_SIZE(WITHOUT_KEYS));
        tcase_add_test(keys, keys_go_one_by_one);
        tcase_add_test(keys, key_times_out);
        tcase_add_loop_test(keys, valid_keys, 0, 9);
        tcase_add_loop_test(keys, invalid_keys, 0, 10);
        tcase_add_test(keys, pause_has_at_most_64_keys);
        tcase_add_test(keys, keys_do_not_wait_for_the_floor);
        tcase_add_loop_test(keys, key_waits_for_the_answer, 0, 2);
        return keys;
}

static TCase *post_dial_case(void)
{
        TCase *post_dial = story_case("post-dial");

        tcase_add_test(post_dial, soft_pause_sends_by_itself);
        tcase_add_test(post_dial, hard_pause_waits_for_the_user);
        tcase_add_test(post_dial, soft_pause_then_hard_pause);
        tcase_add_test(post_dial, soft_pause_before_a_hard_pause);
        tcase_add_test(post_dial, post_dial_is_cancelled);
        tcase_add_test(post_dial, other_handles_are_not_split);
        tcase_add_test(post_dial, ended_call_dials_nothing);
        tcase_add_test(post_dial, post_dial_has_keys_only);
        tcase_add_test(post_dial, post_dial_has_no_separators);
        tcase_add_test(post_dial, post_dial_ends_with_a_pause);
        return post_dial;
}

/* Rows: T25 */
START_TEST(translating_needs_two_languages)
{
        static const char *const wrong[] = {"", "-de", "de_DE", "de DE", NULL};
        struct provider_config config = sim_config("sip");
        struct action_args args = {.type = ACTION_SET_TRANSLATING, .on = true};
        const struct request request = {
                .controller = true, .peer = ":ui", .actions = &args, .n_actions = 1};
        const char *language = wrong[_i / 2];
        const struct uuid c1 = sim_uuid("c1");
        struct uuid transaction;

        config.supports_audio_translation = true;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        args.call = c1.text;
        args.local_language = _i % 2 ? "en-GB" : language;
        args.remote_language = _i % 2 ? language : "en-GB";
        ck_assert_int_eq(engine_request(sim_engine(s), sim_now(s), &request, &transaction),
                         REFUSAL_INVALID_ARGS);
        ck_assert_ptr_nonnull(strstr(engine_explain(sim_engine(s)), "BCP 47"));
}
END_TEST

static TCase *translating_case(void)
{
        TCase *translating = story_case("translating");

        tcase_add_test(translating, translating_needs_a_provider_that_can);
        tcase_add_test(translating, translating_needs_an_active_call);
        tcase_add_loop_test(translating, translating_needs_two_languages, 0, 10);
        return translating;
}

SUITE_MAIN("dtmf", keys_case(), post_dial_case(), translating_case());
