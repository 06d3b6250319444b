/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orders on their way through the app.
 *
 * A part holds its orders until each is complete. It shows them one at a time: an order has its
 * turn when all before it are complete, except that an end neither waits nor is waited for. An app
 * that took the whole part may complete in any order; what comes too early is held back. After a
 * failure callsd cancels what follows, so nothing more of the part is shown.
 *
 * A shown order is kept alive by the app alone: so its last reference tells that nobody will ever
 * complete it.
 */
#include "provider-internal.h"

struct part *part_find(struct cx_provider *provider, unsigned id)
{
        struct part *part;

        DL_FOREACH (provider->parts, part)
                if (part->id == id)
                        return part;
        return NULL;
}

static struct pending *pending_find(struct cx_provider *provider, const char *action)
{
        struct pending *pending;
        struct part *part;

        DL_FOREACH (provider->parts, part)
                DL_FOREACH (part->pendings, pending)
                        if (strcasecmp(pending->action->uuid, action) == 0)
                                return pending;
        return NULL;
}

bool call_has_order(const struct cx_provider *provider, const char *call)
{
        struct pending *pending;
        struct part *part;

        if (completed_about(provider, call))
                return true;
        DL_FOREACH (provider->parts, part)
                DL_FOREACH (part->pendings, pending)
                        if (!pending->orphan && streq(pending->action->call, call))
                                return true;
        return false;
}

static bool sets_up(const struct cx_action *action)
{
        return action->type == CX_ACTION_TYPE_START_CALL ||
               action->type == CX_ACTION_TYPE_ANSWER_CALL;
}

static void count_setup(struct cx_provider *provider, const struct cx_action *action, int change)
{
        struct known_call *call;

        if (!sets_up(action))
                return;
        call = call_find(provider, action->call);
        if (call)
                call->setups += (unsigned)change;
}

static void pending_free(struct pending *pending)
{
        struct cx_action *action = pending->has_reference ? pending->action : NULL;

        DL_DELETE(pending->part->pendings, pending);
        count_setup(pending->part->provider, pending->action, -1);
        pending->action->pending = NULL;
        free(pending->completed);
        free(pending);
        cx_action_unref(action);
}

static void part_free(struct part *part)
{
        struct pending *pending, *next;

        DL_FOREACH_SAFE (part->pendings, pending, next) {
                action_close(pending->action);
                pending_free(pending);
        }
        DL_DELETE(part->provider->parts, part);
        free(part);
}

void parts_free(struct cx_provider *provider)
{
        struct part *part, *next;

        DL_FOREACH_SAFE (provider->parts, part, next)
                part_free(part);
}

static int pending_add(struct part *part, struct cx_action *action)
{
        struct cx_provider *provider = part->provider;
        cleanup_(freep) struct pending *pending = calloc(1, sizeof(*pending));
        cleanup_(freep) struct completed *completed = calloc(1, sizeof(*completed));
        struct known_call *call;

        if (!pending || !completed)
                return -ENOMEM;
        pending->completed = take_ptr(completed);
        pending->part = part;
        pending->action = cx_action_ref(action);
        pending->has_reference = true;
        pending->still_wanted = true;
        action->pending = pending;
        DL_APPEND(part->pendings, pending);
        take_ptr(pending);
        if (action->type == CX_ACTION_TYPE_START_CALL && !call_find(provider, action->call) &&
            call_add(provider, action->call, CX_CALL_STATE_STARTING, true, &call) == 0)
                cx_call_update_set_remote_handle(call->update, action->handle);
        count_setup(provider, action, 1);
        return 0;
}

/* A callsd that came back may say again what it said before. */
static int add_unless_known(struct part *part, struct cx_action *action)
{
        struct pending *known = pending_find(part->provider, action->uuid);

        if (completed_wanted(part->provider, action->uuid))
                return 0;
        if (!known)
                return pending_add(part, action);
        known->still_wanted = true;
        known->orphan = false;
        return 0;
}

static void part_announce(struct part *part)
{
        const struct event event = {.type = EVENT_EXECUTE, .part = part->id};

        if (part->announced || !part->pendings)
                return;
        part->announced = provider_queue_event(part->provider, event) >= 0;
        if (!part->announced)
                provider_try_again(part->provider);
}

int parts_add(struct cx_provider *provider, const char *transaction, sd_bus_message *message)
{
        struct part *part = calloc(1, sizeof(*part));
        struct cx_action *action;
        int r;

        if (!part)
                return -ENOMEM;
        part->provider = provider;
        part->id = ++provider->last_part;
        strncpy(part->transaction, transaction, CX_UUID_TEXT_SIZE - 1);
        DL_APPEND(provider->parts, part);
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "(ssa{sv})");
        while (r >= 0 &&
               (r = action_read_order(message, provider->context->mailbox, &action)) > 0) {
                r = add_unless_known(part, action);
                cx_action_unref(action);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        part_announce(part);
        if (!part->pendings)
                part_free(part);
        return r < 0 ? r : 0;
}

