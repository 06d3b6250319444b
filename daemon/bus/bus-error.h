/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors on the bus: names for refusals, texts for malformed arguments. */
#ifndef CALLSD_BUS_BUS_ERROR_H
#define CALLSD_BUS_BUS_ERROR_H

#include <systemd/sd-bus.h>

#include "model/refusal.h"
#include "util/macro.h"

#define ERROR_INVALID_CLIENT "org.callsd.Error.NotificationServiceExtension.InvalidClientProcess"
#define ERROR_MISSING_ENTITLEMENT \
        "org.callsd.Error.NotificationServiceExtension.MissingNotificationFilteringEntitlement"

/* Never NULL; REFUSAL_NONE has no name and is our own mistake. */
const char *bus_error_name(enum refusal refusal);

/*
 * For the end of a handler whose input answered `r`, not 0: fills `error` and returns what sd-bus
 * wants to see, a negative number. `explanation` may be "".
 */
int bus_error_set(sd_bus_error *error, int r, const char *explanation);

/* org.freedesktop.DBus.Error.InvalidArgs, in words; always negative. */
int bus_error_invalid(sd_bus_error *error, const char *format, ...) PRINTF_LIKE(2, 3);
/* Any of our own names, in words; always negative. */
int bus_error_refuse(sd_bus_error *error, enum refusal refusal, const char *format, ...)
        PRINTF_LIKE(3, 4);

#endif
