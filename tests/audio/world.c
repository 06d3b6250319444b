/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every audio test stands in; see world.h. */
#include "world.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

/* 64 ms */
#define STALL_BLOCKS 12

static struct world_app apps[WORLD_APPS];
static struct world *current; /* its loop goes on while an app starts */

usec_t world_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

/* What audio tells */

static struct world_call *find_call(struct world *world, const char *uuid)
{
        for (unsigned i = 0; i < world->n_calls; i++) {
                if (streq(world->calls[i].uuid, uuid))
                        return &world->calls[i];
        }
        ck_abort_msg("told about a call that is not ours: %s", uuid);
        return NULL;
}

static void on_nodes(const char *uuid, const char *sink, const char *source, void *userdata)
{
        struct world_call *call = find_call(userdata, uuid);

        ck_assert_str_eq(sink, call->sink);
        ck_assert_str_eq(source, call->source);
        call->nodes_told++;
}

static void on_ready(const char *uuid, uint64_t serial, const char *sink, const char *source,
                     const char *route, void *userdata)
{
        struct world_call *call = find_call(userdata, uuid);

        ck_assert_uint_ne(serial, call->ready);
        call->ready = serial;
        call->n_ready++;
        call->ready_with_nodes = sink != NULL;
        ck_assert_int_eq(sink != NULL, source != NULL);
        snprintf(call->route, sizeof(call->route), "%s", str_or_empty(route));
}

static void on_available(bool available, void *userdata)
{
        struct world *world = userdata;

        ck_assert_int_ne(available, world->available);
        ck_assert_int_eq(available, audio_is_available(world->audio));
        world->available = available;
        world->n_available++;
}

static void on_changed(void *userdata)
{
        struct world *world = userdata;

        world->n_changed++;
}

/* The test speaker is one with an echo; what is measured is exact without a canceller. */
void world_cancel_echo(struct world *world, enum echo_cancel echo_cancel)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.echo_cancel = echo_cancel;
        config.other_media = OTHER_MEDIA_LEAVE;
        ck_assert_int_eq(audio_configure(world->audio, &config), 0);
}

static const struct audio_events events = {
        .nodes_fn = on_nodes,
        .ready_fn = on_ready,
        .available_fn = on_available,
        .changed_fn = on_changed,
};

void world_init_early(struct world *world)
{
        *world = (struct world){.n_calls = 0};
        current = world;
        ck_assert_int_ge(sd_event_new(&world->event), 0);
        ck_assert_int_eq(audio_new(world->event, &events, world, &world->audio), 0);
        world_cancel_echo(world, ECHO_CANCEL_OFF);
}

void world_restart(struct world *world)
{
        audio_free(world->audio);
        world->available = false;
        ck_assert_int_eq(audio_new(world->event, &events, world, &world->audio), 0);
        world_cancel_echo(world, ECHO_CANCEL_OFF);
        world_pump(world, world->available);
}

void world_init_apart(struct world *world)
{
        *world = (struct world){.n_calls = 0};
        current = world;
        ck_assert_int_ge(sd_event_new(&world->event), 0);
}

void world_init(struct world *world)
{
        world_init_early(world);
        world_pump(world, world->available);
}

void world_done(struct world *world)
{
        world_end_apps_but(NULL, NULL);
        audio_free(world->audio);
        sd_event_unref(world->event);
}

void world_turn(struct world *world)
{
        int r = sd_event_run(world->event, 5 * USEC_PER_MSEC);

        for (unsigned i = 0; r > 0 && i < 100; i++)
                r = sd_event_run(world->event, 0);
        ck_assert_int_ge(r, 0);
}

/* Calls */

struct world_call *world_call_new(struct world *world)
{
        struct world_call *call;
        char uuid[UUID_TEXT_SIZE];
        uuid_t bytes;

        ck_assert_uint_lt(world->n_calls, WORLD_CALLS);
        call = &world->calls[world->n_calls++];
        uuid_generate(bytes);
        uuid_unparse_lower(bytes, uuid);
        memcpy(call->uuid, uuid, sizeof(uuid));
        snprintf(call->sink, sizeof(call->sink), "callsd.%s.sink", uuid);
        snprintf(call->source, sizeof(call->source), "callsd.%s.source", uuid);
        call->wish = (struct audio_wish){
                .call = call->uuid,
                .provider = "org.example.Phone",
                .app_id = "",
                .group = "",
        };
        return call;
}

