/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs no PipeWire: names, the built-in sounds, what a sink is. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "audio/graph-parse.h"
#include "audio/names.h"
#include "audio/route.h"
#include "audio/tone.h"
#include "support/suite.h"

#define CALL "0a1b2c3d-0000-4000-8000-00000000000f"

START_TEST(test_names)
{
        char key[NAMES_KEY_SIZE];
        char name[NAMES_SIZE + 16];
        bool source;

        ck_assert_int_eq(names_parse("callsd." CALL ".sink", key, &source), 0);
        ck_assert_str_eq(key, CALL);
        ck_assert(!source);
        ck_assert_int_eq(names_parse("callsd.shared.org.example.Phone.source", key, &source), 0);
        ck_assert_str_eq(key, "shared.org.example.Phone");
        ck_assert(source);
        ck_assert_int_eq(names_parse("callsd." CALL, key, &source), -EINVAL);
        ck_assert_int_eq(names_parse("callsd.ringtone", key, &source), -EINVAL);
        ck_assert_int_eq(names_parse("callsd.x.sink", key, &source), -EINVAL);
        ck_assert_int_eq(names_parse("callsd..sink", key, &source), -EINVAL);
        ck_assert_int_eq(names_parse("alsa_output.sink", key, &source), -EINVAL);
        ck_assert_int_eq(names_parse("", key, &source), -EINVAL);
        snprintf(name, sizeof(name), "callsd.shared.%0263d.sink", 1);
        ck_assert_int_eq(names_parse(name, key, &source), -EINVAL);
        ck_assert(!names_is_call("0A1B2C3D-0000-4000-8000-00000000000F"));
        ck_assert(!names_is_call(CALL "0"));
        ck_assert(!names_is_call(""));
}
END_TEST

START_TEST(test_default_device)
{
        char *name = NULL;

        parse_default(&name, "{\"name\":\"alsa_output.pci\"}");
        ck_assert_str_eq(name, "alsa_output.pci");
        parse_default(&name, "{ \"x\": { \"name\": \"no\" }, \"name\": \"yes\" }");
        ck_assert_str_eq(name, "yes");
        parse_default(&name, "{\"name\":\"callsd." CALL ".sink\"}");
        ck_assert_ptr_null(name);
        parse_default(&name, "nonsense");
        ck_assert_ptr_null(name);
        parse_default(&name, NULL);
        ck_assert_ptr_null(name);
}
END_TEST

START_TEST(test_kinds)
{
        ck_assert_str_eq(route_guess_kind("bluez_output.00_11", "Headset"), "bluetooth");
        ck_assert_str_eq(route_guess_kind("alsa_output.pci.hdmi-stereo", ""), "hdmi");
        ck_assert_str_eq(route_guess_kind("alsa_output.usb", "USB Headset"), "headset");
        ck_assert_str_eq(route_guess_kind("alsa_output.x", "Internal Earpiece"), "earpiece");
        ck_assert_str_eq(route_guess_kind("alsa_output.x.speaker", ""), "speaker");
        ck_assert_str_eq(route_guess_kind("alsa_output.pci.analog-stereo", "Built-in"), "other");
}
END_TEST

static float peak(enum tone_kind kind, unsigned seconds, float *ret_step)
{
        static float samples[48000];
        struct tone tone;
        float last = 0.0f;
        float top = 0.0f;
        float step = 0.0f;

        tone_init(&tone, kind, 48000);
        for (unsigned second = 0; second < seconds; second++) {
                tone_render(&tone, samples, 48000);
                for (unsigned i = 0; i < 48000; i++) {
                        top = fmaxf(top, fabsf(samples[i]));
                        step = fmaxf(step, fabsf(samples[i] - last));
                        last = samples[i];
                }
        }
        *ret_step = step;
        return top;
}

/* Never beyond full scale, never a click: no step that the sines themselves do not make. */
START_TEST(test_tones)
{
        float step;
        float ring = peak(TONE_RING, 7, &step);

        ck_assert_float_gt(ring, 0.2f);
        ck_assert_float_le(ring, 0.5f);
        ck_assert_float_lt(step, 2 * 0.2f * 6.29f * 1046.5f / 48000);
        ck_assert_float_lt(peak(TONE_WAITING, 11, &step), ring / 4);
        ck_assert_float_lt(step, 2 * 0.03f * 6.29f * 425 / 48000);
}
END_TEST

static TCase *words_case(void)
{
        TCase *tcase = tcase_create("words");

        tcase_add_test(tcase, test_names);
        tcase_add_test(tcase, test_default_device);
        tcase_add_test(tcase, test_kinds);
        tcase_add_test(tcase, test_tones);
        return tcase;
}

SUITE_MAIN("audio words", words_case());
