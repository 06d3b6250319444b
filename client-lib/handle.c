/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a call is with. */
#include "internal.h"

struct cx_handle {
        unsigned n_ref;
        enum cx_handle_type type;
        char *value;
};

static void handle_free(struct cx_handle *handle)
{
        free(handle->value);
        free(handle);
}

DEFINE_REF_UNREF(cx_handle, handle_free)

int cx_handle_new(enum cx_handle_type type, const char *value, struct cx_handle **ret_handle)
{
        cleanup_(cx_handle_unrefp) struct cx_handle *handle = NULL;

        if (!value || !*value || !ret_handle || type < CX_HANDLE_TYPE_GENERIC ||
            type > CX_HANDLE_TYPE_EMAIL_ADDRESS)
                return -EINVAL;
        handle = calloc(1, sizeof(*handle));
        if (!handle)
                return -ENOMEM;
        handle->n_ref = 1;
        handle->type = type;
        handle->value = strdup(value);
        if (!handle->value)
                return -ENOMEM;
        *ret_handle = take_ptr(handle);
        return 0;
}

enum cx_handle_type cx_handle_get_type(const struct cx_handle *handle)
{
        return handle ? handle->type : CX_HANDLE_TYPE_UNKNOWN;
}

const char *cx_handle_get_value(const struct cx_handle *handle)
{
        return handle ? handle->value : NULL;
}

int cx_handle_equal(const struct cx_handle *a, const struct cx_handle *b)
{
        if (!a || !b)
                return a == b;
        return a->type == b->type && streq(a->value, b->value);
}
