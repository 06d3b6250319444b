/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calling the delegate. */
#include "provider-internal.h"

typedef void (*perform_fn)(struct cx_provider *provider, struct cx_action *action, void *userdata);

void event_clear(struct event *event)
{
        cx_action_unref(event->action);
        cx_error_unref(event->error);
        strv_free(event->lost);
        free(event->text);
        if (event->session) {
                free(event->session->sink);
                free(event->session->source);
                free(event->session->route);
                free(event->session);
        }
        cx_push_payload_unref(event->payload);
}

static void event_drop(void *data)
{
        event_clear(data);
        free(data);
}

static perform_fn find_perform(const struct cx_provider_delegate *delegate,
                               enum cx_action_type type)
{
        switch (type) {
        case CX_ACTION_TYPE_START_CALL:
                return delegate->perform_start_call;
        case CX_ACTION_TYPE_ANSWER_CALL:
                return delegate->perform_answer_call;
        case CX_ACTION_TYPE_END_CALL:
                return delegate->perform_end_call;
        case CX_ACTION_TYPE_SET_HELD_CALL:
                return delegate->perform_set_held_call;
        case CX_ACTION_TYPE_SET_MUTED_CALL:
                return delegate->perform_set_muted_call;
        case CX_ACTION_TYPE_SET_GROUP_CALL:
                return delegate->perform_set_group_call;
        case CX_ACTION_TYPE_PLAY_DTMF_CALL:
                return delegate->perform_play_dtmf_call;
        case CX_ACTION_TYPE_SET_TRANSLATING_CALL:
                return delegate->perform_set_translating_call;
        case CX_ACTION_TYPE_UNKNOWN:
                break;
        }
        return NULL;
}

static void perform(struct cx_provider *provider, struct cx_action *action)
{
        perform_fn fn = find_perform(&provider->delegate, action->type);

        if (cx_action_is_complete(action))
                return; /* withdrawn while it was queued */
        if (fn)
                fn(provider, action, provider->userdata);
        else if (!provider->has_delegate)
                cx_action_fail(action, "the app has set no delegate");
        else
                cx_action_fail(action, "the app does not support this action");
}

static void execute(struct cx_provider *provider, unsigned id)
{
        cleanup_(cx_transaction_unrefp) struct cx_transaction *transaction = NULL;
        struct part *part = part_find(provider, id);
        bool whole = false;

        if (!part)
                return; /* all of it was cancelled */
        if (provider->delegate.execute_transaction && part_get_transaction(part, &transaction) >= 0)
                whole = provider->delegate.execute_transaction(provider, transaction,
                                                               provider->userdata);
        if (provider->invalidated)
                return;
        part = part_find(provider, id);
        if (part)
                part_begin(part, whole);
}

static void event_deliver(struct cx_provider *provider, struct event *event)
{
        const struct cx_provider_delegate *delegate = &provider->delegate;
        void *userdata = provider->userdata;

        switch (event->type) {
        case EVENT_BEGIN:
                if (delegate->did_begin)
                        delegate->did_begin(provider, userdata);
                break;
        case EVENT_FAIL_TO_BEGIN:
                if (delegate->did_fail_to_begin)
                        delegate->did_fail_to_begin(provider, event->error, userdata);
                break;
        case EVENT_RESET:
                if (delegate->did_reset)
                        delegate->did_reset(provider, (const char *const *)event->lost, userdata);
                break;
        case EVENT_EXECUTE:
                execute(provider, event->part);
                break;
        case EVENT_PERFORM:
                perform(provider, event->action);
                break;
        case EVENT_TIMED_OUT:
                if (delegate->timed_out_performing_action)
                        delegate->timed_out_performing_action(provider, event->action, userdata);
                break;
        case EVENT_CANCELLED:
                if (delegate->action_cancelled)
                        delegate->action_cancelled(provider, event->action,
                                                   str_or_empty(event->text), userdata);
                break;
        case EVENT_ACTIVATED:
                if (delegate->did_activate_audio_session)
                        delegate->did_activate_audio_session(provider, event->session, userdata);
                break;
        case EVENT_DEACTIVATED:
                if (delegate->did_deactivate_audio_session)
                        delegate->did_deactivate_audio_session(provider, event->text, userdata);
                break;
        case EVENT_PUSH:
                if (delegate->did_receive_push_payload)
                        delegate->did_receive_push_payload(provider, event->payload, userdata);
                break;
        }
}

static void event_run(void *owner, void *data)
{
        struct cx_provider *provider = cx_provider_ref(owner);

        event_deliver(provider, data);
        /* An order that nobody kept is failed here, so the provider must still be there. */
        event_drop(data);
        cx_provider_unref(provider);
}

int provider_queue_event(struct cx_provider *provider, struct event event)
{
        struct event *copy = malloc(sizeof(*copy));

        if (event.type == EVENT_FAIL_TO_BEGIN)
                provider->told_failed = true;
        if (!copy) {
                event_clear(&event);
                return -ENOMEM;
        }
        *copy = event;
        return context_queue(provider->context, provider, event_run, event_drop, copy);
}

void provider_begin(struct cx_provider *provider)
{
        if (provider->began || !provider->has_delegate)
                return;
        provider->began = true;
        provider->told_failed = false;
        provider_queue_event(provider, (struct event){.type = EVENT_BEGIN});
}

void provider_reset(struct cx_provider *provider, char **lost)
{
        if (!lost)
                lost = calloc(1, sizeof(*lost));
        if (!lost)
                return;
        provider_queue_event(provider, (struct event){.type = EVENT_RESET, .lost = lost});
        provider->began = false;
        if (provider->registration == REGISTRATION_READY)
                provider_begin(provider);
}
