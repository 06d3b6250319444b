/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call from the inside, for the observer that paints it. */
#ifndef CALLSD_CLIENT_CALL_INTERNAL_H
#define CALLSD_CLIENT_CALL_INTERNAL_H

#include "wire.h"

/* A call with nothing but a UUID. 0 or -ENOMEM. */
int call_new(const char *uuid, struct cx_call **ret_call);
int call_copy(const struct cx_call *call, struct cx_call **ret_copy);
/* One property, as wire_entry_fn; `userdata` is a struct cx_call that nobody else has yet. */
int call_read_property(sd_bus_message *message, const char *key, const char *type, void *userdata);
void call_set_uuid(struct cx_call *call, const char *uuid);
void call_set_has_details(struct cx_call *call);
void call_set_ended(struct cx_call *call);

#endif
