/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What providers report about their calls, in CXProvider's terms, and who may ring at all. */
#include "model/engine-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

static unsigned count_ringing_of(const struct engine *engine, const char *identity)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH2 (engine->ringing, call, ringing_next) {
                n += streq(call->provider->identity, identity);
        }
        return n;
}

static unsigned count_ringing(const struct engine *engine)
{
        const struct call *call;
        unsigned n = 0;

        DL_FOREACH2 (engine->ringing, call, ringing_next) {
                n++;
        }
        return n;
}

static int check_limit(struct engine *engine, const char *what, size_t used, unsigned limit)
{
        if (used < limit)
                return 0;
        return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                             "There are %zu %s already; at most %u are allowed.", used, what,
                             limit);
}

static int check_quotas(struct engine *engine, const struct provider *provider)
{
        const struct limits *limits = &engine->limits;
        int r = check_limit(engine, "calls of this app", provider->n_calls,
                            limits->calls_per_provider);

        if (r == 0)
                r = check_limit(engine, "calls", engine->n_calls, limits->calls_total);
        if (r == 0)
                r = check_limit(engine, "ringing calls of this app", provider->n_ringing,
                                limits->ringing_per_provider);
        if (r == 0 && provider->sandboxed)
                r = check_limit(engine, "ringing calls of this sandboxed app",
                                count_ringing_of(engine, provider->identity),
                                limits->ringing_sandboxed);
        if (r == 0)
                r = check_limit(engine, "ringing calls", count_ringing(engine),
                                limits->ringing_total);
        return r;
}

static int check_filters(struct engine *engine, const struct provider *provider,
                         const struct call_update *update)
{
        enum refusal verdict = REFUSAL_NONE;
        bool allowed = false;

        if (provider->emergency_until > engine->now.boottime)
                return 0;
        if (engine->host.judge_caller)
                verdict =
                        engine->host.judge_caller(update->handle_type, str_or_empty(update->handle),
                                                  &allowed, engine->host.userdata);
        if (verdict != REFUSAL_NONE)
                return engine_refuse(engine, verdict, "This caller is filtered (%s).",
                                     refusal_to_string(verdict));
        if (engine->do_not_disturb && !allowed)
                return engine_refuse(engine, REFUSAL_INCOMING_DO_NOT_DISTURB,
                                     "Do-not-disturb is on, and this caller may not pass it.");
        return 0;
}

/* call-model.md 3, an incoming report, in that order. */
int report_admit_incoming(struct engine *engine, const struct provider *provider, const char *uuid,
                          const struct call_update *update)
{
        int r;

        if (!provider->entitled)
                return engine_refuse(engine, REFUSAL_INCOMING_UNENTITLED,
                                     "%s is not among the apps that may take calls (Providers= in "
                                     "callsd.conf).",
                                     provider->config.identifier);
        if (engine_get_call(engine, uuid))
                return engine_refuse(engine, REFUSAL_INCOMING_UUID_EXISTS,
                                     "A call with the UUID %s exists already; every call needs a "
                                     "new one.",
                                     uuid);
        r = call_check_update(engine, provider, update);
        if (r == 0)
                r = check_filters(engine, provider, update);
        if (r == 0)
                r = check_quotas(engine, provider);
        return r;
}

DEFINE_CLEANUP(struct call *, call_free);

/* A call with its update, in the set but not yet announced. */
int report_new_call(struct engine *engine, struct provider *provider, const char *uuid,
                    const struct call_update *update, struct call **ret_call)
{
        cleanup_(call_freep) struct call *call = NULL;
        struct update_copy copy;
        int r;

        r = update_copy_init(&copy, update);
        if (r < 0)
                return r;
        r = call_new(provider, uuid, engine->now, &call);
        if (r == 0)
                r = call_set_add(engine, call);
        if (r == 0) {
                call_apply_update(engine, call, &copy);
                call->changed = 0; /* it will be announced as it is */
                *ret_call = take_ptr(call);
        }
        update_copy_done(&copy);
        return r;
}

int engine_report_incoming(struct engine *engine, struct instant now, unsigned number,
                           const char *uuid, const struct call_update *update)
{
        struct provider *provider;
        struct call *call = NULL;
        int r = engine_begin(engine, now, 0);

        if (r != 0)
                return r;
        provider = engine_get_running(engine, number);
        if (!provider)
                return REFUSAL_NOT_REGISTERED;
        r = report_admit_incoming(engine, provider, uuid, update);
        if (r == 0)
                r = report_new_call(engine, provider, uuid, update, &call);
        if (r >= 0)
                push_reported(engine, provider);
        if (r != 0)
                return r;
        call->state = CALL_STATE_RINGING;
        call_set_enter(engine, call);
        return engine_finish(engine);
}

