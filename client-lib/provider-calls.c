/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library knows of its provider's calls.
 *
 * Only as much as it takes to import them into a callsd that came back without them: state, dates,
 * flags. It is kept from what the app reports and from the orders that it completes, whether callsd
 * heard of that or not.
 */
#include "provider-internal.h"

struct import {
        char uuid[CX_UUID_TEXT_SIZE];
        bool comparing;
};

struct known_call *call_find(struct cx_provider *provider, const char *uuid)
{
        struct known_call *call;

        DL_FOREACH (provider->calls, call)
                if (strcasecmp(call->uuid, uuid) == 0)
                        return call;
        return NULL;
}

int call_add(struct cx_provider *provider, const char *uuid, enum cx_call_state state,
             bool outgoing, struct known_call **ret_call)
{
        struct known_call *call = calloc(1, sizeof(*call));

        if (!call || cx_call_update_new(&call->update) < 0) {
                free(call);
                return -ENOMEM;
        }
        strncpy(call->uuid, uuid, CX_UUID_TEXT_SIZE - 1);
        call->state = state;
        call->outgoing = outgoing;
        DL_APPEND(provider->calls, call);
        *ret_call = call;
        return 0;
}

void call_free(struct cx_provider *provider, struct known_call *call)
{
        DL_DELETE(provider->calls, call);
        cx_call_update_unref(call->update);
        free(call);
}

void ended_free(struct cx_provider *provider, struct ended_call *ended)
{
        DL_DELETE(provider->ended, ended);
        free(ended);
}

void call_ended(struct cx_provider *provider, struct known_call *call,
                enum cx_call_ended_reason reason, uint64_t date)
{
        struct ended_call *ended = calloc(1, sizeof(*ended));

        if (ended) {
                memcpy(ended->uuid, call->uuid, sizeof(ended->uuid));
                ended->reason = reason;
                ended->date = date ? date : usec_now(CLOCK_REALTIME);
                DL_APPEND(provider->ended, ended);
        }
        /* Nobody is there to say that the sound is over, and the app wants its pair. */
        if (call->audio_active && provider->context->link.state != LINK_UP)
                provider_queue_event(provider, (struct event){.type = EVENT_DEACTIVATED,
                                                              .text = strdup(call->uuid)});
        call_free(provider, call);
}

void ended_confirmed(struct cx_provider *provider, const char *uuid)
{
        struct ended_call *ended, *next;

        DL_FOREACH_SAFE (provider->ended, ended, next)
                if (streq(ended->uuid, uuid))
                        ended_free(provider, ended);
}

void call_set_state(struct known_call *call, enum cx_call_state state, uint64_t date)
{
        if (date == 0)
                date = usec_now(CLOCK_REALTIME);
        call->state = state;
        if (state == CX_CALL_STATE_STARTED && call->started_at == 0)
                call->started_at = date;
        if (state == CX_CALL_STATE_ACTIVE && call->connected_at == 0)
                call->connected_at = date;
}

void call_join(struct cx_provider *provider, struct known_call *call, const char *with)
{
        struct known_call *other = with && *with ? call_find(provider, with) : NULL;

        call->group = 0;
        if (!other)
                return;
        if (other->group == 0)
                other->group = ++provider->last_group;
        call->group = other->group;
}

static void apply_fulfilled(struct cx_provider *provider, struct known_call *call,
                            const struct cx_action *action)
{
        switch (action->type) {
        case CX_ACTION_TYPE_START_CALL:
                if (call->state == CX_CALL_STATE_STARTING)
                        call_set_state(call, CX_CALL_STATE_STARTED, action->date);
                break;
        case CX_ACTION_TYPE_ANSWER_CALL:
                call->on_its_own = false;
                call_set_state(call, CX_CALL_STATE_ACTIVE, action->date);
                break;
        case CX_ACTION_TYPE_END_CALL:
                call_ended(provider, call, CX_CALL_ENDED_REASON_LOCAL_ENDED, action->date);
                break;
        case CX_ACTION_TYPE_SET_HELD_CALL:
                call_set_state(call, action->flag ? CX_CALL_STATE_HELD : CX_CALL_STATE_ACTIVE, 0);
                break;
        case CX_ACTION_TYPE_SET_MUTED_CALL:
                call->muted = action->flag;
                break;
        case CX_ACTION_TYPE_SET_GROUP_CALL:
                call_join(provider, call, action->with);
                break;
        case CX_ACTION_TYPE_PLAY_DTMF_CALL:
        case CX_ACTION_TYPE_SET_TRANSLATING_CALL:
        case CX_ACTION_TYPE_UNKNOWN:
                break;
        }
}

