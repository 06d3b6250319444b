/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an app does first, as C99 and as C++17. There is no callsd, and it must notice that. */
#include <stddef.h>
#include <stdio.h>

#include <callsd/callsd.h>

static int told;

static void did_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        (void)provider;
        (void)lost;
        (void)userdata;
}

static void did_fail(struct cx_provider *provider, const struct cx_error *error, void *userdata)
{
        (void)provider;
        (void)userdata;
        told = cx_error_get_code(error) == CX_ERROR_NOT_RUNNING;
}

static int is_told(struct cx_context *context, void *userdata)
{
        (void)context;
        (void)userdata;
        return told;
}

int main(void)
{
        struct cx_provider_delegate delegate = {sizeof(struct cx_provider_delegate)};
        struct cx_provider_configuration *configuration = NULL;
        struct cx_provider *provider = NULL;
        struct cx_context *context = NULL;

        delegate.did_reset = did_reset;
        delegate.did_fail_to_begin = did_fail;
        if (cx_context_new_address("unix:path=/nonexistent", &context) < 0 ||
            cx_provider_configuration_new("org.example.Consumer", &configuration) < 0 ||
            cx_provider_new(context, configuration, &provider) < 0 ||
            cx_provider_set_delegate(provider, &delegate, NULL) < 0)
                return 1;
        if (cx_context_run_until(context, is_told, NULL, 5000000) < 0)
                return 2;
        cx_provider_unref(provider);
        cx_provider_configuration_unref(configuration);
        cx_context_unref(context);
        return 0;
}
