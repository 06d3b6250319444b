/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcallsd in a libuv loop: a poll handle for input, a timer for the timeout, and a prepare
 * handle, which libuv calls before every poll and where both are set anew.
 */
#include <poll.h>
#include <time.h>
#include <uv.h>

#include "phone.h"

struct callsd_uv {
        struct cx_context *context;
        uv_poll_t poll;
        uv_timer_t timer;
        uv_prepare_t prepare;
};

static void on_poll(uv_poll_t *handle, int status, int events)
{
        struct callsd_uv *self = handle->data;

        (void)status;
        (void)events;
        cx_context_dispatch(self->context);
}

static void on_timer(uv_timer_t *handle)
{
        struct callsd_uv *self = handle->data;

        cx_context_dispatch(self->context);
}

/* Milliseconds from now until a time of CLOCK_MONOTONIC, rounded up. */
static uint64_t until(uint64_t usec)
{
        struct timespec now;
        uint64_t now_usec;

        clock_gettime(CLOCK_MONOTONIC, &now);
        now_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
        return usec > now_usec ? (usec - now_usec + 999) / 1000 : 0;
}

static void on_prepare(uv_prepare_t *handle)
{
        struct callsd_uv *self = handle->data;
        int events = cx_context_get_events(self->context);
        uint64_t usec;

        if (events >= 0)
                uv_poll_start(&self->poll, events & POLLIN ? UV_READABLE : 0, on_poll);
        if (cx_context_get_timeout(self->context, &usec) < 0 || usec == UINT64_MAX) {
                uv_timer_stop(&self->timer);
                return;
        }
        uv_update_time(handle->loop); /* a timer counts from the loop's own time */
        uv_timer_start(&self->timer, on_timer, until(usec), 0);
}

static void callsd_uv_start(struct callsd_uv *self, uv_loop_t *loop, struct cx_context *context)
{
        self->context = context;
        uv_poll_init(loop, &self->poll, cx_context_get_fd(context));
        uv_timer_init(loop, &self->timer);
        uv_prepare_init(loop, &self->prepare);
        self->poll.data = self->timer.data = self->prepare.data = self;
        uv_prepare_start(&self->prepare, on_prepare);
}

/* The loop ends by itself when these, its last handles, are closed. */
static void over(void *userdata)
{
        struct callsd_uv *self = userdata;

        uv_close((uv_handle_t *)&self->poll, NULL);
        uv_close((uv_handle_t *)&self->timer, NULL);
        uv_close((uv_handle_t *)&self->prepare, NULL);
}

int main(void)
{
        uv_loop_t *loop = uv_default_loop();
        struct cx_context *context;
        struct callsd_uv callsd = {0};
        struct phone phone = {0};

        if (cx_context_new(&context) < 0 || phone_init(&phone, context, over, &callsd) < 0)
                return 1;
        callsd_uv_start(&callsd, loop, context);
        uv_run(loop, UV_RUN_DEFAULT);
        phone_done(&phone);
        cx_context_unref(context);
        uv_loop_close(loop);
        return 0;
}
