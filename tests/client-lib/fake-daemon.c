/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A callsd that does as it is told. */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "client-lib/fake-daemon.h"
#include "client-lib/message-text.h"

#define PROVIDER "org.callsd.Provider1"
#define MANAGER "org.callsd.Manager1"

struct fake {
        sd_bus *bus;
        bool hang;
        char *refused_member, *refusal, *ignored, *kept, *wanted;
        char *said; /* by the last call */
        const char *answered;
        void (*answer)(sd_bus_message *reply);
        char trace[4096];
        char client[64], path[64];
        unsigned n_requests, n_actions;
        char actions[8][64]; /* types of the last request */
};

static void must(int r)
{
        ck_assert_msg(r >= 0, "%s", strerror(-r));
}

static void note(struct fake *fake, const char *format, ...)
{
        size_t length = strlen(fake->trace);
        va_list arguments;

        if (length > 0) {
                strcat(fake->trace, "; ");
                length += 2;
        }
        va_start(arguments, format);
        vsnprintf(fake->trace + length, sizeof(fake->trace) - length, format, arguments);
        va_end(arguments);
}

static void put_text(sd_bus_message *message, const char *key, const char *value)
{
        must(sd_bus_message_append(message, "{sv}", key, "s", value));
}

/* Appends the public properties of a call to an open a{sv}. */
static void put_public(sd_bus_message *message, const char *call, const char *state)
{
        put_text(message, "UUID", call);
        put_text(message, "State", state);
        must(sd_bus_message_append(message, "{sv}", "OnHold", "b", strcmp(state, "held") == 0));
        must(sd_bus_message_append(message, "{sv}", "HasEnded", "b", strcmp(state, "ended") == 0));
}

static void call_uuid(const char *letter, char uuid[CX_UUID_TEXT_SIZE])
{
        snprintf(uuid, CX_UUID_TEXT_SIZE, "%c0000000-0000-4000-8000-000000000000", letter[0]);
}

static void call_path(const char *letter, char path[64])
{
        snprintf(path, 64, "/org/callsd/call/%c0000000_0000_4000_8000_000000000000", letter[0]);
}

/* Each "a:active" of what is kept. */
#define FOREACH_KEPT(fake, copy, word, save)                                  \
        for (char *save = NULL, *copy = strdup(fake->kept ? fake->kept : ""), \
                  *word = strtok_r(copy, ",", &save);                         \
             word || (free(copy), false); word = strtok_r(NULL, ",", &save))

static void reply_register(struct fake *fake, sd_bus_message *call, sd_bus_message *reply)
{
        char uuid[CX_UUID_TEXT_SIZE];

        snprintf(fake->client, sizeof(fake->client), "%s", sd_bus_message_get_sender(call));
        must(sd_bus_message_append(reply, "o", fake->path));
        must(sd_bus_message_open_container(reply, 'a', "s"));
        FOREACH_KEPT(fake, copy, word, save)
        {
                call_uuid(word, uuid);
                must(sd_bus_message_append(reply, "s", uuid));
        }
        must(sd_bus_message_close_container(reply));
}

static void reply_calls(struct fake *fake, sd_bus_message *reply)
{
        char uuid[CX_UUID_TEXT_SIZE];

        must(sd_bus_message_open_container(reply, 'a', "a{sv}"));
        FOREACH_KEPT(fake, copy, word, save)
        {
                call_uuid(word, uuid);
                must(sd_bus_message_open_container(reply, 'a', "{sv}"));
                put_public(reply, uuid, strchr(word, ':') + 1);
                must(sd_bus_message_close_container(reply));
        }
        must(sd_bus_message_close_container(reply));
}

