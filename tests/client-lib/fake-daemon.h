/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A callsd that does as it is told: it answers, refuses, keeps silent or dies at the moment a test
 * wants, and writes down what it was asked. It shares the test's process and thread, on a private
 * bus, so that every interleaving is one that the test chose.
 *
 * Traces are words: the UUIDs of tests have one letter or digit that matters, their first.
 */
#ifndef CALLSD_TESTS_FAKE_DAEMON_H
#define CALLSD_TESTS_FAKE_DAEMON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <callsd/callsd.h>
#include <systemd/sd-bus.h>

/* UUIDs for tests, by their first character: UUID("a") is a call, UUID("1") an action. */
#define UUID(character) character "0000000-0000-4000-8000-000000000000"

struct fake;

/* Connects and takes the name. */
struct fake *fake_new(void);
/* Loses the name and the connection, as a daemon does that is killed. */
struct fake *fake_kill(struct fake *fake);

/* From now on nothing is read from the bus. */
void fake_hang(struct fake *fake, bool hang);
/* The next call of this member is answered with this error (NULL: as usual again). */
void fake_refuse(struct fake *fake, const char *member, const char *error);
/* Calls of this member are read but not answered (NULL: all are). */
void fake_ignore(struct fake *fake, const char *member);
/* Calls of this member get this reply (NULL: the usual one). */
void fake_answer(struct fake *fake, const char *member, void (*answer)(sd_bus_message *reply));
/* What RegisterProvider says is kept: "a:active,b:held", also for GetCalls and observers. */
void fake_keep(struct fake *fake, const char *calls);
/* The orders that GetPendingTransactions lists: as for fake_perform; NULL: none. */
void fake_still_wants(struct fake *fake, const char *orders);

/*
 * Sends PerformTransaction. Orders are words such as "1:answer-call:a 2:end-call:b
 * 3:set-held-call:a:1 4:set-group-call:a:b 5:play-dtmf-call:a:7".
 */
void fake_perform(struct fake *fake, const char *orders);
/* The same from a connection that is not callsd. */
void fake_forge(struct fake *fake, const char *orders);
/* Sends a signal with two texts and an empty dictionary, or with one text and such a dictionary. */
void fake_signal2(struct fake *fake, const char *member, const char *first, const char *second);
void fake_signal1(struct fake *fake, const char *member, const char *only);
/* Sends any signal of Provider1, well-formed or not. */
void fake_say(struct fake *fake, const char *member, const char *types, ...);
/* Sends Reset with one lost call. */
void fake_reset(struct fake *fake, const char *call);
/* Sends TransactionCompleted for the last request: "fulfilled", or an error for each action. */
void fake_complete(struct fake *fake, const char *result);
/* Tells observers of a call: a new one, a changed state, a private property, its end. */
void fake_call_added(struct fake *fake, const char *call, const char *state);
void fake_call_state(struct fake *fake, const char *call, const char *state);
void fake_call_invalidated(struct fake *fake, const char *call);
void fake_call_removed(struct fake *fake, const char *call);

/* What was asked since the last look, as "RegisterProvider; FulfillAction 1". Pings are left out.
 */
const char *fake_trace(struct fake *fake);
/* The arguments of the last call, as message_text() writes them. */
const char *fake_was_told(struct fake *fake);
bool fake_was_asked(struct fake *fake, const char *what);
void fake_forget(struct fake *fake);

/* For the loop: serves what came. The descriptor is -1 while it hangs. */
bool fake_process(struct fake *fake);
int fake_get_fd(struct fake *fake);

#endif
