/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What apps say about their calls: updates, and calls that exist already. */
#include "bus/bus-update.h"

#include <errno.h>

#include "bus/bus-keepsake.h"

#define MEMBERS_MAX 256

/* The two halves of UPDATE_HANDLE, while reading. */
#define SEEN_HANDLE_TYPE (1u << 30)
#define SEEN_HANDLE (1u << 31)

/* ---- members of a conference ---- */

struct member_values {
        enum handle_type type; /* not shown: a member can't be called back */
        const char *handle, *name;
        bool active;
};

static const struct read_field member_fields[] = {
        {"HandleType", "s", offsetof(struct member_values, type), 0, read_handle_type, false},
        {"Handle", "s", offsetof(struct member_values, handle), 0, read_text, false},
        {"Name", "s", offsetof(struct member_values, name), 0, read_text, false},
        {"Active", "b", offsetof(struct member_values, active), 0, read_bool, false},
};

static int add_member(struct read_update *update, const struct member_values *values)
{
        size_t n = update->update.n_members;
        struct call_member *members =
                reallocarray(update->members, n + 1, sizeof(*update->members));

        if (!members)
                return -ENOMEM;
        /* The model copies and never writes to what it is given. */
        members[n] = (struct call_member){
                .handle = (char *)(uintptr_t)values->handle,
                .name = (char *)(uintptr_t)values->name,
                .active = values->active,
        };
        update->members = members;
        update->update.members = members;
        update->update.n_members = n + 1;
        return 0;
}

