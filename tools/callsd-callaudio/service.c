/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The object that clients see: three methods, three properties, as in callaudiod.
 *
 * Clients keep copies of the properties (GDBus proxies), so each change is announced, and before
 * the reply to the call that caused it. Every call gets its reply, also when nothing had to change:
 * clients wait for it and stand still meanwhile.
 */
#include "facade.h"

static int method_select_mode(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct facade *facade = userdata;
        uint32_t mode;
        int r = sd_bus_message_read_basic(message, 'u', &mode);

        if (r < 0)
                return r;
        if (mode > 1)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "mode is %u; it must be 0 (no call) or 1 (call)", mode);
        r = claim_set(facade, message, mode == 1);
        return r < 0 ? r : service_reply(facade, message, true);
}

static int method_enable_speaker(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        int enable, r = sd_bus_message_read_basic(message, 'b', &enable);

        (void)error;
        return r < 0 ? r : route_enable_speaker(userdata, message, enable);
}

static int method_mute_mic(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        int mute, r = sd_bus_message_read_basic(message, 'b', &mute);

        (void)error;
        return r < 0 ? r : calls_mute(userdata, message, mute);
}

#define PROPERTY(name, member)                                            \
        SD_BUS_PROPERTY(name, "u", NULL, offsetof(struct facade, member), \
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("SelectMode", SD_BUS_ARGS("u", mode), SD_BUS_RESULT("b", success),
                                method_select_mode, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("EnableSpeaker", SD_BUS_ARGS("b", enable),
                                SD_BUS_RESULT("b", success), method_enable_speaker,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("MuteMic", SD_BUS_ARGS("b", mute), SD_BUS_RESULT("b", success),
                                method_mute_mic, SD_BUS_VTABLE_UNPRIVILEGED),
        PROPERTY("AudioMode", audio_mode),
        PROPERTY("SpeakerState", speaker_state),
        PROPERTY("MicState", mic_state),
        SD_BUS_VTABLE_END,
};

int service_init(struct facade *facade)
{
        return sd_bus_add_object_vtable(facade->bus, NULL, CALLAUDIO_PATH, CALLAUDIO_NAME, vtable,
                                        facade);
}

static uint32_t speaker_state(const struct facade *facade)
{
        if (facade->speaker_wish != NO_WISH)
                return (uint32_t)facade->speaker_wish;
        if (!facade->routes_known)
                return STATE_UNKNOWN;
        return route_is_speaker(facade);
}

/* 1 is an open microphone: the state of the microphone, not of the mute. */
static uint32_t mic_state(struct facade *facade)
{
        if (facade->mute_wish != NO_WISH)
                return !facade->mute_wish;
        if (!calls_reachable(facade))
                return STATE_UNKNOWN;
        return !calls_all_muted(facade);
}

static void change(struct facade *facade, uint32_t *state, uint32_t now, const char *property)
{
        if (*state == now)
                return;
        *state = now;
        (void)sd_bus_emit_properties_changed(facade->bus, CALLAUDIO_PATH, CALLAUDIO_NAME, property,
                                             NULL);
}

void service_update(struct facade *facade)
{
        bool in_call = claim_exists(facade) || calls_any_current(facade);

        change(facade, &facade->audio_mode, in_call, "AudioMode");
        change(facade, &facade->speaker_state, speaker_state(facade), "SpeakerState");
        change(facade, &facade->mic_state, mic_state(facade), "MicState");
}

int service_reply(struct facade *facade, sd_bus_message *message, bool success)
{
        service_update(facade);
        return sd_bus_reply_method_return(message, "b", (int)success);
}
