/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd.conf: every key, every error, and where the file is looked for. */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config/config-doc.h"
#include "config/config-table.h"
#include "config/config-value.h"
#include "support/suite.h"
#include "util/cleanup.h"
#include "util/log.h"

static char folder[64];
static char path[128];
static struct config config;

static void make_folder(void)
{
        snprintf(folder, sizeof(folder), "/tmp/callsd-test-config-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/callsd.conf", folder);
        config_init(&config);
}

static void remove_folder(void)
{
        config_done(&config);
        unlink(path);
        rmdir(folder);
}

static void write_file(const char *where, const char *text, size_t length)
{
        FILE *file = fopen(where, "w");

        ck_assert_ptr_nonnull(file);
        ck_assert_uint_eq(fwrite(text, 1, length, file), length);
        ck_assert_int_eq(fclose(file), 0);
}

static void load(const char *text)
{
        char *error = NULL;
        int r;

        write_file(path, text, strlen(text));
        r = config_load(path, &config, &error);
        ck_assert_msg(r == 0, "%s", str_or_empty(error));
        ck_assert_ptr_null(error);
}

/* `expected` is what follows the path of the file in the error. */
static void load_fails_n(const char *text, size_t length, const char *expected)
{
        cleanup_(freep) char *error = NULL;
        struct config before = config;

        write_file(path, text, length);
        ck_assert_int_eq(config_load(path, &config, &error), -EINVAL);
        ck_assert_ptr_nonnull(error);
        ck_assert_int_eq(strncmp(error, path, strlen(path)), 0);
        ck_assert_str_eq(error + strlen(path), expected);
        ck_assert_mem_eq(&before, &config, sizeof(config));
}

static void load_fails(const char *text, const char *expected)
{
        load_fails_n(text, strlen(text), expected);
}

START_TEST(empty_file_gives_the_defaults)
{
        config.log_level = LOG_ERR;
        load("");
        ck_assert_mem_eq(&config.limits, &LIMITS_DEFAULT, sizeof(LIMITS_DEFAULT));
        ck_assert_int_eq(config.log_level, LOG_INFO);
        ck_assert_ptr_null(config.bus_address);
        ck_assert_ptr_null(config.providers);
}
END_TEST

static const void *member_of(const struct config_key *key)
{
        return (const char *)&config + key->offset;
}

static void load_one(const struct config_key *key, const char *value)
{
        char text[256];

        snprintf(text, sizeof(text), "[%s]\n%s=%s\n", key->section, key->name, value);
        load(text);
}

static void load_one_fails(const struct config_key *key, const char *value)
{
        char text[256], expected[128], error[256];

        config_value_expect(key, expected, sizeof(expected));
        snprintf(text, sizeof(text), "[%s]\n%s=%s\n", key->section, key->name, value);
        snprintf(error, sizeof(error), ":2: %s=%s is not possible; it takes %s", key->name, value,
                 expected);
        load_fails(text, error);
}

/* The ends of the range work, one beyond does not; nothing else changes. */
static void check_count(const struct config_key *key)
{
        char value[32];

        for (int i = 0; i < 2; i++) {
                uint64_t end = i ? key->max : key->min;

                snprintf(value, sizeof(value), "%llu", (unsigned long long)end);
                load_one(key, value);
                ck_assert_uint_eq(*(const unsigned *)member_of(key), end);
                snprintf(value, sizeof(value), "%llu",
                         (unsigned long long)(i ? key->max + 1 : key->min - 1));
                load_one_fails(key, value);
        }
        load_one_fails(key, "-1");
        load_one_fails(key, "12x");
        load_one_fails(key, "");
        load_one_fails(key, "4294967297");
        load_one_fails(key, "99999999999999999999999");
}

static void check_duration(const struct config_key *key)
{
        char value[32], beyond[40];

        config_format_duration(key->max, value, sizeof(value));
        if (!streq(key->name, "MinimumTimeout"))
                load_one(key, value);
        snprintf(beyond, sizeof(beyond), "%s 1us", value);
        load_one_fails(key, beyond);
        config_format_duration(key->min, value, sizeof(value));
        if (!streq(key->name, "MaximumTimeout")) {
                load_one(key, value);
                ck_assert_uint_eq(*(const usec_t *)member_of(key), key->min);
        }
        if (key->min > 0)
                load_one_fails(key, "0");
        load_one_fails(key, "5 parsecs");
        load_one_fails(key, "");
}

