/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Feedback tones; see feedback.h. */
#include "audio/feedback.h"

#include "audio/audio-private.h"

#define TONE_RATE 48000

static bool is_asked_for(const struct feedback *feedback)
{
        return feedback->audio->config.play_feedback_tones;
}

static void play(struct feedback *feedback, const struct tone *tone)
{
        const struct playback_source source = {.tone = *tone, .volume = 1.0f};
        struct playback_targets targets;

        ring_call_targets(feedback->audio, &targets);
        playback_play(&feedback->playback, &source, &targets);
}

static void settle(struct feedback *feedback)
{
        struct tone tone;

        if (feedback->keys)
                return;
        if (!feedback->ringback || !is_asked_for(feedback)) {
                playback_stop(&feedback->playback);
        } else if (!feedback->playback.wanted) {
                tone_init(&tone, TONE_RINGBACK, TONE_RATE);
                play(feedback, &tone);
        }
}

/* Keys come to an end by themselves. */
static void on_changed(void *userdata)
{
        struct feedback *feedback = userdata;

        if (!feedback->keys || feedback->playback.wanted)
                return;
        feedback->keys = false;
        audio_changed(feedback->audio);
}

int feedback_init(struct feedback *feedback, struct audio *audio, struct pw_loop *loop)
{
        *feedback = (struct feedback){.audio = audio};
        return playback_init(&feedback->playback, loop, "Feedback", "callsd.feedback", on_changed,
                             feedback);
}

void feedback_done(struct feedback *feedback)
{
        if (feedback->playback.loop)
                playback_done(&feedback->playback);
}

void feedback_set_ringback(struct feedback *feedback, bool on)
{
        if (feedback->ringback == on)
                return;
        feedback->ringback = on;
        settle(feedback);
}

void feedback_play_keys(struct feedback *feedback, const char *keys)
{
        struct tone tone;

        /* Without a device nobody would end them. */
        if (!is_asked_for(feedback) || !feedback->playback.core)
                return;
        tone_init_keys(&tone, keys, TONE_RATE);
        if (tone.length == 0)
                return;
        feedback->keys = true;
        play(feedback, &tone);
}

void feedback_update(struct feedback *feedback)
{
        struct playback_targets targets;

        settle(feedback);
        if (!feedback->playback.wanted)
                return;
        ring_call_targets(feedback->audio, &targets);
        playback_move(&feedback->playback, &targets);
}

void feedback_connect(struct feedback *feedback, struct pw_core *core)
{
        playback_connect(&feedback->playback, core);
}

void feedback_disconnect(struct feedback *feedback)
{
        playback_disconnect(&feedback->playback);
        /* Keys are not made up for. */
        if (feedback->keys)
                playback_stop(&feedback->playback);
        feedback->keys = false;
}
