/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports.
 *
 * Each first changes what the library knows, then is sent. If callsd is away the fact is not lost:
 * it will be part of the import. A report that is sent a second time, to a callsd that replaced the
 * first, may find its work done; that is a success.
 */
#include <fcntl.h>

#include "provider-internal.h"

enum report_type {
        REPORT_INCOMING,
        REPORT_ENDED,
        REPORT_OTHER,
};

struct report {
        enum report_type type;
        char call[CX_UUID_TEXT_SIZE];
        bool created; /* this report made the library's record of the call */
        bool alone;   /* of a call that callsd has never heard of, as far as we know */
        unsigned generation;
        cx_completion_fn fn;
        void *userdata;
};

/* What all reports begin with: a checked UUID, a request, and what to do when it is done. */
struct reporting {
        struct report *report;
        struct request *request; /* NULL: there is no bus */
        char call[CX_UUID_TEXT_SIZE];
};

static void reporting_done(struct reporting *reporting)
{
        free(reporting->report);
        if (reporting->request)
                request_free(reporting->request);
}

#define cleanup_reporting_ cleanup_(reporting_done)

static bool is_repetition(const struct cx_provider *provider, const struct report *report,
                          const struct cx_error *error)
{
        bool again = report->generation != provider->context->link.generation;

        if (report->type == REPORT_INCOMING)
                return again && cx_error_is(error, CX_ERROR_DOMAIN_INCOMING_CALL,
                                            CX_ERROR_INCOMING_CALL_CALL_UUID_ALREADY_EXISTS);
        return report->type == REPORT_ENDED && (again || report->alone) &&
               cx_error_is(error, CX_ERROR_DOMAIN_REQUEST_TRANSACTION,
                           CX_ERROR_REQUEST_TRANSACTION_UNKNOWN_CALL_UUID);
}

static void incoming_done(struct cx_provider *provider, const struct report *report,
                          const struct cx_error *error)
{
        struct known_call *call = call_find(provider, report->call);

        if (!call || !report->created)
                return;
        call->creating = false;
        if (error_is_not_running(error))
                call->on_its_own = true;
        else if (error)
                call_free(provider, call);
}

static void report_done(void *owner, void *data, const struct cx_error *error,
                        sd_bus_message *reply)
{
        struct cx_provider *provider = owner;
        struct report *report = data;

        (void)reply;
        if (is_repetition(provider, report, error))
                error = NULL;
        if (report->type == REPORT_INCOMING)
                incoming_done(provider, report, error);
        if (report->type == REPORT_ENDED && !error_is_not_running(error))
                ended_confirmed(provider, report->call);
        context_queue_completion(provider->context, provider, report->fn, error, report->userdata);
}

static int report_begin(struct cx_provider *provider, const char *call, const char *member,
                        enum report_type type, cx_completion_fn fn, void *userdata,
                        struct reporting *ret_reporting)
{
        int r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        r = uuid_parse_text(call, ret_reporting->call);
        if (r < 0)
                return r;
        ret_reporting->report = calloc(1, sizeof(*ret_reporting->report));
        if (!ret_reporting->report)
                return -ENOMEM;
        memcpy(ret_reporting->report->call, ret_reporting->call, CX_UUID_TEXT_SIZE);
        ret_reporting->report->type = type;
        ret_reporting->report->fn = fn;
        ret_reporting->report->userdata = userdata;
        ret_reporting->report->generation = provider->context->link.generation;
        r = request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER, member,
                        REQUEST_RESEND, &ret_reporting->request);
        if (r < 0)
                return r == -ENOTCONN ? 0 : r;
        return sd_bus_message_append(ret_reporting->request->body, "s", ret_reporting->call);
}

static int report_send(struct cx_provider *provider, struct reporting *reporting)
{
        cleanup_(freep) struct report *report = take_ptr(reporting->report);
        const struct cx_error *error = NULL;

        if (!reporting->request) {
                error = error_not_running();
        } else if (provider->registration == REGISTRATION_REFUSED) {
                error = error_new(ERROR_PREFIX "NotRegistered",
                                  cx_error_get_message(provider->refused));
        } else {
                request_send(take_ptr(reporting->request), report_done, take_ptr(report));
                return 0;
        }
        report_done(provider, report, error, NULL);
        cx_error_unref(error);
        return 0;
}

/* The dictionary at the end of every report, with one entry or none. */
static int append_details(sd_bus_message *message, uint64_t date, const char *key,
                          const char *value)
{
        int r;

        r = wire_open_dict(message);
        if (r >= 0 && date)
                r = wire_u64(message, "Date", date);
        if (r >= 0 && key)
                r = wire_string(message, key, value);
        return r < 0 ? r : wire_close_dict(message);
}

