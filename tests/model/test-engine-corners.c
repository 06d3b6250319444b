/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Corners that ./dev mutate found nobody in: each test fails for one changed condition. */
#include "model/story.h"

static struct provider_config named(const char *name, size_t length)
{
        struct provider_config config = sim_config(name);

        config.localized_name = calloc(1, length + 1);
        ck_assert_ptr_nonnull(config.localized_name);
        memset(config.localized_name, 'n', length);
        return config;
}

/* As long as a limit says is not too long. */
START_TEST(name_as_long_as_allowed)
{
        struct provider_config config = named("long", LIMITS_DEFAULT.name_length);

        ck_assert_int_eq(sim_register(s, "long", &config), 0);
        config = named("longer", LIMITS_DEFAULT.name_length + 1);
        ck_assert_int_eq(sim_register(s, "longer", &config), REFUSAL_LIMIT_REACHED);
}
END_TEST

START_TEST(identifier_as_long_as_allowed)
{
        const size_t limit = LIMITS_DEFAULT.identifier_length;

        for (size_t length = limit; length <= limit + 1; length++) {
                struct provider_config config = sim_config("x");

                free(config.identifier);
                config.identifier = calloc(1, length + 1);
                ck_assert_ptr_nonnull(config.identifier);
                memset(config.identifier, 'i', length);
                config.identifier[3] = '.';
                ck_assert_int_eq(sim_register(s, "x", &config),
                                 length == limit ? 0 : REFUSAL_LIMIT_REACHED);
        }
}
END_TEST

/* Rows: R1 */
START_TEST(identifier_has_a_dot)
{
        static const char *const names[] = {"Phone", ".org", "org.", "org..x", "org/x.y", ""};
        struct provider_config config = sim_config("x");

        free(config.identifier);
        config.identifier = strdup(names[_i]);
        ck_assert_ptr_nonnull(config.identifier);
        ck_assert_int_eq(sim_register(s, "x", &config), REFUSAL_INVALID_ARGS);
}
END_TEST

static void dial(const char *number)
{
        const struct uuid id = sim_uuid("c1");
        const struct action_args args = {.type = ACTION_START,
                                         .call = id.text,
                                         .provider = "org.example.sip",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = number};

        ck_assert_int_eq(sim_try_ask_raw(s, "ui", &args, 1), 0);
        sim_connected(s, "c1");
}

/* Rows: T22, T23. Nothing is between the pauses, so nothing is sent. */
START_TEST(pause_behind_a_pause)
{
        dial("0123,;45");
        sim_advance(s, 2 * USEC_PER_SEC);
        sim_expect_none_at_all(s, "sip perform soft*");
        ck_assert(sim_call(s, "c1")->post_dial_waits);
        ck_assert_str_eq(sim_call(s, "c1")->post_dial, "45");
}
END_TEST

/* Rows: T22. The last digits, or more to come: the call goes on, the rest is not sent. */
START_TEST(digits_that_cannot_be_sent)
{
        static const char *const numbers[] = {"0123,45", "0123,45,67"};

        sim_behave_for(s, "sip", ACTION_PLAY_DTMF, SIM_FAIL);
        dial(numbers[_i]);
        sim_advance(s, 10 * USEC_PER_SEC);
        sim_expect_count_all(s, "sip perform soft*", 1);
        ck_assert_ptr_null(sim_call(s, "c1")->post_dial);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
}
END_TEST

static void graceful(const char *name)
{
        struct provider_config config = sim_config(name);

        config.reclaim_grace = 20 * USEC_PER_SEC;
        ck_assert_int_eq(sim_register(s, name, &config), 0);
}

/* Rows: R13. Who looks at the app sees that it is away. */
START_TEST(being_away_is_announced)
{
        graceful("web");
        sim_make(s, "web", "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "web");
        sim_expect(s, "web configured");
        ck_assert(sim_call(s, "c1")->reconnecting);
}
END_TEST

/* A group is held as a whole, though its app went in the middle of it (call-model.md 5, 9). */
START_TEST(group_hold_is_finished_without_the_app)
{
        graceful("web");
        sim_make_group(s, "web", "c1 c2");
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "hold c1");
        sim_fulfil(s, "hold c1");
        sim_vanish(s, "web");
        sim_expect_state(s, "c1", CALL_STATE_HELD);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        sim_expect_group(s, "c1", "c2", true);
        graceful("web");
        sim_expect(s, "web perform hold c2*");
}
END_TEST

