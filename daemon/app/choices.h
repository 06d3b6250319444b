/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's choices of apps (SetDefaultProvider), which outlive the boot, as the record of calls
 * does not: a file of lines KIND=IDENTIFIER.
 *
 * While the machine runs the record counts, for it is written before anything is acknowledged; the
 * file is for the next boot. It is written by a thread of its own: no call waits for a disk.
 */
#ifndef CALLSD_APP_CHOICES_H
#define CALLSD_APP_CHOICES_H

#include <pthread.h>
#include <systemd/sd-event.h>

#include "model/engine.h"

struct choices_job;

struct choices {
        struct engine *engine;
        char *path; /* NULL: no file is kept */
        char *text; /* as the file has it, as far as is known */
        bool keep;  /* what is in it is not ours: it stays as PATH.old */
        bool failing;
        struct choices_job *job; /* that is being done */
        pthread_t thread;
        int finished; /* an eventfd */
        sd_event_source *source;
};

/*
 * Reads the file into an engine that has no record of its own (`restored` false), or writes what
 * the engine has. `directory`: where to keep it; NULL: where the system wants it.
 */
int choices_init(struct choices *choices, sd_event *event, struct engine *engine,
                 struct instant now, const char *directory, bool system, bool restored);
/* Finishes what is being written. */
void choices_done(struct choices *choices);

/* The engine's choices may be others now. */
void choices_changed(struct choices *choices);

#endif
