/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only table that turns refusals into D-Bus error names.
 *
 * The text of an error comes from where the decision was made: engine_explain() for the rules of
 * the model, the readers of this layer for malformed arguments. The texts here are for refusals
 * that came without one.
 */
#include "bus/bus-error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#define OWN "org.callsd.Error."
#define INCOMING OWN "IncomingCall."
#define REQUEST OWN "RequestTransaction."

static const struct {
        const char *name;
        const char *text;
} errors[REFUSAL_MAX_] = {
        [REFUSAL_INCOMING_UNKNOWN] = {INCOMING "Unknown", "The call was refused"},
        [REFUSAL_INCOMING_UNENTITLED] = {INCOMING "Unentitled", "This app may not have calls"},
        [REFUSAL_INCOMING_UUID_EXISTS] = {INCOMING "CallUUIDAlreadyExists",
                                          "A call with this UUID exists"},
        [REFUSAL_INCOMING_DO_NOT_DISTURB] = {INCOMING "FilteredByDoNotDisturb",
                                             "The user does not want to be disturbed"},
        [REFUSAL_INCOMING_BLOCK_LIST] = {INCOMING "FilteredByBlockList", "The caller is blocked"},
        [REFUSAL_INCOMING_RESTRICTED_SHARING] = {INCOMING "FilteredDuringRestrictedSharingMode",
                                                 "Calls are filtered while sharing is restricted"},
        [REFUSAL_INCOMING_PROTECTED] = {INCOMING "CallIsProtected", "The call is protected"},
        [REFUSAL_INCOMING_SENSITIVE] = {INCOMING "FilteredBySensitiveParticipants",
                                        "The call is filtered for its participants"},
        [REFUSAL_REQUEST_UNKNOWN] = {REQUEST "Unknown", "The request was refused"},
        [REFUSAL_REQUEST_UNENTITLED] = {REQUEST "Unentitled", "This app may not request that"},
        [REFUSAL_REQUEST_UNKNOWN_PROVIDER] = {REQUEST "UnknownCallProvider",
                                              "There is no such provider"},
        [REFUSAL_REQUEST_EMPTY] = {REQUEST "EmptyTransaction",
                                   "A transaction needs at least one action"},
        [REFUSAL_REQUEST_UNKNOWN_CALL] = {REQUEST "UnknownCallUUID", "There is no such call"},
        [REFUSAL_REQUEST_UUID_EXISTS] = {REQUEST "CallUUIDAlreadyExists",
                                         "A call with this UUID exists"},
        [REFUSAL_REQUEST_INVALID_ACTION] = {REQUEST "InvalidAction",
                                            "The call's state does not allow this"},
        [REFUSAL_REQUEST_MAXIMUM_GROUPS] = {REQUEST "MaximumCallGroupsReached",
                                            "The provider has no room for it"},
        [REFUSAL_REQUEST_PROTECTED] = {REQUEST "CallIsProtected", "An emergency call is going on"},
        [REFUSAL_NOT_AUTHORIZED] = {OWN "NotAuthorized", "This is not for you"},
        [REFUSAL_NOT_REGISTERED] = {OWN "NotRegistered", "Register as a provider first"},
        [REFUSAL_IDENTIFIER_TAKEN] = {OWN "IdentifierTaken",
                                      "Another connection has this identifier"},
        [REFUSAL_LIMIT_REACHED] = {OWN "LimitReached", "A limit is reached"},
        [REFUSAL_WOULD_END_CALL] = {OWN "WouldEndCall", "This would end another call"},
        [REFUSAL_HOLD_FAILED] = {OWN "HoldFailed", "The call in the way could not be held"},
        [REFUSAL_ACTION_FAILED] = {OWN "ActionFailed", "The provider could not do it"},
        [REFUSAL_ACTION_TIMED_OUT] = {OWN "ActionTimedOut", "The provider did not do it in time"},
        [REFUSAL_ACTION_CANCELLED] = {OWN "ActionCancelled", "It is not wanted any more"},
        [REFUSAL_UNKNOWN_ACTION] = {OWN "UnknownAction", "There is no such action, or it is done"},
        [REFUSAL_WRONG_STATE] = {OWN "WrongState", "Not in this state"},
        [REFUSAL_PROVIDER_AWAY] = {OWN "ProviderAway", "The provider is not there"},
        [REFUSAL_INVALID_ARGS] = {SD_BUS_ERROR_INVALID_ARGS, "An argument is malformed"},
};

const char *bus_error_name(enum refusal refusal)
{
        assert(refusal > REFUSAL_NONE && refusal < REFUSAL_MAX_);
        return errors[refusal].name;
}

int bus_error_set(sd_bus_error *error, int r, const char *explanation)
{
        assert(r != 0);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        assert(r < REFUSAL_MAX_);
        return sd_bus_error_set(error, errors[r].name, *explanation ? explanation : errors[r].text);
}

int bus_error_invalid(sd_bus_error *error, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = sd_bus_error_setfv(error, SD_BUS_ERROR_INVALID_ARGS, format, arguments);
        va_end(arguments);
        return r;
}

int bus_error_refuse(sd_bus_error *error, enum refusal refusal, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = sd_bus_error_setfv(error, bus_error_name(refusal), format, arguments);
        va_end(arguments);
        return r;
}
