/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments in, one of the peers out; and what all of them need. */
#include "load.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void check(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "load: %s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

uint64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        putchar('\n');
        fflush(stdout);
}

sd_bus *connect_bus(void)
{
        sd_bus *bus = NULL;

        check(sd_bus_new(&bus), "sd_bus_new");
        check(sd_bus_set_address(bus, getenv("DBUS_SESSION_BUS_ADDRESS")), "the bus's address");
        check(sd_bus_set_bus_client(bus, true), "sd_bus_set_bus_client");
        check(sd_bus_start(bus), "the bus");
        return bus;
}

const char *make_uuid(unsigned n, char *uuid)
{
        snprintf(uuid, UUID_SIZE, "%08x-0000-4000-8000-%012x", n, (unsigned)getpid());
        return uuid;
}

const char *call_path(const char *uuid, char *path)
{
        snprintf(path, PATH_SIZE, ROOT "/call/%s", uuid);
        for (char *at = path; *at; at++)
                if (*at == '-')
                        *at = '_';
        return path;
}

char *register_provider(sd_bus *bus, const char *identifier)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        const char *path;
        char *copy;
        int r;

        r = sd_bus_call_method(bus, NAME, ROOT, MANAGER, "RegisterProvider", &error, &reply,
                               "a{sv}", 2, "Identifier", "s", identifier, "Audio", "s", "none");
        if (r < 0)
                fprintf(stderr, "load: %s\n", error.message);
        check(r, "RegisterProvider");
        check(sd_bus_message_read(reply, "o", &path), "the reply to RegisterProvider");
        copy = strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}

int report_incoming(sd_bus *bus, const char *provider, const char *uuid,
                    sd_bus_message_handler_t fn, void *userdata)
{
        if (!fn)
                return sd_bus_call_method(bus, NAME, provider, PROVIDER, "ReportNewIncomingCall",
                                          NULL, NULL, "sa{sv}", uuid, 2, "RemoteHandleType", "s",
                                          "generic", "RemoteHandle", "s", "sip:load@example.org");
        return sd_bus_call_method_async(bus, NULL, NAME, provider, PROVIDER,
                                        "ReportNewIncomingCall", fn, userdata, "sa{sv}", uuid, 2,
                                        "RemoteHandleType", "s", "generic", "RemoteHandle", "s",
                                        "sip:load@example.org");
}

int main(int argc, char **argv)
{
        const char *role = argc > 1 ? argv[1] : "";
        unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

        if (strcmp(role, "pace") == 0)
                return run_pace();
        if (strcmp(role, "observe") == 0)
                return run_observer();
        if (strcmp(role, "churn") == 0 && n > 0)
                return run_churn(n);
        if (strcmp(role, "crowd") == 0 && n > 0)
                return run_crowd(n);
        if (strcmp(role, "turnover") == 0 && n > 0)
                return run_turnover(n);
        if (strcmp(role, "provide") == 0 && argc > 2)
                return run_provider(argv[2]);
        if (strcmp(role, "probe") == 0 && argc == 4)
                return run_probe(argv[2], argv[3]);
        if (strcmp(role, "heir") == 0)
                return run_heir();
        if (strcmp(role, "namesake") == 0 && n > 0)
                return run_namesake((pid_t)n);
        if (strcmp(role, "flood") == 0 && argc == 5)
                return run_flood(n, argv[3], strcmp(argv[4], "read") == 0);
        fprintf(stderr, "usage: callsd-load pace | observe | provide IDENTIFIER | churn N |\n"
                        "       crowd N | turnover N | flood N get|list read|deaf |\n"
                        "       probe IDENTIFIER CALL | heir | namesake PID\n");
        return 2;
}
