/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's choices of apps, and what they come to for one handle. */
#include "model/default-provider.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#define SCHEME_SIZE 64

/* ---- schemes ---- */

/* The length of what is in front of a colon, or of the whole text; 0 where that is no scheme. */
static size_t scheme_length(const char *text)
{
        size_t n = 0;

        while (isascii(text[n]) &&
               (isalnum((unsigned char)text[n]) || (text[n] != '\0' && strchr("+-.", text[n]))))
                n++;
        return n > 0 && n < SCHEME_SIZE && isalpha((unsigned char)text[0]) ? n : 0;
}

static void copy_lower(const char *text, size_t length, char *ret_text)
{
        for (size_t i = 0; i < length; i++)
                ret_text[i] =
                        text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        ret_text[length] = '\0';
}

/* "" where the handle has none. */
static void handle_scheme(const struct action_args *args, char *ret_scheme)
{
        const char *handle = str_or_empty(args->handle);
        size_t length = scheme_length(handle);

        ret_scheme[0] = '\0';
        if (args->handle_type == HANDLE_TYPE_PHONE_NUMBER)
                copy_lower("tel", strlen("tel"), ret_scheme);
        else if (args->handle_type == HANDLE_TYPE_EMAIL_ADDRESS)
                copy_lower("mailto", strlen("mailto"), ret_scheme);
        else if (handle[length] == ':')
                copy_lower(handle, length, ret_scheme);
}

/* ---- choosing ---- */

static struct provider *find_identifier(const struct engine *engine, const char *identifier)
{
        struct provider *provider;

        HASH_FIND(hh_identifier, engine->identifiers, identifier, strlen(identifier), provider);
        return provider;
}

static bool can_place(const struct provider *provider)
{
        return provider->entitled && provider->state != PROVIDER_AWAY &&
               (provider->state != PROVIDER_DECLARED || provider->can_start);
}

static struct provider *chosen_for(const struct engine *engine, const char *key)
{
        struct default_provider *preset;

        DL_FOREACH (engine->defaults, preset) {
                struct provider *provider = find_identifier(engine, preset->identifier);

                if (streq(preset->key, key))
                        return provider && can_place(provider) ? provider : NULL;
        }
        return NULL;
}

static bool can_take(const struct provider *provider, const struct action_args *args,
                     const char *scheme)
{
        bool generic = args->handle_type == HANDLE_TYPE_GENERIC && *scheme;

        return can_place(provider) && provider_takes_handle(provider, args->handle_type) &&
               (!generic || !provider_uri_schemes(provider) ||
                provider_takes_scheme(provider, scheme));
}

/*
 * Without a choice of the user's: the one running app that can take it, if there is just one; with
 * none of these, the one that can be started, if there is just one.
 */
static struct provider *only_candidate(const struct engine *engine, const struct action_args *args,
                                       const char *scheme)
{
        struct provider *provider, *next, *running = NULL, *startable = NULL;
        unsigned n_running = 0, n_startable = 0;

        HASH_ITER (hh_identifier, engine->identifiers, provider, next) {
                if (!can_take(provider, args, scheme))
                        continue;
                if (provider->state == PROVIDER_RUNNING) {
                        running = provider;
                        n_running++;
                } else {
                        startable = provider;
                        n_startable++;
                }
        }
        if (n_running > 0)
                return n_running == 1 ? running : NULL;
        return n_startable == 1 ? startable : NULL;
}

struct provider *default_provider_choose(const struct engine *engine, const char *peer,
                                         const struct action_args *args)
{
        struct provider *provider, *next;
        char scheme[SCHEME_SIZE];

        HASH_ITER (hh_number, engine->providers, provider, next) {
                if (provider->state == PROVIDER_RUNNING && streq(provider->peer, peer))
                        return provider;
        }
        handle_scheme(args, scheme);
        provider = chosen_for(engine, scheme);
        if (!provider && streq(scheme, "sips"))
                provider = chosen_for(engine, "sip");
        if (!provider)
                provider = chosen_for(engine, handle_type_to_string(args->handle_type));
        return provider ? provider : only_candidate(engine, args, scheme);
}

/* ---- the user's choices ---- */

void default_provider_free(struct default_provider *preset)
{
        if (!preset)
                return;
        free(preset->key);
        free(preset->identifier);
        free(preset);
}

DEFINE_CLEANUP(struct default_provider *, default_provider_free);

static int make(const char *key, const char *identifier, struct default_provider **ret_preset)
{
        cleanup_(default_provider_freep) struct default_provider *preset =
                calloc(1, sizeof(*preset));

        if (!preset || !(preset->key = strdup(key)) || !(preset->identifier = strdup(identifier)))
                return -ENOMEM;
        *ret_preset = take_ptr(preset);
        return 0;
}

static int set(struct engine *engine, const char *key, const char *identifier)
{
        struct default_provider *preset, *next, *fresh = NULL;
        int r = identifier[0] != '\0' ? make(key, identifier, &fresh) : 0;

        if (r < 0)
                return r;
        DL_FOREACH_SAFE (engine->defaults, preset, next) {
                if (streq(preset->key, key)) {
                        DL_DELETE(engine->defaults, preset);
                        default_provider_free(preset);
                }
        }
        if (fresh)
                DL_APPEND(engine->defaults, fresh);
        engine->system_changed |= SYSTEM_CHANGED_DEFAULT_PROVIDERS;
        return engine_finish(engine);
}

static int read_key(struct engine *engine, const char *key, char *ret_key)
{
        size_t length = scheme_length(key);

        if (length == 0 || key[length] != '\0')
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "\"%.64s\" is neither a URI scheme (such as sip) nor a handle "
                                     "type (generic, phone-number, email-address).",
                                     key);
        copy_lower(key, length, ret_key);
        return 0;
}

int engine_set_default_provider(struct engine *engine, struct instant now, const char *key,
                                const char *identifier)
{
        char lower[SCHEME_SIZE];
        int r = engine_begin(engine, now, 0);

        if (r == 0)
                r = read_key(engine, key, lower);
        if (r != 0)
                return r;
        if (identifier[0] != '\0' && !engine_find_identifier(engine, identifier))
                return engine_refuse(engine, REFUSAL_REQUEST_UNKNOWN_PROVIDER,
                                     "There is no provider \"%.255s\"; \"\" means no default.",
                                     identifier);
        return set(engine, lower, identifier);
}

int engine_restore_default_provider(struct engine *engine, struct instant now, const char *key,
                                    const char *identifier)
{
        char lower[SCHEME_SIZE];
        int r = engine_begin(engine, now, 0);

        if (r == 0)
                r = read_key(engine, key, lower);
        if (r == 0 && !provider_identifier_is_valid(identifier))
                r = engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                  "\"%.64s\" is no identifier of an app, such as "
                                  "org.example.Phone.",
                                  identifier);
        return r == 0 ? set(engine, lower, identifier) : r;
}
