/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A modem of oFono's. It is told as soon as it is known, also without power: the user sees the
 * account, and why it cannot be used.
 */
#include <errno.h>
#include <utlist.h>

#include "ofono.h"

struct ofono_modem *ofono_modem_find(struct backend *backend, const char *path)
{
        struct ofono_modem *modem;

        DL_FOREACH (backend->modems, modem)
                if (streq(modem->path, path))
                        return modem;
        return NULL;
}

/* oFono makes paths of the modem's place (udev, the RIL slot), so they are the same next time. */
const char *ofono_modem_id(const struct ofono_modem *modem)
{
        return modem->path[1] ? modem->path + 1 : modem->path;
}

void ofono_modem_free(struct ofono_modem *modem)
{
        struct ofono_call *call, *next;

        DL_FOREACH_SAFE (modem->calls, call, next)
                ofono_call_free(call);
        DL_DELETE(modem->backend->modems, modem);
        list_free(modem->emergency_numbers);
        free(modem->path);
        free(modem->name);
        free(modem->manufacturer);
        free(modem->model);
        free(modem->network);
        free(modem->network_status);
        free(modem->pin_required);
        free(modem);
}

/* --- telling ---------------------------------------------------------------------------------- */

static bool is_locked(const struct ofono_modem *modem)
{
        return modem->pin_required && *modem->pin_required && !streq(modem->pin_required, "none");
}

static const char *state_of(const struct ofono_modem *modem)
{
        if (!modem->powered)
                return "off";
        if (modem->sim_known && !modem->sim_present)
                return "no-sim";
        if (is_locked(modem))
                return "locked";
        if (!modem->online)
                return "offline";
        if (!modem->network_status || streq(modem->network_status, "registered"))
                return "online";
        return modem->network_status;
}

static unsigned abilities_of(const struct ofono_modem *modem)
{
        unsigned abilities = 0;

        if (!(modem->interfaces & INTERFACE_CALLS))
                return 0;
        /* SwapCalls fails while a call waits, or swaps without answering (AT+CHLD by vendors). */
        abilities = MODEM_CAN_CALL | MODEM_CAN_HOLD | MODEM_CAN_END_AND_ANSWER | MODEM_CAN_JOIN |
                    MODEM_CAN_SPLIT | MODEM_CAN_SEND_TONES | MODEM_CAN_SWAP_BESIDE_WAITING;
        if (modem->online && !is_locked(modem) && (!modem->sim_known || modem->sim_present))
                abilities |= MODEM_CAN_DIAL_ALL;
        if (modem->interfaces & INTERFACE_VOLUME)
                abilities |= MODEM_CAN_MUTE;
        return abilities;
}

static void tell(const struct ofono_modem *modem)
{
        cleanup_(freep) char *made = NULL;
        const char *label = modem->network;

        if (!label || !*label)
                label = modem->name;
        if ((!label || !*label) && modem->model) {
                if (asprintf(&made, "%s%s%s", modem->manufacturer ? modem->manufacturer : "",
                             modem->manufacturer ? " " : "", modem->model) < 0)
                        made = NULL;
                label = made;
        }
        bridge_modem(modem->backend->bridge,
                     &(struct modem_info){
                             .id = ofono_modem_id(modem),
                             .label = label,
                             .state = state_of(modem),
                             .abilities = abilities_of(modem),
                             .emergency_numbers = (const char *const *)modem->emergency_numbers,
                             .muted = modem->muted,
                     });
}

/* --- what comes and goes with interfaces ------------------------------------------------------ */

static int read_calls_property(void *object, const char *name, sd_bus_message *value)
{
        struct ofono_modem *modem = object;

        if (streq(name, "EmergencyNumbers"))
                return read_list(value, &modem->emergency_numbers);
        return sd_bus_message_skip(value, "v");
}

static int read_volume_property(void *object, const char *name, sd_bus_message *value)
{
        struct ofono_modem *modem = object;

        if (streq(name, "Muted"))
                return read_flag(value, &modem->muted);
        return sd_bus_message_skip(value, "v");
}

static int read_sim_property(void *object, const char *name, sd_bus_message *value)
{
        struct ofono_modem *modem = object;

        if (streq(name, "PinRequired"))
                return read_text(value, &modem->pin_required);
        if (!streq(name, "Present"))
                return sd_bus_message_skip(value, "v");
        modem->sim_known = true;
        return read_flag(value, &modem->sim_present);
}

static int read_network_property(void *object, const char *name, sd_bus_message *value)
{
        struct ofono_modem *modem = object;

        if (streq(name, "Name"))
                return read_text(value, &modem->network);
        if (streq(name, "Status"))
                return read_text(value, &modem->network_status);
        return sd_bus_message_skip(value, "v");
}

static int read_modem_property(void *object, const char *name, sd_bus_message *value);

static const struct {
        const char *name;
        unsigned flag;
        property_fn read;
} interfaces[] = {
        {OFONO_CALLS, INTERFACE_CALLS, read_calls_property},
        {OFONO_VOLUME, INTERFACE_VOLUME, read_volume_property},
        {OFONO_SIM, INTERFACE_SIM, read_sim_property},
        {OFONO_NETWORK, INTERFACE_NETWORK, read_network_property},
        {OFONO_MODEM, 0, read_modem_property},
};

