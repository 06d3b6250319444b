/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The built-in sounds; see tone.h. */
#include "audio/tone.h"

#include <assert.h>
#include <math.h>

/* Every note begins and ends with a ramp of this length: a step would click. */
#define EDGE_MS 10

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

static unsigned samples_in(const struct tone *tone, unsigned ms)
{
        return (unsigned)((uint64_t)tone->rate * ms / 1000);
}

void tone_init(struct tone *tone, enum ring_mode mode, unsigned rate)
{
        assert(mode != RING_NONE && rate >= 1000);
        *tone = (struct tone){
                .pattern = mode == RING_WAITING ? &waiting : &ringtone,
                .rate = rate,
        };
        tone->length = samples_in(tone, tone->pattern->length_ms);
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

static float sample(const struct tone *tone, unsigned position)
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

void tone_render(struct tone *tone, float *samples, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                samples[i] = sample(tone, (unsigned)tone->position);
                tone->position = (tone->position + 1) % tone->length;
        }
}
