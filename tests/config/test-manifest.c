/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests: every key, every error, translations, and what counts of a user's file. */
#include "config/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config/key-file.h"
#include "support/suite.h"
#include "util/cleanup.h"

#define PHONE "/usr/share/callsd/providers/org.example.Phone.provider"
#define PHONE_DESKTOP "/usr/share/applications/org.example.Phone.desktop"

static char notes[8192];
static unsigned n_errors, n_warnings;
static struct manifest *manifest;

static void on_note(enum manifest_note note, const char *text, void *userdata)
{
        size_t used = strlen(notes);

        (void)userdata;
        n_errors += note != MANIFEST_WARNING;
        n_warnings += note == MANIFEST_WARNING;
        snprintf(notes + used, sizeof(notes) - used, "%s\n", text);
}

static void forget(void)
{
        manifest = manifest_free(manifest);
        notes[0] = '\0';
        n_errors = n_warnings = 0;
}

static int parse_n(const char *path, bool system, const char *locale, const char *text, size_t size)
{
        const struct manifest_source source = {path, system, locale};
        cleanup_(freep) char *copy = malloc(size + 1);

        forget();
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, size);
        copy[size] = '\0';
        return manifest_parse(&source, copy, size, on_note, NULL, &manifest);
}

static int parse(const char *path, bool system, const char *text)
{
        return parse_n(path, system, "", text, strlen(text));
}

static void parse_good(const char *path, bool system, const char *text)
{
        int r = parse(path, system, text);

        ck_assert_msg(r == 0, "%s", notes);
        ck_assert_uint_eq(n_errors, 0);
}

/* The first line of what was told is `expected`, after the path. */
static void parse_bad(const char *path, bool system, const char *text, const char *expected)
{
        char whole[1024];

        ck_assert_int_eq(parse(path, system, text), -EINVAL);
        snprintf(whole, sizeof(whole), "%s:%s\n", path, expected);
        ck_assert_msg(strncmp(notes, whole, strlen(whole)) == 0, "'%s' where '%s' was due", notes,
                      whole);
        ck_assert_ptr_null(manifest);
}

