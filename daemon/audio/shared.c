/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session of a provider whose streams serve several of its calls; see shared.h. */
#include "audio/shared.h"

#include <stdio.h>

#include "audio/audio-private.h"

static int make_key(const char *provider, char key[NAMES_KEY_SIZE])
{
        int n = snprintf(key, NAMES_KEY_SIZE, NAMES_SHARED "%s", provider);

        return n < 0 || n >= NAMES_KEY_SIZE ? -1 : 0;
}

struct session *shared_find(struct audio *audio, const char *provider)
{
        char key[NAMES_KEY_SIZE];

        return make_key(provider, key) < 0 ? NULL : session_find(audio, key);
}

struct session *shared_get(struct audio *audio, const char *provider)
{
        struct session *session = shared_find(audio, provider);
        char key[NAMES_KEY_SIZE];

        if (!session) {
                if (make_key(provider, key) < 0 || session_new(audio, key, &session) < 0)
                        return NULL;
                session->kind = CALL_AUDIO_STREAMS;
        }
        shared_update(audio, provider);
        return session;
}

static void add_up(struct audio *audio, const char *provider, enum audio_level *ret_level,
                   bool *ret_muted)
{
        enum audio_level level = AUDIO_LEVEL_NONE;
        struct session *session;
        struct session *next;
        bool muted = true;

        HASH_ITER (hh, audio->sessions, session, next) {
                if (session->shared || !session_has_nodes_wish(session) ||
                    !streq(session->provider, provider))
                        continue;
                if (session->level > level)
                        level = session->level;
                if (session->level == AUDIO_LEVEL_LINKED && !session->muted)
                        muted = false;
        }
        *ret_level = level;
        *ret_muted = level == AUDIO_LEVEL_LINKED && muted;
}

void shared_update(struct audio *audio, const char *provider)
{
        struct session *session = shared_find(audio, provider);

        if (!session)
                return;
        session->orphan = false;
        session->kind = CALL_AUDIO_STREAMS;
        add_up(audio, provider, &session->level, &session->muted);
        if (!session->muted) {
                session->mic_barred = false;
                session->mute_fights = 0;
        }
        session_close(session);
        session_touch(session);
}
