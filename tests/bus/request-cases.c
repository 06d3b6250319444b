/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See request-cases.h. */
#include "bus/request-cases.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define INTERFACE_INFO "org.callsd.ProviderInfo1"

struct request_scene scene = {.sound = -1};

/* ---- an audio session that the test plays ---- */

static bool fake_available(void *userdata)
{
        (void)userdata;
        return true;
}

static bool fake_ringing(void *userdata)
{
        (void)userdata;
        return false;
}

static const char *fake_route(void *userdata)
{
        (void)userdata;
        return "speaker.node";
}

static bool fake_linked(const char *of, void *userdata)
{
        (void)of, (void)userdata;
        return true;
}

static void fake_routes(bus_route_fn route_fn, void *fn_userdata, void *userdata)
{
        const struct bus_route speaker = {"speaker.node", "speaker", "Speakers", true};
        const struct bus_route headset = {"headset.node", "headset", "A headset", false};

        (void)userdata;
        route_fn(&speaker, fn_userdata);
        route_fn(&headset, fn_userdata);
}

static int fake_set_route(const char *of, const char *id, void *userdata)
{
        (void)of, (void)id, (void)userdata;
        return 0;
}

static int fake_nodes(const char *of, const char **ret_sink, const char **ret_source,
                      void *userdata)
{
        (void)of, (void)userdata;
        *ret_sink = "the.sink";
        *ret_source = "the.source";
        return 0;
}

static int fake_streams(const char *of, bus_stream_fn stream_fn, void *fn_userdata, void *userdata)
{
        (void)of, (void)userdata;
        stream_fn(BUS_STREAM_PLAYBACK, "target.object", "the.sink", fn_userdata);
        stream_fn(BUS_STREAM_CAPTURE, "target.object", "the.source", fn_userdata);
        stream_fn(BUS_STREAM_ENVIRONMENT, "PULSE_SINK", "the.sink", fn_userdata);
        return 0;
}

static const char *const *fake_helpers(const char *identifier, void *userdata)
{
        static const char *const helpers[] = {"org.example.Nobody", "org.example.Helper", NULL};

        (void)identifier, (void)userdata;
        return helpers;
}

static void set_hooks(struct bus_hooks *hooks)
{
        hooks->audio_available = fake_available;
        hooks->audio_ringing = fake_ringing;
        hooks->audio_route = fake_route;
        hooks->audio_linked = fake_linked;
        hooks->audio_list_routes = fake_routes;
        hooks->audio_set_route = fake_set_route;
        hooks->audio_nodes = fake_nodes;
        hooks->audio_streams = fake_streams;
        hooks->push_helpers = fake_helpers;
}

void scene_start(void)
{
        struct limits limits;

        world_start(&scene.world);
        limits = *engine_get_limits(scene.world.daemon.engine);
        limits.ended_linger = USEC_PER_MSEC;
        engine_set_limits(scene.world.daemon.engine, &limits);
        set_hooks(&scene.world.daemon.bus->hooks);
        scene.app = world_add_peer(&scene.world);
        scene.user = world_add_peer(&scene.world);
        scene.sound = memfd_create("sound", MFD_CLOEXEC);
        ck_assert_int_ge(scene.sound, 0);
        ck_assert_int_eq(write(scene.sound, "RIFF", 4), 4);
}

void scene_stop(void)
{
        close(scene.sound);
        world_stop(&scene.world);
}

/* ---- states from which requests are made ---- */

static void report(const char *member, const char *uuid, const char *state)
{
        ck_assert_msg(peer_call(scene.app, scene.app->provider, INTERFACE_PROVIDER, member,
                                "sa{sv}", uuid, 1, "State", "s", state),
                      "%s", scene.app->text);
}

static void with_app(void)
{
        const char *path;

        ck_assert_msg(peer_call(scene.app, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider",
                                "a{sv}", 3, "Identifier", "s", "org.example.App",
                                "MaximumCallGroups", "u", 4, "SupportsAudioTranslation", "b", true),
                      "%s", scene.app->text);
        ck_assert_int_gt(sd_bus_message_read(scene.app->reply, "o", &path), 0);
        snprintf(scene.app->provider, sizeof(scene.app->provider), "%s", path);
}

/* It has the name from the first try on. */
static void with_helper(void)
{
        with_app();
        ck_assert_int_ge(sd_bus_request_name(scene.user->bus, "org.example.Helper", 0), -EALREADY);
}