START_TEST(every_key_takes_its_range_and_nothing_else)
{
        for (size_t i = 0; i < N_CONFIG_KEYS; i++) {
                if (CONFIG_KEYS[i].type == CONFIG_COUNT)
                        check_count(&CONFIG_KEYS[i]);
                else if (CONFIG_KEYS[i].type == CONFIG_DURATION)
                        check_duration(&CONFIG_KEYS[i]);
        }
}
END_TEST

/* A limit without a key could not be configured: the keys fill the struct, but for padding. */
START_TEST(every_limit_has_a_key)
{
        const size_t alignment = _Alignof(struct limits);
        size_t n_bytes = 0;

        for (size_t i = 0; i < N_CONFIG_KEYS; i++) {
                const struct config_key *key = &CONFIG_KEYS[i];

                if (key->offset < sizeof(struct limits))
                        n_bytes += key->type == CONFIG_DURATION ? sizeof(usec_t) : sizeof(unsigned);
                for (size_t other = 0; other < i; other++)
                        ck_assert_uint_ne(CONFIG_KEYS[other].offset, key->offset);
        }
        ck_assert_uint_eq((n_bytes + alignment - 1) / alignment * alignment, sizeof(struct limits));
}
END_TEST

START_TEST(every_default_is_in_its_range)
{
        char value[64];

        for (size_t i = 0; i < N_CONFIG_KEYS; i++) {
                struct config defaults;

                config_init(&defaults);
                config_value_format(&defaults, &CONFIG_KEYS[i], value, sizeof(value));
                ck_assert_msg(config_value_set(&defaults, &CONFIG_KEYS[i], value) == 0,
                              "the default of %s= is %s", CONFIG_KEYS[i].name, value);
                config_done(&defaults);
        }
        ck_assert_mem_eq(&config.limits, &LIMITS_DEFAULT, sizeof(LIMITS_DEFAULT));
}
END_TEST

START_TEST(words_for_resume_and_level)
{
        load("[Calls]\nAutoResume=always\n[Log]\nLevel=debug\n");
        ck_assert_int_eq(config.limits.auto_resume, AUTO_RESUME_ALWAYS);
        ck_assert_int_eq(config.log_level, LOG_DEBUG);
        load("[Calls]\nAutoResume=never\n[Log]\nLevel=error\n");
        ck_assert_int_eq(config.limits.auto_resume, AUTO_RESUME_NEVER);
        ck_assert_int_eq(config.log_level, LOG_ERR);
        load("[Calls]\nAutoResume=local-end\n");
        ck_assert_int_eq(config.limits.auto_resume, AUTO_RESUME_LOCAL_END);
        load_fails("[Calls]\nAutoResume=sometimes\n",
                   ":2: AutoResume=sometimes is not possible; it takes never, local-end or always");
        load_fails(
                "[Log]\n\nLevel=loud\n",
                ":3: Level=loud is not possible; it takes error, warning, notice, info or debug");
}
END_TEST

START_TEST(durations)
{
        static const struct {
                const char *text;
                usec_t expected;
        } good[] = {
                {"90", 90 * USEC_PER_SEC},
                {"30s", 30 * USEC_PER_SEC},
                {"500ms", 500 * USEC_PER_MSEC},
                {"2min", 120 * USEC_PER_SEC},
                {"2 min", 120 * USEC_PER_SEC},
                {"1min 30s", 90 * USEC_PER_SEC},
                {"1min30s", 90 * USEC_PER_SEC},
                {"1h", 3600 * USEC_PER_SEC},
                {"7us", 7},
                {"0", 0},
        };
        static const char *const bad[] = {"", "s", "-1", "1.5s", "1 parsec", "1s,", "S", "1e3"};
        usec_t duration = 42;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                ck_assert_int_eq(config_parse_duration(bad[i], &duration), -EINVAL);
        ck_assert_int_eq(config_parse_duration("9999999999999999h", &duration), -ERANGE);
        ck_assert_int_eq(config_parse_duration("99999999999999999999999", &duration), -ERANGE);
        ck_assert_int_eq(config_parse_duration("18446744073709551615us 1us", &duration), -ERANGE);
        ck_assert_uint_eq(duration, 42);
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                ck_assert_int_eq(config_parse_duration(good[i].text, &duration), 0);
                ck_assert_uint_eq(duration, good[i].expected);
        }
}
END_TEST

