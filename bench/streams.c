/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An app with many streams. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <spa/param/audio/format-utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RATE 48000

struct player {
        struct pw_main_loop *loop;
        struct pw_core *core;
        unsigned n;
        unsigned n_running;
        int ready; /* a pipe: one byte when all run */
};

struct voice {
        struct player *player;
        struct pw_stream *stream;
        struct spa_hook listener;
        bool running;
};

static void on_process(void *userdata)
{
        struct voice *voice = userdata;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(voice->stream);
        struct spa_data *data;
        uint32_t size;

        if (!buffer)
                return;
        data = &buffer->buffer->datas[0];
        size = data->maxsize;
        if (buffer->requested > 0 && buffer->requested * sizeof(float) < size)
                size = (uint32_t)(buffer->requested * sizeof(float));
        if (data->data)
                memset(data->data, 0, size);
        data->chunk->offset = 0;
        data->chunk->stride = sizeof(float);
        data->chunk->size = size;
        pw_stream_queue_buffer(voice->stream, buffer);
}

static void on_state(void *userdata, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        struct voice *voice = userdata;
        struct player *player = voice->player;

        (void)old, (void)error;
        if (state != PW_STREAM_STATE_STREAMING || voice->running)
                return;
        voice->running = true;
        if (++player->n_running == player->n && write(player->ready, "", 1) != 1)
                pw_main_loop_quit(player->loop);
}

static const struct pw_stream_events events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

static struct pw_properties *properties_for(const char *call)
{
        struct pw_properties *properties =
                pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Playback",
                                  PW_KEY_NODE_LATENCY, "4096/48000", NULL);

        if (!call) {
                pw_properties_set(properties, PW_KEY_NODE_NAME, BENCH_OTHER);
                pw_properties_set(properties, PW_KEY_MEDIA_ROLE, "Music");
                return properties;
        }
        pw_properties_set(properties, PW_KEY_MEDIA_ROLE, "Communication");
        pw_properties_set(properties, "callsd.call.id", call);
        pw_properties_setf(properties, PW_KEY_TARGET_OBJECT, "callsd.%s.sink", call);
        return properties;
}

static void open_voice(struct player *player, struct voice *voice, const char *call)
{
        struct spa_audio_info_raw info = {
                .format = SPA_AUDIO_FORMAT_F32,
                .rate = RATE,
                .channels = 1,
                .position = {SPA_AUDIO_CHANNEL_MONO},
        };
        uint8_t space[1024];
        struct spa_pod_builder builder;
        const struct spa_pod *format;

        spa_pod_builder_init(&builder, space, sizeof(space));
        format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
        voice->player = player;
        voice->stream = pw_stream_new(player->core, "bench", properties_for(call));
        pw_stream_add_listener(voice->stream, &voice->listener, &events, voice);
        pw_stream_connect(voice->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                          PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                  PW_STREAM_FLAG_RT_PROCESS,
                          &format, 1);
}

/* In the child: until it is killed. */
static void play(unsigned n, const char *call, int ready)
{
        struct player player = {.n = n, .ready = ready};
        struct voice *voices = calloc(n, sizeof(*voices));
        struct pw_context *context;

        pw_init(NULL, NULL);
        player.loop = pw_main_loop_new(NULL);
        context = pw_context_new(pw_main_loop_get_loop(player.loop),
                                 pw_properties_new(PW_KEY_CONFIG_NAME, "client-rt.conf", NULL), 0);
        player.core = context ? pw_context_connect(context, NULL, 0) : NULL;
        if (!voices || !player.core)
                _exit(EXIT_FAILURE);
        for (unsigned i = 0; i < n; i++)
                open_voice(&player, &voices[i], call);
        pw_main_loop_run(player.loop);
        _exit(EXIT_FAILURE);
}

pid_t streams_start(unsigned n, const char *call, int *ret_ready)
{
        int ready[2];
        pid_t pid;

        if (pipe2(ready, O_CLOEXEC) < 0)
                return -1;
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(ready[0]);
                play(n, call, ready[1]);
        }
        close(ready[1]);
        if (pid < 0)
                close(ready[0]);
        else
                *ret_ready = ready[0];
        return pid;
}

void streams_stop(pid_t pid)
{
        kill(pid, SIGTERM);
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
}
