/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that put load on callsd, or measure it under load. */
#ifndef CALLSD_TESTS_LOAD_LOAD_H
#define CALLSD_TESTS_LOAD_LOAD_H

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define NAME "org.callsd"
#define ROOT "/org/callsd"
#define MANAGER "org.callsd.Manager1"
#define PROVIDER "org.callsd.Provider1"
#define CALL "org.callsd.Call1"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* Prints what failed and ends the process, if `r` is negative. */
void check(int r, const char *what);

uint64_t now_usec(void);

/* A connection of its own to the session bus. */
sd_bus *connect_bus(void);

/* Registers a provider, and waits for the answer: its path, to be freed. */
char *register_provider(sd_bus *bus, const char *identifier);

/* The n-th UUID of this process. */
#define UUID_SIZE 37
const char *make_uuid(unsigned n, char *uuid);
#define PATH_SIZE 64
const char *call_path(const char *uuid, char *path);

/* Asks callsd to let `uuid` ring; `fn` NULL: waits for the answer. */
int report_incoming(sd_bus *bus, const char *provider, const char *uuid,
                    sd_bus_message_handler_t fn, void *userdata);

/* One line for the test, at once. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- what this program can be; each never returns, or returns the exit status ---- */

int run_pace(void);
int run_flood(unsigned n, const char *what, int reads);
int run_churn(unsigned n);
int run_crowd(unsigned n);
int run_observer(void);
int run_provider(const char *identifier);
int run_turnover(unsigned n);
int run_probe(const char *identifier, const char *foreign_call);
int run_heir(void);
int run_namesake(pid_t pid);

#endif
