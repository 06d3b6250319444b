/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registering, for the first time and after a restart of callsd.
 *
 *      NONE --link up--> ASKED --registered--> COMPARING --all told--> READY
 *                          '--refused--> REFUSED
 *
 * Comparing asks callsd for the calls that it kept (GetCalls) and the orders that it still waits
 * for (GetPendingTransactions), then imports what is missing or in another state (ReportCall). A
 * call with an order under way is in no other state, but on its way to one. It is empty, and takes
 * no time, for a provider without calls. A link that goes down, or another daemon, starts it all
 * over.
 *
 * Calls that callsd has and the library does not are those of the app before it was restarted.
 */
#include "provider-internal.h"

static void ask_for_calls(struct cx_provider *provider);
static void ask_for_orders(struct cx_provider *provider);
static void compare(struct cx_provider *provider);

void provider_forget_registration(struct cx_provider *provider)
{
        timer_disarm(provider->context, &provider->again);
        requests_cancel_early(provider->context, provider);
        provider->registration = REGISTRATION_NONE;
        provider->n_comparing = 0;
        provider->path = (free(provider->path), NULL);
        /* What was lost stays until the app was told, by whichever callsd is there then. */
}

/* A link that comes up registers by itself. */
static void on_again(void *userdata)
{
        struct cx_provider *provider = userdata;

        if (provider->context->link.state == LINK_UP)
                provider_register(provider);
}

/* Less than a registration would do, but it is the way that every restart of callsd proves. */
void provider_try_again(struct cx_provider *provider)
{
        usec_t after = provider->context->answer_timeout / 20; /* 100 ms */

        if (provider->invalidated || provider->again.armed)
                return;
        provider->again.fn = on_again;
        provider->again.userdata = provider;
        timer_arm(provider->context, &provider->again, usec_add(usec_now(CLOCK_MONOTONIC), after));
}

static void provider_refused(struct cx_provider *provider, const struct cx_error *error)
{
        cleanup_error_ const struct cx_error *not_registered = NULL;
        struct known_call *call, *next;
        bool had_begun = provider->began;

        provider->registration = REGISTRATION_REFUSED;
        cx_error_unref(provider->refused);
        provider->refused = cx_error_ref(error);
        if (provider->calls && had_begun) {
                provider_reset(provider, calls_list(provider));
                DL_FOREACH_SAFE (provider->calls, call, next)
                        call_free(provider, call);
        }
        provider->began = false;
        provider_queue_event(provider, (struct event){.type = EVENT_FAIL_TO_BEGIN,
                                                      .error = cx_error_ref(error)});
        not_registered = error_new(ERROR_PREFIX "NotRegistered", cx_error_get_message(error));
        requests_fail_waiting(provider->context, provider, not_registered, true);
}

/* Marks what callsd says it has kept. */
static int read_kept(struct cx_provider *provider, sd_bus_message *reply)
{
        struct known_call *call;
        struct ended_call *ended;
        const char *path, *uuid;
        int r;

        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return r;
        r = str_replace(&provider->path, path);
        if (r >= 0)
                r = str_replace(&provider->last_path, path);
        if (r < 0)
                return r;
        provider->n_kept = 0;
        DL_FOREACH (provider->calls, call) {
                call->kept = call->told = false;
                call->kept_state = CX_CALL_STATE_UNKNOWN;
        }
        DL_FOREACH (provider->ended, ended)
                ended->kept = false;
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "s");
        while (r >= 0 && (r = sd_bus_message_read(reply, "s", &uuid)) > 0) {
                provider->n_kept++;
                call = call_find(provider, uuid);
                if (call)
                        call->kept = true;
                DL_FOREACH (provider->ended, ended)
                        if (streq(ended->uuid, uuid))
                                ended->kept = true;
        }
        return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static void registered(void *owner, void *data, const struct cx_error *error, sd_bus_message *reply)
{
        cleanup_error_ const struct cx_error *malformed = NULL;
        struct cx_provider *provider = owner;
        int r = error ? 0 : read_kept(provider, reply);

        (void)data;
        if (error_is_not_running(error)) {
                provider->registration = REGISTRATION_NONE;
                providers_link_down(provider->context);
        } else if (r == -ENOMEM || error == error_no_memory()) {
                provider_try_again(provider);
        } else if (error) {
                provider_refused(provider, error);
        } else if (r < 0) {
                malformed = error_new("org.freedesktop.DBus.Error.InconsistentMessage",
                                      "the reply to RegisterProvider is malformed");
                provider_refused(provider, malformed);
        } else {
                provider->registration = REGISTRATION_COMPARING;
                ask_for_calls(provider);
        }
}

