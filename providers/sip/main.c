/* SPDX-License-Identifier: GPL-3.0-or-later */
/* callsd-sip: arguments in, exit status out. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "log.h"
#include "phone.h"

static const char help[] =
        "Usage: callsd-sip [OPTION...]\n"
        "A SIP telephone without a screen: its calls are callsd's.\n"
        "\n"
        "  -c, --config FILE       configuration (default: the user's callsd/sip.conf, else\n"
        "                          /etc/callsd/sip.conf)\n"
        "      --check             only say whether the configuration can be used\n"
        "      --identifier ID     as which provider to register (org.callsd.Sip)\n"
        "      --print-keys        a line \"UUID KEY\" for every key of the far end\n"
        "      --testing           offer itself to callsctl check-provider\n"
        "      --trace FILE        everything liblinphone says and every SIP message\n"
        "  -v, --verbose           debug messages\n"
        "  -h, --help              this text\n"
        "  -V, --version           the version\n"
        "\n"
        "Exit status: 0 ended by a signal, 1 something failed, 2 wrong arguments, 78 the\n"
        "configuration cannot be used.\n";

enum {
        OPTION_CHECK = 256,
        OPTION_IDENTIFIER,
        OPTION_PRINT_KEYS,
        OPTION_TESTING,
        OPTION_TRACE,
};

static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"identifier", required_argument, NULL, OPTION_IDENTIFIER},
        {"print-keys", no_argument, NULL, OPTION_PRINT_KEYS},
        {"testing", no_argument, NULL, OPTION_TESTING},
        {"trace", required_argument, NULL, OPTION_TRACE},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
};

struct options {
        const char *config;
        const char *identifier;
        const char *trace;
        bool check;
        bool print_keys;
        bool testing;
};

/* -1: go on; else the exit status. */
static int parse_option(int option, struct options *options)
{
        switch (option) {
        case 'c':
                options->config = optarg;
                return -1;
        case OPTION_CHECK:
                options->check = true;
                return -1;
        case OPTION_IDENTIFIER:
                options->identifier = optarg;
                return -1;
        case OPTION_PRINT_KEYS:
                options->print_keys = true;
                return -1;
        case OPTION_TESTING:
                options->testing = true;
                return -1;
        case OPTION_TRACE:
                options->trace = optarg;
                return -1;
        case 'v':
                log_set_level(LOG_LEVEL_DEBUG);
                return -1;
        case 'h':
                fputs(help, stdout);
                return EXIT_SUCCESS;
        case 'V':
                puts("callsd-sip " CALLSD_VERSION);
                return EXIT_SUCCESS;
        default:
                return EX_USAGE;
        }
}

static int load(const char *path, struct config *ret_config)
{
        cleanup_(freep) char *found = NULL, *error = NULL;
        int r;

        if (!path) {
                r = config_find(&found);
                if (r < 0) {
                        log_error("there is no configuration; write ~/.config/callsd/sip.conf, "
                                  "see sip.conf in callsd's documentation");
                        return r;
                }
                path = found;
        }
        r = config_load(path, ret_config, &error);
        if (r < 0)
                log_error("%s", error ? error : "out of memory");
        return r;
}

static int run(const struct config *config, const struct options *options)
{
        struct phone phone = {
                .config = config,
                .identifier = options->identifier,
                .print_keys = options->print_keys,
                .testing = options->testing,
        };
        int r;

        r = sd_event_new(&phone.event);
        if (r >= 0)
                r = sd_event_set_signal_exit(phone.event, 1);
        if (r >= 0)
                r = core_start(&phone);
        if (r >= 0)
                r = provider_start(&phone);
        if (r >= 0) {
                bus_name_claim(&phone);
                (void)sd_notify(0, "READY=1");
                r = sd_event_loop(phone.event);
        }
        (void)sd_notify(0, "STOPPING=1");
        bus_name_release(&phone);
        provider_stop(&phone);
        core_stop(&phone);
        sd_event_unref(phone.event);
        return r;
}

static int start(const struct options *options)
{
        struct config config;
        int r;

        if (load(options->config, &config) < 0)
                return EX_CONFIG;
        r = options->check ? 0 : log_trace_to(options->trace);
        if (r < 0)
                log_error("--trace=%s: %s", options->trace, strerror(-r));
        else if (!options->check)
                r = run(&config, options);
        config_done(&config);
        log_done();
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        struct options options = {.identifier = IDENTIFIER};
        int option, status;

        while ((option = getopt_long(argc, argv, "c:vhV", long_options, NULL)) >= 0) {
                status = parse_option(option, &options);
                if (status >= 0)
                        return status == EX_USAGE ? 2 : status;
        }
        if (optind < argc) {
                fprintf(stderr, "callsd-sip: '%s' is not expected; see --help\n", argv[optind]);
                return 2;
        }
        return start(&options);
}
