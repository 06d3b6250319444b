/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers that manifests tell of are known without running, and called as their manifests say;
 * and what changes in a folder is known at once.
 */
#include <stdio.h>

#include "bus/manifest-world.h"
#include "support/suite.h"

static void register_as(const char *identifier, const char *name, const char *icon)
{
        const char *path;

        ck_assert(peer_call(app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 4,
                            "Identifier", "s", identifier, "LocalizedName", "s", name, "Icon", "s",
                            icon, "SupportedURISchemes", "as", 1, "xmpp"));
        ck_assert_int_gt(sd_bus_message_read(app->reply, "o", &path), 0);
        snprintf(app->provider, sizeof(app->provider), "%s", path);
}

/* Rows: R10 */
START_TEST(known_before_it_runs)
{
        write_file(SYSTEM(PHONE), "[Provider]\nName=A phone\nIcon=phone\nBusName=" PHONE "\n"
                                  "HandleTypes=phone-number\nURISchemes=tel;sip\n"
                                  "EmergencyNumbers=112\n");
        start();
        ck_assert_str_eq(show(PHONE, "Identifier"), PHONE);
        ck_assert_str_eq(show(PHONE, "DisplayName"), "A phone");
        ck_assert_str_eq(show(PHONE, "Icon"), "phone");
        ck_assert_str_eq(show(PHONE, "Running"), "false");
        ck_assert_ptr_nonnull(strstr(show(PHONE, "SupportedHandleTypes"), "phone-number"));
        ck_assert_ptr_nonnull(strstr(show(PHONE, "SupportedURISchemes"), "tel"));
        ck_assert_str_eq(show(PHONE, "Emergency"), "true");
        /* what it says itself counts for what it can do, and not for how it is called */
        register_as(PHONE, "Bank of the World", "bank");
        ck_assert_str_eq(show(PHONE, "Running"), "true");
        ck_assert_str_eq(show(PHONE, "DisplayName"), "A phone");
        ck_assert_str_eq(show(PHONE, "Icon"), "phone");
        ck_assert_ptr_nonnull(strstr(show(PHONE, "SupportedURISchemes"), "xmpp"));
        ck_assert_ptr_null(strstr(show(PHONE, "SupportedURISchemes"), "tel"));
        ck_assert(peer_call(app, app->provider, INTERFACE_PROVIDER, "Invalidate", NULL));
        ck_assert_str_eq(show(PHONE, "Running"), "false");
        ck_assert_ptr_nonnull(strstr(show(PHONE, "SupportedURISchemes"), "tel"));
}
END_TEST

/* A desktop file is enough for a name; without one the app's own word stands. Rows: R10 */
START_TEST(names_of_apps_without_a_manifest)
{
        write_file("others/applications/" PHONE ".desktop",
                   "[Desktop Entry]\nType=Application\nName=Phone\nIcon=from-desktop\n");
        start();
        ck_assert_ptr_null(find(PHONE));
        register_as(PHONE, "Bank of the World", "bank");
        ck_assert_str_eq(show(PHONE, "DisplayName"), "Phone");
        ck_assert_str_eq(show(PHONE, "Icon"), "from-desktop");
        register_as(OTHER, "Another", "mine");
        ck_assert_str_eq(show(OTHER, "DisplayName"), "Another");
        ck_assert_str_eq(show(OTHER, "Icon"), "mine");
        register_as("org.example.Third", "", "");
        ck_assert_str_eq(show("org.example.Third", "DisplayName"), "org.example.Third");
        remove_file("others/applications/" PHONE ".desktop");
        wait_named(PHONE, "");
}
END_TEST

/* ---- changes ---- */

/* None of the folders is there at the beginning. */
START_TEST(folders_come_and_go)
{
        start();
        write_file(SYSTEM(PHONE), "[Provider]\nName=One\n");
        wait_known(PHONE, true);
        peer_wait_line(user, "InterfacesAdded");
        ck_assert_str_eq(show(PHONE, "DisplayName"), "One");
        peer_forget(user);
        write_file(SYSTEM(PHONE), "[Provider]\nName=Two\n");
        wait_named(PHONE, "Two");
        peer_wait_line(user, "PropertiesChanged");
        write_file("user/callsd/providers/draft", "[Provider]\nName=Other\n");
        move("user/callsd/providers/draft", USER(OTHER));
        wait_known(OTHER, true);
        /* as a whole, and back */
        move("system/callsd/providers", "system/callsd/away");
        wait_known(PHONE, false);
        peer_wait_line(user, "InterfacesRemoved");
        move("system/callsd/away", "system/callsd/providers");
        wait_known(PHONE, true);
        remove_file(SYSTEM(PHONE));
        wait_known(PHONE, false);
        remove_file("system/callsd/providers");
        write_file(SYSTEM(PHONE), "[Provider]\nName=Three\n");
        wait_known(PHONE, true);
}
END_TEST

