/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context: making and freeing it, tasks and timers. */
#include "context-internal.h"

#define ANSWER_TIMEOUT (2 * USEC_PER_SEC)

struct completion {
        cx_completion_fn fn;
        const struct cx_error *error;
        void *userdata;
};

int context_check(const struct cx_context *context)
{
        if (!context)
                return -EINVAL;
        if (context->pid != getpid())
                return -ECHILD;
        if (context->has_thread && !pthread_equal(context->thread, pthread_self()))
                return -EPERM;
        return 0;
}

static int context_new(enum bus_kind kind, const char *address, sd_bus *bus,
                       struct cx_context **ret_context)
{
        cleanup_(cx_context_unrefp) struct cx_context *context = NULL;
        int r;

        if (!ret_context)
                return -EINVAL;
        context = calloc(1, sizeof(*context));
        if (!context)
                return -ENOMEM;
        context->n_ref = 1;
        context->pid = getpid();
        context->kind = kind;
        context->epoll_fd = -1;
        context->epoll_bus_fd = -1;
        context->answer_timeout = ANSWER_TIMEOUT;
        context->link.announced = -1;
        context->bus = sd_bus_ref(bus);
        r = str_replace(&context->address, address);
        if (r < 0)
                return r;
        r = loop_init(context);
        if (r < 0)
                return r;
        r = context_connect(context);
        if (r < 0)
                return r;
        *ret_context = take_ptr(context);
        return 0;
}

int cx_context_new(struct cx_context **ret_context)
{
        return context_new(BUS_SESSION, NULL, NULL, ret_context);
}

int cx_context_new_system(struct cx_context **ret_context)
{
        return context_new(BUS_SYSTEM, NULL, NULL, ret_context);
}

int cx_context_new_address(const char *address, struct cx_context **ret_context)
{
        /* sd-bus takes a word that is no transport for a server that is not there. */
        if (!address || !strchr(address, ':'))
                return -EINVAL;
        return context_new(BUS_ADDRESS, address, NULL, ret_context);
}

int cx_context_new_from_bus(struct sd_bus *bus, struct cx_context **ret_context)
{
        int r;

        if (!bus)
                return -EINVAL;
        r = sd_bus_is_open(bus);
        if (r <= 0)
                return r < 0 ? r : -ENOTCONN;
        return context_new(BUS_OF_THE_APP, NULL, bus, ret_context);
}

/* Objects keep their context alive, so only what has no owner is left here. */
void context_free(struct cx_context *context)
{
        struct task *task, *next;

        requests_purge(context, NULL);
        if (context->mailbox)
                context_disconnect(context);
        else
                sd_bus_unref(context->bus); /* it was never more than a reference */
        DL_FOREACH_SAFE (context->tasks, task, next) {
                if (task->drop)
                        task->drop(task->data);
                free(task);
        }
        loop_done(context);
        free(context->address);
        free(context);
}

struct cx_context *cx_context_ref(struct cx_context *context)
{
        if (context)
                context->n_ref++;
        return context;
}

struct cx_context *cx_context_unref(struct cx_context *context)
{
        if (!context || --context->n_ref > 0)
                return NULL;
        if (context->pid != getpid())
                return NULL; /* the child of a fork: everything is its parent's */
        if (context->has_thread && pthread_equal(context->thread, pthread_self())) {
                context->thread_frees = true;
                context->stop_thread = true;
                return NULL;
        }
        if (context->has_thread)
                cx_context_stop_thread(context);
        if (!context->dispatching)
                context_free(context);
        return NULL;
}

struct sd_bus *cx_context_get_bus(struct cx_context *context)
{
        return context ? context->bus : NULL;
}

int context_queue(struct cx_context *context, void *owner, void (*run)(void *owner, void *data),
                  void (*drop)(void *data), void *data)
{
        struct task *task = calloc(1, sizeof(*task));

        if (!task) {
                if (drop)
                        drop(data);
                return -ENOMEM;
        }
        task->owner = owner;
        task->run = run;
        task->drop = drop;
        task->data = data;
        /* A loop that polls already must notice. */
        if (!context->tasks)
                context_wake(context->mailbox);
        DL_APPEND(context->tasks, task);
        return 0;
}

void context_purge(struct cx_context *context, const void *owner)
{
        struct task *task, *next;

        DL_FOREACH_SAFE (context->tasks, task, next) {
                if (task->owner != owner)
                        continue;
                DL_DELETE(context->tasks, task);
                if (task->drop)
                        task->drop(task->data);
                free(task);
        }
}

static void completion_drop(void *data)
{
        struct completion *completion = data;

        cx_error_unref(completion->error);
        free(completion);
}

static void completion_run(void *owner, void *data)
{
        struct completion *completion = data;

        (void)owner;
        completion->fn(completion->error, completion->userdata);
        completion_drop(completion);
}

void context_queue_completion(struct cx_context *context, void *owner, cx_completion_fn fn,
                              const struct cx_error *error, void *userdata)
{
        struct completion *completion;

        if (!fn)
                return;
        completion = calloc(1, sizeof(*completion));
        if (!completion)
                return;
        completion->fn = fn;
        completion->error = cx_error_ref(error);
        completion->userdata = userdata;
        context_queue(context, owner, completion_run, completion_drop, completion);
}

void timer_arm(struct cx_context *context, struct timer *timer, usec_t at)
{
        if (!timer->armed)
                DL_APPEND(context->timers, timer);
        timer->armed = true;
        timer->at = at;
        context_wake(context->mailbox);
}

void timer_disarm(struct cx_context *context, struct timer *timer)
{
        if (timer->armed)
                DL_DELETE(context->timers, timer);
        timer->armed = false;
}

void cx_context_set_answer_timeout_(struct cx_context *context, usec_t timeout)
{
        context->answer_timeout = timeout;
}
