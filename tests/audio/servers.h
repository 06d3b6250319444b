/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PipeWire and its session manager, to be killed and started again, and their devices.
 *
 * Real devices belong to the session manager's process and go and come with it; those of the tests
 * belong to nobody, so a test destroys and makes them itself.
 */
#ifndef CALLSD_TESTS_AUDIO_SERVERS_H
#define CALLSD_TESTS_AUDIO_SERVERS_H

#include "world.h"

/* Those that with-audio has started; only the first call has an effect. */
void servers_find(void);

void servers_kill_pipewire(void);
/* It answers when this returns. */
void servers_start_pipewire(struct world *world);

void servers_kill_manager(int number);
void servers_start_manager(void);
/* Default speaker and microphone are named when this returns. */
void servers_wait_for_defaults(struct world *world);

void servers_destroy_devices(void);
void servers_create_devices(void);
/* The default one alone; without it that is the headset. */
void servers_destroy_speaker(void);
void servers_create_speaker(void);

/* Whether a command of a shell succeeds. */
bool servers_shell(const char *command);

#endif