START_TEST(a_bad_manifest_is_left_out)
{
        write_file(SYSTEM(PHONE), "[Provider]\nName=One\n");
        write_file(SYSTEM(OTHER), "[Provider]\nNmae=Other\n");
        write_file(USER(PHONE), "[Provider]\nName=The user's\n");
        start();
        ck_assert_ptr_null(find(OTHER));
        ck_assert_str_eq(show(PHONE, "DisplayName"), "One");
        write_file(SYSTEM(PHONE), "[Provider]\nReclaimGrace=soon\n");
        wait_named(PHONE, "The user's");
        write_file(SYSTEM(OTHER), "[Provider]\nName=Other\n");
        wait_known(OTHER, true);
        write_file(SYSTEM(OTHER), "[Provider]\nName=\xff\n");
        wait_known(OTHER, false);
}
END_TEST

/* A file in a desktop's folder, as a Flatpak exports it: a symbolic link. */
START_TEST(desktop_file_of_a_flatpak)
{
        start();
        write_file("app/" PHONE ".desktop", "[Desktop Entry]\nName=Phone\nX-Flatpak=" PHONE "\n"
                                            "[X-Callsd Provider]\nBusName=" PHONE "\n"
                                            "EmergencyNumbers=112\n");
        link_desktop_file();
        wait_known(PHONE, true);
        ck_assert_str_eq(show(PHONE, "DisplayName"), "Phone");
        ck_assert_str_eq(show(PHONE, "Emergency"), "false");
        ck_assert(find(PHONE)->can_start);
}
END_TEST

START_TEST(a_manifest_that_goes_while_the_app_runs)
{
        write_file(SYSTEM(PHONE), "[Provider]\nName=One\nEmergencyNumbers=112\n");
        start();
        peer_register(app, PHONE);
        peer_active_call(app, user, CALL_A);
        remove_file(SYSTEM(PHONE));
        wait_named(PHONE, "");
        ck_assert_str_eq(show(PHONE, "Running"), "true");
        ck_assert_str_eq(show(PHONE, "Emergency"), "false");
        ck_assert(call_get(user, CALL_A, "State"));
        ck_assert_str_eq(peer_answer(user), "active");
        peer_close(app);
        wait_known(PHONE, false);
}
END_TEST

/* Whoever is declared on record, and has no manifest any more, is forgotten; and the reverse. */
START_TEST(changes_while_there_is_no_callsd)
{
        write_file(SYSTEM(PHONE), "[Provider]\nBusName=" PHONE "\n");
        start();
        ck_assert_ptr_nonnull(find(PHONE));
        world_crash(&world);
        remove_file(SYSTEM(PHONE));
        write_file(SYSTEM(OTHER), "[Provider]\n");
        world_return(&world);
        ck_assert_ptr_null(find(PHONE));
        ck_assert_ptr_nonnull(find(OTHER));
}
END_TEST

/* What a user's file cannot give. */
START_TEST(system_beats_user)
{
        write_file(USER(PHONE), "[Provider]\nName=Forged\nBusName=" OTHER "\n"
                                "EmergencyNumbers=5550100\nPushHelpers=" OTHER "\n");
        start();
        ck_assert_str_eq(show(PHONE, "Emergency"), "false");
        ck_assert(!find(PHONE)->can_start);
        ck_assert_ptr_null(manifest_store_find(manifests_get_store(world.daemon.manifests), PHONE)
                                   ->push_helpers);
        write_file(SYSTEM(PHONE), "[Provider]\nName=True\nBusName=" OTHER "\n");
        wait_named(PHONE, "True");
        ck_assert(find(PHONE)->can_start);
}
END_TEST

/* A manifest's grace counts though the app asked for none. */
START_TEST(grace_of_a_manifest)
{
        write_file(SYSTEM(PHONE), "[Provider]\nReclaimGrace=30s\n");
        start();
        peer_register(app, PHONE);
        peer_active_call(app, user, CALL_A);
        peer_close(app);
        world_settle(&world);
        ck_assert(call_get(user, CALL_A, "Reconnecting"));
        ck_assert_str_eq(peer_answer(user), "true");
}
END_TEST

/* More than are read before the loop turns: callsd has its name when all are known. */
START_TEST(many_desktop_files)
{
        static char text[16384] = "[Desktop Entry]\nType=Application\nName=An app\n";
        char name[128];

        for (unsigned i = 0; strlen(text) < sizeof(text) - 64; i++)
                snprintf(text + strlen(text), 64, "Name[l%u]=A translation\n", i);
        for (unsigned i = 0; i < 300; i++) {
                snprintf(name, sizeof(name), "others/applications/org.example.A%u.desktop", i);
                write_file(name, text);
        }
        write_file("others/applications/" PHONE ".desktop",
                   "[Desktop Entry]\nName=Phone\n[X-Callsd Provider]\n");
        start();
        ck_assert_ptr_nonnull(find(PHONE));
}
END_TEST

static TCase *known_case(void)
{
        TCase *known = make_case("known");

        tcase_add_test(known, known_before_it_runs);
        tcase_add_test(known, names_of_apps_without_a_manifest);
        tcase_add_test(known, folders_come_and_go);
        tcase_add_test(known, a_bad_manifest_is_left_out);
        tcase_add_test(known, desktop_file_of_a_flatpak);
        tcase_add_test(known, a_manifest_that_goes_while_the_app_runs);
        tcase_add_test(known, changes_while_there_is_no_callsd);
        tcase_add_test(known, system_beats_user);
        tcase_add_test(known, grace_of_a_manifest);
        tcase_add_test(known, many_desktop_files);
        return known;
}

SUITE_MAIN("bus-manifest", known_case());