static void with_ringing(void)
{
        with_app();
        peer_incoming(scene.app, scene.call, "sip:alice@example.org");
}

static void with_active(void)
{
        with_app();
        report("ReportCall", scene.call, "active");
}

static void with_two(void)
{
        with_app();
        report("ReportCall", scene.call, "held");
        report("ReportCall", scene.other, "active");
}

/* The user has asked for something, and the app has it. */
static void with_asked(const char *member, const char *types, bool on)
{
        size_t before = scene.app->n_actions;

        if (types)
                peer_send(scene.user, call_object(scene.call), INTERFACE_CALL, member, types, on);
        else
                peer_send(scene.user, call_object(scene.call), INTERFACE_CALL, member, NULL);
        peer_wait_actions(scene.app, before + 1);
        peer_forget(scene.user);
}

static void with_answer(void)
{
        with_ringing();
        with_asked("Answer", NULL, false);
}

static void with_hold(void)
{
        with_active();
        with_asked("SetHeld", "b", true);
}

static void with_transaction(void)
{
        with_active();
        ck_assert_msg(peer_call(scene.user, PATH_ROOT, INTERFACE_MANAGER, "RequestTransaction",
                                "a(sa{sv})a{sv}", 1, "set-held-call", 2, "Call", "s", scene.call,
                                "OnHold", "b", true, 0),
                      "%s", scene.user->text);
        peer_wait_actions(scene.app, 1);
}

static void with_nothing(void)
{
}

/* ---- requests ---- */

#define PROVIDER(...) peer_send(scene.app, scene.app->provider, INTERFACE_PROVIDER, __VA_ARGS__)
#define MANAGER(peer, ...) peer_send(peer, PATH_ROOT, INTERFACE_MANAGER, __VA_ARGS__)
#define CALL(...) peer_send(scene.user, call_object(scene.call), INTERFACE_CALL, __VA_ARGS__)
#define GET_ALL(path, interface) \
        peer_send(scene.user, path, INTERFACE_PROPERTIES, "GetAll", "s", interface)

/* clang-format off */
#define CONFIGURATION                                                                              \
        "Identifier", "s", "org.example.App", "MaximumCallGroups", "u", 4,                         \
        "SupportedHandleTypes", "as", 2, "generic", "phone-number",                                \
        "SupportedURISchemes", "as", 2, "sip", "tel", "LocalizedName", "s", "An app",             \
        "Icon", "s", "/icon.png", "RingtoneSound", "s", "/ring.oga",                              \
        "Accounts", "aa{sv}", 2,                                                                   \
                6, "Id", "s", "one", "Label", "s", "First", "State", "s", "registered",           \
                "HandleTypes", "as", 1, "generic", "URISchemes", "as", 1, "sip",                  \
                "Emergency", "b", true,                                                            \
                1, "Id", "s", "two"
/* clang-format on */

static void configured(void)
{
        with_app();
        ck_assert_msg(peer_call(scene.app, scene.app->provider, INTERFACE_PROVIDER,
                                "SetConfiguration", "a{sv}", 8, CONFIGURATION),
                      "%s", scene.app->text);
}

static void ask_register(void)
{
        MANAGER(scene.app, "RegisterProvider", "a{sv}", 8, CONFIGURATION);
}

static void ask_configure(void)
{
        PROVIDER("SetConfiguration", "a{sv}", 8, CONFIGURATION);
}

static void ask_configure_a_little(void)
{
        PROVIDER("SetConfiguration", "a{sv}", 1, "SupportsVideo", "b", true);
}

static void ask_configuration(void)
{
        PROVIDER("GetConfiguration", NULL);
}

static void ask_calls(void)
{
        PROVIDER("GetCalls", NULL);
}

static void ask_transactions(void)
{
        PROVIDER("GetPendingTransactions", NULL);
}

static void ask_actions(void)
{
        PROVIDER("GetPendingCallActions", "ss", "set-held-call", scene.call);
}

static void ask_streams(void)
{
        PROVIDER("GetStreamProperties", "s", scene.call);
}

static void ask_ringtone(void)
{
        PROVIDER("SetRingtone", "h", scene.sound);
}

static void ask_invalidate(void)
{
        PROVIDER("Invalidate", NULL);
}

