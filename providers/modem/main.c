/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bridge as a program: arguments in, exit status out. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <utlist.h>

#include "bridge.h"

enum {
        OPTION_BUS_ADDRESS = 256,
        OPTION_IDENTIFIER,
        OPTION_MODEM_BUS_ADDRESS,
        OPTION_SYSTEM,
        OPTION_TESTING,
};

static const struct option long_options[] = {
        {"bus-address", required_argument, NULL, OPTION_BUS_ADDRESS},
        {"identifier", required_argument, NULL, OPTION_IDENTIFIER},
        {"modem-bus-address", required_argument, NULL, OPTION_MODEM_BUS_ADDRESS},
        {"system", no_argument, NULL, OPTION_SYSTEM},
        {"testing", no_argument, NULL, OPTION_TESTING},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
};

struct options {
        const char *bus_address;
        const char *identifier;
        const char *modem_bus_address;
        bool system;
        bool testing;
        bool verbose;
};

static void print_help(const struct backend_type *type)
{
        printf("Usage: %s [OPTION...]\n"
               "Cellular calls of %s are callsd's: modems are its accounts.\n"
               "\n"
               "      --bus-address ADDRESS        callsd's bus (default: the session bus)\n"
               "      --system                     callsd is the one of the system bus\n"
               "      --modem-bus-address ADDRESS  the bus of %s (default: the system bus)\n"
               "      --identifier ID              as which provider to register\n"
               "                                   (%s)\n"
               "      --testing                    offer itself to callsctl check-provider\n"
               "  -v, --verbose                    debug messages\n"
               "  -h, --help                       this text\n"
               "  -V, --version                    the version\n"
               "%s"
               "\n"
               "Exit status: 0 ended by a signal, 1 something failed, 2 wrong arguments.\n",
               type->program, type->daemon, type->daemon, type->identifier, type->help);
}

/* -1: go on; else the exit status. */
static int parse_option(int option, struct options *options, const struct backend_type *type)
{
        switch (option) {
        case OPTION_BUS_ADDRESS:
                options->bus_address = optarg;
                return -1;
        case OPTION_IDENTIFIER:
                options->identifier = optarg;
                return -1;
        case OPTION_MODEM_BUS_ADDRESS:
                options->modem_bus_address = optarg;
                return -1;
        case OPTION_SYSTEM:
                options->system = true;
                return -1;
        case OPTION_TESTING:
                options->testing = true;
                return -1;
        case 'v':
                options->verbose = true;
                return -1;
        case 'h':
                print_help(type);
                return EXIT_SUCCESS;
        case 'V':
                printf("%s " CALLSD_VERSION "\n", type->program);
                return EXIT_SUCCESS;
        default:
                return 2;
        }
}

/* The form of one: "unix:path=/run/..."; several are separated by semicolons. */
static bool is_address(const char *option, const char *address, const struct backend_type *type)
{
        const char *colon = address ? strchr(address, ':') : NULL;

        if (!address || (colon && colon > address && strchr(colon, '=')))
                return true;
        fprintf(stderr,
                "%s: --%s: \"%s\" is not the address of a bus, such as unix:path=/run/bus\n",
                type->program, option, address);
        return false;
}

static int run(struct bridge *bridge, const struct options *options)
{
        struct modem *modem, *next;
        struct request *request, *next_request;
        int r;

        r = sd_event_new(&bridge->event);
        if (r >= 0)
                r = sd_event_set_signal_exit(bridge->event, 1);
        if (r >= 0)
                r = settle_start(bridge);
        if (r >= 0)
                daemon_bus_start(bridge);
        if (r >= 0)
                r = provider_start(bridge, options->bus_address, options->system);
        if (r >= 0) {
                (void)sd_notify(0, "READY=1");
                r = sd_event_loop(bridge->event);
        }
        (void)sd_notify(0, "STOPPING=1");
        provider_stop(bridge);
        daemon_bus_stop(bridge);
        DL_FOREACH_SAFE (bridge->modems, modem, next)
                modem_free(modem);
        DL_FOREACH_SAFE (bridge->orphans, request, next_request)
                request_free(request);
        sd_event_source_disable_unref(bridge->settler);
        sd_event_unref(bridge->event);
        return r;
}

int bridge_main(int argc, char **argv, const struct backend_type *type)
{
        struct options options = {.identifier = type->identifier};
        struct bridge bridge = {.type = type};
        int option, status;

        while ((option = getopt_long(argc, argv, "vhV", long_options, NULL)) >= 0) {
                status = parse_option(option, &options, type);
                if (status >= 0)
                        return status;
        }
        if (optind < argc) {
                fprintf(stderr, "%s: '%s' is not expected; see --help\n", type->program,
                        argv[optind]);
                return 2;
        }
        if (!is_address("bus-address", options.bus_address, type) ||
            !is_address("modem-bus-address", options.modem_bus_address, type))
                return 2;
        log_start(type->program, options.verbose);
        bridge.identifier = options.identifier;
        bridge.testing = options.testing;
        bridge.bus_address = options.modem_bus_address;
        return run(&bridge, &options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
