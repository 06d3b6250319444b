/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What calls need of devices: a profile with a microphone, a port; and the way back.
 *
 * The session manager switches a Bluetooth headset by itself when it is the default device and an
 * app with the role Communication records. It gets the time to do so; what it does is its own to
 * undo. What we switch is switched back when no call is on the device any more, unless somebody
 * else has changed it since.
 */
#ifndef CALLSD_AUDIO_DEVICE_USE_H
#define CALLSD_AUDIO_DEVICE_USE_H

#include "audio/audio.h"
#include "audio/device.h"
#include "audio/graph.h"
#include "audio/journal.h"

struct device_use_port {
        int card;
        int before;
        int ours;
        bool seen; /* ours was in use: whoever changed it since did so after us */
};

struct device_use {
        struct device_use *prev;
        struct device_use *next;
        uint64_t serial;    /* of the device */
        bool wanted;        /* a call is on it, in this turn */
        int profile_before; /* -1 = not switched by us */
        int profile_ours;
        struct device_use_port ports[2]; /* a speaker's and a microphone's */
        unsigned n_ports;
        unsigned attempts; /* in the time that began at attempts_since */
        usec_t attempts_since;
        usec_t until;  /* what we asked for may take until then */
        usec_t grace;  /* until when the session manager may do it instead */
        bool failed;   /* it did not come: the device is used as it is */
        bool undone;   /* the way back has been asked for */
        bool recalled; /* an earlier callsd did it */
        struct journal_record *record;
};

/* One turn: begin, then for each call keep or need, then end. */
void device_use_begin(struct audio *audio);
/* A call is on the device; it stays as it is now. */
void device_use_keep(struct audio *audio, struct device *device);
/* A call is to be heard on it. `port` NULL: a headset as a whole. `managed`: the session manager
 * may do it by itself. `records`: an app takes sound from the call's microphone. */
void device_use_need(struct audio *audio, struct device *device, const struct device_port *port,
                     bool managed, bool records);
void device_use_end(struct audio *audio);

/* Whether the device will soon be as the call needs it. */
bool device_use_is_coming(struct audio *audio, const struct device *device,
                          const struct device_port *port);
/* Somebody chose it (again): what failed before is tried again. */
void device_use_retry(struct audio *audio, const struct device *device);
void device_use_gone(struct audio *audio, const struct device *device);
usec_t device_use_deadline(struct audio *audio, usec_t now);
void device_use_done(struct audio *audio);

/* A node of the device in its present profile. `cards` NULL: any. */
struct graph_node *device_find_node(struct audio *audio, const struct device *device, bool source,
                                    const struct device_list *cards);

#endif
