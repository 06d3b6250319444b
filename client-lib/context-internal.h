/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a context: loop, tasks, timers, the link to callsd, requests.
 *
 * What comes in from the bus changes the library's own state at once; callbacks of the app are put
 * off as *tasks*, which cx_context_dispatch() runs. So no callback ever runs inside a function of
 * the API, and a *_sync function can go on processing the bus without running any.
 *
 * Tasks and requests name their owner (a provider, controller or observer) without a reference; the
 * owner purges them when it goes. Otherwise an app that drops everything without another dispatch
 * would leak all of it.
 */
#ifndef CALLSD_CLIENT_CONTEXT_INTERNAL_H
#define CALLSD_CLIENT_CONTEXT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "internal.h"

/* A callback of the app, put off. `run` and `drop` both dispose of `data`. */
struct task {
        struct task *prev, *next;
        void *owner;
        void (*run)(void *owner, void *data);
        void (*drop)(void *data);
        void *data;
};

/* Embedded in what it belongs to. */
struct timer {
        struct timer *prev, *next;
        bool armed;
        usec_t at; /* CLOCK_MONOTONIC */
        void (*fn)(void *userdata);
        void *userdata;
};

/*
 * What other threads may touch. It outlives the context as long as an order is referenced, so that
 * its last reference can be given back anywhere, at any time.
 */
struct mailbox {
        atomic_uint n_ref;
        pthread_mutex_t lock;
        pthread_t home;             /* the thread of the context, as of its last dispatch */
        struct cx_context *context; /* NULL: gone. For the home thread only. */
        pid_t pid;
        int wake_fd;
        struct mail *mails;
};

/* One message to the home thread. */
struct mail {
        struct mail *prev, *next;
        cx_context_call_fn call; /* cx_context_call(); otherwise it is about an order: */
        void *userdata;
        struct cx_action *action; /* whose part the mail is: completing needs no memory */
        bool dropped; /* its last reference went, and the mail has the memory; else: completed */
};

enum link_state {
        LINK_UNKNOWN, /* asked, no answer yet */
        LINK_UP,
        LINK_DOWN, /* requests fail at once */
};

/* The library's idea of callsd. */
struct link {
        enum link_state state;
        unsigned generation; /* grows with every owner of the name: which daemon this is */
        char *owner;         /* its unique name; NULL: none known */
        bool was_up;         /* at least once */
        sd_bus_slot *filter, *owner_match, *ping;
        struct timer no_answer; /* of a ping, while the state is not known */
        int announced;          /* what the availability callback was told; -1: nothing */
};

enum bus_kind {
        BUS_SESSION,
        BUS_SYSTEM,
        BUS_ADDRESS,
        BUS_OF_THE_APP,
};

struct cx_context {
        unsigned n_ref;
        pid_t pid;
        enum bus_kind kind;
        char *address;
        sd_bus *bus;            /* NULL: not connected */
        bool bus_served_by_app; /* attached to the app's sd_event */
        struct timer reconnect;
        usec_t reconnect_pause;

        int epoll_fd;
        int epoll_bus_fd; /* the one that is in it, or -1 */
        uint32_t epoll_bus_events;
        struct mailbox *mailbox;
        struct task *tasks;
        struct timer *timers;
        bool dispatching;
        unsigned in_callback;

        sd_event *event;
        sd_event_source *io_source, *time_source;
        pthread_t thread;
        bool has_thread, thread_frees;
        atomic_bool stop_thread;

        struct link link;
        usec_t answer_timeout; /* 2 s; tests make it shorter */
        cx_availability_fn availability;
        void *availability_userdata;

        struct request *requests;
        struct cx_provider *providers;
        struct cx_call_observer *observers;
        struct open_transaction *open_transactions;
};

/* May the caller use this context here? 0, -EINVAL (NULL), -ECHILD, -EPERM. */
int context_check(const struct cx_context *context);
bool context_is_home(const struct mailbox *mailbox);

/* Takes `data` over; on -ENOMEM it was dropped. */
int context_queue(struct cx_context *context, void *owner, void (*run)(void *owner, void *data),
                  void (*drop)(void *data), void *data);
/* A completion of the app; `fn` may be NULL. `error` is referenced. */
void context_queue_completion(struct cx_context *context, void *owner, cx_completion_fn fn,
                              const struct cx_error *error, void *userdata);
/* Forgets the tasks of an owner. */
void context_purge(struct cx_context *context, const void *owner);

void timer_arm(struct cx_context *context, struct timer *timer, usec_t at);
void timer_disarm(struct cx_context *context, struct timer *timer);

/* Serves bus and timers, but runs no callback, until `done`. 0, -ETIMEDOUT, -EDEADLK, ... */
int context_wait(struct cx_context *context, bool (*done)(void *userdata), void *userdata,
                 usec_t timeout);
void context_wake(struct mailbox *mailbox);

