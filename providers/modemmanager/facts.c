/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dictionaries of properties, read. */
#include "facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

char **strings_free(char **strings)
{
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
        return NULL;
}

void modem_facts_done(struct modem_facts *facts)
{
        free(facts->device);
        free(facts->model);
        free(facts->network);
        free(facts->sim);
        strings_free(facts->calls);
        *facts = (struct modem_facts){0};
}

void call_facts_done(struct call_facts *facts)
{
        free(facts->number);
        *facts = (struct call_facts){0};
}

/* One property: where it goes, if it has one of these signatures. */
enum kind {
        KIND_TEXT,   /* s */
        KIND_PATH,   /* o; "/" is none */
        KIND_NUMBER, /* i or u */
        KIND_BOOL,
        KIND_TEXTS, /* as */
        KIND_PATHS, /* ao */
};

struct field {
        const char *name;
        enum kind kind;
        void *value;
};

static int take_text(sd_bus_message *message, enum kind kind, char **value)
{
        const char *text;
        char *copy = NULL;
        int r = sd_bus_message_read_basic(message, kind == KIND_TEXT ? 's' : 'o', &text);

        if (r < 0)
                return r;
        if (kind == KIND_TEXT ? *text : !streq(text, "/")) {
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
        }
        free(*value);
        *value = copy;
        return 0;
}

static int take_number(sd_bus_message *message, const char *contents, int *value)
{
        uint32_t number;
        int r = sd_bus_message_read_basic(message, *contents, &number);

        if (r >= 0)
                *value = (int)number;
        return r;
}

static int take_bool(sd_bus_message *message, bool *value)
{
        int truth;
        int r = sd_bus_message_read_basic(message, 'b', &truth);

        if (r >= 0)
                *value = truth;
        return r;
}

/* sd_bus_message_read_strv() knows strings alone. */
static int take_list(sd_bus_message *message, char type, char ***value)
{
        const char contents[] = {type, '\0'};
        char **list = NULL, **longer;
        const char *text;
        size_t n = 0;
        int r = sd_bus_message_enter_container(message, 'a', contents);

        while (r >= 0 && (r = sd_bus_message_read_basic(message, type, &text)) > 0) {
                longer = reallocarray(list, n + 2, sizeof(*list));
                if (longer) {
                        list = longer;
                        list[n + 1] = NULL;
                        list[n] = strdup(text);
                }
                if (!longer || !list[n++])
                        r = -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0) {
                strings_free(list);
                return r;
        }
        strings_free(*value);
        *value = list;
        return 0;
}

static bool kind_matches(enum kind kind, const char *contents)
{
        static const char *const signatures[] = {
                [KIND_TEXT] = "s", [KIND_PATH] = "o",   [KIND_NUMBER] = "i",
                [KIND_BOOL] = "b", [KIND_TEXTS] = "as", [KIND_PATHS] = "ao",
        };

        return streq(contents, signatures[kind]) || (kind == KIND_NUMBER && streq(contents, "u"));
}

static int take_value(sd_bus_message *message, const char *contents, const struct field *field)
{
        switch (field->kind) {
        case KIND_TEXT:
        case KIND_PATH:
                return take_text(message, field->kind, field->value);
        case KIND_NUMBER:
                return take_number(message, contents, field->value);
        case KIND_BOOL:
                return take_bool(message, field->value);
        case KIND_TEXTS:
                return take_list(message, 's', field->value);
        case KIND_PATHS:
                return take_list(message, 'o', field->value);
        }
        return -EINVAL;
}

/* The variant at the message's place, into the field of this name if there is one. */
static int read_variant(sd_bus_message *message, const char *name, const struct field *fields)
{
        const char *contents;
        int r = sd_bus_message_peek_type(message, NULL, &contents);

        if (r < 0)
                return r;
        while (fields->name && !streq(fields->name, name))
                fields++;
        if (!fields->name || !kind_matches(fields->kind, contents))
                return sd_bus_message_skip(message, "v");
        r = sd_bus_message_enter_container(message, 'v', contents);
        if (r >= 0)
                r = take_value(message, contents, fields);
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        return r;
}

static int read_dictionary(sd_bus_message *message, const struct field *fields)
{
        const char *name;
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(message, 's', &name);
                if (r >= 0)
                        r = read_variant(message, name, fields);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

int read_modem(sd_bus_message *message, const char *interface, struct modem_facts *facts)
{
        int failed_reason = (int)facts->failed_reason, r;
        const struct field modem[] = {
                {"DeviceIdentifier", KIND_TEXT, &facts->device},
                {"Model", KIND_TEXT, &facts->model},
                {"Sim", KIND_PATH, &facts->sim},
                {"State", KIND_NUMBER, &facts->state},
                {"StateFailedReason", KIND_NUMBER, &failed_reason},
                {0},
        };
        const struct field network[] = {{"OperatorName", KIND_TEXT, &facts->network}, {0}};
        const struct field voice[] = {
                {"Calls", KIND_PATHS, &facts->calls},
                {"EmergencyOnly", KIND_BOOL, &facts->emergency_only},
                {0},
        };

        if (streq(interface, MM_MODEM_INTERFACE)) {
                r = read_dictionary(message, modem);
                facts->failed_reason = (unsigned)failed_reason;
                return r;
        }
        if (streq(interface, MM_3GPP_INTERFACE))
                return read_dictionary(message, network);
        if (streq(interface, MM_VOICE_INTERFACE))
                return read_dictionary(message, voice);
        return sd_bus_message_skip(message, "a{sv}");
}

int read_interfaces(sd_bus_message *message, struct modem_facts *facts)
{
        const char *interface;
        int r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read_basic(message, 's', &interface);
                if (r >= 0)
                        r = read_modem(message, interface, facts);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r >= 0 && streq(interface, MM_MODEM_INTERFACE))
                        facts->modem = true;
                if (r >= 0 && streq(interface, MM_VOICE_INTERFACE))
                        facts->voice = true;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

int read_call(sd_bus_message *message, struct call_facts *facts)
{
        const struct field fields[] = {
                {"Number", KIND_TEXT, &facts->number},
                {"State", KIND_NUMBER, &facts->state},
                {"StateReason", KIND_NUMBER, &facts->reason},
                {"Direction", KIND_NUMBER, &facts->direction},
                {"Multiparty", KIND_BOOL, &facts->multiparty},
                {0},
        };

        return read_dictionary(message, fields);
}

int read_sim(sd_bus_message *message, char ***numbers)
{
        const struct field fields[] = {{"EmergencyNumbers", KIND_TEXTS, numbers}, {0}};

        return read_dictionary(message, fields);
}
