/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider: its life, its delegate, and the signals that come for it. */
#include <fcntl.h>

#include "provider-internal.h"

int provider_check(const struct cx_provider *provider)
{
        int r;

        if (!provider)
                return -EINVAL;
        r = context_check(provider->context);
        if (r < 0)
                return r;
        return provider->invalidated ? -ESHUTDOWN : 0;
}

/* Says goodbye without waiting for an answer. */
static void send_invalidate(struct cx_provider *provider)
{
        cleanup_message_ sd_bus_message *message = NULL;
        struct cx_context *context = provider->context;

        if (!provider->path || !context->bus || context->pid != getpid())
                return;
        if (sd_bus_message_new_method_call(context->bus, &message, NAME_CALLSD, provider->path,
                                           INTERFACE_PROVIDER, "Invalidate") < 0)
                return;
        sd_bus_message_set_expect_reply(message, false);
        sd_bus_message_set_auto_start(message, false);
        sd_bus_send(context->bus, message, NULL);
}

static void provider_end(struct cx_provider *provider)
{
        struct known_call *call, *next_call;
        struct ended_call *ended, *next_ended;

        if (provider->invalidated)
                return;
        provider->invalidated = true;
        send_invalidate(provider);
        DL_DELETE(provider->context->providers, provider);
        parts_free(provider);
        context_purge(provider->context, provider);
        requests_purge(provider->context, provider);
        completed_free_all(provider);
        kept_forget(provider);
        DL_FOREACH_SAFE (provider->calls, call, next_call)
                call_free(provider, call);
        DL_FOREACH_SAFE (provider->ended, ended, next_ended)
                ended_free(provider, ended);
        provider_forget_registration(provider);
}

static void provider_free(struct cx_provider *provider)
{
        provider->n_ref = 1; /* callbacks of what is purged must not free it a second time */
        provider_end(provider);
        cx_error_unref(provider->refused);
        cx_provider_configuration_unref(provider->configuration);
        free(provider->last_path);
        strv_free(provider->lost);
        if (provider->ringtone >= 0)
                close(provider->ringtone);
        cx_context_unref(provider->context);
        free(provider);
}

DEFINE_REF_UNREF(cx_provider, provider_free)

int cx_provider_new(struct cx_context *context,
                    const struct cx_provider_configuration *configuration,
                    struct cx_provider **ret_provider)
{
        struct cx_provider *provider;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!configuration || !ret_provider)
                return -EINVAL;
        provider = calloc(1, sizeof(*provider));
        if (!provider)
                return -ENOMEM;
        r = cx_provider_configuration_copy(configuration, &provider->configuration);
        if (r < 0) {
                free(provider);
                return r;
        }
        provider->n_ref = 1;
        provider->ringtone = -1;
        provider->context = cx_context_ref(context);
        DL_APPEND(context->providers, provider);
        if (context->link.state == LINK_UP)
                provider_register(provider);
        else if (context->link.state == LINK_DOWN)
                provider_queue_event(provider, (struct event){.type = EVENT_FAIL_TO_BEGIN,
                                                              .error = error_not_running()});
        *ret_provider = provider;
        return 0;
}

struct cx_context *cx_provider_get_context(const struct cx_provider *provider)
{
        return provider ? provider->context : NULL;
}

int cx_provider_set_delegate(struct cx_provider *provider,
                             const struct cx_provider_delegate *delegate, void *userdata)
{
        const size_t least = offsetof(struct cx_provider_delegate, execute_transaction);
        size_t size;
        int r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        if (delegate && (delegate->size < least || !delegate->did_reset))
                return -EINVAL;
        memset(&provider->delegate, 0, sizeof(provider->delegate));
        provider->has_delegate = delegate;
        provider->userdata = userdata;
        if (!delegate)
                return 0;
        /* An app from before the struct grew, or one from after. */
        size = delegate->size;
        if (size > sizeof(provider->delegate))
                size = sizeof(provider->delegate);
        memcpy(&provider->delegate, delegate, size);
        if (provider->registration == REGISTRATION_READY)
                provider_begin(provider);
        return 0;
}

int cx_provider_invalidate(struct cx_provider *provider)
{
        cleanup_(strv_freep) char **lost = NULL;
        static const char *const none[] = {NULL};
        int r;

        r = provider_check(provider);
        if (r < 0)
                return r == -ESHUTDOWN ? -EALREADY : r;
        lost = calls_list(provider);
        cx_provider_ref(provider);
        provider_end(provider);
        if (provider->has_delegate) {
                provider->context->in_callback++;
                provider->delegate.did_reset(provider, lost ? (const char *const *)lost : none,
                                             provider->userdata);
                provider->context->in_callback--;
        }
        cx_provider_unref(provider);
        return 0;
}

const struct cx_provider_configuration *cx_provider_get_configuration(
        const struct cx_provider *provider)
{
        return provider ? provider->configuration : NULL;
}

const char *provider_request_path(const struct cx_provider *provider, bool early)
{
        if (!provider)
                return PATH_CALLSD;
        if (provider->registration == REGISTRATION_READY)
                return provider->path;
        return early && provider->registration == REGISTRATION_COMPARING ? provider->path : NULL;
}

void providers_link_up(struct cx_context *context)
{
        struct cx_provider *provider;

        DL_FOREACH (context->providers, provider)
                provider_register(provider);
}

void providers_link_lost(struct cx_context *context)
{
        struct cx_provider *provider;

        DL_FOREACH (context->providers, provider)
                provider_forget_registration(provider);
}

