/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dial --ask: for a person who has followed a link and sees no terminal. Notifications ask before a
 * call is placed, as telephones do, and say what went wrong.
 *
 * Whoever made the link decides what is in it, and a browser that was told "always" asks nobody;
 * so without anybody to ask nothing is dialled. This is the desktop's matter: it is the session bus
 * whatever bus the calls are on.
 */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define PATIENCE_USEC (120 * UINT64_C(1000000))
#define ICON "call-start"

struct question {
        uint32_t id;
        char server[256]; /* who asks for us; signals of others mean nothing */
        bool closed;
        bool yes;
};

static void bus_cleanup(sd_bus **bus)
{
        sd_bus_flush_close_unref(*bus);
}

#define _cleanup_bus_ __attribute__((cleanup(bus_cleanup)))

/* The body of a notification is markup for most servers. */
static char *escape(const char *text)
{
        char *escaped = malloc(strlen(text) * strlen("&amp;") + 1), *to = escaped;

        for (; escaped && *text != '\0'; text++) {
                switch (*text) {
                case '&':
                        to = stpcpy(to, "&amp;");
                        break;
                case '<':
                        to = stpcpy(to, "&lt;");
                        break;
                case '>':
                        to = stpcpy(to, "&gt;");
                        break;
                default:
                        *to++ = *text;
                }
        }
        if (escaped)
                *to = '\0';
        return escaped;
}

static int notify(sd_bus *bus, const char *title, const char *text, bool ask,
                  sd_bus_message **ret_reply)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &message, NAME, PATH, NAME, "Notify");
        if (r >= 0)
                r = sd_bus_message_append(message, "susss", "callsd", 0, ICON, title, text);
        if (r >= 0 && ask)
                r = sd_bus_message_append(message, "as", 4, "call", "Call", "cancel", "Cancel");
        else if (r >= 0)
                r = sd_bus_message_append(message, "as", 0);
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}i", 2, "category", "s", "call",
                                          "desktop-entry", "s", "org.callsd.Dial", ask ? 0 : -1);
        return r < 0 ? r : sd_bus_call(bus, message, 0, NULL, ret_reply);
}

/* Bad news; where nobody shows them, standard error has them all the same. */
void ask_tell(const char *message, const char *advice)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        char *text = NULL, *escaped = NULL;

        if (asprintf(&text, "%s%s%s", message, advice ? "\n" : "", advice ? advice : "") < 0)
                return;
        escaped = escape(text);
        if (escaped && sd_bus_open_user(&bus) >= 0)
                (void)notify(bus, "The call could not be placed", escaped, false, NULL);
        free(escaped);
        free(text);
}

static int can_ask(sd_bus *bus)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *capability;
        bool found = false;
        int r;

        r = sd_bus_call_method(bus, NAME, PATH, NAME, "GetCapabilities", NULL, &reply, NULL);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(reply, 's', &capability)) > 0)
                found = found || strcmp(capability, "actions") == 0;
        return r < 0 ? r : found ? 0 : -EOPNOTSUPP;
}

static bool is_about(const struct question *question, sd_bus_message *message, uint32_t id)
{
        const char *sender = sd_bus_message_get_sender(message);

        return id == question->id && sender && strcmp(sender, question->server) == 0;
}

static int on_action(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct question *question = userdata;
        const char *action;
        uint32_t id;

        (void)error;
        if (sd_bus_message_read(message, "us", &id, &action) >= 0 &&
            is_about(question, message, id)) {
                question->closed = true;
                question->yes = strcmp(action, "call") == 0;
        }
        return 0;
}

static int on_closed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct question *question = userdata;
        uint32_t id, reason;

        (void)error;
        if (sd_bus_message_read(message, "uu", &id, &reason) >= 0 &&
            is_about(question, message, id))
                question->closed = true;
        return 0;
}

static int put_question(sd_bus *bus, const char *handle, struct question *question)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        char title[600];
        int r;

        snprintf(title, sizeof(title), "Call %s?", handle);
        r = can_ask(bus);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NULL, PATH, NAME, "ActionInvoked", on_action,
                                        question);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NULL, PATH, NAME, "NotificationClosed",
                                        on_closed, question);
        if (r >= 0)
                r = notify(bus, title, "A link asks for this call.", true, &reply);
        if (r >= 0)
                r = sd_bus_message_read_basic(reply, 'u', &question->id);
        if (r >= 0)
                snprintf(question->server, sizeof(question->server), "%s",
                         sd_bus_message_get_sender(reply));
        return r;
}

static void wait_for_answer(sd_bus *bus, struct question *question)
{
        uint64_t now = boottime_now(), end = now + PATIENCE_USEC;
        int r = 0;

        while (!question->closed && r >= 0 && (now = boottime_now()) < end) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, end - now);
        }
        if (!question->yes)
                (void)sd_bus_call_method(bus, NAME, PATH, NAME, "CloseNotification", NULL, NULL,
                                         "u", question->id);
}

/* Whether to go on: STATUS_OK where the user said so. */
int ask_call(const struct ctl *ctl, const char *handle)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        struct question question = {0};
        int r;

        r = sd_bus_open_user(&bus);
        if (r >= 0)
                r = put_question(bus, handle, &question);
        if (r < 0)
                return ctl_fail(ctl, STATUS_FAILED,
                                "no notification with buttons can be shown to ask whether to call "
                                "%s (%s), so nothing was dialled; type: callsctl dial '%s'",
                                handle, strerror(-r), handle);
        wait_for_answer(bus, &question);
        if (!question.yes)
                fprintf(stderr, "callsctl: not called\n");
        return question.yes ? STATUS_OK : STATUS_FAILED;
}