static void assert_list(char *const *list, const char *expected)
{
        char text[256] = "";

        for (; list && *list; list++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;", *list);
        ck_assert_str_eq(text, expected);
}

/* ---- good ones ---- */

START_TEST(every_key)
{
        parse_good(PHONE, true,
                   "# a comment\n"
                   "\n"
                   "[Provider]\r\n"
                   "Identifier=org.example.Phone\n"
                   "Name = A phone \n"
                   "Name[de]=Ein Telefon\n"
                   "Icon=phone\n"
                   "BusName=org.example.Dialer\n"
                   "HandleTypes=phone-number;generic;\n"
                   "URISchemes=tel; sip ;tel\n"
                   "PushHelpers=org.example.Push;com.example.Other\n"
                   "EmergencyNumbers=112;911;*112#\n"
                   "ReclaimGrace=1min 30s\n"
                   "X-Example-Own=whatever\n"
                   "[X-Other group]\n"
                   "anything goes here\n");
        ck_assert_str_eq(manifest->identifier, "org.example.Phone");
        ck_assert_str_eq(manifest->name, "A phone");
        ck_assert_str_eq(manifest->icon, "phone");
        ck_assert_str_eq(manifest->bus_name, "org.example.Dialer");
        ck_assert_uint_eq(manifest->handle_types,
                          1u << HANDLE_TYPE_PHONE_NUMBER | 1u << HANDLE_TYPE_GENERIC);
        assert_list(manifest->uri_schemes, "tel;sip;");
        assert_list(manifest->push_helpers, "org.example.Push;com.example.Other;");
        assert_list(manifest->emergency_numbers, "112;911;*112#;");
        ck_assert_uint_eq(manifest->reclaim_grace, 90 * USEC_PER_SEC);
        ck_assert(manifest->declares);
        ck_assert_uint_eq(n_warnings, 0);
}
END_TEST

START_TEST(nothing_but_the_group)
{
        parse_good(PHONE, false, "[Provider]\n");
        ck_assert_str_eq(manifest->identifier, "org.example.Phone");
        ck_assert_ptr_null(manifest->name);
        ck_assert_ptr_null(manifest->bus_name);
        ck_assert_ptr_null(manifest->uri_schemes);
        ck_assert_uint_eq(manifest->handle_types, 0);
        parse_good(PHONE, false, "[Provider]\nURISchemes=\nHandleTypes=\n[X-a]");
        ck_assert_ptr_null(manifest->uri_schemes);
}
END_TEST

START_TEST(escapes)
{
        parse_good(PHONE, true, "[Provider]\nName=\\sone\\\\two\\s\nIcon=a;b\n");
        ck_assert_str_eq(manifest->name, " one\\two ");
        ck_assert_str_eq(manifest->icon, "a;b");
}
END_TEST

/* The desktop file's words stand where the group has none of its own. Rows: R10 */
START_TEST(group_of_a_desktop_file)
{
        static const char text[] = "[Desktop Entry]\n"
                                   "Type=Application\n"
                                   "Name=Phone\n"
                                   "Name[de]=Telefon\n"
                                   "Icon=org.example.Phone\n"
                                   "Exec=phone %u\n"
                                   "this line is somebody else's\n"
                                   "[X-Callsd Provider]\n"
                                   "BusName=org.example.Phone.Calls\n"
                                   "[Desktop Action New]\n"
                                   "Name=New call\n";

        ck_assert_int_eq(parse_n(PHONE_DESKTOP, false, "de_AT.UTF-8", text, strlen(text)), 0);
        ck_assert_str_eq(manifest->identifier, "org.example.Phone");
        ck_assert_str_eq(manifest->name, "Telefon");
        ck_assert_str_eq(manifest->icon, "org.example.Phone");
        ck_assert_str_eq(manifest->bus_name, "org.example.Phone.Calls");
        ck_assert(manifest->declares);
        parse_good(PHONE_DESKTOP, false,
                   "[Desktop Entry]\nName=Phone\n[X-Callsd Provider]\nName=Better\n");
        ck_assert_str_eq(manifest->name, "Better");
}
END_TEST

START_TEST(desktop_file_without_a_group)
{
        parse_good(PHONE_DESKTOP, false, "[Desktop Entry]\nName=Phone\nIcon=i\n");
        ck_assert_str_eq(manifest->name, "Phone");
        ck_assert(!manifest->declares);
        /* what cannot be a provider's is none of our business, whatever is in it */
        ck_assert_int_eq(parse("/a/gimp.desktop", true, "[Desktop Entry]\nName=Gimp\n"), -ENOENT);
        ck_assert_int_eq(parse_n(PHONE_DESKTOP, true, "", "[Desktop Entry]\nName=\xff\n", 22),
                         -ENOENT);
        ck_assert_int_eq(parse(PHONE_DESKTOP, true,
                               "[Desktop Entry]\nName=A\nHidden=true\n[X-Callsd Provider]\n"),
                         -ENOENT);
        ck_assert_str_eq(notes, "");
        /* a name that is none is no reason to do without the icon */
        parse_good(PHONE_DESKTOP, false, "[Desktop Entry]\nName=a\\qb\nIcon=i\n");
        ck_assert_ptr_null(manifest->name);
        ck_assert_str_eq(manifest->icon, "i");
}
END_TEST

START_TEST(system_desktop_file_may_have_any_name)
{
        parse_good("/usr/share/applications/phone.desktop", true,
                   "[X-Callsd Provider]\nIdentifier=org.example.Phone\n");
        ck_assert_str_eq(manifest->identifier, "org.example.Phone");
}
END_TEST

/* ---- translations ---- */

START_TEST(best_translation_is_taken)
{
        static const struct {
                const char *locale, *name;
        } cases[] = {
                {"", "plain"},
                {"fr_FR.UTF-8", "plain"},
                {"de", "de"},
                {"de_DE.UTF-8", "de"},
                {"de_AT.UTF-8", "de_AT"},
                {"de_AT@euro", "de_AT@euro"},
                {"de_DE@euro", "de@euro"},
                {"sr@latin", "plain"},
                {"de_", "de"},
                {"averyverylonglanguagename_AT", "plain"},
        };
        static const char text[] = "[Provider]\nName[de_AT@euro]=de_AT@euro\nName[de]=de\n"
                                   "Name[de@euro]=de@euro\nName[de_AT]=de_AT\nName=plain\n";

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                ck_assert_int_eq(parse_n(PHONE, true, cases[i].locale, text, strlen(text)), 0);
                ck_assert_str_eq(manifest->name, cases[i].name);
        }
}
END_TEST

