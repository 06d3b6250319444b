/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An earlier daemon, to be killed: keeps calls as told until then.
 *
 *     audio-owner [--echo-cancel|--duck] UUID nodes|linked muted|open [UUID ...]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "audio/audio.h"

static char **wishes;
static int n_wishes;

static void on_available(bool available, void *userdata)
{
        struct audio **audio = userdata;

        for (int i = 0; available && i + 2 < n_wishes; i += 3) {
                const struct audio_wish wish = {
                        .call = wishes[i],
                        .level = streq(wishes[i + 1], "linked") ? AUDIO_LEVEL_LINKED
                                                                : AUDIO_LEVEL_NODES,
                        .muted = streq(wishes[i + 2], "muted"),
                        .serial = 1,
                        .provider = "org.example.Phone",
                        .route = getenv("OWNER_ROUTE"),
                };

                if (audio_set(*audio, &wish) < 0)
                        exit(EXIT_FAILURE);
        }
}

int main(int argc, char **argv)
{
        const struct audio_events events = {.available_fn = on_available};
        bool echo_cancel = argc > 1 && streq(argv[1], "--echo-cancel");
        bool duck = argc > 1 && streq(argv[1], "--duck");
        struct audio_config config = AUDIO_CONFIG_DEFAULT;
        struct audio *audio;
        sd_event *event;

        wishes = argv + 1 + (echo_cancel || duck);
        n_wishes = argc - 1 - (echo_cancel || duck);
        config.echo_cancel = echo_cancel ? ECHO_CANCEL_ON : ECHO_CANCEL_OFF;
        config.other_media = duck ? OTHER_MEDIA_PAUSE_THEN_DUCK : OTHER_MEDIA_LEAVE;
        if (sd_event_new(&event) < 0 || audio_new(event, &events, &audio, &audio) < 0 ||
            audio_configure(audio, &config) < 0)
                return EXIT_FAILURE;
        return sd_event_loop(event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
