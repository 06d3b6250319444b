/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls that callsd has kept.
 *
 * Those that are known here are compared with it. Those that are not are the app's from before it
 * was restarted: callsd held them for it (ReclaimGraceUSec), and it can ask for them.
 */
#include "call-internal.h"
#include "provider-internal.h"

struct kept_reader {
        struct cx_provider *provider;
        struct cx_call *call; /* NULL: out of memory */
        char uuid[CX_UUID_TEXT_SIZE];
};

static bool has_ended(const struct cx_provider *provider, const char *uuid)
{
        struct ended_call *ended;

        DL_FOREACH (provider->ended, ended)
                if (streq(ended->uuid, uuid))
                        return true;
        return false;
}

static void remember(struct cx_provider *provider, const char *uuid, struct cx_call *call)
{
        struct cx_call **reclaimed =
                realloc(provider->reclaimed, (provider->n_reclaimed + 2) * sizeof(*reclaimed));

        if (!reclaimed)
                return;
        call_set_uuid(call, uuid);
        call_set_has_details(call);
        provider->reclaimed = reclaimed;
        reclaimed[provider->n_reclaimed++] = cx_call_ref(call);
        reclaimed[provider->n_reclaimed] = NULL;
}

void kept_forget(struct cx_provider *provider)
{
        provider->reclaimed = cx_call_list_free(provider->reclaimed);
        provider->n_reclaimed = 0;
}

static void join_kept(struct cx_provider *provider, struct known_call *call, const char *group)
{
        struct known_call *other;

        if (!group || !*group || strlen(group) >= sizeof(call->kept_group))
                return;
        strcpy(call->kept_group, group);
        DL_FOREACH (provider->calls, other)
                if (other != call && call->group == 0 && streq(other->kept_group, group))
                        call_join(provider, call, other->uuid);
}

/* One that is being started has an order, and that says all there is to know. */
static struct known_call *adopt(struct cx_provider *provider, const char *uuid,
                                struct cx_call *kept)
{
        enum cx_call_state state = cx_call_get_state(kept);
        struct known_call *call;

        if (state == CX_CALL_STATE_STARTING || state == CX_CALL_STATE_UNKNOWN ||
            has_ended(provider, uuid) || completed_about(provider, uuid) ||
            call_add(provider, uuid, state, cx_call_is_outgoing(kept), &call) < 0)
                return NULL;
        call->kept = true;
        call->audio_active = streq(provider->early_audio, uuid);
        call->muted = cx_call_is_muted(kept);
        call->started_at = cx_call_get_started_at_usec(kept);
        call->connected_at = cx_call_get_connected_at_usec(kept);
        if (cx_call_get_remote_handle(kept))
                cx_call_update_set_remote_handle(call->update, cx_call_get_remote_handle(kept));
        if (cx_call_get_localized_caller_name(kept))
                cx_call_update_set_localized_caller_name(call->update,
                                                         cx_call_get_localized_caller_name(kept));
        if (cx_call_get_account(kept))
                cx_call_update_set_account(call->update, cx_call_get_account(kept));
        cx_call_update_set_has_video(call->update, cx_call_has_video(kept));
        join_kept(provider, call, cx_call_get_group(kept));
        remember(provider, uuid, kept);
        return call;
}

/* The UUID may be the last of the keys, so a dictionary is taken up when the next one begins. */
static int take_kept(void *userdata)
{
        struct kept_reader *reader = userdata;
        struct known_call *call = call_find(reader->provider, reader->uuid);

        if (!call && *reader->uuid && reader->call)
                call = adopt(reader->provider, reader->uuid, reader->call);
        if (call && reader->call) {
                call->kept_state = cx_call_get_state(reader->call);
                call->kept_muted = cx_call_is_muted(reader->call);
        }
        reader->uuid[0] = '\0';
        reader->call = cx_call_unref(reader->call);
        return call_new("", &reader->call);
}

static int read_kept_entry(sd_bus_message *message, const char *key, const char *type,
                           void *userdata)
{
        struct kept_reader *reader = userdata;
        const char *value;
        int r;

        if (!streq(key, "UUID"))
                return call_read_property(message, key, type, reader->call);
        r = wire_take_string(message, type, &value);
        if (r > 0)
                uuid_parse_text(value, reader->uuid);
        return r;
}

void kept_read(struct cx_provider *provider, sd_bus_message *reply)
{
        struct kept_reader reader = {.provider = provider};

        if (wire_read_dicts(reply, take_kept, read_kept_entry, &reader) >= 0)
                take_kept(&reader);
        cx_call_unref(reader.call);
}

int cx_provider_get_reclaimed_calls(const struct cx_provider *provider, struct cx_call ***ret_calls)
{
        size_t n = provider ? provider->n_reclaimed : 0;
        struct cx_call **calls;
        int r = provider_check(provider);

        if (r < 0)
                return r;
        if (!ret_calls)
                return -EINVAL;
        calls = calloc(n + 1, sizeof(*calls));
        if (!calls)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                calls[i] = cx_call_ref(provider->reclaimed[i]);
        *ret_calls = calls;
        return (int)n;
}
