/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mirror of the server's sound devices (cards, headsets): their profiles and routes.
 *
 * A device is exported by the session manager, and its params are answered by that process. While
 * it does not answer, the connection that asked stands still; so the devices have a connection of
 * their own, and the calls' one never waits for them. Changed params are not pushed to us either:
 * a flag in the device's info says that there is something to read again.
 */
#ifndef CALLSD_AUDIO_DEVICE_H
#define CALLSD_AUDIO_DEVICE_H

#include <uthash.h>

#include "audio/pw-loop.h"

struct devices;

#define DEVICE_LIST_MAX 16

/* Profile indices, or the numbers of a card's own devices. */
struct device_list {
        int items[DEVICE_LIST_MAX];
        unsigned n;
};

struct device_profile {
        int index;
        int priority;
        bool available;
        bool output; /* it has sinks */
        bool input;  /* it has sources */
};

/* A socket, a loudspeaker, a microphone: what a profile's nodes can be switched to. */
struct device_port {
        int index;
        int priority;
        char *name;
        char *description;
        char *type; /* speaker, headphones, hdmi...; "" = not known */
        bool output;
        bool available;
        struct device_list profiles; /* in which it exists */
        struct device_list cards;    /* card.profile.device of its nodes */
};

/* The port in use of one of the card's devices. */
struct device_active {
        int card;
        int port; /* index */
};

struct device_params {
        struct device_profile *profiles;
        unsigned n_profiles;
        struct device_port *ports;
        unsigned n_ports;
        struct device_active *active;
        unsigned n_active;
        int profile; /* index of the one in use; -1 = none */
};

struct device {
        UT_hash_handle hh;
        struct devices *devices;
        uint32_t id;
        uint64_t serial;
        char *name;
        char *description;
        char *api;
        char *form_factor;
        bool has_info;
        bool known; /* `params` were read at least once */
        usec_t known_since;
        struct device_params params;

        struct device_params reading;
        int reading_seq; /* of the sync after which `reading` is complete; 0 = none on its way */
        bool read_again;
        struct pw_proxy *proxy;
        struct spa_hook listener;
        struct spa_hook proxy_listener;
};

struct devices {
        struct pw_context *context;
        struct pw_core *core; /* NULL while not connected */
        struct spa_hook core_listener;
        struct pw_registry *registry;
        struct spa_hook registry_listener;
        struct device *list;
        int listed_seq; /* of the sync after which all devices are listed */
        bool listed;
        usec_t patience; /* until when it is worth waiting for them */
        /* A device came, went (its last moment), or says something else. */
        void (*changed_fn)(struct device *device, bool gone, void *userdata);
        void *userdata;
};

void devices_init(struct devices *devices, struct pw_context *context,
                  void (*changed_fn)(struct device *device, bool gone, void *userdata),
                  void *userdata);
/* Does nothing if there is no server: the calls' connection finds that out. */
void devices_connect(struct devices *devices);
void devices_disconnect(struct devices *devices);

/* Whether all devices that were there at the start have been read, or do not answer. */
bool devices_are_known(const struct devices *devices);

struct device *device_find(struct devices *devices, uint32_t id);
struct device *device_find_by_serial(struct devices *devices, uint64_t serial);
const struct device_profile *device_find_profile(const struct device *device, int index);
const struct device_port *device_find_port(const struct device *device, int index);
/* The port in use of the card's device; -1 = none. */
int device_get_active(const struct device *device, int card);
bool device_list_has(const struct device_list *list, int item);

/* Neither is remembered by the session manager. What comes of it is seen in `params`. */
void device_set_profile(struct device *device, int index);
void device_set_port(struct device *device, int card, int index);

#endif
