/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an app is and can do, and its accounts. */
#include "update-internal.h"

#define TYPE_BIT(type) (1U << (unsigned)(type))

struct cx_account {
        unsigned n_ref;
        char *id, *label, *state;
        unsigned handle_types; /* TYPE_BIT; 0: all */
        char **uri_schemes;
        bool emergency;
};

struct cx_provider_configuration {
        unsigned n_ref;
        char *identifier, *ringtone, *name, *icon;
        uint32_t maximum_call_groups, maximum_calls_per_call_group;
        bool supports_video, supports_audio_translation, includes_calls_in_recents;
        bool own_echo_cancel, mix_groups, testing;
        unsigned handle_types;
        char **uri_schemes;
        enum cx_call_audio audio;
        usec_t reclaim_grace;
        struct cx_account **accounts;
        size_t n_accounts;
};

static void account_free(struct cx_account *account)
{
        free(account->id);
        free(account->label);
        free(account->state);
        strv_free(account->uri_schemes);
        free(account);
}

DEFINE_REF_UNREF(cx_account, account_free)

static void configuration_free(struct cx_provider_configuration *configuration)
{
        for (size_t i = 0; i < configuration->n_accounts; i++)
                cx_account_unref(configuration->accounts[i]);
        free(configuration->accounts);
        free(configuration->identifier);
        free(configuration->ringtone);
        free(configuration->name);
        free(configuration->icon);
        strv_free(configuration->uri_schemes);
        free(configuration);
}

DEFINE_REF_UNREF(cx_provider_configuration, configuration_free)

static int types_to_bits(const enum cx_handle_type *types, size_t n_types, unsigned *ret_bits)
{
        unsigned bits = 0;

        if (n_types > 0 && !types)
                return -EINVAL;
        for (size_t i = 0; i < n_types; i++) {
                if (types[i] < CX_HANDLE_TYPE_GENERIC || types[i] > CX_HANDLE_TYPE_EMAIL_ADDRESS)
                        return -EINVAL;
                bits |= TYPE_BIT(types[i]);
        }
        *ret_bits = bits;
        return 0;
}

static int replace_strv(char ***strv, const char *const *value)
{
        char **copy = strv_copy(value);

        if (!copy)
                return -ENOMEM;
        strv_free(*strv);
        *strv = copy;
        return 0;
}

int cx_account_new(const char *id, const char *label, struct cx_account **ret_account)
{
        cleanup_(cx_account_unrefp) struct cx_account *account = NULL;

        if (!id || !*id || !ret_account)
                return -EINVAL;
        account = calloc(1, sizeof(*account));
        if (!account)
                return -ENOMEM;
        account->n_ref = 1;
        if (str_replace(&account->id, id) < 0 || str_replace(&account->label, label) < 0)
                return -ENOMEM;
        *ret_account = take_ptr(account);
        return 0;
}

int cx_account_set_state(struct cx_account *account, const char *state)
{
        return account ? str_replace(&account->state, state) : -EINVAL;
}

int cx_account_set_handle_types(struct cx_account *account, const enum cx_handle_type *types,
                                size_t n_types)
{
        return account ? types_to_bits(types, n_types, &account->handle_types) : -EINVAL;
}

int cx_account_set_uri_schemes(struct cx_account *account, const char *const *schemes)
{
        return account ? replace_strv(&account->uri_schemes, schemes) : -EINVAL;
}

int cx_account_set_emergency(struct cx_account *account, int emergency)
{
        if (!account)
                return -EINVAL;
        account->emergency = emergency;
        return 0;
}

static int account_copy(const struct cx_account *account, struct cx_account **ret_copy)
{
        cleanup_(cx_account_unrefp) struct cx_account *copy = NULL;
        int r;

        r = cx_account_new(account->id, account->label, &copy);
        if (r < 0)
                return r;
        copy->handle_types = account->handle_types;
        copy->emergency = account->emergency;
        if (str_replace(&copy->state, account->state) < 0)
                return -ENOMEM;
        r = replace_strv(&copy->uri_schemes, (const char *const *)account->uri_schemes);
        if (r < 0)
                return r;
        *ret_copy = take_ptr(copy);
        return 0;
}

