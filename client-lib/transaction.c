/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actions in order. */
#include "action-internal.h"

#define TIMEOUT_MIN USEC_PER_SEC
#define TIMEOUT_MAX (120 * USEC_PER_SEC)

static void transaction_free(struct cx_transaction *transaction)
{
        for (size_t i = 0; i < transaction->n_actions; i++)
                cx_action_unref(transaction->actions[i]);
        free(transaction->actions);
        free(transaction->route);
        free(transaction);
}

DEFINE_REF_UNREF(cx_transaction, transaction_free)

int cx_transaction_new(struct cx_transaction **ret_transaction)
{
        struct cx_transaction *transaction;

        if (!ret_transaction)
                return -EINVAL;
        transaction = calloc(1, sizeof(*transaction));
        if (!transaction)
                return -ENOMEM;
        transaction->n_ref = 1;
        cx_uuid_generate(transaction->uuid);
        *ret_transaction = transaction;
        return 0;
}

int transaction_new_order(const char *uuid, struct cx_transaction **ret_transaction)
{
        int r;

        r = cx_transaction_new(ret_transaction);
        if (r < 0)
                return r;
        (*ret_transaction)->is_order = true;
        strncpy((*ret_transaction)->uuid, uuid, CX_UUID_TEXT_SIZE - 1);
        return 0;
}

int transaction_append(struct cx_transaction *transaction, struct cx_action *action)
{
        struct cx_action **actions;

        actions = realloc(transaction->actions, (transaction->n_actions + 1) * sizeof(*actions));
        if (!actions)
                return -ENOMEM;
        transaction->actions = actions;
        actions[transaction->n_actions++] = cx_action_ref(action);
        return 0;
}

static int check_writable(const struct cx_transaction *transaction)
{
        if (!transaction)
                return -EINVAL;
        return transaction->is_order || transaction->requested ? -EROFS : 0;
}

int cx_transaction_add_action(struct cx_transaction *transaction, struct cx_action *action)
{
        int r = check_writable(transaction);

        if (r < 0)
                return r;
        if (!action)
                return -EINVAL;
        if (action->is_order || action->requested)
                return -EROFS;
        return transaction_append(transaction, action);
}

void transaction_freeze(struct cx_transaction *transaction)
{
        transaction->requested = true;
        for (size_t i = 0; i < transaction->n_actions; i++)
                transaction->actions[i]->requested = true;
}

const char *cx_transaction_get_uuid(const struct cx_transaction *transaction)
{
        return transaction ? transaction->uuid : NULL;
}

size_t cx_transaction_get_n_actions(const struct cx_transaction *transaction)
{
        return transaction ? transaction->n_actions : 0;
}

struct cx_action *cx_transaction_get_action(const struct cx_transaction *transaction, size_t index)
{
        return transaction && index < transaction->n_actions ? transaction->actions[index] : NULL;
}

int cx_transaction_is_complete(const struct cx_transaction *transaction)
{
        if (!transaction)
                return 0;
        for (size_t i = 0; i < transaction->n_actions; i++)
                if (!cx_action_is_complete(transaction->actions[i]))
                        return 0;
        return 1;
}

int cx_transaction_set_timeout_usec(struct cx_transaction *transaction, uint64_t timeout_usec)
{
        int r = check_writable(transaction);

        if (r < 0)
                return r;
        if (timeout_usec < TIMEOUT_MIN || timeout_usec > TIMEOUT_MAX)
                return -EINVAL;
        transaction->timeout = timeout_usec;
        return 0;
}

int cx_transaction_set_may_end(struct cx_transaction *transaction, int may_end)
{
        int r = check_writable(transaction);

        if (r == 0)
                transaction->may_end = may_end;
        return r;
}

int cx_transaction_set_origin(struct cx_transaction *transaction, enum cx_origin origin)
{
        int r = check_writable(transaction);

        if (r < 0)
                return r;
        if (origin != CX_ORIGIN_USER && origin != CX_ORIGIN_ACCESSORY)
                return -EINVAL;
        transaction->origin = origin;
        return 0;
}

int cx_transaction_set_route(struct cx_transaction *transaction, const char *route)
{
        int r = check_writable(transaction);

        return r < 0 ? r : str_replace(&transaction->route, str_or_null(route));
}
