/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop of check-provider: one turn at a time, so that a check reads from top to bottom.
 *
 * It is stopped by a signal, by a call of another app (a real call is never touched), and by a bus
 * that goes. What remains to be done then is to end the calls that are ours.
 */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Nothing more comes of what was ordered when the app has been silent for so long. */
#define QUIET (60 * MSEC)
#define QUIET_MAX (2 * SEC)

uint64_t monotonic_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t deadline_in(uint64_t usec)
{
        return monotonic_now() + usec;
}

/* How long one step may take. */
uint64_t patience(const struct check *check)
{
        return check->options->patience_usec;
}

/* The first reason counts. */
void check_stop(struct check *check, const char *format, ...)
{
        va_list arguments;

        if (check->stopped_by)
                return;
        va_start(arguments, format);
        if (vasprintf(&check->stopped_by, format, arguments) < 0)
                check->stopped_by = strdup("out of memory");
        va_end(arguments);
}

/* False when there is no more time, or nothing more to wait for. */
bool check_turn(struct check *check, uint64_t deadline)
{
        uint64_t now = monotonic_now();

        if ((check->stopped_by && !check->over) || now >= deadline)
                return false;
        if (!sd_bus_is_open(check->ctl->bus) || sd_event_run(check->event, deadline - now) < 0) {
                check_stop(check, "the bus is gone");
                return false;
        }
        calls_identify(check);
        return true;
}

/* For what nobody announces: the loop runs for a while. False at the deadline. */
bool check_pause(struct check *check, uint64_t usec, uint64_t deadline)
{
        uint64_t until = deadline_in(usec);

        while (check_turn(check, until < deadline ? until : deadline))
                ;
        return monotonic_now() < deadline && !check->stopped_by;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        (void)source;
        check_stop(userdata, "%s", strsignal((int)info->ssi_signo));
        return 0;
}

static int on_pong(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        bool *answered = userdata;

        (void)reply, (void)error;
        *answered = true;
        return 0;
}

struct answer {
        bool done;
        sd_bus_message *message;
};

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct answer *answer = userdata;

        (void)error;
        answer->done = true;
        answer->message = sd_bus_message_ref(reply);
        return 0;
}

static int read_answer(const struct answer *answer, sd_bus_error *error, json_t **ret_arguments)
{
        if (!answer->message)
                return -ETIMEDOUT;
        if (sd_bus_message_is_method_error(answer->message, NULL))
                return sd_bus_error_copy(error, sd_bus_message_get_error(answer->message));
        return message_to_json(answer->message, ret_arguments);
}

/* RequestTransaction; the monitor is served while it is under way, or times would be wrong. */
int check_request(struct check *check, order_fn append, const void *userdata, sd_bus_error *error,
                  json_t **ret_arguments)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        uint64_t deadline = deadline_in(10 * SEC);
        struct answer answer = {0};
        sd_bus_slot *slot = NULL;
        int r;

        check->asked_at = monotonic_now();
        r = sd_bus_message_new_method_call(check->ctl->bus, &message, CALLSD_NAME, CALLSD_PATH,
                                           MANAGER_INTERFACE, "RequestTransaction");
        if (r >= 0)
                r = append(message, userdata);
        if (r >= 0)
                r = sd_bus_call_async(check->ctl->bus, &slot, message, on_answer, &answer, 0);
        while (r >= 0 && !answer.done && check_turn(check, deadline))
                ;
        sd_bus_slot_unref(slot);
        if (r >= 0)
                r = read_answer(&answer, error, ret_arguments);
        sd_bus_message_unref(answer.message);
        return r;
}

/* Whoever answers this has read all that was sent before. Returns the cookie, 0 if nobody does. */
static uint64_t ping(struct check *check, const char *name, uint64_t timeout)
{
        uint64_t deadline = deadline_in(timeout), cookie = 0;
        _cleanup_message_ sd_bus_message *message = NULL;
        sd_bus_slot *slot = NULL;
        bool answered = false;

        if (sd_bus_message_new_method_call(check->ctl->bus, &message, name, "/",
                                           "org.freedesktop.DBus.Peer", "Ping") < 0 ||
            sd_bus_message_set_auto_start(message, false) < 0 ||
            sd_bus_call_async(check->ctl->bus, &slot, message, on_pong, &answered, 0) < 0 ||
            sd_bus_message_get_cookie(message, &cookie) < 0)
                answered = true;
        while (!answered && check_turn(check, deadline))
                ;
        sd_bus_slot_unref(slot);
        return cookie;
}

/* Afterwards all that the app and callsd have said so far is known. */
void check_settle(struct check *check)
{
        uint64_t deadline, cookie;

        if (check->peer && check->pid == 0)
                (void)ping(check, check->peer, SEC);
        cookie = ping(check, CALLSD_NAME, 5 * SEC);
        deadline = deadline_in(5 * SEC);
        while (check->monitor && cookie > 0 && check->pong < cookie && check_turn(check, deadline))
                ;
}

/* And of what was ordered so far no more comes. */
void check_quiet(struct check *check)
{
        uint64_t deadline = deadline_in(QUIET_MAX), began = monotonic_now();

        check_settle(check);
        if (check->quiet_at > check->heard_at && check->quiet_at > check->asked_at)
                return;
        for (;;) {
                uint64_t last = check->heard_at > began ? check->heard_at : began;
                uint64_t until = last + QUIET < deadline ? last + QUIET : deadline;

                if (!check_turn(check, until))
                        break;
        }
        check->quiet_at = monotonic_now();
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct check *check = userdata;
        const char *name, *old_owner, *new_owner;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;
        free(check->callsd);
        check->callsd = *new_owner != '\0' ? strdup(new_owner) : NULL;
        return 0;
}

static int find_callsd(struct check *check)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *name;
        int r;

        r = sd_bus_add_match(check->ctl->bus, NULL,
                             "type='signal',sender='org.freedesktop.DBus',"
                             "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                             "arg0='org.callsd'",
                             on_owner, check);
        if (r >= 0)
                r = sd_bus_call_method(check->ctl->bus, "org.freedesktop.DBus",
                                       "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                       "GetNameOwner", &error, &reply, "s", CALLSD_NAME);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &name);
        if (r >= 0)
                check->callsd = strdup(name);
        return r < 0 ? r : 0;
}

int check_open(struct check *check)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        sigset_t mask;
        int r;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
                sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        r = sd_event_new(&check->event);
        for (size_t i = 0; r >= 0 && i < sizeof(signals) / sizeof(*signals); i++)
                r = sd_event_add_signal(check->event, NULL, signals[i], on_signal, check);
        if (r >= 0)
                r = sd_bus_attach_event(check->ctl->bus, check->event, 0);
        if (r >= 0)
                r = find_callsd(check);
        if (r >= 0)
                r = calls_watch(check);
        return r < 0 ? r : watch_open(check);
}

void check_close(struct check *check)
{
        check->over = true;
        process_continue(check);
        if (check->event) {
                calls_clear(check);
                commands_end(check);
                (void)sd_bus_detach_event(check->ctl->bus);
        }
        watch_close(check);
        commands_free(check);
        calls_free(check);
        sd_event_unref(check->event);
        json_decref(check->results);
        json_decref(check->provider);
        for (size_t i = 0; i < RULE_MAX_; i++)
                free(check->faults[i].text);
        free(check->path);
        free(check->callsd);
        free(check->peer);
        free(check->stopped_by);
}
