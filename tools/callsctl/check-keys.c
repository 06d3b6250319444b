/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys that dictionaries of the app may have. callsd ignores others, so that apps may be newer
 * than it is: a key that is mistyped is without any effect, and nobody is told but the log.
 */
#include "check.h"

#include <string.h>

#define UPDATE_KEYS                                                                         \
        "RemoteHandleType", "RemoteHandle", "LocalizedCallerName", "SupportsHolding",       \
                "SupportsGrouping", "SupportsUngrouping", "SupportsDTMF", "SupportsMuting", \
                "HasVideo", "RemoteHeld", "Alerting", "EarlyMedia", "Account", "Audio",     \
                "PictureFD", "Members"

static const char *const update_keys[] = {UPDATE_KEYS, NULL};
static const char *const state_keys[] = {UPDATE_KEYS, "State",     "Outgoing",    "Muted",
                                         "GroupWith", "StartedAt", "ConnectedAt", NULL};
static const char *const date_keys[] = {"Date", NULL};
static const char *const ended_keys[] = {"Date", "Cause", "Text", NULL};
static const char *const fact_keys[] = {"By", "Date", NULL};
static const char *const muted_keys[] = {"By", NULL};
static const char *const fulfilled_keys[] = {"Date", "Engine", NULL};
static const char *const failed_keys[] = {"Reason", "Cause", NULL};
static const char *const configuration_keys[] = {
        "Identifier",
        "RingtoneSound",
        "MaximumCallGroups",
        "MaximumCallsPerCallGroup",
        "SupportsVideo",
        "SupportsAudioTranslation",
        "IncludesCallsInRecents",
        "SupportedHandleTypes",
        "SupportedURISchemes",
        "Accounts",
        "Audio",
        "OwnEchoCancel",
        "MixGroups",
        "Testing",
        "ReclaimGraceUSec",
        "LocalizedName",
        "Icon",
        NULL,
};

static const struct {
        const char *member;
        size_t argument;
        const char *const *keys;
} dictionaries[] = {
        {"RegisterProvider", 0, configuration_keys},
        {"SetConfiguration", 0, configuration_keys},
        {"ReportNewIncomingCall", 1, update_keys},
        {"ReportCallUpdated", 1, update_keys},
        {"ReportCall", 1, state_keys},
        {"ReportOutgoingCallStartedConnecting", 1, date_keys},
        {"ReportOutgoingCallConnected", 1, date_keys},
        {"ReportCallEnded", 2, ended_keys},
        {"ReportCallState", 2, fact_keys},
        {"ReportCallMuted", 2, muted_keys},
        {"FulfillAction", 1, fulfilled_keys},
        {"FailAction", 1, failed_keys},
};

static bool is_known(const char *key, const char *const *keys)
{
        for (; *keys; keys++)
                if (strcmp(key, *keys) == 0)
                        return true;
        return false;
}

void keys_judge(struct check *check, const char *member, const json_t *arguments)
{
        for (size_t i = 0; i < sizeof(dictionaries) / sizeof(*dictionaries); i++) {
                json_t *dictionary = json_array_get(arguments, dictionaries[i].argument), *value;
                const char *key;

                if (strcmp(member, dictionaries[i].member) != 0)
                        continue;
                json_object_foreach (dictionary, key, value)
                        if (!is_known(key, dictionaries[i].keys))
                                fault(check, RULE_KEYS, "%s has the key '%s', which is unknown",
                                      member, key);
        }
}
