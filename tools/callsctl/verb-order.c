/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that order something: each is one method of a call or of the manager. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/* What a verb sends. */
struct order {
        const char *member;
        const char *signature; /* of its one argument: NULL, "b", "s" or "o" */
        const char *text;
        int flag;
};

static int append_order(sd_bus_message *message, const void *userdata)
{
        const struct order *order = userdata;

        if (!order->signature)
                return 0;
        if (order->signature[0] == 'b')
                return sd_bus_message_append_basic(message, 'b', &order->flag);
        return sd_bus_message_append_basic(message, order->signature[0], order->text);
}

static void report_done(const struct ctl *ctl, const struct verb *verb, const json_t *call)
{
        if (ctl->json) {
                _cleanup_json_ json_t *object =
                        json_pack("{s:s, s:s, s:s*}", "Result", "fulfilled", "Verb", verb->name,
                                  "Call", call ? text_of(call, "UUID") : NULL);

                print_json(object);
        }
}

static int send_order(struct ctl *ctl, const struct verb *verb, const json_t *call,
                      const struct order *order)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_call(ctl, text_of(call, "Path"), CALL_INTERFACE, order->member, append_order, order,
                     &error, NULL);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        report_done(ctl, verb, call);
        return STATUS_OK;
}

/* Finds the call that `name` means and sends the order to it. */
static int order_call(struct ctl *ctl, const struct verb *verb, const char *name,
                      const struct order *order)
{
        _cleanup_json_ json_t *calls = NULL;
        const json_t *call;
        int status = call_list_load(ctl, &calls);

        if (status == STATUS_OK)
                status = call_list_find(ctl, calls, name, verb, &call);
        return status == STATUS_OK ? send_order(ctl, verb, call, order) : status;
}

/* Verbs that need no word but the call. */
int verb_plain(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        static const struct {
                const char *verb;
                struct order order;
        } orders[] = {
                {"answer", {"Answer", NULL, NULL, 0}},
                {"end", {"End", NULL, NULL, 0}},
                {"hold", {"SetHeld", "b", NULL, 1}},
                {"resume", {"SetHeld", "b", NULL, 0}},
                {"swap", {"Swap", NULL, NULL, 0}},
                {"mute", {"SetMuted", "b", NULL, 1}},
                {"unmute", {"SetMuted", "b", NULL, 0}},
                {"split", {"Leave", NULL, NULL, 0}},
                {"continue", {"ContinuePostDial", NULL, NULL, 0}},
        };
        const char *name = argc > 0 ? argv[0] : NULL;

        if (ctl->end_others && strcmp(verb->name, "answer") == 0)
                return order_call(ctl, verb, name, &(struct order){.member = "EndAndAnswer"});
        for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
                if (strcmp(orders[i].verb, verb->name) == 0)
                        return order_call(ctl, verb, name, &orders[i].order);
        }
        return STATUS_USAGE;
}

/* ---- decline ---- */

struct busy {
        const char *call, *message;
};

static int append_busy(sd_bus_message *message, const void *userdata)
{
        const struct busy *busy = userdata;

        return sd_bus_message_append(message, "a(sa{sv})a{sv}", 1, "end-call", 3, "Call", "s",
                                     busy->call, "Reason", "s", "busy", "Message", "s",
                                     busy->message, 0);
}

static int on_completed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void)message, (void)error;
        *(bool *)userdata = true;
        return 0;
}

