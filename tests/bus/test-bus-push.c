/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Push payloads: who may hand them over, what arrives, what a helper is told, what is owed. */
#include "bus/world.h"

#include <ftw.h>
#include <stdio.h>

#include "bus/bus-private.h"
#include "support/suite.h"

#define PHONE "org.example.Phone"
#define HELPER "org.example.Helper"
#define PUSH "ReportNewIncomingVoIPPushPayload"
#define EXTENSION ERROR_PREFIX "NotificationServiceExtension."

static struct world world;
static struct peer *app, *helper, *user;
static char directory[64];
static const char *const *granted;

static const char *const *push_helpers(const char *identifier, void *userdata)
{
        (void)userdata;
        return streq(identifier, PHONE) ? granted : NULL;
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
        (void)st, (void)kind, (void)walk;
        return remove(name);
}

static void use_hook(void)
{
        world.daemon.bus->hooks.push_helpers = push_helpers;
}

static void setup(void)
{
        static const char *const helpers[] = {"org.example.Nobody", HELPER, "org.example.Box",
                                              NULL};

        granted = helpers;
        snprintf(directory, sizeof(directory), "/dev/shm/callsd-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        world_start_in(&world, directory);
        use_hook();
        app = world_add_peer(&world);
        helper = world_add_peer(&world);
        user = world_add_peer(&world);
        ck_assert_int_ge(sd_bus_request_name(helper->bus, HELPER, 0), 0);
        peer_register(app, PHONE);
}

static void teardown(void)
{
        world_stop(&world);
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool hand_over(struct peer *peer, const char *identifier)
{
        return peer_call(peer, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", identifier, 1, "From",
                         "s", "Ada");
}

static const char *info(const char *property)
{
        ck_assert(peer_call(user, app->provider, INTERFACE_PROPERTIES, "Get", "ss",
                            INTERFACE_PROVIDER_INFO, property));
        return peer_answer(user);
}

/* ---- who may ---- */

/* Rows: I12. */
START_TEST(helper_hands_over)
{
        ck_assert(hand_over(helper, PHONE));
        peer_wait_line(app, "PushPayloadReceived");
        peer_line(app, 0, "PushPayloadReceived", "[From=Ada] [ReportRequired=true,DeadlineUSec=");
        world_settle(&world);
        ck_assert(!peer_saw(user, "PushPayloadReceived"));
}
END_TEST

/* Rows: I12. Not even a controller, and the app neither. */
START_TEST(others_hand_over_nothing)
{
        assert_refused(user, hand_over(user, PHONE), EXTENSION "InvalidClientProcess");
        ck_assert_ptr_nonnull(strstr(user->text, PHONE));
        assert_refused(app, hand_over(app, PHONE), EXTENSION "InvalidClientProcess");
        ck_assert_int_ge(sd_bus_release_name(helper->bus, HELPER), 0);
        assert_refused(helper, hand_over(helper, PHONE), EXTENSION "InvalidClientProcess");
        ck_assert_int_ge(sd_bus_request_name(user->bus, HELPER, 0), 0);
        ck_assert(hand_over(user, PHONE));
}
END_TEST

START_TEST(sandboxed_helper)
{
        struct peer *box = world_add_peer(&world);

        peer_sandbox(box, "org.example.Bag");
        assert_refused(box, hand_over(box, PHONE), EXTENSION "InvalidClientProcess");
        peer_sandbox(box, "org.example.Box");
        ck_assert(hand_over(box, PHONE));
        peer_wait_line(app, "PushPayloadReceived");
        peer_sandbox(box, ""); /* it is not known which */
        assert_refused(box, hand_over(box, PHONE), EXTENSION "InvalidClientProcess");
}
END_TEST

START_TEST(nobody_is_named)
{
        static const char *const nobody[] = {NULL};
        struct peer *other = world_add_peer(&world);

        peer_register(other, "org.example.Other");
        assert_refused(helper, hand_over(helper, "org.example.Other"),
                       EXTENSION "MissingNotificationFilteringEntitlement");
        ck_assert_ptr_nonnull(strstr(helper->text, "org.example.Other"));
        granted = nobody;
        assert_refused(helper, hand_over(helper, PHONE),
                       EXTENSION "MissingNotificationFilteringEntitlement");
        granted = NULL;
        assert_refused(helper, hand_over(helper, PHONE),
                       EXTENSION "MissingNotificationFilteringEntitlement");
        world.daemon.bus->hooks.push_helpers = NULL;
        assert_refused(helper, hand_over(helper, PHONE),
                       EXTENSION "MissingNotificationFilteringEntitlement");
}
END_TEST

START_TEST(unknown_identifiers)
{
        assert_refused(helper, hand_over(helper, "org.example.Ghost"),
                       ERROR_PREFIX "RequestTransaction.UnknownCallProvider");
        ck_assert_ptr_nonnull(strstr(helper->text, "org.example.Ghost"));
        assert_refused(helper, hand_over(helper, ""), ERROR_INVALID);
}
END_TEST

/* ---- what ---- */

static sd_bus_message *new_push(void)
{
        sd_bus_message *message = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(helper->bus, &message, "org.callsd",
                                                        PATH_ROOT, INTERFACE_MANAGER, PUSH),
                         0);
        ck_assert_int_ge(sd_bus_message_append(message, "s", PHONE), 0);
        return message;
}

START_TEST(values_of_every_type)
{
        static const uint8_t bytes[] = {0, 1, 255};
        sd_bus_message *message = new_push();

        ck_assert_int_ge(sd_bus_message_open_container(message, 'a', "{sv}"), 0);
        ck_assert_int_ge(sd_bus_message_append(message, "{sv}{sv}{sv}{sv}{sv}{sv}", "y", "y", 7,
                                               "b", "b", 1, "t", "t", UINT64_MAX, "o", "o", "/a/b",
                                               "g", "g", "a{sv}", "s", "s", "\xc3\xa4"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(message, "{sv}{sv}{sv}", "list", "as", 2, "x", "",
                                               "dict", "a{us}", 1, 5, "five", "deep", "(sv(bu))",
                                               "in", "av", 2, "s", "one", "u", 2, 0, 9),
                         0);
        ck_assert_int_ge(sd_bus_message_append(message, "{sv}", "none", "a(sa{ov})", 0), 0);
        ck_assert_int_ge(sd_bus_message_open_container(message, 'e', "sv"), 0);
        ck_assert_int_ge(sd_bus_message_append(message, "s", "bytes"), 0);
        ck_assert_int_ge(sd_bus_message_open_container(message, 'v', "ay"), 0);
        ck_assert_int_ge(sd_bus_message_append_array(message, 'y', bytes, sizeof(bytes)), 0);
        for (int i = 0; i < 3; i++)
                ck_assert_int_ge(sd_bus_message_close_container(message), 0);
        peer_send_message(helper, message);
        peer_wait_line(helper, "reply " PUSH);
        peer_wait_line(app, "PushPayloadReceived");
        peer_line(app, 0, "[y=7,b=true,t=18446744073709551615,o=/a/b,g=a{sv},s=\xc3\xa4,list=[x,],",
                  "dict=[5=five],deep=(in,[one,2],(false,9)),none=[],bytes=[0,1,255]] [Rep");
}
END_TEST

START_TEST(no_files)
{
        assert_refused(helper,
                       peer_call(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1,
                                 "File", "h", 0),
                       ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(helper->text, "type h"));
        assert_refused(helper,
                       peer_call(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1,
                                 "Files", "ah", 0),
                       ERROR_INVALID);
        assert_refused(helper,
                       peer_call(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1,
                                 "Files", "v", "(sh)", "x", 0),
                       ERROR_INVALID);
}
END_TEST

static bool hand_over_nested(unsigned depth)
{
        sd_bus_message *message = new_push();

        peer_forget(helper);
        ck_assert_int_ge(sd_bus_message_open_container(message, 'a', "{sv}"), 0);
        ck_assert_int_ge(sd_bus_message_open_container(message, 'e', "sv"), 0);
        ck_assert_int_ge(sd_bus_message_append(message, "s", "x"), 0);
        for (unsigned i = 0; i < depth; i++)
                ck_assert_int_ge(
                        sd_bus_message_open_container(message, 'v', i + 1 < depth ? "v" : "u"), 0);
        ck_assert_int_ge(sd_bus_message_append(message, "u", 5), 0);
        for (unsigned i = 0; i < depth + 2; i++)
                ck_assert_int_ge(sd_bus_message_close_container(message), 0);
        peer_send_message(helper, message);
        peer_wait_line(helper, PUSH);
        return peer_saw(helper, "reply " PUSH);
}

START_TEST(not_too_deep)
{
        ck_assert(hand_over_nested(14));
        ck_assert(!hand_over_nested(15));
        ck_assert(peer_saw(helper, "deeper than 16"));
        assert_refused(helper,
                       peer_call(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1,
                                 "Empty", "aaaaaaaaaaaaaaaaaaay", 0),
                       ERROR_INVALID);
}
END_TEST

START_TEST(not_too_large)
{
        char *text = calloc(1, 17000);

        /* 2 numbers of 4 bytes for its length and for the number of keys, key and type as well */
        memset(text, 'a', 16384 - 4 - 5 - 5 - 4);
        ck_assert(peer_call(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1, "T",
                            "s", text));
        text[strlen(text)] = 'a';
        assert_refused(helper,
                       peer_call(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1,
                                 "T", "s", text),
                       ERROR_PREFIX "LimitReached");
        ck_assert_ptr_nonnull(strstr(helper->text, "16384"));
        free(text);
}
END_TEST

START_TEST(not_too_many)
{
        for (int i = 0; i < 16; i++)
                ck_assert(hand_over(helper, PHONE));
        assert_refused(helper, hand_over(helper, PHONE), ERROR_PREFIX "LimitReached");
        peer_incoming(app, CALL_A, "1");
        world_settle(&world);
        ck_assert(hand_over(helper, PHONE)); /* that was one report */
        peer_wait_line(app, "ReportRequired=false,DeadlineUSec=18446744073709551615");
}
END_TEST

/* ---- what is owed ---- */

static void shorten(usec_t duty)
{
        struct limits limits = *engine_get_limits(world.daemon.engine);

        limits.push_report_timeout = duty;
        engine_set_limits(world.daemon.engine, &limits);
}

static bool is_missed(void *userdata)
{
        const struct provider *provider = engine_find_identifier(world.daemon.engine, PHONE);

        return provider->push_misses == *(const unsigned *)userdata;
}

/* Rows: I12. */
START_TEST(misses_are_shown)
{
        peer_watch(user);
        shorten(USEC_PER_MSEC);
        for (unsigned n = 1; n <= 3; n++) {
                ck_assert_str_eq(info("PushBlockedUntil"), "0");
                ck_assert(hand_over(helper, PHONE));
                world_run_until(&world, is_missed, &n, "a miss");
        }
        ck_assert_str_eq(info("PushMisses"), "3");
        ck_assert_str_ne(info("PushBlockedUntil"), "0");
        world_settle(&world);
        peer_line(user, 0, INTERFACE_PROVIDER_INFO, "PushMisses");
        assert_refused(helper, hand_over(helper, PHONE), ERROR_PREFIX "LimitReached");
        ck_assert_ptr_nonnull(strstr(helper->text, "60 min"));
}
END_TEST

/* Rows: I2, I12. */
START_TEST(refused_report_keeps_the_duty)
{
        unsigned n = 1;

        shorten(USEC_PER_MSEC);
        ck_assert(hand_over(helper, PHONE));
        world_run_until(&world, is_missed, &n, "a miss");
        shorten(3600 * USEC_PER_SEC);
        ck_assert(hand_over(helper, PHONE));
        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_PROPERTIES, "Set", "ssv", INTERFACE_MANAGER,
                            "DoNotDisturb", "b", true));
        assert_refused(app,
                       peer_call(app, app->provider, INTERFACE_PROVIDER, "ReportNewIncomingCall",
                                 "sa{sv}", CALL_A, 0),
                       ERROR_PREFIX "IncomingCall.FilteredByDoNotDisturb");
        n = 0;
        world_run_until(&world, is_missed, &n, "the end of the duty");
        ck_assert_str_eq(info("PushMisses"), "0");
}
END_TEST