/* The hold that a fact brought about is withdrawn when an older un-hold undoes the fact. */
START_TEST(hold_by_a_fact_gives_way_to_the_unhold)
{
        sim_make_group(s, "web", "c1 c2");
        sim_ask(s, "ui", "hold c1");
        sim_import(s, "web", "c3", CALL_STATE_HELD);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "unhold c1");
        sim_fulfil(s, "unhold c1");
        sim_fact(s, "c3", CALL_STATE_ACTIVE, FACT_REMOTE);
        ck_assert(sim_is_open(s, "hold c1") && sim_is_open(s, "hold c2"));
        sim_fulfil(s, "unhold c2");
        sim_expect_all(s, "web cancelled hold c1");
        sim_expect_all(s, "web cancelled hold c2");
        ck_assert_int_eq(sim_try_fulfil(s, "hold c1", NULL), REFUSAL_UNKNOWN_ACTION);
        sim_fulfil(s, "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c3", CALL_STATE_HELD);
}
END_TEST

/* Nobody waits for an un-hold that waits for the floor itself (T20). */
START_TEST(merge_unholds_though_somebody_else_will)
{
        sim_make(s, "web", "c1", CALL_STATE_HELD);
        sim_make(s, "web", "c2", CALL_STATE_ACTIVE);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "join c1 c2");
        sim_ask(s, "ui", "unhold c1");
        sim_fulfil(s, "join c1 c2");
        sim_expect(s, "web perform unhold c1 (policy)");
        sim_fulfil(s, "unhold c1");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_expect_state(s, "c2", CALL_STATE_ACTIVE);
        ck_assert_uint_eq(sim_n_pending(s), 0);
}
END_TEST

/* A fact came in between: the call that is started takes the sound from it (call-model.md 4.2, 6).
 */