/* context-loop.c */
int loop_init(struct cx_context *context);
void loop_done(struct cx_context *context);
int loop_step(struct cx_context *context, bool run_callbacks);
int loop_poll(struct cx_context *context, usec_t until);
/* Keeps the epoll set in step with what the bus waits for. */
int loop_prepare(struct cx_context *context);
void context_free(struct cx_context *context);

/* context-bus.c */
int context_connect(struct cx_context *context);
void context_disconnect(struct cx_context *context);
/* The connection broke: tell everybody, try again later. */
void context_bus_lost(struct cx_context *context);

/* mailbox.c */
int mailbox_new(struct cx_context *context, struct mailbox **ret_mailbox);
struct mailbox *mailbox_ref(struct mailbox *mailbox);
void mailbox_unref(struct mailbox *mailbox);
void mailbox_close(struct mailbox *mailbox);
/* -ESHUTDOWN: the context is gone, the mail was not taken. */
int mailbox_post(struct mailbox *mailbox, struct mail *mail);
/* Handles what came. Returns whether there was anything. */
bool mailbox_drain(struct cx_context *context);

/* link.c: the bus connection is new, or gone. */
int link_connected(struct cx_context *context);
void link_disconnected(struct cx_context *context);
/* A request was not answered in time. */
void link_no_answer(struct cx_context *context);
/* May a message to a callsd that is not there start it? */
bool link_may_start(const struct cx_context *context);
/* Any reply of the daemon shows who it is. */
void link_heard_from(struct cx_context *context, sd_bus_message *reply);
/* Whether this error comes from the bus, or from nobody: callsd itself said nothing. */
bool link_error_is_absence(const struct cx_context *context, sd_bus_message *reply);

/* What each kind of object does when the daemon is there (again), or was lost. */
void providers_link_up(struct cx_context *context);
void providers_link_lost(struct cx_context *context);
void providers_link_down(struct cx_context *context);
void observers_link_up(struct cx_context *context);
void observers_link_lost(struct cx_context *context);
void observers_connected(struct cx_context *context);
void observers_disconnected(struct cx_context *context);
void controllers_link_lost(struct cx_context *context);
/* Signals that callsd sent to this connection alone. */
void providers_signal(struct cx_context *context, sd_bus_message *message);
void controllers_signal(struct cx_context *context, sd_bus_message *message);

/* request.c */
/* `data` goes right after it. */
typedef void (*request_done_fn)(void *owner, void *data, const struct cx_error *error,
                                sd_bus_message *reply);

enum request_flags {
        REQUEST_RESEND = 1 << 0,  /* idempotent: send it again to a daemon that replaced this one */
        REQUEST_EARLY = 1 << 1,   /* part of registering: does not wait for it to be complete */
        REQUEST_PATIENT = 1 << 2, /* may take as long as it likes */
};

/*
 * One method call to callsd. It is freed right after `done`, which is called exactly once unless
 * the request is cancelled; also from within request_send() if it fails at once.
 */
struct request {
        struct request *prev, *next;
        struct cx_context *context;
        struct cx_provider *provider; /* NULL: not about a provider */
        void *owner;
        sd_bus_message *body; /* a template: each sending is a copy, to the path of that moment */
        char *path;           /* NULL: the provider's */
        unsigned flags;
        unsigned generation; /* of the daemon it was last sent to */
        bool sent, waiting;
        sd_bus_slot *slot;
        struct timer deadline;
        request_done_fn done;
        void *data; /* from malloc, or NULL */
};

/* A new request with an empty body, to be filled in. -ENOTCONN: there is no bus. */
int request_new(struct cx_context *context, void *owner, struct cx_provider *provider,
                const char *path, const char *interface, const char *member, unsigned flags,
                struct request **ret_request);
/* Takes the request over, and `data`, which is from malloc or NULL. */
void request_send(struct request *request, request_done_fn done, void *data);
struct request *request_free(struct request *request);
static inline void request_freep(struct request **request)
{
        if (*request)
                request_free(*request);
}
/* Forgets the requests of an owner. */
void requests_purge(struct cx_context *context, const void *owner);
/* Forgets what belonged to an attempt to register. */
void requests_cancel_early(struct cx_context *context, struct cx_provider *provider);
/* The provider is registered: sends what waited for that, in order. */
void requests_flush(struct cx_context *context, struct cx_provider *provider);
/* The provider could not be registered: fails what waited, also what may be sent again if `all`. */
void requests_fail_waiting(struct cx_context *context, struct cx_provider *provider,
                           const struct cx_error *error, bool all);
/* The connection is gone: what was sent will never be answered. */
void requests_bus_lost(struct cx_context *context);
/* Whether and where a provider's requests can go now (provider.c). */
const char *provider_request_path(const struct cx_provider *provider, bool early);

/* action.c: a mail about an order, on the home thread. */
void action_mail(struct cx_action *action, bool dropped);
/* The context of the mail is gone. */
void action_mail_lost(struct cx_action *action, bool dropped);

/* Only for tests, which link the library statically. */
void cx_context_set_answer_timeout_(struct cx_context *context, usec_t timeout);

#endif
