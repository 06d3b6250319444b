/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope-bound cleanup: `cleanup_(freep) char *text = NULL;` frees on every way out of the scope. */
#ifndef CALLSD_UTIL_CLEANUP_H
#define CALLSD_UTIL_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define cleanup_(function) __attribute__((cleanup(function)))

/* Defines `<function>p`, the form that the attribute wants, for a function that takes NULL. */
#define DEFINE_CLEANUP(type, function)               \
        static inline void function##p(type *object) \
        {                                            \
                if (*object)                         \
                        function(*object);           \
        }                                            \
        struct cleanup_semicolon_

static inline void freep(void *pointer)
{
        free(*(void **)pointer);
}

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

/* Hands ownership of a file descriptor on, and leaves -1 behind. */
static inline int take_fd(int *fd)
{
        int taken = *fd;

        *fd = -1;
        return taken;
}

/* Hands ownership on: returns the pointer and leaves NULL behind. */
static inline void *take_ptr_(void *pointer)
{
        void *taken = *(void **)pointer;

        *(void **)pointer = NULL;
        return taken;
}

#define take_ptr(pointer) ((__typeof__(pointer))take_ptr_(&(pointer)))

#endif
