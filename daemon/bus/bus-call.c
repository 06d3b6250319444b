/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.callsd.Call1: one call.
 *
 * Six properties are public; the others are EXPLICIT and announced by name only, so they are in no
 * broadcast, no GetAll and no InterfacesAdded, and Get is checked before it gets here. Each method
 * is one transaction.
 */
#include <errno.h>

#include "bus/bus-details.h"
#include "bus/bus-keepsake.h"
#include "bus/bus-object.h"
#include "bus/bus-request.h"

static int request_one(sd_bus_message *message, struct bus *bus, const struct action_args *args,
                       bool end_and_answer, sd_bus_error *error)
{
        const struct call *call = bus_get_call(bus, sd_bus_message_get_path(message));
        struct action_args action = *args;
        struct request request;

        action.call = call->id.text;
        request_init(bus, message, &request);
        request.actions = &action;
        request.n_actions = 1;
        request.end_and_answer = end_and_answer;
        return request_for_call(bus, message, call, REQUEST_PLAIN, &request, error);
}

static int request_special(sd_bus_message *message, struct bus *bus, enum request_how how,
                           sd_bus_error *error)
{
        const struct call *call = bus_get_call(bus, sd_bus_message_get_path(message));
        struct request request;

        request_init(bus, message, &request);
        return request_for_call(bus, message, call, how, &request, error);
}

static int method_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct action_args args = {.type = ACTION_ANSWER};

        return request_one(message, userdata, &args, false, error);
}

static int method_end_and_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct action_args args = {.type = ACTION_ANSWER};

        return request_one(message, userdata, &args, true, error);
}

static int method_end(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct action_args args = {.type = ACTION_END};

        return request_one(message, userdata, &args, false, error);
}

/* The model would end a call in any state; declining is for one that rings. */
static int method_decline(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct call *call = bus_get_call(userdata, sd_bus_message_get_path(message));
        struct action_args args = {.type = ACTION_END};
        int r = sd_bus_message_read_basic(message, 's', &args.message);

        if (r < 0)
                return r;
        if (call->state != CALL_STATE_RINGING)
                return bus_error_refuse(error, REFUSAL_REQUEST_INVALID_ACTION,
                                        "Call %s is %s; only a ringing call can be declined",
                                        call->id.text, call_state_to_string(call->state));
        return request_one(message, userdata, &args, false, error);
}

static int method_set_held(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct action_args args = {.type = ACTION_SET_HELD};
        int held, r = sd_bus_message_read_basic(message, 'b', &held);

        if (r < 0)
                return r;
        args.on = held;
        return request_one(message, userdata, &args, false, error);
}

static int method_swap(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return request_special(message, userdata, REQUEST_SWAP, error);
}

static int method_set_muted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct action_args args = {.type = ACTION_SET_MUTED};
        int muted, r = sd_bus_message_read_basic(message, 'b', &muted);

        if (r < 0)
                return r;
        args.on = muted;
        return request_one(message, userdata, &args, false, error);
}

/* The digits may be a PIN: no text of an error repeats them. */
static int check_digits(struct bus *bus, const char *digits, sd_bus_error *error)
{
        size_t limit = engine_get_limits(bus->engine)->dtmf_length;
        size_t n = strlen(digits);

        if (n == 0 || n > limit)
                return bus_error_invalid(error, "digits has %zu keys; it must have 1 to %zu", n,
                                         limit);
        if (strspn(digits, "0123456789*#ABCD") != n)
                return bus_error_invalid(error, "Key %zu of digits is none of 0-9 * # A-D",
                                         strspn(digits, "0123456789*#ABCD") + 1);
        return 0;
}

static int request_digits(sd_bus_message *message, struct bus *bus, const char *digits,
                          sd_bus_error *error)
{
        const struct call *call = bus_get_call(bus, sd_bus_message_get_path(message));
        size_t n = strlen(digits);
        cleanup_(freep) struct action_args *actions = calloc(n, sizeof(*actions));
        cleanup_(freep) char *keys = calloc(n, 2);
        struct request request;

        if (!actions || !keys)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                keys[2 * i] = digits[i];
                actions[i] = (struct action_args){
                        .type = ACTION_PLAY_DTMF,
                        .call = call->id.text,
                        .digits = &keys[2 * i],
                        .dtmf_type = DTMF_SINGLE_TONE,
                };
        }
        request_init(bus, message, &request);
        request.actions = actions;
        request.n_actions = n;
        return request_for_call(bus, message, call, REQUEST_PLAIN, &request, error);
}

static int method_play_dtmf(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *digits;
        int r;

        sd_bus_message_sensitive(message);
        r = sd_bus_message_read_basic(message, 's', &digits);
        if (r < 0)
                return r;
        r = check_digits(userdata, digits, error);
        return r < 0 ? r : request_digits(message, userdata, digits, error);
}

static int method_join(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct action_args args = {.type = ACTION_SET_GROUP};
        const char *path;
        struct uuid other;
        int r = sd_bus_message_read_basic(message, 'o', &path);

        if (r < 0)
                return r;
        if (!call_path_decode(path, &other))
                return bus_error_invalid(error, "call is \"%.64s\"; it must be the path of a call",
                                         path);
        args.other = other.text;
        return request_one(message, userdata, &args, false, error);
}

