/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is new about a call; only the fields that were set travel. */
#include <fcntl.h>

#include "update-internal.h"

/* The yes-or-no fields, by their place in `flags`. */
enum flag {
        FLAG_SUPPORTS_HOLDING,
        FLAG_SUPPORTS_GROUPING,
        FLAG_SUPPORTS_UNGROUPING,
        FLAG_SUPPORTS_DTMF,
        FLAG_SUPPORTS_MUTING,
        FLAG_HAS_VIDEO,
        FLAG_REMOTE_HELD,
        FLAG_ALERTING,
        FLAG_EARLY_MEDIA,
        FLAG_MAX_,
};

static const char *const flag_keys[FLAG_MAX_] = {
        [FLAG_SUPPORTS_HOLDING] = "SupportsHolding",
        [FLAG_SUPPORTS_GROUPING] = "SupportsGrouping",
        [FLAG_SUPPORTS_UNGROUPING] = "SupportsUngrouping",
        [FLAG_SUPPORTS_DTMF] = "SupportsDTMF",
        [FLAG_SUPPORTS_MUTING] = "SupportsMuting",
        [FLAG_HAS_VIDEO] = "HasVideo",
        [FLAG_REMOTE_HELD] = "RemoteHeld",
        [FLAG_ALERTING] = "Alerting",
        [FLAG_EARLY_MEDIA] = "EarlyMedia",
};

struct member {
        struct cx_handle *handle;
        char *name;
};

struct cx_call_update {
        unsigned n_ref;
        signed char flags[FLAG_MAX_]; /* 1, 0, or -1: not set */
        bool has_handle;
        struct cx_handle *handle;
        char *name, *account; /* NULL: not set */
        enum cx_call_audio audio;
        int picture_fd; /* -1: not set */
        struct member *members;
        size_t n_members;
};

static void members_free(struct cx_call_update *update)
{
        for (size_t i = 0; i < update->n_members; i++) {
                cx_handle_unref(update->members[i].handle);
                free(update->members[i].name);
        }
        free(update->members);
        update->members = NULL;
        update->n_members = 0;
}

static void update_free(struct cx_call_update *update)
{
        members_free(update);
        cx_handle_unref(update->handle);
        free(update->name);
        free(update->account);
        if (update->picture_fd >= 0)
                close(update->picture_fd);
        free(update);
}

DEFINE_REF_UNREF(cx_call_update, update_free)

int cx_call_update_new(struct cx_call_update **ret_update)
{
        struct cx_call_update *update;

        if (!ret_update)
                return -EINVAL;
        update = calloc(1, sizeof(*update));
        if (!update)
                return -ENOMEM;
        update->n_ref = 1;
        update->picture_fd = -1;
        memset(update->flags, -1, sizeof(update->flags));
        *ret_update = update;
        return 0;
}

int cx_call_update_set_remote_handle(struct cx_call_update *update, struct cx_handle *handle)
{
        if (!update)
                return -EINVAL;
        cx_handle_ref(handle);
        cx_handle_unref(update->handle);
        update->handle = handle;
        update->has_handle = true;
        return 0;
}

struct cx_handle *cx_call_update_get_remote_handle(const struct cx_call_update *update)
{
        return update ? update->handle : NULL;
}

int cx_call_update_set_localized_caller_name(struct cx_call_update *update, const char *name)
{
        return update ? str_replace(&update->name, str_or_empty(name)) : -EINVAL;
}

const char *cx_call_update_get_localized_caller_name(const struct cx_call_update *update)
{
        return update ? update->name : NULL;
}

int cx_call_update_set_account(struct cx_call_update *update, const char *account)
{
        return update ? str_replace(&update->account, str_or_empty(account)) : -EINVAL;
}

const char *cx_call_update_get_account(const struct cx_call_update *update)
{
        return update ? update->account : NULL;
}

#define DEFINE_FLAG(name, flag)                                                 \
        int cx_call_update_set_##name(struct cx_call_update *update, int value) \
        {                                                                       \
                if (!update)                                                    \
                        return -EINVAL;                                         \
                update->flags[flag] = value != 0;                               \
                return 0;                                                       \
        }                                                                       \
        int cx_call_update_get_##name(const struct cx_call_update *update)      \
        {                                                                       \
                return update ? update->flags[flag] : -1;                       \
        }

DEFINE_FLAG(supports_holding, FLAG_SUPPORTS_HOLDING)
DEFINE_FLAG(supports_grouping, FLAG_SUPPORTS_GROUPING)
DEFINE_FLAG(supports_ungrouping, FLAG_SUPPORTS_UNGROUPING)
DEFINE_FLAG(supports_dtmf, FLAG_SUPPORTS_DTMF)
DEFINE_FLAG(supports_muting, FLAG_SUPPORTS_MUTING)
DEFINE_FLAG(has_video, FLAG_HAS_VIDEO)
DEFINE_FLAG(remote_held, FLAG_REMOTE_HELD)
DEFINE_FLAG(alerting, FLAG_ALERTING)
DEFINE_FLAG(early_media, FLAG_EARLY_MEDIA)

