/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens at the network, told to callsd. */
#include <callsd/cleanup.h>
#include <errno.h>
#include <stdio.h>

#include "call.h"
#include "log.h"
#include "reason.h"
#include "text.h"

static void decline(struct call *call, LinphoneReason reason)
{
        if (call->leg)
                (void)linphone_call_decline(call->leg, reason);
        call_over(call);
}

static LinphoneReason decline_for(const struct cx_error *error)
{
        if (cx_error_is(error, CX_ERROR_DOMAIN_INCOMING_CALL,
                        CX_ERROR_INCOMING_CALL_FILTERED_BY_BLOCK_LIST))
                return LinphoneReasonDeclined;
        return LinphoneReasonBusy;
}

/* Without callsd nobody can answer here: it goes on ringing at the far end, and callsd is told when
 * it is back. */
static void on_reported(const struct cx_error *error, void *userdata)
{
        struct call *call = userdata;

        if (!error) {
                call->unreported = false;
        } else if (cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING)) {
                call->unreported = true;
        } else if (!call->over && !call->connected) {
                log_info("call %s is refused: %s", call->uuid, cx_error_get_message(error));
                decline(call, decline_for(error));
        }
        call_unref(call);
}

void call_report_incoming(struct call *call)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;
        CX_CLEANUP(cx_handle) struct cx_handle *handle = NULL;
        const LinphoneAddress *remote = linphone_call_get_remote_address(call->leg);
        cleanup_(freep) char *name =
                text_clean(linphone_address_get_display_name(remote), TEXT_NAME_MAX);

        handle = address_to_handle(remote, call->account);
        if (!handle || cx_call_update_new(&update) < 0) {
                decline(call, LinphoneReasonTemporarilyUnavailable);
                return;
        }
        (void)cx_call_update_set_remote_handle(update, handle);
        if (name && *name)
                (void)cx_call_update_set_localized_caller_name(update, name);
        (void)cx_call_update_set_account(update, call->account->config->id);
        call_ref(call);
        if (cx_provider_report_new_incoming_call(call->phone->provider, call->uuid, update,
                                                 on_reported, call) < 0)
                call_unref(call);
}

static bool is_encrypted_enough(const struct call *call)
{
        const LinphoneCallParams *params = linphone_call_get_remote_params(call->leg);

        return call->account->config->encryption != ENCRYPTION_SRTP_REQUIRED ||
               linphone_call_params_get_media_encryption(params) != LinphoneMediaEncryptionNone;
}

static void on_incoming(struct phone *phone, LinphoneCall *leg)
{
        struct call *call = call_new(phone, NULL);

        if (!call) {
                (void)linphone_call_decline(leg, LinphoneReasonTemporarilyUnavailable);
                return;
        }
        call_bind(call, leg);
        call->account = account_of_incoming(phone, leg);
        if (is_encrypted_enough(call)) {
                call_report_incoming(call);
        } else {
                log_warning("account %s: a call without encryption was turned away",
                            call->account->config->id);
                decline(call, LinphoneReasonNotAcceptable);
        }
}

static void report_update(struct call *call, const struct cx_call_update *update)
{
        (void)cx_provider_report_call_updated(call->phone->provider, call->uuid, update, NULL,
                                              NULL);
}

/* liblinphone forgets a card that was chosen too early. */
static void on_progress(struct call *call)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;

        sound_line_connect(call->line, call->leg);
        if (!call->start)
                return;
        order_complete(&call->start, NULL);
        if (cx_call_update_new(&update) >= 0) {
                (void)cx_call_update_set_account(update, call->account->config->id);
                report_update(call, update);
        }
        (void)cx_provider_report_outgoing_call_started_connecting(call->phone->provider, call->uuid,
                                                                  0, NULL, NULL);
}

static void on_ringing(struct call *call, bool early_media)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;

        on_progress(call);
        if (cx_call_update_new(&update) < 0)
                return;
        (void)cx_call_update_set_alerting(update, 1);
        if (early_media)
                (void)cx_call_update_set_early_media(update, 1);
        report_update(call, update);
        call->early_media |= early_media;
        if (call->phone->config->ringback)
                sound_line_ring_back(call->line, !call->early_media);
}