START_TEST(locale_of_the_environment)
{
        setenv("LANG", "de_DE.UTF-8", 1);
        unsetenv("LC_MESSAGES");
        unsetenv("LC_ALL");
        ck_assert_str_eq(key_file_locale(), "de_DE.UTF-8");
        setenv("LC_MESSAGES", "fr_FR", 1);
        ck_assert_str_eq(key_file_locale(), "fr_FR");
        setenv("LC_ALL", "C", 1);
        ck_assert_str_eq(key_file_locale(), "");
        unsetenv("LC_ALL");
        unsetenv("LC_MESSAGES");
        unsetenv("LANG");
        ck_assert_str_eq(key_file_locale(), "");
}
END_TEST

/* ---- bad ones ---- */

/* clang-format off: a table is read by its columns. */
static const struct {
        const char *text, *expected;
} bad[] = {
        {"", " there is no group [Provider]; a manifest begins with it"},
        {"Name=x\n", "1: 'Name' stands before any group; begin with [Provider]"},
        {"rubbish\n[Provider]\n", "1: 'rubbish' stands before any group; begin with [Provider]"},
        {"[Povider]\n", "1: unknown group [Povider]; a manifest has the group [Provider]"},
        {"[Provider]\n[Provider]\n", "2: [Provider] is there on line 1 already; join the two"},
        {"[Provider]\nrubbish\n", "2: 'rubbish' is neither Key=Value nor [Group] nor # comment"},
        {"[Provider]\n[half\n", "2: '[half' is neither Key=Value nor [Group] nor # comment"},
        {"[Provider]\n[]\n", "2: '[]' is neither Key=Value nor [Group] nor # comment"},
        {"[Provider]\nName[=x\n", "2: 'Name[=x' is neither Key=Value nor [Group] nor # comment"},
        {"[Provider]\nName[]=x\n", "2: 'Name[]=x' is neither Key=Value nor [Group] nor # comment"},
        {"[Provider]\n=x\n", "2: '=x' is neither Key=Value nor [Group] nor # comment"},
        {"[Provider]\nBusname=a.b\n", "2: unknown key Busname=; did you mean BusName=?"},
        {"[Provider]\nColour=red\n",
         "2: unknown key Colour=; a key of your own has to begin with X-"},
        {"[Provider]\nIcon=a\nName=x\nName=y\n",
         "4: Name= is set on line 3 already; leave one of them"},
        {"[Provider]\nName[de]=x\nName[de]=y\n",
         "3: Name= is set on line 2 already; leave one of them"},
        {"[Provider]\nBusName[de]=a.b\n",
         "2: BusName[de]= is not possible; only Name= and Icon= have translations"},
        {"[Provider]\nName=\n",
         "2: Name= is not possible; it takes a text of 1 to 256 bytes without control characters"},
        {"[Provider]\nName=a\\nb\n", "2: Name=a\nb is not possible; it takes a text of 1 to 256 "
                                     "bytes without control characters"},
        {"[Provider]\nName[xx]=a\\qb\n", "2: Name=a\\qb is not possible; it takes a text of 1 to "
                                         "256 bytes without control characters"},
        {"[Provider]\nIdentifier=phone\n", "2: Identifier=phone is not possible; it takes a "
                                           "reverse-DNS name such as org.example.Phone"},
        {"[Provider]\nIdentifier=org.example.Fax\n",
         "2: Identifier=org.example.Fax has to be the file's name without .provider, here "
         "org.example.Phone"},
        {"[Provider]\nBusName=org.1example\n", "2: BusName=org.1example is not possible; it takes "
                                               "a name on the bus such as org.example.Phone"},
        {"[Provider]\nBusName=:1.5\n",
         "2: BusName=:1.5 is not possible; it takes a name on the bus such as org.example.Phone"},
        {"[Provider]\nHandleTypes=phone\n",
         "2: HandleTypes=phone is not possible; it takes generic, phone-number, email-address, "
         "with ; between them"},
        {"[Provider]\nHandleTypes=generic;;\n",
         "2: HandleTypes= is not possible; it takes generic, phone-number, email-address, with ; "
         "between them"},
        {"[Provider]\nURISchemes=sip;SIP\n", "2: URISchemes=SIP is not possible; it takes schemes "
                                             "in lower case and without a colon, such as sip;tel"},
        {"[Provider]\nURISchemes=sip\\;tel\n",
         "2: URISchemes=sip;tel is not possible; it takes schemes in lower case and without a "
         "colon, such as sip;tel"},
        {"[Provider]\nPushHelpers=a\n", "2: PushHelpers=a is not possible; it takes names on the "
                                        "bus, or ids of sandboxed apps, such as org.example.Push"},
        {"[Provider]\nEmergencyNumbers=112,911\n",
         "2: EmergencyNumbers=112,911 is not possible; it takes numbers of the characters 0-9 + * "
         "#, such as 112;911"},
        {"[Provider]\nReclaimGrace=soon\n", "2: ReclaimGrace=soon is not possible; it takes a time "
                                            "from 0 to 24h, such as 30s or 2min"},
        {"[Provider]\nReclaimGrace=25h\n",
         "2: ReclaimGrace=25h is not possible; it takes a time from 0 to 24h, such as 30s or 2min"},
        {"[Provider]\nName=\xc3\x28\n", "2: this is no text in UTF-8; save the file as that"},
        {"[Provider]\nX-a=\xe2\x82\n", "2: this is no text in UTF-8; save the file as that"},
        {"[Provider]\n\n\xed\xa0\x80\n", "3: this is no text in UTF-8; save the file as that"},
        {"\xc0\xaf\n", "1: this is no text in UTF-8; save the file as that"},
        {"\xf4\x90\x80\x80\n", "1: this is no text in UTF-8; save the file as that"},
};
/* clang-format on */

