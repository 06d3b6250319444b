/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hands and eyes of the example: options, commands on stdin, a log line for each event.
 *
 * One event is one line of "key=value" words on stdout, so that tests can wait for it.
 */
#include "example.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct console {
        struct example *example;
        char line[512];
        size_t n;
};

void log_event(const char *event, const char *call, const char *format, ...)
{
        struct timespec now;
        va_list arguments;

        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("time=%" PRIu64 " event=%s",
               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000, event);
        if (call)
                printf(" call=%s", call);
        if (format) {
                putchar(' ');
                va_start(arguments, format);
                vprintf(format, arguments);
                va_end(arguments);
        }
        putchar('\n');
        fflush(stdout);
}

/* The call of this UUID, or with NULL the latest that lives. */
static struct example_call *choose_call(struct example *example, const char *uuid)
{
        struct example_call *call = example->calls;

        while (call && (call->ended || (uuid && strcmp(call->uuid, uuid) != 0)))
                call = call->next;
        return call;
}

static void print_level(const struct example_call *call)
{
        double level = call->line ? tone_line_level(call->line) : 0;

        if (level > 0)
                log_event("level", call->uuid, "dbfs=%.1f", 20 * log10(level));
        else
                log_event("level", call->uuid, "dbfs=-inf");
}

static void run_command(struct example *example, char *line)
{
        char *rest = line, *verb = strsep(&rest, " ");
        struct example_call *call;

        if (strcmp(verb, "incoming") == 0) {
                const char *handle = rest ? strsep(&rest, " ") : "+15550100";

                example_incoming(example, handle, rest ? rest : "Tone");
                return;
        }
        if (strcmp(verb, "quit") == 0) {
                (void)sd_event_exit(example->event, 0);
                return;
        }
        call = choose_call(example, rest);
        if (!call)
                log_event("no-such-call", NULL, NULL);
        else if (strcmp(verb, "end") == 0)
                example_remote_end(call);
        else if (strcmp(verb, "remote-hold") == 0)
                example_remote_hold(call);
        else if (strcmp(verb, "level") == 0)
                print_level(call);
        else
                log_event("no-such-command", NULL, NULL);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct console *console = userdata;
        ssize_t n = read(fd, console->line + console->n, sizeof(console->line) - 1 - console->n);
        char *end;

        (void)events;
        if (n <= 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        console->n += (size_t)n;
        console->line[console->n] = '\0';
        while ((end = strchr(console->line, '\n'))) {
                *end = '\0';
                run_command(console->example, console->line);
                console->n -= (size_t)(end + 1 - console->line);
                memmove(console->line, end + 1, console->n + 1);
        }
        if (console->n == sizeof(console->line) - 1)
                console->n = 0;
        return 0;
}

static int run(struct example *example)
{
        struct console console = {.example = example};
        sd_event_source *input = NULL;
        int r;

        r = sd_event_new(&example->event);
        if (r >= 0)
                r = sd_event_set_signal_exit(example->event, 1);
        if (r >= 0)
                r = example_start(example);
        if (r >= 0) {
                r = sd_event_add_io(example->event, &input, STDIN_FILENO, EPOLLIN, on_input,
                                    &console);
                /* A file or /dev/null cannot be polled: then there are no commands. */
                r = r == -EPERM ? 0 : r;
        }
        if (r >= 0 && example->incoming)
                example_incoming(example, example->incoming, example->name);
        if (r >= 0)
                r = sd_event_loop(example->event);
        sd_event_source_disable_unref(input);
        example_stop(example);
        sd_event_unref(example->event);
        return r;
}

static void print_help(void)
{
        puts("callsd-example-provider [OPTIONS]\n\n"
             "A provider whose remote party is a tone. Commands on stdin: incoming [HANDLE "
             "[NAME]],\n"
             "end [UUID], remote-hold [UUID], level [UUID], quit.\n\n"
             "      --identifier=ID     Reverse DNS (org.callsd.Example)\n"
             "      --name=NAME         For people (Example)\n"
             "      --tone=HZ           What the remote party says (440)\n"
             "      --amplitude=FACTOR  How loudly; 1 is full scale (0.25)\n"
             "      --incoming=HANDLE   Report a call at once\n"
             "      --answer-after=MS   Without callsd: ring so long, then answer (1000)\n"
             "      --connect-after=MS  The far end of an outgoing call rings so long (500)\n"
             "      --system            Speak to the callsd of the whole device\n"
             "      --busy=HANDLE       Who is called there is busy\n"
             "      --own-name          Have the identifier as a name on the bus, to be started "
             "by\n"
             "      --testing           Offer itself to callsctl check-provider\n"
             "  -h, --help              Show this help");
}

static bool set_option(struct example *example, int id)
{
        switch (id) {
        case 'i':
                example->identifier = optarg;
                return true;
        case 'n':
                example->name = optarg;
                return true;
        case 't':
                example->frequency = strtod(optarg, NULL);
                return example->frequency > 0;
        case 'l':
                example->amplitude = strtod(optarg, NULL);
                return example->amplitude > 0 && example->amplitude <= 1;
        case 'c':
                example->incoming = optarg;
                return true;
        case 'a':
                example->answer_after_usec = strtoull(optarg, NULL, 10) * 1000;
                return true;
        case 'o':
                example->connect_after_usec = strtoull(optarg, NULL, 10) * 1000;
                return true;
        case 's':
                example->system = true;
                return true;
        case 'b':
                example->busy = optarg;
                return true;
        case 'w':
                example->own_name = true;
                return true;
        case 'x':
                example->testing = true;
                return true;
        default:
                return false;
        }
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                {"identifier", required_argument, NULL, 'i'},
                {"name", required_argument, NULL, 'n'},
                {"tone", required_argument, NULL, 't'},
                {"amplitude", required_argument, NULL, 'l'},
                {"incoming", required_argument, NULL, 'c'},
                {"answer-after", required_argument, NULL, 'a'},
                {"connect-after", required_argument, NULL, 'o'},
                {"system", no_argument, NULL, 's'},
                {"busy", required_argument, NULL, 'b'},
                {"own-name", no_argument, NULL, 'w'},
                {"testing", no_argument, NULL, 'x'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        struct example example = {
                .identifier = "org.callsd.Example",
                .name = "Example",
                .frequency = 440,
                .amplitude = 0.25,
                .answer_after_usec = 1000000,
                .connect_after_usec = 500000,
        };
        int id, r;

        while ((id = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                if (id == 'h') {
                        print_help();
                        return EXIT_SUCCESS;
                }
                if (!set_option(&example, id))
                        return 2;
        }
        r = run(&example);
        if (r < 0)
                fprintf(stderr, "callsd-example-provider: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
