/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A daemon with folders of manifests of its own, an app and a user. */
#include "bus/manifest-world.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/log.h"

struct world world;
struct peer *app, *user;

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

void start(void)
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
void write_file(const char *name, const char *text)
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

void remove_file(const char *name)
{
        char path[256];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        ck_assert_int_eq(remove(path), 0);
}

void move(const char *from, const char *to)
{
        char before[256], after[256];

        snprintf(before, sizeof(before), "%s/%s", directory, from);
        snprintf(after, sizeof(after), "%s/%s", directory, to);
        make_parents(after);
        ck_assert_int_eq(rename(before, after), 0);
}

void link_desktop_file(void)
{
        char target[256], name[256];

        snprintf(target, sizeof(target), "%s/app/" PHONE ".desktop", directory);
        snprintf(name, sizeof(name), "%s/others/applications/" PHONE ".desktop", directory);
        make_parents(name);
        ck_assert_int_eq(symlink(target, name), 0);
}

/* ---- what is known ---- */

const struct provider *find(const char *identifier)
{
        return engine_find_identifier(world.daemon.engine, identifier);
}

const char *show(const char *identifier, const char *property)
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

void wait_known(const char *identifier, bool wanted)
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

void wait_named(const char *identifier, const char *name)
{
        struct named named = {identifier, name};

        world_run_until(&world, is_named, &named, name);
        if (*name)
                ck_assert_str_eq(show(identifier, "DisplayName"), name);
}

TCase *make_case(const char *name)
{
        TCase *one = tcase_create(name);

        tcase_add_checked_fixture(one, make_folders, teardown);
        return one;
}
