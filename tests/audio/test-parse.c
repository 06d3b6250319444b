/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others wrote: sound themes in odd states, and params of devices that are not as they should.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>

#include "audio/device-parse.h"
#include "audio/sound-theme.h"
#include "support/suite.h"
#include "util/cleanup.h"

/* ---- sound themes ---- */

static char base[64];

static void set_up(void)
{
        snprintf(base, sizeof(base), "/tmp/callsd-theme-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(base));
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
        (void)st, (void)kind, (void)walk;
        return remove(name);
}

static void tear_down(void)
{
        ck_assert_int_eq(nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* With the folders that lead to it. */
static void put(const char *name, const char *text)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", base, name);
        for (char *at = path + strlen(base) + 1; (at = strchr(at, '/')); *at++ = '/') {
                *at = '\0';
                ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
        }
        file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
}

/* The contents of the sound of this name, or NULL with `ret_r`. */
static const char *open_sound(const char *directories, const char *name, int *ret_r)
{
        static char text[16];
        int fd = -1;
        ssize_t n;

        *ret_r = sound_theme_open(directories, name, &fd);
        if (*ret_r != 0) {
                ck_assert_int_eq(fd, -1);
                return NULL;
        }
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        ck_assert_int_ge(n, 0);
        text[n] = '\0';
        return text;
}

static void assert_sound(const char *directories, const char *name, const char *wanted)
{
        const char *text;
        int r;

        text = open_sound(directories, name, &r);
        ck_assert_msg(text, "%s: %d", name, r);
        ck_assert_str_eq(text, wanted);
}

static void assert_none(const char *directories, const char *name, int wanted)
{
        int r;

        ck_assert_ptr_null(open_sound(directories, name, &r));
        ck_assert_int_eq(r, wanted);
}

START_TEST(theme_says_where_its_sounds_are)
{
        put("sounds/freedesktop/index.theme", "[Sound Theme]\nName=x\nDirectories=,low,; high\n");
        put("sounds/freedesktop/high/ring.oga", "high");
        put("sounds/freedesktop/stereo/ring.oga", "stereo");
        assert_sound(base, "ring", "high");
        put("sounds/freedesktop/low/ring.wav", "low");
        assert_sound(base, "ring", "low");
}
END_TEST

/* An index that names nothing leaves the theme's own folder, and what is in no theme. */
START_TEST(theme_with_a_broken_index)
{
        put("sounds/freedesktop/index.theme", "Directories=\n");
        put("sounds/ring.flac", "loose");
        assert_sound(base, "ring", "loose");
        put("sounds/freedesktop/ring.opus", "theme");
        assert_sound(base, "ring", "theme");
        put("sounds/freedesktop/index.theme", "\n[Sound Theme\nDirectories");
        put("sounds/freedesktop/stereo/ring.ogg", "stereo");
        assert_sound(base, "ring", "stereo");
        put("sounds/freedesktop/index.theme", "");
        assert_sound(base, "ring", "stereo");
}
END_TEST

/* Names get shorter from behind, each in all places. */
START_TEST(name_that_is_not_there_gets_shorter)
{
        put("sounds/freedesktop/stereo/phone.oga", "phone");
        assert_sound(base, "phone-incoming-call", "phone");
        put("sounds/freedesktop/stereo/phone-incoming.oga", "incoming");
        assert_sound(base, "phone-incoming-call", "incoming");
        assert_none(base, "bell-window", -ENOENT);
        assert_none(base, "-", -ENOENT);
}
END_TEST

START_TEST(what_is_no_name_of_a_sound)
{
        char name[200];

        put("sounds/ring.wav", "ring");
        memset(name, 'a', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        assert_none(base, "", -EINVAL);
        assert_none(base, ".ring", -EINVAL);
        assert_none(base, "../ring", -EINVAL);
        assert_none(base, "sounds/ring", -EINVAL);
        assert_none(base, name, -EINVAL);
        name[128] = '\0';
        assert_none(base, name, -ENOENT);
}
END_TEST

/* Only absolute directories count; a folder with the name of a sound is none. */
START_TEST(directories_that_are_none)
{
        char directories[256];

        put("sounds/freedesktop/stereo/ring.oga/file", "");
        put("sounds/freedesktop/stereo/ring.wav", "ring");
        snprintf(directories, sizeof(directories), "relative::/nonexistent:%s", base);
        assert_sound(directories, "ring", "ring");
        assert_none("relative:.", "ring", -ENOENT);
        assert_none("", "ring", -ENOENT);
}
END_TEST

static void assert_directories(const char *wanted)
{
        cleanup_(freep) char *directories = sound_theme_directories();

        ck_assert_ptr_nonnull(directories);
        ck_assert_str_eq(directories, wanted);
}

START_TEST(directories_of_the_user_and_of_all)
{
        setenv("XDG_DATA_HOME", "/own", 1);
        setenv("XDG_DATA_DIRS", "/one:/two", 1);
        setenv("HOME", "/home/me", 1);
        assert_directories("/own:/one:/two");
        setenv("XDG_DATA_HOME", "", 1);
        assert_directories("/home/me/.local/share:/one:/two");
        unsetenv("HOME");
        assert_directories("/one:/two");
        unsetenv("XDG_DATA_DIRS");
        assert_directories("/usr/local/share:/usr/share");
}
END_TEST

/* ---- params of devices ---- */

static uint8_t buffer[4096];
static struct spa_pod_builder builder;
static struct device_params params;

static void set_up_params(void)
{
        builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        params = (struct device_params){.profile = -1};
}

static void tear_down_params(void)
{
        device_params_done(&params);
        ck_assert_int_eq(params.profile, -1);
        ck_assert_ptr_null(params.ports);
}

/* In memory of its own size: a look behind its end is seen by a sanitizer. */
static void parse(uint32_t id, const struct spa_pod *pod)
{
        cleanup_(freep) void *copy = malloc(SPA_POD_SIZE(pod));

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, pod, SPA_POD_SIZE(pod));
        device_parse_param(&params, id, copy);
}

#define OBJECT(type, id, ...) spa_pod_builder_add_object(&builder, type, id, __VA_ARGS__)

START_TEST(params_that_are_not_what_they_should_be)
{
        static const uint32_t ids[] = {SPA_PARAM_EnumProfile, SPA_PARAM_EnumRoute, SPA_PARAM_Route,
                                       SPA_PARAM_Profile, SPA_PARAM_Props};
        const struct spa_pod_int number = SPA_POD_INIT_Int(3);
        const struct spa_pod *empty = OBJECT(SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route,
                                             SPA_PARAM_ROUTE_index, SPA_POD_Float(1.0f));

        for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
                parse(ids[i], &number.pod);
                parse(ids[i], empty);
        }
        ck_assert_uint_eq(params.n_profiles + params.n_ports + params.n_active, 0);
        ck_assert_int_eq(params.profile, -1);
}
END_TEST

/* A port is what it says of itself, without what it does not say. */
START_TEST(port_that_says_little)
{
        parse(SPA_PARAM_EnumRoute,
              OBJECT(SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_EnumRoute, SPA_PARAM_ROUTE_index,
                     SPA_POD_Int(2), SPA_PARAM_ROUTE_direction, SPA_POD_Id(SPA_DIRECTION_OUTPUT),
                     SPA_PARAM_ROUTE_name, SPA_POD_String("speaker")));
        ck_assert_uint_eq(params.n_ports, 1);
        ck_assert_str_eq(params.ports[0].description, "speaker");
        ck_assert_str_eq(params.ports[0].type, "");
        ck_assert(params.ports[0].output && params.ports[0].available);
        ck_assert_uint_eq(params.ports[0].profiles.n, 0);
}
END_TEST

static const struct spa_pod *port_with(uint32_t key, const struct spa_pod *value)
{
        return OBJECT(SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_EnumRoute, SPA_PARAM_ROUTE_index,
                      SPA_POD_Int(2), SPA_PARAM_ROUTE_direction, SPA_POD_Id(SPA_DIRECTION_INPUT),
                      SPA_PARAM_ROUTE_name, SPA_POD_String("mic"), key, SPA_POD_Pod(value));
}

/* A list of anything but numbers of 32 bits is no list, and not read beyond its end. */
START_TEST(port_with_odd_lists)
{
        static const uint8_t bytes[] = {1, 2, 3};
        int32_t numbers[DEVICE_LIST_MAX + 3];
        uint8_t own[1024];
        struct spa_pod_builder inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        const struct spa_pod_int number = SPA_POD_INIT_Int(3);
        const struct spa_pod *list;

        for (int32_t i = 0; i < (int32_t)ARRAY_SIZE(numbers); i++)
                numbers[i] = i;
        spa_pod_builder_array(&inner, 1, SPA_TYPE_Bool, sizeof(bytes), bytes);
        list = (const struct spa_pod *)own;
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_profiles, list));
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        spa_pod_builder_array(&inner, 1, SPA_TYPE_Int, sizeof(bytes), bytes);
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_profiles, list));
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_profiles, &number.pod));
        ck_assert_uint_eq(params.n_ports, 3);
        for (unsigned i = 0; i < 3; i++)
                ck_assert_uint_eq(params.ports[i].profiles.n, 0);
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        spa_pod_builder_array(&inner, sizeof(int32_t), SPA_TYPE_Int, ARRAY_SIZE(numbers), numbers);
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_devices, list));
        ck_assert_uint_eq(params.ports[3].cards.n, DEVICE_LIST_MAX);
        ck_assert_int_eq(params.ports[3].cards.items[1], 1);
}
END_TEST