void call_apply(struct cx_provider *provider, const struct cx_action *action, bool fulfilled)
{
        struct known_call *call = call_find(provider, action->call);

        if (!call)
                return;
        if (fulfilled) {
                apply_fulfilled(provider, call, action);
                return;
        }
        /* A failed end is an end, and a mute that failed still closes the microphone. */
        if (action->type == CX_ACTION_TYPE_END_CALL)
                call_ended(provider, call, CX_CALL_ENDED_REASON_LOCAL_ENDED, 0);
        else if (action->type == CX_ACTION_TYPE_START_CALL ||
                 action->type == CX_ACTION_TYPE_ANSWER_CALL)
                call_ended(provider, call, CX_CALL_ENDED_REASON_FAILED, 0);
        else if (action->type == CX_ACTION_TYPE_SET_MUTED_CALL && action->flag)
                call->muted = true;
}

static const char *find_group_mate(const struct cx_provider *provider,
                                   const struct known_call *call)
{
        struct known_call *other;

        if (call->group == 0)
                return NULL;
        DL_FOREACH (provider->calls, other) {
                if (other == call)
                        return NULL; /* the first of its group has nobody to join yet */
                if (other->group == call->group)
                        return other->uuid;
        }
        return NULL;
}

int call_write(struct cx_provider *provider, const struct known_call *call, const char *group_with,
               sd_bus_message *message)
{
        int r;

        r = wire_open_dict(message);
        if (r >= 0)
                r = wire_string(message, "State", cx_call_state_to_string(call->state));
        if (r >= 0)
                r = wire_boolean(message, "Outgoing", call->outgoing);
        if (r >= 0)
                r = wire_boolean(message, "Muted", call->muted);
        if (r >= 0)
                r = wire_string(message, "GroupWith",
                                call->group != 0 && group_with ? group_with
                                                               : find_group_mate(provider, call));
        if (r >= 0 && call->started_at)
                r = wire_u64(message, "StartedAt", call->started_at);
        if (r >= 0 && call->connected_at)
                r = wire_u64(message, "ConnectedAt", call->connected_at);
        if (r >= 0)
                r = update_write(call->update, message);
        return r < 0 ? r : wire_close_dict(message);
}

static int add_lost(struct cx_provider *provider, const char *uuid)
{
        char **lost = realloc(provider->lost, (provider->n_lost + 2) * sizeof(*lost));

        if (!lost)
                return -ENOMEM;
        provider->lost = lost;
        lost[provider->n_lost + 1] = NULL;
        lost[provider->n_lost] = strdup(uuid);
        if (!lost[provider->n_lost])
                return -ENOMEM;
        provider->n_lost++;
        return 0;
}

void call_lost(struct cx_provider *provider, const char *uuid)
{
        struct known_call *call = call_find(provider, uuid);

        if (!call)
                return;
        if (add_lost(provider, uuid) < 0) {
                provider_try_again(provider); /* an import of it is refused */
                return;
        }
        call_free(provider, call);
        provider_compared(provider);
}

static void import_done(void *owner, void *data, const struct cx_error *error,
                        sd_bus_message *reply)
{
        struct cx_provider *provider = owner;
        struct import *import = data;
        struct known_call *call = call_find(provider, import->uuid);

        (void)reply;
        if (call && !error)
                call->on_its_own = false;
        if (call && error && !error_is_not_running(error)) {
                add_lost(provider, call->uuid);
                call_free(provider, call);
        }
        if (import->comparing)
                provider->n_comparing--;
        provider_compared(provider);
}

void call_import(struct cx_provider *provider, struct known_call *call, bool comparing)
{
        cleanup_(request_freep) struct request *request = NULL;
        cleanup_(freep) struct import *import = calloc(1, sizeof(*import));
        unsigned flags = REQUEST_RESEND | (comparing ? REQUEST_EARLY : 0U);
        const char *member = "ReportCall";

        if (!import)
                return;
        memcpy(import->uuid, call->uuid, sizeof(import->uuid));
        import->comparing = comparing;
        if (request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER, member,
                        flags, &request) < 0)
                return;
        if (sd_bus_message_append(request->body, "s", call->uuid) < 0 ||
            call_write(provider, call, NULL, request->body) < 0)
                return;
        if (comparing)
                provider->n_comparing++;
        request_send(take_ptr(request), import_done, take_ptr(import));
}

char **calls_list(const struct cx_provider *provider)
{
        cleanup_(strv_freep) char **list = NULL;
        struct known_call *call;
        size_t n = 0;

        DL_COUNT(provider->calls, call, n);
        list = calloc(n + 1, sizeof(*list));
        if (!list)
                return NULL;
        n = 0;
        DL_FOREACH (provider->calls, call) {
                list[n] = strdup(call->uuid);
                if (!list[n++])
                        return NULL;
        }
        return take_ptr(list);
}
