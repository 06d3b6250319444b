/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why the rules say no.
 *
 * Positive on purpose: functions of the model return 0, a negative errno (something outside
 * failed, pass it on) or one of these, which the caller must handle. The adapters' only table
 * that turns them into D-Bus error names is in bus/bus-error.c. The result of an action is one of
 * these too, with REFUSAL_NONE for "fulfilled".
 */
#ifndef CALLSD_MODEL_REFUSAL_H
#define CALLSD_MODEL_REFUSAL_H

enum refusal {
        REFUSAL_NONE = 0,
        /* IncomingCall.*, in CallKit's order */
        REFUSAL_INCOMING_UNKNOWN,
        REFUSAL_INCOMING_UNENTITLED,
        REFUSAL_INCOMING_UUID_EXISTS,
        REFUSAL_INCOMING_DO_NOT_DISTURB,
        REFUSAL_INCOMING_BLOCK_LIST,
        REFUSAL_INCOMING_RESTRICTED_SHARING,
        REFUSAL_INCOMING_PROTECTED,
        REFUSAL_INCOMING_SENSITIVE,
        /* RequestTransaction.*, in CallKit's order */
        REFUSAL_REQUEST_UNKNOWN,
        REFUSAL_REQUEST_UNENTITLED,
        REFUSAL_REQUEST_UNKNOWN_PROVIDER,
        REFUSAL_REQUEST_EMPTY,
        REFUSAL_REQUEST_UNKNOWN_CALL,
        REFUSAL_REQUEST_UUID_EXISTS,
        REFUSAL_REQUEST_INVALID_ACTION,
        REFUSAL_REQUEST_MAXIMUM_GROUPS,
        REFUSAL_REQUEST_PROTECTED,
        /* callsd's own */
        REFUSAL_NOT_AUTHORIZED,
        REFUSAL_NOT_REGISTERED,
        REFUSAL_IDENTIFIER_TAKEN,
        REFUSAL_LIMIT_REACHED,
        REFUSAL_WOULD_END_CALL,
        REFUSAL_HOLD_FAILED,
        REFUSAL_ACTION_FAILED,
        REFUSAL_ACTION_TIMED_OUT,
        REFUSAL_ACTION_CANCELLED,
        REFUSAL_UNKNOWN_ACTION,
        REFUSAL_WRONG_STATE,
        REFUSAL_PROVIDER_AWAY,
        REFUSAL_INVALID_ARGS,
        REFUSAL_MAX_,
};

/* A short word for traces and logs ("would-end-call"). */
const char *refusal_to_string(enum refusal refusal);

#endif