static void put_object(sd_bus_message *message, const char *letter, const char *state)
{
        char uuid[CX_UUID_TEXT_SIZE], path[64];

        call_uuid(letter, uuid);
        call_path(letter, path);
        must(sd_bus_message_append(message, "o", path));
        must(sd_bus_message_open_container(message, 'a', "{sa{sv}}"));
        must(sd_bus_message_open_container(message, 'e', "sa{sv}"));
        must(sd_bus_message_append(message, "s", "org.callsd.Call1"));
        must(sd_bus_message_open_container(message, 'a', "{sv}"));
        put_public(message, uuid, state);
        must(sd_bus_message_close_container(message));
        must(sd_bus_message_close_container(message));
        must(sd_bus_message_close_container(message));
}

static void reply_objects(struct fake *fake, sd_bus_message *reply)
{
        must(sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}"));
        FOREACH_KEPT(fake, copy, word, save)
        {
                must(sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}"));
                put_object(reply, word, strchr(word, ':') + 1);
                must(sd_bus_message_close_container(reply));
        }
        must(sd_bus_message_close_container(reply));
}

/* One order, "1:set-held-call:a:1", as (ssa{sv}). */
static void put_order(sd_bus_message *message, char *order)
{
        char action[CX_UUID_TEXT_SIZE], call[CX_UUID_TEXT_SIZE], with[CX_UUID_TEXT_SIZE];
        char *save = NULL, *id = strtok_r(order, ":", &save), *type = strtok_r(NULL, ":", &save);
        char *on = strtok_r(NULL, ":", &save), *more = strtok_r(NULL, ":", &save);

        call_uuid(id, action);
        call_uuid(on, call);
        must(sd_bus_message_open_container(message, 'r', "ssa{sv}"));
        must(sd_bus_message_append(message, "ss", action, type));
        must(sd_bus_message_open_container(message, 'a', "{sv}"));
        put_text(message, "Call", call);
        put_text(message, "Origin", "user");
        put_text(message, "KeyOfANewerCallsd", "?");
        must(sd_bus_message_append(message, "{sv}", "DeadlineUSec", "t", (uint64_t)42));
        if (strcmp(type, "start-call") == 0) {
                put_text(message, "HandleType", "phone-number");
                put_text(message, "Handle", "+431");
        } else if (strcmp(type, "set-held-call") == 0) {
                must(sd_bus_message_append(message, "{sv}", "OnHold", "b", more[0] == '1'));
        } else if (strcmp(type, "set-muted-call") == 0) {
                must(sd_bus_message_append(message, "{sv}", "Muted", "b", more[0] == '1'));
        } else if (strcmp(type, "set-group-call") == 0) {
                call_uuid(more ? more : "0", with);
                put_text(message, "CallToGroupWith", more ? with : "");
        } else if (strcmp(type, "play-dtmf-call") == 0) {
                put_text(message, "Digits", more);
                put_text(message, "Type", "single-tone");
        }
        must(sd_bus_message_close_container(message));
        must(sd_bus_message_close_container(message));
}

static void put_orders(sd_bus_message *message, const char *orders)
{
        char *copy = strdup(orders), *save = NULL;

        must(sd_bus_message_open_container(message, 'a', "(ssa{sv})"));
        for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
                put_order(message, word);
        must(sd_bus_message_close_container(message));
        free(copy);
}

static void reply_pending(struct fake *fake, sd_bus_message *reply)
{
        must(sd_bus_message_open_container(reply, 'a', "(sa(ssa{sv}))"));
        if (fake->wanted) {
                must(sd_bus_message_open_container(reply, 'r', "sa(ssa{sv})"));
                must(sd_bus_message_append(reply, "s", UUID("f")));
                put_orders(reply, fake->wanted);
                must(sd_bus_message_close_container(reply));
        }
        must(sd_bus_message_close_container(reply));
}

