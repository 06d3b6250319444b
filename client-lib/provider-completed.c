/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orders that the app has completed, until callsd has said that it knows.
 *
 * A callsd that dies takes the answer with it, and the one that comes after may not have heard of
 * the completion, and say the order again. So what was completed is remembered: the app is not
 * shown it twice, and its result is sent to whoever still wants it.
 */
#include "provider-internal.h"

struct completion_report {
        char action[CX_UUID_TEXT_SIZE];
        char call[CX_UUID_TEXT_SIZE];
        enum cx_action_type type;
        unsigned part;
        bool failed;
};

static struct completed *completed_find(const struct cx_provider *provider, const char *action)
{
        struct completed *completed;

        DL_FOREACH (provider->completed, completed)
                if (strcasecmp(completed->action->uuid, action) == 0)
                        return completed;
        return NULL;
}

static void completed_free(struct cx_provider *provider, struct completed *completed)
{
        DL_DELETE(provider->completed, completed);
        cx_action_unref(completed->action);
        free(completed);
}

void completed_free_all(struct cx_provider *provider)
{
        while (provider->completed)
                completed_free(provider, provider->completed);
}

bool completed_about(const struct cx_provider *provider, const char *call)
{
        struct completed *completed;

        DL_FOREACH (provider->completed, completed)
                if (streq(completed->action->call, call))
                        return true;
        return false;
}

bool completed_wanted(struct cx_provider *provider, const char *action)
{
        struct completed *completed = completed_find(provider, action);

        if (completed)
                completed->still_wanted = true;
        return completed;
}

static bool sets_up(const struct completed *completed)
{
        return completed->action->type == CX_ACTION_TYPE_START_CALL ||
               completed->action->type == CX_ACTION_TYPE_ANSWER_CALL;
}

/*
 * Its result comes too late: what the app did is told as a fact. But a call that is not answered or
 * started in time has ended for callsd, and the app, which has done it, would never hear of that.
 */
void completed_withdrawn(struct cx_provider *provider, const char *action, bool timed_out)
{
        struct completed *completed = completed_find(provider, action);

        if (!completed)
                return;
        if (timed_out && completed->fulfilled && sets_up(completed))
                call_lost(provider, completed->action->call);
        if (!completed->sending)
                completed_free(provider, completed);
}

static void fulfill_or_fail_done(void *owner, void *data, const struct cx_error *error,
                                 sd_bus_message *reply)
{
        struct completion_report *report = data;
        struct completed *completed = completed_find(owner, report->action);
        bool unsent = error == error_no_memory();
        bool unheard = unsent || error_is_not_running(error);
        struct part *part;

        (void)reply;
        if (unsent)
                provider_try_again(owner);
        if (completed && unheard)
                completed->sending = false; /* the next one may ask for it */
        else if (completed)
                completed_free(owner, completed);
        /*
         * UnknownAction needs nothing more. Either the order timed out meanwhile, or callsd came
         * back without it; then the call was compared since, with this completion in it.
         */
        if (!unheard && report->type == CX_ACTION_TYPE_END_CALL)
                ended_confirmed(owner, report->call);
        /*
         * A failure that callsd did not take: the order was over already, for instance since its
         * call had ended. What callsd does not want of the rest it has cancelled before this
         * answer.
         */
        if (!cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_UNKNOWN_ACTION) || !report->failed)
                return;
        part = part_find(owner, report->part);
        if (part) {
                part->failed = false;
                part_advance(part);
        }
}

static int write_result(const struct cx_action *action, bool fulfilled, sd_bus_message *message)
{
        int r;

        r = sd_bus_message_append(message, "s", action->uuid);
        if (r >= 0)
                r = wire_open_dict(message);
        if (r >= 0 && fulfilled && action->date)
                r = wire_u64(message, "Date", action->date);
        if (r >= 0 && fulfilled && action->has_engine)
                r = wire_string(message, "Engine",
                                action->engine == CX_TRANSLATION_ENGINE_CUSTOM ? "custom"
                                                                               : "default");
        if (r >= 0 && !fulfilled)
                r = wire_string(message, "Reason", action->reason);
        if (r >= 0 && !fulfilled && action->cause != CX_CALL_ENDED_CAUSE_UNKNOWN)
                r = wire_string(message, "Cause", cx_call_ended_cause_to_string(action->cause));
        return r < 0 ? r : wire_close_dict(message);
}

/* Otherwise it has to wait. */
static bool send_completed(struct cx_provider *provider, struct completed *completed)
{
        const struct cx_action *action = completed->action;
        cleanup_(request_freep) struct request *request = NULL;
        cleanup_(freep) struct completion_report *report = calloc(1, sizeof(*report));

        if (!report)
                return false;
        report->type = action->type;
        report->part = completed->part;
        report->failed = !completed->fulfilled;
        memcpy(report->action, action->uuid, sizeof(report->action));
        memcpy(report->call, action->call, sizeof(report->call));
        if (request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER,
                        completed->fulfilled ? "FulfillAction" : "FailAction", REQUEST_RESEND,
                        &request) < 0)
                return false;
        if (write_result(action, completed->fulfilled, request->body) < 0)
                return false;
        completed->sending = true;
        request_send(take_ptr(request), fulfill_or_fail_done, take_ptr(report));
        return true;
}

static void send_sooner_or_later(struct cx_provider *provider, struct completed *completed)
{
        if (!send_completed(provider, completed))
                provider_try_again(provider);
}

void completed_add(struct cx_provider *provider, struct completed *completed,
                   struct cx_action *action, bool fulfilled, unsigned part)
{
        completed->action = cx_action_ref(action);
        completed->fulfilled = fulfilled;
        completed->part = part;
        DL_APPEND(provider->completed, completed);
        send_sooner_or_later(provider, completed);
}

void completed_compare_begin(struct cx_provider *provider)
{
        struct completed *completed;

        DL_FOREACH (provider->completed, completed)
                completed->still_wanted = false;
}

/* What callsd did not hear while it was away; what is under way already is not sent twice. */
void completed_compare_end(struct cx_provider *provider)
{
        struct completed *completed, *next;

        DL_FOREACH_SAFE (provider->completed, completed, next) {
                if (completed->sending)
                        continue;
                if (completed->still_wanted)
                        send_sooner_or_later(provider, completed);
                else
                        completed_free(provider, completed);
        }
}
