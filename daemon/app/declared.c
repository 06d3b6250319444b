/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests and the model: who is known without running, and how it is started and called. */
#include "app/daemon.h"

#include <errno.h>

#include "app/messages.h"
#include "util/log.h"

static const struct manifest *find_manifest(const struct daemon *daemon, const char *identifier)
{
        return manifest_store_find(manifests_get_store(daemon->manifests), identifier);
}

static void log_refused(const struct daemon *daemon, const char *identifier, int r)
{
        if (r != 0)
                log_warning("The manifest of %s is left out: %s", identifier,
                            r < 0 ? strerror(-r) : engine_explain(daemon->engine));
}

static void declare(struct daemon *daemon, const struct manifest *manifest)
{
        const struct provider_manifest declared = {
                .identifier = manifest->identifier,
                .emergency_numbers = (const char *const *)manifest->emergency_numbers,
                .uri_schemes = (const char *const *)manifest->uri_schemes,
                .handle_types = manifest->handle_types,
                .reclaim_grace = manifest->reclaim_grace,
                .can_start = manifest->bus_name != NULL,
        };

        log_refused(daemon, manifest->identifier,
                    engine_declare_provider(daemon->engine, bus_now(), &declared));
}

/* Name and icon are not the model's; that they have changed is said where they are shown. */
static void on_changed(const char *identifier, void *userdata)
{
        struct daemon *daemon = userdata;
        const struct manifest *manifest = find_manifest(daemon, identifier);
        const struct provider *provider = engine_find_identifier(daemon->engine, identifier);

        if (provider && daemon->named)
                bus_apply_provider_changed(daemon->bus, provider->number);
        if (manifest)
                declare(daemon, manifest);
        else if (engine_undeclare_provider(daemon->engine, bus_now(), identifier) < 0)
                log_warning("Out of memory: %s stays known without a manifest", identifier);
        daemon_settle(daemon);
}

/* Declared on record, and its manifest went while there was no callsd. */
static const struct provider *find_stale(const struct daemon *daemon)
{
        const struct provider *provider = NULL;

        while ((provider = engine_next_provider(daemon->engine, provider)))
                if (provider->declared && !find_manifest(daemon, provider->config.identifier))
                        return provider;
        return NULL;
}

static void on_read(void *userdata)
{
        struct daemon *daemon = userdata;
        const struct provider *stale;

        while ((stale = find_stale(daemon)))
                if (engine_undeclare_provider(daemon->engine, bus_now(), stale->config.identifier) <
                    0)
                        break;
        daemon_settle(daemon);
}

const struct manifests_events daemon_manifests_events = {
        .changed = on_changed,
        .read = on_read,
};

void daemon_start_provider(struct daemon *daemon, unsigned number)
{
        const struct provider *provider = engine_find_provider(daemon->engine, number);
        struct log_context context = {.message_id = MESSAGE_PROVIDER_STARTED};
        const struct manifest *manifest;

        if (!provider)
                return;
        manifest = find_manifest(daemon, provider->config.identifier);
        if (!manifest || !manifest->bus_name) {
                engine_provider_start_failed(daemon->engine, bus_now(), number,
                                             "No manifest says how the app is started (BusName=)");
                return;
        }
        context.provider = provider->config.identifier;
        log_write(LOG_INFO, &context, "Provider %s is wanted; the bus is asked to start %s",
                  provider->config.identifier, manifest->bus_name);
        bus_start_provider(daemon->bus, number, manifest->bus_name);
}

/* ---- what the bus layer asks ---- */

static const char *const *hook_push_helpers(const char *identifier, void *userdata)
{
        const struct manifest *manifest = find_manifest(userdata, identifier);

        return manifest ? (const char *const *)manifest->push_helpers : NULL;
}

static void hook_label(const char *identifier, const char **ret_name, const char **ret_icon,
                       void *userdata)
{
        const struct daemon *daemon = userdata;
        const struct manifest_store *store = manifests_get_store(daemon->manifests);

        *ret_name = manifest_store_name(store, identifier);
        *ret_icon = manifest_store_icon(store, identifier);
}

void daemon_set_manifest_hooks(struct bus_hooks *hooks)
{
        hooks->push_helpers = hook_push_helpers;
        hooks->provider_label = hook_label;
}
