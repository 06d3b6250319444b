/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sample file and manual page, from the same table that reads the file. */
#include "config/config-doc.h"

#include <ctype.h>

#include "config/config-table.h"
#include "config/config-value.h"

#define WIDTH 90
#define INTRODUCTION                                                                              \
        "callsd reads the first of $XDG_CONFIG_HOME/callsd/callsd.conf and "                      \
        "/etc/callsd/callsd.conf. Every key stands here at its default. Times are a number with " \
        "a unit (us, ms, s, min, h); without one, seconds. `systemctl --user reload callsd` "     \
        "reads "                                                                                  \
        "the file again. See callsd.conf(5)."

/* As comment lines of at most WIDTH characters, without the marks of the manual page. */
static void print_comment(FILE *file, const char *text)
{
        size_t column = 0;

        while (*text) {
                size_t length = strcspn(text, " ");

                if (column && column + 1 + length > WIDTH) {
                        fputc('\n', file);
                        column = 0;
                }
                column += (size_t)fprintf(file, column ? " " : "# ");
                for (size_t i = 0; i < length; i++)
                        if (text[i] != '`')
                                fputc(text[i], file);
                column += length;
                text += length;
                text += strspn(text, " ");
        }
        fputc('\n', file);
}

void config_print_sample(FILE *file)
{
        const char *section = "";
        struct config defaults;
        char value[64];

        config_init(&defaults);
        fputs("# SPDX-License-Identifier: LGPL-2.1-or-later\n", file);
        print_comment(file, INTRODUCTION);
        for (size_t i = 0; i < N_CONFIG_KEYS; i++) {
                const struct config_key *key = &CONFIG_KEYS[i];

                if (!streq(key->section, section)) {
                        section = key->section;
                        fprintf(file, "\n[%s]\n", section);
                        print_comment(file, config_section_text(section));
                }
                config_value_format(&defaults, key, value, sizeof(value));
                fputc('\n', file);
                print_comment(file, key->text);
                fprintf(file, "#%s=%s\n", key->name, value);
        }
        config_done(&defaults);
}

/* `word` becomes bold; scdoc takes an underscore as a mark, so it is escaped. */
static void print_marked(FILE *file, const char *text)
{
        for (; *text; text++) {
                if (*text == '`')
                        fputc('*', file);
                else if (*text == '_')
                        fputs("\\_", file);
                else
                        fputc(*text, file);
        }
}

static void print_range(FILE *file, const struct config_key *key, const char *value)
{
        char expected[128];

        if (*value)
                fprintf(file, " Default: *%s*", value);
        if (key->type == CONFIG_COUNT || key->type == CONFIG_DURATION) {
                config_value_expect(key, expected, sizeof(expected));
                expected[strcspn(expected, ",")] = '\0';
                fprintf(file, "; %s", expected);
        }
        fputs(*value ? ".\n" : "\n", file);
}

void config_print_manual(FILE *file)
{
        const char *section = "";
        struct config defaults;
        char value[64];

        config_init(&defaults);
        for (size_t i = 0; i < N_CONFIG_KEYS; i++) {
                const struct config_key *key = &CONFIG_KEYS[i];

                if (!streq(key->section, section)) {
                        fprintf(file, "%s## [%s]\n\n", *section ? "\n" : "", key->section);
                        section = key->section;
                        print_marked(file, config_section_text(section));
                        fputc('\n', file);
                }
                config_value_format(&defaults, key, value, sizeof(value));
                fprintf(file, "\n*%s=*\n\t", key->name);
                print_marked(file, key->text);
                print_range(file, key, value);
        }
        config_done(&defaults);
}