static int read_members(const struct reader *reader, sd_bus_message *message, const char *key,
                        void *value)
{
        struct reader inner = *reader;
        struct read_update *update = value;
        int r;

        inner.where = key;
        update->update.n_members = 0;
        r = sd_bus_message_enter_container(message, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(message, false)) == 0) {
                struct member_values values = {.handle = "", .name = "", .active = true};

                if (update->update.n_members == MEMBERS_MAX)
                        return bus_error_invalid(reader->error, "%s has more than %d entries", key,
                                                 MEMBERS_MAX);
                r = read_dictionary(&inner, message, member_fields, ARRAY_SIZE(member_fields),
                                    &values, NULL);
                if (r >= 0)
                        r = add_member(update, &values);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_picture(const struct reader *reader, sd_bus_message *message, const char *key,
                        void *value)
{
        int fd, r = sd_bus_message_read_basic(message, 'h', &fd);

        if (r < 0)
                return r;
        return keepsake_add_picture(reader->bus, reader->call, fd, key, value, reader->error);
}

/* ---- updates ---- */

#define UPDATE_AT(member) offsetof(struct read_update, update.member)

#define UPDATE_FIELDS                                                                              \
        {"RemoteHandleType", "s",  UPDATE_AT(handle_type), SEEN_HANDLE_TYPE,                       \
         read_handle_type,   false},                                                               \
                {"RemoteHandle", "s", UPDATE_AT(handle), SEEN_HANDLE, read_text, false},           \
                {"LocalizedCallerName", "s", UPDATE_AT(name), UPDATE_NAME, read_text, false},      \
                {"SupportsHolding", "b", UPDATE_AT(holding), UPDATE_HOLDING, read_bool, false},    \
                {"SupportsGrouping", "b", UPDATE_AT(grouping), UPDATE_GROUPING, read_bool, false}, \
                {"SupportsUngrouping", "b",       UPDATE_AT(ungrouping),                           \
                 UPDATE_UNGROUPING,    read_bool, false},                                          \
                {"SupportsDTMF", "b", UPDATE_AT(dtmf), UPDATE_DTMF, read_bool, false},             \
                {"SupportsMuting", "b", UPDATE_AT(muting), UPDATE_MUTING, read_bool, false},       \
                {"HasVideo", "b", UPDATE_AT(video), UPDATE_VIDEO, read_bool, false},               \
                {"RemoteHeld", "b", UPDATE_AT(remote_held), UPDATE_REMOTE_HELD, read_bool, false}, \
                {"Alerting", "b", UPDATE_AT(alerting), UPDATE_ALERTING, read_bool, false},         \
                {"EarlyMedia", "b", UPDATE_AT(early_media), UPDATE_EARLY_MEDIA, read_bool, false}, \
                {"Account", "s", UPDATE_AT(account), UPDATE_ACCOUNT, read_text, false},            \
                {"Audio", "s", UPDATE_AT(audio), UPDATE_AUDIO, read_call_audio, false},            \
                {"PictureFD", "h", UPDATE_AT(picture), UPDATE_PICTURE, read_picture, false},       \
        {                                                                                          \
                "Members", "aa{sv}", 0, UPDATE_MEMBERS, read_members, false                        \
        }

static const struct read_field update_fields[] = {UPDATE_FIELDS};

/* A type without a handle, or the other way round, says nothing. */
static int finish_update(const struct reader *reader, struct read_update *update, unsigned mask)
{
        struct call_update *result = &update->update;
        bool has_type = mask & SEEN_HANDLE_TYPE, has_handle = mask & SEEN_HANDLE;

        result->set = mask & ~(SEEN_HANDLE_TYPE | SEEN_HANDLE);
        if (has_handle && !*result->handle) {
                result->handle_type = HANDLE_TYPE_NONE;
                result->set |= UPDATE_HANDLE;
                return 0;
        }
        if (has_type != has_handle)
                return bus_error_invalid(reader->error, "%s is missing in %s: it goes with %s",
                                         has_type ? "RemoteHandle" : "RemoteHandleType",
                                         reader->where,
                                         has_type ? "RemoteHandleType" : "RemoteHandle");
        if (has_handle && result->handle_type == HANDLE_TYPE_NONE)
                return bus_error_invalid(reader->error,
                                         "RemoteHandleType is empty; with a handle it must be "
                                         "generic, phone-number or email-address");
        if (has_handle)
                result->set |= UPDATE_HANDLE;
        return 0;
}

void read_update_done(struct read_update *update)
{
        free(update->members);
        *update = (struct read_update){0};
}

int read_update(const struct reader *reader, sd_bus_message *message,
                struct read_update *ret_update)
{
        unsigned mask;
        int r;

        *ret_update = (struct read_update){0};
        r = read_dictionary(reader, message, update_fields, ARRAY_SIZE(update_fields), ret_update,
                            &mask);
        return r < 0 ? r : finish_update(reader, ret_update, mask);
}

/* ---- calls that exist already ---- */

_Static_assert(offsetof(struct read_import, update) == 0, "both are filled by the same fields");

static const struct read_field import_fields[] = {
        UPDATE_FIELDS,
        {"State", "s", offsetof(struct read_import, import.state), 0, read_call_state, true},
        {"Outgoing", "b", offsetof(struct read_import, import.outgoing), 0, read_bool, false},
        {"Muted", "b", offsetof(struct read_import, import.muted), 0, read_bool, false},
        {"GroupWith", "s", offsetof(struct read_import, group_with), 0, read_uuid_or_empty, false},
        {"StartedAt", "t", offsetof(struct read_import, import.started_at), 0, read_usec, false},
        {"ConnectedAt", "t", offsetof(struct read_import, import.connected_at), 0, read_usec,
         false},
};

static int check_import_state(const struct reader *reader, enum call_state state)
{
        switch (state) {
        case CALL_STATE_RINGING:
        case CALL_STATE_STARTED:
        case CALL_STATE_CONNECTING:
        case CALL_STATE_ACTIVE:
        case CALL_STATE_HELD:
                return 0;
        case CALL_STATE_ANSWERING:
        case CALL_STATE_STARTING:
        case CALL_STATE_ENDING:
        case CALL_STATE_ENDED:
        case CALL_STATE_MAX_:
                break;
        }
        return bus_error_invalid(reader->error,
                                 "State is \"%s\"; it must be ringing, started, connecting, "
                                 "active or held",
                                 call_state_to_string(state));
}

void read_import_done(struct read_import *import)
{
        read_update_done(&import->update);
        *import = (struct read_import){0};
}

int read_import(const struct reader *reader, sd_bus_message *message,
                struct read_import *ret_import)
{
        unsigned mask;
        int r;

        *ret_import = (struct read_import){0};
        r = read_dictionary(reader, message, import_fields, ARRAY_SIZE(import_fields), ret_import,
                            &mask);
        if (r < 0)
                return r;
        r = check_import_state(reader, ret_import->import.state);
        if (r < 0)
                return r;
        r = finish_update(reader, &ret_import->update, mask);
        if (r < 0)
                return r;
        ret_import->import.update = ret_import->update.update;
        ret_import->import.group_with = ret_import->group_with.text;
        return 0;
}

int append_members(sd_bus_message *message, const struct call *call)
{
        int r = sd_bus_message_open_container(message, 'a', "a{sv}");

        for (size_t i = 0; i < call->n_members && r >= 0; i++)
                r = sd_bus_message_append(message, "a{sv}", 3, "Handle", "s",
                                          str_or_empty(call->members[i].handle), "Name", "s",
                                          str_or_empty(call->members[i].name), "Active", "b",
                                          (int)call->members[i].active);
        return r < 0 ? r : sd_bus_message_close_container(message);
}
