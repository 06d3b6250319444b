/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list, show, providers: what there is. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SHORT_UUID 8

/* Long enough to tell the calls apart. */
static size_t prefix_length(const json_t *calls)
{
        size_t length = SHORT_UUID;

        for (size_t i = 0; i < json_array_size(calls); i++) {
                const char *one = text_of(json_array_get(calls, i), "UUID");

                for (size_t j = 0; j < i; j++) {
                        const char *other = text_of(json_array_get(calls, j), "UUID");

                        while (length < strlen(one) && strncmp(one, other, length) == 0)
                                length++;
                }
        }
        return length;
}

static const char *provider_name(const json_t *providers, const char *path)
{
        for (size_t i = 0; i < json_array_size(providers); i++) {
                const json_t *provider = json_array_get(providers, i);

                if (strcmp(text_of(provider, "Path"), path) != 0)
                        continue;
                if (*text_of(provider, "DisplayName") != '\0')
                        return text_of(provider, "DisplayName");
                return text_of(provider, "Identifier");
        }
        return "";
}

/* What is worth a word beside the state. */
static void describe(char *buffer, size_t size, const json_t *call)
{
        static const char *const flags[][2] = {
                {"Muted", "muted"},
                {"AnswerPending", "being answered"},
                {"Waiting", "waiting"},
                {"RemoteHeld", "held by them"},
                {"Alerting", "rings there"},
                {"HasVideo", "video"},
                {"Emergency", "emergency"},
                {"Reconnecting", "app is away"},
                {"Translating", "translated"},
        };
        const char *group = text_of(call, "Group");
        size_t used = 0;

        buffer[0] = '\0';
        for (size_t i = 0; i < sizeof(flags) / sizeof(*flags) && used < size; i++) {
                if (flag_of(call, flags[i][0]))
                        used += (size_t)snprintf(buffer + used, size - used, "%s%s",
                                                 used > 0 ? ", " : "", flags[i][1]);
        }
        if (*group != '\0' && used < size)
                used += (size_t)snprintf(buffer + used, size - used, "%sgroup %.8s",
                                         used > 0 ? ", " : "", group);
        if (*text_of(call, "EndedReason") != '\0' && used < size)
                snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "",
                         text_of(call, "EndedReason"));
}

static void add_call(struct table *table, const json_t *call, const json_t *providers,
                     size_t length)
{
        char uuid[64], time[DURATION_SIZE], notes[256];

        snprintf(uuid, sizeof(uuid), "%.*s", (int)length, text_of(call, "UUID"));
        describe(notes, sizeof(notes), call);
        table_add(table,
                  (const char *const[]){
                          uuid,
                          text_of(call, "State"),
                          flag_of(call, "Outgoing") ? "to" : "from",
                          call_title(call),
                          format_call_time(time, sizeof(time), call),
                          provider_name(providers, text_of(call, "Provider")),
                          notes,
                  },
                  state_colour(text_of(call, "State")));
}

int verb_list(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        static const char *const titles[] = {"CALL", "STATE", "", "WITH", "TIME", "APP", "NOTES"};
        _cleanup_json_ json_t *calls = NULL, *providers = NULL;
        _cleanup_table_ struct table *table = NULL;
        int status = call_list_load(ctl, &calls);

        (void)verb, (void)argc, (void)argv;
        if (status != STATUS_OK)
                return status;
        if (ctl->json) {
                print_json(calls);
                return STATUS_OK;
        }
        if (json_array_size(calls) == 0) {
                puts("No calls.");
                return STATUS_OK;
        }
        status = providers_load(ctl, &providers);
        if (status != STATUS_OK)
                return status;
        table = table_new(titles, sizeof(titles) / sizeof(*titles));
        for (size_t i = 0; table && i < json_array_size(calls); i++)
                add_call(table, json_array_get(calls, i), providers, prefix_length(calls));
        if (table)
                table_print(table, ctl->colour);
        return STATUS_OK;
}

static bool is_date(const char *key)
{
        return strcmp(key, "StartedAt") == 0 || strcmp(key, "ConnectedAt") == 0 ||
               strcmp(key, "EndedAt") == 0;
}

static void print_date(uint64_t usec)
{
        time_t seconds = (time_t)(usec / 1000000);
        char text[64] = "-";
        struct tm local;

        if (usec > 0 && localtime_r(&seconds, &local))
                strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
        fputs(text, stdout);
}

static void print_items(const json_t *list)
{
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *item = json_array_get(list, i);

                if (i > 0)
                        fputs(", ", stdout);
                if (json_is_string(item))
                        print_clean(json_string_value(item));
                else
                        json_dumpf(item, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        }
}

