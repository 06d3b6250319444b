/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of oFono's methods, all asynchronous; close() forgets those that wait. */
#include <errno.h>
#include <stdarg.h>
#include <utlist.h>

#include "ofono.h"

struct exchange *exchange_new(struct backend *backend, const char *path, exchange_fn done)
{
        struct exchange *exchange = calloc(1, sizeof(*exchange));

        if (!exchange)
                return NULL;
        exchange->backend = backend;
        exchange->done = done;
        exchange->path = strdup(path);
        if (!exchange->path) {
                free(exchange);
                return NULL;
        }
        DL_APPEND(backend->exchanges, exchange);
        return exchange;
}

void exchange_free(struct exchange *exchange)
{
        DL_DELETE(exchange->backend->exchanges, exchange);
        sd_bus_slot_unref(exchange->slot);
        free(exchange->path);
        free(exchange->text);
        free(exchange);
}

static void listing_done(struct backend *backend)
{
        if (--backend->n_listing > 0 || backend->listed)
                return;
        backend->listed = true;
        bridge_listed(backend->bridge);
}

static int on_reply(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        struct exchange *exchange = userdata;
        struct backend *backend = exchange->backend;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        bool listing = exchange->listing;

        (void)ret_error;
        exchange->done(exchange, message, error);
        exchange_free(exchange);
        if (listing)
                listing_done(backend);
        return 0;
}

int exchange_send(struct exchange *exchange, const char *interface, const char *member,
                  const char *types, ...)
{
        struct backend *backend = exchange->backend;
        sd_bus_message *message = NULL;
        va_list arguments;
        int r;

        r = sd_bus_message_new_method_call(backend->bus, &message, backend->owner, exchange->path,
                                           interface, member);
        if (r >= 0 && *types) {
                va_start(arguments, types);
                r = sd_bus_message_appendv(message, types, arguments);
                va_end(arguments);
        }
        if (r >= 0)
                r = sd_bus_call_async(backend->bus, &exchange->slot, message, on_reply, exchange,
                                      0);
        sd_bus_message_unref(message);
        if (r < 0)
                exchange_free(exchange);
        return r < 0 ? r : 0;
}

void backend_ask_for(struct backend *backend, const char *path, const char *interface,
                     const char *member, exchange_fn done)
{
        struct exchange *exchange = exchange_new(backend, path, done);
        bool listing = !backend->listed;
        int r = -ENOMEM;

        backend->n_listing += listing;
        if (exchange) {
                exchange->listing = listing;
                r = exchange_send(exchange, interface, member, "");
        }
        if (r >= 0)
                return;
        log_warning("%s.%s of %s was not asked: %s", interface, member, path, strerror(-r));
        if (listing)
                listing_done(backend);
}
