/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking for actions.
 *
 * A request is open from the call until its TransactionCompleted, which comes to this connection
 * alone. Requests are never sent twice: a daemon that died may have carried it out.
 */
#include "action-internal.h"
#include "provider-internal.h"

struct cx_call_controller {
        unsigned n_ref;
        struct cx_context *context;
};

struct cx_transaction_result {
        char *action;
        enum cx_action_type type;
        char *call;
        char *result, *reason; /* while reading */
        const struct cx_error *error;
};

enum open_state {
        OPEN_ASKED,
        OPEN_ACCEPTED,
        OPEN_REFUSED,
        OPEN_COMPLETED,
};

struct open_transaction {
        struct open_transaction *prev, *next;  /* in the context, while asked or accepted */
        struct cx_call_controller *controller; /* no reference: it purges them */
        struct cx_transaction *transaction;
        char *id;
        enum open_state state;
        bool waited_for; /* by request_sync, which owns it then; else there are callbacks */
        cx_completion_fn accepted;
        cx_transaction_completed_fn completed;
        void *userdata;
        struct cx_transaction_result **results; /* as many as the transaction has actions */
        size_t n_results;
        const struct cx_error *error;
};

struct asked {
        struct open_transaction *open;
};

static void result_free(struct cx_transaction_result *result)
{
        if (!result)
                return;
        free(result->action);
        free(result->call);
        free(result->result);
        free(result->reason);
        cx_error_unref(result->error);
        free(result);
}

static void open_free(struct open_transaction *open)
{
        for (size_t i = 0; i < open->n_results; i++)
                result_free(open->results[i]);
        free(open->results);
        cx_transaction_unref(open->transaction);
        cx_error_unref(open->error);
        free(open->id);
        free(open);
}

static bool is_listed(const struct open_transaction *open)
{
        return open->state == OPEN_ASKED || open->state == OPEN_ACCEPTED;
}

static void open_set_state(struct open_transaction *open, enum open_state state)
{
        if (is_listed(open) && (state == OPEN_REFUSED || state == OPEN_COMPLETED))
                DL_DELETE(open->controller->context->open_transactions, open);
        open->state = state;
}

static void controller_free(struct cx_call_controller *controller)
{
        struct open_transaction *open, *next;

        DL_FOREACH_SAFE (controller->context->open_transactions, open, next)
                if (open->controller == controller) {
                        requests_purge(controller->context, open);
                        open_set_state(open, OPEN_REFUSED);
                        open_free(open);
                }
        context_purge(controller->context, controller);
        cx_context_unref(controller->context);
        free(controller);
}

DEFINE_REF_UNREF(cx_call_controller, controller_free)

int cx_call_controller_new(struct cx_context *context, struct cx_call_controller **ret_controller)
{
        struct cx_call_controller *controller;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!ret_controller)
                return -EINVAL;
        controller = calloc(1, sizeof(*controller));
        if (!controller)
                return -ENOMEM;
        controller->n_ref = 1;
        controller->context = cx_context_ref(context);
        *ret_controller = controller;
        return 0;
}

static void completed_run(void *owner, void *data)
{
        struct open_transaction *open = data;
        struct cx_call_controller *controller = cx_call_controller_ref(owner);

        if (open->completed)
                open->completed(open->transaction,
                                (const struct cx_transaction_result *const *)open->results,
                                open->n_results, open->userdata);
        open_free(open);
        cx_call_controller_unref(controller);
}

static void open_drop(void *data)
{
        open_free(data);
}

static void accepted_run(void *owner, void *data)
{
        struct open_transaction *open = data;
        struct cx_call_controller *controller = cx_call_controller_ref(owner);

        open->accepted(open->error, open->userdata);
        open_free(open);
        cx_call_controller_unref(controller);
}

/* Tells the app, or leaves it to request_sync; the open transaction is not ours any more then. */
static void open_refuse(struct open_transaction *open, const struct cx_error *error)
{
        open->error = cx_error_ref(error);
        open_set_state(open, OPEN_REFUSED);
        if (open->waited_for)
                return;
        if (!open->accepted)
                open_free(open);
        else
                context_queue(open->controller->context, open->controller, accepted_run, open_drop,
                              open);
}

static void open_complete(struct open_transaction *open)
{
        open_set_state(open, OPEN_COMPLETED);
        if (!open->waited_for)
                context_queue(open->controller->context, open->controller, completed_run, open_drop,
                              open);
}

static void open_accept(struct open_transaction *open, sd_bus_message *reply)
{
        const char *id;

        if (sd_bus_message_read(reply, "s", &id) < 0 || str_replace(&open->id, id) < 0) {
                open_refuse(open, error_no_memory());
                return;
        }
        strncpy(open->transaction->uuid, id, CX_UUID_TEXT_SIZE - 1);
        open_set_state(open, OPEN_ACCEPTED);
        context_queue_completion(open->controller->context, open->controller, open->accepted, NULL,
                                 open->userdata);
}