static int pending_show(struct pending *pending)
{
        struct event event = {.type = EVENT_PERFORM, .action = cx_action_ref(pending->action)};
        int r;

        r = provider_queue_event(pending->part->provider, event);
        if (r < 0)
                return r;
        pending->shown = true;
        pending->has_reference = false; /* that of the event is the app's from now on */
        cx_action_unref(pending->action);
        return 0;
}

/* The callsd that gave the order is gone; the one that is there now gets the fact. */
static void send_as_fact(struct cx_provider *provider, const struct cx_action *action)
{
        struct known_call *call = call_find(provider, action->call);
        struct ended_call *ended;

        if (provider->registration != REGISTRATION_READY)
                return; /* the comparison will find it */
        if (call && call->setups == 0)
                call_import(provider, call, false);
        /* A call that was never imported again needs no end. */
        DL_FOREACH (provider->ended, ended)
                if (streq(ended->uuid, action->call) && ended->kept)
                        cx_provider_report_call_ended(provider, ended->uuid, ended->date,
                                                      ended->reason, NULL, NULL);
}

static void pending_finish(struct pending *pending)
{
        struct cx_provider *provider = pending->part->provider;
        struct cx_action *action = cx_action_ref(pending->action);
        bool fulfilled = atomic_load(&action->progress) == ACTION_FULFILLED;
        struct completed *completed = take_ptr(pending->completed);
        bool orphan = pending->orphan;
        unsigned part = pending->part->id;

        if (!fulfilled && action->type != CX_ACTION_TYPE_END_CALL)
                pending->part->failed = true;
        pending_free(pending);
        call_apply(provider, action, fulfilled);
        if (orphan)
                send_as_fact(provider, action);
        else
                completed_add(provider, take_ptr(completed), action, fulfilled, part);
        free(completed);
        cx_action_unref(action);
}

/* The first order that may be shown or completed now; NULL: none. */
static struct pending *find_turn(const struct part *part)
{
        struct pending *pending;
        bool blocked = false;

        DL_FOREACH (part->pendings, pending) {
                bool end = pending->action->type == CX_ACTION_TYPE_END_CALL;
                bool turn = end || (!blocked && !part->failed);

                if (turn && (!pending->shown || pending->early))
                        return pending;
                blocked = blocked || !end;
        }
        return NULL;
}

void part_advance(struct part *part)
{
        struct pending *pending;

        while (part->begun && (pending = find_turn(part))) {
                if (pending->early)
                        pending_finish(pending);
                else if (pending_show(pending) < 0) {
                        provider_try_again(part->provider);
                        break;
                }
        }
        if (!part->pendings)
                part_free(part);
}

/* One that the library still has a reference to, though the app was shown it. */
static struct pending *find_referenced(const struct part *part)
{
        struct pending *pending;

        DL_FOREACH (part->pendings, pending)
                if (pending->has_reference && !pending->early)
                        return pending;
        return NULL;
}

void part_begin(struct part *part, bool whole)
{
        struct cx_provider *provider = part->provider;
        unsigned id = part->id;
        struct pending *pending;

        part->begun = true;
        if (!whole) {
                part_advance(part);
                return;
        }
        DL_FOREACH (part->pendings, pending)
                pending->shown = true;
        /* An order that the app kept no reference to is failed by this, and may take the part
         * along. */
        while ((pending = find_referenced(part))) {
                pending->has_reference = false;
                cx_action_unref(pending->action);
                part = part_find(provider, id);
                if (!part)
                        return;
        }
        part_advance(part);
}

static bool has_turn(const struct pending *pending)
{
        struct pending *before;

        if (pending->action->type == CX_ACTION_TYPE_END_CALL)
                return true;
        if (pending->part->failed || !pending->part->begun)
                return false;
        DL_FOREACH (pending->part->pendings, before) {
                if (before == pending)
                        break;
                if (before->action->type != CX_ACTION_TYPE_END_CALL)
                        return false;
        }
        return true;
}

void pending_completed(struct pending *pending)
{
        struct part *part = pending->part;

        if (has_turn(pending)) {
                pending_finish(pending);
                part_advance(part);
                return;
        }
        pending->early = true;
        if (!pending->has_reference)
                cx_action_ref(pending->action);
        pending->has_reference = true;
}

void order_withdrawn(struct cx_provider *provider, const char *uuid, bool timed_out,
                     const char *why)
{
        struct pending *pending = pending_find(provider, uuid);
        cleanup_(cx_action_unrefp) struct cx_action *action = NULL;
        struct known_call *call;
        struct part *part;
        bool tell;

        if (!pending) {
                completed_withdrawn(provider, uuid, timed_out);
                return;
        }
        part = pending->part;
        tell = pending->shown;
        action = action_ref_if_alive(pending->action);
        if (timed_out)
                call_apply(provider, pending->action, false);
        call = call_find(provider, pending->action->call);
        if (!timed_out && call && pending->action->type == CX_ACTION_TYPE_START_CALL)
                call_ended(provider, call, CX_CALL_ENDED_REASON_FAILED, 0);
        ended_confirmed(provider, pending->action->call);
        action_close(pending->action);
        pending_free(pending);
        if (action && tell)
                provider_queue_event(provider, (struct event){.type = timed_out ? EVENT_TIMED_OUT
                                                                                : EVENT_CANCELLED,
                                                              .action = cx_action_ref(action),
                                                              .text = why ? strdup(why) : NULL});
        part_advance(part);
}