static int method_leave(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct action_args args = {.type = ACTION_SET_GROUP, .other = ""};

        return request_one(message, userdata, &args, false, error);
}

static int method_continue_post_dial(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return request_special(message, userdata, REQUEST_POST_DIAL, error);
}

static int method_cancel_post_dial(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = bus_get_call(bus, sd_bus_message_get_path(message));
        struct request request;

        request_init(bus, message, &request);
        return bus_finish(bus, message, error,
                          engine_cancel_post_dial(bus->engine, bus_now(), &request, call->id.text));
}

static int method_get_picture(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = bus_get_call(bus, sd_bus_message_get_path(message));
        cleanup_(closep) int fd = -1;
        int r = -ENOENT;

        if (call->picture != 0)
                r = keepsake_open_picture(bus, call->picture, &fd);
        if (r == -ENOENT)
                return bus_error_refuse(error, REFUSAL_WRONG_STATE, "Call %s has no picture",
                                        call->id.text);
        return r < 0 ? r : sd_bus_reply_method_return(message, "h", fd);
}

static int method_get_details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const struct call *call = bus_get_call(bus, sd_bus_message_get_path(message));
        cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        (void)error;
        if ((r = sd_bus_message_new_method_return(message, &reply)) < 0 ||
            (r = append_details(reply, bus, call)) < 0)
                return r;
        return sd_bus_send(bus->connection, reply, NULL);
}

static int get_property(sd_bus *connection, const char *path, const char *interface,
                        const char *property, sd_bus_message *reply, void *userdata,
                        sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void)connection, (void)interface, (void)error;
        return append_detail(reply, bus, bus_get_call(bus, path), property);
}

#define CONSTANT(name, type) \
        SD_BUS_PROPERTY(name, type, get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define PUBLIC(name, type) \
        SD_BUS_PROPERTY(name, type, get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define PRIVATE(name, type)                               \
        SD_BUS_PROPERTY(name, type, get_property, 0,      \
                        SD_BUS_VTABLE_PROPERTY_EXPLICIT | \
                                SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION)

const sd_bus_vtable call_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Answer", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_answer,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("EndAndAnswer", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_end_and_answer, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("End", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_end, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("Decline", SD_BUS_ARGS("s", message), SD_BUS_NO_RESULT,
                                method_decline, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("SetHeld", SD_BUS_ARGS("b", held), SD_BUS_NO_RESULT,
                                method_set_held, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("Swap", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_swap,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("SetMuted", SD_BUS_ARGS("b", muted), SD_BUS_NO_RESULT,
                                method_set_muted, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("PlayDTMF", SD_BUS_ARGS("s", digits), SD_BUS_NO_RESULT,
                                method_play_dtmf, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("Join", SD_BUS_ARGS("o", call), SD_BUS_NO_RESULT, method_join,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("Leave", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_leave,
                                CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("ContinuePostDial", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_continue_post_dial, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("CancelPostDial", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_cancel_post_dial, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetPicture", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", picture),
                                method_get_picture, CHECKED_BY_US),
        SD_BUS_METHOD_WITH_ARGS("GetDetails", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", details),
                                method_get_details, CHECKED_BY_US),
        CONSTANT("UUID", "s"),
        PUBLIC("State", "s"),
        CONSTANT("Outgoing", "b"),
        PUBLIC("OnHold", "b"),
        PUBLIC("HasConnected", "b"),
        PUBLIC("HasEnded", "b"),
        PRIVATE("Provider", "o"),
        PRIVATE("Account", "s"),
        PRIVATE("RemoteHandleType", "s"),
        PRIVATE("RemoteHandle", "s"),
        PRIVATE("LocalizedCallerName", "s"),
        PRIVATE("DisplayName", "s"),
        PRIVATE("Muted", "b"),
        PRIVATE("MuteEnforced", "b"),
        PRIVATE("Group", "s"),
        PRIVATE("HoldReason", "s"),
        PRIVATE("RemoteHeld", "b"),
        PRIVATE("Alerting", "b"),
        PRIVATE("EarlyMedia", "b"),
        PRIVATE("HasVideo", "b"),
        PRIVATE("Waiting", "b"),
        PRIVATE("AnswerPending", "b"),
        PRIVATE("Emergency", "b"),
        PRIVATE("Translating", "b"),
        PRIVATE("Reconnecting", "b"),
        PRIVATE("SupportsHolding", "b"),
        PRIVATE("SupportsGrouping", "b"),
        PRIVATE("SupportsUngrouping", "b"),
        PRIVATE("SupportsDTMF", "b"),
        PRIVATE("SupportsMuting", "b"),
        PRIVATE("Allowed", "as"),
        PRIVATE("PostDial", "s"),
        PRIVATE("StartedAt", "t"),
        PRIVATE("StartedAtBoottime", "t"),
        PRIVATE("ConnectedAt", "t"),
        PRIVATE("ConnectedAtBoottime", "t"),
        PRIVATE("EndedAt", "t"),
        PRIVATE("EndedAtBoottime", "t"),
        PRIVATE("EndedReason", "s"),
        PRIVATE("EndedCause", "s"),
        PRIVATE("EndedText", "s"),
        PRIVATE("StateOrigin", "s"),
        PRIVATE("Members", "aa{sv}"),
        SD_BUS_VTABLE_END,
};
