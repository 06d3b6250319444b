/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order things are said: replies before signals, leaving before entering. */
#include "bus/world.h"

#include "support/suite.h"

static struct world world;
static struct peer *app, *other, *user;

#define PATH_A "/org/callsd/call/aaaaaaaa_0000_4000_8000_000000000001"
#define PATH_B "/org/callsd/call/bbbbbbbb_0000_4000_8000_000000000002"

static void set_up(void)
{
        world_start(&world);
        app = world_add_peer(&world);
        other = world_add_peer(&world);
        user = world_add_peer(&world);
        peer_register(app, "org.example.App");
        peer_register(other, "org.example.Other");
}

static void tear_down(void)
{
        world_stop(&world);
}

START_TEST(reply_leaves_before_the_signals_of_its_request)
{
        size_t reply;

        peer_watch(app);
        peer_forget(app);
        peer_send(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall", "sa{sv}", CALL_A,
                  0);
        peer_wait_line(app, "RingingCalls=");
        reply = peer_line(app, 0, "reply", "ReportNewIncomingCall");
        peer_line(app, reply, "InterfacesAdded", PATH_A);
        peer_line(app, reply, "PropertiesChanged", "RingingCalls=[" PATH_A "]");
        ck_assert_uint_eq(reply, 0);
}
END_TEST

START_TEST(registration_is_answered_before_it_begins)
{
        struct peer *fresh = world_add_peer(&world);

        peer_send(fresh, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1, "Identifier",
                  "s", "org.example.Fresh");
        peer_wait_line(fresh, "Began");
        ck_assert_uint_lt(peer_line(fresh, 0, "reply", "RegisterProvider"),
                          peer_line(fresh, 0, "Began", ""));
}
END_TEST

START_TEST(fulfilment_is_answered_then_the_waiting_method_then_the_signals)
{
        size_t answered;

        peer_incoming(app, CALL_A, "x");
        peer_watch(user);
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "Answer", NULL);
        peer_wait_actions(app, 1);
        peer_fulfil(app, 0);
        peer_wait_line(user, "ActiveCalls=");
        answered = peer_line(user, 0, "reply", "Answer");
        peer_line(user, answered, PATH_A, "State=active");
        peer_line(user, answered, "ActiveCalls=[" PATH_A "]", "");
}
END_TEST

START_TEST(setting_is_answered_before_it_is_announced)
{
        peer_watch(user);
        peer_send(user, PATH_ROOT, INTERFACE_PROPERTIES, "Set", "ssv", INTERFACE_MANAGER,
                  "DoNotDisturb", "b", true);
        peer_wait_line(user, "DoNotDisturb=true");
        ck_assert_uint_lt(peer_line(user, 0, "reply", "Set"),
                          peer_line(user, 0, "DoNotDisturb=true", ""));
}
END_TEST

/* Follows State in the observer's lines: never two calls active, of whatever provider. */
static void assert_one_active(const struct peer *observer)
{
        bool a = false, b = false;

        for (size_t i = 0; i < observer->n_lines; i++) {
                const char *line = observer->lines[i], *state = strstr(line, "State=");
                bool active;

                if (!state)
                        continue;
                active = strncmp(state, "State=active", 12) == 0;
                if (strstr(line, PATH_A))
                        a = active;
                if (strstr(line, PATH_B))
                        b = active;
                ck_assert_msg(!(a && b), "both active at: %s", line);
        }
}

/* X15, X17 and the swap, between two providers. */
START_TEST(nobody_ever_sees_two_active_calls)
{
        app->behaviour = other->behaviour = BEHAVIOUR_FULFIL;
        peer_watch(user);
        peer_active_call(app, user, CALL_A);
        peer_active_call(other, user, CALL_B);
        ck_assert_msg(call_method(user, CALL_A, "Swap", NULL), "%s", user->text);
        ck_assert_msg(call_method(user, CALL_B, "Swap", NULL), "%s", user->text);
        world_settle(&world);
        assert_one_active(user);
        peer_line(user, peer_line(user, 0, PATH_A, "State=held"), PATH_B, "State=active");
}
END_TEST

