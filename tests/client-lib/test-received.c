/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callsd says of calls is what an app sees of them, and what cannot be read changes nothing.
 */
#include <string.h>

#include "client-lib/world.h"

#define ORDER "sa(ssa{sv})a{sv}"

static struct world *world;
static struct cx_call_controller *controller;
static struct cx_call_observer *observer;

static void setup(void)
{
        world = world_ready();
}

static void teardown(void)
{
        controller = cx_call_controller_unref(controller);
        observer = cx_call_observer_unref(observer);
        world_free(world);
}

static void incoming(void)
{
        ck_assert_int_eq(
                cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL, NULL, NULL),
                0);
        world_expect(world, NULL, NULL);
}

START_TEST(malformed_signals_are_ignored)
{
        incoming();
        fake_say(world->fake, "PerformTransaction", "u", 1);
        fake_say(world->fake, "PerformTransaction", "s", UUID("f"));
        fake_say(world->fake, "PerformTransaction", "sas", UUID("f"), 1, "x");
        fake_say(world->fake, "PerformTransaction", ORDER, UUID("f"), 1, "no uuid", "end-call", 0,
                 0);
        fake_say(world->fake, "PerformTransaction", "sa(ss)", UUID("f"), 1, UUID("1"), "end-call");
        fake_say(world->fake, "ActionTimedOut", "u", 1);
        fake_say(world->fake, "ActionCancelled", "ss", UUID("1"), UUID("a"));
        fake_say(world->fake, "AudioSessionActivated", "u", 1);
        fake_say(world->fake, "AudioSessionDeactivated", "");
        fake_say(world->fake, "Reset", "s", UUID("a"));
        fake_say(world->fake, "PushPayloadReceived", "u", 1);
        fake_say(world->fake, "PushPayloadReceived", "s", "p1");
        fake_say(world->fake, "PushPayloadReceived", "sa{sv}", "p1", 0);
        fake_say(world->fake, "SignalOfANewerCallsd", "u", 1);
        world_expect(world, "", NULL);
        fake_perform(world->fake, "1:answer-call:a");
        world_expect(world, "answer-call a", NULL);
}
END_TEST

static void answer_details(sd_bus_message *reply)
{
        sd_bus_message_append(reply, "a{sv}", 21, "Provider", "o", "/p/1", "Account", "s", "sim1",
                              "LocalizedCallerName", "s", "A. L.", "DisplayName", "s", "Ada",
                              "Group", "s", "g1", "RemoteHandle", "s", "a@b", "RemoteHandleType",
                              "s", "email-address", "Outgoing", "b", 1, "HasConnected", "b", 1,
                              "Muted", "b", 1, "RemoteHeld", "b", 1, "HasVideo", "b", 1, "Waiting",
                              "b", 1, "Emergency", "b", 1, "HoldReason", "s", "interrupted",
                              "EndedReason", "s", "declined", "StartedAt", "t", (uint64_t)1,
                              "ConnectedAt", "t", (uint64_t)2, "EndedAt", "t", (uint64_t)3,
                              "Allowed", "as", 2, "answer", "decline", "Newer", "u", 1);
}

static void answer_malformed(sd_bus_message *reply)
{
        sd_bus_message_append(reply, "s", "this is not a dictionary");
}

static struct cx_call *observe(void)
{
        fake_keep(world->fake, "a:held");
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        world_until(world, cx_call_observer_is_ready(observer));
        return cx_call_observer_find_call(observer, UUID("A"));
}