struct call *report_begin(struct engine *engine, struct instant now, unsigned number,
                          const char *uuid, int *ret_r)
{
        struct provider *provider;
        struct call *call;

        *ret_r = engine_begin(engine, now, 0);
        if (*ret_r != 0)
                return NULL;
        *ret_r = REFUSAL_NOT_REGISTERED;
        provider = engine_get_running(engine, number);
        if (!provider)
                return NULL;
        call = engine_get_call(engine, uuid);
        if (call && call->provider == provider && call->state != CALL_STATE_ENDED) {
                *ret_r = 0;
                return call;
        }
        *ret_r = engine_refuse(engine, REFUSAL_REQUEST_UNKNOWN_CALL,
                               "%s has no live call with the UUID %s.", provider->config.identifier,
                               uuid);
        return NULL;
}

/* A start under way that a report shows to have worked. */
void report_agree_start(struct engine *engine, struct call *call)
{
        struct action *start = call_find_pending(call, ACTION_START);

        if (start)
                action_fulfilled(engine, start, &(struct action_outcome){0});
        else if (call->state == CALL_STATE_STARTING)
                call_set_state(engine, call, CALL_STATE_STARTED, ORIGIN_SELF);
}

static int check_outgoing(struct engine *engine, const struct call *call)
{
        if (call->outgoing)
                return 0;
        return engine_refuse(engine, REFUSAL_WRONG_STATE,
                             "Call %s is incoming; this report is for outgoing calls.",
                             call->id.text);
}

int engine_report_connecting(struct engine *engine, struct instant now, unsigned number,
                             const char *uuid, usec_t date)
{
        int r;
        struct call *call = report_begin(engine, now, number, uuid, &r);

        if (call)
                r = check_outgoing(engine, call);
        if (!call || r != 0)
                return r;
        if (call->state == CALL_STATE_STARTING || call->state == CALL_STATE_STARTED) {
                report_agree_start(engine, call);
                call_set_date(engine, call, &call->started_at, date, CALL_CHANGED_STARTED_AT);
                call_set_state(engine, call, CALL_STATE_CONNECTING, ORIGIN_SELF);
        }
        return engine_finish(engine);
}

int engine_report_connected(struct engine *engine, struct instant now, unsigned number,
                            const char *uuid, usec_t date)
{
        int r;
        struct call *call = report_begin(engine, now, number, uuid, &r);

        if (call)
                r = check_outgoing(engine, call);
        if (!call || r != 0)
                return r;
        if (call_is_live(call) && !call_is_connected(call)) {
                report_agree_start(engine, call);
                call_set_date(engine, call, &call->connected_at, date, CALL_CHANGED_CONNECTED_AT);
                call_make_active(engine, call, ORIGIN_REMOTE);
        }
        return engine_finish(engine);
}

int engine_report_updated(struct engine *engine, struct instant now, unsigned number,
                          const char *uuid, const struct call_update *update)
{
        int r;
        struct call *call = report_begin(engine, now, number, uuid, &r);
        struct update_copy copy;

        if (call)
                r = call_check_update(engine, call->provider, update);
        if (!call || r != 0)
                return r;
        r = update_copy_init(&copy, update);
        if (r < 0)
                return r;
        call_apply_update(engine, call, &copy);
        update_copy_done(&copy);
        return engine_finish(engine);
}

static enum origin ended_by(enum ended_reason reason)
{
        switch (reason) {
        case ENDED_REASON_REMOTE_ENDED:
                return ORIGIN_REMOTE;
        case ENDED_REASON_ANSWERED_ELSEWHERE:
        case ENDED_REASON_DECLINED_ELSEWHERE:
                return ORIGIN_OTHER_CLIENT;
        case ENDED_REASON_FAILED:
        case ENDED_REASON_UNANSWERED:
                return ORIGIN_NETWORK;
        case ENDED_REASON_NONE:
        case ENDED_REASON_LOCAL_ENDED:
        case ENDED_REASON_DECLINED:
        case ENDED_REASON_PROVIDER_LOST:
                break;
        }
        return ORIGIN_SELF;
}

int engine_report_ended(struct engine *engine, struct instant now, unsigned number,
                        const char *uuid, const struct call_ending *ending)
{
        int r;
        struct call *call = report_begin(engine, now, number, uuid, &r);
        char *text = NULL;

        if (!call)
                return r;
        if (ending->reason == ENDED_REASON_NONE || ending->reason == ENDED_REASON_DECLINED ||
            ending->reason == ENDED_REASON_PROVIDER_LOST)
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "\"%s\" is no reason that an app reports; those are failed, "
                                     "remote-ended, unanswered, answered-elsewhere, "
                                     "declined-elsewhere and local-ended.",
                                     ended_reason_to_string(ending->reason));
        if (ending->text && !(text = strdup(ending->text)))
                return -ENOMEM;
        call_finish(engine, call,
                    &(struct call_finish){
                            /* a user who asked for the end is told that the end came */
                            .reason = call->state == CALL_STATE_ENDING ? call->end_reason_wanted
                                                                       : ending->reason,
                            .cause = ending->cause,
                            .text = text,
                            .date = ending->date,
                            .origin = ended_by(ending->reason)});
        return engine_finish(engine);
}