START_TEST(formatted_durations)
{
        char text[32];

        config_format_duration(90 * USEC_PER_SEC, text, sizeof(text));
        ck_assert_str_eq(text, "90s");
        config_format_duration(120 * USEC_PER_SEC, text, sizeof(text));
        ck_assert_str_eq(text, "2min");
        config_format_duration(1500 * USEC_PER_MSEC, text, sizeof(text));
        ck_assert_str_eq(text, "1500ms");
        config_format_duration(0, text, sizeof(text));
        ck_assert_str_eq(text, "0s");
}
END_TEST

START_TEST(providers_are_collected)
{
        load("[Providers]\nProviders=org.example.A  org.example.B\nProviders=org.example.C\n");
        ck_assert(config_allows_provider(&config, "org.example.A"));
        ck_assert(config_allows_provider(&config, "org.example.B"));
        ck_assert(config_allows_provider(&config, "org.example.C"));
        ck_assert(!config_allows_provider(&config, "org.example"));
        ck_assert(!config_allows_provider(&config, ""));
        load("[Providers]\nProviders=\n");
        ck_assert_ptr_null(config.providers);
        ck_assert(config_allows_provider(&config, "org.example.D"));
}
END_TEST

START_TEST(bus_address)
{
        load("[Bus]\nAddress=unix:path=/run/bus,guid=12\n");
        ck_assert_str_eq(config.bus_address, "unix:path=/run/bus,guid=12");
        load("[Bus]\nAddress=\n");
        ck_assert_ptr_null(config.bus_address);
}
END_TEST

START_TEST(audio_keys)
{
        const struct config_audio *audio = &config.audio;

        load("");
        ck_assert_int_eq(audio->other_media, OTHER_MEDIA_PAUSE_THEN_DUCK);
        ck_assert_int_eq(audio->echo_cancel, ECHO_CANCEL_AUTO);
        ck_assert_double_eq(audio->duck_volume, -12);
        ck_assert_double_eq(audio->ring_volume, 1);
        ck_assert(!audio->play_feedback_tones);
        ck_assert_ptr_null(audio->route_preference);
        load("[Audio]\nOtherMedia=leave\nEchoCancel=off\nDuckVolume=-20.5 dB\nRingVolume=0.25\n"
             "PlayFeedbackTones=yes\nRingFadeIn=2s\nRoutePreference=headset speaker\n"
             "RingDevices=a b\nRingDevices=c\nProviderRoutes=org.example.A:speaker,headset\n");
        ck_assert_int_eq(audio->other_media, OTHER_MEDIA_LEAVE);
        ck_assert_int_eq(audio->echo_cancel, ECHO_CANCEL_OFF);
        ck_assert_double_eq(audio->duck_volume, -20.5);
        ck_assert_double_eq(audio->ring_volume, 0.25);
        ck_assert(audio->play_feedback_tones);
        ck_assert_uint_eq(audio->ring_fade_in, 2 * USEC_PER_SEC);
        ck_assert_str_eq(audio->route_preference[1], "speaker");
        ck_assert_str_eq(audio->ring_devices[2], "c");
        ck_assert_ptr_null(audio->ring_devices[3]);
        ck_assert_str_eq(audio->provider_routes[0], "org.example.A:speaker,headset");
}
END_TEST

START_TEST(audio_refuses)
{
        load_fails("[Audio]\nOtherMedia=shout\n",
                   ":2: OtherMedia=shout is not possible; it takes pause-then-duck, duck, pause or "
                   "leave");
        load_fails(
                "[Audio]\nDuckVolume=3\n",
                ":2: DuckVolume=3 is not possible; it takes decibels from -60 to 0, such as -12");
        load_fails(
                "[Audio]\nRingVolume=1.01\n",
                ":2: RingVolume=1.01 is not possible; it takes a number from 0 to 1, such as 0.5");
        load_fails("[Audio]\nPlayFeedbackTones=perhaps\n",
                   ":2: PlayFeedbackTones=perhaps is not possible; it takes yes or no");
        load_fails("[Audio]\nRoutePreference=speaker toaster\n",
                   ":2: RoutePreference=speaker toaster is not possible; it takes earpiece, "
                   "speaker, headset, bluetooth, car, hdmi or other");
        for (const char *const *bad = (const char *const[]){"speaker", ":speaker", "a.b:toaster",
                                                            "a.b:speaker,", "a.b:x a.c:car", NULL};
             *bad; bad++) {
                char text[128], expected[256];

                snprintf(text, sizeof(text), "[Audio]\nProviderRoutes=%s\n", *bad);
                snprintf(expected, sizeof(expected),
                         ":2: ProviderRoutes=%s is not possible; it takes identifier:kind,kind "
                         "with the kinds earpiece, speaker, headset, bluetooth, car, hdmi or other",
                         *bad);
                load_fails(text, expected);
        }
        load("[Audio]\nProviderRoutes=a.b:\n");
        for (const char *const *bad =
                     (const char *const[]){"", "x", "nan", "-inf", "-0x1", "-1 m", "--1", NULL};
             *bad; bad++)
                load_one_fails(config_key_find("Audio", "DuckVolume"), *bad);
}
END_TEST

