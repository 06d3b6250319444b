/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection that sees what callsd and the app under test say to each other.
 *
 * A monitor gets all messages of the bus, answers among them, so that it is known what callsd made
 * of what the app said. Session buses allow it to their user; where it is refused, the checks that
 * live on it say that they saw nothing.
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define APP_INTERFACE "org.callsd.Provider1"

/* What the app asked or said, until it is answered. */
struct question {
        struct question *next;
        uint64_t cookie;
        uint64_t at;
        char *sender;
        char *member;
        json_t *arguments;
};

static void question_free(struct question *question)
{
        free(question->sender);
        free(question->member);
        json_decref(question->arguments);
        free(question);
}

struct order *order_find(const struct check *check, const char *action)
{
        struct order *order = check->orders;

        while (order && strcasecmp(order->action, action) != 0)
                order = order->next;
        return order;
}

/* The app's connection may be a new one: it was started again. */
static void learn_peer(struct check *check, const char *name)
{
        if (!name || (check->peer && strcmp(check->peer, name) == 0))
                return;
        free(check->peer);
        check->peer = strdup(name);
        check->peer_lost = false;
}

static bool is_peer(const struct check *check, const char *name)
{
        return check->peer && name && strcmp(check->peer, name) == 0;
}

static const char *at(const json_t *arguments, size_t index)
{
        const char *text = json_string_value(json_array_get(arguments, index));

        return text ? text : "";
}

static void note_order(struct check *check, const json_t *action, size_t index)
{
        struct order *order = order_find(check, at(action, 0));

        if (!order) {
                order = calloc(1, sizeof(*order));
                if (!order)
                        return;
                order->part = check->n_parts;
                order->index = (unsigned)index;
                snprintf(order->action, sizeof(order->action), "%s", at(action, 0));
                snprintf(order->type, sizeof(order->type), "%s", at(action, 1));
                snprintf(order->call, sizeof(order->call), "%s",
                         text_of(json_array_get(action, 2), "Call"));
                order->delivered_at = monotonic_now();
                order->next = check->orders;
                check->orders = order;
                if (strcmp(order->type, "start-call") == 0)
                        (void)call_note(check, order->call);
        }
}

static void on_told(struct check *check, const char *member, const json_t *arguments)
{
        const json_t *actions = json_array_get(arguments, 1);

        check->n_parts++;
        if (strcmp(member, "PerformTransaction") == 0)
                for (size_t i = 0; i < json_array_size(actions); i++)
                        note_order(check, json_array_get(actions, i), i);
        else
                judge_told(check, member, arguments);
}

static bool registers_us(const struct check *check, sd_bus_message *message,
                         const json_t *arguments)
{
        return sd_bus_message_is_method_call(message, MANAGER_INTERFACE, "RegisterProvider") &&
               strcmp(text_of(json_array_get(arguments, 0), "Identifier"), check->identifier) == 0;
}

static void on_method_call(struct check *check, sd_bus_message *message)
{
        const char *path = sd_bus_message_get_path(message);
        const char *interface = sd_bus_message_get_interface(message);
        const char *sender = sd_bus_message_get_sender(message);
        _cleanup_json_ json_t *arguments = NULL;
        struct question *question;

        if (!path || !interface || !sender || strncmp(interface, "org.callsd.", 11) != 0 ||
            message_to_json(message, &arguments) < 0)
                return;
        if (registers_us(check, message, arguments)) {
                learn_peer(check, sender);
                check->n_registered++;
        } else if (!check->peer && strcmp(interface, APP_INTERFACE) == 0 &&
                   strcmp(path, check->path) == 0) {
                learn_peer(check, sender);
        }
        if (!is_peer(check, sender))
                return;
        check->heard_at = monotonic_now();
        judge_said(check, sd_bus_message_get_member(message), arguments);
        if (sd_bus_message_get_expect_reply(message) <= 0) {
                judge_unanswered(check, sd_bus_message_get_member(message), arguments,
                                 check->heard_at);
                return;
        }
        question = calloc(1, sizeof(*question));
        if (!question)
                return;
        question->at = check->heard_at;
        (void)sd_bus_message_get_cookie(message, &question->cookie);
        question->sender = strdup(sender);
        question->member = strdup(sd_bus_message_get_member(message));
        question->arguments = json_incref(arguments);
        question->next = check->questions;
        check->questions = question;
}