/* ---- who is away ---- */

static void go_away(void)
{
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "SetConfiguration", "a{sv}", 2,
                            "Identifier", "s", PHONE, "ReclaimGraceUSec", "t", 100 * USEC_PER_SEC));
        peer_active_call(app, user, CALL_A);
        peer_close(app);
        world_settle(&world);
        ck_assert_int_eq(engine_find_identifier(world.daemon.engine, PHONE)->state, PROVIDER_AWAY);
}

static void come_back(void)
{
        app = world_add_peer(&world);
        peer_register(app, PHONE);
        peer_wait_line(app, "PushPayloadReceived");
        peer_line(app, peer_line(app, 0, "Began", ""), "PushPayloadReceived",
                  "[From=Ada] [ReportRequired=false");
}

static bool has_payload(void *userdata)
{
        (void)userdata;
        return engine_find_identifier(world.daemon.engine, PHONE)->pushes != NULL;
}

static void send_push(void)
{
        peer_send(helper, PATH_ROOT, INTERFACE_MANAGER, PUSH, "sa{sv}", PHONE, 1, "From", "s",
                  "Ada");
        world_run_until(&world, has_payload, NULL, "payload");
        world_settle(&world);
}

/* Rows: I11. */
START_TEST(reply_waits_for_the_app)
{
        go_away();
        send_push();
        ck_assert(!peer_saw(helper, "reply " PUSH));
        come_back();
        peer_wait_line(helper, "reply " PUSH);
}
END_TEST