void provider_register(struct cx_provider *provider)
{
        cleanup_(request_freep) struct request *request = NULL;

        provider_forget_registration(provider);
        if (request_new(provider->context, provider, NULL, PATH_CALLSD, INTERFACE_MANAGER,
                        "RegisterProvider", REQUEST_EARLY, &request) < 0 ||
            wire_open_dict(request->body) < 0 ||
            configuration_write(provider->configuration, request->body) < 0 ||
            wire_close_dict(request->body) < 0) {
                provider_try_again(provider);
                return;
        }
        provider->registration = REGISTRATION_ASKED;
        request_send(take_ptr(request), registered, NULL);
}

static void got_calls(void *owner, void *data, const struct cx_error *error, sd_bus_message *reply)
{
        (void)data;
        if (error == error_no_memory()) {
                provider_try_again(owner);
                return;
        }
        if (!error)
                kept_read(owner, reply);
        if (!error_is_not_running(error))
                ask_for_orders(owner);
}

static void ask(struct cx_provider *provider, const char *member, request_done_fn done)
{
        struct request *request;

        if (request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER, member,
                        REQUEST_EARLY, &request) == 0)
                request_send(request, done, NULL);
        else
                provider_try_again(provider);
}

static void ask_for_calls(struct cx_provider *provider)
{
        if (provider->n_kept == 0)
                ask_for_orders(provider);
        else
                ask(provider, "GetCalls", got_calls);
}

static void got_orders(void *owner, void *data, const struct cx_error *error, sd_bus_message *reply)
{
        (void)data;
        if (error_is_not_running(error))
                return;
        if (error == error_no_memory() || parts_compare(owner, error ? NULL : reply) == -ENOMEM)
                provider_try_again(owner);
        else
                compare(owner);
}

static void ask_for_orders(struct cx_provider *provider)
{
        if (!provider->parts && !provider->completed && provider->n_kept == 0)
                compare(provider);
        else
                ask(provider, "GetPendingTransactions", got_orders);
}

static void report_kept_ends(struct cx_provider *provider)
{
        struct ended_call *ended, *next;

        DL_FOREACH_SAFE (provider->ended, ended, next) {
                if (!ended->kept)
                        ended_free(provider, ended);
                else
                        cx_provider_report_call_ended(provider, ended->uuid, ended->date,
                                                      ended->reason, NULL, NULL);
        }
}

static bool needs_import(const struct cx_provider *provider, const struct known_call *call)
{
        if (call->told)
                return false;
        if (call->setups > 0)
                return false; /* told when the app has answered or started it */
        if (call->state == CX_CALL_STATE_STARTING || call_has_order(provider, call->uuid))
                return false;
        if (call->kept)
                return call->kept_state != call->state || call->kept_muted != call->muted ||
                       update_has_picture(call->update);
        if (call->creating)
                return false; /* its report will be sent again */
        return !(call->on_its_own && call->state == CX_CALL_STATE_RINGING);
}

static void compare(struct cx_provider *provider)
{
        struct known_call *call;

        provider->n_comparing = 1; /* this loop itself: imports may fail at once */
restart:
        DL_FOREACH (provider->calls, call) {
                if (call->kept)
                        call->on_its_own = false;
                if (!needs_import(provider, call))
                        continue;
                call->told = true;
                call_import(provider, call, true);
                goto restart; /* the call may be gone */
        }
        provider->n_comparing--;
        provider_compared(provider);
}

void provider_compared(struct cx_provider *provider)
{
        if (provider->n_comparing > 0)
                return;
        if (provider->registration == REGISTRATION_COMPARING) {
                provider->registration = REGISTRATION_READY;
                report_kept_ends(provider);
                provider_send_ringtone(provider);
                requests_flush(provider->context, provider);
                provider_begin(provider);
        }
        if (provider->registration != REGISTRATION_READY || provider->n_lost == 0)
                return;
        provider->n_lost = 0;
        provider_reset(provider, take_ptr(provider->lost));
}