/* What is said about the port ends early, or is of another kind: nothing is known then. */
START_TEST(port_with_odd_info)
{
        uint8_t own[512];
        struct spa_pod_builder inner;
        const struct spa_pod_int number = SPA_POD_INIT_Int(3);
        struct spa_pod *info;

        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_info, &number.pod));
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        info = spa_pod_builder_add_struct(&inner, SPA_POD_String("port.type"));
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_info, info));
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        info = spa_pod_builder_add_struct(&inner, SPA_POD_Int(5), SPA_POD_String("a"),
                                          SPA_POD_String("b"), SPA_POD_String("port.type"));
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_info, info));
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        info = spa_pod_builder_add_struct(&inner, SPA_POD_Int(1), SPA_POD_String("a"),
                                          SPA_POD_String("b"));
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_info, info));
        ck_assert_uint_eq(params.n_ports, 4);
        for (unsigned i = 0; i < 4; i++)
                ck_assert_str_eq(params.ports[i].type, "");
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        info = spa_pod_builder_add_struct(&inner, SPA_POD_Int(2), SPA_POD_String("a"),
                                          SPA_POD_String("b"), SPA_POD_String("port.type"),
                                          SPA_POD_String("mic"));
        parse(SPA_PARAM_EnumRoute, port_with(SPA_PARAM_ROUTE_info, info));
        ck_assert_str_eq(params.ports[4].type, "mic");
}
END_TEST

