/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the shells ask for to complete a command line. Not in the help: it is for
 * tools/completions/, prints one candidate per line, and says nothing when it fails.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static void complete_verbs(void)
{
        static const char *const names[] = {
                "list",    "show",      "monitor", "dial",     "answer",         "decline",
                "end",     "hold",      "resume",  "swap",     "mute",           "unmute",
                "dtmf",    "merge",     "split",   "continue", "route",          "silence",
                "pending", "providers", "default", "push",     "check-provider",
        };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                printf("%s\t%s\n", names[i], verb_find(names[i])->help);
}

static void complete_calls(struct ctl *ctl, const struct verb *wanted)
{
        _cleanup_json_ json_t *calls = NULL;

        if (call_list_load(ctl, &calls) != STATUS_OK)
                return;
        for (size_t i = 0; i < json_array_size(calls); i++) {
                const json_t *call = json_array_get(calls, i);

                if (wanted->allowed[0] && !call_suits(call, wanted))
                        continue;
                printf("%s\t%s, ", text_of(call, "UUID"), text_of(call, "State"));
                print_clean(call_title(call));
                putchar('\n');
        }
}

static void complete_providers(struct ctl *ctl)
{
        _cleanup_json_ json_t *providers = NULL;

        if (providers_load(ctl, &providers) != STATUS_OK)
                return;
        for (size_t i = 0; i < json_array_size(providers); i++) {
                const json_t *provider = json_array_get(providers, i);

                printf("%s\t", text_of(provider, "Identifier"));
                print_clean(text_of(provider, "DisplayName"));
                putchar('\n');
        }
}

static void complete_routes(struct ctl *ctl)
{
        _cleanup_json_ json_t *routes = NULL;

        if (routes_load(ctl, &routes) != STATUS_OK)
                return;
        for (size_t i = 0; i < json_array_size(routes); i++) {
                const json_t *route = json_array_get(routes, i);

                if (!flag_of(route, "Available"))
                        continue;
                print_clean(text_of(route, "Id"));
                printf("\t%s, ", text_of(route, "Kind"));
                print_clean(text_of(route, "Description"));
                putchar('\n');
        }
        puts("default\twhat the desktop uses");
}

/* What can have a default: what is usual, and what apps say they take. */
static void complete_kinds(struct ctl *ctl)
{
        static const char *const usual[] = {"tel",          "sip",           "sips",   "callto",
                                            "phone-number", "email-address", "generic"};
        _cleanup_json_ json_t *kinds = json_object(), *providers = NULL;
        const char *kind;
        json_t *value;
        size_t i;

        if (providers_load(ctl, &providers) != STATUS_OK)
                return;
        for (i = 0; i < sizeof(usual) / sizeof(*usual); i++)
                json_object_set_new(kinds, usual[i], json_true());
        json_array_foreach (providers, i, value) {
                const json_t *schemes = json_object_get(value, "SupportedURISchemes");

                for (size_t k = 0; k < json_array_size(schemes); k++)
                        json_object_set_new(kinds, json_string_value(json_array_get(schemes, k)),
                                            json_true());
        }
        json_object_foreach (kinds, kind, value) {
                print_clean(kind);
                puts("\tURI scheme or kind of handle");
        }
}

/* __complete verbs | checks | providers | routes | kinds | calls VERB */
int verb_complete(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        const struct verb *wanted;

        (void)verb;
        if (argc == 0)
                return STATUS_USAGE;
        if (strcmp(argv[0], "verbs") == 0) {
                complete_verbs();
                return STATUS_OK;
        }
        if (strcmp(argv[0], "checks") == 0) {
                check_list_names();
                return STATUS_OK;
        }
        if (!ctl->bus)
                return STATUS_NOT_RUNNING;
        if (strcmp(argv[0], "providers") == 0)
                complete_providers(ctl);
        if (strcmp(argv[0], "kinds") == 0)
                complete_kinds(ctl);
        if (strcmp(argv[0], "routes") == 0)
                complete_routes(ctl);
        wanted = argc > 1 ? verb_find(argv[1]) : NULL;
        if (strcmp(argv[0], "calls") == 0 && wanted)
                complete_calls(ctl, wanted);
        return STATUS_OK;
}
