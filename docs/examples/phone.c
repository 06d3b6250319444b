/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A very small app: a provider without a network. */
#include <stdio.h>

#include "phone.h"

static void reported(const struct cx_error *error, void *userdata)
{
        struct phone *phone = userdata;

        if (error)
                printf("refused: %s\n", cx_error_get_message(error));
        else
                printf("ringing %s\n", phone->call);
        fflush(stdout);
}

static void did_begin(struct cx_provider *provider, void *userdata)
{
        struct phone *phone = userdata;

        cx_uuid_generate(phone->call);
        cx_provider_report_new_incoming_call(provider, phone->call, NULL, reported, phone);
}

static void did_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        struct phone *phone = userdata;

        (void)provider;
        (void)lost;
        phone->over(phone->userdata);
}

static void answer(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct phone *phone = userdata;

        (void)provider;
        cx_action_fulfill(action); /* an app would answer at its network first */
        printf("answered\n");
        phone->over(phone->userdata);
}

static void end(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct phone *phone = userdata;

        (void)provider;
        cx_action_fulfill(action);
        phone->over(phone->userdata);
}

int phone_init(struct phone *phone, struct cx_context *context, phone_over_fn over, void *userdata)
{
        const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = did_begin,
                .did_reset = did_reset,
                .perform_answer_call = answer,
                .perform_end_call = end,
        };
        struct cx_provider_configuration *configuration;
        int r;

        phone->over = over;
        phone->userdata = userdata;
        r = cx_provider_configuration_new("org.example.Loop", &configuration);
        if (r < 0)
                return r;
        r = cx_provider_new(context, configuration, &phone->provider);
        cx_provider_configuration_unref(configuration);
        if (r < 0)
                return r;
        return cx_provider_set_delegate(phone->provider, &delegate, phone);
}

void phone_done(struct phone *phone)
{
        phone->provider = cx_provider_unref(phone->provider);
}
