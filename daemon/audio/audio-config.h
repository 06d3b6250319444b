/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the administrator may set about sound, as audio sees it. */
#ifndef CALLSD_AUDIO_AUDIO_CONFIG_H
#define CALLSD_AUDIO_AUDIO_CONFIG_H

#include "model/types.h"

/* Lists are NULL-terminated, and NULL where nothing is set. */
struct audio_config {
        enum other_media other_media;
        double duck_volume;       /* dB, 0 or less */
        char **ring_devices;      /* names or kinds, besides the default one */
        double ring_volume;       /* 0 to 1 */
        usec_t ring_fade_in;      /* 0: at full volume from the start */
        bool play_feedback_tones; /* ringback and DTMF */
        enum echo_cancel echo_cancel;
        char **route_preference; /* kinds of routes, best first; NULL: the default device */
        char **provider_routes;  /* "identifier:kind,kind..." */
};

#define AUDIO_CONFIG_DEFAULT ((struct audio_config){.duck_volume = -12, .ring_volume = 1})

/* A deep copy; -ENOMEM. */
int audio_config_copy(const struct audio_config *config, struct audio_config *ret_copy);
/* Only for what audio_config_copy() made. */
void audio_config_done(struct audio_config *config);

#endif
