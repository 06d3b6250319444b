/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd: arguments in, exit status out. */
#include <getopt.h>
#include <stdio.h>

#include "app/check-manifest.h"
#include "app/daemon.h"
#include "util/log.h"

#define EXIT_USAGE 2

static const char help[] =
        "Usage: callsd [OPTION...]\n"
        "Keeps the calls of all apps: one state, one queue of actions, one audio session.\n"
        "\n"
        "  -c, --config FILE       configuration (default: the user's callsd/callsd.conf, else\n"
        "                          /etc/callsd/callsd.conf)\n"
        "  -b, --bus-address ADDR  D-Bus address to serve on (default: the session bus)\n"
        "      --system            serve on the system bus: root and the group callsd control "
        "calls\n"
        "  -l, --log-level LEVEL   error, warning, notice, info or debug\n"
        "      --no-audio          leave the sound of calls to the apps\n"
        "      --check-manifest FILE\n"
        "                          say what is wrong with a provider's manifest, and end: 0 it is\n"
        "                          good, 1 it is not, 2 it cannot be read\n"
        "  -h, --help              this text\n"
        "  -V, --version           the version\n"
        "\n"
        "SIGHUP reads the configuration again. SIGTERM ends callsd and no call.\n"
        "Exit status: 0 ended by a signal, 1 something failed, 2 wrong arguments, 3 the device "
        "has\n"
        "a callsd for everybody already.\n";

enum {
        OPTION_SYSTEM = 256,
        OPTION_NO_AUDIO,
        OPTION_CHECK_MANIFEST,
};

static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"bus-address", required_argument, NULL, 'b'},
        {"system", no_argument, NULL, OPTION_SYSTEM},
        {"log-level", required_argument, NULL, 'l'},
        {"no-audio", no_argument, NULL, OPTION_NO_AUDIO},
        {"check-manifest", required_argument, NULL, OPTION_CHECK_MANIFEST},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
};

static int parse_log_level(const char *text, int *ret_level)
{
        int level = log_level_from_string(text);

        if (level < 0) {
                fprintf(stderr,
                        "callsd: log level \"%s\" is unknown; it must be error, warning, notice, "
                        "info or debug\n",
                        text);
                return EXIT_USAGE;
        }
        *ret_level = level;
        return -1;
}

/* -1: go on; else the exit status. */
static int parse_option(int option, struct daemon_options *options)
{
        switch (option) {
        case 'c':
                options->config_path = optarg;
                return -1;
        case 'b':
                options->bus_address = optarg;
                return -1;
        case 'l':
                return parse_log_level(optarg, &options->log_level);
        case OPTION_SYSTEM:
                options->system = true;
                return -1;
        case OPTION_NO_AUDIO:
                options->no_audio = true;
                return -1;
        case OPTION_CHECK_MANIFEST:
                return check_manifest(optarg);
        case 'h':
                fputs(help, stdout);
                return EXIT_SUCCESS;
        case 'V':
                puts("callsd " CALLSD_VERSION);
                return EXIT_SUCCESS;
        default:
                fputs("Try callsd --help.\n", stderr);
                return EXIT_USAGE;
        }
}

static int parse_arguments(int argc, char **argv, struct daemon_options *options)
{
        int option, status;

        while ((option = getopt_long(argc, argv, "c:b:l:hV", long_options, NULL)) != -1) {
                status = parse_option(option, options);
                if (status >= 0)
                        return status;
        }
        if (optind < argc) {
                fprintf(stderr, "callsd: unexpected argument \"%s\"; try callsd --help\n",
                        argv[optind]);
                return EXIT_USAGE;
        }
        return -1;
}

int main(int argc, char **argv)
{
        struct daemon_options options = {.log_level = -1};
        struct daemon daemon;
        int status;

        status = parse_arguments(argc, argv, &options);
        if (status >= 0)
                return status;
        log_open(options.log_level >= 0 ? options.log_level : LOG_INFO);
        status = daemon_init(&daemon, &options) < 0 ? EXIT_FAILURE : daemon_run(&daemon);
        daemon_done(&daemon);
        return status;
}
