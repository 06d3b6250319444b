/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon for one call, to be killed at any moment.
 *
 *     audio-keeper UUID RINGTONE
 *
 * Each line on its standard input is a wish: "ringing|nodes|linked muted|open SERIAL". It says
 * "nodes" when the call's nodes are there, and "ready SERIAL" when a wish is fulfilled.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "audio/audio.h"

static struct audio *audio;
static struct audio_wish wish;
static const char *ringtone;

static void set(void)
{
        const struct audio_ring ring = {.mode = RING_TONE, .sound = ringtone, .fd = -1};
        const struct audio_ring silence = AUDIO_RING(RING_NONE);

        if (wish.serial == 0)
                return;
        if (audio_set(audio, &wish) < 0)
                exit(EXIT_FAILURE);
        audio_set_ring(audio, wish.level == AUDIO_LEVEL_GATED ? &ring : &silence);
}

static void on_nodes(const char *call, const char *sink, const char *source, void *userdata)
{
        (void)call, (void)sink, (void)source, (void)userdata;
        puts("nodes");
}

static void on_ready(const char *call, uint64_t serial, const char *sink, const char *source,
                     const char *route, void *userdata)
{
        (void)call, (void)source, (void)route, (void)userdata;
        if (sink || wish.level == AUDIO_LEVEL_GATED)
                printf("ready %" PRIu64 "\n", serial);
}

/* As the model does it: when PipeWire is back everything is wished again. */
static void on_available(bool available, void *userdata)
{
        (void)userdata;
        if (available)
                set();
}

static enum audio_level level_of(const char *word)
{
        return streq(word, "linked")  ? AUDIO_LEVEL_LINKED
               : streq(word, "nodes") ? AUDIO_LEVEL_NODES
                                      : AUDIO_LEVEL_GATED;
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        char line[64];
        char level[16];
        char mute[16];
        uint64_t serial;
        ssize_t n = read(fd, line, sizeof(line) - 1);

        (void)events, (void)userdata;
        if (n <= 0)
                return sd_event_exit(sd_event_source_get_event(source), EXIT_SUCCESS);
        line[n] = '\0';
        if (sscanf(line, "%15s %15s %" SCNu64, level, mute, &serial) != 3)
                return sd_event_exit(sd_event_source_get_event(source), EXIT_FAILURE);
        wish.level = level_of(level);
        wish.muted = strcmp(mute, "muted") == 0;
        wish.serial = serial;
        if (audio_is_available(audio))
                set();
        return 0;
}

int main(int argc, char **argv)
{
        const struct audio_events events = {
                .nodes_fn = on_nodes, .ready_fn = on_ready, .available_fn = on_available};
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        sd_event *event;

        if (argc != 3)
                return EXIT_FAILURE;
        ringtone = argv[2];
        setvbuf(stdout, NULL, _IOLBF, 0);
        wish = (struct audio_wish){.call = argv[1], .provider = "org.example.Phone"};
        config.echo_cancel = ECHO_CANCEL_OFF;
        config.other_media = OTHER_MEDIA_DUCK;
        if (sd_event_new(&event) < 0 || audio_new(event, &events, NULL, &audio) < 0 ||
            audio_configure(audio, &config) < 0 ||
            sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_input, NULL) < 0)
                return EXIT_FAILURE;
        return sd_event_loop(event);
}