int cx_call_update_set_audio(struct cx_call_update *update, enum cx_call_audio audio)
{
        if (!update || audio < CX_CALL_AUDIO_STREAMS || audio > CX_CALL_AUDIO_NONE)
                return -EINVAL;
        update->audio = audio;
        return 0;
}

enum cx_call_audio cx_call_update_get_audio(const struct cx_call_update *update)
{
        return update ? update->audio : CX_CALL_AUDIO_UNKNOWN;
}

int cx_call_update_set_picture_fd(struct cx_call_update *update, int fd)
{
        int copy;

        if (!update)
                return -EINVAL;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;
        if (update->picture_fd >= 0)
                close(update->picture_fd);
        update->picture_fd = copy;
        return 0;
}

bool update_has_picture(const struct cx_call_update *update)
{
        return update->picture_fd >= 0;
}

int cx_call_update_add_member(struct cx_call_update *update, struct cx_handle *handle,
                              const char *name)
{
        struct member *members, member = {0};

        if (!update || !handle)
                return -EINVAL;
        if (str_replace(&member.name, name) < 0)
                return -ENOMEM;
        members = realloc(update->members, (update->n_members + 1) * sizeof(*members));
        if (!members) {
                free(member.name);
                return -ENOMEM;
        }
        member.handle = cx_handle_ref(handle);
        update->members = members;
        members[update->n_members++] = member;
        return 0;
}

static int write_handle(const struct cx_handle *handle, const char *type_key, const char *value_key,
                        sd_bus_message *message)
{
        const char *type = handle ? cx_handle_type_to_string(cx_handle_get_type(handle)) : "";
        int r = wire_string(message, type_key, type);

        return r < 0 ? r
                     : wire_string(message, value_key, str_or_empty(cx_handle_get_value(handle)));
}

static int write_members(const struct cx_call_update *update, sd_bus_message *message)
{
        int r;

        if (update->n_members == 0)
                return 0;
        r = wire_open_entry(message, "Members", "aa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "a{sv}");
        for (size_t i = 0; r >= 0 && i < update->n_members; i++) {
                r = wire_open_dict(message);
                if (r >= 0)
                        r = write_handle(update->members[i].handle, "HandleType", "Handle",
                                         message);
                if (r >= 0)
                        r = wire_string(message, "Name", update->members[i].name);
                if (r >= 0)
                        r = wire_close_dict(message);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : wire_close_entry(message);
}

int update_write(const struct cx_call_update *update, sd_bus_message *message)
{
        int r = 0;

        if (!update)
                return 0;
        if (update->has_handle)
                r = write_handle(update->handle, "RemoteHandleType", "RemoteHandle", message);
        if (r >= 0)
                r = wire_string(message, "LocalizedCallerName", update->name);
        if (r >= 0)
                r = wire_string(message, "Account", update->account);
        for (size_t i = 0; r >= 0 && i < FLAG_MAX_; i++)
                if (update->flags[i] >= 0)
                        r = wire_boolean(message, flag_keys[i], update->flags[i]);
        if (r >= 0 && update->audio != CX_CALL_AUDIO_UNKNOWN)
                r = wire_string(message, "Audio", call_audio_to_string(update->audio));
        if (r >= 0 && update->picture_fd >= 0)
                r = wire_fd(message, "PictureFD", update->picture_fd);
        return r < 0 ? r : write_members(update, message);
}

static int merge_members(struct cx_call_update *update, const struct cx_call_update *news)
{
        int r = 0;

        if (news->n_members == 0)
                return 0;
        members_free(update);
        for (size_t i = 0; r == 0 && i < news->n_members; i++)
                r = cx_call_update_add_member(update, news->members[i].handle,
                                              news->members[i].name);
        return r;
}

int update_merge(struct cx_call_update *update, const struct cx_call_update *news)
{
        int r = 0;

        if (!news || news == update)
                return 0;
        if (news->has_handle)
                cx_call_update_set_remote_handle(update, news->handle);
        if (news->name)
                r = str_replace(&update->name, news->name);
        if (r == 0 && news->account)
                r = str_replace(&update->account, news->account);
        for (size_t i = 0; i < FLAG_MAX_; i++)
                if (news->flags[i] >= 0)
                        update->flags[i] = news->flags[i];
        if (news->audio != CX_CALL_AUDIO_UNKNOWN)
                update->audio = news->audio;
        if (r == 0 && news->picture_fd >= 0)
                r = cx_call_update_set_picture_fd(update, news->picture_fd);
        return r < 0 ? r : merge_members(update, news);
}
