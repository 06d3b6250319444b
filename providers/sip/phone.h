/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The phone: one liblinphone core, one callsd provider, and the calls that both know.
 *
 * Everything here runs on one thread, in one sd-event loop.
 */
#ifndef CALLSD_SIP_PHONE_H
#define CALLSD_SIP_PHONE_H

#include <callsd/callsd.h>
#include <linphone/core.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base.h"
#include "config.h"
#include "sound.h"

#define MAX_CALLS 32
#define IDENTIFIER "org.callsd.Sip"

struct account {
        const struct account_config *config;
        LinphoneAccount *account; /* NULL without a registrar */
        LinphoneAddress *identity;
        const char *state; /* as callsctl shows it */
};

struct phone {
        const struct config *config;
        const char *identifier; /* of the provider */
        bool print_keys;        /* keys of the far end go to stdout */
        bool testing;           /* offers itself to callsctl check-provider */
        sd_event *event;
        sd_event_source *ticker;
        sd_bus *bus; /* that has our name */
        LinphoneCore *core;
        LinphoneCoreCbs *callbacks;
        struct sound *sound;
        struct account *accounts;
        size_t n_accounts;
        struct cx_context *context;
        struct cx_provider *provider;
        struct call *calls;
        unsigned n_legs;       /* that liblinphone has not released, over or not */
        struct call *inviting; /* whose leg liblinphone is just making */
};

/* core.c: 0 or a negative errno, after a line in the log. */
int core_start(struct phone *phone);
/* Hangs up, unregisters, and waits for that a little. */
void core_stop(struct phone *phone);

/* bus-name.c */
void bus_name_claim(struct phone *phone);
void bus_name_release(struct phone *phone);

/* account.c */
int accounts_add(struct phone *phone);
void accounts_done(struct phone *phone);
/* NULL: the first one. */
struct account *account_find(struct phone *phone, const char *id);
/* A call with these parameters goes out by this account. */
void account_apply(const struct account *account, LinphoneCore *core, LinphoneCallParams *params);
struct account *account_of_incoming(struct phone *phone, LinphoneCall *leg);
void account_state_changed(struct phone *phone, LinphoneAccount *account,
                           LinphoneRegistrationState state, const char *message);

/* provider.c */
int provider_start(struct phone *phone);
void provider_stop(struct phone *phone);
/* Tells callsd of the accounts as they are now. */
void provider_tell_accounts(struct phone *phone);

/* order.c: what callsd wants. */
extern const struct cx_provider_delegate order_delegate;

#endif
