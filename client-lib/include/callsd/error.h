/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Errors: a domain, CallKit's numeric code and a text for people.
 *
 * Codes of different CallKit domains share numbers, so look at the domain first; only the codes of
 * callsd's own (enum cx_error_callsd) are outside their range and may be compared alone.
 */
#ifndef CALLSD_ERROR_H
#define CALLSD_ERROR_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** Which enumeration the code of an error belongs to. */
enum cx_error_domain {
        CX_ERROR_DOMAIN_GENERAL = 0,                    /**< enum cx_error_general */
        CX_ERROR_DOMAIN_INCOMING_CALL,                  /**< enum cx_error_incoming_call */
        CX_ERROR_DOMAIN_REQUEST_TRANSACTION,            /**< enum cx_error_request_transaction */
        CX_ERROR_DOMAIN_CALL_DIRECTORY,                 /**< enum cx_error_call_directory */
        CX_ERROR_DOMAIN_NOTIFICATION_SERVICE_EXTENSION, /**< enum cx_error_notification_... */
        CX_ERROR_DOMAIN_CALLSD,                         /**< enum cx_error_callsd */
};

/** CXErrorCode. */
enum cx_error_general {
        CX_ERROR_UNKNOWN = 0, /**< also what a newer callsd may say; the text tells */
        CX_ERROR_UNENTITLED = 1,
        CX_ERROR_INVALID_ARGUMENT = 2, /**< the text names the value and what would be right */
        CX_ERROR_MISSING_VOIP_BACKGROUND_MODE = 3, /**< never on Linux */
};

/** CXErrorCodeIncomingCallError: what an incoming call is refused for. The app drops the call. */
enum cx_error_incoming_call {
        CX_ERROR_INCOMING_CALL_UNKNOWN = 0,
        CX_ERROR_INCOMING_CALL_UNENTITLED = 1, /**< this app may not be a provider */
        CX_ERROR_INCOMING_CALL_CALL_UUID_ALREADY_EXISTS = 2,
        CX_ERROR_INCOMING_CALL_FILTERED_BY_DO_NOT_DISTURB = 3,
        CX_ERROR_INCOMING_CALL_FILTERED_BY_BLOCK_LIST = 4,
        CX_ERROR_INCOMING_CALL_FILTERED_DURING_RESTRICTED_SHARING_MODE = 5,
        CX_ERROR_INCOMING_CALL_CALL_IS_PROTECTED = 6,
        CX_ERROR_INCOMING_CALL_FILTERED_BY_SENSITIVE_PARTICIPANTS = 7,
};

/** CXErrorCodeRequestTransactionError: what a transaction is refused for. */
enum cx_error_request_transaction {
        CX_ERROR_REQUEST_TRANSACTION_UNKNOWN = 0,
        CX_ERROR_REQUEST_TRANSACTION_UNENTITLED = 1,
        CX_ERROR_REQUEST_TRANSACTION_UNKNOWN_CALL_PROVIDER = 2,
        CX_ERROR_REQUEST_TRANSACTION_EMPTY_TRANSACTION = 3,
        CX_ERROR_REQUEST_TRANSACTION_UNKNOWN_CALL_UUID = 4, /**< also of a report */
        CX_ERROR_REQUEST_TRANSACTION_CALL_UUID_ALREADY_EXISTS = 5,
        CX_ERROR_REQUEST_TRANSACTION_INVALID_ACTION = 6, /**< not possible in this state */
        CX_ERROR_REQUEST_TRANSACTION_MAXIMUM_CALL_GROUPS_REACHED = 7,
        CX_ERROR_REQUEST_TRANSACTION_CALL_IS_PROTECTED = 8, /**< an emergency call goes on */
};

/** CXErrorCodeCallDirectoryManagerError. */
enum cx_error_call_directory {
        CX_ERROR_CALL_DIRECTORY_UNKNOWN = 0,
        CX_ERROR_CALL_DIRECTORY_NO_EXTENSION_FOUND = 1,
        CX_ERROR_CALL_DIRECTORY_LOADING_INTERRUPTED = 2,
        CX_ERROR_CALL_DIRECTORY_ENTRIES_OUT_OF_ORDER = 3,
        CX_ERROR_CALL_DIRECTORY_DUPLICATE_ENTRIES = 4,
        CX_ERROR_CALL_DIRECTORY_MAXIMUM_ENTRIES_EXCEEDED = 5,
        CX_ERROR_CALL_DIRECTORY_EXTENSION_DISABLED = 6,
        CX_ERROR_CALL_DIRECTORY_CURRENTLY_LOADING = 7,
        CX_ERROR_CALL_DIRECTORY_UNEXPECTED_INCREMENTAL_REMOVAL = 8,
};

/** CXErrorCodeNotificationServiceExtensionError: what a push helper is refused for. */
enum cx_error_notification_service_extension {
        CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_UNKNOWN = 0,
        CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_INVALID_CLIENT_PROCESS = 1,
        CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_MISSING_NOTIFICATION_FILTERING_ENTITLEMENT = 2,
};

/** What callsd says beyond CallKit. */
enum cx_error_callsd {
        CX_ERROR_NOT_RUNNING = 1000, /**< there is no callsd, or it does not answer: the app is on
                                        its own and may ring and act by itself */
        CX_ERROR_NOT_AUTHORIZED = 1001,
        CX_ERROR_NOT_REGISTERED = 1002,   /**< the provider could not be registered */
        CX_ERROR_IDENTIFIER_TAKEN = 1003, /**< by another process */
        CX_ERROR_LIMIT_REACHED = 1004,    /**< the text names the limit and its value */
        CX_ERROR_WOULD_END_CALL = 1005,   /**< only ending the named calls would help */
        CX_ERROR_HOLD_FAILED = 1006,      /**< the call in the way could not be held */
        CX_ERROR_ACTION_FAILED = 1007,    /**< the provider failed it */
        CX_ERROR_ACTION_TIMED_OUT = 1008, /**< the provider did not complete it */
        CX_ERROR_ACTION_CANCELLED = 1009, /**< nobody wants it any more */
        CX_ERROR_UNKNOWN_ACTION = 1010,   /**< never heard of, or complete already */
        CX_ERROR_WRONG_STATE = 1011,      /**< not in this state of the call */
        CX_ERROR_PROVIDER_AWAY = 1012,    /**< the provider could not be started in time */
};

/** Which of the enumerations cx_error_get_code() is a value of. */
enum cx_error_domain cx_error_get_domain(const struct cx_error *error);

/** The code, in CallKit's numbers. */
int cx_error_get_code(const struct cx_error *error);

/** What was wrong, with the value, and what would be right; for people. Never NULL. */
const char *cx_error_get_message(const struct cx_error *error);

/** The D-Bus name of the error, such as "org.callsd.Error.WouldEndCall". Never NULL. */
const char *cx_error_get_name(const struct cx_error *error);

/** Whether `error` (NULL: no) has this domain and code. */
int cx_error_is(const struct cx_error *error, enum cx_error_domain domain, int code);

/** Takes a reference, to keep an error beyond its callback. Returns `error`; NULL for NULL. */
const struct cx_error *cx_error_ref(const struct cx_error *error);

/** Gives a reference back. Returns NULL, takes NULL. */
const struct cx_error *cx_error_unref(const struct cx_error *error);

CX_END_DECLS

#endif
