/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actions: their life, completion, and how they look on the bus. */
#include "action-internal.h"

static int action_new(enum cx_action_type type, const char *call, struct cx_action **ret_action)
{
        cleanup_(cx_action_unrefp) struct cx_action *action = NULL;
        int r;

        if (!ret_action)
                return -EINVAL;
        action = calloc(1, sizeof(*action));
        if (!action)
                return -ENOMEM;
        atomic_init(&action->n_ref, 1);
        atomic_init(&action->progress, ACTION_OPEN);
        action->type = type;
        action->deadline = USEC_INFINITY;
        cx_uuid_generate(action->uuid);
        r = uuid_parse_text(call, action->call);
        if (r < 0)
                return r;
        *ret_action = take_ptr(action);
        return 0;
}

int cx_start_call_action_new(const char *call, struct cx_handle *handle,
                             struct cx_action **ret_action)
{
        int r;

        if (!handle)
                return -EINVAL;
        r = action_new(CX_ACTION_TYPE_START_CALL, call, ret_action);
        if (r < 0)
                return r;
        (*ret_action)->handle = cx_handle_ref(handle);
        return 0;
}

int cx_answer_call_action_new(const char *call, struct cx_action **ret_action)
{
        return action_new(CX_ACTION_TYPE_ANSWER_CALL, call, ret_action);
}

int cx_end_call_action_new(const char *call, struct cx_action **ret_action)
{
        return action_new(CX_ACTION_TYPE_END_CALL, call, ret_action);
}

static int flag_action_new(enum cx_action_type type, const char *call, int flag,
                           struct cx_action **ret_action)
{
        int r;

        r = action_new(type, call, ret_action);
        if (r < 0)
                return r;
        (*ret_action)->flag = flag;
        return 0;
}

int cx_set_held_call_action_new(const char *call, int on_hold, struct cx_action **ret_action)
{
        return flag_action_new(CX_ACTION_TYPE_SET_HELD_CALL, call, on_hold, ret_action);
}

int cx_set_muted_call_action_new(const char *call, int muted, struct cx_action **ret_action)
{
        return flag_action_new(CX_ACTION_TYPE_SET_MUTED_CALL, call, muted, ret_action);
}

int cx_set_group_call_action_new(const char *call, const char *with, struct cx_action **ret_action)
{
        char with_uuid[CX_UUID_TEXT_SIZE] = "";
        int r;

        if (with && uuid_parse_text(with, with_uuid) < 0)
                return -EINVAL;
        r = action_new(CX_ACTION_TYPE_SET_GROUP_CALL, call, ret_action);
        if (r < 0)
                return r;
        memcpy((*ret_action)->with, with_uuid, sizeof(with_uuid));
        return 0;
}

static bool are_digits(const char *digits, enum cx_play_dtmf_call_action_type type)
{
        size_t length = digits ? strlen(digits) : 0;
        bool single = type == CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE;

        if (type < CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE ||
            type > CX_PLAY_DTMF_CALL_ACTION_TYPE_HARD_PAUSE)
                return false;
        if (length < 1 || length > (single ? 1 : 64))
                return false;
        return strspn(digits, single ? "0123456789*#ABCD" : "0123456789*#ABCD,;") == length;
}

int cx_play_dtmf_call_action_new(const char *call, const char *digits,
                                 enum cx_play_dtmf_call_action_type type,
                                 struct cx_action **ret_action)
{
        cleanup_(cx_action_unrefp) struct cx_action *action = NULL;
        int r;

        if (!are_digits(digits, type) || !ret_action)
                return -EINVAL;
        r = action_new(CX_ACTION_TYPE_PLAY_DTMF_CALL, call, &action);
        if (r < 0)
                return r;
        action->dtmf_type = type;
        r = str_replace(&action->digits, digits);
        if (r < 0)
                return r;
        *ret_action = take_ptr(action);
        return 0;
}

int cx_set_translating_call_action_new(const char *call, int translating,
                                       const char *local_language, const char *remote_language,
                                       struct cx_action **ret_action)
{
        cleanup_(cx_action_unrefp) struct cx_action *action = NULL;
        int r;

        if (!ret_action)
                return -EINVAL;
        r = flag_action_new(CX_ACTION_TYPE_SET_TRANSLATING_CALL, call, translating, &action);
        if (r < 0)
                return r;
        r = str_replace(&action->local_language, str_or_null(local_language));
        if (r < 0)
                return r;
        r = str_replace(&action->remote_language, str_or_null(remote_language));
        if (r < 0)
                return r;
        *ret_action = take_ptr(action);
        return 0;
}

static void action_free(struct cx_action *action)
{
        if (action->mailbox)
                mailbox_unref(action->mailbox);
        cx_handle_unref(action->handle);
        free(action->contact);
        free(action->account);
        free(action->provider);
        free(action->message);
        free(action->digits);
        free(action->local_language);
        free(action->remote_language);
        free(action->reason);
        free(action);
}

