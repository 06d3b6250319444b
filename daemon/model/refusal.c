/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short words for refusals, for traces and logs. */
#include "model/refusal.h"

static const char *const refusal_words[REFUSAL_MAX_] = {
        [REFUSAL_NONE] = "fulfilled",
        [REFUSAL_INCOMING_UNKNOWN] = "incoming-unknown",
        [REFUSAL_INCOMING_UNENTITLED] = "incoming-unentitled",
        [REFUSAL_INCOMING_UUID_EXISTS] = "incoming-uuid-exists",
        [REFUSAL_INCOMING_DO_NOT_DISTURB] = "incoming-do-not-disturb",
        [REFUSAL_INCOMING_BLOCK_LIST] = "incoming-block-list",
        [REFUSAL_INCOMING_RESTRICTED_SHARING] = "incoming-restricted-sharing",
        [REFUSAL_INCOMING_PROTECTED] = "incoming-protected",
        [REFUSAL_INCOMING_SENSITIVE] = "incoming-sensitive",
        [REFUSAL_REQUEST_UNKNOWN] = "request-unknown",
        [REFUSAL_REQUEST_UNENTITLED] = "request-unentitled",
        [REFUSAL_REQUEST_UNKNOWN_PROVIDER] = "unknown-provider",
        [REFUSAL_REQUEST_EMPTY] = "empty-transaction",
        [REFUSAL_REQUEST_UNKNOWN_CALL] = "unknown-call",
        [REFUSAL_REQUEST_UUID_EXISTS] = "uuid-exists",
        [REFUSAL_REQUEST_INVALID_ACTION] = "invalid-action",
        [REFUSAL_REQUEST_MAXIMUM_GROUPS] = "maximum-groups",
        [REFUSAL_REQUEST_PROTECTED] = "protected",
        [REFUSAL_NOT_AUTHORIZED] = "not-authorized",
        [REFUSAL_NOT_REGISTERED] = "not-registered",
        [REFUSAL_IDENTIFIER_TAKEN] = "identifier-taken",
        [REFUSAL_LIMIT_REACHED] = "limit-reached",
        [REFUSAL_WOULD_END_CALL] = "would-end-call",
        [REFUSAL_HOLD_FAILED] = "hold-failed",
        [REFUSAL_ACTION_FAILED] = "failed",
        [REFUSAL_ACTION_TIMED_OUT] = "timed-out",
        [REFUSAL_ACTION_CANCELLED] = "cancelled",
        [REFUSAL_UNKNOWN_ACTION] = "unknown-action",
        [REFUSAL_WRONG_STATE] = "wrong-state",
        [REFUSAL_PROVIDER_AWAY] = "provider-away",
        [REFUSAL_INVALID_ARGS] = "invalid-args",
};

const char *refusal_to_string(enum refusal refusal)
{
        return refusal_words[refusal];
}
