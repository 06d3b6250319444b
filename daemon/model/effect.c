/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue of effects, and their printer for traces. */
#include "model/effect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const effect_type_words[EFFECT_TYPE_MAX_] = {
        [EFFECT_PROVIDER_ADDED] = "provider-added",
        [EFFECT_PROVIDER_CHANGED] = "provider-changed",
        [EFFECT_PROVIDER_REMOVED] = "provider-removed",
        [EFFECT_CALL_ADDED] = "call-added",
        [EFFECT_CALL_CHANGED] = "call-changed",
        [EFFECT_CALL_REMOVED] = "call-removed",
        [EFFECT_SYSTEM_CHANGED] = "system-changed",
        [EFFECT_BEGAN] = "began",
        [EFFECT_RESET] = "reset",
        [EFFECT_PERFORM] = "perform",
        [EFFECT_ACTION_TIMED_OUT] = "action-timed-out",
        [EFFECT_ACTION_CANCELLED] = "action-cancelled",
        [EFFECT_AUDIO_ACTIVATED] = "audio-activated",
        [EFFECT_AUDIO_DEACTIVATED] = "audio-deactivated",
        [EFFECT_PUSH] = "push",
        [EFFECT_PUSH_FAILED] = "push-failed",
        [EFFECT_PUSH_MISSED] = "push-missed",
        [EFFECT_TRANSACTION_COMPLETED] = "transaction-completed",
        [EFFECT_TRANSACTION_OVERDUE] = "transaction-overdue",
        [EFFECT_AUDIO] = "audio",
        [EFFECT_RING] = "ring",
        [EFFECT_CALL_ENDED] = "call-ended",
        [EFFECT_START_PROVIDER] = "start-provider",
};

const char *effect_type_to_string(enum effect_type type)
{
        return effect_type_words[type];
}

int effect_print(const struct effect *effect, char *buffer, size_t size)
{
        return snprintf(buffer, size,
                        "%s provider=p%u call=%s transaction=%s action=%s mask=%#x n=%u audio=%s "
                        "muted=%d ring=%s serial=%llu",
                        effect_type_to_string(effect->type), effect->provider, effect->call.text,
                        effect->transaction.text, effect->action.text, effect->mask,
                        effect->n_actions, audio_level_to_string(effect->audio_level),
                        effect->muted, ring_mode_to_string(effect->ring_mode),
                        (unsigned long long)effect->serial);
}

void effect_queue_done(struct effect_queue *queue)
{
        free(queue->items);
        *queue = (struct effect_queue){0};
}

int effect_queue_reserve(struct effect_queue *queue, size_t n_more)
{
        size_t wanted = queue->n_items + n_more;
        struct effect *items;

        if (wanted <= queue->allocated)
                return 0;
        items = realloc(queue->items, 2 * wanted * sizeof(*items));
        if (!items)
                return -ENOMEM;
        queue->items = items;
        queue->allocated = 2 * wanted;
        return 0;
}

struct effect *effect_queue_push(struct effect_queue *queue, enum effect_type type)
{
        struct effect *effect;

        /* engine_begin() reserved; this grows only if its estimate was too low. */
        if (effect_queue_reserve(queue, 1) < 0)
                abort();
        effect = &queue->items[queue->n_items++];
        *effect = (struct effect){.type = type};
        return effect;
}

bool effect_queue_pop(struct effect_queue *queue, struct effect *ret_effect)
{
        if (queue->head == queue->n_items) {
                queue->head = queue->n_items = 0;
                return false;
        }
        *ret_effect = queue->items[queue->head++];
        return true;
}
