/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rings, here and at the other end: pure functions of the ringing calls and of what claims. */
#include "model/engine-internal.h"

#include <utlist.h>

static struct call *first_audible(const struct engine *engine)
{
        struct call *call;

        DL_FOREACH2 (engine->ringing, call, ringing_next) {
                if (!call->silenced && !call->answer_pending)
                        return call;
        }
        return NULL;
}

void ring_policy_apply(struct engine *engine)
{
        const struct call *call = first_audible(engine);
        enum ring_mode mode = !call ? RING_NONE : engine->claiming ? RING_WAITING : RING_TONE;
        const char *id = call ? call->id.text : "";
        struct effect *effect;

        if (engine->ring_mode == mode && streq(engine->ring_call.text, id))
                return;
        engine->ring_mode = mode;
        engine->ring_call = call ? call->id : (struct uuid){0};
        effect = effect_queue_push(&engine->effects, EFFECT_RING);
        effect->ring_mode = mode;
        effect->call = engine->ring_call;
        effect->provider = call ? call->provider->number : 0;
}

enum ring_mode engine_ring_mode(const struct engine *engine)
{
        return engine->ring_mode;
}

const struct call *engine_ring_call(const struct engine *engine)
{
        return engine_find_call(engine, engine->ring_call.text);
}

/* Of the calls that are being placed only the one that is heard, and not over what the network
 * itself lets the user hear. */
bool engine_wants_ringback(const struct engine *engine)
{
        const struct call *call;

        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                if ((call->state == CALL_STATE_STARTED || call->state == CALL_STATE_CONNECTING) &&
                    call->audio_level == AUDIO_LEVEL_LINKED && call->audio != CALL_AUDIO_NONE &&
                    call->outgoing && call->alerting && !call->early_media)
                        return true;
        }
        return false;
}

int engine_silence_ringer(struct engine *engine, struct instant now)
{
        struct call *call;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        DL_FOREACH2 (engine->ringing, call, ringing_next) {
                call->silenced = true;
        }
        return engine_finish(engine);
}
