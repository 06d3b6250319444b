/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables for people.
 *
 * Cells carry what strangers chose (a caller's name comes from the network), so everything that
 * could steer a terminal or turn the direction of the text is replaced before it is printed.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define GAP 2

struct table {
        size_t n_columns;
        size_t n_rows;
        const char *titles[TABLE_COLUMNS_MAX];
        struct row {
                char *cells[TABLE_COLUMNS_MAX];
                const char *colour;
        } * rows;
};

static bool is_unsafe(wchar_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Length in bytes of the next character, its width, and whether it can be printed as it is. */
static size_t next_character(const char *text, int *ret_width, bool *ret_safe)
{
        mbstate_t state = {0};
        wchar_t c;
        size_t length = mbrtowc(&c, text, strlen(text), &state);

        if (length == (size_t)-1 || length == (size_t)-2 || length == 0) {
                *ret_width = 1;
                *ret_safe = false;
                return 1;
        }
        *ret_safe = !is_unsafe(c);
        *ret_width = *ret_safe && wcwidth(c) >= 0 ? wcwidth(c) : 1;
        return length;
}

static size_t text_width(const char *text)
{
        size_t total = 0;
        int width;
        bool safe;

        while (*text != '\0') {
                text += next_character(text, &width, &safe);
                total += (size_t)width;
        }
        return total;
}

void print_clean(const char *text)
{
        int width;
        bool safe;

        while (*text != '\0') {
                size_t length = next_character(text, &width, &safe);

                if (safe)
                        fwrite(text, 1, length, stdout);
                else
                        putchar('?');
                text += length;
        }
}

struct table *table_new(const char *const *titles, size_t n_columns)
{
        struct table *table = calloc(1, sizeof(*table));

        if (!table)
                return NULL;
        table->n_columns = n_columns;
        memcpy(table->titles, titles, n_columns * sizeof(*titles));
        return table;
}

void table_free(struct table *table)
{
        if (!table)
                return;
        for (size_t i = 0; i < table->n_rows; i++) {
                for (size_t j = 0; j < table->n_columns; j++)
                        free(table->rows[i].cells[j]);
        }
        free(table->rows);
        free(table);
}

/* Cells are copied; `colour` starts the row's first two columns and may be NULL. */
void table_add(struct table *table, const char *const *cells, const char *colour)
{
        struct row *rows = reallocarray(table->rows, table->n_rows + 1, sizeof(*rows));

        if (!rows)
                return;
        table->rows = rows;
        rows[table->n_rows] = (struct row){.colour = colour};
        for (size_t i = 0; i < table->n_columns; i++)
                rows[table->n_rows].cells[i] = strdup(cells[i] ? cells[i] : "");
        table->n_rows++;
}

static size_t column_width(const struct table *table, size_t column)
{
        size_t widest = text_width(table->titles[column]);

        for (size_t i = 0; i < table->n_rows; i++) {
                size_t width = text_width(table->rows[i].cells[column]);

                if (width > widest)
                        widest = width;
        }
        return widest;
}

static void print_cell(const char *text, size_t width, bool last, const char *colour)
{
        size_t used = text_width(text);

        if (colour)
                fputs(colour, stdout);
        print_clean(text);
        if (colour)
                fputs("\033[0m", stdout);
        if (!last)
                printf("%*s", (int)(width - used + GAP), "");
}

/* Returns the number of lines. */
size_t table_print(const struct table *table, bool colour)
{
        size_t widths[TABLE_COLUMNS_MAX];

        for (size_t i = 0; i < table->n_columns; i++) {
                bool last = i + 1 == table->n_columns;

                widths[i] = column_width(table, i);
                print_cell(table->titles[i], widths[i], last, colour ? "\033[1m" : NULL);
        }
        putchar('\n');
        for (size_t i = 0; i < table->n_rows; i++) {
                for (size_t j = 0; j < table->n_columns; j++)
                        print_cell(table->rows[i].cells[j], widths[j], j + 1 == table->n_columns,
                                   colour && j < 2 ? table->rows[i].colour : NULL);
                putchar('\n');
        }
        return table->n_rows + 1;
}
