/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Are all changes announced? The values behind every bit of the change masks are turned into one
 * number each; what differs from the number at the last announcement was forgotten.
 */
#include "support/sim-internal.h"

static const char *const CALL_NAMES[SIM_N_PROPERTIES] = {
        "state",       "muted",     "group",          "hold-reason",  "remote-held", "alerting",
        "early-media", "video",     "translating",    "reconnecting", "members",     "capabilities",
        "handle",      "name",      "picture",        "account",      "started-at",  "connected-at",
        "ended",       "waiting",   "answer-pending", "allowed",      "post-dial",   "state-origin",
        "audio",       "emergency",
};

static const char *const SYSTEM_NAMES[SIM_N_SYSTEM] = {
        "in-call",      "do-not-disturb", "default-providers",
        "active-calls", "resumable-call", "ringing-calls",
};

const char *sim_call_property_name(unsigned bit)
{
        return bit < SIM_N_PROPERTIES ? CALL_NAMES[bit] : "?";
}

const char *sim_system_property_name(unsigned bit)
{
        return bit < SIM_N_SYSTEM ? SYSTEM_NAMES[bit] : "?";
}

/* FNV-1a, folded over several values. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
        for (unsigned i = 0; i < 8; i++)
                hash = (hash ^ (value >> (8 * i) & 0xff)) * 1099511628211ULL;
        return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
        hash = mix(hash, 1469598103934665603ULL);
        for (; text && *text; text++)
                hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
        return hash;
}

static uint64_t date_number(const struct call_date *date)
{
        return mix(mix(1, date->realtime), date->boottime);
}

static uint64_t members_number(const struct call *call)
{
        uint64_t hash = call->n_members;

        for (size_t i = 0; i < call->n_members; i++) {
                hash = mix_text(hash, call->members[i].handle);
                hash = mix_text(hash, call->members[i].name);
                hash = mix(hash, call->members[i].active);
        }
        return hash;
}

void sim_call_properties(const struct call *call, uint64_t *ret_properties)
{
        const uint64_t values[SIM_N_PROPERTIES] = {
                call->state,
                call->muted,
                call->group,
                call->hold_reason,
                call->remote_held,
                call->alerting,
                call->early_media,
                call->video,
                call->translating,
                call->reconnecting,
                members_number(call),
                call->capabilities,
                mix_text(mix(1, call->handle_type), call->handle),
                mix_text(1, call->name),
                call->picture,
                mix_text(1, call->account),
                date_number(&call->started_at),
                date_number(&call->connected_at),
                mix_text(mix(mix(date_number(&call->ended_at), call->ended_reason),
                             call->ended_cause),
                         call->ended_text),
                call->waiting,
                call->answer_pending,
                call->allowed,
                mix_text(call->post_dial_waits, call->post_dial_waits ? call->post_dial : ""),
                call->state_origin,
                0, /* MuteEnforced is worked out by the bus layer */
                call->emergency,
        };

        memcpy(ret_properties, values, sizeof(values));
}

void sim_system_properties(struct sim *sim, uint64_t *ret_properties)
{
        const struct call *resumable = engine_resumable_call(sim->engine);
        const char *key, *identifier;

        memset(ret_properties, 0, SIM_N_SYSTEM * sizeof(*ret_properties));
        ret_properties[0] = engine_in_call(sim->engine);
        ret_properties[1] = engine_do_not_disturb(sim->engine);
        for (size_t i = 0; engine_default_provider(sim->engine, i, &key, &identifier); i++)
                ret_properties[2] += mix_text(mix_text(1, key), identifier);
        for (const struct call *at = engine_next_call(sim->engine, NULL); at;
             at = engine_next_call(sim->engine, at))
                if (at->state == CALL_STATE_ACTIVE)
                        ret_properties[3] += mix_text(1, at->id.text);
        ret_properties[4] = resumable ? mix_text(1, resumable->id.text) : 0;
        for (const struct call *at = engine_first_ringing(sim->engine); at; at = at->ringing_next)
                ret_properties[5] = mix_text(ret_properties[5], at->id.text);
}
