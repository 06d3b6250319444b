/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any message as one line of text. */
#ifndef CALLSD_TESTS_BUS_TEXT_H
#define CALLSD_TESTS_BUS_TEXT_H

#include <systemd/sd-bus.h>

/* The body; dictionaries as [key=value,...], structs as (a,b). To be freed. */
char *message_to_text(sd_bus_message *message);

#endif
