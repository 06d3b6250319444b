/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: D-Bus names to CallKit's domains and numbers. */
#include "internal.h"

struct cx_error {
        unsigned n_ref; /* 0: static, not counted */
        enum cx_error_domain domain;
        int code;
        char *name;
        char *message;
};

struct known_error {
        enum cx_error_domain domain;
        int code;
        const char *name; /* without the prefix */
};

#define INCOMING(code, name)                                                                       \
        {                                                                                          \
                CX_ERROR_DOMAIN_INCOMING_CALL, CX_ERROR_INCOMING_CALL_##code, "IncomingCall." name \
        }
#define REQUEST(code, name)                                                               \
        {                                                                                 \
                CX_ERROR_DOMAIN_REQUEST_TRANSACTION, CX_ERROR_REQUEST_TRANSACTION_##code, \
                        "RequestTransaction." name                                        \
        }
#define DIRECTORY(code, name)                                                   \
        {                                                                       \
                CX_ERROR_DOMAIN_CALL_DIRECTORY, CX_ERROR_CALL_DIRECTORY_##code, \
                        "CallDirectory." name                                   \
        }
#define NOTIFICATION(code, name)                                        \
        {                                                               \
                CX_ERROR_DOMAIN_NOTIFICATION_SERVICE_EXTENSION,         \
                        CX_ERROR_NOTIFICATION_SERVICE_EXTENSION_##code, \
                        "NotificationServiceExtension." name            \
        }
#define OWN(code, name)                                       \
        {                                                     \
                CX_ERROR_DOMAIN_CALLSD, CX_ERROR_##code, name \
        }

static const struct known_error known_errors[] = {
        INCOMING(UNKNOWN, "Unknown"),
        INCOMING(UNENTITLED, "Unentitled"),
        INCOMING(CALL_UUID_ALREADY_EXISTS, "CallUUIDAlreadyExists"),
        INCOMING(FILTERED_BY_DO_NOT_DISTURB, "FilteredByDoNotDisturb"),
        INCOMING(FILTERED_BY_BLOCK_LIST, "FilteredByBlockList"),
        INCOMING(FILTERED_DURING_RESTRICTED_SHARING_MODE, "FilteredDuringRestrictedSharingMode"),
        INCOMING(CALL_IS_PROTECTED, "CallIsProtected"),
        INCOMING(FILTERED_BY_SENSITIVE_PARTICIPANTS, "FilteredBySensitiveParticipants"),
        REQUEST(UNKNOWN, "Unknown"),
        REQUEST(UNENTITLED, "Unentitled"),
        REQUEST(UNKNOWN_CALL_PROVIDER, "UnknownCallProvider"),
        REQUEST(EMPTY_TRANSACTION, "EmptyTransaction"),
        REQUEST(UNKNOWN_CALL_UUID, "UnknownCallUUID"),
        REQUEST(CALL_UUID_ALREADY_EXISTS, "CallUUIDAlreadyExists"),
        REQUEST(INVALID_ACTION, "InvalidAction"),
        REQUEST(MAXIMUM_CALL_GROUPS_REACHED, "MaximumCallGroupsReached"),
        REQUEST(CALL_IS_PROTECTED, "CallIsProtected"),
        DIRECTORY(UNKNOWN, "Unknown"),
        DIRECTORY(NO_EXTENSION_FOUND, "NoExtensionFound"),
        DIRECTORY(LOADING_INTERRUPTED, "LoadingInterrupted"),
        DIRECTORY(ENTRIES_OUT_OF_ORDER, "EntriesOutOfOrder"),
        DIRECTORY(DUPLICATE_ENTRIES, "DuplicateEntries"),
        DIRECTORY(MAXIMUM_ENTRIES_EXCEEDED, "MaximumEntriesExceeded"),
        DIRECTORY(EXTENSION_DISABLED, "ExtensionDisabled"),
        DIRECTORY(CURRENTLY_LOADING, "CurrentlyLoading"),
        DIRECTORY(UNEXPECTED_INCREMENTAL_REMOVAL, "UnexpectedIncrementalRemoval"),
        NOTIFICATION(UNKNOWN, "Unknown"),
        NOTIFICATION(INVALID_CLIENT_PROCESS, "InvalidClientProcess"),
        NOTIFICATION(MISSING_NOTIFICATION_FILTERING_ENTITLEMENT,
                     "MissingNotificationFilteringEntitlement"),
        OWN(NOT_RUNNING, "NotRunning"),
        OWN(NOT_AUTHORIZED, "NotAuthorized"),
        OWN(NOT_REGISTERED, "NotRegistered"),
        OWN(IDENTIFIER_TAKEN, "IdentifierTaken"),
        OWN(LIMIT_REACHED, "LimitReached"),
        OWN(WOULD_END_CALL, "WouldEndCall"),
        OWN(HOLD_FAILED, "HoldFailed"),
        OWN(ACTION_FAILED, "ActionFailed"),
        OWN(ACTION_TIMED_OUT, "ActionTimedOut"),
        OWN(ACTION_CANCELLED, "ActionCancelled"),
        OWN(UNKNOWN_ACTION, "UnknownAction"),
        OWN(WRONG_STATE, "WrongState"),
        OWN(PROVIDER_AWAY, "ProviderAway"),
};

