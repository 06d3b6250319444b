/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcallsd in a GLib main loop: a GSource of about forty lines.
 *
 * Before every poll GLib calls `prepare`, the place to ask for events and timeout. Its clock and
 * the library's are the same, so the timeout is a ready time as it is.
 */
#include <glib-unix.h>

#include "phone.h"

struct callsd_source {
        GSource source;
        struct cx_context *context;
        gpointer tag; /* of the descriptor */
};

static gboolean callsd_prepare(GSource *source, gint *timeout)
{
        struct callsd_source *self = (struct callsd_source *)source;
        int events = cx_context_get_events(self->context);
        uint64_t usec;

        *timeout = -1;
        if (events >= 0)
                g_source_modify_unix_fd(source, self->tag, (GIOCondition)events);
        if (cx_context_get_timeout(self->context, &usec) == 0)
                g_source_set_ready_time(source, usec == UINT64_MAX ? -1 : (gint64)usec);
        return FALSE;
}

static gboolean callsd_dispatch(GSource *source, GSourceFunc callback, gpointer userdata)
{
        (void)callback;
        (void)userdata;
        cx_context_dispatch(((struct callsd_source *)source)->context);
        return G_SOURCE_CONTINUE;
}

static void callsd_finalize(GSource *source)
{
        cx_context_unref(((struct callsd_source *)source)->context);
}

/* A source for g_source_attach(). */
static GSource *callsd_source_new(struct cx_context *context)
{
        static GSourceFuncs functions = {
                .prepare = callsd_prepare,
                .dispatch = callsd_dispatch,
                .finalize = callsd_finalize,
        };
        GSource *source = g_source_new(&functions, sizeof(struct callsd_source));
        struct callsd_source *self = (struct callsd_source *)source;

        self->context = cx_context_ref(context);
        self->tag = g_source_add_unix_fd(source, cx_context_get_fd(context), G_IO_IN);
        return source;
}

static void over(void *loop)
{
        g_main_loop_quit(loop);
}

int main(void)
{
        GMainLoop *loop = g_main_loop_new(NULL, FALSE);
        struct cx_context *context;
        struct phone phone = {0};
        GSource *source;

        if (cx_context_new(&context) < 0 || phone_init(&phone, context, over, loop) < 0)
                return 1;
        source = callsd_source_new(context);
        g_source_attach(source, NULL);
        g_main_loop_run(loop);

        g_source_destroy(source);
        g_source_unref(source);
        phone_done(&phone);
        cx_context_unref(context);
        g_main_loop_unref(loop);
        return 0;
}
