/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PipeWire and its session manager, to be killed and started again; see servers.h. */
#include "servers.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pid_t pipewire;
static pid_t wireplumber;

static const char *const devices[][2] = {
        {WORLD_SPEAKER, "Audio/Sink audio.position=\"FL,FR\" priority.session=1000"},
        {WORLD_HEADSET, "Audio/Sink audio.position=\"FL,FR\" priority.session=500"},
        {WORLD_MICROPHONE, "Audio/Source/Virtual audio.position=MONO priority.session=1000"},
        {"test-mic2", "Audio/Source/Virtual audio.position=MONO priority.session=500"},
};

bool servers_shell(const char *command)
{
        const char *const arguments[] = {"sh", "-c", command, NULL};

        return world_run(arguments) == 0;
}

static pid_t pid_of(const char *variable)
{
        const char *text = getenv(variable);

        ck_assert_msg(text, "%s is not set: this test runs under with-audio", variable);
        return (pid_t)atoi(text);
}

void servers_find(void)
{
        if (pipewire != 0)
                return;
        pipewire = pid_of("CALLSD_TEST_PIPEWIRE_PID");
        wireplumber = pid_of("CALLSD_TEST_WIREPLUMBER_PID");
}

void servers_kill_pipewire(void)
{
        world_kill(pipewire, SIGKILL);
}

/* The first server is no child of ours, to be waited for; and a session manager that finds none
 * ends at once. */
void servers_start_pipewire(struct world *world)
{
        const char *const arguments[] = {"pipewire", NULL};

        world_pump(world, servers_shell("flock -n \"$XDG_RUNTIME_DIR/pipewire-0.lock\" true"));
        pipewire = world_spawn(arguments);
        world_pump(world, servers_shell("pw-cli info 0 > /dev/null 2>&1"));
}

void servers_kill_manager(int number)
{
        world_kill(wireplumber, number);
}

void servers_start_manager(void)
{
        const char *const arguments[] = {"wireplumber", NULL};

        wireplumber = world_spawn(arguments);
}

static bool default_is(const char *key, const char *name)
{
        char command[160];

        snprintf(command, sizeof(command), "pw-metadata 0 %s 2>/dev/null | grep -q '\"%s\"'", key,
                 name);
        return servers_shell(command);
}

void servers_wait_for_defaults(struct world *world)
{
        world_pump(world, default_is("default.audio.sink", WORLD_SPEAKER));
        world_pump(world, default_is("default.audio.source", WORLD_MICROPHONE));
}

static void destroy_device(unsigned i)
{
        const char *const destroy[] = {"pw-cli", "destroy", devices[i][0], NULL};

        ck_assert_int_eq(world_run(destroy), 0);
}

static void create_device(unsigned i)
{
        char properties[320];
        const char *const create[] = {"pw-cli", "create-node", "adapter", properties, NULL};

        snprintf(properties, sizeof(properties),
                 "{ factory.name=support.null-audio-sink node.name=%s media.class=%s "
                 "object.linger=true monitor.channel-volumes=true }",
                 devices[i][0], devices[i][1]);
        ck_assert_int_eq(world_run(create), 0);
}

void servers_destroy_speaker(void)
{
        destroy_device(0);
}

void servers_create_speaker(void)
{
        create_device(0);
}

void servers_destroy_devices(void)
{
        for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
                destroy_device(i);
}

void servers_create_devices(void)
{
        for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
                create_device(i);
}