static struct question *take_question(struct check *check, const char *asker, uint64_t cookie)
{
        for (struct question **each = &check->questions; *each; each = &(*each)->next) {
                struct question *question = *each;

                if (question->cookie != cookie || !question->sender ||
                    strcmp(question->sender, asker) != 0)
                        continue;
                *each = question->next;
                return question;
        }
        return NULL;
}

static void on_reply(struct check *check, sd_bus_message *message)
{
        const char *asker = sd_bus_message_get_destination(message), *own = NULL;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        struct question *question;
        uint64_t cookie;

        if (!asker || sd_bus_message_get_reply_cookie(message, &cookie) < 0)
                return;
        (void)sd_bus_get_unique_name(check->ctl->bus, &own);
        if (own && strcmp(own, asker) == 0) {
                check->pong = cookie > check->pong ? cookie : check->pong;
                return;
        }
        question = take_question(check, asker, cookie);
        if (!question)
                return;
        judge_answered(check, question->member, question->arguments, question->at,
                       error ? error->name : NULL, error && error->message ? error->message : "");
        question_free(question);
}

/* Orders and the like go to the app alone; that a connection is gone goes to everybody. */
static void on_signal(struct check *check, sd_bus_message *message)
{
        const char *path = sd_bus_message_get_path(message);
        const char *interface = sd_bus_message_get_interface(message);
        _cleanup_json_ json_t *arguments = NULL;

        if (!path || !interface)
                return;
        if (strcmp(interface, APP_INTERFACE) == 0 && strcmp(path, check->path) == 0) {
                learn_peer(check, sd_bus_message_get_destination(message));
                if (message_to_json(message, &arguments) >= 0)
                        on_told(check, sd_bus_message_get_member(message), arguments);
        } else if (sd_bus_message_is_signal(message, "org.freedesktop.DBus", "NameOwnerChanged") &&
                   message_to_json(message, &arguments) >= 0 && is_peer(check, at(arguments, 0)) &&
                   *at(arguments, 2) == '\0' && !check->peer_lost) {
                check->peer_lost = true;
                judge_lost(check);
        }
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct check *check = userdata;
        uint8_t type = 0;

        (void)error;
        (void)sd_bus_message_get_type(message, &type);
        if (type == SD_BUS_MESSAGE_METHOD_CALL)
                on_method_call(check, message);
        else if (type == SD_BUS_MESSAGE_SIGNAL)
                on_signal(check, message);
        else
                on_reply(check, message);
        return 1;
}

static int connect_monitor(struct check *check, sd_bus **ret_bus)
{
        sd_bus *bus = NULL;
        const char *address;
        int r;

        r = sd_bus_get_address(check->ctl->bus, &address);
        if (r >= 0)
                r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_set_monitor(bus, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_unref(bus);
                return r;
        }
        *ret_bus = bus;
        return 0;
}

static int become_monitor(sd_bus *bus)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &message, "org.freedesktop.DBus",
                                           "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus.Monitoring", "BecomeMonitor");
        if (r >= 0)
                r = sd_bus_message_append(message, "asu", 0, 0);
        return r < 0 ? r : sd_bus_call(bus, message, 5 * SEC, &error, NULL);
}

/* That it is refused is no failure. */
int watch_open(struct check *check)
{
        sd_bus *bus;

        if (connect_monitor(check, &bus) < 0)
                return 0;
        if (become_monitor(bus) < 0 || sd_bus_add_filter(bus, NULL, on_message, check) < 0 ||
            sd_bus_attach_event(bus, check->event, SD_EVENT_PRIORITY_IMPORTANT) < 0) {
                sd_bus_flush_close_unref(bus);
                return 0;
        }
        check->monitor = bus;
        return 0;
}

void watch_close(struct check *check)
{
        struct question *question;
        struct order *order;

        if (check->monitor) {
                (void)sd_bus_detach_event(check->monitor);
                sd_bus_close_unref(check->monitor);
                check->monitor = NULL;
        }
        while ((question = check->questions)) {
                check->questions = question->next;
                question_free(question);
        }
        while ((order = check->orders)) {
                check->orders = order->next;
                free(order);
        }
}
