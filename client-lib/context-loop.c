/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The four ways to run a context.
 *
 * All of them wait on one epoll descriptor. It holds the wake-up descriptor and the bus's, and so
 * stays the same when the bus connection is made anew. What the bus waits for changes with every
 * message, hence the rule that events and timeout are asked for before each poll.
 */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "context-internal.h"

int loop_init(struct cx_context *context)
{
        struct epoll_event event = {.events = EPOLLIN};
        int r;

        context->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (context->epoll_fd < 0)
                return -errno;
        r = mailbox_new(context, &context->mailbox);
        if (r < 0)
                return r;
        if (epoll_ctl(context->epoll_fd, EPOLL_CTL_ADD, context->mailbox->wake_fd, &event) < 0)
                return -errno;
        return 0;
}

void loop_done(struct cx_context *context)
{
        sd_event_source_disable_unref(context->io_source);
        sd_event_source_disable_unref(context->time_source);
        sd_event_unref(context->event);
        if (context->epoll_fd >= 0)
                close(context->epoll_fd);
        if (context->mailbox)
                mailbox_close(context->mailbox);
}

int loop_prepare(struct cx_context *context)
{
        struct epoll_event event = {0};
        int fd = -1, events = 0, op;

        if (context->bus && !context->bus_served_by_app && sd_bus_is_open(context->bus) > 0) {
                fd = sd_bus_get_fd(context->bus);
                events = sd_bus_get_events(context->bus);
        }
        if (events < 0)
                events = 0;
        if (fd != context->epoll_bus_fd && context->epoll_bus_fd >= 0) {
                /* It fails where the descriptor was closed, which took it out by itself. */
                epoll_ctl(context->epoll_fd, EPOLL_CTL_DEL, context->epoll_bus_fd, NULL);
                context->epoll_bus_fd = -1;
        }
        /* POLLIN and POLLOUT are EPOLLIN and EPOLLOUT on Linux. */
        event.events = (uint32_t)events;
        if (fd < 0 || (fd == context->epoll_bus_fd && event.events == context->epoll_bus_events))
                return 0;
        op = context->epoll_bus_fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        if (epoll_ctl(context->epoll_fd, op, fd, &event) < 0)
                return -errno;
        context->epoll_bus_fd = fd;
        context->epoll_bus_events = event.events;
        return 0;
}

int cx_context_get_fd(struct cx_context *context)
{
        int r = context_check(context);

        return r < 0 ? r : context->epoll_fd;
}

int cx_context_get_events(struct cx_context *context)
{
        int r = context_check(context);

        if (r == 0)
                r = loop_prepare(context);
        return r < 0 ? r : POLLIN;
}

int cx_context_get_timeout(struct cx_context *context, uint64_t *ret_usec)
{
        usec_t timeout = USEC_INFINITY, of_bus;
        struct timer *timer;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!ret_usec)
                return -EINVAL;
        DL_FOREACH (context->timers, timer)
                if (timer->at < timeout)
                        timeout = timer->at;
        if (context->bus && !context->bus_served_by_app &&
            sd_bus_get_timeout(context->bus, &of_bus) >= 0 && of_bus < timeout)
                timeout = of_bus;
        *ret_usec = context->tasks ? 0 : timeout;
        return 0;
}

static bool process_bus(struct cx_context *context)
{
        int r;

        if (!context->bus || context->bus_served_by_app)
                return false;
        r = sd_bus_process(context->bus, NULL);
        if (r < 0 || sd_bus_is_open(context->bus) <= 0) {
                context_bus_lost(context);
                return true;
        }
        return r > 0;
}

static bool process_timers(struct cx_context *context)
{
        usec_t now = usec_now(CLOCK_MONOTONIC);
        struct timer *timer;
        bool any = false;

restart:
        DL_FOREACH (context->timers, timer) {
                if (timer->at > now)
                        continue;
                any = true;
                timer_disarm(context, timer);
                timer->fn(timer->userdata);
                goto restart; /* the list may be another one now */
        }
        return any;
}

static bool process_tasks(struct cx_context *context)
{
        struct task *task;
        bool any = false;

        while (context->tasks) {
                task = context->tasks;
                DL_DELETE(context->tasks, task);
                context->in_callback++;
                task->run(task->owner, task->data);
                context->in_callback--;
                free(task);
                any = true;
        }
        return any;
}