START_TEST(start_after_a_fact_takes_the_sound)
{
        sim_behave(s, "sip", SIM_SILENT);
        sim_behave(s, "web", SIM_SILENT);
        sim_ask(s, "ui", "start c1 web");
        sim_import(s, "sip", "c2", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c2"));
        sim_fulfil(s, "start c1");
        sim_expect_state(s, "c1", CALL_STATE_STARTED);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
        ck_assert(sim_is_activated(s, "c1"));
        ck_assert(!sim_is_activated(s, "c2"));
        sim_expect(s, "sip perform hold c2 (policy)");
}
END_TEST

static int start_by(enum handle_type type, const char *handle)
{
        const struct uuid id = sim_uuid("c1");
        const struct action_args args = {
                .type = ACTION_START, .call = id.text, .handle_type = type, .handle = handle};

        return sim_try_ask_raw(s, "ui", &args, 1);
}

static void expect_placed_by(enum handle_type type, const char *handle, const char *pattern)
{
        ck_assert_int_eq(start_by(type, handle), 0);
        sim_expect(s, pattern);
        sim_ask(s, "ui", "end c1");
        sim_advance(s, 5 * USEC_PER_SEC);
}

/* Rows: V7. The scheme first, in any case; that of a telephone number is tel. */
START_TEST(default_is_found_by_scheme_or_type)
{
        ck_assert_int_eq(sim_set_default(s, "phone-number", "org.example.web"), 0);
        expect_placed_by(HANDLE_TYPE_PHONE_NUMBER, "123", "web perform start c1");
        ck_assert_int_eq(sim_set_default(s, "TEL", "org.example.sip"), 0);
        expect_placed_by(HANDLE_TYPE_PHONE_NUMBER, "123", "sip perform start c1");
        expect_placed_by(HANDLE_TYPE_GENERIC, "Tel:123", "sip perform start c1");
        ck_assert_int_eq(sim_set_default(s, "email-address", "org.example.web"), 0);
        expect_placed_by(HANDLE_TYPE_EMAIL_ADDRESS, "a@b", "web perform start c1");
        ck_assert_int_eq(sim_set_default(s, "sip", "org.example.web"), 0);
        expect_placed_by(HANDLE_TYPE_GENERIC, "sips:a@b", "web perform start c1");
        ck_assert_int_eq(sim_set_default(s, "sips", "org.example.sip"), 0);
        expect_placed_by(HANDLE_TYPE_GENERIC, "sips:a@b", "sip perform start c1");
        ck_assert_int_eq(sim_set_default(s, "generic", "org.example.web"), 0);
        expect_placed_by(HANDLE_TYPE_GENERIC, "matrix:a", "web perform start c1");
        expect_placed_by(HANDLE_TYPE_GENERIC, "1a:b", "web perform start c1");
}
END_TEST

/* Rows: V7. One that is gone, or that nobody can start, is as good as none. */
START_TEST(default_that_cannot_be_followed)
{
        const struct provider_manifest gsm = {.identifier = "org.example.gsm"};

        sim_declare(s, "gsm", &gsm);
        ck_assert_int_eq(sim_set_default(s, "tel", "org.example.gsm"), 0);
        ck_assert_int_eq(sim_set_default(s, "phone-number", "org.example.sip"), 0);
        expect_placed_by(HANDLE_TYPE_PHONE_NUMBER, "1", "sip perform start c1");
        sim_invalidate(s, "sip");
        expect_placed_by(HANDLE_TYPE_PHONE_NUMBER, "1", "web perform start c1");
        sim_provider(s, "sip");
        expect_placed_by(HANDLE_TYPE_PHONE_NUMBER, "1", "sip perform start c1");
}
END_TEST

START_TEST(default_for_what_is_no_scheme)
{
        static const char *const keys[] = {"", "1a", "a b", "sip:", ":", "ä", "s_p", "+", "sip/"};
        char long_key[65] = "";

        ck_assert_int_eq(sim_set_default(s, keys[_i], "org.example.sip"), REFUSAL_INVALID_ARGS);
        memset(long_key, 'a', 64);
        ck_assert_int_eq(sim_set_default(s, long_key, "org.example.sip"), REFUSAL_INVALID_ARGS);
        ck_assert_int_eq(sim_set_default(s, long_key + 1, "org.example.sip"), 0);
}
END_TEST

/* A choice of an earlier boot counts as soon as its app is there. */
START_TEST(default_is_restored)
{
        ck_assert_int_eq(sim_restore_default(s, "tel", "org.example.gsm"), 0);
        ck_assert_int_eq(sim_restore_default(s, "sip", "nodot"), REFUSAL_INVALID_ARGS);
        ck_assert_int_eq(sim_restore_default(s, "a b", "org.example.gsm"), REFUSAL_INVALID_ARGS);
        sim_refused(s, "ui", "start c1 -", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        sim_provider(s, "gsm");
        expect_placed_by(HANDLE_TYPE_PHONE_NUMBER, "1", "gsm perform start c1");
}
END_TEST

static TCase *corners_case(void)
{
        TCase *corners = story_case("corners");

        tcase_add_test(corners, name_as_long_as_allowed);
        tcase_add_test(corners, identifier_as_long_as_allowed);
        tcase_add_loop_test(corners, identifier_has_a_dot, 0, 6);
        tcase_add_test(corners, pause_behind_a_pause);
        tcase_add_loop_test(corners, digits_that_cannot_be_sent, 0, 2);
        tcase_add_test(corners, being_away_is_announced);
        tcase_add_test(corners, group_hold_is_finished_without_the_app);
        tcase_add_test(corners, hold_by_a_fact_gives_way_to_the_unhold);
        tcase_add_test(corners, merge_unholds_though_somebody_else_will);
        tcase_add_test(corners, start_after_a_fact_takes_the_sound);
        tcase_add_test(corners, default_is_found_by_scheme_or_type);
        tcase_add_test(corners, default_that_cannot_be_followed);
        tcase_add_loop_test(corners, default_for_what_is_no_scheme, 0, 9);
        tcase_add_test(corners, default_is_restored);
        return corners;
}

SUITE_MAIN("corners", corners_case());