static void request_replied(void *owner, void *data, const struct cx_error *error,
                            sd_bus_message *reply)
{
        struct asked *asked = data;

        (void)owner;
        if (error)
                open_refuse(asked->open, error);
        else
                open_accept(asked->open, reply);
}

static int append_actions(const struct cx_transaction *transaction, sd_bus_message *message)
{
        int r;

        r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "(sa{sv})");
        for (size_t i = 0; r >= 0 && i < transaction->n_actions; i++) {
                r = sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "sa{sv}");
                if (r >= 0)
                        r = action_write(transaction->actions[i], message);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_options(const struct cx_transaction *transaction, sd_bus_message *message)
{
        int r;

        r = wire_open_dict(message);
        if (r >= 0 && transaction->timeout)
                r = wire_u64(message, "TimeoutUSec", transaction->timeout);
        if (r >= 0 && transaction->may_end)
                r = wire_boolean(message, "MayEnd", true);
        if (r >= 0 && transaction->origin)
                r = wire_string(message, "Origin", cx_origin_to_string(transaction->origin));
        if (r >= 0)
                r = wire_string(message, "Route", transaction->route);
        return r < 0 ? r : wire_close_dict(message);
}

static int open_new(struct cx_call_controller *controller, struct cx_transaction *transaction,
                    struct open_transaction **ret_open)
{
        struct open_transaction *open = calloc(1, sizeof(*open));

        if (!open)
                return -ENOMEM;
        open->results = calloc(transaction->n_actions + 1, sizeof(*open->results));
        if (!open->results) {
                free(open);
                return -ENOMEM;
        }
        open->controller = controller;
        open->transaction = cx_transaction_ref(transaction);
        DL_APPEND(controller->context->open_transactions, open);
        *ret_open = open;
        return 0;
}

/* Sends it; `open` is listed from here on. */
static int open_send(struct open_transaction *open)
{
        struct cx_call_controller *controller = open->controller;
        cleanup_(request_freep) struct request *request = NULL;
        struct asked *asked;
        int r;

        r = request_new(controller->context, open, NULL, PATH_CALLSD, INTERFACE_MANAGER,
                        "RequestTransaction", 0, &request);
        if (r == -ENOTCONN) {
                transaction_freeze(open->transaction);
                open_refuse(open, error_not_running());
                return 0;
        }
        if (r >= 0)
                r = append_actions(open->transaction, request->body);
        if (r >= 0)
                r = append_options(open->transaction, request->body);
        if (r < 0)
                return r;
        asked = malloc(sizeof(*asked));
        if (!asked)
                return -ENOMEM;
        asked->open = open;
        transaction_freeze(open->transaction);
        request_send(take_ptr(request), request_replied, asked);
        return 0;
}

static int request_check(const struct cx_call_controller *controller,
                         const struct cx_transaction *transaction)
{
        int r;

        if (!controller)
                return -EINVAL;
        r = context_check(controller->context);
        if (r < 0)
                return r;
        if (!transaction)
                return -EINVAL;
        return transaction->is_order || transaction->requested ? -EROFS : 0;
}

int cx_call_controller_request(struct cx_call_controller *controller,
                               struct cx_transaction *transaction, cx_completion_fn accepted,
                               cx_transaction_completed_fn completed, void *userdata)
{
        struct open_transaction *open;
        int r;

        r = request_check(controller, transaction);
        if (r < 0)
                return r;
        r = open_new(controller, transaction, &open);
        if (r < 0)
                return r;
        open->accepted = accepted;
        open->completed = completed;
        open->userdata = userdata;
        r = open_send(open);
        if (r < 0) {
                open_set_state(open, OPEN_REFUSED);
                open_free(open);
        }
        return r;
}

int cx_call_controller_request_action(struct cx_call_controller *controller,
                                      struct cx_action *action, cx_completion_fn accepted,
                                      cx_transaction_completed_fn completed, void *userdata)
{
        cleanup_(cx_transaction_unrefp) struct cx_transaction *transaction = NULL;
        int r;

        r = cx_transaction_new(&transaction);
        if (r < 0)
                return r;
        r = cx_transaction_add_action(transaction, action);
        if (r < 0)
                return r;
        return cx_call_controller_request(controller, transaction, accepted, completed, userdata);
}

/* An order to a provider of this context could not be carried out while we wait for it. */
static bool is_own(struct cx_context *context, const struct cx_action *action)
{
        struct cx_provider *provider;

        DL_FOREACH (context->providers, provider) {
                if (call_find(provider, action->call))
                        return true;
                if (action->type == CX_ACTION_TYPE_START_CALL &&
                    (!action->provider ||
                     streq(action->provider,
                           cx_provider_configuration_get_identifier(provider->configuration))))
                        return true;
        }
        return false;
}

static bool is_decided(void *userdata)
{
        const struct open_transaction *open = userdata;

        return !is_listed(open);
}

