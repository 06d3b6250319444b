/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Method calls to callsd.
 *
 * A request keeps its arguments as a template, because it may have to be sent twice: once to a
 * daemon that died before it replied, once to the one that came after. All go to the well-known
 * name. A request about a provider waits until that is registered; whatever it waits for, 2 s after
 * it was made it fails, and the link is taken to be down.
 */
#include "context-internal.h"

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error);

int request_new(struct cx_context *context, void *owner, struct cx_provider *provider,
                const char *path, const char *interface, const char *member, unsigned flags,
                struct request **ret_request)
{
        cleanup_(request_freep) struct request *request = NULL;
        int r;

        if (!context->bus)
                return -ENOTCONN;
        request = calloc(1, sizeof(*request));
        if (!request)
                return -ENOMEM;
        request->context = context;
        request->owner = owner;
        request->provider = provider;
        request->flags = flags;
        request->generation = context->link.generation;
        DL_APPEND(context->requests, request);
        r = str_replace(&request->path, path);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(context->bus, &request->body, NAME_CALLSD, PATH_CALLSD,
                                           interface, member);
        if (r < 0)
                return r;
        *ret_request = take_ptr(request);
        return 0;
}

struct request *request_free(struct request *request)
{
        DL_DELETE(request->context->requests, request);
        timer_disarm(request->context, &request->deadline);
        sd_bus_slot_unref(request->slot);
        sd_bus_message_unref(request->body);
        free(request->path);
        free(request->data);
        free(request);
        return NULL;
}

static void request_finish(struct request *request, const struct cx_error *error,
                           sd_bus_message *reply)
{
        request_done_fn done = request->done;
        void *owner = request->owner, *data = take_ptr(request->data);

        cx_error_ref(error);
        request_free(request);
        done(owner, data, error, reply);
        cx_error_unref(error);
        free(data);
}

static void on_deadline(void *userdata)
{
        struct request *request = userdata;
        struct cx_context *context = request->context;
        bool asked = request->sent && !request->waiting;

        request_finish(request, error_not_running(), NULL);
        if (asked)
                link_no_answer(context);
}

static int copy_of(struct request *request, const char *path, sd_bus_message **ret_message)
{
        cleanup_message_ sd_bus_message *message = NULL;
        sd_bus_message *body = request->body;
        int r;

        r = sd_bus_message_new_method_call(request->context->bus, &message, NAME_CALLSD, path,
                                           sd_bus_message_get_interface(body),
                                           sd_bus_message_get_member(body));
        if (r < 0)
                return r;
        r = sd_bus_message_rewind(body, true);
        if (r < 0)
                return r;
        r = sd_bus_message_copy(message, body, true);
        if (r < 0)
                return r;
        *ret_message = take_ptr(message);
        return 0;
}

static int transmit(struct request *request, const char *path)
{
        cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = copy_of(request, path, &message);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, link_may_start(request->context));
        if (r < 0)
                return r;
        request->slot = sd_bus_slot_unref(request->slot);
        r = sd_bus_call_async(request->context->bus, &request->slot, message, on_reply, request,
                              USEC_INFINITY);
        if (r < 0)
                return r;
        request->sent = true;
        request->waiting = false;
        request->generation = request->context->link.generation;
        return 0;
}

/* Sends it if it can go now; else it waits. Fails it where neither helps. */
static void request_try(struct request *request)
{
        struct cx_context *context = request->context;
        const char *path = request->path;
        bool early = request->flags & REQUEST_EARLY;
        int r;

        if (!path)
                path = provider_request_path(request->provider, early);
        if (!context->bus || !path) {
                request->waiting = true;
                return;
        }
        r = transmit(request, path);
        if (r < 0)
                request_finish(request, r == -ENOMEM ? error_no_memory() : error_not_running(),
                               NULL);
}

void request_send(struct request *request, request_done_fn done, void *data)
{
        struct cx_context *context = request->context;

        request->done = done;
        request->data = data;
        if (context->link.state == LINK_DOWN) {
                request_finish(request, error_not_running(), NULL);
                return;
        }
        /* The cookie is never used: it is the copies that are sent. */
        if (sd_bus_message_seal(request->body, 1, 0) < 0) {
                request_finish(request, error_no_memory(), NULL);
                return;
        }
        request->deadline.fn = on_deadline;
        request->deadline.userdata = request;
        if (!(request->flags & REQUEST_PATIENT))
                timer_arm(context, &request->deadline,
                          usec_add(usec_now(CLOCK_MONOTONIC), context->answer_timeout));
        request_try(request);
}

/* The daemon it was sent to is gone. */
static void request_lost(struct request *request)
{
        request->slot = sd_bus_slot_unref(request->slot);
        if (!(request->flags & REQUEST_RESEND)) {
                request_finish(request, error_not_running(), NULL);
                return;
        }
        request->waiting = true;
        if (request->provider && provider_request_path(request->provider, false) &&
            request->generation != request->context->link.generation)
                request_try(request);
}

/* A daemon that replaced the one this was meant for does not know the provider's object. */
static bool is_stale(const struct request *request, sd_bus_message *reply)
{
        return request->provider && request->generation != request->context->link.generation &&
               sd_bus_message_is_method_error(reply, SD_BUS_ERROR_UNKNOWN_OBJECT);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct request *request = userdata;
        struct cx_context *context = request->context;
        cleanup_error_ const struct cx_error *error = NULL;
        bool absent = link_error_is_absence(context, reply);

        (void)ret_error;
        if (!absent)
                link_heard_from(context, reply);
        error = error_from_reply(reply);
        request->slot = sd_bus_slot_unref(request->slot);
        if (!absent && !is_stale(request, reply)) {
                request_finish(request, error, reply);
                return 0;
        }
        request_lost(request);
        return 0;
}

void requests_purge(struct cx_context *context, const void *owner)
{
        struct request *request, *next;

        DL_FOREACH_SAFE (context->requests, request, next)
                if (request->owner == owner)
                        request_free(request);
}

void requests_cancel_early(struct cx_context *context, struct cx_provider *provider)
{
        struct request *request, *next;

        DL_FOREACH_SAFE (context->requests, request, next)
                if (request->owner == provider && (request->flags & REQUEST_EARLY))
                        request_free(request);
}

void requests_flush(struct cx_context *context, struct cx_provider *provider)
{
        struct request *request;

        if (!context->bus || !provider_request_path(provider, false))
                return;
restart:
        DL_FOREACH (context->requests, request) {
                if (request->provider != provider || !request->waiting)
                        continue;
                request->waiting = false;
                request_try(request);
                goto restart; /* it may be gone */
        }
}

void requests_fail_waiting(struct cx_context *context, struct cx_provider *provider,
                           const struct cx_error *error, bool all)
{
        struct request *request;

restart:
        DL_FOREACH (context->requests, request) {
                if (request->provider != provider || !request->waiting || (request->sent && !all))
                        continue;
                request_finish(request, error, NULL);
                goto restart;
        }
}

void requests_bus_lost(struct cx_context *context)
{
        struct request *request;

restart:
        DL_FOREACH (context->requests, request) {
                if (request->waiting)
                        continue;
                request_lost(request);
                goto restart; /* it waits now, or is gone */
        }
}
