/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers that manifests declare: known, chosen, started, and forgotten. */
#include "model/story.h"

#define GSM "org.example.gsm"
#define FAX "org.example.fax"

static const char *const schemes[] = {"sip", NULL};

static void declare(const char *name, const char *identifier, bool can_start)
{
        const struct provider_manifest manifest = {
                .identifier = identifier,
                .uri_schemes = schemes,
                .handle_types = 1u << HANDLE_TYPE_GENERIC,
                .can_start = can_start,
        };

        sim_declare(s, name, &manifest);
}

static const struct provider *find(const char *identifier)
{
        return engine_find_identifier(sim_engine(s), identifier);
}

/* ---- known ---- */

/* What an app says of itself counts as long as it runs; what its manifest says, before and after.
 */
START_TEST(manifest_speaks_for_who_does_not_run)
{
        struct provider_config config = sim_config("gsm");

        declare("gsm", GSM, true);
        ck_assert(provider_takes_handle(find(GSM), HANDLE_TYPE_GENERIC));
        ck_assert(!provider_takes_handle(find(GSM), HANDLE_TYPE_PHONE_NUMBER));
        ck_assert(provider_takes_scheme(find(GSM), "sip"));
        config.handle_types = 1u << HANDLE_TYPE_PHONE_NUMBER;
        config.maximum_call_groups = 7;
        ck_assert_int_eq(sim_register(s, "gsm", &config), 0);
        ck_assert(provider_takes_handle(find(GSM), HANDLE_TYPE_PHONE_NUMBER));
        ck_assert(!provider_takes_scheme(find(GSM), "sip"));
        sim_vanish(s, "gsm");
        ck_assert(!provider_takes_handle(find(GSM), HANDLE_TYPE_PHONE_NUMBER));
        ck_assert(provider_takes_scheme(find(GSM), "sip"));
        ck_assert_uint_eq(find(GSM)->config.maximum_call_groups, 2);
}
END_TEST

START_TEST(declared_anew)
{
        declare("gsm", GSM, false);
        ck_assert(!find(GSM)->can_start);
        declare("gsm", GSM, true);
        sim_expect(s, "gsm configured");
        ck_assert(find(GSM)->can_start);
        declare("gsm", GSM, true);
        sim_expect_none(s, "gsm *");
}
END_TEST

/* A running app gets a manifest, and loses it. */
START_TEST(undeclared_while_running)
{
        sim_provider(s, "gsm");
        declare("gsm", GSM, true);
        sim_make(s, "gsm", "c1", CALL_STATE_ACTIVE);
        sim_undeclare(s, "gsm");
        sim_expect(s, "gsm configured");
        sim_expect_state(s, "c1", CALL_STATE_ACTIVE);
        sim_vanish(s, "gsm");
        sim_expect(s, "gsm gone");
        ck_assert_ptr_null(find(GSM));
}
END_TEST

START_TEST(undeclared_while_not_running)
{
        declare("gsm", GSM, true);
        sim_undeclare(s, "gsm");
        sim_expect(s, "gsm gone");
        ck_assert_ptr_null(find(GSM));
        sim_undeclare(s, "gsm"); /* twice, and one that never was */
        sim_undeclare(s, "fax");
        sim_expect_none(s, "* gone");
        declare("gsm", GSM, true);
        sim_expect(s, "* present");
}
END_TEST

/* ---- chosen ---- */

/* A start without a provider goes to who runs, else to the only one that can be started. Rows: V6
 */
START_TEST(only_one_that_can_be_started)
{
        sim_vanish(s, "sip");
        sim_vanish(s, "web");
        declare("gsm", GSM, true);
        sim_ask(s, "ui", "start c1 -");
        sim_expect(s, "gsm start");
        sim_ask(s, "ui", "end c1");
        declare("fax", FAX, true);
        sim_refused(s, "ui", "start c2 -", REFUSAL_REQUEST_UNKNOWN_PROVIDER);
        declare("fax", FAX, false);
        sim_ask(s, "ui", "start c3 -");
        sim_expect(s, "gsm start");
        sim_ask(s, "ui", "end c3");
        sim_provider(s, "sip");
        sim_ask(s, "ui", "start c4 -");
        sim_expect(s, "sip perform start c4");
}
END_TEST

/* ---- started ---- */

/* It is given up, and the next who wants it starts it again. Rows: I11 */
START_TEST(started_again_after_a_failure)
{
        declare("gsm", GSM, true);
        sim_ask(s, "ui", "start c1 gsm");
        sim_expect(s, "gsm start");
        if (_i == 0)
                ck_assert_int_eq(sim_start_failed(s, "gsm"), 0);
        else if (_i == 1)
                sim_advance(s, 30 * USEC_PER_SEC);
        else
                sim_ask(s, "ui", "end c1");
        ck_assert_int_eq(find(GSM)->state, PROVIDER_DECLARED);
        sim_ask(s, "ui", "start c2 gsm");
        sim_expect(s, "gsm start");
        sim_provider(s, "gsm");
        sim_expect(s, "gsm perform start c2");
        sim_expect_none(s, "gsm perform * c1*");
}
END_TEST