START_TEST(a_call_has_all_its_details)
{
        struct cx_call *call, *same;

        fake_answer(world->fake, "GetDetails", answer_details);
        call = observe();
        ck_assert_int_eq(cx_call_has_details(call), 1);
        ck_assert_int_eq(cx_call_get_state(call), CX_CALL_STATE_HELD);
        ck_assert_int_eq(cx_call_is_on_hold(call), 1);
        ck_assert_int_eq(cx_call_has_ended(call), 0);
        ck_assert_str_eq(cx_call_get_provider_path(call), "/p/1");
        ck_assert_str_eq(cx_call_get_account(call), "sim1");
        ck_assert_str_eq(cx_call_get_localized_caller_name(call), "A. L.");
        ck_assert_str_eq(cx_call_get_display_name(call), "Ada");
        ck_assert_str_eq(cx_call_get_group(call), "g1");
        ck_assert_str_eq(cx_handle_get_value(cx_call_get_remote_handle(call)), "a@b");
        ck_assert_int_eq(cx_call_is_outgoing(call), 1);
        ck_assert_int_eq(cx_call_has_connected(call), 1);
        ck_assert_int_eq(cx_call_is_muted(call), 1);
        ck_assert_int_eq(cx_call_is_remote_held(call), 1);
        ck_assert_int_eq(cx_call_has_video(call), 1);
        ck_assert_int_eq(cx_call_is_waiting(call), 1);
        ck_assert_int_eq(cx_call_is_emergency(call), 1);
        ck_assert_int_eq(cx_call_get_hold_reason(call), CX_HOLD_REASON_INTERRUPTED);
        ck_assert_int_eq(cx_call_get_ended_reason(call), CX_CALL_ENDED_REASON_DECLINED);
        ck_assert_uint_eq(cx_call_get_started_at_usec(call), 1);
        ck_assert_uint_eq(cx_call_get_connected_at_usec(call), 2);
        ck_assert_uint_eq(cx_call_get_ended_at_usec(call), 3);
        ck_assert_int_eq(cx_call_allows(call, "decline"), 1);
        ck_assert_int_eq(cx_call_allows(call, "hold"), 0);
        ck_assert_int_eq(cx_call_allows(call, NULL), 0);
        same = cx_call_observer_find_call(observer, UUID("a"));
        ck_assert(cx_call_equal(call, same));
        ck_assert_ptr_null(cx_call_observer_find_call(observer, UUID("b")));
        cx_call_unref(same);
        cx_call_unref(call);
}
END_TEST

/* Fetches the details, one of them another than before. */
static const char *other_key, *other_type;
static const void *other_value;

static void answer_with_another(sd_bus_message *reply)
{
        int number = 1;

        sd_bus_message_open_container(reply, 'a', "{sv}");
        sd_bus_message_open_container(reply, 'e', "sv");
        sd_bus_message_append(reply, "s", other_key);
        sd_bus_message_open_container(reply, 'v', other_type);
        if (strcmp(other_type, "as") == 0)
                sd_bus_message_append(reply, "as", 1, other_value);
        else
                sd_bus_message_append_basic(reply, other_type[0],
                                            other_type[0] == 'b' ? &number : other_value);
        sd_bus_message_close_container(reply);
        sd_bus_message_close_container(reply);
        sd_bus_message_close_container(reply);
}

START_TEST(whatever_differs_makes_a_call_another)
{
        static const uint64_t date = 5;
        static const struct {
                const char *key, *type;
                const void *value;
        } others[] = {
                {"State", "s", "active"},       {"Outgoing", "b", NULL},
                {"OnHold", "b", NULL},          {"HasConnected", "b", NULL},
                {"HasEnded", "b", NULL},        {"Provider", "o", "/p/2"},
                {"Account", "s", "sim2"},       {"LocalizedCallerName", "s", "B"},
                {"DisplayName", "s", "B"},      {"Group", "s", "g2"},
                {"Muted", "b", NULL},           {"RemoteHeld", "b", NULL},
                {"HasVideo", "b", NULL},        {"Waiting", "b", NULL},
                {"Emergency", "b", NULL},       {"HoldReason", "s", "provider"},
                {"EndedReason", "s", "failed"}, {"StartedAt", "t", &date},
                {"ConnectedAt", "t", &date},    {"EndedAt", "t", &date},
                {"Allowed", "as", "answer"},
        };
        struct cx_call *before, *after;

        fake_answer(world->fake, "GetDetails", answer_with_another);
        other_key = "Newer", other_type = "s", other_value = "?";
        before = observe();
        ck_assert_int_eq(cx_call_has_details(before), 1);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                other_key = others[i].key, other_type = others[i].type;
                other_value = others[i].value;
                if (strcmp(other_key, "OnHold") == 0) /* it is, by the public properties */
                        continue;
                fake_call_invalidated(world->fake, "a");
                fake_forget(world->fake);
                world_until(world, fake_was_asked(world->fake, "GetDetails"));
                world_settle(world);
                after = cx_call_observer_find_call(observer, UUID("a"));
                ck_assert_msg(!cx_call_equal(before, after), "%s makes no difference", other_key);
                ck_assert(!cx_call_equal(after, before));
                cx_call_unref(before);
                before = after;
        }
        cx_call_unref(before);
}
END_TEST