static void print_value(const char *key, const json_t *value)
{
        if (json_is_integer(value) && is_date(key))
                print_date((uint64_t)json_integer_value(value));
        else if (json_is_integer(value))
                printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_boolean(value))
                fputs(json_is_true(value) ? "yes" : "no", stdout);
        else if (json_is_string(value))
                print_clean(json_string_value(value));
        else
                print_items(value);
}

static void show_call(const struct ctl *ctl, const json_t *call)
{
        char time[DURATION_SIZE];
        const char *key;
        json_t *value;

        printf("%s%-20s%s  ", ctl->colour ? "\033[1m" : "", text_of(call, "State"),
               ctl->colour ? "\033[0m" : "");
        print_clean(call_title(call));
        printf("  %s\n", format_call_time(time, sizeof(time), call));
        json_object_foreach ((json_t *)(uintptr_t)call, key, value) {
                if (strstr(key, "Boottime"))
                        continue;
                printf("  %-20s", key);
                print_value(key, value);
                putchar('\n');
        }
}

int verb_show(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_json_ json_t *calls = NULL;
        const json_t *call;
        int status = call_list_load(ctl, &calls);

        if (status == STATUS_OK)
                status = call_list_find(ctl, calls, argc > 0 ? argv[0] : NULL, verb, &call);
        if (status != STATUS_OK)
                return status;
        if (ctl->json)
                print_json(call);
        else
                show_call(ctl, call);
        return STATUS_OK;
}

/* Each account with the app's own word for how it is. */
static void print_accounts(const json_t *provider, char *text, size_t size)
{
        const json_t *accounts = json_object_get(provider, "Accounts");

        *text = '\0';
        for (size_t i = 0, used = 0; i < json_array_size(accounts) && used < size; i++) {
                const json_t *account = json_array_get(accounts, i);

                used += (size_t)snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "",
                                         text_of(account, "Id"), text_of(account, "State"));
        }
}

/* And whether it reports the calls that it gets push payloads for. */
static void print_state(const json_t *provider, char *text, size_t size)
{
        unsigned misses = (unsigned)number_of(provider, "PushMisses");
        const char *running = flag_of(provider, "Running") ? "running" : "not running";

        if (number_of(provider, "PushBlockedUntil") > boottime_now())
                snprintf(text, size, "%s, pushes blocked", running);
        else if (misses > 0)
                snprintf(text, size, "%s, %u push%s missed", running, misses,
                         misses > 1 ? "es" : "");
        else
                snprintf(text, size, "%s", running);
}

static void add_provider(struct table *table, const json_t *provider)
{
        char limits[64], handles[128] = "", accounts[256], state[64];
        const json_t *types = json_object_get(provider, "SupportedHandleTypes");

        snprintf(limits, sizeof(limits), "%u x %u",
                 (unsigned)number_of(provider, "MaximumCallGroups"),
                 (unsigned)number_of(provider, "MaximumCallsPerCallGroup"));
        for (size_t i = 0, used = 0; i < json_array_size(types) && used < sizeof(handles); i++)
                used += (size_t)snprintf(handles + used, sizeof(handles) - used, "%s%s",
                                         i > 0 ? ", " : "",
                                         json_string_value(json_array_get(types, i)));
        print_accounts(provider, accounts, sizeof(accounts));
        print_state(provider, state, sizeof(state));
        table_add(table,
                  (const char *const[]){
                          text_of(provider, "Identifier"),
                          state,
                          text_of(provider, "DisplayName"),
                          limits,
                          *handles != '\0' ? handles : "all",
                          accounts,
                  },
                  flag_of(provider, "Running") ? state_colour("active") : NULL);
}

int verb_providers(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        static const char *const titles[] = {"IDENTIFIER", "STATE",   "NAME",
                                             "GROUPS",     "HANDLES", "ACCOUNTS"};
        _cleanup_json_ json_t *providers = NULL;
        _cleanup_table_ struct table *table = NULL;
        int status = providers_load(ctl, &providers);

        (void)verb, (void)argc, (void)argv;
        if (status != STATUS_OK)
                return status;
        if (ctl->json) {
                print_json(providers);
                return STATUS_OK;
        }
        if (json_array_size(providers) == 0) {
                puts("No providers.");
                return STATUS_OK;
        }
        table = table_new(titles, sizeof(titles) / sizeof(*titles));
        for (size_t i = 0; table && i < json_array_size(providers); i++)
                add_provider(table, json_array_get(providers, i));
        if (table)
                table_print(table, ctl->colour);
        return STATUS_OK;
}
