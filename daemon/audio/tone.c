/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The built-in sounds; see tone.h. */
#include "audio/tone.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>

/* Every note begins and ends with a ramp of this length: a step would click. */
#define EDGE_MS 10

/* One key: long enough to be heard as such, as short as phones have it. */
#define KEY_MS 100
#define KEY_SLOT_MS 160
#define KEY_LEVEL 0.1f

struct tone_note {
        unsigned start_ms;
        unsigned length_ms;
        float low;  /* Hz */
        float high; /* Hz */
};

struct tone_pattern {
        unsigned length_ms;
        float level; /* of each of the two sines */
        unsigned n_notes;
        struct tone_note notes[8];
};

static const struct tone_pattern ringtone = {
        .length_ms = 3000,
        .level = 0.2f,
        .n_notes = 8,
        .notes =
                {
                        {0, 120, 659.3f, 880.0f},
                        {120, 120, 784.0f, 1046.5f},
                        {240, 120, 659.3f, 880.0f},
                        {360, 240, 784.0f, 1046.5f},
                        {800, 120, 659.3f, 880.0f},
                        {920, 120, 784.0f, 1046.5f},
                        {1040, 120, 659.3f, 880.0f},
                        {1160, 240, 784.0f, 1046.5f},
                },
};

static const struct tone_pattern waiting = {
        .length_ms = 5000,
        .level = 0.03f,
        .n_notes = 2,
        .notes =
                {
                        {0, 160, 425.0f, 425.0f},
                        {320, 160, 425.0f, 425.0f},
                },
};

/* As most of Europe hears it (ETSI TR 101 041-2). */
static const struct tone_pattern ringback = {
        .length_ms = 5000,
        .level = 0.04f,
        .n_notes = 1,
        .notes =
                {
                        {0, 1000, 425.0f, 425.0f},
                },
};

static const struct tone_pattern *const patterns[] = {
        [TONE_RING] = &ringtone,
        [TONE_WAITING] = &waiting,
        [TONE_RINGBACK] = &ringback,
};

bool tone_key_frequencies(char key, float *ret_low, float *ret_high)
{
        static const char pad[] = "123A456B789C*0#D";
        static const float low[] = {697.0f, 770.0f, 852.0f, 941.0f};
        static const float high[] = {1209.0f, 1336.0f, 1477.0f, 1633.0f};
        const char *found = key ? strchr(pad, toupper((unsigned char)key)) : NULL;

        if (!found)
                return false;
        *ret_low = low[(found - pad) / 4];
        *ret_high = high[(found - pad) % 4];
        return true;
}

static unsigned samples_in(const struct tone *tone, unsigned ms)
{
        return (unsigned)((uint64_t)tone->rate * ms / 1000);
}

void tone_init(struct tone *tone, enum tone_kind kind, unsigned rate)
{
        assert(kind < ARRAY_SIZE(patterns) && rate >= 1000);
        *tone = (struct tone){.pattern = patterns[kind], .rate = rate};
        tone->length = samples_in(tone, tone->pattern->length_ms);
}

void tone_init_keys(struct tone *tone, const char *keys, unsigned rate)
{
        unsigned n = 0;
        float low, high;

        *tone = (struct tone){.rate = rate};
        for (; *keys && n < TONE_KEYS_MAX; keys++) {
                if (*keys == ',' || *keys == ';' || tone_key_frequencies(*keys, &low, &high))
                        tone->keys[n++] = *keys;
        }
        tone->length = samples_in(tone, n * KEY_SLOT_MS);
}

static float edge(const struct tone *tone, unsigned position, unsigned length)
{
        unsigned ramp = samples_in(tone, EDGE_MS);
        unsigned left = length - position;

        if (position < ramp)
                return (float)position / (float)ramp;
        return left < ramp ? (float)left / (float)ramp : 1.0f;
}

static float sine(const struct tone *tone, float frequency, unsigned position)
{
        return sinf(6.2831853f * frequency * (float)position / (float)tone->rate);
}

static float pattern_sample(const struct tone *tone, unsigned position)
{
        const struct tone_pattern *pattern = tone->pattern;

        for (unsigned i = 0; i < pattern->n_notes; i++) {
                const struct tone_note *note = &pattern->notes[i];
                unsigned start = samples_in(tone, note->start_ms);
                unsigned length = samples_in(tone, note->length_ms);

                if (position < start || position >= start + length)
                        continue;
                position -= start;
                return pattern->level * edge(tone, position, length) *
                       (sine(tone, note->low, position) + sine(tone, note->high, position));
        }
        return 0.0f;
}

static float key_sample(const struct tone *tone, unsigned position)
{
        unsigned slot = samples_in(tone, KEY_SLOT_MS);
        unsigned length = samples_in(tone, KEY_MS);
        char key = tone->keys[position / slot];
        float low, high;

        position %= slot;
        if (position >= length || !tone_key_frequencies(key, &low, &high))
                return 0.0f;
        return KEY_LEVEL * edge(tone, position, length) *
               (sine(tone, low, position) + sine(tone, high, position));
}

bool tone_render(struct tone *tone, float *samples, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                if (tone->position >= tone->length) {
                        samples[i] = 0.0f;
                        continue;
                }
                samples[i] = tone->pattern ? pattern_sample(tone, tone->position)
                                           : key_sample(tone, tone->position);
                tone->position++;
                if (tone->pattern)
                        tone->position %= tone->length;
        }
        return tone->position < tone->length;
}