int cx_provider_configuration_new(const char *identifier,
                                  struct cx_provider_configuration **ret_configuration)
{
        cleanup_(cx_provider_configuration_unrefp) struct cx_provider_configuration *configuration =
                NULL;

        if (!identifier || !*identifier || strlen(identifier) > 255 || !ret_configuration)
                return -EINVAL;
        configuration = calloc(1, sizeof(*configuration));
        if (!configuration)
                return -ENOMEM;
        configuration->n_ref = 1;
        configuration->maximum_call_groups = 2;
        configuration->maximum_calls_per_call_group = 5;
        configuration->includes_calls_in_recents = true;
        configuration->audio = CX_CALL_AUDIO_STREAMS;
        if (str_replace(&configuration->identifier, identifier) < 0)
                return -ENOMEM;
        *ret_configuration = take_ptr(configuration);
        return 0;
}

static int copy_texts(struct cx_provider_configuration *copy,
                      const struct cx_provider_configuration *configuration)
{
        if (str_replace(&copy->ringtone, configuration->ringtone) < 0 ||
            str_replace(&copy->name, configuration->name) < 0 ||
            str_replace(&copy->icon, configuration->icon) < 0)
                return -ENOMEM;
        return replace_strv(&copy->uri_schemes, (const char *const *)configuration->uri_schemes);
}

int cx_provider_configuration_copy(const struct cx_provider_configuration *configuration,
                                   struct cx_provider_configuration **ret_copy)
{
        cleanup_(cx_provider_configuration_unrefp) struct cx_provider_configuration *copy = NULL;
        int r;

        if (!configuration)
                return -EINVAL;
        r = cx_provider_configuration_new(configuration->identifier, &copy);
        if (r < 0)
                return r;
        copy->maximum_call_groups = configuration->maximum_call_groups;
        copy->maximum_calls_per_call_group = configuration->maximum_calls_per_call_group;
        copy->supports_video = configuration->supports_video;
        copy->supports_audio_translation = configuration->supports_audio_translation;
        copy->includes_calls_in_recents = configuration->includes_calls_in_recents;
        copy->own_echo_cancel = configuration->own_echo_cancel;
        copy->mix_groups = configuration->mix_groups;
        copy->testing = configuration->testing;
        copy->handle_types = configuration->handle_types;
        copy->audio = configuration->audio;
        copy->reclaim_grace = configuration->reclaim_grace;
        r = copy_texts(copy, configuration);
        for (size_t i = 0; r == 0 && i < configuration->n_accounts; i++)
                r = cx_provider_configuration_add_account(copy, configuration->accounts[i]);
        if (r < 0)
                return r;
        *ret_copy = take_ptr(copy);
        return 0;
}

#define DEFINE_TEXT(name, field)                                                                  \
        int cx_provider_configuration_set_##name(struct cx_provider_configuration *configuration, \
                                                 const char *value)                               \
        {                                                                                         \
                if (!configuration)                                                               \
                        return -EINVAL;                                                           \
                return str_replace(&configuration->field, str_or_null(value));                    \
        }
#define DEFINE_FLAG(name)                                                                         \
        int cx_provider_configuration_set_##name(struct cx_provider_configuration *configuration, \
                                                 int value)                                       \
        {                                                                                         \
                if (!configuration)                                                               \
                        return -EINVAL;                                                           \
                configuration->name = value != 0;                                                 \
                return 0;                                                                         \
        }
#define DEFINE_COUNT(name)                                                                        \
        int cx_provider_configuration_set_##name(struct cx_provider_configuration *configuration, \
                                                 uint32_t value)                                  \
        {                                                                                         \
                if (!configuration || value < 1)                                                  \
                        return -EINVAL;                                                           \
                configuration->name = value;                                                      \
                return 0;                                                                         \
        }