struct cx_action *cx_action_ref(struct cx_action *action)
{
        if (action)
                atomic_fetch_add(&action->n_ref, 1);
        return action;
}

struct cx_action *action_ref_if_alive(struct cx_action *action)
{
        unsigned n_ref = atomic_load(&action->n_ref);

        while (n_ref > 0)
                if (atomic_compare_exchange_weak(&action->n_ref, &n_ref, n_ref + 1))
                        return action;
        return NULL;
}

/* -ESHUTDOWN: the context is gone. */
static int action_post(struct cx_action *action, bool dropped)
{
        action->mail.action = action;
        action->mail.dropped = dropped;
        return mailbox_post(action->mailbox, &action->mail);
}

struct cx_action *cx_action_unref(struct cx_action *action)
{
        if (!action || atomic_fetch_sub(&action->n_ref, 1) != 1)
                return NULL;
        if (!action->mailbox)
                action_free(action);
        else if (context_is_home(action->mailbox))
                action_mail(action, true);
        else if (action_post(action, true) < 0)
                action_mail_lost(action, true);
        return NULL;
}

void action_mail(struct cx_action *action, bool dropped)
{
        struct pending *pending = action->pending;

        if (!dropped) {
                if (pending)
                        pending_completed(pending);
                cx_action_unref(action);
                return;
        }
        if (pending &&
            atomic_compare_exchange_strong(&action->progress, &(int){ACTION_OPEN}, ACTION_FAILED)) {
                /* Nobody else has it any more: bring it back to be failed like any other. */
                atomic_store(&action->n_ref, 1);
                str_replace(&action->reason, "the app dropped the action without completing it");
                pending_completed(pending);
                cx_action_unref(action);
                return;
        }
        action_free(action);
}

void action_mail_lost(struct cx_action *action, bool dropped)
{
        if (dropped)
                action_free(action);
        else
                cx_action_unref(action);
}

enum cx_action_type cx_action_get_type(const struct cx_action *action)
{
        return action ? action->type : CX_ACTION_TYPE_UNKNOWN;
}

const char *cx_action_get_uuid(const struct cx_action *action)
{
        return action ? action->uuid : NULL;
}

const char *cx_action_get_call_uuid(const struct cx_action *action)
{
        return action ? action->call : NULL;
}

int cx_action_is_complete(const struct cx_action *action)
{
        return action && atomic_load(&action->progress) != ACTION_OPEN;
}

uint64_t cx_action_get_deadline_usec(const struct cx_action *action)
{
        return action ? action->deadline : USEC_INFINITY;
}

enum cx_origin cx_action_get_origin(const struct cx_action *action)
{
        return action ? action->origin : CX_ORIGIN_UNKNOWN;
}

bool action_close(struct cx_action *action)
{
        int open = ACTION_OPEN;

        return atomic_compare_exchange_strong(&action->progress, &open, ACTION_CLOSED);
}

/* Only one caller gets through, on whatever thread. */
static int begin_completion(struct cx_action *action)
{
        int open = ACTION_OPEN;

        if (!action || !action->is_order)
                return -EINVAL;
        if (action->mailbox->pid != getpid())
                return -ECHILD;
        if (!atomic_compare_exchange_strong(&action->progress, &open, ACTION_COMPLETING))
                return -EALREADY;
        return 0;
}

static int end_completion(struct cx_action *action, enum action_progress progress)
{
        atomic_store(&action->progress, progress);
        cx_action_ref(action); /* the mail's */
        if (context_is_home(action->mailbox)) {
                action_mail(action, false);
                return 0;
        }
        /* A context that is gone wants no answer any more. */
        if (action_post(action, false) < 0)
                cx_action_unref(action);
        return 0;
}

int cx_action_fulfill(struct cx_action *action)
{
        return cx_action_fulfill_with_date(action, 0);
}

int cx_action_fulfill_with_date(struct cx_action *action, uint64_t date_usec)
{
        int r;

        r = begin_completion(action);
        if (r < 0)
                return r;
        action->date = date_usec;
        return end_completion(action, ACTION_FULFILLED);
}

int cx_action_fulfill_using_engine(struct cx_action *action, enum cx_translation_engine engine)
{
        int r;

        if (!action || action->type != CX_ACTION_TYPE_SET_TRANSLATING_CALL)
                return -EINVAL;
        r = begin_completion(action);
        if (r < 0)
                return r;
        action->has_engine = true;
        action->engine = engine;
        return end_completion(action, ACTION_FULFILLED);
}

int cx_action_fail(struct cx_action *action, const char *reason)
{
        return cx_action_fail_with_cause(action, CX_CALL_ENDED_CAUSE_UNKNOWN, reason);
}

int cx_action_fail_with_cause(struct cx_action *action, enum cx_call_ended_cause cause,
                              const char *reason)
{
        int r;

        r = begin_completion(action);
        if (r < 0)
                return r;
        action->cause = cause;
        /* Failing matters more than saying why. */
        if (str_replace(&action->reason, reason) < 0)
                action->reason = NULL;
        return end_completion(action, ACTION_FAILED);
}
