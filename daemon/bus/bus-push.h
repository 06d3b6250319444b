/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Push payloads on the bus: who may hand them over, and what becomes of them. */
#ifndef CALLSD_BUS_BUS_PUSH_H
#define CALLSD_BUS_BUS_PUSH_H

#include "bus/bus-private.h"

/* Manager1.ReportNewIncomingVoIPPushPayload */
int method_report_push(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* The arguments of PushPayloadReceived. */
int push_append(sd_bus_message *signal, const struct push *push);

/* A client is gone: no reply waits for it any more; its payloads go on. */
void pushes_forget_client(struct bus *bus, const char *name);
void pushes_forget_all(struct bus *bus);

#endif