static void reply_streams(sd_bus_message *reply)
{
        must(sd_bus_message_open_container(reply, 'a', "{sv}"));
        put_text(reply, "Sink", "callsd.a.sink");
        put_text(reply, "Source", "callsd.a.source");
        must(sd_bus_message_append(reply, "{sv}", "PlaybackProperties", "a{ss}", 1, "target.object",
                                   "callsd.a.sink"));
        must(sd_bus_message_append(reply, "{sv}", "CaptureProperties", "a{ss}", 1, "target.object",
                                   "callsd.a.source"));
        must(sd_bus_message_append(reply, "{sv}", "Environment", "a{ss}", 3, "PULSE_SINK",
                                   "callsd.a.sink", "PULSE_SOURCE", "callsd.a.source", "PULSE_PROP",
                                   "callsd.call.id=a"));
        must(sd_bus_message_append(reply, "{sv}", "KeyOfANewerCallsd", "i", 7));
        must(sd_bus_message_close_container(reply));
}

static void reply_request(struct fake *fake, sd_bus_message *call, sd_bus_message *reply)
{
        char id[CX_UUID_TEXT_SIZE];
        const char *type;

        fake->n_actions = 0;
        must(sd_bus_message_rewind(call, true));
        must(sd_bus_message_enter_container(call, 'a', "(sa{sv})"));
        while (sd_bus_message_enter_container(call, 'r', "sa{sv}") > 0) {
                must(sd_bus_message_read(call, "s", &type));
                snprintf(fake->actions[fake->n_actions++], 64, "%s", type);
                must(sd_bus_message_skip(call, "a{sv}"));
                must(sd_bus_message_exit_container(call));
                note(fake, "%s", type);
        }
        snprintf(id, sizeof(id), "e0000000-0000-4000-8000-%012u", ++fake->n_requests);
        snprintf(fake->client, sizeof(fake->client), "%s", sd_bus_message_get_sender(call));
        must(sd_bus_message_append(reply, "sas", id, 0));
}

static void reply_details(sd_bus_message *reply)
{
        must(sd_bus_message_open_container(reply, 'a', "{sv}"));
        put_text(reply, "DisplayName", "Ada");
        put_text(reply, "RemoteHandleType", "phone-number");
        put_text(reply, "RemoteHandle", "+431");
        must(sd_bus_message_append(reply, "{sv}", "Allowed", "as", 2, "answer", "decline"));
        must(sd_bus_message_close_container(reply));
}

static void fill_reply(struct fake *fake, sd_bus_message *call, sd_bus_message *reply)
{
        const char *member = sd_bus_message_get_member(call);

        if (fake->answered && strcmp(fake->answered, member) == 0)
                fake->answer(reply);
        else if (strcmp(member, "RegisterProvider") == 0)
                reply_register(fake, call, reply);
        else if (strcmp(member, "GetCalls") == 0)
                reply_calls(fake, reply);
        else if (strcmp(member, "GetPendingTransactions") == 0)
                reply_pending(fake, reply);
        else if (strcmp(member, "GetStreamProperties") == 0)
                reply_streams(reply);
        else if (strcmp(member, "RequestTransaction") == 0)
                reply_request(fake, call, reply);
        else if (strcmp(member, "GetManagedObjects") == 0)
                reply_objects(fake, reply);
        else if (strcmp(member, "GetDetails") == 0)
                reply_details(reply);
}

/* "ReportCall a active": the member, the first text, and of some the word that matters. */
static void note_call(struct fake *fake, sd_bus_message *call)
{
        const char *member = sd_bus_message_get_member(call), *first = "", *second = "", *key;
        char type;

        if (sd_bus_message_peek_type(call, &type, NULL) > 0 && type == 's')
                must(sd_bus_message_read(call, "s", &first));
        if (sd_bus_message_peek_type(call, &type, NULL) > 0 && type == 's')
                must(sd_bus_message_read(call, "s", &second));
        if (strcmp(member, "ReportCall") == 0) {
                /* State comes first. */
                must(sd_bus_message_enter_container(call, 'a', "{sv}"));
                must(sd_bus_message_read(call, "{sv}", &key, "s", &second));
        }
        note(fake, "%s%s%.1s%s%s", member, *first ? " " : "", first, *second ? " " : "", second);
}

