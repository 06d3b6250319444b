/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A voice call of oFono's. */
#include <errno.h>
#include <time.h>
#include <utlist.h>

#include "ofono.h"

static const struct {
        const char *word;
        enum modem_call_state state;
} states[] = {
        {"active", MODEM_CALL_ACTIVE},     {"held", MODEM_CALL_HELD},
        {"dialing", MODEM_CALL_DIALING},   {"alerting", MODEM_CALL_ALERTING},
        {"incoming", MODEM_CALL_INCOMING}, {"waiting", MODEM_CALL_WAITING},
};

struct ofono_call *ofono_call_find(struct backend *backend, const char *path)
{
        struct ofono_modem *modem;
        struct ofono_call *call;

        DL_FOREACH (backend->modems, modem)
                DL_FOREACH (modem->calls, call)
                        if (streq(call->path, path))
                                return call;
        return NULL;
}

void ofono_call_free(struct ofono_call *call)
{
        DL_DELETE(call->modem->calls, call);
        free(call->path);
        free(call->number);
        free(call->name);
        free(call);
}

static void set_state(struct ofono_call *call, const char *word)
{
        if (streq(word, "disconnected")) {
                call->disconnected = true;
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                if (!streq(states[i].word, word))
                        continue;
                call->state = states[i].state;
                /* there is no property for it, and these two states are never left for each other
                 */
                if (!call->has_state)
                        call->outgoing = call->state == MODEM_CALL_DIALING ||
                                         call->state == MODEM_CALL_ALERTING;
                call->has_state = true;
                return;
        }
        log_warning("oFono has a call in the unknown state \"%s\"", word);
}

/* As in 2026-11-22T15:00:00+0000. */
static uint64_t parse_date(const char *text)
{
        struct tm tm = {0};
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S%z", &tm);
        long offset = tm.tm_gmtoff;
        time_t seconds;

        if (!end || *end)
                return 0;
        seconds = timegm(&tm) - offset;
        return seconds > 0 ? (uint64_t)seconds * SEC_USEC : 0;
}

static int read_property(void *object, const char *name, sd_bus_message *value)
{
        cleanup_(freep) char *text = NULL;
        struct ofono_call *call = object;
        int r;

        if (streq(name, "LineIdentification"))
                return read_text(value, &call->number);
        if (streq(name, "Name"))
                return read_text(value, &call->name);
        if (streq(name, "Multiparty"))
                return read_flag(value, &call->multiparty);
        if (streq(name, "RemoteHeld"))
                return read_flag(value, &call->remote_held);
        if (!streq(name, "State") && !streq(name, "StartTime"))
                return sd_bus_message_skip(value, "v");
        r = read_text(value, &text);
        if (r < 0 || !text)
                return r;
        if (streq(name, "State"))
                set_state(call, text);
        else
                call->connected_usec = parse_date(text);
        return 0;
}

/* What oFono says in place of a number or a name that is kept back. */
static const char *shown(const char *text)
{
        return text && *text && !streq(text, "withheld") ? text : NULL;
}

static void tell(const struct ofono_call *call)
{
        const struct modem_call info = {
                .id = call->path,
                .state = call->state,
                .outgoing = call->outgoing,
                .number = shown(call->number),
                .name = shown(call->name),
                .multiparty = call->multiparty,
                .remote_held = call->remote_held,
                .connected_usec = call->connected_usec,
        };

        if (call->has_state && !call->disconnected)
                bridge_call(call->modem->backend->bridge, ofono_modem_id(call->modem), &info);
}

int ofono_call_read(struct ofono_modem *modem, const char *path, sd_bus_message *message)
{
        struct ofono_call *call = ofono_call_find(modem->backend, path);
        int r;

        if (!call) {
                call = calloc(1, sizeof(*call));
                if (!call)
                        return -ENOMEM;
                call->modem = modem;
                call->path = strdup(path);
                DL_APPEND(modem->calls, call);
                if (!call->path) {
                        ofono_call_free(call);
                        return -ENOMEM;
                }
        }
        r = read_properties(message, read_property, call);
        tell(call);
        return r;
}

void ofono_call_changed(struct ofono_call *call, sd_bus_message *message)
{
        const char *name;
        int r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &name);

        if (r >= 0)
                r = read_property(call, name, message);
        if (r >= 0)
                tell(call);
}

void ofono_call_disconnecting(struct ofono_call *call, const char *reason)
{
        if (streq(reason, "local"))
                call->end = MODEM_END_LOCAL;
        else if (streq(reason, "remote"))
                call->end = MODEM_END_REMOTE;
        else if (streq(reason, "network"))
                call->end = MODEM_END_NETWORK;
}

void ofono_call_removed(struct ofono_call *call)
{
        bool network = call->end == MODEM_END_NETWORK;

        bridge_call_gone(call->modem->backend->bridge, ofono_modem_id(call->modem), call->path,
                         call->end,
                         network ? CX_CALL_ENDED_CAUSE_NETWORK : CX_CALL_ENDED_CAUSE_UNKNOWN,
                         network ? "the network released the call" : NULL);
        ofono_call_free(call);
}
