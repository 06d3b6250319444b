/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The far end, which is a command of whoever runs the checks, and the app's process, which is
 * stopped to make it late.
 *
 * A command may live as long as its call does; it is ended with the call, and whatever it started
 * with it. A stopped process is let go on whatever happens.
 */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

struct command {
        struct command *next;
        pid_t pid;
        sd_event_source *child;
        bool running;
        int status;
};

static int on_exit_of(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        struct command *command = userdata;

        (void)source;
        command->running = false;
        command->status = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
        return 0;
}

/* What it prints goes to where we complain, so that it does not mix with the table. */
static int spawn(const char *text, pid_t *ret_pid)
{
        char *const arguments[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                                   (char *)(uintptr_t)text, NULL};
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        sigemptyset(&none);
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", 0, 0);
        posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        r = posix_spawn(ret_pid, "/bin/sh", &files, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return -r;
}

/* Whether the last one has ended and says so. */
bool command_failed(const struct check *check)
{
        return check->commands && !check->commands->running && check->commands->status != 0;
}

/* What did not come about may be the command's fault, and not the app's. */
void command_blame(const struct check *check, struct row *row, const char *text)
{
        if (command_failed(check))
                row_fail(row, "see that the command works; its messages are above",
                         "'%s' ended with status %d", text, check->commands->status);
}

/* False, and the row has failed, where it can't be run. */
bool command_run(struct check *check, struct row *row, const char *text,
                 const struct test_call *call)
{
        struct command *command = calloc(1, sizeof(*command));
        int r = -ENOMEM;

        if (call)
                setenv("CALLSD_CHECK_CALL", call->uuid, 1);
        setenv("CALLSD_CHECK_PROVIDER", check->identifier, 1);
        if (command)
                r = spawn(text, &command->pid);
        if (r >= 0)
                r = sd_event_add_child(check->event, &command->child, command->pid, WEXITED,
                                       on_exit_of, command);
        if (r < 0) {
                row_fail(row, NULL, "'%s' could not be run: %s", text, strerror(-r));
                free(command);
                return false;
        }
        command->running = true;
        command->next = check->commands;
        check->commands = command;
        return true;
}

static bool any_running(const struct check *check)
{
        for (const struct command *command = check->commands; command; command = command->next)
                if (command->running)
                        return true;
        return false;
}

/* All of its group: the shell may have children. */
static void signal_all(const struct check *check, int number)
{
        for (const struct command *command = check->commands; command; command = command->next)
                if (command->running)
                        (void)kill(-command->pid, number);
}

void commands_end(struct check *check)
{
        uint64_t deadline = deadline_in(SEC);

        signal_all(check, SIGTERM);
        while (any_running(check) && check_turn(check, deadline))
                ;
        signal_all(check, SIGKILL);
        deadline = deadline_in(SEC);
        while (any_running(check) && check_turn(check, deadline))
                ;
}

void commands_free(struct check *check)
{
        struct command *command;

        while ((command = check->commands)) {
                check->commands = command->next;
                sd_event_source_disable_unref(command->child);
                free(command);
        }
}

/* ---- the app's process ---- */

static int ask_bus(struct check *check, const char *member, uint32_t *ret_number)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_call_method(check->ctl->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", member, &error, &reply, "s", check->peer);
        return r < 0 ? r : sd_bus_message_read(reply, "u", ret_number);
}

/* Only a process of our own user, and the one that has the connection now. */
bool process_stop(struct check *check, struct row *row)
{
        uint32_t user = 0, pid = 0;
        char path[64];
        struct stat found;

        if (!check->peer) {
                row_not_seen(row, "the bus lets nobody watch it, so the app's process is unknown");
                return false;
        }
        if (ask_bus(check, "GetConnectionUnixUser", &user) < 0 ||
            ask_bus(check, "GetConnectionUnixProcessID", &pid) < 0 || user != getuid()) {
                row_skip(row, "the app's process can't be stopped: it is not this user's");
                return false;
        }
        snprintf(path, sizeof(path), "/proc/%u", pid);
        if (pid <= 1 || stat(path, &found) < 0 || found.st_uid != getuid() ||
            kill((pid_t)pid, SIGSTOP) < 0) {
                row_skip(row, "the app's process %u can't be stopped", pid);
                return false;
        }
        check->pid = (pid_t)pid;
        check->provoked = true;
        return true;
}

void process_continue(struct check *check)
{
        if (check->pid > 0)
                (void)kill(check->pid, SIGCONT);
        check->pid = 0;
}