static int on_message(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct fake *fake = userdata;
        sd_bus_message *reply = NULL;
        const char *member = sd_bus_message_get_member(call);

        (void)error;
        if (!sd_bus_message_is_method_call(call, NULL, NULL) || strcmp(member, "Ping") == 0)
                return 0;
        free(fake->said);
        fake->said = message_text(call);
        note_call(fake, call);
        if (fake->ignored && strcmp(fake->ignored, member) == 0)
                return 1;
        if (fake->refused_member && strcmp(fake->refused_member, member) == 0) {
                must(sd_bus_reply_method_errorf(call, fake->refusal, "because the test says so"));
                fake_refuse(fake, NULL, NULL);
                return 1;
        }
        must(sd_bus_message_new_method_return(call, &reply));
        fill_reply(fake, call, reply);
        must(sd_bus_send(NULL, reply, NULL));
        sd_bus_message_unref(reply);
        return 1;
}

struct fake *fake_new(void)
{
        static unsigned number;
        struct fake *fake = calloc(1, sizeof(*fake));

        snprintf(fake->path, sizeof(fake->path), "/org/callsd/provider/p%u", ++number);
        must(sd_bus_open_user(&fake->bus));
        must(sd_bus_add_filter(fake->bus, NULL, on_message, fake));
        must(sd_bus_request_name(fake->bus, "org.callsd", 0));
        return fake;
}

struct fake *fake_kill(struct fake *fake)
{
        if (!fake)
                return NULL;
        sd_bus_close_unref(fake->bus);
        free(fake->refused_member);
        free(fake->refusal);
        free(fake->ignored);
        free(fake->kept);
        free(fake->wanted);
        free(fake->said);
        free(fake);
        return NULL;
}

static void set(char **field, const char *value)
{
        free(*field);
        *field = value ? strdup(value) : NULL;
}

void fake_hang(struct fake *fake, bool hang)
{
        fake->hang = hang;
}

void fake_refuse(struct fake *fake, const char *member, const char *error)
{
        set(&fake->refused_member, member);
        set(&fake->refusal, error);
}

void fake_ignore(struct fake *fake, const char *member)
{
        set(&fake->ignored, member);
}

void fake_answer(struct fake *fake, const char *member, void (*answer)(sd_bus_message *reply))
{
        fake->answered = member;
        fake->answer = answer;
}

void fake_keep(struct fake *fake, const char *calls)
{
        set(&fake->kept, calls);
}

void fake_still_wants(struct fake *fake, const char *orders)
{
        set(&fake->wanted, orders);
}

static sd_bus_message *signal_new(struct fake *fake, const char *path, const char *interface,
                                  const char *member)
{
        sd_bus_message *message = NULL;

        must(sd_bus_message_new_signal(fake->bus, &message, path, interface, member));
        return message;
}

static void signal_send(struct fake *fake, sd_bus_message *message, bool to_client)
{
        if (to_client)
                must(sd_bus_message_set_destination(message, fake->client));
        must(sd_bus_send(fake->bus, message, NULL));
        sd_bus_message_unref(message);
        must(sd_bus_flush(fake->bus));
}

void fake_perform(struct fake *fake, const char *orders)
{
        sd_bus_message *message = signal_new(fake, fake->path, PROVIDER, "PerformTransaction");

        must(sd_bus_message_append(message, "s", UUID("f")));
        put_orders(message, orders);
        must(sd_bus_message_append(message, "a{sv}", 0));
        signal_send(fake, message, true);
}

void fake_forge(struct fake *fake, const char *orders)
{
        sd_bus *bus = fake->bus;

        must(sd_bus_open_user(&fake->bus));
        fake_perform(fake, orders);
        sd_bus_flush_close_unref(fake->bus);
        fake->bus = bus;
}

void fake_signal2(struct fake *fake, const char *member, const char *first, const char *second)
{
        sd_bus_message *message = signal_new(fake, fake->path, PROVIDER, member);

        must(sd_bus_message_append(message, "ssa{sv}", first, second, 0));
        signal_send(fake, message, true);
}

