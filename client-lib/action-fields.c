/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of each type of action: getters, setters, and their form on the bus. */
#include "action-internal.h"

static bool is(const struct cx_action *action, enum cx_action_type type)
{
        return action && action->type == type;
}

static int check_writable(const struct cx_action *action, enum cx_action_type type)
{
        if (!is(action, type))
                return -EINVAL;
        return action->is_order || action->requested ? -EROFS : 0;
}

static int set_text(struct cx_action *action, enum cx_action_type type, char **field,
                    const char *value)
{
        int r = check_writable(action, type);

        return r < 0 ? r : str_replace(field, str_or_null(value));
}

struct cx_handle *cx_start_call_action_get_handle(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_START_CALL) ? action->handle : NULL;
}

const char *cx_start_call_action_get_contact_identifier(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_START_CALL) ? action->contact : NULL;
}

int cx_start_call_action_set_contact_identifier(struct cx_action *action, const char *contact)
{
        return action ? set_text(action, CX_ACTION_TYPE_START_CALL, &action->contact, contact)
                      : -EINVAL;
}

int cx_start_call_action_is_video(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_START_CALL) && action->video;
}

int cx_start_call_action_set_video(struct cx_action *action, int video)
{
        int r = check_writable(action, CX_ACTION_TYPE_START_CALL);

        if (r == 0)
                action->video = video;
        return r;
}

const char *cx_start_call_action_get_account(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_START_CALL) ? action->account : NULL;
}

int cx_start_call_action_set_account(struct cx_action *action, const char *account)
{
        return action ? set_text(action, CX_ACTION_TYPE_START_CALL, &action->account, account)
                      : -EINVAL;
}

int cx_start_call_action_set_provider(struct cx_action *action, const char *identifier)
{
        return action ? set_text(action, CX_ACTION_TYPE_START_CALL, &action->provider, identifier)
                      : -EINVAL;
}

int cx_answer_call_action_is_video(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_ANSWER_CALL) && action->video;
}

int cx_answer_call_action_set_video(struct cx_action *action, int video)
{
        int r = check_writable(action, CX_ACTION_TYPE_ANSWER_CALL);

        if (r == 0)
                action->video = video;
        return r;
}

enum cx_decline_reason cx_end_call_action_get_reason(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_END_CALL) ? action->decline : CX_DECLINE_REASON_UNKNOWN;
}

int cx_end_call_action_set_reason(struct cx_action *action, enum cx_decline_reason reason)
{
        int r = check_writable(action, CX_ACTION_TYPE_END_CALL);

        if (r < 0)
                return r;
        if (reason != CX_DECLINE_REASON_DECLINED && reason != CX_DECLINE_REASON_BUSY)
                return -EINVAL;
        action->decline = reason;
        return 0;
}

const char *cx_end_call_action_get_message(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_END_CALL) ? action->message : NULL;
}

int cx_end_call_action_set_message(struct cx_action *action, const char *message)
{
        return action ? set_text(action, CX_ACTION_TYPE_END_CALL, &action->message, message)
                      : -EINVAL;
}

int cx_set_held_call_action_is_on_hold(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_SET_HELD_CALL) && action->flag;
}

int cx_set_muted_call_action_is_muted(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_SET_MUTED_CALL) && action->flag;
}

const char *cx_set_group_call_action_get_call_uuid_to_group_with(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_SET_GROUP_CALL) ? str_or_null(action->with) : NULL;
}

const char *cx_play_dtmf_call_action_get_digits(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_PLAY_DTMF_CALL) ? action->digits : NULL;
}

enum cx_play_dtmf_call_action_type cx_play_dtmf_call_action_get_type(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_PLAY_DTMF_CALL) ? action->dtmf_type
                                                         : CX_PLAY_DTMF_CALL_ACTION_TYPE_UNKNOWN;
}

int cx_set_translating_call_action_is_translating(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_SET_TRANSLATING_CALL) && action->flag;
}

const char *cx_set_translating_call_action_get_local_language(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_SET_TRANSLATING_CALL) ? action->local_language : NULL;
}

const char *cx_set_translating_call_action_get_remote_language(const struct cx_action *action)
{
        return is(action, CX_ACTION_TYPE_SET_TRANSLATING_CALL) ? action->remote_language : NULL;
}

/* The one of the arguments that is a yes or no. */
static const char *flag_key(enum cx_action_type type)
{
        switch (type) {
        case CX_ACTION_TYPE_SET_HELD_CALL:
                return "OnHold";
        case CX_ACTION_TYPE_SET_MUTED_CALL:
                return "Muted";
        case CX_ACTION_TYPE_SET_TRANSLATING_CALL:
                return "Translating";
        case CX_ACTION_TYPE_UNKNOWN:
        case CX_ACTION_TYPE_START_CALL:
        case CX_ACTION_TYPE_ANSWER_CALL:
        case CX_ACTION_TYPE_END_CALL:
        case CX_ACTION_TYPE_SET_GROUP_CALL:
        case CX_ACTION_TYPE_PLAY_DTMF_CALL:
                break;
        }
        return NULL;
}