static void got_properties(struct exchange *exchange, sd_bus_message *reply,
                           const sd_bus_error *error)
{
        struct ofono_modem *modem = ofono_modem_find(exchange->backend, exchange->path);
        const char *interface = exchange->text;

        if (error)
                log_debug("%s of %s: %s", interface, exchange->path, error->message);
        if (error || !modem)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
                if (streq(interfaces[i].name, interface))
                        (void)read_properties(reply, interfaces[i].read, modem);
        tell(modem);
}

#define GOT(function, interface)                                               \
        static void function(struct exchange *exchange, sd_bus_message *reply, \
                             const sd_bus_error *error)                        \
        {                                                                      \
                exchange->text = strdup(interface);                            \
                if (exchange->text)                                            \
                        got_properties(exchange, reply, error);                \
        }                                                                      \
        struct semicolon_

GOT(got_calls_properties, OFONO_CALLS);
GOT(got_volume, OFONO_VOLUME);
GOT(got_sim, OFONO_SIM);
GOT(got_network, OFONO_NETWORK);

static void got_calls(struct exchange *exchange, sd_bus_message *reply, const sd_bus_error *error)
{
        struct ofono_modem *modem = ofono_modem_find(exchange->backend, exchange->path);
        const char *path;
        int r;

        if (error || !modem)
                return;
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(oa{sv})");
        while (r >= 0 &&
               (r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_STRUCT, "oa{sv}")) > 0) {
                r = sd_bus_message_read_basic(reply, SD_BUS_TYPE_OBJECT_PATH, &path);
                if (r >= 0)
                        r = ofono_call_read(modem, path, reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r < 0)
                log_warning("oFono's calls cannot be read: %s", strerror(-r));
}

static void interfaces_came(struct ofono_modem *modem, unsigned came)
{
        struct backend *backend = modem->backend;

        if (came & INTERFACE_SIM)
                backend_ask_for(backend, modem->path, OFONO_SIM, "GetProperties", got_sim);
        if (came & INTERFACE_NETWORK)
                backend_ask_for(backend, modem->path, OFONO_NETWORK, "GetProperties", got_network);
        if (came & INTERFACE_VOLUME)
                backend_ask_for(backend, modem->path, OFONO_VOLUME, "GetProperties", got_volume);
        if (came & INTERFACE_CALLS) {
                backend_ask_for(backend, modem->path, OFONO_CALLS, "GetProperties",
                                got_calls_properties);
                backend_ask_for(backend, modem->path, OFONO_CALLS, "GetCalls", got_calls);
        }
}

static void forget(char **text)
{
        free(*text);
        *text = NULL;
}

static void interfaces_went(struct ofono_modem *modem, unsigned went)
{
        struct ofono_call *call, *next;

        if (went & INTERFACE_SIM) {
                modem->sim_known = false;
                forget(&modem->pin_required);
        }
        if (went & INTERFACE_NETWORK) {
                forget(&modem->network);
                forget(&modem->network_status);
        }
        if (went & INTERFACE_VOLUME)
                modem->muted = false;
        if (!(went & INTERFACE_CALLS))
                return;
        list_free(modem->emergency_numbers);
        modem->emergency_numbers = NULL;
        DL_FOREACH_SAFE (modem->calls, call, next) {
                if (call->end == MODEM_END_UNKNOWN)
                        call->end = MODEM_END_NETWORK;
                ofono_call_removed(call);
        }
}

static int read_interfaces(struct ofono_modem *modem, sd_bus_message *value)
{
        char **names = NULL;
        unsigned before = modem->interfaces, now = 0;
        int r = read_list(value, &names);

        if (r < 0)
                return r;
        for (char **name = names; name && *name; name++)
                for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
                        if (streq(interfaces[i].name, *name))
                                now |= interfaces[i].flag;
        list_free(names);
        modem->interfaces = now;
        interfaces_went(modem, before & ~now);
        interfaces_came(modem, now & ~before);
        return 0;
}

static int read_modem_property(void *object, const char *name, sd_bus_message *value)
{
        struct ofono_modem *modem = object;

        if (streq(name, "Powered"))
                return read_flag(value, &modem->powered);
        if (streq(name, "Online"))
                return read_flag(value, &modem->online);
        if (streq(name, "Name"))
                return read_text(value, &modem->name);
        if (streq(name, "Manufacturer"))
                return read_text(value, &modem->manufacturer);
        if (streq(name, "Model"))
                return read_text(value, &modem->model);
        if (streq(name, "Interfaces"))
                return read_interfaces(modem, value);
        return sd_bus_message_skip(value, "v");
}

int ofono_modem_read(struct backend *backend, const char *path, sd_bus_message *message)
{
        struct ofono_modem *modem = ofono_modem_find(backend, path);
        int r;

        if (!modem) {
                modem = calloc(1, sizeof(*modem));
                if (!modem)
                        return -ENOMEM;
                modem->backend = backend;
                modem->path = strdup(path);
                DL_APPEND(backend->modems, modem);
                if (!modem->path) {
                        ofono_modem_free(modem);
                        return -ENOMEM;
                }
        }
        r = read_properties(message, read_modem_property, modem);
        tell(modem);
        return r;
}

void ofono_modem_changed(struct ofono_modem *modem, const char *interface, sd_bus_message *message)
{
        const char *name;
        int r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &name);

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(interfaces); i++)
                if (streq(interfaces[i].name, interface))
                        r = interfaces[i].read(modem, name, message);
        if (r < 0)
                log_debug("%s of %s: a signal that cannot be read: %s", interface, modem->path,
                          strerror(-r));
        tell(modem);
}
