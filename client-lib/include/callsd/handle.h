/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Whom a call is with (CXHandle). Immutable.
 */
#ifndef CALLSD_HANDLE_H
#define CALLSD_HANDLE_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/**
 * A handle. Phone numbers and mail addresses can be matched with contacts, a generic handle is
 * opaque to callsd. Redialling gives back exactly this value, so keep it stable over time.
 *
 * @param value not NULL, not empty, UTF-8; callsd takes up to 512 bytes
 * @return 0, -EINVAL, -ENOMEM
 */
int cx_handle_new(enum cx_handle_type type, const char *value, struct cx_handle **ret_handle);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_handle *cx_handle_ref(struct cx_handle *handle);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_handle *cx_handle_unref(struct cx_handle *handle);

/** What it is. */
enum cx_handle_type cx_handle_get_type(const struct cx_handle *handle);
/** The number, the address, or what else; lent. */
const char *cx_handle_get_value(const struct cx_handle *handle);

/** Whether type and value agree; NULL equals only NULL. */
int cx_handle_equal(const struct cx_handle *a, const struct cx_handle *b);

CX_END_DECLS

#endif