static char not_running_name[] = ERROR_PREFIX "NotRunning";
static char not_running_message[] = "callsd is not running, or does not answer";
static const struct cx_error not_running = {0, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING,
                                            not_running_name, not_running_message};

static char no_memory_name[] = SD_BUS_ERROR_NO_MEMORY;
static char no_memory_message[] = "out of memory";
static const struct cx_error no_memory = {0, CX_ERROR_DOMAIN_GENERAL, CX_ERROR_UNKNOWN,
                                          no_memory_name, no_memory_message};

const struct cx_error *error_not_running(void)
{
        return &not_running;
}

const struct cx_error *error_no_memory(void)
{
        return &no_memory;
}

bool error_is_not_running(const struct cx_error *error)
{
        return cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING);
}

static void error_classify(struct cx_error *error)
{
        const size_t prefix = strlen(ERROR_PREFIX);

        error->domain = CX_ERROR_DOMAIN_GENERAL;
        error->code = CX_ERROR_UNKNOWN;
        if (streq(error->name, SD_BUS_ERROR_INVALID_ARGS))
                error->code = CX_ERROR_INVALID_ARGUMENT;
        if (streq(error->name, SD_BUS_ERROR_ACCESS_DENIED)) {
                error->domain = CX_ERROR_DOMAIN_CALLSD;
                error->code = CX_ERROR_NOT_AUTHORIZED;
        }
        if (strncmp(error->name, ERROR_PREFIX, prefix) != 0)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(known_errors); i++)
                if (streq(error->name + prefix, known_errors[i].name)) {
                        error->domain = known_errors[i].domain;
                        error->code = known_errors[i].code;
                }
}

const struct cx_error *error_new(const char *name, const char *message)
{
        struct cx_error *error = calloc(1, sizeof(*error));

        if (!error)
                return &no_memory;
        error->n_ref = 1;
        error->name = strdup(name);
        error->message = strdup(str_or_empty(message));
        if (!error->name || !error->message) {
                cx_error_unref(error);
                return &no_memory;
        }
        error_classify(error);
        return error;
}

const struct cx_error *error_from_reply(sd_bus_message *reply)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        return error ? error_new(error->name, error->message) : NULL;
}

enum cx_error_domain cx_error_get_domain(const struct cx_error *error)
{
        return error ? error->domain : CX_ERROR_DOMAIN_GENERAL;
}

int cx_error_get_code(const struct cx_error *error)
{
        return error ? error->code : CX_ERROR_UNKNOWN;
}

const char *cx_error_get_message(const struct cx_error *error)
{
        return error ? error->message : "";
}

const char *cx_error_get_name(const struct cx_error *error)
{
        return error ? error->name : "";
}

int cx_error_is(const struct cx_error *error, enum cx_error_domain domain, int code)
{
        return error && error->domain == domain && error->code == code;
}

/* Immutable but for its count, so it is handed around as const. */
const struct cx_error *cx_error_ref(const struct cx_error *error)
{
        if (error && error->n_ref > 0)
                ((struct cx_error *)error)->n_ref++;
        return error;
}

const struct cx_error *cx_error_unref(const struct cx_error *error)
{
        struct cx_error *mutable = (struct cx_error *)error;

        if (!mutable || mutable->n_ref == 0 || --mutable->n_ref > 0)
                return NULL;
        free(mutable->name);
        free(mutable->message);
        free(mutable);
        return NULL;
}