/* Section 6: a fact makes another call active in one turn; the one that leaves is told first. */
START_TEST(fact_that_interrupts_is_told_second)
{
        size_t held;

        peer_active_call(app, user, CALL_A);
        peer_incoming(other, CALL_B, "y");
        peer_watch(user);
        ck_assert_msg(peer_call(other, other->provider, INTERFACE_PROVIDER, "ReportCallState",
                                "ssa{sv}", CALL_B, "active", 0),
                      "%s", other->text);
        peer_wait_line(user, "State=active");
        held = peer_line(user, 0, PATH_A, "State=held");
        peer_line(user, held, PATH_B, "State=active");
        assert_one_active(user);
}
END_TEST

/* The same for a call that comes into the world active. */
START_TEST(import_that_interrupts_is_told_second)
{
        size_t held;

        peer_active_call(app, user, CALL_A);
        peer_watch(user);
        ck_assert_msg(peer_call(other, other->provider, INTERFACE_PROVIDER, "ReportCall", "sa{sv}",
                                CALL_B, 1, "State", "s", "active"),
                      "%s", other->text);
        peer_wait_line(user, "InterfacesAdded");
        held = peer_line(user, 0, PATH_A, "State=held");
        peer_line(user, held, "InterfacesAdded", "State=active");
}
END_TEST

START_TEST(one_announcement_per_call_and_turn)
{
        size_t n = 0;

        peer_incoming(app, CALL_A, "x");
        peer_watch(user);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallUpdated", "sa{sv}",
                            CALL_A, 3, "LocalizedCallerName", "s", "A", "HasVideo", "b", true,
                            "SupportsDTMF", "b", false));
        world_settle(&world);
        for (size_t i = 0; i < user->n_lines; i++)
                n += strstr(user->lines[i], "PropertiesChanged " PATH_A) != NULL;
        ck_assert_uint_eq(n, 1);
        peer_forget(user);
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportCallUpdated", "sa{sv}",
                            CALL_A, 1, "HasVideo", "b", true));
        world_settle(&world);
        ck_assert_uint_eq(user->n_lines, 0);
}
END_TEST

/* Whatever order the effects come in. */
START_TEST(leaving_is_announced_before_entering)
{
        const struct uuid a = {CALL_A}, b = {CALL_B};
        struct bus *bus = world.daemon.bus;

        app->behaviour = BEHAVIOUR_FULFIL;
        peer_active_call(app, user, CALL_A);
        peer_incoming(other, CALL_B, "y");
        other->behaviour = BEHAVIOUR_FULFIL;
        ck_assert(call_method(user, CALL_B, "Answer", NULL));
        peer_watch(user);
        world_settle(&world);
        peer_forget(user);
        bus_apply_call_changed(bus, &b, CALL_CHANGED_STATE);
        bus_apply_call_changed(bus, &a, CALL_CHANGED_STATE);
        bus_apply_call_changed(bus, &b, CALL_CHANGED_MUTED);
        bus_flush(bus);
        peer_wait_line(user, PATH_B);
        ck_assert_uint_eq(peer_line(user, 0, PATH_A, "State=held"), 0);
        ck_assert_uint_eq(peer_line(user, 0, PATH_B, "State=active"), 1);
        ck_assert_uint_eq(user->n_lines, 2);
}
END_TEST

static TCase *order(void)
{
        TCase *tc = tcase_create("order");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, reply_leaves_before_the_signals_of_its_request);
        tcase_add_test(tc, registration_is_answered_before_it_begins);
        tcase_add_test(tc, fulfilment_is_answered_then_the_waiting_method_then_the_signals);
        tcase_add_test(tc, setting_is_answered_before_it_is_announced);
        tcase_add_test(tc, nobody_ever_sees_two_active_calls);
        tcase_add_test(tc, fact_that_interrupts_is_told_second);
        tcase_add_test(tc, import_that_interrupts_is_told_second);
        tcase_add_test(tc, leaving_is_announced_before_entering);
        tcase_add_test(tc, one_announcement_per_call_and_turn);
        return tc;
}

SUITE_MAIN("bus-order", order());