START_TEST(comments_blanks_and_indentation)
{
        load("# comment\n; comment\n\n  [Log] \r\n\t Level = debug \r\n  # comment\n"
             "[Calls]\nRingLimit = 1min ; comment\n");
        ck_assert_int_eq(config.log_level, LOG_DEBUG);
        ck_assert_uint_eq(config.limits.ring_limit, 60 * USEC_PER_SEC);
        load("[Log]\nLevel=debug");
        ck_assert_int_eq(config.log_level, LOG_DEBUG);
}
END_TEST

START_TEST(unknown_keys)
{
        load_fails("[Calls]\nRingLimt=90s\n",
                   ":2: unknown key RingLimt= in [Calls]; did you mean RingLimit=?");
        load_fails("[Calls]\nringlimit=90s\n",
                   ":2: unknown key ringlimit= in [Calls]; did you mean RingLimit=?");
        load_fails("[Log]\nRingLimit=90s\n",
                   ":2: unknown key RingLimit= in [Log]; did you mean RingLimit= in [Calls]?");
        load_fails("[Log]\n# one\n\nColour=blue\n", ":4: unknown key Colour= in [Log]");
        load_fails("RingLimit=90s\n",
                   ":1: RingLimit= stands before any section; begin with, for example, [Calls]");
        load_fails("Colour=blue\n",
                   ":1: Colour= stands before any section; begin with, for example, [Calls]");
}
END_TEST

START_TEST(unknown_sections)
{
        load_fails("[Cals]\n", ":1: unknown section [Cals]; did you mean [Calls]?");
        load_fails("\n[Kitchen]\nSink=1\n",
                   ":2: unknown section [Kitchen]; there are [Calls], [Deadlines], [Limits], "
                   "[Providers], [Audio], [Bus] and [Log]");
        load_fails("[]\n", ":1: unknown section []; there are [Calls], [Deadlines], [Limits], "
                           "[Providers], [Audio], [Bus] and [Log]");
        load_fails("[Calls\n", ":1: '[Calls' lacks its ']'");
}
END_TEST

START_TEST(lines_that_are_nothing)
{
        char text[400] = "[Log]\nLevel=";

        load_fails("[Log]\nLevel\n",
                   ":2: 'Level' is neither Key=Value nor [Section] nor # comment");
        load_fails_n("[Log]\n\0\n", 8, ":2: there is a NUL byte; the file has to be text");
        memset(text + strlen(text), 'x', 250);
        load_fails(text, ":2: the line is longer than 198 characters");
}
END_TEST

START_TEST(first_error_is_told)
{
        load_fails(
                "[Log]\nLevel=loud\nColour=blue\n",
                ":2: Level=loud is not possible; it takes error, warning, notice, info or debug");
}
END_TEST

START_TEST(key_given_twice)
{
        load_fails("[Log]\nLevel=info\n\nLevel=debug\n", ":4: Level= is already set on line 2");
}
END_TEST

START_TEST(contradicting_keys)
{
        load_fails("[Deadlines]\nMinimumTimeout=2min\nMaximumTimeout=90s\n",
                   ":3: MinimumTimeout=2min is above MaximumTimeout=90s");
}
END_TEST

START_TEST(explicit_file_has_to_exist)
{
        cleanup_(freep) char *error = NULL, *second = NULL;
        char expected[256];

        ck_assert_int_eq(config_load(path, &config, &error), -ENOENT);
        snprintf(expected, sizeof(expected), "%s: cannot be opened: No such file or directory",
                 path);
        ck_assert_str_eq(error, expected);
        ck_assert_int_eq(config_load(folder, &config, &second), -EISDIR);
        snprintf(expected, sizeof(expected), "%s: Is a directory", folder);
        ck_assert_str_eq(second, expected);
}
END_TEST

