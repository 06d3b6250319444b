/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What apps say about themselves: the configuration of a provider, in and out. */
#include "bus/bus-update.h"

#include <errno.h>

#define ACCOUNTS_MAX 64
#define TEXTS_MAX 64
#define PATH_TEXT_MAX 4096

/* ---- owned values ---- */

static int own_text(const struct reader *reader, sd_bus_message *message, const char *key,
                    size_t size_max, char **value)
{
        const char *text;
        char *copy;
        int r = read_text(reader, message, key, &text);

        if (r < 0)
                return r;
        if (strlen(text) > size_max)
                return bus_error_invalid(reader->error, "%s has %zu bytes; it can have %zu", key,
                                         strlen(text), size_max);
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*value);
        *value = copy;
        return 0;
}

static int read_owned_name(const struct reader *reader, sd_bus_message *message, const char *key,
                           void *value)
{
        return own_text(reader, message, key, engine_get_limits(reader->bus->engine)->name_length,
                        value);
}

static int read_owned_path(const struct reader *reader, sd_bus_message *message, const char *key,
                           void *value)
{
        return own_text(reader, message, key, PATH_TEXT_MAX, value);
}

static int read_schemes(const struct reader *reader, sd_bus_message *message, const char *key,
                        void *value)
{
        char ***target = value;
        size_t n = 0;
        int r = read_texts(reader, message, key, value);

        while (r >= 0 && *target && (*target)[n])
                if (strlen((*target)[n++]) > PATH_TEXT_MAX || n > TEXTS_MAX)
                        return bus_error_invalid(reader->error, "%s has more than %d entries", key,
                                                 TEXTS_MAX);
        return r;
}

/* ---- accounts ---- */

static const struct read_field account_fields[] = {
        {"Id", "s", offsetof(struct account, id), 0, read_owned_name, true},
        {"Label", "s", offsetof(struct account, label), 0, read_owned_name, false},
        {"State", "s", offsetof(struct account, state), 0, read_owned_name, false},
        {"HandleTypes", "as", offsetof(struct account, handle_types), 0, read_handle_types, false},
        {"URISchemes", "as", offsetof(struct account, uri_schemes), 0, read_schemes, false},
        {"Emergency", "b", offsetof(struct account, emergency), 0, read_bool, false},
};

/* An account never has NULL for a text. */
static int complete_account(struct account *account)
{
        if (!account->label)
                account->label = strdup("");
        if (!account->state)
                account->state = strdup("");
        return account->label && account->state ? 0 : -ENOMEM;
}

static int read_account(const struct reader *reader, sd_bus_message *message,
                        struct provider_config *config)
{
        struct account *accounts;
        int r;

        if (config->n_accounts == ACCOUNTS_MAX)
                return bus_error_invalid(reader->error, "Accounts has more than %d entries",
                                         ACCOUNTS_MAX);
        accounts = reallocarray(config->accounts, config->n_accounts + 1, sizeof(*accounts));
        if (!accounts)
                return -ENOMEM;
        config->accounts = accounts;
        accounts += config->n_accounts++;
        *accounts = (struct account){0};
        r = read_dictionary(reader, message, account_fields, ARRAY_SIZE(account_fields), accounts,
                            NULL);
        if (r >= 0)
                r = complete_account(accounts);
        if (r < 0 || !*accounts->id)
                return r < 0 ? r
                             : bus_error_invalid(reader->error, "The Id of an account is empty");
        for (size_t i = 0; i + 1 < config->n_accounts; i++)
                if (streq(config->accounts[i].id, accounts->id))
                        return bus_error_invalid(reader->error, "Two accounts have the Id \"%s\"",
                                                 accounts->id);
        return 0;
}

static int read_accounts(const struct reader *reader, sd_bus_message *message, const char *key,
                         void *value)
{
        struct reader inner = *reader;
        struct provider_config *config = value;
        int r;

        inner.where = key;
        if (config->n_accounts > 0)
                return bus_error_invalid(reader->error, "%s is there twice", key);
        r = sd_bus_message_enter_container(message, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(message, false)) == 0)
                r = read_account(&inner, message, config);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* ---- the whole ---- */

#define CONFIG_AT(member) offsetof(struct provider_config, member)

enum {
        CONFIG_IDENTIFIER = 1 << 0,
};

static int read_identifier(const struct reader *reader, sd_bus_message *message, const char *key,
                           void *value)
{
        return own_text(reader, message, key, PATH_TEXT_MAX, value);
}

