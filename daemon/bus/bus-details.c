/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The properties of a call, one by one and all at once.
 *
 * One table has them all, so Get, GetDetails and GetCalls can't disagree.
 */
#include "bus/bus-details.h"

#include <errno.h>
#include <stdio.h>

#include "bus/bus-object.h"
#include "bus/bus-update.h"

typedef int (*append_fn)(sd_bus_message *message, struct bus *bus, const struct call *call);

#define DEFINE_TEXT(name, expression)                                                       \
        static int append_##name(sd_bus_message *message, struct bus *bus,                  \
                                 const struct call *call)                                   \
        {                                                                                   \
                (void)bus;                                                                  \
                return sd_bus_message_append_basic(message, 's', str_or_empty(expression)); \
        }                                                                                   \
        struct cleanup_semicolon_

#define DEFINE_FLAG(name, expression)                                          \
        static int append_##name(sd_bus_message *message, struct bus *bus,     \
                                 const struct call *call)                      \
        {                                                                      \
                (void)bus;                                                     \
                return sd_bus_message_append(message, "b", (int)(expression)); \
        }                                                                      \
        struct cleanup_semicolon_

#define DEFINE_USEC(name, expression)                                               \
        static int append_##name(sd_bus_message *message, struct bus *bus,          \
                                 const struct call *call)                           \
        {                                                                           \
                (void)bus;                                                          \
                return sd_bus_message_append(message, "t", (uint64_t)(expression)); \
        }                                                                           \
        struct cleanup_semicolon_

static bool supports(const struct call *call, enum call_capability capability)
{
        return (call->capabilities & (unsigned)capability) != 0;
}

/* The directory's label will come between the two. */
static const char *display_name(const struct call *call)
{
        return *call->name ? call->name : call->handle;
}

/* An incoming call starts with its report. */
static const struct call_date *started(const struct call *call)
{
        return call->started_at.realtime != 0 ? &call->started_at : &call->reported_at;
}

DEFINE_TEXT(uuid, call->id.text);
DEFINE_TEXT(state, call_state_to_string(call->state));
DEFINE_FLAG(outgoing, call->outgoing);
DEFINE_FLAG(on_hold, call->state == CALL_STATE_HELD);
DEFINE_FLAG(has_connected, call->connected_at.boottime != 0 || call->connected_at.realtime != 0);
DEFINE_FLAG(has_ended, call->state == CALL_STATE_ENDED);
DEFINE_TEXT(account, call->account);
DEFINE_TEXT(handle_type, handle_type_to_string(call->handle_type));
DEFINE_TEXT(handle, call->handle);
DEFINE_TEXT(caller_name, call->name);
DEFINE_TEXT(display_name, display_name(call));
DEFINE_FLAG(muted, call->muted);
DEFINE_FLAG(mute_enforced,
            call->audio == CALL_AUDIO_STREAMS && engine_audio_is_available(bus->engine));
DEFINE_TEXT(hold_reason, hold_reason_to_string(call->hold_reason));
DEFINE_FLAG(remote_held, call->remote_held);
DEFINE_FLAG(alerting, call->alerting);
DEFINE_FLAG(early_media, call->early_media);
DEFINE_FLAG(has_video, call->video);
DEFINE_FLAG(waiting, call->waiting);
DEFINE_FLAG(answer_pending, call->answer_pending);
DEFINE_FLAG(emergency, call->emergency);
DEFINE_FLAG(translating, call->translating);
DEFINE_FLAG(reconnecting, call->reconnecting);
DEFINE_FLAG(supports_holding, supports(call, CALL_SUPPORTS_HOLDING));
DEFINE_FLAG(supports_grouping, supports(call, CALL_SUPPORTS_GROUPING));
DEFINE_FLAG(supports_ungrouping, supports(call, CALL_SUPPORTS_UNGROUPING));
DEFINE_FLAG(supports_dtmf, supports(call, CALL_SUPPORTS_DTMF));
DEFINE_FLAG(supports_muting, supports(call, CALL_SUPPORTS_MUTING));
DEFINE_TEXT(post_dial, call->post_dial_waits ? call->post_dial : "");
DEFINE_USEC(started_at, started(call)->realtime);
DEFINE_USEC(started_at_boottime, started(call)->boottime);
DEFINE_USEC(connected_at, call->connected_at.realtime);
DEFINE_USEC(connected_at_boottime, call->connected_at.boottime);
DEFINE_USEC(ended_at, call->ended_at.realtime);
DEFINE_USEC(ended_at_boottime, call->ended_at.boottime);
DEFINE_TEXT(ended_reason, ended_reason_to_string(call->ended_reason));
DEFINE_TEXT(ended_cause, ended_cause_to_string(call->ended_cause));
DEFINE_TEXT(ended_text, call->ended_text);
DEFINE_TEXT(state_origin, origin_to_string(call->state_origin));

