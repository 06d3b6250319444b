/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our own sounds on devices; see playback.h. */
#include "audio/playback.h"

#include <errno.h>

#include <spa/param/audio/format-utils.h>
#include <utlist.h>

#include "util/log.h"

#define TONE_RATE 48000
#define FADE_MS 10

/* A device that has just come is not always known to the session manager yet. */
#define RETRIES_MAX 5
#define RETRY_AFTER (200 * USEC_PER_MSEC)

/* One stream on one device. */
struct player {
        struct player *prev, *next;
        struct playback *playback;
        struct pw_stream *stream; /* NULL: it failed */
        struct spa_hook listener;
        uint64_t serial;
        char target[PLAYBACK_NAME_SIZE];
        usec_t stop_by; /* 0: it goes on */
        bool failed;    /* told by the stream, from the loop */
        unsigned tries; /* after a failure */
        usec_t retry_at;

        /* The data thread's, apart from the atomics. */
        struct playback_source source;
        size_t position; /* in frames of the sound */
        float gain;
        float gain_in;  /* per frame, while the sound comes */
        float gain_out; /* and while it goes */
        atomic_bool stop;
        atomic_bool over; /* silent, and stays so */
};

static void reconcile(struct playback *playback);

static usec_t now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (usec_t)time.tv_sec * USEC_PER_SEC + (usec_t)time.tv_nsec / 1000;
}

static unsigned source_rate(const struct playback_source *source)
{
        return source->sound ? source->sound->rate : TONE_RATE;
}

static unsigned source_channels(const struct playback_source *source)
{
        return source->sound ? source->sound->channels : 1;
}

/* ---- in the data thread: no locks, no memory, no calls into the daemon ---- */

static void render_sound(struct player *player, float *samples, unsigned n)
{
        const struct sound *sound = player->source.sound;

        while (n > 0) {
                size_t left = sound->n_frames - player->position;
                size_t frames = left < n ? left : n;

                memcpy(samples, sound->samples + player->position * sound->channels,
                       frames * sound->channels * sizeof(float));
                samples += frames * sound->channels;
                n -= (unsigned)frames;
                player->position = (player->position + frames) % sound->n_frames;
        }
}

static void fade(struct player *player, float *samples, unsigned n, unsigned channels, bool stop)
{
        for (unsigned i = 0; i < n; i++) {
                if (stop)
                        player->gain = SPA_MAX(player->gain - player->gain_out, 0.0f);
                else
                        player->gain = SPA_MIN(player->gain + player->gain_in, 1.0f);
                for (unsigned channel = 0; channel < channels; channel++)
                        *samples++ *= player->gain * player->source.volume;
        }
}

static void tell_over(struct player *player)
{
        if (!atomic_exchange(&player->over, true))
                pw_loop_signal_event(player->playback->loop, player->playback->wake);
}

static void render(struct player *player, float *samples, unsigned n)
{
        bool stop = atomic_load_explicit(&player->stop, memory_order_relaxed);
        bool more = true;

        if (player->source.sound)
                render_sound(player, samples, n);
        else
                more = tone_render(&player->source.tone, samples, n);
        fade(player, samples, n, source_channels(&player->source), stop);
        if (!more || (stop && player->gain <= 0.0f))
                tell_over(player);
}

static void on_process(void *data)
{
        struct player *player = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(player->stream);
        unsigned stride = source_channels(&player->source) * (unsigned)sizeof(float);
        struct spa_data *plane;
        unsigned n;

        if (!buffer)
                return;
        plane = &buffer->buffer->datas[0];
        if (plane->data) {
                n = plane->maxsize / stride;
                if (buffer->requested && buffer->requested < n)
                        n = (unsigned)buffer->requested;
                render(player, plane->data, n);
                plane->chunk->offset = 0;
                plane->chunk->stride = (int32_t)stride;
                plane->chunk->size = n * stride;
        }
        pw_stream_queue_buffer(player->stream, buffer);
}

/* ---- in the loop ---- */

/* A stream cannot be dropped inside of its own event. */
static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        struct player *player = data;

        (void)old;
        if (state == PW_STREAM_STATE_ERROR) {
                log_info("%s does not play on %s: %s", player->playback->name,
                         *player->target ? player->target : "the default device",
                         str_or_empty(error));
                player->failed = true;
        } else if (state == PW_STREAM_STATE_STREAMING || player->stop_by == 0) {
                return;
        }
        tell_over(player);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

static struct pw_properties *stream_properties(const struct player *player)
{
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Playback", PW_KEY_MEDIA_ROLE,
                player->playback->role, PW_KEY_NODE_NAME, player->playback->name,
                PW_KEY_NODE_DESCRIPTION, player->playback->role, PW_KEY_APP_NAME, "callsd",
                PW_KEY_NODE_LATENCY, "256/48000", NULL);

        if (properties && *player->target) {
                pw_properties_set(properties, PW_KEY_TARGET_OBJECT, player->target);
                /* When this device goes the default one has its own stream already. */
                pw_properties_set(properties, PW_KEY_NODE_DONT_RECONNECT, "true");
        }
        return properties;
}

