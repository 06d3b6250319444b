/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers in a sandbox: what may they do, and what if they try to be somebody else? */
#include "load.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* "NAME ok" or "NAME ERROR". */
static bool tell(const char *what, int r, sd_bus_error *error)
{
        say("%s %s", what, r >= 0 ? "ok" : error->name);
        sd_bus_error_free(error);
        return r >= 0;
}

static bool may_get(sd_bus *bus, const char *what, const char *path, const char *interface,
                    const char *property)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus, NAME, path, PROPERTIES, "Get", &error, NULL, "ss",
                                   interface, property);

        return tell(what, r, &error);
}

static bool may_call(sd_bus *bus, const char *what, const char *path, const char *interface,
                     const char *member)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus, NAME, path, interface, member, &error, NULL, NULL);

        return tell(what, r, &error);
}

static bool may_register(sd_bus *bus, const char *what, const char *identifier)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus, NAME, ROOT, MANAGER, "RegisterProvider", &error, NULL,
                                   "a{sv}", 1, "Identifier", "s", identifier);

        return tell(what, r, &error);
}

/* How many properties of a foreign call everybody is told. */
static void count_properties(sd_bus *bus, const char *path)
{
        sd_bus_message *reply = NULL;
        unsigned n = 0;

        check(sd_bus_call_method(bus, NAME, path, PROPERTIES, "GetAll", NULL, &reply, "s", CALL),
              "GetAll");
        check(sd_bus_message_enter_container(reply, 'a', "{sv}"), "GetAll");
        while (sd_bus_message_skip(reply, "{sv}") > 0 && ++n)
                if (sd_bus_message_at_end(reply, false) > 0)
                        break;
        say("foreign-properties %u", n);
        sd_bus_message_unref(reply);
}

static void try_foreign_call(sd_bus *bus, const char *path)
{
        may_get(bus, "foreign-state", path, CALL, "State");
        may_get(bus, "foreign-handle", path, CALL, "RemoteHandle");
        may_call(bus, "foreign-details", path, CALL, "GetDetails");
        count_properties(bus, path);
        may_get(bus, "foreign-provider", ROOT "/provider/p1", "org.callsd.ProviderInfo1",
                "Identifier");
        may_call(bus, "foreign-calls", ROOT "/provider/p1", PROVIDER, "GetCalls");
        may_call(bus, "foreign-answer", path, CALL, "Answer");
}

int run_probe(const char *identifier, const char *foreign_call)
{
        sd_bus *bus = connect_bus();
        char uuid[UUID_SIZE], path[PATH_SIZE], *provider;

        may_get(bus, "public", ROOT, MANAGER, "InCall");
        may_get(bus, "private", ROOT, MANAGER, "DefaultProviders");
        may_call(bus, "pending-actions", ROOT, MANAGER, "ListPendingActions");
        may_register(bus, "register-other", "org.example.SomebodyElse");
        may_register(bus, "register-part", "org.example");
        if (may_register(bus, "register-own", identifier)) {
                provider = register_provider(bus, identifier);
                check(report_incoming(bus, provider, make_uuid(1, uuid), NULL, NULL), "a call");
                may_call(bus, "own-details", call_path(uuid, path), CALL, "GetDetails");
                free(provider);
        }
        try_foreign_call(bus, foreign_call);
        say("done");
        sd_bus_close_unref(bus);
        return 0;
}

/* ---- one who wants to be taken for another ---- */

/* The kernel tells the bus who called connect(), not who speaks. */
static pid_t connect_as_another(int fd)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *path = strstr(getenv("DBUS_SESSION_BUS_ADDRESS"), "unix:path=");
        int pair[2];
        char byte = 'n';
        pid_t pid;

        check(path ? 0 : -EINVAL, "the bus's address");
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path + strlen("unix:path="));
        check(pipe(pair), "a pipe");
        pid = fork();
        check(pid, "fork");
        if (pid == 0) {
                byte = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 'y' : 'n';
                if (write(pair[1], &byte, 1) == 1)
                        pause();
                _exit(0);
        }
        check(read(pair[0], &byte, 1) == 1 && byte == 'y' ? 0 : -ECONNREFUSED, "connect");
        return pid;
}

static sd_bus *say_hello(int fd)
{
        const char *name;
        sd_bus *bus = NULL;

        check(sd_bus_new(&bus), "sd_bus_new");
        check(sd_bus_set_fd(bus, fd, fd), "sd_bus_set_fd");
        check(sd_bus_set_bus_client(bus, true), "sd_bus_set_bus_client");
        check(sd_bus_start(bus), "the bus");
        check(sd_bus_get_unique_name(bus, &name), "the name");
        say("name %s", name);
        return bus;
}

/*
 * Another process connects for us. On "leave" it ends, and its number is free for anybody; on
 * "hello" we speak to the bus for the first time; on "ask" we want to know what is private.
 */
int run_heir(void)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pid_t pid = connect_as_another(fd);
        sd_bus *bus = NULL;
        char line[64];

        say("ready %d", (int)pid);
        while (fgets(line, sizeof(line), stdin)) {
                if (strcmp(line, "leave\n") == 0) {
                        kill(pid, SIGKILL);
                        waitpid(pid, NULL, 0);
                        say("left");
                } else if (strcmp(line, "hello\n") == 0) {
                        bus = say_hello(fd);
                } else if (bus) {
                        may_get(bus, "private", ROOT, MANAGER, "DefaultProviders");
                }
        }
        kill(pid, SIGKILL);
        sd_bus_close_unref(bus);
        return 0;
}

/* A process of that number, if nobody has it. */
int run_namesake(pid_t pid)
{
        pid_t wanted = pid;
        struct clone_args arguments = {
                .exit_signal = SIGCHLD,
                .set_tid = (uintptr_t)&wanted,
                .set_tid_size = 1,
        };
        long child = syscall(SYS_clone3, &arguments, sizeof(arguments));

        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                pause();
                _exit(0);
        }
        if (child < 0) {
                say("refused %s", strerror(errno));
                return 0;
        }
        say("ready");
        while (getchar() != EOF)
                ;
        kill(wanted, SIGKILL);
        return 0;
}
