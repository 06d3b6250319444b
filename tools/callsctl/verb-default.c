/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* default: which app places calls to whom nobody names an app for. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const json_t *find_provider(const json_t *providers, const char *identifier)
{
        for (size_t i = 0; i < json_array_size(providers); i++) {
                const json_t *provider = json_array_get(providers, i);

                if (strcmp(text_of(provider, "Identifier"), identifier) == 0)
                        return provider;
        }
        return NULL;
}

static int load(struct ctl *ctl, json_t **ret_defaults, json_t **ret_providers)
{
        _cleanup_json_ json_t *defaults = NULL;
        int status = providers_load(ctl, ret_providers);

        if (status != STATUS_OK)
                return status;
        defaults = bus_get_property(ctl, CALLSD_PATH, MANAGER_INTERFACE, "DefaultProviders");
        if (!json_is_object(defaults))
                return ctl_fail(ctl, STATUS_FAILED, "callsd does not say which apps are chosen");
        *ret_defaults = json_incref(defaults);
        return STATUS_OK;
}

/* What is known of one choice; an app that is not there any more is as good as none. */
static json_t *describe(const json_t *providers, const char *kind, const char *identifier)
{
        const json_t *provider = find_provider(providers, identifier);

        return json_pack("{s:s, s:s, s:s*, s:b}", "Kind", kind, "Identifier", identifier,
                         "DisplayName", provider ? text_of(provider, "DisplayName") : NULL, "Known",
                         provider != NULL);
}

static void print_row(struct table *table, const json_t *row)
{
        const char *const cells[] = {text_of(row, "Kind"), text_of(row, "Identifier"),
                                     flag_of(row, "Known") ? text_of(row, "DisplayName")
                                                           : "(not there any more)"};

        table_add(table, cells, NULL);
}

static int list_all(struct ctl *ctl, const json_t *defaults, const json_t *providers)
{
        static const char *const titles[] = {"KIND", "APP", "NAME"};
        _cleanup_json_ json_t *rows = json_array();
        _cleanup_table_ struct table *table = table_new(titles, 3);
        const char *kind;
        json_t *identifier;

        json_object_foreach ((json_t *)defaults, kind, identifier)
                json_array_append_new(rows,
                                      describe(providers, kind, json_string_value(identifier)));
        if (ctl->json) {
                print_json(rows);
                return STATUS_OK;
        }
        for (size_t i = 0; i < json_array_size(rows); i++)
                print_row(table, json_array_get(rows, i));
        if (json_array_size(rows) > 0)
                table_print(table, ctl->colour);
        else
                puts("No app is chosen; where only one can place a call it does.");
        return STATUS_OK;
}

static int show_one(struct ctl *ctl, const json_t *defaults, const json_t *providers,
                    const char *kind)
{
        const char *identifier = text_of(defaults, kind);
        _cleanup_json_ json_t *row = describe(providers, kind, identifier);

        if (ctl->json)
                print_json(row);
        else if (*identifier == '\0')
                puts("none");
        else
                printf("%s%s\n", identifier, flag_of(row, "Known") ? "" : " (not there any more)");
        return STATUS_OK;
}

static int append_choice(sd_bus_message *message, const void *userdata)
{
        const char *const *choice = userdata;

        return sd_bus_message_append(message, "ss", choice[0], choice[1]);
}

static int choose(struct ctl *ctl, const char *kind, const char *identifier)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *const choice[] = {kind, strcmp(identifier, "none") == 0 ? "" : identifier};
        int r = bus_call(ctl, CALLSD_PATH, MANAGER_INTERFACE, "SetDefaultProvider", append_choice,
                         choice, &error, NULL);

        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        if (ctl->json) {
                _cleanup_json_ json_t *object =
                        json_pack("{s:s, s:s, s:s, s:s}", "Result", "fulfilled", "Verb", "default",
                                  "Kind", kind, "Identifier", choice[1]);

                print_json(object);
        }
        return STATUS_OK;
}

/* default [KIND [IDENTIFIER|none]] */
int verb_default(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_json_ json_t *defaults = NULL, *providers = NULL;
        int status;

        (void)verb;
        if (argc > 1)
                return choose(ctl, argv[0], argv[1]);
        status = load(ctl, &defaults, &providers);
        if (status != STATUS_OK)
                return status;
        return argc == 0 ? list_all(ctl, defaults, providers)
                         : show_one(ctl, defaults, providers, argv[0]);
}