START_TEST(what_is_wrong_is_told)
{
        parse_bad(PHONE, true, bad[_i].text, bad[_i].expected);
}
END_TEST

START_TEST(all_that_is_wrong_is_told)
{
        ck_assert_int_eq(parse(PHONE, true, "[Provider]\nName=\nFoo=1\nReclaimGrace=x\n"), -EINVAL);
        ck_assert_uint_eq(n_errors, 3);
}
END_TEST

START_TEST(a_nul_is_no_text)
{
        ck_assert_int_eq(parse_n(PHONE, true, "", "[Provider]\nName=a\0b\n", 20), -EINVAL);
        ck_assert_ptr_nonnull(strstr(notes, ":2: this is no text in UTF-8"));
}
END_TEST

START_TEST(too_long)
{
        char text[2048] = "[Provider]\nName=", list[2048] = "[Provider]\nURISchemes=";

        memset(text + strlen(text), 'x', 257);
        ck_assert_int_eq(parse(PHONE, true, text), -EINVAL);
        text[strlen(text) - 1] = '\0';
        parse_good(PHONE, true, text);
        for (unsigned i = 0; i < 65; i++)
                snprintf(list + strlen(list), sizeof(list) - strlen(list), "s%u;", i);
        ck_assert_int_eq(parse(PHONE, true, list), -EINVAL);
        ck_assert_ptr_nonnull(strstr(notes, "URISchemes=s64 is not possible"));
}
END_TEST