static int sync_result(const struct open_transaction *open, const struct cx_error **ret_error)
{
        const struct cx_error *error = open->error;

        for (size_t i = 0; !error && i < open->n_results; i++)
                error = open->results[i]->error;
        if (!error)
                return 0;
        if (error_is_not_running(error))
                return -EHOSTUNREACH;
        if (ret_error)
                *ret_error = cx_error_ref(error);
        return -EREMOTEIO;
}

int cx_call_controller_request_sync(struct cx_call_controller *controller,
                                    struct cx_transaction *transaction, uint64_t timeout_usec,
                                    const struct cx_error **ret_error)
{
        struct open_transaction *open;
        int r;

        r = request_check(controller, transaction);
        if (r < 0)
                return r;
        if (controller->context->in_callback > 0)
                return -EDEADLK;
        for (size_t i = 0; i < transaction->n_actions; i++)
                if (is_own(controller->context, transaction->actions[i]))
                        return -EDEADLK;
        r = open_new(controller, transaction, &open);
        if (r < 0)
                return r;
        open->waited_for = true;
        r = open_send(open);
        if (r == 0)
                r = context_wait(controller->context, is_decided, open, timeout_usec);
        if (r == 0)
                r = sync_result(open, ret_error);
        if (is_listed(open)) {
                requests_purge(controller->context, open); /* its reply, if that is still to come */
                open_set_state(open, OPEN_REFUSED);
        }
        open_free(open);
        return r;
}

static int read_result_entry(sd_bus_message *message, const char *key, const char *type,
                             void *userdata)
{
        struct open_transaction *open = userdata;
        struct cx_transaction_result *result = open->results[open->n_results - 1];
        const char *value;
        int r;

        if (streq(key, "Action"))
                return wire_take_string_copy(message, type, &result->action);
        if (streq(key, "Call"))
                return wire_take_string_copy(message, type, &result->call);
        if (streq(key, "Result"))
                return wire_take_string_copy(message, type, &result->result);
        if (streq(key, "Reason"))
                return wire_take_string_copy(message, type, &result->reason);
        if (!streq(key, "Type"))
                return 0;
        r = wire_take_string(message, type, &value);
        if (r > 0)
                result->type = action_type_from_string(value);
        return r;
}

static int begin_result(void *userdata)
{
        struct open_transaction *open = userdata;

        /* More results than actions were asked for: not what the contract says. */
        if (open->n_results >= open->transaction->n_actions)
                return -EBADMSG;
        open->results[open->n_results] = calloc(1, sizeof(**open->results));
        if (!open->results[open->n_results])
                return -ENOMEM;
        open->n_results++;
        return 0;
}

static void finish_results(struct open_transaction *open)
{
        for (size_t i = 0; i < open->n_results; i++) {
                struct cx_transaction_result *result = open->results[i];

                if (!result->error && result->result && !streq(result->result, "fulfilled"))
                        result->error = error_new(result->result, result->reason);
        }
}

static struct open_transaction *open_find(const struct cx_context *context, const char *id)
{
        struct open_transaction *open;

        DL_FOREACH (context->open_transactions, open)
                if (open->id && streq(open->id, id))
                        return open;
        return NULL;
}

void controllers_signal(struct cx_context *context, sd_bus_message *message)
{
        struct open_transaction *open;
        const char *id;

        if (!streq(sd_bus_message_get_member(message), "TransactionCompleted") ||
            sd_bus_message_read(message, "s", &id) < 0)
                return;
        open = open_find(context, id);
        if (!open || wire_read_dicts(message, begin_result, read_result_entry, open) < 0)
                return;
        finish_results(open);
        open_complete(open);
}

/* Nobody will ever tell what became of it. */
static void open_lose(struct open_transaction *open)
{
        const struct cx_transaction *transaction = open->transaction;
        struct cx_transaction_result *result;

        while (open->n_results < transaction->n_actions && begin_result(open) == 0) {
                const struct cx_action *action = transaction->actions[open->n_results - 1];

                result = open->results[open->n_results - 1];
                result->type = action->type;
                str_replace(&result->action, action->uuid);
                str_replace(&result->call, action->call);
        }
        for (size_t i = 0; i < open->n_results; i++) {
                cx_error_unref(open->results[i]->error);
                open->results[i]->error = error_not_running();
        }
        open_complete(open);
}

void controllers_link_lost(struct cx_context *context)
{
        struct open_transaction *open, *next;

        DL_FOREACH_SAFE (context->open_transactions, open, next)
                if (open->state == OPEN_ACCEPTED)
                        open_lose(open);
}

const char *cx_transaction_result_get_action_uuid(const struct cx_transaction_result *result)
{
        return result ? result->action : NULL;
}

enum cx_action_type cx_transaction_result_get_action_type(
        const struct cx_transaction_result *result)
{
        return result ? result->type : CX_ACTION_TYPE_UNKNOWN;
}

const char *cx_transaction_result_get_call_uuid(const struct cx_transaction_result *result)
{
        return result ? result->call : NULL;
}

const struct cx_error *cx_transaction_result_get_error(const struct cx_transaction_result *result)
{
        return result ? result->error : NULL;
}
