/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dial: place a call, and with --wait follow it until somebody answers. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

struct dial {
        const struct ctl *ctl;
        const char *handle_type;
        const char *handle;
};

/* What a person types who names no type; a URI is for the provider to understand. */
static const char *guess_type(const char *handle)
{
        if (strchr(handle, ':'))
                return "generic";
        if (strchr(handle, '@'))
                return "email-address";
        if (strspn(handle, "+0123456789*# -./(),;") == strlen(handle))
                return "phone-number";
        return "generic";
}

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
                                  dial->handle_type, dial->handle);
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

static int follow(struct ctl *ctl, const char *path)
{
        _cleanup_json_ json_t *details = wait_settled(ctl, path);
        const char *text;

        if (!details)
                return ctl_fail(ctl, STATUS_FAILED, "the call has gone");
        if (ctl->json)
                print_json(details);
        if (flag_of(details, "HasConnected"))
                return STATUS_OK;
        text = text_of(details, "EndedText");
        if (!ctl->json)
                fprintf(stderr, "callsctl: the call ended before it connected: %s%s%s\n",
                        text_of(details, "EndedReason"), *text != '\0' ? ": " : "", text);
        return STATUS_FAILED;
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

int verb_dial(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;
        struct dial dial = {.ctl = ctl};
        const char *path;
        int r;

        (void)verb;
        if (argc == 0 || *argv[0] == '\0')
                return ctl_fail(ctl, STATUS_USAGE, "dial needs a number or an address");
        dial.handle = argv[0];
        dial.handle_type = ctl->handle_type ? ctl->handle_type : guess_type(argv[0]);
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
