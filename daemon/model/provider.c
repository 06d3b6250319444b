/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider is and can do; registration and loss are in loss.c. */
#include "model/provider.h"

#include <ctype.h>
#include <stdlib.h>

static void strings_free(char **strings)
{
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
}

void provider_config_init(struct provider_config *config)
{
        *config = (struct provider_config){
                .maximum_call_groups = 2,
                .maximum_calls_per_call_group = 5,
                .includes_calls_in_recents = true,
        };
}

void provider_config_done(struct provider_config *config)
{
        for (size_t i = 0; i < config->n_accounts; i++) {
                free(config->accounts[i].id);
                free(config->accounts[i].label);
                free(config->accounts[i].state);
                strings_free(config->accounts[i].uri_schemes);
        }
        free(config->accounts);
        free(config->identifier);
        free(config->ringtone);
        free(config->localized_name);
        free(config->icon);
        strings_free(config->uri_schemes);
        *config = (struct provider_config){0};
}

bool provider_identifier_is_valid(const char *identifier)
{
        bool dot = false, start = true;

        for (const char *c = identifier; *c; c++) {
                if (*c == '.' && start)
                        return false;
                if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
                        return false;
                dot = dot || *c == '.';
                start = *c == '.';
        }
        return dot && !start;
}

const struct account *provider_find_account(const struct provider *provider, const char *id)
{
        for (size_t i = 0; i < provider->config.n_accounts; i++)
                if (streq(provider->config.accounts[i].id, id))
                        return &provider->config.accounts[i];
        return NULL;
}

static bool speaks_for_itself(const struct provider *provider)
{
        return provider->state != PROVIDER_DECLARED && provider->state != PROVIDER_STARTING;
}

unsigned provider_handle_types(const struct provider *provider)
{
        return speaks_for_itself(provider) ? provider->config.handle_types
                                           : provider->manifest_handle_types;
}

char *const *provider_uri_schemes(const struct provider *provider)
{
        return speaks_for_itself(provider) ? provider->config.uri_schemes
                                           : provider->manifest_schemes;
}

bool provider_takes_handle(const struct provider *provider, enum handle_type type)
{
        unsigned types = provider_handle_types(provider);

        return types == 0 || (types & (1u << type)) != 0;
}

bool provider_takes_scheme(const struct provider *provider, const char *scheme)
{
        for (char *const *s = provider_uri_schemes(provider); s && *s; s++)
                if (streq(*s, scheme))
                        return true;
        return false;
}
