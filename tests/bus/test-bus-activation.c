/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers that do not run are started through the bus when they are wanted. */
#include <stdio.h>

#include "bus/manifest-world.h"
#include "support/suite.h"

#define STARTABLE "[Provider]\nName=Phone\nBusName=" PHONE "\nHandleTypes=phone-number\n"

static char call[UUID_TEXT_SIZE];

static bool dial_with(const char *provider, const char *number, bool may_end)
{
        const char *path;

        if (!peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "StartCall", "sssa{sv}", provider,
                       "phone-number", number, 1, "MayEnd", "b", (int)may_end))
                return false;
        ck_assert_int_gt(sd_bus_message_read(user->reply, "o", &path), 0);
        snprintf(call, sizeof(call), "%s", strrchr(path, '/') + 1);
        for (char *at = call; *at; at++)
                if (*at == '_')
                        *at = '-';
        return true;
}

static bool dial(const char *provider, const char *number)
{
        return dial_with(provider, number, false);
}

static bool has_ended(void *userdata)
{
        const struct call *ended = engine_find_call(world.daemon.engine, userdata);

        return ended && ended->state == CALL_STATE_ENDED;
}

static void wait_ended(const char *text)
{
        world_run_until(&world, has_ended, call, "end of the call");
        ck_assert(call_get(user, call, "EndedReason"));
        ck_assert_str_eq(peer_answer(user), "failed");
        ck_assert(call_get(user, call, "EndedText"));
        ck_assert_msg(strstr(peer_answer(user), text), "\"%s\" says nothing of \"%s\"",
                      peer_answer(user), text);
        ck_assert_int_eq(find(PHONE)->state, PROVIDER_DECLARED);
}

/* The app runs already, as far as the bus knows. */
static void own_name(void)
{
        ck_assert_int_ge(sd_bus_request_name(app->bus, PHONE, 0), 0);
}

static bool is_being_started(void *userdata)
{
        (void)userdata;
        return find(PHONE)->state == PROVIDER_STARTING;
}

/* Rows: V6, I11 */
START_TEST(whoever_is_wanted_is_started)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        own_name();
        /* the only one that takes it */
        ck_assert(dial("", "+15550100"));
        world_settle(&world);
        ck_assert_int_eq(find(PHONE)->state, PROVIDER_STARTING);
        ck_assert_uint_eq(app->n_actions, 0);
        app->behaviour = BEHAVIOUR_FULFIL;
        peer_register(app, PHONE);
        peer_wait_actions(app, 1);
        ck_assert_str_eq(app->actions[0].type, "start-call");
        ck_assert_str_eq(app->actions[0].call, call);
        world_settle(&world);
        ck_assert(call_get(user, call, "State"));
        ck_assert_str_eq(peer_answer(user), "started");
}
END_TEST

/* Neither of two is taken by chance. */
START_TEST(two_that_could_be_started)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        write_file(SYSTEM(OTHER), "[Provider]\nBusName=" OTHER "\n");
        start();
        assert_refused(user, dial("", "+15550100"),
                       ERROR_PREFIX "RequestTransaction.UnknownCallProvider");
        write_file(SYSTEM(OTHER), "[Provider]\nBusName=" OTHER "\nHandleTypes=generic\n");
        while (find(OTHER)->manifest_handle_types == 0)
                ck_assert_int_ge(sd_event_run(world.daemon.event, 100 * USEC_PER_MSEC), 0);
        ck_assert(dial("", "+15550100"));
}
END_TEST

START_TEST(what_the_bus_cannot_start)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        ck_assert(dial(PHONE, "+15550100"));
        wait_ended("The bus cannot start " PHONE ": ");
        /* and again */
        ck_assert(dial(PHONE, "+15550100"));
        wait_ended("The bus cannot start " PHONE ": ");
}
END_TEST

START_TEST(what_has_no_name_to_start)
{
        write_file(SYSTEM(PHONE), "[Provider]\n");
        start();
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                            "a(sa{sv})a{sv}", 1, "start-call", 4, "Provider", "s", PHONE, "Call",
                            "s", CALL_A, "HandleType", "s", "phone-number", "Handle", "s",
                            "+15550100", 0));
        peer_wait_line(user, "TransactionCompleted");
        ck_assert(peer_saw(user, ERROR_PREFIX "ProviderAway"));
        ck_assert(peer_saw(user, "BusName="));
}
END_TEST

