/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What callsd wants done, done at the network. */
#include "call.h"
#include "log.h"

void order_complete(struct cx_action **action, const char *why)
{
        if (!*action)
                return;
        if (why)
                (void)cx_action_fail(*action, why);
        else
                (void)cx_action_fulfill(*action);
        *action = cx_action_unref(*action);
}

void order_fail(struct cx_action **action, enum cx_call_ended_cause cause, const char *why)
{
        if (!*action)
                return;
        (void)cx_action_fail_with_cause(*action, cause, why);
        *action = cx_action_unref(*action);
}

/* The call of an order; NULL, and the order is failed, if there is none. */
static struct call *get_call(struct phone *phone, struct cx_action *action)
{
        struct call *call = call_find(phone, cx_action_get_call_uuid(action));

        log_debug("call %s: order %s", cx_action_get_call_uuid(action),
                  cx_action_type_to_string(cx_action_get_type(action)));
        if (!call)
                (void)cx_action_fail(action, "there is no such call");
        return call;
}

static void keep(struct cx_action **place, struct cx_action *action)
{
        cx_action_unref(*place);
        *place = cx_action_ref(action);
}

/* --- start ------------------------------------------------------------------------------------ */

static LinphoneCallParams *make_params(struct call *call)
{
        struct phone *phone = call->phone;
        enum encryption encryption = call->account->config->encryption;
        LinphoneCallParams *params = linphone_core_create_call_params(phone->core, NULL);

        linphone_call_params_enable_video(params, FALSE);
        account_apply(call->account, phone->core, params);
        linphone_call_params_set_media_encryption(params, encryption == ENCRYPTION_NONE
                                                                  ? LinphoneMediaEncryptionNone
                                                                  : LinphoneMediaEncryptionSRTP);
        linphone_call_params_enable_mandatory_media_encryption(
                params, encryption == ENCRYPTION_SRTP_REQUIRED);
        return params;
}

static void invite(struct call *call)
{
        struct phone *phone = call->phone;
        LinphoneCallParams *params = make_params(call);
        LinphoneCall *leg;

        phone->inviting = call;
        leg = linphone_core_invite_address_with_params(phone->core, call->target, params);
        phone->inviting = NULL;
        linphone_call_params_unref(params);
        if (leg || !call->start)
                return;
        order_fail(&call->start, CX_CALL_ENDED_CAUSE_OTHER, "the call could not be placed");
        call_over(call);
}

static void on_start_properties(const struct cx_stream_properties *properties,
                                const struct cx_error *error, void *userdata)
{
        struct call *call = userdata;

        log_debug("call %s: streams %s", call->uuid, error ? cx_error_get_message(error) : "ready");
        if (!call->over && call->start) {
                sound_line_open(call->line, properties);
                invite(call);
        }
        call_unref(call);
}

static void ask_for_streams(struct call *call, cx_stream_properties_fn completion)
{
        call_ref(call);
        if (cx_provider_get_stream_properties(call->phone->provider, call->uuid, completion, call) <
            0)
                completion(NULL, NULL, call);
}

static void perform_start(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct phone *phone = userdata;
        struct account *account = account_find(phone, cx_start_call_action_get_account(action));
        struct cx_handle *handle = cx_start_call_action_get_handle(action);
        LinphoneAddress *target = account ? address_from_handle(handle, account) : NULL;
        struct call *call = target ? call_new(phone, cx_action_get_call_uuid(action)) : NULL;

        (void)provider;
        if (!account)
                (void)cx_action_fail(action, "there is no such account in sip.conf");
        else if (!target)
                (void)cx_action_fail_with_cause(action, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER,
                                                "that is neither a number nor a SIP address");
        else if (!call)
                (void)cx_action_fail(action, "out of memory");
        if (!call) {
                if (target)
                        linphone_address_unref(target);
                return;
        }
        call->outgoing = true;
        call->account = account;
        call->target = target;
        keep(&call->start, action);
        ask_for_streams(call, on_start_properties);
}

/* --- answer ----------------------------------------------------------------------------------- */

static void on_answer_properties(const struct cx_stream_properties *properties,
                                 const struct cx_error *error, void *userdata)
{
        struct call *call = userdata;

        log_debug("call %s: streams %s", call->uuid, error ? cx_error_get_message(error) : "ready");
        if (!call->over && call->answer && call->leg) {
                sound_line_open(call->line, properties);
                sound_line_connect(call->line, call->leg);
                if (linphone_call_accept(call->leg) != 0)
                        order_complete(&call->answer, "the call could not be answered");
        }
        call_unref(call);
}

static void perform_answer(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct call *call = get_call(userdata, action);

        (void)provider;
        if (!call)
                return;
        keep(&call->answer, action);
        ask_for_streams(call, on_answer_properties);
}

