/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The access table against the XML: no member without a row, no row without a member. */
#include "bus/bus-access.h"

#include <stdio.h>

#include "bus/bus-object.h"
#include "contract/introspection/xml.h"
#include "support/suite.h"

static struct statements statements;

static void read_interfaces(void)
{
        static const char *const names[] = {"Manager1", "Provider1", "ProviderInfo1", "Call1",
                                            "Audio1"};

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                char path[512];

                snprintf(path, sizeof(path), "%s/org.callsd.%s.xml", INTERFACES_DIR, names[i]);
                statements_add_file(&statements, path);
        }
        statements_sort(&statements);
}

static void drop_interfaces(void)
{
        statements_done(&statements);
}

static enum access_kind kind_of(const char *word)
{
        if (streq(word, "method"))
                return ACCESS_CALL;
        return streq(word, "signal") ? ACCESS_RECEIVE : ACCESS_READ;
}

START_TEST(every_member_has_a_row)
{
        size_t n_members = 0;

        for (size_t i = 0; i < statements.n; i++) {
                char interface[128], kind[16], member[128];

                ck_assert_int_eq(
                        sscanf(statements.lines[i], "%127s %15s %127s", interface, kind, member),
                        3);
                n_members++;
                ck_assert_msg(access_find(kind_of(kind), interface, member) != NULL,
                              "no row for %s %s.%s", kind, interface, member);
                if (strstr(statements.lines[i], " readwrite"))
                        ck_assert_msg(access_find(ACCESS_WRITE, interface, member) != NULL,
                                      "no row for writing %s.%s", interface, member);
        }
        ck_assert_uint_gt(n_members, 90);
}
END_TEST

START_TEST(every_row_has_a_member)
{
        static const char *const kinds[] = {
                [ACCESS_CALL] = "method",
                [ACCESS_READ] = "property",
                [ACCESS_WRITE] = "property",
                [ACCESS_RECEIVE] = "signal",
        };

        for (size_t i = 0; i < access_count(); i++) {
                const struct access_row *row = access_row(i);
                char start[320];
                bool found = false;

                snprintf(start, sizeof(start), "%s %s %s", row->interface, kinds[row->kind],
                         row->member);
                for (size_t line = 0; line < statements.n && !found; line++)
                        found = strncmp(statements.lines[line], start, strlen(start)) == 0;
                ck_assert_msg(found, "the XML has no %s", start);
        }
}
END_TEST

/* Public is what dbus-api.md names; everything else of a call is announced by name only. */
START_TEST(private_properties_are_in_no_broadcast)
{
        for (size_t i = 0; i < access_count(); i++) {
                const struct access_row *row = access_row(i);
                char line[400];
                bool hidden = false;

                if (row->kind != ACCESS_READ)
                        continue;
                snprintf(line, sizeof(line),
                         "%s property %s org.freedesktop.systemd1.Explicit=true", row->interface,
                         row->member);
                for (size_t n = 0; n < statements.n && !hidden; n++)
                        hidden = streq(statements.lines[n], line);
                ck_assert_msg(hidden == (row->right != RIGHT_ANYONE), "%s.%s", row->interface,
                              row->member);
        }
}
END_TEST

START_TEST(every_refusal_has_a_name_of_its_own)
{
        for (int a = REFUSAL_NONE + 1; a < REFUSAL_MAX_; a++) {
                const char *name = bus_error_name((enum refusal)a);

                ck_assert_msg(strncmp(name, "org.callsd.Error.", 17) == 0 ||
                                      streq(name, SD_BUS_ERROR_INVALID_ARGS),
                              "%s", name);
                ck_assert(sd_bus_interface_name_is_valid(name) > 0);
                for (int b = a + 1; b < REFUSAL_MAX_; b++)
                        ck_assert_str_ne(name, bus_error_name((enum refusal)b));
        }
}
END_TEST

START_TEST(paths_name_calls_and_nothing_else)
{
        const char *uuid = "6f1ed002-ab59-4b5a-9b0e-0d5a3d9d9f51";
        char path[PATH_SIZE];
        struct uuid back;
        unsigned number;

        ck_assert_str_eq(call_path(uuid, path),
                         "/org/callsd/call/6f1ed002_ab59_4b5a_9b0e_0d5a3d9d9f51");
        ck_assert(call_path_decode(path, &back));
        ck_assert_str_eq(back.text, uuid);
        ck_assert(!call_path_decode("/org/callsd/call", &back));
        ck_assert(!call_path_decode("/org/callsd/call/", &back));
        ck_assert(
                !call_path_decode("/org/callsd/call/6F1ED002_AB59_4B5A_9B0E_0D5A3D9D9F51", &back));
        ck_assert(!call_path_decode("/org/callsd/call/6f1ed002_ab59_4b5a_9b0e_0d5a3d9d9f5", &back));
        ck_assert(
                !call_path_decode("/org/callsd/call/6f1ed002ab594b5a_9b0e_0d5a3d9d9f5111", &back));
        ck_assert(
                !call_path_decode("/org/callsd/callx6f1ed002_ab59_4b5a_9b0e_0d5a3d9d9f51", &back));
        ck_assert(provider_path_decode(provider_path(7, path), &number));
        ck_assert_uint_eq(number, 7);
        ck_assert(!provider_path_decode("/org/callsd/provider/p7x", &number));
        ck_assert(!provider_path_decode("/org/callsd/provider/p07", &number));
        ck_assert(!provider_path_decode("/org/callsd/provider/7", &number));
}
END_TEST

static TCase *table(void)
{
        TCase *tc = tcase_create("table");

        tcase_add_unchecked_fixture(tc, read_interfaces, drop_interfaces);
        tcase_add_test(tc, every_member_has_a_row);
        tcase_add_test(tc, every_row_has_a_member);
        tcase_add_test(tc, private_properties_are_in_no_broadcast);
        return tc;
}

static TCase *names(void)
{
        TCase *tc = tcase_create("names");

        tcase_add_test(tc, every_refusal_has_a_name_of_its_own);
        tcase_add_test(tc, paths_name_calls_and_nothing_else);
        return tc;
}

SUITE_MAIN("bus-access", table(), names());