START_TEST(default_file_is_optional)
{
        char subfolder[80], file[112];
        char *error = NULL;

        setenv("XDG_CONFIG_HOME", folder, 1);
        ck_assert_int_eq(config_load(NULL, &config, &error), 0);
        snprintf(subfolder, sizeof(subfolder), "%s/callsd", folder);
        snprintf(file, sizeof(file), "%s/callsd.conf", subfolder);
        ck_assert_int_eq(mkdir(subfolder, 0700), 0);
        write_file(file, "[Log]\nLevel=warning\n", 20);
        ck_assert_int_eq(config_load(NULL, &config, &error), 0);
        ck_assert_int_eq(config.log_level, LOG_WARNING);
        ck_assert_ptr_null(error);
        unlink(file);
        rmdir(subfolder);
        unsetenv("XDG_CONFIG_HOME");
}
END_TEST

START_TEST(home_is_the_second_place)
{
        char subfolder[80], deeper[96], file[128];
        char *error = NULL;

        unsetenv("XDG_CONFIG_HOME");
        setenv("HOME", folder, 1);
        snprintf(subfolder, sizeof(subfolder), "%s/.config", folder);
        snprintf(deeper, sizeof(deeper), "%s/callsd", subfolder);
        snprintf(file, sizeof(file), "%s/callsd.conf", deeper);
        ck_assert_int_eq(mkdir(subfolder, 0700), 0);
        ck_assert_int_eq(mkdir(deeper, 0700), 0);
        write_file(file, "[Log]\nLevel=notice\n", 19);
        ck_assert_int_eq(config_load(NULL, &config, &error), 0);
        ck_assert_int_eq(config.log_level, LOG_NOTICE);
        unlink(file);
        rmdir(deeper);
        rmdir(subfolder);
}
END_TEST

/* The sample with every key switched on is a valid file and says the defaults. */
START_TEST(sample_loads_and_changes_nothing)
{
        cleanup_(freep) char *sample = NULL;
        size_t size;
        FILE *memory = open_memstream(&sample, &size);

        config_print_sample(memory);
        fclose(memory);
        for (char *c = sample; *c; c++)
                if ((c == sample || c[-1] == '\n') && c[0] == '#' && c[1] != ' ')
                        *c = ' ';
        load(sample);
        ck_assert_mem_eq(&config.limits, &LIMITS_DEFAULT, sizeof(LIMITS_DEFAULT));
        ck_assert_int_eq(config.log_level, LOG_INFO);
        ck_assert_ptr_null(config.bus_address);
        ck_assert_ptr_null(config.providers);
}
END_TEST

static TCase *values_case(void)
{
        TCase *values = tcase_create("values");

        tcase_add_checked_fixture(values, make_folder, remove_folder);
        tcase_add_test(values, empty_file_gives_the_defaults);
        tcase_add_test(values, every_key_takes_its_range_and_nothing_else);
        tcase_add_test(values, every_limit_has_a_key);
        tcase_add_test(values, every_default_is_in_its_range);
        tcase_add_test(values, words_for_resume_and_level);
        tcase_add_test(values, durations);
        tcase_add_test(values, formatted_durations);
        tcase_add_test(values, providers_are_collected);
        tcase_add_test(values, bus_address);
        tcase_add_test(values, audio_keys);
        tcase_add_test(values, audio_refuses);
        tcase_add_test(values, comments_blanks_and_indentation);
        return values;
}

static TCase *errors_case(void)
{
        TCase *errors = tcase_create("errors");

        tcase_add_checked_fixture(errors, make_folder, remove_folder);
        tcase_add_test(errors, unknown_keys);
        tcase_add_test(errors, unknown_sections);
        tcase_add_test(errors, lines_that_are_nothing);
        tcase_add_test(errors, first_error_is_told);
        tcase_add_test(errors, key_given_twice);
        tcase_add_test(errors, contradicting_keys);
        return errors;
}

static TCase *files_case(void)
{
        TCase *files = tcase_create("files");

        tcase_add_checked_fixture(files, make_folder, remove_folder);
        tcase_add_test(files, explicit_file_has_to_exist);
        tcase_add_test(files, default_file_is_optional);
        tcase_add_test(files, home_is_the_second_place);
        tcase_add_test(files, sample_loads_and_changes_nothing);
        return files;
}

SUITE_MAIN("config", values_case(), errors_case(), files_case());
