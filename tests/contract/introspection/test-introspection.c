/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running daemon says about itself is what dbus-interfaces/ says, member by member. */
#include "bus/world.h"
#include "contract/introspection/xml.h"

#include "support/suite.h"

static void introspect(struct peer *peer, const char *path, struct statements *statements)
{
        const char *xml;

        ck_assert_msg(
                peer_call(peer, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL),
                "%s", peer->text);
        ck_assert_int_gt(sd_bus_message_read(peer->reply, "s", &xml), 0);
        statements_add(statements, xml);
}

static void compare(const struct statements *said, const struct statements *wanted)
{
        size_t i = 0, j = 0;

        while (i < said->n || j < wanted->n) {
                int order = i == said->n     ? 1
                            : j == wanted->n ? -1
                                             : strcmp(said->lines[i], wanted->lines[j]);

                if (order < 0)
                        ck_abort_msg("only the daemon says: %s", said->lines[i]);
                if (order > 0)
                        ck_abort_msg("only the XML says: %s", wanted->lines[j]);
                i++;
                j++;
        }
}

START_TEST(daemon_is_what_the_xml_says)
{
        static const char *const interfaces[] = {"Manager1", "Provider1", "ProviderInfo1", "Call1",
                                                 "Audio1"};
        struct statements said = {0}, wanted = {0};
        struct world world;
        struct peer *peer;

        world_start(&world);
        peer = world_add_peer(&world);
        peer_register(peer, "org.example.App");
        peer_incoming(peer, CALL_A, "sip:alice@example.org");
        introspect(peer, PATH_ROOT, &said);
        introspect(peer, PATH_AUDIO, &said);
        introspect(peer, peer->provider, &said);
        introspect(peer, call_object(CALL_A), &said);
        for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
                char path[512];

                snprintf(path, sizeof(path), "%s/org.callsd.%s.xml", INTERFACES_DIR, interfaces[i]);
                statements_add_file(&wanted, path);
        }
        statements_sort(&said);
        statements_sort(&wanted);
        ck_assert_uint_gt(wanted.n, 100);
        compare(&said, &wanted);
        statements_done(&said);
        statements_done(&wanted);
        world_stop(&world);
}
END_TEST

static TCase *introspection(void)
{
        TCase *tc = tcase_create("introspection");

        tcase_add_test(tc, daemon_is_what_the_xml_says);
        return tc;
}

SUITE_MAIN("introspection", introspection());
