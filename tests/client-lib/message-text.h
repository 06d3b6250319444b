/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message's arguments as one line, to be compared. */
#ifndef CALLSD_TESTS_CLIENT_MESSAGE_TEXT_H
#define CALLSD_TESTS_CLIENT_MESSAGE_TEXT_H

#include <systemd/sd-bus.h>

/* "text 7 [a b] (x y) {Key=value, Other=1}"; a file is "fd". The message is rewound. From malloc.
 */
char *message_text(sd_bus_message *message);

#endif
