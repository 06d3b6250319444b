/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd-callaudio: arguments in, exit status out. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "facade.h"

#define EXIT_USAGE 2

static const char help[] =
        "Usage: callsd-callaudio [OPTION...]\n"
        "Offers the D-Bus interface of callaudiod, and leaves the work to callsd.\n"
        "\n"
        "  -b, --bus-address ADDR  D-Bus address (default: the session bus)\n"
        "  -h, --help              this text\n"
        "  -V, --version           the version\n"
        "\n"
        "Where callaudiod runs already, it says so and ends with status 0.\n"
        "Exit status: 0 ended by a signal or not needed, 1 something failed, 2 wrong arguments.\n";

static const struct option long_options[] = {
        {"bus-address", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
};

void say(const char *format, ...)
{
        va_list arguments;

        fputs("callsd-callaudio: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
}

static int connect_bus(const char *address, sd_bus **ret_bus)
{
        sd_bus *bus = NULL;
        int r;

        if (!address)
                return sd_bus_open_user(ret_bus);
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                sd_bus_unref(bus);
        else
                *ret_bus = bus;
        return r;
}

static int handle_signals(struct facade *facade)
{
        sigset_t mask;
        int r;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(facade->event, NULL, SIGTERM, NULL, NULL);
        return r < 0 ? r : sd_event_add_signal(facade->event, NULL, SIGINT, NULL, NULL);
}

/* 1: ours; 0: somebody else's, which is as good. No queueing: nobody is pushed aside later.
 * What clients send from now on waits until the loop runs. */
static int take_name(struct facade *facade)
{
        int r = sd_bus_request_name(facade->bus, CALLAUDIO_NAME, 0);

        if (r == -EEXIST) {
                say("the name " CALLAUDIO_NAME " is taken, by callaudiod probably; it does the "
                    "work, and this program is not needed");
                return 0;
        }
        if (r < 0) {
                say("the name " CALLAUDIO_NAME " is not to be had: %s", strerror(-r));
                return r;
        }
        return 1;
}

/* 1: to be run; 0: not needed. */
static int init(struct facade *facade, const char *address)
{
        int r = sd_event_new(&facade->event);

        if (r >= 0)
                r = handle_signals(facade);
        if (r >= 0)
                r = connect_bus(address, &facade->bus);
        if (r < 0) {
                say("there is no bus: %s", strerror(-r));
                return r;
        }
        r = take_name(facade);
        if (r <= 0)
                return r;
        r = sd_bus_attach_event(facade->bus, facade->event, 0);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(facade->bus, true);
        if (r >= 0)
                r = calls_init(facade, address);
        if (r >= 0)
                r = route_init(facade);
        if (r >= 0)
                r = service_init(facade);
        if (r < 0)
                say("not started: %s", strerror(-r));
        return r < 0 ? r : 1;
}

static void done(struct facade *facade)
{
        claim_done(facade);
        route_done(facade);
        calls_done(facade);
        sd_bus_flush_close_unref(facade->bus);
        sd_event_unref(facade->event);
}

static int run(const char *address)
{
        struct facade facade = {.mic_state = STATE_UNKNOWN, .speaker_state = STATE_UNKNOWN};
        int r = init(&facade, address);

        if (r > 0) {
                route_refresh(&facade);
                (void)sd_notify(false, "READY=1");
                r = sd_event_loop(facade.event);
                if (r < 0)
                        say("ended: %s", strerror(-r));
        }
        done(&facade);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        const char *address = NULL;
        int option;

        while ((option = getopt_long(argc, argv, "b:hV", long_options, NULL)) != -1) {
                switch (option) {
                case 'b':
                        address = optarg;
                        break;
                case 'h':
                        fputs(help, stdout);
                        return EXIT_SUCCESS;
                case 'V':
                        puts("callsd-callaudio " CALLSD_VERSION);
                        return EXIT_SUCCESS;
                default:
                        fputs("Try callsd-callaudio --help.\n", stderr);
                        return EXIT_USAGE;
                }
        }
        if (optind < argc) {
                say("unexpected argument \"%s\"; try callsd-callaudio --help", argv[optind]);
                return EXIT_USAGE;
        }
        return run(address);
}
