/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See failing-malloc.h. */
#include "model/failing-malloc.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *pointer, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

static bool armed, reached;
static size_t left;

void failing_malloc_arm(size_t n)
{
        armed = true;
        reached = false;
        left = n;
}

bool failing_malloc_disarm(void)
{
        armed = false;
        return reached;
}

static bool fails(void)
{
        if (!armed || reached)
                return false;
        if (left-- > 0)
                return false;
        reached = true;
        return true;
}

void *__wrap_malloc(size_t size)
{
        return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
        return fails() ? NULL : __real_realloc(pointer, size);
}

char *__wrap_strdup(const char *text)
{
        return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
        return fails() ? NULL : __real_strndup(text, n);
}