void fake_signal1(struct fake *fake, const char *member, const char *only)
{
        sd_bus_message *message = signal_new(fake, fake->path, PROVIDER, member);

        must(sd_bus_message_append(message, "sa{sv}", only, 0));
        signal_send(fake, message, true);
}

void fake_say(struct fake *fake, const char *member, const char *types, ...)
{
        sd_bus_message *message = signal_new(fake, fake->path, PROVIDER, member);
        va_list arguments;

        va_start(arguments, types);
        must(sd_bus_message_appendv(message, types, arguments));
        va_end(arguments);
        signal_send(fake, message, true);
}

void fake_reset(struct fake *fake, const char *call)
{
        sd_bus_message *message = signal_new(fake, fake->path, PROVIDER, "Reset");

        must(sd_bus_message_append(message, "asa{sv}", 1, call, 0));
        signal_send(fake, message, true);
}

void fake_complete(struct fake *fake, const char *result)
{
        sd_bus_message *message = signal_new(fake, "/org/callsd", MANAGER, "TransactionCompleted");
        char id[CX_UUID_TEXT_SIZE];

        snprintf(id, sizeof(id), "e0000000-0000-4000-8000-%012u", fake->n_requests);
        must(sd_bus_message_append(message, "s", id));
        must(sd_bus_message_open_container(message, 'a', "a{sv}"));
        for (unsigned i = 0; i < fake->n_actions; i++) {
                must(sd_bus_message_open_container(message, 'a', "{sv}"));
                put_text(message, "Action", UUID("1"));
                put_text(message, "Type", fake->actions[i]);
                put_text(message, "Call", UUID("a"));
                put_text(message, "Result", result);
                put_text(message, "Reason", "no line");
                must(sd_bus_message_close_container(message));
        }
        must(sd_bus_message_close_container(message));
        signal_send(fake, message, true);
}

void fake_call_added(struct fake *fake, const char *call, const char *state)
{
        sd_bus_message *message = signal_new(
                fake, "/org/callsd", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded");

        put_object(message, call, state);
        signal_send(fake, message, false);
}

static void properties_changed(struct fake *fake, const char *call, const char *state,
                               const char *invalidated)
{
        sd_bus_message *message;
        char path[64];

        call_path(call, path);
        message = signal_new(fake, path, "org.freedesktop.DBus.Properties", "PropertiesChanged");
        must(sd_bus_message_append(message, "s", "org.callsd.Call1"));
        if (state)
                must(sd_bus_message_append(message, "a{sv}", 2, "State", "s", state, "HasEnded",
                                           "b", strcmp(state, "ended") == 0));
        else
                must(sd_bus_message_append(message, "a{sv}", 0));
        if (invalidated)
                must(sd_bus_message_append(message, "as", 1, invalidated));
        else
                must(sd_bus_message_append(message, "as", 0));
        signal_send(fake, message, false);
}

void fake_call_state(struct fake *fake, const char *call, const char *state)
{
        properties_changed(fake, call, state, NULL);
}

void fake_call_invalidated(struct fake *fake, const char *call)
{
        properties_changed(fake, call, NULL, "Muted");
}

void fake_call_removed(struct fake *fake, const char *call)
{
        sd_bus_message *message = signal_new(
                fake, "/org/callsd", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
        char path[64];

        call_path(call, path);
        must(sd_bus_message_append(message, "oas", path, 1, "org.callsd.Call1"));
        signal_send(fake, message, false);
}

const char *fake_trace(struct fake *fake)
{
        return fake->trace;
}

const char *fake_was_told(struct fake *fake)
{
        return fake->said ? fake->said : "";
}

bool fake_was_asked(struct fake *fake, const char *what)
{
        return strstr(fake->trace, what);
}

void fake_forget(struct fake *fake)
{
        fake->trace[0] = '\0';
}

bool fake_process(struct fake *fake)
{
        return !fake->hang && sd_bus_process(fake->bus, NULL) > 0;
}

int fake_get_fd(struct fake *fake)
{
        return fake->hang ? -1 : sd_bus_get_fd(fake->bus);
}
