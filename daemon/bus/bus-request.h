/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions that peers ask for: RequestTransaction, StartCall, and the methods of Call1. */
#ifndef CALLSD_BUS_BUS_REQUEST_H
#define CALLSD_BUS_BUS_REQUEST_H

#include "bus/bus-read.h"

/* Handlers of Manager1. */
int method_request_transaction(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_start_call(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* A request in the name of the message's sender, with nothing in it yet. */
void request_init(struct bus *bus, sd_bus_message *message, struct request *ret_request);

enum request_how {
        REQUEST_PLAIN,
        REQUEST_SWAP,
        REQUEST_POST_DIAL,
};

/*
 * For a method of Call1: requests, and answers when the transaction is complete, or at once when
 * the sender is the provider of the call itself.
 */
int request_for_call(struct bus *bus, sd_bus_message *message, const struct call *call,
                     enum request_how how, struct request *request, sd_bus_error *error);

/* The action as in PerformTransaction: (ssa{sv}). */
int append_action(sd_bus_message *message, const struct action *action);
/* One entry of ListPendingActions: a{sv}. */
int append_pending_action(sd_bus_message *message, const struct action *action);

#endif
