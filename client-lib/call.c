/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call as others see it: immutable once it is handed out. */
#include "call-internal.h"

struct cx_call {
        unsigned n_ref;
        char uuid[CX_UUID_TEXT_SIZE];
        enum cx_call_state state;
        bool outgoing, on_hold, has_connected, has_ended;

        bool has_details;
        char *provider, *account, *name, *display_name, *group;
        enum cx_handle_type handle_type;
        char *handle_value;
        struct cx_handle *handle; /* of the two above */
        bool muted, remote_held, has_video, waiting, emergency;
        enum cx_hold_reason hold_reason;
        enum cx_call_ended_reason ended_reason;
        uint64_t started_at, connected_at, ended_at;
        char **allowed;
};

static void call_free(struct cx_call *call)
{
        free(call->provider);
        free(call->account);
        free(call->name);
        free(call->display_name);
        free(call->group);
        free(call->handle_value);
        cx_handle_unref(call->handle);
        strv_free(call->allowed);
        free(call);
}

DEFINE_REF_UNREF(cx_call, call_free)

int call_new(const char *uuid, struct cx_call **ret_call)
{
        struct cx_call *call = calloc(1, sizeof(*call));

        if (!call)
                return -ENOMEM;
        call->n_ref = 1;
        strncpy(call->uuid, uuid, CX_UUID_TEXT_SIZE - 1);
        *ret_call = call;
        return 0;
}