void providers_link_down(struct cx_context *context)
{
        struct cx_provider *provider;

        DL_FOREACH (context->providers, provider) {
                provider_forget_registration(provider);
                if (!provider->began && !provider->told_failed)
                        provider_queue_event(provider,
                                             (struct event){.type = EVENT_FAIL_TO_BEGIN,
                                                            .error = error_not_running()});
                requests_fail_waiting(context, provider, error_not_running(), false);
        }
}

static int read_session_entry(sd_bus_message *message, const char *key, const char *type,
                              void *userdata)
{
        struct cx_audio_session *session = userdata;

        if (streq(key, "Sink"))
                return wire_take_string_copy(message, type, &session->sink);
        if (streq(key, "Source"))
                return wire_take_string_copy(message, type, &session->source);
        if (streq(key, "Route"))
                return wire_take_string_copy(message, type, &session->route);
        return 0;
}

/* What the app has been told already it is not told again: a callsd that came back says it twice.
 */
static void on_audio(struct cx_provider *provider, sd_bus_message *message, bool active)
{
        struct event event = {.type = active ? EVENT_ACTIVATED : EVENT_DEACTIVATED};
        struct known_call *call;
        const char *uuid;

        if (sd_bus_message_read(message, "s", &uuid) < 0)
                return;
        call = call_find(provider, uuid);
        if (call && call->audio_active == active)
                return;
        if (call)
                call->audio_active = active;
        else
                snprintf(provider->early_audio, sizeof(provider->early_audio), "%s",
                         active ? uuid : "");
        if (!active) {
                event.text = strdup(uuid);
                if (event.text)
                        provider_queue_event(provider, event);
                return;
        }
        event.session = calloc(1, sizeof(*event.session));
        if (!event.session || uuid_parse_text(uuid, event.session->call) < 0 ||
            wire_read_dict(message, read_session_entry, event.session) < 0) {
                event_clear(&event);
                return;
        }
        provider_queue_event(provider, event);
}

static void on_perform(struct cx_provider *provider, sd_bus_message *message)
{
        const char *transaction;
        int r;

        r = sd_bus_message_read(message, "s", &transaction);
        if (r >= 0)
                r = parts_add(provider, transaction, message);
        if (r == -ENOMEM)
                provider_try_again(provider);
}

static int read_why(sd_bus_message *message, const char *key, const char *type, void *userdata)
{
        return streq(key, "Why") ? wire_take_string(message, type, userdata) : 0;
}

static void on_withdrawn(struct cx_provider *provider, sd_bus_message *message, bool timed_out)
{
        const char *action, *call, *why = NULL;

        if (sd_bus_message_read(message, "ss", &action, &call) < 0)
                return;
        if (wire_read_dict(message, read_why, &why) < 0)
                return;
        order_withdrawn(provider, action, timed_out, why);
}

static void on_reset(struct cx_provider *provider, sd_bus_message *message)
{
        char **lost = NULL;
        struct known_call *call;

        if (sd_bus_message_read_strv(message, &lost) < 0)
                return;
        for (char **uuid = lost; uuid && *uuid; uuid++) {
                call = call_find(provider, *uuid);
                if (call)
                        call_free(provider, call);
        }
        provider_reset(provider, lost);
}

/* A callsd that was killed right after it had sent one sends it again. */
static bool push_was_seen(const struct cx_provider *provider, const char *id)
{
        for (size_t i = 0; i < PUSHES_SEEN; i++)
                if (streq(provider->pushes_seen[i], id))
                        return true;
        return false;
}

static void on_push(struct cx_provider *provider, sd_bus_message *message)
{
        struct event event = {.type = EVENT_PUSH};
        char *seen = provider->pushes_seen[provider->n_pushes % PUSHES_SEEN];
        const char *id;

        if (sd_bus_message_read(message, "s", &id) < 0 || push_was_seen(provider, id) ||
            push_payload_read(message, id, &event.payload) < 0 ||
            provider_queue_event(provider, event) < 0)
                return;
        snprintf(seen, sizeof(provider->pushes_seen[0]), "%s", id);
        provider->n_pushes++;
}

static void provider_signal(struct cx_provider *provider, sd_bus_message *message)
{
        const char *member = sd_bus_message_get_member(message);

        if (streq(member, "PerformTransaction"))
                on_perform(provider, message);
        else if (streq(member, "ActionTimedOut"))
                on_withdrawn(provider, message, true);
        else if (streq(member, "ActionCancelled"))
                on_withdrawn(provider, message, false);
        else if (streq(member, "AudioSessionActivated"))
                on_audio(provider, message, true);
        else if (streq(member, "AudioSessionDeactivated"))
                on_audio(provider, message, false);
        else if (streq(member, "Reset"))
                on_reset(provider, message);
        else if (streq(member, "PushPayloadReceived"))
                on_push(provider, message);
        /* Began says nothing that the reply to RegisterProvider did not. */
}

/* A callsd that came back with all it knew goes on before we have registered again. */
void providers_signal(struct cx_context *context, sd_bus_message *message)
{
        const char *path = sd_bus_message_get_path(message);
        struct cx_provider *provider;

        DL_FOREACH (context->providers, provider)
                if (provider->last_path && streq(provider->last_path, path)) {
                        provider_signal(provider, message);
                        return;
                }
}

const char *cx_audio_session_get_call_uuid(const struct cx_audio_session *session)
{
        return session ? session->call : NULL;
}

const char *cx_audio_session_get_sink(const struct cx_audio_session *session)
{
        return session ? str_or_null(session->sink) : NULL;
}

const char *cx_audio_session_get_source(const struct cx_audio_session *session)
{
        return session ? str_or_null(session->source) : NULL;
}

const char *cx_audio_session_get_route(const struct cx_audio_session *session)
{
        return session ? str_or_null(session->route) : NULL;
}
