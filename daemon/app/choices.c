/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's choices of apps: a file that is read at the start and written by a thread. */
#include "app/choices.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "store/small-file.h"
#include "util/cleanup.h"
#include "util/log.h"

#define FILE_NAME "default-providers"
#define SYSTEM_DIRECTORY "/var/lib/callsd"
#define SIZE_MAX_READ ((size_t)256 * 1024)
#define HEADING "# Which app places a call that none was named for; see callsctl default.\n"

struct choices_job {
        char *path, *text;
        bool keep;
        int finished;
        int result;
};

static struct choices_job *job_free(struct choices_job *job)
{
        if (!job)
                return NULL;
        free(job->path);
        free(job->text);
        free(job);
        return NULL;
}

DEFINE_CLEANUP(struct choices_job *, job_free);

/* ---- text ---- */

static char *make_text(const struct engine *engine)
{
        const char *key, *identifier;
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);
        int r;

        if (!file)
                return NULL;
        fputs(HEADING, file);
        for (size_t i = 0; engine_default_provider(engine, i, &key, &identifier); i++)
                fprintf(file, "%s=%s\n", key, identifier);
        r = ferror(file);
        if (fclose(file) == 0 && r == 0)
                return text;
        free(text);
        return NULL;
}

static void read_line(struct choices *choices, struct instant now, char *line, unsigned number)
{
        char *equals = strchr(line, '=');
        int r;

        if (line[0] == '\0' || line[0] == '#')
                return;
        if (equals) {
                *equals = '\0';
                r = engine_restore_default_provider(choices->engine, now, line, equals + 1);
                if (r == 0)
                        return;
                *equals = '=';
        }
        log_warning("%s:%u: \"%.300s\" is not KIND=IDENTIFIER, such as tel=org.example.Phone; the "
                    "line does not count. The file is kept as %s.old when a choice is made",
                    choices->path, number, line, choices->path);
        choices->keep = true;
}

static void read_text(struct choices *choices, struct instant now, char *text)
{
        unsigned number = 1;

        for (char *line = text, *next; line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                read_line(choices, now, line, number++);
        }
}

/* ---- writing ---- */

static void *work(void *userdata)
{
        struct choices_job *job = userdata;

        job->result = small_file_write(job->path, job->text, job->keep);
        (void)eventfd_write(job->finished, 1);
        return NULL;
}

static void take_result(struct choices *choices)
{
        struct choices_job *job = choices->job;

        choices->job = NULL;
        free(choices->text);
        choices->text = job->result == 0 ? take_ptr(job->text) : NULL;
        if (job->result == 0)
                choices->keep = false;
        if (job->result < 0 && !choices->failing)
                log_error("Which apps are chosen cannot be kept in %s: %s. The choices last until "
                          "this machine is started again",
                          job->path, strerror(-job->result));
        choices->failing = job->result < 0;
        job_free(job);
}

static int make_job(const struct choices *choices, char *text, struct choices_job **ret_job)
{
        cleanup_(job_freep) struct choices_job *job = calloc(1, sizeof(*job));

        if (!job) {
                free(text);
                return -ENOMEM;
        }
        job->text = text;
        job->path = strdup(choices->path);
        job->keep = choices->keep;
        job->finished = choices->finished;
        if (!job->path)
                return -ENOMEM;
        *ret_job = take_ptr(job);
        return 0;
}

static int begin_writing(struct choices *choices, char *text)
{
        int r = make_job(choices, text, &choices->job);

        if (r < 0)
                return r;
        r = pthread_create(&choices->thread, NULL, work, choices->job);
        if (r != 0)
                choices->job = job_free(choices->job);
        return -r;
}