static int append_update(sd_bus_message *message, const struct cx_call_update *update)
{
        int r;

        r = wire_open_dict(message);
        if (r >= 0)
                r = update_write(update, message);
        return r < 0 ? r : wire_close_dict(message);
}

int cx_provider_report_new_incoming_call(struct cx_provider *provider, const char *uuid,
                                         const struct cx_call_update *update,
                                         cx_completion_fn completion, void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *call;
        int r;

        r = report_begin(provider, uuid, "ReportNewIncomingCall", REPORT_INCOMING, completion,
                         userdata, &reporting);
        if (r < 0)
                return r;
        if (reporting.request)
                r = append_update(reporting.request->body, update);
        if (r < 0)
                return r;
        if (!call_find(provider, reporting.call)) {
                r = call_add(provider, reporting.call, CX_CALL_STATE_RINGING, false, &call);
                if (r < 0)
                        return r;
                call->creating = true;
                reporting.report->created = true;
                update_merge(call->update, update);
        }
        return report_send(provider, &reporting);
}

int cx_provider_report_call_updated(struct cx_provider *provider, const char *uuid,
                                    const struct cx_call_update *update,
                                    cx_completion_fn completion, void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *call;
        int r;

        if (!update)
                return -EINVAL;
        r = report_begin(provider, uuid, "ReportCallUpdated", REPORT_OTHER, completion, userdata,
                         &reporting);
        if (r >= 0 && reporting.request)
                r = append_update(reporting.request->body, update);
        if (r < 0)
                return r;
        call = call_find(provider, reporting.call);
        if (call) {
                r = update_merge(call->update, update);
                if (r < 0)
                        return r;
        }
        return report_send(provider, &reporting);
}

int cx_provider_report_call_ended(struct cx_provider *provider, const char *call,
                                  uint64_t date_usec, enum cx_call_ended_reason reason,
                                  cx_completion_fn completion, void *userdata)
{
        return cx_provider_report_call_ended_with_cause(provider, call, date_usec, reason,
                                                        CX_CALL_ENDED_CAUSE_UNKNOWN, NULL,
                                                        completion, userdata);
}

static int append_end(sd_bus_message *message, uint64_t date, enum cx_call_ended_reason reason,
                      enum cx_call_ended_cause cause, const char *text)
{
        int r;

        r = sd_bus_message_append(message, "s", cx_call_ended_reason_to_string(reason));
        if (r >= 0)
                r = wire_open_dict(message);
        if (r >= 0 && date)
                r = wire_u64(message, "Date", date);
        if (r >= 0 && cause != CX_CALL_ENDED_CAUSE_UNKNOWN)
                r = wire_string(message, "Cause", cx_call_ended_cause_to_string(cause));
        if (r >= 0)
                r = wire_string(message, "Text", text);
        return r < 0 ? r : wire_close_dict(message);
}

int cx_provider_report_call_ended_with_cause(struct cx_provider *provider, const char *uuid,
                                             uint64_t date_usec, enum cx_call_ended_reason reason,
                                             enum cx_call_ended_cause cause, const char *text,
                                             cx_completion_fn completion, void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *call;
        int r;

        if (reason < CX_CALL_ENDED_REASON_FAILED ||
            (reason > CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE &&
             reason != CX_CALL_ENDED_REASON_LOCAL_ENDED))
                return -EINVAL;
        r = report_begin(provider, uuid, "ReportCallEnded", REPORT_ENDED, completion, userdata,
                         &reporting);
        if (r >= 0 && reporting.request)
                r = append_end(reporting.request->body, date_usec, reason, cause, text);
        if (r < 0)
                return r;
        call = call_find(provider, reporting.call);
        if (call) {
                reporting.report->alone = call->on_its_own;
                call_ended(provider, call, reason, date_usec);
        }
        return report_send(provider, &reporting);
}

/*
 * A fact about a call that callsd never heard of, since it was away: the whole call is told
 * instead.
 */
static int report_whole(struct cx_provider *provider, struct known_call *call,
                        struct reporting *reporting)
{
        struct request *request;
        int r;

        if (!reporting->request)
                return 0;
        r = request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER,
                        "ReportCall", REQUEST_RESEND, &request);
        if (r < 0)
                return r;
        request_free(reporting->request);
        reporting->request = request;
        r = sd_bus_message_append(request->body, "s", call->uuid);
        return r < 0 ? r : call_write(provider, call, NULL, request->body);
}

