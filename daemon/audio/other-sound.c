/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of other sound while a call is heard; see other-sound.h. */
#include "audio/other-sound.h"

#include <math.h>

#include "audio/audio-private.h"

#define ENDS_AFTER (500 * USEC_PER_MSEC)

/* A call whose sound is not in our hands disturbs and is disturbed all the same. */
static bool is_heard(struct audio *audio)
{
        struct session *session;
        struct session *next;

        HASH_ITER (hh, audio->sessions, session, next) {
                if (!session->shared && !session->orphan && session->kind != CALL_AUDIO_NONE &&
                    session->level == AUDIO_LEVEL_LINKED)
                        return true;
        }
        return false;
}

/* Calls of an earlier callsd that go on and will be imported at any moment: what it has done to
 * other sound stays until then. */
static bool is_left_behind(struct audio *audio)
{
        struct session *session;
        struct session *next;

        HASH_ITER (hh, audio->sessions, session, next) {
                if (session->orphan && session_is_linked(session))
                        return true;
        }
        return false;
}

static enum duck_mode find_mode(struct other_sound *other)
{
        if (is_heard(other->audio)) {
                other->heard = true;
                other->ends_at = 0;
                return DUCK_ALL;
        }
        if (other->heard) {
                other->heard = false;
                other->ends_at = audio_now() + ENDS_AFTER;
                sd_event_source_set_time(other->timer, other->ends_at);
                sd_event_source_set_enabled(other->timer, SD_EVENT_ONESHOT);
        }
        if (other->ends_at > audio_now() || is_left_behind(other->audio))
                return DUCK_KEEP;
        return DUCK_UNDO;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct other_sound *other = userdata;

        (void)source, (void)usec;
        audio_wake(other->audio);
        return 0;
}

void other_sound_reconcile(struct other_sound *other)
{
        const struct audio_config *config = &other->audio->config;
        enum duck_mode mode = find_mode(other);
        bool pauses = config->other_media == OTHER_MEDIA_PAUSE ||
                      config->other_media == OTHER_MEDIA_PAUSE_THEN_DUCK;
        bool ducks = config->other_media == OTHER_MEDIA_DUCK ||
                     config->other_media == OTHER_MEDIA_PAUSE_THEN_DUCK;

        if (mode == DUCK_UNDO || !pauses)
                media_players_resume(&other->players);
        else if (mode == DUCK_ALL)
                media_players_pause(&other->players);
        if (other->audio->state == AUDIO_ON)
                duck_reconcile(&other->duck, ducks ? mode : DUCK_UNDO,
                               pow(10, config->duck_volume / 20));
}

int other_sound_init(struct other_sound *other, struct audio *audio)
{
        int r;

        *other = (struct other_sound){.audio = audio};
        r = sd_event_add_time(audio->event, &other->timer, CLOCK_MONOTONIC, 0, 1, on_timer, other);
        if (r < 0)
                return r;
        sd_event_source_set_enabled(other->timer, SD_EVENT_OFF);
        r = media_players_init(&other->players, audio->event, &audio->journal);
        return r < 0 ? r : duck_init(&other->duck, audio);
}

void other_sound_done(struct other_sound *other)
{
        duck_done(&other->duck);
        media_players_done(&other->players);
        other->timer = sd_event_source_disable_unref(other->timer);
}