/* A failure is tried again with the next change, and at the next start. */
void choices_changed(struct choices *choices)
{
        char *text;
        int r = 0;

        if (!choices->path || choices->job)
                return;
        text = make_text(choices->engine);
        if (text && choices->text && streq(text, choices->text))
                free(text);
        else
                r = text ? begin_writing(choices, text) : -ENOMEM;
        if (r < 0)
                log_error("Which apps are chosen cannot be kept now: %s", strerror(-r));
}

static int on_finished(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct choices *choices = userdata;
        eventfd_t ignored;
        bool failed;

        (void)source, (void)events;
        (void)eventfd_read(fd, &ignored);
        if (!choices->job)
                return 0;
        pthread_join(choices->thread, NULL);
        take_result(choices);
        failed = choices->failing;
        if (!failed)
                choices_changed(choices); /* there may have been changes meanwhile */
        return 0;
}

/* ---- life ---- */

static int find_path(const char *directory, bool system, char **ret_path)
{
        const char *state = getenv(system ? "STATE_DIRECTORY" : "XDG_STATE_HOME");
        const char *home = getenv("HOME");
        int r;

        if (directory)
                r = asprintf(ret_path, "%s/" FILE_NAME, directory);
        else if (system)
                r = asprintf(ret_path, "%.*s/" FILE_NAME,
                             (int)strcspn(state && *state ? state : SYSTEM_DIRECTORY, ":"),
                             state && *state ? state : SYSTEM_DIRECTORY);
        else if (state && *state == '/')
                r = asprintf(ret_path, "%s/callsd/" FILE_NAME, state);
        else if (home && *home == '/')
                r = asprintf(ret_path, "%s/.local/state/callsd/" FILE_NAME, home);
        else
                return -ENOENT;
        if (r >= 0)
                return 0;
        *ret_path = NULL;
        return -ENOMEM;
}

static void load(struct choices *choices, struct instant now, bool restored)
{
        cleanup_(freep) char *text = NULL;
        int r = small_file_read(choices->path, SIZE_MAX_READ, &text);

        if (r < 0 && r != -ENOENT) {
                log_error("Which apps are chosen cannot be read from %s: %s. The file is kept as "
                          "%s.old when a choice is made",
                          choices->path, strerror(-r), choices->path);
                choices->keep = true;
        }
        if (text && !restored) {
                choices->text = strdup(text);
                read_text(choices, now, text);
        } else {
                choices->text = take_ptr(text);
        }
}

static bool has_choices(const struct choices *choices)
{
        const char *key, *identifier;

        return engine_default_provider(choices->engine, 0, &key, &identifier);
}

int choices_init(struct choices *choices, sd_event *event, struct engine *engine,
                 struct instant now, const char *directory, bool system, bool restored)
{
        int r;

        *choices = (struct choices){.engine = engine, .finished = -1};
        r = find_path(directory, system, &choices->path);
        if (r == -ENOENT) {
                log_warning("Neither XDG_STATE_HOME nor HOME says where choices of apps can be "
                            "kept; they last until this machine is started again");
                return 0;
        }
        if (r < 0)
                return r;
        choices->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (choices->finished < 0)
                return -errno;
        r = sd_event_add_io(event, &choices->source, choices->finished, EPOLLIN, on_finished,
                            choices);
        if (r < 0)
                return r;
        load(choices, now, restored);
        /* killed before the file was written, or could not write it; or somebody else did */
        if (restored && (choices->text || has_choices(choices))) {
                choices->keep = true;
                choices_changed(choices);
        }
        return 0;
}

void choices_done(struct choices *choices)
{
        cleanup_(freep) char *text = NULL;

        if (choices->job) {
                pthread_join(choices->thread, NULL);
                take_result(choices);
                text = make_text(choices->engine);
                if (text && choices->text && !streq(text, choices->text))
                        (void)small_file_write(choices->path, text, false);
        }
        sd_event_source_disable_unref(choices->source);
        if (choices->finished >= 0)
                close(choices->finished);
        free(choices->path);
        free(choices->text);
        *choices = (struct choices){.finished = -1};
}
