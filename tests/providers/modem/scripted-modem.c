/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bridge whose modem daemon is a script: lines on standard input tell, and every question is a
 * line on standard output. So a test decides what comes when, also what no modem does in that
 * order.
 *
 *     modem ID STATE ABILITIES          bridge_modem(), abilities in hex
 *     modem-gone ID
 *     call MODEM ID STATE in|out NUMBER [multiparty]
 *     over MODEM ID unknown|local|remote|network [TEXT]
 *     listed
 *     done [CALL], fail TEXT, busy      what became of the question before
 *
 * The daemon is the bus itself, which is always there.
 */
#include <errno.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "backend.h"
#include "base.h"

struct backend {
        struct bridge *bridge;
        sd_event_source *input;
        struct request *request;
        char text[4096];
        size_t n_text;
};

static const char *const states[] = {
        [MODEM_CALL_DIALING] = "dialing",   [MODEM_CALL_ALERTING] = "alerting",
        [MODEM_CALL_INCOMING] = "incoming", [MODEM_CALL_WAITING] = "waiting",
        [MODEM_CALL_ACTIVE] = "active",     [MODEM_CALL_HELD] = "held",
};
static const char *const ends[] = {
        [MODEM_END_UNKNOWN] = "unknown",
        [MODEM_END_LOCAL] = "local",
        [MODEM_END_REMOTE] = "remote",
        [MODEM_END_NETWORK] = "network",
};
static const char *const verbs[] = {
        [MODEM_DIAL] = "dial",
        [MODEM_ANSWER] = "answer",
        [MODEM_HANG_UP] = "hang-up",
        [MODEM_HOLD_AND_ANSWER] = "hold-and-answer",
        [MODEM_END_AND_ANSWER] = "end-and-answer",
        [MODEM_SWAP] = "swap",
        [MODEM_JOIN] = "join",
        [MODEM_SPLIT] = "split",
        [MODEM_SEND_TONES] = "tones",
        [MODEM_MUTE] = "mute",
        [MODEM_UNMUTE] = "unmute",
};

static int index_of(const char *const *words, int n, const char *word)
{
        for (int i = 0; i < n; i++)
                if (streq(words[i], word))
                        return i;
        return 0;
}

static void tell_call(struct backend *backend, char **words, int n)
{
        const struct modem_call call = {
                .id = words[2],
                .state = (enum modem_call_state)index_of(states, ARRAY_SIZE(states), words[3]),
                .outgoing = streq(words[4], "out"),
                .number = words[5],
                .multiparty = n > 6,
        };

        bridge_call(backend->bridge, words[1], &call);
}

static void answer(struct backend *backend, const struct modem_failure *failure, const char *call)
{
        struct request *request = backend->request;

        backend->request = NULL;
        if (request)
                request_done(request, failure, call);
}

static void tell_modem(struct backend *backend, char **words)
{
        static const char *const numbers[] = {"112", NULL};

        bridge_modem(backend->bridge, &(struct modem_info){
                                              .id = words[1],
                                              .state = words[2],
                                              .abilities = (unsigned)strtoul(words[3], NULL, 16),
                                              .emergency_numbers = numbers,
                                      });
}

static void run(struct backend *backend, char **words, int n)
{
        struct modem_failure failure = {.cause = CX_CALL_ENDED_CAUSE_OTHER, .text = "busy"};

        if (streq(words[0], "modem") && n == 4) {
                tell_modem(backend, words);
        } else if (streq(words[0], "modem-gone") && n == 2) {
                bridge_modem_gone(backend->bridge, words[1]);
        } else if (streq(words[0], "call") && n >= 6) {
                tell_call(backend, words, n);
        } else if (streq(words[0], "over") && n >= 4) {
                bridge_call_gone(backend->bridge, words[1], words[2],
                                 (enum modem_end)index_of(ends, ARRAY_SIZE(ends), words[3]),
                                 CX_CALL_ENDED_CAUSE_UNKNOWN, n > 4 ? words[4] : NULL);
        } else if (streq(words[0], "listed")) {
                bridge_listed(backend->bridge);
        } else if (streq(words[0], "done")) {
                answer(backend, NULL, n > 1 ? words[1] : NULL);
        } else if (streq(words[0], "fail") || streq(words[0], "busy")) {
                failure.again = streq(words[0], "busy");
                if (n > 1)
                        failure.text = words[1];
                answer(backend, &failure, NULL);
        } else {
                fprintf(stderr, "scripted-modem: \"%s\" with %d words?\n", words[0], n);
        }
}

static void run_line(struct backend *backend, char *line)
{
        char *words[8], *rest = line;
        int n = 0;

        while (n < (int)ARRAY_SIZE(words) && (words[n] = strsep(&rest, " ")))
                n++;
        run(backend, words, n);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct backend *backend = userdata;
        ssize_t n = read(fd, backend->text + backend->n_text,
                         sizeof(backend->text) - 1 - backend->n_text);
        char *line = backend->text, *end;

        (void)events;
        if (n <= 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        backend->n_text += (size_t)n;
        backend->text[backend->n_text] = '\0';
        while ((end = strchr(line, '\n'))) {
                *end = '\0';
                run_line(backend, line);
                line = end + 1;
        }
        backend->n_text -= (size_t)(line - backend->text);
        memmove(backend->text, line, backend->n_text + 1);
        return 0;
}

static int scripted_open(struct bridge *bridge, sd_bus *bus, const char *owner,
                         struct backend **ret_backend)
{
        struct backend *backend = calloc(1, sizeof(*backend));
        int r;

        (void)owner;
        if (!backend)
                return -ENOMEM;
        backend->bridge = bridge;
        r = sd_event_add_io(sd_bus_get_event(bus), &backend->input, STDIN_FILENO, EPOLLIN, on_input,
                            backend);
        if (r < 0) {
                free(backend);
                return r;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        puts("open");
        *ret_backend = backend;
        return 0;
}

static void scripted_close(struct backend *backend)
{
        sd_event_source_disable_unref(backend->input);
        free(backend);
}

static int scripted_ask(struct backend *backend, const struct modem_order *order,
                        struct request *request)
{
        backend->request = request;
        printf("%s %s %s %s\n", verbs[order->verb], order->modem, order->call ? order->call : "-",
               order->text ? order->text : "-");
        return order->text && streq(order->text, "99") ? -EOPNOTSUPP : 0;
}

int main(int argc, char **argv)
{
        static const struct backend_type type = {
                .program = "scripted-modem",
                .daemon = "The script",
                .bus_name = "org.freedesktop.DBus",
                .identifier = "org.callsd.Scripted",
                .name = "Scripted modem",
                .help = "",
                .open = scripted_open,
                .close = scripted_close,
                .ask = scripted_ask,
        };

        return bridge_main(argc, argv, &type);
}
