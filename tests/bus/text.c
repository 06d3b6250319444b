/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any message as one line of text. */
#include "bus/text.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void print_values(sd_bus_message *message, FILE *out, const char *separator);

static void print_basic(sd_bus_message *message, char type, FILE *out)
{
        union {
                const char *text;
                uint8_t y;
                uint16_t q;
                uint32_t u;
                uint64_t t;
                double d;
                int b;
        } value;

        ck_assert_int_gt(sd_bus_message_read_basic(message, type, &value), 0);
        switch (type) {
        case 's':
        case 'o':
        case 'g':
                fputs(value.text, out);
                return;
        case 'b':
                fputs(value.b ? "true" : "false", out);
                return;
        case 'y':
                fprintf(out, "%u", value.y);
                return;
        case 't':
        case 'x':
                fprintf(out, "%" PRIu64, value.t);
                return;
        case 'h':
                fputs("fd", out);
                return;
        default:
                fprintf(out, "%u", value.u);
        }
}

static void print_container(sd_bus_message *message, char type, const char *contents, FILE *out)
{
        ck_assert_int_gt(sd_bus_message_enter_container(message, type, contents), 0);
        if (type == 'a')
                fputc('[', out);
        if (type == 'r')
                fputc('(', out);
        print_values(message, out, type == 'e' ? "=" : ",");
        if (type == 'r')
                fputc(')', out);
        if (type == 'a')
                fputc(']', out);
        ck_assert_int_ge(sd_bus_message_exit_container(message), 0);
}

static void print_values(sd_bus_message *message, FILE *out, const char *separator)
{
        const char *contents, *before = "";
        char type;

        while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
                fputs(before, out);
                before = separator;
                if (contents)
                        print_container(message, type, contents, out);
                else
                        print_basic(message, type, out);
        }
}

char *message_to_text(sd_bus_message *message)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(out);
        sd_bus_message_rewind(message, true);
        print_values(message, out, " ");
        sd_bus_message_rewind(message, true);
        fclose(out);
        return text;
}
