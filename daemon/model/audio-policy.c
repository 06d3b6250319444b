/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which call is heard: a pure function of the calls' states, compared with what was last wished.
 *
 * Two things are kept apart. The path is open or closed (EFFECT_AUDIO), and may close silently
 * while a hold is under way. The session is activated or deactivated for the provider, strictly
 * in turn: activated when the adapter says that the open path is ready, deactivated when the
 * call's state is no longer one that is heard.
 */
#include "model/engine-internal.h"

#include <utlist.h>

/* Of the calls that are being placed the one that is heard: one alone, and an emergency first. */
static const struct call *heard_while_placed(const struct engine *engine)
{
        const struct call *call, *first = NULL;

        DL_FOREACH2 (engine->claiming, call, claiming_next) {
                if ((call->state != CALL_STATE_STARTED && call->state != CALL_STATE_CONNECTING) ||
                    call->reconnecting)
                        continue;
                if (call->emergency)
                        return call; /* it waits for no hold */
                if (!first)
                        first = call;
        }
        return engine_active_call(engine) ? NULL : first;
}

static bool is_audible(const struct engine *engine, const struct call *call)
{
        if (call->state == CALL_STATE_ACTIVE)
                return !call->reconnecting;
        if (call->state == CALL_STATE_STARTED || call->state == CALL_STATE_CONNECTING)
                return call == heard_while_placed(engine);
        return false;
}

static enum audio_level wanted_level(const struct engine *engine, const struct call *call)
{
        switch (call->state) {
        case CALL_STATE_ENDED:
                return AUDIO_LEVEL_NONE;
        case CALL_STATE_RINGING:
                return AUDIO_LEVEL_GATED;
        case CALL_STATE_STARTING:
                return call->turn_taken ? AUDIO_LEVEL_NODES : AUDIO_LEVEL_GATED;
        case CALL_STATE_ANSWERING:
        case CALL_STATE_HELD:
        case CALL_STATE_ENDING:
                return AUDIO_LEVEL_NODES;
        case CALL_STATE_STARTED:
        case CALL_STATE_CONNECTING:
        case CALL_STATE_ACTIVE:
                return is_audible(engine, call) && !call->audio_closing ? AUDIO_LEVEL_LINKED
                                                                        : AUDIO_LEVEL_NODES;
        case CALL_STATE_MAX_:
                break;
        }
        return AUDIO_LEVEL_NONE;
}

/* While the bus is away an app believes what it was told last; it is told when it is back. */
static void announce(struct engine *engine, struct call *call, bool activated)
{
        if (call->audio_announced == activated ||
            (call->provider->bus_lost && call->state != CALL_STATE_ENDED))
                return;
        call->audio_announced = activated;
        if (call->provider->state == PROVIDER_RUNNING)
                engine_push_call(engine,
                                 activated ? EFFECT_AUDIO_ACTIVATED : EFFECT_AUDIO_DEACTIVATED,
                                 call);
}

static void wish(struct engine *engine, struct call *call, enum audio_level level)
{
        /* Only where callsd mixes does a change of the group change what is heard. */
        uint64_t group = call->provider->config.mix_groups ? call->group : 0;
        struct effect *effect;

        if (call->audio_level == level && call->audio_muted == call->muted &&
            call->audio_group == group)
                return;
        if (call->audio_level != level) {
                call->audio_serial = ++engine->next_audio_serial;
                call->audio_ready = false;
        }
        call->audio_level = level;
        call->audio_muted = call->muted;
        call->audio_group = group;
        effect = engine_push_call(engine, EFFECT_AUDIO, call);
        effect->audio_level = level;
        effect->muted = call->muted;
        effect->serial = call->audio_serial;
}

/* Called for every call that may have changed: first with `opening` false, so that what closes
 * closes before anything opens. */
void audio_policy_apply(struct engine *engine, struct call *call, bool opening)
{
        enum audio_level level = wanted_level(engine, call);

        if (!opening && (call->audio_lost || !is_audible(engine, call)))
                announce(engine, call, false);
        if (!call->audio_lost && opening == (level == AUDIO_LEVEL_LINKED))
                wish(engine, call, level);
        if (opening && call->audio_ready && call->audio_level == AUDIO_LEVEL_LINKED)
                announce(engine, call, true);
}

int engine_audio_ready(struct engine *engine, struct instant now, const char *uuid, uint64_t serial)
{
        struct call *call;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        call = engine_get_call(engine, uuid);
        if (call && call->audio_serial == serial && call->audio_level == AUDIO_LEVEL_LINKED) {
                call->audio_ready = true;
                call_mark_changed(engine, call, 0);
        }
        return engine_finish(engine);
}

int engine_audio_available(struct engine *engine, struct instant now, bool available)
{
        struct call *call, *next;
        uint64_t resumed;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        /* what goes on over a restart of callsd was wished for again; nobody lost anything */
        resumed = available == engine->audio_available ? engine->audio_resumed : 0;
        engine->audio_resumed = 0;
        engine->audio_available = available;
        HASH_ITER (hh, engine->calls, call, next) {
                if (call->audio_serial <= resumed)
                        continue;
                announce(engine, call, false);
                call->audio_ready = false;
                call->audio_lost = !available && call->audio_level != AUDIO_LEVEL_NONE &&
                                   call->state != CALL_STATE_ENDED;
                call->audio_level = AUDIO_LEVEL_NONE;
                call_mark_changed(engine, call, CALL_CHANGED_AUDIO);
        }
        return engine_finish(engine);
}

bool engine_audio_is_available(const struct engine *engine)
{
        return engine->audio_available;
}

int engine_audio_found_muted(struct engine *engine, struct instant now, const char *uuid)
{
        struct call *call;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        call = engine_get_call(engine, uuid);
        if (call && call_is_live(call))
                call_set_muted(engine, call, true);
        return engine_finish(engine);
}
