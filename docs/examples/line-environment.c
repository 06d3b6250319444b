/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joining a call without any code in the sound path: a child process with the right environment.
 *
 *     line-environment playback pw-play tone.wav
 *     line-environment both sh -c 'paplay tone.wav & parec --raw >heard'
 *
 * For players, for ALSA programs, and for media libraries that open their streams themselves. Say
 * which way the sound goes where it goes one way only: then PIPEWIRE_NODE can be set, which native
 * PipeWire programs need; with "both" it would put the microphone's stream on the loudspeaker.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "line.h"

extern char **environ;

static pid_t child;

static void on_environment(const char *const *variables, const struct cx_error *error,
                           void *userdata)
{
        char *const *command = userdata;
        posix_spawnattr_t group;
        int r;

        if (error) {
                line_joined(cx_error_get_message(error));
                return;
        }
        for (; variables[0]; variables++)
                putenv(strdup(variables[0])); /* "NAME=value" */
        posix_spawnattr_init(&group);
        posix_spawnattr_setflags(&group, POSIX_SPAWN_SETPGROUP);
        r = posix_spawnp(&child, command[0], NULL, &group, command, environ);
        posix_spawnattr_destroy(&group);
        line_joined(r == 0 ? NULL : strerror(r));
}

static enum cx_stream_direction direction_of(const char *word)
{
        if (word && strcmp(word, "playback") == 0)
                return CX_STREAM_DIRECTION_PLAYBACK;
        if (word && strcmp(word, "capture") == 0)
                return CX_STREAM_DIRECTION_CAPTURE;
        return CX_STREAM_DIRECTION_BOTH;
}

void line_join(struct cx_provider *provider, const char *call, char *const *arguments)
{
        if (!arguments[0] || !arguments[1])
                line_joined("usage: line-environment playback|capture|both COMMAND...");
        else
                cx_provider_get_environment(provider, call, direction_of(arguments[0]),
                                            on_environment, (void *)(arguments + 1));
}

void line_leave(void)
{
        if (child <= 0)
                return;
        kill(-child, SIGTERM);
        waitpid(child, NULL, 0);
}
