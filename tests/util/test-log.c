/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What log lines look like, and what is kept out of them. stderr is a temporary file meanwhile. */
#include "util/log.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "support/suite.h"

struct capture {
        FILE *file;
        int saved;
        char text[4096];
};

static struct capture capture_begin(void)
{
        struct capture capture = {.file = tmpfile(), .saved = dup(STDERR_FILENO)};

        ck_assert_ptr_nonnull(capture.file);
        fflush(stderr);
        ck_assert_int_ge(dup2(fileno(capture.file), STDERR_FILENO), 0);
        return capture;
}

static const char *capture_end(struct capture *capture)
{
        size_t length;

        fflush(stderr);
        dup2(capture->saved, STDERR_FILENO);
        close(capture->saved);
        rewind(capture->file);
        length = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
        capture->text[length] = '\0';
        fclose(capture->file);
        return capture->text;
}

START_TEST(levels_have_names)
{
        ck_assert_int_eq(log_level_from_string("error"), LOG_ERR);
        ck_assert_int_eq(log_level_from_string("warning"), LOG_WARNING);
        ck_assert_int_eq(log_level_from_string("notice"), LOG_NOTICE);
        ck_assert_int_eq(log_level_from_string("info"), LOG_INFO);
        ck_assert_int_eq(log_level_from_string("debug"), LOG_DEBUG);
        ck_assert_int_eq(log_level_from_string("verbose"), -EINVAL);
        ck_assert_int_eq(log_level_from_string(""), -EINVAL);
}
END_TEST

START_TEST(line_on_stderr_names_level_and_context)
{
        const struct log_context context = {.call = "c1", .provider = "org.example.App"};
        struct capture capture;

        unsetenv("JOURNAL_STREAM");
        log_open(LOG_INFO);
        capture = capture_begin();
        log_write(LOG_WARNING, &context, "value %d", 7);
        ck_assert_str_eq(capture_end(&capture),
                         "callsd: warning: value 7 call=c1 provider=org.example.App\n");
}
END_TEST

START_TEST(level_above_the_maximum_is_silent)
{
        struct capture capture;

        log_open(LOG_NOTICE);
        ck_assert_int_eq(log_get_max_level(), LOG_NOTICE);
        capture = capture_begin();
        log_info("not this");
        log_set_max_level(LOG_INFO);
        log_info("but this");
        ck_assert_str_eq(capture_end(&capture), "callsd: info: but this\n");
}
END_TEST

START_TEST(nobody_forges_a_line)
{
        struct capture capture;

        log_open(LOG_INFO);
        capture = capture_begin();
        log_error("name is '%s'", "x\ncallsd: error: forged\x1b[2J");
        ck_assert_str_eq(capture_end(&capture),
                         "callsd: error: name is 'x?callsd: error: forged?[2J'\n");
}
END_TEST

START_TEST(long_message_is_cut_and_errno_kept)
{
        struct capture capture;
        char text[4000];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        log_open(LOG_INFO);
        capture = capture_begin();
        errno = ENOENT;
        log_error("%s", text);
        ck_assert_int_eq(errno, ENOENT);
        ck_assert_uint_lt(strlen(capture_end(&capture)), 3000);
        ck_assert_ptr_nonnull(strchr(capture.text, '\n'));
}
END_TEST

/* A JOURNAL_STREAM of somebody else's stderr must not make our lines vanish. */
START_TEST(foreign_journal_stream_is_ignored)
{
        struct capture capture;

        setenv("JOURNAL_STREAM", "1:1", 1);
        log_open(LOG_INFO);
        capture = capture_begin();
        log_info("here");
        ck_assert_str_eq(capture_end(&capture), "callsd: info: here\n");
        unsetenv("JOURNAL_STREAM");
}
END_TEST

START_TEST(journal_stream_of_our_stderr_is_used)
{
        struct capture capture = capture_begin();
        char stream[64];
        struct stat st;

        ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
        snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
        log_open(LOG_INFO);
        log_write(LOG_INFO, &(struct log_context){.call = "c1"}, "to the journal, not to stderr");
        unsetenv("JOURNAL_STREAM");
        ck_assert_str_eq(capture_end(&capture), "");
        log_open(LOG_INFO);
}
END_TEST

START_TEST(redaction_leaves_two_characters)
{
        char buffer[32], small[4];

        ck_assert_str_eq(log_redact("+491701234", buffer, sizeof(buffer)), "********34");
        ck_assert_str_eq(log_redact("ab", buffer, sizeof(buffer)), "**");
        ck_assert_str_eq(log_redact("", buffer, sizeof(buffer)), "");
        ck_assert_str_eq(log_redact(NULL, buffer, sizeof(buffer)), "");
        ck_assert_str_eq(log_redact("J\u00f6rg \u00dc\u00df", buffer, sizeof(buffer)),
                         "*****\u00dc\u00df");
        ck_assert_str_eq(log_redact("+491701234", small, sizeof(small)), "***");
}
END_TEST

static TCase *log_case(void)
{
        TCase *log = tcase_create("log");

        tcase_add_test(log, levels_have_names);
        tcase_add_test(log, line_on_stderr_names_level_and_context);
        tcase_add_test(log, level_above_the_maximum_is_silent);
        tcase_add_test(log, nobody_forges_a_line);
        tcase_add_test(log, long_message_is_cut_and_errno_kept);
        tcase_add_test(log, foreign_journal_stream_is_ignored);
        tcase_add_test(log, journal_stream_of_our_stderr_is_used);
        tcase_add_test(log, redaction_leaves_two_characters);
        return log;
}

SUITE_MAIN("log", log_case());
