/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider of README.md. */
#include <callsd/callsd.h>

static void perform(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        cx_action_fulfill(action); /* a real app talks to its network first */
}

static void reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
}

int main(void)
{
        struct cx_provider_delegate delegate = {.size = sizeof(delegate),
                                                .did_reset = reset,
                                                .perform_answer_call = perform,
                                                .perform_end_call = perform};
        struct cx_provider_configuration *configuration = NULL;
        struct cx_provider *provider = NULL;
        struct cx_call_update *update = NULL;
        struct cx_context *context = NULL;
        char call[CX_UUID_TEXT_SIZE];

        cx_context_new(&context);
        cx_provider_configuration_new("org.example.Minimal", &configuration);
        cx_provider_new(context, configuration, &provider);
        cx_provider_set_delegate(provider, &delegate, NULL);
        cx_call_update_new(&update);
        cx_call_update_set_localized_caller_name(update, "Ada");
        cx_uuid_generate(call);
        cx_provider_report_new_incoming_call(provider, call, update, NULL, NULL);
        return cx_context_run_until(context, NULL, NULL, UINT64_MAX);
}
