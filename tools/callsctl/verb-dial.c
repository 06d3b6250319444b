/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dial: place a call, and with --wait follow it until somebody answers. */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "uri.h"

struct dial {
        const struct ctl *ctl;
        const struct callee *callee;
};

static int append_text(sd_bus_message *message, const char *key, const char *value)
{
        return value ? sd_bus_message_append(message, "{sv}", key, "s", value) : 0;
}

static int append_dial(sd_bus_message *message, const void *userdata)
{
        const struct dial *dial = userdata;
        const struct ctl *ctl = dial->ctl;
        int r;

        r = sd_bus_message_append(message, "sss", ctl->provider ? ctl->provider : "",
                                  dial->callee->type, dial->callee->handle);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r >= 0)
                r = append_text(message, "Account", ctl->account);
        if (r >= 0 && ctl->video)
                r = sd_bus_message_append(message, "{sv}", "Video", "b", 1);
        if (r >= 0 && ctl->end_others)
                r = sd_bus_message_append(message, "{sv}", "MayEnd", "b", 1);
        return r >= 0 ? sd_bus_message_close_container(message) : r;
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void)message, (void)userdata, (void)error;
        return 0;
}

/* NULL when the call object has gone. */
static json_t *read_details(struct ctl *ctl, const char *path)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;

        if (bus_call(ctl, path, CALL_INTERFACE, "GetDetails", NULL, NULL, &error, &arguments) < 0)
                return NULL;
        return json_incref(json_array_get(arguments, 0));
}

static bool is_settled(const json_t *details)
{
        return flag_of(details, "HasConnected") || flag_of(details, "HasEnded");
}

/* The details of the call once it has connected or ended; NULL where it or callsd has gone. */
static json_t *wait_settled(struct ctl *ctl, const char *path)
{
        json_t *details = read_details(ctl, path);

        while (details && !is_settled(details)) {
                int r = sd_bus_wait(ctl->bus, UINT64_MAX);

                while (r >= 0 && (r = sd_bus_process(ctl->bus, NULL)) > 0)
                        ;
                json_decref(details);
                details = r >= 0 ? read_details(ctl, path) : NULL;
        }
        return details;
}

/* Who asked for the call may have ended it, and knows. */
static int report_ended(const struct ctl *ctl, const json_t *details)
{
        const char *reason = text_of(details, "EndedReason"), *text = text_of(details, "EndedText");

        if (ctl->json || (ctl->ask && strcmp(reason, "local-ended") == 0))
                return STATUS_FAILED;
        return ctl_fail(ctl, STATUS_FAILED, "the call ended before it connected: %s%s%s", reason,
                        *text != '\0' ? ": " : "", text);
}

static int follow(struct ctl *ctl, const char *path)
{
        _cleanup_json_ json_t *details = wait_settled(ctl, path);

        if (!details)
                return ctl_fail(ctl, STATUS_FAILED, "the call has gone");
        if (ctl->json)
                print_json(details);
        return flag_of(details, "HasConnected") ? STATUS_OK : report_ended(ctl, details);
}

static void print_uuid(const struct ctl *ctl, const char *path)
{
        char uuid[64];

        snprintf(uuid, sizeof(uuid), "%s", path + strlen(CALLSD_CALL_PATH));
        for (char *c = uuid; *c != '\0'; c++) {
                if (*c == '_')
                        *c = '-';
        }
        if (ctl->json) {
                _cleanup_json_ json_t *object =
                        json_pack("{s:s, s:s, s:s, s:s}", "Result", "admitted", "Verb", "dial",
                                  "Call", uuid, "Path", path);

                print_json(object);
        } else {
                puts(uuid);
                fflush(stdout);
        }
}

static int place(struct ctl *ctl, const struct callee *callee)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;
        const struct dial dial = {.ctl = ctl, .callee = callee};
        const char *path;
        int r;

        r = sd_bus_match_signal(ctl->bus, NULL, CALLSD_NAME, NULL,
                                "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed,
                                NULL);
        if (r >= 0)
                r = bus_call(ctl, CALLSD_PATH, MANAGER_INTERFACE, "StartCall", append_dial, &dial,
                             &error, &arguments);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        path = json_string_value(json_array_get(arguments, 0));
        if (!path || strncmp(path, CALLSD_CALL_PATH, strlen(CALLSD_CALL_PATH)) != 0)
                return ctl_fail(ctl, STATUS_FAILED, "callsd named no call");
        if (!ctl->wait || !ctl->json)
                print_uuid(ctl, path);
        return ctl->wait ? follow(ctl, path) : STATUS_OK;
}

/* With a type, what was given is the handle, whatever it looks like. */
static int read_callee(const struct ctl *ctl, const char *text, struct callee *ret_callee)
{
        char *problem = NULL;
        int r;

        if (ctl->handle_type) {
                *ret_callee = (struct callee){.type = ctl->handle_type, .handle = strdup(text)};
                r = ret_callee->handle ? 0 : -ENOMEM;
        } else {
                r = callee_read(text, ret_callee, &problem);
        }
        if (r < 0)
                r = ctl_fail(ctl, STATUS_USAGE, "%s", problem ? problem : strerror(-r));
        free(problem);
        return r;
}

int verb_dial(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        struct callee callee;
        int status;

        (void)verb;
        if (argc == 0 || *argv[0] == '\0')
                return ctl_fail(ctl, STATUS_USAGE, "dial needs a number, an address or a link");
        status = read_callee(ctl, argv[0], &callee);
        if (status != STATUS_OK)
                return status;
        if (ctl->ask)
                status = ask_call(ctl, callee.handle);
        if (status == STATUS_OK)
                status = place(ctl, &callee);
        callee_done(&callee);
        return status;
}
