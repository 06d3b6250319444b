/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An update from the inside. */
#ifndef CALLSD_CLIENT_UPDATE_INTERNAL_H
#define CALLSD_CLIENT_UPDATE_INTERNAL_H

#include "wire.h"

/* Appends the fields that are set to an open dictionary. NULL: none. */
int update_write(const struct cx_call_update *update, sd_bus_message *message);
/* Takes over the fields that `news` (NULL: none) has set. 0 or -ENOMEM. */
int update_merge(struct cx_call_update *update, const struct cx_call_update *news);

/* Appends all of a configuration to an open dictionary. */
int configuration_write(const struct cx_provider_configuration *configuration,
                        sd_bus_message *message);
/* Its file went with the callsd that had it. */
bool update_has_picture(const struct cx_call_update *update);

#endif
