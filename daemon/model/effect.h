/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the model wants done: plain structs in a queue, drained by daemon/app after every input.
 *
 * Effects carry ids. What they name is still there while the queue is being drained, so an
 * adapter looks the rest up through the engine's getters.
 */
#ifndef CALLSD_MODEL_EFFECT_H
#define CALLSD_MODEL_EFFECT_H

#include "model/types.h"

enum effect_type {
        /* bus: objects and properties */
        EFFECT_PROVIDER_ADDED,   /* provider */
        EFFECT_PROVIDER_CHANGED, /* provider */
        EFFECT_PROVIDER_REMOVED, /* provider */
        EFFECT_CALL_ADDED,     /* call; also right before the change of a call that ended at once */
        EFFECT_CALL_CHANGED,   /* call, mask of enum call_change */
        EFFECT_CALL_REMOVED,   /* call */
        EFFECT_SYSTEM_CHANGED, /* mask of enum system_change */
        /* bus: to the provider's connection alone */
        EFFECT_BEGAN,            /* provider */
        EFFECT_RESET,            /* provider; the calls were ended before */
        EFFECT_PERFORM,          /* provider, transaction, action = the first, n_actions in order */
        EFFECT_ACTION_TIMED_OUT, /* provider, call, action */
        EFFECT_ACTION_CANCELLED, /* provider, call, action */
        EFFECT_AUDIO_ACTIVATED,  /* provider, call */
        EFFECT_AUDIO_DEACTIVATED, /* provider, call */
        EFFECT_PUSH,              /* provider, action = the id of a payload for it */
        /* bus: to the requester */
        EFFECT_TRANSACTION_COMPLETED, /* transaction: all its actions are done */
        EFFECT_TRANSACTION_OVERDUE,   /* transaction: a method that waits answers ActionTimedOut */
        /* bus: to the helper; action = the id of a payload that its provider never got */
        EFFECT_PUSH_FAILED, /* provider, action */
        /* journal: likewise, of one that was delivered, and no call was reported for it */
        EFFECT_PUSH_MISSED, /* provider, action */
        /* audio */
        EFFECT_AUDIO, /* call, audio_level, muted, serial */
        EFFECT_RING,  /* ring_mode, call (the one whose tone plays) */
        /* store, bus */
        EFFECT_CALL_ENDED,     /* call: the record of a call, once */
        EFFECT_START_PROVIDER, /* provider: declared, has work, is not running */
        EFFECT_TYPE_MAX_,
};

/* What changed about the system as a whole. */
enum system_change {
        SYSTEM_CHANGED_IN_CALL = 1 << 0,
        SYSTEM_CHANGED_DO_NOT_DISTURB = 1 << 1,
        SYSTEM_CHANGED_DEFAULT_PROVIDERS = 1 << 2,
        SYSTEM_CHANGED_ACTIVE_CALLS = 1 << 3,
        SYSTEM_CHANGED_RESUMABLE_CALL = 1 << 4,
        SYSTEM_CHANGED_RINGING_CALLS = 1 << 5,
};

struct effect {
        enum effect_type type;
        unsigned provider; /* number; 0: none */
        struct uuid call;  /* empty text: none */
        struct uuid transaction;
        struct uuid action;
        unsigned mask;
        unsigned n_actions;
        uint64_t serial;
        enum audio_level audio_level;
        enum ring_mode ring_mode;
        bool muted;
};

const char *effect_type_to_string(enum effect_type type);

/* One line for traces, without its newline; returns as snprintf. */
int effect_print(const struct effect *effect, char *buffer, size_t size);

/* A queue that is reserved ahead, so that pushing never fails. */
struct effect_queue {
        struct effect *items;
        size_t head, n_items, allocated;
};

void effect_queue_done(struct effect_queue *queue);
int effect_queue_reserve(struct effect_queue *queue, size_t n_more);
struct effect *effect_queue_push(struct effect_queue *queue, enum effect_type type);
bool effect_queue_pop(struct effect_queue *queue, struct effect *ret_effect);

#endif
