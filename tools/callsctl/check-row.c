/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table: a line for each check as soon as it is done, so that it is its own progress bar.
 *
 * Texts may have what the app said in them; nothing of it reaches the terminal as it is.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_WIDTH 20
#define RESULT_WIDTH 8
#define TIME_WIDTH 8

static const struct {
        const char *word;
        const char *colour;
} results[] = {
        [RESULT_NONE] = {"", ""},
        [RESULT_PASS] = {"pass", "\033[32m"},
        [RESULT_FAIL] = {"FAIL", "\033[1;31m"},
        [RESULT_SKIPPED] = {"skipped", "\033[2m"},
        [RESULT_NOT_SEEN] = {"not seen", "\033[33m"},
};

const char *result_to_string(enum result result)
{
        return result == RESULT_FAIL ? "fail" : results[result].word;
}

__attribute__((format(printf, 4, 0))) static void row_set(struct row *row, enum result result,
                                                          uint64_t usec, const char *format,
                                                          va_list arguments)
{
        free(row->text);
        row->text = NULL;
        if (vasprintf(&row->text, format, arguments) < 0)
                row->text = NULL;
        row->result = result;
        row->usec = usec;
}

void row_pass(struct row *row, uint64_t usec, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        row_set(row, RESULT_PASS, usec, format, arguments);
        va_end(arguments);
}

/* The first failure is the one to look at. */
void row_fail(struct row *row, const char *advice, const char *format, ...)
{
        va_list arguments;

        if (row->result == RESULT_FAIL)
                return;
        va_start(arguments, format);
        row_set(row, RESULT_FAIL, NO_TIME, format, arguments);
        va_end(arguments);
        free(row->advice);
        row->advice = advice ? strdup(advice) : NULL;
}

void row_skip(struct row *row, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        row_set(row, RESULT_SKIPPED, NO_TIME, format, arguments);
        va_end(arguments);
}

void row_not_seen(struct row *row, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        row_set(row, RESULT_NOT_SEEN, NO_TIME, format, arguments);
        va_end(arguments);
}

static bool erasable(const struct check *check)
{
        return !check->ctl->json && check->ctl->terminal;
}

void row_begin(const struct check *check, const struct row *row)
{
        if (erasable(check))
                printf("%-*s  ...", NAME_WIDTH, row->item->name);
        fflush(stdout);
}

void row_print(const struct check *check, const struct row *row)
{
        const char *colour = check->ctl->colour ? results[row->result].colour : "";
        char time[32];

        if (check->ctl->json)
                return;
        if (erasable(check))
                fputs("\r\033[K", stdout);
        printf("%-*s  %s%-*s%s  %*s  ", NAME_WIDTH, row->item->name, colour, RESULT_WIDTH,
               results[row->result].word, *colour != '\0' ? "\033[0m" : "", TIME_WIDTH,
               ms(time, sizeof(time), row->usec));
        print_clean(row->text ? row->text : "");
        putchar('\n');
        if (row->result == RESULT_FAIL) {
                printf("%*s  %s%s", NAME_WIDTH, "",
                       row->advice ? "> " : "> it is checked whether: ",
                       row->advice ? row->advice : row->item->help);
                printf(" (%s)\n", row->item->rows);
        }
        fflush(stdout);
}

size_t rows_count(const struct row *rows, size_t n, enum result result)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                count += rows[i].result == result;
        return count;
}

static json_t *rows_of(const char *words)
{
        json_t *list = json_array();

        while (*words != '\0') {
                size_t length = strcspn(words, " ");

                json_array_append_new(list, json_stringn(words, length));
                words += length + strspn(words + length, " ");
        }
        return list;
}

static json_t *row_to_json(const struct row *row)
{
        json_t *time = row->usec == NO_TIME ? json_null() : json_integer((json_int_t)row->usec);

        return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s*}", "Check", row->item->name, "Result",
                         result_to_string(row->result), "TimeUSec", time, "Rows",
                         rows_of(row->item->rows), "Text", row->text ? row->text : "", "Advice",
                         row->advice);
}

void rows_print_json(const struct check *check, const struct row *rows, size_t n)
{
        json_t *checks = json_array();
        _cleanup_json_ json_t *object = NULL;

        for (size_t i = 0; i < n; i++)
                if (rows[i].result != RESULT_NONE)
                        json_array_append_new(checks, row_to_json(&rows[i]));
        object =
                json_pack("{s:s, s:b, s:s*, s:o}", "Provider", check->identifier, "Monitored",
                          check->monitor != NULL, "StoppedBy", check->stopped_by, "Checks", checks);
        print_json(object);
}

void rows_print_sum(const struct check *check, const struct row *rows, size_t n)
{
        if (check->stopped_by) {
                fputs("\nStopped: ", stdout);
                print_clean(check->stopped_by);
        }
        printf("\n%zu passed, %zu failed, %zu skipped, %zu not seen.\n",
               rows_count(rows, n, RESULT_PASS), rows_count(rows, n, RESULT_FAIL),
               rows_count(rows, n, RESULT_SKIPPED), rows_count(rows, n, RESULT_NOT_SEEN));
}