/* One message at a time, its callbacks right after it. */
int loop_step(struct cx_context *context, bool run_callbacks)
{
        bool any;

        any = process_bus(context);
        any = process_timers(context) || any;
        if (run_callbacks) {
                any = mailbox_drain(context) || any;
                any = process_tasks(context) || any;
        }
        return any;
}

/* So that one busy bus does not starve the rest of the app's loop. */
#define STEPS_PER_DISPATCH 64

int cx_context_dispatch(struct cx_context *context)
{
        bool any = false;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (context->dispatching || context->in_callback > 0)
                return -EBUSY;
        pthread_mutex_lock(&context->mailbox->lock);
        context->mailbox->home = pthread_self();
        pthread_mutex_unlock(&context->mailbox->lock);

        context->dispatching = true;
        for (unsigned step = 0; step < STEPS_PER_DISPATCH && context->n_ref > 0; step++) {
                if (!loop_step(context, true))
                        break;
                any = true;
        }
        context->dispatching = false;
        if (context->n_ref == 0 && !context->thread_frees)
                context_free(context); /* a callback gave the last reference back */
        return any;
}

/* A deadline of CLOCK_MONOTONIC as what poll wants. */
static struct timespec *time_left(usec_t at, struct timespec *left)
{
        usec_t now = usec_now(CLOCK_MONOTONIC), usec = at > now ? at - now : 0;

        if (at == USEC_INFINITY)
                return NULL;
        left->tv_sec = (time_t)(usec / USEC_PER_SEC);
        left->tv_nsec = (long)(usec % USEC_PER_SEC) * 1000;
        return left;
}

int loop_poll(struct cx_context *context, usec_t until)
{
        struct pollfd pollfd = {.fd = context->epoll_fd, .events = POLLIN};
        struct timespec left;
        uint64_t timeout;
        int r;

        r = loop_prepare(context);
        if (r < 0)
                return r;
        r = cx_context_get_timeout(context, &timeout);
        if (r < 0)
                return r;
        if (until < timeout)
                timeout = until;
        r = ppoll(&pollfd, 1, time_left(timeout, &left), NULL);
        return r < 0 && errno != EINTR ? -errno : 0;
}

/* A connection that the app's loop serves is served here too: the reply would not come otherwise.
 */
static int poll_bus_of_the_app(struct cx_context *context, usec_t until)
{
        struct pollfd pollfd = {.events = POLLIN};
        struct timespec left;
        int r;

        r = sd_bus_process(context->bus, NULL);
        if (r != 0)
                return r < 0 ? r : 0;
        pollfd.fd = sd_bus_get_fd(context->bus);
        r = ppoll(&pollfd, 1, time_left(until, &left), NULL);
        return r < 0 && errno != EINTR ? -errno : 0;
}

/* Sleeps once. What waits for the app must not keep it from sleeping, so that is put aside. */
static int wait_step(struct cx_context *context, usec_t until)
{
        struct task *tasks = context->tasks;
        uint64_t count;
        ssize_t n;
        int r;

        n = read(context->mailbox->wake_fd, &count, sizeof(count));
        (void)n;
        context->tasks = NULL;
        if (context->bus_served_by_app && context->bus)
                r = poll_bus_of_the_app(context, until);
        else
                r = loop_poll(context, until);
        DL_CONCAT(tasks, context->tasks);
        context->tasks = tasks;
        return r;
}

int context_wait(struct cx_context *context, bool (*done)(void *userdata), void *userdata,
                 usec_t timeout)
{
        usec_t until = usec_add(usec_now(CLOCK_MONOTONIC), timeout);
        int r = 0;

        if (context->in_callback > 0)
                return -EDEADLK;
        while (r == 0 && !done(userdata)) {
                if (loop_step(context, false))
                        continue;
                r = usec_now(CLOCK_MONOTONIC) >= until ? -ETIMEDOUT : wait_step(context, until);
        }
        context_wake(context->mailbox);
        return r;
}