void world_set(struct world *world, struct world_call *call, enum audio_level level, bool muted)
{
        call->wish.level = level;
        call->wish.muted = muted;
        call->wish.serial++;
        ck_assert_int_eq(audio_set(world->audio, &call->wish), 0);
        ck_assert_msg(call->ready != call->wish.serial, "a callback from inside audio_set");
}

void world_reach(struct world *world, struct world_call *call, enum audio_level level, bool muted)
{
        world_set(world, call, level, muted);
        world_pump(world, call->ready == call->wish.serial);
}

/* Processes */

pid_t world_spawn(const char *const *arguments)
{
        pid_t parent = getpid();
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid > 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(EXIT_FAILURE);
        execvp(arguments[0], (char *const *)arguments);
        _exit(127);
}

/* Children of ours and of the harness alike are gone when this returns. */
void world_kill(pid_t pid, int number)
{
        struct pollfd gone = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

        /* Valgrind does not know this call: then it is only our own children that we wait for. */
        if (gone.fd < 0)
                ck_assert_int_eq(errno, ENOSYS);
        kill(pid, number);
        kill(pid, SIGCONT);
        if (gone.fd >= 0) {
                ck_assert_int_eq(poll(&gone, 1, 10000), 1);
                close(gone.fd);
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

int world_run(const char *const *arguments)
{
        pid_t pid = world_spawn(arguments);
        int status;

        int ended;

        /* The server may let the program wait for an answer of ours. */
        while ((ended = waitpid(pid, &status, WNOHANG)) == 0)
                world_turn(current);
        ck_assert_int_eq(ended, pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct levels *map_levels(char path[64])
{
        int fd;
        void *memory;

        snprintf(path, 64, "/tmp/callsd-levels-XXXXXX");
        fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ftruncate(fd, sizeof(struct levels)), 0);
        memory = mmap(NULL, sizeof(struct levels), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        ck_assert_ptr_ne(memory, MAP_FAILED);
        return memory;
}

static struct world_app *free_app(void)
{
        for (unsigned i = 0; i < WORLD_APPS; i++) {
                if (apps[i].pid == 0)
                        return &apps[i];
        }
        ck_abort_msg("more than %d apps", WORLD_APPS);
        return NULL;
}

/* A shell that stops itself becomes the program when it is woken. */
#define STOPPED "kill -STOP $$; exec \"$@\""

static struct world_app *app_start(bool stopped, const char *verb, va_list list)
{
        struct world_app *app = free_app();
        const char *arguments[28] = {"sh", "-c", STOPPED, "sh", TONE_PROGRAM, verb};
        unsigned n = 6;

        if (!streq(verb, "play")) {
                app->levels = map_levels(app->path);
                arguments[n++] = "-l";
                arguments[n++] = app->path;
        }
        while ((arguments[n] = va_arg(list, const char *)) != NULL) {
                n++;
                ck_assert_uint_lt(n, ARRAY_SIZE(arguments) - 1);
        }
        app->pid = world_spawn(stopped ? arguments : arguments + 4);
        return app;
}

struct world_app *world_app_start(const char *verb, ...)
{
        struct world_app *app;
        va_list list;

        va_start(list, verb);
        app = app_start(false, verb, list);
        va_end(list);
        world_app_wait(app);
        return app;
}

struct world_app *world_app_prepare(const char *verb, ...)
{
        struct world_app *app;
        va_list list;

        va_start(list, verb);
        app = app_start(true, verb, list);
        va_end(list);
        return app;
}

void world_app_go(struct world_app *app)
{
        int status;

        ck_assert_int_eq(waitpid(app->pid, &status, WUNTRACED), app->pid);
        ck_assert(WIFSTOPPED(status));
        world_app_signal(app, SIGCONT);
}

/* It opens its file first of all; after its first block the name may go. */
void world_app_wait(struct world_app *app)
{
        if (!app->levels)
                return;
        world_pump(current, world_blocks(app) > 0);
        unlink(app->path);
}

void world_app_signal(struct world_app *app, int number)
{
        ck_assert_int_eq(kill(app->pid, number), 0);
}

void world_app_end(struct world_app *app)
{
        if (app->pid == 0)
                return;
        world_kill(app->pid, SIGTERM);
        if (app->levels)
                munmap(app->levels, sizeof(*app->levels));
        *app = (struct world_app){.pid = 0};
}

void world_end_apps_but(const struct world_app *one, const struct world_app *two)
{
        for (unsigned i = 0; i < WORLD_APPS; i++) {
                if (&apps[i] != one && &apps[i] != two)
                        world_app_end(&apps[i]);
        }
}

static struct world_app *start_joined(struct world_call *call, bool record, const char *target)
{
        char node[96];
        char id[96];

        snprintf(node, sizeof(node), "target.object=%s", target);
        snprintf(id, sizeof(id), "callsd.call.id=%s", call->uuid);
        return world_app_start(record ? "record" : "play", "-P", node, "-P", id, "-P",
                               "media.role=Communication", NULL);
}

struct world_app *world_app_play(struct world_call *call)
{
        return start_joined(call, false, call->sink);
}

struct world_app *world_app_record(struct world_call *call)
{
        return start_joined(call, true, call->source);
}

struct world_app *world_meter(const char *sink)
{
        return world_app_start("meter", sink, NULL);
}

void world_feed_microphone(struct world *world)
{
        const char *const link[] = {"pw-link", "feed:output_MONO", "test-mic:input_MONO", NULL};

        /* A stream to a microphone is nothing that a session manager would link. */
        world_app_start("play", "-f", "880", "-P", "node.name=feed", "-P", "node.autoconnect=false",
                        NULL);
        world_pump(world, world_run(link) == 0);
}

/* Levels */

unsigned world_blocks(const struct world_app *app)
{
        return atomic_load(&app->levels->n);
}

float world_level(const struct world_app *app)
{
        unsigned n = world_blocks(app);

        return n == 0 ? 0.0f : app->levels->blocks[n - 1].rms;
}

usec_t world_hear(struct world *world, struct world_app *app)
{
        usec_t start = world_now();
        unsigned from = world_blocks(app);
        unsigned i = from;

        for (;;) {
                world_pump(world, world_blocks(app) > i);
                for (; i < world_blocks(app); i++) {
                        if (app->levels->blocks[i].rms > WORLD_SOUND)
                                return app->levels->blocks[i].usec - start;
                }
                ck_assert_msg(i - from < 1500, "nothing is heard in %u blocks", i - from);
        }
}

usec_t world_silence(struct world *world, struct world_app *app, unsigned blocks)
{
        usec_t start = world_now();
        usec_t last = 0;
        unsigned from = world_blocks(app);
        unsigned silent = 0;

        for (unsigned i = from; silent < blocks; i++) {
                world_pump(world, world_blocks(app) > i);
                ck_assert_msg(i - from < 1500, "still sound after %u blocks", i - from);
                silent++;
                if (app->levels->blocks[i].rms > 0.0f) {
                        silent = 0;
                        last = app->levels->blocks[i].usec - start;
                }
        }
        return last;
}

void world_stays_silent(struct world *world, struct world_app *app, unsigned blocks)
{
        unsigned from = world_blocks(app);

        world_pump(world, world_blocks(app) >= from + blocks);
        for (unsigned i = from; i < from + blocks; i++)
                ck_assert_msg(app->levels->blocks[i].rms <= 0.0f, "level %f in block %u of %u",
                              (double)app->levels->blocks[i].rms, i - from, blocks);
}

unsigned world_silent_blocks(const struct world_app *app, unsigned since)
{
        unsigned silent = 0;

        for (unsigned i = since; i < world_blocks(app); i++) {
                if (app->levels->blocks[i].rms < WORLD_SOUND)
                        silent++;
        }
        return silent;
}

void world_went_on(const struct world_app *app, unsigned since)
{
        unsigned silent = world_silent_blocks(app, since);

        if (silent > 0)
                printf("%u of %u blocks were lost\n", silent, world_blocks(app) - since);
        ck_assert_msg(silent <= STALL_BLOCKS, "%u of %u blocks were silent", silent,
                      world_blocks(app) - since);
}