static void parse_profile(const struct spa_pod *classes)
{
        parse(SPA_PARAM_EnumProfile,
              OBJECT(SPA_TYPE_OBJECT_ParamProfile, SPA_PARAM_EnumProfile, SPA_PARAM_PROFILE_index,
                     SPA_POD_Int(1), SPA_PARAM_PROFILE_classes, SPA_POD_Pod(classes)));
}

START_TEST(profile_with_odd_classes)
{
        uint8_t own[1024], part[512];
        struct spa_pod_builder inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        struct spa_pod_builder entry = SPA_POD_BUILDER_INIT(part, sizeof(part));
        const struct spa_pod_int number = SPA_POD_INIT_Int(3);
        struct spa_pod *none, *nameless, *countless, *sink, *source, *classes;

        parse_profile(&number.pod);
        none = spa_pod_builder_add_struct(&entry, SPA_POD_String("Audio/Sink"), SPA_POD_Int(0));
        nameless = spa_pod_builder_add_struct(&entry, SPA_POD_Int(1));
        countless = spa_pod_builder_add_struct(&entry, SPA_POD_String("Audio/Source"));
        classes = spa_pod_builder_add_struct(&inner, SPA_POD_Int(3), SPA_POD_Pod(none),
                                             SPA_POD_Pod(nameless), SPA_POD_Pod(countless));
        parse_profile(classes);
        ck_assert_uint_eq(params.n_profiles, 2);
        for (unsigned i = 0; i < 2; i++)
                ck_assert(!params.profiles[i].output && !params.profiles[i].input);
        entry = SPA_POD_BUILDER_INIT(part, sizeof(part));
        inner = SPA_POD_BUILDER_INIT(own, sizeof(own));
        sink = spa_pod_builder_add_struct(&entry, SPA_POD_String("Audio/Sink"), SPA_POD_Int(1));
        source = spa_pod_builder_add_struct(&entry, SPA_POD_String("Audio/Source"), SPA_POD_Int(2));
        classes = spa_pod_builder_add_struct(&inner, SPA_POD_Pod(sink), SPA_POD_Pod(source),
                                             SPA_POD_Pod(sink));
        parse_profile(classes);
        ck_assert(params.profiles[2].output && params.profiles[2].input);
}
END_TEST

static TCase *themes(void)
{
        TCase *tc = tcase_create("sound themes");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, theme_says_where_its_sounds_are);
        tcase_add_test(tc, theme_with_a_broken_index);
        tcase_add_test(tc, name_that_is_not_there_gets_shorter);
        tcase_add_test(tc, what_is_no_name_of_a_sound);
        tcase_add_test(tc, directories_that_are_none);
        tcase_add_test(tc, directories_of_the_user_and_of_all);
        return tc;
}

static TCase *devices(void)
{
        TCase *tc = tcase_create("params of devices");

        tcase_add_checked_fixture(tc, set_up_params, tear_down_params);
        tcase_add_test(tc, params_that_are_not_what_they_should_be);
        tcase_add_test(tc, port_that_says_little);
        tcase_add_test(tc, port_with_odd_lists);
        tcase_add_test(tc, port_with_odd_info);
        tcase_add_test(tc, profile_with_odd_classes);
        return tc;
}

SUITE_MAIN("what others wrote", themes(), devices());
