/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much one peer may ask for, and what becomes of one that does not read. */
#include "bus/world.h"

#include "bus/bus-credit.h"
#include "bus/bus-mailbox.h"
#include "support/suite.h"

static struct world world;

static void set_up(void)
{
        world_start(&world);
}

static void tear_down(void)
{
        world_stop(&world);
}

static struct client *client_of_peer(struct peer *peer)
{
        struct client *client;
        const char *name;

        ck_assert_int_ge(sd_bus_get_unique_name(peer->bus, &name), 0);
        client = client_find(world.daemon.bus, name);
        ck_assert_ptr_nonnull(client);
        return client;
}

/* ---- calls without an answer ---- */

static bool all_wait(void *userdata)
{
        return client_of_peer(userdata)->mailbox.n_replies == MAILBOX_OUTSTANDING_MAX;
}

/* An active call whose app does nothing, and a user who asks for as much as he may. */
static void ask_for_all(struct peer *app, struct peer *user)
{
        struct limits limits = *engine_get_limits(world.daemon.engine);

        limits.transactions_per_provider = 1000;
        engine_set_limits(world.daemon.engine, &limits);
        peer_register(app, "org.example.App");
        peer_active_call(app, user, CALL_A);
        app->behaviour = BEHAVIOUR_SILENT;
        for (int i = 0; i < MAILBOX_OUTSTANDING_MAX; i++)
                peer_send(user, call_object(CALL_A), INTERFACE_CALL, "PlayDTMF", "s", "1");
        world_run_until(&world, all_wait, user, "calls without an answer");
}

START_TEST(calls_of_one_peer_that_wait)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);
        struct peer *other = world_add_peer(&world);

        ask_for_all(app, user);
        ck_assert(!call_method(user, CALL_A, "PlayDTMF", "s", "1"));
        ck_assert_str_eq(user->error, ERROR_PREFIX "LimitReached");
        ck_assert_ptr_nonnull(strstr(user->text, "96 calls of :1."));
        ck_assert(!call_get(user, CALL_A, "State"));
        ck_assert(call_get(other, CALL_A, "State"));
}
END_TEST

/* Whatever else was asked for: a call can be ended. */
START_TEST(end_is_refused_for_no_limit)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);

        ask_for_all(app, user);
        app->behaviour = BEHAVIOUR_FULFIL;
        ck_assert_msg(call_method(user, CALL_A, "End", NULL), "%s", user->text);
}
END_TEST

START_TEST(answers_that_left_make_room)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);

        ask_for_all(app, user);
        for (size_t i = 0; i < app->n_actions; i++)
                if (streq(app->actions[i].type, "play-dtmf-call")) {
                        peer_fulfil(app, i);
                        break;
                }
        world_settle(&world);
        peer_send(user, call_object(CALL_A), INTERFACE_CALL, "PlayDTMF", "s", "2");
        world_settle(&world);
        ck_assert(!peer_saw(user, "LimitReached"));
}
END_TEST

/* ---- one that does not read ---- */

static bool is_cut_off(void *userdata)
{
        return client_of_peer(userdata)->credit.cut_off;
}

static bool is_forgiven(void *userdata)
{
        return !client_of_peer(userdata)->credit.cut_off;
}

static bool has_no_call(void *userdata)
{
        const struct call *call = engine_find_call(world.daemon.engine, CALL_A);

        (void)userdata;
        return !call || call->state == CALL_STATE_ENDED;
}

static void stop_reading(struct peer *peer)
{
        ck_assert_int_ge(sd_bus_detach_event(peer->bus), 0);
}

/* As if it had been sent so much, and asked whether it read so long ago. */
static void owe(struct peer *peer, size_t bytes, usec_t ago)
{
        struct client *client = client_of_peer(peer);

        credit_charge(client, bytes);
        client->credit.pinged -= ago;
        credit_charge(client, 1);
}

START_TEST(peer_that_does_not_read_counts_as_gone_until_it_does)
{
        struct peer *app = world_add_peer(&world), *user = world_add_peer(&world);

        peer_register(app, "org.example.App");
        peer_incoming(app, CALL_A, "sip:alice@example.org");
        stop_reading(app);
        owe(app, CREDIT_MAX + 1, CREDIT_PATIENCE);
        ck_assert(is_cut_off(app));
        world_run_until(&world, has_no_call, NULL, "end of its call");
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_int_ge(sd_bus_attach_event(app->bus, world.daemon.event, 0), 0);
        world_run_until(&world, is_forgiven, app, "answer to the Ping");
        ck_assert_uint_lt(client_of_peer(app)->credit.owed, CREDIT_WAIT);
        peer_register(app, "org.example.App");
}
END_TEST

/* A debugger, or a machine that sleeps: little is owed, for however long. */
START_TEST(peer_that_owes_little_is_waited_for)
{
        struct peer *app = world_add_peer(&world);

        peer_register(app, "org.example.App");
        stop_reading(app);
        owe(app, CREDIT_WAIT, 3600 * USEC_PER_SEC);
        ck_assert(!is_cut_off(app));
        ck_assert(!credit_is_good(client_of_peer(app)));
}
END_TEST

/* All together owe too much: the one that owes most goes, and no other. */
START_TEST(greatest_debtor_goes_first)
{
        struct peer *peers[7];

        for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
                peers[i] = world_add_peer(&world);
                ck_assert(peer_call(peers[i], PATH_ROOT, INTERFACE_PROPERTIES, "Get", "ss",
                                    INTERFACE_MANAGER, "InCall"));
        }
        for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
                stop_reading(peers[i]);
                owe(peers[i], CREDIT_MAX - (i == 3 ? 100 : 1000), 0);
        }
        for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
                ck_assert_int_eq(is_cut_off(peers[i]), i == 3);
}
END_TEST

/* What it asks for waits meanwhile, and is served when it reads. */
START_TEST(requests_wait_for_the_proof)
{
        struct peer *user = world_add_peer(&world);
        struct client *client;

        ck_assert(peer_call(user, PATH_ROOT, INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_MANAGER,
                            "InCall"));
        client = client_of_peer(user);
        owe(user, CREDIT_WAIT + 1, 0);
        peer_send(user, PATH_ROOT, INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_MANAGER, "InCall");
        ck_assert(!credit_is_good(client));
        peer_wait_line(user, "reply Get");
        ck_assert(credit_is_good(client));
        ck_assert_uint_eq(client->mailbox.n - client->mailbox.first, 0);
}
END_TEST

static TCase *limits(void)
{
        TCase *tc = tcase_create("limits");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, calls_of_one_peer_that_wait);
        tcase_add_test(tc, end_is_refused_for_no_limit);
        tcase_add_test(tc, answers_that_left_make_room);
        return tc;
}

static TCase *credits(void)
{
        TCase *tc = tcase_create("credits");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, peer_that_does_not_read_counts_as_gone_until_it_does);
        tcase_add_test(tc, peer_that_owes_little_is_waited_for);
        tcase_add_test(tc, greatest_debtor_goes_first);
        tcase_add_test(tc, requests_wait_for_the_proof);
        return tc;
}

SUITE_MAIN("bus-limits", limits(), credits());