/* The name had an owner, who was about to leave: the bus is asked once more. */
START_TEST(one_that_leaves_before_it_registers)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        own_name();
        ck_assert(dial(PHONE, "+15550100"));
        world_run_until(&world, is_being_started, NULL, "start of the provider");
        world_settle(&world);
        ck_assert_int_ge(sd_bus_release_name(app->bus, PHONE), 0);
        wait_ended("The bus cannot start " PHONE ": ");
}
END_TEST

/* It has as long as its order has. */
START_TEST(one_that_never_registers)
{
        struct limits limits = LIMITS_DEFAULT;

        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        limits.start_timeout = 200 * USEC_PER_MSEC;
        engine_set_limits(world.daemon.engine, &limits);
        own_name();
        ck_assert(dial(PHONE, "+15550100"));
        wait_ended("it was started, but did not register in time");
        /* the next one starts it again, and this time it comes */
        ck_assert(dial(PHONE, "+15550100"));
        peer_register(app, PHONE);
        peer_wait_actions(app, 1);
}
END_TEST

/* The second start waits for the first, and is heir to the app that is being started. */
START_TEST(wanted_twice)
{
        char first[UUID_TEXT_SIZE];

        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        own_name();
        ck_assert(dial(PHONE, "+15550100"));
        memcpy(first, call, sizeof(first));
        world_settle(&world);
        ck_assert_msg(dial_with(PHONE, "+15550101", true), "%s", user->text);
        ck_assert_msg(call_method(user, first, "End", NULL), "%s", user->text);
        ck_assert_int_eq(find(PHONE)->state, PROVIDER_STARTING);
        peer_register(app, PHONE);
        peer_wait_actions(app, 1);
        ck_assert_str_eq(app->actions[0].call, call);
}
END_TEST

/* callsd is killed while it waits for the app. */
START_TEST(restart_while_it_is_started)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        own_name();
        ck_assert(dial(PHONE, "+15550100"));
        world_run_until(&world, is_being_started, NULL, "start of the provider");
        world_crash(&world);
        world_return(&world);
        ck_assert_int_eq(find(PHONE)->state, PROVIDER_STARTING);
        peer_register(app, PHONE);
        peer_wait_actions(app, 1);
        ck_assert_str_eq(app->actions[0].call, call);
}
END_TEST

/* And this time the bus says no to the new one. */
START_TEST(restart_and_then_it_cannot_be_started)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        own_name();
        ck_assert(dial(PHONE, "+15550100"));
        world_run_until(&world, is_being_started, NULL, "start of the provider");
        world_crash(&world);
        ck_assert_int_ge(sd_bus_release_name(app->bus, PHONE), 0);
        world_return(&world);
        wait_ended("The bus cannot start " PHONE ": ");
}
END_TEST

/* The manifest goes while its app is being started: nobody waits in vain. */
START_TEST(undeclared_while_it_is_started)
{
        write_file(SYSTEM(PHONE), STARTABLE);
        start();
        own_name();
        ck_assert(dial(PHONE, "+15550100"));
        world_run_until(&world, is_being_started, NULL, "start of the provider");
        remove_file(SYSTEM(PHONE));
        wait_named(PHONE, "");
        if (_i == 0) {
                peer_register(app, PHONE);
                peer_wait_actions(app, 1);
                peer_close(app);
        } else {
                ck_assert(call_method(user, call, "End", NULL));
        }
        wait_known(PHONE, false);
}
END_TEST

static TCase *start_case(void)
{
        TCase *starting = make_case("start");

        tcase_add_test(starting, whoever_is_wanted_is_started);
        tcase_add_test(starting, two_that_could_be_started);
        tcase_add_test(starting, what_the_bus_cannot_start);
        tcase_add_test(starting, what_has_no_name_to_start);
        tcase_add_test(starting, one_that_leaves_before_it_registers);
        tcase_add_test(starting, one_that_never_registers);
        tcase_add_test(starting, wanted_twice);
        tcase_add_test(starting, restart_while_it_is_started);
        tcase_add_test(starting, restart_and_then_it_cannot_be_started);
        tcase_add_loop_test(starting, undeclared_while_it_is_started, 0, 2);
        return starting;
}

SUITE_MAIN("bus-activation", start_case());
