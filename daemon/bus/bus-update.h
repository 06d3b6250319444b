/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What apps say about their calls and about themselves, and how the latter is read back. */
#ifndef CALLSD_BUS_BUS_UPDATE_H
#define CALLSD_BUS_BUS_UPDATE_H

#include "bus/bus-read.h"

/* An update with what has to be freed; its strings are the message's. */
struct read_update {
        struct call_update update;
        struct call_member *members; /* strings are the message's */
};

void read_update_done(struct read_update *update);

/* Reads an a{sv}; 0 or negative with the reader's error filled. Free `ret_update` either way. */
int read_update(const struct reader *reader, sd_bus_message *message,
                struct read_update *ret_update);

struct read_import {
        struct read_update update;
        struct call_import import;
        struct uuid group_with;
};

void read_import_done(struct read_import *import);
/* `ret_import->import` is complete afterwards. Free `ret_import` either way. */
int read_import(const struct reader *reader, sd_bus_message *message,
                struct read_import *ret_import);

/* A provider's configuration; `identifier_required` is false for SetConfiguration. */
int read_config(const struct reader *reader, sd_bus_message *message, bool identifier_required,
                struct provider_config *ret_config);
int append_config(sd_bus_message *message, const struct provider_config *config);

/* aa{sv}; as; of HandleTypes */
int append_accounts(sd_bus_message *message, const struct provider_config *config);
int append_handle_types(sd_bus_message *message, unsigned types);
int append_texts(sd_bus_message *message, char *const *texts);
int append_members(sd_bus_message *message, const struct call *call);

#endif
