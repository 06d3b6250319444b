/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages from other threads to the thread of a context. */
#include <sys/eventfd.h>

#include "context-internal.h"

int mailbox_new(struct cx_context *context, struct mailbox **ret_mailbox)
{
        struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

        if (!mailbox)
                return -ENOMEM;
        mailbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (mailbox->wake_fd < 0) {
                free(mailbox);
                return -errno;
        }
        pthread_mutex_init(&mailbox->lock, NULL);
        atomic_init(&mailbox->n_ref, 1);
        mailbox->home = pthread_self();
        mailbox->context = context;
        mailbox->pid = getpid();
        *ret_mailbox = mailbox;
        return 0;
}

struct mailbox *mailbox_ref(struct mailbox *mailbox)
{
        atomic_fetch_add(&mailbox->n_ref, 1);
        return mailbox;
}

void mailbox_unref(struct mailbox *mailbox)
{
        if (atomic_fetch_sub(&mailbox->n_ref, 1) != 1)
                return;
        close(mailbox->wake_fd);
        pthread_mutex_destroy(&mailbox->lock);
        free(mailbox);
}

static struct mail *take_all(struct mailbox *mailbox)
{
        struct mail *mails;

        pthread_mutex_lock(&mailbox->lock);
        mails = mailbox->mails;
        mailbox->mails = NULL;
        pthread_mutex_unlock(&mailbox->lock);
        return mails;
}

void mailbox_close(struct mailbox *mailbox)
{
        struct mail *mails, *mail, *next;

        pthread_mutex_lock(&mailbox->lock);
        mailbox->context = NULL;
        pthread_mutex_unlock(&mailbox->lock);

        mails = take_all(mailbox);
        DL_FOREACH_SAFE (mails, mail, next) {
                if (mail->action)
                        action_mail_lost(mail->action, mail->dropped);
                else
                        free(mail);
        }
        mailbox_unref(mailbox);
}

bool context_is_home(const struct mailbox *mailbox)
{
        struct mailbox *mutable = (struct mailbox *)mailbox;
        bool home;

        pthread_mutex_lock(&mutable->lock);
        home = mutable->context && pthread_equal(mutable->home, pthread_self());
        pthread_mutex_unlock(&mutable->lock);
        return home;
}

void context_wake(struct mailbox *mailbox)
{
        const uint64_t one = 1;
        ssize_t r;

        /* It can only fail when the counter is full, which wakes up as well. */
        r = write(mailbox->wake_fd, &one, sizeof(one));
        (void)r;
}

int mailbox_post(struct mailbox *mailbox, struct mail *mail)
{
        int r = -ESHUTDOWN;

        pthread_mutex_lock(&mailbox->lock);
        if (mailbox->context) {
                DL_APPEND(mailbox->mails, mail);
                r = 0;
        }
        pthread_mutex_unlock(&mailbox->lock);
        if (r == 0)
                context_wake(mailbox);
        return r;
}

bool mailbox_drain(struct cx_context *context)
{
        struct mail *mails, *mail, *next;
        uint64_t count;
        ssize_t r;
        bool any = false;

        r = read(context->mailbox->wake_fd, &count, sizeof(count));
        (void)r;
        mails = take_all(context->mailbox);
        DL_FOREACH_SAFE (mails, mail, next) {
                any = true;
                if (mail->action) {
                        action_mail(mail->action, mail->dropped);
                } else {
                        context->in_callback++;
                        mail->call(context, mail->userdata);
                        context->in_callback--;
                        free(mail);
                }
        }
        return any;
}

int cx_context_call(struct cx_context *context, cx_context_call_fn fn, void *userdata)
{
        struct mail *mail;
        int r;

        if (!context || !fn)
                return -EINVAL;
        if (context->pid != getpid())
                return -ECHILD;
        mail = calloc(1, sizeof(*mail));
        if (!mail)
                return -ENOMEM;
        mail->call = fn;
        mail->userdata = userdata;
        r = mailbox_post(context->mailbox, mail);
        if (r < 0)
                free(mail);
        return r;
}