static int connect_stream(struct player *player)
{
        uint8_t buffer[1024];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        struct spa_audio_info_raw format =
                SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32,
                                        .rate = source_rate(&player->source),
                                        .channels = source_channels(&player->source),
                                        .position = {SPA_AUDIO_CHANNEL_MONO});
        const struct spa_pod *params[1];

        if (format.channels == 2) {
                format.position[0] = SPA_AUDIO_CHANNEL_FL;
                format.position[1] = SPA_AUDIO_CHANNEL_FR;
        }
        params[0] = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format);
        return pw_stream_connect(player->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                         PW_STREAM_FLAG_RT_PROCESS,
                                 params, 1);
}

static void set_gains(struct player *player)
{
        float rate = (float)source_rate(&player->source);
        usec_t shortest = FADE_MS * USEC_PER_MSEC;
        usec_t in = SPA_MAX(player->source.fade_in, shortest);

        player->gain_in = 1e6f / (rate * (float)in);
        player->gain_out = 1e6f / (rate * (float)shortest);
}

static int connect_new_stream(struct player *player)
{
        int r;

        player->stream = pw_stream_new(player->playback->core, player->playback->role,
                                       stream_properties(player));
        if (!player->stream)
                return -errno;
        pw_stream_add_listener(player->stream, &player->listener, &stream_events, player);
        r = connect_stream(player);
        if (r < 0) {
                pw_stream_destroy(player->stream);
                player->stream = NULL;
        }
        return r;
}

static void open_stream(struct player *player)
{
        int r;

        player->failed = false;
        player->retry_at = 0;
        atomic_store(&player->over, false);
        r = connect_new_stream(player);
        if (r < 0)
                log_warning("%s does not play: %s", player->playback->name, strerror(-r));
}

static void close_stream(struct player *player)
{
        if (player->stream)
                pw_stream_destroy(player->stream);
        player->stream = NULL;
}

static void player_free(struct player *player)
{
        DL_DELETE(player->playback->players, player);
        close_stream(player);
        sound_unref(player->source.sound);
        free(player);
}

static void player_start(struct playback *playback, const char *target)
{
        struct player *player = calloc(1, sizeof(*player));

        if (!player) {
                log_error("no memory for %s", playback->name);
                return;
        }
        player->playback = playback;
        player->serial = playback->serial;
        player->source = playback->source;
        if (player->source.sound)
                sound_ref(player->source.sound);
        memcpy(player->target, target, sizeof(player->target));
        set_gains(player);
        DL_APPEND(playback->players, player);
        open_stream(player);
}

static bool is_target(const struct playback *playback, const char *name)
{
        for (size_t i = 0; i < playback->targets.n; i++) {
                if (streq(playback->targets.names[i], name))
                        return true;
        }
        return false;
}

static bool is_wanted(const struct player *player)
{
        const struct playback *playback = player->playback;

        return playback->wanted && player->serial == playback->serial && player->stop_by == 0 &&
               is_target(playback, player->target);
}

/* A stream that no device runs never calls back: there is nothing to fade. */
static void player_stop(struct player *player)
{
        if (player->stop_by != 0)
                return;
        if (!player->stream || player->failed || atomic_load(&player->over) ||
            pw_stream_get_state(player->stream, NULL) != PW_STREAM_STATE_STREAMING) {
                player_free(player);
                return;
        }
        player->stop_by = now() + PLAYBACK_STOP_WITHIN;
        atomic_store(&player->stop, true);
}

static void arm_timer(struct playback *playback)
{
        struct timespec at = {0};
        usec_t next = USEC_INFINITY;
        const struct player *player;

        DL_FOREACH (playback->players, player) {
                if (player->stop_by != 0 && player->stop_by < next)
                        next = player->stop_by;
                if (player->retry_at != 0 && player->retry_at < next)
                        next = player->retry_at;
        }
        if (next != USEC_INFINITY) {
                at.tv_sec = (time_t)(next / USEC_PER_SEC);
                at.tv_nsec = (long)(next % USEC_PER_SEC * 1000);
        }
        pw_loop_update_timer(playback->loop, playback->timer, &at, NULL, true);
}

/* Whether something of another sound, or another moment, still fades. */
static bool is_fading(const struct playback *playback)
{
        const struct player *player;

        DL_FOREACH (playback->players, player) {
                if (player->stop_by != 0)
                        return true;
        }
        return false;
}

static bool has_player(const struct playback *playback, const char *target)
{
        const struct player *player;

        DL_FOREACH (playback->players, player) {
                if (streq(player->target, target))
                        return true;
        }
        return false;
}

