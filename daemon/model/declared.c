/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers that a manifest declares: known while they do not run, and started when needed. */
#include "model/engine-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* ---- declaring ---- */

static void strings_free(char **strings)
{
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
}

DEFINE_CLEANUP(char **, strings_free);

/* None is NULL. */
static int copy_strings(const char *const *strings, char ***ret_copy)
{
        cleanup_(strings_freep) char **copy = NULL;
        size_t n = 0;

        if (!strings || !strings[0])
                return 0;
        while (strings[n])
                n++;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(strings[i]);
                if (!copy[i])
                        return -ENOMEM;
        }
        *ret_copy = take_ptr(copy);
        return 0;
}

static bool strings_are_equal(char *const *a, const char *const *b)
{
        while (a && *a && b && *b && streq(*a, *b)) {
                a++;
                b++;
        }
        return !(a && *a) && !(b && *b);
}

static bool says_nothing_new(const struct provider *provider,
                             const struct provider_manifest *manifest)
{
        return provider->declared && provider->can_start == manifest->can_start &&
               provider->manifest_grace == manifest->reclaim_grace &&
               provider->manifest_handle_types == manifest->handle_types &&
               strings_are_equal(provider->emergency_numbers, manifest->emergency_numbers) &&
               strings_are_equal(provider->manifest_schemes, manifest->uri_schemes);
}

/* The lists are taken over. */
static void take_manifest(struct provider *provider, const struct provider_manifest *manifest,
                          char **numbers, char **schemes)
{
        strings_free(provider->emergency_numbers);
        strings_free(provider->manifest_schemes);
        provider->emergency_numbers = numbers;
        provider->manifest_schemes = schemes;
        provider->manifest_handle_types = manifest->handle_types;
        provider->manifest_grace = manifest->reclaim_grace;
        provider->can_start = manifest->can_start;
}

static int declare(struct engine *engine, const struct provider_manifest *manifest,
                   struct provider *provider)
{
        enum effect_type effect = provider ? EFFECT_PROVIDER_CHANGED : EFFECT_PROVIDER_ADDED;
        cleanup_(strings_freep) char **numbers = NULL, **schemes = NULL;
        cleanup_(freep) char *identifier = NULL;
        int r;

        if ((r = copy_strings(manifest->emergency_numbers, &numbers)) < 0 ||
            (r = copy_strings(manifest->uri_schemes, &schemes)) < 0)
                return r;
        if (!provider) {
                identifier = strdup(manifest->identifier);
                r = identifier ? provider_new(engine, &identifier, &provider) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        take_manifest(provider, manifest, take_ptr(numbers), take_ptr(schemes));
        provider->declared = true;
        if (provider->state == PROVIDER_DECLARED) /* it was about to be forgotten */
                deadline_disarm(&engine->deadlines, &provider->reclaim);
        engine_push_provider(engine, effect, provider);
        return engine_finish(engine);
}

int engine_declare_provider(struct engine *engine, struct instant now,
                            const struct provider_manifest *manifest)
{
        struct provider *provider;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        r = provider_check_config(
                engine,
                &(struct provider_config){.identifier = (char *)(uintptr_t)manifest->identifier,
                                          .maximum_call_groups = 1,
                                          .maximum_calls_per_call_group = 1});
        if (r != 0)
                return r;
        HASH_FIND(hh_identifier, engine->identifiers, manifest->identifier,
                  strlen(manifest->identifier), provider);
        return provider && says_nothing_new(provider, manifest)
                       ? 0
                       : declare(engine, manifest, provider);
}

int engine_undeclare_provider(struct engine *engine, struct instant now, const char *identifier)
{
        struct provider *provider;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        HASH_FIND(hh_identifier, engine->identifiers, identifier, strlen(identifier), provider);
        if (!provider || !provider->declared)
                return 0;
        take_manifest(provider, &(struct provider_manifest){0}, NULL, NULL);
        provider->declared = false;
        if (provider->state == PROVIDER_DECLARED)
                provider_lost(engine, provider);
        else
                engine_push_provider(engine, EFFECT_PROVIDER_CHANGED, provider);
        return engine_finish(engine);
}

/* ---- starting ---- */

bool provider_is_awaited(const struct provider *provider)
{
        const struct call *call;
        const struct action *action;

        DL_FOREACH2 (provider->calls, call, provider_next) {
                DL_FOREACH2 (call->actions, action, call_next) {
                        if (action->waits_for_provider)
                                return true;
                }
        }
        return engine_push_waits(provider);
}

/* In the midst of what happens to a call, so one without a manifest is forgotten at the next tick,
 * which is due at once. */
void provider_wait_over(struct engine *engine, struct provider *provider)
{
        if (provider->state != PROVIDER_STARTING || provider_is_awaited(provider))
                return;
        provider->state = PROVIDER_DECLARED;
        if (!provider->declared)
                deadline_arm(&engine->deadlines, &provider->reclaim, engine->now.boottime);
}

void provider_failed_action(struct engine *engine, struct action *action, const char *reason)
{
        /* without memory the text is a general one */
        action_failed(engine, action,
                      &(struct action_failure){
                              .result = REFUSAL_PROVIDER_AWAY,
                              .reason = reason ? strdup(reason) : NULL,
                              .text = reason ? strdup(reason) : NULL,
                      });
}

int engine_provider_start_failed(struct engine *engine, struct instant now, unsigned number,
                                 const char *reason)
{
        struct provider *provider;
        struct call *call;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        HASH_FIND(hh_number, engine->providers, &number, sizeof(number), provider);
        if (!provider || provider->state != PROVIDER_STARTING)
                return 0;
        provider->state = PROVIDER_DECLARED;
        push_start_failed(engine, provider, reason);
        DL_FOREACH2 (provider->calls, call, provider_next) {
                struct action *action, *next;

                DL_FOREACH_SAFE2 (call->actions, action, next, call_next) {
                        if (action->waits_for_provider)
                                provider_failed_action(engine, action, reason);
                }
        }
        if (!provider->declared)
                provider_lost(engine, provider);
        return engine_finish(engine);
}