static int write_texts(const struct cx_action *action, sd_bus_message *message)
{
        const char *const texts[][2] = {
                {"ContactIdentifier", action->contact},
                {"Account", action->account},
                {"Provider", action->provider},
                {"Message", action->message},
                {"Digits", action->digits},
                {"LocalLanguage", action->local_language},
                {"RemoteLanguage", action->remote_language},
        };
        int r = wire_string(message, "Call", action->call);

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(texts); i++)
                r = wire_string(message, texts[i][0], texts[i][1]);
        return r;
}

static int write_arguments(const struct cx_action *action, sd_bus_message *message)
{
        const char *key = flag_key(action->type);
        int r;

        r = write_texts(action, message);
        if (r >= 0 && key)
                r = wire_boolean(message, key, action->flag);
        if (r >= 0 && action->handle) {
                r = wire_string(message, "HandleType",
                                cx_handle_type_to_string(cx_handle_get_type(action->handle)));
                if (r >= 0)
                        r = wire_string(message, "Handle", cx_handle_get_value(action->handle));
        }
        if (r >= 0 && action->video)
                r = wire_boolean(message, "Video", true);
        if (r >= 0 && action->decline)
                r = wire_string(message, "Reason", decline_reason_to_string(action->decline));
        if (r >= 0 && action->type == CX_ACTION_TYPE_SET_GROUP_CALL)
                r = wire_string(message, "CallToGroupWith", action->with);
        if (r >= 0 && action->type == CX_ACTION_TYPE_PLAY_DTMF_CALL)
                r = wire_string(message, "Type", dtmf_type_to_string(action->dtmf_type));
        return r;
}

int action_write(const struct cx_action *action, sd_bus_message *message)
{
        int r;

        r = sd_bus_message_append(message, "s", cx_action_type_to_string(action->type));
        if (r < 0)
                return r;
        r = wire_open_dict(message);
        if (r < 0)
                return r;
        r = write_arguments(action, message);
        return r < 0 ? r : wire_close_dict(message);
}

/* Arguments of an order, before they are one action. */
struct order_reader {
        struct cx_action *action;
        enum cx_handle_type handle_type;
        const char *handle;
};

static int read_word(struct order_reader *reader, const char *key, const char *value)
{
        struct cx_action *action = reader->action;

        if (streq(key, "Call"))
                uuid_parse_text(value, action->call);
        else if (streq(key, "CallToGroupWith"))
                uuid_parse_text(value, action->with);
        else if (streq(key, "Origin"))
                action->origin = origin_from_string(value);
        else if (streq(key, "HandleType"))
                reader->handle_type = handle_type_from_string(value);
        else if (streq(key, "Handle"))
                reader->handle = value;
        else if (streq(key, "Type"))
                action->dtmf_type = dtmf_type_from_string(value);
        else if (streq(key, "Reason"))
                action->decline = decline_reason_from_string(value);
        return 0;
}

static int read_text(struct order_reader *reader, const char *key, const char *value)
{
        struct cx_action *action = reader->action;
        struct {
                const char *key;
                char **field;
        } texts[] = {
                {"ContactIdentifier", &action->contact},
                {"Account", &action->account},
                {"Message", &action->message},
                {"Digits", &action->digits},
                {"LocalLanguage", &action->local_language},
                {"RemoteLanguage", &action->remote_language},
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                if (streq(key, texts[i].key))
                        return str_replace(texts[i].field, str_or_null(value));
        return read_word(reader, key, value);
}

static int read_argument(sd_bus_message *message, const char *key, const char *type, void *userdata)
{
        struct order_reader *reader = userdata;
        struct cx_action *action = reader->action;
        const char *value, *flag = flag_key(action->type);
        int r;

        if (streq(key, "DeadlineUSec"))
                return wire_take_u64(message, type, &action->deadline);
        if (streq(key, "Video"))
                return wire_take_boolean(message, type, &action->video);
        if (flag && streq(key, flag))
                return wire_take_boolean(message, type, &action->flag);
        r = wire_take_string(message, type, &value);
        if (r <= 0)
                return r;
        r = read_text(reader, key, value);
        return r < 0 ? r : 1;
}

static int read_arguments(struct cx_action *action, sd_bus_message *message)
{
        struct order_reader reader = {.action = action};
        int r;

        r = wire_read_dict(message, read_argument, &reader);
        if (r < 0)
                return r;
        if (str_or_null(reader.handle) && reader.handle_type != CX_HANDLE_TYPE_UNKNOWN)
                r = cx_handle_new(reader.handle_type, reader.handle, &action->handle);
        return r;
}

int action_read_order(sd_bus_message *message, struct mailbox *mailbox,
                      struct cx_action **ret_action)
{
        cleanup_(cx_action_unrefp) struct cx_action *action = NULL;
        const char *uuid, *type;
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_STRUCT, "ssa{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(message, "ss", &uuid, &type);
        if (r < 0)
                return r;
        action = calloc(1, sizeof(*action));
        if (!action)
                return -ENOMEM;
        atomic_init(&action->n_ref, 1);
        atomic_init(&action->progress, ACTION_OPEN);
        action->is_order = true;
        action->deadline = USEC_INFINITY;
        action->type = action_type_from_string(type);
        r = uuid_parse_text(uuid, action->uuid);
        if (r < 0)
                return r;
        r = read_arguments(action, message);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        action->mailbox = mailbox_ref(mailbox);
        *ret_action = take_ptr(action);
        return 1;
}