START_TEST(too_many_translations)
{
        char text[16384] = "[Provider]\n";

        for (unsigned i = 0; i < 513; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "Name[l%u]=x\n", i);
        ck_assert_int_eq(parse(PHONE, true, text), -EINVAL);
        ck_assert_ptr_nonnull(strstr(notes, "more than 512 keys"));
}
END_TEST

/* ---- names of files ---- */

START_TEST(names_of_files)
{
        parse_bad("/a/phone.provider", true, "[Provider]\n",
                  " \"phone\" is no identifier; call the file after the app, such as "
                  "org.example.Phone.provider");
        parse_bad("/a/phone.desktop", true, "[X-Callsd Provider]\n",
                  " \"phone\" is no identifier; call the file after the app, such as "
                  "org.example.Phone.desktop");
        parse_bad("/a/org.example.Phone.conf", true, "[Provider]\n",
                  " the file's name has to end in .provider or .desktop");
        parse_bad("org.example.Phone", true, "[Provider]\n",
                  " the file's name has to end in .provider or .desktop");
        parse_good("org.example.Phone.provider", true, "[Provider]\n");
}
END_TEST

/* A Flatpak's identifier is its app id, which is its file's name. */
START_TEST(flatpaks)
{
        parse_bad(PHONE_DESKTOP, false, "[X-Callsd Provider]\nIdentifier=org.example.Other\n",
                  "2: Identifier=org.example.Other has to be the file's name without .desktop, "
                  "here org.example.Phone");
        parse_bad("/a/org.example.Phone.Extra.desktop", false,
                  "[Desktop Entry]\nX-Flatpak=org.example.Phone\n[X-Callsd Provider]\n",
                  "3: the identifier is org.example.Phone.Extra; a Flatpak's has to be its app "
                  "id, here org.example.Phone");
        parse_good(PHONE_DESKTOP, false,
                   "[Desktop Entry]\nX-Flatpak=org.example.Phone\n[X-Callsd Provider]\n");
        ck_assert(manifest->declares);
}
END_TEST

/* What touches others is for the system to say. */
START_TEST(what_a_user_cannot_say)
{
        static const char text[] = "[Provider]\n"
                                   "PushHelpers=org.example.Push\n"
                                   "EmergencyNumbers=112\n"
                                   "BusName=org.example.Other\n";
        static const char *const good[] = {"org.example.Phone", "org.example.Phone.Calls"};
        static const char *const foreign[] = {"org.example.Phones", "org.example", "org.callsd"};

        parse_good(PHONE, true, text);
        ck_assert_uint_eq(n_warnings, 0);
        ck_assert_ptr_nonnull(manifest->push_helpers);
        parse_good(PHONE, false, text);
        ck_assert_uint_eq(n_warnings, 3);
        ck_assert_ptr_nonnull(
                strstr(notes, ":2: PushHelpers= counts only in a folder of the system"));
        ck_assert_ptr_nonnull(strstr(notes, ":3: EmergencyNumbers= counts only"));
        ck_assert_ptr_nonnull(strstr(notes, ":4: BusName=org.example.Other is neither "
                                            "org.example.Phone nor below it"));
        ck_assert_ptr_null(manifest->push_helpers);
        ck_assert_ptr_null(manifest->emergency_numbers);
        ck_assert_ptr_null(manifest->bus_name);
        for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(foreign); i++) {
                bool is_good = i < ARRAY_SIZE(good);
                char own[128];

                snprintf(own, sizeof(own), "[Provider]\nBusName=%s\n",
                         is_good ? good[i] : foreign[i - ARRAY_SIZE(good)]);
                parse_good(PHONE, false, own);
                ck_assert_int_eq(manifest->bus_name != NULL, is_good);
        }
}
END_TEST

/* ---- files ---- */

static char folder[64], path[128];

static void make_folder(void)
{
        snprintf(folder, sizeof(folder), "/tmp/callsd-test-manifest-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/org.example.Phone.provider", folder);
}

static void remove_folder(void)
{
        forget();
        unlink(path);
        rmdir(path);
        rmdir(folder);
}

static int read_it(void)
{
        const struct manifest_source source = {path, true, ""};

        forget();
        return manifest_read(&source, on_note, NULL, &manifest);
}

