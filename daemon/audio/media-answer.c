/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a media player says of itself; see media-answer.h. */
#include "audio/media-answer.h"

#include <stdio.h>
#include <systemd/sd-bus.h>

static int read_text(sd_bus_message *message, char *text, size_t size)
{
        const char *value;
        int r = sd_bus_message_read(message, "v", "s", &value);

        if (r < 0)
                return r;
        snprintf(text, size, "%s", value);
        return 0;
}

static int read_truth(sd_bus_message *message, bool *ret_truth)
{
        int value;
        int r = sd_bus_message_read(message, "v", "b", &value);

        if (r < 0)
                return r;
        *ret_truth = value;
        return 0;
}

static int read_property(sd_bus_message *message, struct media_answer *answer)
{
        const char *name;
        int r = sd_bus_message_read(message, "s", &name);

        if (r < 0)
                return r;
        if (streq(name, "PlaybackStatus"))
                return read_text(message, answer->status, sizeof(answer->status));
        if (streq(name, "CanPause"))
                return read_truth(message, &answer->can_pause);
        if (streq(name, "CanControl"))
                return read_truth(message, &answer->can_control);
        return sd_bus_message_skip(message, "v");
}

int media_answer_read(sd_bus_message *message, struct media_answer *ret_answer)
{
        struct media_answer answer = {.status = "", .can_pause = true, .can_control = true};
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_property(message, &answer);
                if (r < 0 || (r = sd_bus_message_exit_container(message)) < 0)
                        return r;
        }
        if (r >= 0)
                *ret_answer = answer;
        return r;
}
