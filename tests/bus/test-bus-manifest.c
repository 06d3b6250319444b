/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers that manifests tell of: known without running, called as their manifests say, started
 * when they are wanted; and what changes in a folder is known at once.
 */
#include "bus/world.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "support/suite.h"
#include "util/log.h"

#define PHONE "org.example.Phone"
#define OTHER "org.example.Other"

static struct world world;
static struct peer *app, *user;
static char directory[64], state[96];

/* ---- folders ---- */

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
        (void)st, (void)kind, (void)walk;
        return remove(name);
}

static void set_folder(const char *variable, const char *name)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        ck_assert_int_eq(setenv(variable, path, 1), 0);
}

static void make_folders(void)
{
        snprintf(directory, sizeof(directory), "/dev/shm/callsd-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        snprintf(state, sizeof(state), "%s/state", directory);
        ck_assert_int_eq(mkdir(state, 0700), 0);
        set_folder("CALLSD_SYSTEM_DATA_DIRS", "system");
        set_folder("XDG_DATA_HOME", "user");
        set_folder("XDG_DATA_DIRS", "others");
}

static void start(void)
{
        world_start_in(&world, state);
        app = world_add_peer(&world);
        user = world_add_peer(&world);
        peer_watch(user);
}

static void teardown(void)
{
        world_stop(&world);
        nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_parents(char *path)
{
        for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                mkdir(path, 0700);
                *slash = '/';
        }
}

/* "system/callsd/providers/ID.provider" and so on. */
static void write_file(const char *name, const char *text)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        make_parents(path);
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
        char path[256];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        ck_assert_int_eq(remove(path), 0);
}

static void move(const char *from, const char *to)
{
        char before[256], after[256];

        snprintf(before, sizeof(before), "%s/%s", directory, from);
        snprintf(after, sizeof(after), "%s/%s", directory, to);
        make_parents(after);
        ck_assert_int_eq(rename(before, after), 0);
}

#define SYSTEM(id) "system/callsd/providers/" id ".provider"
#define USER(id) "user/callsd/providers/" id ".provider"

/* ---- what is known ---- */

static const struct provider *find(const char *identifier)
{
        return engine_find_identifier(world.daemon.engine, identifier);
}

static const char *show(const char *identifier, const char *property)
{
        const struct provider *provider = find(identifier);
        char path[64];

        ck_assert_msg(provider, "%s is not known", identifier);
        snprintf(path, sizeof(path), PATH_PROVIDERS "/p%u", provider->number);
        peer_call(user, path, INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_PROVIDER_INFO, property);
        return peer_answer(user);
}

struct known {
        const char *identifier;
        bool wanted;
};

static bool is_known(void *userdata)
{
        const struct known *known = userdata;

        return (find(known->identifier) != NULL) == known->wanted;
}

static void wait_known(const char *identifier, bool wanted)
{
        struct known known = {identifier, wanted};

        world_run_until(&world, is_known, &known, wanted ? "provider" : "end of the provider");
}

struct named {
        const char *identifier, *name;
};

static bool is_named(void *userdata)
{
        const struct named *named = userdata;
        const struct manifest_store *store = manifests_get_store(world.daemon.manifests);

        return streq(str_or_empty(manifest_store_name(store, named->identifier)), named->name);
}

/* "" for `name`: it has none any more. */
static void wait_named(const char *identifier, const char *name)
{
        struct named named = {identifier, name};

        world_run_until(&world, is_named, &named, name);
        if (*name)
                ck_assert_str_eq(show(identifier, "DisplayName"), name);
}

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
        char target[256], link[256];

        start();
        write_file("app/" PHONE ".desktop", "[Desktop Entry]\nName=Phone\nX-Flatpak=" PHONE "\n"
                                            "[X-Callsd Provider]\nBusName=" PHONE "\n"
                                            "EmergencyNumbers=112\n");
        snprintf(target, sizeof(target), "%s/app/" PHONE ".desktop", directory);
        snprintf(link, sizeof(link), "%s/others/applications/" PHONE ".desktop", directory);
        make_parents(link);
        ck_assert_int_eq(symlink(target, link), 0);
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

/* ---- starting ---- */

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

static TCase *make_case(const char *name)
{
        TCase *one = tcase_create(name);

        tcase_add_checked_fixture(one, make_folders, teardown);
        return one;
}

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
        return known;
}

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

SUITE_MAIN("bus-manifest", known_case(), start_case());