/* One sound fades out before another begins. */
static void reconcile(struct playback *playback)
{
        struct player *player, *next;
        bool was_on = playback_is_on(playback);

        DL_FOREACH_SAFE (playback->players, player, next) {
                if (!is_wanted(player))
                        player_stop(player);
        }
        if (playback->core && playback->wanted && !is_fading(playback)) {
                for (size_t i = 0; i < playback->targets.n; i++) {
                        if (!has_player(playback, playback->targets.names[i]))
                                player_start(playback, playback->targets.names[i]);
                }
        }
        arm_timer(playback);
        if (playback_is_on(playback) != was_on)
                playback->changed_fn(playback->userdata);
}

/* Keys that were played to their end, on every device. */
static bool is_played(const struct playback *playback)
{
        const struct player *player;
        bool played = false;

        if (!playback->wanted || playback->source.sound || playback->source.tone.pattern)
                return false;
        DL_FOREACH (playback->players, player) {
                if (player->serial != playback->serial)
                        continue;
                if (player->stream && !player->failed && !atomic_load(&player->over))
                        return false;
                played = true;
        }
        return played;
}

/* For this time. */
static void give_up(struct player *player, usec_t time)
{
        close_stream(player);
        if (player->tries++ < RETRIES_MAX)
                player->retry_at = time + RETRY_AFTER;
}

static void sweep(struct playback *playback)
{
        bool was_on = playback_is_on(playback);
        struct player *player, *next;
        usec_t time = now();

        if (is_played(playback))
                playback->wanted = false;
        DL_FOREACH_SAFE (playback->players, player, next) {
                if (player->stop_by != 0 &&
                    (atomic_load(&player->over) || player->failed || time >= player->stop_by))
                        player_free(player);
                else if (player->retry_at != 0 && time >= player->retry_at)
                        open_stream(player);
                else if (player->failed && player->stream)
                        give_up(player, time);
        }
        if (playback_is_on(playback) != was_on)
                playback->changed_fn(playback->userdata);
        reconcile(playback);
}

static void on_wake(void *data, uint64_t count)
{
        (void)count;
        sweep(data);
}

/* ---- what the owner asks ---- */

int playback_init(struct playback *playback, struct pw_loop *loop, const char *role,
                  const char *name, void (*changed_fn)(void *userdata), void *userdata)
{
        *playback = (struct playback){.loop = loop,
                                      .role = role,
                                      .name = name,
                                      .changed_fn = changed_fn,
                                      .userdata = userdata};
        playback->wake = pw_loop_add_event(loop, on_wake, playback);
        playback->timer = pw_loop_add_timer(loop, on_wake, playback);
        return playback->wake && playback->timer ? 0 : -ENOMEM;
}

void playback_done(struct playback *playback)
{
        struct player *player, *next;

        DL_FOREACH_SAFE (playback->players, player, next) {
                player_free(player);
        }
        sound_unref(playback->source.sound);
        playback->source.sound = NULL;
        playback->wanted = false;
        playback->core = NULL;
        if (playback->wake)
                pw_loop_destroy_source(playback->loop, playback->wake);
        if (playback->timer)
                pw_loop_destroy_source(playback->loop, playback->timer);
        playback->wake = playback->timer = NULL;
}

void playback_play(struct playback *playback, const struct playback_source *source,
                   const struct playback_targets *targets)
{
        struct sound *before = playback->source.sound;

        playback->source = *source;
        if (source->sound)
                sound_ref(source->sound);
        sound_unref(before);
        playback->targets = *targets;
        playback->serial++;
        playback->wanted = true;
        reconcile(playback);
}

void playback_move(struct playback *playback, const struct playback_targets *targets)
{
        playback->targets = *targets;
        reconcile(playback);
}

void playback_stop(struct playback *playback)
{
        bool was_on = playback_is_on(playback);

        if (!playback->wanted)
                return;
        playback->wanted = false;
        sound_unref(playback->source.sound);
        playback->source.sound = NULL;
        if (was_on)
                playback->changed_fn(playback->userdata);
        reconcile(playback);
}

bool playback_is_on(const struct playback *playback)
{
        const struct player *player;

        if (!playback->wanted || !playback->core)
                return false;
        DL_FOREACH (playback->players, player) {
                if (player->serial == playback->serial && player->stream && !player->failed)
                        return true;
        }
        return is_fading(playback);
}

void playback_connect(struct playback *playback, struct pw_core *core)
{
        playback->core = core;
        reconcile(playback);
}

void playback_disconnect(struct playback *playback)
{
        bool was_on = playback_is_on(playback);
        struct player *player, *next;

        playback->core = NULL;
        DL_FOREACH_SAFE (playback->players, player, next) {
                player_free(player);
        }
        if (was_on)
                playback->changed_fn(playback->userdata);
}