START_TEST(why_it_was_not_started)
{
        declare("gsm", GSM, _i != 2);
        sim_ask(s, "ui", "start c1 gsm");
        if (_i == 0)
                ck_assert_int_eq(sim_start_failed(s, "gsm"), 0);
        else if (_i == 1)
                sim_advance(s, 30 * USEC_PER_SEC);
        sim_expect_results(s, "start c1 provider-away");
        ck_assert_ptr_nonnull(strstr(sim_last_reason(s, 0), _i == 0   ? "no such file"
                                                            : _i == 1 ? "register in time"
                                                                      : "BusName="));
        sim_expect_ended(s, "c1", ENDED_REASON_FAILED);
}
END_TEST

/* Two wait for it; one gives up, and it is still being started for the other. */
START_TEST(one_of_two_gives_up)
{
        declare("gsm", GSM, true);
        sim_ask(s, "ui", "start c1 gsm");
        sim_push_payload(s, "gsm", "a");
        sim_ask(s, "ui", "end c1");
        ck_assert_int_eq(find(GSM)->state, PROVIDER_STARTING);
        sim_provider(s, "gsm");
        sim_expect(s, "gsm push a*");
}
END_TEST

/* Its manifest goes meanwhile: who waits goes on waiting, and then it is forgotten. */
START_TEST(undeclared_while_starting)
{
        declare("gsm", GSM, true);
        sim_ask(s, "ui", "start c1 gsm");
        sim_undeclare(s, "gsm");
        sim_expect_state(s, "c1", CALL_STATE_STARTING);
        switch (_i) {
        case 0:
                sim_provider(s, "gsm");
                sim_expect(s, "gsm perform start c1");
                sim_vanish(s, "gsm");
                break;
        case 1:
                ck_assert_int_eq(sim_start_failed(s, "gsm"), 0);
                break;
        case 2:
                sim_advance(s, 30 * USEC_PER_SEC);
                break;
        default:
                sim_ask(s, "ui", "end c1");
                sim_advance(s, 1);
        }
        sim_expect_all(s, "gsm gone");
        sim_expect_state(s, "c1", CALL_STATE_ENDED);
        ck_assert_ptr_null(find(GSM));
}
END_TEST

/* And comes back in the same moment. */
START_TEST(declared_again_at_once)
{
        declare("gsm", GSM, true);
        sim_ask(s, "ui", "start c1 gsm");
        sim_undeclare(s, "gsm");
        sim_ask(s, "ui", "end c1");
        declare("gsm", GSM, true);
        sim_advance(s, USEC_PER_SEC);
        sim_expect_none_at_all(s, "gsm gone");
        ck_assert_ptr_nonnull(find(GSM));
}
END_TEST

/* A call that waits behind another one's floor ends with the only word that there was of its app.
 */
START_TEST(undeclared_before_its_turn)
{
        sim_provider(s, "sip");
        sim_behave(s, "sip", SIM_SILENT);
        declare("gsm", GSM, true);
        sim_ask(s, "ui", "start c1 sip");
        ck_assert_int_eq(sim_try_ask(s, "ui may-end", "start c2 gsm"), 0);
        sim_undeclare(s, "gsm");
        sim_expect_ended(s, "c2", ENDED_REASON_PROVIDER_LOST);
        sim_expect(s, "gsm gone");
        sim_expect_state(s, "c1", CALL_STATE_STARTING);
}
END_TEST

static TCase *known_case(void)
{
        TCase *known = story_case("known");

        tcase_add_test(known, manifest_speaks_for_who_does_not_run);
        tcase_add_test(known, declared_anew);
        tcase_add_test(known, undeclared_while_running);
        tcase_add_test(known, undeclared_while_not_running);
        tcase_add_test(known, only_one_that_can_be_started);
        return known;
}

static TCase *start_case(void)
{
        TCase *starting = story_case("start");

        tcase_add_loop_test(starting, started_again_after_a_failure, 0, 3);
        tcase_add_loop_test(starting, why_it_was_not_started, 0, 3);
        tcase_add_test(starting, one_of_two_gives_up);
        tcase_add_loop_test(starting, undeclared_while_starting, 0, 4);
        tcase_add_test(starting, declared_again_at_once);
        tcase_add_test(starting, undeclared_before_its_turn);
        return starting;
}

SUITE_MAIN("declared", known_case(), start_case());
