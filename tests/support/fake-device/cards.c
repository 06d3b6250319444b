/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fake devices are made of; see cards.h. */
#include "support/fake-device/cards.h"

#include "util/macro.h"

/* A headset: music without a microphone, or both in a telephone's quality. */
static const struct card_profile bluetooth_profiles[] = {
        {"off", "Off", 0, -1, -1},
        {"a2dp-sink", "High Fidelity Playback", 133, 0, -1},
        {"headset-head-unit", "Headset Head Unit", 24, 2, 1},
};
static const struct card_port bluetooth_ports[] = {
        {"headset-output", "Headset", "headset", true, true, 1, 0, {1}, 1},
        {"headset-hf-output", "Handsfree", "headset", true, true, 1, 2, {2}, 1},
        {"headset-input", "Headset microphone", "headset", false, true, 1, 1, {2}, 1},
};

/* A phone: all that can be heard is one sink, and a port says which part of it sounds. */
static const struct card_profile phone_profiles[] = {
        {"off", "Off", 0, -1, -1},
        {"HiFi", "Music", 8000, 0, 1},
        {"Voice Call", "Make a phone call", 7000, 0, 1},
};
static const struct card_port phone_ports[] = {
        {"[Out] Speaker", "Speaker", NULL, true, true, 200, 0, {1, 2}, 2},
        {"[Out] Earpiece", "Earpiece", NULL, true, true, 100, 0, {2}, 1},
        {"[Out] Headphones", "Headphones", NULL, true, false, 300, 0, {1, 2}, 2},
        {"[In] Mic", "Internal microphone", NULL, false, true, 100, 1, {1, 2}, 2},
        {"[In] Headset", "Headset microphone", NULL, false, false, 50, 1, {1, 2}, 2},
};

static const struct card cards[] = {
        {
                .word = "bluetooth",
                .prefix = "bluez_card",
                .description = "Fake headset",
                .api = "bluez5",
                .form_factor = "headset",
                .sink_prefix = "bluez_output",
                .source_prefix = "bluez_input",
                .profiles = bluetooth_profiles,
                .n_profiles = ARRAY_SIZE(bluetooth_profiles),
                .ports = bluetooth_ports,
                .n_ports = ARRAY_SIZE(bluetooth_ports),
        },
        {
                .word = "phone",
                .prefix = "alsa_card",
                .description = "Fake phone card",
                .api = "alsa",
                .form_factor = "internal",
                .sink_prefix = "alsa_output",
                .source_prefix = "alsa_input",
                .profiles = phone_profiles,
                .n_profiles = ARRAY_SIZE(phone_profiles),
                .ports = phone_ports,
                .n_ports = ARRAY_SIZE(phone_ports),
        },
};

const struct card *card_find(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
                if (streq(cards[i].word, word))
                        return &cards[i];
        }
        return NULL;
}