#define DEFINE_GETTER(type, name, field, otherwise)                      \
        type cx_provider_configuration_get_##name(                       \
                const struct cx_provider_configuration *configuration)   \
        {                                                                \
                return configuration ? configuration->field : otherwise; \
        }

DEFINE_GETTER(const char *, identifier, identifier, NULL)
DEFINE_TEXT(ringtone_sound, ringtone)
DEFINE_GETTER(const char *, ringtone_sound, ringtone, NULL)
DEFINE_TEXT(localized_name, name)
DEFINE_TEXT(icon, icon)
DEFINE_COUNT(maximum_call_groups)
DEFINE_GETTER(uint32_t, maximum_call_groups, maximum_call_groups, 0)
DEFINE_COUNT(maximum_calls_per_call_group)
DEFINE_GETTER(uint32_t, maximum_calls_per_call_group, maximum_calls_per_call_group, 0)
DEFINE_FLAG(supports_video)
DEFINE_GETTER(int, supports_video, supports_video, 0)
DEFINE_FLAG(supports_audio_translation)
DEFINE_GETTER(int, supports_audio_translation, supports_audio_translation, 0)
DEFINE_FLAG(includes_calls_in_recents)
DEFINE_GETTER(int, includes_calls_in_recents, includes_calls_in_recents, 0)
DEFINE_FLAG(own_echo_cancel)
DEFINE_FLAG(mix_groups)
DEFINE_FLAG(testing)

int cx_provider_configuration_set_supported_handle_types(
        struct cx_provider_configuration *configuration, const enum cx_handle_type *types,
        size_t n_types)
{
        return configuration ? types_to_bits(types, n_types, &configuration->handle_types)
                             : -EINVAL;
}

int cx_provider_configuration_supports_handle_type(
        const struct cx_provider_configuration *configuration, enum cx_handle_type type)
{
        if (!configuration || type < CX_HANDLE_TYPE_GENERIC || type > CX_HANDLE_TYPE_EMAIL_ADDRESS)
                return 0;
        return configuration->handle_types == 0 ||
               (configuration->handle_types & TYPE_BIT(type)) != 0;
}

int cx_provider_configuration_set_supported_uri_schemes(
        struct cx_provider_configuration *configuration, const char *const *schemes)
{
        return configuration ? replace_strv(&configuration->uri_schemes, schemes) : -EINVAL;
}

int cx_provider_configuration_set_audio(struct cx_provider_configuration *configuration,
                                        enum cx_call_audio audio)
{
        if (!configuration || audio < CX_CALL_AUDIO_STREAMS || audio > CX_CALL_AUDIO_NONE)
                return -EINVAL;
        configuration->audio = audio;
        return 0;
}

int cx_provider_configuration_set_reclaim_grace_usec(
        struct cx_provider_configuration *configuration, uint64_t grace_usec)
{
        if (!configuration)
                return -EINVAL;
        configuration->reclaim_grace = grace_usec;
        return 0;
}

int cx_provider_configuration_add_account(struct cx_provider_configuration *configuration,
                                          const struct cx_account *account)
{
        cleanup_(cx_account_unrefp) struct cx_account *copy = NULL;
        struct cx_account **accounts;
        int r;

        if (!configuration || !account)
                return -EINVAL;
        r = account_copy(account, &copy);
        if (r < 0)
                return r;
        for (size_t i = 0; i < configuration->n_accounts; i++)
                if (streq(configuration->accounts[i]->id, copy->id)) {
                        cx_account_unref(configuration->accounts[i]);
                        configuration->accounts[i] = take_ptr(copy);
                        return 0;
                }
        accounts = realloc(configuration->accounts,
                           (configuration->n_accounts + 1) * sizeof(*accounts));
        if (!accounts)
                return -ENOMEM;
        configuration->accounts = accounts;
        accounts[configuration->n_accounts++] = take_ptr(copy);
        return 0;
}