static int copy_texts(struct cx_call *copy, const struct cx_call *call)
{
        const struct {
                char **to;
                const char *from;
        } texts[] = {
                {&copy->provider, call->provider}, {&copy->account, call->account},
                {&copy->name, call->name},         {&copy->display_name, call->display_name},
                {&copy->group, call->group},       {&copy->handle_value, call->handle_value},
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                if (str_replace(texts[i].to, texts[i].from) < 0)
                        return -ENOMEM;
        return 0;
}

int call_copy(const struct cx_call *call, struct cx_call **ret_copy)
{
        cleanup_(cx_call_unrefp) struct cx_call *copy = NULL;

        copy = calloc(1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *call;
        copy->n_ref = 1;
        copy->provider = copy->account = copy->name = copy->display_name = NULL;
        copy->group = copy->handle_value = NULL;
        copy->handle = cx_handle_ref(call->handle);
        copy->allowed = strv_copy((const char *const *)call->allowed);
        if (!copy->allowed || copy_texts(copy, call) < 0)
                return -ENOMEM;
        *ret_copy = take_ptr(copy);
        return 0;
}

/* The handle comes as two properties, in any order. */
static int update_handle(struct cx_call *call)
{
        call->handle = cx_handle_unref(call->handle);
        if (call->handle_type == CX_HANDLE_TYPE_UNKNOWN || !str_or_null(call->handle_value))
                return 1;
        return cx_handle_new(call->handle_type, call->handle_value, &call->handle) < 0 ? -ENOMEM
                                                                                       : 1;
}

static int read_text(struct cx_call *call, sd_bus_message *message, const char *key,
                     const char *type)
{
        const struct {
                const char *key;
                char **field;
        } texts[] = {
                {"Provider", &call->provider},
                {"Account", &call->account},
                {"LocalizedCallerName", &call->name},
                {"DisplayName", &call->display_name},
                {"Group", &call->group},
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                if (streq(key, texts[i].key))
                        return wire_take_string_copy(message, type, texts[i].field);
        return 0;
}

static int read_boolean(struct cx_call *call, sd_bus_message *message, const char *key,
                        const char *type)
{
        const struct {
                const char *key;
                bool *field;
        } flags[] = {
                {"Outgoing", &call->outgoing},   {"OnHold", &call->on_hold},
                {"HasEnded", &call->has_ended},  {"HasConnected", &call->has_connected},
                {"Muted", &call->muted},         {"RemoteHeld", &call->remote_held},
                {"HasVideo", &call->has_video},  {"Waiting", &call->waiting},
                {"Emergency", &call->emergency},
        };

        for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
                if (streq(key, flags[i].key))
                        return wire_take_boolean(message, type, flags[i].field);
        return 0;
}

static int read_date(struct cx_call *call, sd_bus_message *message, const char *key,
                     const char *type)
{
        if (streq(key, "StartedAt"))
                return wire_take_u64(message, type, &call->started_at);
        if (streq(key, "ConnectedAt"))
                return wire_take_u64(message, type, &call->connected_at);
        return streq(key, "EndedAt") ? wire_take_u64(message, type, &call->ended_at) : 0;
}

static int read_word(struct cx_call *call, sd_bus_message *message, const char *key,
                     const char *type)
{
        const char *value;
        int r;

        if (!streq(key, "State") && !streq(key, "HoldReason") && !streq(key, "EndedReason") &&
            !streq(key, "RemoteHandleType"))
                return 0;
        r = wire_take_string(message, type, &value);
        if (r <= 0)
                return r;
        if (streq(key, "State"))
                call->state = call_state_from_string(value);
        else if (streq(key, "HoldReason"))
                call->hold_reason = hold_reason_from_string(value);
        else if (streq(key, "EndedReason"))
                call->ended_reason = ended_reason_from_string(value);
        else
                call->handle_type = handle_type_from_string(value);
        return update_handle(call);
}

int call_read_property(sd_bus_message *message, const char *key, const char *type, void *userdata)
{
        struct cx_call *call = userdata;
        int r;

        if (streq(key, "Allowed"))
                return wire_take_strv(message, type, &call->allowed);
        if (streq(key, "RemoteHandle")) {
                r = wire_take_string_copy(message, type, &call->handle_value);
                return r <= 0 ? r : update_handle(call);
        }
        r = read_word(call, message, key, type);
        if (r == 0)
                r = read_boolean(call, message, key, type);
        if (r == 0)
                r = read_date(call, message, key, type);
        return r != 0 ? r : read_text(call, message, key, type);
}

void call_set_uuid(struct cx_call *call, const char *uuid)
{
        strncpy(call->uuid, uuid, CX_UUID_TEXT_SIZE - 1);
}

void call_set_has_details(struct cx_call *call)
{
        call->has_details = true;
}

void call_set_ended(struct cx_call *call)
{
        call->state = CX_CALL_STATE_ENDED;
        call->has_ended = true;
        call->on_hold = false;
}

#define DEFINE_GETTER(type, name, field, otherwise)     \
        type cx_call_##name(const struct cx_call *call) \
        {                                               \
                return call ? call->field : otherwise;  \
        }

DEFINE_GETTER(const char *, get_uuid, uuid, NULL)
DEFINE_GETTER(int, is_outgoing, outgoing, 0)
DEFINE_GETTER(int, is_on_hold, on_hold, 0)
DEFINE_GETTER(int, has_connected, has_connected, 0)
DEFINE_GETTER(int, has_ended, has_ended, 0)
DEFINE_GETTER(enum cx_call_state, get_state, state, CX_CALL_STATE_UNKNOWN)
DEFINE_GETTER(int, has_details, has_details, 0)
DEFINE_GETTER(const char *, get_provider_path, provider, NULL)
DEFINE_GETTER(struct cx_handle *, get_remote_handle, handle, NULL)
DEFINE_GETTER(const char *, get_localized_caller_name, name, NULL)
DEFINE_GETTER(const char *, get_display_name, display_name, NULL)
DEFINE_GETTER(const char *, get_account, account, NULL)
DEFINE_GETTER(int, is_muted, muted, 0)
DEFINE_GETTER(const char *, get_group, group, NULL)
DEFINE_GETTER(enum cx_hold_reason, get_hold_reason, hold_reason, CX_HOLD_REASON_UNKNOWN)
DEFINE_GETTER(int, is_remote_held, remote_held, 0)
DEFINE_GETTER(int, has_video, has_video, 0)
DEFINE_GETTER(int, is_waiting, waiting, 0)
DEFINE_GETTER(int, is_emergency, emergency, 0)
DEFINE_GETTER(uint64_t, get_started_at_usec, started_at, 0)
DEFINE_GETTER(uint64_t, get_connected_at_usec, connected_at, 0)
DEFINE_GETTER(uint64_t, get_ended_at_usec, ended_at, 0)
DEFINE_GETTER(enum cx_call_ended_reason, get_ended_reason, ended_reason,
              CX_CALL_ENDED_REASON_UNKNOWN)

int cx_call_allows(const struct cx_call *call, const char *what)
{
        for (char **word = call && what ? call->allowed : NULL; word && *word; word++)
                if (streq(*word, what))
                        return 1;
        return 0;
}

static bool same_text(const char *a, const char *b)
{
        return streq(str_or_empty(a), str_or_empty(b));
}

static bool same_allowed(const struct cx_call *a, const struct cx_call *b)
{
        size_t n_a = 0, n_b = 0;

        for (char **word = a->allowed; word && *word; word++, n_a++)
                if (!cx_call_allows(b, *word))
                        return false;
        for (char **word = b->allowed; word && *word; word++)
                n_b++;
        return n_a == n_b;
}

int cx_call_equal(const struct cx_call *a, const struct cx_call *b)
{
        if (!a || !b)
                return a == b;
        return streq(a->uuid, b->uuid) && a->state == b->state && a->outgoing == b->outgoing &&
               a->on_hold == b->on_hold && a->has_connected == b->has_connected &&
               a->has_ended == b->has_ended && a->has_details == b->has_details &&
               same_text(a->provider, b->provider) && same_text(a->account, b->account) &&
               same_text(a->name, b->name) && same_text(a->display_name, b->display_name) &&
               same_text(a->group, b->group) && cx_handle_equal(a->handle, b->handle) &&
               a->muted == b->muted && a->remote_held == b->remote_held &&
               a->has_video == b->has_video && a->waiting == b->waiting &&
               a->emergency == b->emergency && a->hold_reason == b->hold_reason &&
               a->ended_reason == b->ended_reason && a->started_at == b->started_at &&
               a->connected_at == b->connected_at && a->ended_at == b->ended_at &&
               same_allowed(a, b);
}
