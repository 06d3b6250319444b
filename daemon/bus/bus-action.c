/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Actions on their way out: to the provider that performs them, and to whoever looks at the queue.
 *
 * To the provider goes everything; the queue that people look at never shows digits.
 */
#include "bus/bus-request.h"

#include <errno.h>

static int append_text(sd_bus_message *message, const char *key, const char *text)
{
        return sd_bus_message_append(message, "{sv}", key, "s", str_or_empty(text));
}

static int append_flag(sd_bus_message *message, const char *key, bool flag)
{
        return sd_bus_message_append(message, "{sv}", key, "b", (int)flag);
}

static int append_start(sd_bus_message *message, const struct action *action)
{
        const struct call *call = action->call;

        if (!call)
                return 0;
        return sd_bus_message_append(message, "{sv}{sv}{sv}{sv}{sv}{sv}", "Provider", "s",
                                     str_or_empty(call->provider->config.identifier), "HandleType",
                                     "s", handle_type_to_string(call->handle_type), "Handle", "s",
                                     call->handle, "ContactIdentifier", "s", call->contact,
                                     "Account", "s", call->account, "Video", "b",
                                     (int)action->video);
}

static int append_end(sd_bus_message *message, const struct action *action)
{
        int r = append_text(message, "Reason", decline_reason_to_string(action->decline_reason));

        return r < 0 ? r : append_text(message, "Message", action->text);
}

static int append_dtmf(sd_bus_message *message, const struct action *action)
{
        int r = append_text(message, "Type", dtmf_type_to_string(action->dtmf_type));

        return r < 0 ? r : append_text(message, "Digits", action->text);
}

static int append_languages(sd_bus_message *message, const struct action *action)
{
        int r = append_text(message, "LocalLanguage", action->text);

        return r < 0 ? r : append_text(message, "RemoteLanguage", action->text2);
}

/* What people may see in the queue. */
static int append_shown_arguments(sd_bus_message *message, const struct action *action)
{
        switch (action->type) {
        case ACTION_SET_HELD:
                return append_flag(message, "OnHold", action->on);
        case ACTION_SET_MUTED:
                return append_flag(message, "Muted", action->on);
        case ACTION_SET_GROUP:
                return append_text(message, "CallToGroupWith", action->other.text);
        case ACTION_SET_TRANSLATING:
                return append_flag(message, "Translating", action->on);
        case ACTION_START:
        case ACTION_ANSWER:
        case ACTION_END:
        case ACTION_PLAY_DTMF:
        case ACTION_TYPE_MAX_:
                return 0;
        }
        return 0;
}

static int append_other_arguments(sd_bus_message *message, const struct action *action)
{
        switch (action->type) {
        case ACTION_START:
                return append_start(message, action);
        case ACTION_ANSWER:
                return append_flag(message, "Video", action->video);
        case ACTION_END:
                return append_end(message, action);
        case ACTION_PLAY_DTMF:
                return append_dtmf(message, action);
        case ACTION_SET_TRANSLATING:
                return append_languages(message, action);
        case ACTION_SET_HELD:
        case ACTION_SET_MUTED:
        case ACTION_SET_GROUP:
        case ACTION_TYPE_MAX_:
                return 0;
        }
        return 0;
}

/* 0 while it is not running. */
static usec_t deadline_of(const struct action *action)
{
        return deadline_is_armed(&action->deadline) ? action->deadline.at : 0;
}

int append_action(sd_bus_message *message, const struct action *action)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'r', "ssa{sv}")) < 0 ||
            (r = sd_bus_message_append(message, "ss", action->id.text,
                                       action_type_to_string(action->type))) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = append_text(message, "Call", action->call_id.text)) < 0 ||
            (r = append_other_arguments(message, action)) < 0 ||
            (r = append_shown_arguments(message, action)) < 0 ||
            (r = append_text(message, "Origin", origin_to_string(action->origin))) < 0 ||
            (r = sd_bus_message_append(message, "{sv}", "DeadlineUSec", "t",
                                       (uint64_t)deadline_of(action))) < 0 ||
            (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

int append_pending_action(sd_bus_message *message, const struct action *action)
{
        const char *provider = action->call ? action->call->provider->config.identifier : NULL;
        bool delivered = action->state == ACTION_DELIVERED;
        int r;

        if ((r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = append_text(message, "Action", action->id.text)) < 0 ||
            (r = append_text(message, "Transaction", action->transaction->id.text)) < 0 ||
            (r = append_text(message, "Type", action_type_to_string(action->type))) < 0 ||
            (r = append_text(message, "Call", action->call_id.text)) < 0 ||
            (r = append_text(message, "Provider", provider)) < 0 ||
            (r = append_text(message, "Origin", origin_to_string(action->origin))) < 0 ||
            (r = append_text(message, "State", delivered ? "delivered" : "queued")) < 0 ||
            (r = append_shown_arguments(message, action)) < 0 ||
            (r = sd_bus_message_append(message, "{sv}", "DeadlineUSec", "t",
                                       (uint64_t)deadline_of(action))) < 0)
                return r;
        return sd_bus_message_close_container(message);
}