START_TEST(helper_need_not_wait)
{
        go_away();
        send_push();
        peer_close(helper);
        world_settle(&world);
        come_back();
}
END_TEST

/* Nothing is lost: what was admitted is on record. */
START_TEST(payload_survives_callsd)
{
        go_away();
        send_push();
        world_crash(&world);
        world_return(&world);
        use_hook();
        come_back();
}
END_TEST

/* The reply is the truth about it. */
START_TEST(app_that_cannot_be_started)
{
        const struct provider_manifest manifest = {.identifier = "org.example.Absent",
                                                   .can_start = true};
        static const char *const helpers[] = {HELPER, NULL};

        granted = helpers;
        peer_close(app);
        world_settle(&world);
        assert_refused(helper, hand_over(helper, PHONE),
                       ERROR_PREFIX "RequestTransaction.UnknownCallProvider");
        ck_assert_int_eq(engine_declare_provider(world.daemon.engine, bus_now(),
                                                 &(struct provider_manifest){.identifier = PHONE}),
                         0);
        assert_refused(helper, hand_over(helper, PHONE), ERROR_PREFIX "ProviderAway");
        ck_assert_ptr_nonnull(strstr(helper->text, "BusName="));
        ck_assert_int_eq(engine_declare_provider(
                                 world.daemon.engine, bus_now(),
                                 &(struct provider_manifest){.identifier = PHONE,
                                                             .can_start = manifest.can_start}),
                         0);
        assert_refused(helper, hand_over(helper, PHONE), ERROR_PREFIX "ProviderAway");
        ck_assert_ptr_nonnull(strstr(helper->text, "No manifest"));
}
END_TEST

