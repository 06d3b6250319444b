/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the example share: the provider (example.c) and its console. */
#ifndef CALLSD_EXAMPLE_EXAMPLE_H
#define CALLSD_EXAMPLE_EXAMPLE_H

#include <callsd/callsd.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "tone-party.h"

/* An ended call is kept until the end of the program, since an answer to a report may still come.
 */
struct example_call {
        struct example_call *next;
        struct example *example;
        char uuid[CX_UUID_TEXT_SIZE];
        bool ended;
        struct tone_line *line;     /* the call */
        struct tone_line *ringtone; /* only without callsd */
        sd_event_source *timer;
};

struct example {
        const char *identifier;
        const char *name;
        double frequency;
        double amplitude;
        uint64_t answer_after_usec;  /* when alone */
        uint64_t connect_after_usec; /* how long the far end lets it ring */
        const char *incoming;        /* handle of a first call, or NULL */
        const char *busy;            /* handle that is busy, or NULL */
        bool system;                 /* the callsd of a whole device */
        bool own_name;               /* on the bus, so that callsd can start us by it */
        bool testing;                /* offers itself to callsctl check-provider */
        sd_event *event;
        sd_bus *bus; /* for the name alone */
        struct cx_context *context;
        struct cx_provider *provider;
        struct tone_party *party;
        struct example_call *calls;
};

/* example.c */
int example_start(struct example *example);
void example_stop(struct example *example);
void example_incoming(struct example *example, const char *handle, const char *name);
void example_remote_end(struct example_call *call);
void example_remote_hold(struct example_call *call);

/* console.c; `format` adds "key=value" pairs to the line and may be NULL */
void log_event(const char *event, const char *call, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
