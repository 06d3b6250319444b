/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of audio share. Nobody outside includes it. */
#ifndef CALLSD_AUDIO_AUDIO_PRIVATE_H
#define CALLSD_AUDIO_AUDIO_PRIVATE_H

#include "audio/audio.h"
#include "audio/device.h"
#include "audio/echo-cancel.h"
#include "audio/feedback.h"
#include "audio/graph.h"
#include "audio/introduce.h"
#include "audio/journal.h"
#include "audio/other-sound.h"
#include "audio/pw-loop.h"
#include "audio/recheck.h"
#include "audio/ring.h"
#include "audio/route.h"
#include "audio/session.h"

enum audio_state {
        AUDIO_OFF,     /* no server, or no session manager */
        AUDIO_READING, /* the graph is not complete yet */
        AUDIO_ON,
};

struct audio {
        sd_event *event;
        struct audio_events events;
        void *userdata;
        struct audio_config config;
        sd_event_source *settle; /* deferred: reconcile what is dirty, then tell */
        sd_event_source *timer;
        struct server server;
        struct graph graph;
        struct recheck recheck;
        struct devices devices;
        struct device_use *device_uses;
        struct routes routes;
        struct ring ring;
        struct feedback feedback;
        struct canceller canceller;
        struct introducer introducer;
        struct journal journal;
        struct other_sound other;
        struct session *sessions;

        enum audio_state state;
        uint64_t reading;      /* ticket after which the graph is complete */
        bool reread;           /* the second of two round trips has been sent */
        usec_t reading_until;  /* a server that hangs counts as none then */
        usec_t defaults_until; /* a session manager that just came may name devices until then */
        bool orphans_settled;
        bool rescan;         /* streams may belong elsewhere now */
        bool told_available; /* what available_fn said last */
        bool changed_due;
};

usec_t audio_now(void);
/* Runs the settle loop when the turn of this one is over. */
void audio_wake(struct audio *audio);
void audio_changed(struct audio *audio);

#endif