static int append_provider(sd_bus_message *message, struct bus *bus, const struct call *call)
{
        char path[PATH_SIZE];

        (void)bus;
        return sd_bus_message_append_basic(message, 'o',
                                           provider_path(call->provider->number, path));
}

static int append_group(sd_bus_message *message, struct bus *bus, const struct call *call)
{
        char group[32] = "";

        (void)bus;
        if (call->group != 0)
                snprintf(group, sizeof(group), "g%llu", (unsigned long long)call->group);
        return sd_bus_message_append_basic(message, 's', group);
}

static int append_allowed(sd_bus_message *message, struct bus *bus, const struct call *call)
{
        int r = sd_bus_message_open_container(message, 'a', "s");

        (void)bus;
        for (unsigned bit = 1; bit < CALL_ALLOWED_MAX_ && r >= 0; bit <<= 1)
                if (call->allowed & bit)
                        r = sd_bus_message_append_basic(
                                message, 's', call_allowed_to_string((enum call_allowed)bit));
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_call_members(sd_bus_message *message, struct bus *bus, const struct call *call)
{
        (void)bus;
        return append_members(message, call);
}

static const struct detail {
        const char *name;
        const char *type;
        append_fn append;
} details[] = {
        {"UUID", "s", append_uuid},
        {"State", "s", append_state},
        {"Outgoing", "b", append_outgoing},
        {"OnHold", "b", append_on_hold},
        {"HasConnected", "b", append_has_connected},
        {"HasEnded", "b", append_has_ended},
        {"Provider", "o", append_provider},
        {"Account", "s", append_account},
        {"RemoteHandleType", "s", append_handle_type},
        {"RemoteHandle", "s", append_handle},
        {"LocalizedCallerName", "s", append_caller_name},
        {"DisplayName", "s", append_display_name},
        {"Muted", "b", append_muted},
        {"MuteEnforced", "b", append_mute_enforced},
        {"Group", "s", append_group},
        {"HoldReason", "s", append_hold_reason},
        {"RemoteHeld", "b", append_remote_held},
        {"Alerting", "b", append_alerting},
        {"EarlyMedia", "b", append_early_media},
        {"HasVideo", "b", append_has_video},
        {"Waiting", "b", append_waiting},
        {"AnswerPending", "b", append_answer_pending},
        {"Emergency", "b", append_emergency},
        {"Translating", "b", append_translating},
        {"Reconnecting", "b", append_reconnecting},
        {"SupportsHolding", "b", append_supports_holding},
        {"SupportsGrouping", "b", append_supports_grouping},
        {"SupportsUngrouping", "b", append_supports_ungrouping},
        {"SupportsDTMF", "b", append_supports_dtmf},
        {"SupportsMuting", "b", append_supports_muting},
        {"Allowed", "as", append_allowed},
        {"PostDial", "s", append_post_dial},
        {"StartedAt", "t", append_started_at},
        {"StartedAtBoottime", "t", append_started_at_boottime},
        {"ConnectedAt", "t", append_connected_at},
        {"ConnectedAtBoottime", "t", append_connected_at_boottime},
        {"EndedAt", "t", append_ended_at},
        {"EndedAtBoottime", "t", append_ended_at_boottime},
        {"EndedReason", "s", append_ended_reason},
        {"EndedCause", "s", append_ended_cause},
        {"EndedText", "s", append_ended_text},
        {"StateOrigin", "s", append_state_origin},
        {"Members", "aa{sv}", append_call_members},
};

int append_detail(sd_bus_message *message, struct bus *bus, const struct call *call,
                  const char *property)
{
        for (size_t i = 0; i < ARRAY_SIZE(details); i++)
                if (streq(details[i].name, property))
                        return details[i].append(message, bus, call);
        return -EINVAL;
}

static int append_entry(sd_bus_message *message, struct bus *bus, const struct call *call,
                        const struct detail *detail)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append_basic(message, 's', detail->name)) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', detail->type)) < 0 ||
            (r = detail->append(message, bus, call)) < 0 ||
            (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

int append_details(sd_bus_message *message, struct bus *bus, const struct call *call)
{
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        for (size_t i = 0; i < ARRAY_SIZE(details) && r >= 0; i++)
                r = append_entry(message, bus, call, &details[i]);
        return r < 0 ? r : sd_bus_message_close_container(message);
}
