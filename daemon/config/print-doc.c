/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generator behind systemd/callsd.conf and docs/man/callsd.conf.5.scd; not installed. */
#include <stdio.h>
#include <stdlib.h>

#include "config/config-doc.h"
#include "util/macro.h"

int main(int argc, char **argv)
{
        if (argc == 2 && streq(argv[1], "sample")) {
                config_print_sample(stdout);
                return EXIT_SUCCESS;
        }
        if (argc == 2 && streq(argv[1], "manual")) {
                config_print_manual(stdout);
                return EXIT_SUCCESS;
        }
        fprintf(stderr, "usage: callsd-config-doc sample|manual\n");
        return EXIT_FAILURE;
}