static void on_connected(struct call *call)
{
        struct cx_provider *provider = call->phone->provider;

        if (call->connected)
                return;
        on_progress(call);
        call->connected = true;
        sound_line_ring_back(call->line, false);
        if (call->outgoing)
                (void)cx_provider_report_outgoing_call_connected(provider, call->uuid, 0, NULL,
                                                                 NULL);
        else if (call->answer)
                order_complete(&call->answer, NULL);
        else
                (void)cx_provider_report_call_state(provider, call->uuid, CX_CALL_STATE_ACTIVE,
                                                    CX_FACT_SOURCE_SELF, NULL, NULL);
}

static void set_remote_held(struct call *call, bool held)
{
        CX_CLEANUP(cx_call_update) struct cx_call_update *update = NULL;

        if (call->remote_held == held || cx_call_update_new(&update) < 0)
                return;
        call->remote_held = held;
        (void)cx_call_update_set_remote_held(update, held);
        report_update(call, update);
}

/* liblinphone makes the streams anew after a hold, and they forget it. */
static void on_running(struct call *call)
{
        on_connected(call);
        set_remote_held(call, false);
        linphone_call_set_microphone_muted(call->leg, call->muted);
}

static int code_elsewhere(const LinphoneErrorInfo *info)
{
        const LinphoneErrorInfo *reason =
                linphone_error_info_get_sub_error_info((LinphoneErrorInfo *)(uintptr_t)info);

        return reason ? linphone_error_info_get_protocol_code(reason) : 0;
}

static void on_end(struct call *call)
{
        const LinphoneErrorInfo *info = linphone_call_get_error_info(call->leg);
        cleanup_(freep) char *text =
                text_clean(linphone_error_info_get_phrase(info), TEXT_NAME_MAX);
        struct end end = {
                .outgoing = call->outgoing,
                .connected = call->connected,
                .media_lost = call->media_lost,
                .code = linphone_error_info_get_protocol_code(info),
                .elsewhere = code_elsewhere(info),
        };
        enum cx_call_ended_reason reason;
        enum cx_call_ended_cause cause;

        if (call->over)
                return;
        reason_of_end(&end, &reason, &cause);
        if (call->start)
                order_fail(&call->start, cause, text && *text ? text : "the network refused it");
        else
                (void)cx_provider_report_call_ended_with_cause(
                        call->phone->provider, call->uuid, 0, reason, cause,
                        end.code >= 300 ? text : NULL, NULL, NULL);
        call_over(call);
}

static void on_known(struct call *call, LinphoneCallState state)
{
        switch (state) {
        case LinphoneCallStateOutgoingProgress:
                on_progress(call);
                break;
        case LinphoneCallStateOutgoingRinging:
                on_ringing(call, false);
                break;
        case LinphoneCallStateOutgoingEarlyMedia:
                on_ringing(call, true);
                break;
        case LinphoneCallStateConnected:
                on_connected(call);
                break;
        case LinphoneCallStateStreamsRunning:
                on_running(call);
                break;
        case LinphoneCallStatePausedByRemote:
                set_remote_held(call, true);
                break;
        default:
                break;
        }
}

void call_on_state(struct phone *phone, LinphoneCall *leg, LinphoneCallState state)
{
        struct call *call = linphone_call_get_user_data(leg);

        if (!call && state == LinphoneCallStateIncomingReceived) {
                on_incoming(phone, leg);
                return;
        }
        if (!call && phone->inviting && linphone_call_get_dir(leg) == LinphoneCallOutgoing) {
                call = phone->inviting;
                phone->inviting = NULL;
                call_bind(call, leg);
        }
        if (!call)
                return;
        if (state == LinphoneCallStateEnd || state == LinphoneCallStateError)
                on_end(call);
        else if (state == LinphoneCallStateReleased)
                call_release(call);
        else if (!call->over)
                on_known(call, state);
}
