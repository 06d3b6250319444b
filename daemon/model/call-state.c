/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of call-model.md section 2: what is legal in which state, and which states claim.
 *
 *   incoming:  ringing -> answering -> active
 *   outgoing:  starting -> started -> connecting -> active
 *   both:      active <-> held;  any state -> ending -> ended
 */
#include "model/engine-internal.h"

#define IN(state) (1u << CALL_STATE_##state)
#define ALL_BUT_ENDED                                                                             \
        (IN(RINGING) | IN(ANSWERING) | IN(STARTING) | IN(STARTED) | IN(CONNECTING) | IN(ACTIVE) | \
         IN(HELD))

/* A start is legal for a call that does not exist yet; at its turn that call is `starting`. */
static const unsigned legal_states[ACTION_TYPE_MAX_] = {
        [ACTION_START] = IN(STARTING),
        [ACTION_ANSWER] = IN(RINGING),
        [ACTION_END] = ALL_BUT_ENDED | IN(ENDING),
        [ACTION_SET_HELD] = IN(ACTIVE) | IN(HELD),
        [ACTION_SET_MUTED] = ALL_BUT_ENDED,
        [ACTION_SET_GROUP] = IN(ACTIVE) | IN(HELD),
        [ACTION_PLAY_DTMF] = IN(STARTED) | IN(CONNECTING) | IN(ACTIVE),
        [ACTION_SET_TRANSLATING] = IN(ACTIVE),
};

bool action_legal_in(enum action_type type, enum call_state state)
{
        return (legal_states[type] & (1u << state)) != 0;
}

/* A `starting` call claims from its action's turn on: call-set.c. */
bool call_state_claims(enum call_state state)
{
        return (1u << state & (IN(ANSWERING) | IN(STARTED) | IN(CONNECTING) | IN(ACTIVE))) != 0;
}