static int compare_transaction(struct cx_provider *provider, sd_bus_message *reply)
{
        const char *transaction;
        int r;

        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_STRUCT, "sa(ssa{sv})");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(reply, "s", &transaction);
        if (r < 0)
                return r;
        r = parts_add(provider, transaction, reply);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(reply);
        return r < 0 ? r : 1;
}

static void drop_unwanted(struct part *part)
{
        struct pending *pending, *next;
        struct known_call *call;

        DL_FOREACH_SAFE (part->pendings, pending, next) {
                if (pending->still_wanted)
                        continue;
                if (pending->shown) {
                        pending->orphan = true;
                        continue;
                }
                /* The app never saw it, so neither the order nor a call that it would start exist.
                 */
                call = call_find(part->provider, pending->action->call);
                if (call && call->state == CX_CALL_STATE_STARTING)
                        call_free(part->provider, call);
                action_close(pending->action);
                pending_free(pending);
        }
        part_announce(part);
        part_advance(part);
}

int parts_compare(struct cx_provider *provider, sd_bus_message *reply)
{
        struct pending *pending;
        struct part *part, *next;
        int r = 0;

        completed_compare_begin(provider);
        DL_FOREACH (provider->parts, part)
                DL_FOREACH (part->pendings, pending)
                        pending->still_wanted = false;
        if (reply) {
                r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sa(ssa{sv}))");
                while (r >= 0 && (r = compare_transaction(provider, reply)) > 0)
                        ;
        }
        DL_FOREACH_SAFE (provider->parts, part, next)
                drop_unwanted(part);
        completed_compare_end(provider);
        return r < 0 ? r : 0;
}

int part_get_transaction(const struct part *part, struct cx_transaction **ret_transaction)
{
        cleanup_(cx_transaction_unrefp) struct cx_transaction *transaction = NULL;
        struct cx_action *action;
        struct pending *pending;
        int r;

        r = transaction_new_order(part->transaction, &transaction);
        DL_FOREACH (part->pendings, pending) {
                action = r < 0 ? NULL : action_ref_if_alive(pending->action);
                if (!action)
                        continue;
                r = transaction_append(transaction, action);
                cx_action_unref(action);
        }
        if (r < 0)
                return r;
        *ret_transaction = take_ptr(transaction);
        return 0;
}

int cx_provider_get_pending_transactions(struct cx_provider *provider,
                                         struct cx_transaction ***ret_transactions)
{
        struct cx_transaction **transactions;
        struct part *part;
        int n = 0, r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        if (!ret_transactions)
                return -EINVAL;
        DL_COUNT(provider->parts, part, n);
        transactions = calloc((size_t)n + 1, sizeof(*transactions));
        if (!transactions)
                return -ENOMEM;
        n = 0;
        DL_FOREACH (provider->parts, part) {
                r = part_get_transaction(part, &transactions[n]);
                if (r < 0) {
                        cx_transaction_list_free(transactions);
                        return r;
                }
                n++;
        }
        *ret_transactions = transactions;
        return n;
}

struct cx_transaction **cx_transaction_list_free(struct cx_transaction **transactions)
{
        for (struct cx_transaction **each = transactions; each && *each; each++)
                cx_transaction_unref(*each);
        free(transactions);
        return NULL;
}

static size_t count_pendings(const struct cx_provider *provider)
{
        struct pending *pending;
        struct part *part;
        size_t n = 0;

        DL_FOREACH (provider->parts, part)
                DL_FOREACH (part->pendings, pending)
                        n++;
        return n;
}

int cx_provider_get_pending_call_actions(struct cx_provider *provider, enum cx_action_type type,
                                         const char *call, struct cx_action ***ret_actions)
{
        char uuid[CX_UUID_TEXT_SIZE];
        struct cx_action **actions;
        struct pending *pending;
        struct part *part;
        int n = 0, r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        if (!ret_actions || (call && uuid_parse_text(call, uuid) < 0))
                return -EINVAL;
        actions = calloc(count_pendings(provider) + 1, sizeof(struct cx_action *));
        if (!actions)
                return -ENOMEM;
        DL_FOREACH (provider->parts, part)
                DL_FOREACH (part->pendings, pending) {
                        if ((type && pending->action->type != type) ||
                            (call && !streq(pending->action->call, uuid)))
                                continue;
                        actions[n] = action_ref_if_alive(pending->action);
                        n += actions[n] != NULL;
                }
        *ret_actions = actions;
        return n;
}

struct cx_action **cx_action_list_free(struct cx_action **actions)
{
        for (struct cx_action **each = actions; each && *each; each++)
                cx_action_unref(*each);
        free(actions);
        return NULL;
}
