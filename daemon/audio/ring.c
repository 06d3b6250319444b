/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ringing; see ring.h. */
#include "audio/ring.h"

#include <errno.h>
#include <stdio.h>

#include "audio/audio-private.h"
#include "audio/route.h"
#include "util/log.h"

#define TONE_RATE 48000

/* ---- where ---- */

static bool is_named(struct audio *audio, const struct graph_node *node)
{
        const struct route *route = route_of_sink(audio, node);
        const char *kind = route ? route->kind : route_guess_kind(node->name, node->description);
        char *const *device = audio->config.ring_devices;

        for (; device && *device; device++) {
                if (streq(*device, node->name) || streq(*device, kind))
                        return true;
        }
        return false;
}

static void add_target(struct playback_targets *targets, const char *name)
{
        if (targets->n < PLAYBACK_TARGETS_MAX && strlen(name) < PLAYBACK_NAME_SIZE)
                memcpy(targets->names[targets->n++], name, strlen(name) + 1);
}

/* A ringtone is heard on the default device, as all sounds are, and on those that were named. */
static void ring_targets(struct ring *ring, struct playback_targets *ret_targets)
{
        const struct graph *graph = &ring->audio->graph;
        struct graph_node *node, *next;

        *ret_targets = (struct playback_targets){.n = 0};
        add_target(ret_targets, "");
        HASH_ITER (hh, graph->nodes, node, next) {
                if (streq(node->media_class, "Audio/Sink") && !node->doomed &&
                    graph_node_get_port(node, false, 0) &&
                    !streq(node->name, str_or_empty(graph->default_sink)) &&
                    is_named(ring->audio, node))
                        add_target(ret_targets, node->name);
        }
}

/* The speaker of a call, or the default device while none is heard. */
void ring_call_targets(struct audio *audio, struct playback_targets *ret_targets)
{
        const struct session *session = audio->sessions;
        const struct graph_node *speaker = NULL;

        while (session &&
               !(session_has_nodes_wish(session) && session->level == AUDIO_LEVEL_LINKED))
                session = session->hh.next;
        if (session && session->on_node != 0)
                speaker = graph_find_node_by_serial(&audio->graph, session->on_node);
        *ret_targets = (struct playback_targets){.n = 0};
        if (speaker && !streq(speaker->name, str_or_empty(audio->graph.default_sink)))
                add_target(ret_targets, speaker->name);
        else
                add_target(ret_targets, "");
}

static void find_targets(struct ring *ring, struct playback_targets *ret_targets)
{
        if (ring->mode == RING_WAITING)
                ring_call_targets(ring->audio, ret_targets);
        else
                ring_targets(ring, ret_targets);
}

/* ---- what ---- */

static void play(struct ring *ring, struct sound *sound)
{
        const struct audio_config *config = &ring->audio->config;
        struct playback_source source = {.sound = sound, .volume = 1.0f};
        struct playback_targets targets;

        /* The beep during a call is soft already, and is to be noticed at once. */
        if (ring->mode == RING_TONE) {
                source.volume = (float)config->ring_volume;
                source.fade_in = config->ring_fade_in;
        }
        if (!sound)
                tone_init(&source.tone, ring->mode == RING_WAITING ? TONE_WAITING : TONE_RING,
                          TONE_RATE);
        find_targets(ring, &targets);
        playback_play(&ring->playback, &source, &targets);
}

/* `sound` is "" for a descriptor, which has no name. */
static void warn(const struct ring *ring, const char *sound, const char *problem,
                 const char *instead)
{
        const struct log_context context = {.provider = ring->provider};
        const char *name = *sound ? sound : "that the app handed over";
        const char *quote = *sound ? "\"" : "";

        log_write(LOG_WARNING, &context,
                  "The ringtone %s%s%s cannot be played: %s. %s rings instead", quote, name, quote,
                  problem, instead);
}

#define BUILT_IN "The built-in tone"
#define THEME "The sound theme's"

static void stop_loading(struct ring *ring)
{
        struct timespec never = {0};

        if (ring->load)
                sound_load_cancel(ring->load);
        ring->load = NULL;
        pw_loop_update_timer(ring->loop, ring->timer, &never, NULL, false);
}

static void tell_problems(const struct ring *ring, const struct sound_loaded *loaded)
{
        const char *sound = ring->file_inode != 0 ? "" : str_or_empty(ring->sound);

        if (*loaded->problem)
                warn(ring, sound, loaded->problem, loaded->sound ? THEME : BUILT_IN);
        if (*loaded->theme_problem)
                warn(ring, "phone-incoming-call", loaded->theme_problem, BUILT_IN);
        if (loaded->sound)
                log_debug("a ringtone of %.1f s was decoded in %.1f ms",
                          (double)loaded->sound->n_frames / loaded->sound->rate,
                          (double)loaded->took / 1000);
}

