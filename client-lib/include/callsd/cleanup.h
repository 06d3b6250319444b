/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Scope-bound references for gcc and clang, and not part of callsd.h:
 * `CX_CLEANUP(cx_action) struct cx_action *action = NULL;` gives the reference back on every way
 * out of the scope.
 */
#ifndef CALLSD_CLEANUP_H
#define CALLSD_CLEANUP_H

#include <callsd/callsd.h>

/** For a variable of `struct TYPE *`; TYPE is the name, such as cx_provider. */
#define CX_CLEANUP(type) __attribute__((cleanup(type##_unref_at_end_)))

#define CX_DEFINE_CLEANUP_(type)                                      \
        static inline void type##_unref_at_end_(struct type **object) \
        {                                                             \
                type##_unref(*object);                                \
        }                                                             \
        struct cx_cleanup_semicolon_

CX_DEFINE_CLEANUP_(cx_account);
CX_DEFINE_CLEANUP_(cx_action);
CX_DEFINE_CLEANUP_(cx_call);
CX_DEFINE_CLEANUP_(cx_call_controller);
CX_DEFINE_CLEANUP_(cx_call_observer);
CX_DEFINE_CLEANUP_(cx_call_update);
CX_DEFINE_CLEANUP_(cx_context);
CX_DEFINE_CLEANUP_(cx_handle);
CX_DEFINE_CLEANUP_(cx_provider);
CX_DEFINE_CLEANUP_(cx_provider_configuration);
CX_DEFINE_CLEANUP_(cx_push_payload);
CX_DEFINE_CLEANUP_(cx_transaction);

#undef CX_DEFINE_CLEANUP_

#endif
