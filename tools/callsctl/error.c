/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong, for people: callsd's own text says what it was; here it is said in one plain
 * sentence, and what to do about it.
 */
#include "ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct explanation {
        const char *name; /* without org.callsd.Error. */
        const char *sentence;
        const char *advice;
};

static const struct explanation explanations[] = {
        {"NotAuthorized", "you may not do that",
         "callsctl must run as the user whose calls these are, outside a sandbox."},
        {"HoldFailed", "the active call could not be held, so nothing was changed",
         "End it with 'callsctl end', or use 'callsctl answer --end-others'."},
        {"WouldEndCall", "this is only possible by ending another call",
         "Add --end-others where that is what you want."},
        {"ActionFailed", "the app could not do it", NULL},
        {"ActionTimedOut", "the app did not answer in time",
         "'callsctl pending' shows what is still being waited for."},
        {"ActionCancelled", "it was cancelled before it was done", "See 'callsctl list'."},
        {"WrongState", "the call is not in a state for that", "See 'callsctl list'."},
        {"ProviderAway", "the app of this call is not there",
         "Start it; 'callsctl providers' shows the apps that are there."},
        {"LimitReached", "there are too many already", NULL},
        {"NotRegistered", "there is no such app", "See 'callsctl providers'."},
        {"RequestTransaction.UnknownCallProvider", "no app can place this call",
         "See 'callsctl providers'; name one with --provider, or choose it with 'callsctl "
         "default'."},
        {"RequestTransaction.UnknownCallUUID", "there is no such call (any more)",
         "See 'callsctl list'."},
        {"RequestTransaction.InvalidAction", "that makes no sense for this call now",
         "'callsctl show' lists what is allowed."},
        {"RequestTransaction.MaximumCallGroupsReached",
         "the app can't have one more call, or one more in the group", "End or merge one first."},
        {"RequestTransaction.CallIsProtected", "there is an emergency call",
         "Wait until it is over."},
        {"RequestTransaction.CallUUIDAlreadyExists", "there is a call with this UUID", NULL},
        {"RequestTransaction.Unentitled", "the app may not do that", NULL},
};

static const struct explanation *explanation_find(const char *name)
{
        static const char prefix[] = "org.callsd.Error.";

        if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
                return NULL;
        name += sizeof(prefix) - 1;
        for (size_t i = 0; i < sizeof(explanations) / sizeof(*explanations); i++) {
                if (strcmp(explanations[i].name, name) == 0)
                        return &explanations[i];
        }
        return NULL;
}

static void report(const struct ctl *ctl, const char *name, const char *message, const char *advice)
{
        if (ctl->json) {
                _cleanup_json_ json_t *object =
                        json_pack("{s:s, s:s*, s:s, s:s*}", "Result", "failed", "Error", name,
                                  "Message", message, "Advice", advice);
                print_json(object);
                return;
        }
        if (ctl->ask)
                ask_tell(message, advice);
        fflush(stdout);
        fprintf(stderr, "callsctl: %s\n", message);
        if (advice)
                fprintf(stderr, "          %s\n", advice);
}

/* Says what is wrong with what the user asked; returns `status`. */
int ctl_fail(const struct ctl *ctl, int status, const char *format, ...)
{
        char *message = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&message, format, arguments) < 0)
                message = NULL;
        va_end(arguments);
        report(ctl, NULL, message ? message : "out of memory",
               status == STATUS_USAGE ? "See 'callsctl --help'." : NULL);
        free(message);
        return status;
}

static bool not_running(const sd_bus_error *error)
{
        static const char *const prefixes[] = {
                "org.freedesktop.DBus.Error.ServiceUnknown",
                "org.freedesktop.DBus.Error.NameHasNoOwner",
                "org.freedesktop.DBus.Error.Spawn.",
                "org.freedesktop.DBus.Error.Disconnected",
                "org.freedesktop.systemd1.",
        };

        for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
                if (strncmp(error->name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        }
        return false;
}

static int bus_lost(const struct ctl *ctl, int r)
{
        report(ctl, NULL, strerror(-r), "Is there a session bus, and is callsd running?");
        return STATUS_NOT_RUNNING;
}

/* Says why a call over the bus failed; returns the status to exit with. */
int ctl_bus_failed(const struct ctl *ctl, const sd_bus_error *error, int r)
{
        const struct explanation *explanation;
        char *message = NULL;

        if (!error || !error->name)
                return bus_lost(ctl, r);
        if (not_running(error)) {
                report(ctl, error->name, "callsd is not running",
                       "Start it with 'systemctl --user start callsd'.");
                return STATUS_NOT_RUNNING;
        }
        explanation = explanation_find(error->name);
        if (asprintf(&message, "%s%s%s", explanation ? explanation->sentence : "",
                     explanation ? ": " : "", error->message ? error->message : error->name) < 0)
                message = NULL;
        report(ctl, error->name, message ? message : "out of memory",
               explanation ? explanation->advice : NULL);
        free(message);
        if (explanation && strcmp(explanation->name, "RequestTransaction.UnknownCallUUID") == 0)
                return STATUS_NO_CALL;
        return STATUS_FAILED;
}
