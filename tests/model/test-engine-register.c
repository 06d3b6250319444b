/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registering, configuring, being known; defaults and what the system shows as a whole. */
#include "model/story.h"

/* Rows: R1 */
START_TEST(registration_begins_once)
{
        const struct provider *provider;

        sim_provider(s, "gsm");
        sim_expect_count(s, "gsm began", 1);
        provider = sim_provider_of(s, "gsm");
        ck_assert_ptr_nonnull(provider);
        ck_assert_ptr_eq(engine_find_identifier(sim_engine(s), "org.example.gsm"), provider);
        ck_assert_int_eq(provider->state, PROVIDER_RUNNING);
}
END_TEST

/* Rows: R2. The same caller replaces its configuration; calls and number stay. */
START_TEST(same_peer_registers_again)
{
        struct provider_config config = sim_config("sip");
        const unsigned number = sim_number(s, "sip");

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        config.maximum_call_groups = 7;
        ck_assert_int_eq(sim_register(s, "sip", &config), 0);
        ck_assert_uint_eq(sim_number(s, "sip"), number);
        ck_assert_uint_eq(sim_provider_of(s, "sip")->config.maximum_call_groups, 7);
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        ck_assert(sim_is_activated(s, "c1"));
}
END_TEST

/* Rows: R2 */
START_TEST(foreign_identifier_is_taken)
{
        struct provider_config config = sim_config("sip");

        ck_assert_int_eq(sim_register_as(s, "sip2", &config, ":other", "1000/other", false),
                         REFUSAL_IDENTIFIER_TAKEN);
        ck_assert(strstr(engine_explain(sim_engine(s)), "org.example.sip") != NULL);
        sim_ask(s, "ui", "start c1 sip");
        sim_expect(s, "sip perform start c1");
}
END_TEST

/* Rows: R2. One process may be several providers. */
START_TEST(one_peer_two_providers)
{
        struct provider_config config = sim_config("one");

        ck_assert_int_eq(sim_register_as(s, "one", &config, ":app", "1000/app", false), 0);
        config = sim_config("two");
        ck_assert_int_eq(sim_register_as(s, "two", &config, ":app", "1000/app", false), 0);
        ck_assert_uint_ne(sim_number(s, "one"), sim_number(s, "two"));
        sim_incoming(s, "one", "c1");
        sim_incoming(s, "two", "c2");
        sim_vanish(s, "one");
        sim_expect_ended(s, "c1", ENDED_REASON_PROVIDER_LOST);
        sim_expect_ended(s, "c2", ENDED_REASON_PROVIDER_LOST);
}
END_TEST

/* Rows: R3. New limits apply to the next request only. */
START_TEST(configuration_changes_mid_call)
{
        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "sip", "c2", CALL_STATE_ACTIVE);
        sim_refused(s, "ui", "start c3 sip", REFUSAL_REQUEST_MAXIMUM_GROUPS);
        story_set_groups("sip", 3, 5);
        sim_expect(s, "sip configured");
        sim_ask(s, "ui", "start c3 sip");
        sim_expect_state(s, "c3", CALL_STATE_STARTED);
        sim_expect_state(s, "c2", CALL_STATE_HELD);
}
END_TEST

/* Rows: R4, R5, R6, R7, R8, R11, U8 */
START_TEST(configuration_defaults)
{
        struct provider_config config;

        provider_config_init(&config);
        ck_assert_uint_eq(config.maximum_call_groups, 2);
        ck_assert_uint_eq(config.maximum_calls_per_call_group, 5);
        ck_assert(config.includes_calls_in_recents);
        ck_assert(!config.supports_video);
        ck_assert(!config.supports_audio_translation);
        ck_assert_uint_eq(config.handle_types, 0);
        ck_assert_int_eq(config.audio, CALL_AUDIO_STREAMS);
        provider_config_done(&config);
}
END_TEST

/* Rows: R6, R9, R10. What a provider says of itself is kept for those who show it. */
START_TEST(configuration_is_kept)
{
        struct provider_config config = sim_config("sip");
        const struct provider_config *kept;

        config.ringtone = strdup("/usr/share/sounds/ring.oga");
        config.localized_name = strdup("Phone");
        config.icon = strdup("phone-symbolic");
        config.includes_calls_in_recents = false;
        ck_assert_int_eq(sim_configure(s, "sip", &config), 0);
        kept = &sim_provider_of(s, "sip")->config;
        ck_assert_str_eq(kept->ringtone, "/usr/share/sounds/ring.oga");
        ck_assert_str_eq(kept->localized_name, "Phone");
        ck_assert_str_eq(kept->icon, "phone-symbolic");
        ck_assert(!kept->includes_calls_in_recents);
}
END_TEST

static struct provider_config bad_config(int which)
{
        struct provider_config config = sim_config("gsm");
        char *text;

        switch (which) {
        case 0:
                free(config.identifier);
                config.identifier = NULL;
                break;
        case 1:
                config.identifier[0] = '\0';
                break;
        case 2:
                config.maximum_call_groups = 0;
                break;
        case 3:
                config.maximum_calls_per_call_group = 0;
                break;
        case 4:
                text = calloc(1, 257);
                ck_assert_ptr_nonnull(text);
                memset(text, 'x', 256);
                free(config.identifier);
                config.identifier = text;
                break;
        }
        return config;
}

/* Rows: R1. An error in the reply, nobody begins. */
START_TEST(bad_configuration_is_refused)
{
        struct provider_config config = bad_config(_i);

        ck_assert_int_gt(sim_register_as(s, "gsm", &config, ":gsm", "1000/gsm", false), 0);
        sim_expect_none_at_all(s, "gsm *");
        ck_assert_ptr_null(engine_find_identifier(sim_engine(s), "org.example.gsm"));
}
END_TEST