START_TEST(malformed_details_leave_a_call_as_it_was)
{
        struct cx_call *call;

        fake_answer(world->fake, "GetDetails", answer_malformed);
        call = observe();
        ck_assert_int_eq(cx_call_has_details(call), 0);
        ck_assert_int_eq(cx_call_get_state(call), CX_CALL_STATE_HELD);
        cx_call_unref(call);
}
END_TEST

START_TEST(a_malformed_list_of_calls_is_no_list)
{
        fake_answer(world->fake, "GetManagedObjects", answer_malformed);
        ck_assert_int_eq(cx_call_observer_new(world->context, &observer), 0);
        world_expect(world, "", NULL);
        ck_assert(!cx_call_observer_is_ready(observer));
}
END_TEST

START_TEST(a_malformed_registration_fails)
{
        struct noted noted = {0};

        world_free(world);
        world = world_new();
        noted = (struct noted){world, "report"};
        world_daemon(world);
        fake_answer(world->fake, "RegisterProvider", answer_malformed);
        world_provider(world);
        world_until(world, world_told(world, "fail-to-begin"));
        ck_assert_int_eq(cx_provider_report_new_incoming_call(world->provider, UUID("a"), NULL,
                                                              world_completed, &noted),
                         0);
        world_settle(world);
        ck_assert(world_told(world, "report failed"));
}
END_TEST

static void no_streams(const struct cx_stream_properties *properties, const struct cx_error *error,
                       void *userdata)
{
        (void)userdata;
        ck_assert_ptr_null(properties);
        ck_assert_ptr_nonnull(error);
        world_note(world, "no streams");
}

START_TEST(malformed_streams_are_an_error)
{
        incoming();
        fake_answer(world->fake, "GetStreamProperties", answer_malformed);
        cx_provider_get_stream_properties(world->provider, UUID("a"), no_streams, NULL);
        world_expect(world, "no streams", NULL);
}
END_TEST

static void answer_malformed_id(sd_bus_message *reply)
{
        sd_bus_message_append(reply, "u", 1);
}

START_TEST(a_malformed_acceptance_is_a_refusal)
{
        struct noted noted = {world, "request"};
        struct cx_action *action;

        ck_assert_int_eq(cx_call_controller_new(world->context, &controller), 0);
        ck_assert_int_eq(cx_end_call_action_new(UUID("a"), &action), 0);
        fake_answer(world->fake, "RequestTransaction", answer_malformed_id);
        ck_assert_int_eq(cx_call_controller_request_action(controller, action, world_completed,
                                                           NULL, &noted),
                         0);
        cx_action_unref(action);
        world_settle(world);
        ck_assert(world_told(world, "request failed"));
}
END_TEST

static TCase *calls(void)
{
        TCase *tcase = tcase_create("calls");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_call_has_all_its_details);
        tcase_add_test(tcase, whatever_differs_makes_a_call_another);
        return tcase;
}

static TCase *malformed(void)
{
        TCase *tcase = tcase_create("malformed");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, malformed_signals_are_ignored);
        tcase_add_test(tcase, malformed_details_leave_a_call_as_it_was);
        tcase_add_test(tcase, a_malformed_list_of_calls_is_no_list);
        tcase_add_test(tcase, a_malformed_registration_fails);
        tcase_add_test(tcase, malformed_streams_are_an_error);
        tcase_add_test(tcase, a_malformed_acceptance_is_a_refusal);
        return tcase;
}

SUITE_MAIN("received", calls(), malformed());