static void on_loaded(struct sound_loaded *loaded, void *userdata)
{
        struct ring *ring = userdata;

        ring->load = NULL;
        stop_loading(ring);
        tell_problems(ring, loaded);
        play(ring, loaded->sound);
        sound_unref(loaded->sound);
}

static void on_load_timer(void *data, uint64_t count)
{
        struct ring *ring = data;

        (void)count;
        if (!ring->load)
                return;
        stop_loading(ring);
        warn(ring, ring->file_inode != 0 ? "" : str_or_empty(ring->sound),
             "it was not decoded within a second; a shorter file on a local disk is right",
             BUILT_IN);
        play(ring, NULL);
}

static void load(struct ring *ring, int fd)
{
        struct timespec within = {.tv_sec = RING_LOAD_WITHIN_S};
        int r;

        r = sound_load_start(ring->loop, str_or_empty(ring->sound), fd, on_loaded, ring,
                             &ring->load);
        if (r < 0) {
                log_warning("No thread to decode the ringtone: %s. The built-in tone rings instead",
                            strerror(-r));
                play(ring, NULL);
                return;
        }
        pw_loop_update_timer(ring->loop, ring->timer, &within, NULL, false);
}

/* ---- what the daemon asks ---- */

static void on_changed(void *userdata)
{
        struct ring *ring = userdata;

        audio_changed(ring->audio);
}

int ring_init(struct ring *ring, struct audio *audio, struct pw_loop *loop)
{
        *ring = (struct ring){.audio = audio, .loop = loop};
        ring->timer = pw_loop_add_timer(loop, on_load_timer, ring);
        if (!ring->timer)
                return -ENOMEM;
        return playback_init(&ring->playback, loop, "Ringtone", "callsd.ringtone", on_changed,
                             ring);
}

static void forget(struct ring *ring)
{
        ring->mode = RING_NONE;
        ring->file_device = 0;
        ring->file_inode = 0;
        free(ring->sound);
        free(ring->provider);
        ring->sound = ring->provider = NULL;
}

/* Also after ring_init() failed, or was not called. */
void ring_done(struct ring *ring)
{
        if (!ring->timer)
                return;
        stop_loading(ring);
        forget(ring);
        playback_done(&ring->playback);
        pw_loop_destroy_source(ring->loop, ring->timer);
        ring->timer = NULL;
}

static bool is_same(const struct ring *ring, const struct audio_ring *wish, const struct stat *file)
{
        if (ring->mode != wish->mode || wish->mode != RING_TONE)
                return ring->mode == wish->mode;
        if (file->st_ino != 0 || ring->file_inode != 0)
                return ring->file_inode == file->st_ino && ring->file_device == file->st_dev;
        return streq(str_or_empty(ring->sound), str_or_empty(wish->sound));
}

static char *copy_text(const char *text)
{
        char *copy = text && *text ? strdup(text) : NULL;

        if (text && *text && !copy)
                log_error("no memory for the name of a ringtone; the default one rings");
        return copy;
}

void ring_set(struct ring *ring, const struct audio_ring *wish)
{
        struct stat file = {0};

        if (wish->fd >= 0 && fstat(wish->fd, &file) < 0)
                file.st_ino = 0;
        if (is_same(ring, wish, &file))
                return;
        stop_loading(ring);
        playback_stop(&ring->playback);
        forget(ring);
        ring->mode = wish->mode;
        if (wish->mode == RING_TONE) {
                ring->sound = copy_text(wish->sound);
                ring->provider = copy_text(wish->provider);
                ring->file_inode = file.st_ino;
                ring->file_device = file.st_dev;
                load(ring, wish->fd);
        } else if (wish->mode == RING_WAITING) {
                play(ring, NULL);
        }
        audio_changed(ring->audio);
}

bool ring_is_on(const struct ring *ring)
{
        return ring->mode != RING_NONE && ring->playback.core &&
               (ring->load || playback_is_on(&ring->playback));
}

void ring_devices_changed(struct ring *ring)
{
        struct playback_targets targets;

        if (ring->mode == RING_NONE || ring->load)
                return;
        find_targets(ring, &targets);
        playback_move(&ring->playback, &targets);
}

void ring_connect(struct ring *ring, struct pw_core *core)
{
        playback_connect(&ring->playback, core);
}

void ring_disconnect(struct ring *ring)
{
        playback_disconnect(&ring->playback);
}
