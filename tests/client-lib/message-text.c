/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See message-text.h. */
#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client-lib/message-text.h"

union value {
        uint8_t byte;
        int boolean;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
        double number;
        const char *text;
};

static void print_basic(FILE *out, char type, const union value *value)
{
        if (type == 'b')
                fprintf(out, "%s", value->boolean ? "yes" : "no");
        else if (type == 'h')
                fprintf(out, "fd");
        else if (type == 'u')
                fprintf(out, "%" PRIu32, value->u32);
        else if (type == 'i')
                fprintf(out, "%" PRIi32, value->i32);
        else if (type == 't')
                fprintf(out, "%" PRIu64, value->u64);
        else if (type == 'y')
                fprintf(out, "%u", value->byte);
        else if (type == 'x')
                fprintf(out, "%" PRIi64, value->i64);
        else
                fprintf(out, "%s", value->text);
}

static void print_values(FILE *out, sd_bus_message *message, const char *between);

static void print_container(FILE *out, sd_bus_message *message, char type, const char *contents)
{
        const char *marks = type == 'r' ? "()" : type != 'a' ? "" : *contents == '{' ? "{}" : "[]";

        ck_assert_int_gt(sd_bus_message_enter_container(message, type, contents), 0);
        fprintf(out, "%.1s", marks);
        print_values(out, message, type == 'e' ? "=" : *marks == '{' ? ", " : " ");
        fprintf(out, "%s", *marks ? marks + 1 : "");
        ck_assert_int_gt(sd_bus_message_exit_container(message), 0);
}

static void print_values(FILE *out, sd_bus_message *message, const char *between)
{
        const char *contents, *before = "";
        union value value;
        char type;

        while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
                fprintf(out, "%s", before);
                before = between;
                if (contents) {
                        print_container(out, message, type, contents);
                        continue;
                }
                ck_assert_int_gt(sd_bus_message_read_basic(message, type, &value), 0);
                print_basic(out, type, &value);
        }
}

char *message_text(sd_bus_message *message)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        sd_bus_message_rewind(message, true);
        print_values(out, message, " ");
        sd_bus_message_rewind(message, true);
        fclose(out);
        return text;
}
