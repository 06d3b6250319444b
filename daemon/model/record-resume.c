/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a new daemon's surroundings have to be told of a state that they did not see come about. */
#include "model/record.h"

#include <utlist.h>

#include "model/engine-internal.h"

/* The same serial: who had told it as ready tells it again, and that changes nothing. */
static void wish_again(struct engine *engine, const struct call *call)
{
        struct effect *effect = engine_push_call(engine, EFFECT_AUDIO, call);

        effect->audio_level = call->audio_level;
        effect->muted = call->audio_muted;
        effect->serial = call->audio_serial;
}

/* What is closed comes before what is open. */
static void wish_for_all(struct engine *engine)
{
        const struct call *call;

        for (int open = 0; open <= 1; open++)
                for (call = engine->calls; call; call = call->hh.next)
                        if (call->audio_serial != 0 && !call->audio_lost &&
                            (call->audio_level == AUDIO_LEVEL_LINKED) == open)
                                wish_again(engine, call);
}

static void ring_again(struct engine *engine)
{
        const struct call *call = engine_ring_call(engine);
        struct effect *effect;

        if (engine->ring_mode == RING_NONE)
                return;
        effect = effect_queue_push(&engine->effects, EFFECT_RING);
        effect->ring_mode = engine->ring_mode;
        effect->call = engine->ring_call;
        effect->provider = call ? call->provider->number : 0;
}

/* The bus may have answered to nobody; to start what runs does no harm. */
static void providers_again(struct engine *engine)
{
        struct provider *provider;

        for (provider = engine->providers; provider; provider = provider->hh_number.next) {
                if (engine->host.provider_entitled)
                        provider->entitled = engine->host.provider_entitled(
                                provider->config.identifier, engine->host.userdata);
                if (provider->state == PROVIDER_STARTING)
                        engine_push_provider(engine, EFFECT_START_PROVIDER, provider);
                else if (engine_push_waits(provider))
                        provider_start(engine, provider);
        }
}

int engine_resume(struct engine *engine, struct instant now)
{
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        engine->audio_resumed = engine->next_audio_serial;
        wish_for_all(engine);
        ring_again(engine);
        providers_again(engine);
        return engine_finish(engine);
}