/* Sends a report about a state that the record of the call has by now. */
static int report_send_state(struct cx_provider *provider, struct reporting *reporting)
{
        struct known_call *call = call_find(provider, reporting->call);
        int r = 0;

        if (call && call->on_its_own)
                r = report_whole(provider, call, reporting);
        if (r < 0)
                return r;
        /* It is callsd's from here on, or will be with the next import. */
        if (call && call->on_its_own && provider->registration == REGISTRATION_READY)
                call->on_its_own = false;
        return report_send(provider, reporting);
}

static int report_outgoing(struct cx_provider *provider, const char *uuid, const char *member,
                           enum cx_call_state state, uint64_t date, cx_completion_fn completion,
                           void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *call;
        int r;

        r = report_begin(provider, uuid, member, REPORT_OTHER, completion, userdata, &reporting);
        if (r >= 0 && reporting.request)
                r = append_details(reporting.request->body, date, NULL, NULL);
        if (r < 0)
                return r;
        call = call_find(provider, reporting.call);
        /* Not back from active or held: a repeat changes nothing. */
        if (call && call->outgoing && call->state < state)
                call_set_state(call, state, date);
        return report_send_state(provider, &reporting);
}

int cx_provider_report_outgoing_call_started_connecting(struct cx_provider *provider,
                                                        const char *call, uint64_t date_usec,
                                                        cx_completion_fn completion, void *userdata)
{
        return report_outgoing(provider, call, "ReportOutgoingCallStartedConnecting",
                               CX_CALL_STATE_CONNECTING, date_usec, completion, userdata);
}

int cx_provider_report_outgoing_call_connected(struct cx_provider *provider, const char *call,
                                               uint64_t date_usec, cx_completion_fn completion,
                                               void *userdata)
{
        return report_outgoing(provider, call, "ReportOutgoingCallConnected", CX_CALL_STATE_ACTIVE,
                               date_usec, completion, userdata);
}

static bool is_reportable(enum cx_call_state state)
{
        return state == CX_CALL_STATE_RINGING || state == CX_CALL_STATE_STARTED ||
               state == CX_CALL_STATE_CONNECTING || state == CX_CALL_STATE_ACTIVE ||
               state == CX_CALL_STATE_HELD;
}

static int record_facts(struct cx_provider *provider, const char *uuid,
                        const struct cx_call_facts *facts, const struct cx_call_update *update,
                        struct known_call **ret_call)
{
        struct known_call *call = call_find(provider, uuid);
        int r = 0;

        if (!call)
                r = call_add(provider, uuid, facts->state, facts->outgoing, &call);
        if (r < 0)
                return r;
        call->outgoing = facts->outgoing;
        call->muted = facts->muted;
        call->on_its_own = false;
        call->creating = false;
        if (facts->started_at_usec)
                call->started_at = facts->started_at_usec;
        if (facts->connected_at_usec)
                call->connected_at = facts->connected_at_usec;
        call_set_state(call, facts->state, 0);
        if (facts->group_with)
                call_join(provider, call, facts->group_with);
        r = update_merge(call->update, update);
        if (r < 0)
                return r;
        *ret_call = call;
        return 0;
}

int cx_provider_report_call(struct cx_provider *provider, const char *uuid,
                            const struct cx_call_facts *facts, const struct cx_call_update *update,
                            cx_completion_fn completion, void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *known, *call;
        int r;

        if (!facts || facts->size < sizeof(*facts) || !is_reportable(facts->state))
                return -EINVAL;
        r = report_begin(provider, uuid, "ReportCall", REPORT_OTHER, completion, userdata,
                         &reporting);
        if (r < 0)
                return r;
        known = call_find(provider, reporting.call);
        r = record_facts(provider, reporting.call, facts, update, &call);
        if (r >= 0 && reporting.request)
                r = call_write(provider, call, facts->group_with, reporting.request->body);
        if (r >= 0)
                return report_send(provider, &reporting);
        call = call_find(provider, reporting.call);
        if (call && !known)
                call_free(provider, call);
        return r;
}