static void ask_incoming(void)
{
        PROVIDER("ReportNewIncomingCall", "sa{sv}", scene.call, 7, "RemoteHandleType", "s",
                 "generic", "RemoteHandle", "s", "sip:alice@example.org", "LocalizedCallerName",
                 "s", "Alice", "Account", "s", "", "Audio", "s", "external", "PictureFD", "h",
                 scene.sound, "Members", "aa{sv}", 2, 3, "HandleType", "s", "generic", "Handle",
                 "s", "sip:bob", "Name", "s", "Bob", 1, "Active", "b", true);
}

static void ask_import(void)
{
        PROVIDER("ReportCall", "sa{sv}", scene.call, 5, "State", "s", "held", "Outgoing", "b", true,
                 "StartedAt", "t", (uint64_t)1, "GroupWith", "s", "", "RemoteHeld", "b", true);
}

static void ask_update(void)
{
        PROVIDER("ReportCallUpdated", "sa{sv}", scene.call, 3, "LocalizedCallerName", "s", "Alice",
                 "RemoteHandleType", "s", "generic", "RemoteHandle", "s", "sip:alice");
}

static void ask_state(void)
{
        PROVIDER("ReportCallState", "ssa{sv}", scene.call, "held", 2, "By", "s", "remote", "Date",
                 "t", (uint64_t)1);
}

static void ask_muted(void)
{
        PROVIDER("ReportCallMuted", "sba{sv}", scene.call, true, 1, "By", "s", "self");
}

static void ask_ended(void)
{
        PROVIDER("ReportCallEnded", "ssa{sv}", scene.call, "remote-ended", 2, "Cause", "s", "busy",
                 "Text", "s", "Bye");
}

static void ask_fulfil(void)
{
        PROVIDER("FulfillAction", "sa{sv}", scene.app->actions[0].id, 1, "Date", "t", (uint64_t)1);
}

static void ask_fail(void)
{
        PROVIDER("FailAction", "sa{sv}", scene.app->actions[0].id, 2, "Reason", "s", "no", "Cause",
                 "s", "media");
}

static void ask_request(void)
{
        MANAGER(scene.user, "RequestTransaction", "a(sa{sv})a{sv}", 4, "set-held-call", 2, "Call",
                "s", scene.call, "OnHold", "b", true, "set-muted-call", 2, "Call", "s", scene.call,
                "Muted", "b", true, "end-call", 2, "Call", "s", scene.call, "Message", "s", "Bye",
                "start-call", 4, "Provider", "s", "org.example.App", "Call", "s", scene.other,
                "HandleType", "s", "generic", "Handle", "s", "sip:bob", 3, "Origin", "s",
                "accessory", "TimeoutUSec", "t", (uint64_t)20 * USEC_PER_SEC, "MayEnd", "b", true);
}

static void ask_tones(void)
{
        MANAGER(scene.user, "RequestTransaction", "a(sa{sv})a{sv}", 2, "play-dtmf-call", 3, "Call",
                "s", scene.call, "Digits", "s", "1", "Type", "s", "single-tone",
                "set-translating-call", 4, "Call", "s", scene.call, "Translating", "b", true,
                "LocalLanguage", "s", "en", "RemoteLanguage", "s", "de", 0);
}

static void ask_start(void)
{
        MANAGER(scene.user, "StartCall", "sssa{sv}", "org.example.App", "generic", "sip:bob", 2,
                "Call", "s", scene.call, "Route", "s", "speaker.node");
}

static void ask_queue(void)
{
        MANAGER(scene.user, "ListPendingActions", NULL);
}

static void ask_silence(void)
{
        MANAGER(scene.user, "SilenceRinger", NULL);
}

static void ask_default(void)
{
        MANAGER(scene.user, "SetDefaultProvider", "ss", "sip", "org.example.App");
}

static void ask_push(void)
{
        MANAGER(scene.user, "ReportNewIncomingVoIPPushPayload", "sa{sv}", "org.example.App", 3,
                "From", "s", "Ada", "Body", "ay", 3, 1, 2, 3, "Deep", "(sav)", "x", 1, "u", 7);
}

static void ask_end(void)
{
        CALL("End", NULL);
}

static void ask_swap(void)
{
        CALL("Swap", NULL);
}

static void ask_join(void)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof(path), "%s", call_object(scene.other));
        CALL("Join", "o", path);
}

static void ask_decline(void)
{
        CALL("Decline", "s", "later");
}