static int write_handle_types(unsigned bits, const char *key, sd_bus_message *message)
{
        const char *words[CX_HANDLE_TYPE_EMAIL_ADDRESS + 1] = {NULL};
        size_t n = 0;

        for (unsigned type = CX_HANDLE_TYPE_GENERIC; type <= CX_HANDLE_TYPE_EMAIL_ADDRESS; type++)
                if (bits & TYPE_BIT(type))
                        words[n++] = cx_handle_type_to_string((enum cx_handle_type)type);
        return n > 0 ? wire_strv(message, key, words) : 0;
}

static int write_schemes(char **schemes, const char *key, sd_bus_message *message)
{
        return schemes && schemes[0] ? wire_strv(message, key, (const char *const *)schemes) : 0;
}

static int write_account(const struct cx_account *account, sd_bus_message *message)
{
        int r;

        r = wire_open_dict(message);
        if (r >= 0)
                r = wire_string(message, "Id", account->id);
        if (r >= 0)
                r = wire_string(message, "Label", account->label);
        if (r >= 0)
                r = wire_string(message, "State", account->state);
        if (r >= 0)
                r = write_handle_types(account->handle_types, "HandleTypes", message);
        if (r >= 0)
                r = write_schemes(account->uri_schemes, "URISchemes", message);
        if (r >= 0)
                r = wire_boolean(message, "Emergency", account->emergency);
        return r < 0 ? r : wire_close_dict(message);
}

static int write_accounts(const struct cx_provider_configuration *configuration,
                          sd_bus_message *message)
{
        int r;

        if (configuration->n_accounts == 0)
                return 0;
        r = wire_open_entry(message, "Accounts", "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "a{sv}");
        for (size_t i = 0; r >= 0 && i < configuration->n_accounts; i++)
                r = write_account(configuration->accounts[i], message);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : wire_close_entry(message);
}

static int write_texts(const struct cx_provider_configuration *configuration,
                       sd_bus_message *message)
{
        int r;

        r = wire_string(message, "Identifier", configuration->identifier);
        if (r >= 0)
                r = wire_string(message, "RingtoneSound", configuration->ringtone);
        if (r >= 0)
                r = wire_string(message, "LocalizedName", configuration->name);
        if (r >= 0)
                r = wire_string(message, "Icon", configuration->icon);
        if (r >= 0)
                r = wire_string(message, "Audio", call_audio_to_string(configuration->audio));
        return r;
}

static int write_flags(const struct cx_provider_configuration *configuration,
                       sd_bus_message *message)
{
        const struct {
                const char *key;
                bool value;
        } flags[] = {
                {"SupportsVideo", configuration->supports_video},
                {"SupportsAudioTranslation", configuration->supports_audio_translation},
                {"IncludesCallsInRecents", configuration->includes_calls_in_recents},
                {"OwnEchoCancel", configuration->own_echo_cancel},
                {"MixGroups", configuration->mix_groups},
                {"Testing", configuration->testing},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(flags); i++)
                r = wire_boolean(message, flags[i].key, flags[i].value);
        return r;
}

int configuration_write(const struct cx_provider_configuration *configuration,
                        sd_bus_message *message)
{
        int r;

        r = write_texts(configuration, message);
        if (r >= 0)
                r = write_flags(configuration, message);
        if (r >= 0)
                r = wire_u32(message, "MaximumCallGroups", configuration->maximum_call_groups);
        if (r >= 0)
                r = wire_u32(message, "MaximumCallsPerCallGroup",
                             configuration->maximum_calls_per_call_group);
        if (r >= 0 && configuration->reclaim_grace > 0)
                r = wire_u64(message, "ReclaimGraceUSec", configuration->reclaim_grace);
        if (r >= 0)
                r = write_handle_types(configuration->handle_types, "SupportedHandleTypes",
                                       message);
        if (r >= 0)
                r = write_schemes(configuration->uri_schemes, "SupportedURISchemes", message);
        return r < 0 ? r : write_accounts(configuration, message);
}
