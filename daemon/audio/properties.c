/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an app's streams need to join their call.
 *
 * Never `node.dont-reconnect` (the session manager ends such a stream) and never
 * `node.autoconnect=false` (one such stream, and a session manager that is restarted links nothing
 * any more). `PIPEWIRE_NODE` would hold for playback and capture alike, so a process that does both
 * is not given it.
 */
#include "audio/audio.h"

#include <stdio.h>

#include "audio/names.h"

static void tell_stream(enum audio_property_group group, const char *node, const char *call,
                        audio_property_fn property_fn, void *userdata)
{
        property_fn(group, "target.object", node, userdata);
        property_fn(group, KEY_CALL_ID, call, userdata);
        property_fn(group, "media.role", "Communication", userdata);
}

int audio_stream_properties(struct audio *audio, const char *call, audio_property_fn property_fn,
                            void *userdata)
{
        char text[160];
        const char *sink;
        const char *source;
        int r;

        r = audio_get_nodes(audio, call, &sink, &source);
        if (r < 0)
                return r;
        tell_stream(AUDIO_PROPERTY_PLAYBACK, sink, call, property_fn, userdata);
        tell_stream(AUDIO_PROPERTY_CAPTURE, source, call, property_fn, userdata);
        property_fn(AUDIO_PROPERTY_ENVIRONMENT, "PULSE_SINK", sink, userdata);
        property_fn(AUDIO_PROPERTY_ENVIRONMENT, "PULSE_SOURCE", source, userdata);
        snprintf(text, sizeof(text), KEY_CALL_ID "=%s media.role=phone", call);
        property_fn(AUDIO_PROPERTY_ENVIRONMENT, "PULSE_PROP", text, userdata);
        snprintf(text, sizeof(text), "{ " KEY_CALL_ID "=%s media.role=Communication }", call);
        property_fn(AUDIO_PROPERTY_ENVIRONMENT, "PIPEWIRE_PROPS", text, userdata);
        return 0;
}
