/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon says and asks: the functions of audio.h apart from life and routes. */
#include "audio/audio.h"

#include <errno.h>
#include <stdlib.h>

#include "audio/audio-private.h"
#include "audio/route.h"
#include "audio/shared.h"
#include "util/log.h"

/* A call is not kept waiting for a link any longer than this. */
#define PATIENCE USEC_PER_SEC

static int replace_text(char **field, const char *text)
{
        char *copy;

        if (*field && streq(*field, str_or_empty(text)))
                return 0;
        copy = strdup(str_or_empty(text));
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int take_texts(struct session *session, const struct audio_wish *wish)
{
        int r;

        r = replace_text(&session->provider, wish->provider);
        if (r == 0)
                r = replace_text(&session->app_id, wish->app_id);
        if (r == 0)
                r = replace_text(&session->group, wish->group);
        return r;
}

static void take_wish(struct session *session, const struct audio_wish *wish)
{
        if (session->orphan)
                session->adopted = session_is_linked(session);
        session->orphan = false;
        session->level = wish->level;
        if (wish->level != AUDIO_LEVEL_GATED)
                session->gate_used = false;
        session->muted = wish->muted;
        session->serial = wish->serial;
        session->kind = wish->kind;
        session->pid = wish->pid;
        session->mix = wish->mix;
        session->own_echo_cancel = wish->own_echo_cancel;
        session->ready_due = true;
        session->ticket = 0;
        session->complete = false;
        session->patience = audio_now() + PATIENCE;
        if (wish->level == AUDIO_LEVEL_NONE) {
                free(session->route);
                session->route = NULL;
        }
        if (!wish->muted) {
                session->mic_barred = false;
                session->mute_fights = 0;
        }
}

int audio_set(struct audio *audio, const struct audio_wish *wish)
{
        struct session *session;
        int r;

        if (!wish->call || !names_is_call(wish->call))
                return -EINVAL;
        session = session_find(audio, wish->call);
        if (!session) {
                r = session_new(audio, wish->call, &session);
                if (r < 0)
                        return r;
        }
        r = take_texts(session, wish);
        if (r < 0)
                return r;
        take_wish(session, wish);
        if (wish->route && *wish->route)
                route_choose(session, wish->route);
        session_close(session);
        shared_update(audio, session->provider);
        session_touch(session);
        if (session->mix)
                session_touch_all(audio);
        audio->rescan = true;
        return 0;
}

int audio_get_found(struct audio *audio, const char *call, bool *ret_muted, bool *ret_linked)
{
        struct session *session = session_find(audio, call);

        if (audio->state == AUDIO_READING || !audio->server.tried)
                return -EAGAIN;
        if (!session || !session->orphan)
                return -ENOENT;
        *ret_muted = session->source.node ? session->source.node->mute : session->muted;
        *ret_linked = session_is_linked(session);
        return 0;
}

void audio_settle_orphans(struct audio *audio)
{
        struct session *session;
        struct session *next;

        audio->orphans_settled = true;
        HASH_ITER (hh, audio->sessions, session, next) {
                if (!session->orphan)
                        continue;
                log_write(LOG_INFO, &(struct log_context){.call = session->key},
                          "nobody claims the nodes %s and its like: they are closed",
                          session->sink.name);
                session->orphan = false;
                session->level = AUDIO_LEVEL_NONE;
                session_close(session);
                session_touch(session);
        }
        audio->rescan = true;
}

/* Getters */

int audio_get_nodes(struct audio *audio, const char *call, const char **ret_sink,
                    const char **ret_source)
{
        struct session *session = session_find(audio, call);

        if (!session || !session->nodes_told || !session_has_nodes_wish(session))
                return -ENOENT;
        *ret_sink = session->sink.name;
        *ret_source = session->source.name;
        return 0;
}

bool audio_is_linked(struct audio *audio, const char *call)
{
        struct session *session = session_find(audio, call);

        return session && session->level == AUDIO_LEVEL_LINKED && session_is_linked(session);
}

bool audio_is_available(const struct audio *audio)
{
        return audio->told_available;
}

void audio_set_ring(struct audio *audio, const struct audio_ring *ring)
{
        ring_set(&audio->ring, ring);
}

enum ring_mode audio_get_ring(const struct audio *audio)
{
        return audio->ring.mode;
}

bool audio_is_ringing(const struct audio *audio)
{
        return ring_is_on(&audio->ring);
}

void audio_set_ringback(struct audio *audio, bool on)
{
        feedback_set_ringback(&audio->feedback, on);
}

void audio_play_keys(struct audio *audio, const char *keys)
{
        feedback_play_keys(&audio->feedback, keys);
}
