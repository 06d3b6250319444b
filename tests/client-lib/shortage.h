/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An app that asks callsd for all kinds of things, while memory may run out. */
#ifndef CALLSD_TESTS_CLIENT_SHORTAGE_H
#define CALLSD_TESTS_CLIENT_SHORTAGE_H

#include "client-lib/failing-calls.h"
#include "client-lib/world.h"

#include <callsd/cleanup.h>

#define TRY(call)                  \
        do {                       \
                int r_ = (call);   \
                                   \
                if (r_ < 0)        \
                        return r_; \
        } while (0)

/* The world of the test that runs, with a controller and the incoming call "a". */
extern struct world *world;
extern struct cx_call_controller *controller;
extern struct cx_call_observer *observer;
extern unsigned completions; /* of what was asked with the functions below */

void shortage_setup(void);
void shortage_teardown(void);
/* For the world: what the library does may fail, what everybody else does may not. */
void shortage_while_library_runs(bool runs);

/* Adds an action of each kind. */
int shortage_fill_transaction(struct cx_transaction *transaction);
/* Makes what is reported: an update, a configuration, a payload. */
void shortage_make_values(void);
void shortage_free_values(void);

/* One function of the API each; what it returns. */
int report_incoming(void);
int report_updated(void);
int report_connecting(void);
int report_ended(void);
int report_call(void);
int report_state(void);
int report_muted(void);
int set_configuration(void);
int set_ringtone(void);
int hand_payload_over(void);
int ask_for_environment(void);
int request(void);

#endif
