/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A very small app, the same for every loop: it is called once, and ends when that was answered. */
#ifndef CALLSD_EXAMPLES_PHONE_H
#define CALLSD_EXAMPLES_PHONE_H

#include <callsd/callsd.h>

/* What a phone does when it is over: end the loop. */
typedef void (*phone_over_fn)(void *userdata);

struct phone {
        struct cx_provider *provider;
        char call[CX_UUID_TEXT_SIZE];
        phone_over_fn over;
        void *userdata;
};

/* 0 or a negative errno. */
int phone_init(struct phone *phone, struct cx_context *context, phone_over_fn over, void *userdata);
void phone_done(struct phone *phone);

#endif
