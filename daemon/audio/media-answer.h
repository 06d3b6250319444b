/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a media player (MPRIS) says of itself. */
#ifndef CALLSD_AUDIO_MEDIA_ANSWER_H
#define CALLSD_AUDIO_MEDIA_ANSWER_H

#include "util/macro.h"

struct sd_bus_message;

struct media_answer {
        char status[16]; /* PlaybackStatus; "" where it is not said */
        bool can_pause;
        bool can_control;
};

/* From a dictionary a{sv} of its properties. */
int media_answer_read(struct sd_bus_message *message, struct media_answer *ret_answer);

#endif