static void ask_digits(void)
{
        CALL("PlayDTMF", "s", "1");
}

static void ask_details(void)
{
        CALL("GetDetails", NULL);
}

static void ask_call(void)
{
        GET_ALL(call_object(scene.call), INTERFACE_CALL);
}

static void ask_manager(void)
{
        GET_ALL(PATH_ROOT, INTERFACE_MANAGER);
}

static void ask_audio(void)
{
        GET_ALL(PATH_AUDIO, INTERFACE_AUDIO);
}

static void ask_accounts(void)
{
        peer_send(scene.user, scene.app->provider, INTERFACE_PROPERTIES, "Get", "ss",
                  INTERFACE_INFO, "Accounts");
}

static void ask_handle_types(void)
{
        peer_send(scene.user, scene.app->provider, INTERFACE_PROPERTIES, "Get", "ss",
                  INTERFACE_INFO, "SupportedHandleTypes");
}

static void ask_route(void)
{
        peer_send(scene.user, PATH_AUDIO, INTERFACE_AUDIO, "SetRoute", "s", "speaker.node");
}

static void ask_objects(void)
{
        peer_send(scene.user, PATH_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                  NULL);
}

const struct request_case REQUEST_CASES[] = {
        {"RegisterProvider", with_nothing, ask_register, true, false, NULL},
        {"SetConfiguration", with_app, ask_configure, true, false, NULL},
        {"SetConfiguration", with_app, ask_configure_a_little, true, false, NULL},
        {"GetConfiguration", configured, ask_configuration, true, false, NULL},
        {"GetCalls", with_two, ask_calls, true, false, NULL},
        {"GetPendingTransactions", with_hold, ask_transactions, true, false, NULL},
        {"GetPendingCallActions", with_hold, ask_actions, true, false, NULL},
        {"GetStreamProperties", with_active, ask_streams, true, false, NULL},
        {"SetRingtone", with_app, ask_ringtone, true, false, NULL},
        {"Invalidate", with_two, ask_invalidate, true, false, NULL},
        {"ReportNewIncomingCall", with_app, ask_incoming, true, false, NULL},
        {"ReportCall", with_app, ask_import, true, false, NULL},
        {"ReportCallUpdated", with_ringing, ask_update, true, false, NULL},
        {"ReportCallState", with_active, ask_state, true, false, NULL},
        {"ReportCallMuted", with_active, ask_muted, true, false, NULL},
        {"ReportCallEnded", with_two, ask_ended, true, false, NULL},
        {"FulfillAction", with_answer, ask_fulfil, true, false, "Answer"},
        {"FulfillAction", with_transaction, ask_fulfil, true, false, NULL},
        {"FailAction", with_answer, ask_fail, true, false, "Answer"},
        {"FailAction", with_hold, ask_fail, true, false, "SetHeld"},
        {"RequestTransaction", with_active, ask_request, false, false, NULL},
        {"RequestTransaction", with_active, ask_tones, false, false, NULL},
        {"StartCall", with_app, ask_start, false, false, NULL},
        {"ListPendingActions", with_hold, ask_queue, false, false, NULL},
        {"SilenceRinger", with_ringing, ask_silence, false, false, NULL},
        {"SetDefaultProvider", configured, ask_default, false, false, NULL},
        {"ReportNewIncomingVoIPPushPayload", with_helper, ask_push, false, false, NULL},
        {"End", with_active, ask_end, false, true, NULL},
        {"Swap", with_two, ask_swap, false, true, NULL},
        {"Join", with_two, ask_join, false, true, NULL},
        {"Decline", with_ringing, ask_decline, false, true, NULL},
        {"PlayDTMF", with_active, ask_digits, false, true, NULL},
        {"GetDetails", with_active, ask_details, false, false, NULL},
        {"GetAll", with_active, ask_call, false, false, NULL},
        {"GetAll", with_two, ask_manager, false, false, NULL},
        {"GetAll", with_active, ask_audio, false, false, NULL},
        {"Get", configured, ask_accounts, false, false, NULL},
        {"Get", configured, ask_handle_types, false, false, NULL},
        {"SetRoute", with_active, ask_route, false, false, NULL},
        {"GetManagedObjects", with_two, ask_objects, false, false, NULL},
};

const size_t N_REQUEST_CASES = ARRAY_SIZE(REQUEST_CASES);
