/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients that say that a call is going on.
 *
 * Each client's claim is its own, and ends with its connection: a dialer that crashes leaves no
 * call mode behind. Where callsd has no call of its own meanwhile, it is told of one: a call
 * without sound of callsd's, so that music makes way for it and other calls wait with a soft tone.
 * That anonymous call gives way to every real one and never stands in the way of what a user asks
 * for; the app it belongs to knows nothing of callsd's orders, and goes on.
 *
 * A real call that comes while the claim lasts is most likely the same call, from an app that uses
 * both interfaces, or from the modem. So the claim is then covered for good, and so that the two
 * reports of one call need not come in order, callsd is told only of a claim that has lasted a
 * little.
 */
#include <string.h>

#include "facade.h"

#define IDENTIFIER "org.callsd.CallAudio"
#define SETTLE_USEC (UINT64_C(1000000))

bool claim_exists(const struct facade *facade)
{
        return facade->claims && sd_bus_track_count(facade->claims) > 0;
}

static void did_reset(struct cx_provider *provider, const char *const *lost, void *userdata)
{
        struct facade *facade = userdata;

        (void)provider, (void)lost;
        facade->reported = false;
        facade->covered = true;
}

static void agree(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct facade *facade = userdata;

        (void)provider;
        if (cx_action_get_type(action) == CX_ACTION_TYPE_END_CALL) {
                facade->reported = false;
                facade->covered = true;
        }
        cx_action_fulfill(action);
}

static void did_fail_to_begin(struct cx_provider *provider, const struct cx_error *error,
                              void *userdata)
{
        (void)provider, (void)userdata;
        say("callsd takes no calls from here: %s", cx_error_get_message(error));
}

/* One that nothing is dialled with by mistake. */
static int configure(struct cx_provider_configuration **ret_configuration)
{
        static const enum cx_handle_type types[] = {CX_HANDLE_TYPE_GENERIC};
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;
        int r = cx_provider_configuration_new(IDENTIFIER, &configuration);

        if (r >= 0)
                r = cx_provider_configuration_set_audio(configuration, CX_CALL_AUDIO_EXTERNAL);
        if (r >= 0)
                r = cx_provider_configuration_set_includes_calls_in_recents(configuration, 0);
        if (r >= 0)
                r = cx_provider_configuration_set_supported_handle_types(configuration, types, 1);
        if (r >= 0)
                r = cx_provider_configuration_set_localized_name(configuration, "Another app");
        if (r < 0)
                return r;
        *ret_configuration = cx_provider_configuration_ref(configuration);
        return 0;
}

static int make_provider(struct facade *facade)
{
        const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_reset = did_reset,
                .did_fail_to_begin = did_fail_to_begin,
                .perform_end_call = agree,
                .perform_set_held_call = agree,
        };
        CX_CLEANUP(cx_provider_configuration)
        struct cx_provider_configuration *configuration = NULL;
        int r;

        if (facade->provider)
                return 0;
        r = configure(&configuration);
        if (r >= 0)
                r = cx_provider_new(facade->context, configuration, &facade->provider);
        return r < 0 ? r : cx_provider_set_delegate(facade->provider, &delegate, facade);
}

static void on_reported(const struct cx_error *error, void *userdata)
{
        (void)userdata;
        if (error)
                say("callsd was not told of a call of another app: %s",
                    cx_error_get_message(error));
}

/* Nobody can mute it, send keys to it or merge it but its own app. */
static int describe(struct cx_call_update **ret_update)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;
        int r = cx_call_update_new(&update);

        if (r >= 0)
                r = cx_call_update_set_supports_muting(update, 0);
        if (r >= 0)
                r = cx_call_update_set_supports_dtmf(update, 0);
        if (r >= 0)
                r = cx_call_update_set_supports_grouping(update, 0);
        if (r < 0)
                return r;
        *ret_update = cx_call_update_ref(update);
        return 0;
}

static int report(struct facade *facade)
{
        const struct cx_call_facts facts = {
                .size = sizeof(facts),
                .state = CX_CALL_STATE_ACTIVE,
        };
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;
        int r = make_provider(facade);

        if (r >= 0)
                r = describe(&update);
        if (r < 0)
                return r;
        cx_uuid_generate(facade->call);
        facade->reported = true;
        return cx_provider_report_call(facade->provider, facade->call, &facts, update, on_reported,
                                       facade);
}

static void withdraw(struct facade *facade)
{
        if (!facade->reported)
                return;
        (void)cx_provider_report_call_ended(facade->provider, facade->call, 0,
                                            CX_CALL_ENDED_REASON_LOCAL_ENDED, NULL, NULL);
        facade->reported = false;
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct facade *facade = userdata;
        int r;

        (void)source, (void)usec;
        facade->settle = sd_event_source_disable_unref(facade->settle);
        if (!claim_exists(facade) || facade->covered || facade->reported)
                return 0;
        r = report(facade);
        if (r < 0)
                say("callsd was not told of a call of another app: %s", strerror(-r));
        return 0;
}

void claim_update(struct facade *facade)
{
        if (!claim_exists(facade)) {
                withdraw(facade);
                facade->settle = sd_event_source_disable_unref(facade->settle);
                facade->provider = cx_provider_unref(facade->provider);
                facade->covered = false;
                facade->claims = sd_bus_track_unref(facade->claims);
                return;
        }
        if (calls_any_current(facade)) {
                withdraw(facade);
                facade->covered = true;
        } else if (!facade->covered && !facade->reported && !facade->settle) {
                (void)sd_event_add_time_relative(facade->event, &facade->settle, CLOCK_MONOTONIC,
                                                 SETTLE_USEC, 0, on_settled, facade);
        }
}

/* The last client that was in call mode is gone. */
static int on_no_claims(sd_bus_track *track, void *userdata)
{
        (void)track;
        claim_update(userdata);
        service_update(userdata);
        return 0;
}

/* sd-bus asks after an empty track again and again, so there is one only while it has a name. */
static int add(struct facade *facade, sd_bus_message *message)
{
        int r = 0;

        if (!facade->claims)
                r = sd_bus_track_new(facade->bus, &facade->claims, on_no_claims, facade);
        return r < 0 ? r : sd_bus_track_add_sender(facade->claims, message);
}

int claim_set(struct facade *facade, sd_bus_message *message, bool in_call)
{
        int r = 0;

        if (in_call)
                r = add(facade, message);
        else if (facade->claims)
                r = sd_bus_track_remove_sender(facade->claims, message);
        claim_update(facade);
        return r;
}

void claim_done(struct facade *facade)
{
        if (facade->provider)
                withdraw(facade);
        facade->settle = sd_event_source_disable_unref(facade->settle);
        facade->provider = cx_provider_unref(facade->provider);
        facade->claims = sd_bus_track_unref(facade->claims);
}
