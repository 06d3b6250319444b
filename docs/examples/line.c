/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A phone with sound: one incoming call, a tone at the far end, and a console for the network.
 *
 *     connected   the far end has taken the answer: the call becomes active
 *     report      prints how many samples were spoken and heard, and the loudest that was heard
 *
 * The streams are opened when the call is answered, before it is active. Nothing here waits for
 * callsd to allow sound: they run at once, and are silent until the call is active.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "line.h"

#define TONE_HZ 440.0
#define AMPLITUDE 0.2

static struct cx_action *answer; /* until it is fulfilled */
static int over;
static char *const *arguments;
static double phase; /* of the thread that speaks */
static atomic_uint spoken;
static atomic_uint heard;
static _Atomic float loudest;

void line_speak(float *samples, unsigned n_samples)
{
        for (unsigned i = 0; i < n_samples; i++) {
                samples[i] = (float)(AMPLITUDE * sin(phase));
                phase = fmod(phase + 2 * M_PI * TONE_HZ / LINE_RATE, 2 * M_PI);
        }
        atomic_fetch_add(&spoken, n_samples);
}

void line_listen(const float *samples, unsigned n_samples)
{
        float peak = atomic_load(&loudest);

        for (unsigned i = 0; i < n_samples; i++)
                peak = fmaxf(peak, fabsf(samples[i]));
        atomic_store(&loudest, peak);
        atomic_fetch_add(&heard, n_samples);
}

void line_joined(const char *failure)
{
        if (failure)
                cx_action_fail(answer, failure);
        printf("%s\n", failure ? failure : "joined");
        fflush(stdout);
}

/* The network, on a thread of its own: an order may be fulfilled from anywhere. */
static void *network(void *userdata)
{
        char line[64];

        (void)userdata;
        while (fgets(line, sizeof(line), stdin)) {
                if (strcmp(line, "connected\n") == 0)
                        cx_action_fulfill(answer);
                if (strcmp(line, "report\n") == 0)
                        printf("spoken %u heard %u loudest %.6f\n", atomic_exchange(&spoken, 0),
                               atomic_exchange(&heard, 0), (double)atomic_exchange(&loudest, 0));
                fflush(stdout);
        }
        return NULL;
}

static void perform_answer(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)userdata;
        answer = cx_action_ref(action);
        line_join(provider, cx_action_get_call_uuid(action), arguments);
}

/* Hold and mute need no work: callsd closes the sound, and the streams run on. */
static void perform_other(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider, (void)userdata;
        over = over || cx_action_get_type(action) == CX_ACTION_TYPE_END_CALL;
        cx_action_fulfill(action);
}

static void did_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        (void)provider, (void)lost, (void)userdata;
        over = 1;
}

static void on_reported(const struct cx_error *error, void *userdata)
{
        if (error)
                printf("refused: %s\n", cx_error_get_message(error));
        else
                printf("ringing %s\n", (const char *)userdata);
        fflush(stdout);
        over = error != NULL;
}

static int is_over(struct cx_context *context, void *userdata)
{
        (void)context, (void)userdata;
        return over;
}

static int start(struct cx_context *context, struct cx_provider **ret_provider)
{
        static const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_reset = did_reset,
                .perform_answer_call = perform_answer,
                .perform_end_call = perform_other,
                .perform_set_held_call = perform_other,
                .perform_set_muted_call = perform_other,
        };
        struct cx_provider_configuration *configuration;
        int r = cx_provider_configuration_new("org.example.Line", &configuration);

        if (r < 0)
                return r;
        r = cx_provider_new(context, configuration, ret_provider);
        cx_provider_configuration_unref(configuration);
        return r < 0 ? r : cx_provider_set_delegate(*ret_provider, &delegate, NULL);
}

int main(int argc, char **argv)
{
        static char call[CX_UUID_TEXT_SIZE];
        struct cx_context *context = NULL;
        struct cx_provider *provider = NULL;
        pthread_t thread;

        (void)argc;
        arguments = argv + 1;
        if (cx_context_new(&context) < 0 || start(context, &provider) < 0 ||
            pthread_create(&thread, NULL, network, NULL) != 0)
                return 1;
        pthread_detach(thread);
        cx_uuid_generate(call);
        cx_provider_report_new_incoming_call(provider, call, NULL, on_reported, call);
        cx_context_run_until(context, is_over, NULL, UINT64_MAX);
        line_leave();
        cx_action_unref(answer);
        cx_provider_unref(provider);
        cx_context_unref(context);
        return 0;
}
