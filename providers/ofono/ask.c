/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge's verbs, as methods of VoiceCallManager, VoiceCall and CallVolume. */
#include <errno.h>

#include "ofono.h"

static const struct {
        const char *name; /* of the error, after org.ofono.Error. */
        enum cx_call_ended_cause cause;
        const char *text;
} errors[] = {
        {"InvalidFormat", CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER, "this cannot be dialled"},
        {"NotAvailable", CX_CALL_ENDED_CAUSE_NETWORK, "the modem is not online"},
        {"NotImplemented", CX_CALL_ENDED_CAUSE_OTHER, "this modem cannot do that"},
        {"Failed", CX_CALL_ENDED_CAUSE_OTHER, "the modem or the network refused"},
};

static void fail(struct request *request, const sd_bus_error *error)
{
        struct modem_failure failure = {
                .cause = CX_CALL_ENDED_CAUSE_OTHER,
                .text = error->message ? error->message : error->name,
                .again = sd_bus_error_has_name(error, "org.ofono.Error.InProgress"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
                const char *dot = strrchr(error->name, '.');

                if (dot && strncmp(error->name, "org.ofono.Error.", 16) == 0 &&
                    streq(dot + 1, errors[i].name)) {
                        failure.cause = errors[i].cause;
                        failure.text = errors[i].text;
                }
        }
        request_done(request, &failure, NULL);
}

static void on_done(struct exchange *exchange, sd_bus_message *reply, const sd_bus_error *error)
{
        (void)reply;
        if (error)
                fail(exchange->request, error);
        else
                request_done(exchange->request, NULL, NULL);
}

static void on_dialled(struct exchange *exchange, sd_bus_message *reply, const sd_bus_error *error)
{
        const struct modem_failure unreadable = {
                .cause = CX_CALL_ENDED_CAUSE_OTHER,
                .text = "oFono's answer cannot be understood",
        };
        const char *path;

        if (error)
                fail(exchange->request, error);
        else if (sd_bus_message_read_basic(reply, SD_BUS_TYPE_OBJECT_PATH, &path) < 0)
                request_done(exchange->request, &unreadable, NULL);
        else
                request_done(exchange->request, NULL, path);
}

static int dial(struct backend *backend, const char *path, const char *number,
                struct request *request)
{
        struct exchange *exchange = exchange_new(backend, path, on_dialled);

        if (!exchange)
                return -ENOMEM;
        exchange->request = request;
        return exchange_send(exchange, OFONO_CALLS, "Dial", "ss", number, "");
}

/* Whether it worked is for the network to say: an emergency call is tried in any case. */
static void on_online(struct exchange *exchange, sd_bus_message *reply, const sd_bus_error *error)
{
        struct modem_failure failure = {.cause = CX_CALL_ENDED_CAUSE_NETWORK};
        int r;

        (void)reply;
        if (error)
                log_warning("%s did not go online for an emergency call: %s", exchange->path,
                            error->message);
        r = dial(exchange->backend, exchange->path, exchange->text, exchange->request);
        if (r >= 0)
                return;
        failure.text = strerror(-r);
        request_done(exchange->request, &failure, NULL);
}

/* The bridge lets only emergency numbers through to a modem that is in flight mode. */
static int dial_or_go_online(struct backend *backend, const struct ofono_modem *modem,
                             const char *number, struct request *request)
{
        struct exchange *exchange;

        if (modem->online)
                return dial(backend, modem->path, number, request);
        exchange = exchange_new(backend, modem->path, on_online);
        if (!exchange)
                return -ENOMEM;
        exchange->request = request;
        exchange->text = strdup(number);
        if (!exchange->text) {
                exchange_free(exchange);
                return -ENOMEM;
        }
        return exchange_send(exchange, OFONO_MODEM, "SetProperty", "sv", "Online", "b", 1);
}

static int send_tones(struct exchange *exchange, const char *tones)
{
        cleanup_(freep) char *text = strdup(tones);

        if (!text) {
                exchange_free(exchange);
                return -ENOMEM;
        }
        for (char *at = text; *at; at++)
                if (*at == ',')
                        *at = 'p'; /* oFono's pause */
        return exchange_send(exchange, OFONO_CALLS, "SendTones", "s", text);
}

static int send_verb(struct exchange *exchange, const struct modem_order *order)
{
        switch (order->verb) {
        case MODEM_ANSWER:
                return exchange_send(exchange, OFONO_CALL, "Answer", "");
        case MODEM_HANG_UP:
                return exchange_send(exchange, OFONO_CALL, "Hangup", "");
        case MODEM_HOLD_AND_ANSWER:
                return exchange_send(exchange, OFONO_CALLS, "HoldAndAnswer", "");
        case MODEM_END_AND_ANSWER:
                return exchange_send(exchange, OFONO_CALLS, "ReleaseAndAnswer", "");
        case MODEM_SWAP:
                return exchange_send(exchange, OFONO_CALLS, "SwapCalls", "");
        case MODEM_JOIN:
                return exchange_send(exchange, OFONO_CALLS, "CreateMultiparty", "");
        case MODEM_SPLIT:
                return exchange_send(exchange, OFONO_CALLS, "PrivateChat", "o", order->call);
        case MODEM_SEND_TONES:
                return send_tones(exchange, order->text);
        case MODEM_MUTE:
        case MODEM_UNMUTE:
                return exchange_send(exchange, OFONO_VOLUME, "SetProperty", "sv", "Muted", "b",
                                     order->verb == MODEM_MUTE);
        case MODEM_DIAL:
                break;
        }
        exchange_free(exchange);
        return -EOPNOTSUPP;
}

static bool is_about_call(enum modem_verb verb)
{
        return verb == MODEM_ANSWER || verb == MODEM_HANG_UP;
}

int ofono_ask(struct backend *backend, const struct modem_order *order, struct request *request)
{
        cleanup_(freep) char *path = NULL;
        struct ofono_modem *modem;
        struct exchange *exchange;

        if (asprintf(&path, "/%s", order->modem) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        modem = ofono_modem_find(backend, path);
        if (!modem)
                return -ENODEV;
        if (order->verb == MODEM_DIAL)
                return dial_or_go_online(backend, modem, order->text, request);
        exchange = exchange_new(backend, is_about_call(order->verb) ? order->call : path, on_done);
        if (!exchange)
                return -ENOMEM;
        exchange->request = request;
        return send_verb(exchange, order);
}
