/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sounds loaded on a thread of their own; see sound-load.h. */
#include "audio/sound-load.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>

#include <pipewire/pipewire.h>

#include "audio/sound-theme.h"

/* Shared with the thread: the last of the two frees it, since the thread may hang in a file system
 * long after nobody wants the sound any more. */
struct sound_load {
        atomic_uint refs;
        atomic_bool cancelled;
        atomic_bool finished; /* by the thread: what it wrote may be read */
        int done;             /* eventfd */
        /* the thread's, until it has written to `done` */
        char *name;
        char *directories;
        int fd;
        struct sound_loaded loaded;
        /* the loop's */
        struct pw_loop *loop;
        struct spa_source *source;
        sound_loaded_fn loaded_fn;
        void *userdata;
};

static void load_unref(struct sound_load *load)
{
        if (atomic_fetch_sub(&load->refs, 1) != 1)
                return;
        sound_unref(load->loaded.sound);
        closep(&load->done);
        closep(&load->fd);
        free(load->name);
        free(load->directories);
        free(load);
}

/* ---- the thread ---- */

static usec_t now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (usec_t)time.tv_sec * USEC_PER_SEC + (usec_t)time.tv_nsec / 1000;
}

static int open_named(struct sound_load *load, int *ret_fd)
{
        char *problem = load->loaded.problem;
        int r;

        if (*load->name == '/') {
                r = sound_open(load->name, ret_fd);
                if (r < 0)
                        snprintf(problem, SOUND_PROBLEM_SIZE,
                                 "%s; a sound file that callsd can read is wanted",
                                 r == -ENOTSUP ? "it is no regular file" : strerror(-r));
                return r;
        }
        r = sound_theme_open(load->directories, load->name, ret_fd);
        if (r < 0)
                snprintf(problem, SOUND_PROBLEM_SIZE,
                         "no sound theme in %.160s has it; an absolute path or a name in the theme "
                         "is wanted",
                         load->directories);
        return r;
}

static int load_asked(struct sound_load *load)
{
        int fd = load->fd;
        int r;

        load->fd = -1;
        if (fd < 0) {
                if (!*load->name)
                        return -ENOENT;
                r = open_named(load, &fd);
                if (r < 0)
                        return r;
        }
        return sound_decode(fd, &load->cancelled, &load->loaded.sound, load->loaded.problem);
}

static int load_default(struct sound_load *load)
{
        int fd;
        int r = sound_theme_open(load->directories, SOUND_THEME_RING, &fd);

        if (r < 0)
                return r;
        return sound_decode(fd, &load->cancelled, &load->loaded.sound, load->loaded.theme_problem);
}

static void *run(void *data)
{
        struct sound_load *load = data;
        usec_t start = now();
        uint64_t one = 1;
        ssize_t n;

        load->loaded.as_asked = load_asked(load) == 0;
        if (!load->loaded.as_asked && !atomic_load(&load->cancelled))
                (void)load_default(load);
        load->loaded.took = now() - start;
        atomic_store(&load->finished, true);
        do
                n = write(load->done, &one, sizeof(one));
        while (n < 0 && errno == EINTR);
        load_unref(load);
        return NULL;
}

static int start_thread(struct sound_load *load)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        pthread_t thread;
        int r;

        r = pthread_attr_init(&attributes);
        if (r != 0)
                return -r;
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        atomic_fetch_add(&load->refs, 1);
        r = pthread_create(&thread, &attributes, run, load);
        if (r != 0)
                atomic_fetch_sub(&load->refs, 1);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return -r;
}

/* ---- the loop ---- */

static void drop_source(struct sound_load *load)
{
        if (load->source)
                pw_loop_destroy_source(load->loop, load->source);
        load->source = NULL;
}

static void on_done(void *data, int fd, uint32_t mask)
{
        struct sound_load *load = data;

        (void)fd, (void)mask;
        if (!atomic_load(&load->finished))
                return;
        drop_source(load);
        load->loaded_fn(&load->loaded, load->userdata);
        load->loaded.sound = NULL;
        load_unref(load);
}

int sound_load_start(struct pw_loop *loop, const char *name, int fd, sound_loaded_fn loaded_fn,
                     void *userdata, struct sound_load **ret_load)
{
        struct sound_load *load = calloc(1, sizeof(*load));
        int r = -ENOMEM;

        if (!load)
                return -ENOMEM;
        atomic_init(&load->refs, 1);
        load->loop = loop;
        load->loaded_fn = loaded_fn;
        load->userdata = userdata;
        load->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        load->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
        load->name = strdup(name);
        load->directories = sound_theme_directories();
        if (load->name && load->directories && load->done >= 0 && (fd < 0 || load->fd >= 0))
                load->source = pw_loop_add_io(loop, load->done, SPA_IO_IN, false, on_done, load);
        if (load->source)
                r = start_thread(load);
        if (r < 0) {
                drop_source(load);
                load_unref(load);
                return r;
        }
        *ret_load = load;
        return 0;
}

void sound_load_cancel(struct sound_load *load)
{
        atomic_store(&load->cancelled, true);
        drop_source(load);
        load_unref(load);
}
