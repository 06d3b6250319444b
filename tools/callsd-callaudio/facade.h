/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callaudiod's interface on top of callsd.
 *
 * A process of its own: a sandbox that may talk to one name of a connection may talk to all of
 * them, and callsd's own objects are not for everybody who may ask for a loudspeaker. It is an
 * ordinary controller, with no right that another program of the user's lacks.
 *
 * callaudiod has one mode for the machine; callsd has calls. So what callsd knows counts: a client
 * may say that a call is going on, and cannot say that one of callsd's is over.
 */
#ifndef CALLSD_CALLAUDIO_FACADE_H
#define CALLSD_CALLAUDIO_FACADE_H

#include <callsd/callsd.h>
#include <callsd/cleanup.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define CALLAUDIO_NAME "org.mobian_project.CallAudio"
#define CALLAUDIO_PATH "/org/mobian_project/CallAudio"

#define CLEANUP_ERROR __attribute__((cleanup(sd_bus_error_free)))
#define CLEANUP_MESSAGE __attribute__((cleanup(sd_bus_message_unrefp)))

/* What the properties say where nobody knows. */
#define STATE_UNKNOWN 255u
#define NO_WISH (-1)

struct route {
        char *id;
        char *kind;
        bool available;
};

struct facade {
        sd_event *event;
        sd_bus *bus; /* where clients find us */

        /* service.c: what clients were told last */
        uint32_t audio_mode;
        uint32_t speaker_state;
        uint32_t mic_state;

        /* calls.c */
        struct cx_context *context;
        struct cx_call_observer *observer;
        struct cx_call_controller *controller;
        int mute_wish;                     /* asked for, and not seen or failed so far */
        struct mute_request *mute_request; /* what is under way for it, or NULL */

        /* claim.c */
        sd_bus_track *claims; /* the clients in call mode; NULL without any */
        struct cx_provider *provider;
        char call[CX_UUID_TEXT_SIZE]; /* what stands, or stood last, for their call in callsd */
        bool reported;                /* and callsd has it */
        bool covered;                 /* callsd has had a call of its own since they began */
        sd_event_source *settle;

        /* route.c */
        bool routes_known;
        struct route *routes;
        size_t n_routes;
        char *route;      /* id of the one in use; "" = none */
        char *last_quiet; /* id of the one in use before the speaker was turned on, or NULL */
        int speaker_wish; /* asked for, and not seen so far */
};

/* Says something to whoever reads the log. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* service.c: the object that clients see */
int service_init(struct facade *facade);
/* Works the properties out anew, and announces those that changed. */
void service_update(struct facade *facade);
/* Announces, then replies. */
int service_reply(struct facade *facade, sd_bus_message *message, bool success);

/* claim.c: clients that say that a call is going on */
void claim_done(struct facade *facade);
bool claim_exists(const struct facade *facade);
int claim_set(struct facade *facade, sd_bus_message *message, bool in_call);
/* Whether callsd has to be told of a call, or not any more. */
void claim_update(struct facade *facade);

/* calls.c: callsd's calls */
int calls_init(struct facade *facade, const char *address);
void calls_done(struct facade *facade);
bool calls_reachable(const struct facade *facade);
/* A call, not ours, that has been answered or placed and is not on hold. */
bool calls_any_current(struct facade *facade);
/* Whether there are such calls and the microphone is closed for all of them. */
bool calls_all_muted(struct facade *facade);
/* Replies to the message, now or when callsd has agreed. */
int calls_mute(struct facade *facade, sd_bus_message *message, bool mute);

/* route.c: callsd's routes */
int route_init(struct facade *facade);
void route_done(struct facade *facade);
/* The routes may have changed. */
void route_refresh(struct facade *facade);
bool route_is_speaker(const struct facade *facade);
/* Replies to the message, now or when callsd has agreed. */
int route_enable_speaker(struct facade *facade, sd_bus_message *message, bool enable);

#endif