static int wait_until(sd_bus *bus, const bool *done)
{
        int r = 0;

        while (!*done && r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        return r;
}

/*
 * Call1.Decline has no reason; a request has. It is the only one of this connection, and an end is
 * always completed.
 */
static int decline_busy(struct ctl *ctl, const struct verb *verb, const char *name,
                        const char *message)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *calls = NULL;
        struct busy busy = {.message = message};
        const json_t *call;
        bool done = false;
        int r, status = call_list_load(ctl, &calls);

        if (status == STATUS_OK)
                status = call_list_find(ctl, calls, name, verb, &call);
        if (status != STATUS_OK)
                return status;
        busy.call = text_of(call, "UUID");
        r = sd_bus_match_signal(ctl->bus, NULL, CALLSD_NAME, CALLSD_PATH, MANAGER_INTERFACE,
                                "TransactionCompleted", on_completed, &done);
        if (r >= 0)
                r = bus_call(ctl, CALLSD_PATH, MANAGER_INTERFACE, "RequestTransaction", append_busy,
                             &busy, &error, NULL);
        if (r >= 0)
                r = wait_until(ctl->bus, &done);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        report_done(ctl, verb, call);
        return STATUS_OK;
}

/*
 * decline [CALL] [MESSAGE]: a single word that could be the beginning of a UUID is one, so that a
 * mistyped call is an error and never a message to the caller.
 */
int verb_decline(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        struct order order = {.member = "Decline", .signature = "s"};
        const char *name = NULL, *message = ctl->message;

        if (argc > 0 && (argc > 1 || message || looks_like_call(argv[0])))
                name = argv[0];
        else if (argc > 0)
                message = argv[0];
        if (argc > 1)
                message = argv[1];
        order.text = message ? message : "";
        if (ctl->busy)
                return decline_busy(ctl, verb, name, order.text);
        return order_call(ctl, verb, name, &order);
}

/* dtmf [CALL] KEYS */
int verb_dtmf(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        const char *digits = argc > 0 ? argv[argc - 1] : "";

        if (argc == 0)
                return ctl_fail(ctl, STATUS_USAGE, "dtmf needs the keys to press, such as 123#");
        if (strlen(digits) > 64 || *digits == '\0' ||
            strspn(digits, "0123456789*#ABCDabcd") != strlen(digits))
                return ctl_fail(ctl, STATUS_USAGE, "'%s' is not 1 to 64 of 0-9 * # A-D", digits);
        return order_call(ctl, verb, argc > 1 ? argv[0] : NULL,
                          &(struct order){"PlayDTMF", "s", digits, 0});
}

static int find_pair(struct ctl *ctl, const struct verb *verb, const json_t *calls, char **argv,
                     int argc, const json_t **ret_pair)
{
        size_t n = 0;

        for (int i = 0; i < argc; i++) {
                int status = call_list_find(ctl, calls, argv[i], verb, &ret_pair[i]);

                if (status != STATUS_OK)
                        return status;
                n++;
        }
        for (size_t i = 0; argc < 2 && i < json_array_size(calls); i++) {
                const json_t *call = json_array_get(calls, i);

                if (!call_suits(call, verb) || (argc == 1 && call == ret_pair[0]))
                        continue;
                if (n < 2)
                        ret_pair[n] = call;
                n++;
        }
        if (n == 2)
                return STATUS_OK;
        return ctl_fail(ctl, STATUS_NO_CALL, "%s",
                        n < 2 ? "there are no two calls to merge"
                              : "more than two calls could be merged; name two of them");
}

/* merge [A [B]] */
int verb_merge(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_json_ json_t *calls = NULL;
        const json_t *pair[2] = {NULL};
        int status = call_list_load(ctl, &calls);

        if (status == STATUS_OK)
                status = find_pair(ctl, verb, calls, argv, argc, pair);
        if (status != STATUS_OK)
                return status;
        if (pair[0] == pair[1])
                return ctl_fail(ctl, STATUS_USAGE, "a call can't be merged with itself");
        return send_order(ctl, verb, pair[0],
                          &(struct order){"Join", "o", text_of(pair[1], "Path"), 0});
}

int verb_silence(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        (void)argc, (void)argv;
        r = bus_call(ctl, CALLSD_PATH, MANAGER_INTERFACE, "SilenceRinger", NULL, NULL, &error,
                     NULL);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        report_done(ctl, verb, NULL);
        return STATUS_OK;
}