/* Rows: R1. A number is never used twice. */
START_TEST(numbers_are_fresh)
{
        const unsigned first = sim_number(s, "sip");

        sim_invalidate(s, "sip");
        sim_provider(s, "sip");
        ck_assert_uint_ne(sim_number(s, "sip"), first);
        ck_assert_uint_ne(sim_number(s, "sip"), sim_number(s, "web"));
}
END_TEST

/* Rows: V1, V3. Every live call, also those of others; ended ones linger. */
START_TEST(calls_are_listed)
{
        unsigned n = 0;

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_make(s, "web", "c2", CALL_STATE_RINGING);
        sim_make(s, "web", "c3", CALL_STATE_ENDED);
        for (const struct call *at = engine_next_call(sim_engine(s), NULL); at;
             at = engine_next_call(sim_engine(s), at))
                n++;
        ck_assert_uint_eq(n, 3);
        ck_assert_ptr_eq(engine_active_call(sim_engine(s)), sim_call(s, "c1"));
        ck_assert_ptr_eq(engine_first_ringing(sim_engine(s)), sim_call(s, "c2"));
        ck_assert_ptr_null(sim_call(s, "c2")->ringing_next);
        n = 0;
        for (const struct provider *at = engine_next_provider(sim_engine(s), NULL); at;
             at = engine_next_provider(sim_engine(s), at))
                n++;
        ck_assert_uint_eq(n, 2);
}
END_TEST

/* Rows: V2 */
START_TEST(in_call_follows_the_calls)
{
        sim_incoming(s, "sip", "c1");
        ck_assert(!engine_in_call(sim_engine(s)));
        sim_ask(s, "ui", "answer c1");
        ck_assert(engine_in_call(sim_engine(s)));
        sim_expect(s, "system in-call*");
        sim_ask(s, "ui", "hold c1");
        ck_assert(engine_in_call(sim_engine(s)));
        sim_ask(s, "ui", "end c1");
        ck_assert(!engine_in_call(sim_engine(s)));
        sim_expect(s, "system in-call*");
}
END_TEST

/* Rows: I5 */
START_TEST(do_not_disturb_is_a_switch)
{
        ck_assert(!engine_do_not_disturb(sim_engine(s)));
        sim_set_do_not_disturb(s, true);
        sim_expect(s, "system do-not-disturb");
        ck_assert(engine_do_not_disturb(sim_engine(s)));
        sim_set_do_not_disturb(s, true);
        sim_expect_none(s, "system *");
        sim_set_do_not_disturb(s, false);
        sim_expect(s, "system do-not-disturb");
}
END_TEST

/* Rows: V7 */
START_TEST(default_providers_are_listed)
{
        const char *key = NULL, *identifier = NULL;

        ck_assert(!engine_default_provider(sim_engine(s), 0, &key, &identifier));
        ck_assert_int_eq(sim_set_default(s, "tel", "org.example.sip"), 0);
        ck_assert(engine_default_provider(sim_engine(s), 0, &key, &identifier));
        ck_assert_str_eq(key, "tel");
        ck_assert_str_eq(identifier, "org.example.sip");
        ck_assert_int_eq(sim_set_default(s, "tel", "org.example.web"), 0);
        ck_assert(engine_default_provider(sim_engine(s), 0, &key, &identifier));
        ck_assert_str_eq(identifier, "org.example.web");
        ck_assert(!engine_default_provider(sim_engine(s), 1, &key, &identifier));
        ck_assert_int_eq(sim_set_default(s, "tel", ""), 0);
        ck_assert(!engine_default_provider(sim_engine(s), 0, &key, &identifier));
}
END_TEST

/* Rows: S2 */
START_TEST(members_are_kept)
{
        struct call_member members[] = {
                {.handle = (char *)"a", .name = (char *)"Ada", .active = true},
                {.handle = (char *)"b", .name = (char *)"Bob"}};
        const struct call_update update = {
                .set = UPDATE_MEMBERS, .members = members, .n_members = 2};

        sim_make(s, "sip", "c1", CALL_STATE_ACTIVE);
        sim_updated(s, "c1", &update);
        sim_expect(s, "c1 changed*members*");
        ck_assert_uint_eq(sim_call(s, "c1")->n_members, 2);
        ck_assert_str_eq(sim_call(s, "c1")->members[0].name, "Ada");
        ck_assert(sim_call(s, "c1")->members[0].active);
        ck_assert(!sim_call(s, "c1")->members[1].active);
        sim_updated(s, "c1", &update);
        sim_expect_none(s, "c1 changed*");
}
END_TEST

static TCase *register_case(void)
{
        TCase *registering = story_case("register");

        tcase_add_test(registering, registration_begins_once);
        tcase_add_test(registering, same_peer_registers_again);
        tcase_add_test(registering, foreign_identifier_is_taken);
        tcase_add_test(registering, one_peer_two_providers);
        tcase_add_test(registering, configuration_changes_mid_call);
        tcase_add_test(registering, configuration_defaults);
        tcase_add_test(registering, configuration_is_kept);
        tcase_add_loop_test(registering, bad_configuration_is_refused, 0, 5);
        tcase_add_test(registering, numbers_are_fresh);
        return registering;
}

static TCase *system_case(void)
{
        TCase *system = story_case("system");

        tcase_add_test(system, calls_are_listed);
        tcase_add_test(system, in_call_follows_the_calls);
        tcase_add_test(system, do_not_disturb_is_a_switch);
        tcase_add_test(system, default_providers_are_listed);
        tcase_add_test(system, members_are_kept);
        return system;
}

SUITE_MAIN("register", register_case(), system_case());
