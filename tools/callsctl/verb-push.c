/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * push: a payload for an app, as its push service would hand it over; for authors who try theirs.
 *
 * callsd takes it from those alone whom the app's manifest names. On a session bus whoever comes
 * first has a name, and --as takes one.
 */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct order {
        const char *identifier;
        char *const *values;
        int n_values;
};

/* "Key=text", or "Key:=true", "Key:=7". Returns where the value begins; NULL: it is neither. */
static const char *split(const char *word, size_t *ret_key, bool *ret_typed)
{
        const char *equals = strchr(word, '=');

        if (!equals || equals == word)
                return NULL;
        *ret_typed = equals[-1] == ':';
        *ret_key = (size_t)(equals - word) - *ret_typed;
        return *ret_key > 0 ? equals + 1 : NULL;
}

static bool parse_number(const char *text, int64_t *ret_number)
{
        char *end;
        long long number;

        errno = 0;
        number = strtoll(text, &end, 10);
        *ret_number = number;
        return errno == 0 && end != text && *end == '\0';
}

static int check_value(const struct ctl *ctl, const char *word)
{
        bool typed = false;
        size_t length = 0;
        const char *value = split(word, &length, &typed);
        int64_t number;

        if (!value)
                return ctl_fail(ctl, STATUS_USAGE,
                                "'%s' is no value; KEY=TEXT, KEY:=NUMBER, KEY:=true and KEY:=false "
                                "are",
                                word);
        if (typed && strcmp(value, "true") != 0 && strcmp(value, "false") != 0 &&
            !parse_number(value, &number))
                return ctl_fail(ctl, STATUS_USAGE,
                                "'%s' is neither a whole number, nor true or false", value);
        return STATUS_OK;
}

static int append_typed(sd_bus_message *message, const char *key, const char *value)
{
        int64_t number;

        if (parse_number(value, &number))
                return sd_bus_message_append(message, "{sv}", key, "x", number);
        return sd_bus_message_append(message, "{sv}", key, "b", strcmp(value, "true") == 0);
}

/* It was checked before. */
static int append_value(sd_bus_message *message, const char *word)
{
        bool typed = false;
        size_t length = 0;
        const char *value = split(word, &length, &typed);
        char *key = value ? strndup(word, length) : NULL;
        int r;

        if (!key)
                return -ENOMEM;
        r = typed ? append_typed(message, key, value)
                  : sd_bus_message_append(message, "{sv}", key, "s", value);
        free(key);
        return r;
}

static int append_order(sd_bus_message *message, const void *userdata)
{
        const struct order *order = userdata;
        int r;

        r = sd_bus_message_append(message, "s", order->identifier);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "{sv}");
        for (int i = 0; i < order->n_values && r >= 0; i++)
                r = append_value(message, order->values[i]);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int take_name(struct ctl *ctl)
{
        int r;

        if (!ctl->push_as)
                return STATUS_OK;
        r = sd_bus_request_name(ctl->bus, ctl->push_as, 0);
        if (r == -EEXIST || r == -EALREADY)
                return ctl_fail(ctl, STATUS_FAILED, "somebody else has the name %s on the bus",
                                ctl->push_as);
        if (r < 0)
                return ctl_fail(ctl, STATUS_FAILED, "the bus does not give us the name %s: %s",
                                ctl->push_as, strerror(-r));
        return STATUS_OK;
}

/* push IDENTIFIER [KEY=VALUE]... */
int verb_push(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        struct order order = {.values = argv + 1, .n_values = argc - 1};
        int r, status;

        (void)verb;
        if (argc < 1)
                return ctl_fail(ctl, STATUS_USAGE, "push whom? Give the identifier of an app");
        order.identifier = argv[0];
        for (int i = 1; i < argc; i++) {
                status = check_value(ctl, argv[i]);
                if (status != STATUS_OK)
                        return status;
        }
        status = take_name(ctl);
        if (status != STATUS_OK)
                return status;
        r = bus_call(ctl, CALLSD_PATH, MANAGER_INTERFACE, "ReportNewIncomingVoIPPushPayload",
                     append_order, &order, &error, NULL);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        if (ctl->json) {
                _cleanup_json_ json_t *object =
                        json_pack("{s:s, s:s, s:s}", "Result", "fulfilled", "Verb", "push",
                                  "Identifier", order.identifier);

                print_json(object);
        }
        return STATUS_OK;
}