/* --- end -------------------------------------------------------------------------------------- */

static void decline(LinphoneCall *leg, struct cx_action *action)
{
        bool busy = cx_end_call_action_get_reason(action) == CX_DECLINE_REASON_BUSY;
        const char *message = cx_end_call_action_get_message(action);
        LinphoneErrorInfo *info = linphone_error_info_new();

        linphone_error_info_set(info, "SIP", busy ? LinphoneReasonBusy : LinphoneReasonDeclined,
                                busy ? 486 : 603,
                                message ? message
                                : busy  ? "Busy"
                                        : "Declined",
                                NULL);
        (void)linphone_call_decline_with_error_info(leg, info);
        linphone_error_info_unref(info);
}

static void perform_end(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct call *call = call_find(userdata, cx_action_get_call_uuid(action));

        (void)provider;
        (void)cx_action_fulfill(action);
        if (!call)
                return;
        call_ref(call);
        call_over(call);
        if (call->leg && !call->outgoing && !call->connected)
                decline(call->leg, action);
        else if (call->leg)
                (void)linphone_call_terminate(call->leg);
        call_unref(call);
}

/* --- the others ------------------------------------------------------------------------------- */

static void perform_hold(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct call *call = get_call(userdata, action);

        (void)provider;
        if (!call)
                return;
        keep(&call->hold, action);
        call->hold_tried = false;
        call_step(call);
}

static void perform_mute(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct call *call = get_call(userdata, action);

        (void)provider;
        if (!call)
                return;
        call->muted = cx_set_muted_call_action_is_muted(action);
        if (call->leg && call->connected)
                linphone_call_set_microphone_muted(call->leg, call->muted);
        (void)cx_action_fulfill(action);
}

/* callsd mixes the members of a group; at the network nothing changes. */
static void perform_group(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        (void)provider;
        if (get_call(userdata, action))
                (void)cx_action_fulfill(action);
}

static void perform_keys(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct call *call = get_call(userdata, action);

        (void)provider;
        if (!call)
                return;
        keep(&call->play, action);
        call_play_keys(call);
}

static void did_begin(struct cx_provider *provider, void *userdata)
{
        (void)provider, (void)userdata;
        log_info("registered with callsd");
}

static void did_fail_to_begin(struct cx_provider *provider, const struct cx_error *error,
                              void *userdata)
{
        (void)provider, (void)userdata;
        log_warning("callsd does not register us: %s", cx_error_get_message(error));
}

static void hang_up(struct call *call)
{
        call_ref(call);
        call_over(call);
        if (call->leg)
                (void)linphone_call_terminate(call->leg);
        call_unref(call);
}

static void did_reset(struct cx_provider *provider, const char *const *lost_calls, void *userdata)
{
        (void)provider;
        for (; *lost_calls; lost_calls++) {
                struct call *call = call_find(userdata, *lost_calls);

                if (call)
                        hang_up(call);
        }
}

static void forget(struct cx_action **place, const struct cx_action *action)
{
        if (*place == action)
                *place = cx_action_unref(*place);
}

/* callsd has ended a call whose start or answer took too long. */
static void timed_out(struct cx_provider *provider, struct cx_action *action, void *userdata)
{
        struct call *call = call_find(userdata, cx_action_get_call_uuid(action));

        (void)provider;
        if (!call)
                return;
        forget(&call->hold, action);
        forget(&call->play, action);
        if (call->start == action || call->answer == action)
                hang_up(call);
}

static void cancelled(struct cx_provider *provider, struct cx_action *action, const char *why,
                      void *userdata)
{
        struct call *call = call_find(userdata, cx_action_get_call_uuid(action));

        (void)provider, (void)why;
        if (!call)
                return;
        forget(&call->answer, action);
        forget(&call->hold, action);
        forget(&call->play, action);
        if (call->start == action)
                hang_up(call);
}

static void did_activate(struct cx_provider *provider, const struct cx_audio_session *session,
                         void *userdata)
{
        struct phone *phone = userdata;

        (void)provider, (void)session;
        sound_recover(phone->sound);
}

const struct cx_provider_delegate order_delegate = {
        .size = sizeof(order_delegate),
        .did_begin = did_begin,
        .did_reset = did_reset,
        .perform_start_call = perform_start,
        .perform_answer_call = perform_answer,
        .perform_end_call = perform_end,
        .perform_set_held_call = perform_hold,
        .perform_set_muted_call = perform_mute,
        .perform_set_group_call = perform_group,
        .perform_play_dtmf_call = perform_keys,
        .timed_out_performing_action = timed_out,
        .did_activate_audio_session = did_activate,
        .did_fail_to_begin = did_fail_to_begin,
        .action_cancelled = cancelled,
};