int cx_provider_report_call_state(struct cx_provider *provider, const char *uuid,
                                  enum cx_call_state state, enum cx_fact_source by,
                                  cx_completion_fn completion, void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *call;
        int r;

        if (state != CX_CALL_STATE_ACTIVE && state != CX_CALL_STATE_HELD &&
            state != CX_CALL_STATE_CONNECTING)
                return -EINVAL;
        r = report_begin(provider, uuid, "ReportCallState", REPORT_OTHER, completion, userdata,
                         &reporting);
        if (r >= 0 && reporting.request)
                r = sd_bus_message_append(reporting.request->body, "s",
                                          cx_call_state_to_string(state));
        if (r >= 0 && reporting.request)
                r = append_details(reporting.request->body, 0, by ? "By" : NULL,
                                   fact_source_to_string(by));
        if (r < 0)
                return r;
        call = call_find(provider, reporting.call);
        if (call)
                call_set_state(call, state, 0);
        return report_send_state(provider, &reporting);
}

int cx_provider_report_call_muted(struct cx_provider *provider, const char *uuid, int muted,
                                  enum cx_fact_source by, cx_completion_fn completion,
                                  void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        struct known_call *call;
        int r;

        r = report_begin(provider, uuid, "ReportCallMuted", REPORT_OTHER, completion, userdata,
                         &reporting);
        if (r >= 0 && reporting.request)
                r = sd_bus_message_append(reporting.request->body, "b", muted != 0);
        if (r >= 0 && reporting.request)
                r = append_details(reporting.request->body, 0, by ? "By" : NULL,
                                   fact_source_to_string(by));
        if (r < 0)
                return r;
        call = call_find(provider, reporting.call);
        if (call)
                call->muted = muted;
        /* A call that only rings by itself is not brought to callsd by being muted. */
        return report_send(provider, &reporting);
}

/* Requests of the provider that are about no call. */

static int provider_request(struct cx_provider *provider, const char *member,
                            cx_completion_fn completion, void *userdata,
                            struct reporting *ret_reporting)
{
        int r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        ret_reporting->report = calloc(1, sizeof(*ret_reporting->report));
        if (!ret_reporting->report)
                return -ENOMEM;
        ret_reporting->report->type = REPORT_OTHER;
        ret_reporting->report->fn = completion;
        ret_reporting->report->userdata = userdata;
        r = request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER, member,
                        REQUEST_RESEND, &ret_reporting->request);
        return r == -ENOTCONN ? 0 : r;
}

int cx_provider_set_configuration(struct cx_provider *provider,
                                  const struct cx_provider_configuration *configuration,
                                  cx_completion_fn completion, void *userdata)
{
        cleanup_(cx_provider_configuration_unrefp) struct cx_provider_configuration *copy = NULL;
        cleanup_reporting_ struct reporting reporting = {0};
        int r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        if (!configuration ||
            !streq(cx_provider_configuration_get_identifier(configuration),
                   cx_provider_configuration_get_identifier(provider->configuration)))
                return -EINVAL;
        r = cx_provider_configuration_copy(configuration, &copy);
        if (r < 0)
                return r;
        r = provider_request(provider, "SetConfiguration", completion, userdata, &reporting);
        if (r >= 0 && reporting.request) {
                r = wire_open_dict(reporting.request->body);
                if (r >= 0)
                        r = configuration_write(copy, reporting.request->body);
                if (r >= 0)
                        r = wire_close_dict(reporting.request->body);
        }
        if (r < 0)
                return r;
        cx_provider_configuration_unref(provider->configuration);
        provider->configuration = take_ptr(copy);
        return report_send(provider, &reporting);
}

int cx_provider_set_ringtone_fd(struct cx_provider *provider, int fd, cx_completion_fn completion,
                                void *userdata)
{
        cleanup_reporting_ struct reporting reporting = {0};
        int copy, r;

        if (fcntl(fd, F_GETFD) < 0)
                return -EBADF;
        r = provider_request(provider, "SetRingtone", completion, userdata, &reporting);
        if (r >= 0 && reporting.request)
                r = sd_bus_message_append(reporting.request->body, "h", fd);
        if (r < 0)
                return r;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;
        if (provider->ringtone >= 0)
                close(provider->ringtone);
        provider->ringtone = copy;
        provider->ringtone_generation = provider->context->link.generation;
        return report_send(provider, &reporting);
}

/* It is kept in the memory of a callsd, and goes with that. */
void provider_send_ringtone(struct cx_provider *provider)
{
        cleanup_reporting_ struct reporting reporting = {0};

        if (provider->ringtone < 0 ||
            provider->ringtone_generation == provider->context->link.generation)
                return;
        provider->ringtone_generation = provider->context->link.generation;
        if (provider_request(provider, "SetRingtone", NULL, NULL, &reporting) < 0 ||
            !reporting.request ||
            sd_bus_message_append(reporting.request->body, "h", provider->ringtone) < 0)
                return;
        report_send(provider, &reporting);
}