int cx_context_run_until(struct cx_context *context, cx_context_until_fn until, void *userdata,
                         uint64_t timeout_usec)
{
        usec_t end = usec_add(usec_now(CLOCK_MONOTONIC), timeout_usec);
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (context->in_callback > 0)
                return -EDEADLK;
        if (context->event || context->has_thread)
                return -EBUSY;
        cx_context_ref(context);
        while (!until || !until(context, userdata)) {
                r = cx_context_dispatch(context);
                if (r > 0)
                        continue;
                if (r == 0 && usec_now(CLOCK_MONOTONIC) >= end)
                        r = -ETIMEDOUT;
                if (r == 0)
                        r = loop_poll(context, end);
                if (r < 0)
                        break;
        }
        cx_context_unref(context);
        return r < 0 ? r : 0;
}

static int on_event_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        (void)source;
        (void)fd;
        (void)revents;
        cx_context_dispatch(userdata);
        return 0;
}

static int on_event_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source;
        (void)usec;
        cx_context_dispatch(userdata);
        return 0;
}

static int on_event_prepare(sd_event_source *source, void *userdata)
{
        struct cx_context *context = userdata;
        uint64_t timeout;
        int r;

        (void)source;
        loop_prepare(context);
        r = cx_context_get_timeout(context, &timeout);
        if (r < 0)
                return 0;
        sd_event_source_set_time(context->time_source, timeout);
        sd_event_source_set_enabled(context->time_source,
                                    timeout == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ON);
        return 0;
}

static int attach_sources(struct cx_context *context, sd_event *event, int64_t priority)
{
        int r;

        r = sd_event_add_time(event, &context->time_source, CLOCK_MONOTONIC, USEC_INFINITY, 1,
                              on_event_time, context);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &context->io_source, context->epoll_fd, EPOLLIN, on_event_io,
                            context);
        if (r < 0)
                return r;
        r = sd_event_source_set_prepare(context->io_source, on_event_prepare);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(context->io_source, priority);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(context->time_source, priority);
}

int cx_context_attach_event(struct cx_context *context, struct sd_event *event, int64_t priority)
{
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!event)
                return -EINVAL;
        if (context->event || context->has_thread)
                return -EBUSY;
        r = attach_sources(context, event, priority);
        if (r < 0) {
                context->io_source = sd_event_source_disable_unref(context->io_source);
                context->time_source = sd_event_source_disable_unref(context->time_source);
                return r;
        }
        context->event = sd_event_ref(event);
        return 0;
}

int cx_context_detach_event(struct cx_context *context)
{
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!context->event)
                return -ENOTCONN;
        context->io_source = sd_event_source_disable_unref(context->io_source);
        context->time_source = sd_event_source_disable_unref(context->time_source);
        context->event = sd_event_unref(context->event);
        return 0;
}

static void *thread_main(void *userdata)
{
        struct cx_context *context = userdata;

        /* Wait until the creator has stored who this is. */
        pthread_mutex_lock(&context->mailbox->lock);
        pthread_mutex_unlock(&context->mailbox->lock);
        while (!context->stop_thread) {
                if (cx_context_dispatch(context) == 0 && !context->stop_thread)
                        loop_poll(context, USEC_INFINITY);
        }
        if (context->thread_frees) {
                pthread_detach(pthread_self());
                context->has_thread = false;
                context_free(context);
        }
        return NULL;
}

int cx_context_start_thread(struct cx_context *context)
{
        sigset_t all, before;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (context->event || context->has_thread)
                return -EBUSY;
        context->stop_thread = false;
        context->has_thread = true;
        /* Signals are the app's: its handlers must not run on a thread it does not know. */
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        pthread_mutex_lock(&context->mailbox->lock);
        r = pthread_create(&context->thread, NULL, thread_main, context);
        pthread_mutex_unlock(&context->mailbox->lock);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r != 0)
                context->has_thread = false;
        return -r;
}

int cx_context_stop_thread(struct cx_context *context)
{
        if (!context)
                return -EINVAL;
        if (context->pid != getpid())
                return -ECHILD;
        if (!context->has_thread)
                return -ENOTCONN;
        if (pthread_equal(context->thread, pthread_self()))
                return -EDEADLK;
        context->stop_thread = true;
        context_wake(context->mailbox);
        pthread_join(context->thread, NULL);
        context->has_thread = false;
        pthread_mutex_lock(&context->mailbox->lock);
        context->mailbox->home = pthread_self();
        pthread_mutex_unlock(&context->mailbox->lock);
        return 0;
}
