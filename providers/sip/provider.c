/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Being a provider of callsd's. */
#include <callsd/cleanup.h>
#include <errno.h>

#include "call.h"
#include "log.h"

#define MAX_GROUPS 16

static const char *const schemes[] = {"sip", "sips", "tel", NULL};

static int add_account(struct cx_provider_configuration *configuration,
                       const struct account *account)
{
        const struct account_config *config = account->config;
        CX_CLEANUP(cx_account) struct cx_account *described = NULL;
        int r;

        r = cx_account_new(config->id,
                           config->display_name ? config->display_name : config->address,
                           &described);
        if (r >= 0)
                r = cx_account_set_state(described, account->state);
        if (r >= 0)
                r = cx_account_set_uri_schemes(described, schemes);
        if (r >= 0)
                r = cx_provider_configuration_add_account(configuration, described);
        return r;
}

static int make_configuration(struct phone *phone, struct cx_provider_configuration **ret)
{
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;
        int r;

        r = cx_provider_configuration_new(phone->identifier, &configuration);
        if (r >= 0)
                r = cx_provider_configuration_set_localized_name(configuration, "SIP");
        if (r >= 0)
                r = cx_provider_configuration_set_icon(configuration, "call-start");
        if (r >= 0)
                r = cx_provider_configuration_set_maximum_call_groups(configuration, MAX_GROUPS);
        if (r >= 0)
                r = cx_provider_configuration_set_supported_uri_schemes(configuration, schemes);
        /* The members of a conference hear one another through callsd. */
        if (r >= 0)
                r = cx_provider_configuration_set_mix_groups(configuration, 1);
        if (r >= 0)
                r = cx_provider_configuration_set_testing(configuration, phone->testing);
        for (size_t i = 0; r >= 0 && i < phone->n_accounts; i++)
                r = add_account(configuration, &phone->accounts[i]);
        if (r < 0)
                return r;
        *ret = configuration;
        configuration = NULL;
        return 0;
}

void provider_tell_accounts(struct phone *phone)
{
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;

        if (phone->provider && make_configuration(phone, &configuration) >= 0)
                (void)cx_provider_set_configuration(phone->provider, configuration, NULL, NULL);
}

/* Calls that began to ring while nobody was there to be told. */
static void on_available(struct cx_context *context, int available, void *userdata)
{
        struct phone *phone = userdata;

        (void)context;
        log_info(available ? "callsd is there" : "callsd is away; calls go on");
        for (struct call *call = phone->calls; available && call; call = call->next)
                if (call->unreported && !call->over)
                        call_report_incoming(call);
}

int provider_start(struct phone *phone)
{
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;
        int r;

        r = cx_context_new(&phone->context);
        if (r >= 0)
                r = cx_context_attach_event(phone->context, phone->event, 0);
        if (r >= 0)
                r = cx_context_set_availability_callback(phone->context, on_available, phone);
        if (r >= 0)
                r = make_configuration(phone, &configuration);
        if (r >= 0)
                r = cx_provider_new(phone->context, configuration, &phone->provider);
        if (r >= 0)
                r = cx_provider_set_delegate(phone->provider, &order_delegate, phone);
        if (r < 0)
                log_error("cannot become a provider: %s", strerror(-r));
        return r;
}

void provider_stop(struct phone *phone)
{
        if (phone->provider)
                (void)cx_provider_invalidate(phone->provider);
        phone->provider = cx_provider_unref(phone->provider);
        phone->context = cx_context_unref(phone->context);
}
