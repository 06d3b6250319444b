/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A phone with sound, for the four examples of how an app's streams join their call: line.c is the
 * phone, and line-pipewire.c, line-pulse.c, line-gstreamer.c and line-environment.c are its line,
 * by four ways to the same nodes. What they have to do is all in line_join().
 */
#ifndef CALLSD_EXAMPLES_LINE_H
#define CALLSD_EXAMPLES_LINE_H

#include <callsd/callsd.h>

#define LINE_RATE 48000 /* mono, 32 bit floating point */

/* The example: asks callsd how to join, opens the streams, calls line_joined(). `arguments` are
 * those of the program. */
void line_join(struct cx_provider *provider, const char *call, char *const *arguments);
/* The example: closes the streams. Also where none were opened. */
void line_leave(void);

/* The phone: the call may go on; with another text than NULL, it failed. */
void line_joined(const char *failure);
/* The phone: what the far end says. From any thread, and without blocking, like the next. */
void line_speak(float *samples, unsigned n_samples);
/* The phone: what the microphone hears. */
void line_listen(const float *samples, unsigned n_samples);

#endif
