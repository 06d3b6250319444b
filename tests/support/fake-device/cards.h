/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fake devices are made of: the shape of real ones, written down. */
#ifndef CALLSD_TESTS_FAKE_DEVICE_CARDS_H
#define CALLSD_TESTS_FAKE_DEVICE_CARDS_H

#include <stdbool.h>
#include <stdint.h>

#define CARD_DEVICES 4
#define CARD_PORTS 8

struct card_profile {
        const char *name;
        const char *description;
        int priority;
        int sink; /* card.profile.device of its sink; -1 = none */
        int source;
};

struct card_port {
        const char *name;
        const char *description;
        const char *type; /* port.type; NULL = not said */
        bool output;
        bool plugged; /* at the start */
        int priority;
        int device;
        int profiles[4];
        uint32_t n_profiles;
};

struct card {
        const char *word; /* on the command line */
        const char *prefix;
        const char *description;
        const char *api;
        const char *form_factor;
        const char *sink_prefix;
        const char *source_prefix;
        const struct card_profile *profiles;
        int n_profiles;
        const struct card_port *ports;
        int n_ports;
};

/* NULL: no such card. */
const struct card *card_find(const char *word);

#endif