/* It is started, and hangs. */
START_TEST(app_that_does_not_come)
{
        struct limits limits = *engine_get_limits(world.daemon.engine);

        go_away();
        limits.reply_timeout = USEC_PER_MSEC;
        engine_set_limits(world.daemon.engine, &limits);
        assert_refused(helper, hand_over(helper, PHONE), ERROR_PREFIX "ProviderAway");
        ck_assert_ptr_nonnull(strstr(helper->text, "did not register"));
}
END_TEST

static TCase *right(void)
{
        TCase *tc = tcase_create("right");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, helper_hands_over);
        tcase_add_test(tc, others_hand_over_nothing);
        tcase_add_test(tc, sandboxed_helper);
        tcase_add_test(tc, nobody_is_named);
        tcase_add_test(tc, unknown_identifiers);
        return tc;
}

static TCase *values(void)
{
        TCase *tc = tcase_create("values");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, values_of_every_type);
        tcase_add_test(tc, no_files);
        tcase_add_test(tc, not_too_deep);
        tcase_add_test(tc, not_too_large);
        tcase_add_test(tc, not_too_many);
        return tc;
}

static TCase *duty(void)
{
        TCase *tc = tcase_create("duty");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, misses_are_shown);
        tcase_add_test(tc, refused_report_keeps_the_duty);
        return tc;
}

static TCase *away(void)
{
        TCase *tc = tcase_create("away");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, reply_waits_for_the_app);
        tcase_add_test(tc, helper_need_not_wait);
        tcase_add_test(tc, payload_survives_callsd);
        tcase_add_test(tc, app_that_cannot_be_started);
        tcase_add_test(tc, app_that_does_not_come);
        return tc;
}

SUITE_MAIN("push on the bus", right(), values(), duty(), away());