static void write_size(size_t size)
{
        FILE *file = fopen(path, "w");

        ck_assert_ptr_nonnull(file);
        fputs("[Provider]\n#", file);
        for (size_t i = strlen("[Provider]\n#"); i < size; i++)
                fputc('x', file);
        ck_assert_int_eq(fclose(file), 0);
}

START_TEST(sizes_of_files)
{
        ck_assert_int_eq(read_it(), -ENOENT);
        ck_assert_str_eq(notes, "");
        write_size(MANIFEST_SIZE_MAX);
        ck_assert_int_eq(read_it(), 0);
        write_size(MANIFEST_SIZE_MAX + 1);
        ck_assert_int_eq(read_it(), -EIO);
        ck_assert_ptr_nonnull(strstr(notes, "the file has 65537 bytes; at most 65536 are read"));
}
END_TEST

START_TEST(kinds_of_files)
{
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        ck_assert_int_eq(read_it(), -EIO); /* and does not wait for a writer */
        ck_assert_ptr_nonnull(strstr(notes, "this is no regular file"));
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        ck_assert_int_eq(read_it(), -EIO);
        ck_assert_int_eq(rmdir(path), 0);
        ck_assert_int_eq(symlink(path, path), 0);
        ck_assert_int_eq(read_it(), -EIO);
        ck_assert_ptr_nonnull(strstr(notes, "the file cannot be read"));
}
END_TEST

START_TEST(comparing)
{
        struct manifest *first;

        parse_good(PHONE, true, "[Provider]\nName=a\nURISchemes=sip;tel\nReclaimGrace=3\n");
        first = take_ptr(manifest);
        parse_good(PHONE, true, "[Provider]\nReclaimGrace=3s\nURISchemes=sip;tel\nName=a\n");
        ck_assert(manifest_is_equal(first, manifest));
        parse_good(PHONE, true, "[Provider]\nReclaimGrace=3s\nURISchemes=sip\nName=a\n");
        ck_assert(!manifest_is_equal(first, manifest));
        parse_good(PHONE, true, "[Provider]\nReclaimGrace=3s\nURISchemes=sip;tel\n");
        ck_assert(!manifest_is_equal(first, manifest));
        parse_good(PHONE, true, "[Provider]\nReclaimGrace=2s\nURISchemes=sip;tel\nName=a\n");
        ck_assert(!manifest_is_equal(first, manifest));
        ck_assert(!manifest_is_equal(first, NULL));
        manifest_free(first);
}
END_TEST

static TCase *text_case(void)
{
        TCase *texts = tcase_create("texts");

        tcase_add_checked_fixture(texts, NULL, forget);
        tcase_add_test(texts, every_key);
        tcase_add_test(texts, nothing_but_the_group);
        tcase_add_test(texts, escapes);
        tcase_add_test(texts, group_of_a_desktop_file);
        tcase_add_test(texts, desktop_file_without_a_group);
        tcase_add_test(texts, system_desktop_file_may_have_any_name);
        tcase_add_test(texts, best_translation_is_taken);
        tcase_add_test(texts, locale_of_the_environment);
        tcase_add_loop_test(texts, what_is_wrong_is_told, 0, (int)ARRAY_SIZE(bad));
        tcase_add_test(texts, all_that_is_wrong_is_told);
        tcase_add_test(texts, a_nul_is_no_text);
        tcase_add_test(texts, too_long);
        tcase_add_test(texts, too_many_translations);
        tcase_add_test(texts, names_of_files);
        tcase_add_test(texts, flatpaks);
        tcase_add_test(texts, what_a_user_cannot_say);
        tcase_add_test(texts, comparing);
        return texts;
}

static TCase *file_case(void)
{
        TCase *files = tcase_create("files");

        tcase_add_checked_fixture(files, make_folder, remove_folder);
        tcase_add_test(files, sizes_of_files);
        tcase_add_test(files, kinds_of_files);
        return files;
}

SUITE_MAIN("manifest", text_case(), file_case());