static const struct read_field config_fields[] = {
        {"Identifier", "s", CONFIG_AT(identifier), CONFIG_IDENTIFIER, read_identifier, false},
        {"RingtoneSound", "s", CONFIG_AT(ringtone), 0, read_owned_path, false},
        {"MaximumCallGroups", "u", CONFIG_AT(maximum_call_groups), 0, read_u32, false},
        {"MaximumCallsPerCallGroup", "u", CONFIG_AT(maximum_calls_per_call_group), 0, read_u32,
         false},
        {"SupportsVideo", "b", CONFIG_AT(supports_video), 0, read_bool, false},
        {"SupportsAudioTranslation", "b", CONFIG_AT(supports_audio_translation), 0, read_bool,
         false},
        {"IncludesCallsInRecents", "b", CONFIG_AT(includes_calls_in_recents), 0, read_bool, false},
        {"SupportedHandleTypes", "as", CONFIG_AT(handle_types), 0, read_handle_types, false},
        {"SupportedURISchemes", "as", CONFIG_AT(uri_schemes), 0, read_schemes, false},
        {"Accounts", "aa{sv}", 0, 0, read_accounts, false},
        {"Audio", "s", CONFIG_AT(audio), 0, read_call_audio, false},
        {"OwnEchoCancel", "b", CONFIG_AT(own_echo_cancel), 0, read_bool, false},
        {"MixGroups", "b", CONFIG_AT(mix_groups), 0, read_bool, false},
        {"Testing", "b", CONFIG_AT(testing), 0, read_bool, false},
        {"ReclaimGraceUSec", "t", CONFIG_AT(reclaim_grace), 0, read_usec, false},
        {"LocalizedName", "s", CONFIG_AT(localized_name), 0, read_owned_name, false},
        {"Icon", "s", CONFIG_AT(icon), 0, read_owned_path, false},
};

int read_config(const struct reader *reader, sd_bus_message *message, bool identifier_required,
                struct provider_config *ret_config)
{
        struct provider_config config;
        unsigned mask;
        int r;

        provider_config_init(&config);
        r = read_dictionary(reader, message, config_fields, ARRAY_SIZE(config_fields), &config,
                            &mask);
        if (r >= 0 && identifier_required && !(mask & CONFIG_IDENTIFIER))
                r = bus_error_invalid(reader->error,
                                      "Identifier is missing in %s: the reverse-DNS name of the "
                                      "app (s) is wanted",
                                      reader->where);
        if (r < 0) {
                provider_config_done(&config);
                return r;
        }
        *ret_config = config;
        return 0;
}

/* ---- out ---- */

int append_texts(sd_bus_message *message, char *const *texts)
{
        int r = sd_bus_message_open_container(message, 'a', "s");

        for (; texts && *texts && r >= 0; texts++)
                r = sd_bus_message_append_basic(message, 's', *texts);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

int append_handle_types(sd_bus_message *message, unsigned types)
{
        int r = sd_bus_message_open_container(message, 'a', "s");

        for (unsigned type = HANDLE_TYPE_GENERIC; type < HANDLE_TYPE_MAX_ && r >= 0; type++)
                if (types & 1u << type)
                        r = sd_bus_message_append_basic(
                                message, 's', handle_type_to_string((enum handle_type)type));
        return r < 0 ? r : sd_bus_message_close_container(message);
}

/* An entry {sv} whose value is a list of strings; `handle_types` instead of `texts` if not NULL. */
static int append_list_entry(sd_bus_message *message, const char *key, char *const *texts,
                             const unsigned *handle_types)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append_basic(message, 's', key)) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "as")) < 0)
                return r;
        r = handle_types ? append_handle_types(message, *handle_types)
                         : append_texts(message, texts);
        if (r < 0 || (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

static int append_account(sd_bus_message *message, const struct account *account)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = sd_bus_message_append(message, "{sv}{sv}{sv}{sv}", "Id", "s", account->id, "Label",
                                       "s", account->label, "State", "s", account->state,
                                       "Emergency", "b", (int)account->emergency)) < 0 ||
            (r = append_list_entry(message, "HandleTypes", NULL, &account->handle_types)) < 0 ||
            (r = append_list_entry(message, "URISchemes", account->uri_schemes, NULL)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

int append_accounts(sd_bus_message *message, const struct provider_config *config)
{
        int r = sd_bus_message_open_container(message, 'a', "a{sv}");

        for (size_t i = 0; i < config->n_accounts && r >= 0; i++)
                r = append_account(message, &config->accounts[i]);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_accounts_entry(sd_bus_message *message, const struct provider_config *config)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append_basic(message, 's', "Accounts")) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "aa{sv}")) < 0 ||
            (r = append_accounts(message, config)) < 0 ||
            (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

static int append_scalars(sd_bus_message *message, const struct provider_config *config)
{
        return sd_bus_message_append(
                message, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "Identifier",
                "s", str_or_empty(config->identifier), "RingtoneSound", "s",
                str_or_empty(config->ringtone), "MaximumCallGroups", "u",
                config->maximum_call_groups, "MaximumCallsPerCallGroup", "u",
                config->maximum_calls_per_call_group, "SupportsVideo", "b",
                (int)config->supports_video, "SupportsAudioTranslation", "b",
                (int)config->supports_audio_translation, "IncludesCallsInRecents", "b",
                (int)config->includes_calls_in_recents, "Audio", "s",
                call_audio_to_string(config->audio), "OwnEchoCancel", "b",
                (int)config->own_echo_cancel, "MixGroups", "b", (int)config->mix_groups, "Testing",
                "b", (int)config->testing, "ReclaimGraceUSec", "t", (uint64_t)config->reclaim_grace,
                "LocalizedName", "s", str_or_empty(config->localized_name), "Icon", "s",
                str_or_empty(config->icon));
}

int append_config(sd_bus_message *message, const struct provider_config *config)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = append_scalars(message, config)) < 0 ||
            (r = append_list_entry(message, "SupportedHandleTypes", NULL, &config->handle_types)) <
                    0 ||
            (r = append_list_entry(message, "SupportedURISchemes", config->uri_schemes, NULL)) <
                    0 ||
            (r = append_accounts_entry(message, config)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}
